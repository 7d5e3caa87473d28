"""What could be found at all: the same runs, judged by one that knows the person.

It knows how far each indicator of this person wanders, drifts and settles, what speed, slope and
cadence do to it, how much a block varies, how far and how fast pace and surface vary in such runs,
and the size and the pattern of the change over all indicators. It does not know the level of the
day, where anything wanders just now, the pace where nobody states it, and whether and when the
change begins. Taken as linear and Gaussian, the values follow a Kalman filter, and its statistic is
the largest likelihood ratio of the innovations for the change beginning at one of the last minutes
(the optimal rule for a known change in a known process, up to a constant; Lai 1998,
doi:10.1109/18.737522). It speaks where that exceeds what it does in the stated share of the same
people's runs without a change. All that a detector has to learn it is given; what it misses, one
that learns will not find for as many false alerts. But it takes pace as wandering: who recognises
a plan, as that of intervals, may know more of the pace.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.alerts import measured
from benchmarks.alerts.measured import MeasuredRun, Person
from benchmarks.alerts.scenarios import course
from benchmarks.alerts.statistics import over_runs_limit

Array = NDArray[np.float64]

_BLOCK_STEPS: Final = 40
_BLOCK_S: Final = 14.2
_WANDER_S: Final = 135.0
_SETTLING_S: Final = 280.0
_COURSES: Final = 8
_UNKNOWN: Final = 30.0  # a level that nobody knows, %
_TRIM: Final = 8  # steps of a block at either end
_BEND_DEG_S: Final = 2.5
#: A trimmed mean of 40 correlated steps, of the spread of a step.
_BLOCK_NOISE: Final = 0.23
_STEP_NOISE: Final = {"cadence": 2.5, "lean": 0.8}  # %, degrees; the others' are the model's

_NAMES: Final = (
    *("cadence", "contact_time_ms", "vertical_oscillation_mm", "peak_10hz_bw"),
    *("impact_shock_g", "shock_power_g2", "lean"),
)
_CADENCE, _CONTACT, _OSCILLATION, _PEAK, _SHOCK, _POWER, _LEAN = range(len(_NAMES))
_SETTLES: Final = (_CONTACT, _OSCILLATION, _PEAK)
#: What varies in a run beside the runner: fields of a course; % or degrees in the state.
_VARIES: Final = ("speed", "slope_deg", "shock", "cadence", "lean_deg")
_PACE: Final = slice(0, 2)
_PARTS: Final = 4  # level, drift, settling, wander
_DRIFT, _SETTLING, _WANDER = 1, 2, 3


@dataclass(frozen=True, slots=True)
class Pattern:
    """A change over all indicators, in % or degrees, and the seconds over which it grows."""

    sizes: dict[int, float]
    grows_s: float
    limit_s: float


def patterns(lean_deg: float) -> dict[str, Pattern]:
    """The changes of the study; ``lean_deg`` is what a lean of one and a half gates comes to."""
    return {
        "peak +10 %": Pattern({_PEAK: 9.5}, 0.0, 600.0),
        "shock +15 %": Pattern({_SHOCK: 14.0, _POWER: 28.0}, 0.0, 600.0),
        "cadence −5 %": Pattern({_CADENCE: -5.1, _CONTACT: 2.5, _OSCILLATION: 8.6}, 0.0, 600.0),
        "lean by 1.5 × gate": Pattern({_LEAN: lean_deg}, 0.0, 600.0),
        "lean +4° over 20 min": Pattern({_LEAN: 4.0}, 1200.0, 1200.0),
    }


@dataclass(frozen=True, slots=True)
class Weighed:
    """What speaks for one change in one person's runs, as log likelihood ratios.

    Attributes
    ----------
    quiet : tuple of float
        The largest in each run without it.
    since_s : tuple of float
        Times since its onset, s, of the run with it, up to when it has to be told.
    ratio : tuple of float
        The ratio at each of them.
    """

    quiet: tuple[float, ...]
    since_s: tuple[float, ...]
    ratio: tuple[float, ...]

    def delay_s(self, limit: float) -> float:
        """When it is beyond the limit, s since the onset; infinite when it never is."""
        later = zip(self.since_s, self.ratio, strict=True)
        return next((time_s for time_s, ratio in later if ratio > limit), math.inf)


def delays_s(weighed: Sequence[Weighed], false: float) -> tuple[float, ...]:
    """Delays over the people, with one limit for as many false alerts in all their quiet runs."""
    limit = over_runs_limit([ratio for one in weighed for ratio in one.quiet], false)
    return tuple(one.delay_s(limit) for one in weighed)


class _Onsets:
    """The blocks at which each change may have begun: the last ones, each in its own place."""

    def __init__(self, sought: Sequence[Pattern]) -> None:
        self._reach = np.array([max(int(one.limit_s / _BLOCK_S), 1) for one in sought])
        self.first = np.cumsum(self._reach) - self._reach
        self.count = int(self._reach.sum())
        self._since_s = np.zeros(self.count)
        self._grows_s = np.repeat([max(one.grows_s, 1e-9) for one in sought], self._reach)
        shapes = np.zeros((len(_NAMES), len(sought)))
        for k, one in enumerate(sought):
            shapes[list(one.sizes), k] = list(one.sizes.values())
        self._shapes = np.repeat(shapes, self._reach, axis=1)

    def begin(self, block: int) -> NDArray[np.int64]:
        """Places of those that begin with a block."""
        self._since_s += _BLOCK_S
        begun: NDArray[np.int64] = self.first + block % self._reach
        self._since_s[begun] = _BLOCK_S
        return begun

    def sizes(self) -> Array:
        """How far each has grown by now, shape (indicators, onsets)."""
        sizes: Array = self._shapes * np.minimum(self._since_s / self._grows_s, 1.0)
        return sizes


class Knowing:
    """One person's values in one kind of run, as a linear Gaussian process.

    The state holds level, drift, settling and wander of each indicator, then what varies beside.

    Parameters
    ----------
    someone : Person
        Who runs.
    scenario : str
        What.
    history : bool
        Whether earlier runs tell the level.
    pace_known : bool
        Whether speed and slope are known.
    """

    def __init__(self, someone: Person, scenario: str, *, history: bool, pace_known: bool) -> None:
        varies, roughness = _variation(scenario)
        n = _PARTS * len(_NAMES)
        self._pace_known = pace_known
        self._speed_m_s = someone.speed_m_s
        self._first_sd = np.zeros(n + len(_VARIES))
        self._stays = np.ones(len(self._first_sd))
        self._noise = np.zeros(len(_NAMES))
        for j, name in enumerate(_NAMES):
            drift, day, noise = _usual(name)
            level = day * math.sqrt(1.25) if history else _UNKNOWN  # four earlier runs
            own = (level, drift, 2.0 * (j in _SETTLES))
            self._first_sd[_PARTS * j : _PARTS * j + _WANDER] = own
            self._first_sd[_PARTS * j + _WANDER] = someone.slow[name]
            self._stays[_PARTS * j + _WANDER] = math.exp(-_BLOCK_S / _WANDER_S)
            self._noise[j] = _BLOCK_NOISE * noise * (1.0 if name == "cadence" else roughness)
        self._first_sd[n:] = varies[:, 0]
        if pace_known:
            self._first_sd[n:][_PACE] = 0.0
        self._stays[n:] = np.exp(-_BLOCK_S / varies[:, 1])
        self._by_part = _couplings(someone)
        self._level = np.array([someone.level[name] for name in _NAMES])

    def weigh(self, runs: Sequence[MeasuredRun], sought: Sequence[Pattern]) -> list[Array]:
        """Log likelihood ratio of each change after each block, (changes, blocks) of each run.

        Where runs have values in the same blocks, all but their innovations is the same.
        """
        values = [self._values(run) for run in runs]
        alike: dict[bytes, list[int]] = {}
        for place, own in enumerate(values):
            alike.setdefault(np.isfinite(own).tobytes(), []).append(place)
        result: dict[int, Array] = {}
        for places in alike.values():
            found = self._weigh_alike(np.stack([values[place] for place in places], 1), sought)
            result |= dict(zip(places, found, strict=True))
        return [result[place] for place in range(len(runs))]

    def _weigh_alike(self, values: Array, sought: Sequence[Pattern]) -> Array:
        """The same of values of shape (blocks, runs, indicators): (runs, changes, blocks)."""
        onsets, count = _Onsets(sought), values.shape[1]
        enters = np.diag(self._first_sd**2 * (1.0 - self._stays**2))
        covariance = np.diag(self._first_sd**2)
        expected = np.zeros((len(covariance), count))
        # of each onset of each change: what it has left in the state, and what speaks for it
        left_in = np.zeros((len(covariance), onsets.count))
        ratio = np.full((count, onsets.count), -math.inf)
        result = np.empty((count, len(sought), len(values)))
        for k, value in enumerate(values):
            begun = onsets.begin(k)
            left_in[:, begun], ratio[:, begun] = 0.0, 0.0
            if np.isfinite(value).all():
                rows = self._rows(k)
                spread = covariance @ rows.T
                weight = np.linalg.inv(rows @ spread + np.diag(self._noise**2))
                gain = spread @ weight
                # Joseph's form: the shorter one loses its symmetry, and then its bearings
                kept = np.eye(len(covariance)) - gain @ rows
                covariance = kept @ covariance @ kept.T + (gain * self._noise**2) @ gain.T
                left = onsets.sizes() - rows @ left_in
                innovation = value.T - rows @ expected
                weighted = weight @ left
                ratio += innovation.T @ weighted - 0.5 * (weighted * left).sum(axis=0)
                expected += gain @ innovation
                left_in += gain @ left
            result[:, :, k] = np.maximum.reduceat(ratio, onsets.first, axis=1)
            covariance = covariance * np.outer(self._stays, self._stays) + enters
            expected *= self._stays[:, None]
            left_in *= self._stays[:, None]
        return result

    def _values(self, run: MeasuredRun) -> Array:
        """Block means in % or degrees, shape (blocks, indicators); NaN in bends."""
        rows = run.steps.rows
        n = len(rows) // _BLOCK_STEPS
        values = np.empty((n, len(_NAMES)))
        for j, name in enumerate(_NAMES):
            column = {"cadence": "step_time_s", "lean": "sacral_lean_deg"}.get(name, name)
            steps = np.sort(_in_blocks(rows[column], n), axis=1)
            means = steps[:, _TRIM:-_TRIM].mean(axis=1)
            if name == "lean":
                values[:, j] = means - self._level[j]
            else:
                means = 60.0 / means if name == "cadence" else means
                values[:, j] = 100.0 * np.log(means / self._level[j])
        if self._pace_known:
            speed = 100.0 * np.log(_in_blocks(run.speed_m_s, n).mean(axis=1) / self._speed_m_s)
            pace = np.stack([speed, _in_blocks(run.slope_deg, n).mean(axis=1)])
            values -= (self._by_part[:, _PACE] @ pace).T
        bends = np.abs(_in_blocks(rows["yaw_rate_deg_s"], n).mean(axis=1)) > _BEND_DEG_S
        values[bends] = math.nan
        return values

    def _rows(self, block: int) -> Array:
        """What each part of the state counts for in the values of a block."""
        seconds = _BLOCK_S * (block + 0.5)
        rows = np.zeros((len(_NAMES), len(self._first_sd)))
        weights = (1.0, seconds / 3600.0, math.exp(-seconds / _SETTLING_S), 1.0)
        for j in range(len(_NAMES)):
            rows[j, _PARTS * j : _PARTS * (j + 1)] = weights
        rows[:, _PARTS * len(_NAMES) :] = self._by_part
        chosen = self._by_part[:, _VARIES.index("cadence")]
        for j in (_CONTACT, _OSCILLATION):  # what comes with the runner's own cadence
            rows[j, _DRIFT] = weights[_DRIFT] * chosen[j]
            rows[j, _WANDER] = chosen[j]
        return rows


def weighed(
    knowing: Knowing,
    quiet: Sequence[MeasuredRun],
    changed: Sequence[MeasuredRun],
    onset: int,
    sought: Sequence[Pattern],
) -> tuple[Weighed, ...]:
    """What speaks for each change in runs without any, and in one with it from a step on."""
    ratios = knowing.weigh([*quiet, *changed], sought)
    most = np.array([ratio.max(axis=1) for ratio in ratios[: len(quiet)]])
    result = []
    for k, (run, pattern) in enumerate(zip(changed, sought, strict=True)):
        ends = _BLOCK_STEPS * np.arange(1, len(run.steps) // _BLOCK_STEPS + 1) - 1
        since_s = run.steps.initial_contact_s[ends] - run.steps.initial_contact_s[onset]
        told = (since_s > 0.0) & (since_s <= pattern.limit_s)
        ratio = ratios[len(quiet) + k][k]
        own = tuple(most[:, k].tolist())
        result.append(Weighed(own, tuple(since_s[told].tolist()), tuple(ratio[told].tolist())))
    return tuple(result)


def _in_blocks(values: Array, blocks: int) -> Array:
    return values[: blocks * _BLOCK_STEPS].reshape(blocks, _BLOCK_STEPS)


@cache
def _variation(scenario: str) -> tuple[Array, float]:
    """Spread (%, degrees) and time constant (s) of what varies in such runs; the roughness."""
    found, rough, lag = np.zeros((len(_VARIES), 2)), 0.0, 3
    for seed in range(_COURSES):
        laid = course(scenario, seed)
        rough += float(laid.roughness.mean()) / _COURSES
        for k, name in enumerate(_VARIES):
            values = getattr(laid, name)
            values = values if name.endswith("deg") else 100.0 * np.log(values)
            step = int(_BLOCK_S)
            means = values[: len(values) // step * step].reshape(-1, step).mean(axis=1)
            means = means - means.mean()
            found[k] += float((means**2).mean()), float((means[lag:] * means[:-lag]).mean())
    variance, later = found.T / _COURSES
    share = np.clip(later / np.maximum(variance, 1e-12), 0.05, 0.999)
    return np.stack([np.sqrt(variance), -lag * _BLOCK_S / np.log(share)], axis=1), rough


def _usual(name: str) -> tuple[float, float, float]:
    """Drift an hour, spread from day to day and from step to step, % or degrees."""
    if name == "lean":
        return measured.LEAN_DEG[2], measured.DAY_LEAN_DEG, _STEP_NOISE[name]
    drift = {**measured.MEASURED, **measured.ASSUMED}[name][2]
    day = 100.0 * measured.DAY_SHARE.get(name, measured.USUAL_DAY_SHARE)
    if name == "cadence":
        return drift, day, _STEP_NOISE[name]
    return drift, day, 50.0 * sum(measured.STEP_NOISE[name])


def _couplings(someone: Person) -> Array:
    """What a unit of each thing that varies does to each indicator, shape (indicators, 5)."""
    result = np.zeros((len(_NAMES), len(_VARIES)))
    for j, name in enumerate(_NAMES):
        factor = someone.factor[name]
        if name == "lean":
            speed = 0.01 * someone.speed_m_s * measured.LEAN_ON_SPEED_DEG
            slope = 0.5 * sum(measured.LEAN_ON_SLOPE_DEG)
        else:
            speed = measured.ON_SPEED.get(name, 0.0)
            slope = 50.0 * sum(measured.ON_SLOPE.get(name, (0.0, 0.0)))
        result[j, _PACE] = factor * speed, factor * slope
        result[j, 3] = factor * measured.ON_CADENCE.get(name, 0.0)
    result[_SHOCK, 2], result[_POWER, 2] = 1.0, 2.0
    result[_CADENCE, 3], result[_LEAN, 4] = 1.0, 1.0
    return result
