"""Cells that hold a vector each, as OpenSim and data frames write them, taken apart: ``x,y,z``.

A table whose cells are ``0.1,0.2,9.8`` between tabs, ``[0.1 0.2 9.8]`` or ``(0.1; 0.2; 9.8)`` is
made one with a column a number. Lines keep their numbers. Where a cell holds what one axis measured
since the row before, as watches write it, each reading gets a line, with the time of its row.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import PurePath
from typing import Final

import numpy as np

from pipelines.files.reading.column_names import column_name
from pipelines.files.reading.keyed_lines import ChangedLines, Lines
from pipelines.files.reading.name_words import plain_words
from pipelines.files.reading.physics import likely_acceleration_unit
from pipelines.files.reading.stamps import is_time_in_words
from pipelines.files.reading.text_head import is_nothing
from pipelines.files.reading.text_source import decoded

_AXES: Final = "xyz"
_LOOKED_AT: Final = 60
_MOSTLY: Final = 0.8
#: Between vectors, and between their numbers.
_OUTER: Final = ("\t", ";", ",", "|", " ")
_INNER: Final = (",", ";", "|", " ")
_JOINED: Final = "\x1f"
_NUMBER: Final = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|[+-]?(?:nan|inf)", re.I)
_COMMA_NUMBER: Final = re.compile(r"[+-]?\d+,\d+(?:[eE][+-]?\d+)?")
_IN_BRACKETS: Final = re.compile(r"\"?(?:[\[({]|np\.array\(\[)([^\[\](){}]*)[\])}]+\"?")
_IN_QUOTES: Final = re.compile(r"\"([^\"]*)\"")
_THOUSANDS: Final = re.compile(r"[+-]?\d{1,3}(?:[^;|]\d{3}){1,4}")
#: What a name says of the numbers in each of its cells.
_AXES_NAMED: Final = re.compile(
    r"[\s_]*[\[(]?\s*x\s*[,;/| ]?\s*y\s*[,;/| ]?\s*z\s*[\])]?\s*$", re.I
)
_LONGEST_NAME: Final = 100
_LEAST_LENGTH: Final = 3
#: How much longer lines become where the other cells of a row are repeated for each reading.
_MOST_EXPANSION: Final = 64
_SENSORS: Final = {"acc": "acceleration", "linear": "linear acceleration", "gyr": "gyroscope"}
#: How far the mean of accelerations of a worn sensor is from gravity.
_NEAR: Final = 0.1


@dataclass(frozen=True, slots=True)
class _Form:
    """How rows are written: what stands between cells and in them, and how long vectors are.

    ``lengths`` has a 0 for a cell with one number, or words.
    """

    outer: str
    inner: str
    lengths: tuple[int, ...]

    def cells(self, line: str) -> list[list[str]]:
        """The numbers of each cell."""
        line = _explicit(line)
        cells = line.split() if self.outer == " " else line.split(self.outer)
        plain = [cell.strip().strip('"').strip() for cell in cells]
        several = [_parts(cell, self.inner) for cell in plain]
        return [
            parts if len(parts) >= _LEAST_LENGTH else [cell]
            for cell, parts in zip(plain, several, strict=True)
        ]

    def row(self, line: str) -> str:
        """A row with a cell a number; as it is where it is none."""
        cells = self.cells(line)
        if len(cells) != len(self.lengths):
            return line
        found: list[str] = []
        for parts, length in zip(cells, self.lengths, strict=True):
            if length and len(parts) == 1 and is_nothing(parts[0]):
                found += ["nan"] * length
            elif len(parts) == max(length, 1):
                found += parts
            else:
                return line
        return "\t".join(found)

    def readings(self, line: str) -> list[str]:
        """A row for each reading of cells that hold several of one axis; none without such."""
        cells = self.cells(line)
        counts = {len(parts) for parts in cells} - {1}
        if len(counts) != 1:
            return []
        (count,) = counts
        repeated = sum(len(parts[0]) + 1 for parts in cells if len(parts) != count)
        if count * repeated > _MOST_EXPANSION * len(line):  # made to fill the memory
            return []
        whole = [parts if len(parts) == count else parts * count for parts in cells]
        return ["\t".join(row) for row in zip(*whole, strict=True)]


def with_vectors_apart(source: Lines, place: str) -> Lines:
    """The source itself, or as a table with a column a number where its cells hold vectors."""
    lines = [decoded(line) for line in source.look[: source.look.rfind(b"\n") + 1].split(b"\n")]
    rows = [line for line in lines if line.strip()][-_LOOKED_AT:]
    bracketed = any(_JOINED in _explicit(line) for line in rows)
    for outer in _OUTER:
        for inner in ("",) if bracketed else _INNER:
            if inner == outer:
                continue
            plain = _Form(outer, inner, ())
            header, names = _header_of_lists(lines, rows, plain)
            if header >= 0:
                return ChangedLines(source, partial(_readings_apart, plain, header, names))
            form = _form(rows, plain)
            if form is None:
                continue
            header, names = _header(lines, form)
            if header >= 0 or bracketed:
                told = _with_quantity(names, lines[header + 1 :], form, place)
                return ChangedLines(source, partial(_apart, form, header, told))
    return source


def _apart(form: _Form, header: int, names: Sequence[str], block: bytes, before: int) -> bytes:
    """Lines with a column a number, and their names in the line of the header."""
    lines = block.split(b"\n")
    for k, line in enumerate(lines, before):
        if k == header:
            lines[k - before] = "\t".join(names).encode()
        elif k > header and line.strip():
            lines[k - before] = form.row(decoded(line)).encode()
    return b"\n".join(lines)


def _readings_apart(
    form: _Form, header: int, names: Sequence[str], block: bytes, before: int
) -> bytes:
    """Lines with a reading each; those that hold none as they are."""
    lines: list[str] = []
    for k, raw in enumerate(block.split(b"\n"), before):
        line = decoded(raw)
        readings = form.readings(line) if k > header else ["\t".join(names)] if k == header else []
        lines += readings or [line]
    return "\n".join(lines).encode()


def axis_names(name: str) -> list[str]:
    """Names of the three columns of an array or a cell, with its unit in brackets.

    Examples
    --------
    >>> axis_names("acc_m_s2"), axis_names("gyr")
    (['acc x [m_s2]', 'acc y [m_s2]', 'acc z [m_s2]'], ['gyr x', 'gyr y', 'gyr z'])
    """
    stem, unit = _unit_apart(name)
    return [f"{stem} {axis}{unit}" for axis in _AXES]


def _unit_apart(name: str) -> tuple[str, str]:
    """A name such as ``acc_m_s2`` without its unit, and this in brackets."""
    for length in range(1, len(name)):
        stem, tail = name[:length], name[length:]
        if tail[:1] in "_ ([" and (unit := column_name(f"{stem} x [{tail.strip('_ ()[]')}]").unit):
            return stem, f" [{unit}]"
    return name, ""


def _explicit(line: str) -> str:
    """A line in which vectors in brackets, or in quotes, have a sign of their own within."""

    def joined(found: re.Match[str]) -> str:
        for inner in (",", ";", "|", " "):
            parts = _parts(found[1].strip(), inner)
            if len(parts) >= _LEAST_LENGTH and len(found[0]) < len(line.strip()):
                return _JOINED.join(parts)
        return found[0]

    if "[" in line or "(" in line or "{" in line:
        line = _IN_BRACKETS.sub(joined, line)
    return _IN_QUOTES.sub(joined, line) if '"' in line else line


def _parts(cell: str, inner: str) -> list[str]:
    """The numbers of a cell that holds nothing else; else the cell."""
    if _JOINED in cell:
        return cell.split(_JOINED)
    if not inner or inner not in cell or _THOUSANDS.fullmatch(cell) or is_time_in_words(cell):
        return [cell]
    parts = cell.split() if inner == " " else [part.strip() for part in cell.split(inner)]
    known = (
        _NUMBER.fullmatch(part) or (inner != "," and _COMMA_NUMBER.fullmatch(part))
        for part in parts
    )
    return parts if all(known) else [cell]


def _form(rows: Sequence[str], plain: _Form) -> _Form | None:
    """The form of rows where they have vectors in the same cells; None where they have none."""
    kinds = Counter(
        tuple(len(parts) if len(parts) >= _LEAST_LENGTH else 0 for parts in plain.cells(line))
        for line in rows
    )
    kinds_found = [(kind, count) for kind, count in kinds.most_common(2) if len(kind) > 1]
    if not kinds_found:
        return None
    lengths, count = kinds_found[0]
    vectors = any(lengths) and count >= _MOSTLY * len(rows)
    return replace(plain, lengths=lengths) if vectors else None


def _header_of_lists(
    lines: Sequence[str], rows: Sequence[str], form: _Form
) -> tuple[int, list[str]]:
    """The line of names, and these, where each axis has a list in its cell; −1 where none has."""
    listed = [line for line in rows if form.readings(line)]
    if not listed or len(listed) < _MOSTLY * (len(rows) - 1):
        return -1, []
    cells = form.cells(listed[0])
    first = next(k for k, line in enumerate(lines) if form.readings(line))
    header, names = _names_above(lines, first, replace(form, lengths=tuple(map(len, cells))))
    said = [column_name(name) for name, parts in zip(names, cells, strict=True) if parts[1:]]
    axes = sum(one.axis >= 0 for one in said)
    timed = all(one.axis >= 0 or one.quantity == "time" for one in said)
    return (header, names) if axes >= len(_AXES) and timed else (-1, [])


def _header(lines: Sequence[str], form: _Form) -> tuple[int, list[str]]:
    """The line of names above the rows, and the names; −1 and empty ones without it."""
    first = next(k for k, line in enumerate(lines) if line.strip() and form.row(line) != line)
    return _names_above(lines, first, form)


def _names_above(lines: Sequence[str], first: int, form: _Form) -> tuple[int, list[str]]:
    for k in range(first - 1, -1, -1):
        if lines[k].strip():
            line = lines[k].lstrip("#% ")
            names = line.split() if form.outer == " " else line.split(form.outer)
            names = [name.strip().strip('"').strip() for name in names]
            words = [name for name in names if name and not _NUMBER.fullmatch(name)]
            if len(names) == len(form.lengths) and 2 * len(words) > len(names):
                return k, names
            break
    return -1, [""] * len(form.lengths)


def _with_quantity(names: Sequence[str], rows: Sequence[str], form: _Form, place: str) -> list[str]:
    """Names of the numbers: x, y and z of what the name says, or else that of the file.

    Where neither says it, vectors whose mean is one gravity in m/s² are accelerations; positions
    and directions are as long in other units.
    """
    spelled = (w for w in plain_words(PurePath(place).name.partition(".")[0]) if len(w) > 1)
    of_file = column_name(f"{' '.join(spelled)} x").quantity
    cells = [form.cells(line) for line in rows if line.strip()]
    found: list[str] = []
    for k, (name, length) in enumerate(zip(names, form.lengths, strict=True)):
        if not length:
            found.append(name)
        elif length != len(_AXES):
            found += [f"quaternion {name} {n}" if name else "" for n in range(length)]
        else:
            stem = _AXES_NAMED.sub("", name) if len(name) <= _LONGEST_NAME else name
            stem = stem or name
            if stem and column_name(f"{stem} x").quantity == "other":
                said = of_file if of_file in _SENSORS else ""
                vectors = [c[k] for c in cells if len(c) == len(names) and len(c[k]) == length]
                said = said or ("acc" if _is_gravity(vectors) else "")
                stem = f"{stem} {_SENSORS[said]}" if said else stem
            found += axis_names(stem) if stem else [""] * length
    return found


def _is_gravity(vectors: Sequence[Sequence[str]]) -> bool:
    """Whether the mean of vectors is one gravity, in m/s²."""
    try:
        numbers = np.array([[float(p.replace(",", ".")) for p in v] for v in vectors], np.float64)
    except ValueError:
        return False
    if not len(numbers):
        return False
    length = float(np.linalg.norm(np.nanmean(numbers, axis=0)))
    return likely_acceleration_unit(length, _NEAR) == "m_s2"
