"""Angles of a whole window at once: series that the compiler works on side by side.

The library's functions take one angle at a time, and were a seventh of what a step costs. Between
the bounds named here, which hardly any runner reaches, a polynomial of degree eleven in the square
is as good as 4 parts in 10¹⁵.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.compiled import kernel

# arctan(√u) / √u up to u = 1/3 and arcsin(√u) / √u up to u = 1/4, through their values at
# Chebyshev's nodes; from the highest power down
# fmt: off
_ARCTAN: Final = np.array([
    -0.008331540506333113, 0.025905525730195222, -0.04347700473226723, 0.05617453625768576,
    -0.06613760112577438, 0.07685046128928263, -0.09090236567841714, 0.1111107060644434,
    -0.14285712799925143, 0.1999999997052618, -0.333333333330869, 0.9999999999999961,
])
_ARCSIN: Final = np.array([
    0.03125, -0.011923472086588543, 0.01877498626708983, 0.009057709326346728,
    0.014425480117400481, 0.01729460718343034, 0.022377158131954886, 0.030381660459549188,
    0.04464286715976111, 0.07499999980507885, 0.16666666666829927, 0.9999999999999973,
])
# fmt: on
_LARGEST_TANGENT: Final = math.sqrt(1.0 / 3.0)
_LARGEST_SINE: Final = 0.5


@kernel
def fill_arctan(
    y: NDArray[np.float64], x: NDArray[np.float64], first: int, last: int, scale: float
) -> None:
    """Turn ``y[first:last]`` into ``arctan2(y, x)`` times a scale, in place."""
    # from 0 on: the compiler then knows that no place counts from the end
    y, x, n = y[first:last], x[first:last], last - first
    near = 0
    for i in range(n):
        near += 1 if abs(y[i]) <= _LARGEST_TANGENT * x[i] else 0
    if near < n:
        for i in range(n):
            y[i] = scale * math.atan2(y[i], x[i])
        return
    for i in range(n):
        tangent = y[i] / x[i]
        square = tangent * tangent
        value = _ARCTAN[0]
        for k in range(1, 12):
            value = value * square + _ARCTAN[k]
        y[i] = scale * (tangent * value)


@kernel
def fill_arcsin(sine: NDArray[np.float64], first: int, last: int, scale: float) -> None:
    """Turn ``sine[first:last]`` into the arcsine times a scale, in place."""
    sine, n = sine[first:last], last - first
    near = 0
    for i in range(n):
        near += 1 if abs(sine[i]) <= _LARGEST_SINE else 0
    if near < n:
        for i in range(n):
            sine[i] = scale * math.asin(min(max(sine[i], -1.0), 1.0))
        return
    for i in range(n):
        square = sine[i] * sine[i]
        value = _ARCSIN[0]
        for k in range(1, 12):
            value = value * square + _ARCSIN[k]
        sine[i] = scale * (sine[i] * value)
