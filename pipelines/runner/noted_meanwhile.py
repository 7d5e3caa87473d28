"""Pain and answers that another program notes while a run goes on, for the run to judge."""

from __future__ import annotations

import time
from typing import Final, Literal

from pipelines.runner.journal.at_hand import JournalAtHand
from pipelines.runner.journal.database import Journal
from pipelines.runner.journal.entries import Pain, Questionnaire
from pipelines.session import marks

#: Time between two looks into the journal, s.
_LOOKS_EVERY_S: Final = 2.0


class NotedMeanwhile:
    """Looks for ratings of this moment that came into the journal by another way than the run's.

    They stay there: the mark that is made of one says so, and it is filed only once. So do answers
    to the questions about warning signs, which a run never files.

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
        noted = self._journal.ask(self._new, [])
        self._since_ns = max([self._since_ns, *(one.utc_ns for one in noted)])
        return [
            _mark(one)
            for one in noted
            if isinstance(one, Questionnaire)
            or (one.when in {"", "before", "during"} and one.session_id is None)
        ]

    def _new(self, journal: Journal) -> list[Pain | Questionnaire]:
        """In order of time."""
        span, bounds = "utc_ns > ? AND utc_ns <= ?", (self._since_ns, time.time_ns())
        found: list[Pain | Questionnaire] = [*journal.entries(Pain, span, bounds)]
        found += journal.entries(Questionnaire, span, bounds)
        return sorted(found, key=lambda one: one.utc_ns)


def _mark(noted: Pain | Questionnaire) -> marks.Mark:
    if isinstance(noted, Questionnaire):
        yes = tuple(name for name, answer in noted.answers.items() if answer)
        return marks.RedFlags(yes, noted.cleared)
    when: Literal["", "before"] = "before" if noted.when == "before" else ""
    words = (
        marks.one_line(noted.place),
        marks.one_line(noted.quality),
        marks.one_line(noted.activity),
    )
    return marks.Pain(noted.level, when, words[0], True, *words[1:])
