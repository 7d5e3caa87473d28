"""The large and the small numbers of the page, each with its words, so that colour only repeats."""

from __future__ import annotations

import math
from typing import Any, Final

from pipelines.quantities import Quantity
from pipelines.session.live_status import IndicatorStatus, LiveStatus
from pipelines.units import Units
from pipelines.views.page.trends import step_trend
from pipelines.views.terminal.wording import LARGE, SMALL, standing

__all__ = ["gauge_place", "large_numbers", "small_numbers"]

#: How each state looks besides its colour.
_SIGNS: Final = {"within": "✓", "outside": "◐", "changed": "▲", "waiting": "…"}


def large_numbers(status: LiveStatus, units: Units = "metric") -> list[dict[str, Any]]:
    """The three large numbers, as the page places them.

    Each has ``name``, ``rest`` (of the name), ``number``, ``unit``, ``state`` (``within``,
    ``outside``, ``changed`` or ``waiting``), ``sign``, ``words``, ``usual``, ``gauge`` and
    ``trend``.

    Examples
    --------
    >>> lean = large_numbers(LiveStatus(source="", device=""))[2]
    >>> lean["name"], lean["number"], lean["unit"], lean["words"]
    ('trunk lean', '–', '°', 'waiting for running steps')
    """
    return [_large(status, quantity, units) for quantity in LARGE]


def small_numbers(status: LiveStatus) -> list[dict[str, Any]]:
    """The other numbers with ``name``, ``number``, ``unit`` and whether it ``changed``."""
    numbers = []
    for quantity in SMALL:
        indicator = status.indicators.get(quantity.indicator)
        changed = indicator is not None and indicator.changed
        numbers.append(
            {
                "name": quantity.title,
                "number": quantity.number(status.typical(quantity.column)),
                "unit": quantity.unit,
                "changed": changed,
            }
        )
    return numbers


def gauge_place(known: IndicatorStatus | None) -> float | None:
    """Where the judged value stands: 0 two gates below the baseline, 1 two above; None if unknown.

    Examples
    --------
    >>> gauge_place(IndicatorStatus(6.0, 6.0, 2.0)), gauge_place(IndicatorStatus(90.0, 6.0, 2.0))
    (0.5, 1.0)
    """
    if known is None or not known.judged or not known.gate > 0.0:
        return None
    at = 0.5 + 0.25 * (known.value - known.baseline) / known.gate
    return round(min(max(at, 0.0), 1.0), 3)


def _large(status: LiveStatus, quantity: Quantity, units: Units) -> dict[str, Any]:
    indicator = status.indicators.get(quantity.column)
    known = indicator if indicator is not None and math.isfinite(indicator.baseline) else None
    value = status.typical(quantity.column)
    state, words = standing(status, quantity, units)
    name, rest = quantity.short
    return {
        "name": name or quantity.name,
        "rest": rest.strip("()"),
        "number": quantity.number(value, units),
        "unit": quantity.unit_in(units),
        "state": state,
        "sign": _SIGNS[state],
        "words": words,
        "usual": _usual_range(quantity, known, units),
        "gauge": gauge_place(known),
        "trend": step_trend(status.history(quantity.column), quantity, known, units),
    }


def _usual_range(quantity: Quantity, known: IndicatorStatus | None, units: Units) -> str:
    if known is None:
        return ""
    low, high = known.baseline - known.gate, known.baseline + known.gate
    return f"usual {quantity.number(low, units)} to {quantity.amount(high, units)}"
