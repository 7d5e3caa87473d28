"""Coach: decides whether, and in which words, the runner is told of a change.

A change is told as "changed from your baseline" with one thing to try, seldom enough to be listened
to; never as a diagnosis. A quicker step is tried first: it is the only cue that both gait
(Heiderscheit 2011, doi:10.1249/MSS.0b013e3181ebedf4) and spinal-shrinkage data (Rodacki 2024)
support. No trial shows that such cues lower back pain.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Annotated, Any, Final

from imu.drift.changes import SENSOR_POSITION, Change
from imu.drift.indicators import indicator_named
from imu.errors import InputError
from imu.ranges import Within, check_ranges
from pipelines.files.alerts import Alert

__all__ = ["COACHING_MARK", "STOPPED", "TOLD_MARK", "Coach", "CoachParams"]

#: Kind of the marks that put what others told the runner into the log; the value names the text.
TOLD_MARK: Final = "told"

#: Kind and value of the mark of a run that begins while a red flag stands: changes are told, and
#: nothing to try.
COACHING_MARK: Final = "coaching"
STOPPED: Final = "stopped"

_HOUR_S: Final = 3600.0
#: A change is found when its step is finished, and bears the time of that step: no longer ago, s.
_FINISHED_S: Final = 60.0

_QUICKER: Final = "Try a quicker rhythm at the same speed, 5–10 % more steps a minute."
_EASIER: Final = "Try an easier pace for a minute."
_RESEAT: Final = (
    "The sensor seems to have moved on your back. Re-seat it when you can; your baseline is "
    "learned anew."
)
_BOTH_READINGS: Final = (
    "A slump and an arched back can both read like this. The sensor sees the pelvis, not the chest"
)


@dataclass(frozen=True, slots=True)
class CoachParams:
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
    fade_after: Annotated[int, Within(1, 60)] = 3

    def __post_init__(self) -> None:
        check_ranges(self)


class Coach:
    """Turns changes into alerts, or keeps quiet; the same changes give the same alerts.

    A change that comes too soon after another cue waits, and is told when it may be unless it is
    over by then. A change that follows from others, such as that of the lumbar index, waits a
    while for what is behind it and is not told beside it. When cues bring nothing back, they
    become rarer. That a change is over is told when the change itself was, and so is a sensor that
    moved; neither uses up a cue. :meth:`advance` does all of it, :meth:`push` and :meth:`due` are
    its parts. What others tell the runner, by :meth:`told_elsewhere`, uses up the same budget.

    Parameters
    ----------
    params : CoachParams, optional
        How often.

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
    """

    def __init__(self, params: CoachParams | None = None) -> None:
        self._params = params or CoachParams()
        self._cue_times_s: list[float] = []
        self._elsewhere_s: list[float] = []
        self._waiting: list[Change] = []
        self._told: set[str] = set()
        self._quicker_already = False
        self._unanswered = 0
        self._answered_s = -math.inf
        self.advises = True

    @property
    def state(self) -> dict[str, Any]:
        """All that was heard and told so far, as JSON takes it; assign it to go on from there."""
        return {
            "cue_times_s": list(self._cue_times_s),
            "elsewhere_s": list(self._elsewhere_s),
            "waiting": [asdict(change) for change in self._waiting],
            "told": sorted(self._told),
            "quicker_already": self._quicker_already,
            "unanswered": self._unanswered,
            "answered_s": self._answered_s if math.isfinite(self._answered_s) else None,
            "advises": self.advises,
        }

    @state.setter
    def state(self, value: dict[str, Any]) -> None:
        try:
            waiting = [Change(**item) for item in value["waiting"]]
            times = [float(time_s) for time_s in value["cue_times_s"]]
            elsewhere = [float(time_s) for time_s in value.get("elsewhere_s", ())]
            told = {str(name) for name in value["told"]}
            quicker, unanswered = bool(value["quicker_already"]), int(value["unanswered"])
            answered_s = -math.inf if value["answered_s"] is None else float(value["answered_s"])
            advises = bool(value.get("advises", True))
        except (AttributeError, KeyError, TypeError, ValueError):
            raise InputError(
                "this is no state of a coach: give what an earlier coach saved."
            ) from None
        self._waiting, self._cue_times_s, self._told = waiting, times, told
        self._elsewhere_s = elsewhere
        self._quicker_already, self._unanswered = quicker, unanswered
        self._answered_s, self.advises = answered_s, advises

    @property
    def params(self) -> CoachParams:
        """The parameters, frozen."""
        return self._params

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
            self._unanswered, self._answered_s = 0, change.time_s
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

    def told_elsewhere(self, time_s: float) -> None:
        """Count a cue that was told by others: at most so many come altogether.

        It is no cue of this coach: nothing has to come back for it, and it makes none rarer.

        Parameters
        ----------
        time_s : float
            When, on the clock of the changes, s; may be a little after changes that are still to
            come.

        Examples
        --------
        >>> coach = Coach()
        >>> coach.told_elsewhere(590.0)
        >>> slower = Change(600.0, "cadence_spm", "down", 161.0, 170.0, -5.3, 3.0, "raised")
        >>> coach.advance([slower], 769.0), [alert.time_s for alert in coach.advance([], 771.0)]
        ([], [770.0])
        """
        self._elsewhere_s = sorted([*self._elsewhere_s, time_s])[-self._params.cues_per_hour :]

    def reset(self) -> None:
        """Forget earlier changes and cues."""
        self._cue_times_s.clear()
        self._elsewhere_s.clear()
        self._waiting.clear()
        self._told.clear()
        self._quicker_already = False
        self._unanswered = 0
        self._answered_s = -math.inf

    def _goes_back(self, time_s: float) -> bool:
        """Whether time begins anew."""
        if self._cue_times_s and time_s < self._cue_times_s[-1]:
            return True
        return bool(self._elsewhere_s) and time_s < self._elsewhere_s[-1] - _FINISHED_S

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
        wait_s = self._params.derived_wait_s if derived else 0.0
        return max(change.time_s + wait_s, self._free_from_s())

    def _free_from_s(self) -> float:
        """Earliest time of the next cue."""
        cues, most = self._cue_times_s, self._params.cues_per_hour
        rested_s = -math.inf
        if cues:
            faded = max(self._unanswered - self._params.fade_after + 1, 0)
            rested_s = cues[-1] + self._params.shortest_interval_s * 2.0 ** min(faded, 10)
            # an answer shortens the interval, but turns no time back
            rested_s = max(rested_s, self._answered_s) if self._answered_s > cues[-1] else rested_s
        if self._elsewhere_s:
            rested_s = max(rested_s, self._elsewhere_s[-1] + self._params.shortest_interval_s)
        told = sorted(cues + self._elsewhere_s)
        return max(rested_s, told[-most] + _HOUR_S) if len(told) >= most else rested_s

    def _cue(self, change: Change) -> Alert:
        self._cue_times_s.append(change.time_s)
        del self._cue_times_s[: -self._params.cues_per_hour]
        self._told.add(change.indicator)
        self._unanswered += 1
        words = indicator_named(change.indicator).words.capitalize()
        message = f"{words} changed from your baseline: {_what(change)}."
        return _alert(change, f"{message} {self._to_try(change)}" if self.advises else message)

    def _to_try(self, change: Change) -> str:
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
