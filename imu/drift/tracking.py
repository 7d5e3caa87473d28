"""What an indicator is made of, followed from block to block, and whether its level has stepped.

A value is a level that drifts and settles, couplings to speed, slope and cadence, a slow wander
(an Ornstein-Uhlenbeck process, as measured on runners) and noise. A Kalman filter a
indicator follows all of them at once (Kalman 1960, doi:10.1115/1.3662552), so that what is not
known yet (the level of the day, the runner's own coupling to a pace never run before) is in
the spread that a deviation is judged by. Whether the level has stepped at one of the last minutes
is told by the generalized likelihood ratio of its innovations (Willsky & Jones 1976,
doi:10.1109/TAC.1976.1101146), which a wander that comes and goes does not raise.

The variances come from the runner: of the wander, of what is left beside it, and of how large
"steps" are in calm running; a person or a road that is less even than assumed makes
the same evidence count for less.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.compiled import Record
from imu.drift.indicators import INDICATORS, RELATIVE
from imu.drift.pace import CADENCE, pace_for_each
from imu.drift.params import DriftParams
from imu.drift.state import COARSE_BLOCKS, COUPLINGS, FINE, LEVEL, ONSETS, POPULATION_WANDER, WANDER

Array = NDArray[np.float64]

_SETTLING_S: Final = 280.0  # 95 % in 14 min
_FIRST_WANDER_S: Final = 240.0  # earlier values are still settling
_LONGEST_STEP_S: Final = 60.0  # what time between two blocks counts as, at most
_LEAST_WANDER: Final = 0.4 * POPULATION_WANDER
_LEAST_NOISE: Final = 0.1 * np.array([one.population.noise**2 for one in INDICATORS])
_MOST_NOISE_WEIGHT: Final = 200.0
#: Squares count up to so many times their mean.
_MOST_WANDER: Final = 5.0
_MOST_UNREST: Final = 16.0
_MOST_INNOVATION: Final = 3.0  # standard deviations
_LEAST_AGE: Final = 3  # blocks since an onset
_UNREST_AGE: Final = 8
#: Share of the newest block in what lasts, and what of the wander's variance that leaves.
_LASTING: Final = 0.05
_LASTING_WANDER: Final = 0.49
_FIRST_UNREST: Final = 40


def follow(
    s: Record, block: Array, pace: Array, running_s: float, p: DriftParams
) -> NDArray[np.bool_]:
    """Take one block into the state of a segment; returns which indicators have a value.

    Parameters
    ----------
    s : record
        The segment.
    block : ndarray, shape (indicators,)
        In their units; NaN where not measurable.
    pace : ndarray, shape (2,)
        Speed, m/s, and slope, degrees; NaN where not known.
    running_s : float
        Running time at the end of the block, s.
    p : DriftParams
        Parameters.
    """
    y = _as_deviation(s, block)
    passed_s = running_s - s["last_s"] if math.isfinite(s["last_s"]) else 0.0
    s["last_s"] = running_s
    stays = math.exp(-passed_s / p.wander_s)
    h = _rows(s, y, pace, running_s, p)
    known = np.isfinite(y)
    _let_time_pass(s, stays)
    parts, covariance = s["parts"], s["covariance"]
    y = np.where(known, y, 0.0)
    spread_of = (covariance * h[:, None, :]).sum(axis=2)
    variance = s["noise"] + (h * spread_of).sum(axis=1)
    predicted = (h * parts).sum(axis=1)
    innovation = np.where(known, y - predicted, 0.0)
    residual = y - (predicted - parts[:, WANDER])
    settled = h[:, LEVEL]
    s["level"] = np.where(known, (settled * parts[:, LEVEL]).sum(axis=1), s["level"])
    before = s["smoothed"]
    first = np.where(np.isfinite(before), before + p.smoothing * (residual - before), residual)
    s["smoothed"] = np.where(known, first, before)
    usual = (covariance[:, :WANDER, :WANDER] * h[:, None, :WANDER]).sum(axis=2)
    not_known = np.maximum((usual * h[:, :WANDER]).sum(axis=1), 0.0)
    noise_left = s["noise"] * p.smoothing / (2.0 - p.smoothing)
    spread = np.sqrt(wander_variance(s) + not_known + noise_left)
    s["spread"] = np.where(known, spread, s["spread"])
    _follow_what_lasts(s, residual, not_known, known)
    quiet = known & (s["raised"] == 0)
    calm = quiet & (np.abs(s["smoothed"]) < p.calm_multiple * spread)
    gain = np.where(known[:, None], spread_of / variance[:, None], 0.0)
    gain[:, :WANDER] *= calm[:, None]
    _weigh_onsets(s, h, gain, innovation, variance, known)
    size = np.abs(innovation) / np.sqrt(variance)
    damped = innovation * np.minimum(1.0, _MOST_INNOVATION / np.maximum(size, 1e-12))
    s["parts"] = parts + gain * damped[:, None]
    crossed = gain[:, :, None] * spread_of[:, None, :]
    squared = gain[:, :, None] * gain[:, None, :] * variance[:, None, None]
    s["covariance"] = covariance - crossed - crossed.transpose(0, 2, 1) + squared
    _learn_noise(s, residual, stays, known)
    if running_s > _FIRST_WANDER_S:
        _learn_wander(s, passed_s, not_known, noise_left, quiet, p)
    if s["blocks"] > _FIRST_UNREST:
        _learn_unrest(s, quiet)
    s["seen"] = s["seen"] + known
    s["blocks"] += 1
    return known


def wander_variance(s: Record) -> Array:
    """Mean square of each indicator's slow wander, as far as it is known by now."""
    weight = s["given_wander_weight"] + s["wander_weight"]
    total = s["given_wander_weight"] * s["given_wander"] + s["wander_sum"]
    variance: Array = np.maximum(total / weight, _LEAST_WANDER**2)
    return variance


