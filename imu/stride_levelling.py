"""Which way is up, once a step: from whole strides, whose mean acceleration is zero.

At constant speed a runner's velocity is the same a stride later, so the specific force averaged
over whole strides in the gyroscope's inertial frame points up exactly, with no wait for a low-pass.
Where the gyroscope's bias is known (after standing) up is only nudged, by at most a fixed angle a
step: a change of speed, which tilts the mean force by degrees for seconds, then hardly moves it.
Where it is not, the mean of the last four strides is up.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.chain import (
    CONTACTS,
    FX,
    Q0,
    Q1,
    Q2,
    Q3,
    RING_SAMPLES,
    WITH_GYRO,
    up_in_inertial_frame,
)
from imu.compiled import Record, kernel
from imu.orientation import turn_back

__all__ = ["begin_up", "find_up", "mean_in_ring", "strides_to_average"]

#: Time constant and largest believed tilt of a stride's mean force, once the bias is known.
_TIME_CONSTANT_S: Final = 5.0
_LARGEST_TILT: Final = math.radians(0.75)
_MOST_STEPS: Final = 8
#: Up is kept from one bout of running to the next within this time.
_KEPT_S: Final = 3.0
#: The gyroscope's bias counts as known below this standard deviation.
_BIAS_KNOWN_DEG_S: Final = 0.1
#: After so many steps in a row whose mean force says otherwise, up is found anew.
_MOST_DOUBTED: Final = 60
#: Steps of a bout that are levelled together while up is not known.
_FIRST_STEPS: Final = 4


@kernel
def mean_in_ring(
    ring: NDArray[np.float64], column: int, begin: float, end: float
) -> tuple[float, float, float]:
    """Mean of three columns between fractional sample indices, by the trapezoid rule.

    The ring holds sample ``i`` in row ``i`` modulo its length; both ends must still be in it.
    """
    size = ring.shape[0]
    first, last = int(math.floor(begin)), int(math.floor(end))
    x, y, z = 0.0, 0.0, 0.0
    for i in range(first, last + 1):
        # the share of the interval from i to i + 1 inside, and the weights of its two ends
        low, high = max(begin - i, 0.0), min(end - i, 1.0)
        right = 0.5 * (high * high - low * low)
        left = (high - low) - right
        a, b = ring[i % size], ring[(i + 1) % size]
        x += left * a[column] + right * b[column]
        y += left * a[column + 1] + right * b[column + 1]
        z += left * a[column + 2] + right * b[column + 2]
    span = end - begin
    return x / span, y / span, z / span


@kernel
def strides_to_average(steps: int) -> int:
    """Steps in the mean, an even number of at most eight; 0 while there is no stride."""
    return min(steps - steps % 2, _MOST_STEPS)


@kernel
def _nudge_up(up: NDArray[np.float64], x: float, y: float, z: float, step_s: float) -> None:
    """Turn the unit vector ``up`` a little towards a stride's mean force."""
    norm = math.sqrt(x * x + y * y + z * z)
    if norm == 0.0:
        return
    x, y, z = x / norm, y / norm, z / norm
    along = x * up[0] + y * up[1] + z * up[2]
    dx, dy, dz = x - along * up[0], y - along * up[1], z - along * up[2]
    tilt = math.sqrt(dx * dx + dy * dy + dz * dz)
    gain = min(step_s / _TIME_CONSTANT_S, 1.0)
    if tilt > _LARGEST_TILT:
        gain *= _LARGEST_TILT / tilt
    x, y, z = up[0] + gain * dx, up[1] + gain * dy, up[2] + gain * dz
    norm = math.sqrt(x * x + y * y + z * z)
    up[0], up[1], up[2] = x / norm, y / norm, z / norm


