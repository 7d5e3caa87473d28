"""The quantities that people are shown: one row each, from which every view is made.

A new quantity is one more row of :data:`QUANTITIES`, over a column of the steps.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final, Literal

from imu.drift.indicators import Indicator, indicator_named
from pipelines.units import FEET_PER_METRE, INCHES_PER_MM, Units

__all__ = ["MEANS", "QUANTITIES", "WATCHED", "Quantity", "Where", "quantities_in", "quantity_named"]

#: Large or small beside a live run; a line of the summary; compared between the feet, which needs a
#: natural zero; compared with earlier runs, which needs the same meaning in each.
Where = Literal["large", "small", "summary", "paired", "compared"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """One quantity as people read it.

    Attributes
    ----------
    column : str
        Of :data:`imu.steps.STEP_ROW`, in whose unit all computing is done.
    name : str
        For people.
    short : tuple of (str, str)
        Title and the rest of the name, for narrow windows; the whole name where it is empty.
    unit, short_unit : str
        As people read it, empty for none; where room is short, if that differs.
    decimals, live_decimals : int
        As shown; beside a live run, if that differs.
    meaning : str
        What it is, in one sentence, for a reader who has never seen it.
    imperial : tuple of (float, str, int), optional
        Factor, unit and decimals for readers of imperial units; None where they use the same.
    difference : {"%", "unit"}
        Whether differences are told as percentages or in the unit.
    least_span : float
        Of a trend, so that noise is not blown up.
    indicator : str
        Name of the indicator that it is judged by; empty when none is.
    shown : tuple of str
        Where it is shown besides the report.
    kept : bool
        Whether the journal keeps its mean over a run.
    """

    column: str
    name: str
    short: tuple[str, str] = ("", "")
    unit: str
    short_unit: str = ""
    decimals: int
    live_decimals: int | None = None
    meaning: str
    imperial: tuple[float, str, int] | None = None
    difference: Literal["%", "unit"] = "%"
    least_span: float = 0.0
    indicator: str = ""
    shown: tuple[Where, ...] = ()
    kept: bool = True

    @property
    def title(self) -> str:
        """The name for narrow windows."""
        return self.short[0] or self.name

    @property
    def watched(self) -> Indicator | None:
        """The indicator that watches this very column; None when none does."""
        found = indicator_named(self.indicator) if self.indicator else None
        return found if found is not None and found.column == self.column else None

    @property
    def live(self) -> Quantity:
        """The same as it is written beside a live run."""
        return self if self.live_decimals is None else replace(self, decimals=self.live_decimals)

    def factor(self, units: Units) -> float:
        """From the column's unit to the shown one."""
        return self.imperial[0] if units == "imperial" and self.imperial else 1.0

    def unit_in(self, units: Units) -> str:
        """The shown unit."""
        return self.imperial[1] if units == "imperial" and self.imperial else self.unit

    def number(self, value: float, units: Units = "metric", *, sign: bool = False) -> str:
        """Write a value of the column without its unit; a dash where there is none.

        Examples
        --------
        >>> lean = quantity_named("sacral_lean_deg")
        >>> lean.number(-0.04), lean.number(-2.5, sign=True)
        ('0.0', '−2.5')
        """
        if not math.isfinite(value):
            return "–"
        decimals = self.imperial[2] if units == "imperial" and self.imperial else self.decimals
        text = f"{value * self.factor(units):{'+' if sign else ''}.{decimals}f}"
        if float(text) == 0.0:
            text = text.lstrip("+-")
        return text.replace("-", "−")

    def amount(self, value: float, units: Units = "metric", *, short: bool = False) -> str:
        """Write a value of the column with its unit.

        Examples
        --------
        >>> oscillation = quantity_named("vertical_oscillation_mm")
        >>> oscillation.amount(82.04), oscillation.amount(82.04, "imperial")
        ('82.0 mm', '3.23 in')
        >>> quantity_named("sacral_lean_deg").amount(6.1)
        '6.1°'
        """
        text = self.number(value, units)
        unit = (short and self.short_unit) or self.unit_in(units)
        if text == "–" or not unit:
            return text
        return f"{text}{unit}" if unit == "°" else f"{text} {unit}"


_LUMBAR: Final = Quantity(
    column="lumbar_index",
    name="lumbar index",
    unit="% of baseline",
    short_unit="%",
    decimals=0,
    meaning="A simple model of compression low in the back, from force and lean, told only as a "
    "percentage of the runner's own baseline. It has no absolute meaning.",
    least_span=20.0,
    indicator="lumbar_index",
    shown=("small", "summary"),
)

