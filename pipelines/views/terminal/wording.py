"""How the view names quantities, writes numbers, and says how a run stands to its baseline."""

from __future__ import annotations

import math
from typing import Final, Literal

from imu.drift.indicators import INDICATORS
from pipelines.quantities import QUANTITIES, Quantity, quantities_in
from pipelines.session.live_status import LiveStatus
from pipelines.units import Units

__all__ = [
    "GAITS",
    "LARGE",
    "NAMES",
    "OUTSIDE",
    "SMALL",
    "WITHIN",
    "Standing",
    "standing",
    "verdict",
]

#: ``waiting`` while there is nothing to judge by.
Standing = Literal["within", "outside", "changed", "waiting"]


#: Shown large and small.
LARGE: Final = tuple(quantity.live for quantity in quantities_in("large"))
SMALL: Final = tuple(quantity.live for quantity in quantities_in("small"))
#: Name of each column and each indicator for people.
NAMES: Final = {quantity.column: quantity.name for quantity in QUANTITIES} | {
    indicator.name: indicator.words for indicator in INDICATORS
}
GAITS: Final = {
    "still": "standing still",
    "walk": "walking",
    "grounded run": "running low",
    "run": "running",
}
WITHIN: Final = "within your usual range"
OUTSIDE: Final = "outside your usual range, watching it"


def verdict(status: LiveStatus) -> str:
    """The state against the baseline, in words."""
    changed = [NAMES.get(name, name) for name, one in status.indicators.items() if one.changed]
    if changed:
        return f"changed from your baseline: {', '.join(changed)}"
    judged = {name: one for name, one in status.indicators.items() if one.judged}
    if not status.watching or not judged:
        return status.baseline_status
    outside = [NAMES.get(name, name) for name, one in judged.items() if one.outside]
    return f"{OUTSIDE}: {', '.join(outside)}" if outside else WITHIN


def standing(
    status: LiveStatus, quantity: Quantity, units: Units = "metric"
) -> tuple[Standing, str]:
    """How a number stands to the baseline: its state, and what is said of it.

    Examples
    --------
    >>> standing(LiveStatus(source="", device=""), LARGE[0])
    ('waiting', 'waiting for running steps')
    """
    indicator, value = status.indicators.get(quantity.column), status.typical(quantity.column)
    if indicator is not None and indicator.changed:
        difference = value - indicator.baseline
        amount = quantity.amount(difference, units, sign=True) if math.isfinite(difference) else ""
        return "changed", f"changed from your baseline: {amount}".rstrip(": ")
    if not status.steps:
        return "waiting", "waiting for running steps"
    if not math.isfinite(value):
        return "waiting", "not measured"
    if indicator is not None and indicator.judged and status.watching:
        return ("outside", OUTSIDE) if indicator.outside else ("within", WITHIN)
    # the sentence below the numbers says it in full
    brief = status.baseline_status.partition(", because")[0].removesuffix(" blocks")
    return "waiting", brief or "no baseline yet"
