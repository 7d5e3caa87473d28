"""Playback: a replay shown as it looked while it happened, at any speed; keys go back and on."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from imu.errors import ParameterError
from pipelines.live_controls import REDRAW_S, LiveView, tell_fact
from pipelines.session.engine import SessionFold
from pipelines.session.facts import Fact
from pipelines.session.live_status import LiveStatus, Now
from pipelines.session.time_range import TimeRange

#: Least time between two looks at what is known, and a wait that is not worth it, s.
_KNOWN_S: Final = 0.25
_SHORTEST_WAIT_S: Final = 0.002
#: How far a key goes, and how long a pause is without looking for keys, s.
_SEEK_S: Final = {"left": -10.0, "right": 10.0}
_PAUSED_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class _Moment:
    """What was found up to a time of the session, and what was known then."""

    time_s: float
    found: list[Fact]
    now: Now


class Playback:
    """Watches a replay, holds it to a speed, and shows it; a :class:`~pipelines.folding.Watch`.

    What lies before the range goes as fast as it can, and without a word; so does what lies behind.
    The fold only goes on: what is shown again after a step back is what it had found.

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
    now : callable
        A clock that never goes back, s.
    wait : callable
        Given seconds, waits so long or until a key is pressed, which it names: ``left`` and
        ``right`` go ten seconds back and on, ``space`` pauses; all else is passed over.

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
        wait: Callable[[float], str | None] = time.sleep,
    ) -> None:
        if not 0.0 < speed < math.inf:
            raise ParameterError(
                "--speed", speed, "a number above 0: 1 is as it happened, 4 four times faster"
            )
        self._source, self._view, self._speed, self._within = source, view, speed, within
        self._now, self._wait = now, wait
        self._status = self._fresh_status()
        self._began: tuple[float, float] | None = None  # session's and this clock's time
        self._drawn = self._looked = -math.inf
        self._moments: list[_Moment] = []
        self._known_s = -math.inf  # when it was last asked what is known
        self._next = 0  # moment that is shown
        self._told_s = -math.inf  # up to where everything was told
        self._silent_to_s = within.begin_s
        self._paused = False

    def _fresh_status(self) -> LiveStatus:
        return LiveStatus(source=str(self._source), device=self._source.name, link="connected")

    def __call__(self, fold: SessionFold, found: list[Fact], time_s: float) -> None:
        """Wait until it is time, and show what was found."""
        latest = self._moments[-1] if self._moments else None
        if latest is None or found or time_s - self._known_s > _KNOWN_S:
            now, self._known_s = fold.now, time_s
        else:
            now = latest.now
        self._moments.append(_Moment(time_s, found, now))
        while self._next < len(self._moments):
            moment = self._moments[self._next]
            if self._silent_to_s <= moment.time_s < self._within.end_s and self._sought(moment):
                continue
            self._show(moment)
            self._next += 1

    def _sought(self, moment: _Moment) -> bool:
        """Wait for a moment; whether another one is wanted instead."""
        began = self._began or (moment.time_s, self._now())
        self._began = began
        left_s = began[1] + (moment.time_s - began[0]) / self._speed - self._now()
        look = self._now() - self._looked > REDRAW_S  # however fast it goes
        while self._paused or left_s > _SHORTEST_WAIT_S or look:
            look, asked_s = False, self._now()
            key = self._wait(_PAUSED_S if self._paused else max(left_s, 0.0))
            self._looked = self._now()
            left_s -= self._looked - asked_s
            if key == "space":
                self._paused = not self._paused
                self._began, left_s = None, 0.0
            elif key in _SEEK_S:
                self._seek(moment.time_s + _SEEK_S[key])
                return True
        return False

    def _seek(self, time_s: float) -> None:
        """Go to a time: what is before it is taken in silence."""
        self._silent_to_s = max(time_s, self._within.begin_s)
        self._began = None
        self._drawn = -math.inf
        if time_s < self._moments[self._next].time_s:
            self._status = self._fresh_status()
            self._next = 0

    def _show(self, moment: _Moment) -> None:
        shown = self._silent_to_s <= moment.time_s < self._within.end_s
        steps = self._status.steps
        for fact in moment.found:
            self._status.take(fact)
            if shown and moment.time_s > self._told_s:
                tell_fact(fact, self._view)
        if shown:
            self._told_s = max(self._told_s, moment.time_s)
        if shown and (self._status.steps != steps or self._now() - self._drawn > REDRAW_S):
            self._drawn = self._now()
            self._status.take(moment.now)
            self._status.elapsed_s = moment.time_s
            self._view.update(self._status)
