"""A view for tests: what a runner would be told."""

from __future__ import annotations

from pipelines.coaching.alert import Alert
from pipelines.session.live_status import LiveStatus


class Heard:
    """A view that keeps what it is told, in order, and looks at nothing else."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def update(self, status: LiveStatus) -> None:
        """Not looked at."""

    def note(self, text: str) -> None:
        self.said.append(text)

    def alert(self, alert: Alert) -> None:
        self.said.append(alert.message)
