"""Exercises guided in the terminal: each line at its time, with a bell."""

from __future__ import annotations

import time
from collections.abc import Sequence

from pipelines.coaching.training.cues import Cue
from pipelines.coaching.training.strength import StretchPlan, stretch_timer
from pipelines.commands.journal.messages import add_or_tell
from pipelines.commands.journal.questions import say_why_no_training
from pipelines.commands.messages import say
from pipelines.runner.journal.advice import why_no_training
from pipelines.runner.journal.arguments import time_of
from pipelines.runner.journal.at_hand import JournalAtHand
from pipelines.runner.journal.entries import Exercise


def is_not_now(journal: JournalAtHand, now_ns: int) -> bool:
    """Whether no training is suggested now, which is said then."""
    why = journal.ask(lambda it: why_no_training(it, now_ns), [])
    say_why_no_training(why)
    return bool(why)


def follow(cues: Sequence[Cue]) -> bool:
    """Say each cue at its time; whether it came to the end, and not to Ctrl-C."""
    begin_s = time.monotonic()
    try:
        for cue in cues:
            time.sleep(max(0.0, begin_s + cue.time_s - time.monotonic()))
            say(cue.message, bell=True)
    except KeyboardInterrupt:
        return False
    return True


def stretch_and_note(plan: StretchPlan, what: str, journal: JournalAtHand) -> bool:
    """Time a stretch, and note it where it came to its end; whether it did."""
    cues = stretch_timer(plan)
    if not follow(cues):
        return False
    utc_ns, offset = time_of("")
    minutes = cues[-1].time_s / 60.0
    add_or_tell(Exercise(utc_ns, "stretch", minutes, what, utc_offset_minutes=offset), journal)
    return True
