"""Initial contact and toe-off, and the side, of a finished step.

The instants at which the vertical specific force crosses 1 g repeat to a few milliseconds but lie
inside the stance, the deeper the longer it lasts. How deep follows from physics: over a step the
ground gives back exactly what gravity took, so a stance whose force has a known family of shapes
and whose time above body weight is measured has one contact time.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.compiled import Record, kernel

__all__ = [
    "SHAPE_EXPONENT",
    "SIDE_STATE",
    "TRAILING_SHARE",
    "cast_side_vote",
    "crossing_down_before",
    "crossing_up_near",
    "lowest_between",
    "stance_from_crossings",
]

#: Exponent p of the stance shape sin^p: between a half sine (1) and a raised cosine (2).
SHAPE_EXPONENT: Final = 1.15
#: Force at which contact begins and ends, body weights.
_CONTACT_FORCE_BW: Final = 0.1
#: Share of the contact time by which the middle of the stance lies after the middle of the time
#: above body weight: force rises faster than it falls.
TRAILING_SHARE: Final = 0.03

_LONGEST_DUTY: Final = 0.85
_SHAPE_POINTS: Final = 201


def _shape_mean(exponent: float) -> float:
    """Mean of sin^p over half a period."""
    return math.gamma((exponent + 1.0) / 2.0) / (
        math.sqrt(math.pi) * math.gamma(exponent / 2.0 + 1.0)
    )


_SHAPE_MEAN: Final = _shape_mean(SHAPE_EXPONENT)


@kernel
def lowest_between(values: NDArray[np.float64], first: int, last: int) -> int:
    """Index of the least value in ``[first, last]``."""
    lowest = first
    for i in range(first + 1, last + 1):
        if values[i] < values[lowest]:
            lowest = i
    return lowest


@kernel
def crossing_up_near(values: NDArray[np.float64], n: int, near: int, level: float) -> float:
    """Where the values rise through a level, searched from ``near``; −1 when nowhere.

    From above the level it walks back, from below forward; linear between samples.
    """
    i = min(max(near, 0), n - 1)
    if values[i] >= level:
        while i > 0 and values[i - 1] >= level:
            i -= 1
        if i == 0:
            return -1.0
    else:
        while i < n and values[i] < level:
            i += 1
        if i == n:
            return -1.0
    return i - 1 + (level - values[i - 1]) / (values[i] - values[i - 1])


@kernel
def crossing_down_before(values: NDArray[np.float64], last: int, level: float) -> float:
    """Where the values last fall through a level at or before ``last``; −1 when nowhere."""
    i = last
    while i >= 0 and values[i] < level:
        i -= 1
    if i < 0 or i == last:
        return -1.0
    return i + (values[i] - level) / (values[i] - values[i + 1])


@kernel
def _time_above(contact_s: float, step_s: float) -> float:
    """Time above body weight of a sin^p stance with the impulse of one step."""
    peak = step_s / (contact_s * _SHAPE_MEAN)
    if peak <= 1.0:
        return 0.0
    return contact_s * (1.0 - 2.0 / math.pi * math.asin(peak ** (-1.0 / SHAPE_EXPONENT)))


@kernel
def stance_from_crossings(above_s: float, step_s: float) -> tuple[float, float]:
    """Contact time and peak force of the stance with this time above body weight.

    Parameters
    ----------
    above_s : float
        Time from the rise of the vertical force through body weight to its fall, s.
    step_s : float
        Time from one contact to the next, s.

    Returns
    -------
    tuple of float
        Contact time between the 0.1 body weight crossings, s, and peak force, body weights.

    Notes
    -----
    ``F = P sin^p(πt/t₀)`` with ``P·t₀·mean(sin^p) = step_s``. The time above body weight grows with
    ``t₀`` up to a maximum; the shorter solution is taken, and the maximum when there is none.
    """
    low, high = above_s, _LONGEST_DUTY * step_s
    # the turning point of the curve bounds the search
    best = low
    a, b = low, high
    for _ in range(24):
        m1, m2 = a + (b - a) / 3.0, b - (b - a) / 3.0
        if _time_above(m1, step_s) < _time_above(m2, step_s):
            a = m1
        else:
            b = m2
    best = 0.5 * (a + b)
    high = best
    for _ in range(24):
        middle = 0.5 * (low + high)
        if _time_above(middle, step_s) < above_s:
            low = middle
        else:
            high = middle
    base = 0.5 * (low + high)
    peak = step_s / (base * _SHAPE_MEAN)
    outside = math.asin(min(1.0, (_CONTACT_FORCE_BW / peak) ** (1.0 / SHAPE_EXPONENT))) / math.pi
    return base * (1.0 - 2.0 * outside), peak


SIDE_STATE: Final = np.dtype(
    [
        ("steps", np.int64),
        ("left_is_even", np.int64),  # votes that say: even steps are left
        ("settled", np.uint8),
    ],
    align=True,
)

_STEPS_TO_VOTE: Final = 20
_LEAST_MAJORITY: Final = 0.6


@kernel
def cast_side_vote(state: Record, parity: int, leftward_m_s2: float) -> int:
    """Count one step's vote and name its side.

    In stance on the left foot the ground pushes the body to the right, and the other way round, so
    the sign of the mean mediolateral acceleration in stance tells the side of about four steps in
    five. Feet alternate, so the votes of all steps of a run are pooled.

    Parameters
    ----------
    state : record of SIDE_STATE
        Votes of this run.
    parity : int
        0 or 1 in turn.
    leftward_m_s2 : float
        Mean acceleration to the left in stance; NaN when not measured.

    Returns
    -------
    int
        Index into :data:`imu.steps.SIDE_CODES`.
    """
    if math.isfinite(leftward_m_s2):
        state.steps += 1
        if (leftward_m_s2 < 0.0) == (parity == 0):
            state.left_is_even += 1
    if state.steps < _STEPS_TO_VOTE:
        return parity
    share = state.left_is_even / state.steps
    if max(share, 1.0 - share) < _LEAST_MAJORITY:
        return parity
    left = (share > 0.5) == (parity == 0)
    return 2 if left else 3
