"""The baseline inside a segment of the detector's state: given, refined, and handed on."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.compiled import Record
from imu.drift.baseline import Baseline, IndicatorBaseline
from imu.drift.indicators import INDICATORS

__all__ = ["as_baseline", "calm_baseline", "level_sd_now", "refine", "take_given"]

Array = NDArray[np.float64]

#: Blocks that a slow wander stays alike: two of its time constants, as far as anybody knows.
_ALIKE_BLOCKS: Final = 30.0
_LEAST_AND_MOST: Final = (4.0, 400.0)


def take_given(s: Record, baseline: Baseline) -> None:
    """Write a given baseline into a segment of the state."""
    for i, indicator in enumerate(INDICATORS):
        item = baseline.of(indicator.name)
        if item is not None:
            s["mean"][i], s["wander_sd"][i] = item.mean, item.wander_sd
            s["block_sd"][i], s["level_sd"][i] = item.block_sd, item.level_sd
    for i, value in enumerate((baseline.speed_m_s, baseline.slope_deg)):
        s["usual_pace"][i] = math.nan if value is None else value
    s["first_mean"] = s["mean"]
    s["weight"] = _worth(s)
    s["baseline_blocks"] = s["wander_blocks"] = baseline.blocks
    s["given"] = 1


def _worth(s: Record) -> Array:
    """What a given mean counts as beside blocks of this run; infinite where it is to stay."""
    level = s["level_sd"]
    varies = level > 0.0
    ratio = np.where(varies, s["wander_sd"] / np.where(varies, level, 1.0), math.inf)
    worth: Array = np.where(varies, np.clip(_ALIKE_BLOCKS * ratio**2, *_LEAST_AND_MOST), math.inf)
    return worth


def level_sd_now(s: Record) -> Array:
    """How far the mean of this run may be from the baseline by now, SD."""
    level = np.where(s["level_sd"] > 0.0, s["level_sd"], 0.0)
    worth = np.where(level > 0.0, _worth(s), 0.0)
    now: Array = level * np.sqrt(worth / np.maximum(np.maximum(worth, s["weight"]), 1.0))
    return now


def refine(s: Record, block: Array, near: NDArray[np.bool_], calm: NDArray[np.bool_]) -> None:
    """Let one more block into the mean of the indicators that are near, the wander of the calm.

    The wander of a given baseline stays.
    """
    s["refined"] += 1
    weight = s["weight"] = s["weight"] + near
    if not s["given"]:
        n = s["wander_blocks"] = int(s["wander_blocks"]) + 1
        square = (s["smoothed"] - s["effect"] - s["mean"]) ** 2
        wander = np.sqrt(s["wander_sd"] ** 2 + (square - s["wander_sd"] ** 2) / n)
        s["wander_sd"] = np.where(calm, wander, s["wander_sd"])
    s["mean"] = np.where(near, s["mean"] + (block - s["mean"]) / weight, s["mean"])


def as_baseline(s: Record, mean: Array, wander_sd: Array, blocks: int) -> Baseline:
    """The baseline of some means and wanders; an indicator without a mean is left out."""
    speed, slope = (v if math.isfinite(v) else None for v in s["usual_pace"].tolist())
    spread, varies = s["block_sd"].tolist(), s["level_sd"].tolist()
    items = zip(INDICATORS, mean.tolist(), wander_sd.tolist(), spread, varies, strict=True)
    return Baseline(
        tuple(
            IndicatorBaseline(indicator.name, level, wander, single, from_run_to_run)
            for indicator, level, wander, single, from_run_to_run in items
            if math.isfinite(level)
        ),
        blocks,
        speed,
        slope,
    )


#: Of no use to later runs once the sensor has moved on the body.
_BY_POSITION: Final = np.array([indicator.by_position for indicator in INDICATORS])


def calm_baseline(s: Record, least_blocks: int, *, moved: bool) -> Baseline | None:
    """What was usual in this run: mean and wander of the blocks in which nothing was changed.

    Where there are few of them, those of the baseline that the run has learned; of one that was
    given nothing, since it is not this run's own; where the sensor has moved, nothing that hangs on
    its position. None when there is nothing for a later run.
    """
    calm, given = s["calm"], bool(s["given"])
    known = calm >= least_blocks
    count = np.maximum(calm, 2)
    offset = s["calm_sum"] / count
    variance = np.maximum(s["calm_squares"] / count - offset**2, 0.0)
    mean = np.where(known, s["first_mean"] + offset, math.nan if given else s["mean"])
    if moved:
        mean[_BY_POSITION] = math.nan
    if not np.isfinite(mean).any():
        return None
    whole = as_baseline(
        s,
        mean,
        np.where(known, np.sqrt(variance), s["wander_sd"]),
        int(calm.max() if given else max(calm.max(), s["baseline_blocks"])),
    )
    return replace(
        whole, indicators=tuple(replace(item, level_sd=0.0) for item in whole.indicators)
    )
