"""``backstride journal pain``: a rating from 0 to 10, and what the last weeks add up to."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Annotated, cast

import typer

from imu.errors import ParameterError
from pipelines.coaching.training.pain import ago_words, check_cue
from pipelines.coaching.training.pain_moments import (
    Moment,
    RunTime,
    felt_ns,
    is_too_early,
    is_too_late,
)
from pipelines.coaching.training.traffic_light import Judged, judge_pain
from pipelines.commands.journal.messages import (
    add_or_tell,
    journal_at_hand,
    opened_journal,
    say_cues,
    say_pain,
)
from pipelines.commands.journal.questions import ask_what_is_due
from pipelines.commands.messages import say
from pipelines.runner.journal.advice import judged, judged_note
from pipelines.runner.journal.arguments import time_of
from pipelines.runner.journal.at_hand import JournalAtHand
from pipelines.runner.journal.entries import Pain, PainMoment, utc_ns_of
from pipelines.runner.journal.entries import Session as SessionEntry
from pipelines.runner.journal.queries import placed_pains, run_time
from pipelines.runner.journal.words import pain_line
from pipelines.runner.unfiled import run_goes_on

_LISTED = 20


def pain(
    level: Annotated[int | None, typer.Argument(help="0 (none) to 10; without it, list.")] = None,
    when: Annotated[
        str,
        typer.Option(
            help="before, during, after, 24h, 48h (of a run), or other; as its time tells."
        ),
    ] = "",
    session: Annotated[
        int | None, typer.Option(help="Number of the run; the one near in time.")
    ] = None,
    place: Annotated[str, typer.Option(help="Where it is.")] = "",
    quality: Annotated[str, typer.Option(help="How it feels.")] = "",
    activity: Annotated[str, typer.Option(help="What it came with.")] = "",
    at: Annotated[str, typer.Option(help="When, such as '2026-03-02 18:30'; now otherwise.")] = "",
    number: Annotated[int | None, typer.Option(help="Of a note to correct, as listed.")] = None,
    take_back: Annotated[
        bool, typer.Option("--take-back", help="Remove the note of that --number: it was a slip.")
    ] = False,
) -> None:
    """Note pain, from 0 to 10, or list the notes; what the last weeks add up to is told."""
    if take_back:
        _take_back(number)
        return
    if number is not None:
        _correct(number, level, when, session, place, quality, activity, at)
        return
    if level is None:
        _list()
        return
    utc_ns, offset = time_of(at)
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
    with JournalAtHand() as journal:
        # a journal in use cannot be asked; the note is kept for later then
        run = _run_of(note, journal)
        if run is not None and note.when and session is not None and not at:
            note = replace(note, utc_ns=felt_ns(cast(Moment, when), run, utc_ns))
        is_in = add_or_tell(note, journal)
        recent = not is_too_late(note.utc_ns, utc_ns_of(datetime.now().astimezone()))
        light = _light(note, journal, now=not (session or at))
        say_cues([light.cue] if light and (level or light.most) and recent else [])
        if is_in:
            say_pain(journal.open())
        ask_what_is_due(journal, None if is_in else check_cue(level, place, quality, activity))


def _light(note: Pain, journal: JournalAtHand, *, now: bool) -> Judged | None:
    level = note.level
    if now and not note.when and run_goes_on():
        return journal.ask(lambda it: judged(it, level, "during"), judge_pain(level))
    return journal.ask(lambda it: judged_note(it, note), judge_pain(level, moment="before"))


def _take_back(number: int | None) -> None:
    if number is None:
        raise ParameterError("--take-back", "given alone", "the --number of the note too")
    with opened_journal() as journal:
        journal.delete(Pain, number)
    say(f"pain {number} is taken back")


def _correct(
    number: int,
    level: int | None,
    when: str,
    session: int | None,
    place: str,
    quality: str,
    activity: str,
    at: str,
) -> None:
    """Lay what is given over a note; ``--when`` without ``--session`` keeps its run."""
    with journal_at_hand() as at_hand:
        journal = at_hand.open()
        note = journal.entry(Pain, number)
        utc_ns, offset = time_of(at) if at else (note.utc_ns, note.utc_offset_minutes)
        run = note.session_id if session is None else session
        corrected = replace(
            note,
            utc_ns=utc_ns,
            utc_offset_minutes=offset,
            level=note.level if level is None else level,
            when=cast(PainMoment, when or note.when),
            session_id=None if when == "other" else run,
            place=place or note.place,
            quality=quality or note.quality,
            activity=activity or note.activity,
        )
        if when or at or session is not None:
            _run_of(corrected, at_hand)
        journal.replace(corrected)
        for item in placed_pains(journal, utc_ns):
            if item.pain.identifier == number:
                say(pain_line(item))
                if not item.places and corrected.when != "other":
                    say("no run is near that time; give the number of its run as --session.")


def _list() -> None:
    with opened_journal() as journal:
        notes = placed_pains(journal)
    for item in notes[-_LISTED:]:
        say(pain_line(item))
    if not notes:
        say("no pain noted yet; note it with: backstride journal pain 3")


def _run_of(note: Pain, journal: JournalAtHand) -> RunTime | None:
    """The run that a rating is said to be of; None where its time tells.

    A rating of the day after that was made on the day itself would clear a run of pain, and one
    that is days away from any run belongs to none unless its number is given.
    """
    if note.when in {"", "other"} or (note.when == "before" and note.session_id is None):
        return None
    runs = journal.ask(
        lambda it: it.entries(
            SessionEntry,
            "identifier = ?"
            if note.session_id is not None
            else "NOT simulated AND utc_start_ns <= ?",
            (note.utc_ns if note.session_id is None else note.session_id,),
            newest=1,
        ),
        None,
    )
    if runs is None and journal.trouble:
        return None
    if not runs:
        if note.session_id is not None:
            return None  # refused when it is added, with its number
        raise ParameterError(
            "--when", note.when, "'before' or 'other', since no run began before it"
        )
    run, number = run_time(runs[0]), runs[0].identifier
    hours = (note.utc_ns - run.end_ns) / 3.6e12
    if note.session_id is None and is_too_late(run.end_ns, note.utc_ns):
        raise ParameterError(
            "--when",
            note.when,
            f"'other', or the number of its run as --session: run {number} ended "
            f"{ago_words(hours)}",
        )
    if is_too_early(note.when, run.end_ns, note.utc_ns, note.utc_offset_minutes):
        ended = "has not ended then" if hours < 0.0 else f"ended {ago_words(hours)}"
        raise ParameterError(
            "--when",
            note.when,
            f"'after' or 'other': {note.when[:-1]} hours have not passed yet, run {number} {ended}",
        )
    return run
