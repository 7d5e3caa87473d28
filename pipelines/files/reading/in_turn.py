"""Rows of several sensors in turn that nothing names: each goes on from its own row before."""

from __future__ import annotations

from typing import Final

import numpy as np

from imu.errors import InputError
from pipelines.files.reading.raw_columns import Values

_MOST_SENSORS: Final = 4
_FEWEST_ROWS: Final = 200
#: Share of rows that go back in time from which on they are looked at in its order.
_GO_BACK: Final = 0.01
#: How near several rows on is, beside the next: 0.6 at most of two sensors, 1.3 at least of one.
NEARER: Final = 0.8


def refuse_in_turn(values: Values, time_s: Values | None, place: str) -> None:
    """Refuse rows that are of several sensors in turn.

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
        When every second to fourth row goes on from one to the next, and rows side by side do not.
    """
    if time_s is not None and np.count_nonzero(np.diff(time_s) < 0.0) > _GO_BACK * len(time_s):
        values = values[np.argsort(time_s, kind="stable")]
    values = values[np.isfinite(values).all(axis=1)]
    if len(values) < _FEWEST_ROWS:
        return
    for count in range(2, _MOST_SENSORS + 1):
        if any(not np.ptp(values[k::count], axis=0).any() for k in range(count)):
            continue  # rows of zeros are no sensor
        if np.count_nonzero(usual_changes(values, count) < NEARER * usual_changes(values, 1)) > 1:
            raise InputError(
                f"its rows are of {count} sensors in turn, and nothing says which is of which: "
                "give a file of the sensor at the waist alone, or a column that names the sensor.",
                place=place,
            )


def usual_changes(values: Values, rows: int) -> Values:
    """By what each axis changes over so many rows: the mean of the half in the middle."""
    changes = np.abs(values[rows:] - values[:-rows])
    changes = changes[changes.any(axis=1)]  # else a row that was written again
    quarter = len(changes) // 4
    if not quarter:
        return np.zeros(values.shape[1])
    middle = np.sort(changes, axis=0)[quarter : len(changes) - quarter]
    return np.asarray(middle.mean(axis=0), np.float64)
