"""Strength, core work and stretching: days of a week, reminders, and timers.

Strength on two or more days that do not follow one another (health articles 000 and 001); hamstring
stretches twice a day (000, 002), held for 30–60 s without bouncing (001).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Final

from imu.ranges import Checked, Within
from pipelines.coaching.training.cues import Cue
from pipelines.coaching.training.weekly import monday_of

#: From one strength day to the next.
_GAP_DAYS: Final = 2
#: Between two stretches of a day.
_STRETCH_GAP: Final = timedelta(hours=4)
_FIRST_HOUR, _LAST_HOUR = 7, 22


def counted_days(days: Iterable[date]) -> list[date]:
    """The days that count: from the first on, each at least two days after the one before.

    Examples
    --------
    >>> counted_days([date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 4)])
    [datetime.date(2026, 3, 2), datetime.date(2026, 3, 4)]
    """
    counted: list[date] = []
    for day in sorted(set(days)):
        if not counted or (day - counted[-1]).days >= _GAP_DAYS:
            counted.append(day)
    return counted


def strength_cue(days: Iterable[date], today: date, target: int = 2) -> Cue:
    """Where the week's strength training stands.

    Parameters
    ----------
    days : iterable of date
        Days with strength training, of this week and the last.
    today : date
        The day.
    target : int
        Days wanted a week, 1 to 4.
    """
    known = sorted({day for day in days if day <= today})
    monday = monday_of(today)
    done = len([day for day in counted_days(known) if day >= monday])
    numbers = {"days": done, "target": target}
    if done >= target:
        return Cue("strength.done", {"days": done})
    next_day = max(today, known[-1] + timedelta(days=_GAP_DAYS)) if known else today
    left = (monday + timedelta(days=6) - next_day).days
    # one session on the next possible day and one every second day from there on
    possible = left // _GAP_DAYS + 1 if left >= 0 else 0
    if done + possible < target:
        return Cue("strength.late", numbers)
    if next_day > today:
        return Cue("strength.wait")
    latest_start = monday + timedelta(days=6 - _GAP_DAYS * (target - done - 1))
    rested = not known or (today - known[-1]).days >= 3
    if rested or today >= latest_start:
        return Cue("strength.due", numbers)
    return Cue("strength.open", numbers)


def stretch_cue(stretches: Iterable[datetime], now: datetime, target: int = 2) -> Cue | None:
    """Remind of a hamstring stretch, or None.

    Parameters
    ----------
    stretches : iterable of datetime
        When stretches were noted, on the runner's clock.
    now : datetime
        The time on the runner's clock. Nobody is reminded before 7 or after 22 o'clock, nor within
        four hours of the last stretch.
    target : int
        Stretches wanted a day, 0 for no reminders.
    """
    today = [when for when in stretches if when.date() == now.date() and when <= now]
    if len(today) >= target or not _FIRST_HOUR <= now.hour < _LAST_HOUR:
        return None
    if today and now - max(today) < _STRETCH_GAP:
        return None
    return Cue("stretch.due", {"done": len(today), "target": target})


@dataclass(frozen=True, slots=True)
class StretchPlan(Checked):
    """A static stretch, side by side.

    Attributes
    ----------
    hold_s : float
        Each hold, 30 to 60 s (health article 001).
    rounds : int
        How often on each side, 1 to 10.
    change_s : float
        For changing over, 2 to 60 s.

    Raises
    ------
    ParameterError
        When a value is out of range.
    """

    hold_s: Annotated[float, Within(30.0, 60.0, "s")] = 30.0
    rounds: Annotated[int, Within(1, 10)] = 2
    change_s: Annotated[float, Within(2.0, 60.0, "s")] = 5.0


def stretch_timer(plan: StretchPlan) -> list[Cue]:
    """What to say, each with its time from the start; the last one ends it.

    Examples
    --------
    >>> [(cue.time_s, cue.message) for cue in stretch_timer(StretchPlan(rounds=1))][1:]
    [(30.0, 'Let go. Change over.'), (35.0, 'Right: hold for 30 seconds, without bouncing.'), \
(65.0, 'Stretching done.')]
    """
    cues: list[Cue] = []
    time_s = 0.0
    holds = [side for _ in range(plan.rounds) for side in ("left", "right")]
    for number, side in enumerate(holds):
        which = Cue(f"stretch.{side}").message
        cues.append(Cue("stretch.hold", {"side": which, "seconds": plan.hold_s}, time_s))
        time_s += plan.hold_s
        if number < len(holds) - 1:
            cues.append(Cue("stretch.change", {}, time_s))
            time_s += plan.change_s
    return [*cues, Cue("stretch.done", {}, time_s)]
