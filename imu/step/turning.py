"""Whether the gyroscope turns as far as such a run does, and the acceleration turns along with it.

A pelvis that turns is thrown aside too, in one measure: the turning of a stride (root mean square
of its first four harmonics, rad/s) is 0.45 h^0.7, where h is the same of the force across to up, in
the sensor's own axes, m/s². In 18 runners at three speeds (virtual sensors at the sacrum) and 20
people who jogged with a sensor at the waist it is 0.68 to 1.65 times that. The law is near fits to
half of these people; limits were set with all of them in sight. A gyroscope of another scale leaves
h alone.

One who stood before running has shown which way is up, in the frame that the gyroscope keeps still;
it is so 40 steps later, within 0.7° in clean runs: before that one who speeds up leans the mean.

Posture changes a little from stride to stride, and gravity with it: of each degree that the
gyroscope tips forward between two strides the accelerometer shows 0.3 to 1.2. It shows none where
the acceleration was levelled to the ground, and the gyroscope left in the axes of the sensor. Up
then lies on an axis, too.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.chain.loop import (
    CONTACTS,
    MOUNTING_KNOWN,
    Q0,
    Q1,
    Q2,
    Q3,
    TURNING_POINTS,
    flags_between,
    force_of_past,
)
from imu.chain.orientation import rotate, turn_back
from imu.chain.sanity import GYRO_CONTRADICTS, GYRO_SCALE, LEVELLED, note_trouble
from imu.compiled import Record, kernel, small_kernel
from imu.samples import Quality
from imu.step.stride_levelling import BIAS_KNOWN_DEG_S, bias_uncertainty_deg_s, mean_of_past

_POINTS: Final = TURNING_POINTS
_HARMONICS: Final = 4
_UNMEASURED: Final = int(Quality.GAP | Quality.CLIPPED | Quality.SENSOR)
_DEG: Final = 180.0 / math.pi

#: Turning that goes with one m/s² across, rad/s, and the exponent.
_TURNING_OF_ONE: Final = 0.448
_EXPONENT: Final = 0.7
#: Beyond these multiples of it nobody is believed. At the sacrum that is more than four standard
#: deviations from the mean (logarithm 0.02 ± 0.13), at the waist 3.7 below and 2.2 above (0.12 ±
#: 0.20): of a hundred others there one or two may be told falsely. A higher limit leaves twice the
#: scale untold in simulated runs. Of 370 simulated runners the slowest, downhill, is 0.54.
_LEAST_SCALE: Final = 0.53
_MOST_SCALE: Final = 1.75
_STRIDES: Final = 10  # fewer tell nothing
_SMOOTHING: Final = 0.02
#: Tips between two strides that are not posture but a stumble, another gait or a fault of a moment:
#: beyond so many degrees, and so many times their mean size.
_MOST_TIP_DEG: Final = 8.0
_MOST_OF_MEAN_TIP: Final = 3.5
_PAIRS_OF_MEAN: Final = 10
_STARTED: Final = 24  # steps of a run before which acceleration is taken for posture
_PAIRS: Final = 30
_PAIRS_SMOOTHING: Final = 0.01
#: Strides overlap by half, and differences share a stride: so many are worth one.
_PAIRS_OF_ONE: Final = 4.0
#: Share of the gyroscope's tips that the accelerometer shows, below which nobody is believed: what
#: was found where up lies on an axis too, else at two standard errors above. At the waist the
#: latter is 0.83 ± 0.21 at its least in a run, three standard deviations from this.
_LEAST_SHOWN: Final = 0.2
#: Who tips less, standard deviation in °, shows nothing: real runners have 0.4 or more.
_LEAST_TIPS_DEG: Final = 0.35
#: Up lies on an axis: the mean force of the last strides within so much, for so many on end.
_MOST_OFF_AXIS_DEG: Final = 0.5
_UP_SMOOTHING: Final = 0.05
_ON_AXIS_STRIDES: Final = 24
#: Step of a run at which up, of the strides before it, is compared with that of standing, and how
#: far off it may be: the gyroscope's offset is known then.
_START_STEPS: Final = 40
_START_SMOOTHING: Final = 0.1
_MOST_OFF_START_DEG: Final = 3.0
#: Both sensors showed how one who stood tips forward into running: by so much at least, and up in
#: the frame that the gyroscope keeps still is off by no more than this share of it, drift included.
#: With another sign or order of axes it is one to two; axes back to front tip backward.
_LEAST_START_TIP_DEG: Final = 3.0
_MOST_SHARE_OFF: Final = 0.4
_A_STEP_S: Final = 0.35
_TIPPED_STEPS: Final = 12  # of a run, by which that stands for the session


#: Of a stride, at each point: mean force in the sensor, attitude, angular velocity from there on.
TURNING_WORK: Final = np.dtype(
    [
        ("force", np.float64, (_POINTS, 3)),
        ("attitude", np.float64, (_POINTS, 4)),
        ("rate", np.float64, (_POINTS, 3)),
        ("sums", np.float64, (2, 3, _HARMONICS)),
    ],
    align=True,
)


def _phases() -> NDArray[np.float64]:
    """Real and imaginary part of the first harmonics at each point."""
    turn = -2.0 * np.pi * np.arange(1, _HARMONICS + 1) * np.arange(_POINTS)[:, None] / _POINTS
    return np.stack([np.cos(turn), np.sin(turn)], axis=1)


_PHASES: Final = _phases()


@small_kernel
def turn_between(s: Record, begin: int, end: int) -> tuple[float, float, float]:
    """Small turn from one sample to another, radians, inertial frame."""
    p, a, b = s.past, begin - s.segment.oldest, end - s.segment.oldest
    a0, a1, a2, a3 = p[Q0, a], p[Q1, a], p[Q2, a], p[Q3, a]
    b0, b1, b2, b3 = p[Q0, b], p[Q1, b], p[Q2, b], p[Q3, b]
    twice = 2.0 if a0 * b0 + a1 * b1 + a2 * b2 + a3 * b3 >= 0.0 else -2.0
    return (
        twice * (a0 * b1 - b0 * a1 - b2 * a3 + b3 * a2),
        twice * (a0 * b2 - b0 * a2 - b3 * a1 + b1 * a3),
        twice * (a0 * b3 - b0 * a3 - b1 * a2 + b2 * a1),
    )


@kernel
def _power(values: NDArray[np.float64], sums: NDArray[np.float64]) -> float:
    """Mean square of the first harmonics of vectors at the points of a stride, all axes."""
    for part in range(2):
        for axis in range(3):
            for h in range(_HARMONICS):
                sums[part, axis, h] = 0.0
    for k in range(_POINTS):
        for part in range(2):
            for axis in range(3):
                value = values[k, axis]
                for h in range(_HARMONICS):
                    sums[part, axis, h] += value * _PHASES[k, part, h]
    total = 0.0
    for h in range(_HARMONICS):
        for axis in range(3):
            total += sums[0, axis, h] ** 2 + sums[1, axis, h] ** 2
    return 2.0 * total / _POINTS**2


@kernel
def _look_at_stride(
    s: Record, begin: int, end: int, force: NDArray[np.float64], attitude: NDArray[np.float64]
) -> bool:
    """Mean force in the sensor and attitude at each point; whether all samples were measured."""
    if flags_between(s, begin, end) & _UNMEASURED:
        return False
    n = end - begin
    p, o = s.past, begin - s.segment.oldest
    fx, fy, fz = force_of_past(s, begin, n)
    a0, a1, a2, a3 = p[Q0, o : o + n], p[Q1, o : o + n], p[Q2, o : o + n], p[Q3, o : o + n]
    for k in range(_POINTS):
        first, stop = k * n // _POINTS, (k + 1) * n // _POINTS
        x, y, z = 0.0, 0.0, 0.0
        for i in range(first, stop):
            x, y, z = x + fx[i], y + fy[i], z + fz[i]
        count = stop - first
        middle = (first + stop) // 2
        q0, q1, q2, q3 = a0[middle], a1[middle], a2[middle], a3[middle]
        attitude[k, 0], attitude[k, 1], attitude[k, 2], attitude[k, 3] = q0, q1, q2, q3
        force[k, 0], force[k, 1], force[k, 2] = turn_back(
            q0, q1, q2, q3, x / count, y / count, z / count
        )
    return True


@kernel
def _judge_scale(s: Record, across: float, turning: float) -> None:
    """Smooth the mean squares, and judge how far it turns for what it is thrown aside."""
    o = s.turning
    o.strides += 1
    share = max(1.0 / o.strides, _SMOOTHING)
    o.across += share * (across - o.across)
    o.turned += share * (turning - o.turned)
    if o.strides < _STRIDES or not o.across > 0.0:
        return
    scale = math.sqrt(o.turned) / (_TURNING_OF_ONE * o.across ** (0.5 * _EXPONENT))
    # what both sensors have tipped alike has the right scale, however it is thrown
    if not _LEAST_SCALE < scale < _MOST_SCALE and o.tipped == 0:
        note_trouble(s.sanity, GYRO_SCALE, scale)


@kernel
def _judge_up(s: Record, x: float, y: float, z: float, started: bool) -> None:
    """Smooth up as the sensor sees it, and judge whether it lies on an axis and stays there."""
    o = s.turning
    share, u = max(1.0 / o.strides, _UP_SMOOTHING), o.up
    u[0], u[1], u[2] = (
        u[0] + share * (x - u[0]),
        u[1] + share * (y - u[1]),
        u[2] + share * (z - u[2]),
    )
    size = math.sqrt(u[0] * u[0] + u[1] * u[1] + u[2] * u[2])
    largest = max(abs(u[0]), abs(u[1]), abs(u[2]))
    off = math.acos(min(largest / size, 1.0)) * _DEG
    o.on_axis = o.on_axis + 1 if started and off < _MOST_OFF_AXIS_DEG else 0


@kernel
def _angle_deg(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Angle between two vectors."""
    x, y, z = a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]
    along = a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
    return math.atan2(math.sqrt(x * x + y * y + z * z), along) * _DEG


