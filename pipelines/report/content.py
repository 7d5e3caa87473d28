"""The plain data of a report: what is told, compared and drawn, computed from one run's steps.

Nothing here reads a file, writes a word or draws. Levels are means of blocks of twenty trusted
steps (:mod:`imu.block_means`, :mod:`imu.trusted_steps`); lean and roll are left out in bends and
after slips. Baseline, usual range and changes are the detector's own (:mod:`imu.drift`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from imu.baseline import Baseline
from imu.block_means import BlockMeans, block_means
from imu.drift import Change, DriftDetector, DriftParams
from imu.samples import Quality
from imu.steps import SIDE_CODES, Steps
from imu.trusted_steps import trusted_steps
from pipelines.report.comparisons import (
    LevelRow,
    PreviousComparison,
    SideRow,
    against_previous,
    level_rows,
    side_rows,
)
from pipelines.report.episodes import Band, Episode, episodes_of
from pipelines.report.measures import COMPARED, LARGE, MEASURES, PAIRED, WATCHED, Measure
from pipelines.report.recording import PreviousRun, Recording

__all__ = [
    "Content",
    "Course",
    "Distribution",
    "Flag",
    "Headline",
    "content_of",
]

Column = NDArray[np.float64]

_FLAGS: Final = (
    Quality.GAP,
    Quality.CLIPPED,
    Quality.NO_GYRO,
    Quality.SETTLING,
    Quality.SLIP,
    Quality.BEND,
    Quality.EDGE,
)
#: Distributions are drawn of these.
_SPREAD: Final = (
    "impact_shock_g",
    "vertical_oscillation_mm",
    "sacral_lean_deg",
    "peak_force_bw",
    "contact_time_ms",
    "step_time_s",
)
_DETECTOR_CHUNK: Final = 20


@dataclass(frozen=True, slots=True)
class Headline:
    """One of the large numbers; NaN where not measured.

    ``state`` says how the run stood to the usual range; ``changed`` ended that way, ``returned``
    was changed for a while.
    """

    measure: Measure
    level: float
    half_width: float  # 95 %, by chance of the steps
    block_half_width: float  # of one block of twenty steps, typical
    band: Band | None
    state: Literal["within", "changed", "returned", "no baseline", "not measured"]


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """One indicator over time, a value a block; NaN breaks the line at pauses."""

    measure: Measure
    time_s: Column
    mean: Column
    half_width: Column
    band: Band | None
    episodes: tuple[Episode, ...]

    @property
    def measured(self) -> bool:
        """Whether there is anything to draw."""
        return bool(np.isfinite(self.mean).any())


@dataclass(frozen=True, slots=True, eq=False)
class Distribution:
    """Single steps of one measure, by side; quantiles over both."""

    measure: Measure
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
    running_s: float
    trusted: int
    all_shown: bool  # no step is trusted, so the means rest on all of them
    learned_s: float | None  # when the baseline was learned, None without or with a given one
    baseline_given: bool
    baseline_blocks: int
    watching: str  # the detector's state at the end, in words
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


def content_of(recording: Recording, previous: Sequence[PreviousRun] = ()) -> Content:
    """Compute the content of a report.

    Parameters
    ----------
    recording : Recording
        The run.
    previous : sequence of PreviousRun
        Earlier runs; compared from three on.
    """
    steps = recording.steps
    given = Baseline.from_json(recording.baseline_json) if recording.baseline_json else None
    detector = DriftDetector(baseline=given)
    changes, learned_s = _detect(detector, steps)
    bands = {measure.column: _band(measure, detector) for measure in WATCHED}
    trusted = trusted_steps(steps)
    shown = _with_lumbar_index(trusted if len(trusted) else steps, detector.baseline)
    blocks = _blocks(shown)
    middle_s = _middle_s(shown, len(blocks))
    episodes = episodes_of(recording, changes, bands, blocks, middle_s)
    sides = _side_names(shown)
    windows = _windows(steps)
    baseline = detector.baseline
    return Content(
        recording=recording,
        running_s=_running_s(steps),
        trusted=len(trusted),
        all_shown=not len(trusted) and len(steps) > 0,
        learned_s=learned_s,
        # after the sensor has moved a baseline is learned anew
        baseline_given=bool(detector.state["given"][0]),
        baseline_blocks=0 if baseline is None else baseline.blocks,
        watching=detector.status,
        headlines=tuple(_headline(m, shown, blocks, bands[m.column], episodes) for m in LARGE),
        episodes=episodes,
        courses=tuple(
            _course(measure, blocks, middle_s, bands[measure.column], episodes)
            for measure in WATCHED
        ),
        levels=level_rows(MEASURES, shown, blocks, middle_s, windows),
        windows=windows,
        sides=side_rows(PAIRED, shown, sides),
        distributions=tuple(
            found
            for measure in MEASURES
            if measure.column in _SPREAD
            and (found := _distribution(measure, shown, sides)) is not None
        ),
        previous=against_previous(COMPARED, shown, previous),
        previous_runs=tuple(previous),
        flags=_flags(steps),
        baseline_refined=baseline is not None
        and any(item.level_sd > 0.0 for item in baseline.indicators),
    )


def _detect(detector: DriftDetector, steps: Steps) -> tuple[list[Change], float | None]:
    """All changes, and the session time at which a baseline was first there."""
    changes: list[Change] = []
    learned_s: float | None = None
    had = detector.baseline is not None
    for start in range(0, len(steps), _DETECTOR_CHUNK):
        part = steps[start : start + _DETECTOR_CHUNK]
        changes += detector.push(part)
        has = detector.baseline is not None
        if has and not had and learned_s is None:
            learned_s = float(part.initial_contact_s[-1])
        had = has
    detector.flush()
    return changes, learned_s


def _band(measure: Measure, detector: DriftDetector) -> Band | None:
    indicator = measure.indicator
    assert indicator is not None
    reading = detector.current(indicator.name)
    if not (math.isfinite(reading.baseline) and math.isfinite(reading.gate)):
        return None
    half = reading.baseline * reading.gate / 100.0 if indicator.relative else reading.gate
    return Band(
        reading.baseline,
        reading.baseline - half,
        reading.baseline + half,
        reading.gate,
        indicator.change_unit,
    )


def _with_lumbar_index(steps: Steps, baseline: Baseline | None) -> Steps:
    """The steps with the compression as % of the detector's baseline; empty without one."""
    item = None if baseline is None else baseline.of("lumbar_index")
    rows = steps.rows.copy()
    rows["lumbar_compression_bw"] *= math.nan if item is None else 100.0 / item.mean
    return Steps(rows)


