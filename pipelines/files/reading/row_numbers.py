"""Which rows are missing, by a column that counts them, where rows have no other time."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.files.reading.column_names import column_name
from pipelines.files.reading.raw_columns import RawColumns, Values, excerpt

#: How many rows follow each other, in a column that counts them, and how many are missing at most.
_NEARLY_ALL: Final = 0.9
_MOST_MISSING: Final = 0.2
#: How many falls are from the largest number to the smallest, where a counter wraps round.
_MOSTLY: Final = 0.75
_FEWEST_FALLS: Final = 3

Places = NDArray[np.int64]


def row_numbers(raw: RawColumns) -> tuple[Places | None, tuple[str, ...]]:
    """Where each row belongs among all that were sent, from 0, and what is told of the others.

    Returns
    -------
    places : array of int, shape (N,), or None
        −1 for a row before or behind all that have a number; None where no column counts, or none
        is missing.
    notes : tuple of str
        How many are.
    """
    for index, values in raw.values.items():
        name = raw.names[index]
        if values.dtype.kind != "f" or (name and column_name(name).quantity != "count"):
            continue
        places = places_of(raw.numbers(index))
        if places is not None:
            lost = int(places.max()) + 1 - int(np.count_nonzero(places >= 0))
            which = excerpt(name) if name else f"column {index + 1}"
            several = f"{lost} rows are missing, and count as lost samples"
            said = several if lost > 1 else "one row is missing, and counts as a lost sample"
            return places, (f"{raw.place}: by {which}, {said}.",)
    return None, ()


def places_of(numbers: Values) -> Places | None:
    """Places by the numbers that rows have; None where they are no count, or none is missing.

    Examples
    --------
    >>> places_of(np.delete(np.arange(20.0), [3, 4]))[:5].tolist()
    [0, 1, 2, 5, 6]
    >>> places_of(np.arange(20.0) % 7), places_of(np.arange(20.0) // 2)
    (None, None)
    """
    has = np.isfinite(numbers)
    known = numbers[has]
    if len(known) < 2 or (known % 1.0 != 0.0).any():
        return None
    rows = np.diff(known)
    falls = rows < 0.0
    around = rows[falls] + (known.max() - known.min() + 1.0)
    if len(around) >= _FEWEST_FALLS and np.mean(around == 1.0) >= _MOSTLY:
        rows[falls] = around
    else:  # a beginning anew, after which nothing is missing
        rows[falls & (known[1:] == known.min())] = 1.0
    counts = rows.min() >= 1.0 and np.mean(rows == 1.0) >= _NEARLY_ALL
    if not counts or rows.sum() > (1.0 + _MOST_MISSING) * len(known):
        return None
    numbered = np.flatnonzero(has)
    within = np.arange(numbered[0], numbered[-1] + 1)
    # a row without a number, between others, has a place between theirs
    between = np.floor(np.interp(within, numbered, np.append(0.0, np.cumsum(rows))))
    if (np.diff(between) < 1.0).any() or between[-1] < len(within):
        return None
    places = np.full(len(numbers), -1, np.int64)
    places[within] = between
    return places


def in_their_places(values: Values, places: Places | None) -> Values:
    """Rows at their places, and rows of NaN at those of the missing ones."""
    if places is None:
        return values
    whole = np.full((int(places.max()) + 1, values.shape[1]), np.nan)
    whole[places[places >= 0]] = values[places >= 0]
    return whole
