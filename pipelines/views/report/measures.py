"""What a report measures: columns of the steps table with their words, units and meaning."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
from numpy.typing import NDArray

from imu.drift.indicators import INDICATORS, Indicator

if TYPE_CHECKING:
    from pipelines.units import Units

__all__ = ["COMPARED", "LARGE", "MEASURES", "PAIRED", "WATCHED", "Measure", "measure_named"]

Column = NDArray[np.float64]

_INCHES_PER_MM: Final = 1.0 / 25.4  # exact
_FEET_PER_METRE: Final = 1.0 / 0.3048  # exact


@dataclass(frozen=True, slots=True)
class Measure:
    """One quantity of a report.

    Attributes
    ----------
    column : str
        Of :data:`imu.steps.STEP_ROW`, in whose unit all computing is done.
    name : str
        For people.
    unit : str
        As people read it; empty for none.
    decimals : int
        As shown.
    meaning : str
        What it is, in one sentence, for a reader who has never seen it.
    imperial : tuple of (float, str, int), optional
        Factor, unit and decimals for readers of imperial units; None where they use the same.
    difference : {"%", "unit"}
        Whether differences are told as percentages or in the unit.
    """

    column: str
    name: str
    unit: str
    decimals: int
    meaning: str
    imperial: tuple[float, str, int] | None = None
    difference: Literal["%", "unit"] = "%"

    @property
    def indicator(self) -> Indicator | None:
        """The watched indicator of this column; None when it is not watched."""
        for indicator in INDICATORS:
            if indicator.column == self.column:
                return indicator
        return None

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
        >>> measure_named("vertical_oscillation_mm").number(82.04)
        '82.0'
        >>> measure_named("sacral_lean_deg").number(-0.04), measure_named("sacral_lean_deg").number(
        ...     -2.5, sign=True)
        ('0.0', '−2.5')
        """
        if not math.isfinite(value):
            return "–"
        decimals = self.imperial[2] if units == "imperial" and self.imperial else self.decimals
        text = f"{value * self.factor(units):{'+' if sign else ''}.{decimals}f}"
        if float(text) == 0.0:
            text = text.lstrip("+-")
        return text.replace("-", "−")

    def amount(self, value: float, units: Units = "metric", *, sign: bool = False) -> str:
        """Write a value of the column with its unit.

        Examples
        --------
        >>> oscillation = measure_named("vertical_oscillation_mm")
        >>> oscillation.amount(82.04), oscillation.amount(82.04, "imperial")
        ('82.0 mm', '3.23 in')
        >>> measure_named("sacral_lean_deg").amount(6.1)
        '6.1°'
        """
        text = self.number(value, units, sign=sign)
        unit = self.unit_in(units)
        if text == "–" or not unit:
            return text
        return f"{text}{unit}" if unit == "°" else f"{text} {unit}"


_MM: Final = (_INCHES_PER_MM, "in", 2)

#: Everything a report may show, in its order.
MEASURES: Final = (
    Measure(
        "impact_shock_g",
        "impact shock",
        "g",
        2,
        "The largest vertical acceleration at the sacrum below 20 Hz within 80 ms of contact, "
        "gravity included (1 g at rest): how hard the landing arrives at the pelvis.",
    ),
    Measure(
        "vertical_oscillation_mm",
        "vertical oscillation",
        "mm",
        1,
        "How far the sensor moves up and down in one step. The sacrum moves some 20 mm more than "
        "the body's centre of mass.",
        _MM,
    ),
    Measure(
        "sacral_lean_deg",
        "trunk lean (at the sacrum)",
        "°",
        1,
        "Mean forward tilt of the sacrum over a step, from standing where that was recorded. "
        "It is the pelvis and not the chest: a slump and an arched back can read alike.",
        difference="unit",
    ),
    Measure(
        "peak_10hz_bw",
        "peak force (below 10 Hz)",
        "g",
        2,
        "The highest vertical acceleration below 10 Hz in a step. It follows the active peak of "
        "the ground force and is what is watched for changes.",
    ),
    Measure(
        "cadence_spm",
        "cadence",
        "steps/min",
        1,
        "Steps a minute, both feet counted.",
    ),
    Measure(
        "lumbar_compression_bw",
        "lumbar index",
        "% of baseline",
        0,
        "A simple model of compression low in the back, from force and lean, told only as a "
        "percentage of the runner's own baseline. It has no absolute meaning.",
    ),
    Measure(
        "contact_time_ms",
        "contact time",
        "ms",
        0,
        "From initial contact to toe-off, at 10 % of body weight.",
    ),
    Measure(
        "flight_time_ms",
        "flight time",
        "ms",
        0,
        "From toe-off to the next contact.",
    ),
    Measure(
        "peak_force_bw",
        "peak vertical force",
        "BW",
        2,
        "Best estimate of the highest vertical ground force in a step, in body weights. It is the "
        "active peak in the middle of stance, not the impact peak.",
    ),
    Measure(
        "step_time_s",
        "step time",
        "s",
        3,
        "From one initial contact to the next.",
    ),
    Measure(
        "braking_m_s",
        "braking",
        "m/s",
        2,
        "Forward speed that a step loses after contact.",
        (_FEET_PER_METRE, "ft/s", 2),
    ),
    Measure(
        "sacral_roll_deg",
        "sideways lean (at the sacrum)",
        "°",
        1,
        "Mean sideways tilt of the sacrum over a step, positive to the right.",
        difference="unit",
    ),
    Measure(
        "pelvic_tilt_range_deg",
        "pelvic tilt range",
        "°",
        1,
        "How far the pelvis tilts forward and back within a step.",
        difference="unit",
    ),
    Measure(
        "pelvic_obliquity_range_deg",
        "pelvic obliquity range",
        "°",
        1,
        "How far the pelvis tilts sideways within a step (pelvic drop and rise).",
        difference="unit",
    ),
    Measure(
        "pelvic_rotation_range_deg",
        "pelvic rotation range",
        "°",
        1,
        "How far the pelvis turns about the vertical within a step.",
        difference="unit",
    ),
)


def measure_named(column: str) -> Measure:
    """The measure of a column.

    Raises
    ------
    KeyError
        When no report shows it.
    """
    for measure in MEASURES:
        if measure.column == column:
            return measure
    raise KeyError(column)


#: Shown large.
LARGE: Final = tuple(
    map(measure_named, ("impact_shock_g", "vertical_oscillation_mm", "sacral_lean_deg"))
)
#: Watched against the baseline, in the order of the page.
WATCHED: Final = tuple(measure for measure in MEASURES if measure.indicator is not None)
#: Compared between the feet: quantities with a natural zero, so that a percentage makes sense.
PAIRED: Final = tuple(
    map(
        measure_named,
        (
            "impact_shock_g",
            "peak_10hz_bw",
            "peak_force_bw",
            "contact_time_ms",
            "flight_time_ms",
            "step_time_s",
            "vertical_oscillation_mm",
        ),
    )
)
#: Compared with earlier runs; the lumbar index is not, since each run may have its own baseline.
COMPARED: Final = tuple(
    map(
        measure_named,
        (
            "impact_shock_g",
            "vertical_oscillation_mm",
            "sacral_lean_deg",
            "cadence_spm",
            "peak_force_bw",
            "contact_time_ms",
        ),
    )
)
