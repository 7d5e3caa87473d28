"""What the journal's commands say, and the questions they ask."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final

from imu.errors import ParameterError
from pipelines.coaching.catalogue import ARTICLES
from pipelines.coaching.training.cues import Cue
from pipelines.commands.messages import complain, say
from pipelines.runner.journal.advice import advice
from pipelines.runner.journal.at_hand import JournalAtHand
from pipelines.runner.journal.database import Journal
from pipelines.runner.journal.entries import Entry, Session
from pipelines.runner.journal.pending import pending_path
from pipelines.runner.journal.runs import FinishedRun
from pipelines.runner.journal.stated import odd_distance_words
from pipelines.runner.journal.words import run_line

_ANSWERS: Final = {"y": True, "yes": True, "n": False, "no": False}


@contextmanager
def journal_at_hand() -> Iterator[JournalAtHand]:
    """The user's journal for one command, open; what its opening found is told."""
    with JournalAtHand(busy_s=2.0) as journal:
        journal.open()
        tell_notes(journal.take_notes())
        yield journal


@contextmanager
def opened_journal() -> Iterator[Journal]:
    """The same where nothing else is asked of it."""
    with journal_at_hand() as journal:
        yield journal.open()


def asked(words: str) -> bool:
    """Ask for yes or no; an end of the input is no answer."""
    answer = None
    while answer is None:
        answer = _ANSWERS.get(_typed(f"{words} [y/n]"))
    return answer


def asked_or_later(words: str) -> bool | None:
    """The same of what may be put off, which is None."""
    while True:
        answer = _typed(f"{words} [y/n/later]")
        if answer in {"l", "later"}:
            return None
        if answer in _ANSWERS:
            return _ANSWERS[answer]


def _typed(question: str) -> str:
    say(question)
    line = sys.stdin.readline()
    if not line:
        raise ParameterError("the answer", "", "y or n, or state the answers as options")
    return line.strip().lower()


def tell_notes(notes: Iterable[str]) -> None:
    """Say on standard error what the opening of the journal found."""
    for note in notes:
        complain(f"note: {note}")


def say_cues(cues: Iterable[Cue]) -> None:
    """Say each cue with its sources.

    Titles of health articles are long beside a sentence; they are told by ``journal sources``.
    """
    for cue in cues:
        named = [source for source in cue.sources if source not in ARTICLES]
        where = f" [{'; '.join(named)}]" if named else ""
        say(f"{cue.message}{where}")


def say_pain(journal: Journal) -> None:
    """Say what the ratings of the last weeks add up to, the one that was just noted among them."""
    found = advice(journal, datetime.now().astimezone())
    say("noted")
    say_cues(cue for cue in found.cues if cue.text_id.startswith(("pain.", "red_flags.")))


def say_session(session: Session, journal: Journal) -> None:
    """Say what the journal has of a run, and where its distance reaches beyond its recording."""
    units = journal.settings().units
    say(run_line(journal, session))
    if odd := odd_distance_words(session, units):
        complain(
            f"note: {odd} Where that is a slip, say it anew with: backstride journal edit "
            f"{session.identifier} --distance"
        )


def add_or_tell(entry: Entry | FinishedRun, journal: JournalAtHand) -> bool:
    """Add something, or keep it until the journal can take it; whether it is in the journal."""
    trouble = journal.add([entry], must_keep=True)
    if trouble:
        complain(f"note: {trouble}")
    return not pending_path(journal.path).exists()
