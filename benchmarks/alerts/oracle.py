"""What the measured wander alone permits: a detector that knows everything but the change.

It knows the person's own wander and noise, the true level, what pace does, and the size of the
change; it lacks only whether, and when. Its statistic is the likelihood ratio of the innovations of
the true process for a step at one of the last minutes (the optimal rule for a known change in a
known process up to a constant; Lai 1998, doi:10.1109/18.737522), and it speaks where that
exceeds what one hour in fifty without a change does. No detector that has to learn these things can
be better for the same false alarms.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.alerts.measured import person
from benchmarks.alerts.statistics import median_interval

Array = NDArray[np.float64]

_BLOCK_S: Final = 7.1
_WANDER_S: Final = 135.0
_ONSETS: Final = 24
_FALSE: Final = 0.02
_HOURS: Final = 150  # without a change, for each person's limit

#: Change, indicator's name in the model, its size in % or degrees, and noise of a block.
BOUNDS: Final = {
    "peak +10 %": ("peak_10hz_bw", 10.0, 1.0),
    "shock +15 %": ("impact_shock_g", 15.0, 2.8),
    "cadence −5 %": ("cadence", 5.0, 0.8),
    "lean by 1.5 × gate": ("lean", 3.45, 0.25),
}


@dataclass(frozen=True, slots=True)
class Bound:
    """What the oracle reaches; missed is the share not told within ten minutes."""

    median_s: float
    within_90_s: float
    within_120_s: float
    missed: float


def bound(change: str, seeds: Sequence[int]) -> Bound:
    """The oracle's delays over these people of the model."""
    name, size, noise = BOUNDS[change]
    delays: list[float] = []
    for seed in seeds:
        rng = np.random.default_rng([seed, 45])
        wander = person(seed).slow[name]
        blocks = int(3600.0 / _BLOCK_S)
        quiet = _statistic(_process(rng, wander, noise, blocks), wander, noise, size)
        limit = float(np.quantile(quiet.max(axis=1), 1.0 - _FALSE))
        onset = blocks // 2
        changed = _process(rng, wander, noise, blocks)[: _HOURS // 5]
        changed[:, onset:] += size
        told = _statistic(changed, wander, noise, size)[:, onset:] > limit
        first = np.where(told.any(axis=1), told.argmax(axis=1) + 1, math.inf)
        delays += (_BLOCK_S * first).tolist()
    late = [delay if delay <= 600.0 else math.inf for delay in delays]
    found = np.array(late)
    return Bound(
        median_interval(late)[0],
        float((found <= 90.0).mean()),
        float((found <= 120.0).mean()),
        float(np.isinf(found).mean()),
    )


def _process(rng: np.random.Generator, wander: float, noise: float, blocks: int) -> Array:
    """Hours of wander and noise about a known level, shape (hours, blocks)."""
    from scipy.signal import lfilter

    stays = math.exp(-_BLOCK_S / _WANDER_S)
    draws = wander * math.sqrt(1.0 - stays**2) * rng.standard_normal((_HOURS, blocks))
    draws[:, 0] /= math.sqrt(1.0 - stays**2)
    slow: Array = lfilter([1.0], [1.0, -stays], draws, axis=1)
    values: Array = slow + noise * rng.standard_normal((_HOURS, blocks))
    return values


def _statistic(values: Array, wander: float, noise: float, size: float) -> Array:
    """Largest log likelihood ratio of a step of this size at one of the last onsets."""
    stays = math.exp(-_BLOCK_S / _WANDER_S)
    gain, variance = _steady(wander, noise, stays)
    innovations, signature = _innovations(values, gain, stays), _step_left(gain, stays)
    ratio = np.full(values.shape, -math.inf)
    for age in range(1, _ONSETS + 1):
        left = size * signature[:age]
        score = np.zeros_like(values)
        for back in range(age):
            shifted = innovations[:, : values.shape[1] - back]
            score[:, back:] += left[age - 1 - back] * shifted
        ratio = np.maximum(ratio, (score - 0.5 * float((left**2).sum())) / variance)
    return ratio


def _steady(wander: float, noise: float, stays: float) -> tuple[float, float]:
    """Gain and innovation variance of the Kalman filter of the wander, long after its start."""
    spread = wander**2
    for _ in range(1000):
        variance = spread + noise**2
        spread = stays**2 * spread * noise**2 / variance + wander**2 * (1.0 - stays**2)
    return spread / (spread + noise**2), spread + noise**2


def _innovations(values: Array, gain: float, stays: float) -> Array:
    found = np.zeros_like(values)
    expected = np.zeros(len(values))
    for k in range(values.shape[1]):
        found[:, k] = values[:, k] - expected
        expected = stays * (expected + gain * found[:, k])
    return found


def _step_left(gain: float, stays: float) -> Array:
    """What a step of one leaves in the innovations, by block since it began."""
    left: Array = _innovations(np.ones((1, _ONSETS)), gain, stays)[0]
    return left
