"""Displacement of the sensor within a step or a stride, up or sideways."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from imu.compiled import kernel


@kernel
def periodic_displacement(
    acceleration_m_s2: NDArray[np.float64],
    n: int,
    begin: float,
    middle: float,
    end: float,
    interval_s: float,
    velocity_m_s: NDArray[np.float64],
    out_m: NDArray[np.float64],
) -> float:
    """Integrate an acceleration twice; returns the peak to peak from ``middle`` on, m.

    Place and velocity are alike a stride later, not a step later: legs differ. So the velocity has
    zero mean between ``begin`` and ``end``, a stride where there is one.

    Parameters
    ----------
    acceleration_m_s2 : ndarray
        Acceleration along a direction, its mean over whole strides removed, m/s².
    n : int
        Number of values.
    begin, middle, end : float
        Fractional samples: where the span begins, what is measured begins, and both end.
    interval_s : float
        Time between samples, s.
    velocity_m_s : ndarray
        Scratch.
    out_m : ndarray
        Receives the displacement about its mean from ``middle`` to ``end``, m.
    """
    a, v, z, h = acceleration_m_s2, velocity_m_s, out_m, interval_s
    if n < 4 or end - middle < 2.0:
        return np.nan
    # the changes first, which do not wait for each other, then their sums
    v[0], v[1], v[n - 1] = 0.0, 0.5 * h * (a[0] + a[1]), 0.5 * h * (a[n - 2] + a[n - 1])
    for i in range(2, n - 1):
        v[i] = h / 24.0 * (13.0 * (a[i - 1] + a[i]) - a[i - 2] - a[i + 1])
    for i in range(1, n):
        v[i] += v[i - 1]
    # the trapezoid with its end correction: the velocity's slope is known
    z[0] = 0.0
    for i in range(1, n):
        z[i] = 0.5 * h * (v[i - 1] + v[i]) - h * h / 12.0 * (a[i] - a[i - 1])
    for i in range(1, n):
        z[i] += z[i - 1]
    slope = (_at(z, n, end) - _at(z, n, begin)) / (end - begin)
    first, last = max(int(math.ceil(middle)), 0), min(int(math.floor(end)), n - 1)
    for i in range(n):
        z[i] -= slope * i
    total = 0.0
    for i in range(first, last + 1):
        total += z[i]
    total /= last - first + 1
    for i in range(n):
        z[i] -= total
    low, high = first, first
    for i in range(first + 1, last + 1):
        low = i if z[i] < z[low] else low
        high = i if z[i] > z[high] else high
    return _vertex(z, n, high) - _vertex(z, n, low)


@kernel
def _at(values: NDArray[np.float64], n: int, index: float) -> float:
    i = min(max(int(math.floor(index)), 0), n - 2)
    return values[i] + (values[i + 1] - values[i]) * (index - i)


@kernel
def _vertex(values: NDArray[np.float64], n: int, i: int) -> float:
    """Value of the parabola through an extreme and its neighbours at its vertex."""
    if i < 1 or i > n - 2:
        return values[i]
    slope = 0.5 * (values[i + 1] - values[i - 1])
    bend = values[i + 1] - 2.0 * values[i] + values[i - 1]
    if bend == 0.0 or abs(slope) > abs(bend):
        return values[i]
    return values[i] - 0.5 * slope * slope / bend
