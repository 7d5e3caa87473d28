"""What cadence, speed and slope usually do to the indicators, taken out before they are judged.

The figures stand in each indicator's row (:class:`~imu.drift.indicators.Effects`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.drift.indicators import INDICATORS, RELATIVE

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


_BY_CADENCE: Final = np.array([indicator.effects.cadence for indicator in INDICATORS])
#: Effects of a metre a second and of a degree uphill, in the order of the indicators.
BY_SPEED: Final = np.array([indicator.effects.speed for indicator in INDICATORS])
BY_SLOPE: Final = np.array([indicator.effects.slope for indicator in INDICATORS])


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
    return np.where(RELATIVE, values / relative, values - amount)
