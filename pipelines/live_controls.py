"""What whoever watches a live run may ask of it, and what it tells them."""

from __future__ import annotations

from typing import Protocol

from devices.records import Mark
from imu.errors import ParameterError
from pipelines.coaching.alert import Alert
from pipelines.session.live_status import LiveStatus
from pipelines.session.pace_marks import pace_mark_value

__all__ = ["MARK_KINDS", "LiveControls", "LiveView"]

#: What may be marked during a run. ``neutral``: the runner stands upright now. ``reseat``: the
#: sensor was moved. ``pause`` and ``resume``: nothing is judged in between; it is recorded.
#: ``speed`` and ``slope``: what holds from here on, "unknown" where nothing does.
#: ``coaching``: "stopped" where a red flag stands from before the run.
MARK_KINDS = (
    "coaching", "distance", "neutral", "pain", "pause", "red_flags", "reseat", "resume", "shoe",
    "slope", "speed", "surface",
)  # fmt: skip


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
        self._marks: list[tuple[str, str]] = []
        self.stop_wanted = False
        self.paused = False

    def mark(self, kind: str, value: str = "") -> None:
        """Put a mark into the log, stamped when the run takes it, within half a second.

        Raises
        ------
        ParameterError
            When the kind is none of :data:`MARK_KINDS`, or a speed or a slope cannot be.
        """
        if kind not in MARK_KINDS:
            raise ParameterError("mark", kind, "one of " + ", ".join(MARK_KINDS))
        self._marks.append((kind, pace_mark_value(kind, value)))

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

    def take_marks(self, now_ns: int) -> list[Mark]:
        """The marks asked for since the last call, stamped now."""
        marks = [Mark(now_ns, kind, value) for kind, value in self._marks]
        self._marks.clear()
        return marks
