"""Times of samples as a file has them: in words, or numbers of a unit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.errors import InputError
from pipelines.files.reading.raw_columns import excerpt

_CLOCK: Final = r"(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,:](\d{1,9}))?)?\s*([AaPp][Mm])?"
_ISO: Final = re.compile(
    rf"(\d{{4}})[-/.](\d{{1,2}})[-/.](\d{{1,2}})[T _]+{_CLOCK}\s*(Z|UTC|[+-]\d\d:?\d\d)?"
)
_DAY_FIRST: Final = re.compile(rf"(\d{{1,2}})[/.-](\d{{1,2}})[/.-](\d{{4}})[T ,]+{_CLOCK}()")
_CLOCK_ALONE: Final = re.compile(rf"(){{0}}{_CLOCK}")
_PLAIN: Final = re.compile(rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,9})?")
_DAY_NS: Final = 86_400 * 10**9


def is_time_in_words(cell: str) -> bool:
    """Whether a cell is a date and time, or a time of the day.

    Examples
    --------
    >>> is_time_in_words("2026-03-01T10:00:00.125Z"), is_time_in_words("1")
    (True, False)
    """
    return ":" in cell and any(p.fullmatch(cell) for p in (_ISO, _DAY_FIRST, _CLOCK_ALONE))


def stamps_in_words(cells: NDArray[np.bytes_], where: str) -> NDArray[np.int64]:
    """Nanoseconds since 1970, or since midnight where no day is given.

    Parameters
    ----------
    cells : array of bytes, shape (N,)
        Date and time in ISO 8601 or near it, with or without a zone; a time of the day goes on over
        midnight.
    where : str
        For messages.

    Raises
    ------
    InputError
        When a cell is no time.
    """
    zone = _common_zone(cells)
    try:
        return _at_once(cells, zone)
    except ValueError:
        pass
    found = np.fromiter((_one(cell, where) for cell in cells.tolist()), np.int64, len(cells))
    if len(found) and 0 <= found[0] < _DAY_NS:
        back = np.diff(found) < -_DAY_NS // 2
        found[1:] += np.cumsum(back) * _DAY_NS
    return found


def _common_zone(cells: NDArray[np.bytes_]) -> bytes:
    """What all cells end with behind the seconds."""
    if not len(cells):
        return b""
    ending = re.search(rb"(Z|[+-]\d\d:?\d\d)$", bytes(cells[0]))
    if ending is None or not np.char.endswith(cells, ending[1]).all():
        return b""
    return ending[1]


def _at_once(cells: NDArray[np.bytes_], zone: bytes) -> NDArray[np.int64]:
    """All cells in plain ISO 8601.

    Raises
    ------
    ValueError
        When they are something else.
    """
    if not len(cells) or not _PLAIN.fullmatch(bytes(cells[0])[: len(cells[0]) - len(zone)]):
        raise ValueError
    text = np.char.decode(cells, "ascii")
    if zone:
        width = np.char.str_len(text).max()
        text = np.char.rstrip(np.char.replace(text, zone.decode(), "")).astype(f"U{width}")
    stamps = text.astype("datetime64[ns]").astype(np.int64)
    if np.isnat(stamps.astype("datetime64[ns]")).any():
        raise ValueError
    return stamps - _zone_ns(zone.decode())


def _zone_ns(zone: str) -> int:
    if not zone or zone in ("Z", "UTC"):
        return 0
    sign = -1 if zone[0] == "-" else 1
    return sign * (int(zone[1:3]) * 60 + int(zone[-2:])) * 60 * 10**9


def _one(cell: bytes, where: str) -> int:
    text = cell.decode("ascii", "replace").strip()
    try:
        if match := _ISO.fullmatch(text):
            year, month, day = (int(part) for part in match.groups()[:3])
            return _stamp(year, month, day, match.groups()[3:8]) - _zone_ns(match[9] or "")
        if match := _DAY_FIRST.fullmatch(text):
            first, second, year = (int(part) for part in match.groups()[:3])
            # which of them is the month matters at midnight alone: times are told from the first
            month, day = (second, first) if second <= 12 else (first, second)
            return _stamp(year, month, day, match.groups()[3:8])
        if match := _CLOCK_ALONE.fullmatch(text):
            return _stamp(1970, 1, 1, match.groups()[-5:])
    except ValueError:
        pass
    raise InputError(f"{excerpt(text)} is no time: correct it, or leave the row out.", place=where)


def _stamp(year: int, month: int, day: int, clock: Sequence[str | None]) -> int:
    hour, minute, second, fraction, half = clock
    hours = int(hour or 0)
    if half:
        hours = hours % 12 + (12 if half.lower() == "pm" else 0)
    start = datetime(year, month, day, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    whole = start + timedelta(hours=hours, minutes=int(minute or 0), seconds=int(second or 0))
    return (whole // timedelta(seconds=1)) * 10**9 + int((fraction or "0").ljust(9, "0"))
