"""What the runner's marks do to the analysis: neutral, a moved sensor, pauses, speed and slope.

Marks are part of the log, and time is that of the latest sample before them, so a replay does the
same at the same place.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Final

import numpy as np
from numpy.typing import NDArray

from devices.records import Mark
from imu.analyzer import StepAnalyzer
from imu.drift.detector import DriftDetector
from imu.errors import ParameterError
from imu.mounting import mounting_from_axes, mounting_from_up
from imu.samples import Samples
from imu.steps import Steps
from pipelines.coaching.coach import COACHING_MARK, STOPPED, TOLD_MARK, Coach
from pipelines.coaching.training.red_flags import RedFlagState, judge_marked
from pipelines.session.lean_reference import LeanReference
from pipelines.session.pace_marks import PACE_KINDS, PaceMarks

__all__ = ["STANDING_S", "Pauses", "SessionMarks", "fits"]

#: A neutral is the mean of this long before its mark, s.
STANDING_S: Final = 2.0

_STILL_M_S2: Final = 0.3  # largest deviation of an axis, as for standing in imu/chain/gait.py
_HOLE_S: Final = 0.1


def fits(neutral_up: tuple[float, float, float], axes: str) -> bool:
    """Whether a standing neutral is near enough to the up axis of stated axes.

    Examples
    --------
    >>> fits((0.0, 2.0, 9.6), "+x+y+z"), fits((0.0, 2.0, 9.6), "-z+y+x")
    (True, False)
    """
    try:
        mounting_from_up(mounting_from_axes(axes), neutral_up)
    except ParameterError:
        return False
    return True


class Pauses:
    """The times of a session that are not judged."""

    def __init__(self) -> None:
        self._spans: list[tuple[float, float]] = []  # the last may still be open: until infinity

    def begin(self, time_s: float) -> None:
        """Judge nothing from here on."""
        if not self._spans or self._spans[-1][1] < math.inf:
            self._spans.append((time_s, math.inf))

    def end(self, time_s: float) -> None:
        """Judge again."""
        if self._spans and self._spans[-1][1] == math.inf:
            self._spans[-1] = (self._spans[-1][0], time_s)

    def outside(self, steps: Steps) -> Steps:
        """The steps whose initial contact is in no pause."""
        if not self._spans or not len(steps):
            return steps
        contact = steps.initial_contact_s
        judged = np.ones(len(steps), np.bool_)
        for start_s, end_s in self._spans:
            judged &= (contact < start_s) | (contact >= end_s)
        return steps if judged.all() else Steps(steps.rows[judged])


class SessionMarks:
    """Carries out the marks of one session.

    Parameters
    ----------
    analyzer : StepAnalyzer
        Gets a new neutral, or searches its axes anew.
    pauses : Pauses
        Gets the pauses.
    drift : DriftDetector
        Learns anew where the sensor, or what lean is measured from, has changed; waits a while on
        a new surface.
    pace_marks : PaceMarks
        Gets the speed and the slope.
    coach : Coach, optional
        Hears what others told the runner.
    lean_reference : LeanReference, optional
        Hears of neutrals and of a moved sensor.

    Attributes
    ----------
    surface_before
        The surface of an earlier session that this one goes on from: no new one when it is said
        again.
    """

    def __init__(
        self,
        analyzer: StepAnalyzer,
        pauses: Pauses,
        drift: DriftDetector,
        pace_marks: PaceMarks,
        coach: Coach | None = None,
        lean_reference: LeanReference | None = None,
    ) -> None:
        self._lean_reference = lean_reference
        self._analyzer, self._pauses, self._drift = analyzer, pauses, drift
        self._pace_marks, self._coach = pace_marks, coach
        self._recent: deque[Samples] = deque()
        self._now_s = 0.0
        self._flags = RedFlagState()
        self.surface_before = ""

    def see(self, samples: Samples) -> None:
        """Take note of the samples that the analyzer gets."""
        if not len(samples):
            return
        recent = self._recent
        recent.append(samples)
        self._now_s = float(samples.time_s[-1])
        while len(recent) > 1 and recent[1].time_s[0] <= self._now_s - STANDING_S:
            recent.popleft()

    def take(self, mark: Mark) -> list[str]:
        """Carry out a mark; returns what is worth telling of it, in sentences."""
        if mark.kind == "pause":
            self._pauses.begin(self._now_s)
        elif mark.kind == "resume":
            self._pauses.end(self._now_s)
        elif mark.kind == "neutral":
            return [self._take_neutral()]
        elif mark.kind == "reseat":
            searching = self._analyzer.mounting is None
            self._analyzer.reseat()
            if self._lean_reference is not None:
                self._lean_reference.reseat()
            self._learn_anew()
            if searching or self._analyzer.mounting is None:
                return ["the sensor was moved: its axes are searched anew while you run."]
            return ["the sensor was moved: stand upright and still, and mark the neutral again."]
        elif mark.kind in {COACHING_MARK, "red_flags"}:
            self._take_flags(mark)
        elif mark.kind == TOLD_MARK:
            if self._coach is not None:
                self._coach.told_elsewhere(self._now_s)
        elif mark.kind in PACE_KINDS:
            trouble = self._pace_marks.take(mark, self._now_s if self._recent else -math.inf)
            return [trouble] if trouble else []
        elif mark.kind != "surface" or mark.value != self.surface_before:
            self._drift.mark(mark.kind, mark.value)
        if mark.kind == "surface":
            self.surface_before = ""
        return []

    def _take_flags(self, mark: Mark) -> None:
        """While a red flag stands, changes are told without anything to try."""
        if mark.kind == COACHING_MARK:
            self._flags = RedFlagState(mark.value == STOPPED)
        else:
            self._flags = judge_marked(self._flags, mark.value)
        if self._coach is not None:
            self._coach.advises = not self._flags.stopped

    def _take_neutral(self) -> str:
        force, trouble = self._standing()
        if force is not None and self._analyzer.gait != "still":
            trouble = "you were moving"
        if force is not None and not trouble:
            try:
                self._analyzer.take_neutral(force)
            except ParameterError:
                trouble = "the sensor is turned away from its axes: mark it as moved first"
            else:
                if self._lean_reference is not None:
                    self._lean_reference.take_neutral()
                self._learn_anew()
                return "the standing neutral was taken: lean is measured from it."
        return f"the standing neutral was not taken, because {trouble}."

    def _learn_anew(self) -> None:
        """What this run has taught is gone; before the first step that is nothing.

        A baseline of earlier runs then stays: it is a standing neutral that makes it comparable.
        """
        if self._drift.state["session"]["running_s"][0] > 0.0:
            self._drift.mark("reseat")

    def _standing(self) -> tuple[NDArray[np.float64] | None, str]:
        """Mean specific force of the latest seconds; or why it is none of standing still."""
        if not self._recent:
            return None, "no sample has come yet"
        latest = Samples.concatenate(list(self._recent))
        latest = latest[int(np.searchsorted(latest.time_s, self._now_s - STANDING_S)) :]
        force = latest.acceleration_m_s2
        holes = np.diff(latest.time_s, prepend=self._now_s - STANDING_S)
        if not np.all(np.isfinite(force)) or float(holes.max()) > _HOLE_S:
            return None, f"not all of the last {STANDING_S:g} s has come from the sensor"
        if np.any(force.std(axis=0) > _STILL_M_S2):
            return None, "you were moving"
        return force.mean(axis=0), ""
