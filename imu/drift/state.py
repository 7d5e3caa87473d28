"""The state of the drift detector as one record: readable, and saved by copying."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.drift.indicators import INDICATORS, RELATIVE
from imu.drift.params import MOST_BLOCK_STEPS

_COUNT: Final = len(INDICATORS)

#: What a value is made of: level, drift an hour, settling, couplings to speed, uphill, downhill and
#: cadence, and the slow wander.
PARTS: Final = 8
LEVEL: Final = slice(0, 3)
COUPLINGS: Final = slice(3, 7)
WANDER: Final = 7

#: How a baseline was given: a level that differs from day to day, or one to compare with as it is.
AS_IT_VARIES: Final = 1
EXACTLY: Final = 2

#: Moments at which a step of the level may have begun: each of the last blocks, then every tenth.
FINE: Final = 18
COARSE_BLOCKS: Final = 10
ONSETS: Final = FINE + 12

#: Blocks that a cadence waits, two minutes, before it teaches how far it wanders, and how uneasily.
WAITING: Final = 17

#: Columns of the steps by which interruptions are seen, of groups of ten.
GROUP_COLUMNS: Final = (
    "yaw_rate_deg_s",
    "contact_time_ms",
    "step_time_s",
    "sacral_lean_deg",
    "sacral_roll_deg",
)
#: Groups before the one at hand that are looked at.
GROUPS_LOOKED_BACK: Final = 6
#: Why a stretch is left out; the place is the code.
REASONS: Final = ("", "a bend", "a change of speed", "a new surface", "a sensor that moved")

_INTERRUPTION: Final = np.dtype(
    [
        # means of the groups before
        ("groups", np.float64, (GROUPS_LOOKED_BACK, len(GROUP_COLUMNS))),
        ("until_s", np.float64),  # running time
        ("reason", np.int64),
        ("jump_deg", np.float64),  # of the last slip
    ]
)

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
        ("interruption", _INTERRUPTION),
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
        # the baseline: what deviations are from, and how many blocks it rests on
        ("reference", np.float64, _COUNT),
        ("usual_speed_m_s", np.float64),
        ("usual_slope_deg", np.float64),
        ("given", np.int64, _COUNT),  # by earlier runs: AS_IT_VARIES, EXACTLY, or 0
        ("given_blocks", np.int64),
        ("seen", np.int64, _COUNT),  # blocks of this run with a value
        ("blocks", np.int64),
        ("last_s", np.float64),  # running time
        # what the values are made of, in % or the indicator's unit
        ("parts", np.float64, (_COUNT, PARTS)),
        ("covariance", np.float64, (_COUNT, PARTS, PARTS)),
        # of the slope for each: squares beyond those of its error, summed over blocks, degrees²
        ("slope_sum", np.float64, _COUNT),
        # mean squares, and what they count as: of the slow wander in independent values, ...
        ("given_wander", np.float64, _COUNT),
        ("given_wander_weight", np.float64, _COUNT),
        ("wander_sum", np.float64, _COUNT),
        ("wander_weight", np.float64, _COUNT),
        # ... of what is left of a block beside it, ...
        ("noise", np.float64, _COUNT),
        ("noise_weight", np.float64, _COUNT),
        ("last_residual", np.float64, _COUNT),
        # ... and of steps of the level in calm running, in variances
        ("given_unrest", np.float64, _COUNT),
        ("given_unrest_weight", np.float64, _COUNT),
        ("unrest_sum", np.float64, _COUNT),
        ("unrest_weight", np.float64, _COUNT),
        # what the last blocks' cadence will teach of all four
        ("waiting", np.float64, (WAITING, 4)),
        # what a step of the level at each onset would have left in parts and residuals
        ("signature", np.float64, (_COUNT, ONSETS, PARTS)),
        ("score", np.float64, (_COUNT, ONSETS)),
        ("information", np.float64, (_COUNT, ONSETS)),
        ("age", np.int64, ONSETS),
        # as of the latest block
        ("level", np.float64, _COUNT),
        ("smoothed", np.float64, _COUNT),  # deviation from it, pace taken out
        ("spread", np.float64, _COUNT),  # of that, while nothing changes
        ("lasting", np.float64, _COUNT),  # the same over minutes
        ("lasting_multiple", np.float64, _COUNT),  # in its own spread
        ("evidence", np.float64, _COUNT),  # standard deviations
        ("step", np.float64, _COUNT),  # the likeliest step of the level
        ("beyond", np.int64, _COUNT),  # blocks in a row beyond the gate, negative below
        ("raised", np.int64, _COUNT),  # 1 up, -1 down, 0 not changed
    ]
)
#: State of :class:`~imu.drift.detector.DriftDetector`, by how long it lasts; arrays over indicators
#: are in their order. Eight bytes everywhere, so that no padding makes equal states differ.
DRIFT_STATE: Final = np.dtype([("session", _SESSION), ("segment", _SEGMENT)])

_UNKNOWN: Final = (
    *("reference", "usual_speed_m_s", "usual_slope_deg", "last_s", "last_residual"),
    *("level", "smoothed", "spread"),
)
#: How far the first block may be from the level, at least: %, and degrees.
_FIRST_LEVEL_SD: Final = np.where(RELATIVE, 6.0, 3.0)
#: Independent values that what is assumed of everybody counts as.
_POPULATION_WEIGHT: Final = 4.0
_UNREST_WEIGHT: Final = 6.0
_NOISE_WEIGHT: Final = 10.0

POPULATION_WANDER: Final = np.array([one.population.wander for one in INDICATORS])


def _population() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Parts of a value and their covariance before anything is known of the runner."""
    parts = np.zeros((_COUNT, PARTS))
    sd = np.zeros((_COUNT, PARTS))
    for i, one in enumerate(INDICATORS):
        usual = one.population
        couplings = np.array([usual.speed, usual.uphill, usual.downhill, usual.cadence])
        parts[i, COUPLINGS], sd[i, COUPLINGS] = couplings.T
        first_sd = max(float(_FIRST_LEVEL_SD[i]), 2.0 * usual.wander)
        sd[i, LEVEL] = first_sd, usual.drift, usual.settling
        sd[i, WANDER] = usual.wander
    return parts, sd[:, :, None] * np.eye(PARTS) * sd[:, None, :]


POPULATION_PARTS, POPULATION_COVARIANCE = _population()


def fresh_state() -> NDArray[np.void]:
    """The state of a detector that has seen nothing, shape (1,)."""
    state = np.zeros(1, DRIFT_STATE)
    state["session"]["quiet_until_s"] = -math.inf
    # what follows is compared with nothing before it
    state["session"]["interruption"]["groups"] = math.nan
    segment = state["segment"]
    for name in _UNKNOWN:
        segment[name] = math.nan
    segment["parts"], segment["covariance"] = POPULATION_PARTS, POPULATION_COVARIANCE
    segment["given_wander"] = POPULATION_WANDER**2
    segment["given_wander_weight"] = _POPULATION_WEIGHT
    segment["noise"] = [one.population.noise**2 for one in INDICATORS]
    segment["noise_weight"] = _NOISE_WEIGHT
    segment["given_unrest"] = [one.population.unrest for one in INDICATORS]
    segment["given_unrest_weight"] = _UNREST_WEIGHT
    return state
