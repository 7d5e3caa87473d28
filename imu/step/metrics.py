"""What is measured in one finished step, from its window of samples in body axes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from imu.compiled import kernel


@kernel
def largest(values: NDArray[np.float64], first: int, last: int) -> float:
    """Largest value in ``[first, last)``; NaN when empty."""
    result = np.nan
    for value in values[first:last]:
        if not result >= value:
            result = value
    return result


@kernel
def mean(values: NDArray[np.float64], first: int, last: int) -> float:
    """Mean of ``[first, last)``; NaN when empty."""
    total = 0.0
    for value in values[first:last]:
        total += value
    return total / (last - first) if last > first else np.nan


@kernel
def angle_range(values: NDArray[np.float64], first: int, last: int) -> float:
    """Largest minus least value in ``[first, last)``; NaN when empty."""
    if last <= first:
        return np.nan
    low = high = values[first]
    for value in values[first + 1 : last]:
        low, high = min(low, value), max(high, value)
    return high - low


@kernel
def speed_lost(
    forward_m_s2: NDArray[np.float64], first: int, last: int, interval_s: float
) -> float:
    """Integral of the deceleration in ``[first, last)``, m/s, positive."""
    total = 0.0
    for value in forward_m_s2[first:last]:
        if value < 0.0:
            total -= value
    return total * interval_s


@kernel
def middle_mean_of(values: NDArray[np.float64], n: int, ordered: NDArray[np.float64]) -> float:
    """Mean of the middle half of the first ``n`` values, which are unchanged.

    As robust as a median, and it does not jump between two feet that differ. ``ordered`` has room
    for as many.
    """
    for i in range(n):
        k = i
        while k > 0 and ordered[k - 1] > values[i]:
            ordered[k] = ordered[k - 1]
            k -= 1
        ordered[k] = values[i]
    cut = n // 4
    total = 0.0
    for i in range(cut, n - cut):
        total += ordered[i]
    return total / (n - 2 * cut)
