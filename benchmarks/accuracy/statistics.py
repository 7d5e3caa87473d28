"""How an estimate is judged: errors, response to a true change, left and right, intervals.

People are the sample: a step of a runner tells little that his next one does not. Every interval is
a bootstrap over runners (percentiles of 2000 draws with replacement, one seed), and so as wide as
the number of people makes it. Every figure is a function of sums that each runner adds to.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_DRAWS: Final = 2000
_SEED: Final = 18
_PERCENTILES: Final = (2.5, 97.5)
#: Fewer people than this have no interval.
_FEWEST_RUNNERS: Final = 3
#: A foot with fewer steps than this has no level in a trial.
_FEWEST_STEPS: Final = 5


@dataclass(frozen=True, slots=True, eq=False)
class TrialPairs:
    """What was told and what was true, step by step, of one runner in one trial.

    ``left`` is 1 for steps on the left foot, 0 for the right, NaN where the truth does not tell.
    """

    runner: str
    told: Array
    true: Array
    left: Array | None = None

    @property
    def known(self) -> NDArray[np.bool_]:
        """Steps of which both are known."""
        return np.isfinite(self.told) & np.isfinite(self.true)

    @property
    def errors(self) -> Array:
        """Told less true, of known steps."""
        known = self.known
        return self.told[known] - self.true[known]


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure and its 95 % interval over runners; NaN where it cannot be told."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Statistic:
    """A figure from sums over runners.

    ``sums`` gives what one runner's trials add, shape (M,); ``figure`` turns totals of shape
    (…, M) into the figure, shape (…).
    """

    sums: Callable[[Sequence[TrialPairs]], Array]
    figure: Callable[[Array], Array]


def of_runners(statistic: Statistic, pairs: Sequence[TrialPairs]) -> Interval:
    """A figure over all runners, and how far it may lie elsewhere for other runners.

    Examples
    --------
    >>> zero = np.zeros(4)
    >>> same = [TrialPairs(str(k), zero + 2.0, zero) for k in range(5)]
    >>> of_runners(RMSE, same)
    Interval(value=2.0, low=2.0, high=2.0)
    """
    runners = _by_runner(pairs)
    if not runners:
        return Interval(np.nan, np.nan, np.nan)
    sums = np.array([statistic.sums(trials) for trials in runners.values()])
    with np.errstate(invalid="ignore", divide="ignore"):
        value = float(statistic.figure(sums.sum(axis=0)))
        if len(runners) < _FEWEST_RUNNERS:
            return Interval(value, np.nan, np.nan)
        draws = np.random.default_rng(_SEED).integers(0, len(runners), (_DRAWS, len(runners)))
        found = statistic.figure(sums[draws].sum(axis=1))
    found = found[np.isfinite(found)]
    if not found.size:
        return Interval(value, np.nan, np.nan)
    low, high = np.percentile(found, _PERCENTILES)
    return Interval(value, float(low), float(high))


def runner_biases(pairs: Sequence[TrialPairs]) -> dict[str, float]:
    """Mean error of each runner over his trials, NaN for one without a known step."""
    return {
        runner: float(errors.mean()) if errors.size else float("nan")
        for runner, trials in _by_runner(pairs).items()
        for errors in [np.concatenate([trial.errors for trial in trials])]
    }


def _by_runner(pairs: Sequence[TrialPairs]) -> dict[str, list[TrialPairs]]:
    groups: dict[str, list[TrialPairs]] = {}
    for trial in pairs:
        groups.setdefault(trial.runner, []).append(trial)
    return dict(sorted(groups.items()))


def _error_sums(trials: Sequence[TrialPairs]) -> Array:
    errors = np.concatenate([trial.errors for trial in trials])
    return np.array([errors.size, errors.sum(), errors @ errors])


def _response_sums(trials: Sequence[TrialPairs]) -> Array:
    """Of a runner's trial means about their own mean: true·told and true·true."""
    means = [
        (trial.told[known].mean(), trial.true[known].mean())
        for trial in trials
        for known in [trial.known]
        if known.any()
    ]
    if len(means) < 2:
        return np.zeros(2)
    told, true = np.array(means).T
    told, true = told - told.mean(), true - true.mean()
    return np.array([true @ told, true @ true])


def _side_sums(trials: Sequence[TrialPairs]) -> Array:
    """Of the left foot's mean less the right's in each trial: n, x, y, xx, yy, xy."""
    total = np.zeros(6)
    for trial in trials:
        if trial.left is None:
            continue
        feet = [trial.known & (trial.left == foot) for foot in (1.0, 0.0)]
        if min(foot.sum() for foot in feet) >= _FEWEST_STEPS:
            x = float(trial.true[feet[0]].mean() - trial.true[feet[1]].mean())
            y = float(trial.told[feet[0]].mean() - trial.told[feet[1]].mean())
            total += np.array([1.0, x, y, x * x, y * y, x * y])
    return total


def _correlation(totals: Array) -> Array:
    n, x, y, xx, yy, xy = np.moveaxis(totals, -1, 0)
    result: Array = (n * xy - x * y) / np.sqrt((n * xx - x * x) * (n * yy - y * y))
    return result


#: Root of the mean squared error of a step.
RMSE: Final = Statistic(_error_sums, lambda s: np.sqrt(s[..., 2] / s[..., 0]))
#: Mean error of a step.
BIAS: Final = Statistic(_error_sums, lambda s: s[..., 1] / s[..., 0])
#: How much of a true change between a runner's own trials is told: the slope of told on true means.
RESPONSE: Final = Statistic(_response_sums, lambda s: s[..., 0] / s[..., 1])
#: Correlation of told and true left less right, over trials.
DIFFERENCE_OF_SIDES: Final = Statistic(_side_sums, _correlation)
#: Share of cases in percent, of pairs that tell 100 or 0 where the truth is written as 0.
SHARE: Final = BIAS
