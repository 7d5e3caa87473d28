"""How far a metric is the same when it is measured again: ICC and minimal detectable change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

_NORMAL_95: Final = 1.96
#: Fewer people than that tell nothing about people.
FEWEST_GROUPS: Final = 3
#: Modified z beyond which a value is looked at again (Iglewicz and Hoaglin 1993), and the factor
#: that makes the median absolute deviation a standard deviation.
_OUTLYING: Final = 3.5
_MAD_TO_SD: Final = 1.4826


@dataclass(frozen=True, slots=True)
class Reliability:
    """How far a metric repeats.

    Attributes
    ----------
    icc : float
        Intraclass correlation of single measurements, one-way random effects: ICC(1,1) (Shrout and
        Fleiss 1979, doi:10.1037/0033-2909.86.2.420), with the mean size of unequal groups.
    error_sd : float
        Standard error of measurement: the spread within groups, in the metric's unit.
    detectable : float
        Minimal detectable change, 95 %: a smaller difference of two measurements may be error
        (Weir 2005, doi:10.1519/15184.1).
    """

    icc: float
    error_sd: float
    detectable: float


def reliability(values: NDArray[np.float64], groups: Sequence[str]) -> Reliability | None:
    """How far values of a group are alike.

    Parameters
    ----------
    values : ndarray, shape (N,)
        NaN where nothing was measured.
    groups : sequence of str
        Whose each is; empty is nobody's and left out.

    Returns
    -------
    Reliability or None
        None where fewer than three groups have two values.

    Examples
    --------
    >>> found = reliability(np.array([1.0, 1.2, 2.0, 2.2, 3.0, 3.2]), list("aabbcc"))
    >>> round(found.icc, 3), round(found.detectable, 3)
    (0.98, 0.392)
    """
    by_group: dict[str, list[float]] = {}
    for value, group in zip(values.tolist(), groups, strict=True):
        if group and np.isfinite(value):
            by_group.setdefault(group, []).append(value)
    repeated = [np.array(found) for found in by_group.values() if len(found) > 1]
    if len(repeated) < FEWEST_GROUPS:
        return None
    sizes = np.array([len(found) for found in repeated])
    whole = np.concatenate(repeated)
    count, total = len(repeated), len(whole)
    means = np.array([found.mean() for found in repeated])
    between = float(np.sum(sizes * (means - whole.mean()) ** 2)) / (count - 1)
    within = float(sum(np.sum((one - one.mean()) ** 2) for one in repeated)) / (total - count)
    size = (total - float(np.sum(sizes**2)) / total) / (count - 1)
    spread = between + (size - 1.0) * within
    icc = (between - within) / spread if spread > 0.0 else np.nan
    error_sd = float(np.sqrt(within))
    return Reliability(icc, error_sd, _NORMAL_95 * 2.0**0.5 * error_sd)


def outlying(values: NDArray[np.float64]) -> NDArray[np.intp]:
    """Which values are far from the others, by median and median absolute deviation.

    Examples
    --------
    >>> outlying(np.array([1.0, 1.1, 0.9, 1.0, 1.05, 9.0])).tolist()
    [5]
    """
    measured = values[np.isfinite(values)]
    if not measured.size:
        return np.zeros(0, np.intp)
    middle = np.median(measured)
    spread = _MAD_TO_SD * np.median(np.abs(measured - middle))
    if spread == 0.0:
        return np.zeros(0, np.intp)
    return np.flatnonzero(np.abs(values - middle) > _OUTLYING * spread)
