"""Channels told one a line above a table, as BIOPAC AcqKnowledge does: a name, its unit, and so on.

The names of the columns, where there are such, are numbers of channels.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from pipelines.files.reading.column_names import column_name

_HOW_MANY: Final = re.compile(r"(\d{1,2}) channels?", re.I)


def channels_above(lines: Sequence[str], columns: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names and units of columns that are told so; empty without.

    A column before them is the time, and the last line has its unit; one behind them is empty.

    Examples
    --------
    >>> channels_above(["run.acq", "1 channels", "Acc X", "g", "sec,CH1"], 2)
    (('time', 'Acc X'), ('s', 'g'))
    """
    for at, line in enumerate(lines):
        told = _HOW_MANY.fullmatch(line.strip())
        count = int(told[1]) if told is not None else 0
        names, units = lines[at + 1 :][: 2 * count : 2], lines[at + 2 :][: 2 * count - 1 : 2]
        if not count or len(units) < count or not any(column_name(n).axis >= 0 for n in names):
            continue
        clock = column_name("time", re.split(r"[,;\t]", lines[-1])[0]).unit
        timed, rest = bool(clock), columns - count - bool(clock)
        if rest in (0, 1):
            end = [""] * rest
            return (*["time"] * timed, *names, *end), (*[clock] * timed, *units, *end)
    return (), ()
