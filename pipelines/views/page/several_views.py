"""One run, several views: each is told everything."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.coaching.alert import Alert
from pipelines.live_controls import LiveView
from pipelines.session.live_status import LiveStatus


class SeveralViews:
    """Hands everything to each of several views, in order.

    Parameters
    ----------
    views : sequence of LiveView
        None of them raises, as :class:`~pipelines.live_controls.LiveView` promises.
    """

    def __init__(self, views: Sequence[LiveView]) -> None:
        self._views = tuple(views)

    def update(self, status: LiveStatus) -> None:
        """Show this status in each view."""
        for view in self._views:
            view.update(status)

    def note(self, text: str) -> None:
        """Tell each view."""
        for view in self._views:
            view.note(text)

    def alert(self, alert: Alert) -> None:
        """Tell each view an alert."""
        for view in self._views:
            view.alert(alert)
