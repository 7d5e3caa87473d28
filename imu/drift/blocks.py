"""Blocks of steps: one robust value an indicator from twenty steps or so."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.compiled import kernel
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
_EITHER: Final = 2
_IS_RATE: Final = np.array([one.statistic == "rate" for one in INDICATORS])
_IS_DOSE: Final = np.array([one.statistic == "dose" for one in INDICATORS])
_IS_DIFFERENCE: Final = np.array([one.statistic == "difference" for one in INDICATORS])
#: The step time, s, is what blocks make a cadence from.
_STEP_TIME: Final = int(np.flatnonzero(_IS_RATE)[0])


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


@kernel
def gather(
    segments: NDArray[np.void],
    take: NDArray[np.intp],
    half: int,
    table: Array,
    sides: NDArray[np.int64],
    pace: Array,
    group: Array,
) -> None:
    """Lay some steps into the half of a block that is being gathered."""
    s = segments[0]
    first = s.half * half
    for k in take:
        place = first + s.gathered
        s.sides[place] = sides[k]
        for i in range(table.shape[1]):
            s.values[place, i] = table[k, i]
        for i in range(pace.shape[1]):
            s.pace[place, i] = pace[k, i]
        for i in range(group.shape[1]):
            s.group[s.gathered, i] = group[k, i]
        s.gathered += 1


def block_values(table: Array, sides: NDArray[np.int64]) -> Array:
    """One value an indicator, in its unit, from a block of steps.

    The mean of each side without its lowest and highest fifth, then the mean of both sides, so that
    neither a few odd steps nor a left/right difference nor an uneven share of the sides shows. It
    varies less than a median does. Without three values on both sides, the same over all values.

    Parameters
    ----------
    table : ndarray, shape (N, indicators)
        Of :func:`watched`.
    sides : ndarray of int, shape (N,)
        Even for one side (the left, where known), odd for the other.

    Returns
    -------
    ndarray, shape (indicators,)
        NaN where fewer than half of the steps have a value, or, of a difference, one has none.
    """
    values = np.empty(table.shape[1])
    _block_values(table, sides, np.empty((2, len(table))), values)
    return values


@kernel
def _block_values(table: Array, sides: NDArray[np.int64], ordered: Array, values: Array) -> None:
    """:func:`block_values`, compiled; ``ordered``, shape (2, N), is room for the steps."""
    for i in range(len(values)):
        values[i] = _robust_mean(table, sides, i, ordered)
    step_time_s = values[_STEP_TIME]
    for i in range(len(values)):
        if _IS_DOSE[i]:
            values[i] /= step_time_s
        elif _IS_RATE[i]:
            values[i] = 60.0 / step_time_s if step_time_s > 0.0 else math.nan


@kernel
def _robust_mean(table: Array, sides: NDArray[np.int64], i: int, ordered: Array) -> float:
    """Of one column; of a difference, the even side's mean less the odd one's in % of both."""
    n = len(table)
    even, odd = _sort(table, sides, i, 0, ordered[0]), _sort(table, sides, i, 1, ordered[1])
    if _IS_DIFFERENCE[i]:
        if even + odd < n or min(even, odd) < _LEAST_OF_A_SIDE:
            return math.nan
        left, right = _trimmed_mean(ordered[0], even), _trimmed_mean(ordered[1], odd)
        both = left + right
        return 200.0 * (left - right) / both if both != 0.0 else math.nan
    if 2 * (even + odd) < n or even + odd == 0:
        return math.nan
    if min(even, odd) < _LEAST_OF_A_SIDE:
        return _trimmed_mean(ordered[0], _sort(table, sides, i, _EITHER, ordered[0]))
    return 0.5 * (_trimmed_mean(ordered[0], even) + _trimmed_mean(ordered[1], odd))


@kernel
def _sort(table: Array, sides: NDArray[np.int64], i: int, foot: int, ordered: Array) -> int:
    """A side's values of a column, in ascending order without NaN; returns how many."""
    count = 0
    for k in range(len(table)):
        value = table[k, i]
        if math.isfinite(value) and (foot == _EITHER or sides[k] & 1 == foot):
            place = count
            while place > 0 and ordered[place - 1] > value:
                ordered[place] = ordered[place - 1]
                place -= 1
            ordered[place] = value
            count += 1
    return count


@kernel
def _trimmed_mean(ordered: Array, count: int) -> float:
    """Mean without the lowest and the highest fifth."""
    cut = int(_TRIM * count)
    total = 0.0
    for k in range(cut, count - cut):
        total += ordered[k]
    return total / (count - 2 * cut)
