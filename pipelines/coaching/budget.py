"""How often a runner is spoken to: the coach's alerts and the companion's cues share one budget."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Final

import msgspec

from imu.ranges import Checked, Within
from pipelines.coaching.training.cues import Cue

_HOUR_S: Final = 3600.0
#: Red flags and pain are never held back; a plan of run and walk is made of its instructions.
_FREE: Final = ("red_flags.", "pain.", "intervals.", "bends.")
#: A limit that is reached at this moment: it does not wait, but what follows does.
_AT_ONCE: Final = ("session.longest_", "session.beyond_", "weekly.")


@dataclass(frozen=True, slots=True)
class CoachParams(Checked):
    """How often the runner may be told.

    Attributes
    ----------
    shortest_interval_s : float
        Between two cues, s, 0 to 3600.
    cues_per_hour : int
        Most cues in any hour, 1 to 60.
    derived_wait_s : float
        How long a change that follows from others, as the lumbar index does from force and lean,
        waits for one of them to change and be told instead, s, 0 to 600.
    gather_s : float
        How long a change waits for a weightier one to be told instead, s, 0 to 120; the weightiest,
        the shock, does not wait.
    look_s : float
        How long after a cue the coach looks whether it worked, s, 10 to 600.
    episode_s : float
        A change that begins no longer than this after the latest of what was told belongs to it
        while any of that goes on, s, 0 to 3600.
    fade_after : int
        Cues in a row without any change coming back, after which each further cue doubles the
        shortest interval, 1 to 60.

    Raises
    ------
    ParameterError
        When a value is outside its range.
    """

    shortest_interval_s: Annotated[float, Within(0.0, _HOUR_S)] = 180.0
    cues_per_hour: Annotated[int, Within(1, 60)] = 6
    derived_wait_s: Annotated[float, Within(0.0, 600.0)] = 60.0
    gather_s: Annotated[float, Within(0.0, 120.0)] = 10.0
    look_s: Annotated[float, Within(10.0, 600.0)] = 120.0
    episode_s: Annotated[float, Within(0.0, _HOUR_S)] = 900.0
    fade_after: Annotated[int, Within(1, 60)] = 3


def uses_budget(cue: Cue) -> bool:
    """Whether a cue counts among those that come seldom.

    Examples
    --------
    >>> uses_budget(Cue("bends.walk")), uses_budget(Cue("cool_down.walk"))
    (False, True)
    """
    return not cue.text_id.startswith(_FREE)


def is_told_at_once(cue: Cue) -> bool:
    """Whether a cue is of no use later: it waits for nothing, whatever was told before it.

    Examples
    --------
    >>> is_told_at_once(Cue("weekly.reached_now")), is_told_at_once(Cue("cool_down.walk"))
    (True, False)
    """
    return cue.text_id.startswith(_AT_ONCE)


class BudgetState(msgspec.Struct, frozen=True):
    """What was told, and what came of it.

    Attributes
    ----------
    alerts_s, cues_s : tuple of float
        When the latest alerts and the latest cues of the companion were told, s, in order.
    unanswered : int
        Alerts in a row without a change coming back.
    answered_s : float
        When one last came back, s; minus infinity before.
    """

    alerts_s: tuple[float, ...] = ()
    cues_s: tuple[float, ...] = ()
    unanswered: int = 0
    answered_s: float = -math.inf

    def seen_from(self, start_s: float) -> BudgetState:
        """The same on a clock whose zero is then; nothing was told after it."""
        return BudgetState(
            tuple(min(time_s - start_s, 0.0) for time_s in self.alerts_s),
            tuple(min(time_s - start_s, 0.0) for time_s in self.cues_s),
            self.unanswered,
            min(self.answered_s - start_s, 0.0),
        )


class CueBudget:
    """Counts what was told, and says when something may be told again.

    A cue of the companion has nothing that has to come back for it, and makes no alert rarer but by
    the time it takes.

    Parameters
    ----------
    params : CoachParams, optional
        Shortest interval, most an hour, and when alerts become rarer.

    Attributes
    ----------
    state : BudgetState
        Assign one to go on from there.

    Examples
    --------
    >>> budget = CueBudget()
    >>> budget.cue_told(100.0)
    >>> budget.is_free(279.0), budget.is_free(280.0), budget.alert_from_s()
    (False, True, 280.0)
    """

    def __init__(self, params: CoachParams | None = None) -> None:
        self.params = params or CoachParams()
        self.state = BudgetState()

    def alert_told(self, time_s: float) -> None:
        """The coach has told of a change at this time, s."""
        kept = (*self.state.alerts_s, time_s)[-self.params.cues_per_hour :]
        self.state = msgspec.structs.replace(
            self.state, alerts_s=kept, unanswered=self.state.unanswered + 1
        )

    def cue_told(self, time_s: float) -> None:
        """Something else was told, at this time, s: may be a little after alerts still to come."""
        kept = tuple(sorted((*self.state.cues_s, time_s)))[-self.params.cues_per_hour :]
        self.state = msgspec.structs.replace(self.state, cues_s=kept)

    def answered(self, time_s: float) -> None:
        """A change that was told has come back."""
        self.state = msgspec.structs.replace(self.state, unanswered=0, answered_s=time_s)

    def is_free(self, time_s: float) -> bool:
        """Whether a cue of the companion may be told at this time."""
        told = sorted(self.state.alerts_s + self.state.cues_s)
        if not told:
            return True
        rested_s = told[-1] + self.params.shortest_interval_s
        return time_s >= max(rested_s, self._hour_from_s(told))

    def alert_from_s(self) -> float:
        """Earliest time of the next alert, s: the longer off, the more alerts brought nothing."""
        state, params, rested_s = self.state, self.params, -math.inf
        if state.alerts_s:
            last_s = state.alerts_s[-1]
            faded = max(state.unanswered - params.fade_after + 1, 0)
            rested_s = last_s + params.shortest_interval_s * 2.0 ** min(faded, 10)
            # an answer shortens the interval, but turns no time back
            rested_s = max(rested_s, state.answered_s) if state.answered_s > last_s else rested_s
        if state.cues_s:
            rested_s = max(rested_s, state.cues_s[-1] + params.shortest_interval_s)
        return max(rested_s, self._hour_from_s(sorted(state.alerts_s + state.cues_s)))

    def _hour_from_s(self, told: list[float]) -> float:
        most = self.params.cues_per_hour
        return told[-most] + _HOUR_S if len(told) >= most else -math.inf
