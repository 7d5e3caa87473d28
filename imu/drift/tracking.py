"""What an indicator is made of, followed from block to block, and whether its level has stepped.

A value is a level that drifts and settles, couplings to speed, slope and cadence, a slow wander
(an Ornstein-Uhlenbeck process, as measured on runners) and noise. A Kalman filter a
indicator follows all of them at once (Kalman 1960, doi:10.1115/1.3662552), so that what is not
known yet (the level of the day, the runner's own coupling to a pace never run before) is in
the spread that a deviation is judged by. Whether the level has stepped at one of the last minutes
is told by the likelihood ratio of its innovations for a step of the size that matters, largest over
the moments (Willsky & Jones 1976, doi:10.1109/TAC.1976.1101146): neither a wander that comes and
goes raises it, nor a step that is smaller than half of that, however plain.

What pace does to the runner is learned where speed or slope were measured or stated, and from an
estimate that is several times as far from the usual pace as it may be off: a runner of intervals
soon has couplings of their own, so that one bout is compared with the bouts before it. A nearer
estimate is mostly error while nobody changes pace, and a coupling learned from errors comes out
near nothing, and sure of it.

The variances come from the runner: of the wander, of what is left beside it, and of how large
"steps" are in calm running; a person or a road that is less even than assumed makes
the same evidence count for less. The cadence, which a runner chooses, teaches them two minutes
later, and only if no change was reported by then: one that has begun would pass for wander, and
hide itself. What a slope that nobody stated moves is better doubted at once.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.compiled import Record, kernel
from imu.drift.indicators import INDICATORS, RELATIVE
from imu.drift.pace import CADENCE, FOUND, estimate_pace
from imu.drift.params import DriftParams
from imu.drift.state import (
    COARSE_BLOCKS,
    COUPLINGS,
    FINE,
    LEVEL,
    ONSETS,
    PARTS,
    POPULATION_COVARIANCE,
    POPULATION_PARTS,
    POPULATION_WANDER,
    WAITING,
    WANDER,
)

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
#: What the evidence for a step, squared, counts as in the mean square of steps in calm running, and
#: up to where: a change that has begun counts against itself until it is reported, but for the
#: cadence.
_OF_EVIDENCE: Final = 0.5
_MOST_EVIDENCE: Final = 16.0
#: Share of the newest block in what lasts, and what of the wander's variance that leaves.
_LASTING: Final = 0.05
_LASTING_WANDER: Final = 0.49
_FIRST_UNREST: Final = 40
#: A pace teaches what it does where it is this many times as far from the usual as it may be off.
_SURE_PACE: Final = 5.0
_IS_FORM: Final = np.array([bool(one.told) for one in INDICATORS])
_USUAL_DRIFT: Final = np.array([one.population.drift for one in INDICATORS])
_LEVEL_PARTS: Final = LEVEL.stop
#: Blocks of level ground that a run is taken to have begun with; those that are left out of what it
#: then turns out to be, since the level is sought in them.
_LEVEL_GROUND: Final = 20.0
_FIRST_SLOPE: Final = 10
_ON_SPEED, _UPHILL, _DOWNHILL, _BY_CADENCE = range(COUPLINGS.start, COUPLINGS.stop)

_COUNT: Final = len(INDICATORS)
#: Working room of a block.
_WORK: Final = np.dtype(
    [
        ("y", np.float64, _COUNT),  # deviations from the references
        ("h", np.float64, (_COUNT, PARTS)),  # what each part counts for
        ("pace_error", np.float64, (_COUNT, 2)),
        ("wander", np.float64, _COUNT),  # its variance
        # as the pace is sought by
        ("deviation", np.float64, _COUNT),
        ("variance", np.float64, _COUNT),
        ("told", np.float64, _COUNT),
        ("hilliness", np.float64, _COUNT),
        ("found", np.float64, (_COUNT, FOUND)),
        # of one indicator
        ("spread_of", np.float64, PARTS),
        ("gain", np.float64, PARTS),
    ],
    align=True,
)


def follow(
    segments: NDArray[np.void],
    block: Array,
    pace: Array,
    running_s: float,
    judged: NDArray[np.bool_],
    sought: Array,
    p: DriftParams,
) -> NDArray[np.bool_]:
    """Take one block into the state of a segment; returns which indicators have a value.

    Parameters
    ----------
    segments : ndarray, shape (1,)
        The segment.
    block : ndarray, shape (indicators,)
        In their units; NaN where not measurable.
    pace : ndarray, shape (2,)
        Speed, m/s, and slope, degrees; NaN where not known.
    running_s : float
        Running time at the end of the block, s.
    judged : ndarray of bool, shape (indicators,)
        Which of them are judged; of the others any value teaches about the level.
    sought : ndarray, shape (indicators,)
        Size of the step of their level that is looked for.
    p : DriftParams
        Parameters.
    """
    known = np.zeros(len(block), np.bool_)
    _follow(
        segments, np.empty(1, _WORK), block, pace, running_s, judged, sought, p.wander_s,
        p.smoothing, p.calm_multiple, p.speed_multiple, p.slope_multiple, known,
    )  # fmt: skip
    return known


def wander_variance(s: Record) -> Array:
    """Mean square of each indicator's slow wander, as far as it is known by now."""
    variance = np.empty(len(INDICATORS))
    _wander(s, variance)
    return variance


