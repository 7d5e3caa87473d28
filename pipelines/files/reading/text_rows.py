"""Rows of numbers below the head of a table in text: read fast, exact about what is wrong where."""

from __future__ import annotations

import io
import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.errors import InputError
from pipelines.files.reading.column_names import column_name
from pipelines.files.reading.fast_numbers import parse_numbers
from pipelines.files.reading.keyed_lines import Lines
from pipelines.files.reading.long_table import MOST_LABELS, label_columns, names_a_sensor
from pipelines.files.reading.name_words import names_elsewhere, names_waist
from pipelines.files.reading.raw_columns import DAY, RawColumns, excerpt
from pipelines.files.reading.row_groups import are_places, is_group, take_turns
from pipelines.files.reading.stamps import day_ns, is_time_in_words
from pipelines.files.reading.text_head import (
    Dialect,
    TextHead,
    cells_in_words,
    is_nothing,
    is_number,
    plain_number,
    split_row,
    unit_in_cell,
)
from pipelines.files.reading.text_source import decoded

_NEWLINE: Final = ord("\n")
#: Rows of one recording; 55 hours at 200 Hz.
_MOST_ROWS: Final = 40_000_000
_NAN: Final = float("nan")
#: From so many on they are not waited for to the end.
_MOST_TORN: Final = 1000
#: Share of rows that may be torn by a break of the link or the card.
_FEW_TORN: Final = 0.01

#: A point before other than three digits, or behind a zero, is that of decimals.
_DECIMALS: Final = re.compile(r"\.(\d{1,2}|\d{4,})$|^-?0?\.\d")

#: How a cell begins that is no name; also an empty one.
_OF_NUMBERS: Final = "0123456789+-.,"

Part = list[NDArray[np.generic]]


@dataclass(slots=True)
class _Told:
    """What was passed over, by line."""

    repeated: list[int] = field(default_factory=list)
    remarks: list[int] = field(default_factory=list)
    torn: list[int] = field(default_factory=list)
    fault: InputError | None = None
    cut: int = 0
    other: int = 0
    other_names: str = ""
    left_out: int = 0

    def tear(self, line: int, fault: InputError) -> None:
        """Leave out a row that cannot be read, for now."""
        self.torn.append(line)
        self.fault = self.fault or fault

    def end(self, last: int) -> None:
        """Say nothing of lines behind the last row."""
        self.torn = [line for line in self.torn if line < last]
        self.remarks = [line for line in self.remarks if line < last]

    def refuse_many(self, rows: int) -> None:
        """Raise what is wrong with the first of them where they are no exception."""
        if self.fault is not None and len(self.torn) > _FEW_TORN * rows:
            raise self.fault

    def notes(self, place: str) -> list[str]:
        notes = []
        if self.repeated:
            notes.append(
                f"{place}: the header comes again in line {_lines(self.repeated)} and is passed "
                "over there."
            )
        if self.remarks:
            notes.append(f"{place}: line {_lines(self.remarks)} is a remark and is passed over.")
        if self.torn:
            notes.append(
                f"{place}: line {_lines(self.torn)} cannot be read as a row and is left out, as a "
                "lost sample."
            )
        if self.cut:
            notes.append(f"{place}: the last line, {self.cut}, is cut in two and is left out.")
        if self.other:
            notes.append(
                f"{place}: what follows from line {self.other} on, {self.left_out} lines, is a "
                f"table of something else ({excerpt(self.other_names)}) and is left out."
            )
        return notes


