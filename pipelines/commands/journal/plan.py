"""``backstride journal plan``."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from imu.errors import InputError, ParameterError
from pipelines.commands.journal.messages import opened_journal, say_cues
from pipelines.commands.messages import say
from pipelines.runner.journal.advice import return_cues, stop_cue, why_no_training
from pipelines.runner.journal.entries import utc_ns_of


def plan(
    start: Annotated[bool, typer.Option("--start", help="Begin a return after a break.")] = False,
    stop: Annotated[bool, typer.Option("--stop", help="End the plan.")] = False,
    rest: Annotated[
        int | None, typer.Option(min=0, max=60, help="Days without running first.")
    ] = None,
) -> None:
    """Return to running: rest, treadmill, track, usual route."""
    if start and stop:
        raise ParameterError("--start", "given with --stop", "one of them")
    now_ns = utc_ns_of(datetime.now().astimezone())
    with opened_journal() as journal:
        stopped = stop_cue(journal)
        if start and stopped is not None:
            raise InputError(stopped.message)
        if start:
            journal.change_settings(return_since_ns=now_ns)
        if stop:
            journal.change_settings(return_since_ns=None)
        if rest is not None:
            journal.change_settings(rest_days=rest)
        cues = return_cues(journal, now_ns) if stopped is None else []
        if cues or stopped is not None:
            cues = [*why_no_training(journal, now_ns), *cues]
    say_cues(cues)
    if not cues:
        say("no plan; begin one with: backstride journal plan --start")
