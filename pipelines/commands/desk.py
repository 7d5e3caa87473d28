"""``backstride desk``."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Annotated

import typer

from devices.sources import open_source
from pipelines.coaching.training.cues import Cue
from pipelines.commands.checks import check_axes, warm_up_filters
from pipelines.commands.guided import is_not_now
from pipelines.commands.messages import complain, ended_by_ctrl_c, say
from pipelines.commands.options import Axes
from pipelines.runner.desk.nudges import RarerNudges, nudge_as_the_back_is
from pipelines.runner.desk.run import run_desk
from pipelines.runner.journal.advice import stop_cue
from pipelines.runner.journal.at_hand import JournalAtHand
from pipelines.runner.user_directory import data_directory


def desk(
    source: Annotated[str, typer.Argument(help="Source URL, such as 'ble:ADDRESS'.")],
    minutes: Annotated[
        float, typer.Option(min=1.0, max=120.0, help="Without a change before you are nudged.")
    ] = 10.0,
    axes: Axes = "",
) -> None:
    """Nudge you to change position while you sit or stand; Ctrl-C ends it."""
    check_axes(axes)
    open_source(source)  # a mistyped URL is told before anything is compiled
    static_s, known = 60.0 * minutes, JournalAtHand()
    nudges = RarerNudges(static_s)
    if known.ask(stop_cue, None) is not None:
        is_not_now(known, time.time_ns())
        return

    def nudge(cue: Cue) -> None:
        fit = known.ask(lambda it: nudge_as_the_back_is(it, cue, time.time_ns()), cue)
        told = None if fit is None else nudges.push(fit)
        if told is not None:
            say(told.message, bell=True)

    def note(sentence: str) -> None:
        complain(f"note: {sentence}")

    warm_up_filters()
    say(f"watching: a nudge after {minutes:g} min without a change of position; Ctrl-C ends.")
    with known, ended_by_ctrl_c():
        summary = asyncio.run(
            run_desk(
                source, nudge, axes=axes, static_s=static_s, note=note, folder=data_directory()
            )
        )
    for line in replace(summary, nudges=nudges.told).lines():
        say(line)
    if summary.trouble is not None:
        complain(f"backstride: {summary.trouble}")
        raise typer.Exit(1)
