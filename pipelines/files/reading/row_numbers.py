"""Which rows are missing, by a column that counts them, where rows have no other time."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.files.reading.column_names import column_name
from pipelines.files.reading.raw_columns import RawColumns, Values, excerpt

#: After so many a counter begins anew.
_PERIODS: Final = sorted([*(2.0**k for k in (7, 8, 10, 12, 14, 15, 16, 24, 31, 32)),
                          *(10.0**k for k in range(2, 8))])  # fmt: skip
#: The numbers that a file goes over, for each row that it has: more is another count.
_MOST_A_ROW: Final = 2.0
_MOSTLY: Final = 0.5

Places = NDArray[np.int64]


def row_numbers(raw: RawColumns) -> tuple[Places | None, tuple[str, ...]]:
    """Where each row belongs among all that were sent, from 0, and what is told of the others.

    Returns
    -------
    places : array of int, shape (N,), or None
        −1 for a row without a number; None where no column counts, or none is missing.
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
    >>> places_of(np.array([253.0, 254.0, 255.0, 1.0, 2.0])).tolist()
    [0, 1, 2, 4, 5]
    >>> places_of(np.arange(5.0)), places_of(np.array([1.0, 1.0, 2.0, 2.0]))
    (None, None)
    """
    has = np.isfinite(numbers)
    known = numbers[has]
    if len(known) < 2 or (known % 1.0 != 0.0).any():
        return None
    steps = np.diff(known)
    period = next((p for p in _PERIODS if p > known.max()), 0.0)
    steps = np.where(steps < 0.0, steps + period, steps)
    each = float(np.median(steps))
    if not each > 0.0:
        return None
    rows = steps / each
    whole = bool((rows % 1.0 == 0.0).all() and (rows >= 1.0).all())
    if not whole or rows.max() == 1.0 or np.mean(rows == 1.0) < _MOSTLY:
        return None
    if rows.sum() > _MOST_A_ROW * len(known):
        return None
    places = np.full(len(numbers), -1, np.int64)
    places[has] = np.append(0, np.cumsum(rows)).astype(np.int64)
    return places


def in_their_places(values: Values, places: Places | None) -> Values:
    """Rows at their places, and rows of NaN at those of the missing ones."""
    if places is None:
        return values
    whole = np.full((int(places.max()) + 1, values.shape[1]), np.nan)
    whole[places[places >= 0]] = values[places >= 0]
    return whole
