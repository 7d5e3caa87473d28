"""95 % intervals of means and of their differences, by Student's distribution."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence


def half_width_95(values: Sequence[float]) -> float:
    """Half the interval of the mean of two or more values.

    Examples
    --------
    >>> round(half_width_95([1.0, 2.0, 3.0]), 2), half_width_95([4.0, 4.0])
    (2.48, 0.0)
    """
    error = statistics.stdev(values) / math.sqrt(len(values))
    return _student_95(len(values) - 1) * error


def difference_half_width_95(values: Sequence[float], others: Sequence[float]) -> float:
    """Half the interval of the difference of two means; 0 where nothing varies.

    That of Welch (1947, doi:10.1093/biomet/34.1-2.28), whose spreads may differ.

    Examples
    --------
    >>> round(difference_half_width_95([1.0, 2.0, 3.0], [4.0, 6.0, 8.0, 10.0]), 2)
    3.9
    """
    both = (values, others)
    parts = [statistics.variance(one) / len(one) for one in both]
    if not (error_squared := math.fsum(parts)):
        return 0.0
    less = (part**2 / (len(one) - 1) for part, one in zip(parts, both, strict=True))
    return _student_95(error_squared**2 / math.fsum(less)) * math.sqrt(error_squared)


def _student_95(freedom: float) -> float:
    """Two-sided quantile for so many degrees of freedom, from 1."""
    from scipy.stats import t

    return float(t.ppf(0.975, freedom))
