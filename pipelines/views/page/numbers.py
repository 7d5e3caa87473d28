"""The large and the small numbers of the page, each with its words, so that colour only repeats."""

from __future__ import annotations

import math
from typing import Any, Final

from pipelines.quantities import Quantity
from pipelines.session.live_status import LiveStatus
from pipelines.units import Units
from pipelines.views.page.trends import step_trend
from pipelines.views.terminal.wording import (
    LARGE,
    SMALL,
    is_changed,
    shown_value,
    standing,
    usual_words,
)

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
    ('pelvic lean', '–', '°', 'waiting for running steps')
    """
    return [_large(status, quantity, units) for quantity in LARGE]


def small_numbers(status: LiveStatus) -> list[dict[str, Any]]:
    """The other numbers with ``name``, ``number``, ``unit`` and whether it ``changed``."""
    return [
        {
            "name": quantity.title,
            "number": quantity.number(shown_value(status, quantity)),
            "unit": quantity.unit,
            "changed": is_changed(status, quantity.indicator),
        }
        for quantity in SMALL
    ]


def _large(status: LiveStatus, quantity: Quantity, units: Units) -> dict[str, Any]:
    known = status.indicators.get(quantity.column)
    state, words = standing(status, quantity)
    name, rest = quantity.short
    at = math.nan if known is None else known.place
    return {
        "name": name or quantity.name,
        "rest": rest.strip("()"),
        "number": quantity.number(shown_value(status, quantity), units),
        "unit": quantity.unit_in(units),
        "state": state,
        "sign": _SIGNS[state],
        "words": words,
        "usual": next(iter(usual_words(quantity, known, units)), ""),
        "gauge": round(min(max(at, 0.0), 1.0), 3) if math.isfinite(at) else None,
        "trend": step_trend(status.history(quantity.column), quantity, known, units),
    }
