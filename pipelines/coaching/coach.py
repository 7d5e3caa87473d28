"""Coach: decides whether, and in which words, the runner is told of a change.

A change is told as "changed from your baseline" with one thing to try, seldom enough to be listened
to; never as a diagnosis. A quicker step is tried first: it is the only cue that both gait
(Heiderscheit 2011, doi:10.1249/MSS.0b013e3181ebedf4) and spinal-shrinkage data (Rodacki 2024)
support. No trial shows that such cues lower back pain.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, replace
from typing import Final

import msgspec

from imu.drift.changes import SENSOR_POSITION, Change
from imu.drift.indicators import indicator_named
from pipelines.coaching.alert import Alert
from pipelines.coaching.budget import BudgetState, CueBudget

_RESEAT: Final = (
    "The sensor seems to have moved on your back. Re-seat it when you can; your baseline is "
    "learned anew."
)
_RESEAT_ALOUD: Final = "The sensor moved: re-seat it when you can."

#: Load indicators, the weightiest first; the first of those that changed is told for all.
_WEIGHT: Final = (
    *("impact_shock_g", "peak_10hz_bw", "lumbar_index", "sacral_lean_deg"),
    *("shock_power_g2", "dose_rate", "cadence_spm"),
)
_QUICKER: Final = "try a quicker rhythm"
_EASIER: Final = "try an easier pace"
#: What to try, by what changed, one after the other where the one before did not help.
_TO_TRY: Final = {
    "impact_shock_g": (_QUICKER, "try softer, quieter steps", _EASIER),
    "sacral_lean_deg": ("try a neutral pelvis", _EASIER, _QUICKER),
    "shock_difference_percent": ("try even steps", _EASIER, _QUICKER),
}
#: What a number of the lean cannot tell, in the sentence that is kept.
_LEAN_CAVEAT: Final = (
    ", as a slump, an arched back and a strap that has slid can all read, since the sensor sees "
    "the pelvis, not the chest"
)
_USUALLY: Final = (_QUICKER, _EASIER, "try softer, quieter steps")


class Episode(msgspec.Struct, frozen=True):
    """Changes that belong together, told as one.

    Attributes
    ----------
    told : Change
        What was told for all of them.
    latest_s : float
        When the latest of them began, s.
    open : tuple of str
        Indicators of which a change of it goes on.
    advice : str
        What the runner was asked to try; empty where nothing.
    looked : bool
        Whether the time is over in which the coach looks whether it worked.
    """

    told: Change
    latest_s: float
    open: tuple[str, ...]
    advice: str = ""
    looked: bool = False


class CoachState(msgspec.Struct, frozen=True):
    """All that a coach has heard and told.

    Attributes
    ----------
    budget : BudgetState
        Of all cues.
    waiting : tuple of Change
        To be told when their turn comes.
    episode : Episode or None
        What was told last, while any of it goes on.
    unhelpful : tuple of str
        What was tried in vain.
    quicker_already : bool
        Whether the runner steps quicker than usual.
    advises : bool
        Whether the runner is told what to try.
    """

    budget: BudgetState = BudgetState()
    waiting: tuple[Change, ...] = ()
    episode: Episode | None = None
    unhelpful: tuple[str, ...] = ()
    quicker_already: bool = False
    advises: bool = True

    def seen_from(self, start_s: float) -> CoachState:
        """The same on a clock whose zero is then; a change that waits does so from its zero on."""
        return msgspec.structs.replace(
            self,
            budget=self.budget.seen_from(start_s),
            waiting=tuple(replace(change, time_s=0.0) for change in self.waiting),
            episode=None if self.episode is None else _at_zero(self.episode),
        )


def _at_zero(episode: Episode) -> Episode:
    told = replace(episode.told, time_s=0.0)
    return msgspec.structs.replace(episode, told=told, latest_s=0.0, looked=True)


class Coach:
    """Turns changes into alerts, or keeps quiet; the same changes give the same alerts.

    Changes that begin close to each other, or while one that was told goes on, are one episode: it
    is told once, by the weightiest of those that came together and follow from none of the others,
    with one thing to try that fits it and has not been tried in vain. Then the coach looks for a
    while: where the change comes back, that it worked is told; where it does not, the coach lets
    go, and tries something else another time. A change that comes too soon after another cue waits,
    and is told when it may be unless it is over by then; one that follows from others, such as that
    of the lumbar index, waits a while for what is behind it. When cues bring nothing back, they
    become rarer. A sensor that moved is told at once. Neither that nor a change that came back uses
    up a cue. :meth:`advance` does all of it, :meth:`push` and :meth:`due` are its parts.

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
    >>> (alert,) = Coach().advance([slower], 620.0)
    >>> print(alert.message)
    Cadence changed from your baseline: 161 steps a minute, 5 % lower; try a quicker rhythm.
    >>> alert.aloud
    'Cadence 5 % lower: try a quicker rhythm.'
    >>> budget = CueBudget()
    >>> budget.cue_told(590.0)
    >>> coach = Coach(budget)
    >>> coach.advance([slower], 769.0), [alert.time_s for alert in coach.advance([], 771.0)]
    ([], [770.0])
    """

    def __init__(self, budget: CueBudget | None = None) -> None:
        self._budget = budget or CueBudget()
        self._waiting: list[Change] = []
        self._episode: Episode | None = None
        self._unhelpful: tuple[str, ...] = ()
        self._quicker_already = False
        self.advises = True

    @property
    def state(self) -> CoachState:
        """All that was heard and told so far, the budget's state with it; assign it to go on."""
        return CoachState(
            self._budget.state,
            tuple(self._waiting),
            self._episode,
            self._unhelpful,
            self._quicker_already,
            self.advises,
        )

    @state.setter
    def state(self, value: CoachState) -> None:
        self._budget.state = value.budget
        self._waiting, self._episode = list(value.waiting), value.episode
        self._unhelpful = value.unhelpful
        self._quicker_already, self.advises = value.quicker_already, value.advises

    @property
    def waits(self) -> bool:
        """Whether a change waits to be told: otherwise time alone brings nothing."""
        return bool(self._waiting)

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

        Raises
        ------
        ParameterError
            When the indicator is unknown.
        """
        if change.indicator == SENSOR_POSITION:
            return _alert(change, _RESEAT, _RESEAT_ALOUD)
        indicator = indicator_named(change.indicator)
        self._look(change.time_s)
        if (change.indicator, change.direction) == ("cadence_spm", "up"):
            self._quicker_already = change.severity == "raised"
        if change.severity != "raised":
            self._waiting = [item for item in self._waiting if item.indicator != change.indicator]
            return self._over(change)
        if change.direction not in indicator.told or self._joins(change):
            return None
        self._waiting.append(change)
        return self.due(change.time_s)

    def due(self, time_s: float) -> Alert | None:
        """Tell the changes whose turn comes first, when that is by ``time_s``.

        Its time is the moment from which it could be told; its values are those of the change.
        """
        self._waiting = [item for item in self._waiting if not self._joins(item)]
        if not self._waiting:
            return None
        turn_s = min(map(self._turn_s, self._waiting))
        if time_s < turn_s:
            return None
        together = [item for item in self._waiting if item.time_s <= turn_s]
        self._waiting = [item for item in self._waiting if item.time_s > turn_s]
        self._look(turn_s)
        told = min(_causes(together), key=lambda item: (_weight(item), item.time_s))
        return self._cue(replace(told, time_s=turn_s), together)

    def _all_due(self, time_s: float) -> list[Alert]:
        alerts: list[Alert] = []
        while (alert := self.due(time_s)) is not None:
            alerts.append(alert)
        return alerts

    def _joins(self, change: Change) -> bool:
        """Whether a change belongs to what was told already; then nothing more is said of it."""
        episode, params = self._episode, self._budget.params
        if episode is None or change.time_s - episode.latest_s > params.episode_s:
            return False
        self._episode = msgspec.structs.replace(
            episode,
            latest_s=max(change.time_s, episode.latest_s),
            open=(*episode.open, change.indicator),
        )
        return True

    def _look(self, time_s: float) -> None:
        """Let go of a change that did not come back in time."""
        episode = self._episode
        if episode is None or episode.looked:
            return
        if time_s > episode.told.time_s + self._budget.params.look_s:
            self._episode = msgspec.structs.replace(episode, looked=True)
            if episode.advice and episode.advice not in self._unhelpful:
                self._unhelpful = (*self._unhelpful, episode.advice)

    def _over(self, change: Change) -> Alert | None:
        """A change has come back, or lost its baseline."""
        episode = self._episode
        if episode is None or change.indicator not in episode.open:
            return None
        left = tuple(name for name in episode.open if name != change.indicator)
        self._episode = msgspec.structs.replace(episode, open=left) if left else None
        if change.severity == "withdrawn" or change.indicator != episode.told.indicator:
            return None
        self._budget.answered(change.time_s)
        if episode.looked:
            return None
        name = _name(change)
        worked = "That worked: " if episode.advice else ""
        words = f"{worked}{name} is back near your baseline."
        return _alert(change, words[0].upper() + words[1:], words[0].upper() + words[1:])

    def _turn_s(self, change: Change) -> float:
        """Earliest time at which a waiting change may be told."""
        params = self._budget.params
        if indicator_named(change.indicator).causes:
            wait_s = params.derived_wait_s
        else:
            wait_s = params.gather_s if _weight(change) else 0.0
        return max(change.time_s + wait_s, self._budget.alert_from_s())

    def _cue(self, change: Change, together: list[Change]) -> Alert:
        self._budget.alert_told(change.time_s)
        advice = self._to_try(change) if self.advises else ""
        names = tuple(dict.fromkeys(item.indicator for item in together))
        self._episode = Episode(change, change.time_s, names, advice)
        ending = f"; {advice}" if advice else ""
        words = indicator_named(change.indicator).words.capitalize()
        size, aloud = _what(change)
        what = f"{words} changed from your baseline: {size}"
        caveat = _LEAN_CAVEAT if change.indicator == "sacral_lean_deg" else ""
        return _alert(
            change,
            f"{what}{caveat}{ending}.",
            f"{_name(change).capitalize()} {aloud}{ending.replace(';', ':')}.",
            (f"{what}.", f"{advice[0].upper()}{advice[1:]}." if advice else ""),
        )

    def _to_try(self, change: Change) -> str:
        fitting = [
            advice
            for advice in _TO_TRY.get(change.indicator, _USUALLY)
            if not (advice == _QUICKER and self._quicker_already)
        ]
        untried = [advice for advice in fitting if advice not in self._unhelpful]
        return (untried or fitting)[0]


def _weight(change: Change) -> int:
    """Place among the load indicators, 0 for the weightiest."""
    name = change.indicator
    return _WEIGHT.index(name) if name in _WEIGHT else len(_WEIGHT)


def _causes(together: list[Change]) -> list[Change]:
    """Those that follow from none of the others: they say what changed, and what to try."""
    there = {(item.indicator, item.direction) for item in together}
    return [
        item
        for item in together
        if not any(
            (cause, item.direction) in there for cause in indicator_named(item.indicator).causes
        )
    ]


def _name(change: Change) -> str:
    """An indicator in as few words as can be said."""
    return indicator_named(change.indicator).words.partition(" (")[0]


def _what(change: Change) -> tuple[str, str]:
    """How much, for the page and to be said."""
    size = abs(change.change)
    if change.indicator == "sacral_lean_deg":
        where = "forward" if change.direction == "up" else "back"
        words = f"{size:.1f}° further {where}"
        return words, words
    if change.indicator == "shock_difference_percent":
        side = "left" if change.value > 0.0 else "right"
        words = f"{abs(change.value):.0f} % more on the {side}"
        return words, f"{abs(change.value):.0f} % {side}"
    where = "higher" if change.direction == "up" else "lower"
    units = {"%": " %", "deg": "°", "points": " points"}
    words = f"{size:.0f}{units[indicator_named(change.indicator).change_unit]} {where}"
    if change.indicator == "cadence_spm":
        return f"{change.value:.0f} steps a minute, {words}", words
    return words, words


def _alert(change: Change, message: str, aloud: str, parts: tuple[str, str] = ("", "")) -> Alert:
    headline, detail = parts if parts[0] else (message, "")
    return Alert(**asdict(change), message=message, aloud=aloud, headline=headline, detail=detail)
