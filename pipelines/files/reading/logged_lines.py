"""Lines of a log that begin with who says it, and when: ``I (1234) imu: 0.1,0.2,9.8``.

They are made rows of the numbers, behind the time where there is one. Where each line is of one
sensor, ``ACC: [0.1, 0.2, 9.8]``, a row says which.
"""

from __future__ import annotations

import re
from typing import Final

from pipelines.files.reading.column_names import column_name
from pipelines.files.reading.keyed_lines import MOSTLY, ChangedLines, Lines, last_lines
from pipelines.files.reading.text_source import decoded

#: Of lines in which an accelerometer, or a gyroscope, has its turn among other sensors.
_LEAST_SHARE: Final = 0.1
_NUMBER: Final = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"
_LOGGED: Final = re.compile(
    r"(?P<head>(?=[^,;\t]{0,80}[A-Za-z])[^,;\t]{1,80}):\s+"
    rf"(?P<numbers>{_NUMBER}(?: *[,;\t] *{_NUMBER}){{2,}})\s*"
)
_CLOCK: Final = re.compile(r"(?:\d{4}-\d\d-\d\d[T ])?\d{1,2}:\d\d:\d\d[.,]\d{1,9}")
#: Milliseconds since the start, as the logs of ESP-IDF and the kernel's seconds have them.
#: Three numbers behind a sign, and nothing else behind them.
_OF_ONE: Final = re.compile(
    rf"(?P<head>.{{3,200}}?[=:\[(])\s*({_NUMBER})[,; ]\s*({_NUMBER})[,; ]\s*({_NUMBER})[\])}}]?"
)
_LONGEST: Final = 400
_WORD: Final = re.compile(r"[^\W\d_]{3,}")
_KEYED: Final = re.compile(r"\b(?:ts|t|time\w*)\s*[=:]\s*(\d+(?:\.\d+)?)\b(?![:-])", re.I)
_AHEAD: Final = re.compile(r"\d+(?:\.\d+)?(?=[ ,;:\t])")
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
    names = ["time", "sensor", *"xyz"]

    def rows_of(block: bytes, _before: int) -> bytes:
        found = map(_of_one_sensor, decoded(block).split("\n"))
        return "".join("\t".join(row[not timed :]) + "\n" for row in found if row).encode()

    return ChangedLines(source, rows_of, "\t".join(names[not timed :]).encode() + b"\n")


def _of_one_sensor(line: str) -> list[str]:
    """The time, the sensor and three numbers of a line; nothing of another one.

    Examples
    --------
    >>> _of_one_sensor("07:00:00.125 D App: GYROSCOPE ts=12 values=[0.1, -0.2, 3]")
    ['12', 'GYROSCOPE', '0.1', '-0.2', '3']
    >>> _of_one_sensor("acc: 1 2 3 gyr: 4 5 6"), _of_one_sensor("0.1,acc,0.1,0.2,9.8")
    ([], [])
    """
    found = _of_form(line.strip())
    sensors = [w for w in _WORD.findall(found["head"]) if _is_sensor(w)] if found else []
    if found is None or len(sensors) != 1:
        return []
    head = found["head"]
    for time in (
        _KEYED.search(head),
        _CLOCK.search(head),
        _COUNTED.search(head),
        _AHEAD.match(head),
    ):
        if time is not None:
            return [time[time.lastindex or 0], *sensors, *found.groups()[1:]]
    return ["", *sensors, *found.groups()[1:]]


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
