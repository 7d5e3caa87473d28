"""Whether the sensor rings on its clip: what a step holds at 7 to 20 Hz, against what is usual.

A sensor that is not held tight swings on the waistband as on a spring, at 8 to 15 Hz. It then
reads the slow swings of the body too large as well, by 1 / (1 − (step rate / its own rate)²): a
vertical oscillation by up to a third. Contact shows it least of all, shock most.

A person's strides differ in power from another's by much more than in its spread over frequency.
The logarithms of the power at fourteen frequencies, upright and level, are therefore weighted
against each other; the score is about the log odds of an oscillation that is off by more than
4 mm. It is averaged over some twenty steps, since a clip stays as it is for longer than a step.

The weights are learned by ``benchmarks.step_model.loose`` on runners with and without a damped
oscillator between body and sensor; logistic regression, no source beyond.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.compiled import Record, kernel

#: At which power is looked for, Hz.
FREQUENCIES_HZ: Final = np.array(
    [3.0, 5.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0, 18.0, 20.0]
)
_COUNT: Final = len(FREQUENCIES_HZ)
_LANES: Final = 16  # as many and a few more, so that none of them is worked on alone
#: Vertical and level power at each frequency, and the step time; logarithms.
LOOSE_FEATURES: Final = 2 * _COUNT + 1
#: Fewer steps flag themselves, and tell nobody.
STEPS_TO_TELL: Final = 20

_LEAST_POWER_G2: Final = 1e-6
_COARSEST_S: Final = 0.005  # to which samples are averaged
_SMOOTHING: Final = 1.0 / STEPS_TO_TELL
#: Score from which steps are flagged: beyond what people left out of the learning reach with a
#: tight sensor, −0.26; and from which the runner is told: beyond the 0.8 of simulated runners too.
_FLAGGED: Final = 0.0
_TOLD: Final = 1.0
#: Constant; the weights of upright and of level power, by frequency; that of the step time.
# fmt: off
_WEIGHTS: Final = np.array([
    2.544,
    -0.013, -0.009, 0.390, 0.250, 0.035, 0.309, -0.012,
    0.155, 0.318, 0.196, 0.272, 0.017, -0.326, -0.667,
    -0.485, -0.088, 0.533, 0.598, 0.723, 0.738, 0.498,
    0.441, 0.471, 0.430, 0.523, 0.197, -0.808, -1.500,
    1.289,
])
# fmt: on


@kernel
def fill_loose_features(
    vertical_g: NDArray[np.float64],
    forward_g: NDArray[np.float64],
    left_g: NDArray[np.float64],
    n: int,
    interval_s: float,
    step_time_s: float,
    out: NDArray[np.float64],
) -> None:
    """What tells a loose clip from a tight one in the samples around a step.

    Parameters
    ----------
    vertical_g, forward_g, left_g : ndarray
        Levelled specific force, g, from 0.25 s before a contact to 0.18 s beyond the next.
    n : int
        Number of values, 16 or more.
    interval_s : float
        Between samples, s.
    step_time_s : float
        From a contact to the next, s, positive.
    out : ndarray, shape (LOOSE_FEATURES,)
        Logarithms to base 10 of the power at each frequency, g², upright then level; natural
        logarithm of the step time.
    """
    group = max(1, int(math.floor(_COARSEST_S / interval_s + 1e-9)))
    m = n // group
    up, ahead, aside = np.zeros(m), np.zeros(m), np.zeros(m)
    mean_up, mean_ahead, mean_aside = 0.0, 0.0, 0.0
    for i in range(m):
        for k in range(i * group, (i + 1) * group):
            up[i] += vertical_g[k] / group
            ahead[i] += forward_g[k] / group
            aside[i] += left_g[k] / group
        mean_up += up[i] / m
        mean_ahead += ahead[i] / m
        mean_aside += aside[i] / m
    total = 0.0
    for i in range(m):
        weight = 0.5 - 0.5 * math.cos(2.0 * math.pi * (i + 1) / (m + 1))
        total += weight
        up[i] = weight * (up[i] - mean_up)
        ahead[i] = weight * (ahead[i] - mean_ahead)
        aside[i] = weight * (aside[i] - mean_aside)
    # all frequencies at each sample: the turns of one wait for each other, those of many do not.
    # The rows are of one table, since the compiler must see that they do not overlap
    table = np.zeros((10, _LANES))
    turn_re, turn_im, re, im = table[0], table[1], table[2], table[3]
    u_re, u_im, a_re, a_im, s_re, s_im = table[4], table[5], table[6], table[7], table[8], table[9]
    for j in range(_LANES):
        turn_re[j] = re[j] = 1.0
    for j in range(_COUNT):
        angle = 2.0 * math.pi * FREQUENCIES_HZ[j] * interval_s * group
        turn_re[j], turn_im[j] = math.cos(angle), math.sin(angle)
    for i in range(m):
        u, a, s = up[i], ahead[i], aside[i]
        for j in range(_LANES):
            c, d = re[j], im[j]
            u_re[j] += c * u
            u_im[j] += d * u
            a_re[j] += c * a
            a_im[j] += d * a
            s_re[j] += c * s
            s_im[j] += d * s
            re[j] = c * turn_re[j] - d * turn_im[j]
            im[j] = c * turn_im[j] + d * turn_re[j]
    for j in range(_COUNT):
        upright = (u_re[j] * u_re[j] + u_im[j] * u_im[j]) / (total * total)
        level = a_re[j] * a_re[j] + a_im[j] * a_im[j] + s_re[j] * s_re[j] + s_im[j] * s_im[j]
        out[j] = math.log10(upright + _LEAST_POWER_G2)
        out[_COUNT + j] = math.log10(level / (total * total) + _LEAST_POWER_G2)
    out[2 * _COUNT] = math.log(step_time_s)


@kernel
def loose_score(features: NDArray[np.float64]) -> float:
    """About the log odds that one step's oscillation is off by more than 4 mm."""
    score = _WEIGHTS[0]
    for k in range(LOOSE_FEATURES):
        score += _WEIGHTS[1 + k] * features[k]
    return score


@kernel
def is_loose(s: Record, score: float) -> bool:
    """Take a step's score into the mean of the chain's state; whether the step is flagged."""
    s.loose_steps += 1
    s.loose_score += max(1.0 / s.loose_steps, _SMOOTHING) * (score - s.loose_score)
    return s.loose_score > _FLAGGED


@kernel
def tells_loose_clip(s: Record) -> bool:
    """Whether so many steps of the chain's state say so that the runner is told."""
    return bool(s.loose_steps >= STEPS_TO_TELL and s.loose_score > _TOLD)
