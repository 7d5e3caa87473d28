"""Initial contact and toe-off, the force between them, and the side, of a finished step.

Body weight: over a step the ground gives back exactly what gravity took, so the mean of the
vertical specific force is what the sensor reads for body weight, whatever its zero and scale.

Contact: the specific force leaves its level in flight as the foot touches and rises to a first
crest, early and steeply for a hard landing, late and slowly for a soft one. A raised cosine through
two points of that rise is followed back to 0.1 body weight.

Toe-off: the specific force falls through body weight well before the ground force ends. How long
before is estimated twice and averaged: as a share of the step, and as that of a half-sine stance
with the impulse of the step, stretched, since a push-off lasts longer than it.

The constants were chosen on 17 treadmill trials with measured force of two runners (Alcantara et
al. 2022, doi:10.7717/peerj.12752; Fukuchi et al. 2017, doi:10.7717/peerj.3298), not on people
unseen.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.compiled import Record, kernel

__all__ = [
    "SIDE_STATE",
    "body_weight_level",
    "cast_side_vote",
    "contact_from_rise",
    "crossing_down_before",
    "crossing_up_after",
    "lowest_between",
    "stance_force",
    "toe_off_from_fall",
]

#: Force at which contact begins and ends, body weights.
_CONTACT_FORCE_BW: Final = 0.1
# shares of the rise at which it is read: above what happens in flight, below the crest
_LOW_SHARE: Final = 0.2
_HIGH_SHARE: Final = 0.5
#: From the fall through body weight to toe-off, share of the step time.
_TAIL_SHARE: Final = 0.15
#: By how much a push-off outlasts that of a half sine: 1.1 to 1.6 in the trials.
_TAIL_STRETCH: Final = 1.35
_ITERATIONS: Final = 8
#: Weight of the common shape of the force against the measured waveform.
_SHAPE_WEIGHT: Final = 0.65
#: Exponent b of the common shape p (1 − p)^b of the stance; its crest is at 1 / (1 + b). The code
#: takes its power as a product with a fourth root.
_SHAPE_EXPONENT: Final = 1.25


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


@kernel
def _cosine_phase(share: float) -> float:
    """Where a raised cosine has done a share of its rise, as a share of its duration."""
    return math.acos(1.0 - 2.0 * min(max(share, 0.0), 1.0)) / math.pi


@kernel
def contact_from_rise(
    vertical_g: NDArray[np.float64], n: int, flight: int, flight_level_g: float, weight_g: float
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
        Specific force in flight, g.
    weight_g : float
        Body weight as the sensor reads it, g.

    Returns
    -------
    float
        Sample index of the contact, not before ``flight``; −1 when the force does not rise.
    """
    if not flight_level_g < weight_g - 2.0 * _CONTACT_FORCE_BW:
        return -1.0
    whole = crossing_up_after(vertical_g, n, flight, weight_g)
    if whole < 0.0:
        return -1.0
    crest = int(whole) + 1
    while crest + 1 < n and vertical_g[crest + 1] >= vertical_g[crest]:
        crest += 1
    height = vertical_g[crest] - flight_level_g
    low = crossing_up_after(vertical_g, n, flight, flight_level_g + _LOW_SHARE * height)
    high = crossing_up_after(vertical_g, n, flight, flight_level_g + _HIGH_SHARE * height)
    if low < 0.0 or high < low:
        return -1.0
    duration = (high - low) / (_cosine_phase(_HIGH_SHARE) - _cosine_phase(_LOW_SHARE))
    since = _cosine_phase(_HIGH_SHARE) - _cosine_phase(_CONTACT_FORCE_BW / height)
    return max(high - duration * since, float(flight))


@kernel
def toe_off_from_fall(fall: float, contact: float, step: float, next_contact: float) -> float:
    """Toe-off from the fall of the vertical specific force through body weight.

    Parameters
    ----------
    fall, contact, next_contact : float
        Sample indices of the fall and of the contacts of the step.
    step : float
        Duration of the step, samples.

    Returns
    -------
    float
        Sample index, not after ``next_contact``.

    Notes
    -----
    A half sine with the impulse of the step, ``F = π T / (2 t_c) · sin(π t / t_c)``, is at body
    weight ``t_c / π · asin(2 t_c / (π T))`` before its end; solved by iteration.
    """
    until_fall = (fall - contact) / step
    tail = _TAIL_SHARE
    for _ in range(_ITERATIONS):
        duty = min(max(until_fall + tail, 0.05), 1.0)
        half_sine = duty * math.asin(min(1.0, 2.0 * duty / math.pi)) / math.pi
        tail = 0.5 * (_TAIL_SHARE + _TAIL_STRETCH * half_sine)
    return min(fall + tail * step, next_contact)


@kernel
def stance_force(
    vertical_g: NDArray[np.float64],
    weight_g: float,
    contact: float,
    toe_off: float,
    borne: float,
    first: int,
    last: int,
    force_bw: NDArray[np.float64],
) -> float:
    """Estimate the vertical ground reaction force of a step; returns its peak, body weights.

    A shape common to runners and the measured specific force are mixed, each with the impulse that
    the stance has to give; outside contact the force is zero. At the height of a flight nothing
    moves up or down, so a stance carries the weight from the middle of the flight before to the
    middle of the flight after, which differs from the step time where the two legs differ.

    Parameters
    ----------
    vertical_g : ndarray
        Vertical specific force below 20 Hz, g.
    weight_g : float
        Body weight as the sensor reads it, g.
    contact, toe_off : float
        Sample indices.
    borne : float
        From the middle of the flight before to the middle of the flight after, samples.
    first, last : int
        Samples to fill, ``last`` excluded.
    force_bw : ndarray
        Receives the force, body weights.
    """
    span = toe_off - contact
    total = 0.0
    for i in range(first, last):
        measured = 0.0
        if contact < i < toe_off:
            measured = max(vertical_g[i] - weight_g + 1.0, 0.0)
        force_bw[i] = measured
        total += measured
    gain = (1.0 - _SHAPE_WEIGHT) * borne / total if total > 0.0 else 0.0
    # the integral of p (1 − p)^b is 1 / ((b + 1)(b + 2))
    scale = _SHAPE_WEIGHT * (_SHAPE_EXPONENT + 1.0) * (_SHAPE_EXPONENT + 2.0) * borne / span
    peak = 0.0
    for i in range(first, last):
        phase = (i - contact) / span
        force = 0.0
        if 0.0 < phase < 1.0:
            left = 1.0 - phase
            shape = phase * left * math.sqrt(math.sqrt(left))
            force = scale * shape + gain * force_bw[i]
        force_bw[i] = force
        peak = max(peak, force)
    return peak


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
