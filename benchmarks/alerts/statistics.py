"""Shares and medians with their 95 % intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

_Z: float = 1.959963984540054


def wilson(hits: int, trials: int) -> tuple[float, float]:
    """Interval of a share (Wilson 1927, doi:10.1080/01621459.1927.10502953).

    Examples
    --------
    >>> low, high = wilson(0, 100)
    >>> round(low, 3), round(high, 3)
    (0.0, 0.037)
    """
    if trials == 0:
        return 0.0, 1.0
    share = hits / trials
    spread = _Z * math.sqrt(share * (1.0 - share) / trials + _Z**2 / (4.0 * trials**2))
    centre = share + _Z**2 / (2.0 * trials)
    scale = 1.0 + _Z**2 / trials
    return max((centre - spread) / scale, 0.0), min((centre + spread) / scale, 1.0)


def median_interval(values: Sequence[float]) -> tuple[float, float, float]:
    """Median and its interval from order statistics; infinite values are the largest.

    Examples
    --------
    >>> median_interval([float(v) for v in range(101)])
    (50.0, 40.0, 60.0)
    """
    ordered = np.sort(np.asarray(values, np.float64))
    n = len(ordered)
    if n == 0:
        return math.nan, math.nan, math.nan
    reach = 0.5 * _Z * math.sqrt(n)
    low = max(math.floor(0.5 * (n - 1) - reach) + 0, 0)
    high = min(math.ceil(0.5 * (n - 1) + reach), n - 1)
    middle = float(ordered[(n - 1) // 2])
    return middle, float(ordered[low]), float(ordered[high])


def over_people(hits: Sequence[float], hours: Sequence[float]) -> tuple[float, float, float]:
    """Hits an hour and their interval, people weighted alike.

    The wider, at each end, of what other people would give (bootstrap) and of Wilson's with all
    hours as trials: few hits in few people say less than the bootstrap alone makes of them.

    Examples
    --------
    >>> over_people([0, 0, 1, 0], [1.0, 1.0, 1.0, 1.0])[0]
    0.25
    """
    rates = np.asarray(hits, np.float64) / np.maximum(np.asarray(hours, np.float64), 0.5)
    total = round(sum(hits))
    least, most = wilson(total, max(round(sum(hours)), total, 1))
    if not rates.any():
        return 0.0, 0.0, most
    rng = np.random.default_rng(7)
    drawn = rng.choice(rates, (4000, len(rates))).mean(axis=1)
    low, high = np.quantile(drawn, [0.025, 0.975]).tolist()
    return float(rates.mean()), min(low, least), max(high, most)


def over_runs_limit(most: Sequence[float], share: float) -> float:
    """The limit that a share of the runs exceeds, each by its largest value.

    Examples
    --------
    >>> over_runs_limit([float(v) for v in range(1, 101)], 0.04)
    96.0
    """
    ordered = sorted(most)
    return ordered[len(ordered) - 1 - math.floor(share * len(ordered))]
