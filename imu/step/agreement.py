"""Whether gyroscope and accelerometer say the same of a runner's steps.

With every step the pelvis tips forward and back in one phase to the force under it, and with every
stride it drops and turns in one phase to each other; tipping has the frequency of steps, the other
two have that of strides. In 18 runners at three speeds (virtual sensors at the sacrum) and 20
people who jogged with a sensor at the waist the phases keep within 110° of the mean. A gyroscope
with another sign, handedness or order of axes, or body axes that were stated wrongly, turn them.

Phases are those of the first and second harmonic of a stride's angular velocity, body axes, and of
its vertical force, averaged over the last strides. Whether it turns as far as such a run does, and
the acceleration turns along, is judged in :mod:`imu.step.turning`.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.chain.loop import CONTACTS, MOUNTING_KNOWN, Q0, Q1, Q2, Q3, WITH_GYRO, force_of_past
from imu.chain.orientation import turn_back
from imu.chain.sanity import (
    GYRO_CONTRADICTS,
    GYRO_QUIET,
    GYRO_ZERO,
    end_trouble,
    note_trouble,
)
from imu.compiled import Record, kernel
from imu.step.turning import turn_between, watch_turning

_POINTS: Final = 16  # of a stride at which its attitude is looked at
_SMOOTHING: Final = 0.05
_STRIDES: Final = 6  # fewer tell nothing
_AT_FIRST: Final = 16  # newest contacts of a run that are looked at first: older ones may be walked
#: Root of the mean square, rad/s: runners have 0.8 to 3.6.
_LEAST_TURNING: Final = 0.15
_LEAST_SWING: Final = 0.1  # of a harmonic that has a phase, rad/s
_DEG: Final = 180.0 / math.pi
#: Phase of tipping forward, rad/s, before the vertical force: −136 to 56° in people, the middle of
#: what they do not reach, how far from it nobody is believed (other people may reach further than
#: these), and from which coherence on it is.
_TIP_OPPOSITE: Final = 140.0
_TIP_WITHIN: Final = 42.0
_TIP_COHERENCE: Final = 0.8
#: Where it is that of a sensor at the sacrum, −92 to −32°; only there dropping is asked.
_TIP_USUAL: Final = -60.0
_TIP_USUAL_WITHIN: Final = 45.0
#: The same of dropping before turning: −30 to 110°.
_DROP_OPPOSITE: Final = 220.0
_DROP_WITHIN: Final = 60.0
_DROP_COHERENCE: Final = 0.9
#: By how much dropping or turning may have more of the frequency of steps than tipping has: 0.18.
_MOST_SHARE: Final = 0.3

# places in the means: products, then powers of the first and second harmonics
_TIP_RE, _TIP_IM, _DROP_RE, _DROP_IM, _FORCE2 = range(5)
_ROLL1, _ROLL2, _PITCH1, _PITCH2, _YAW1, _YAW2, _TOTAL = range(5, 12)
MEANS: Final = 12


#: Of a stride: turn of each part about the body axes, its square for a sample, phase of its middle.
ANGLES_WORK: Final = np.dtype(
    [(n, np.float64, _POINTS) for n in ("roll", "pitch", "yaw", "square", "re", "im")], align=True
)
_PHASE: Final = 2.0 * np.pi * (np.arange(_POINTS) + 0.5) / _POINTS
_COSINE, _SINE = np.cos(_PHASE), np.sin(_PHASE)


@kernel
def _square(x: complex) -> float:
    """Of the length."""
    return x.real * x.real + x.imag * x.imag


@kernel
def _force_of_steps(s: Record, begin: int, n: int) -> complex:
    """Second harmonic of the vertical force of a stride; every other sample by itself."""
    u = s.segment.up
    turn = 4.0 * math.pi / n
    step = complex(math.cos(turn), -math.sin(turn))
    here, there, twice = complex(1.0, 0.0), step, step * step
    even, odd = 0j, 0j
    x, y, z = force_of_past(s, begin, n)
    for i in range(0, n - 1, 2):
        even += (x[i] * u[0] + y[i] * u[1] + z[i] * u[2]) * here
        odd += (x[i + 1] * u[0] + y[i + 1] * u[1] + z[i + 1] * u[2]) * there
        here *= twice
        there *= twice
    if n % 2 == 1:
        even += (x[n - 1] * u[0] + y[n - 1] * u[1] + z[n - 1] * u[2]) * here
    return (even + odd) * (2.0 / n)


@kernel
def _fill_angles(s: Record, begin: int, n: int, w: Record) -> None:
    """How far each part of a stride turns about the levelled body axes, and its phase."""
    u, m, p = s.segment.up, s.learned.mounting, s.past
    for k in range(_POINTS):
        first, stop = k * n // _POINTS, (k + 1) * n // _POINTS
        x, y, z = turn_between(s, begin + first, begin + stop)
        # forward, levelled, and left
        a = begin + first - s.segment.oldest
        fx, fy, fz = turn_back(p[Q0, a], -p[Q1, a], -p[Q2, a], -p[Q3, a], m[0, 0], m[0, 1], m[0, 2])
        along = fx * u[0] + fy * u[1] + fz * u[2]
        fx, fy, fz = fx - along * u[0], fy - along * u[1], fz - along * u[2]
        norm = math.sqrt(fx * fx + fy * fy + fz * fz) + 1e-12
        fx, fy, fz = fx / norm, fy / norm, fz / norm
        lx, ly, lz = u[1] * fz - u[2] * fy, u[2] * fx - u[0] * fz, u[0] * fy - u[1] * fx
        w.roll[k] = x * fx + y * fy + z * fz
        w.pitch[k] = x * lx + y * ly + z * lz
        w.yaw[k] = x * u[0] + y * u[1] + z * u[2]
        w.square[k] = (x * x + y * y + z * z) / max(stop - first, 1)
        # the phase lies near one that is known, since parts differ by a sample at most
        off = math.pi * (first + stop) / n - _PHASE[k]
        v = off * off
        cosine = 1.0 - v / 2 * (1.0 - v / 12 * (1.0 - v / 30 * (1.0 - v / 56 * (1.0 - v / 90))))
        sine = off * (1.0 - v / 6 * (1.0 - v / 20 * (1.0 - v / 42 * (1.0 - v / 72))))
        w.re[k] = _COSINE[k] * cosine - _SINE[k] * sine
        w.im[k] = -(_SINE[k] * cosine + _COSINE[k] * sine)


@kernel
def _measure_stride(s: Record, begin: int, end: int, w: Record, out: NDArray[np.float64]) -> None:
    """Harmonics of the stride's samples ``[begin, end)`` about the levelled body axes."""
    n = end - begin
    force = _force_of_steps(s, begin, n)
    _fill_angles(s, begin, n, w)
    roll1, pitch1, yaw1, roll2, pitch2, yaw2 = 0j, 0j, 0j, 0j, 0j, 0j
    total = 0.0
    for k in range(_POINTS):
        once = complex(w.re[k], w.im[k])
        twice = once * once
        roll1, roll2 = roll1 + w.roll[k] * once, roll2 + w.roll[k] * twice
        pitch1, pitch2 = pitch1 + w.pitch[k] * once, pitch2 + w.pitch[k] * twice
        yaw1, yaw2 = yaw1 + w.yaw[k] * once, yaw2 + w.yaw[k] * twice
        total += w.square[k]
    tip = pitch2 * force.conjugate()
    drop = roll1 * yaw1.conjugate()
    out[_TIP_RE], out[_TIP_IM] = tip.real, tip.imag
    out[_DROP_RE], out[_DROP_IM] = drop.real, drop.imag
    out[_FORCE2] = _square(force)
    out[_ROLL1], out[_ROLL2] = _square(roll1), _square(roll2)
    out[_PITCH1], out[_PITCH2] = _square(pitch1), _square(pitch2)
    out[_YAW1], out[_YAW2] = _square(yaw1), _square(yaw2)
    out[_TOTAL] = total / n


