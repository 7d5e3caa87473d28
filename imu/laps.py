"""Laps whose clock begins anew with each, while the sensor went on measuring.

Recordings that stand one below the other begin anew, too. What tells laps is that the readings go
on: of all rows in the second before a step back and all in the second behind it, the last and the
first are closer to each other than most. Of other recordings any share of the pairs is closer, and
the logarithms of such shares add up to what chance gives.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.time_mends import Mend

Times = NDArray[np.float64]
Rows = NDArray[np.int64]
Values = NDArray[np.float64]

_AROUND_S: Final = 1.0
_MOST_AROUND: Final = 256
#: More, or shorter ones, would not be laps.
_MOST_LAPS: Final = 1000
_SHORTEST_S: Final = 2.0
#: How far from the first stamp of the file each lap begins, intervals.
_SAME: Final = 1.5
#: Deviations by which the sum of the logarithms is beyond chance: 0 to 2 of 100 other recordings
#: of people are taken for laps, and at 100 Hz with a gyroscope 4 in 5 files of three laps.
_BEYOND_CHANCE: Final = 4.0


def laps_counted_on(time: Times, rows: Rows, values: Values, mends: list[Mend]) -> Times:
    """Times that go on where those of laps begin anew.

    Parameters
    ----------
    time : ndarray, shape (N,)
        Stamps, s.
    rows : ndarray of int, shape (N,)
        The row of ``values`` that each is of.
    values : ndarray, shape (M, K)
        What all rows hold, all of it measured at these times.
    mends : list of Mend
        Takes what was done.
    """
    steps = np.diff(time)
    starts = np.flatnonzero(steps < 0.0) + 1
    ahead = steps[steps > 0.0]
    if not 0 < len(starts) <= _MOST_LAPS or not len(ahead):
        return time
    interval = float(np.median(ahead))
    if not (np.abs(time[starts] - time[0]) <= _SAME * interval).all():
        return time
    if (time[starts - 1] - time[0]).min() < _SHORTEST_S:
        return time
    around = min(round(_AROUND_S / interval), _MOST_AROUND)
    if around < 2:  # rows so far apart say nothing of what goes on
        return time
    bounds = [0, *starts.tolist(), len(time)]
    surprise = 0.0
    for before, start, behind in zip(bounds, bounds[1:], bounds[2:], strict=False):
        one = values[rows[max(before, start - around) : start]]
        other = values[rows[start : min(behind, start + around)]]
        surprise -= math.log(_closer(one, other))
    if surprise <= len(starts) + _BEYOND_CHANCE * math.sqrt(len(starts)):
        return time
    mends.append(Mend("laps", len(starts)))
    lap = np.searchsorted(starts, np.arange(len(time)), side="right")
    return time + np.append(0.0, np.cumsum(interval - steps[starts - 1]))[lap]


def _closer(one: Values, other: Values) -> float:
    """Share of pairs of rows that are as close as the last of the one and the first of the other.

    Examples
    --------
    >>> ramp = np.arange(10.0)[:, None]
    >>> _closer(ramp[:5], ramp[5:]), _closer(ramp[:5], ramp[4::-1])
    (0.04, 0.2)
    """
    if not (np.isfinite(one[-1]).all() and np.isfinite(other[0]).all()):
        return 1.0
    one, other = (part[np.isfinite(part).all(axis=1)] for part in (one, other))
    size = np.concatenate([one, other]).std(axis=0) + 1e-9
    apart = np.square((one[:, None] - other[None]) / size).sum(axis=2)
    return float(np.mean(apart <= apart[-1, 0]))
