"""Coach: decides whether, and in which words, the runner is told of a change.

A change is told as "changed from your baseline" with one thing to try, seldom enough to be listened
to; never as a diagnosis. A quicker step is tried first: it is the only cue that both gait
(Heiderscheit 2011, doi:10.1249/MSS.0b013e3181ebedf4) and spinal-shrinkage data (Rodacki 2024)
support. No trial shows that such cues lower back pain.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

import msgspec

from imu.drift.changes import SENSOR_POSITION, Change
from imu.drift.indicators import indicator_named
from pipelines.coaching.alert import Alert
from pipelines.coaching.budget import BudgetState, CueBudget

__all__ = ["Coach", "CoachState"]

#: A change is found when its step is finished, and bears the time of that step: no longer ago, s.
_FINISHED_S: Final = 60.0

_QUICKER: Final = "Try a quicker rhythm at the same speed, 5–10 % more steps a minute."
_EASIER: Final = "Try an easier pace for a minute."
_RESEAT: Final = (
    "The sensor seems to have moved on your back. Re-seat it when you can; your baseline is "
    "learned anew."
)
_POSTURE: Final = (
    "Try to bring the pelvis to neutral, neither tucked under nor arched, with the head up and the "
    "arms loose."
)
_BOTH_READINGS: Final = (
    "A slump and an arched back can both read like this. The sensor sees the pelvis, not the chest"
)


class CoachState(msgspec.Struct, frozen=True):
    """All that a coach has heard and told.

    Attributes
    ----------
    budget : BudgetState
        Of all cues.
    waiting : tuple of Change
        To be told when their turn comes.
    told : tuple of str
        Indicators of which a change was told that has not come back.
    quicker_already : bool
        Whether the runner steps quicker than usual.
    advises : bool
        Whether the runner is told what to try.
    """

    budget: BudgetState = BudgetState()
    waiting: tuple[Change, ...] = ()
    told: tuple[str, ...] = ()
    quicker_already: bool = False
    advises: bool = True

    def seen_from(self, start_s: float) -> CoachState:
        """The same on a clock whose zero is then; a change that waits does so from its zero on."""
        return msgspec.structs.replace(
            self,
            budget=self.budget.seen_from(start_s),
            waiting=tuple(replace(change, time_s=0.0) for change in self.waiting),
        )


class Coach:
    """Turns changes into alerts, or keeps quiet; the same changes give the same alerts.

    A change that comes too soon after another cue waits, and is told when it may be unless it is
    over by then. A change that follows from others, such as that of the lumbar index, waits a
    while for what is behind it and is not told beside it. When cues bring nothing back, they
    become rarer. That a change is over is told when the change itself was, and so is a sensor that
    moved; neither uses up a cue. :meth:`advance` does all of it, :meth:`push` and :meth:`due` are
    its parts.

    Parameters
    ----------
    budget : CueBudget, optional
        How often; shared with whoever else tells the runner something.

    Attributes
    ----------
    advises : bool
        Whether the runner is told what to try; not while a red flag stands.

    Examples
    --------
    >>> slower = Change(600.0, "cadence_spm", "down", 161.0, 170.0, -5.3, 3.0, "raised")
    >>> alert = Coach().push(slower)
    >>> print(alert.message)
    Cadence changed from your baseline: 161 steps a minute, 5 % lower. Try a quicker rhythm at \
