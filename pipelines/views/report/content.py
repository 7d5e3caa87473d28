"""The plain data of a report: what is told, compared and drawn, computed from one run's steps.

Nothing here reads a file, writes a word or draws. The mean of the run is that of all trusted steps
(:mod:`imu.step.trusted_steps`); courses, early and late parts and intervals come from blocks of
twenty of them (:mod:`imu.step.block_means`). Lean and roll are left out in bends and after slips.
Baseline, usual range and changes are the run's own facts
(:mod:`pipelines.views.report.judgement`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from imu.samples import Quality
from imu.step.block_means import BlockMeans, block_means
from imu.step.trusted_steps import tell_of_the_run, trusted_steps
from imu.steps import SIDE_CODES, Steps
from pipelines.quantities import QUANTITIES, WATCHED, Quantity, quantities_in
from pipelines.views.report.comparisons import (
    LevelRow,
    PreviousComparison,
    SideRow,
    against_previous,
    level_rows,
    side_rows,
)
from pipelines.views.report.episodes import Episode, episodes_of
from pipelines.views.report.judgement import Band, Judgement, Stretch, judgement_of
from pipelines.views.report.recording import PreviousRun, Recording

Column = NDArray[np.float64]

_FLAGS: Final = (
    Quality.GAP,
    Quality.CLIPPED,
    Quality.NO_GYRO,
    Quality.SETTLING,
    Quality.SLIP,
    Quality.BEND,
    Quality.EDGE,
    Quality.TILT,
)
#: The lumbar index of a report is of each stretch's own baseline.
_REPORTED: Final = tuple(one for one in QUANTITIES if one.column != "lumbar_index")
#: Distributions are drawn of these.
_SPREAD: Final = (
    "impact_shock_g",
    "vertical_oscillation_mm",
    "sacral_lean_deg",
    "peak_force_bw",
    "contact_time_ms",
    "step_time_s",
)


@dataclass(frozen=True, slots=True)
class Headline:
    """One of the large numbers; NaN where not measured.

    ``state`` says how the run stood to the usual range; ``changed`` ended that way, ``returned``
    was changed for a while, ``given up`` until its baseline was given up.
    """

    measure: Quantity
    level: float  # mean of the steps that count, as in the table
    half_width: float  # 95 %, by chance of the steps
    block_half_width: float  # of one block of twenty steps, typical
    band: Band | None
    state: Literal["within", "changed", "returned", "given up", "no baseline", "not measured"]


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """One indicator over time, a value a block; NaN breaks the line at pauses."""

    measure: Quantity
    time_s: Column
    mean: Column
    half_width: Column
    band: Band | None  # at the end of the run
    episodes: tuple[Episode, ...]
    stretches: tuple[Stretch, ...] = ()  # for the bands before that

    @property
    def measured(self) -> bool:
        """Whether there is anything to draw."""
        return bool(np.isfinite(self.mean).any())


@dataclass(frozen=True, slots=True, eq=False)
class Distribution:
    """Single steps of one measure, by side; quantiles over both."""

    measure: Quantity
    sides: tuple[str, str]
    values: tuple[Column, Column]
    quantiles: tuple[float, float, float]  # 5, 50, 95 %


@dataclass(frozen=True, slots=True)
class Flag:
    """How many steps have a reservation."""

    token: str
    steps: int
    share: float


@dataclass(frozen=True, slots=True, eq=False)
class Content:
    """Everything a report says, as data."""

    recording: Recording
    trusted: int
    too_few: bool  # trusted steps for a figure of the run
    judgement: Judgement  # baselines, and the changes from them
    baseline_blocks: int  # of the last baseline, 0 without
    headlines: tuple[Headline, ...]
    episodes: tuple[Episode, ...]
    courses: tuple[Course, ...]
    levels: tuple[LevelRow, ...]
    windows: tuple[tuple[float, float], tuple[float, float]] | None  # session time, s
    sides: tuple[SideRow, ...]
    distributions: tuple[Distribution, ...]
    previous: tuple[PreviousComparison, ...]
    previous_runs: tuple[PreviousRun, ...]
    flags: tuple[Flag, ...]
    baseline_refined: bool = False  # whether this run went on with a given baseline of several

    @property
    def has_running(self) -> bool:
        """Whether there is any running step."""
        return len(self.recording.steps) > 0

    @property
    def learned_s(self) -> float | None:
        """When the last baseline was learned; None without one, or when it was there at once."""
        return self.judgement.stretches[-1].learned_s


def content_of(recording: Recording, previous: Sequence[PreviousRun] = ()) -> Content:
    """Compute the content of a report.

    Parameters
    ----------
    recording : Recording
        The run.
    previous : sequence of PreviousRun
        Earlier runs; compared from three on.
    """
    steps = recording.result.at_one_rate
    judgement = judgement_of(recording.header, recording.facts)
    last = judgement.stretches[-1]
    trusted = trusted_steps(steps)
    too_few = not tell_of_the_run(len(trusted), len(steps))
    shown = _with_lumbar_index(trusted[:0] if too_few else trusted, judgement.stretches)
    blocks = _blocks(shown)
    middle_s = _middle_s(shown, len(blocks))
    episodes = episodes_of(judgement, recording.result, blocks, middle_s)
    sides = _side_names(shown)
    windows = _windows(steps, judgement.params.skip_s)
    levels = level_rows(_REPORTED, shown, blocks, middle_s, windows)
    means = {row.measure.column: row.mean for row in levels}
    baseline = last.baseline
    return Content(
        recording=recording,
        trusted=len(trusted),
        too_few=too_few,
        judgement=judgement,
        baseline_blocks=0 if baseline is None else baseline.blocks,
        headlines=tuple(
            _headline(m, means.get(m.column, math.nan), blocks, last.bands.get(m.column), episodes)
            for m in quantities_in("large")
        ),
        episodes=episodes,
        courses=tuple(
            _course(measure, blocks, middle_s, judgement, episodes) for measure in WATCHED
        ),
        levels=levels,
        windows=windows,
        sides=side_rows(quantities_in("paired"), shown, sides),
        distributions=tuple(
            found
            for measure in _REPORTED
            if measure.column in _SPREAD
            and (found := _distribution(measure, shown, sides)) is not None
        ),
        previous=against_previous(quantities_in("compared"), shown, previous),
        previous_runs=tuple(previous),
        flags=_flags(steps),
        baseline_refined=baseline is not None
        and any(item.level_sd > 0.0 for item in baseline.indicators),
    )


def _with_lumbar_index(steps: Steps, stretches: Sequence[Stretch]) -> Steps:
    """The steps with the compression as % of the baseline of then; empty without one."""
    rows = steps.rows.copy()
    contact_s, index = steps.initial_contact_s, rows["lumbar_compression_bw"]
    for stretch in stretches:
        item = None if stretch.baseline is None else stretch.baseline.of("lumbar_index")
        within = (contact_s >= stretch.begin_s) & (contact_s < stretch.end_s)
        index[within] *= math.nan if item is None else 100.0 / item.mean
    return Steps(rows)


def _blocks(steps: Steps) -> BlockMeans:
    """Means of twenty steps.

    A step's cadence is an average over 10 s already, so its neighbours say nothing of its error:
    that comes from the step times.
    """
    blocks = block_means(steps)
    with np.errstate(invalid="ignore", divide="ignore"):
        factor = blocks.mean["cadence_spm"] / blocks.mean["step_time_s"]
    for values in (blocks.standard_error, blocks.chance_half_width_95):
        values["cadence_spm"] = factor * values["step_time_s"]
    return blocks


def _middle_s(steps: Steps, blocks: int) -> Column:
    if not blocks:
        return np.zeros(0)
    size = len(steps) // blocks
    times: Column = np.median(
        steps.initial_contact_s[: blocks * size].reshape(blocks, size), axis=1
    )
    return times


def _windows(steps: Steps, skip_s: float) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """Early and late part, session time: from warm to 10 min of running, and the last 5 min.

    None where the run is too short for both.
    """
    if not len(steps):
        return None
    running = np.nancumsum(steps.step_time_s)
    early_s, late_s = 600.0, 300.0
    if running[-1] < early_s + late_s:
        return None
    at = steps.initial_contact_s[
        np.minimum(
            np.searchsorted(running, (skip_s, early_s, running[-1] - late_s)), len(steps) - 1
        )
    ]
    end_s = float(steps.initial_contact_s[-1] + np.nan_to_num(steps.step_time_s[-1]))
    return (float(at[0]), float(at[1])), (float(at[2]), end_s)


def _side_names(steps: Steps) -> tuple[str, str]:
    """``L`` and ``R`` where most steps say so, else ``A`` and ``B``."""
    named = int(np.count_nonzero(steps.rows["side"] >= SIDE_CODES.index("L")))
    return ("L", "R") if 2 * named >= max(len(steps), 1) else ("A", "B")


def _headline(
    measure: Quantity,
    level: float,
    blocks: BlockMeans,
    band: Band | None,
    episodes: Sequence[Episode],
) -> Headline:
    if not math.isfinite(level):
        return Headline(measure, math.nan, math.nan, math.nan, band, "not measured")
    own = [episode for episode in episodes if episode.measure is measure]
    state: Literal["within", "changed", "returned", "given up", "no baseline"] = "within"
    if band is None:
        state = "no baseline"
    elif any(episode.end_s is None for episode in own):
        state = "changed"
    elif own:
        state = "given up" if own[-1].given_up else "returned"
    error = blocks.standard_error[measure.column]
    known = np.isfinite(blocks.mean[measure.column])
    count = int(known.sum())
    if not count:
        return Headline(measure, level, math.nan, math.nan, band, state)
    return Headline(
        measure,
        level,
        1.96 * float(np.sqrt((error[known] ** 2).sum())) / count,
        float(np.median(blocks.chance_half_width_95[measure.column][known])),
        band,
        state,
    )


def _course(
    measure: Quantity,
    blocks: BlockMeans,
    middle_s: Column,
    judgement: Judgement,
    episodes: Sequence[Episode],
) -> Course:
    time_s, mean = middle_s, blocks.mean[measure.column]
    half = blocks.chance_half_width_95[measure.column]
    if len(time_s) > 2:
        apart = np.diff(time_s)
        pauses = np.flatnonzero(apart > max(30.0, 3.0 * float(np.median(apart)))) + 1
        time_s = np.insert(time_s, pauses, 0.5 * (time_s[pauses] + time_s[pauses - 1]))
        mean, half = np.insert(mean, pauses, np.nan), np.insert(half, pauses, np.nan)
    own = tuple(episode for episode in episodes if episode.measure is measure)
    band = judgement.band(measure.column)
    return Course(measure, time_s, mean, half, band, own, judgement.stretches)


def _distribution(measure: Quantity, steps: Steps, sides: tuple[str, str]) -> Distribution | None:
    values = steps.rows[measure.column]
    known = values[np.isfinite(values)]
    if known.size < 20:
        return None
    low, middle, high = np.percentile(known, (5.0, 50.0, 95.0)).tolist()
    codes = steps.rows["side"]
    first, second = (
        values[(codes == SIDE_CODES.index(side)) & np.isfinite(values)] for side in sides
    )
    return Distribution(measure, sides, (first, second), (low, middle, high))


def _flags(steps: Steps) -> tuple[Flag, ...]:
    found = []
    for flag in _FLAGS:
        count = int(np.count_nonzero(steps.quality_bits & np.uint16(flag)))
        if count:
            found.append(Flag(flag.tokens, count, count / len(steps)))
    return tuple(sorted(found, key=lambda item: -item.steps))