def values_of(s: Record, deviation: Array) -> Array:
    """Values in the indicators' units from deviations from their references."""
    reference = s["reference"]
    values: Array = np.where(
        RELATIVE, reference * np.exp(0.01 * np.where(RELATIVE, deviation, 0.0)),
        reference + deviation,
    )  # fmt: skip
    return values


@kernel
def _follow(
    segments: NDArray[np.void],
    work: NDArray[np.void],
    block: Array,
    pace: Array,
    running_s: float,
    judged: NDArray[np.bool_],
    sought: Array,
    wander_s: float,
    smoothing: float,
    calm_multiple: float,
    speed_multiple: float,
    slope_multiple: float,
    known: NDArray[np.bool_],
) -> None:
    """:func:`follow`, compiled; ``known`` is what it returns."""
    s, w, count = segments[0], work[0], len(block)
    passed_s = running_s - s.last_s if math.isfinite(s.last_s) else 0.0
    s.last_s = running_s
    stays = math.exp(-passed_s / wander_s)
    # a value of the wander counts as new after two time constants
    worth = min(passed_s, _LONGEST_STEP_S) / (2.0 * wander_s) * (running_s > _FIRST_WANDER_S)
    _wander(s, w.wander)
    for i in range(count):
        w.y[i] = _deviation(s, i, block[i])
        known[i] = math.isfinite(w.y[i])
    multiples = (speed_multiple, slope_multiple)
    _lay_rows(s, w, pace, running_s, multiples)
    _begin_onsets(s)
    for i in range(count):
        # the wander forgets; in the onsets' signatures too
        s.parts[i, WANDER] *= stays
        for k in range(PARTS):
            s.covariance[i, WANDER, k] *= stays
        for k in range(PARTS):
            s.covariance[i, k, WANDER] *= stays
        s.covariance[i, WANDER, WANDER] += w.wander[i] * (1.0 - stays * stays)
        for q in range(ONSETS):
            s.signature[i, q, WANDER] *= stays
        if known[i]:
            _take_value(
                s, w, i, stays, worth, judged[i], sought[i], smoothing, calm_multiple
            )  # fmt: skip
        s.seen[i] += known[i]
    s.blocks += 1