def read_rows(
    source: Lines,
    head: TextHead,
    wanted: Callable[[int, str, str], bool],
    *,
    place: str,
    progress: Callable[[int, int], None] | None = None,
) -> RawColumns:
    """Read all rows below the head.

    Parameters
    ----------
    source : Lines
        The text.
    head : TextHead
        What stands above.
    wanted : callable
        Told place, name and unit of a column; says whether it is read.
    place : str
        The file's name, for messages.
    progress : callable, optional
        Called with the bytes read so far and in all.

    Raises
    ------
    InputError
        When more than one row in a hundred has more or fewer cells than the header, or one that is
        no number; the message names line and column of the first.
    """
    sample = _first_cells(source.look, head)
    labels = _label_columns(sample, head)
    groups = _groups(sample, head, wanted, labels)
    columns = [
        k
        for k in range(head.dialect.columns)
        if k in labels
        or len(groups.get(k, ())) > 1
        or (
            (labels or wanted(k, head.names[k], head.units[k]))
            and (_measures(head.names[k]) or _numeric(sample, k, head))
        )
    ]
    in_words = frozenset(
        k
        for k in columns
        if k in labels or k in groups or any(is_time_in_words(row[k]) for row in sample)
    )
    pointed = frozenset(k for k in columns if any(_DECIMALS.search(row[k]) for row in sample))
    reader = _Reader(head, columns, in_words, pointed, place, _units_in(sample, columns))
    reader.labels = frozenset([*labels, *groups])
    reader.watched = {k: cells[0] for k, cells in groups.items() if len(cells) == 1}
    skipped = head.first_row_line - 1
    for block in source.blocks():
        rows = block
        if skipped:
            rows, skipped = _without_lines(block, skipped), 0
        reader.push(rows)
        if progress is not None:
            progress(*source.progress())
    raw = reader.finished()
    day = next((c for row in sample[:1] for k, c in enumerate(row) if _is_day(c, k, head)), "")
    return replace(raw, preamble={**raw.preamble, DAY: day}) if day else raw


def _groups(
    sample: Sequence[Sequence[str]],
    head: TextHead,
    wanted: Callable[[int, str, str], bool],
    labels: Sequence[int],
) -> dict[int, list[str]]:
    """Columns of words that say whose rows they are, and what they say."""
    said = [tuple(row[k] for k in labels) for row in sample]

    def tells(k: int, name: str) -> bool:
        if is_group(name):
            return wanted(k, name, head.units[k])
        cells = [row[k] for row in sample]
        return are_places({*cells}) or (
            bool(labels) and k not in labels and take_turns(cells, said)
        )

    return {
        k: sorted({row[k] for row in sample})
        for k, name in enumerate(head.names)
        if sample and tells(k, name) and not _numeric(sample, k, head)
    }


def _is_day(cell: str, column: int, head: TextHead) -> bool:
    """Whether it says the day of times that stand in another column."""
    return column_name(head.names[column]).quantity == "time" and day_ns(cell) != 0


def _units_in(sample: Sequence[Sequence[str]], columns: Sequence[int]) -> re.Pattern[bytes] | None:
    """Finds the units that stand behind numbers; None where there are none."""
    units = {unit_in_cell(row[k]) for row in sample for k in columns} - {""}
    if not units:
        return None
    written = {unit.encode(code, "replace") for unit in units for code in ("utf-8", "cp1252")}
    return re.compile(rb"(?<=\d) *(?:" + b"|".join(map(re.escape, written)) + rb")(?![\w/.^*-])")


def _label_columns(sample: Sequence[Sequence[str]], head: TextHead) -> list[int]:
    """The columns that say which sensor a row is of, where no name of a column does."""
    said = map(column_name, head.names, head.units)
    if any(one.quantity in ("acc", "gyr", "linear") and one.axis >= 0 for one in said):
        return []
    cells = {k: {row[k] for row in sample} for k in range(head.dialect.columns)}
    return label_columns(head.names, {k: v for k, v in cells.items() if len(v) <= MOST_LABELS})


def _is_of_sensor(name: str) -> bool:
    """Whether a column's name says that it is of an accelerometer or a gyroscope."""
    said = column_name(name)
    return said.quantity in ("acc", "gyr", "linear", "gravity") and said.axis >= 0


def _is_title(words: Sequence[str]) -> bool:
    """Whether a line is the title of the rows of a sensor, or of a place of one."""
    return any(names_a_sensor(w) or names_waist(w) or names_elsewhere(w) for w in words)


def _measures(name: str) -> bool:
    """Whether a column is that of a sensor, in which a word is a fault."""
    return column_name(name).axis >= 0


def _without_lines(block: bytes, lines: int) -> bytes:
    start = 0
    for _ in range(lines):
        start = block.find(b"\n", start) + 1
        if not start:
            return b""
    return block[start:]


