"""Faults as they stand in a ``sim:`` address: ``loss=5@60+20``, ``disconnect=60s,120s``."""

from __future__ import annotations

import math

from devices.simulator.faults.kinds import FAULT_KINDS
from devices.simulator.faults.plan import Fault
from devices.simulator.written_time import seconds_of
from imu.errors import ParameterError


def parse_faults(kind: str, text: str) -> list[Fault]:
    """The faults of one key.

    A fault with a size is ``SIZE``, for the whole session, ``SIZE@ONSET`` or
    ``SIZE@ONSET+DURATION``; one without is ``ONSET`` or ``ONSET+DURATION``. Times are seconds since
    the sensor was switched on, or with s, m or h behind; commas stand between several.

    Parameters
    ----------
    kind, text : str
        As ``"loss"`` and ``"5@60+20"``.

    Raises
    ------
    ParameterError
        When an entry has not that form, or a number is outside its range.

    Examples
    --------
    >>> [(f.amount, f.onset_s, f.end_s) for f in parse_faults("loss", "5@1m+20,8@120")]
    [(5.0, 60.0, 80.0), (8.0, 120.0, inf)]
    >>> parse_faults("reset", "30s")[0].onset_s
    30.0
    """
    about = FAULT_KINDS[kind]
    found = []
    for entry in (part.strip() for part in text.split(",")):
        value, at, when = entry.partition("@")
        if not about.has_size:
            value, at, when = "", "@", entry
        onset, plus, duration = when.partition("+")
        size = _number(kind, value) if about.has_size else None
        if size == 0.0 and about.low <= 0.0 and kind not in {"stuck_axis", "battery_percent"}:
            continue  # none of it
        found.append(
            Fault(
                kind,
                onset_s=seconds_of(onset, kind, entry) if at else 0.0,
                duration_s=seconds_of(duration, kind, entry) if plus else None,
                size=size,
            )
        )
    return found


def spread_disconnects(count: int, duration_s: float) -> list[Fault]:
    """So many lost links, spread evenly over a session.

    >>> [fault.onset_s for fault in spread_disconnects(2, 90.0)]
    [30.0, 60.0]
    """
    return [
        Fault("disconnect", onset_s=duration_s * (number + 1) / (count + 1))
        for number in range(count)
    ]


def _number(kind: str, text: str) -> float:
    about = FAULT_KINDS[kind]
    try:
        size = float(text)
    except ValueError:
        size = math.nan
    if not about.low <= size <= about.high:
        accepted = f"a number from {about.low:g} to {about.high:g} {about.unit}"
        raise ParameterError(kind, text, f"{accepted}, as SIZE or SIZE@ONSET+DURATION")
    return size