@kernel
def _bias_uncertainty_deg_s(
    covariance: NDArray[np.float64], vx: float, vy: float, vz: float
) -> float:
    """Standard deviation of the gyroscope's bias about a horizontal axis, °/s.

    ``v`` is earth's up in the sensor frame; the covariance is that of the inclination filter.
    """
    about_up = 0.0
    v = (vx, vy, vz)
    for i in range(3):
        for k in range(3):
            about_up += v[i] * covariance[i, k] * v[k]
    trace = covariance[0, 0] + covariance[1, 1] + covariance[2, 2]
    return 0.01 * math.sqrt(max(0.5 * (trace - about_up), 0.0))


@kernel
def _tilt_between(up: NDArray[np.float64], x: float, y: float, z: float) -> float:
    """Angle between the unit vector ``up`` and another vector, radians."""
    along = x * up[0] + y * up[1] + z * up[2]
    dx, dy, dz = x - along * up[0], y - along * up[1], z - along * up[2]
    return math.atan2(math.sqrt(dx * dx + dy * dy + dz * dz), along)


@kernel
def begin_up(c: Record, s: Record, contact: int) -> None:
    """Up at the first contact of a bout: kept, or what it was before the runner set off."""
    if s.kind == WITH_GYRO and contact - s.last_running > _KEPT_S * c.rate_hz:
        s.up_known = 0
        if s.ups_before > 1:
            b = s.up_before
            s.up[0], s.up[1], s.up[2] = b[1, 0], b[1, 1], b[1, 2]
            s.up_known = 1
    if s.up_known == 0:
        s.up[0], s.up[1], s.up[2] = up_in_inertial_frame(s.inclination.levelling)


@kernel
def find_up(c: Record, s: Record, number: int) -> None:
    """Level by the strides that end with step ``number``, whose rises are known."""
    u = s.up
    if s.kind != WITH_GYRO:
        u[0], u[1], u[2] = up_in_inertial_frame(s.inclination.levelling)
        return
    r = s.ring[(s.samples - 1) % RING_SAMPLES]
    vx, vy, vz = turn_back(r[Q0], r[Q1], r[Q2], r[Q3], u[0], u[1], u[2])
    sure = _bias_uncertainty_deg_s(s.inclination.covariance, vx, vy, vz) < _BIAS_KNOWN_DEG_S
    end = s.rises[(number + 1) % CONTACTS]
    oldest = float(max(0, s.samples - RING_SAMPLES))
    begin = s.rises[(number - 1) % CONTACTS]
    tilt = 0.0
    if number > 0 and begin >= oldest and end > begin:
        x, y, z = mean_in_ring(s.ring, FX, begin, end)
        tilt = _tilt_between(u, x, y, z)
        if s.up_known == 1 and sure:
            s.doubted = s.doubted + 1 if tilt > _LARGEST_TILT else 0
            if s.doubted < _MOST_DOUBTED:
                _nudge_up(u, x, y, z, 0.5 * (end - begin) * c.interval_s)
                return
    elif s.up_known == 1 and sure:
        return
    s.up_known, s.doubted = 0, 0
    steps = strides_to_average(number + 1)
    begin = s.rises[(number + 1 - steps) % CONTACTS]
    if number + 1 < _FIRST_STEPS and s.contact_count > _FIRST_STEPS:
        # the first steps wait for the running decision anyway: level them by the strides to come
        begin, end = float(s.contacts[0]), float(s.contacts[_FIRST_STEPS])
        steps = 0
    elif steps == 0:
        u[0], u[1], u[2] = up_in_inertial_frame(s.inclination.levelling)
        return
    if begin >= oldest and end > begin:
        x, y, z = mean_in_ring(s.ring, FX, begin, end)
        norm = math.sqrt(x * x + y * y + z * z)
        if norm > 0.0:
            u[0], u[1], u[2] = x / norm, y / norm, z / norm
        # believed once the newest stride agrees with those before: the speed is constant
        if sure and steps == _MOST_STEPS and tilt < 0.5 * _LARGEST_TILT:
            s.up_known = 1