def unrest(s: Record) -> Array:
    """Mean square of the steps that calm running makes, in variances; 1 where it fits."""
    weight = s["given_unrest_weight"] + s["unrest_weight"]
    total = s["given_unrest_weight"] * s["given_unrest"] + s["unrest_sum"]
    mean: Array = total / weight
    return mean


def values_of(s: Record, deviation: Array) -> Array:
    """Values in the indicators' units from deviations from their references."""
    reference = s["reference"]
    values: Array = np.where(
        RELATIVE, reference * np.exp(0.01 * np.where(RELATIVE, deviation, 0.0)),
        reference + deviation,
    )  # fmt: skip
    return values


def _as_deviation(s: Record, block: Array) -> Array:
    """A block as deviations from the references, which the first values set."""
    usable = np.isfinite(block) & (~RELATIVE | (block > 0.0))
    s["reference"] = np.where(usable & np.isnan(s["reference"]), block, s["reference"])
    ratio = np.where(usable & RELATIVE, block / s["reference"], 1.0)
    deviation = np.where(RELATIVE, 100.0 * np.log(ratio), block - s["reference"])
    result: Array = np.where(usable, deviation, math.nan)
    return result


def _rows(s: Record, y: Array, pace: Array, running_s: float, p: DriftParams) -> Array:
    """What each part counts for in the block, shape (indicators, parts)."""
    h = np.ones((len(y), s["parts"].shape[1]))
    h[:, 1] = running_s / 3600.0
    h[:, 2] = math.exp(-running_s / _SETTLING_S)
    parts = s["parts"]
    deviation = y - (h[:, LEVEL] * parts[:, LEVEL]).sum(axis=1)
    wander = np.minimum(wander_variance(s), s["given_wander"])
    by_cadence = parts[:, COUPLINGS][:, 3] ** 2 * wander[CADENCE]
    variance = wander + s["noise"] + s["covariance"][:, 0, 0] + by_cadence
    speed, slope = pace_for_each(deviation, variance, _relative(s, pace), p.pace_multiple)
    h[:, 3], h[:, 4], h[:, 5] = speed, np.maximum(slope, 0.0), np.minimum(slope, 0.0)
    own = deviation[CADENCE] - (h[:, 3:6] * parts[CADENCE, 3:6]).sum(axis=1)
    h[:, 6] = own if math.isfinite(deviation[CADENCE]) else 0.0
    h[CADENCE, 6] = 0.0
    return h


def _relative(s: Record, pace: Array) -> Array:
    """Known speed in % of the usual one, and slope less the usual one."""
    speed, slope = pace.tolist()
    if math.isfinite(speed) and speed > 0.0 and not math.isfinite(s["usual_speed_m_s"]):
        s["usual_speed_m_s"] = speed
    if math.isfinite(slope) and not math.isfinite(s["usual_slope_deg"]):
        s["usual_slope_deg"] = slope
    faster = 100.0 * math.log(speed / s["usual_speed_m_s"]) if speed > 0.0 else math.nan
    return np.array([faster, slope - s["usual_slope_deg"]])


