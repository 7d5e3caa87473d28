"""One accuracy table: errors in, bias, SD, RMSE and limits out, with the published reference.

A :class:`Row` sums up errors, a :class:`Score` is one figure of another kind: a share, a slope, a
count of people.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmarks.accuracy.statistics import (
    RMSE,
    Interval,
    Statistic,
    TrialPairs,
    of_runners,
)

#: What a row's people are to what was learned: each judged by a model that never saw him,
LEFT_OUT: str = "left out"
#: judged by what was learned or chosen on them,
SEEN: str = "seen"
#: judged by what nothing was learned for,
NOT_LEARNED: str = "nothing learned"
#: or made by the simulator.
SIMULATED: str = "simulated"
#: or made by the simulator with the very formula that the estimate uses.
SELF_CONSISTENCY: str = "self-consistency"

UNKNOWN = Interval(math.nan, math.nan, math.nan)


@dataclass(frozen=True, slots=True)
class Row:
    """Errors of one metric under one condition; estimate minus truth.

    ``within_sd`` is the mean SD inside a trial, which leaves out each trial's own bias; NaN where
    there is one trial only. ``rmse_95`` is the interval of the RMSE over ``runners`` people, NaN
    for fewer than three. ``people`` says what they are to what was learned, as the section says
    when empty. ``goal_met`` is None where no goal is set.
    """

    metric: str
    condition: str
    unit: str
    n: int
    bias: float
    sd: float
    rmse: float
    lower_95: float
    upper_95: float
    within_sd: float = math.nan
    reference: str = ""
    goal: str = ""
    goal_met: bool | None = None
    runners: int = 0
    rmse_95: Interval = UNKNOWN
    people: str = ""
    errors: NDArray[np.float64] | None = field(default=None, repr=False, compare=False)
    means: NDArray[np.float64] | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Score:
    """One figure with its 95 % interval over ``runners`` people; fields as those of a row."""

    metric: str
    condition: str
    unit: str
    runners: int
    found: Interval
    goal: str = ""
    goal_met: bool | None = None
    people: str = ""


@dataclass(frozen=True, slots=True)
class Missing:
    """A part of the data that is not there."""

    what: str
    path: str


@dataclass(frozen=True, slots=True)
class Section:
    """The tables of one subject.

    ``people`` goes for rows and scores that do not say otherwise. ``notes`` say what was tried and
    what limits a goal that is not reached, and which peers were not installed; ``cannot_see`` what
    no table here can show.
    """

    title: str
    about: str
    rows: Sequence[Row] = ()
    missing: Sequence[Missing] = ()
    cannot_see: Sequence[str] = ()
    notes: Sequence[str] = ()
    scores: Sequence[Score] = ()
    people: str = ""


def row_of_errors(
    metric: str,
    condition: str,
    unit: str,
    errors: ArrayLike,
    *,
    trials: Sequence[ArrayLike] | None = None,
    means: ArrayLike | None = None,
    reference: str = "",
    goal: str = "",
    goal_met: bool | None = None,
) -> Row:
    """Sum up errors; NaN are left out. ``trials`` are the same errors, trial by trial.

    ``means`` (of estimate and truth, element by element) are kept for Bland–Altman plots.

    Examples
    --------
    >>> row = row_of_errors("contact time", "all", "ms", [1.0, 3.0, 5.0])
    >>> row.n, row.bias, round(row.rmse, 3)
    (3, 3.0, 3.416)
    """
    values = np.asarray(errors, np.float64).ravel()
    known = np.isfinite(values)
    centres = None if means is None else np.asarray(means, np.float64).ravel()[known]
    values = values[known]
    if not values.size:
        nothing = math.nan
        return Row(
            metric, condition, unit, 0, nothing, nothing, nothing, nothing, nothing,
            reference=reference, goal=goal, goal_met=None,
        )  # fmt: skip
    bias = float(values.mean())
    sd = float(values.std(ddof=1)) if values.size > 1 else math.nan
    within = math.nan
    if trials is not None:
        spreads = [np.asarray(t, np.float64) for t in trials]
        spreads = [t[np.isfinite(t)] for t in spreads]
        deviations = [float(t.std(ddof=1)) for t in spreads if t.size > 1]
        within = float(np.mean(deviations)) if deviations else math.nan
    return Row(
        metric=metric,
        condition=condition,
        unit=unit,
        n=int(values.size),
        bias=bias,
        sd=sd,
        rmse=float(np.sqrt(np.mean(values**2))),
        lower_95=bias - 1.96 * sd,
        upper_95=bias + 1.96 * sd,
        within_sd=within,
        reference=reference,
        goal=goal,
        goal_met=goal_met,
        errors=values,
        means=centres,
    )


def row_of_pairs(
    metric: str,
    condition: str,
    unit: str,
    pairs: Sequence[TrialPairs],
    *,
    people: str = "",
    reference: str = "",
    most: float | None = None,
    goal: str = "",
) -> Row:
    """Sum up told and true of many people's trials, with the interval of the RMSE over people.

    ``most`` is a goal for the RMSE; ``goal`` are its words, made from it when empty.
    """
    trials = [trial.errors for trial in pairs]
    row = row_of_errors(
        metric,
        condition,
        unit,
        np.concatenate(trials) if trials else [],
        trials=trials,
        reference=reference,
        means=np.concatenate([0.5 * (p.told + p.true)[p.known] for p in pairs]) if pairs else None,
    )
    judged = replace(
        row,
        people=people,
        runners=len({trial.runner for trial in pairs}),
        rmse_95=of_runners(RMSE, pairs),
    )
    if most is None:
        return judged
    words = goal or f"RMSE ≤ {most:g} {unit}"
    return replace(judged, goal=words, goal_met=bool(judged.rmse <= most) if judged.n else None)


def score_of_pairs(
    statistic: Statistic,
    metric: str,
    condition: str,
    unit: str,
    pairs: Sequence[TrialPairs],
    *,
    within: tuple[float, float] | None = None,
    goal: str = "",
    people: str = "",
) -> Score:
    """One figure over many people's trials; ``within`` are the bounds that reach the goal."""
    found = of_runners(statistic, pairs)
    met = None if within is None else bool(within[0] <= found.value <= within[1])
    runners = len({trial.runner for trial in pairs})
    return Score(metric, condition, unit, runners, found, goal, met, people)
