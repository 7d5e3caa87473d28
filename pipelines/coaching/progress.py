"""How far a running session is: distance, dose and time, from steps and marks as they come."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from imu.errors import ParameterError
from imu.step.trusted_steps import trusted_steps
from pipelines.session.pace_marks import marked_speed_m_s
from pipelines.units import parse_distance

if TYPE_CHECKING:
    from devices.records import Mark
    from imu.steps import Steps

__all__ = ["SessionProgress", "marked_value"]

#: Trusted steps whose mean lumbar index counts, as in the journal's dose.
_BLOCK: Final = 20
_EXPONENT: Final = 4.0


def marked_value(mark: Mark) -> float | None:
    """What a mark of kind "speed" (m/s) or "distance" (m) says; None when it cannot be read.

    NaN for a speed that is not known any more.

    Examples
    --------
    >>> from devices.records import Mark
    >>> marked_value(Mark(0, "distance", "5 km")), marked_value(Mark(0, "speed", "0 km/h"))
    (5000.0, 0.0)
    >>> marked_value(Mark(0, "speed", "fast"))
    """
    try:
        if mark.kind == "distance":
            return parse_distance(mark.value)
        return marked_speed_m_s(mark.value) if mark.kind == "speed" else None
    except ParameterError:
        return None


class SessionProgress:
    """Adds up a session.

    A speed, stated or marked, counts while running, until it is marked as unknown; a distance that
    is marked is taken as covered so far. The sensor itself measures no distance.

    Parameters
    ----------
    speed_m_s : float, optional
        Stated by the user before the run, m/s.
    index_of_earlier_runs : bool
        Whether the steps' lumbar index refers to earlier easy runs.
    """

    def __init__(
        self, speed_m_s: float | None = None, *, index_of_earlier_runs: bool = False
    ) -> None:
        self.running_s = 0.0
        self._speed_m_s = speed_m_s
        self._distance_m: float | None = None
        self._with_index = index_of_earlier_runs
        self._index: list[float] = []
        self._blocks = 0
        self._known_blocks = 0
        self._weights = 0.0

    @property
    def distance_m(self) -> float | None:
        """Covered so far, m; None without a speed or a distance."""
        if self._distance_m is None and self._speed_m_s is not None:
            return 0.0
        return self._distance_m

    @property
    def dose_easy_km(self) -> float | None:
        """Equivalent easy kilometres so far, exponent 4; None while not known.

        As :func:`pipelines.runner.journal.session_entry.dose_easy_km` has it for the whole session.
        """
        distance_m = self.distance_m
        if distance_m is None or not self._known_blocks or 2 * self._known_blocks < self._blocks:
            return None
        return distance_m / 1000.0 * self._weights / self._known_blocks

    def take_steps(self, steps: Steps) -> None:
        """Count steps that got finished."""
        seconds = float(np.nansum(steps.step_time_s))
        self.running_s += seconds
        if self._speed_m_s is not None:
            self._distance_m = (self._distance_m or 0.0) + self._speed_m_s * seconds
        if self._with_index:
            self._index += trusted_steps(steps).lumbar_index.tolist()
            while len(self._index) >= _BLOCK:
                self._take_block(self._index[:_BLOCK])
                del self._index[:_BLOCK]

    def take_mark(self, mark: Mark) -> None:
        """Take a mark of kind "speed" or "distance"; one that cannot be read changes nothing."""
        value = marked_value(mark)
        if value is not None and mark.kind == "distance":
            self._distance_m = value
        elif value is not None:
            self._speed_m_s = None if math.isnan(value) else value

    def _take_block(self, values: list[float]) -> None:
        self._blocks += 1
        feet = [[x for x in values[foot::2] if math.isfinite(x)] for foot in (0, 1)]
        if all(feet) and 2 * (len(feet[0]) + len(feet[1])) >= _BLOCK:
            index = 0.5 * sum(math.fsum(foot) / len(foot) for foot in feet)
            self._known_blocks += 1
            self._weights += float((index / 100.0) ** _EXPONENT)