@kernel
def _take_value(
    s: Record,
    w: Record,
    i: int,
    stays: float,
    worth: float,
    judged: bool,
    sought: float,
    smoothing: float,
    calm_multiple: float,
) -> None:
    """One indicator's value: what it deviates by, and what it teaches."""
    y, h, pace_error, wander = w.y[i], w.h[i], w.pace_error[i], w.wander[i]
    spread_of, gain = w.spread_of, w.gain
    noise, predicted, not_known = s.noise[i], 0.0, 0.0
    for k in range(PARTS):
        spread_of[k] = 0.0
        for j in range(PARTS):
            spread_of[k] += s.covariance[i, k, j] * h[j]
            if k < WANDER and j < WANDER:
                not_known += h[k] * s.covariance[i, k, j] * h[j]
        predicted += h[k] * s.parts[i, k]
    # a pace that is estimated is a little off
    off = (s.parts[i, _ON_SPEED] * pace_error[0] * (h[_ON_SPEED] != 0.0)) ** 2
    by_slope = max(abs(s.parts[i, _UPHILL]), abs(s.parts[i, _DOWNHILL]))
    off += (by_slope * pace_error[1]) ** 2
    variance = noise + off
    for k in range(PARTS):
        variance += h[k] * spread_of[k]
    not_known = max(not_known, 0.0) + off
    innovation = y - predicted
    residual = y - (predicted - s.parts[i, WANDER])
    s.level[i] = 0.0
    for k in range(_LEVEL_PARTS):
        s.level[i] += h[k] * s.parts[i, k]
    before = s.smoothed[i]
    smoothed = before + smoothing * (residual - before) if math.isfinite(before) else residual
    s.smoothed[i] = smoothed
    noise_left = noise * smoothing / (2.0 - smoothing)
    s.spread[i] = math.sqrt(wander + not_known + noise_left)
    # a deviation that stays for minutes, or grows too slowly for a step, in its own spread
    s.lasting[i] += _LASTING * (residual - s.lasting[i])
    lasts = _LASTING_WANDER * wander + not_known + 0.5 * _LASTING * noise
    s.lasting_multiple[i] = s.lasting[i] / math.sqrt(lasts)
    quiet = s.raised[i] == 0
    # before it is judged, the level of the day is sought wherever it is
    calm = quiet and (not judged or abs(smoothed) < calm_multiple * s.spread[i])
    for k in range(PARTS):
        learns = calm
        if k == WANDER:
            learns = True
        elif _ON_SPEED <= k < _BY_CADENCE:
            error = pace_error[0 if k == _ON_SPEED else 1]
            learns = quiet and abs(h[k]) >= _SURE_PACE * error
        gain[k] = spread_of[k] / variance if learns else 0.0
    _weigh_onsets(s, i, h, gain, innovation, variance)
    _find_onset(s, i, sought)
    size = abs(innovation) / math.sqrt(variance)
    damped = innovation * min(1.0, _MOST_INNOVATION / max(size, 1e-12))
    for k in range(PARTS):
        s.parts[i, k] += gain[k] * damped
        for j in range(PARTS):
            s.covariance[i, k, j] += (
                gain[k] * gain[j] * variance - gain[k] * spread_of[j] - spread_of[k] * gain[j]
            )
    _learn_noise(s, i, residual, wander * (1.0 - stays))
    if quiet:
        square, worth = _of_wander(s, i, worth, wander, not_known, noise_left)
        unrest, counts = _of_unrest(s, i, judged)
        _learn(s, i, square, worth, unrest, counts)


@kernel
def _wander(s: Record, variance: Array) -> None:
    """:func:`wander_variance`, compiled."""
    for i in range(len(variance)):
        weight = s.given_wander_weight[i] + s.wander_weight[i]
        total = s.given_wander_weight[i] * s.given_wander[i] + s.wander_sum[i]
        variance[i] = max(total / weight, _LEAST_WANDER[i] ** 2)


@kernel
def _unrest(s: Record, i: int) -> float:
    """Mean square of the steps that calm running makes, in variances; 1 where it fits."""
    weight = s.given_unrest_weight[i] + s.unrest_weight[i]
    return (s.given_unrest_weight[i] * s.given_unrest[i] + s.unrest_sum[i]) / weight


@kernel
def _doubt(s: Record, i: int) -> float:
    """What the evidence for a step is divided by: the root of the unrest, where that is above 1.

    All of it for a cadence, which is chosen anew at times, and then by far more than the mean.
    """
    unrest = max(_unrest(s, i), 1.0)
    return unrest if i == CADENCE else math.sqrt(unrest)


