"""Playback: a replay shown as it looked while it happened, at any speed."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from imu.errors import ParameterError
from pipelines.live_controls import LiveView, tell_fact
from pipelines.session.engine import SessionFold
from pipelines.session.facts import Fact
from pipelines.session.live_status import LiveStatus
from pipelines.session.time_range import TimeRange

#: Least time between two redraws without a finished step, and a wait that is not worth it, s.
_REDRAW_S: Final = 0.5
_SHORTEST_WAIT_S: Final = 0.002


class Playback:
    """Watches a replay, holds it to a speed, and shows it; a :class:`~pipelines.replay.Watch`.

    What lies before the range goes as fast as it can, and without a word; so does what lies behind.

    Parameters
    ----------
    source : Path
        What is replayed.
    view : LiveView
        Where it is shown.
    speed : float
        Seconds of the session in one of life, above 0.
    within : TimeRange
        What is shown.
    now, sleep : callable
        A clock that never goes back, s, and how to wait.

    Raises
    ------
    ParameterError
        When the speed is none.
    """

    def __init__(
        self,
        source: Path,
        view: LiveView,
        speed: float,
        within: TimeRange,
        *,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if not 0.0 < speed < math.inf:
            raise ParameterError(
                "--speed", speed, "a number above 0: 1 is as it happened, 4 four times faster"
            )
        self._view, self._speed, self._within = view, speed, within
        self._now, self._sleep = now, sleep
        self._status = LiveStatus(str(source), source.name, link="connected")
        self._began: tuple[float, float] | None = None  # session's and this clock's time
        self._drawn = -math.inf

    def __call__(self, fold: SessionFold, found: list[Fact], time_s: float) -> None:
        """Wait until it is time, and show what was found."""
        shown = self._within.begin_s <= time_s < self._within.end_s
        if shown:
            self._wait(time_s)
        steps = self._status.steps
        for fact in found:
            self._status.take(fact)
            if shown:
                tell_fact(fact, self._view)
        if shown and (self._status.steps != steps or self._now() - self._drawn > _REDRAW_S):
            self._drawn = self._now()
            self._status.take(fold.now)
            self._status.elapsed_s = time_s
            self._view.update(self._status)

    def _wait(self, time_s: float) -> None:
        if self._began is None:
            self._began = (time_s, self._now())
        session_s, clock_s = self._began
        left_s = clock_s + (time_s - session_s) / self._speed - self._now()
        if left_s > _SHORTEST_WAIT_S:
            self._sleep(left_s)
