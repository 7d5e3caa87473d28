"""Functions of time carried with their first two derivatives, so that motion stays exact."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Jet(NamedTuple):
    """A quantity at N times with its rate of change and the rate of that.

    Examples
    --------
    >>> t = np.array([3.0])
    >>> time = Jet(t, np.ones(1), np.zeros(1))
    >>> time.times(time)
    Jet(value=array([9.]), rate=array([6.]), acceleration=array([2.]))
    """

    value: Array
    rate: Array
    acceleration: Array

    def plus(self, other: Jet) -> Jet:
        """The sum."""
        return Jet(
            self.value + other.value, self.rate + other.rate, self.acceleration + other.acceleration
        )

    def times(self, other: Jet) -> Jet:
        """The product, by Leibniz's rule."""
        return Jet(
            self.value * other.value,
            self.rate * other.value + self.value * other.rate,
            self.acceleration * other.value
            + 2.0 * self.rate * other.rate
            + self.value * other.acceleration,
        )

    def scaled(self, factor: float) -> Jet:
        """A constant times this."""
        return Jet(self.value * factor, self.rate * factor, self.acceleration * factor)


def cosine(angle: Jet, lag: float = 0.0) -> Jet:
    """cos(angle − lag), both in radians.

    Examples
    --------
    >>> cosine(Jet(np.zeros(1), np.full(1, 2.0), np.zeros(1))).acceleration
    array([-4.])
    """
    c, s = np.cos(angle.value - lag), np.sin(angle.value - lag)
    return Jet(c, -s * angle.rate, -c * angle.rate**2 - s * angle.acceleration)


def smooth_step(time_s: Array, start_s: float, end_s: float) -> Jet:
    """Rise from 0 to 1 between two times with two continuous derivatives (a quintic).

    Examples
    --------
    >>> smooth_step(np.array([0.0, 1.0, 2.0]), 0.0, 2.0).value
    array([0. , 0.5, 1. ])
    """
    width = end_s - start_s
    s = np.clip((time_s - start_s) / width, 0.0, 1.0)
    return Jet(
        s**3 * (10.0 - 15.0 * s + 6.0 * s**2),
        30.0 * s**2 * (1.0 - s) ** 2 / width,
        60.0 * s * (1.0 - s) * (1.0 - 2.0 * s) / width**2,
    )
