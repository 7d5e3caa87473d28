"""The state of the drift detector as one record: readable, and saved by copying."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.drift.indicators import INDICATORS
from imu.drift.interruptions import GROUP_COLUMNS, INTERRUPTION_STATE, forget_groups
from imu.drift.params import MOST_BASELINE_BLOCKS, MOST_BLOCK_STEPS

__all__ = ["DRIFT_STATE", "fresh_state"]

_COUNT: Final = len(INDICATORS)

#: What lasts for the whole session.
_SESSION: Final = np.dtype(
    [
        ("running_s", np.float64),
        ("ended", np.int64),
        # since warming up
        ("steps", np.int64),
        ("flagged_steps", np.int64),
        ("flagged_by", np.int64, 8),  # steps by quality bit
        ("flagged_in_row", np.int64),
        ("blocks", np.int64),
        ("interruption", INTERRUPTION_STATE),
        ("slips", np.int64),
        ("quiet_until_s", np.float64, _COUNT),  # running time
    ]
)
#: What lasts until the sensor moves on the body, or is seated anew.
_SEGMENT: Final = np.dtype(
    [
        # half a block being gathered, and the block it joins
        ("gathered", np.int64),
        ("half", np.int64),
        ("values", np.float64, (MOST_BLOCK_STEPS, _COUNT)),
        ("group", np.float64, (MOST_BLOCK_STEPS // 2, len(GROUP_COLUMNS))),
        ("pace", np.float64, (MOST_BLOCK_STEPS, 2)),  # speed, slope
        ("sides", np.int64, MOST_BLOCK_STEPS),
        # the baseline, and the blocks it is learned from
        ("learned", np.int64),
        ("learning", np.float64, (MOST_BASELINE_BLOCKS, _COUNT)),
        ("learning_pace", np.float64, (MOST_BASELINE_BLOCKS, 2)),
        ("baseline_blocks", np.int64),  # 0 without a baseline
        ("given", np.int64),
        ("wander_blocks", np.int64),  # that the wander was seen in
        ("refined", np.int64),  # blocks of this run in it by now
        ("weight", np.float64, _COUNT),  # what the mean counts as, in blocks
        ("mean", np.float64, _COUNT),
        ("first_mean", np.float64, _COUNT),  # before it was refined
        ("wander_sd", np.float64, _COUNT),
        ("level_sd", np.float64, _COUNT),  # of a given mean, from run to run
        ("block_sd", np.float64, _COUNT),
        ("usual_pace", np.float64, 2),
        # the indicators
        ("latest", np.float64, _COUNT),
        ("smoothed", np.float64, _COUNT),
        ("effect", np.float64, _COUNT),  # of pace and slope, in units of the indicator
        ("cusum_up", np.float64, _COUNT),
        ("cusum_down", np.float64, _COUNT),
        ("beyond", np.int64, _COUNT),  # blocks in a row beyond the gate, negative below
        ("raised", np.int64, _COUNT),  # 1 up, -1 down, 0 not changed
        # smoothed blocks about the baseline while nothing is changed, for the runs to come
        ("calm", np.int64, _COUNT),
        ("calm_sum", np.float64, _COUNT),
        ("calm_squares", np.float64, _COUNT),
    ]
)
#: State of :class:`~imu.drift.detector.DriftDetector`, by how long it lasts; arrays over indicators
#: are in their order. Eight bytes everywhere, so that no padding makes equal states differ.
DRIFT_STATE: Final = np.dtype([("session", _SESSION), ("segment", _SEGMENT)])

_UNKNOWN: Final = (
    *("mean", "first_mean", "wander_sd", "level_sd", "block_sd", "usual_pace"),
    *("latest", "smoothed"),
)


def fresh_state() -> NDArray[np.void]:
    """The state of a detector that has seen nothing, shape (1,)."""
    state = np.zeros(1, DRIFT_STATE)
    state["session"]["quiet_until_s"] = -math.inf
    forget_groups(state["session"]["interruption"])
    for name in _UNKNOWN:
        state["segment"][name] = math.nan
    return state
