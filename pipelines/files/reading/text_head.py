"""The head of a table in text: what separates its columns, its preamble, names and units."""

from __future__ import annotations

import csv
import itertools
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from imu.errors import InputError
from pipelines.files.reading.channel_lines import channels_above
from pipelines.files.reading.column_names import column_name
from pipelines.files.reading.name_words import plain_words
from pipelines.files.reading.stamps import is_time_in_words
from pipelines.files.reading.text_source import LOOK_BYTES, decoded
from pipelines.files.reading.units import unit_of

#: How programs write that there is no number.
NOT_MEASURED: Final = frozenset(
    [
        *("", "-", "--", "---", "?", ".", "*", "na", "n/a", "n.a.", "nd", "n.d.", "nan", "<na>"),
        *("null", "(null)", "none", "(none)", "nil", "missing", "undefined", "-nan", "+nan"),
        *("nan(ind)", "-nan(ind)", "nan(snan)"),
    ]
)
#: What spreadsheets of any language say of a fault, and what older C libraries print.
_NO_NUMBER: Final = re.compile(r"#[^\W\d_]+(/[^\W\d_]*|/0)?[!?]?|[+-]?1\.#[A-Z]+\d*", re.I)
_WITH_UNIT: Final = re.compile(r"([+-]?(?:\d|[.,]\d)[\d.,]*(?:[eE][+-]?\d+)?)\s*([^\d\s.,].*)")
#: What nearly all numbers are written like; no sign between thousands and no unit can be in it.
_PLAIN: Final = re.compile(r"[+-]?(\d+(?:\.\d*)?|\.\d+)(e[+-]?\d+)?", re.ASCII | re.I)
#: Thousands with a comma, with a point where the comma is that of decimals, and with blanks.
_BY_COMMA: Final = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?")
_BY_POINT: Final = re.compile(r"[+-]?[1-9]\d{0,2}(\.\d{3})+(,\d*)?")
_BY_BLANK: Final = re.compile(r"[+-]?[1-9]\d{0,2}(['\u2019\u00a0\u202f ]\d{3})+([.,]\d*)?")
_DIGITS: Final = re.compile(r"\d[\d.]*")
#: Numbers with a point that tell what it means.
_ENOUGH_POINTS: Final = 8
_FORTRAN: Final = re.compile(r"[+-]?[\d.]+[dD][+-]?\d{1,3}")
_CHECKSUM: Final = re.compile(r"\*[0-9A-Fa-f]{2}$")
_TIME_IN_BRACKETS: Final = re.compile(r"^\[ *(\d+(?:\.\d+)?) *\](?=[ ,;\t])")
#: Of a last column, in which most rows have nothing, not even a separator before it.
_REMARKS: Final = re.compile(r"(comment|remark|note)s?", re.I)
_SEPARATORS: Final = (",", ";", "\t", "|", " ")
_ROWS_LOOKED_AT: Final = 60
_LINES_LOOKED_AT: Final = 500
_MOST_COLUMNS: Final = 512


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a row is written.

    Attributes
    ----------
    separator : str
        Between cells; a space stands for any run of blanks.
    decimal_comma : bool
        Whether numbers have a comma.
    quoted_comma : bool
        Whether there are commas within quotes.
    columns : int
        Cells a row.
    """

    separator: str
    decimal_comma: bool
    quoted_comma: bool
    columns: int


@dataclass(frozen=True, slots=True)
class TextHead:
    """What stands above the rows.

    Attributes
    ----------
    dialect : Dialect
        How rows are written.
    names : tuple of str
        Empty strings where there is no line of names.
    units : tuple of str
        From a row of units, else empty strings.
    preamble : dict
        Lines that say ``key: value``, and ``# key: value`` ones.
    preface : str
        All lines above the names.
    header_line, first_row_line : int
        Where the names and the first row stand, from 1; 0 without names.
    header_text : str
        The line of names, to tell it when it comes again.
    """

    dialect: Dialect
    names: tuple[str, ...]
    units: tuple[str, ...]
    preamble: dict[str, str]
    preface: str
    header_line: int
    first_row_line: int
    header_text: str


def read_head(look: bytes, place: str) -> TextHead:
    """Make out the head of a table from its beginning.

    Parameters
    ----------
    look : bytes
        The beginning of the text; its last line may be cut.
    place : str
        The file's name, for messages.

    Raises
    ------
    InputError
        When it is empty, or nothing in it looks like rows of numbers.
    """
    pieces = look.split(b"\n")
    if len(look) >= LOOK_BYTES and len(pieces) > 1:
        pieces.pop()  # cut
    lines = [decoded(line).strip("\r ") for line in pieces[:_LINES_LOOKED_AT]]
    if not look:
        raise InputError("the file is empty: give a table with a header line.", place=place)
    if not any(line.strip() and not line.startswith("#") for line in lines):
        raise InputError(
            "there is no header line: name the columns in the first line below the # lines.",
            place=place,
        )
    dialect, first = _rows_begin(lines, place)
    if dialect.separator != "," and _have_thousands(lines[first:]):
        dialect = replace(dialect, decimal_comma=True)
    above = [(n, line) for n, line in enumerate(lines[:first]) if line.strip()]
    names_at, units_at = _names_among(above, dialect)
    names = units = ("",) * dialect.columns
    if names_at < 0:
        _refuse_other_width(above, dialect, first, place)
    if names_at >= 0:
        names = _fitted(_names_in(lines[names_at], dialect), dialect.columns, lines, first, dialect)
        names = _from_several(names, above, dialect)
        names = _with_labels(names, above, dialect)
    if units_at >= 0:
        cells = split_row(lines[units_at], dialect)
        labelled = lines[max(names_at, 0)].startswith("*")  # with what it is, as that of units
        cells = cells[1:] if labelled and len(cells) > dialect.columns else cells
        units = _fitted(cells, dialect.columns, lines, first, dialect)
    if (channels := channels_above([line for _, line in above], dialect.columns))[0]:
        names, units = channels
    units = _with_those_in_cells(units, split_row("".join(lines[first : first + 1]), dialect))
    if names_at >= 0 and not _fits(lines, names_at, first, dialect):
        _refuse_other_width(above, dialect, first, place)
    preface = [line for n, line in above if n not in (names_at, units_at)]
    return TextHead(
        dialect,
        names,
        units,
        _entries(preface),
        "\n".join(preface),
        names_at + 1,
        first + 1,
        lines[names_at] if names_at >= 0 else "",
    )


def split_row(line: str, dialect: Dialect) -> list[str]:
    """The cells of a line, without quotes, brackets around it all and outer blanks."""
    if " -> " in line:  # a serial monitor puts its clock before what came
        line = line.replace(" -> ", dialect.separator, 1)
    if line[:1] == "$":  # a sentence of NMEA ends with a checksum
        line = _CHECKSUM.sub("", line)
    elif line[:1] == "[":  # its time alone may stand in brackets
        line = _TIME_IN_BRACKETS.sub(r"\1 ", line)
    if line[:1] in ("(", "[") and line.rstrip()[-1:] in (")", "]"):
        line = line.strip(" ()[]")
    if dialect.separator == ",":  # some end each row as they do a statement
        line = line.rstrip("; ")
    if dialect.separator == " ":
        return line.replace('"', "").split() or [""]
    if '"' in line:
        try:
            cells = next(csv.reader([line], delimiter=dialect.separator, skipinitialspace=True), [])
        except csv.Error:
            cells = line.replace('"', "").split(dialect.separator)
    else:
        cells = line.split(dialect.separator)
    return [cell.strip().strip("\"'").strip() for cell in cells]


def is_nothing(cell: str) -> bool:
    """Whether a cell says that there is no number.

    Examples
    --------
    >>> is_nothing("n/a"), is_nothing("#WERT!"), is_nothing("-1.#IND"), is_nothing("0")
    (True, True, True, False)
    """
    return cell.lower() in NOT_MEASURED or _NO_NUMBER.fullmatch(cell) is not None


def unit_in_cell(cell: str) -> str:
    """The unit that stands behind a number, as it is written; empty without one that is known.

    Examples
    --------
    >>> unit_in_cell("9,81 m/s²"), unit_in_cell("1e5"), unit_in_cell("3 laps")
    ('m/s²', '', '')
    """
    found = _WITH_UNIT.fullmatch(cell)
    return found[2] if found and unit_of(found[2]) else ""


def is_number(cell: str, *, decimal_comma: bool) -> bool:
    """Whether a cell is a number, or says that there is none."""
    if _PLAIN.fullmatch(cell) or is_nothing(cell):
        return True
    try:
        float(plain_number(cell, decimal_comma=decimal_comma))
    except ValueError:
        return False
    return "_" not in cell


def plain_number(cell: str, *, decimal_comma: bool) -> str:
    """A cell with a decimal point, a minus of ASCII and no signs between thousands.

    Examples
    --------
    >>> plain_number("1.234,5", decimal_comma=True), plain_number("1,234.5", decimal_comma=False)
    ('1234.5', '1234.5')
    """
    if not decimal_comma and _PLAIN.fullmatch(cell):
        return cell
    cell = cell.replace("\u2212", "-")
    if unit := unit_in_cell(cell):
        cell = cell[: -len(unit)].rstrip()
    if _BY_BLANK.fullmatch(cell):
        cell = re.sub(r"['\u2019\u00a0\u202f ]", "", cell)
    elif decimal_comma and _BY_POINT.fullmatch(cell):
        cell = cell.replace(".", "")
    elif not decimal_comma and _BY_COMMA.fullmatch(cell):
        cell = cell.replace(",", "")
    elif _FORTRAN.fullmatch(cell):
        cell = cell.lower().replace("d", "e")
    return cell.replace(",", ".") if decimal_comma else cell


def _rows_begin(lines: Sequence[str], place: str) -> tuple[Dialect, int]:
    """How rows are written, and the index of the first one."""
    best: tuple[int, int, Dialect, int] | None = None
    for order, separator in enumerate(_SEPARATORS):
        for comma in (False, True) if separator != "," else (False,):
            found = _rows_with(lines, separator, decimal_comma=comma)
            if found is None:
                continue
            cells, dialect, first = found
            # a comma is taken for a decimal one where that makes more numbers of the same cells
            rank = (cells, -order)
            if best is None or rank > best[:2]:
                best = (*rank, dialect, first)
    quoted = _rows_with(lines, ",", decimal_comma=True) if any('"' in x for x in lines) else None
    if quoted is not None and (best is None or quoted[0] > best[0]):
        best = (quoted[0], 0, quoted[1], quoted[2])
    if best is None:
        header = next((line for line in lines if column_like(line)), "")
        if header:
            separator = max(_SEPARATORS[:4], key=header.count)
            dialect = Dialect(separator, False, False, max(1, header.count(separator) + 1))
            below = lines.index(header) + 1
            return dialect, below + next(
                (k for k, line in enumerate(lines[below:]) if line.strip()), len(lines) - below
            )
        raise InputError(
            "no rows of numbers are to be seen in it: give a table with a header line.",
            place=place,
        )
    return best[2], best[3]


def _have_thousands(rows: Sequence[str]) -> bool:
    """Whether each point stands between thousands: 995, 1.000, 1.005, and never 0.995."""
    numbers = [number for row in rows for number in _DIGITS.findall(row)]
    pointed = [number for number in numbers if "." in number]
    return (
        _ENOUGH_POINTS <= len(pointed) < len(numbers)
        and all(map(_BY_POINT.fullmatch, pointed))
        and not any("," in row or ":" in row for row in rows)
    )


def column_like(line: str) -> bool:
    """Whether a line has at least two names that say what was measured."""
    if "{" in line:  # JSON
        return False
    names = re.split(r"[,;\t|]", line)
    return sum(column_name(name).axis >= 0 for name in names) >= 1 and len(names) > 1


def _rows_with(
    lines: Sequence[str], separator: str, *, decimal_comma: bool
) -> tuple[int, Dialect, int] | None:
    """Numbers found in the rows, how rows are written, and the first of them."""
    if decimal_comma and not any("," in line for line in lines):
        return None
    dialect = Dialect(separator, decimal_comma, decimal_comma and separator == ",", 0)
    split = [
        [] if line.startswith("#") or not line.strip() else split_row(line, dialect)
        for line in lines
    ]
    numeric = [_numbers(cells, dialect) if len(cells) > 1 else 0 for cells in split]
    some = [(k, n) for k, n in enumerate(numeric) if n >= 2]
    rowlike = [k for k, n in some if 2 * n >= len(split[k])]
    # where no row has mostly numbers, words may say whose each is
    rowlike = rowlike or [k for k, n in some if 3 * n >= sum(map(bool, split[k]))]
    if not rowlike:
        return None
    looked = rowlike[-_ROWS_LOOKED_AT:]
    columns, _ = Counter(len(split[k]) for k in looked).most_common(1)[0]
    if not 2 <= columns <= _MOST_COLUMNS:
        return None
    typical = [k for k in looked if len(split[k]) == columns]
    if not typical:
        return None
    # above the rows some programs say of each column how often it was measured, as "0.01 s"
    with_units = any(map(unit_in_cell, split[typical[-1]]))
    first = next(
        k for k in rowlike
        if abs(len(split[k]) - columns) <= 1
        and (with_units or not any(map(unit_in_cell, split[k])))
        and (k in typical[-1:] or not _is_labelled(split[k], split[typical[-1]], dialect))
    )  # fmt: skip
    if decimal_comma and not any("," in cell for k in typical for cell in split[k]):
        return None
    score = sum(numeric[k] for k in typical) * 100 // len(looked)
    return score, Dialect(separator, decimal_comma, dialect.quoted_comma, columns), first


def _is_labelled(cells: Sequence[str], row: Sequence[str], dialect: Dialect) -> bool:
    """Whether numbers stand behind a word where rows have none, as those of all channels do."""
    return _is_word(cells[0], dialect) and not _is_word(row[0], dialect)


def _is_word(cell: str, dialect: Dialect) -> bool:
    return cell != "" and not _numbers([cell], dialect)


def _numbers(cells: Sequence[str], dialect: Dialect) -> int:
    return sum(
        cell != ""
        and (is_number(cell, decimal_comma=dialect.decimal_comma) or is_time_in_words(cell))
        for cell in cells
    )


def _names_among(above: Sequence[tuple[int, str]], dialect: Dialect) -> tuple[int, int]:
    """Index of the line of names and of that of units; −1 without one."""
    names = units = -1
    most = 0
    rows = [(n, _names_in(line, dialect)) for n, line in above[-8:] if not line.startswith("#")]
    fitting = [(n, cells) for n, cells in rows if abs(len(cells) - dialect.columns) <= 1]
    if not fitting:
        rows = [(n, _names_in(line, dialect)) for n, line in above[-8:] if line.startswith("#")]
        fitting = [
            (n, cells) for n, cells in rows
            if abs(len(cells) - dialect.columns) <= 1 and _told_by(cells) > 1
        ]  # fmt: skip
    for n, cells in fitting:
        said = sum(column_name(cell).quantity != "other" for cell in cells if cell)
        if said >= most and said > 0:
            names, most = n, said
    if names < 0 and fitting and fitting[-1][0] == above[-1][0]:
        names = fitting[-1][0]
    best = 0
    named = next((cells for n, cells in fitting if n == names), [])
    for n, cells in fitting:
        known = sum(unit_of(cell.strip("()[]")) != "" for cell in cells)
        below = n > names or "unit" in plain_words(cells[0])  # or says that it is of units
        if below and names >= 0 and known > best and not any(map(_contradicts, named, cells)):
            units, best = n, known
    return names, units


def _contradicts(name: str, unit: str) -> bool:
    """Whether a cell has another kind of unit than the name above it: rates and intervals do."""
    return column_name(name).unit != "" and column_name(name, unit).unknown != ""


def _fitted(
    cells: list[str], columns: int, lines: Sequence[str], first: int, dialect: Dialect
) -> tuple[str, ...]:
    """Names as many as there are cells in a row."""
    while len(cells) > columns and (not cells[-1] or _REMARKS.fullmatch(cells[-1])):
        cells = cells[:-1]
    if len(cells) == columns - 1:
        # a separator at the rows' end, or an index that has no name
        cells = ["", *cells] if _is_index(lines, first, dialect) else [*cells, ""]
    return tuple(cells[:columns]) + ("",) * (columns - len(cells))


def _with_those_in_cells(units: tuple[str, ...], cells: Sequence[str]) -> tuple[str, ...]:
    """Units, also those that stand behind each number."""
    if len(cells) != len(units):
        return units
    return tuple(unit_in_cell(cell) or unit for unit, cell in zip(units, cells, strict=True))


def _from_several(
    names: tuple[str, ...], above: Sequence[tuple[int, str]], dialect: Dialect
) -> tuple[str, ...]:
    """Names that stand in several lines: a sensor over its three axes, the unit below each."""
    rows = [cells for _, line in above[-3:]
            if abs(len(cells := split_row(line, dialect)) - dialect.columns) <= 1]  # fmt: skip
    best = names
    for count in range(2, len(rows) + 1):
        several = [cells + [""] * (dialect.columns - len(cells)) for cells in rows[-count:]]
        columns = list(zip(*[*map(_filled, several[:-1]), several[-1]], strict=False))
        joined = tuple(" ".join(map(_part, filter(None, cells))) for cells in columns)
        if _told_by(joined) > _told_by(best):
            best = joined[: dialect.columns]
    return best


def _with_labels(
    names: tuple[str, ...], above: Sequence[tuple[int, str]], dialect: Dialect
) -> tuple[str, ...]:
    """Names that stand twice with what a line further up says of each: the sensors' names."""
    measured = [k for k, name in enumerate(names) if name and column_name(name).axis >= 0]
    twice = {name for name, count in Counter(names[k] for k in measured).items() if count > 1}
    if not twice:
        return names
    for _, line in reversed(above):
        cells = split_row(line, dialect)
        labels = [*map(_bare_label, _filled(cells)), *[""] * dialect.columns][: dialect.columns]
        told = [(names[k], labels[k]) for k in measured if names[k] in twice]
        if (
            abs(len(cells) - dialect.columns) <= 1
            and len(set(told)) == len(told)
            and all(label and not is_number(label, decimal_comma=False) for _, label in told)
            and _told_by([label for _, label in told]) == 0
        ):
            return tuple(
                f"{a} {name}" if name else "" for a, name in zip(labels, names, strict=True)
            )
    return names


