"""``backstride journal routine``."""

from __future__ import annotations

from typing import Annotated

import typer

from imu.errors import ParameterError
from pipelines.coaching.training.cues import Cue
from pipelines.coaching.training.routines import ROUTINES, routine_cues, routine_minutes
from pipelines.commands.guided import follow
from pipelines.commands.journal.messages import add_or_tell, say_cues
from pipelines.commands.messages import stopped
from pipelines.runner.journal.advice import silenced
from pipelines.runner.journal.arguments import time_of
from pipelines.runner.journal.at_hand import JournalAtHand
from pipelines.runner.journal.entries import Exercise


def routine(
    name: Annotated[str, typer.Argument(help="warm-up, core, balance or cool-down.")],
) -> None:
    """Guide through a warm-up, core sets, balance or a cool-down; what is exercise is noted."""
    if name not in ROUTINES:
        raise ParameterError("NAME", name, "one of " + ", ".join(ROUTINES))
    utc_ns, offset = time_of("")
    with JournalAtHand() as journal:
        instead = journal.ask(lambda it: silenced(it, utc_ns), None)
        if instead is not None and name != "cool-down":
            say_cues(instead or [Cue("routine.not_now")])
            return
        if not follow(routine_cues(name)):
            raise stopped("nothing was noted")
        if name in {"core", "balance"}:
            note = Exercise(utc_ns, "core", routine_minutes(name), name, utc_offset_minutes=offset)
            add_or_tell(note, journal)
