"""Times and days as people type them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Final

from imu.errors import ParameterError
from pipelines.runner.journal.entries import offset_minutes, utc_ns_of

_FIRST_YEAR: Final = 1981  # of a journal, in any zone
_HOUR: Final = re.compile(r"\d{1,2}:\d{2}")
_DAY: Final = re.compile(r"\d{4}-?\d{2}-?\d{2}")


def time_of(words: str) -> tuple[int, int]:
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
    now = datetime.now().astimezone()
    wanted = "a day and a time such as '2026-03-02 18:30', or a time of today"
    if _HOUR.fullmatch(words):
        words = f"{now:%Y-%m-%d} {words:0>5}"
    elif _DAY.fullmatch(words):  # midnight is not what is meant
        raise ParameterError("--at", words, wanted)
    try:
        typed = datetime.fromisoformat(words) if words else now
        when = typed if typed.tzinfo is not None else typed.astimezone()
    except (ValueError, OSError, OverflowError):
        raise ParameterError("--at", words, wanted) from None
    if typed.tzinfo is None and when.astimezone(UTC).astimezone().replace(tzinfo=None) != typed:
        raise ParameterError(
            "--at", words, "a time that the clock has shown: it was put forward over this one"
        )
    if when.year < _FIRST_YEAR:
        raise ParameterError("--at", words, f"a time from {_FIRST_YEAR} on")
    if when > now:
        raise ParameterError("--at", words, f"a time that is over; it is {now:%Y-%m-%d %H:%M} now")
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
