"""Lines that name each of their values, as programs log them: ``t=0.005 ax=0.12 g …``.

They are made rows under one line of names. What was measured may stand before its numbers
without a sign between, ``accel 0.1 0.2 9.8``, and the time of all behind them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final, Protocol

from pipelines.files.reading.column_names import column_name
from pipelines.files.reading.stamps import date_units
from pipelines.files.reading.text_source import decoded

_LOOKED_AT: Final = 60
_LEAST_NAMES: Final = 3
#: Of those before a name, "imu raw acc: x=…".
_MOST_WORDS: Final = 8
#: Share of lines that are alike in a table.
MOSTLY: Final = 0.8
_NUMBER: Final = r"[+-]?(?:\d+(?:[.,]\d+)?|\.\d+)(?:[eE][+-]?\d+)?"
_UNIT: Final = r"(?:c?m/s(?:\^2|²|2|/s)|mg|g|m?rad/s|m?deg/s|°/s|m?dps|[mµun]?s)(?![\w/^²])"
_TOKEN: Final = re.compile(
    r"(?P<clock>(?:\d{4}-\d\d-\d\d[T ])?\d{1,2}:\d\d:\d\d(?:\.\d{3},\d{3}|[.,]\d+)?)"
    r"|(?P<label>[^\W\d][\w ./()-]{0,40}?)\s{0,4}(?:[=:](?![/\\])|(?=\[\s{0,9}[-+.\d]))"
    r"|(?P<sensor>\b[^\W\d_][^\W_]{1,30}(?: [xyz])?) +(?=[+-]?\.?\d)"
    rf"|(?P<number>(?<![\w.])(?:{_NUMBER}|[+-]?nan|null)(?:\s?(?P<unit>{_UNIT}))?)",
    re.I,
)
_SENSOR: Final = re.compile(r"[A-Za-z](?: ?[xyz])? +[+-]?\.?\d")
#: A line that begins with its time.
_SECONDS: Final = re.compile(r"\s*\d+\.\d+\s")
_AXES: Final = "xyz"

Pairs = list[tuple[str, str]]


class Lines(Protocol):
    """Text in whole lines, as :class:`pipelines.files.reading.text_source.TextSource`."""

    look: bytes

    def blocks(self) -> Iterator[bytes]:
        """The whole text from its beginning, once."""

    def progress(self) -> tuple[int, int]:
        """Bytes that were read so far, and in all."""


class ChangedLines:
    """The lines of a source, made those of a table.

    Parameters
    ----------
    source : Lines
        The text.
    change : callable
        Given some whole lines and how many stand before them, gives those of the table.
    header : bytes
        Lines that are put above.

    Attributes
    ----------
    look : bytes
        The beginning, as a table.
    """

    def __init__(
        self, source: Lines, change: Callable[[bytes, int], bytes], header: bytes = b""
    ) -> None:
        self._source, self._change, self._header = source, change, header
        self.look = header + change(source.look[: source.look.rfind(b"\n") + 1], 0)

    def blocks(self) -> Iterator[bytes]:
        """The whole as a table, once."""
        line, header = 0, self._header
        for block in self._source.blocks():
            yield header + self._change(block, line)
            line, header = line + block.count(b"\n"), b""

    def progress(self) -> tuple[int, int]:
        """Bytes that were read so far, and in all."""
        return self._source.progress()


def last_lines(source: Lines) -> list[str]:
    """The last lines of what is seen of a source at first, which are rows where it has any."""
    whole = source.look[: source.look.rfind(b"\n") + 1].split(b"\n")[-_LOOKED_AT:]
    return [decoded(line).strip() for line in whole if line.strip()]


def as_table(source: Lines) -> Lines:
    """The source itself, or as a table where its lines name their values."""
    lines = last_lines(source)
    if not lines or sum(map(_may_name, lines)) < MOSTLY * len(lines):
        return source
    named = Counter(tuple(name for name, _ in named_values(line)) for line in lines)
    names, count = named.most_common(1)[0]
    if count < MOSTLY * len(lines) or sum(name != "time" for name in names) < _LEAST_NAMES:
        return source

    def rows_of(block: bytes, _before: int) -> bytes:
        # a line that lacks a value, or is a message, is a lost sample
        rows = []
        for line in block.split(b"\n"):
            pairs = named_values(decoded(line))
            if tuple(name for name, _ in pairs) == names:
                rows.append("\t".join(value for _, value in pairs))
            elif len(pairs) >= _LEAST_NAMES:
                rows.append("\t".join("nan" for _ in names))
        return "".join(f"{row}\n" for row in rows).encode()

    return ChangedLines(source, rows_of, "\t".join(names).encode() + b"\n")


def _may_name(line: str) -> bool:
    named = sum(map(line.count, "=:["))
    return named >= _LEAST_NAMES or len(_SENSOR.findall(line)) > 1


def named_values(line: str) -> Pairs:
    r"""Names and values of a line; three values of one name are x, y and z.

    Examples
    --------
    >>> named_values("09:00:01.5 Acc: 0.1, 0.2, 9.8 T=25")[:3]
    [('time', '09:00:01.5'), ('Acc x', '0.1'), ('Acc y', '0.2')]
    >>> named_values("imu ax=0.1,ay=9.8 1770000000005000000")
    [('imu ax', '0.1'), ('ay', '9.8'), ('time', '1770000000005000000')]
    """
    if "{" in line:
        return []  # JSON, which is read as such
    groups: list[tuple[str, list[str]]] = []
    stem, fresh, listed = "", False, False
    for token in _TOKEN.finditer(line):
        listed = listed or _is_sensor(token["sensor"])
        label = token["label"] or (token["sensor"] if listed else None)
        if label is not None:
            words = label.split()
            above = groups.pop()[0].split()[-_MOST_WORDS:] if fresh else []  # "acc: x=…"
            if words[-1].lower() in _AXES and (above or words[1:]):
                stem = " ".join([*above, *words[:-1]])
            name = f"{stem} {words[-1]}" if words[-1].lower() in _AXES else " ".join(above + words)
            groups.append((name.strip(), []))
            fresh = True
        elif token["clock"] is not None and not groups:
            groups.append(("time", [_fraction(token["clock"])]))
        elif not groups and _SECONDS.fullmatch(line[: token.end() + 1]):
            groups.append(("time", [token["number"]]))
        elif token["number"] is None and token["clock"] is None:
            continue  # a word of the line
        elif groups and (fresh or groups[-1][0] != "time"):
            groups[-1][1].append(token["clock"] or _plain(token["number"]))
            fresh = False
    if groups and len(groups[-1][1]) in (2, 4) and date_units(_float(groups[-1][1][-1])):
        groups.append(("time", [groups[-1][1].pop()]))
    pairs: Pairs = []
    for name, values in groups:
        ends = [""] if len(values) == 1 else [f" {axis}" for axis in _AXES]
        if len(values) in (1, 3):
            pairs += [(name + end, value) for end, value in zip(ends, values, strict=True)]
    return pairs


def _is_sensor(word: str | None) -> bool:
    """Whether a word says what the numbers behind it are, and so may those that follow."""
    said = [column_name(f"{word}{axis}") for axis in ("", " x")] if word is not None else []
    return any(one.quantity in ("acc", "gyr") for one in said)


def _fraction(clock: str) -> str:
    """A clock whose fraction has a sign between thousands, as Zephyr writes it, without it."""
    whole, point, fraction = clock.partition(".")
    return whole + point + fraction.replace(",", "")


def _float(number: str) -> float:
    try:
        return float(number)
    except ValueError:
        return float("nan")


def _plain(number: str) -> str:
    return "nan" if number.lower() == "null" else number
