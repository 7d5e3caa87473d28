"""A session time for people."""

from __future__ import annotations


def clock_words(seconds: float) -> str:
    """A session time as minutes and seconds, with hours where there are any.

    Examples
    --------
    >>> clock_words(751.0), clock_words(3661.0), clock_words(-1.0)
    ('12:31', '1:01:01', '0:00')
    """
    whole = int(max(seconds, 0.0))
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{hours}:{minutes:02d}:{whole % 60:02d}" if hours else f"{minutes}:{whole % 60:02d}"
