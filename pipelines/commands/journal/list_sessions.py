"""``backstride journal list``."""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines.commands.journal.messages import opened_journal
from pipelines.commands.messages import say
from pipelines.runner.journal.queries import pains_of_runs
from pipelines.runner.journal.words import run_line


def list_sessions(
    newest: Annotated[int, typer.Option(min=1, help="How many of the last runs.")] = 20,
) -> None:
    """List the last runs with the pain noted around them."""
    with opened_journal() as journal:
        runs = pains_of_runs(journal, newest=newest, simulated=True)
        lines = [run_line(journal, session) for session, _ in runs]
    for line, (_, rating) in zip(lines, runs, strict=True):
        levels = {
            "before": rating.before,
            "during": rating.during,
            "after": rating.after,
            "after 24 h": rating.next_day,
            "after 48 h": rating.second_day,
        }
        known = [f"{level} {when}" for when, level in levels.items() if level is not None]
        say(line + (f"  pain {', '.join(known)}" if known else ""))
    if not runs:
        say("no runs yet; add one with: backstride journal add FILE --distance '5 km'")
