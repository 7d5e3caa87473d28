"""How deep what a file of others holds may be, and how large its whole numbers."""

from __future__ import annotations

from typing import Any, Final

_DEEPEST: Final = 24
#: Whole numbers of 64 bits, with or without a sign.
_SMALLEST, _LARGEST = -(2**63), 2**64 - 1


def beyond_bounds(value: Any, deeper: int = _DEEPEST) -> str:
    """What is beyond the bounds, as a part of a sentence; empty where nothing is.

    Examples
    --------
    >>> beyond_bounds({"seed": [2**70]})
    'holds a number larger than any'
    """
    if deeper < 0:
        return "is nested deeper than any"
    if isinstance(value, dict | list):
        items = value.values() if isinstance(value, dict) else value
        return next(filter(None, (beyond_bounds(item, deeper - 1) for item in items)), "")
    if isinstance(value, int) and not _SMALLEST <= value <= _LARGEST:
        return "holds a number larger than any"
    return ""
