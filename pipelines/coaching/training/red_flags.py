"""Red flags: a questionnaire; a yes stops coaching until a professional has cleared the runner.

What is said names the answer that led to it. Pain below the knee alone ends the run and eases
coaching: nothing is suggested until the questions are answered again without a yes.

Sciatica, weakness, numbness and foot drop are those of health article 002; numbness of the saddle,
bladder or bowel, an accident and feeling ill those of the physiotherapists' framework (Finucane
2020, doi:10.2519/jospt.2020.9971). No sensor value ever answers one of them.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from pipelines.coaching.training.cues import Cue

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
#: Signs that are for an emergency department, and those that are not to be put off until tomorrow.
_EMERGENCY: Final = frozenset({"saddle", "bladder"})
_TODAY: Final = frozenset({"foot_drop", "weakness", "accident", "unwell"})
#: What a yes comes to, the heaviest first.
_BY_WEIGHT: Final = ("red_flags.emergency", "red_flags.urgent", "red_flags.stop")


@dataclass(frozen=True, slots=True)
class RedFlagState:
    """Whether coaching is on, and what to tell.

    Attributes
    ----------
    stopped : bool
        Nothing is coached while this is true; recording goes on.
    cue : Cue, optional
        None while no questionnaire has been filled in.
    eased : bool
        No training is suggested while this is true; the rest goes on.
    """

    stopped: bool = False
    cue: Cue | None = None
    eased: bool = False


def question(name: str) -> str:
    """The words of a question.

    Examples
    --------
    >>> question("weakness")
    'Is a leg weaker than it was?'
    """
    return Cue(f"red_flags.{name}").message


def judge(state: RedFlagState, yes: Collection[str], *, cleared: bool = False) -> RedFlagState:
    """Take a questionnaire.

    A yes stops coaching, whatever else is said, and pain below the knee alone eases it; once
    stopped, only a questionnaire without a yes and with a professional's clearance lets it go on.
    Until a clearance no lighter yes takes the place of a heavier one, and nothing that of an
    emergency.

    Parameters
    ----------
    state : RedFlagState
        Before it.
    yes : collection of str
        Names of those of :data:`QUESTIONS`, or of an older set, that were answered with yes.
    cleared : bool
        Whether a doctor or physiotherapist has said that running may go on.
    """
    reason = {"reason": reason_words(yes)}
    if set(yes) == {"sciatica"} and not state.stopped:
        return RedFlagState(False, Cue("red_flags.leg"), eased=True)
    before = state.cue if state.stopped and not cleared else None
    place = 0 if _EMERGENCY.intersection(yes) else 1 if _TODAY.intersection(yes) else 2
    heavier = _BY_WEIGHT[: place if yes else 1]
    if before is not None and before.text_id in heavier:
        return RedFlagState(True, before)
    if yes:
        return RedFlagState(True, Cue(_BY_WEIGHT[place], reason))
    if state.stopped and not cleared:
        return RedFlagState(True, Cue("red_flags.still_stopped"))
    return RedFlagState(False, Cue("red_flags.clear"))


def reason_words(yes: Collection[str]) -> str:
    """The answers that weigh most, as part of a sentence.

    Examples
    --------
    >>> reason_words({"sciatica", "bladder"}), reason_words(())
    ('passing or holding water or stool has changed', 'one of your answers was yes')
    """
    named = [name for name in QUESTIONS if name in yes]
    for heavy in (_EMERGENCY, _TODAY):
        if weighty := [name for name in named if name in heavy]:
            named = weighty
            break
    if not named:
        return Cue("red_flags.because_unknown").message
    return ", and ".join(Cue(f"red_flags.because_{name}").message for name in named)


def judge_marked(
    state: RedFlagState, yes: Collection[str], *, cleared: bool = False
) -> RedFlagState:
    """The same of a mark, which anybody may write: what is no question is passed over.

    Examples
    --------
    >>> stopped = judge_marked(RedFlagState(), ["numbness"])
    >>> stopped.stopped, judge_marked(stopped, ["mood"], cleared=True).stopped
    (True, False)
    """
    return judge(state, [name for name in yes if name in QUESTIONS], cleared=cleared)
