"""``backstride journal pain``: a rating from 0 to 10, and what the last weeks add up to."""

from __future__ import annotations

from typing import Annotated, cast

import typer

from imu.errors import ParameterError
from pipelines.coaching.training.pain import ago_words, earliest_h
from pipelines.commands.journal.messages import add_or_tell, say_pain
from pipelines.runner.journal.arguments import time_of
from pipelines.runner.journal.at_hand import JournalAtHand
from pipelines.runner.journal.entries import Pain, PainMoment, Session
from pipelines.runner.journal.entries import Session as SessionEntry

__all__ = ["pain"]


def pain(
    level: Annotated[int, typer.Argument(help="0 (none) to 10.", show_default=False)],
    when: Annotated[
        str, typer.Option(help="before, during, after, 24h, 48h (of a run), or other.")
    ] = "other",
    session: Annotated[
        int | None, typer.Option(help="Number of the run; the last one.", show_default=False)
    ] = None,
    place: Annotated[str, typer.Option(help="Where it is.", show_default=False)] = "",
    quality: Annotated[str, typer.Option(help="How it feels.", show_default=False)] = "",
    activity: Annotated[str, typer.Option(help="What it came with.", show_default=False)] = "",
    at: Annotated[
        str,
        typer.Option(help="When, such as '2026-03-02 18:30'; now otherwise.", show_default=False),
    ] = "",
) -> None:
    """Note pain, from 0 to 10, and what the notes of the last weeks add up to."""
    utc_ns, offset = time_of(at)
    with JournalAtHand() as journal:
        if when != "other" and session is None:
            latest = journal.open().entries(SessionEntry, newest=1)
            if not latest:
                raise ParameterError("--when", when, "'other', since the journal has no run yet")
            session = latest[0].identifier
        note = Pain(
            utc_ns,
            level,
            cast(PainMoment, when),
            session,
            place=place,
            quality=quality,
            activity=activity,
            utc_offset_minutes=offset,
        )
        if session is not None and when in {"24h", "48h"}:
            number = session
            # one that is in use cannot be asked; the note is kept for later then
            runs = journal.ask(lambda it: it.entries(SessionEntry, "identifier = ?", (number,)), ())
            for run in runs:
                _refuse_too_early(run, when, utc_ns)
        say_pain(level, journal.open() if add_or_tell(note, journal) else None)


def _refuse_too_early(run: Session, when: str, utc_ns: int) -> None:
    """A rating of the day after that was made on the day itself would clear a run of pain."""
    hours = (utc_ns - run.utc_start_ns) / 3.6e12 - run.duration_s / 3600.0
    if hours < earliest_h(when):
        ended = "has not ended then" if hours < 0.0 else f"ended {ago_words(hours)}"
        raise ParameterError(
            "--when",
            when,
            f"'after' or 'other': {when[:-1]} hours have not passed yet, run {run.identifier} "
            f"{ended}",
        )
