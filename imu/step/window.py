"""The window of a step: the samples of it with a pad on both sides, in levelled body axes.

Its rows lie in one record whose shape the compiler knows, and each loop does one thing to all
samples, so that several are worked on at once.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.chain.loop import Q0, Q1, Q2, Q3, force_of_past, up_in_inertial_frame
from imu.chain.orientation import turn_back
from imu.compiled import Record, kernel
from imu.samples import STANDARD_GRAVITY_M_S2
from imu.step.angles import fill_arcsin, fill_arctan

_G: Final = STANDARD_GRAVITY_M_S2
_PER_G: Final = 1.0 / _G

#: The longest step with both pads at the highest rate.
WINDOW_SAMPLES: Final = 2048
_PAD: Final = 136  # so that the rows do not compete for one place in the processor's cache

# specific force below 10 Hz in the inertial frame, m/s²; the body's forward axis there
_X10, _Y10, _Z10, _BX, _BY, _BZ = range(6)
# vertical, forward and left, g; below 10 Hz and 20 Hz
VERTICAL, FORWARD, LEFT, V10, V20, F10 = range(6, 12)
# lean, roll and yaw, degrees; beside them what they are told from
LEAN, ROLL, YAW, UPRIGHT, _AHEAD = range(12, 17)
# vertical force, body weights, and displacement, m
GROUND_FORCE, DISPLACEMENT = range(17, 19)
# acceleration, velocity and place along a direction
ALONG, VELOCITY, MOVED = range(19, 22)
#: Shape of the window.
WINDOW_SHAPE: Final = (22, WINDOW_SAMPLES + _PAD)


@kernel
def mean_along(s: Record, u: NDArray[np.float64], first: int, n: int) -> float:
    """Mean of the specific force of ``n`` samples along a direction, g."""
    fx, fy, fz = force_of_past(s, first, n)
    x, y, z = 0.0, 0.0, 0.0
    for i in range(n):
        x, y, z = x + fx[i], y + fy[i], z + fz[i]
    return (x * u[0] + y * u[1] + z * u[2]) / (n * _G)


@kernel
def smooth_window(
    c: Record, s: Record, f: Record, u: NDArray[np.float64], first: int, n: int
) -> None:
    """Low-pass the force to 10 Hz, its part along ``u`` to 20 Hz too, without phase.

    As :func:`~imu.chain.filters.zero_phase_low_pass`, four at once: each waits for itself, and not
    for the others. What is filtered in three axes is filtered in every direction.
    """
    w = f.window
    fx, fy, fz = force_of_past(s, first, n)
    ux, uy, uz = u[0] / _G, u[1] / _G, u[2] / _G
    for i in range(n):
        x, y, z = fx[i], fy[i], fz[i]
        w[V20, i] = x * ux + y * uy + z * uz
        w[_X10, i], w[_Y10, i], w[_Z10, i] = x, y, z
    _pass(c, f, n, False)
    _pass(c, f, n, True)
    for i in range(n):
        w[V10, i] = w[_X10, i] * ux + w[_Y10, i] * uy + w[_Z10, i] * uz


@kernel
def _pass(c: Record, f: Record, n: int, backwards: bool) -> None:
    """One pass of the four filters, from the settled state of its first values."""
    w = f.window
    b0, b1, b2, a1, a2 = _coefficients(c.low_pass_10hz)
    d0, d1, d2, e1, e2 = _coefficients(c.low_pass_20hz)
    first = n - 1 if backwards else 0
    step = -1 if backwards else 1
    x, y, z, v = w[_X10, first], w[_Y10, first], w[_Z10, first], w[V20, first]
    # what came and what went, one and two samples before: the same, as if for ever
    x1, y1, z1, v1 = x, y, z, v
    x2, y2, z2, v2 = x, y, z, v
    p1, q1, r1, o1 = x, y, z, v
    p2, q2, r2, o2 = x, y, z, v
    i = first
    for _ in range(n):
        x, y, z, v = w[_X10, i], w[_Y10, i], w[_Z10, i], w[V20, i]
        # the last output is waited for: it comes last
        p = (b0 * x + (b1 * x1 + b2 * x2) - a2 * p2) - a1 * p1
        q = (b0 * y + (b1 * y1 + b2 * y2) - a2 * q2) - a1 * q1
        r = (b0 * z + (b1 * z1 + b2 * z2) - a2 * r2) - a1 * r1
        o = (d0 * v + (d1 * v1 + d2 * v2) - e2 * o2) - e1 * o1
        w[_X10, i], w[_Y10, i], w[_Z10, i], w[V20, i] = p, q, r, o
        x1, y1, z1, v1, x2, y2, z2, v2 = x, y, z, v, x1, y1, z1, v1
        p1, q1, r1, o1, p2, q2, r2, o2 = p, q, r, o, p1, q1, r1, o1
        i += step


@kernel
def _coefficients(b: NDArray[np.float64]) -> tuple[float, float, float, float, float]:
    return b[0], b[1], b[2], b[3], b[4]


@kernel
def level_window(s: Record, f: Record, first: int, n: int) -> tuple[float, float, float]:
    """Bring the window into levelled body axes; returns left in the inertial frame.

    One levelling serves the whole window: within a step the gyroscope alone moves. Lean, roll and
    yaw are left as directions, since the pads need no angles.
    """
    w, m, p = f.window, s.learned.mounting, s.past
    a = first - s.segment.oldest
    a0, a1, a2, a3 = p[Q0, a : a + n], p[Q1, a : a + n], p[Q2, a : a + n], p[Q3, a : a + n]
    forces = force_of_past(s, first, n)
    ux, uy, uz = up_in_inertial_frame(s.segment.levelling)
    m00, m01, m02 = m[0, 0], m[0, 1], m[0, 2]
    m10, m11, m12 = m[1, 0], m[1, 1], m[1, 2]
    m20, m21, m22 = m[2, 0], m[2, 1], m[2, 2]
    for i in range(n):
        q0, q1, q2, q3 = a0[i], a1[i], a2[i], a3[i]
        # earth's up in the sensor, then along the body axes: the third row of body → earth
        vx, vy, vz = turn_back(q0, q1, q2, q3, ux, uy, uz)
        w[LEAN, i] = -(m00 * vx + m01 * vy + m02 * vz)
        w[ROLL, i] = m10 * vx + m11 * vy + m12 * vz
        w[UPRIGHT, i] = m20 * vx + m21 * vy + m22 * vz
        bx, by, bz = turn_back(q0, -q1, -q2, -q3, m00, m01, m02)
        w[_BX, i], w[_BY, i], w[_BZ, i] = bx, by, bz
    x, y, z = 0.0, 0.0, 0.0
    for i in range(n):
        x, y, z = x + w[_BX, i], y + w[_BY, i], z + w[_BZ, i]
    # forward: the mean of the body's, without what is along up
    along = x * ux + y * uy + z * uz
    x, y, z = x - along * ux, y - along * uy, z - along * uz
    norm = math.sqrt(x * x + y * y + z * z)
    if norm > 0.0:
        x, y, z = x / norm, y / norm, z / norm
    else:
        x, y, z = turn_back(
            s.segment.levelling[0],
            s.segment.levelling[1],
            s.segment.levelling[2],
            s.segment.levelling[3],
            1.0,
            0.0,
            0.0,
        )
    lx, ly, lz = uy * z - uz * y, uz * x - ux * z, ux * y - uy * x
    for i in range(n):
        bx, by, bz = w[_BX, i], w[_BY, i], w[_BZ, i]
        w[_AHEAD, i] = bx * x + by * y + bz * z
        w[YAW, i] = bx * lx + by * ly + bz * lz
    for i in range(n):
        fx, fy, fz = forces[0][i] * _PER_G, forces[1][i] * _PER_G, forces[2][i] * _PER_G
        w[VERTICAL, i] = fx * ux + fy * uy + fz * uz
        w[FORWARD, i] = fx * x + fy * y + fz * z
        w[LEFT, i] = fx * lx + fy * ly + fz * lz
        w[F10, i] = (w[_X10, i] * x + w[_Y10, i] * y + w[_Z10, i] * z) * _PER_G
    return lx, ly, lz


@kernel
def turn_into_angles(f: Record, first: int, last: int) -> None:
    """Lean, roll and yaw in degrees from the directions that :func:`level_window` left there."""
    w = f.window
    degrees = 180.0 / math.pi
    fill_arctan(w[LEAN], w[UPRIGHT], first, last, degrees)
    fill_arcsin(w[ROLL], first, last, degrees)
    fill_arctan(w[YAW], w[_AHEAD], first, last, degrees)
