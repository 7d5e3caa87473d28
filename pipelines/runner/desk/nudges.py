"""How often desk mode nudges somebody who does not follow."""

from __future__ import annotations

import math
from typing import Final

from pipelines.coaching.training.cues import Cue

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
