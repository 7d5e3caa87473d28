"""The questions about red flags, asked in the terminal, and what follows from the answers."""

from __future__ import annotations

import sys
import time
from collections.abc import Collection, Iterable
from typing import Final

from imu.errors import ParameterError
from pipelines.coaching.training.cues import Cue
from pipelines.coaching.training.red_flags import QUESTIONS, RedFlagState, judge, question
from pipelines.commands.journal.messages import add_or_tell, asked, asked_or_later, say_cues
from pipelines.commands.messages import say
from pipelines.runner.journal.advice import after_the_questions, questions_due
from pipelines.runner.journal.arguments import time_of
from pipelines.runner.journal.at_hand import JournalAtHand
from pipelines.runner.journal.entries import Questionnaire
from pipelines.runner.journal.queries import red_flag_state

ANSWER_THEM: Final = "Answer them with: backstride journal check"


def ask_what_is_due(journal: JournalAtHand, noted: Cue | None = None) -> None:
    """Ask the questions where the pain that was noted calls for them and nobody has answered.

    Where there is no terminal to ask in, how to answer them is told; ``noted`` is what the latest
    rating calls for, where it waits to be added.
    """
    due = journal.ask(lambda it: questions_due(it, time.time_ns()), None)
    due = noted if due is None else due
    if due is None:
        return
    say_cues([due])
    if sys.stdin.isatty():
        ask_questions(journal)
    else:
        say(ANSWER_THEM)


def say_why_no_training(why: Iterable[Cue]) -> None:
    """Say why no training is suggested, and how open questions are answered."""
    told = list(why)
    say_cues(told)
    if any(cue.text_id == "pain.unanswered" for cue in told):
        say(ANSWER_THEM)


def _ask_all(answers: dict[str, bool]) -> bool:
    """Ask those that are not a yes already; whether the rest was put off."""
    for name in QUESTIONS:
        answer = answers[name] or asked_or_later(question(name))
        if answer is None:
            return True
        answers[name] = answer
    return False


def ask_questions(
    journal: JournalAtHand,
    yes: Collection[str] = (),
    *,
    cleared: bool = False,
    no_others: bool = False,
) -> None:
    """Ask all questions, say what follows, and keep the answers.

    A yes counts also where the rest is left unanswered, and by Ctrl-C.

    Parameters
    ----------
    journal : JournalAtHand
        That of the program.
    yes : collection of str
        Names of questions whose answer is known to be yes.
    cleared : bool
        Whether a professional is known to have said that running may go on.
    no_others : bool
        Whether all other answers are no; nothing is asked then.
    """
    before = journal.ask(red_flag_state, RedFlagState())
    answers = {name: name in yes for name in QUESTIONS}
    left_off: BaseException | None = None
    if not no_others:
        say(Cue("red_flags.introduction").message)
        try:
            put_off = _ask_all(answers)
            if put_off and not any(answers.values()):
                say(f"They stay open. {ANSWER_THEM}")
                return
            if before.stopped and not put_off:  # also where another sign stays
                cleared = cleared or asked(Cue("red_flags.cleared_question").message)
        except (ParameterError, KeyboardInterrupt) as ending:
            if not any(answers.values()):
                raise
            left_off = ending
    after = judge(before, [name for name in QUESTIONS if answers[name]], cleared=cleared)
    if after.cue is not None:
        say(after.cue.message)
    utc_ns, offset = time_of("")
    add_or_tell(Questionnaire(utc_ns, answers, cleared, utc_offset_minutes=offset), journal)
    if not (after.stopped or after.eased):
        say_cues(journal.ask(lambda it: after_the_questions(it, utc_ns), []))
    if left_off is not None:
        raise left_off
