"""Lines that name each of their values, as programs log them: ``t=0.005 ax=0.12 g …``.

They are made rows under one line of names.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final, Protocol

from pipelines.files.reading.text_source import decoded

_LOOKED_AT: Final = 60
_LEAST_NAMES: Final = 3
_MOSTLY: Final = 0.8
_NUMBER: Final = r"[+-]?(?:\d+(?:[.,]\d+)?|\.\d+)(?:[eE][+-]?\d+)?"
_UNIT: Final = r"(?:c?m/s(?:\^2|²|2|/s)|mg|g|m?rad/s|m?deg/s|°/s|m?dps|[mµun]?s)(?![\w/^²])"
_TOKEN: Final = re.compile(
    r"(?P<clock>(?:\d{4}-\d\d-\d\d[T ])?\d{1,2}:\d\d:\d\d(?:[.,]\d+)?)"
    r"|(?P<label>[^\W\d][\w ./()-]{0,40}?)\s{0,4}[=:](?![/\\])"
    rf"|(?P<number>(?<![\w.])(?:{_NUMBER}|[+-]?nan|null)(?:\s?(?P<unit>{_UNIT}))?)",
    re.I,
)
_AXES: Final = "xyz"

Pairs = list[tuple[str, str]]


class Lines(Protocol):
    """Text in whole lines, as :class:`pipelines.files.reading.text_source.TextSource`."""

    look: bytes

    def blocks(self) -> Iterator[bytes]:
        """The whole text from its beginning, once."""

    def progress(self) -> tuple[int, int]:
        """Bytes that were read so far, and in all."""


class KeyedLines:
    """Rows of the lines of a source.

    Parameters
    ----------
    source : Lines
        The text.
    names : sequence of str
        Of the values of a line.

    Attributes
    ----------
    look : bytes
        The beginning, as a table.
    """

    def __init__(self, source: Lines, names: Sequence[str]) -> None:
        self._source, self._names = source, tuple(names)
        self._header = "\t".join(self._names).encode() + b"\n"
        self.look = self._header + self._rows(source.look[: source.look.rfind(b"\n") + 1])

    def blocks(self) -> Iterator[bytes]:
        """The whole as a table, once."""
        yield self._header
        for block in self._source.blocks():
            if rows := self._rows(block):
                yield rows

    def progress(self) -> tuple[int, int]:
        """Bytes that were read so far, and in all."""
        return self._source.progress()

    def _rows(self, block: bytes) -> bytes:
        # a line that lacks a value, or is a message, is a lost sample
        rows = []
        for line in block.split(b"\n"):
            pairs = _pairs(decoded(line))
            if tuple(name for name, _ in pairs) == self._names:
                rows.append("\t".join(value for _, value in pairs))
            elif len(pairs) >= _LEAST_NAMES:
                rows.append("\t".join("nan" for _ in self._names))
        return "".join(f"{row}\n" for row in rows).encode()


def as_table(source: Lines) -> Lines:
    """The source itself, or as a table where its lines name their values."""
    lines = source.look[: source.look.rfind(b"\n") + 1].split(b"\n")[-_LOOKED_AT:]
    lines = [line for line in lines if line.strip()]
    if not lines or sum(line.count(b"=") + line.count(b":") >= _LEAST_NAMES for line in lines) < (
        _MOSTLY * len(lines)
    ):
        return source
    named = Counter(tuple(name for name, _ in _pairs(decoded(line))) for line in lines)
    names, count = named.most_common(1)[0]
    if count < _MOSTLY * len(lines) or sum(name != "time" for name in names) < _LEAST_NAMES:
        return source
    return KeyedLines(source, names)


def _pairs(line: str) -> Pairs:
    r"""Names and values of a line; three values of one name are x, y and z.

    Examples
    --------
    >>> _pairs("09:00:01.5 Acc: 0.1, 0.2, 9.8 T=25")[:3]
    [('time', '09:00:01.5'), ('Acc x', '0.1'), ('Acc y', '0.2')]
    """
    if "{" in line:
        return []  # JSON, which is read as such
    groups: list[tuple[str, list[str]]] = []
    stem, fresh = "", False
    for token in _TOKEN.finditer(line):
        if token["label"] is not None:
            words = token["label"].split()
            above = groups.pop()[0].split() if fresh else []  # "acc: x=…"
            if words[-1].lower() in _AXES and (above or words[1:]):
                stem = " ".join([*above, *words[:-1]])
            name = f"{stem} {words[-1]}" if words[-1].lower() in _AXES else " ".join(above + words)
            groups.append((name.strip(), []))
            fresh = True
        elif token["clock"] is not None and not groups:
            groups.append(("time", [token["clock"]]))
        elif groups and (fresh or groups[-1][0] != "time"):
            groups[-1][1].append(token["clock"] or _plain(token["number"]))
            fresh = False
    pairs: Pairs = []
    for name, values in groups:
        ends = [""] if len(values) == 1 else [f" {axis}" for axis in _AXES]
        if len(values) in (1, 3):
            pairs += [(name + end, value) for end, value in zip(ends, values, strict=True)]
    return pairs


def _plain(number: str) -> str:
    return "nan" if number.lower() == "null" else number
