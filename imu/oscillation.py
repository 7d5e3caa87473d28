"""Vertical displacement of the sensor within a step."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from imu.compiled import kernel

__all__ = ["vertical_displacement"]


@kernel
def vertical_displacement(
    acceleration_m_s2: NDArray[np.float64],
    first: int,
    last: int,
    interval_s: float,
    out_m: NDArray[np.float64],
) -> float:
    """Integrate vertical acceleration twice over one step; returns the peak-to-peak, m.

    The step is periodic to first order, so the mean acceleration, the mean velocity and the trend
    of the displacement are removed: what a constant sensor error would add.

    Parameters
    ----------
    acceleration_m_s2 : ndarray
        Vertical acceleration (gravity removed), m/s².
    first, last : int
        Samples of the initial contact and of the next one (included).
    interval_s : float
        Time between samples, s.
    out_m : ndarray
        Receives the displacement about its mean in ``[first, last]``, m.
    """
    n = last - first + 1
    if n < 3:
        return np.nan
    mean = 0.5 * (acceleration_m_s2[first] + acceleration_m_s2[last])
    for i in range(first + 1, last):
        mean += acceleration_m_s2[i]
    mean /= n - 1
    velocity = 0.0
    out_m[first] = 0.0
    mean_velocity = 0.0
    for i in range(first + 1, last + 1):
        velocity += (0.5 * (acceleration_m_s2[i - 1] + acceleration_m_s2[i]) - mean) * interval_s
        out_m[i] = velocity
        # velocity is zero at both ends, so the plain sum is the trapezoid
        mean_velocity += velocity
    mean_velocity /= n - 1
    position, previous = 0.0, out_m[first] - mean_velocity
    out_m[first] = 0.0
    for i in range(first + 1, last + 1):
        current = out_m[i] - mean_velocity
        position += 0.5 * (previous + current) * interval_s
        previous = current
        out_m[i] = position
    slope = position / (n - 1)
    low, high, mean = 0.0, 0.0, 0.0
    for i in range(first, last + 1):
        out_m[i] -= slope * (i - first)
        low, high = min(low, out_m[i]), max(high, out_m[i])
        mean += out_m[i]
    mean /= n
    for i in range(first, last + 1):
        out_m[i] -= mean
    return high - low
