"""Two-sided cumulative sum: evidence that a series has left its mean, gathered over blocks.

Page 1954 (doi:10.1093/biomet/41.1-2.100). It takes standardised *blocks*: of single steps, whose
neighbours are alike, it would sound ten times as often (run length 929 to 102 steps at a
correlation of 0.5).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["next_cusum"]

Array = NDArray[np.float64]


def next_cusum(
    up: Array, down: Array, standardised: Array, slack: float, most: float
) -> tuple[Array, Array]:
    """The sums after one more block of each indicator.

    Parameters
    ----------
    up, down : ndarray, shape (N,)
        Sums so far, from 0.
    standardised : ndarray, shape (N,)
        Distance of the block from the mean in standard deviations; NaN leaves both sums alone.
    slack : float
        Distance that does not count.
    most : float
        Where the sums end, so that they come down again soon after a change is over.

    Returns
    -------
    up, down : ndarray, shape (N,)

    Examples
    --------
    >>> zero = np.zeros(2)
    >>> up, down = next_cusum(zero, zero, np.array([3.0, -1.5]), 1.0, 12.0)
    >>> up.tolist(), down.tolist()
    ([2.0, 0.0], [0.0, 0.5])
    """
    known = np.isfinite(standardised)
    z = np.where(known, standardised, 0.0)
    return (
        np.where(known, np.clip(up + z - slack, 0.0, most), up),
        np.where(known, np.clip(down - z - slack, 0.0, most), down),
    )
