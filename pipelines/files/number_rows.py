"""Rows of numbers below a CSV header: read fast, and exact about what is wrong where."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from imu.errors import InputError
from pipelines.files.table_head import excerpt

__all__ = ["NumberRows", "read_number_rows"]

_BLOCK_BYTES: Final = 1 << 20
_COMMA, _NEWLINE = ord(","), ord("\n")

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class NumberRows:
    """The numbers, shape (rows, columns), empty cells as NaN; and where each row stood."""

    values: Values
    first_rows: Sequence[int]
    lines: Sequence[Sequence[int]]

    def line_of(self, row: int) -> int:
        """Line number of a row, from 1."""
        part = bisect_right(self.first_rows, row) - 1
        return self.lines[part][row - self.first_rows[part]]


def read_number_rows(
    file: BinaryIO,
    names: Sequence[str],
    *,
    place: str,
    header_line: int,
    progress: Callable[[int], None] | None = None,
) -> NumberRows:
    """Read all rows below the header.

    Parameters
    ----------
    file : binary file
        Stands at the first row; need not be seekable.
    names : sequence of str
        The columns.
    place : str
        The file's name, for messages.
    header_line : int
        Line of the header, from 1.
    progress : callable, optional
        Called with the bytes read below the header so far.

    Raises
    ------
    InputError
        When a row has more or fewer cells than the header, or a cell is no number; the message
        names line and column.
    """
    parts: list[Values] = []
    lines: list[Sequence[int]] = []
    first_rows: list[int] = []
    next_row, next_line, done = 0, header_line + 1, 0
    rest = b""
    while True:
        block = file.read(_BLOCK_BYTES)
        done += len(block)
        cut = block.rfind(b"\n") + 1
        if block and not cut:
            rest += block
            if len(rest) > _BLOCK_BYTES:
                raise InputError(
                    "the line is too long for a row of numbers: give a CSV table.",
                    place=f"{place}, line {next_line}",
                )
            continue
        text = rest + block[:cut]
        rest = block[cut:]
        if not block and text:
            text += b"\n"
        if text:
            line_count = text.count(b"\n")
            values = _regular(text, len(names))
            numbers: Sequence[int] = range(next_line, next_line + line_count)
            if values is None:
                values, numbers = _line_by_line(text, names, place, next_line)
            if len(values):
                parts.append(values)
                lines.append(numbers)
                first_rows.append(next_row)
            next_row += len(values)
            next_line += line_count
        if progress is not None:
            progress(done)
        if not block:
            break
    values = np.concatenate(parts) if parts else np.zeros((0, len(names)))
    return NumberRows(values, first_rows, lines)


def _regular(text: bytes, columns: int) -> Values | None:
    """Parse lines that all have the right number of cells; None when anything is unusual."""
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n")
    if b'"' in text:
        text = text.replace(b'"', b"")
    if b"_" in text:  # Python would read 1_000
        return None
    characters = np.frombuffer(text, np.uint8)
    separators = characters[(characters == _COMMA) | (characters == _NEWLINE)]
    if separators.size % columns:
        return None
    rows = separators.reshape(-1, columns)
    if (rows[:, -1] != _NEWLINE).any() or (rows[:, :-1] != _COMMA).any():
        return None
    cells = text.replace(b"\n", b",").split(b",")
    cells.pop()
    try:
        numbers = np.fromiter(map(float, cells), np.float64, len(cells))
    except ValueError:
        try:  # empty cells are lost samples
            numbers = np.fromiter((float(cell or b"nan") for cell in cells), np.float64, len(cells))
        except ValueError:
            return None
    return numbers.reshape(-1, columns)


def _line_by_line(
    text: bytes, names: Sequence[str], place: str, first_line: int
) -> tuple[Values, list[int]]:
    """Parse slowly: skip blank lines, and say what is wrong where."""
    rows: list[list[float]] = []
    numbers: list[int] = []
    for number, line in enumerate(text.split(b"\n")[:-1], first_line):
        if not line.strip():
            continue
        where = f"{place}, line {number}"
        cells = line.replace(b'"', b"").split(b",")
        if line.lstrip().startswith(b"#"):
            raise InputError(
                "a # line stands among the rows: move it above the header.", place=where
            )
        if len(cells) != len(names):
            raise InputError(
                f"the row has {_cells(len(cells))} where the header names {len(names)}: complete "
                "or delete the row, and write numbers with a decimal point.",
                place=where,
            )
        named = zip(names, cells, strict=True)
        rows.append([_number(cell, f"{where}, column {name}") for name, cell in named])
        numbers.append(number)
    return np.array(rows, np.float64).reshape(-1, len(names)), numbers


def _cells(count: int) -> str:
    return "1 cell" if count == 1 else f"{count} cells"


def _number(cell: bytes, where: str) -> float:
    cell = cell.strip()
    try:
        if b"_" not in cell:
            return float(cell or b"nan")
    except ValueError:
        pass
    raise InputError(
        f"{excerpt(cell)} is no number: correct it, or leave the cell empty for a lost sample.",
        place=where,
    )
