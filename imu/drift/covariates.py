"""What cadence, speed and slope usually do to the indicators, taken out before they are judged.

Population figures, so that a runner who goes a little faster or uphill is not told that the form
has changed. They are rough; a person's own differ by a third or so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.drift.indicators import INDICATORS

__all__ = ["BY_SLOPE", "BY_SPEED", "Covariates", "adjusted"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Covariates:
    """Speed and slope of each of some steps, NaN where not known.

    Attributes
    ----------
    speed_m_s, slope_deg : ndarray, shape (N,)
        Running speed, and slope of the ground, positive uphill.
    """

    speed_m_s: Array
    slope_deg: Array


# Percent of the value that a percent of cadence changes it by. Oscillation: a body in free fall for
# half as long rises a quarter as high. Peak: a regression over 37 runners in public recordings.
_CADENCE: Final = {
    "vertical_oscillation_mm": -2.0,
    "contact_time_ms": -0.5,
    "peak_10hz_bw": -0.4,
}
# Change a metre a second, as a share, or in degrees for the lean. Peak: 0.171 BW of 2.4 (the same
# regression); contact: 265 to 216 ms from 2.5 to 3.33 m/s.
_SPEED: Final = {
    "peak_10hz_bw": 0.07,
    "impact_shock_g": 0.20,
    "shock_power_g2": 0.45,
    "contact_time_ms": -0.22,
    "lumbar_index": 0.11,
    "dose_rate": 0.44,
    "sacral_lean_deg": 1.0,
    "cadence_spm": 0.04,
    "vertical_oscillation_mm": 0.05,  # at the same cadence
    "pelvic_tilt_range_deg": 0.08,
    "pelvic_obliquity_range_deg": 0.08,
    "pelvic_rotation_range_deg": 0.08,
}
# A degree uphill: shock from 3.1 g on the level to 3.9 g at −5°.
_SLOPE: Final = {
    "peak_10hz_bw": -0.01,
    "impact_shock_g": -0.045,
    "shock_power_g2": -0.09,
    "contact_time_ms": 0.01,
    "vertical_oscillation_mm": -0.02,
    "sacral_lean_deg": 0.6,
    "cadence_spm": -0.004,
    **dict.fromkeys(
        ("pelvic_tilt_range_deg", "pelvic_obliquity_range_deg", "pelvic_rotation_range_deg"), 0.03
    ),
    "lumbar_index": 0.03,
    "dose_rate": 0.12,
}


def _table(effects: dict[str, float]) -> Array:
    return np.array([effects.get(indicator.name, 0.0) for indicator in INDICATORS])


_BY_CADENCE: Final = _table(_CADENCE)
#: Effects of a metre a second and of a degree uphill, in the order of the indicators.
BY_SPEED: Final = _table(_SPEED)
BY_SLOPE: Final = _table(_SLOPE)
_RELATIVE: Final = np.array([indicator.relative for indicator in INDICATORS])


def adjusted(values: Array, cadence: float, faster_m_s: float, steeper_deg: float) -> Array:
    """Values of the indicators as they would be at the baseline's cadence, speed and slope.

    Parameters
    ----------
    values : ndarray, shape (indicators,)
        In their units.
    cadence : float
        Cadence over that of the baseline.
    faster_m_s, steeper_deg : float
        Speed and slope less those of the baseline, 0 where not known.

    Examples
    --------
    >>> values = np.full(len(INDICATORS), 100.0)
    >>> changed = adjusted(values, 1.0, 0.5, 0.0)
    >>> [round(float(changed[i]), 2) for i in (0, 2, 4)]
    [96.62, 99.5, 98.04]
    """
    amount = BY_SPEED * faster_m_s + BY_SLOPE * steeper_deg
    relative = cadence**_BY_CADENCE * np.maximum(1.0 + amount, 0.5)
    return np.where(_RELATIVE, values / relative, values - amount)
