"""A file's numbers as they stand in it, before anything is said about what they mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

#: Of the preamble: the day of times that have none.
DAY: Final = "date"


@dataclass(frozen=True, slots=True, eq=False)
class RawColumns:
    """Named columns of equal length.

    Attributes
    ----------
    place : str
        The file's name, for messages.
    names : tuple of str
        Of all columns; of a file without names ``""`` each.
    values : mapping of int to array, shape (N,)
        Columns that were read, by their place in ``names``: float64, or bytes where it is times in
        words.
    units : tuple of str
        What a row of units says of each column, else empty.
    preamble : mapping of str to str
        What stands above the columns as ``key: value``.
    preface : str
        All lines above the columns.
    header_line : int
        Line of the names, from 1; 0 where a file has no lines.
    line_of : callable
        Gives the line of a row.
    notes : tuple of str
        What was mended or passed over, one sentence each.
    shown : tuple of str
        The names as they stand in the file, where a format has given them others.
    maker : str
        Whose format it is; empty where none is known.
    """

    place: str
    names: tuple[str, ...]
    values: Mapping[int, NDArray[np.generic]]
    units: tuple[str, ...] = ()
    preamble: Mapping[str, str] = field(default_factory=dict)
    preface: str = ""
    header_line: int = 0
    line_of: Callable[[int], int] | None = None
    notes: Sequence[str] = ()
    shown: tuple[str, ...] = ()
    maker: str = ""

    @property
    def headed(self) -> bool:
        """Whether any column has a name."""
        return any(self.names)

    def numbers(self, column: int) -> Values:
        """A column that holds no words."""
        return np.asarray(self.values[column], np.float64)

    def at_header(self, column: int | None = None) -> str:
        """Where the names stand, or one of them."""
        line = f", line {self.header_line}" if self.header_line else ""
        return f"{self.place}{line}" + ("" if column is None else f", column {column + 1}")

    def at(self, row: int, column: int) -> str:
        """Where a cell stands."""
        line = f", line {self.line_of(row)}" if self.line_of else f", row {row + 1}"
        return f"{self.place}{line}, column {self.names[column] or column + 1}"


def excerpt(text: str | bytes) -> str:
    r"""Quote a piece of a file for a message: short, on one line.

    Examples
    --------
    >>> excerpt(b"a\nb"), excerpt("x" * 100)
    ("'a\\nb'", "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxx…'")
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    return repr(text if len(text) <= 30 else text[:29] + "…")
