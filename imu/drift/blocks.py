"""Blocks of steps: one robust value an indicator from twenty steps or so."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.drift.indicators import INDICATORS
from imu.samples import Quality
from imu.step.trusted_steps import RUNG_COLUMNS, TILTED_COLUMNS
from imu.steps import Steps

Array = NDArray[np.float64]

_TRIM: Final = 0.2
_LOOSE: Final = int(Quality.LOOSE)
_TILT: Final = int(Quality.TILT)
_LEAST_OF_A_SIDE: Final = 3
_LEFT_CODE: Final = 2  # codes below it are feet whose side is not known
_RATES: Final = tuple(i for i, item in enumerate(INDICATORS) if item.statistic == "rate")
_DOSES: Final = tuple(i for i, item in enumerate(INDICATORS) if item.statistic == "dose")
_DIFFERENCES: Final = tuple(
    i for i, item in enumerate(INDICATORS) if item.statistic == "difference"
)
#: The step time, s, is what blocks make a cadence from.
_STEP_TIME: Final = _RATES[0]


def watched(steps: Steps) -> Array:
    """What the blocks are made of, shape (N, indicators): a number a step and indicator.

    Of a rate the step time in s, of a dose the fourth power, of a difference the value where the
    side is known; otherwise the column. NaN is what a loose clip reads wrong, and
    what hangs on a tilt that is not known.
    """
    rows = steps.rows
    table = np.empty((len(rows), len(INDICATORS)))
    for i, indicator in enumerate(INDICATORS):
        column = rows["step_time_s" if indicator.statistic == "rate" else indicator.column]
        if indicator.column in RUNG_COLUMNS:
            column = np.where((rows["quality"] & _LOOSE) != 0, np.nan, column)
        if indicator.column in TILTED_COLUMNS:
            column = np.where((rows["quality"] & _TILT) != 0, np.nan, column)
        if indicator.statistic == "dose":
            column = column**4
        elif indicator.statistic == "difference":
            column = np.where(rows["side"] >= _LEFT_CODE, column, np.nan)
        table[:, i] = column
    return table


def block_values(table: Array, sides: NDArray[np.int64]) -> Array:
    """One value an indicator, in its unit, from a block of steps.

    Parameters
    ----------
    table : ndarray, shape (N, indicators)
        Of :func:`watched`.
    sides : ndarray of int, shape (N,)
        Even for one side (the left, where known), odd for the other.

    Returns
    -------
    ndarray, shape (indicators,)
        NaN where fewer than half of the steps have a value.
    """
    odd = sides & 1 == 1
    even_rows, odd_rows = np.sort(table[~odd], axis=0), np.sort(table[odd], axis=0)
    if min(len(even_rows), len(odd_rows)) < _LEAST_OF_A_SIDE:
        values = np.array([robust_mean(column, sides.tolist()) for column in table.T.tolist()])
        values[list(_DIFFERENCES)] = math.nan
    else:
        # NaN sorts last
        whole = np.isfinite(even_rows[-1]) & np.isfinite(odd_rows[-1])
        even_mean, odd_mean = _middle(even_rows), _middle(odd_rows)
        values = 0.5 * (even_mean + odd_mean)
        for i in _DIFFERENCES:
            both = even_mean[i] + odd_mean[i]
            values[i] = 200.0 * (even_mean[i] - odd_mean[i]) / both if both else math.nan
        for i in np.flatnonzero(~whole).tolist():
            known = i not in _DIFFERENCES
            values[i] = robust_mean(table[:, i].tolist(), sides.tolist()) if known else math.nan
    step_time_s = values[_STEP_TIME]
    values[list(_DOSES)] /= step_time_s
    values[list(_RATES)] = 60.0 / step_time_s if step_time_s > 0.0 else math.nan
    return values


def _middle(ordered: Array) -> Array:
    """Means of the columns without their lowest and highest fifth."""
    cut = int(_TRIM * len(ordered))
    means: Array = ordered[cut : len(ordered) - cut].mean(axis=0)
    return means


def robust_mean(values: Sequence[float], sides: Sequence[int]) -> float:
    """Mean of a block that a few odd steps do not move.

    The mean of each side without its lowest and highest fifth, then the mean of both sides, so that
    neither a left/right difference nor an uneven share of the sides shows. It varies less than a
    median does. Without three values on both sides, the same over all values.

    Parameters
    ----------
    values : sequence of float, length N
        One per step, NaN where not measurable.
    sides : sequence of int, length N
        Even for one side, odd for the other.

    Returns
    -------
    float
        NaN when fewer than half of the steps have a value.

    Examples
    --------
    >>> robust_mean([1.0, 3.0, 1.0, 3.0, 1.0, 3.0, 90.0], [0, 1, 0, 1, 0, 1, 0])
    13.125
    >>> robust_mean([1.0, 3.0] * 5 + [90.0], [0, 1] * 5 + [0])
    2.0
    """
    even, odd = (
        sorted(
            value
            for value, side in zip(values, sides, strict=True)
            if side & 1 == foot and math.isfinite(value)
        )
        for foot in (0, 1)
    )
    if 2 * (len(even) + len(odd)) < len(values) or not (even or odd):
        return math.nan
    if min(len(even), len(odd)) < _LEAST_OF_A_SIDE:
        return trimmed_mean(even + odd)
    return 0.5 * (trimmed_mean(even) + trimmed_mean(odd))


def trimmed_mean(values: Sequence[float]) -> float:
    """Mean without the lowest and the highest fifth.

    Examples
    --------
    >>> trimmed_mean([5.0, 1.0, 2.0, 3.0, 99.0])
    3.3333333333333335
    """
    ordered = sorted(values)
    cut = int(_TRIM * len(ordered))
    kept = ordered[cut : len(ordered) - cut]
    return math.fsum(kept) / len(kept)
