"""What the parts of a session have in common: a pose, and steps counted as a smooth phase."""

from __future__ import annotations

from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from devices.simulator.jets import Jet

Array = NDArray[np.float64]


class Pose(NamedTuple):
    """Path (m) and angles (rad) with two derivatives, each shape (3, 3, N): order, axis, time.

    Forward, left and up; roll to the right, lean forward, yaw to the left.
    """

    path: Array
    angles: Array

    @classmethod
    def of(cls, path: list[Jet], angles: list[Jet]) -> Self:
        """Of three coordinates and three angles."""
        return cls(*(np.array(jets).transpose(1, 0, 2) for jets in (path, angles)))


class SmoothSeries:
    """Natural cubic splines in time through given values; straight beyond both ends.

    Parameters
    ----------
    time_s : ndarray, shape (N,)
    values : ndarray, shape (M, N)
        One series a row.

    Examples
    --------
    >>> times = np.array([0.0, 1.0, 2.0])
    >>> SmoothSeries(times, times[None]).at(np.array([1.5]))[0, 0]
    array([1.5])
    """

    def __init__(self, time_s: Array, values: Array) -> None:
        self._time_s = time_s
        h = np.diff(time_s)
        bend = np.array([_natural_spline_bend(h, row) for row in values])
        slope = np.diff(values) / h - h * (2.0 * bend[:, :-1] + bend[:, 1:]) / 6.0
        # of powers of the time since the knot, by piece: (4, M, N - 1)
        self._pieces = np.array(
            [values[:, :-1], slope, bend[:, :-1] / 2.0, np.diff(bend) / (6.0 * h)]
        )

    def at(self, time_s: Array) -> Array:
        """The series at N times with two derivatives, shape (3, M, N)."""
        knots = self._time_s
        k = np.clip(np.searchsorted(knots, time_s, "right") - 1, 0, len(knots) - 2)
        t = time_s - knots[k]
        inside = np.clip(t, 0.0, knots[k + 1] - knots[k])
        value, slope, half, sixth = self._pieces.take(k, axis=2)
        rate = slope + inside * (2.0 * half + 3.0 * inside * sixth)
        return np.array(
            [
                value + inside * (slope + inside * (half + inside * sixth)) + rate * (t - inside),
                rate,
                (2.0 * half + 6.0 * inside * sixth) * (t == inside),
            ]
        )


def step_phase(onset_s: Array) -> SmoothSeries:
    """Steps since the first onset, a smooth function of time."""
    return SmoothSeries(onset_s, np.arange(float(len(onset_s)))[None])


def _natural_spline_bend(h: Array, values: Array) -> Array:
    """Second derivative at the knots, which are ``h`` apart."""
    n = len(values)
    bend = [0.0] * n
    # tridiagonal elimination, forward and back
    upper, right = [0.0] * n, [0.0] * n
    widths, slopes = h.tolist(), (np.diff(values) / h).tolist()
    for i in range(1, n - 1):
        pivot = 2.0 * (widths[i - 1] + widths[i]) - widths[i - 1] * upper[i - 1]
        upper[i] = widths[i] / pivot
        right[i] = (6.0 * (slopes[i] - slopes[i - 1]) - widths[i - 1] * right[i - 1]) / pivot
    for i in range(n - 2, 0, -1):
        bend[i] = right[i] - upper[i] * bend[i + 1]
    return np.array(bend)


State = tuple[Array, Array, Array]


def bridge(start: State, end: State, duration_s: float) -> Array:
    """Coefficients, shape (3, 8), of the polynomial in time that joins two states without jerk."""
    rows = []
    for time in (0.0, duration_s):
        for order in range(4):
            row = np.zeros(8)
            for power in range(order, 8):
                factor = float(np.prod(np.arange(power, power - order, -1)))
                row[power] = factor * time ** (power - order)
            rows.append(row)
    still = np.zeros(3)
    return np.linalg.solve(np.array(rows), np.array([*start, still, *end, still])).T


def polynomial(coefficients: Array, time_s: Array) -> Array:
    """Value and two derivatives, shape (3, 3, N)."""
    powers = np.arange(8)
    terms = time_s ** powers[:, None]
    first = coefficients[:, 1:] * powers[1:]
    second = first[:, 1:] * powers[1:-1]
    return np.stack([coefficients @ terms, first @ terms[:-1], second @ terms[:-2]])
