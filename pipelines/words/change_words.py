"""The amount of a change from a baseline, alike wherever it is shown."""

from __future__ import annotations

import math


def change_words(change: float, unit: str) -> str:
    """A change with its sign.

    Parameters
    ----------
    change : float
        In the unit of the indicator's changes.
    unit : {"%", "deg", "points"}
        That unit.

    Examples
    --------
    >>> change_words(12.3, "%"), change_words(-2.04, "deg")
    ('+12 %', '−2.0°')
    """
    if not math.isfinite(change):
        return "–"
    decimals, sign = {"deg": (1, "°"), "points": (0, " points")}.get(unit, (0, " %"))
    return f"{change:+.{decimals}f}{sign}".replace("-", "−")
