"""Coach: decides whether, and in which words, the runner is told of a change.

A change is told as "changed from your baseline" with one thing to try, seldom enough to be listened
to; never as a diagnosis. A quicker step is tried first: it is the only cue that both gait
(Heiderscheit 2011, doi:10.1249/MSS.0b013e3181ebedf4) and spinal-shrinkage data (Rodacki 2024)
support. No trial shows that such cues lower back pain.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from imu.drift import Change, Direction
from imu.errors import ParameterError
from imu.indicators import indicator_named
from pipelines.alerts import Alert

__all__ = ["Coach", "CoachParams"]

#: Directions that add load, or may; the runner is not told of others.
_TOLD: Final[dict[str, tuple[Direction, ...]]] = {
    "peak_10hz_bw": ("up",),
    "impact_shock_g": ("up",),
    "sacral_lean_deg": ("up", "down"),
    "vertical_oscillation_mm": ("up",),
    "cadence_spm": ("down",),
    "lumbar_index": ("up",),
}
_HOUR_S: Final = 3600.0

_QUICKER: Final = "Try a quicker rhythm at the same speed, 5–10 % more steps a minute."
_EASIER: Final = "Try an easier pace for a minute."
#: Follow from other indicators, which say more about what changed.
_DERIVED: Final = frozenset({"lumbar_index"})

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
        How long a change of the lumbar index, which follows from force and lean, waits for one of
        them to change and be told first, s, 0 to 600.

    Raises
    ------
    ParameterError
        When a value is outside its range.
    """

    shortest_interval_s: float = 180.0
    cues_per_hour: int = 6
    derived_wait_s: float = 60.0

    def __post_init__(self) -> None:
        if not 0.0 <= self.shortest_interval_s <= _HOUR_S:
            raise ParameterError(
                "shortest_interval_s", self.shortest_interval_s, "a number from 0 to 3600"
            )
        if self.cues_per_hour not in range(1, 61):
            raise ParameterError("cues_per_hour", self.cues_per_hour, "a whole number from 1 to 60")
        if not 0.0 <= self.derived_wait_s <= 600.0:
            raise ParameterError("derived_wait_s", self.derived_wait_s, "a number from 0 to 600")


class Coach:
    """Turns changes into alerts, or keeps quiet; the same changes give the same alerts.

    A change that comes too soon after another cue waits, and is told when it may be unless it is
    over by then. A change of the lumbar index waits a while for what is behind it. That a change is
    over is told when the change itself was; it uses up no cue. :meth:`advance` does all of it,
    :meth:`push` and :meth:`due` are its parts.

    Parameters
    ----------
    params : CoachParams, optional
        How often.

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
        self._waiting: list[Change] = []
        self._told: set[str] = set()
        self._quicker_already = False

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
        words = indicator_named(change.indicator).words
        if self._cue_times_s and change.time_s < self._cue_times_s[-1]:
            self.reset()
        if (change.indicator, change.direction) == ("cadence_spm", "up"):
            self._quicker_already = change.severity == "raised"
        if change.severity == "cleared":
            self._waiting = [item for item in self._waiting if item.indicator != change.indicator]
            if change.indicator not in self._told:
                return None
            self._told.remove(change.indicator)
            return _alert(change, f"{words.capitalize()} is back near your baseline.")
        if change.direction not in _TOLD.get(change.indicator, ()):
            return None
        if self._turn_s(change) <= change.time_s:
            return self._cue(change)
        self._waiting.append(change)
        return None

    def due(self, time_s: float) -> Alert | None:
        """Tell the change whose turn comes first, when that is by ``time_s``.

        Its time is the moment from which it could be told; its values are those of the change.
        """
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
        self._cue_times_s.clear()
        self._waiting.clear()
        self._told.clear()
        self._quicker_already = False

    def _all_due(self, time_s: float) -> list[Alert]:
        alerts: list[Alert] = []
        while (alert := self.due(time_s)) is not None:
            alerts.append(alert)
        return alerts

    def _turn_s(self, change: Change) -> float:
        """Earliest time at which a waiting change may be told."""
        wait_s = self._params.derived_wait_s if change.indicator in _DERIVED else 0.0
        return max(change.time_s + wait_s, self._free_from_s())

    def _free_from_s(self) -> float:
        """Earliest time of the next cue."""
        cues, most = self._cue_times_s, self._params.cues_per_hour
        if not cues:
            return -math.inf
        rested_s = cues[-1] + self._params.shortest_interval_s
        return max(rested_s, cues[-most] + _HOUR_S) if len(cues) >= most else rested_s

    def _cue(self, change: Change) -> Alert:
        self._cue_times_s.append(change.time_s)
        del self._cue_times_s[: -self._params.cues_per_hour]
        self._told.add(change.indicator)
        words = indicator_named(change.indicator).words.capitalize()
        return _alert(
            change, f"{words} changed from your baseline: {_what(change)}. {self._to_try(change)}"
        )

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
    where = "higher" if change.direction == "up" else "lower"
    if change.indicator == "cadence_spm":
        return f"{change.value:.0f} steps a minute, {size:.0f} % {where}"
    return f"{size:.0f} % {where}"


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
