"""Whether the sensor rings on its clip: what a step holds at 7 to 20 Hz, against what is usual.

A sensor that is not held tight swings on the waistband as on a spring, at 8 to 15 Hz. It then
reads the slow swings of the body too large as well, by 1 / (1 − (step rate / its own rate)²): a
vertical oscillation by up to a third. Contact shows it least of all, shock most.

A person's strides differ in power from another's by much more than in its spread over frequency.
The logarithms of the power at fourteen frequencies, upright and level, are therefore weighted
against each other; the score is about the log odds of an oscillation that is off by more than
4 mm. It is averaged over some twenty steps, since a clip stays as it is for longer than a step.

The weights are learned by ``benchmarks.step_model.loose`` on runners with and without a damped
oscillator between body and sensor, low-passed or not; logistic regression, no source beyond.
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
#: tight sensor, and with one that smooths but for some steps in a hundred; and from which the
#: runner is told: beyond the 0.7 of simulated runners too.
_FLAGGED: Final = 0.25
_TOLD: Final = 1.0
#: Constant; the weights of upright and of level power, by frequency; that of the step time.
# fmt: off
_WEIGHTS: Final = np.array([
    3.321,
    0.167, -0.224, 0.226, 0.327, 0.286, 0.297, 0.145,
    0.336, 0.300, 0.161, 0.141, -0.040, -0.364, -0.613,
    -0.746, -0.161, 0.501, 0.557, 0.695, 0.527, 0.482,
    0.541, 0.486, 0.373, 0.281, -0.038, -0.637, -0.982,
    2.054,
])
# fmt: on


#: What :func:`fill_loose_features` works in: the grouped values, their window, and the recursion.
MOST_GROUPS: Final = 512
LOOSE_WORK: Final = np.dtype(
    [
        ("up", np.float64, MOST_GROUPS),
        ("ahead", np.float64, MOST_GROUPS),
        ("aside", np.float64, MOST_GROUPS),
        ("window", np.float64, MOST_GROUPS),
        ("lanes", np.float64, (7, _LANES)),
    ],
    align=True,
)


@kernel
def fill_loose_features(
    vertical_g: NDArray[np.float64],
    forward_g: NDArray[np.float64],
    left_g: NDArray[np.float64],
    n: int,
    interval_s: float,
    step_time_s: float,
    work: Record,
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
    work : record of LOOSE_WORK
    out : ndarray, shape (LOOSE_FEATURES,)
        Logarithms to base 10 of the power at each frequency, g², upright then level; natural
        logarithm of the step time.
    """
    group = max(1, int(math.floor(_COARSEST_S / interval_s + 1e-9)))
    m = n // group
    up, ahead, aside, window = work.up, work.ahead, work.aside, work.window
    _fill_grouped(vertical_g, group, m, up)
    _fill_grouped(forward_g, group, m, ahead)
    _fill_grouped(left_g, group, m, aside)
    _fill_hann(window, m)
    for i in range(m):
        up[i] *= window[i]
        ahead[i] *= window[i]
        aside[i] *= window[i]
    # Goertzel's recursion, for all frequencies at each sample: one waits for itself, many do not.
    # The rows are of one table, since the compiler must see that they do not overlap
    table = work.lanes
    for k in range(7):
        for j in range(_LANES):
            table[k, j] = 0.0
    twice, u, v, a, b, p, q = table[0], table[1], table[2], table[3], table[4], table[5], table[6]
    for j in range(_COUNT):
        twice[j] = 2.0 * math.cos(2.0 * math.pi * FREQUENCIES_HZ[j] * interval_s * group)
    for i in range(0, m - 1, 2):
        x, y, z, x1, y1, z1 = up[i], ahead[i], aside[i], up[i + 1], ahead[i + 1], aside[i + 1]
        for j in range(_LANES):
            v[j] = (x - v[j]) + twice[j] * u[j]
            b[j] = (y - b[j]) + twice[j] * a[j]
            q[j] = (z - q[j]) + twice[j] * p[j]
            u[j] = (x1 - u[j]) + twice[j] * v[j]
            a[j] = (y1 - a[j]) + twice[j] * b[j]
            p[j] = (z1 - p[j]) + twice[j] * q[j]
    if m % 2 == 1:
        x, y, z = up[m - 1], ahead[m - 1], aside[m - 1]
        for j in range(_LANES):
            u[j], v[j] = (x - v[j]) + twice[j] * u[j], u[j]
            a[j], b[j] = (y - b[j]) + twice[j] * a[j], a[j]
            p[j], q[j] = (z - q[j]) + twice[j] * p[j], p[j]
    total = 0.5 * (m + 1)
    for j in range(_COUNT):
        upright = _power(u[j], v[j], twice[j]) / (total * total)
        level = _power(a[j], b[j], twice[j]) + _power(p[j], q[j], twice[j])
        out[j] = math.log10(max(upright, 0.0) + _LEAST_POWER_G2)
        out[_COUNT + j] = math.log10(max(level, 0.0) / (total * total) + _LEAST_POWER_G2)
    out[2 * _COUNT] = math.log(step_time_s)


@kernel
def _fill_grouped(
    values: NDArray[np.float64], group: int, m: int, out: NDArray[np.float64]
) -> None:
    """Means of groups of values, less the mean of all."""
    total = 0.0
    if group == 1:
        for i in range(m):
            total += values[i]
        for i in range(m):
            out[i] = values[i] - total / m
        return
    for i in range(m):
        out[i] = 0.0
        for k in range(i * group, (i + 1) * group):
            out[i] += values[k] / group
        total += out[i]
    for i in range(m):
        out[i] -= total / m


@kernel
def _fill_hann(out: NDArray[np.float64], m: int) -> None:
    """The window of Hann without the zeros at its ends; each cosine from the two before it."""
    twice = 2.0 * math.cos(2.0 * math.pi / (m + 1))
    before, cosine = 1.0, 0.5 * twice
    for i in range((m + 1) // 2):
        out[i] = out[m - 1 - i] = 0.5 - 0.5 * cosine
        before, cosine = cosine, twice * cosine - before


@kernel
def _power(last: float, before: float, twice: float) -> float:
    """Square of the size of the sum that the recursion has come to."""
    return last * last + before * before - twice * last * before


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