the same speed, towards 170 steps a minute.
    >>> budget = CueBudget()
    >>> budget.cue_told(590.0)
    >>> coach = Coach(budget)
    >>> coach.advance([slower], 769.0), [alert.time_s for alert in coach.advance([], 771.0)]
    ([], [770.0])
    """

    def __init__(self, budget: CueBudget | None = None) -> None:
        self._budget = budget or CueBudget()
        self._waiting: list[Change] = []
        self._told: set[str] = set()
        self._quicker_already = False
        self.advises = True

    @property
    def state(self) -> CoachState:
        """All that was heard and told so far, the budget's state with it; assign it to go on."""
        return CoachState(
            self._budget.state,
            tuple(self._waiting),
            tuple(sorted(self._told)),
            self._quicker_already,
            self.advises,
        )

    @state.setter
    def state(self, value: CoachState) -> None:
        self._budget.state = value.budget
        self._waiting, self._told = list(value.waiting), set(value.told)
        self._quicker_already, self.advises = value.quicker_already, value.advises

    def advance(self, changes: Iterable[Change], time_s: float) -> list[Alert]:
        """Take the next changes and go on to a time; returns what the runner is told, in order.

        The alerts of a session do not depend on how it is cut into calls.

        Parameters
        ----------
        changes : iterable of Change
            In order of time.
        time_s : float
            End of the latest step, s.
        """
        alerts: list[Alert] = []
        for change in changes:
            alerts += self._all_due(change.time_s)
            alert = self.push(change)
            if alert is not None:
                alerts.append(alert)
        return alerts + self._all_due(time_s)

    def push(self, change: Change) -> Alert | None:
        """Take the next change, in order of time; returns what the runner is told now, or None.

        Time that goes back is a new session, whose cues are counted anew.

        Raises
        ------
        ParameterError
            When the indicator is unknown.
        """
        if change.indicator == SENSOR_POSITION:
            return _alert(change, _RESEAT)
        indicator = indicator_named(change.indicator)
        if self._goes_back(change.time_s):
            self.reset()
        if (change.indicator, change.direction) == ("cadence_spm", "up"):
            self._quicker_already = change.severity == "raised"
        if change.severity != "raised":
            self._waiting = [item for item in self._waiting if item.indicator != change.indicator]
            if change.indicator not in self._told:
                return None
            self._told.remove(change.indicator)
            if change.severity == "withdrawn":
                return None
            self._budget.answered(change.time_s)
            return _alert(change, f"{indicator.words.capitalize()} is back near your baseline.")
        if change.direction not in indicator.told or self._told_instead(change):
            return None
        if self._turn_s(change) <= change.time_s:
            return self._cue(change)
        self._waiting.append(change)
        return None

    def due(self, time_s: float) -> Alert | None:
        """Tell the change whose turn comes first, when that is by ``time_s``.

        Its time is the moment from which it could be told; its values are those of the change.
        """
        self._waiting = [item for item in self._waiting if not self._told_instead(item)]
        if not self._waiting:
            return None
        change = min(self._waiting, key=self._turn_s)
        turn_s = self._turn_s(change)
        if time_s < turn_s:
            return None
        self._waiting.remove(change)
        return self._cue(replace(change, time_s=turn_s))

    def reset(self) -> None:
        """Forget earlier changes and cues."""
        self._budget.state = BudgetState()
        self._waiting.clear()
        self._told.clear()
        self._quicker_already = False

    def _goes_back(self, time_s: float) -> bool:
        """Whether time begins anew."""
        budget = self._budget
        return time_s < max(budget.last_alert_s, budget.last_cue_s - _FINISHED_S)

    def _all_due(self, time_s: float) -> list[Alert]:
        alerts: list[Alert] = []
        while (alert := self.due(time_s)) is not None:
            alerts.append(alert)
        return alerts

    def _told_instead(self, change: Change) -> bool:
        """Whether what is behind a change has been told already."""
        return not self._told.isdisjoint(indicator_named(change.indicator).causes)

    def _turn_s(self, change: Change) -> float:
        """Earliest time at which a waiting change may be told."""
        derived = bool(indicator_named(change.indicator).causes)
        wait_s = self._budget.params.derived_wait_s if derived else 0.0
        return max(change.time_s + wait_s, self._budget.alert_from_s())

    def _cue(self, change: Change) -> Alert:
        self._budget.alert_told(change.time_s)
        self._told.add(change.indicator)
        words = indicator_named(change.indicator).words.capitalize()
        message = f"{words} changed from your baseline: {_what(change)}."
        return _alert(change, f"{message} {self._to_try(change)}" if self.advises else message)

    def _to_try(self, change: Change) -> str:
        if change.indicator == "sacral_lean_deg":
            return _POSTURE
        if change.indicator == "cadence_spm":
            return (
                f"Try a quicker rhythm at the same speed, towards {change.baseline:.0f} steps a "
                "minute."
            )
        return _EASIER if self._quicker_already else _QUICKER


def _what(change: Change) -> str:
    size = abs(change.change)
    if change.indicator == "sacral_lean_deg":
        where = "forward" if change.direction == "up" else "back"
        return f"{size:.1f}° further {where}. {_BOTH_READINGS}"
    if change.indicator == "shock_difference_percent":
        side = "left" if change.value > 0.0 else "right"
        return f"{abs(change.value):.0f} % more on the {side}"
    where = "higher" if change.direction == "up" else "lower"
    if change.indicator == "cadence_spm":
        return f"{change.value:.0f} steps a minute, {size:.0f} % {where}"
    units = {"%": " %", "deg": "°", "points": " points"}
    return f"{size:.0f}{units[indicator_named(change.indicator).change_unit]} {where}"


def _alert(change: Change, message: str) -> Alert:
    return Alert(
        change.time_s,
        change.indicator,
        change.direction,
        change.value,
        change.baseline,
        change.change,
        change.gate,
        change.severity,
        message,
    )
