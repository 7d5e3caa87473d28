"""Pace and slope, as known or as the other indicators tell.

A runner who goes faster, or uphill, moves all indicators together in a known pattern; a change of
form moves one or two. Where nobody has measured speed and slope, they are estimated for each
indicator from the others: its own value, and those that one change of form moves together with it,
have no say. An estimate counts once it is beyond what the others' own wander makes of it, so that a
steady run is not stirred by it.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.drift.indicators import INDICATORS, Indicator

Array = NDArray[np.float64]

#: The place of the cadence, which is measured wherever there are steps.
CADENCE: Final = [indicator.name for indicator in INDICATORS].index("cadence_spm")
#: What is likely without knowing anything: SD of speed, %, and of slope, degrees.
_USUAL_SD: Final = np.array([25.0, 1.5])
_KNOWN_SD: Final = np.array([0.01, 0.001])


def _kind(indicator: Indicator) -> frozenset[str]:
    """Names of those that one change of form moves together with an indicator."""
    together = {one.name for one in INDICATORS if not set(one.groups).isdisjoint(indicator.groups)}
    return frozenset({indicator.name} | together)


#: Whether the second indicator has a say in the pace of the first.
_SAY: Final = np.array(
    [[one.judges_pace and one.name not in _kind(two) for one in INDICATORS] for two in INDICATORS],
    np.float64,
)
_USUAL: Final = [indicator.population for indicator in INDICATORS]
_ON_SPEED: Final = np.array([usual.speed[0] for usual in _USUAL])
_UPHILL: Final = np.array([usual.uphill[0] for usual in _USUAL])
_DOWNHILL: Final = np.array([usual.downhill[0] for usual in _USUAL])
#: Products of the patterns of speed, uphill and downhill, and these themselves.
_SQUARES: Final = np.stack(
    [_ON_SPEED**2, _ON_SPEED * _UPHILL, _ON_SPEED * _DOWNHILL, _UPHILL**2, _DOWNHILL**2], axis=1
)
_PATTERNS: Final = np.stack([_ON_SPEED, _UPHILL, _DOWNHILL], axis=1)


def pace_for_each(
    deviation: Array, variance: Array, known: Array, multiple: float
) -> tuple[Array, Array]:
    """Speed and slope for each indicator, relative to the baseline's.

    The posterior mean given the deviations of those that have a say, uphill or downhill, whichever
    explains them better.

    Parameters
    ----------
    deviation : ndarray, shape (indicators,)
        From the baseline, % or the indicator's unit; NaN where not known.
    variance : ndarray, shape (indicators,)
        How far each is by itself.
    known : ndarray, shape (2,)
        Speed, %, and slope, degrees, where they were measured or stated; NaN else.
    multiple : float
        An estimate is nothing up to this many standard deviations, and whole from twice as many on.

    Returns
    -------
    speed_percent, slope_deg : ndarray, shape (indicators,)

    Examples
    --------
    A change of one indicator alone is not a change of pace to itself:

    >>> shock = np.array([15.0 * (one.key == "impact_shock") for one in INDICATORS])
    >>> unknown = np.full(2, np.nan)
    >>> speed, slope = pace_for_each(shock, np.full(len(shock), 4.0), unknown, 1.5)
    >>> place = [one.key for one in INDICATORS].index("impact_shock")
    >>> float(abs(speed[place])), float(abs(slope[place]))
    (0.0, 0.0)
    """
    has_value = np.isfinite(deviation)
    weight = np.where(has_value, 1.0 / variance, 0.0)
    told = weight * np.where(has_value, deviation, 0.0)
    stated = np.isfinite(known)
    middle = np.where(stated, known, 0.0)
    precision = np.where(stated, _KNOWN_SD, _USUAL_SD) ** -2.0
    sums = _SAY @ np.concatenate([weight[:, None] * _SQUARES, told[:, None] * _PATTERNS], axis=1)
    uphill = _likeliest(sums[:, [0, 1, 3, 5, 6]], middle, precision, 1.0)
    downhill = _likeliest(sums[:, [0, 2, 4, 5, 7]], middle, precision, -1.0)
    speed, slope, speed_sd, slope_sd, _ = np.where(uphill[4] <= downhill[4], uphill, downhill)
    speed = middle[0] + 0.0 * speed if stated[0] else _beyond(speed, multiple * speed_sd)
    slope = middle[1] + 0.0 * slope if stated[1] else _beyond(slope, multiple * slope_sd)
    return speed, slope


def _likeliest(sums: Array, middle: Array, precision: Array, sign: float) -> Array:
    """Speed, slope, their SD and χ² but for a constant, shape (5, N), for one sign of the slope.

    ``sums`` are the normal equations: speed², speed · slope, slope², and what was found along both.
    """
    a, b, c, right_speed, right_slope = (sums + 0.0).T
    a, c = a + precision[0], c + precision[1]
    right_speed = right_speed + precision[0] * middle[0]
    right_slope = right_slope + precision[1] * middle[1]
    determinant = a * c - b * b
    speed = (c * right_speed - b * right_slope) / determinant
    slope = (a * right_slope - b * right_speed) / determinant
    wrong = sign * slope < 0.0
    slope = np.where(wrong, 0.0, slope)
    speed = np.where(wrong, right_speed / a, speed)
    cost = a * speed**2 + 2.0 * b * speed * slope + c * slope**2
    cost -= 2.0 * (speed * right_speed + slope * right_slope)
    return np.stack([speed, slope, np.sqrt(c / determinant), np.sqrt(a / determinant), cost])


def _beyond(value: Array, least: Array) -> Array:
    """Nothing up to ``least``, all from twice that on."""
    share = np.clip(np.abs(value) / np.maximum(least, 1e-9) - 1.0, 0.0, 1.0)
    result: Array = value * share
    return result