@kernel
def _judge_start(
    s: Record,
    force: tuple[float, float, float],
    up: tuple[float, float, float],
    number: int,
) -> None:
    """Whether up of strides, where the gyroscope keeps still, is up as it was in standing.

    Of the stride its mean force in that frame, and the direction of it in the sensor.
    """
    o = s.turning
    share, f, h, stood = 1.0 if number <= 1 else _START_SMOOTHING, o.force, o.start_up, o.stood
    for k in range(3):
        f[k] += share * (force[k] - f[k])
        h[k] += share * (up[k] - h[k])
    if number <= 1:
        still = o.still[1] == 1 and s.turns == 1
        for k in range(3):
            stood[k] = s.segment.up_before[1, k]
        o.start_bias_deg_s = _bias_deg_s(s, stood[0], stood[1], stood[2])
        o.start_known = still
    if o.start_known == 0 or number > _START_STEPS:
        return
    off = _angle_deg(f, stood)
    if s.learned.stood == 1 and s.learned.mounting_status == MOUNTING_KNOWN:
        m, before = s.learned.mounting, s.learned.standing_up
        tip = math.asin(m[0, 0] * before[0] + m[0, 1] * before[1] + m[0, 2] * before[2])
        tip -= math.asin(m[0, 0] * h[0] + m[0, 1] * h[1] + m[0, 2] * h[2])
        allowed = _MOST_SHARE_OFF * tip * _DEG - o.start_bias_deg_s * number * _A_STEP_S
        if o.tipped < 2:
            o.tipped = tip * _DEG > _LEAST_START_TIP_DEG and off < allowed
            if number >= _TIPPED_STEPS:
                o.tipped *= 2
    sure = o.start_bias_deg_s < BIAS_KNOWN_DEG_S
    sure = sure and s.segment.up_known == 1 and s.segment.tilt_variance == 0.0
    if number == _START_STEPS and sure and off > _MOST_OFF_START_DEG:
        note_trouble(s.sanity, GYRO_CONTRADICTS, off)


