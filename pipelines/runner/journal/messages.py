"""What the journal's commands say, and the questions they ask."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipelines.coaching.training.cues import Cue
    from pipelines.runner.journal.entries import Entry

__all__ = ["add_or_tell", "asked", "complain", "say", "say_cues", "say_pain", "tell_notes"]


def asked(words: str) -> bool:
    """Ask for yes or no; an end of the input is no answer."""
    from imu.errors import ParameterError

    while True:
        say(f"{words} [y/n]")
        line = sys.stdin.readline()
        if not line:
            raise ParameterError("the answer", "", "y or n, or state the answers as options")
        answer = line.strip().lower()
        if answer in {"y", "yes"}:
            return True
        if answer in {"n", "no"}:
            return False


def tell_notes(notes: Iterable[str]) -> None:
    """Say on standard error what the opening of the journal found."""
    for note in notes:
        complain(f"note: {note}")


def say_cues(cues: Iterable[Cue]) -> None:
    """Say each cue with its sources.

    Health articles are known by a number alone, which says nothing beside a sentence; they are
    told all together by ``journal sources``.
    """
    from pipelines.coaching.texts import is_article

    for cue in cues:
        named = [source for source in cue.sources if not is_article(source)]
        where = f" [{'; '.join(named)}]" if named else ""
        say(f"{cue.message}{where}")


def say_pain(level: int, *, judged: bool) -> None:
    """Say what a rating that was just noted adds up to with those of the last weeks.

    Parameters
    ----------
    level : int
        As noted, 0 to 10.
    judged : bool
        Whether it is in the journal, which can be asked then.
    """
    from datetime import datetime

    from pipelines.coaching.training.pain import check_cue
    from pipelines.runner.journal.advice import advice
    from pipelines.runner.journal.database import Journal

    told: list[Cue] = []
    stopped = False
    if judged:
        with Journal() as journal:
            found = advice(journal, datetime.now().astimezone())
        told = [cue for cue in found.cues if cue.text_id.startswith(("pain.", "red_flags."))]
        stopped = found.red_flags.stopped
        say("noted")
    asks = None if stopped else check_cue(level)
    say_cues([*told, asks] if asks is not None else told)


def say(words: str) -> None:
    """Say a line on standard output; what the system refuses is one sentence."""
    try:
        typer.echo(words)
    except BrokenPipeError:
        raise  # the reader has seen enough
    except OSError as error:
        from imu.errors import RecordingError
        from pipelines.files.system_error import explain

        raise RecordingError(f"{explain(error)}.", path="standard output") from None


def complain(words: str) -> None:
    """Say a line on standard error."""
    typer.echo(words, err=True)


def add_or_tell(entry: Entry) -> bool:
    """Add an entry, or keep it until the journal can take it; whether it is in the journal."""
    from pipelines.runner.journal.adding import add_or_keep
    from pipelines.runner.journal.database import journal_path
    from pipelines.runner.journal.pending import pending_path

    trouble = add_or_keep([entry], must_keep=True)
    if trouble:
        complain(f"note: {trouble}")
    return not pending_path(journal_path()).exists()
