"""The baseline inside the drift detector's state: given, refined, and handed on to later runs."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.baseline import Baseline, IndicatorBaseline
from imu.compiled import Record
from imu.indicators import INDICATORS

__all__ = ["as_baseline", "calm_baseline", "refine", "take_given"]

Array = NDArray[np.float64]


def take_given(s: Record, baseline: Baseline) -> None:
    """Write a given baseline into the state."""
    for i, indicator in enumerate(INDICATORS):
        item = baseline.of(indicator.name)
        if item is not None:
            s["mean"][i], s["wander_sd"][i] = item.mean, item.wander_sd
            s["block_sd"][i] = item.block_sd
    for i, value in enumerate((baseline.speed_m_s, baseline.slope_deg)):
        s["usual_pace"][i] = math.nan if value is None else value
    s["baseline_blocks"], s["given"] = baseline.blocks, 1


def refine(s: Record, block: Array, within: NDArray[np.bool_]) -> None:
    """Let one more block into the baseline, for the indicators that are within their gates."""
    n = s["refined"] = int(s["refined"]) + 1
    square = (s["smoothed"] - s["effect"] - s["mean"]) ** 2
    wander = np.sqrt(s["wander_sd"] ** 2 + (square - s["wander_sd"] ** 2) / n)
    s["wander_sd"] = np.where(within, wander, s["wander_sd"])
    s["mean"] = np.where(within, s["mean"] + (block - s["mean"]) / n, s["mean"])


def as_baseline(s: Record, mean: Array, wander_sd: Array, blocks: int) -> Baseline:
    """The baseline of some means and wanders; an indicator without a mean is left out."""
    speed, slope = (v if math.isfinite(v) else None for v in s["usual_pace"].tolist())
    spread = s["block_sd"].tolist()
    items = zip(INDICATORS, mean.tolist(), wander_sd.tolist(), spread, strict=True)
    return Baseline(
        tuple(
            IndicatorBaseline(indicator.name, level, wander, single)
            for indicator, level, wander, single in items
            if math.isfinite(level)
        ),
        blocks,
        speed,
        slope,
    )


#: Of no use to later runs once the sensor has moved on the body.
_BY_POSITION: Final = np.array(
    [i.name in {"sacral_lean_deg", "lumbar_index", "dose_rate"} for i in INDICATORS]
)


def calm_baseline(s: Record, least_blocks: int) -> Baseline | None:
    """Mean and wander of the blocks in which nothing was changed, where there are enough.

    None when there is nothing that could serve a later run.
    """
    calm = s["calm"]
    known = calm >= least_blocks
    count = np.maximum(calm, 2)
    offset = s["calm_sum"] / count
    variance = np.maximum(s["calm_squares"] / count - offset**2, 0.0)
    mean = np.where(known, s["mean"] + offset, s["mean"])
    if s["slips"]:
        mean[_BY_POSITION] = math.nan
    if not np.isfinite(mean).any():
        return None
    return as_baseline(
        s,
        mean,
        np.where(known, np.sqrt(variance), s["wander_sd"]),
        int(max(calm.max(), s["baseline_blocks"])),
    )
