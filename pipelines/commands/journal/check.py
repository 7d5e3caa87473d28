"""``backstride journal check``."""

from __future__ import annotations

from typing import Annotated

import typer

from imu.errors import ParameterError
from pipelines.coaching.training.red_flags import QUESTIONS
from pipelines.commands.journal.messages import journal_at_hand
from pipelines.commands.journal.questions import ask_questions


def check(
    yes: Annotated[
        list[str] | None, typer.Option(help="Question with the answer yes; may be repeated.")
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
    with journal_at_hand() as journal:
        ask_questions(journal, given, cleared=cleared, no_others=no_others)
