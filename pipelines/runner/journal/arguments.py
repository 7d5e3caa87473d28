"""Times and days as people type them."""

from __future__ import annotations

from datetime import date, datetime

from imu.errors import ParameterError
from pipelines.runner.journal.entries import offset_minutes, utc_ns_of


def time_of(words: str, name: str = "--at") -> tuple[int, int]:
    """UTC in ns since 1970, and the offset of the runner's clock in minutes; now when empty.

    Raises
    ------
    ParameterError
        When this is no time, or one that is still to come.

    Examples
    --------
    >>> time_of("1985-01-01 00:00+01:00")
    (473382000000000000, 60)
    """
    try:
        now = datetime.now().astimezone()
        when = datetime.fromisoformat(words) if words else now
        when = when if when.tzinfo is not None else when.astimezone()
    except (ValueError, OSError, OverflowError):
        raise ParameterError(name, words, "a time such as '2026-03-02 18:30'") from None
    if when > now:
        raise ParameterError(name, words, f"a time that is over; it is {now:%Y-%m-%d %H:%M} now")
    return utc_ns_of(when), offset_minutes(when)


def day_of(words: str, name: str) -> date | None:
    """A day; None when empty.

    Raises
    ------
    ParameterError
        When this is no day, or one that is still to come.
    """
    try:
        day = date.fromisoformat(words) if words else None
    except ValueError:
        raise ParameterError(name, words, "a day such as 2026-03-02") from None
    if day is not None and day > date.today():
        raise ParameterError(name, words, f"a day up to today, {date.today()}")
    return day
