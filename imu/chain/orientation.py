"""Inclination: which way is up, from a gyroscope and an accelerometer, sample by sample.

The gyroscope is integrated into a nearly inertial frame, the specific force is low-passed *there*
(where a runner's accelerations average out, whatever the sensor's attitude) and the frame levelled
by what is left. The gyroscope's bias is estimated on the way, at rest and in motion.

Source: Laidig & Seel, VQF: Highly accurate IMU orientation estimation with bias estimation and
magnetic disturbance rejection, Information Fusion 91 (2023), doi:10.1016/j.inffus.2022.10.014.

Deviations: the bias filter and the rest detector run every 50 ms, not every sample, with the
covariances scaled to that interval; heading is left free (no magnetometer); a bias is believed up
to 25 °/s, not 2, where one rests at it for three seconds without tilting.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imu.chain.filters import butterworth_low_pass
from imu.checked_arrays import vector_block
from imu.compiled import Record, kernel, part_of_kernel, small_kernel
from imu.errors import InputError, ParameterError
from imu.stage import Stage

_BIAS_INTERVAL_S: Final = 0.05
_DEGREE: Final = math.pi / 180.0
#: Square of the cosine of a tilt that is none while one stands, 2°.
_UNTILTED: Final = math.cos(2.0 * _DEGREE) ** 2
#: Square of the sine of a tilt that a series corrects, 0.2°: as from sample to sample.
_SMALL_TILT: Final = 1e-5


@dataclass(frozen=True, slots=True)
class InclinationParams:
    """Parameters of :class:`InclinationFilter`.

    Attributes
    ----------
    acceleration_time_constant_s : float
        Of the second-order low-pass of the specific force, s, 0.1 to 60.
    bias_initial_deg_s, bias_motion_deg_s, bias_rest_deg_s : float
        Standard deviations of the bias: at the start, and as known after long motion or rest, °/s.
    bias_forgetting_time_s : float
        Time in which an unobserved bias drifts by 0.1 °/s, s.
    bias_limit_deg_s : float
        No bias beyond this is believed, °/s: sensors are sold with up to 20.
    bias_surprise_deg_s : float
        Most by which what is seen at once may differ from the bias that is believed, °/s. What
        rests at a rate that differs by more has to rest twice as long without tilting.
    bias_vertical_forgetting : float
        How weakly the bias about the vertical is pulled to zero in motion, ratio.
    rest_time_s : float
        Quiet time before rest is believed, s.
    rest_angular_velocity_deg_s, rest_acceleration_m_s2 : float
        Largest deviation from the half-second mean that still is rest.
    gyroscope_delay_samples : float
        How far a sample lies behind the motion it describes, sample periods, 0 to 5: 0.5 for a mean
        over the interval before its stamp, about 1 with a sensor's own low-pass. The quaternions
        :class:`InclinationFilter` returns are turned on by what exceeds 0.5; the state is not.
    """

    acceleration_time_constant_s: float = 3.0
    bias_initial_deg_s: float = 0.5
    bias_motion_deg_s: float = 0.1
    bias_rest_deg_s: float = 0.03
    bias_forgetting_time_s: float = 100.0
    bias_limit_deg_s: float = 25.0
    bias_surprise_deg_s: float = 2.0
    bias_vertical_forgetting: float = 1e-4
    rest_time_s: float = 1.5
    rest_angular_velocity_deg_s: float = 2.0
    rest_acceleration_m_s2: float = 0.5
    gyroscope_delay_samples: float = 1.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not 0.0 < value < math.inf:
                raise ParameterError(field.name, value, "a positive number")


# Parallel low-passes that begin as a running mean. All banks have one type, whatever they need:
# every further type would compile the filter once more, and the compiler does nine at once.
_CHANNELS: Final = 9
_LOW_PASS_BANK: Final = np.dtype(
    [
        ("count", np.int64),
        ("sum", np.float64, _CHANNELS),
        ("delay", np.float64, (2, _CHANNELS)),
        ("value", np.float64, _CHANNELS),  # the next ones come here, and are filtered in place
    ],
    align=True,
)

INCLINATION_COEFFICIENTS: Final = np.dtype(
    [
        ("interval_s", np.float64),
        ("advance_s", np.float64),
        ("acceleration_low_pass", np.float64, 5),
        ("settling_samples", np.int64),
        ("bias_samples", np.int64),
        ("bias_low_pass", np.float64, 5),
        ("bias_settling", np.int64),
        ("rest_low_pass", np.float64, 5),
        ("rest_settling", np.int64),
        ("rest_intervals", np.int64),
        ("rest_angular_velocity_squared", np.float64),
        ("rest_acceleration_squared", np.float64),
        ("bias_limit", np.float64),
        ("bias_surprise", np.float64),
        ("variance_initial", np.float64),
        ("variance_growth", np.float64),
        ("variance_motion", np.float64),
        ("variance_vertical", np.float64),
        ("variance_rest", np.float64),
    ],
    align=True,
)

INCLINATION_STATE: Final = np.dtype(
    [
        ("strapdown", np.float64, 4),  # sensor → inertial, gyroscope alone
        ("levelling", np.float64, 4),  # inertial → earth, z up
        ("acceleration", _LOW_PASS_BANK),  # of the specific force, inertial frame
        ("bias", np.float64, 3),
        ("covariance", np.float64, (3, 3)),
        ("tilt", np.float64, 2),  # corrections summed since the last bias update
        ("bias_count", np.int64),
        ("rotation", _LOW_PASS_BANK),
        ("rotated_bias", _LOW_PASS_BANK),
        ("rest_sum", np.float64, 6),
        ("rest_mean", _LOW_PASS_BANK),
        ("rest_broken", np.uint8),
        ("rest_count", np.int64),
        ("rest_turn", np.float64, 3),  # angular velocity, summed over that
        ("rest_force", np.float64, 3),  # in the sensor, as it had come to rest
        ("at_rest", np.uint8),
        ("rested", np.uint8),  # whether it ever was, at the bias that was believed
    ],
    align=True,
)


def inclination_coefficients(rate_hz: float, params: InclinationParams) -> NDArray[np.void]:
    """Everything the kernel needs of the parameters, for one rate.

    Raises
    ------
    ParameterError
        When the rate is outside 20 to 5000 Hz, the time constant outside 0.1 to 60 s or the delay
        outside 0 to 5 samples.
    """
    if not 20.0 <= rate_hz <= 5000.0:
        raise ParameterError("rate_hz", rate_hz, "a sample rate from 20 to 5000 Hz")
    tau = params.acceleration_time_constant_s
    if not 0.1 <= tau <= 60.0:
        raise ParameterError("acceleration_time_constant_s", tau, "a time from 0.1 to 60 s")
    delay = params.gyroscope_delay_samples
    if not 0.0 <= delay <= 5.0:
        raise ParameterError("gyroscope_delay_samples", delay, "a delay from 0 to 5 samples")
    c = np.zeros(1, INCLINATION_COEFFICIENTS)
    r = c[0]
    interval = 1.0 / rate_hz
    # strapdown holds a sample over the interval before it: half a sample is accounted for
    r["advance_s"] = (delay - 0.5) * interval
    every = max(1, round(_BIAS_INTERVAL_S * rate_hz))
    bias_rate = rate_hz / every
    r["interval_s"] = interval
    r["acceleration_low_pass"] = butterworth_low_pass(_corner_hz(tau), rate_hz)
    r["settling_samples"] = max(1, round(tau * rate_hz))
    r["bias_samples"] = every
    r["bias_low_pass"] = butterworth_low_pass(min(_corner_hz(tau), 0.4 * bias_rate), bias_rate)
    r["bias_settling"] = max(1, round(tau * bias_rate))
    r["rest_low_pass"] = butterworth_low_pass(_corner_hz(0.5), bias_rate)
    r["rest_settling"] = max(1, round(0.5 * bias_rate))
    r["rest_intervals"] = round(params.rest_time_s * bias_rate)
    r["rest_angular_velocity_squared"] = (params.rest_angular_velocity_deg_s * _DEGREE) ** 2
    r["rest_acceleration_squared"] = params.rest_acceleration_m_s2**2
    r["bias_limit"] = params.bias_limit_deg_s * _DEGREE
    r["bias_surprise"] = params.bias_surprise_deg_s * _DEGREE
    # variances in (0.01 °/s)² as published, per bias interval
    growth = (0.1 * 100.0) ** 2 * every * interval / params.bias_forgetting_time_s
    motion = (params.bias_motion_deg_s * 100.0) ** 2
    rest = (params.bias_rest_deg_s * 100.0) ** 2
    r["variance_initial"] = (params.bias_initial_deg_s * 100.0) ** 2
    r["variance_growth"] = growth
    r["variance_motion"] = motion**2 / growth + motion
    r["variance_vertical"] = r["variance_motion"] / params.bias_vertical_forgetting
    r["variance_rest"] = rest**2 / growth + rest
    return c


def _corner_hz(time_constant_s: float) -> float:
    """Corner of the second-order low-pass with this time constant."""
    return math.sqrt(2.0) / (2.0 * math.pi * time_constant_s)


def new_inclination_state(coefficients: NDArray[np.void]) -> NDArray[np.void]:
    """The state before the first sample."""
    state = np.zeros(1, INCLINATION_STATE)
    state["strapdown"][0, 0] = 1.0
    state["levelling"][0, 0] = 1.0
    state["covariance"][0] = np.eye(3) * coefficients["variance_initial"][0]
    return state


@small_kernel
def rotate(q: NDArray[np.float64], x: float, y: float, z: float) -> tuple[float, float, float]:
    """Rotate a vector by a unit quaternion (wxyz)."""
    tx = 2.0 * (q[2] * z - q[3] * y)
    ty = 2.0 * (q[3] * x - q[1] * z)
    tz = 2.0 * (q[1] * y - q[2] * x)
    return (
        x + q[0] * tx + q[2] * tz - q[3] * ty,
        y + q[0] * ty + q[3] * tx - q[1] * tz,
        z + q[0] * tz + q[1] * ty - q[2] * tx,
    )


@small_kernel
def turn_back(
    q0: float, q1: float, q2: float, q3: float, x: float, y: float, z: float
) -> tuple[float, float, float]:
    """Rotate a vector by the inverse of a unit quaternion."""
    tx = 2.0 * (q3 * y - q2 * z)
    ty = 2.0 * (q1 * z - q3 * x)
    tz = 2.0 * (q2 * x - q1 * y)
    return (
        x + q0 * tx - q2 * tz + q3 * ty,
        y + q0 * ty - q3 * tx + q1 * tz,
        z + q0 * tz - q1 * ty + q2 * tx,
    )


@kernel
def _low_pass(bank: Record, coefficients: NDArray[np.float64], settling: int) -> None:
    """Filter the values of a bank; running means for the first ``settling`` calls."""
    value, delay = bank.value, bank.delay
    b0, b1, b2 = coefficients[0], coefficients[1], coefficients[2]
    a1, a2 = coefficients[3], coefficients[4]
    bank.count += 1
    if bank.count > settling:
        for k in range(_CHANNELS):
            x = value[k]
            y = b0 * x + delay[0, k]
            delay[0, k] = b1 * x - a1 * y + delay[1, k]
            delay[1, k] = b2 * x - a2 * y
            value[k] = y
        return
    for k in range(_CHANNELS):
        bank.sum[k] += value[k]
        value[k] = bank.sum[k] / bank.count
        if bank.count == settling:
            delay[0, k] = value[k] * (1.0 - b0)
            delay[1, k] = value[k] * (b2 - a2)


@small_kernel
def _low_pass_three(
    bank: Record, coefficients: NDArray[np.float64], settling: int, x: float, y: float, z: float
) -> tuple[float, float, float]:
    """The same of the first three channels, which need no loop, at each sample."""
    delay = bank.delay
    bank.count += 1
    if bank.count <= settling:
        total = bank.sum
        total[0], total[1], total[2] = total[0] + x, total[1] + y, total[2] + z
        x, y, z = total[0] / bank.count, total[1] / bank.count, total[2] / bank.count
        if bank.count == settling:
            first, second = 1.0 - coefficients[0], coefficients[2] - coefficients[4]
            delay[0, 0], delay[0, 1], delay[0, 2] = x * first, y * first, z * first
            delay[1, 0], delay[1, 1], delay[1, 2] = x * second, y * second, z * second
    else:
        b0, b1, b2 = coefficients[0], coefficients[1], coefficients[2]
        a1, a2 = coefficients[3], coefficients[4]
        p, q, r = b0 * x + delay[0, 0], b0 * y + delay[0, 1], b0 * z + delay[0, 2]
        delay[0, 0] = b1 * x - a1 * p + delay[1, 0]
        delay[0, 1] = b1 * y - a1 * q + delay[1, 1]
        delay[0, 2] = b1 * z - a1 * r + delay[1, 2]
        delay[1, 0], delay[1, 1], delay[1, 2] = b2 * x - a2 * p, b2 * y - a2 * q, b2 * z - a2 * r
        x, y, z = p, q, r
    return x, y, z


@small_kernel
def strapdown_step(q: NDArray[np.float64], wx: float, wy: float, wz: float, dt: float) -> None:
    """Turn a quaternion (wxyz, sensor → inertial) by an angular velocity held for ``dt``."""
    half = 0.5 * dt
    x, y, z = wx * half, wy * half, wz * half
    u = x * x + y * y + z * z
    if u < 0.01:
        # series of cos √u and sin √u / √u; the next term is below 1e-16
        c = 1.0 - u * (1 / 2 - u * (1 / 24 - u * (1 / 720 - u * (1 / 40320 - u / 3628800))))
        k = 1.0 - u * (1 / 6 - u * (1 / 120 - u * (1 / 5040 - u * (1 / 362880 - u / 39916800))))
    else:
        r = math.sqrt(u)
        c = math.cos(r)
        k = math.sin(r) / r
    x, y, z = x * k, y * k, z * k
    q0, q1, q2, q3 = q[0], q[1], q[2], q[3]
    p0 = q0 * c - q1 * x - q2 * y - q3 * z
    p1 = q0 * x + q1 * c + q2 * z - q3 * y
    p2 = q0 * y - q1 * z + q2 * c + q3 * x
    p3 = q0 * z + q1 * y - q2 * x + q3 * c
    # first-order renormalisation: rounding moves the norm by 1e-16 a sample
    n = 1.5 - 0.5 * (p0 * p0 + p1 * p1 + p2 * p2 + p3 * p3)
    q[0], q[1], q[2], q[3] = p0 * n, p1 * n, p2 * n, p3 * n


@small_kernel
def level(q: NDArray[np.float64], x: float, y: float, z: float) -> tuple[float, float]:
    """Turn a levelling quaternion so that the given inertial-frame direction points up.

    Returns the tilt that was corrected (x and y components of the direction in the old earth
    frame, unit vector).
    """
    size = math.sqrt(x * x + y * y + z * z)
    if size <= 0.0:
        return 0.0, 0.0
    q0, q1, q2, q3 = q[0], q[1], q[2], q[3]
    # first-order renormalisation of what comes in, as in the strapdown: nothing waits for it
    n = 1.5 - 0.5 * (q0 * q0 + q1 * q1 + q2 * q2 + q3 * q3)
    ex, ey, ez = rotate(q, x / size, y / size, z / size)
    level_part = ex * ex + ey * ey
    # half the way from there to up is the axis of the turn and half its angle, at another length
    if level_part < _SMALL_TILT and ez > 0.0:
        # series of cos and sin of the half angle; the next term is below 1e-16
        w = n * (1.0 - level_part * (1 / 8 + level_part * (5 / 128)))
        k = n * (1 / 2 + level_part * (1 / 16 + level_part * (7 / 256)))
        cx, cy = ey * k, -ex * k
    else:
        w = 1.0 + ez if ez > 0.0 else level_part / (1.0 - ez)
        if w > 1e-12:
            k = n / math.sqrt(2.0 * w)
            w, cx, cy = w * k, ey * k, -ex * k
        else:
            w, cx, cy = 0.0, 1.0, 0.0  # exactly upside down
    q[0] = w * q0 - cx * q1 - cy * q2
    q[1] = w * q1 + cx * q0 + cy * q3
    q[2] = w * q2 - cx * q3 + cy * q0
    q[3] = w * q3 + cx * q2 - cy * q1
    return ex, ey


@kernel
def _clip(value: float, limit: float) -> float:
    return min(max(value, -limit), limit)


@kernel
def _rests(c: Record, s: Record, resting: NDArray[np.float64]) -> bool:
    """Whether what was quiet so long is at rest, and does not turn slowly."""
    if s.rest_count < c.rest_intervals:
        return False
    if s.rest_count == c.rest_intervals:
        for k in range(3):
            s.rest_force[k] = resting[3 + k]
    if not _is_surprising(c, s, resting):
        s.rested = 1
        return True
    # a turn about the vertical tilts nothing: whoever rested before turns, and has no other bias
    if s.rest_count < 2 * c.rest_intervals or (s.rested == 1 and _turns_upright(c, s, resting)):
        return False
    a, b = s.rest_force, resting
    along = a[0] * b[3] + a[1] * b[4] + a[2] * b[5]
    sizes = (a[0] ** 2 + a[1] ** 2 + a[2] ** 2) * (b[3] ** 2 + b[4] ** 2 + b[5] ** 2)
    return along > 0.0 and along**2 >= _UNTILTED * sizes


@kernel
def _is_surprising(c: Record, s: Record, resting: NDArray[np.float64]) -> bool:
    """Whether what is seen at once differs much from the bias that is believed."""
    surprise = 0.0
    for k in range(3):
        surprise = max(surprise, abs(resting[k] - s.bias[k]))
    return surprise > c.bias_surprise


@kernel
def _begin_anew(bank: Record) -> None:
    """The next values are a running mean again."""
    bank.count = 0
    for k in range(_CHANNELS):
        bank.sum[k] = 0.0


@kernel
def _take_surprise(c: Record, s: Record) -> None:
    """Believe another bias at once: what was turned by it until now tells nothing of up.

    As sure as it is of one that was seen so long.
    """
    variance = 1.0 / (1.0 / c.variance_initial + s.rest_count / c.variance_rest)
    for i in range(3):
        s.bias[i] = s.rest_turn[i] / s.rest_count
        for j in range(3):
            s.covariance[i, j] = variance if i == j else 0.0
    s.tilt[0], s.tilt[1] = 0.0, 0.0
    _begin_anew(s.acceleration)
    _begin_anew(s.rotation)
    _begin_anew(s.rotated_bias)


@kernel
def _turns_upright(c: Record, s: Record, resting: NDArray[np.float64]) -> bool:
    """Whether what is seen about the vertical is no bias that could have grown."""
    along, square = 0.0, 0.0
    for k in range(3):
        along += (resting[k] - s.bias[k]) * resting[3 + k]
        square += resting[3 + k] * resting[3 + k]
    return along * along > c.bias_surprise**2 * square


@kernel
def _update_bias(c: Record, s: Record) -> None:
    """One step of the bias filter, from rest or from the tilt that levelling had to correct."""
    seconds = c.bias_samples * c.interval_s
    # rest: means of the interval against their half-second low-pass
    quiet = s.rest_broken == 0
    resting = s.rest_mean.value
    for k in range(6):
        resting[k] = s.rest_sum[k] / c.bias_samples
        s.rest_sum[k] = 0.0
    turn = resting[0], resting[1], resting[2]
    _low_pass(s.rest_mean, c.rest_low_pass, c.rest_settling)
    if max(abs(resting[0]), abs(resting[1]), abs(resting[2])) > c.bias_limit:
        quiet = False
    s.rest_broken = 0
    s.rest_count = s.rest_count + 1 if quiet else 0
    for k in range(3):
        s.rest_turn[k] = s.rest_turn[k] + turn[k] if quiet else 0.0
    s.at_rest = 1 if _rests(c, s, resting) else 0
    if s.at_rest == 1 and _is_surprising(c, s, resting):
        _take_surprise(c, s)

    # rotation sensor → earth, and the bias seen through it, with the delay of the levelling
    a, b = s.levelling, s.strapdown
    q0 = a[0] * b[0] - a[1] * b[1] - a[2] * b[2] - a[3] * b[3]
    q1 = a[0] * b[1] + a[1] * b[0] + a[2] * b[3] - a[3] * b[2]
    q2 = a[0] * b[2] - a[1] * b[3] + a[2] * b[0] + a[3] * b[1]
    q3 = a[0] * b[3] + a[1] * b[2] - a[2] * b[1] + a[3] * b[0]
    r00 = 1.0 - 2.0 * (q2 * q2 + q3 * q3)
    r01 = 2.0 * (q1 * q2 - q0 * q3)
    r02 = 2.0 * (q1 * q3 + q0 * q2)
    r10 = 2.0 * (q1 * q2 + q0 * q3)
    r11 = 1.0 - 2.0 * (q1 * q1 + q3 * q3)
    r12 = 2.0 * (q2 * q3 - q0 * q1)
    r20 = 2.0 * (q1 * q3 - q0 * q2)
    r21 = 2.0 * (q2 * q3 + q0 * q1)
    r22 = 1.0 - 2.0 * (q1 * q1 + q2 * q2)
    bias = s.bias
    low, n = c.bias_low_pass, c.bias_settling
    v = s.rotated_bias.value
    v[0] = r00 * bias[0] + r01 * bias[1] + r02 * bias[2]
    v[1] = r10 * bias[0] + r11 * bias[1] + r12 * bias[2]
    _low_pass(s.rotated_bias, low, n)
    bx, by = v[0], v[1]
    v = s.rotation.value
    v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8] = (
        r00,
        r01,
        r02,
        r10,
        r11,
        r12,
        r20,
        r21,
        r22,
    )
    _low_pass(s.rotation, low, n)
    r00, r01, r02, r10, r11, r12, r20, r21, r22 = (
        v[0],
        v[1],
        v[2],
        v[3],
        v[4],
        v[5],
        v[6],
        v[7],
        v[8],
    )

    if s.at_rest:
        r00, r01, r02, r10, r11, r12, r20, r21, r22 = 1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0
        ex = s.rest_mean.value[0] - bias[0]
        ey = s.rest_mean.value[1] - bias[1]
        ez = s.rest_mean.value[2] - bias[2]
        vx, vy, vz = c.variance_rest, c.variance_rest, c.variance_rest
    else:
        ex = -s.tilt[1] / seconds + bx - (r00 * bias[0] + r01 * bias[1] + r02 * bias[2])
        ey = s.tilt[0] / seconds + by - (r10 * bias[0] + r11 * bias[1] + r12 * bias[2])
        ez = -(r20 * bias[0] + r21 * bias[1] + r22 * bias[2])
        vx, vy, vz = c.variance_motion, c.variance_motion, c.variance_vertical
    s.tilt[0] = 0.0
    s.tilt[1] = 0.0
    most = c.bias_limit if s.at_rest else c.bias_surprise
    ex, ey, ez = _clip(ex, most), _clip(ey, most), _clip(ez, most)

    # Kalman update, written out: N = P Rᵀ, S = R N + V, K = N S⁻¹
    p = s.covariance
    for k in range(3):
        if p[k, k] < c.variance_initial:
            p[k, k] += c.variance_growth
    n00 = p[0, 0] * r00 + p[0, 1] * r01 + p[0, 2] * r02
    n01 = p[0, 0] * r10 + p[0, 1] * r11 + p[0, 2] * r12
    n02 = p[0, 0] * r20 + p[0, 1] * r21 + p[0, 2] * r22
    n10 = p[1, 0] * r00 + p[1, 1] * r01 + p[1, 2] * r02
    n11 = p[1, 0] * r10 + p[1, 1] * r11 + p[1, 2] * r12
    n12 = p[1, 0] * r20 + p[1, 1] * r21 + p[1, 2] * r22
    n20 = p[2, 0] * r00 + p[2, 1] * r01 + p[2, 2] * r02
    n21 = p[2, 0] * r10 + p[2, 1] * r11 + p[2, 2] * r12
    n22 = p[2, 0] * r20 + p[2, 1] * r21 + p[2, 2] * r22
    s00 = r00 * n00 + r01 * n10 + r02 * n20 + vx
    s01 = r00 * n01 + r01 * n11 + r02 * n21
    s02 = r00 * n02 + r01 * n12 + r02 * n22
    s11 = r10 * n01 + r11 * n11 + r12 * n21 + vy
    s12 = r10 * n02 + r11 * n12 + r12 * n22
    s22 = r20 * n02 + r21 * n12 + r22 * n22 + vz
    i00 = s11 * s22 - s12 * s12
    i01 = s02 * s12 - s01 * s22
    i02 = s01 * s12 - s02 * s11
    i11 = s00 * s22 - s02 * s02
    i12 = s01 * s02 - s00 * s12
    i22 = s00 * s11 - s01 * s01
    d = 1.0 / (s00 * i00 + s01 * i01 + s02 * i02)
    gx = (i00 * ex + i01 * ey + i02 * ez) * d
    gy = (i01 * ex + i11 * ey + i12 * ez) * d
    gz = (i02 * ex + i12 * ey + i22 * ez) * d
    bias[0] = _clip(bias[0] + n00 * gx + n01 * gy + n02 * gz, c.bias_limit)
    bias[1] = _clip(bias[1] + n10 * gx + n11 * gy + n12 * gz, c.bias_limit)
    bias[2] = _clip(bias[2] + n20 * gx + n21 * gy + n22 * gz, c.bias_limit)
    for i in range(3):
        m0, m1, m2 = (n00, n01, n02) if i == 0 else ((n10, n11, n12) if i == 1 else (n20, n21, n22))
        k0 = (m0 * i00 + m1 * i01 + m2 * i02) * d
        k1 = (m0 * i01 + m1 * i11 + m2 * i12) * d
        k2 = (m0 * i02 + m1 * i12 + m2 * i22) * d
        p[i, 0] -= k0 * n00 + k1 * n01 + k2 * n02
        p[i, 1] -= k0 * n10 + k1 * n11 + k2 * n12
        p[i, 2] -= k0 * n20 + k1 * n21 + k2 * n22


@part_of_kernel
def incline(
    c: Record,
    s: Record,
    ax: float,
    ay: float,
    az: float,
    gx: float,
    gy: float,
    gz: float,
    has_gyro: bool,
) -> tuple[float, float, float]:
    """Take one sample; returns its specific force in the inertial (not levelled) frame.

    The orientation is then ``levelling ⊗ strapdown`` of the state.
    """
    if has_gyro:
        bias = s.bias
        strapdown_step(s.strapdown, gx - bias[0], gy - bias[1], gz - bias[2], c.interval_s)
    fx, fy, fz = rotate(s.strapdown, ax, ay, az)
    x, y, z = _low_pass_three(
        s.acceleration, c.acceleration_low_pass, c.settling_samples, fx, fy, fz
    )
    ex, ey = level(s.levelling, x, y, z)
    if has_gyro:
        s.tilt[0] += ex
        s.tilt[1] += ey
        r = s.rest_sum
        r[0], r[1], r[2] = r[0] + gx, r[1] + gy, r[2] + gz
        r[3], r[4], r[5] = r[3] + ax, r[4] + ay, r[5] + az
        v = s.rest_mean.value
        dg = (gx - v[0]) ** 2 + (gy - v[1]) ** 2 + (gz - v[2]) ** 2
        da = (ax - v[3]) ** 2 + (ay - v[4]) ** 2 + (az - v[5]) ** 2
        if dg > c.rest_angular_velocity_squared or da > c.rest_acceleration_squared:
            s.rest_broken = 1
        s.bias_count += 1
        if s.bias_count == c.bias_samples:
            s.bias_count = 0
            _update_bias(c, s)
    return fx, fy, fz


@kernel
def _inclination_push(
    coefficients: NDArray[np.void],
    state: NDArray[np.void],
    acceleration: NDArray[np.float64],
    angular_velocity: NDArray[np.float64],
    has_gyro: bool,
    out: NDArray[np.float64],
) -> int:
    c, s = coefficients[0], state[0]
    for i in range(acceleration.shape[0]):
        a, w = acceleration[i], angular_velocity[i]
        if not math.isfinite(a[0] + a[1] + a[2] + w[0] + w[1] + w[2]):
            return i
    for i in range(acceleration.shape[0]):
        a, w = acceleration[i], angular_velocity[i]
        incline(c, s, a[0], a[1], a[2], w[0], w[1], w[2], has_gyro)
        p, q = s.levelling, out[i]
        for k in range(4):
            q[k] = s.strapdown[k]
        if has_gyro and c.advance_s != 0.0:
            b = s.bias
            strapdown_step(q, w[0] - b[0], w[1] - b[1], w[2] - b[2], c.advance_s)
        q[0], q[1], q[2], q[3] = (
            p[0] * q[0] - p[1] * q[1] - p[2] * q[2] - p[3] * q[3],
            p[0] * q[1] + p[1] * q[0] + p[2] * q[3] - p[3] * q[2],
            p[0] * q[2] - p[1] * q[3] + p[2] * q[0] + p[3] * q[1],
            p[0] * q[3] + p[1] * q[2] - p[2] * q[1] + p[3] * q[0],
        )
    return -1


class InclinationFilter(Stage[InclinationParams]):
    """Orientation of a sensor up to heading, streaming.

    Parameters
    ----------
    rate_hz : float
        Sample rate, Hz, 20 to 5000.
    params : InclinationParams, optional
        Time constants and bias model.

    Raises
    ------
    ParameterError
        When the rate or a parameter is outside its range.

    Notes
    -----
    VQF without its magnetometer: Laidig & Seel 2023, doi:10.1016/j.inffus.2022.10.014. Bias and
    rest are judged every 50 ms instead of every sample.

    Examples
    --------
    >>> q = InclinationFilter(100.0).push([[0.0, 0.0, 9.81]] * 3, [[0.0, 0.0, 0.0]] * 3)
    >>> q[-1].tolist()
    [1.0, 0.0, 0.0, 0.0]
    """

    def __init__(self, rate_hz: float, params: InclinationParams | None = None) -> None:
        chosen = params or InclinationParams()
        self._coefficients = inclination_coefficients(rate_hz, chosen)
        super().__init__(chosen, self._first_state)

    def _first_state(self) -> NDArray[np.void]:
        return new_inclination_state(self._coefficients)

    @property
    def bias_rad_s(self) -> NDArray[np.float64]:
        """The gyroscope's bias as estimated so far, shape (3,), sensor frame, rad/s."""
        bias: NDArray[np.float64] = self._state["bias"][0].copy()
        return bias

    def push(
        self,
        acceleration_m_s2: ArrayLike,
        angular_velocity_rad_s: ArrayLike | None = None,
    ) -> NDArray[np.float64]:
        """Take the next samples.

        Parameters
        ----------
        acceleration_m_s2 : array_like, shape (N, 3)
            Specific force, sensor frame, m/s², finite.
        angular_velocity_rad_s : array_like, shape (N, 3), optional
            Angular velocity, rad/s. Without it the direction is the low-passed specific force.

        Returns
        -------
        ndarray, shape (N, 4)
            Unit quaternions wxyz, sensor → earth (z up); the heading is arbitrary but continuous.

        Raises
        ------
        InputError
            When shapes disagree or a value is not finite.
        """
        acceleration = vector_block(acceleration_m_s2, "acceleration_m_s2")
        has_gyro = angular_velocity_rad_s is not None
        gyro = acceleration
        if angular_velocity_rad_s is not None:
            gyro = vector_block(angular_velocity_rad_s, "angular_velocity_rad_s", len(acceleration))
        out = np.empty((acceleration.shape[0], 4))
        bad = _inclination_push(self._coefficients, self._state, acceleration, gyro, has_gyro, out)
        if bad >= 0:
            raise InputError(
                f"sample {bad} of the block is not finite: send it through Intake first."
            )
        return out

    def flush(self) -> NDArray[np.float64]:
        """Nothing is held back.

        Returns
        -------
        ndarray, shape (0, 4)
            Always empty.
        """
        return np.empty((0, 4))