@kernel
def _begin_run(s: Record) -> None:
    """Keep what the run before told of up in the sensor, with the first stride of another."""
    o = s.turning
    first = s.bout.contacts[0] if s.bout.contact_count < CONTACTS else o.run_from
    if first == o.run_from:
        return
    o.run_from, o.slip_at = first, 0
    for k in range(3):
        o.stood_before[k], o.ran_before[k] = o.standing[k], o.up[k]
        o.standing[k] = s.learned.standing_up[k] if s.learned.stood == 1 else 0.0


@kernel
def _bias_deg_s(s: Record, x: float, y: float, z: float) -> float:
    """How unsure the gyroscope's offset about a horizontal axis is; up is inertial."""
    p, i = s.past, s.segment.samples - 1 - s.segment.oldest
    x, y, z = turn_back(p[Q0, i], p[Q1, i], p[Q2, i], p[Q3, i], x, y, z)
    return bias_uncertainty_deg_s(s.inclination.covariance, x, y, z)


@kernel
def _judge_tips(
    s: Record,
    before: NDArray[np.float64],
    up: tuple[float, float, float],
    attitude: NDArray[np.float64],
) -> None:
    """Compare how up has tipped forward in the sensor since the stride before with the turning."""
    o, m = s.turning, s.learned.mounting
    x, y, z = before[0], before[1], before[2]
    px, py, pz = 0.0, 0.0, 0.0
    for k in range(_POINTS):
        b, q = before[3 + 4 * k : 7 + 4 * k], attitude[k]
        fx, fy, fz = rotate(b, x, y, z)
        fx, fy, fz = turn_back(q[0], q[1], q[2], q[3], fx, fy, fz)
        px, py, pz = px + fx / _POINTS, py + fy / _POINTS, pz + fz / _POINTS
    # forward, levelled
    along = m[0, 0] * x + m[0, 1] * y + m[0, 2] * z
    fx, fy, fz = m[0, 0] - along * x, m[0, 1] - along * y, m[0, 2] - along * z
    norm = math.sqrt(fx * fx + fy * fy + fz * fz) + 1e-12
    turned = ((px - x) * fx + (py - y) * fy + (pz - z) * fz) / norm * _DEG
    shown = ((up[0] - x) * fx + (up[1] - y) * fy + (up[2] - z) * fz) / norm * _DEG
    if abs(turned) > _MOST_TIP_DEG or abs(shown) > _MOST_TIP_DEG:
        return
    if o.pairs >= _PAIRS_OF_MEAN and abs(turned) > _MOST_OF_MEAN_TIP * o.tip:
        return
    o.pairs += 1
    share, v = max(1.0 / o.pairs, _PAIRS_SMOOTHING), o.tips
    o.tip += share * (abs(turned) - o.tip)
    v[0] += share * (turned - v[0])
    v[1] += share * (shown - v[1])
    v[2] += share * (turned * turned - v[2])
    v[3] += share * (turned * shown - v[3])
    v[4] += share * (shown * shown - v[4])
    spread = v[2] - v[0] * v[0]
    if o.pairs < _PAIRS or spread < _LEAST_TIPS_DEG**2:
        return
    slope = (v[3] - v[0] * v[1]) / spread
    rest = max(v[4] - v[1] * v[1] - slope * slope * spread, 0.0)
    worth = min(float(o.pairs), 2.0 / _PAIRS_SMOOTHING) / _PAIRS_OF_ONE
    surely = slope + 2.0 * math.sqrt(rest / (spread * worth)) < _LEAST_SHOWN
    if surely or (o.on_axis >= _ON_AXIS_STRIDES and slope < _LEAST_SHOWN):
        note_trouble(s.sanity, LEVELLED, slope)


