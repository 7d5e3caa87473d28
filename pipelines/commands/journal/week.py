"""``backstride journal week``."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import isfinite
from typing import Annotated

import typer

from pipelines.coaching.training.cues import Cue
from pipelines.commands.journal.messages import opened_journal, say_cues
from pipelines.commands.journal.questions import say_why_no_training
from pipelines.commands.messages import say
from pipelines.runner.journal.advice import advice
from pipelines.runner.journal.queries import begins, load_figures, weeks
from pipelines.units import distance_words


def week(
    count: Annotated[int, typer.Option("--weeks", min=1, max=520, help="How many.")] = 5,
    charts: Annotated[
        bool, typer.Option("--charts", help="Also load ratio, monotony and strain.")
    ] = False,
) -> None:
    """Show the weeks, and what is due today."""
    now = datetime.now().astimezone()
    with opened_journal() as journal:
        found = advice(journal, now)
        if found.red_flags.stopped:
            say_cues(found.cues)
            return
        units, begun = journal.settings().units, begins(journal)
        for item in weeks(journal, now.date(), count):
            if item.start + timedelta(days=7) <= begun <= now.date():
                say(f"week of {item.start}  before the journal began")
                continue
            unknown = item.runs_without_distance
            rest = f", {unknown} of them without a distance" if unknown else ""
            distance = "not known" if item.not_known else distance_words(item.distance_m, units)
            say(f"week of {item.start}  {distance:>12}  runs: {item.runs}{rest}")
        say_cues(found.cues)
        say_why_no_training(found.no_training)
        if charts:
            for name, figure in load_figures(journal, now.date()).items():
                value = f"{figure:.2f}" if isfinite(figure) else "not yet known"
                title = "load ratio (acwr)" if name == "acwr" else name
                say(f"{title}: {value}. {Cue(f'chart.{name}').message}")
