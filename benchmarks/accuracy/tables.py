"""One accuracy table: errors in, bias, SD, RMSE and limits out, with the published reference."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Missing", "Row", "Section", "row_of_errors"]


@dataclass(frozen=True, slots=True)
class Row:
    """Errors of one metric under one condition; estimate minus truth.

    ``within_sd`` is the mean SD inside a trial, which leaves out each trial's own bias; NaN where
    there is one trial only. ``goal_met`` is None where no goal is set.
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
    errors: NDArray[np.float64] | None = field(default=None, repr=False, compare=False)
    means: NDArray[np.float64] | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Missing:
    """A part of the data that is not there."""

    what: str
    path: str


@dataclass(frozen=True, slots=True)
class Section:
    """The tables of one subject.

    ``notes`` say what was tried and what limits a goal that is not reached, and which peers were
    not installed; ``cannot_see`` what no table here can show.
    """

    title: str
    about: str
    rows: Sequence[Row]
    missing: Sequence[Missing] = ()
    cannot_see: Sequence[str] = ()
    notes: Sequence[str] = ()


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
