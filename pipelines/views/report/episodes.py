"""Times at which an indicator was away from the baseline, and whether the runner was told."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imu.drift.changes import Change, Direction
from imu.step.block_means import BlockMeans
from pipelines.coaching.alert import Alert
from pipelines.quantities import WATCHED, Quantity
from pipelines.session.result import SessionResult
from pipelines.views.report.judgement import Judgement

Column = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Episode:
    """A time during which an indicator was changed from the baseline.

    Attributes
    ----------
    measure : Quantity
        Which.
    direction : {"up", "down"}
        Away from the baseline.
    begin_s : float
        When the detector was sure, s.
    end_s : float or None
        When it was over, or its baseline given up, s; None when it lasted to the end.
    baseline, level : float
        As the runner was told; of what was only noticed, the baseline and the mean of the blocks
        of the episode. In the measure's unit.
    change, mean_change : float
        Level minus baseline, and the same of the mean of the blocks, % of the baseline or degrees.
    change_unit : str
        ``%`` or ``deg``.
    told_s : float or None
        When the runner was told; None when it was only noticed.
    message : str
        What the runner was told.
    given_up : bool
        Whether it ended with its baseline, and not by going back.
    """

    measure: Quantity
    direction: Direction
    begin_s: float
    end_s: float | None
    baseline: float
    level: float
    change: float
    mean_change: float
    change_unit: str
    told_s: float | None
    message: str = ""
    given_up: bool = False


def episodes_of(
    judgement: Judgement, result: SessionResult, blocks: BlockMeans, middle_s: Column
) -> tuple[Episode, ...]:
    """What changed for a while, told or not, in order of time.

    Parameters
    ----------
    judgement : Judgement
        Of the run.
    result : SessionResult
        With what changed, and what the runner was told.
    blocks, middle_s
        Means of the shown steps, and the middle of each, session time, s.
    """
    found: list[Episode] = []
    for measure in WATCHED:
        own = [change for change in result.changes if change.indicator == measure.indicator]
        for number, change in enumerate(own):
            if change.severity != "raised":
                continue
            next_s = own[number + 1].time_s if number + 1 < len(own) else math.inf
            given_up_s = judgement.restart_after(change.time_s)
            end_s = min(next_s, given_up_s)
            told = next((each for each in result.alerts if _tells(each, change, end_s)), None)
            episode = _episode(measure, change, end_s, judgement, blocks, middle_s, told)
            found.append(episode)
    return tuple(sorted(found, key=lambda episode: episode.begin_s))


def _tells(alert: Alert, change: Change, end_s: float) -> bool:
    """Whether an alert is about a change that lasted until then."""
    return (
        (alert.indicator, alert.direction, alert.severity)
        == (change.indicator, change.direction, "raised")
    ) and change.time_s <= alert.time_s <= end_s


def _episode(
    measure: Quantity,
    change: Change,
    end_s: float,
    judgement: Judgement,
    blocks: BlockMeans,
    middle_s: Column,
    told: Alert | None,
) -> Episode:
    assert measure.watched is not None
    band = judgement.band(measure.column, change.time_s)
    baseline = change.baseline if band is None else band.baseline
    # the detector's value where no block lies within
    values = blocks.mean[measure.column][(middle_s >= change.time_s) & (middle_s <= end_s)]
    values = values[np.isfinite(values)]
    level = float(values.mean()) if values.size else change.value
    mean_change = level - baseline
    if measure.watched.relative:
        mean_change = 100.0 * mean_change / baseline if baseline else math.nan
    size = mean_change
    if told is not None:
        baseline, level, size = told.baseline, told.value, told.change
    return Episode(
        measure,
        change.direction,
        change.time_s,
        end_s if math.isfinite(end_s) else None,
        baseline,
        level,
        size,
        mean_change,
        measure.watched.change_unit,
        None if told is None else told.time_s,
        "" if told is None else told.message,
        given_up=math.isfinite(end_s) and end_s == judgement.restart_after(change.time_s),
    )
