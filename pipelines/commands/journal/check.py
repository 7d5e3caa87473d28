"""``backstride journal check``."""

from __future__ import annotations

from typing import Annotated

import typer

from imu.errors import ParameterError
from pipelines.coaching.texts import text
from pipelines.coaching.training.red_flags import QUESTIONS, Answered, judge, question
from pipelines.commands.journal.messages import add_or_tell, asked, tell_notes
from pipelines.commands.messages import say
from pipelines.runner.journal.arguments import time_of
from pipelines.runner.journal.at_hand import JournalAtHand
from pipelines.runner.journal.entries import Questionnaire
from pipelines.runner.journal.queries import red_flag_state

__all__ = ["check"]


def check(
    yes: Annotated[
        list[str] | None,
        typer.Option(help="Question with the answer yes; may be repeated.", show_default=False),
    ] = None,
    no_others: Annotated[
        bool, typer.Option("--no-others", help="All other answers are no; nothing is asked.")
    ] = False,
    cleared: Annotated[
        bool, typer.Option("--cleared", help="A professional has said that you may run.")
    ] = False,
) -> None:
    """Ask about signs that belong into a doctor's hands."""
    given = set(yes or [])
    if unknown := sorted(given - set(QUESTIONS)):
        raise ParameterError("--yes", unknown[0], "one of " + ", ".join(QUESTIONS))
    with JournalAtHand(busy_s=2.0) as journal:
        state = red_flag_state(journal.open())
        tell_notes(journal.take_notes())
        answers = dict.fromkeys(QUESTIONS, False) | dict.fromkeys(given, True)
        if not no_others:
            say(text("red_flags.introduction"))
            for name in QUESTIONS:
                answers[name] = name in given or asked(question(name))
            if state.stopped and not any(answers.values()):
                cleared = cleared or asked(text("red_flags.cleared_question"))
        after = judge(state, Answered(answers, cleared))
        if after.cue is not None:
            say(after.cue.message)
        utc_ns, offset = time_of("")
        add_or_tell(Questionnaire(utc_ns, answers, cleared, utc_offset_minutes=offset), journal)
