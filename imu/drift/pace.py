"""Pace and slope, as known or as the other indicators tell.

A runner who goes faster, or uphill, moves all indicators together in a known pattern; a change of
form moves one or two. Where nobody has measured speed and slope, they are estimated for each
indicator from the others: its own value, and those that one change of form moves together with it,
have no say. What a cadence that the runner chose does to contact and oscillation is sought beside
them, since it would pass for a slower pace. An estimate counts once it is beyond what the others'
own wander makes of it, so that a steady run is not stirred by it. Where the slope keeps being
another, as on hills, a small estimate counts too, and what is left of the slope is not known:
estimates that vary by more than their error tell how much (empirical Bayes, Efron & Morris 1973,
doi:10.1080/01621459.1973.10481350).
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.compiled import kernel
from imu.drift.indicators import INDICATORS, Indicator

Array = NDArray[np.float64]

#: The place of the cadence, which is measured wherever there are steps.
CADENCE: Final = [indicator.name for indicator in INDICATORS].index("cadence_spm")
#: What is found for each: speed, slope, how far each may be off, and by how much the slope varies
#: more than its error, degrees².
FOUND: Final = 5
#: What is likely without knowing anything: SD of speed, %, and of slope, degrees.
_USUAL_SD: Final = np.array([25.0, 1.5])
#: Of a cadence that the runner chose otherwise, %.
_CHOSEN_SD: Final = 3.0
_KNOWN_SD: Final = np.array([0.01, 0.001])


def _kind(indicator: Indicator) -> frozenset[str]:
    """Names of those that one change of form moves together with an indicator."""
    together = {one.name for one in INDICATORS if not set(one.groups).isdisjoint(indicator.groups)}
    return frozenset({indicator.name} | together)


#: Whether the second indicator has a say in the pace of the first.
_SAY: Final = np.array(
    [[one.judges_pace and one.name not in _kind(two) for one in INDICATORS] for two in INDICATORS]
)
_USUAL: Final = [indicator.population for indicator in INDICATORS]
_ON_SPEED: Final = np.array([usual.speed[0] for usual in _USUAL])
_UPHILL: Final = np.array([usual.uphill[0] for usual in _USUAL])
_DOWNHILL: Final = np.array([usual.downhill[0] for usual in _USUAL])
_BY_CADENCE: Final = np.array([usual.cadence[0] for usual in _USUAL])
_BY_CADENCE[CADENCE] = 1.0


def pace_for_each(
    deviation: Array,
    variance: Array,
    known: Array,
    multiples: tuple[float, float],
    hilliness: Array | None = None,
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
    multiples : tuple of float
        Of speed and slope: an estimate is nothing up to this many standard deviations, and whole
        from twice as many on.
    hilliness : ndarray, shape (indicators,), optional
        By how much estimates of the slope varied more than their error does so far, degrees²: an
        estimate counts by its share in what both make. None for nothing.

    Returns
    -------
    speed_percent, slope_deg : ndarray, shape (indicators,)

    Examples
    --------
    A change of one indicator alone is not a change of pace to itself:

    >>> shock = np.array([15.0 * (one.key == "impact_shock") for one in INDICATORS])
    >>> unknown = np.full(2, np.nan)
    >>> speed, slope = pace_for_each(shock, np.full(len(shock), 4.0), unknown, (0.75, 1.5))
    >>> place = [one.key for one in INDICATORS].index("impact_shock")
    >>> float(abs(speed[place])), float(abs(slope[place]))
    (0.0, 0.0)
    """
    found = np.empty((len(deviation), FOUND))
    if hilliness is None:
        hilliness = np.zeros(len(deviation))
    estimate_pace(deviation, variance, known[0], known[1], *multiples, hilliness, found)
    return found[:, 0], found[:, 1]


