"""What the waveform of a step tells besides its peaks: shock power and regularity."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from imu.chain.loop import CONTACTS, flags_between, force_of_past
from imu.compiled import Record, kernel
from imu.samples import Quality

_GAP = int(Quality.GAP)


@kernel
def band_power(
    below_10hz: NDArray[np.float64], below_20hz: NDArray[np.float64], first: int, last: int
) -> float:
    """Mean square of what lies between two zero-phase low-passes, over ``[first, last)``.

    Parameters
    ----------
    below_10hz, below_20hz : ndarray
        Vertical specific force, g, both without phase, so that their difference is a band.
    first, last : int
        Samples of the step, ``last`` excluded.

    Returns
    -------
    float
        g²; NaN when empty.
    """
    total = 0.0
    low, high = below_10hz[first:last], below_20hz[first:last]
    for i in range(last - first):
        shock = high[i] - low[i]
        total += shock * shock
    return total / (last - first) if last > first else np.nan


@kernel
def correlation(
    products: float, left: float, right: float, left_squares: float, right_squares: float, n: int
) -> float:
    """Pearson's correlation from sums over ``n`` pairs; NaN when either does not vary."""
    shared = products - left * right / n
    spread = (left_squares - left * left / n) * (right_squares - right * right / n)
    return min(max(shared / math.sqrt(spread), -1.0), 1.0) if spread > 0.0 else np.nan


@kernel
def likeness_to_last_step(s: Record, number: int, rise: float, next_rise: float) -> float:
    """Correlation of a step's vertical specific force with that one step earlier, −1 to 1.

    Step regularity as the autocorrelation at the lag of one step (Moe-Nilssen & Helbostad 2004,
    doi:10.1016/S0021-9290(03)00233-1), here of one step rather than of a window. The lag is the
    time between the two rises through body weight, to the sample.

    Parameters
    ----------
    s : record of CHAIN_STATE
        The chain.
    number : int
        The step within its bout, from 0.
    rise, next_rise : float
        Sample indices at which the step begins and ends.

    Returns
    -------
    float
        NaN for the first step of a bout, and where samples were lost.
    """
    if number == 0:
        return np.nan
    oldest = s.segment.oldest
    lag_samples = rise - s.bout.rises[(number - 1) % CONTACTS]
    if not (lag_samples >= 4.0 and rise - lag_samples >= oldest and next_rise - rise >= 4.0):
        return np.nan
    lag = int(math.floor(lag_samples + 0.5))
    first, last = max(int(math.ceil(rise)), oldest + lag), int(math.floor(next_rise))
    n = last - first
    flags = flags_between(s, first, last) | flags_between(s, first - lag, last - lag)
    if n < 4 or flags & _GAP:
        return np.nan
    u = s.segment.up
    now, before = force_of_past(s, first, n), force_of_past(s, first - lag, n)
    products, left, right, left_squares, right_squares = 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(n):
        x = now[0][i] * u[0] + now[1][i] * u[1] + now[2][i] * u[2]
        y = before[0][i] * u[0] + before[1][i] * u[1] + before[2][i] * u[2]
        products += x * y
        left += x
        right += y
        left_squares += x * x
        right_squares += y * y
    return correlation(products, left, right, left_squares, right_squares, n)
