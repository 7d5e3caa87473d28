"""At the desk: how long a position has been held, and what is said of it, on the page."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pipelines.clock_words import clock_words
from pipelines.coaching.training.cues import Cue
from pipelines.coaching.training.desk import STATIC_S
from pipelines.runner.desk.nudges import RarerNudges
from pipelines.runner.desk.watch import DeskSummary, DeskWatch
from pipelines.views.terminal.cells import printable


class DeskScreen:
    """Shows a time at the desk while it lasts, and what it held at its end.

    Parameters
    ----------
    changed : callable
        Called when :meth:`pieces` would give something else.
    tell : callable
        Takes a sentence that is shown and spoken at once.

    Examples
    --------
    >>> screen = DeskScreen()
    >>> screen.begin()
    >>> screen.tell(Cue("desk.nudge", {"minutes": 10.0}, 600.0))
    >>> screen.pieces()["nudge"]["text"]
    '10 minutes without a change: stand up, sit down, or walk a few steps.'
    """

    def __init__(
        self,
        changed: Callable[[], None] = lambda: None,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._changed, self._tell_aloud = changed, tell
        self.left = asyncio.Event()
        self.begin()

    def begin(self) -> None:
        """A new time at the desk."""
        self.left.clear()
        self._nudges = RarerNudges(STATIC_S)
        self._held_s: float | None = None
        self._nudge: dict[str, Any] = {"number": 0, "text": ""}
        self._notes: list[str] = []
        self._lines: list[str] = []
        self._changed()

    def see(self, watch: DeskWatch) -> None:
        """How it is now."""
        if self._held_s is None or int(self._held_s) != int(watch.held_s):
            self._held_s = watch.held_s
            self._changed()

    def tell(self, cue: Cue) -> None:
        """Show and speak a nudge, or a note on a quick twist; fewer while nobody follows."""
        told = self._nudges.push(cue)
        if told is not None:
            self._nudge = {"number": self._nudge["number"] + 1, "text": told.message}
            self._tell_aloud(told.message)

    def note(self, sentence: str) -> None:
        """Show something that should be known besides."""
        self._notes = [*self._notes, printable(sentence)][-3:]
        self._changed()

    def finish(self, summary: DeskSummary) -> None:
        """Show what the time at the desk held."""
        self._lines = replace(summary, nudges=self._nudges.told).lines()
        if summary.trouble is not None:
            self.note(str(summary.trouble))
        self._changed()

    def pieces(self) -> dict[str, Any]:
        """What the page shows: ``held``, ``most``, ``over``, ``nudge``, ``notes``, ``lines``."""
        held_s, most_s = self._held_s or 0.0, STATIC_S
        return {
            "held": clock_words(held_s),
            "most": clock_words(most_s),
            "share": min(1.0, held_s / most_s),
            "over": held_s >= most_s,
            "nudge": self._nudge,
            "notes": self._notes,
            "lines": self._lines,
        }
