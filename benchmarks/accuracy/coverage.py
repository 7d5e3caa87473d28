"""Whether what is printed beside a mean contains what was true: intervals of 95 %."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.accuracy.statistics import TrialPairs
from benchmarks.accuracy.truth import TrialTruth, match_times
from imu.step.block_means import BlockMeans, block_means
from imu.step.model import StepModel
from imu.steps import Steps

Array = NDArray[np.float64]

#: Metric and its column.
COVERED_METRICS: Final = {
    "contact time": "contact_time_ms",
    "flight time": "flight_time_ms",
    "peak vertical force": "peak_force_bw",
}
_BLOCK_STEPS: Final = 20
_LONGEST_BLOCK: Final = 1000


def metric_of_means(metric: str) -> str:
    """Name of the share of a run's means whose interval contains the true one."""
    return f"mean of a run, {metric}: inside the printed interval"


def metric_of_differences(metric: str) -> str:
    """Name of the share of differences of adjacent blocks that are inside theirs."""
    return f"adjacent blocks of {_BLOCK_STEPS} steps, {metric}: difference inside its interval"


def covered(truth: TrialTruth, steps: Steps, model: StepModel) -> dict[str, TrialPairs]:
    """Which means of the run and which differences of adjacent blocks are inside, in percent.

    The means and their half widths are those of :func:`~imu.step.block_means.block_means`, the
    true ones the same means of the true values; a difference's half width is the root of the
    squares of what chance does to either block. Only where no step was missed in between.
    """
    found, true = match_times(steps.initial_contact_s, truth.begin_s)
    shares: dict[str, TrialPairs] = {}
    if len(found) < _BLOCK_STEPS or np.any(np.diff(found) != 1):
        return shares
    told = steps[slice(int(found[0]), int(found[-1]) + 1)]
    rows = told.rows.copy()
    contact_s = truth.toe_off_s[true] - truth.begin_s[true]
    rows["contact_time_ms"] = 1e3 * contact_s
    rows["flight_time_ms"] = 1e3 * (truth.end_s[true] - truth.begin_s[true] - contact_s)
    rows["peak_force_bw"] = truth.peak_bw[true]
    for size, whole in ((min(len(told), _LONGEST_BLOCK), True), (_BLOCK_STEPS, False)):
        estimate, actual = block_means(told, size, model), block_means(Steps(rows), size)
        for metric, column in COVERED_METRICS.items():
            name = metric_of_means(metric) if whole else metric_of_differences(metric)
            inside = _inside(estimate, actual, column, whole=whole)
            shares[name] = TrialPairs(truth.runner, 100.0 * inside, np.zeros(len(inside)))
    return shares


def _inside(estimate: BlockMeans, actual: BlockMeans, column: str, *, whole: bool) -> Array:
    off = estimate.mean[column] - actual.mean[column]
    half = estimate.half_width_95[column]
    if not whole:
        chance = estimate.chance_half_width_95[column]
        off, half = np.diff(off), np.hypot(chance[1:], chance[:-1])
    return (np.abs(off) <= half).astype(np.float64)
