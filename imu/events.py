"""Initial contact and toe-off, and the side, of a finished step.

Contact: the vertical specific force leaves its level in flight and rises through body weight within
some twenty milliseconds; the straight line through that rise, followed down to 0.1 body weight over
the flight level, meets the rise of the ground force, early for a hard landing, late for a soft one.

Toe-off: the specific force falls through body weight well before the ground force ends. How long
before follows from physics: over a step the ground gives back exactly what gravity took, so a
half-sine stance has one duration for which it falls through body weight just then.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.compiled import Record, kernel

__all__ = [
    "SIDE_STATE",
    "cast_side_vote",
    "contact_from_rise",
    "contact_time_from_fall",
    "crossing_down_before",
    "crossing_up_after",
    "lowest_between",
    "peak_force",
]

#: Force at which contact begins and ends, body weights.
_CONTACT_FORCE_BW: Final = 0.1

_ITERATIONS: Final = 8


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
def contact_from_rise(
    vertical_g: NDArray[np.float64], n: int, flight: int, flight_level_g: float
) -> float:
    """Initial contact from the rise of the vertical specific force.

    Parameters
    ----------
    vertical_g : ndarray
        Vertical specific force below 20 Hz, g.
    n : int
        Number of values.
    flight : int
        A sample in the flight before the contact.
    flight_level_g : float
        Specific force in flight, g; below 1.

    Returns
    -------
    float
        Sample index of the contact, not before ``flight``; −1 when the force does not rise.
    """
    if not flight_level_g < 1.0 - 2.0 * _CONTACT_FORCE_BW:
        return -1.0
    half_g = 0.5 * (flight_level_g + 1.0)
    half = crossing_up_after(vertical_g, n, flight, half_g)
    whole = crossing_up_after(vertical_g, n, flight, 1.0)
    if half < 0.0 or whole < half:
        return -1.0
    slope = (1.0 - half_g) / max(whole - half, 1e-9)
    return max(half - (half_g - flight_level_g - _CONTACT_FORCE_BW) / slope, float(flight))


@kernel
def peak_force(contact_s: float, step_s: float) -> float:
    """Peak of a half-sine stance with the impulse of the step, body weights."""
    return 0.5 * math.pi * step_s / contact_s


@kernel
def contact_time_from_fall(fall_s: float, step_s: float) -> float:
    """Contact time of a stance that falls through body weight a given time after contact.

    Parameters
    ----------
    fall_s : float
        From initial contact to the fall of the vertical specific force through 1 g, s.
    step_s : float
        From one contact to the next, s.

    Returns
    -------
    float
        Contact time, s, at most ``step_s``.

    Notes
    -----
    A half sine with the impulse of the step, ``F = π T / (2 t_c) · sin(π t / t_c)``, is at body
    weight ``t_c / π · asin(1 / P)`` before its end; solved by iteration. Measured against the 0.1
    body weight crossing of 17 treadmill trials of two runners, the end lies −6 ± 17 ms and −22 ms
    off.
    """
    contact_s = fall_s
    for _ in range(_ITERATIONS):
        before_end = math.asin(min(1.0, 1.0 / peak_force(contact_s, step_s))) / math.pi
        contact_s = min(fall_s + contact_s * before_end, step_s)
    return contact_s


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