def _bare_label(cell: str) -> str:
    """A label without the signs that would be those of units."""
    return " ".join(re.split(r"[\W_]+", cell)).strip()


def _filled(cells: Sequence[str]) -> list[str]:
    """A line in which a name stands for the empty cells behind it, too."""
    found: list[str] = []
    for cell in cells:
        found.append(cell or (found[-1] if found else ""))
    return found


def _part(cell: str) -> str:
    return f"[{cell}]" if unit_of(cell) and not cell.startswith(("(", "[")) else cell


def _told_by(names: Sequence[str]) -> int:
    """How many different columns of a sensor names tell, and a time."""
    said = {(one.quantity, one.axis) for one in map(column_name, filter(None, names))}
    return sum(quantity not in ("other", "count", "xyz") for quantity, _ in said)


def _names_in(line: str, dialect: Dialect) -> list[str]:
    """Names, also those behind the sign of a remark, or between which another one stands."""
    line = line.lstrip("#%").lstrip() if line.startswith(("#", "%")) else line
    cells = split_row(line, dialect)
    if cells[0].endswith("="):  # what the line is, and no name
        cells = ["", *cells[1:]]
    behind = [column_name(cell) for cell in cells[1:]]
    if len(behind) == dialect.columns and column_name(cells[0]).quantity == "other" and all(
        one.axis >= 0 or one.quantity == "time" for one in behind
    ):  # fmt: skip
        return cells[1:]
    if len(cells) > 1 and (dialect.separator != " " or len(cells) == dialect.columns):
        return cells
    others = (split_row(line, replace(dialect, separator=other)) for other in _SEPARATORS[:4])
    return next((names for names in others if len(names) == dialect.columns), cells)


