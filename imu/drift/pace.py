"""Pace and slope, judged by the other indicators where nobody has measured them.

A runner who goes faster, or uphill, moves all indicators together in a known pattern; a change of
form moves one or two. What the others say of the pace is taken out of each indicator before it is
judged; its own value, and those that follow from it, have no say in that, so that a change of one
indicator is not explained away. Nor have those that fit no pace: a change of form in one kind of
indicator must not be read as a pace that the others lack. Only as good as the pattern, which is
that of a population.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.drift.covariates import BY_SLOPE, BY_SPEED
from imu.drift.indicators import INDICATORS, Indicator

__all__ = ["effect_of_pace"]

Array = NDArray[np.float64]

#: What is likely without knowing anything: SD of speed, m/s, and of slope, degrees.
_USUAL_SPEED_SD_M_S: Final = 0.15
_USUAL_SLOPE_SD_DEG: Final = 0.8
#: Where they were stated, and have been taken out already.
_STATED_SPEED_SD_M_S: Final = 0.05
_STATED_SLOPE_SD_DEG: Final = 0.2

_PATTERN: Final = np.stack([BY_SPEED, BY_SLOPE], axis=1)
_PRIOR: Final = np.array([_USUAL_SPEED_SD_M_S**-2, _USUAL_SLOPE_SD_DEG**-2])
_STATED_PRIOR: Final = np.array([_STATED_SPEED_SD_M_S**-2, _STATED_SLOPE_SD_DEG**-2])


def _kind(indicator: Indicator) -> frozenset[str]:
    """Names of those that one change of form moves together with an indicator."""
    together = {one.name for one in INDICATORS if not set(one.groups).isdisjoint(indicator.groups)}
    return frozenset({indicator.name} | together)


def _say() -> Array:
    rows = [
        [one.judges_pace and one.name not in _kind(indicator) for one in INDICATORS]
        for indicator in INDICATORS
    ]
    return np.array(rows, np.float64)


def _kinds() -> Array:
    """Rows of who is left in: everybody, then all but one kind of those who have a say."""
    speaking = {one.name: _kind(one) for one in INDICATORS if one.judges_pace}
    kinds = {kind.intersection(speaking) for kind in speaking.values()}
    rows = [
        [one.judges_pace and one.name not in kind for one in INDICATORS]
        for kind in (frozenset[str](), *sorted(kinds, key=sorted))
    ]
    return np.array(rows, np.float64)


#: Whether the second indicator has a say in what is taken out of the first.
_SAY: Final = _say()
#: Whether an indicator is left in, for each supposition of who changed by himself.
_LEFT_IN: Final = _kinds()
# products of the pattern with itself: speed², speed · slope, slope²
_SQUARES: Final = np.stack([BY_SPEED**2, BY_SPEED * BY_SLOPE, BY_SLOPE**2], axis=1)


def effect_of_pace(
    deviation: Array, sd: Array, stated: NDArray[np.bool_], outlier_penalty: float
) -> Array:
    """What the pace does to each indicator, judged by the others.

    The posterior mean of speed and slope given the others' deviations, times the pattern.

    Parameters
    ----------
    deviation : ndarray, shape (indicators,)
        From the baseline, as a share of it, degrees for the lean; NaN where not known.
    sd : ndarray, shape (indicators,)
        How far each wanders by itself, in the same units.
    stated : ndarray of bool, shape (2,)
        Whether speed and slope were stated, and what they do has been taken out.
    outlier_penalty : float
        One kind of indicators is ignored when that makes the others fit a pace better by this χ².

    Returns
    -------
    ndarray, shape (indicators,)
        In the units of ``deviation``.

    Examples
    --------
    A change of one indicator alone is not a change of pace:

    >>> shock = np.array([0.15 * (one.key == "impact_shock") for one in INDICATORS])
    >>> effect = effect_of_pace(shock, np.full(len(shock), 0.02), np.zeros(2, bool), 9.0)
    >>> float(np.abs(effect).max())
    0.0
    """
    known = np.isfinite(deviation) & (sd > 0.0)
    weight = np.where(known, 1.0 / np.where(known, sd, 1.0) ** 2, 0.0)
    told = weight * np.where(known, deviation, 0.0)
    squares, patterns = _SQUARES * weight[:, None], _PATTERN * told[:, None]
    # χ² that is left of the deviations under each supposition, at the likeliest pace
    right = _LEFT_IN @ patterns
    prior = np.where(stated, _STATED_PRIOR, _PRIOR)
    pace = _posterior(_LEFT_IN @ squares, right, prior)
    left = _LEFT_IN @ (told * np.where(known, deviation, 0.0)) - (right * pace).sum(axis=1)
    left[1:] += outlier_penalty
    left_in = _LEFT_IN[int(np.argmin(left))]
    say = _SAY * left_in
    pace = _posterior(say @ squares, say @ patterns, prior)
    effect: Array = (_PATTERN * pace).sum(axis=1)
    return effect


def _posterior(squares: Array, right: Array, prior: Array) -> Array:
    """Likeliest speed and slope, shape (N, 2), of N sets of normal equations."""
    a, b, c = squares[:, 0] + prior[0], squares[:, 1], squares[:, 2] + prior[1]
    speed = c * right[:, 0] - b * right[:, 1]
    slope = a * right[:, 1] - b * right[:, 0]
    return np.stack([speed, slope], axis=1) / (a * c - b * b)[:, None]
