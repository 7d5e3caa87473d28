"""The simplest rule: a fixed gate about the mean of the first five minutes of the run.

What anybody would write first, to be judged beside the detector on the same runs: blocks of twenty
trusted steps, smoothed alike, told when five in a row are beyond the detector's own floors.
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.drift.blocks import block_values, watched
from imu.drift.changes import Direction
from imu.drift.indicators import INDICATORS, RELATIVE
from imu.step.trusted_steps import DISTRUST
from imu.steps import Steps

_FROM_S: Final = 60.0
_UNTIL_S: Final = 360.0
_STEPS: Final = 20
_SMOOTHING: Final = 0.3
_BLOCKS: Final = 5
#: What the runner is told of by itself; the rest follows from it.
_WATCHED: Final = [bool(one.told) and not one.causes for one in INDICATORS]
_GATES: Final = np.array([one.gate.floor for one in INDICATORS])


@dataclass(frozen=True, slots=True)
class Told:
    """An indicator beyond its gate, and when."""

    time_s: float
    indicator: str
    way: Direction


class FixedGate:
    """The rule, hearing a run step by step; each indicator and direction is told once.

    Attributes
    ----------
    told : list of Told
        In order.
    """

    def __init__(self) -> None:
        self.told: list[Told] = []
        self._running_s = 0.0
        self._first: list[NDArray[np.float64]] = []
        self._smoothed = np.full(len(INDICATORS), math.nan)
        self._beyond = np.zeros(len(INDICATORS), np.int64)

    def from_here(self) -> FixedGate:
        """Another one that has heard the same so far."""
        return copy.deepcopy(self)

    def hear(self, steps: Steps) -> FixedGate:
        """Take the next steps, of which a last part of a block is left out; returns itself."""
        rows = steps.rows
        running_s = self._running_s + np.cumsum(rows["step_time_s"])
        trusted = np.flatnonzero((running_s >= _FROM_S) & (rows["quality"] & DISTRUST == 0))
        table, sides = watched(steps), rows["side"]
        for k in range(0, len(trusted) - _STEPS + 1, _STEPS):
            block = trusted[k : k + _STEPS]
            time_s = float(rows["initial_contact_s"][block[-1]])
            self._take(block_values(table[block], sides[block]), time_s, running_s[block[-1]])
        if len(rows):
            self._running_s = float(running_s[-1])
        return self

    def _take(self, block: NDArray[np.float64], time_s: float, running_s: float) -> None:
        if running_s < _UNTIL_S:
            self._first.append(block)
            return
        usual = np.mean(self._first, axis=0)
        change = np.where(RELATIVE, 100.0 * (block / usual - 1.0), block - usual)
        new = np.where(np.isfinite(self._smoothed), self._smoothed, change)
        self._smoothed = new + _SMOOTHING * (change - new)
        way = (self._smoothed > _GATES).astype(np.int64) - (self._smoothed < -_GATES)
        self._beyond = np.where(way * self._beyond > 0, self._beyond + way, way)
        for i, indicator in enumerate(INDICATORS):
            told: Direction = "up" if way[i] > 0 else "down"
            large = RELATIVE[i] or abs(usual[i] + self._smoothed[i]) >= indicator.gate.least
            begins = large and abs(self._beyond[i]) == _BLOCKS
            if begins and _WATCHED[i] and told in indicator.told:
                self.told.append(Told(time_s, indicator.name, told))