@kernel
def _is_near(re: float, im: float, middle: float, within: float) -> bool:
    """Whether a phase lies around the middle, degrees."""
    off = math.atan2(im, re) * _DEG - middle
    return abs(off - 360.0 * math.floor(off / 360.0 + 0.5)) < within


@kernel
def _step_share(m: NDArray[np.float64], axis: int) -> float:
    """Share of the second harmonic, that of steps, in the turning about a body axis."""
    first, second = m[_ROLL1 + 2 * axis], m[_ROLL2 + 2 * axis]
    return second / (first + second + 1e-12)


@kernel
def _contradicts(m: NDArray[np.float64], swing: float, tipped: bool) -> bool:
    """Whether the means of some strides are those of no runner; ``swing`` is the least of one.

    Where both sensors have shown how the sensor tipped, a phase that is no runner's is the mount's.
    """
    tip = math.hypot(m[_TIP_RE], m[_TIP_IM])
    tips = tip > _TIP_COHERENCE * math.sqrt(m[_PITCH2] * m[_FORCE2]) and m[_PITCH2] > swing
    opposite = _is_near(m[_TIP_RE], m[_TIP_IM], _TIP_OPPOSITE, _TIP_WITHIN)
    if tips and opposite and not tipped:
        return True
    drop = math.hypot(m[_DROP_RE], m[_DROP_IM])
    drops = drop > _DROP_COHERENCE * math.sqrt(m[_ROLL1] * m[_YAW1])
    drops = drops and m[_ROLL1] > swing and m[_YAW1] > swing
    drops = drops and tips and _is_near(m[_TIP_RE], m[_TIP_IM], _TIP_USUAL, _TIP_USUAL_WITHIN)
    if drops and _is_near(m[_DROP_RE], m[_DROP_IM], _DROP_OPPOSITE, _DROP_WITHIN):
        return True
    # tipping has the frequency of steps, and more so than the others
    other = max(_step_share(m, 0), _step_share(m, 2))
    return other - _step_share(m, 1) > _MOST_SHARE


