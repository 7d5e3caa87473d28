"""Times at which an indicator was away from the baseline, and whether the runner was told."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from imu.drift.detector import Direction
from imu.step.block_means import BlockMeans
from pipelines.quantities import WATCHED, Quantity
from pipelines.views.report.judgement import Judgement
from pipelines.views.report.recording import Recording

__all__ = ["Episode", "episodes_of"]

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
        When the detector was sure, or the runner was told, s.
    end_s : float or None
        When it was over, or its baseline given up, s; None when it lasted to the end.
    baseline, level : float
        Baseline, and mean of the blocks of the episode, in the measure's unit.
    change : float
        Level minus baseline, % of the baseline or degrees.
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
    change_unit: str
    told_s: float | None
    message: str = ""
    given_up: bool = False


def episodes_of(
    recording: Recording,
    judgement: Judgement,
    blocks: BlockMeans,
    middle_s: Column,
) -> tuple[Episode, ...]:
    """What the runner was told, and what the detector noticed beside it, in order of time."""
    told = [alert for alert in recording.alerts if alert.get("severity") == "raised"]
    used: set[int] = set()
    found: list[Episode] = []
    for measure in WATCHED:
        assert measure.watched is not None
        name = measure.watched.name
        own = [change for change in judgement.changes if change.indicator == name]
        for change in own:
            if change.severity != "raised":
                continue
            end_s = _until(change.time_s, [each.time_s for each in own], judgement)
            alert = None
            for number, candidate in enumerate(told):
                at_s = _number(candidate.get("time_s"))
                if (
                    number not in used
                    and candidate.get("indicator") == name
                    and candidate.get("direction") == change.direction
                    and change.time_s - 0.01 <= at_s <= (math.inf if end_s is None else end_s)
                ):
                    used.add(number)
                    alert = candidate
                    break
            band = judgement.band(measure.column, change.time_s)
            baseline = change.baseline if band is None else band.baseline
            level = _level(measure, blocks, middle_s, change.time_s, end_s, change.value)
            found.append(
                _episode(measure, change.direction, change.time_s, end_s, baseline, level, alert)
            )
    for number, alert in enumerate(told):
        if number not in used:  # another version of the program saw it otherwise
            found += _as_told(alert, recording, judgement, blocks, middle_s)
    found = [
        replace(each, given_up=each.end_s == judgement.restart_after(each.begin_s))
        for each in found
    ]
    return tuple(sorted(found, key=lambda episode: episode.begin_s))


def _until(begin_s: float, times_s: list[float], judgement: Judgement) -> float | None:
    """When it was over: the next change, or the loss of its baseline; None for neither."""
    later = [time_s for time_s in times_s if time_s > begin_s]
    end_s = min([*later, judgement.restart_after(begin_s)])
    return end_s if math.isfinite(end_s) else None


def _as_told(
    alert: dict[str, object],
    recording: Recording,
    judgement: Judgement,
    blocks: BlockMeans,
    middle_s: Column,
) -> list[Episode]:
    name, begin_s = alert.get("indicator"), _number(alert.get("time_s"))
    measures = [m for m in WATCHED if m.watched is not None and m.watched.name == name]
    if not measures or not math.isfinite(begin_s):
        return []
    later = [
        _number(other.get("time_s"))
        for other in recording.alerts
        if other.get("indicator") == name and other.get("severity") == "cleared"
    ]
    end_s = _until(begin_s, later, judgement)
    baseline, value = _number(alert.get("baseline")), _number(alert.get("value"))
    level = value
    if measures[0].column != "lumbar_compression_bw":
        level = _level(measures[0], blocks, middle_s, begin_s, end_s, value)
    direction: Direction = "down" if alert.get("direction") == "down" else "up"
    return [_episode(measures[0], direction, begin_s, end_s, baseline, level, alert)]


def _episode(
    measure: Quantity,
    direction: Direction,
    begin_s: float,
    end_s: float | None,
    baseline: float,
    level: float,
    alert: dict[str, object] | None,
) -> Episode:
    assert measure.watched is not None
    change = level - baseline
    if measure.watched.relative:
        change = 100.0 * change / baseline if baseline else math.nan
    return Episode(
        measure,
        direction,
        begin_s,
        end_s,
        baseline,
        level,
        change,
        measure.watched.change_unit,
        None if alert is None else _number(alert.get("time_s")),
        "" if alert is None else str(alert.get("message") or ""),
    )


def _level(
    measure: Quantity,
    blocks: BlockMeans,
    middle_s: Column,
    begin_s: float,
    end_s: float | None,
    otherwise: float,
) -> float:
    """Mean of the blocks of a time; the detector's value where it holds none."""
    within = (middle_s >= begin_s) & (middle_s <= (math.inf if end_s is None else end_s))
    values = blocks.mean[measure.column][within]
    values = values[np.isfinite(values)]
    return float(values.mean()) if values.size else otherwise


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else math.nan
