"""What the drift detector reports: changes from the baseline, and readings for display."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Direction = Literal["up", "down"]
#: ``raised`` when an indicator has changed, ``cleared`` when it is back near the baseline,
#: ``withdrawn`` when there is no baseline any more that it could have left.
Severity = Literal["raised", "cleared", "withdrawn"]

#: What a change is called that says: the sensor has moved on the body.
SENSOR_POSITION: Final = "sensor_position"


@dataclass(frozen=True, slots=True)
class Change:
    """An indicator that has left the baseline, or come back to it.

    Attributes
    ----------
    time_s : float
        End of the step that completed the block, s.
    indicator : str
        Its name in :data:`~imu.drift.indicators.INDICATORS`, or :data:`SENSOR_POSITION`.
    direction : {"up", "down"}
        Away from the baseline; of a cleared change, where it had gone.
    value, baseline : float
        Smoothed value and baseline in the indicator's unit.
    change, gate : float
        Value minus baseline, and the size it had to exceed, in the indicator's ``change_unit``.
    severity : {"raised", "cleared", "withdrawn"}
        Whether it changed, came back, or lost its baseline.

    Examples
    --------
    >>> change = Change(900.0, "sacral_lean_deg", "up", 10.1, 6.0, 4.1, 2.0, "raised")
    >>> round(change.value - change.baseline, 3) == change.change
    True
    """

    time_s: float
    indicator: str
    direction: Direction
    value: float
    baseline: float
    change: float
    gate: float
    severity: Severity


@dataclass(frozen=True, slots=True)
class Reading:
    """What is known of one indicator now, for display; NaN where it is not known.

    Attributes
    ----------
    indicator : str
        Its name.
    value : float
        Latest block, in the indicator's unit.
    baseline : float
        In the same unit.
    change, gate : float
        Smoothed value minus baseline, and the gate, in the indicator's ``change_unit``.
    changed : {"up", "down"} or None
        Whether, and where to, a reported change is going on.
    """

    indicator: str
    value: float
    baseline: float
    change: float
    gate: float
    changed: Direction | None
