"""Lines of a log that begin with who says it, and when: ``I (1234) imu: 0.1,0.2,9.8``.

They are made rows of the numbers, behind the time where there is one. Where each line is of one
sensor, ``ACC: [0.1, 0.2, 9.8]``, a row says which, and of which device where there are several.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Final

from pipelines.files.reading.column_names import column_name
from pipelines.files.reading.keyed_lines import MOSTLY, ChangedLines, Lines, last_lines
from pipelines.files.reading.name_words import GRAVITY, LESSER, LINEAR
from pipelines.files.reading.text_source import decoded

#: Of lines in which an accelerometer, or a gyroscope, has its turn among other sensors.
_LEAST_SHARE: Final = 0.1
_NUMBER: Final = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"
_LOGGED: Final = re.compile(
    r"(?P<head>(?=[^,;\t]{0,80}[A-Za-z])[^,;\t]{1,80}):\s+"
    rf"(?P<numbers>{_NUMBER}(?: *[,;\t] *{_NUMBER}){{2,}})\s*"
)
_CLOCK: Final = re.compile(r"(?:\d{4}-\d\d-\d\d[T ])?\d{1,2}:\d\d:\d\d[.,]\d{1,9}")
#: Three numbers behind a sign, and nothing else behind them.
_OF_ONE: Final = re.compile(
    rf"(?P<head>.{{3,200}}?[=:\[(])\s*({_NUMBER})[,; ]\s*({_NUMBER})[,; ]\s*({_NUMBER})[\])}}]?"
)
_LONGEST: Final = 400
_WORD: Final = re.compile(r"[^\W\d_]{3,}")
#: What may say whose a line is: an address, a word, or a number behind one.
_WHOSE: Final = re.compile(
    r"(?:[\dA-F]{2}[:-]){5}[\dA-F]{2}|[^\W\d_]+[ _-]?\d{1,3}(?!\d)|[^\W\d_]{2,}", re.I
)
#: What tells two sensors of one kind apart, such as the raw one.
_KIND: Final = LESSER | LINEAR | GRAVITY
#: Of the program, and of what the device's state is.
_NOBODY: Final = re.compile(r"(thread|pool|worker|task|core|cpu|batt|battery|rssi)_?\d*", re.I)
#: Share of a sensor's lines that say so at least, and that say something else.
_SOME: Final = 1 / 64
_KEYED: Final = re.compile(r"\b(?:ts|t|time\w*)\s*[=:]\s*(\d+(?:\.\d+)?)\b(?![:-])", re.I)
_AHEAD: Final = re.compile(r"\d+(?:\.\d+)?(?=[ ,;:\t])")
#: Milliseconds since the start, as the logs of ESP-IDF and the kernel's seconds have them.
_COUNTED: Final = re.compile(r"[(\[]\s*(\d+(?:\.\d+)?)\s*[)\]]")


def without_heads(source: Lines) -> Lines:
    """The source itself, or as rows of numbers where its lines have a head each."""
    lines = last_lines(source)
    logged = sum(_LOGGED.fullmatch(line) is not None for line in lines)
    return ChangedLines(source, _rows) if lines and logged >= MOSTLY * len(lines) else source


def _rows(block: bytes, _before: int) -> bytes:
    # lines keep their numbers; a message is empty
    return b"\n".join(_row(decoded(line)).encode() for line in block.split(b"\n"))


def with_sensors(source: Lines) -> Lines:
    """The source itself, or as rows of several sensors where each of its lines is of one."""
    lines = last_lines(source)
    rows = [row for line in lines if (row := _of_one_sensor(line))]
    alike = sum(_of_form(line) is not None for line in lines)
    if alike < MOSTLY * len(lines) or len(rows) <= _LEAST_SHARE * len(lines):
        return source
    timed = all(row[0] for row in rows)
    apart = _told_apart(decoded(source.look).split("\n"))
    names = ["time", "sensor", *"xyz", *["name"] * bool(apart)]

    def cells_of(line: str) -> list[str]:
        row = _of_one_sensor(line)
        if row and apart:
            row.append("_".join(word for word in _whose(line) if word in apart) or "unnamed")
        return row[not timed :]

    def rows_of(block: bytes, _before: int) -> bytes:
        found = map(cells_of, decoded(block).split("\n"))
        return "".join("\t".join(row) + "\n" for row in found if row).encode()

    return ChangedLines(source, rows_of, "\t".join(names[not timed :]).encode() + b"\n")


def _told_apart(lines: Sequence[str]) -> Collection[str]:
    """What some lines of a sensor say before their numbers, and others of it do not.

    Examples
    --------
    >>> sorted(_told_apart(["1 foot acc: 1 2 3", "1 acc: 1 2 3", "1 foot gyr: 4 5 6"] * 9))
    ['foot']
    """
    counts: dict[str, Counter[str]] = {}
    for line in lines:
        if row := _of_one_sensor(line):
            counts.setdefault(row[1], Counter()).update({"", *_whose(line)})
    return {
        word
        for said in counts.values()
        for word, count in said.items()
        if _SOME < count / said[""] < 1 - _SOME and count > 1
    }


def _whose(line: str) -> list[str]:
    """Words before the numbers of a line, without its sensor and its time."""
    found = _of_form(line.strip())
    words = _WHOSE.findall(_CLOCK.sub(" ", found["head"])) if found else []
    words = [re.sub(r"\W", "_", word) for word in words]
    return [
        word for word in words
        if not (_is_sensor(word) or word.lower() in _KIND or _NOBODY.fullmatch(word))
    ]  # fmt: skip


def _of_one_sensor(line: str) -> list[str]:
    """The time, the sensor and three numbers of a line; nothing of another one.

    Examples
    --------
    >>> _of_one_sensor("07:00:00.125 D App: GYROSCOPE ts=12 values=[0.1, -0.2, 3]")
    ['12', 'GYROSCOPE', '0.1', '-0.2', '3']
    >>> _of_one_sensor("acc: 1 2 3 gyr: 4 5 6"), _of_one_sensor("0.1,acc,0.1,0.2,9.8")
    ([], [])
    >>> _of_one_sensor("LINEAR_ACCELERATION: 1, 2, 3")
    ['', 'LINEAR_ACCELERATION', '1', '2', '3']
    """
    found = _of_form(line.strip())
    words = _WORD.findall(found["head"]) if found else []
    if found is None or sum(map(_is_sensor, words)) != 1:
        return []
    head = found["head"]
    sensor = "_".join(word for word in words if _is_sensor(word) or word.lower() in _KIND)
    for time in (
        _KEYED.search(head),
        _CLOCK.search(head),
        _COUNTED.search(head),
        _AHEAD.match(head),
    ):
        if time is not None:
            return [time[time.lastindex or 0], sensor, *found.groups()[1:]]
    return ["", sensor, *found.groups()[1:]]


def _of_form(line: str) -> re.Match[str] | None:
    return _OF_ONE.fullmatch(line) if len(line) <= _LONGEST else None


def _is_sensor(word: str) -> bool:
    return column_name(f"{word} x").quantity in ("acc", "gyr")


def _row(line: str) -> str:
    r"""The time, where there is one, and the numbers; nothing of a message.

    Examples
    --------
    >>> _row("I (1234) imu: 0.1,0.2, 9.8"), _row("03-01 07:00:00.125 D imu: 1;2;3"), _row("boot: 3")
    ('1234\t0.1\t0.2\t9.8', '07:00:00.125\t1\t2\t3', '')
    """
    found = _LOGGED.fullmatch(line.strip())
    if found is None:
        return ""
    clock, counted = _CLOCK.search(found["head"]), _COUNTED.search(found["head"])
    time = clock[0] if clock else counted[1] if counted else ""
    numbers = re.split(" *[,;\t] *", found["numbers"])
    return "\t".join([*filter(None, [time]), *numbers])
