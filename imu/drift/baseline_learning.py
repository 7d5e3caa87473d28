"""Learning a baseline: from the blocks of a run, or from earlier runs of the same kind."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.drift.baseline import Baseline, IndicatorBaseline
from imu.drift.blocks import slow_wander_sd, trimmed_mean
from imu.drift.covariates import adjusted
from imu.drift.indicators import INDICATORS
from imu.drift.params import DriftParams

__all__ = ["EarlierRun", "at_baseline_pace", "learn", "unsteadiness", "warm_start"]

Array = NDArray[np.float64]

_MEASURABLE_SHARE: Final = 0.75  # of the baseline's blocks that need a value
_RUNS: Final = 5
_ASSUMED_RUNS: Final = 2.0  # what the assumption about other days counts as
_WANDER_BLOCKS: Final = 60.0  # a baseline of so many blocks shows 0.7 of the wander
_STEADY_UP_TO: Final = 1.3  # times the wander that is assumed
_STEEPNESS: Final = 2.0
_CADENCE: Final = [indicator.name for indicator in INDICATORS].index("cadence_spm")
_TELLING: Final = [i for i, one in enumerate(INDICATORS) if one.tells_unsteadiness]
#: Farther than this from the usual pace nobody runs by mistake, m/s.
_MOST_FASTER_M_S: Final = 0.75


def at_baseline_pace(
    values: Array, mean: Array, pace: Array, usual_pace: Array, p: DriftParams
) -> Array:
    """A block as it would be at the baseline's cadence, speed and slope.

    Parameters
    ----------
    values, mean : ndarray, shape (indicators,)
        The block, and the baseline.
    pace, usual_pace : ndarray, shape (2,)
        Speed in m/s and slope in degrees, now and in the baseline; NaN where not known.
    p : DriftParams
        Parameters.
    """
    cadence = values[_CADENCE] / mean[_CADENCE]
    cadence = cadence**p.cadence_adjustment if math.isfinite(cadence) else 1.0
    faster, steeper = (pace - usual_pace).tolist()
    faster = min(max(faster, -_MOST_FASTER_M_S), _MOST_FASTER_M_S)
    return adjusted(
        values,
        cadence,
        faster if math.isfinite(faster) else 0.0,
        steeper if math.isfinite(steeper) else 0.0,
    )


def learn(
    blocks: Array, paces: Array, p: DriftParams
) -> tuple[Array, Array, Array, Array, Array] | None:
    """Mean, slow wander and spread of the blocks of a baseline.

    Parameters
    ----------
    blocks : ndarray, shape (N, indicators)
        In order; NaN where not measurable.
    paces : ndarray, shape (N, 2)
        Speed and slope, NaN where not known.
    p : DriftParams
        Parameters.

    Returns
    -------
    mean, wander_sd, block_sd : ndarray, shape (indicators,)
        NaN for an indicator without a value in three quarters of the blocks.
    usual_pace : ndarray, shape (2,)
    smoothed : ndarray, shape (indicators,)
        The moving average at the last block.
    None
        When no indicator could be measured often enough.
    """
    usable = np.isfinite(blocks).sum(axis=0) >= max(_MEASURABLE_SHARE * len(blocks), 2)
    known = np.isfinite(paces).all(axis=0)
    usual_pace = np.where(known, np.where(known, paces, 0.0).mean(axis=0), math.nan)
    # twice: the adjustment needs a mean of its own
    mean = _means(blocks, usable)
    level = np.stack(
        [at_baseline_pace(b, mean, v, usual_pace, p) for b, v in zip(blocks, paces, strict=True)]
    )
    mean = _means(level, usable)
    wander, spread, smoothed = (np.full(len(mean), math.nan) for _ in range(3))
    for i in np.flatnonzero(np.isfinite(mean)).tolist():
        values = [v for v in level[:, i].tolist() if math.isfinite(v)]
        wander[i] = slow_wander_sd(values, float(mean[i]), p.smoothing)
        spread[i] = slow_wander_sd(values, float(mean[i]), 1.0)
        average = values[0]
        for value in values[1:]:
            average += p.smoothing * (value - average)
        smoothed[i] = average
    if not np.isfinite(mean).any():
        return None
    return mean, wander, spread, usual_pace, smoothed


def _means(blocks: Array, usable: NDArray[np.bool_]) -> Array:
    means = np.full(len(INDICATORS), math.nan)
    for i in np.flatnonzero(usable).tolist():
        mean = trimmed_mean([v for v in blocks[:, i].tolist() if math.isfinite(v)])
        if not INDICATORS[i].relative or mean > 0.0:
            means[i] = mean
    return means


def unsteadiness(wander: Array, floors: Array, blocks: int) -> float:
    """How much wider the gates of a runner have to be who wanders more than their floors assume.

    By the middle of the indicators that say something of their own, so that one which changes while
    the baseline is learned has no say. Beyond an excess that chance and a few hills make, it rises
    faster than the excess, since the estimate is of few minutes.

    Parameters
    ----------
    wander : ndarray, shape (indicators,)
        In units of the gates; NaN where not known.
    floors : ndarray, shape (indicators,)
        Smallest gates, of which the assumed wander is a quarter.
    blocks : int
        Blocks that the wander was seen in.

    Returns
    -------
    float
        From 1.

    Examples
    --------
    >>> floors = np.full(len(INDICATORS), 6.0)
    >>> [round(unsteadiness(0.01 * sd * floors, floors, 240), 2) for sd in (20, 25, 40)]
    [1.0, 1.0, 1.89]
    """
    ratio = 4.0 * wander[_TELLING] / floors[_TELLING]
    known = ratio[np.isfinite(ratio)]
    if not len(known):
        return 1.0
    middle = float(np.median(known)) * math.sqrt(1.0 + _WANDER_BLOCKS / blocks)
    return max(middle / _STEADY_UP_TO, 1.0) ** _STEEPNESS


@dataclass(frozen=True, slots=True)
class EarlierRun:
    """What an earlier run was like.

    Attributes
    ----------
    baseline : Baseline
        Of the whole run where possible (:attr:`~imu.drift.detector.DriftDetector.run_baseline`),
        else of its first minutes.
    surface, shoe : str
        As the runner calls them, empty where not said.
    """

    baseline: Baseline
    surface: str = ""
    shoe: str = ""


def warm_start(
    runs: Sequence[EarlierRun], *, surface: str = "", shoe: str = "", least: int = 2
) -> Baseline | None:
    """The baseline to start a run with: the mean of the last five runs of the same kind.

    Two or more whole runs tell what five minutes cannot: an indicator's wander within a run, and
    how far the mean of a run is from the runs before, where few runs are helped out by what is
    assumed of everybody. An indicator is kept when at least ``least`` of the runs have it.

    Parameters
    ----------
    runs : sequence of EarlierRun
        In order of time.
    surface, shoe : str
        Of the run that begins; only runs with the same ones count.
    least : int
        Fewest runs, at least 1.

    Returns
    -------
    Baseline or None
        None when there are too few runs of that kind: learn on the way then.

    Examples
    --------
    >>> def run(cadence: float, shoe: str) -> EarlierRun:
    ...     item = IndicatorBaseline("cadence_spm", cadence, wander_sd=1.0)
    ...     return EarlierRun(Baseline((item,), blocks=40), "road", shoe)
    >>> usual = warm_start([run(168, "old"), run(169, "new"), run(171, "new")],
    ...                    surface="road", shoe="new")
    >>> usual.of("cadence_spm").mean, usual.of("cadence_spm").wander_sd
    (170.0, 1.0)
    """
    alike = [run.baseline for run in runs if (run.surface, run.shoe) == (surface, shoe)][-_RUNS:]
    items = []
    for indicator in INDICATORS:
        name = indicator.name
        found = [item for item in (baseline.of(name) for baseline in alike) if item is not None]
        if len(found) < max(least, 1):
            continue
        mean = math.fsum(item.mean for item in found) / len(found)
        within = math.fsum(item.wander_sd**2 for item in found) / len(found)
        spread = math.fsum(item.block_sd**2 for item in found) / len(found)
        between = math.fsum((item.mean - mean) ** 2 for item in found)
        assumed = 0.25 * indicator.gate.floor * (0.01 * mean if indicator.relative else 1.0)
        between = (between + _ASSUMED_RUNS * assumed**2) / (_ASSUMED_RUNS + len(found) - 1)
        items.append(
            IndicatorBaseline(
                name,
                mean,
                math.sqrt(within),
                math.sqrt(spread),
                math.sqrt(between * (1.0 + 1.0 / len(found))),
            )
        )
    if not items:
        return None
    speeds = [baseline.speed_m_s for baseline in alike if baseline.speed_m_s is not None]
    slopes = [baseline.slope_deg for baseline in alike if baseline.slope_deg is not None]
    return Baseline(
        tuple(items),
        sum(baseline.blocks for baseline in alike),
        math.fsum(speeds) / len(speeds) if len(speeds) == len(alike) else None,
        math.fsum(slopes) / len(slopes) if len(slopes) == len(alike) else None,
    )
