"""``backstride journal stretch``."""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines.coaching.training.strength import StretchPlan
from pipelines.commands.guided import is_not_now, stretch_and_note
from pipelines.commands.messages import stopped
from pipelines.runner.journal.arguments import time_of
from pipelines.runner.journal.at_hand import JournalAtHand


def stretch(
    hold: Annotated[float, typer.Option(min=30, max=60, help="Seconds of each hold.")] = 30.0,
    rounds: Annotated[int, typer.Option(min=1, max=10, help="Times on each side.")] = 2,
    note: Annotated[str, typer.Option(help="Which stretch.")] = "hamstrings",
) -> None:
    """Time a stretch, side by side, and note it when it is done."""
    plan = StretchPlan(hold, rounds)
    with JournalAtHand() as journal:
        if is_not_now(journal, time_of("")[0]):
            return
        if not stretch_and_note(plan, note, journal):
            raise stopped("nothing was noted")
