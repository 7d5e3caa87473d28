"""Pain that another program notes in the journal while a run goes on, for the run to judge."""

from __future__ import annotations

import time
from typing import Final

from pipelines.runner.journal.at_hand import JournalAtHand
from pipelines.runner.journal.entries import Pain
from pipelines.session import marks

#: Time between two looks into the journal, s.
_LOOKS_EVERY_S: Final = 2.0


class NotedMeanwhile:
    """Looks for ratings of this moment that came into the journal by another way than the run's.

    They stay there: the mark that is made of one says so, and it is filed only once.

    Parameters
    ----------
    journal : JournalAtHand
        That of the program.
    """

    def __init__(self, journal: JournalAtHand) -> None:
        self._journal = journal
        self._since_ns = time.time_ns()
        self._looked_s = time.monotonic()

    def __call__(self) -> list[marks.Mark]:
        """Those that are new; looks from time to time only, since it is asked with each packet."""
        now_s = time.monotonic()
        if now_s - self._looked_s < _LOOKS_EVERY_S:
            return []
        self._looked_s = now_s
        noted = self._journal.ask(
            lambda journal: journal.entries(
                Pain, "utc_ns > ? AND utc_ns <= ?", (self._since_ns, time.time_ns())
            ),
            [],
        )
        self._since_ns = max([self._since_ns, *(one.utc_ns for one in noted)])
        return [
            marks.Pain(one.level, "before" if one.when == "before" else "", one.place, noted=True)
            for one in noted
            if one.when in {"", "before", "during"} and one.session_id is None
        ]
