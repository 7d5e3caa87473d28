"""Samples that come at another rate in mid-recording, where times were counted and do not show it.

Nobody's steps become two fifths shorter or longer within two of them, and stay so, with the force
of before at every phase: of 18 runners who were made to change from 2.5 to 4.5 m/s at once, whose
steps are up to 1.31 times shorter then, none comes near. Rows that are taken for a longer or
shorter time than they lasted do just that, with one step between in which the rate changes. The
share of its size by which the vertical force below 10 Hz differs is 0.05 to 0.45 then. What changes
by less cannot be told from a change of pace: the force of those runners differs by 0.10 to 0.31.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.chain.sanity import RATE, end_trouble, note_trouble
from imu.compiled import Record, kernel
from imu.step.step_features import PHASES, STEP_TIME, VERTICAL

#: What is usual of the steps so far, what is of those that differ, and when the last one ended.
RATE_CHANGE_STATE: Final = np.dtype(
    [
        ("steps", np.int64),
        ("step_s", np.float64),
        ("force", np.float64, PHASES),
        ("others", np.int64),
        ("other_s", np.float64),
        ("other_force", np.float64, PHASES),
        ("end_s", np.float64),
        ("before_s", np.float64, 2),  # the last steps that did not differ, the latest first
    ],
    align=True,
)

_KNOWN: Final = 6  # steps before which nothing is usual
_SMOOTHING: Final = 0.1
_OTHERS: Final = 3  # steps that differ before it is told
#: So many times longer or shorter is another step, and those alike are within so much.
_OTHER: Final = 1.4
_ALIKE: Final = 1.07
#: Back at the step before within so much, it is the rate before.
_BACK: Final = 1.1
#: Most by which the force may differ for one step, and for the mean of some, share of its size.
_SAME_OF_ONE: Final = 0.2
_SAME: Final = 0.5
#: A pause after which another step is another run, s.
_PAUSE_S: Final = 3.0


@kernel
def _times(a: float, b: float) -> float:
    """How many times the one is the other, at least 1."""
    return max(a / b, b / a)


@kernel
def _difference(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Of two forces over the phases of a step, body weights, as share of the size of the second."""
    off, size = 0.0, 1e-12
    for k in range(PHASES):
        off += (a[k] - b[k]) ** 2
        size += (b[k] - 1.0) ** 2
    return math.sqrt(off / size)


@kernel
def watch_rate(s: Record, features: NDArray[np.float64], end_s: float, rate_hz: float) -> bool:
    """Take what was seen of a finished step; whether it is one of another rate by itself."""
    o = s.rate_change
    step_s, force = features[STEP_TIME], features[VERTICAL : VERTICAL + PHASES]
    if end_s - o.end_s > _PAUSE_S:
        o.steps, o.others = 0, 0
    o.end_s = end_s
    is_other = o.steps >= _KNOWN and _times(step_s, o.step_s) >= _OTHER
    if is_other and o.others == 0:  # at once, but for the step in which it changes
        is_other = max(_times(step_s, o.before_s[0]), _times(step_s, o.before_s[1])) >= _OTHER
    if not is_other:
        o.before_s[1] = o.before_s[0]
        o.before_s[0] = step_s
        o.others = 0
        o.steps += 1
        share = max(1.0 / o.steps, _SMOOTHING)
        o.step_s += share * (step_s - o.step_s)
        for k in range(PHASES):
            o.force[k] += share * (force[k] - o.force[k])
        before_s = s.sanity.step_before_s
        if before_s > 0.0 and o.steps == _KNOWN and _times(o.step_s, before_s) < _BACK:
            s.sanity.step_before_s = 0.0
            end_trouble(s.sanity, RATE)
        return False
    if o.others > 0 and _times(step_s, o.other_s) > _ALIKE:
        o.others = 0
    o.others += 1
    if o.others == 1:
        o.other_s = 0.0
        for k in range(PHASES):
            o.other_force[k] = 0.0
    o.other_s += (step_s - o.other_s) / o.others
    for k in range(PHASES):
        o.other_force[k] += (force[k] - o.other_force[k]) / o.others
    same = _difference(force, o.force) < _SAME_OF_ONE
    if o.others == _OTHERS:
        _judge_change(s, rate_hz)
    return same


@kernel
def _judge_change(s: Record, rate_hz: float) -> None:
    """Steps stay other than they were: what was usual are they from here on."""
    o = s.rate_change
    if _difference(o.other_force, o.force) < _SAME:
        if s.sanity.step_before_s == 0.0:
            s.sanity.step_before_s = o.step_s
        note_trouble(s.sanity, RATE, rate_hz * o.other_s / o.step_s)
    o.steps, o.others, o.step_s = _OTHERS, 0, o.other_s
    o.before_s[0] = o.before_s[1] = o.other_s
    for k in range(PHASES):
        o.force[k] = o.other_force[k]
