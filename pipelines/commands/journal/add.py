"""``backstride journal add``."""

from __future__ import annotations

import time
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands.journal.messages import journal_at_hand, say_cues, say_session
from pipelines.commands.journal.questions import say_why_no_training
from pipelines.commands.messages import as_typed, complain
from pipelines.commands.options import (
    Note,
    RunDistance,
    RunShoe,
    RunSpeed,
    RunSurface,
    TreadmillDistance,
)
from pipelines.runner.journal.advice import after_run, why_no_training
from pipelines.runner.journal.arguments import time_of
from pipelines.runner.journal.entries import Session, moment
from pipelines.runner.journal.queries import run_time, runs_meanwhile
from pipelines.runner.journal.recorded import AddOptions, recorded_run
from pipelines.runner.journal.runs import FinishedRun, add_run
from pipelines.runner.journal.tags import unknown_shoe_note
from pipelines.views.progress import progress


def add(
    file: Annotated[
        Path | None,
        typer.Argument(
            help="Session (.mcap), a recording of any other format, or a summary of a replay "
            "(.json); none for a run without one."
        ),
    ] = None,
    distance: RunDistance = "",
    treadmill: TreadmillDistance = "",
    speed: RunSpeed = "",
    surface: RunSurface = "",
    shoe: RunShoe = "",
    baseline: Annotated[
        Path | None, typer.Option(help="Baseline of earlier easy runs; the load needs it.")
    ] = None,
    at: Annotated[str, typer.Option(help="Start, where the file does not say it.")] = "",
    minutes: Annotated[float | None, typer.Option(help="How long, without a file.")] = None,
    note: Note = "",
    again: Annotated[
        bool,
        typer.Option(
            "--again", help="Compute a run anew that is there already; what you noted stays."
        ),
    ] = False,
) -> None:
    """Add a session, recorded or not. The sensor cannot measure distance: state it."""
    options = AddOptions(
        distance=distance,
        treadmill=treadmill,
        speed=speed,
        surface=surface,
        shoe=shoe,
        baseline=baseline,
        start_ns=time_of(at)[0] if at else None,
        minutes=minutes,
        note=note,
        again=again,
    )
    with journal_at_hand() as known:
        journal = known.open()
        with progress(f"replaying {'' if file is None else file.name}") as report:
            recorded = recorded_run(file, options, journal, report)
        day = recorded.run.session.day if recorded.run.session else None
        note_of_shoe = unknown_shoe_note(known, shoe, day=day)
        for said in filter(None, (note_of_shoe, *recorded.notes)):
            complain(f"note: {said}")
        session = add_run(journal, recorded.run, recorded.number)
        if session is None:
            complain(f"note: {file}: {_nothing_run(recorded.run)}")
            return
        if recorded.number is not None and not again:
            complain(f"note: run {recorded.number}, which you had typed in, has its recording now.")
        say_session(session, journal)
        for other in runs_meanwhile(journal, run_time(session)):
            if not other.simulated and not session.simulated:
                complain(
                    f"note: run {other.identifier} was at the same time: where they are one, "
                    f"delete one of them with: backstride journal delete {other.identifier}"
                )
        if session.distance_m is None:
            how = _way_to_state(session, file, begun=bool(at))
            far = "5 km" if journal.settings().units == "metric" else "3 miles"
            complain(
                "note: this run has no distance, so weeks, shoes and the load leave it out; state "
                f"it with: backstride journal {how} --distance '{far}'."
            )
        elif session.dose_easy_km_m4 is None and file is not None:
            lacks = recorded.dose_lacks or "steps that count, and this run has none"
            complain(f"note: no load: it needs {lacks}.")
        if session.simulated:
            complain("note: a simulated run counts for nothing of yours: no baseline, no distance.")
        if why := why_no_training(journal, time.time_ns()):
            say_why_no_training(why)
        else:
            say_cues(after_run(journal, session, date.today()))


def _way_to_state(session: Session, file: Path | None, *, begun: bool) -> str:
    """What states a distance; a recording is added again, and its load follows."""
    if file is None or file.suffix.lower() == ".json":
        return f"edit {session.identifier}"
    start = moment(session.utc_start_ns, session.utc_offset_minutes)
    stated = f" --at '{start.isoformat(' ')}'" if begun else ""
    return f"add {as_typed(file)} --again{stated}"


def _nothing_run(run: FinishedRun) -> str:
    if not run.pains:
        return (
            "no step was found in this recording, so nothing is added; state what was run to add "
            "it all the same, such as --distance '5 km'."
        )
    return "no step was found in this recording; only the pain that was marked is noted."