def _first_cells(look: bytes, head: TextHead) -> list[list[str]]:
    lines = [decoded(line).strip("\r ") for line in look.split(b"\n")[head.first_row_line - 1 : -1]]
    rows = [split_row(line, head.dialect) for line in lines[:200]]
    return [row for row in rows if len(row) == head.dialect.columns]


def _numeric(sample: Sequence[Sequence[str]], column: int, head: TextHead) -> bool:
    """Whether a column without a name has numbers or times."""
    cells = [row[column] for row in sample if not is_nothing(row[column])]
    comma = head.dialect.decimal_comma
    return bool(cells) and all(
        is_number(cell, decimal_comma=comma) or is_time_in_words(cell) for cell in cells
    )


class _Reader:
    """Blocks of lines to columns."""

    def __init__(
        self,
        head: TextHead,
        columns: list[int],
        in_words: frozenset[int],
        pointed: frozenset[int],
        place: str,
        units: re.Pattern[bytes] | None,
    ) -> None:
        self._head, self._columns, self._in_words, self._place = head, columns, in_words, place
        self._pointed, self._units = pointed, units
        self._header = split_row(head.header_text, head.dialect)
        said = (column_name(head.names[k], head.units[k]) for k in columns)
        self._timed = bool(in_words) or any(one.quantity == "time" for one in said)
        self._parts: list[Part] = []
        self._lines: list[Sequence[int]] = []
        self._first_rows: list[int] = []
        self._rows = 0
        self._next_line = head.first_row_line
        self._told = _Told()
        self._titled = False
        self._words: list[str] = []
        #: What a column of words says in each row that was looked at.
        self.watched: dict[int, str] = {}
        #: Columns that say whose a row is.
        self.labels = frozenset[int]()

    def push(self, text: bytes) -> None:
        """Take lines; the last of them all may lack its end."""
        if not text:
            return
        if self._told.other:
            self._pass_over(text.split(b"\n"))
            return
        ended = text.endswith(b"\n")
        count = text.count(b"\n") + (not ended)
        if self._units is not None:
            text = self._units.sub(b"", text)
        for column, cell in list(self.watched.items()):
            self._read_other_words(text, column, cell)
        part = _regular(text if ended else text + b"\n", self._head.dialect, self._columns,
                        self._in_words)  # fmt: skip
        numbers: Sequence[int] = range(self._next_line, self._next_line + count)
        if part is None:
            part, numbers = self._line_by_line(text, last_is_cut=not ended)
        length = len(part[0]) if part else 0
        if length:
            self._parts.append(part)
            self._lines.append(numbers)
            self._first_rows.append(self._rows)
        self._rows += length
        self._next_line += count
        if self._rows > _MOST_ROWS:
            raise InputError(
                f"there are more than {_MOST_ROWS} rows: cut the recording into pieces.",
                place=self._place,
            )

    def _read_other_words(self, text: bytes, column: int, cell: str) -> None:
        """Read a column from here on in which all rows said the same before, and these do not."""
        lines = text.count(b"\n") + (not text.endswith(b"\n"))
        if text.count(cell.encode()) >= lines:
            return
        del self.watched[column]
        self._columns.append(column)
        self._in_words |= {column}
        for part in self._parts:
            part.append(np.full(len(part[0]), cell.encode("ascii", "replace"), "S40"))

    def finished(self) -> RawColumns:
        """All columns.

        Raises
        ------
        InputError
            When too many rows cannot be read.
        """
        head = self._head
        self._told.refuse_many(self._rows)
        values: dict[int, NDArray[np.generic]] = {}
        for number, column in enumerate(self._columns):
            parts = [part[number] for part in self._parts]
            values[column] = np.concatenate(parts) if parts else np.zeros(0)
        return RawColumns(
            self._place,
            head.names,
            values,
            head.units,
            head.preamble,
            head.preface,
            head.header_line or head.first_row_line,
            self._line_of,
            self._told.notes(self._place),
        )

    def _line_of(self, row: int) -> int:
        part = bisect_right(self._first_rows, row) - 1
        return self._lines[part][row - self._first_rows[part]]

    def _line_by_line(self, text: bytes, *, last_is_cut: bool) -> tuple[Part, list[int]]:
        """Parse slowly: pass over what is no row, and say what is wrong where."""
        rows: list[list[float | bytes]] = []
        numbers: list[int] = []
        sound = 0
        lines = text.split(b"\n")
        if not last_is_cut:
            lines.pop()
        width = self._head.dialect.columns
        for number, raw in enumerate(lines, self._next_line):
            line = decoded(raw).strip("\r ")
            if not line.strip():
                continue
            cells = split_row(line, self._head.dialect)
            if cells == self._header and not self._titled:
                self._told.repeated.append(number)
                continue
            if self._another_table_begins(cells, line, number):
                del numbers[sound:], rows[sound:]  # its title is no row
                self._told.end(numbers[-1] if numbers else 0)
                self._pass_over(lines[number - self._next_line :])
                break
            if line.startswith("#") and not is_nothing(cells[0]):
                self._told.remarks.append(number)
                continue
            last = last_is_cut and raw is lines[-1]
            cells = self._completed(cells, width)
            if last and (len(cells) < width or not self._readable(cells)):
                self._told.cut = number
                continue
            if not self._has_numbers(cells):
                self._told.remarks.append(number)
                continue
            try:
                rows.append(self._row(cells, number))
                sound = len(rows) if sum(map(bool, cells)) > 1 else sound
            except InputError as fault:
                self._told.tear(number, fault)
                if len(self._told.torn) >= _MOST_TORN:
                    self._told.refuse_many(self._rows + len(rows))
                if self._timed:
                    continue
                # where rows are counted, it keeps its place
                rows.append([_NAN] * len(self._columns))
            numbers.append(number)
        turned = list(zip(*rows, strict=True)) or [() for _ in self._columns]
        part: Part = [
            np.array(cells, "S40" if column in self._in_words else np.float64)
            for cells, column in zip(turned, self._columns, strict=True)
        ]
        return part, numbers

    def _another_table_begins(self, cells: list[str], line: str, number: int) -> bool:
        """Whether names of columns stand here that are others than those above.

        Raises
        ------
        InputError
            When they, or the lines over them, are of a sensor, or nothing tells rows of both
            apart; a table of something else ends the recording.
        """
        words = [cell for cell in cells if cell[:1] not in _OF_NUMBERS]
        self._words = [*self._words, *words] if len(words) == sum(map(bool, cells)) else []
        titled, self._titled = self._titled, sum(map(bool, cells)) == 1 and _is_title(words)
        if sum(map(_measures, words)) < 2 or line in self._head.preface:
            return False
        told = any(_is_of_sensor(name) for name in self._head.names)
        of_sensor = titled or any(_is_of_sensor(w) or names_a_sensor(w) for w in self._words)
        if not told or of_sensor or self._is_filled(cells):
            raise self._another_table(number)
        self._told.other, self._told.other_names = number, line
        return True

    def _pass_over(self, lines: list[bytes]) -> None:
        """Leave lines of a table of something else out.

        Raises
        ------
        InputError
            When rows like those above it come again.
        """
        for raw in lines:
            cells = split_row(decoded(raw).strip("\r "), self._head.dialect)
            if self._is_filled(cells) and self._readable(cells):
                raise self._another_table(self._told.other)
            self._told.left_out += any(cells)

    def _is_filled(self, cells: list[str]) -> bool:
        """Whether cells stand wherever one is read."""
        return len(cells) == self._head.dialect.columns and all(cells[k] for k in self._columns)

    def _another_table(self, line: int) -> InputError:
        return InputError(
            "here another table begins: give each as a file of its own, the second by --with.",
            place=f"{self._place}, line {line}",
        )

    def _completed(self, cells: list[str], width: int) -> list[str]:
        """A row whose separator at the end is more or less than the others have."""
        remark = len(self._header) == width + 1 and self._header[-1] != ""
        if len(cells) == width + 1 and (remark or not cells[-1]):
            return cells[:-1]
        if len(cells) == width - 1 and not self._head.names[-1] and self._head.header_line:
            return [*cells, ""]
        return cells

    def _row(self, cells: list[str], line: int) -> list[float | bytes]:
        """What is read of a row.

        Raises
        ------
        InputError
            When it has another number of cells, or one that is no number.
        """
        width = self._head.dialect.columns
        if len(cells) != width:
            raise InputError(
                f"the row has {cells_in_words(len(cells))} where the header names {width}: "
                "complete or delete the row, and write numbers with a decimal point.",
                place=f"{self._place}, line {line}",
            )
        return [self._value(cells[k], k, line) for k in self._columns]

    def _has_numbers(self, cells: list[str]) -> bool:
        comma = self._head.dialect.decimal_comma
        return any(cell and is_number(cell, decimal_comma=comma) for cell in cells)

    def _readable(self, cells: list[str]) -> bool:
        comma = self._head.dialect.decimal_comma
        return all(
            cells[k] != "" if k in self.labels
            else is_time_in_words(cells[k]) if k in self._in_words
            else is_number(cells[k], decimal_comma=comma)
            for k in self._columns
        )  # fmt: skip

    def _value(self, cell: str, column: int, line: int) -> float | bytes:
        if column in self._in_words:
            return cell.encode("ascii", "replace")
        if is_nothing(cell):
            return _NAN
        comma = self._head.dialect.decimal_comma and not (
            column in self._pointed and "," not in cell
        )
        try:
            if "_" not in cell:
                return float(plain_number(cell, decimal_comma=comma))
        except ValueError:
            pass
        name = self._head.names[column] or str(column + 1)
        raise InputError(
            f"{excerpt(cell)} is no number: correct it, or leave the cell empty for a lost sample.",
            place=f"{self._place}, line {line}, column {name}",
        )


