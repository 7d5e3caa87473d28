"""What a scenario and its script say for any time of the session, as smooth functions of time."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import Final

import numpy as np
from numpy.typing import NDArray

from devices.simulator.jets import Jet
from devices.simulator.scenario import Scenario

Array = NDArray[np.float64]

#: Without a script fatigue sets in between these times of running.
FATIGUE_START_S: Final = 480.0
FATIGUE_END_S: Final = 720.0

_SPEED_CHANGE_S: Final = 4.0
_SLOPE_CHANGE_S: Final = 6.0
_LEAN_CHANGE_S: Final = 10.0
_BEND_CHANGE_S: Final = 1.0
_TIRES: Final = ("lean", "shock", "cadence")


class Track:
    """A number that changes at given times, each time by a quintic step with no jerk at its ends.

    Parameters
    ----------
    first : float
        Value before the first change.
    changes : list of (time, value)
        In order of time, s.
    takes_s : float or list of float
        How long a change takes, less where the next comes sooner.

    Examples
    --------
    >>> track = Track(3.0, [(10.0, 4.0)], 2.0)
    >>> track.at(9.0), track.at(11.0), track.at(50.0)
    (3.0, 3.5, 4.0)
    """

    def __init__(
        self, first: float, changes: list[tuple[float, float]], takes_s: float | list[float]
    ) -> None:
        self._times_s = [time_s for time_s, _ in changes]
        values = [first, *(value for _, value in changes)]
        room = np.diff([*self._times_s, np.inf])
        self._before = values[:-1]
        self._by = np.diff(values).tolist()
        self._takes_s = np.minimum(room, takes_s).tolist()
        self._first = first
        self.lowest, self.highest = min(values), max(values)

    def at(self, time_s: float) -> float:
        """The value at one time."""
        k = bisect_right(self._times_s, time_s) - 1
        if k < 0:
            return self._first
        s = min((time_s - self._times_s[k]) / self._takes_s[k], 1.0)
        return float(self._before[k] + self._by[k] * s**3 * (10.0 - 15.0 * s + 6.0 * s * s))

    def jet(self, time_s: Array) -> Jet:
        """The value at N times, with its derivatives."""
        still = np.zeros_like(time_s)
        if not self._times_s:
            return Jet(np.full_like(time_s, self._first), still, still)
        k = np.searchsorted(self._times_s, time_s, "right") - 1
        known = k >= 0
        k = np.maximum(k, 0)
        takes_s, by = np.array(self._takes_s)[k], known * np.array(self._by)[k]
        s = np.clip((time_s - np.array(self._times_s)[k]) / takes_s, 0.0, 1.0)
        return Jet(
            np.array(self._before)[k] + by * s**3 * (10.0 - 15.0 * s + 6.0 * s**2),
            by * 30.0 * s**2 * (1.0 - s) ** 2 / takes_s,
            by * 60.0 * s * (1.0 - s) * (1.0 - 2.0 * s) / takes_s**2,
        )


class Course:
    """What is run, where, and how, by time in the session.

    Parameters
    ----------
    scenario : Scenario
    run_start_s : float
        Time of the first contact.

    Attributes
    ----------
    breaks : list of (kind, start, end)
        In order, s in the session.
    speed, slope, lean, curvature, creep : Track
        m/s, degrees, degrees, 1/m to the left, degrees.
    """

    def __init__(self, scenario: Scenario, run_start_s: float) -> None:
        self.scenario = scenario
        self.run_start_s = run_start_s
        script, run_s = scenario.script, 60.0 * scenario.minutes
        self.breaks = [
            (kind, run_start_s + start_s, run_start_s + end_s)
            for kind, start_s, end_s in script.breaks(run_s)
        ]
        self.speed = self._track("speed", _SPEED_CHANGE_S)
        self.slope = self._track("slope", _SLOPE_CHANGE_S)
        self.lean = self._track("lean", _LEAN_CHANGE_S)
        bends = script.spans("bend", run_s)
        steps: dict[float, float] = {}
        for start_s, end_s, radius_m in bends:  # a bend may begin where another ends
            steps[run_start_s + start_s] = 1.0 / radius_m
            steps.setdefault(run_start_s + end_s, 0.0)
        self.curvature = Track(0.0, sorted(steps.items()), _BEND_CHANGE_S)
        creeps = script.spans("creep", run_s)
        self.creep = Track(
            0.0,
            [
                (run_start_s + start_s, degrees)
                for (start_s, _, _), degrees in zip(
                    creeps, accumulate(degrees for _, _, degrees in creeps), strict=True
                )
            ],
            [end_s - start_s for start_s, end_s, _ in creeps],
        )
        surfaces = script.changes_of("surface", run_s)
        self._surface_times_s = [run_start_s + time_s for time_s, _ in surfaces]
        self._surfaces = [scenario.surface, *(str(surface) for _, surface in surfaces)]
        self._fatigue = {what: self._tiring(what) for what in _TIRES}

    def _track(self, key: str, takes_s: float) -> Track:
        changes = self.scenario.script.changes_of(key, 60.0 * self.scenario.minutes)
        return Track(
            getattr(self.scenario, key),
            [(self.run_start_s + time_s, float(value)) for time_s, value in changes],
            takes_s,
        )

    def _tiring(self, what: str) -> Track:
        scenario = self.scenario
        changes = scenario.script.changes_of("fatigue", 60.0 * scenario.minutes)
        if scenario.fatigue != "none":
            changes = [(FATIGUE_START_S, scenario.fatigue), *changes]
        return Track(
            0.0,
            [
                (self.run_start_s + time_s, float(value in (what, "all")))
                for time_s, value in sorted(changes)
            ],
            FATIGUE_END_S - FATIGUE_START_S,
        )

    @property
    def is_treadmill(self) -> bool:
        """Whether the ground moves: forward speed is then that of the belt, not of the runner."""
        return self.scenario.surface == "treadmill"

    def surface(self, time_s: float) -> str:
        """What is underfoot."""
        return self._surfaces[bisect_right(self._surface_times_s, time_s)]

    def fatigue(self, what: str) -> Track:
        """How tired the runner is, 0 to 1, in ``lean``, ``shock`` or ``cadence``."""
        return self._fatigue[what]