@kernel
def _deviation(s: Record, i: int, value: float) -> float:
    """A value as deviation from its reference, which the first one sets; NaN where it has none."""
    if not math.isfinite(value) or (RELATIVE[i] and value <= 0.0):
        return math.nan
    if not math.isfinite(s.reference[i]):
        s.reference[i] = value
    if RELATIVE[i]:
        return 100.0 * math.log(value / s.reference[i])
    return float(value - s.reference[i])


@kernel
def _lay_rows(
    s: Record,
    w: Record,
    pace: Array,
    running_s: float,
    multiples: tuple[float, float],
) -> None:
    """What each part counts for in the block, into ``h`` of the working room."""
    y, h, pace_error, wander = w.y, w.h, w.pace_error, w.wander
    deviation, variance, told, found = w.deviation, w.variance, w.told, w.found
    count = len(y)
    hours, settling = running_s / 3600.0, math.exp(-running_s / _SETTLING_S)
    for i in range(count):
        for k in range(PARTS):
            h[i, k] = 1.0
        h[i, 1], h[i, 2] = hours, settling
        # a pace that rises all the way would pass for a drift, and for wander
        deviation[i] = y[i] - s.parts[i, 0] - settling * s.parts[i, 2]
        variance[i] = min(wander[i], s.given_wander[i], POPULATION_WANDER[i] ** 2)
        variance[i] += (_USUAL_DRIFT[i] * hours) ** 2
        variance[i] += s.noise[i] + s.covariance[i, 0, 0]
        # what runners are told of as a change of form is none of pace
        told[i] = math.nan if s.raised[i] != 0 and _IS_FORM[i] else deviation[i]
    # known speed in % of the usual one, and slope less the usual one
    if pace[0] > 0.0 and not math.isfinite(s.usual_speed_m_s):
        s.usual_speed_m_s = pace[0]
        _forget_couplings(s, _ON_SPEED, _UPHILL)
    if math.isfinite(pace[1]) and not math.isfinite(s.usual_slope_deg):
        s.usual_slope_deg = pace[1]
        _forget_couplings(s, _UPHILL, _BY_CADENCE)
    faster = 100.0 * math.log(pace[0] / s.usual_speed_m_s) if pace[0] > 0.0 else math.nan
    steeper = pace[1] - s.usual_slope_deg
    for i in range(count):
        w.hilliness[i] = s.slope_sum[i] / (s.blocks + _LEVEL_GROUND)
    estimate_pace(told, variance, faster, steeper, multiples[0], multiples[1], w.hilliness, found)
    if s.blocks > _FIRST_SLOPE:
        for i in range(count):
            s.slope_sum[i] += found[i, 4]
    own = deviation[CADENCE]
    for i in range(count):
        h[i, _ON_SPEED] = found[i, 0]
        h[i, _UPHILL], h[i, _DOWNHILL] = max(found[i, 1], 0.0), min(found[i, 1], 0.0)
        pace_error[i, 0], pace_error[i, 1] = found[i, 2], found[i, 3]
    for k in range(_ON_SPEED, _BY_CADENCE):
        own -= h[CADENCE, k] * s.parts[CADENCE, k]
    for i in range(count):
        h[i, _BY_CADENCE] = own if i != CADENCE and math.isfinite(own) else 0.0


@kernel
def _forget_couplings(s: Record, first: int, end: int) -> None:
    """A coupling that was learned from estimates has their scale, and is none to what is known."""
    for i in range(len(s.seen)):
        for k in range(first, end):
            s.parts[i, k] = POPULATION_PARTS[i, k]
            for j in range(PARTS):
                s.covariance[i, k, j] = s.covariance[i, j, k] = 0.0
            s.covariance[i, k, k] = POPULATION_COVARIANCE[i, k, k]


