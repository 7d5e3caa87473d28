"""``backstride journal stretch``."""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines.coaching.training.strength import StretchPlan, stretch_timer
from pipelines.commands.guided import follow, is_not_now
from pipelines.commands.journal.messages import add_or_tell
from pipelines.commands.messages import stopped
from pipelines.runner.journal.arguments import time_of
from pipelines.runner.journal.at_hand import JournalAtHand
from pipelines.runner.journal.entries import Exercise


def stretch(
    hold: Annotated[float, typer.Option(min=30, max=60, help="Seconds of each hold.")] = 30.0,
    rounds: Annotated[int, typer.Option(min=1, max=10, help="Times on each side.")] = 2,
    note: Annotated[str, typer.Option(help="Which stretch.")] = "hamstrings",
) -> None:
    """Time a stretch, side by side, and note it when it is done."""
    cues = stretch_timer(StretchPlan(hold, rounds))
    with JournalAtHand() as journal:
        if is_not_now(journal, time_of("")[0]):
            return
        if not follow(cues):
            raise stopped("nothing was noted")
        utc_ns, offset = time_of("")
        minutes = cues[-1].time_s / 60.0
        done = Exercise(utc_ns, "stretch", minutes, note, utc_offset_minutes=offset)
        add_or_tell(done, journal)
