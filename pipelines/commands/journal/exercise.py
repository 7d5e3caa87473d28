"""``backstride journal exercise``."""

from __future__ import annotations

from typing import Annotated, cast

import typer

from pipelines.commands.journal.messages import add_or_tell
from pipelines.commands.messages import say
from pipelines.runner.journal.arguments import time_of
from pipelines.runner.journal.at_hand import JournalAtHand
from pipelines.runner.journal.entries import Exercise, ExerciseKind


def exercise(
    kind: Annotated[str, typer.Argument(help="strength, stretch, core or cross.")],
    minutes: Annotated[float, typer.Argument(help="How long.")],
    note: Annotated[str, typer.Option(help="What exactly.")] = "",
    at: Annotated[str, typer.Option(help="When, such as '2026-03-02 18:30'; now otherwise.")] = "",
) -> None:
    """Note strength training, a stretch, core work or cross-training."""
    utc_ns, offset = time_of(at)
    done = Exercise(utc_ns, cast(ExerciseKind, kind), minutes, note, utc_offset_minutes=offset)
    with JournalAtHand() as journal:
        if add_or_tell(done, journal):
            say(f"noted: {kind}, {minutes:g} {'minute' if minutes == 1 else 'minutes'}")
