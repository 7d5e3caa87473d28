"""The baseline inside a segment of the detector's state: given, read, and handed on."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.compiled import Record
from imu.drift.baseline import Baseline, IndicatorBaseline
from imu.drift.indicators import INDICATORS, RELATIVE
from imu.drift.state import AS_IT_VARIES, COUPLINGS, EXACTLY, LEVEL, WANDER
from imu.drift.tracking import values_of, wander_variance

Array = NDArray[np.float64]

#: What a wander counts as of which nobody says from how much it was learned.
_USUAL_WEIGHT: Final = 8.0
#: However long was learned from, a runner changes, and so does what is usual.
_MOST_WEIGHT: Final = 60.0
#: Spread of a coupling that is left however often it was learned, of the population's.
_LEAST_COUPLING_SD: Final = 0.5


def take_given(s: Record, baseline: Baseline) -> None:
    """Write a given baseline into a fresh segment of the state."""
    for i, indicator in enumerate(INDICATORS):
        item = baseline.of(indicator.name)
        if item is None:
            continue
        unit = 0.01 * item.mean if indicator.relative else 1.0
        s["reference"][i] = item.mean
        s["given"][i] = AS_IT_VARIES if item.level_sd > 0.0 else EXACTLY
        s["covariance"][i, 0, 0] = (item.level_sd / unit) ** 2
        if item.wander_sd > 0.0:
            s["given_wander"][i] = (item.wander_sd / unit) ** 2
            s["covariance"][i, WANDER, WANDER] = s["given_wander"][i]
        s["given_wander_weight"][i] += min(item.wander_weight or _USUAL_WEIGHT, _MOST_WEIGHT)
        if item.block_sd > 0.0:
            s["noise"][i] = (item.block_sd / unit) ** 2
        if item.unrest_weight > 0.0:
            s["given_unrest"][i] = item.unrest
            s["given_unrest_weight"][i] = min(item.unrest_weight, _MOST_WEIGHT)
        # those to an estimated pace have its errors, and come out too small
        if item.couplings and baseline.speed_m_s is not None:
            part = range(COUPLINGS.start, COUPLINGS.stop)
            least = _LEAST_COUPLING_SD**2 * s["covariance"][i, part, part]
            s["parts"][i, COUPLINGS] = item.couplings
            s["covariance"][i, part, part] = np.maximum(np.square(item.coupling_sds), least)
    for name, value in (
        ("usual_speed_m_s", baseline.speed_m_s),
        ("usual_slope_deg", baseline.slope_deg),
    ):
        s[name] = math.nan if value is None else value
    s["given_blocks"] = baseline.blocks


def baseline_now(s: Record, blocks: int) -> Baseline | None:
    """The baseline as it stands at the latest block; None while no indicator has one."""
    level = np.where(np.isfinite(s["level"]), s["level"], 0.0)
    open_sd = np.sqrt(np.maximum(s["covariance"][:, 0, 0], 0.0))
    return _as_baseline(s, level, np.where(s["given"] == AS_IT_VARIES, open_sd, 0.0), blocks)


def run_baseline(s: Record, baseline_blocks: int, *, moved: bool) -> Baseline | None:
    """What was usual in this run, for later ones.

    Levels are those of the middle of the run. An indicator of fewer blocks than make a baseline is
    left out, one that is changed as the run ends too, and where the sensor has moved all that hangs
    on its position. A run that is too short for a baseline of its own leaves what it saw in a fifth
    of those blocks, and how far off its levels may be, not having settled: some such make one. None
    when there is nothing for a later run.
    """
    short = int(s["seen"].max()) < baseline_blocks
    least = _LEAST_SHARE * baseline_blocks if short else baseline_blocks
    known = (s["seen"] >= least) & (s["raised"] == 0)
    if moved:
        known = known & ~_BY_POSITION
    if not known.any():
        return None
    hours = np.array([1.0, 0.5 * float(s["last_s"]) / 3600.0, 0.0])
    level = np.where(known, (s["parts"][:, LEVEL] * hours).sum(axis=1), math.nan)
    variance = np.einsum("j,ijk,k->i", hours, s["covariance"][:, LEVEL, LEVEL], hours)
    level_sd = short * np.sqrt(np.maximum(variance, 0.0))
    return _as_baseline(s, level, level_sd, int(s["seen"].max()))


#: Of the blocks that make a baseline, what a run has that may help to make one.
_LEAST_SHARE: Final = 0.2
_BY_POSITION: Final = np.array([indicator.by_position for indicator in INDICATORS])


def _as_baseline(s: Record, level: Array, level_sd: Array, blocks: int) -> Baseline | None:
    mean = values_of(s, level)
    unit = np.where(RELATIVE, 0.01 * mean, 1.0)
    part = range(COUPLINGS.start, COUPLINGS.stop)
    wander, noise = unit * np.sqrt(wander_variance(s)), unit * np.sqrt(s["noise"])
    unrest = s["unrest_sum"] / np.maximum(s["unrest_weight"], 1e-9)
    items = [
        IndicatorBaseline(
            indicator.name,
            float(mean[i]),
            float(wander[i]),
            float(noise[i]),
            float(unit[i] * level_sd[i]),
            float(s["wander_weight"][i]),
            float(unrest[i]),
            float(s["unrest_weight"][i]),
            tuple(s["parts"][i, COUPLINGS].tolist()),
            tuple(np.sqrt(s["covariance"][i, part, part]).tolist()),
        )
        for i, indicator in enumerate(INDICATORS)
        if math.isfinite(mean[i])
    ]
    if not items:
        return None
    speed, slope = (
        value if math.isfinite(value) else None
        for value in (float(s["usual_speed_m_s"]), float(s["usual_slope_deg"]))
    )
    return Baseline(tuple(items), max(blocks, 1), speed, slope)
