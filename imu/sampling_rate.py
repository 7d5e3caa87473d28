"""The rate at which samples were taken, told by their times."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.float64]

#: No samples are closer to each other on the mean, s.
_CLOSEST_S: Final = 1e-9
_FURTHEST_COUNT: Final = 1e15  # intervals
#: Rows that came late are looked for so far back, s.
_LATE_S: Final = 2.0
#: Share of equal stamps from which on equal rows are a batch that stood still, and no copies.
_BATCHES: Final = 0.05
#: Distance from even sampling that the chain takes as it is, intervals; more of it than this share
#: of the rows may have is mended.
_EVEN: Final = 0.25
_FEW: Final = 0.002
#: Least share of the time that even steps have where they are those of sampling.
_LEAST_SHARE: Final = 0.3
#: Intervals by which rows that are missing put the others off an even rate, and that a single loss
#: has at most.
_LOST: Final = 8.0


def sampling_rate_hz(time_s: Times) -> float:
    """Rate of samples whose times do not go back: equal stamps, arrival and gaps do not count.

    The median over all stretches of some seconds, which count samples and do not look at the time
    from one to the next; to 1 mHz. NaN where the times tell none.

    Examples
    --------
    >>> sampling_rate_hz(np.repeat(np.arange(100) * 0.03, 3))
    100.0
    """
    n = len(time_s)
    if n < 2 or time_s[-1] - time_s[0] < _CLOSEST_S * n:
        return float("nan")
    steps = np.diff(time_s)
    interval = float(np.median(steps))
    if interval > 0.0 and np.mean(steps <= 0.0) <= _FEW:
        regular = np.abs(steps - interval) <= _EVEN * interval
        # a rate that changes: even from one step to the next, and no batches
        alike = np.mean(np.abs(np.diff(steps)) <= _EVEN * interval) if n > 2 else 1.0
        long = np.sum(steps[regular]) > _LEAST_SHARE * np.sum(steps[steps < _LATE_S])
        if long and (np.mean(regular) > 1.0 - _BATCHES or alike > 1.0 - _BATCHES):
            return rate_to_mhz(float(np.sum(steps[regular]) / np.count_nonzero(regular)))
    # from the first row of a batch to the first row of another
    first = np.flatnonzero(np.diff(time_s, prepend=-np.inf) > 2.0 * interval)
    if len(first) < 2:  # no batches: jitter
        first = np.arange(n)
    lag = max(1, len(first) // 10) if len(first) > 8 else len(first) - 1
    spans = time_s[first[lag:]] - time_s[first[:-lag]]
    counts = first[lag:] - first[:-lag]
    if alone := _rate_beside_losses(time_s, steps, interval):
        return alone
    return _refined(time_s, float(np.median(spans / counts)), int(np.median(np.diff(first))))


def _rate_beside_losses(time_s: Times, steps: Times, interval: float) -> float:
    """The rate of rows of which many are missing, one here and there; 0 where it is not so.

    All steps are whole intervals then, as those of a coarse clock, but the others stray from an
    even rate as those of a clock never do.
    """
    if not interval > 0.0:
        return 0.0
    count, whole = whole_intervals(steps / interval)
    most_of_it = np.sum(steps[whole]) > 0.5 * np.sum(steps[steps < _LATE_S])
    if np.mean(whole) <= 1.0 - _BATCHES or not most_of_it:
        return 0.0
    late = time_s / interval - np.linspace(0.0, (time_s[-1] - time_s[0]) / interval, len(time_s))
    if np.ptp(late) < _LOST:
        return 0.0
    single = steps[whole & (count == 1.0)]
    return rate_to_mhz(float(single.mean()))


def whole_intervals(steps: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """How many intervals steps are, and which of them are near to so many, and no long gap."""
    count = np.round(steps)
    return count, (count >= 1.0) & (count <= _LOST) & (np.abs(steps - count) <= _EVEN)


def _refined(time_s: Times, interval_s: float, batch: int) -> float:
    """The rate by a line through what lies between gaps, which counts every stamp.

    Within a batch stamps tell nothing: a level is that of several.
    """
    if interval_s < _CLOSEST_S or np.abs(time_s).max() > _FURTHEST_COUNT * interval_s:
        return float("nan")  # no clock has counted so far
    n = len(time_s)
    late = time_s / interval_s - np.arange(n)
    block = max(16, n // 16, 4 * batch) // batch * batch
    middles = [float(np.median(late[i : i + block])) for i in range(0, n - block + 1, block)]
    slope = float(np.median(np.diff(middles))) / block if len(middles) > 2 else 0.0
    return rate_to_mhz(interval_s * (1.0 + slope))


def rate_to_mhz(interval_s: float) -> float:
    """To 1 mHz; NaN where the interval is none."""
    return round(1.0 / interval_s, 3) if interval_s >= _CLOSEST_S else float("nan")
