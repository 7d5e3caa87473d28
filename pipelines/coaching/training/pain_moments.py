"""Which run a rating of pain belongs to, and when in relation to it, by its time alone.

A rating within six hours before a run is one before it; while it lasts, during; up to six hours
after its end, or later on the same day, after; from the next morning on up to 36 hours, of the day
after; up to 72 hours, of the second day. A run that ends by four at night is one of the evening.
One rating may be the next morning's of one run and the one before another; of two runs on a day,
between which it lies, it belongs to the nearer.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, NamedTuple

Moment = Literal["before", "during", "after", "24h", "48h"]

HOUR_NS: Final = 3600 * 10**9
_BEFORE_H: Final = 6.0
_AFTER_H: Final = 6.0
_SHORTLY_H: Final = 1.0
_NIGHT_NS: Final = 4 * HOUR_NS
#: Pain of the second day has lasted for more than 48 hours.
_STILL_H: Final = 48.0 + 1.0 / 60.0
#: Hours after which a rating is the one of the day after, and of the second day; and then too late.
NEXT_DAY_H, SECOND_DAY_H, TOO_LATE_H = 18.0, 36.0, 72.0


class RunTime(NamedTuple):
    """A run by its number, ns since 1970; one that is simulated hurts nobody."""

    number: int
    start_ns: int
    end_ns: int
    simulated: bool = False


class Placed(NamedTuple):
    """The run that a rating belongs to, and its moment there."""

    number: int
    moment: Moment


def places_of(utc_ns: int, offset_minutes: int, runs: Sequence[RunTime]) -> tuple[Placed, ...]:
    """Where a rating belongs, the nearest run first; empty where none is near.

    Parameters
    ----------
    utc_ns : int
        When it was noted, ns since 1970.
    offset_minutes : int
        Of the runner's clock then.
    runs : sequence of RunTime
        In order of their start; those that nobody ran are passed over.

    Examples
    --------
    >>> evening = RunTime(1, 64_800 * 10**9, 66_600 * 10**9)  # 18:00 to 18:30
    >>> morning = RunTime(2, 111_600 * 10**9, 113_400 * 10**9)  # 7:00 on the day after
    >>> places_of(110_700 * 10**9, 0, [evening, morning])  # 6:45
    (Placed(number=2, moment='before'), Placed(number=1, moment='24h'))
    """
    following = bisect_right(runs, utc_ns, key=lambda run: run.start_ns)
    later = next((runs[k] for k in range(following, len(runs)) if not runs[k].simulated), None)
    past = range(following - 1, -1, -1)
    earlier = next((runs[k] for k in past if not runs[k].simulated), None)
    after = None if earlier is None else moment_after(earlier.end_ns, utc_ns, offset_minutes)
    before = later is not None and later.start_ns - utc_ns <= _BEFORE_H * HOUR_NS
    found: list[Placed] = []
    if earlier is not None and after is not None:
        found.append(Placed(earlier.number, after))
    if later is not None and before and after != "during":
        near = earlier is None or later.start_ns - utc_ns <= utc_ns - earlier.end_ns
        place = Placed(later.number, "before")
        if after != "after":
            found.insert(0 if near else len(found), place)
        elif near:
            found = [place]
    return tuple(found)


def moment_after(end_ns: int, utc_ns: int, offset_minutes: int) -> Moment | None:
    """The moment of a rating that was noted since a run began; None when it is too late for one.

    Examples
    --------
    >>> moment_after(0, -1, 0), moment_after(0, 3600 * 10**9, 0), moment_after(0, 10**15, 0)
    ('during', 'after', None)
    """
    hours = (utc_ns - end_ns) / HOUR_NS
    if hours <= 0.0:
        return "during"
    another_day = _day(end_ns - _NIGHT_NS, offset_minutes) != _day(utc_ns, offset_minutes)
    if hours < _AFTER_H or (hours < NEXT_DAY_H and not another_day):
        return "after"
    if hours < SECOND_DAY_H:
        return "24h"
    return "48h" if hours < TOO_LATE_H else None


def is_too_early(moment: str, end_ns: int, utc_ns: int, offset_minutes: int) -> bool:
    """Whether that of the day after, or the second day, was rated before that day.

    It would clear a run of pain.

    Examples
    --------
    >>> is_too_early("24h", 0, 3600 * 10**9, 0), is_too_early("after", 0, 3600 * 10**9, 0)
    (True, False)
    """
    before = {"24h": {"during", "after"}, "48h": {"during", "after", "24h"}}.get(moment, set())
    return moment_after(end_ns, utc_ns, offset_minutes) in before


def is_too_late(end_ns: int, utc_ns: int) -> bool:
    """Whether nothing that is noted now is near a run that has ended then.

    Examples
    --------
    >>> is_too_late(0, 71 * 3600 * 10**9), is_too_late(0, 73 * 3600 * 10**9)
    (False, True)
    """
    return utc_ns - end_ns >= TOO_LATE_H * HOUR_NS


def shared_time(one: RunTime, other: RunTime) -> float:
    """Share of the longer of two runs that is in both, 0 to 1.

    Examples
    --------
    >>> shared_time(RunTime(1, 0, 100), RunTime(2, 50, 100))
    0.5
    """
    both = min(one.end_ns, other.end_ns) - max(one.start_ns, other.start_ns)
    longer = max(one.end_ns - one.start_ns, other.end_ns - other.start_ns, 1)
    return max(both, 0) / longer


def felt_ns(moment: Moment, run: RunTime, now_ns: int) -> int:
    """When a rating was felt that is noted later: as long after the run as its moment says.

    Examples
    --------
    >>> run = RunTime(1, 0, 1800 * 10**9)
    >>> felt_ns("during", run, 10**15) / 1e9, felt_ns("24h", run, 10**15) / 1e9
    (1800.0, 88200.0)
    """
    hours_after = {"after": _SHORTLY_H, "24h": 24.0, "48h": _STILL_H}.get(moment, 0.0)
    latest_ns = run.start_ns if moment == "before" else run.end_ns
    return min(now_ns, latest_ns + round(hours_after * HOUR_NS))


def _day(utc_ns: int, offset_minutes: int) -> object:
    shifted = timedelta(microseconds=utc_ns // 1000, minutes=offset_minutes)
    return (datetime(1970, 1, 1, tzinfo=UTC) + shifted).date()
