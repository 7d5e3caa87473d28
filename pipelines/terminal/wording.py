"""How the view names quantities, writes numbers, and says how a run stands to its baseline."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

from imu.drift.indicators import INDICATORS
from pipelines.live_status import LiveStatus

__all__ = [
    "GAITS",
    "LARGE",
    "LEAN",
    "NAMES",
    "OSCILLATION",
    "OUTSIDE",
    "SHOCK",
    "SMALL",
    "WITHIN",
    "Quantity",
    "Standing",
    "clock",
    "is_watching",
    "standing",
    "verdict",
]

#: ``waiting`` while there is nothing to judge by.
Standing = Literal["within", "outside", "changed", "waiting"]


@dataclass(frozen=True, slots=True)
class Quantity:
    """How a column of the steps table is written for people."""

    column: str
    name: str
    short: tuple[str, str]  # title and the rest of it, for narrow windows
    unit: str
    plain_unit: str
    decimals: int
    least_span: float  # of a trend, so that noise is not blown up

    def number(self, value: float, *, sign: bool = False) -> str:
        """Write a value without its unit; a dash where there is none."""
        if not math.isfinite(value):
            return "–"
        text = f"{value:{'+' if sign else ''}.{self.decimals}f}"
        # rounding must not leave a zero with a minus
        return text.lstrip("-") if float(text) == 0 and not sign else text

    def amount(self, value: float, *, sign: bool = False) -> str:
        """Write a value with its unit.

        Examples
        --------
        >>> LEAN.amount(6.13), SHOCK.amount(0.2, sign=True)
        ('6.1°', '+0.20 g')
        """
        if not math.isfinite(value):
            return "–"
        gap = "" if self.unit == "°" or not self.unit else " "
        return f"{self.number(value, sign=sign)}{gap}{self.unit}"


SHOCK: Final = Quantity("impact_shock_g", "impact shock", ("impact shock", ""), "g", "g", 2, 0.8)
OSCILLATION: Final = Quantity(
    "vertical_oscillation_mm",
    "vertical oscillation",
    ("oscillation", "(vertical)"),
    "mm",
    "mm",
    0,
    20.0,
)
LEAN: Final = Quantity(
    "sacral_lean_deg",
    "trunk lean (at the sacrum)",
    ("trunk lean", "(at the sacrum)"),
    "°",
    "deg",
    1,
    6.0,
)
#: Shown large.
LARGE: Final = (SHOCK, OSCILLATION, LEAN)
#: Shown small.
SMALL: Final = (
    Quantity("cadence_spm", "cadence", ("cadence", ""), "/min", "steps/min", 0, 12.0),
    Quantity("contact_time_ms", "contact", ("contact", ""), "ms", "ms", 0, 40.0),
    Quantity("flight_time_ms", "flight", ("flight", ""), "ms", "ms", 0, 40.0),
    Quantity("peak_force_bw", "peak force", ("peak force", ""), "BW", "BW", 2, 0.4),
    Quantity("lumbar_index", "lumbar index", ("lumbar index", ""), "%", "%", 0, 20.0),
)
#: Name of each column and each indicator for people.
NAMES: Final = (
    {indicator.name: indicator.words for indicator in INDICATORS}
    | {quantity.column: quantity.name for quantity in (*LARGE, *SMALL)}
    | {
        "contact_time_ms": "contact time",
        "flight_time_ms": "flight time",
        "peak_10hz_bw": "peak force",
        "step_time_s": "step time",
        "braking_m_s": "braking",
        "sacral_roll_deg": "sideways lean (at the sacrum)",
    }
)
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
    if not is_watching(status) or not judged:
        return status.baseline_status
    outside = [NAMES.get(name, name) for name, one in judged.items() if one.outside]
    return f"{OUTSIDE}: {', '.join(outside)}" if outside else WITHIN


def standing(status: LiveStatus, quantity: Quantity) -> tuple[Standing, str]:
    """How a number stands to the baseline: its state, and what is said of it.

    Examples
    --------
    >>> standing(LiveStatus(source="", device=""), LEAN)
    ('waiting', 'waiting for running steps')
    """
    indicator, value = status.indicators.get(quantity.column), status.typical(quantity.column)
    if indicator is not None and indicator.changed:
        difference = value - indicator.baseline
        amount = quantity.amount(difference, sign=True) if math.isfinite(difference) else ""
        return "changed", f"changed from your baseline: {amount}".rstrip(": ")
    if not status.steps:
        return "waiting", "waiting for running steps"
    if not math.isfinite(value):
        return "waiting", "not measured"
    if indicator is not None and indicator.judged and is_watching(status):
        return ("outside", OUTSIDE) if indicator.outside else ("within", WITHIN)
    # the sentence below the numbers says it in full
    brief = status.baseline_status.partition(", because")[0].removesuffix(" blocks")
    return "waiting", brief or "no baseline yet"


def is_watching(status: LiveStatus) -> bool:
    """Whether the detector judges at the moment, rather than warming up, learning or pausing."""
    return status.baseline_status in {"", "watching"} or status.baseline_status.endswith(" changed")


def clock(seconds: float) -> str:
    """Write a duration as minutes and seconds, with hours where there are any.

    Examples
    --------
    >>> clock(751.0), clock(3661.0)
    ('12:31', '1:01:01')
    """
    whole = int(max(seconds, 0.0))
    hours, minutes = whole // 3600, whole // 60 % 60
    if hours:
        return f"{hours}:{minutes:02d}:{whole % 60:02d}"
    return f"{minutes}:{whole % 60:02d}"
