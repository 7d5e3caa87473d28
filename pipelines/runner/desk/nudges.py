"""Which nudges desk mode gives: gentle ones with pain, rarer ones to who does not follow."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

from pipelines.coaching.training.cues import Cue
from pipelines.runner.journal.advice import stop_cue, why_no_training
from pipelines.runner.journal.database import Journal

#: Nudges in a row without a change of position, after which each further pause is doubled.
_UNANSWERED: Final = 3
_LONGEST_PAUSE_S: Final = 7200.0


def nudge_as_the_back_is(journal: Journal, cue: Cue, now_ns: int) -> Cue | None:
    """A nudge, or a note on a twist, as it suits what pain and warning signs say.

    None while a sign for a doctor stands, a gentle one while no training is suggested.
    """
    if stop_cue(journal) is not None:
        return None
    if cue.text_id == "desk.nudge" and why_no_training(journal, now_ns):
        return replace(cue, text_id="desk.nudge_gentle")
    return cue


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
        if not cue.text_id.startswith("desk.nudge"):
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