def _blocks(steps: Steps) -> BlockMeans:
    """Means of twenty steps.

    A step's cadence is an average over 10 s already, so its neighbours say nothing of its error:
    that comes from the step times.
    """
    blocks = block_means(steps)
    with np.errstate(invalid="ignore", divide="ignore"):
        factor = blocks.mean["cadence_spm"] / blocks.mean["step_time_s"]
    for values in (blocks.standard_error, blocks.half_width_95):
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


def _running_s(steps: Steps) -> float:
    return float(np.nansum(steps.step_time_s)) if len(steps) else 0.0


def _windows(steps: Steps) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """Early and late part, session time: from warm to 10 min of running, and the last 5 min.

    None where the run is too short for both.
    """
    if not len(steps):
        return None
    running = np.nancumsum(steps.step_time_s)
    skip_s, early_s, late_s = DriftParams().skip_s, 600.0, 300.0
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
    measure: Measure,
    steps: Steps,
    blocks: BlockMeans,
    band: Band | None,
    episodes: Sequence[Episode],
) -> Headline:
    values = steps.rows[measure.column]
    values = values[np.isfinite(values)]
    if not values.size:
        return Headline(measure, math.nan, math.nan, math.nan, band, "not measured")
    own = [episode for episode in episodes if episode.measure is measure]
    state: Literal["within", "changed", "returned", "no baseline"] = "within"
    if band is None:
        state = "no baseline"
    elif any(episode.end_s is None for episode in own):
        state = "changed"
    elif own:
        state = "returned"
    mean, error = blocks.mean[measure.column], blocks.standard_error[measure.column]
    known = np.isfinite(mean)
    count = int(known.sum())
    if not count:
        return Headline(measure, float(values.mean()), math.nan, math.nan, band, state)
    return Headline(
        measure,
        float(mean[known].mean()),
        1.96 * float(np.sqrt((error[known] ** 2).sum())) / count,
        float(np.median(blocks.half_width_95[measure.column][known])),
        band,
        state,
    )


def _course(
    measure: Measure,
    blocks: BlockMeans,
    middle_s: Column,
    band: Band | None,
    episodes: Sequence[Episode],
) -> Course:
    time_s, mean = middle_s, blocks.mean[measure.column]
    half = blocks.half_width_95[measure.column]
    if len(time_s) > 2:
        apart = np.diff(time_s)
        pauses = np.flatnonzero(apart > max(30.0, 3.0 * float(np.median(apart)))) + 1
        time_s = np.insert(time_s, pauses, 0.5 * (time_s[pauses] + time_s[pauses - 1]))
        mean, half = np.insert(mean, pauses, np.nan), np.insert(half, pauses, np.nan)
    own = tuple(episode for episode in episodes if episode.measure is measure)
    return Course(measure, time_s, mean, half, band, own)


def _distribution(measure: Measure, steps: Steps, sides: tuple[str, str]) -> Distribution | None:
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
        count = int(np.count_nonzero(steps.quality_bits & np.uint8(flag)))
        if count:
            found.append(Flag(flag.tokens, count, count / len(steps)))
    return tuple(sorted(found, key=lambda item: -item.steps))
