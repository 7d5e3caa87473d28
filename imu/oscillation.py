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
    begin: int,
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
        Samples of two equal phases of neighbouring steps, between which it is periodic.
    begin : int
        The displacement is also given from here to ``first``, by the same constants.
    interval_s : float
        Time between samples, s.
    out_m : ndarray
        Receives the displacement about its mean, m.
    """
    n = last - first
    if n < 2:
        return np.nan
    mean = 0.5 * (acceleration_m_s2[first] + acceleration_m_s2[last])
    for i in range(first + 1, last):
        mean += acceleration_m_s2[i]
    mean /= n
    velocity, position = 0.0, 0.0
    # trapezoids; the mean velocity is the position at the end over the time
    out_m[first] = 0.0
    for i in range(first + 1, last + 1):
        change = (0.5 * (acceleration_m_s2[i - 1] + acceleration_m_s2[i]) - mean) * interval_s
        position += (velocity + 0.5 * change) * interval_s
        velocity += change
        out_m[i] = position
    slope = position / n
    low, high, centre = 0.0, 0.0, 0.0
    for i in range(first, last + 1):
        out_m[i] -= slope * (i - first)
        low, high = min(low, out_m[i]), max(high, out_m[i])
        centre += out_m[i]
    centre /= n + 1
    # backwards from the first sample, where velocity was zero before the mean was removed
    velocity, position = 0.0, 0.0
    for i in range(first - 1, begin - 1, -1):
        change = (0.5 * (acceleration_m_s2[i] + acceleration_m_s2[i + 1]) - mean) * interval_s
        position -= (velocity - 0.5 * change) * interval_s
        velocity -= change
        out_m[i] = position - slope * (i - first) - centre
    for i in range(first, last + 1):
        out_m[i] -= centre
    return high - low
