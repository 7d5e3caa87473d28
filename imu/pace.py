"""Pace and slope, judged by the other indicators where nobody has measured them.

A runner who goes faster, or uphill, moves all indicators together in a known pattern; a change of
form moves one or two. What the others say of the pace is taken out of each indicator before it is
judged; its own value, and those that follow from it, have no say in that, so that a change of one
indicator is not explained away. Only as good as the pattern, which is that of a population.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.covariates import BY_SLOPE, BY_SPEED
from imu.indicators import INDICATORS

__all__ = ["effect_of_pace"]

Array = NDArray[np.float64]

#: What is likely without knowing anything: SD of speed, m/s, and of slope, degrees.
_USUAL_SPEED_SD_M_S: Final = 0.15
_USUAL_SLOPE_SD_DEG: Final = 0.8

_NAMES: Final = tuple(indicator.name for indicator in INDICATORS)
#: Indicators that say nothing of their own: they follow from others, or from their adjustment.
_SILENT: Final = frozenset(
    {"lumbar_index", "dose_rate", "cadence_spm", "shock_difference_percent", "step_regularity"}
)
#: Indicators of which none has a say in the others' pace, because one change moves them all.
_TOGETHER: Final = (
    {"impact_shock_g", "shock_power_g2"},
    {"peak_10hz_bw", "lumbar_index", "dose_rate"},
    {"sacral_lean_deg", "lumbar_index", "dose_rate"},
    {"pelvic_tilt_range_deg", "pelvic_obliquity_range_deg", "pelvic_rotation_range_deg"},
)
_PATTERN: Final = np.stack([BY_SPEED, BY_SLOPE], axis=1)
_PRIOR: Final = np.array([_USUAL_SPEED_SD_M_S**-2, _USUAL_SLOPE_SD_DEG**-2])


def _say() -> Array:
    say = np.ones((len(_NAMES), len(_NAMES)))
    for i, name in enumerate(_NAMES):
        say[:, i] *= name not in _SILENT
        say[i, i] = 0.0
        for together in _TOGETHER:
            if name in together:
                say[i, [_NAMES.index(other) for other in together]] = 0.0
    return say


#: Whether the second indicator has a say in what is taken out of the first.
_SAY: Final = _say()
# products of the pattern with itself: speed², speed · slope, slope²
_SQUARES: Final = np.stack([BY_SPEED**2, BY_SPEED * BY_SLOPE, BY_SLOPE**2], axis=1)


def effect_of_pace(deviation: Array, sd: Array) -> Array:
    """What the pace does to each indicator, judged by the others.

    The posterior mean of speed and slope given the others' deviations, times the pattern.

    Parameters
    ----------
    deviation : ndarray, shape (indicators,)
        From the baseline, as a share of it, degrees for the lean; NaN where not known.
    sd : ndarray, shape (indicators,)
        How far each wanders by itself, in the same units.

    Returns
    -------
    ndarray, shape (indicators,)
        In the units of ``deviation``.

    Examples
    --------
    A change of one indicator leaves that indicator alone:

    >>> shock = np.where(np.array(_NAMES) == "impact_shock_g", 0.15, 0.0)
    >>> float(effect_of_pace(shock, np.full(len(shock), 0.02))[_NAMES.index("impact_shock_g")])
    0.0
    """
    known = np.isfinite(deviation) & (sd > 0.0)
    weight = np.where(known, 1.0 / np.where(known, sd, 1.0) ** 2, 0.0)
    told = weight * np.where(known, deviation, 0.0)
    square = _SAY @ (_SQUARES * weight[:, None])
    right = _SAY @ (_PATTERN * told[:, None])
    a, b, c = square[:, 0] + _PRIOR[0], square[:, 1], square[:, 2] + _PRIOR[1]
    determinant = a * c - b * b
    speed = (c * right[:, 0] - b * right[:, 1]) / determinant
    slope = (a * right[:, 1] - b * right[:, 0]) / determinant
    effect: Array = BY_SPEED * speed + BY_SLOPE * slope
    return effect
