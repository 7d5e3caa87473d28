"""A number with its noun, in the singular where it is one."""

from __future__ import annotations


def counted(number: int, one: str, many: str = "") -> str:
    """Words for people; the plural ends in s unless it is given.

    Examples
    --------
    >>> counted(1, "step"), counted(2, "step"), counted(0, "nudge")
    ('1 step', '2 steps', '0 nudges')
    >>> counted(1, "change of position", "changes of position")
    '1 change of position'
    """
    return f"{number} {one if number == 1 else many or f'{one}s'}"