@kernel
def _take_stride(c: Record, s: Record, f: Record, begin: int, end: int, number: int) -> None:
    if begin < s.segment.oldest or end >= s.segment.samples or end - begin < _POINTS:
        return
    measured = f.scratch
    _measure_stride(s, begin, end, f.angles, measured)
    watch_turning(c, s, f.turning, begin, end, number)
    a = s.agreement
    a.strides += 1
    share = max(1.0 / a.strides, _SMOOTHING)
    for k in range(MEANS):
        a.means[k] += share * (measured[k] - a.means[k])


@kernel
def judge_agreement(c: Record, s: Record, f: Record, number: int) -> None:
    """Take the stride that ends with step ``number``; of the first, all strides there are.

    Up must be known; what is found stands in the chain's state.
    """
    if s.turns == 0:
        if s.kind == WITH_GYRO and s.silent == 0 and s.sanity.turned_ever == 0:
            note_trouble(s.sanity, GYRO_ZERO, 0.0)
        return
    a = s.agreement
    if number == 0 and a.strides == 0:
        for k in range(max(0, s.bout.contact_count - _AT_FIRST), s.bout.contact_count - 2):
            first, last = s.bout.contacts[k % CONTACTS], s.bout.contacts[(k + 2) % CONTACTS]
            _take_stride(c, s, f, first, last, number)
    elif number > 0:
        begin, end = s.bout.rises[(number - 1) % CONTACTS], s.bout.rises[(number + 1) % CONTACTS]
        if begin < end:
            _take_stride(c, s, f, int(begin), int(end), number)
    if a.strides < _STRIDES:
        return
    m = a.means
    newer, older = s.bout.contacts[(number + 1) % CONTACTS], s.bout.contacts[number % CONTACTS]
    stride_s = 2.0 * (newer - older) * c.interval_s
    if m[_TOTAL] / c.interval_s**2 < _LEAST_TURNING**2:
        note_trouble(s.sanity, GYRO_QUIET, math.sqrt(m[_TOTAL]) / c.interval_s)
        return
    end_trouble(s.sanity, GYRO_QUIET)
    if s.learned.mounting_status == MOUNTING_KNOWN and _contradicts(
        m, (0.5 * _LEAST_SWING * stride_s) ** 2, s.turning.tipped > 0
    ):
        note_trouble(s.sanity, GYRO_CONTRADICTS, 0.0)
