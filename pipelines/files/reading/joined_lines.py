"""Readings of which each sensor has a line, as the sketches of sensor boards print them.

``Accel X: 0.1 Y: 0.2 Z: 9.8 m/s^2``, ``Gyro X: …``, and again: the lines of one reading are made
one, and those rows under one line of names.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from itertools import pairwise
from typing import Final

from pipelines.files.reading.column_names import column_name
from pipelines.files.reading.keyed_lines import MOSTLY, Lines, as_table, last_lines, named_values
from pipelines.files.reading.text_source import decoded

#: Lines of a reading, and readings that are seen at least.
_MOST_LINES: Final = 12
_LEAST_READINGS: Final = 3
#: Whose values a line has, and the name of each.
_WHOSE: Final = re.compile(r"([^\W\d][\w -]{0,30}): +(?=\w+ ?=)")
_NAME: Final = re.compile(r"\b([^\W\d]\w*)(?= ?=)")
#: A line without it is a row of a table, whatever else stands in it.
_NAMED: Final = re.compile(r"[^\W\d]\w* ?[=:\[]")
_NUMBER: Final = re.compile(r"[+-]?\.?\d[\d.,]*(?:e[+-]?\d+)?|\bnan\b", re.I)


class _JoinedLines:
    """The lines of a source, those of one reading joined."""

    def __init__(self, source: Lines, first: str, forms: Collection[str]) -> None:
        self._source, self._first, self._forms = source, first, forms
        self.look = b"".join(self._joined([source.look[: source.look.rfind(b"\n") + 1]]))

    def blocks(self) -> Iterator[bytes]:
        """The whole text from its beginning, once."""
        return self._joined(self._source.blocks())

    def progress(self) -> tuple[int, int]:
        """Bytes that were read so far, and in all."""
        return self._source.progress()

    def _joined(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        reading: list[str] = []
        for block in blocks:
            readings = []
            for line in map(str.strip, decoded(block).split("\n")):
                form = _form(line)
                if form == self._first:
                    readings.append(reading)
                    reading = []
                elif form not in self._forms or not 0 < len(reading) < _MOST_LINES:
                    continue
                reading.append(_of_whom(line))
            yield "".join(f"{' ; '.join(one)}\n" for one in readings if one).encode()
        yield f"{' ; '.join(reading)}\n".encode()


def with_readings_joined(source: Lines) -> Lines:
    """The source itself, or as a table where the lines of a reading take turns."""
    seen = {_form(line): line for line in last_lines(source)}
    counts = Counter(map(_form, last_lines(source)))
    most = max(counts.values(), default=0)
    forms = {form for form, count in counts.items() if count >= MOSTLY * most}
    alike = sum(counts[form] for form in forms)
    if most < _LEAST_READINGS or len(forms) > _MOST_LINES or alike < MOSTLY * counts.total():
        return source
    sensors = [form for form in forms if _NAMED.search(form) and _is_of_sensor(seen[form])]
    if len(sensors) < 2:
        return source
    joined = _JoinedLines(source, _first_form(decoded(source.look).split("\n"), forms), forms)
    rows = [named_values(line) for line in last_lines(joined)[:-1]]
    names = [name for name, _ in rows[-1] if name != "time"] if rows else []
    if len(set(names)) < len(names):  # whose is which of two alike?
        return source
    table = as_table(joined)
    return source if table is joined else table


def _first_form(lines: Iterable[str], forms: Collection[str]) -> str:
    """With which line a reading begins: behind what is empty, else the first of the file."""
    found = ["", *map(_form, map(str.strip, lines))]
    behind = Counter(two for one, two in pairwise(found) if not one and two in forms)
    return max(forms, key=lambda form: (behind[form], -found.index(form)))


def _form(line: str) -> str:
    """What is the same of a line in all readings.

    Examples
    --------
    >>> _form("Gyro X: -0.25  Y: 1"), _form("Gyro X: .5  Y: 0.10")
    ('Gyro X: # Y: #', 'Gyro X: # Y: #')
    """
    return " ".join(_NUMBER.sub("#", line).split())


def _of_whom(line: str) -> str:
    """A line with the word at its beginning before each name.

    Examples
    --------
    >>> _of_whom("pelvis: ax=0.1 ay=9.8"), _of_whom("IMU A: gx=1"), _of_whom("T: 5")
    ('pelvis ax=0.1 pelvis ay=9.8', 'IMUA gx=1', 'T: 5')
    """
    if (found := _WHOSE.match(line)) is None:
        return line
    whose = re.sub(r"[ -](?=[^\W\d]$)", "", found[1])  # a letter alone is a quantity
    return _NAME.sub(rf"{whose} \1", line[found.end() :])


def _is_of_sensor(line: str) -> bool:
    measured = ("acc", "gyr", "linear")
    return any(column_name(name).quantity in measured for name, _ in named_values(line))
