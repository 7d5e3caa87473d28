"""What desk mode sees: how long its wearer has not changed position, and how quickly they turn.

Nudges and notes on quick twists share one budget, a cue in as long as a position may be held.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.analyzer import StepAnalyzer
from imu.errors import DeviceError
from imu.mounting import mounting_from_axes
from imu.samples import Samples
from pipelines.coaching.training.cues import Cue
from pipelines.coaching.training.desk import STATIC_S, DeskState, advance_desk
from pipelines.coaching.training.twisting import TwistingHistory, add_rates, twist_cue
from pipelines.counted import counted
from pipelines.runner.desk.axial_rate import AxialRate

#: What counts of a second that a lost link made longer, s.
_LONGEST_SECOND_S: Final = 2.0
#: Slower is no turning, °/s: hours of sitting, or a sensor left on the table, make nothing quick.
_TURNING_DEG_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class DeskSummary:
    """What a time at the desk held.

    Attributes
    ----------
    duration_s : float
        From the first sample to the last, s.
    longest_s : float
        Longest time without a change of position, s.
    moving_s : float
        Time that was not still, s.
    changes : int
        Changes of position.
    nudges : int
        How often one was asked for.
    twists : int
        How many quick twists were pointed out.
    learns_twisting : bool
        Whether turning was seen while it was not known yet what is usual.
    trouble : DeviceError, optional
        What ended it, when it was not the user.
    """

    duration_s: float = 0.0
    longest_s: float = 0.0
    moving_s: float = 0.0
    changes: int = 0
    nudges: int = 0
    twists: int = 0
    learns_twisting: bool = False
    trouble: DeviceError | None = None

    def lines(self) -> list[str]:
        """For people.

        Examples
        --------
        >>> DeskSummary(duration_s=3000.0, longest_s=1230.0, moving_s=95.0, changes=4).lines()[0]
        '50 min at the desk: 4 changes of position, 2 min moving, 0 nudges'
        """
        minutes, moving = self.duration_s / 60.0, self.moving_s / 60.0
        twists = [f"{counted(self.twists, 'quick twist')} pointed out"] if self.twists else []
        if self.learns_twisting:
            twists = ["quick twists: what is usual for you is still being learned"]
        return [
            f"{minutes:.0f} min at the desk: "
            f"{counted(self.changes, 'change of position', 'changes of position')}, "
            f"{moving:.0f} min moving, {counted(self.nudges, 'nudge')}",
            f"longest time without a change: {self.longest_s / 60.0:.0f} min",
            *twists,
        ]


class DeskWatch:
    """Takes a sensor's samples and says when a nudge is due.

    The inclination is the forward one where the axes are known, else the angle to the first posture
    that was held still. What is up, for twists, is the specific force while still; before the first
    still second the axes tell it, where they are known.

    Parameters
    ----------
    rate_hz : float
        Sample rate, Hz.
    axes : str
        Signed sensor axes forward, left, up; empty when not known.
    static_s : float
        Time without a change that draws a nudge, s.
    twisting_limit_deg_s : float, optional
        The wearer's own 99.9th percentile of turning, °/s; None points out no twist.

    Attributes
    ----------
    twisting_limit_deg_s : float or None
        As given; may be changed.
    sees_twisting : bool or None
        Whether the sensor has a gyroscope; None before the first sample.
    """

    def __init__(
        self,
        rate_hz: float,
        axes: str = "",
        static_s: float = STATIC_S,
        *,
        twisting_limit_deg_s: float | None = None,
    ) -> None:
        self._analyzer = StepAnalyzer(rate_hz, axes=axes or "auto")
        self._mounting = mounting_from_axes(axes) if axes not in {"", "auto"} else None
        self._static_s = static_s
        self._state = DeskState()
        self._first_up: NDArray[np.float64] | None = None
        self._sum = np.zeros(3)
        self._count = 0
        self._began_s: float | None = None
        self._last_s = 0.0
        self._longest_s = self._moving_s = 0.0
        self._changes = self._nudges = self._twists = 0
        self._changing = False
        self.twisting_limit_deg_s = twisting_limit_deg_s
        self.sees_twisting: bool | None = None
        self._axial = AxialRate(rate_hz, None if self._mounting is None else self._mounting[2])
        self._turning: list[NDArray[np.float64]] = []
        self._turned = TwistingHistory()
        self._quickest_deg_s = 0.0
        self._told_s: float | None = None
        self._learns = False

    @property
    def held_s(self) -> float:
        """How long the position has not been changed, s."""
        since_s = self._state.since_s
        return 0.0 if since_s is None else max(0.0, self._last_s - since_s)

    @property
    def summary(self) -> DeskSummary:
        """So far."""
        began_s = self._last_s if self._began_s is None else self._began_s
        return DeskSummary(
            self._last_s - began_s,
            self._longest_s,
            self._moving_s,
            self._changes,
            self._nudges,
            self._twists,
            self._learns,
        )

    @property
    def turned(self) -> TwistingHistory:
        """How quickly the wearer turned, a count a tenth of a second, not yet forgotten."""
        rates, self._turning = self._turning, []
        if rates:
            self._turned = add_rates(self._turned, np.concatenate(rates))
        return self._turned

    def forget_turned(self) -> None:
        """Begin to count turning anew: what was counted is kept elsewhere."""
        self._turning, self._turned = [], TwistingHistory()

    def push(self, samples: Samples) -> Cue | None:
        """Take the next samples; returns a nudge where one is due, or a note on a quick twist."""
        if not len(samples):
            return None
        self._analyzer.push(samples)
        self._take_turning(samples)
        force = samples.acceleration_m_s2
        finite = np.isfinite(force).all(axis=1)
        self._sum += force[finite].sum(axis=0)
        self._count += int(finite.sum())
        now_s = float(samples.time_s[-1])
        if self._began_s is None:
            self._began_s = self._last_s = float(samples.time_s[0])
        if now_s - self._last_s < 1.0:
            return None
        return self._second(now_s)

    def _second(self, now_s: float) -> Cue | None:
        gait = self._analyzer.activity
        passed_s = now_s - self._last_s
        if gait != "still":
            self._moving_s += min(passed_s, _LONGEST_SECOND_S)
        inclination = None
        if gait == "still" and self._count:
            inclination = self._inclination_deg()
            self._axial.set_up(self._sum)
        self._sum[:] = 0.0
        self._count = 0
        self._last_s = now_s
        before_s = self._state.since_s
        self._state, nudge = advance_desk(self._state, now_s, gait, inclination, self._static_s)
        since_s = self._state.since_s
        # while somebody walks, every second is a change: they are one
        changed = before_s is not None and since_s != before_s and passed_s <= 60.0
        self._changes += changed and not self._changing
        self._changing = changed
        if since_s is not None:
            self._longest_s = max(self._longest_s, now_s - since_s)
        self._nudges += nudge is not None
        note = self._twist(now_s)
        if nudge is None and note is not None:
            self._twists += 1
            self._state = replace(self._state, nudged_s=now_s)  # it uses up the budget of both
        cue = nudge or note
        self._told_s = self._told_s if cue is None else now_s
        return cue

    def _take_turning(self, samples: Samples) -> None:
        self.sees_twisting = samples.without_unmeasured().has_gyro or bool(self.sees_twisting)
        rates = np.abs(self._axial.push(samples))
        turning = rates[rates >= _TURNING_DEG_S]
        if len(turning):
            self._turning.append(turning)
            self._quickest_deg_s = max(self._quickest_deg_s, float(turning.max()))
            self._learns |= self.twisting_limit_deg_s is None

    def _twist(self, now_s: float) -> Cue | None:
        """A note on the quickest turn of the second, where there is room for a cue."""
        quickest, self._quickest_deg_s = self._quickest_deg_s, 0.0
        return twist_cue(
            now_s,
            quickest,
            self.twisting_limit_deg_s,
            self._told_s,
            shortest_interval_s=self._static_s,
        )

    def _inclination_deg(self) -> float | None:
        size = float(np.linalg.norm(self._sum))
        if size == 0.0:
            return None
        up = self._sum / size
        if self._mounting is not None:
            forward, _, vertical = self._mounting @ up
            return math.degrees(math.atan2(float(forward), float(vertical)))
        if self._first_up is None:
            self._first_up = up
        return math.degrees(math.acos(min(1.0, max(-1.0, float(up @ self._first_up)))))