#: Everything that is shown, in the order of the report.
QUANTITIES: Final = (
    Quantity(
        column="impact_shock_g",
        name="impact shock",
        unit="g",
        decimals=2,
        meaning="The largest vertical acceleration at the sacrum below 20 Hz within 80 ms of "
        "contact, gravity included (1 g at rest): how hard the landing arrives at the pelvis.",
        least_span=0.8,
        indicator="impact_shock_g",
        shown=("large", "summary", "paired", "compared"),
    ),
    Quantity(
        column="vertical_oscillation_mm",
        name="vertical oscillation",
        short=("oscillation", "(vertical)"),
        unit="mm",
        decimals=1,
        live_decimals=0,
        meaning="How far the sensor moves up and down in one step. The sacrum moves some 20 mm "
        "more than the body's centre of mass.",
        imperial=(INCHES_PER_MM, "in", 2),
        least_span=20.0,
        indicator="vertical_oscillation_mm",
        shown=("large", "summary", "paired", "compared"),
    ),
    Quantity(
        column="sacral_lean_deg",
        name="pelvic lean",
        unit="°",
        decimals=1,
        meaning="Mean forward tilt of the sacrum over a step, from standing where that was "
        "recorded. It is the pelvis and not the chest: a slump, an arched back and "
        "a strap that has slid can read alike.",
        difference="unit",
        least_span=6.0,
        indicator="sacral_lean_deg",
        shown=("large", "summary", "compared"),
    ),
    Quantity(
        column="peak_10hz_bw",
        name="peak force (below 10 Hz)",
        unit="g",
        decimals=2,
        meaning="The highest vertical acceleration below 10 Hz in a step. It follows the active "
        "peak of the ground force and is what is watched for changes.",
        indicator="peak_10hz_bw",
        shown=("paired",),
    ),
    Quantity(
        column="cadence_spm",
        name="cadence",
        unit="steps/min",
        short_unit="/min",
        decimals=1,
        live_decimals=0,
        meaning="Steps a minute, both feet counted.",
        least_span=12.0,
        indicator="cadence_spm",
        shown=("small", "summary", "compared"),
    ),
    replace(_LUMBAR, column="lumbar_compression_bw", shown=(), kept=False),
    Quantity(
        column="contact_time_ms",
        name="contact time",
        short=("contact", "time"),
        unit="ms",
        decimals=0,
        meaning="From initial contact to toe-off, at 10 % of body weight.",
        least_span=40.0,
        indicator="contact_time_ms",
        shown=("small", "summary", "paired", "compared"),
    ),
    Quantity(
        column="flight_time_ms",
        name="flight time",
        short=("flight", "time"),
        unit="ms",
        decimals=0,
        meaning="From toe-off to the next contact.",
        least_span=40.0,
        shown=("small", "summary", "paired"),
    ),
    Quantity(
        column="peak_force_bw",
        name="peak force",
        unit="BW",
        decimals=2,
        meaning="Best estimate of the highest vertical ground force in a step, in body weights. It "
        "is the active peak in the middle of stance, not the impact peak.",
        least_span=0.4,
        indicator="peak_10hz_bw",
        shown=("small", "summary", "paired", "compared"),
    ),
    Quantity(
        column="step_time_s",
        name="step time",
        unit="s",
        decimals=3,
        meaning="From one initial contact to the next.",
        shown=("paired",),
        kept=False,
    ),
    Quantity(
        column="braking_m_s",
        name="braking",
        unit="m/s",
        decimals=2,
        meaning="Forward speed that a step loses after contact.",
        imperial=(FEET_PER_METRE, "ft/s", 2),
    ),
    Quantity(
        column="sacral_roll_deg",
        name="sideways pelvic lean",
        unit="°",
        decimals=1,
        meaning="Mean sideways tilt of the sacrum over a step, positive to the right.",
        difference="unit",
        shown=("summary",),
    ),
    _LUMBAR,
    Quantity(
        column="pelvic_tilt_range_deg",
        name="pelvic tilt range",
        unit="°",
        decimals=1,
        meaning="How far the pelvis tilts forward and back within a step.",
        difference="unit",
        indicator="pelvic_tilt_range_deg",
    ),
    Quantity(
        column="pelvic_obliquity_range_deg",
        name="pelvic drop range",
        unit="°",
        decimals=1,
        meaning="How far the pelvis tilts sideways within a step (pelvic drop and rise).",
        difference="unit",
        indicator="pelvic_obliquity_range_deg",
    ),
    Quantity(
        column="pelvic_rotation_range_deg",
        name="pelvic rotation range",
        unit="°",
        decimals=1,
        meaning="How far the pelvis turns about the vertical within a step.",
        difference="unit",
        indicator="pelvic_rotation_range_deg",
    ),
)


#: Columns whose means over a run are kept.
MEANS: Final = tuple(quantity.column for quantity in QUANTITIES if quantity.kept)
#: Watched against the baseline.
WATCHED: Final = tuple(quantity for quantity in QUANTITIES if quantity.watched is not None)


def quantity_named(column: str) -> Quantity:
    """The quantity of a column.

    Raises
    ------
    KeyError
        When none is shown.
    """
    for quantity in QUANTITIES:
        if quantity.column == column:
            return quantity
    raise KeyError(column)


def quantities_in(where: Where) -> tuple[Quantity, ...]:
    """What is shown in one place, in order.

    Examples
    --------
    >>> [quantity.title for quantity in quantities_in("large")]
    ['impact shock', 'oscillation', 'pelvic lean']
    """
    return tuple(quantity for quantity in QUANTITIES if where in quantity.shown)