def _fits(lines: Sequence[str], names_at: int, first: int, dialect: Dialect) -> bool:
    """Whether each cell has a name, but for an index and what a separator at the end makes."""
    names = _names_in(lines[names_at], dialect)
    while len(names) > dialect.columns and (not names[-1] or _REMARKS.fullmatch(names[-1])):
        names.pop()
    if len(names) == dialect.columns or first >= len(lines):
        return True
    if len(names) > dialect.columns:
        return False
    rows = [split_row(line, dialect) for line in lines[first : first + 20] if line.strip()]
    return _is_index(lines, first, dialect) or all(not row[-1] for row in rows)


def _is_index(lines: Sequence[str], first: int, dialect: Dialect) -> bool:
    """Whether the first cells of rows count up, or are words."""
    cells = [split_row(line, dialect)[0] for line in lines[first : first + 20] if line.strip()]
    try:
        counted = [int(cell) for cell in cells]
    except ValueError:
        return not any(is_number(cell, decimal_comma=dialect.decimal_comma) for cell in cells)
    return len(counted) > 2 and all(b - a == 1 for a, b in itertools.pairwise(counted))


def _refuse_other_width(
    above: Sequence[tuple[int, str]], dialect: Dialect, first: int, place: str
) -> None:
    """Refuse rows whose names are there but for another number of cells."""
    named = next((line for _, line in reversed(above) if column_like(line)), "")
    if named:
        separator = max(_SEPARATORS[:4], key=named.count)
        raise InputError(
            f"the row has {cells_in_words(dialect.columns)} where the header names "
            f"{named.rstrip(separator).count(separator) + 1}: complete or delete the row, and "
            "write numbers with a decimal point, or with semicolons between them.",
            place=f"{place}, line {first + 1}",
        )


def cells_in_words(count: int) -> str:
    """So many cells."""
    return "1 cell" if count == 1 else f"{count} cells"


def _entries(lines: Sequence[str]) -> dict[str, str]:
    """What lines say as ``key: value``, several in a line as some devices write it."""
    entries: dict[str, str] = {}
    for line in lines:
        if line.startswith("#"):
            key, colon, value = line[1:].partition(":")
            if colon:
                entries[key.strip()] = value.strip()
            continue
        for piece in re.split(r"[,;\t]", line):
            key, colon, value = piece.strip().partition(":")
            if colon and key.strip():
                entries.setdefault(key.strip().strip('"'), value.strip().strip('"'))
    return entries
