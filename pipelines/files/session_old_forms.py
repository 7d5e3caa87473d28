"""What sessions of the forms 1 to 3 hold, as the types of today.

There every packet is a message of its own on ``/packets/CHANNEL``, a mark is a kind and a value,
what the header holds of records stands in it as text, and samples, steps and alerts, which the log
gives again, are JSON. Form 2 has a calibration or a neutral, form 3 goes on from an earlier
session.
"""

from __future__ import annotations

import json
from typing import Final

from msgspec.structs import replace

from imu.calibration import Calibration
from imu.drift.baseline import Baseline
from imu.errors import InputError
from pipelines.coaching.alert_settings import AlertSettings
from pipelines.files.loading import load_plain
from pipelines.session.carried import carried_from_text
from pipelines.session.header import SessionHeader
from pipelines.session.json_form import from_plain
from pipelines.session.marks import Mark, mark_from_log

__all__ = [
    "DEVICE",
    "FACTS",
    "LINK",
    "MARK",
    "PACKET",
    "SAMPLE",
    "old_header",
    "old_mark",
    "packet_channel",
]

#: Names of the schemas.
DEVICE: Final = "backstride.device_info"
PACKET: Final = "backstride.packet"
LINK: Final = "backstride.link_event"
MARK: Final = "backstride.mark"
SAMPLE: Final = "backstride.sample"
#: What was found while recording; each with a count of its own.
FACTS: Final = {"backstride.step": "steps", "backstride.alert": "alerts"}


def old_header(data: bytes) -> SessionHeader:
    """The header of a session of form 1, 2 or 3.

    Raises
    ------
    InputError
        When it is none: says what cannot be read.
    """
    content = load_plain(data)
    try:
        up = json.loads(content.get("neutral_up_json") or "null")
        plain = {
            "utc_start_ns": content["utc_start_ns"],
            "source": content["source"],
            "axes": content["axes"],
            "mass_kg": content["mass_kg"],
            "height_m": content["height_m"],
            "neutral_up": up,
            "software": content["software"],
        }
        texts = {
            name: str(content.get(f"{name}_json") or "")
            for name in ("baseline", "calibration", "carried", "parameters")
        }
    except (KeyError, ValueError):
        raise InputError("the first message is no header of a session.") from None
    header = from_plain(plain, SessionHeader)
    return _with_records(header, texts)


def _with_records(header: SessionHeader, texts: dict[str, str]) -> SessionHeader:
    baseline = Baseline.from_json(texts["baseline"]) if texts["baseline"] else None
    # one of several runs says how far they were apart; nobody chooses such a one
    of_runs = baseline is not None and any(item.level_sd > 0.0 for item in baseline.indicators)
    return replace(
        header,
        baseline=baseline,
        baseline_origin="earlier runs" if of_runs else "given",
        calibration=Calibration.from_json(texts["calibration"]) if texts["calibration"] else None,
        settings=AlertSettings.from_json(texts["parameters"] or "{}"),
        carried=carried_from_text(texts["carried"]) if texts["carried"] else None,
    )


def old_mark(data: bytes) -> Mark:
    """A mark from its kind and value."""
    content = load_plain(data)
    return mark_from_log(str(content["kind"]), str(content["value"]))


def packet_channel(topic: str, metadata: dict[str, str]) -> str:
    """The protocol's name of the channel that a packet came on."""
    name = metadata.get("channel")
    return topic if name is None else str(json.loads(name))
