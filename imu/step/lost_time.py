"""Time that is missing in a run of even steps: samples that were lost without a trace.

A table without times, or whose times were counted on, does not show that rows are missing; the step
that they were of is too short, by just so much. Runners' steps are even: of 18 on a treadmill none
was taken for a hole, of 20 who jogged to and fro in a corridor two of a thousand.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.chain.loop import STEP_TIMES
from imu.compiled import Record, kernel
from imu.step.metrics import middle_mean_of

#: Steps of each foot that one is compared with, and how many may be missing at a time.
_OF_A_FOOT: Final = 5
_MOST_STEPS: Final = 4
#: Less is no hole, s, or samples where they are so few that a step's end lies between two of them;
#: nor is what is within so many usual deviations of steps.
_LEAST_S: Final = 0.025
_LEAST_SAMPLES: Final = 1.5
_USUAL_DEVIATIONS: Final = 9.0
#: Nobody's step is longer by this share; one that is holds another, of which the most is missing.
_MUCH_LONGER: Final = 0.3


@kernel
def lost_time_s(c: Record, s: Record, since_s: float, scratch: NDArray[np.float64]) -> float:
    """How much time is missing between the end of the last step and that of the next, s.

    Parameters
    ----------
    c, s : records of CHAIN_COEFFICIENTS and CHAIN_STATE
    since_s : float
        What lies between, by the samples; more than a step where some were none.
    scratch : ndarray
        Room for two steps of each foot compared with.

    Returns
    -------
    float
        0 where nothing is, or too few steps are known.
    """
    count = 2 * _OF_A_FOOT
    if s.step_time_count < count:
        return 0.0
    off, ordered = scratch[:count], scratch[count : 2 * count]
    usual_s, same_s, longer_s = 0.0, 0.0, 0.0
    for foot in range(2):  # that of the last step, and that of the next
        own = off[foot * _OF_A_FOOT : (foot + 1) * _OF_A_FOOT]
        for k in range(_OF_A_FOOT):
            own[k] = s.step_times[(s.step_time_count - 1 - foot - 2 * k) % STEP_TIMES]
        same_s = middle_mean_of(own, _OF_A_FOOT, ordered)
        usual_s += 0.5 * same_s
        if foot == 0:
            longer_s = max(own[0] - same_s, 0.0)
        for k in range(_OF_A_FOOT):
            own[k] = abs(own[k] - same_s)
    steps = max(1, round(since_s / usual_s))
    if steps > _MOST_STEPS:
        return 0.0
    # what the last step had too much is not missing: it only ended late
    missing_s = (same_s if steps == 1 else steps * usual_s) - since_s - longer_s
    least_s = max(_LEAST_S, _LEAST_SAMPLES * c.interval_s)
    least_s = max(least_s, _USUAL_DEVIATIONS * middle_mean_of(off, count, ordered))
    if missing_s > least_s:
        return missing_s
    if -missing_s - longer_s > max(least_s, _MUCH_LONGER * usual_s):
        return usual_s + missing_s + longer_s
    return 0.0
