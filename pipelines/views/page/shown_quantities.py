"""The quantities of the page in the runner's units: lengths in inches, distances in miles."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from pipelines.units import METRES_PER_MILE, Units
from pipelines.views.terminal.wording import LARGE, OSCILLATION, Quantity

__all__ = ["dose_words", "large_quantities"]

_INCHES_PER_MILLIMETRE: Final = 1.0 / 25.4  # exact


@dataclass(frozen=True, slots=True)
class _InInches(Quantity):
    """A quantity measured in millimetres and written in inches."""

    def number(self, value: float, *, sign: bool = False) -> str:
        """Write a value, given in millimetres, without its unit."""
        return Quantity.number(self, value * _INCHES_PER_MILLIMETRE, sign=sign)


_OSCILLATION_IN_INCHES: Final = _InInches(
    OSCILLATION.column,
    OSCILLATION.name,
    OSCILLATION.short,
    "in",
    "in",
    2,
    OSCILLATION.least_span,
)


def large_quantities(units: Units) -> tuple[Quantity, ...]:
    """The quantities that are shown large; they take values as the steps table has them.

    Examples
    --------
    >>> [quantity.amount(78.0) for quantity in large_quantities("imperial")]
    ['78.00 g', '3.07 in', '78.0°']
    """
    if units == "metric":
        return LARGE
    return tuple(_OSCILLATION_IN_INCHES if one is OSCILLATION else one for one in LARGE)


def dose_words(easy_km: float, units: Units) -> tuple[str, str]:
    """The dose of a session, as a distance of easy running, and its unit; empty if unknown.

    Examples
    --------
    >>> dose_words(4.26, "metric"), dose_words(4.26, "imperial")
    (('4.3', 'easy km'), ('2.6', 'easy miles'))
    """
    if not math.isfinite(easy_km):
        return "", ""
    if units == "imperial":
        return f"{easy_km * 1000.0 / METRES_PER_MILE:.1f}", "easy miles"
    return f"{easy_km:.1f}", "easy km"
