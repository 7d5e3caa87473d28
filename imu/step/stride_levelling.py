"""Which way is up, once a step: from whole strides, whose mean acceleration is zero.

At constant speed a runner's velocity is the same a stride later, so the specific force averaged
over whole strides in the gyroscope's inertial frame points up exactly, with no wait for a low-pass.
Where the gyroscope's bias is known (after standing) up is only nudged, by at most a fixed angle a
step: a change of speed, which tilts the mean force by degrees for seconds, then hardly moves it.
Where it is not, the mean of the last four strides is up.

A gap ends the gyroscope's frame, not the runner's posture: the mean direction of up in the sensor
over a stride, as it was before, levels the first strides after it. Filling a shorter gap with a
straight line turns the frame by some degrees, which the same corrects. A posture is believed for a
few seconds only, since it may change.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.chain.loop import (
    CONTACTS,
    FLAGS,
    FX,
    Q0,
    Q1,
    Q2,
    Q3,
    RING_SAMPLES,
    TIME,
    up_in_inertial_frame,
)
from imu.chain.orientation import turn_back
from imu.compiled import Record, kernel
from imu.samples import Quality

_GAP: Final = int(Quality.GAP)

#: Time constant and largest believed tilt of a stride's mean force, once the bias is known.
_TIME_CONSTANT_S: Final = 5.0
_LARGEST_TILT: Final = math.radians(0.75)
_MOST_STEPS: Final = 8
#: Up is kept from one bout of running to the next, or over a gap, within this time.
KEPT_S: Final = 3.0
#: The gyroscope's bias counts as known below this standard deviation.
_BIAS_KNOWN_DEG_S: Final = 0.1
#: Share of the older steps in the posture at each further one.
_POSTURE_KEPT: Final = 0.7
#: After so many steps in a row whose mean force says otherwise, up is found anew.
_MOST_DOUBTED: Final = 60
#: The same for up that was carried over a gap, until a step agrees with it.
_DOUBTED_AFTER_GAP: Final = 12
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
    j = first % size
    hx, hy, hz = 0.5 * ring[j, column], 0.5 * ring[j, column + 1], 0.5 * ring[j, column + 2]
    for i in range(first, last + 1):
        here = j
        j = j + 1 if j + 1 < size else 0
        before_x, before_y, before_z = hx, hy, hz
        hx, hy, hz = 0.5 * ring[j, column], 0.5 * ring[j, column + 1], 0.5 * ring[j, column + 2]
        if first < i < last:  # all of the interval: both of its ends weigh half
            x, y, z = x + (before_x + hx), y + (before_y + hy), z + (before_z + hz)
            continue
        # the share of the interval from i to i + 1 inside, and the weights of its two ends
        low, high = max(begin - i, 0.0), min(end - i, 1.0)
        right = 0.5 * (high * high - low * low)
        left = (high - low) - right
        a, b = ring[here], ring[j]
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


def _mean_turned(
    s: np.void, begin: int, end: int, way: float, vector: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Mean of a vector turned at each sample: into the sensor for ``way`` 1, out of it for −1."""
    rows = s["ring"][np.arange(max(begin, end - RING_SAMPLES, 0), end) % RING_SAMPLES]
    w, v = rows[:, Q0 : Q0 + 1], -way * rows[:, Q1 : Q3 + 1]
    turned = 2.0 * np.cross(v, vector)
    return np.asarray((vector + w * turned + np.cross(v, turned)).mean(axis=0))


def _level_up(s: np.void) -> NDArray[np.float64]:
    """Up in the inertial frame as the inclination filter has it."""
    w, x, y, z = s["inclination"]["levelling"].tolist()
    return np.array([2.0 * (x * z - w * y), 2.0 * (y * z + w * x), 1.0 - 2.0 * (x * x + y * y)])


def keep_posture(coefficients: NDArray[np.void], state: NDArray[np.void]) -> None:
    """Remember, before a gap that nothing is joined over, how up lay in the sensor.

    For who runs it is remembered already, from the last stride; that stays while it is fresh,
    since the few samples between two gaps tell nothing. One who stands still stands as before, and
    one who sets off has turned little yet.
    """
    c, s = coefficients[0], state[0]
    newest, contacts = int(s["samples"]), int(s["contact_count"])
    if s["turns"] == 0 or newest == 0 or s["closed"] > 1:
        return
    now_s = float(s["ring"][(newest - 1) % RING_SAMPLES, TIME])
    fresh = s["posture_running"] == 1 and now_s - s["posture_s"] <= KEPT_S
    if fresh or newest < c["alignment_samples"]:
        return
    begin, running = newest - 1, 0
    up = _level_up(s)
    if contacts > 0:
        if s["ups_before"] < 2:
            return
        up = s["up_before"][1]
        if contacts > 1:
            begin, newest = (int(s["contacts"][k]) for k in (max(contacts - 3, 0), contacts - 1))
            running = 1
    s["posture"] = _mean_turned(s, begin, newest, 1.0, up)
    s["posture_running"] = running
    s["posture_s"] = s["ring"][(newest - 1) % RING_SAMPLES, TIME]