@kernel
def watch_turning(c: Record, s: Record, work: Record, begin: int, end: int, number: int) -> None:
    """Take the stride ``[begin, end)`` that ends with a step, and note what is found."""
    force, attitude, turning = work.force, work.attitude, work.rate
    if not _look_at_stride(s, begin, end, force, attitude):
        return
    ux, uy, uz = 0.0, 0.0, 0.0
    for k in range(_POINTS):
        ux, uy, uz = ux + force[k, 0], uy + force[k, 1], uz + force[k, 2]
    norm = math.sqrt(ux * ux + uy * uy + uz * uz) + 1e-12
    ux, uy, uz = ux / norm, uy / norm, uz / norm
    per_s = _POINTS / ((end - begin) * c.interval_s)
    for k in range(_POINTS):
        f = force[k]
        along = f[0] * ux + f[1] * uy + f[2] * uz
        f[0], f[1], f[2] = f[0] - along * ux, f[1] - along * uy, f[2] - along * uz
        x, y, z = turn_between(
            s,
            begin + k * (end - begin) // _POINTS,
            begin + (k + 1) * (end - begin) // _POINTS,
        )
        turning[k, 0], turning[k, 1], turning[k, 2] = x * per_s, y * per_s, z * per_s
    _judge_scale(s, _power(force, work.sums), _power(turning, work.sums))
    x, y, z = mean_of_past(s, float(begin), float(end))
    _begin_run(s)
    _judge_start(s, (x, y, z), (ux, uy, uz), number)
    _judge_up(s, ux, uy, uz, number >= _STARTED)
    o = s.turning
    if s.learned.mounting_status != MOUNTING_KNOWN:
        return
    for k in range(2):
        if number >= _STARTED and abs(o.ends[k] - begin) <= 2:
            _judge_tips(s, o.before[k], (ux, uy, uz), attitude)
            break
    place = o.strides % 2
    o.ends[place] = end
    kept = o.before[place]
    kept[0], kept[1], kept[2] = ux, uy, uz
    for k in range(_POINTS):
        for j in range(4):
            kept[3 + 4 * k + j] = attitude[k, j]
