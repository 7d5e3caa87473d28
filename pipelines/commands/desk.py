"""``backstride desk``."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Final

import typer

from pipelines.commands.messages import check_axes, complain, say, warm_up_filters
from pipelines.commands.options import Axes

if TYPE_CHECKING:
    from pipelines.training.cues import Cue

__all__ = ["RarerNudges", "desk"]

#: Nudges in a row without a change of position, after which each further pause is doubled.
_UNANSWERED: Final = 3
_LONGEST_PAUSE_S: Final = 7200.0


class RarerNudges:
    """Lets nudges through, and fewer of them the longer nobody follows.

    Each nudge after three in a row without a change of position doubles the pause, up to two hours;
    a change of position makes it what it was.

    Parameters
    ----------
    pause_s : float
        Time between two nudges, s.

    Attributes
    ----------
    told : int
        Nudges let through so far.
    """

    def __init__(self, pause_s: float) -> None:
        self.told = 0
        self._usual_s = pause_s
        self._since_s = self._told_s = -math.inf
        self._unanswered = 0

    def push(self, cue: Cue) -> Cue | None:
        """The cue, when it is to be told; other cues than nudges always are."""
        if cue.text_id != "desk.nudge":
            return cue
        since_s = cue.time_s - 60.0 * float(cue.numbers["minutes"])
        if abs(since_s - self._since_s) > 1.0:
            self._since_s, self._told_s, self._unanswered = since_s, -math.inf, 0
        doubled = max(0, self._unanswered - _UNANSWERED + 1)
        pause_s = min(self._usual_s * 2.0**doubled, max(self._usual_s, _LONGEST_PAUSE_S))
        if self._unanswered >= _UNANSWERED and cue.time_s - self._told_s < pause_s:
            return None
        self._told_s = cue.time_s
        self._unanswered += 1
        self.told += 1
        return cue


def desk(
    source: Annotated[str, typer.Argument(help="Source URL, such as 'ble:ADDRESS'.")],
    minutes: Annotated[
        float, typer.Option(min=1.0, max=120.0, help="Without a change before you are nudged.")
    ] = 10.0,
    axes: Axes = "",
) -> None:
    """Nudge you to change position while you sit or stand; Ctrl-C ends it."""
    import asyncio
    import sys

    from devices.sources import open_source
    from pipelines.desk.run import run_desk
    from pipelines.training.desk import DeskParams
    from pipelines.user_directory import data_directory

    check_axes(axes)
    open_source(source)  # a mistyped URL is told before anything is compiled
    bell = "\a" if sys.stdout.isatty() else ""

    nudges = RarerNudges(60.0 * minutes)

    def nudge(cue: Cue) -> None:
        told = nudges.push(cue)
        if told is not None:
            say(f"{bell}{told.message}")

    def note(sentence: str) -> None:
        complain(f"note: {sentence}")

    warm_up_filters()
    say(f"watching: a nudge after {minutes:g} min without a change of position; Ctrl-C ends.")
    params = DeskParams(static_s=60.0 * minutes)
    try:
        summary = asyncio.run(
            run_desk(source, nudge, axes=axes, params=params, note=note, folder=data_directory())
        )
    except (asyncio.CancelledError, KeyboardInterrupt):
        raise typer.Exit(130) from None
    for line in replace(summary, nudges=nudges.told).lines():
        say(line)
    if summary.trouble is not None:
        complain(f"backstride: {summary.trouble}")
        raise typer.Exit(1)
