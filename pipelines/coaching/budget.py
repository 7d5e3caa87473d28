"""How often a runner is spoken to: the coach's alerts and the companion's cues share one budget.

The companion counts the coach's alerts, which it is given. The coach counts the companion's cues,
which go into the log as marks: a replay, which has no companion, hears of them in the same place
and gives the same alerts.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

from devices.records import Mark
from pipelines.coaching.coach import TOLD_MARK, CoachParams
from pipelines.coaching.training.cues import Cue

__all__ = ["CueBudget", "told_mark", "uses_budget"]

_HOUR_S: Final = 3600.0
#: Red flags are never held back; a plan of run and walk is made of its instructions.
_FREE: Final = ("red_flags.", "intervals.", "bends.")


def uses_budget(cue: Cue) -> bool:
    """Whether a cue counts among those that come seldom.

    Examples
    --------
    >>> uses_budget(Cue("bends.walk")), uses_budget(Cue("cool_down.walk"))
    (False, True)
    """
    return not cue.text_id.startswith(_FREE)


def told_mark(cue: Cue, arrival_ns: int) -> Mark | None:
    """What the log has to hold of a cue that was told; None of one that uses no budget.

    Examples
    --------
    >>> told_mark(Cue("cool_down.walk"), 7)
    Mark(arrival_ns=7, kind='told', value='cool_down.walk')
    >>> told_mark(Cue("bends.walk"), 7)
    """
    return Mark(arrival_ns, TOLD_MARK, cue.text_id) if uses_budget(cue) else None


class CueBudget:
    """Counts what was told, by the coach and here.

    Parameters
    ----------
    params : CoachParams
        Shortest interval and most cues an hour.

    Examples
    --------
    >>> budget = CueBudget(CoachParams())
    >>> budget.note(100.0)
    >>> budget.is_free(279.0), budget.is_free(280.0)
    (False, True)
    """

    def __init__(self, params: CoachParams) -> None:
        self._params = params
        self._told_s: list[float] = []

    def note(self, time_s: float) -> None:
        """Something was told at this time, s."""
        # an alert may bear the time of a step that ended a little before the latest cue
        self._told_s = sorted([*self._told_s, time_s])[-self._params.cues_per_hour :]

    def is_free(self, time_s: float) -> bool:
        """Whether a cue may be told at this time."""
        told, most = self._told_s, self._params.cues_per_hour
        rested_s = told[-1] + self._params.shortest_interval_s if told else -math.inf
        if len(told) >= most:
            rested_s = max(rested_s, told[-most] + _HOUR_S)
        return time_s >= rested_s

    def note_all(self, times_s: Iterable[float]) -> None:
        """Several things were told."""
        for time_s in times_s:
            self.note(time_s)
