"""Red flags: a questionnaire; any yes stops coaching until a professional has cleared the runner.

Sciatica, weakness, numbness and foot drop are those of health article 002; numbness of the saddle,
bladder or bowel, an accident and feeling ill those of the physiotherapists' framework (Finucane
2020, doi:10.2519/jospt.2020.9971). No sensor value ever answers one of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from imu.errors import ParameterError
from pipelines.coaching.training.cues import Cue

__all__ = [
    "QUESTIONS",
    "Answered",
    "RedFlagState",
    "judge",
    "judge_yes",
    "question",
    "state_after",
]

#: Names of the questions, in the order in which they are asked; all are asked.
QUESTIONS: Final = (
    "sciatica",
    "weakness",
    "numbness",
    "foot_drop",
    "saddle",
    "bladder",
    "accident",
    "unwell",
)
#: Not to be put off until tomorrow.
_URGENT: Final = frozenset({"saddle", "bladder", "foot_drop", "weakness"})


@dataclass(frozen=True, slots=True)
class Answered:
    """A filled-in questionnaire.

    Attributes
    ----------
    answers : mapping of str to bool
        Every question of :data:`QUESTIONS`, yes or no; questions of an older set may be among them.
    cleared : bool
        Whether a doctor or physiotherapist has said that running may go on.

    Raises
    ------
    ParameterError
        When a question is unanswered.
    """

    answers: Mapping[str, bool]
    cleared: bool = False

    def __post_init__(self) -> None:
        if missing := [name for name in QUESTIONS if name not in self.answers]:
            raise ParameterError("answers", sorted(self.answers), f"an answer to {missing[0]!r}")


@dataclass(frozen=True, slots=True)
class RedFlagState:
    """Whether coaching is on, and what to tell.

    Attributes
    ----------
    stopped : bool
        Nothing is coached while this is true; recording goes on.
    cue : Cue, optional
        None while no questionnaire has been filled in.
    """

    stopped: bool = False
    cue: Cue | None = None


def question(name: str) -> str:
    """The words of a question.

    Examples
    --------
    >>> question("weakness")
    'Is a leg weaker than it was?'
    """
    if name not in QUESTIONS:
        raise ParameterError("question", name, "one of " + ", ".join(QUESTIONS))
    return Cue(f"red_flags.{name}").message


def judge(state: RedFlagState, answered: Answered) -> RedFlagState:
    """Take a questionnaire.

    Any yes stops coaching, whatever else is said; once stopped, only a questionnaire without a yes
    and with a professional's clearance lets it go on.
    """
    yes = {name for name, answer in answered.answers.items() if answer}
    if yes:
        return RedFlagState(True, Cue("red_flags.urgent" if yes & _URGENT else "red_flags.stop"))
    if state.stopped and not answered.cleared:
        return RedFlagState(True, Cue("red_flags.still_stopped"))
    return RedFlagState(False, Cue("red_flags.clear"))


def judge_yes(state: RedFlagState, yes: Collection[str], *, cleared: bool = False) -> RedFlagState:
    """Take a questionnaire by the names of the questions answered with yes; others are passed over.

    Examples
    --------
    >>> stopped = judge_yes(RedFlagState(), ["numbness"])
    >>> stopped.stopped, judge_yes(stopped, (), cleared=True).stopped
    (True, False)
    """
    return judge(state, Answered({name: name in yes for name in QUESTIONS}, cleared))


def state_after(history: Iterable[Answered]) -> RedFlagState:
    """The state after all questionnaires, the oldest first."""
    state = RedFlagState()
    for answered in history:
        state = judge(state, answered)
    return state
