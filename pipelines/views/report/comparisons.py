"""Comparisons of a report: early against late, one foot against the other, this run with others."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from imu.step.block_means import BlockMeans
from imu.steps import SIDE_CODES, Steps
from pipelines.intervals import half_width_95
from pipelines.quantities import Quantity
from pipelines.views.report.recording import PreviousRun

#: Fewer earlier runs than this say nothing of what is usual.
LEAST_PREVIOUS_RUNS: Final = 3

_LEAST_STEPS_A_SIDE: Final = 40
_BLOCK_STEPS: Final = 20
_LEAST_BLOCKS: Final = 10
#: Differences between the feet, %: up to the first as in healthy runners, from the second large.
_ALIKE_PERCENT: Final = 10.0
_LARGE_PERCENT: Final = 20.0

Column = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LevelRow:
    """A measure over the run, early and late; NaN where not known, half widths 95 %."""

    measure: Quantity
    mean: float
    low: float  # 5 % of single steps lie below
    high: float  # 5 % of single steps lie above
    early: float
    late: float
    difference: float  # in the measure's unit
    difference_half_width: float

    @property
    def percent(self) -> tuple[float, float]:
        """Difference and half width, % of the early level."""
        if not self.early > 0.0:
            return math.nan, math.nan
        factor = 100.0 / self.early
        return self.difference * factor, self.difference_half_width * factor


@dataclass(frozen=True, slots=True)
class SideRow:
    """A measure of both feet.

    Attributes
    ----------
    first, second : float
        Means of left and right, or of the sides A and B.
    percent, half_width : float
        Second minus first, % of their mean, and half of its 95 % interval.
    size : {"alike", "moderate", "large"}
        Up to 10 %, as in healthy runners; up to 20 %; beyond.
    """

    measure: Quantity
    sides: tuple[str, str]
    first: float
    second: float
    percent: float
    half_width: float
    size: Literal["alike", "moderate", "large"]


@dataclass(frozen=True, slots=True)
class PreviousComparison:
    """A measure of this run beside those of earlier runs, oldest first; NaN where not measured."""

    measure: Quantity
    earlier: tuple[float, ...]
    this: float

    @property
    def place(self) -> Literal["above all", "below all", "among", "unknown"]:
        """Where this run stands."""
        known = [value for value in self.earlier if math.isfinite(value)]
        if not known or not math.isfinite(self.this):
            return "unknown"
        if self.this > max(known):
            return "above all"
        return "below all" if self.this < min(known) else "among"


def level_rows(
    measures: Sequence[Quantity],
    steps: Steps,
    blocks: BlockMeans,
    middle_s: Column,
    windows: tuple[tuple[float, float], tuple[float, float]] | None,
) -> tuple[LevelRow, ...]:
    """One row for each measure that was measured.

    Parameters
    ----------
    measures : sequence of Quantity
        Which.
    steps : Steps
        Those that count.
    blocks : BlockMeans
        Of these steps.
    middle_s : ndarray, shape (N,)
        Middle of each block, session time, s.
    windows : tuple of (float, float), optional
        Early and late part, session time, s.
    """
    rows = []
    for measure in measures:
        values = steps.rows[measure.column]
        values = values[np.isfinite(values)]
        if not values.size:
            continue
        low, high = np.percentile(values, (5.0, 95.0)).tolist()
        parts = [(math.nan, math.nan)] * 2
        if windows is not None:
            parts = [_level(measure, blocks, middle_s, window) for window in windows]
        (early, early_half), (late, late_half) = parts
        rows.append(
            LevelRow(
                measure,
                float(values.mean()),
                low,
                high,
                early,
                late,
                late - early,
                math.hypot(early_half, late_half),
            )
        )
    return tuple(rows)


def _level(
    measure: Quantity, blocks: BlockMeans, middle_s: Column, window: tuple[float, float]
) -> tuple[float, float]:
    """Mean of the blocks in a time, and half of its 95 % interval."""
    mean, error = blocks.mean[measure.column], blocks.standard_error[measure.column]
    taken = (middle_s >= window[0]) & (middle_s < window[1]) & np.isfinite(mean)
    count = int(taken.sum())
    if count < 3:
        return math.nan, math.nan
    return float(mean[taken].mean()), 1.96 * float(np.sqrt((error[taken] ** 2).sum())) / count


def side_rows(
    measures: Sequence[Quantity], steps: Steps, sides: tuple[str, str]
) -> tuple[SideRow, ...]:
    """Compare the feet; a row for each measure with enough steps on both sides.

    The interval comes from the differences within blocks of twenty steps, so that what changes for
    both feet alike is not in it.
    """
    codes = steps.rows["side"]
    first, second = (codes == SIDE_CODES.index(side) for side in sides)
    rows = []
    for measure in measures:
        values = steps.rows[measure.column]
        known = np.isfinite(values)
        if min(int((first & known).sum()), int((second & known).sum())) < _LEAST_STEPS_A_SIDE:
            continue
        a, b = float(values[first & known].mean()), float(values[second & known].mean())
        middle = 0.5 * (a + b)
        if not middle > 0.0:
            continue
        percent = 100.0 * (b - a) / middle
        half = 100.0 * _difference_half_width(values, first & known, second & known) / middle
        size: Literal["alike", "moderate", "large"] = "alike"
        if abs(percent) > _ALIKE_PERCENT:
            size = "moderate" if abs(percent) < _LARGE_PERCENT else "large"
        rows.append(SideRow(measure, sides, a, b, percent, half, size))
    return tuple(rows)


def _difference_half_width(
    values: Column, first: NDArray[np.bool_], second: NDArray[np.bool_]
) -> float:
    differences = []
    for start in range(0, len(values) - _BLOCK_STEPS + 1, _BLOCK_STEPS):
        part = slice(start, start + _BLOCK_STEPS)
        a, b = values[part][first[part]], values[part][second[part]]
        if min(a.size, b.size) >= 5:
            differences.append(float(b.mean() - a.mean()))
    if len(differences) < _LEAST_BLOCKS:
        return math.nan
    return half_width_95(differences)


def against_previous(
    measures: Sequence[Quantity], steps: Steps, previous: Sequence[PreviousRun]
) -> tuple[PreviousComparison, ...]:
    """Compare this run with earlier ones; empty with fewer than three of them, or without steps."""
    if len(previous) < LEAST_PREVIOUS_RUNS or not len(steps):
        return ()
    found = []
    for measure in measures:
        values = steps.rows[measure.column]
        values = values[np.isfinite(values)]
        earlier = tuple(run.means.get(measure.column, math.nan) for run in previous)
        if values.size and any(map(math.isfinite, earlier)):
            found.append(PreviousComparison(measure, earlier, float(values.mean())))
    return tuple(found)