@kernel
def _begin_onsets(s: Record) -> None:
    """A new block is a moment from which the level may step; older ones become fewer."""
    n = s.blocks
    for q in range(ONSETS):
        s.age[q] += 1
    _forget_onset(s, n % FINE)
    if n % COARSE_BLOCKS == 0:
        _forget_onset(s, FINE + (n // COARSE_BLOCKS) % (ONSETS - FINE))


@kernel
def _forget_onset(s: Record, slot: int) -> None:
    s.age[slot] = 1
    for i in range(len(s.seen)):
        s.score[i, slot] = s.information[i, slot] = 0.0
        for k in range(PARTS):
            s.signature[i, slot, k] = 0.0


@kernel
def _weigh_onsets(
    s: Record, i: int, h: Array, gain: Array, innovation: float, variance: float
) -> None:
    """How much better a step of the level explains the innovation, for each onset."""
    for q in range(ONSETS):
        left = 1.0
        for k in range(PARTS):
            left -= s.signature[i, q, k] * h[k]
        s.score[i, q] += left * innovation / variance
        s.information[i, q] += left * left / variance
        for k in range(PARTS):
            s.signature[i, q, k] += gain[k] * left


@kernel
def _find_onset(s: Record, i: int, sought: float) -> None:
    """The likeliest moment for a step of that size, what speaks for it, and the best fit there.

    The evidence is the root of twice the log likelihood ratio: where the best fit is the size that
    is sought, its standard deviations.
    """
    best, step = 0.0, 0.0
    for q in range(ONSETS):
        if _LEAST_AGE <= s.age[q] <= s.blocks + 1 and s.information[i, q] > 0.0:
            twice = sought * (2.0 * abs(s.score[i, q]) - sought * s.information[i, q])
            if twice > best:
                best, step = twice, s.score[i, q] / s.information[i, q]
    s.evidence[i], s.step[i] = math.sqrt(best) / _doubt(s, i), step


@kernel
def _learn_noise(s: Record, i: int, residual: float, wander: float) -> None:
    """What neighbouring blocks differ by, beside the wander."""
    last, noise = s.last_residual[i], s.noise[i]
    s.last_residual[i] = residual
    if not math.isfinite(last):
        return
    half = min(0.5 * (residual - last) ** 2, 9.0 * noise)
    s.noise_weight[i] = min(s.noise_weight[i] + 1.0, _MOST_NOISE_WEIGHT)
    s.noise[i] = max(noise + (half - wander - noise) / s.noise_weight[i], _LEAST_NOISE[i])


@kernel
def _of_wander(
    s: Record, i: int, worth: float, wander: float, not_known: float, noise_left: float
) -> tuple[float, float]:
    """Square of the wander in a value worth so much of an independent one, and its weight."""
    worth *= 1.0 - min(not_known / (wander + not_known), 0.9)
    square = min(s.smoothed[i] ** 2, _MOST_WANDER * (wander + not_known)) - noise_left
    return square, worth


@kernel
def _of_unrest(s: Record, i: int, judged: bool) -> tuple[float, float]:
    """Square of the step that eight blocks tell of, and the evidence for one, whether any or not.

    The first is what is usual, the second what is rare, as with a cadence chosen anew to music.
    """
    slot = (s.blocks + 1 - _UNREST_AGE) % FINE
    if s.blocks <= _FIRST_UNREST or not s.information[i, slot] > 0.0:
        return 0.0, 0.0
    usual = _unrest(s, i)
    square = min(s.score[i, slot] ** 2 / s.information[i, slot], _MOST_UNREST * usual)
    if judged:
        square += _OF_EVIDENCE * min((s.evidence[i] * _doubt(s, i)) ** 2, _MOST_EVIDENCE)
    return square, 1.0 / _UNREST_AGE


@kernel
def _learn(s: Record, i: int, wander: float, worth: float, unrest: float, counts: float) -> None:
    """Squares of the runner's own wander and unrest, by their weights; a cadence's later."""
    lesson = (worth * wander, worth, counts * unrest, counts)
    if i == CADENCE:
        waited = s.waiting[s.seen[i] % WAITING]
        late = (waited[0], waited[1], waited[2], waited[3])
        for k in range(4):
            waited[k] = lesson[k]
        lesson = late
    s.wander_sum[i] += lesson[0]
    s.wander_weight[i] += lesson[1]
    s.unrest_sum[i] += lesson[2]
    s.unrest_weight[i] += lesson[3]
