"""Crossings of body weight in a finished step, what the sensor reads for it, and the side.

Body weight: over a step the ground gives back exactly what gravity took, so the mean of the
vertical specific force is what the sensor reads for body weight, whatever its zero and scale.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.compiled import Record, kernel


@kernel
def lowest_between(values: NDArray[np.float64], first: int, last: int) -> int:
    """Index of the least value in ``[first, last]``."""
    lowest = first
    for i in range(first + 1, last + 1):
        if values[i] < values[lowest]:
            lowest = i
    return lowest


@kernel
def crossing_up_after(values: NDArray[np.float64], n: int, start: int, level: float) -> float:
    """Where the first ``n`` values next rise through a level after ``start``; −1 when nowhere."""
    i = start + 1
    while i < n and not values[i - 1] < level <= values[i]:
        i += 1
    if i >= n:
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
def body_weight_level(vertical_g: NDArray[np.float64], first: float, last: float) -> float:
    """What the sensor reads for body weight: the mean between two equal phases of a step apart.

    Parameters
    ----------
    vertical_g : ndarray
        Vertical specific force, g.
    first, last : float
        Sample indices; NaN is returned when they hold nothing.
    """
    a, b = round(first), round(last)
    total = 0.0
    for i in range(a, b):
        total += vertical_g[i]
    return total / (b - a) if b > a else np.nan


SIDE_STATE: Final = np.dtype(
    [
        ("steps", np.int64),
        ("left_is_even", np.int64),  # votes that say: even steps are left
    ],
    align=True,
)

_STEPS_TO_VOTE: Final = 20
_LEAST_MAJORITY: Final = 0.6


@kernel
def cast_side_vote(state: Record, parity: int, swing: float) -> int:
    """Count one step's vote and name its side.

    In stance on the left foot the pelvis drops on the free, right side, so its roll is more to the
    right than in the step before, and the other way round. Without a gyroscope the mediolateral
    acceleration at the sacrum serves: it is more to the left on the left foot, since the back of
    the pelvis turns towards the foot on the ground, and against the centre of mass. Both held for
    all steps of the two marker recordings at hand; of single sensors about four votes in five are
    right. Feet alternate, so the votes of all steps of a run are pooled.

    Parameters
    ----------
    state : record of SIDE_STATE
        Votes of this run.
    parity : int
        0 or 1 in turn.
    swing : float
        Roll to the right, or acceleration to the left, in stance less that of the step before; NaN
        when not measured.

    Returns
    -------
    int
        Index into :data:`imu.steps.SIDE_CODES`.
    """
    if math.isfinite(swing):
        state.steps += 1
        if (swing > 0.0) == (parity == 0):
            state.left_is_even += 1
    if state.steps < _STEPS_TO_VOTE:
        return parity
    share = state.left_is_even / state.steps
    if max(share, 1.0 - share) < _LEAST_MAJORITY:
        return parity
    left = (share > 0.5) == (parity == 0)
    return 2 if left else 3
