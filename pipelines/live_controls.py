"""What whoever watches a live run may ask of it, and what it tells them."""

from __future__ import annotations

from typing import Final, Protocol

from imu.drift.changes import SENSOR_POSITION
from pipelines.coaching.alert import Alert
from pipelines.session.facts import AlertTold, Fact
from pipelines.session.live_status import LiveStatus
from pipelines.session.marks import LoggedMark, Mark, mark_from_words
from pipelines.words.fact_words import fact_words

#: Least time between two redraws without a finished step, s.
REDRAW_S: Final = 0.5


class LiveView(Protocol):
    """Shows a live run; every method returns at once and never raises."""

    def update(self, status: LiveStatus) -> None:
        """Show this status; the caller may go on changing it."""
        ...

    def note(self, text: str) -> None:
        """Tell something that is no part of the status."""
        ...

    def alert(self, alert: Alert) -> None:
        """Tell an alert, raised or cleared."""
        ...


class LiveControls:
    """Requests of a live run's viewers, taken by the run in its own time.

    Used in the run's event loop. A request after the end of the run does nothing.
    """

    def __init__(self) -> None:
        self._marks: list[Mark] = []
        self.stop_wanted = False
        self.paused = False

    def mark(self, kind: str, words: str = "") -> None:
        """Put a mark into the log, stamped when the run takes it, within half a second.

        Raises
        ------
        ParameterError
            When it is none, as :func:`~pipelines.session.marks.mark_from_words` says.
        """
        self._marks.append(mark_from_words(kind, words))

    def pause(self) -> None:
        """Judge nothing until :meth:`resume`; the recording goes on."""
        if not self.paused:
            self.paused = True
            self.mark("pause")

    def resume(self) -> None:
        """Go on judging."""
        if self.paused:
            self.paused = False
            self.mark("resume")

    def stop(self) -> None:
        """End the run cleanly, as Ctrl-C does."""
        self.stop_wanted = True

    def take_marks(self, now_ns: int) -> list[LoggedMark]:
        """The marks asked for since the last call, stamped now."""
        marks = [LoggedMark(now_ns, mark) for mark in self._marks]
        self._marks.clear()
        return marks


def tell_fact(fact: Fact, view: LiveView) -> None:
    """Tell what has words; that the sensor has moved is told in full."""
    if isinstance(fact, AlertTold):
        if fact.alert.indicator == SENSOR_POSITION:
            view.note(fact.alert.message)
        view.alert(fact.alert)
    elif words := fact_words(fact):
        view.note(words)
