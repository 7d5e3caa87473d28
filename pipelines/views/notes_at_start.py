"""Notes on a run that are told once there is one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pipelines.coaching.alert import Alert
from pipelines.live_controls import LiveView
from pipelines.session.live_status import LiveStatus


class NotesAtStart:
    """A view that tells notes before the first it is told, so none where a run could not start.

    Parameters
    ----------
    view : LiveView
        Is told everything else.
    notes : sequence of str
        What to tell, in order.
    tell : callable
        Tells one of them; must not raise.
    """

    def __init__(self, view: LiveView, notes: Sequence[str], tell: Callable[[str], None]) -> None:
        self._view, self._notes, self._tell = view, tuple(notes), tell

    def update(self, status: LiveStatus) -> None:
        """Show this status."""
        self._begin()
        self._view.update(status)

    def note(self, text: str) -> None:
        """Tell something that is no part of the status."""
        self._begin()
        self._view.note(text)

    def alert(self, alert: Alert) -> None:
        """Tell an alert."""
        self._begin()
        self._view.alert(alert)

    def _begin(self) -> None:
        notes, self._notes = self._notes, ()
        for note in notes:
            self._tell(note)
