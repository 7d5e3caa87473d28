"""Displacement of the sensor within a step or a stride, up or sideways."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.chain.loop import CONTACTS, FLAGS, force_of_past
from imu.compiled import Record, kernel, small_kernel
from imu.samples import STANDARD_GRAVITY_M_S2, Quality
from imu.step.stride_levelling import mean_of_past, strides_to_average
from imu.step.window import (
    ALONG,
    DISPLACEMENT,
    MOVED,
    VELOCITY,
    WINDOW_SAMPLES,
)

_CLIPPED: Final = int(Quality.CLIPPED)
_UNMEASURED: Final = int(Quality.GAP | Quality.CLIPPED)
#: A stride's mean force along up is that of the strides it is averaged with, within this, g: 0.037
#: in 99 % of the strides of 20 joggers. Else the sensor says that its velocity has changed, and the
#: way is off by 6 mm for each 0.01 g.
_ALIKE_G: Final = 0.05


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
    for value in z[first : last + 1]:
        total += value
    total /= last - first + 1
    for i in range(n):
        z[i] -= total
    low, high, least, most = first, first, z[first], z[first]
    for i in range(first + 1, last + 1):
        if z[i] < least:
            low, least = i, z[i]
        if z[i] > most:
            high, most = i, z[i]
    return _vertex(z, n, high) - _vertex(z, n, low)


@small_kernel
def _at(values: NDArray[np.float64], n: int, index: float) -> float:
    i = min(max(int(math.floor(index)), 0), n - 2)
    return values[i] + (values[i + 1] - values[i]) * (index - i)


@small_kernel
def _vertex(values: NDArray[np.float64], n: int, i: int) -> float:
    """Value of the parabola through an extreme and its neighbours at its vertex."""
    if i < 1 or i > n - 2:
        return values[i]
    slope = 0.5 * (values[i + 1] - values[i - 1])
    bend = values[i + 1] - 2.0 * values[i] + values[i - 1]
    if bend == 0.0 or abs(slope) > abs(bend):
        return values[i]
    return values[i] - 0.5 * slope * slope / bend


@small_kernel
def _flags_at(s: Record, sample: int) -> int:
    return int(s.past[FLAGS, max(sample - s.segment.oldest, 0)])


@kernel
def _find_stride(s: Record, number: int, longest: int) -> tuple[float, float, float, float, bool]:
    """Where the stride begins that ends with the step, and the mean force of the last ones.

    The step itself where there is no stride; NaN where it cannot be measured. And whether the
    stride repeats those before it.
    """
    rise, end = s.bout.rises[number % CONTACTS], s.bout.rises[(number + 1) % CONTACTS]
    oldest = float(s.segment.oldest)
    steps = strides_to_average(number + 1)
    begin = rise
    mean_from = rise
    if steps >= 2:
        begin = s.bout.rises[(number - 1) % CONTACTS]
        mean_from = s.bout.rises[(number + 1 - steps) % CONTACTS]
    # nothing is averaged over samples that were not measured, except within the step alone
    whole = int(math.floor(end))
    if whole > mean_from:
        whole = min(whole, s.segment.flagged)
    while whole > mean_from and not _flags_at(s, whole - 1) & _UNMEASURED:
        whole -= 1
    if number - s.bout.hole < CONTACTS:
        hole_end = s.bout.rises[(s.bout.hole + 1) % CONTACTS]
        whole = whole if math.isnan(hole_end) else max(whole, int(math.ceil(hole_end)))
    # the step alone is off by some millimetres, and one beside a force at its limit bears no flag
    lone = mean_from < whole <= rise and _flags_at(s, whole - 1) & _CLIPPED
    while not mean_from >= whole and steps > 2:
        steps -= 2
        mean_from = s.bout.rises[(number + 1 - steps) % CONTACTS]
    if not mean_from >= max(oldest, whole) or end - begin > longest:
        begin, mean_from = rise, rise
    if not (rise >= oldest and end - rise > 3.0) or (begin == rise and lone):
        return np.nan, np.nan, np.nan, np.nan, True
    x, y, z = mean_of_past(s, mean_from, end)
    repeats = True
    if mean_from < begin:
        u = s.segment.up
        p, q, r = mean_of_past(s, begin, end)
        unlike = (p - x) * u[0] + (q - y) * u[1] + (r - z) * u[2]
        repeats = abs(unlike) <= _ALIKE_G * STANDARD_GRAVITY_M_S2
    return begin, x, y, z, repeats


@kernel
def _oscillation(
    c: Record,
    s: Record,
    f: Record,
    u: tuple[float, float, float],
    mean_force: tuple[float, float, float],
    start: int,
    n: int,
    span: tuple[float, float, float],
) -> float:
    """Peak to peak of the way along a direction, m, from the middle of the span to its end.

    The displacement goes to a row of the window.
    """
    w = f.window
    fx, fy, fz = force_of_past(s, start, n)
    (x, y, z), (begin, middle, end) = u, span
    constant = mean_force[0] * x + mean_force[1] * y + mean_force[2] * z
    for i in range(n):
        along = fx[i] * x + fy[i] * y + fz[i] * z
        w[ALONG, i] = along - constant
    return periodic_displacement(
        w[ALONG], n, begin, middle, end, c.interval_s, w[VELOCITY], w[MOVED]
    )


@kernel
def measure_oscillations(
    c: Record,
    s: Record,
    f: Record,
    number: int,
    first: int,
    a: int,
    b: int,
    left: tuple[float, float, float],
) -> tuple[float, float, bool]:
    """Peak to peak of the way up in a step and sideways in the stride that ends with it, m.

    And whether the stride repeats those before it: else they are no way. The displacement of the
    samples ``[a, b)`` goes to a row of the window.
    """
    w = f.window
    rise, end = s.bout.rises[number % CONTACTS], s.bout.rises[(number + 1) % CONTACTS]
    begin, x, y, z, repeats = _find_stride(s, number, WINDOW_SAMPLES - 8)
    if math.isnan(begin):
        for i in range(a, b):
            w[DISPLACEMENT, i] = np.nan
        return np.nan, np.nan, True
    start = max(min(int(math.floor(begin)), first + a) - 1, s.segment.oldest)
    n = min(min(int(math.ceil(end)) + 2, s.segment.samples) - start, WINDOW_SAMPLES)
    mean_force = (x, y, z)
    sideways = np.nan
    if begin != rise:
        span = (begin - start, begin - start, end - start)
        sideways = _oscillation(c, s, f, left, mean_force, start, n, span)
    span = (begin - start, rise - start, end - start)
    upwards = _oscillation(
        c, s, f, (s.segment.up[0], s.segment.up[1], s.segment.up[2]), mean_force, start, n, span
    )
    for i in range(a, b):
        w[DISPLACEMENT, i] = w[MOVED, first + i - start] if repeats else np.nan
    return upwards, sideways, repeats
