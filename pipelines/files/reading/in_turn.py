"""Rows of several sensors or runs that nothing names: in turn, or one below the other."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Final

import numpy as np

from imu.errors import InputError
from imu.samples import LOWEST_RATE_HZ
from pipelines.files.reading.raw_columns import Values

_MOST_SENSORS: Final = 4
_FEWEST_ROWS: Final = 200
#: In the middle of a recording.
_LOOKED_AT: Final = 1 << 15
#: Share of rows that go back in time from which on they are looked at in its order.
_GO_BACK: Final = 0.01
#: How near several rows on is, beside the next: 0.6 at most of two sensors, 1.1 at least of one
#: at the rates at which it is looked at (18 runners).
NEARER: Final = 0.8
#: By how much more than from row to row readings leap from one run to another.
_LEAP: Final = 4.0


def refuse_several(values: Values, time_s: Values | None, place: str) -> None:
    """Refuse rows that are of several sensors in turn, or of runs with the same times.

    What a sensor reads changes by more over two rows than over one.

    Parameters
    ----------
    values : array, shape (N, 3)
        Acceleration, row by row, in any unit.
    time_s : array, shape (N,), or None
        When it was measured, s.
    place : str
        The file's name, for messages.

    Raises
    ------
    InputError
        When every second to fourth row goes on from one to the next, and rows side by side do not;
        when all times come again with other readings.
    """
    if time_s is not None and (count := _times_again(values, time_s)):
        raise InputError(
            f"it says each time {count} times, with other readings below each other: give a file "
            "of one run of the sensor at the waist.",
            place=place,
        )
    if time_s is not None and np.count_nonzero(np.diff(time_s) < 0.0) > _GO_BACK * len(time_s):
        values = values[np.argsort(time_s, kind="stable")]
    # each alone is no slower than what is read; a step is no shorter than so few rows then
    rate_hz = np.inf if time_s is None else len(time_s) / max(float(np.ptp(time_s)), 1e-9)
    begin = max(0, (len(values) - _LOOKED_AT) // 2)
    values = values[begin : begin + _LOOKED_AT]
    values = values[np.isfinite(values).all(axis=1)]
    if len(values) < _FEWEST_ROWS:
        return
    changes = cache(partial(usual_changes, values))
    for count in range(2, _MOST_SENSORS + 1):
        if any(not np.ptp(values[k::count], axis=0).any() for k in range(count)):
            continue  # rows of zeros are no sensor
        if rate_hz >= count * LOWEST_RATE_HZ and _goes_on(changes, count):
            raise InputError(
                f"its rows are of {count} sensors in turn, and nothing says which is of which: "
                "give a file of the sensor at the waist alone, or a column that names the sensor.",
                place=place,
            )


def _goes_on(changes: Callable[[int], Values], count: int) -> bool:
    """Whether two axes at least change by less over so many rows than over fewer, and one more."""
    others = [*range(1, count), count + 1]
    return all(np.count_nonzero(changes(count) < NEARER * changes(k)) > 1 for k in others)


def _times_again(values: Values, time_s: Values) -> int:
    """How often all times stand below each other with readings that do not go on; 0 else."""
    starts = np.flatnonzero(np.diff(time_s) < 0.0) + 1
    count = len(starts) + 1
    if count < 2 or len(time_s) % count or len(time_s) < _FEWEST_ROWS:
        return 0
    times, rows = time_s.reshape(count, -1), len(time_s) // count
    copies = (values[:rows] == values[-rows:]).all(axis=1)
    changes = np.abs(np.diff(values, axis=0))
    leaps = np.median(changes[starts - 1], axis=0) > _LEAP * np.nanmean(changes, axis=0)
    return count if (times == times[0]).all() and leaps.any() and not copies.any() else 0


def usual_changes(values: Values, rows: int) -> Values:
    """By what each axis changes over so many rows: the mean of the half in the middle."""
    changes = np.abs(values[rows:] - values[:-rows])
    changes = changes[changes.any(axis=1)]  # else a row that was written again
    quarter = len(changes) // 4
    if not quarter:
        return np.zeros(values.shape[1])
    middle = np.sort(changes, axis=0)[quarter : len(changes) - quarter]
    return np.asarray(middle.mean(axis=0), np.float64)