def _let_time_pass(s: Record, stays: float) -> None:
    """The wander forgets; in the onsets' signatures too."""
    s["parts"][:, WANDER] *= stays
    s["covariance"][:, WANDER, :] *= stays
    s["covariance"][:, :, WANDER] *= stays
    s["covariance"][:, WANDER, WANDER] += wander_variance(s) * (1.0 - stays * stays)
    s["signature"][:, :, WANDER] *= stays


def _weigh_onsets(
    s: Record,
    h: Array,
    gain: Array,
    innovation: Array,
    variance: Array,
    known: NDArray[np.bool_],
) -> None:
    """How much better a step of the level explains the innovations, for each onset."""
    n = int(s["blocks"])
    begun = [n % FINE]
    if n % COARSE_BLOCKS == 0:
        begun.append(FINE + (n // COARSE_BLOCKS) % (ONSETS - FINE))
    for slot in begun:
        s["signature"][:, slot] = 0.0
        s["score"][:, slot] = s["information"][:, slot] = 0.0
        s["age"][slot] = 0
    s["age"] += 1
    left = 1.0 - (s["signature"] * h[:, None, :]).sum(axis=2)
    left *= known[:, None]
    s["score"] += left * (innovation / variance)[:, None]
    s["information"] += left**2 / variance[:, None]
    s["signature"] += gain[:, None, :] * left[:, :, None]
    usable = (s["age"] >= _LEAST_AGE) & (s["age"] <= n + 1) & (s["information"] > 0.0)
    information = np.where(usable, s["information"], 1.0)
    ratio = np.where(usable, s["score"] ** 2 / information, 0.0)
    best = ratio.argmax(axis=1)
    row = np.arange(len(best))
    s["evidence"] = np.sqrt(ratio[row, best] / np.maximum(unrest(s), 1.0))
    s["step"] = np.where(usable, s["score"] / information, 0.0)[row, best]


def _follow_what_lasts(
    s: Record, residual: Array, not_known: Array, known: NDArray[np.bool_]
) -> None:
    """A deviation that stays for minutes, or grows too slowly for a step, in its own spread."""
    lasting = np.where(known, s["lasting"] + _LASTING * (residual - s["lasting"]), s["lasting"])
    spread = np.sqrt(_LASTING_WANDER * wander_variance(s) + not_known + 0.5 * _LASTING * s["noise"])
    s["lasting"] = lasting
    s["lasting_multiple"] = lasting / spread


def _learn_noise(s: Record, residual: Array, stays: float, known: NDArray[np.bool_]) -> None:
    """What neighbouring blocks differ by, beside the wander."""
    noise = s["noise"]
    both = known & np.isfinite(s["last_residual"])
    half = np.minimum(0.5 * (residual - np.where(both, s["last_residual"], 0.0)) ** 2, 9.0 * noise)
    weight = np.minimum(s["noise_weight"] + 1.0, _MOST_NOISE_WEIGHT)
    seen = noise + (half - wander_variance(s) * (1.0 - stays) - noise) / weight
    s["noise"] = np.where(both, np.maximum(seen, _LEAST_NOISE), noise)
    s["noise_weight"] = np.where(both, weight, s["noise_weight"])
    s["last_residual"] = np.where(known, residual, s["last_residual"])


def _learn_wander(
    s: Record,
    passed_s: float,
    not_known: Array,
    noise_left: Array,
    quiet: NDArray[np.bool_],
    p: DriftParams,
) -> None:
    """The runner's own: a value counts as new after two time constants."""
    variance = wander_variance(s)
    unknown = np.minimum(not_known / (variance + not_known), 0.9)
    worth = min(passed_s, _LONGEST_STEP_S) / (2.0 * p.wander_s) * (1.0 - unknown) * quiet
    square = np.minimum(s["smoothed"] ** 2, _MOST_WANDER * (variance + not_known)) - noise_left
    s["wander_sum"] += np.where(quiet, worth * square, 0.0)
    s["wander_weight"] += worth


def _learn_unrest(s: Record, quiet: NDArray[np.bool_]) -> None:
    """The step that eight blocks tell of, whether there was one or not."""
    slot = (int(s["blocks"]) + 1 - _UNREST_AGE) % FINE
    counts = quiet & (s["information"][:, slot] > 0.0)
    information = np.where(counts, s["information"][:, slot], 1.0)
    square = np.minimum(s["score"][:, slot] ** 2 / information, _MOST_UNREST * unrest(s))
    s["unrest_sum"] += np.where(counts, square / _UNREST_AGE, 0.0)
    s["unrest_weight"] += counts / _UNREST_AGE
