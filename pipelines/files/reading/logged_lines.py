"""Lines of a log that begin with who says it, and when: ``I (1234) imu: 0.1,0.2,9.8``.

They are made rows of the numbers, behind the time where there is one.
"""

from __future__ import annotations

import re
from typing import Final

from pipelines.files.reading.keyed_lines import ChangedLines, Lines
from pipelines.files.reading.text_source import decoded

_LOOKED_AT: Final = 60
_MOSTLY: Final = 0.8
_NUMBER: Final = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_LOGGED: Final = re.compile(
    r"(?P<head>(?=[^,;\t]{0,80}[A-Za-z])[^,;\t]{1,80}):\s+"
    rf"(?P<numbers>{_NUMBER}(?: *[,;\t] *{_NUMBER}){{2,}})\s*"
)
_CLOCK: Final = re.compile(r"(?:\d{4}-\d\d-\d\d[T ])?\d{1,2}:\d\d:\d\d[.,]\d{1,9}")
#: Milliseconds since the start, as the logs of ESP-IDF and the kernel's seconds have them.
_COUNTED: Final = re.compile(r"[(\[]\s*(\d+(?:\.\d+)?)\s*[)\]]")


def without_heads(source: Lines) -> Lines:
    """The source itself, or as rows of numbers where its lines have a head each."""
    lines = source.look[: source.look.rfind(b"\n") + 1].split(b"\n")[-_LOOKED_AT:]
    lines = [line for line in lines if line.strip()]
    logged = sum(_LOGGED.fullmatch(decoded(line).strip()) is not None for line in lines)
    return ChangedLines(source, _rows) if lines and logged >= _MOSTLY * len(lines) else source


def _rows(block: bytes, _before: int) -> bytes:
    # lines keep their numbers; a message is empty
    return b"\n".join(_row(decoded(line)).encode() for line in block.split(b"\n"))


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
