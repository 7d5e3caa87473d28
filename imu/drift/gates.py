"""Which indicators are judged after a block, and how large their gates are then."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from imu.compiled import kernel
from imu.drift.indicators import RELATIVE
from imu.drift.state import AS_IT_VARIES

Array = NDArray[np.float64]


@kernel
def has_baseline(segments: NDArray[np.void], baseline_blocks: int) -> bool:
    """Whether any indicator of the segment has a baseline, given or learned."""
    s, has = segments[0], False
    for i in range(len(s.seen)):
        has |= s.given[i] != 0 or s.seen[i] >= baseline_blocks
    return has


@kernel
def look(
    segments: NDArray[np.void],
    baseline_blocks: int,
    settling_blocks: int,
    floors: Array,
    multiples: Array,
    judged: NDArray[np.bool_],
    gates: Array,
) -> bool:
    """Which indicators are judged, and their gates.

    Parameters
    ----------
    segments : ndarray, shape (1,)
        The segment.
    baseline_blocks, settling_blocks : int
        Blocks that an indicator has to be seen in, without and with earlier runs.
    floors, multiples : ndarray, shape (indicators,)
        Of the gates: smallest one, and standard deviations.
    judged : ndarray of bool, shape (indicators,)
        Written: which of them enough is known of.
    gates : ndarray, shape (indicators,)
        Written: in the unit of their changes, NaN while there is no baseline.

    Returns
    -------
    bool
        Whether any is beyond its gate, or was at the last block, or is changed.
    """
    s, stirred = segments[0], False
    for i in range(len(gates)):
        needed = baseline_blocks
        if s.given[i] != 0:
            needed = settling_blocks if s.given[i] == AS_IT_VARIES else 0
        judged[i] = s.seen[i] >= needed
        gate = multiples[i] * s.spread[i]
        gates[i] = math.nan
        if judged[i] or s.given[i] != 0:
            gates[i] = gate if gate > floors[i] else floors[i]
        smoothed = s.smoothed[i]
        change = 100.0 * math.expm1(0.01 * smoothed) if RELATIVE[i] else smoothed
        stirred |= s.raised[i] != 0 or s.beyond[i] != 0 or abs(change) > gates[i]
    return stirred