#: Bytes from which on the import of pyarrow, where it is installed, is worth what it saves.
_LONG: Final = 500_000


def _regular(
    text: bytes, dialect: Dialect, columns: Sequence[int], in_words: frozenset[int]
) -> Part | None:
    """Parse lines that all have the right number of cells; None when anything is unusual."""
    if b'"' in text:
        if dialect.quoted_comma:
            text = re.sub(rb'"([^",\n]*),([^",\n]*)"', rb"\1.\2", text)
        text = text.replace(b'"', b"")
    if b"_" in text or b"#" in text:  # Python would read 1_000
        return None
    if dialect.decimal_comma and b"." in text and not in_words:
        return None  # it may stand between thousands
    separator = dialect.separator.encode()
    if dialect.separator == " ":
        text = (
            re.sub(rb"[ \t]+", b" ", text)
            .replace(b" \n", b"\n")
            .replace(b"\n ", b"\n")
            .lstrip(b" ")
        )
    if dialect.decimal_comma and separator != b",":
        text = text.replace(b",", b".")
    width = dialect.columns
    characters = np.frombuffer(text, np.uint8)
    marks = characters[(characters == separator[0]) | (characters == _NEWLINE)]
    if marks.size % width:
        return None
    rows = marks.reshape(-1, width)
    if (rows[:, -1] != _NEWLINE).any() or (rows[:, :-1] != separator[0]).any():
        return None
    if not in_words and columns:
        long = len(text) >= _LONG
        if long and (parsed := parse_numbers(text, separator, len(rows), width, columns)):
            return parsed
        try:
            table = np.loadtxt(
                io.BytesIO(text),
                delimiter=dialect.separator,
                usecols=columns,
                comments=None,
                ndmin=2,
                encoding="latin1",
            )
        except ValueError:
            pass  # an empty cell, or one that is no number
        else:
            return list(table.T)
    cells = text.replace(b"\n", separator).split(separator)
    cells.pop()
    try:
        return [
            np.array(cells[k::width], "S40") if k in in_words else _floats(cells[k::width])
            for k in columns
        ]
    except ValueError:
        return None


def _floats(cells: list[bytes]) -> NDArray[np.float64]:
    try:
        return np.fromiter(map(float, cells), np.float64, len(cells))
    except ValueError:  # empty cells are lost samples
        return np.fromiter(map(_or_nothing, cells), np.float64, len(cells))


def _or_nothing(cell: bytes) -> float:
    try:
        return float(cell)
    except ValueError:
        if is_nothing(cell.strip().decode("ascii", "replace")):
            return _NAN
        raise


def _lines(numbers: Sequence[int]) -> str:
    shown = ", ".join(map(str, numbers[:3]))
    return shown + (f" and {len(numbers) - 3} more" if len(numbers) > 3 else "")
