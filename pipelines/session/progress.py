"""How far a running session is: distance, dose and time, from steps and the pace that is known."""

from __future__ import annotations

import math
from typing import Final

from imu.steps import Steps
from pipelines.session.dose import Dose
from pipelines.session.facts import Source
from pipelines.session.pace import Pace

#: A longer time without a step is a pause, s.
_LONGEST_PAUSE_S: Final = 2.0


class SessionProgress:
    """Adds up a session.

    A speed counts while running; a distance that is stated is taken as covered so far. The sensor
    itself measures no distance.

    Parameters
    ----------
    pace : Pace, optional
        What is known of the speed; to be told before the steps that follow.
    index_of_earlier_runs : bool
        Whether the steps' lumbar index refers to earlier easy runs; there is no dose otherwise.

    Attributes
    ----------
    running_s : float
        Running time so far, s.
    source : str
        How the distance is known.
    """

    def __init__(self, pace: Pace | None = None, *, index_of_earlier_runs: bool = False) -> None:
        self.running_s = 0.0
        self.source: Source = "speed"
        self._pace = Pace() if pace is None else pace
        self._distance_m: float | None = None
        self._from_s = -math.inf  # the distance is that up to then
        self._stretch_end_s = -math.inf
        self._ran = (math.inf, math.inf)
        self._counted: dict[Source, float] = {}  # the distance at the last count of each
        self._dose = Dose() if index_of_earlier_runs else None

    @property
    def distance_m(self) -> float | None:
        """Covered so far, m; None while nothing is known of it."""
        if self._distance_m is None and self._pace.speed_m_s is not None:
            return 0.0
        return self._distance_m

    @property
    def ran(self) -> tuple[float, float]:
        """Contact of the first and the latest step, s; infinite before there is one."""
        return self._ran

    @property
    def dose_easy_km(self) -> float | None:
        """Equivalent easy kilometres so far; None while not known."""
        return None if self._dose is None else self._dose.easy_km(self.distance_m)

    def take_steps(self, steps: Steps) -> None:
        """Count steps that got finished, in order."""
        times = zip(steps.initial_contact_s.tolist(), steps.step_time_s.tolist(), strict=True)
        for contact_s, step_s in times:
            self._ran = (min(self._ran[0], contact_s), contact_s)
            if math.isfinite(step_s):
                self.running_s += step_s
                self._run(contact_s, contact_s + step_s)
        if self._dose is not None:
            self._dose.take_steps(steps)

    def take_distance(self, distance_m: float, time_s: float) -> None:
        """The distance covered up to a session time, as somebody stated it."""
        self._distance_m, self._from_s, self.source = distance_m, time_s, "stated"
        self._counted.clear()

    def take_counted(
        self, source: Source, covered_m: float | None, time_s: float, *, counts: bool
    ) -> None:
        """What a device counted since its count before.

        Parameters
        ----------
        source : str
            Which.
        covered_m : float or None
            m; None when this count is its first, or it began anew.
        time_s : float
            The session's time, s.
        counts : bool
            Whether its word counts now; it is followed in any case.
        """
        counted_m = self._counted.get(source)
        if counts and covered_m is not None and counted_m is not None:
            # also what it has counted while its link was away, in place of what others made of it
            self._distance_m, self._from_s, self.source = counted_m + covered_m, time_s, source
        self._counted[source] = self._distance_m or 0.0

    def _run(self, contact_s: float, end_s: float) -> None:
        begin_s = contact_s
        if contact_s - self._stretch_end_s <= _LONGEST_PAUSE_S:
            begin_s = self._stretch_end_s
        self._stretch_end_s = max(self._stretch_end_s, end_s)
        covered_m = self._pace.covered_m(max(begin_s, self._from_s), end_s)
        if covered_m > 0.0:
            self._distance_m = (self._distance_m or 0.0) + covered_m
            if self._pace.speed_source != "stated":
                self.source = self._pace.speed_source