@kernel
def estimate_pace(
    deviation: Array,
    variance: Array,
    known_speed: float,
    known_slope: float,
    speed_multiple: float,
    slope_multiple: float,
    hilliness: Array,
    found: Array,
) -> None:
    """:func:`pace_for_each`, compiled: :data:`FOUND` to ``found``, no error where known."""
    speed_known, slope_known = math.isfinite(known_speed), math.isfinite(known_slope)
    middle_speed = known_speed if speed_known else 0.0
    middle_slope = known_slope if slope_known else 0.0
    speed_precision = (_KNOWN_SD[0] if speed_known else _USUAL_SD[0]) ** -2.0
    slope_precision = (_KNOWN_SD[1] if slope_known else _USUAL_SD[1]) ** -2.0
    for i in range(len(deviation)):
        uphill = _likeliest(
            i, deviation, variance, middle_speed, middle_slope, speed_precision, slope_precision, 1
        )
        downhill = _likeliest(
            i, deviation, variance, middle_speed, middle_slope, speed_precision, slope_precision, -1
        )
        better = uphill if uphill[4] <= downhill[4] else downhill
        speed, slope, speed_error, slope_error, _ = better
        varies = max(hilliness[i], 0.0)
        share = _beyond(slope, slope_multiple * slope_error)
        share = max(share, varies / (varies + slope_error**2))
        found[i, 0] = (
            middle_speed if speed_known else speed * _beyond(speed, speed_multiple * speed_error)
        )
        found[i, 1] = middle_slope if slope_known else slope * share
        found[i, 2] = 0.0 if speed_known else speed_error
        found[i, 3] = 0.0 if slope_known else slope_error * math.sqrt(share)
        found[i, 4] = 0.0 if slope_known else slope**2 - slope_error**2


@kernel
def _likeliest(
    i: int,
    deviation: Array,
    variance: Array,
    middle_speed: float,
    middle_slope: float,
    speed_precision: float,
    slope_precision: float,
    way: int,
) -> tuple[float, float, float, float, float]:
    """Speed, slope, their SD and χ² but for a constant, uphill (1) or downhill (-1).

    By the normal equations for speed, slope, and a cadence that the runner chose beside them.
    """
    a, b, c = speed_precision, 0.0, slope_precision
    d, e, f = 0.0, 0.0, _CHOSEN_SD**-2.0
    right_speed, right_slope = speed_precision * middle_speed, slope_precision * middle_slope
    right_chosen = 0.0
    for j in range(len(deviation)):
        if _SAY[i, j] and math.isfinite(deviation[j]):
            on_speed, on_slope = _ON_SPEED[j], _UPHILL[j] if way > 0 else _DOWNHILL[j]
            chosen = _BY_CADENCE[j]
            weight = 1.0 / variance[j]
            a += weight * on_speed * on_speed
            b += weight * on_speed * on_slope
            c += weight * on_slope * on_slope
            d += weight * on_speed * chosen
            e += weight * on_slope * chosen
            f += weight * chosen * chosen
            right_speed += weight * on_speed * deviation[j]
            right_slope += weight * on_slope * deviation[j]
            right_chosen += weight * chosen * deviation[j]
    # the cadence eliminated
    a, b, c = a - d * d / f, b - d * e / f, c - e * e / f
    right_speed -= d * right_chosen / f
    right_slope -= e * right_chosen / f
    determinant = a * c - b * b
    speed = (c * right_speed - b * right_slope) / determinant
    slope = (a * right_slope - b * right_speed) / determinant
    if way * slope < 0.0:
        speed, slope = right_speed / a, 0.0
    cost = a * speed * speed + 2.0 * b * speed * slope + c * slope * slope
    cost -= 2.0 * (speed * right_speed + slope * right_slope)
    cost -= right_chosen * right_chosen / f
    return speed, slope, math.sqrt(c / determinant), math.sqrt(a / determinant), cost


@kernel
def _beyond(value: float, least: float) -> float:
    """What a value counts for: nothing up to ``least``, all from twice that on."""
    return min(max(abs(value) / max(least, 1e-9) - 1.0, 0.0), 1.0)
