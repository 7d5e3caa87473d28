"""``backstride metronome``."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Annotated

import typer

from imu.errors import InputError
from pipelines.coaching.training.metronome import metronome_for
from pipelines.commands.checks import as_options
from pipelines.commands.guided import is_not_now
from pipelines.commands.messages import say
from pipelines.runner.journal.at_hand import JournalAtHand


def metronome(
    usual: Annotated[float, typer.Argument(help="Your usual cadence, steps a minute.")],
    percent: Annotated[
        float, typer.Option(min=5.0, max=10.0, help="How much quicker to beat, percent.")
    ] = 5.0,
    minutes: Annotated[float, typer.Option(min=0.1, max=180.0, help="How long.")] = 10.0,
) -> None:
    """Beat a quicker rhythm with the terminal's bell; Ctrl-C ends it."""
    with as_options({"usual_spm": "usual"}):
        cadence_spm, cue = metronome_for(usual, percent)
    with JournalAtHand() as journal:
        if is_not_now(journal, time.time_ns()):
            return
    if not sys.stdout.isatty():
        raise InputError("the metronome beats with a terminal's bell: run it in a terminal.")
    say(cue.message)

    def ring() -> None:
        sys.stdout.write("\a")
        sys.stdout.flush()

    begin_s = time.monotonic()
    with suppress(KeyboardInterrupt):  # the way to end it, no failure
        beat(cadence_spm, 60.0 * minutes, ring, time.monotonic, time.sleep)
    passed_min, passed_s = divmod(round(time.monotonic() - begin_s), 60)
    say(f"ended after {passed_min}:{passed_s:02d}")


def beat(
    cadence_spm: float,
    duration_s: float,
    ring: Callable[[], None],
    now_s: Callable[[], float],
    sleep: Callable[[float], None],
) -> None:
    """Ring at every beat until the time is over; a late beat delays no other, nor is one added up.

    Parameters
    ----------
    cadence_spm : float
        One a step; times count from now.
    duration_s : float
        How long, s.
    ring, now_s, sleep : callable
        The sound, a clock in s, and what waits on it.
    """
    start_s, period_s, number = now_s(), 60.0 / cadence_spm, 0
    while (at_s := number * period_s) <= duration_s:
        number += 1
        late_s = now_s() - start_s - at_s
        if late_s < 0.0:
            sleep(-late_s)
        elif late_s > 0.1:
            continue  # the machine slept: beats that are over are not made up for
        ring()
