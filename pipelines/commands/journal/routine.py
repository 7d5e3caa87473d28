"""``backstride journal routine``."""

from __future__ import annotations

from typing import Annotated

import typer

from imu.errors import ParameterError
from pipelines.coaching.training.routines import ROUTINES, routine_cues, routine_minutes
from pipelines.commands.guided import follow, is_not_now
from pipelines.commands.journal.messages import add_or_tell
from pipelines.commands.messages import stopped
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
        if name != "cool-down" and is_not_now(journal, utc_ns):
            return
        if not follow(routine_cues(name)):
            raise stopped("nothing was noted")
        if name in {"core", "balance"}:
            note = Exercise(utc_ns, "core", routine_minutes(name), name, utc_offset_minutes=offset)
            add_or_tell(note, journal)
