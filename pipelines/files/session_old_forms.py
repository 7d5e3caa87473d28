"""What sessions of the forms 1 to 3 hold, as the types of today.

There every packet is a message of its own on ``/packets/CHANNEL``, a mark is a kind and a value,
what the header holds of records stands in it as text, and samples, steps and alerts, which the log
gives again, are JSON. Form 2 has a calibration or a neutral, form 3 goes on from an earlier
session.
"""

from __future__ import annotations

import json
from typing import Final

import msgspec

from imu.calibration import Calibration
from imu.drift.baseline import Baseline
from pipelines.coaching.alert_settings import AlertSettings
from pipelines.files.loading import decoded, load, load_plain
from pipelines.session.carried import carried_from_text
from pipelines.session.header import SessionHeader
from pipelines.session.marks import Mark, mark_from_log

#: Names of the schemas.
DEVICE: Final = "backstride.device_info"
PACKET: Final = "backstride.packet"
LINK: Final = "backstride.link_event"
MARK: Final = "backstride.mark"
#: What was found while recording; each with a count of its own.
FACTS: Final = {"backstride.step": "steps", "backstride.alert": "alerts"}


class _Header(msgspec.Struct):
    """A header of form 1, 2 or 3, with records as text; empty and None: there is none."""

    utc_start_ns: int
    source: str
    axes: str
    mass_kg: float | None
    height_m: float | None
    software: str
    neutral_up_json: str | None = None
    baseline_json: str | None = None
    calibration_json: str | None = None
    carried_json: str | None = None
    parameters_json: str | None = None


def old_header(data: bytes) -> SessionHeader:
    """The header of a session of form 1, 2 or 3.

    Raises
    ------
    InputError
        When it is none: says what cannot be read.
    """
    old = load(data, _Header)
    up = None
    if old.neutral_up_json not in {None, "", "null"}:
        up = decoded(str(old.neutral_up_json), tuple[float, float, float], "neutral_up")
    baseline = Baseline.from_json(old.baseline_json) if old.baseline_json else None
    # one of several runs says how far they were apart; nobody chooses such a one
    of_runs = baseline is not None and any(item.level_sd > 0.0 for item in baseline.indicators)
    calibration = Calibration.from_json(old.calibration_json) if old.calibration_json else None
    return SessionHeader(
        old.utc_start_ns,
        old.source,
        axes=old.axes,
        mass_kg=old.mass_kg,
        height_m=old.height_m,
        neutral_up=up,
        software=old.software,
        baseline=baseline,
        baseline_origin="earlier runs" if of_runs else "given",
        calibration=calibration,
        settings=AlertSettings.from_json(old.parameters_json or "{}"),
        carried=carried_from_text(old.carried_json) if old.carried_json else None,
    )


def old_mark(data: bytes) -> Mark:
    """A mark from its kind and value."""
    content = load_plain(data)
    return mark_from_log(str(content["kind"]), str(content["value"]))


def packet_channel(topic: str, metadata: dict[str, str]) -> str:
    """The protocol's name of the channel that a packet came on."""
    name = metadata.get("channel")
    return topic if name is None else str(json.loads(name))