def forget_posture(state: NDArray[np.void]) -> None:
    """What follows has nothing to do with what was before."""
    state["posture_s"] = -np.inf
    state["last_step_s"] = -np.inf


@kernel
def _sum_in_sensor(
    ring: NDArray[np.float64], begin: int, end: int, x: float, y: float, z: float
) -> tuple[float, float, float]:
    """Sum of what a vector of the inertial frame is in the sensor at each sample."""
    sx, sy, sz = 0.0, 0.0, 0.0
    for i in range(begin, end):
        r = ring[i % ring.shape[0]]
        vx, vy, vz = turn_back(r[Q0], r[Q1], r[Q2], r[Q3], x, y, z)
        sx, sy, sz = sx + vx, sy + vy, sz + vz
    return sx, sy, sz


@kernel
def _filled_samples(ring: NDArray[np.float64], begin: int, end: int) -> int:
    """Samples up to ``end`` that were filled in."""
    filled = 0
    for i in range(begin, end):
        if int(ring[i % ring.shape[0], FLAGS]) & _GAP:
            filled += 1
    return filled


def find_up_before_step(coefficients: NDArray[np.void], state: NDArray[np.void]) -> None:
    """What is to be done about up before a step is closed, at a bout's first and after a gap."""
    if state["closed"][0] == 0:
        _begin_up(coefficients[0], state[0])
    elif state["shaken"][0] == 1:
        _settle_up(coefficients[0], state[0])


def _begin_up(c: np.void, s: np.void) -> None:
    """Up at the first contact of a bout: kept, as it was before the runner set off, or a gap."""
    contact = max(int(s["contacts"][0]), 0)
    time_s = float(s["ring"][contact % RING_SAMPLES, TIME])
    s["shaken"] = 0
    if time_s - s["last_step_s"] > KEPT_S:
        s["step_time_count"] = 0
    if s["turns"] == 1 and contact - s["last_running"] > KEPT_S * c["rate_hz"]:
        s["up_known"] = 0
        if s["ups_before"] > 1:
            s["up"] = s["up_before"][1]
            s["up_known"] = 1
    if time_s - s["posture_s"] > KEPT_S:
        s["posture_running"] = 0
    elif s["up_known"] == 0:
        steps = min(int(s["contact_count"]) - 1, _FIRST_STEPS)
        # one who did not run: the frame of the new samples is that of the first of them
        begin, end = 0, 1
        if s["posture_running"] == 1:
            begin, end = contact, int(s["contacts"][steps - steps % 2])
        if end > begin:
            _turn_up_to_posture(s, begin, end)
    if s["up_known"] == 0:
        s["up"] = _level_up(s)


def _settle_up(c: np.void, s: np.void) -> None:
    """Find up by the posture once a stride has passed since a gap that was filled."""
    k = int(s["closed"])
    begin, end = (int(s["contacts"][n % CONTACTS]) for n in (k - 1, k + 1))
    rows = np.arange(max(begin, end - RING_SAMPLES), end) % RING_SAMPLES
    filled = np.count_nonzero(s["ring"][rows, FLAGS].astype(np.int64) & _GAP)
    if filled >= c["shaking_samples"]:
        return
    s["shaken"] = 0
    if s["up_known"] == 1 and s["ring"][rows[0], TIME] - s["posture_s"] <= KEPT_S:
        _turn_up_to_posture(s, begin, end)


def _turn_up_to_posture(s: np.void, begin: int, end: int) -> None:
    """Set up to where the posture has it over these samples; not for long, when steps disagree."""
    up = _mean_turned(s, begin, end, -1.0, s["posture"])
    s["up"] = up / np.linalg.norm(up)
    s["up_known"] = 1
    s["doubted"] = max(int(s["doubted"]), _MOST_DOUBTED - _DOUBTED_AFTER_GAP)


@kernel
def find_up(c: Record, s: Record, number: int) -> None:
    """Level by the strides that end with step ``number``, whose rises are known."""
    u = s.up
    if s.turns == 0:
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
            first, last = int(begin), int(end)
            if _filled_samples(s.ring, first, last) >= c.shaking_samples:
                s.shaken = 1
            if s.shaken == 1:
                return
            s.doubted = s.doubted + 1 if tilt > _LARGEST_TILT else 0
            if s.doubted < _MOST_DOUBTED:
                _nudge_up(u, x, y, z, 0.5 * (end - begin) * c.interval_s)
                p = s.posture
                # the posture may have any length: only its direction counts
                old = _POSTURE_KEPT if s.posture_running == 1 else 0.0
                x, y, z = _sum_in_sensor(s.ring, first, last, u[0], u[1], u[2])
                n = last - first
                p[0], p[1], p[2] = old * p[0] + x / n, old * p[1] + y / n, old * p[2] + z / n
                s.posture_running = 1
                s.posture_s = s.ring[last % RING_SAMPLES, TIME]
                return
    elif s.up_known == 1 and sure:
        return
    s.up_known, s.doubted = 0, 0
    s.posture_s = -np.inf
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
