"""Times of samples as a file has them: in words, or numbers of a unit."""

from __future__ import annotations

import re
import warnings
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.errors import InputError
from pipelines.files.reading.raw_columns import excerpt
from pipelines.files.reading.units import unit_scale

_CLOCK: Final = (
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2}|\d(?=:))"
    r"(?::(?P<second>\d{1,2})(?:[.,:](?P<fraction>\d{1,9}))?)?"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?"
)
#: The name of a place may be cut.
_ZONE: Final = r"\s*(?P<zone>Z|[+-]\d\d(?::?\d\d)?|[A-Z]{3,4})?\s*(?:\[[\w/+-]*\]?)?"
_YEAR: Final = r"(?P<year>\d{4})"
_ANY_YEAR: Final = r"(?P<year>\d{4}|\d\d)"
_DAY: Final = r"(?P<day>\d{1,2})"
#: Chinese and Japanese signs; what is kept of a cell has ASCII alone.
_OF_YEAR: Final = r"(?:[-/._]|年|[\ufffd?]{1,3})"
_OF_MONTH: Final = r"(?:[-/._]|月|[\ufffd?]{1,3})"
_OF_DAY: Final = r"(?:日|[\ufffd?]{1,3})?"
_OF_CLOCK: Final = r"(?:[-.:_]|[時时点分]|[\ufffd?]{1,3})"
_NAME: Final = r"(?P<name>[A-Za-z]{3,9})"
_WEEKDAY: Final = r"(?:[A-Za-z]{3,9},? )?"
_DATED: Final = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{_YEAR}[-/.](?P<month>\d{{1,2}})[-/.]{_DAY}[T _,]+{_CLOCK}{_ZONE}",
        rf"{_YEAR}{_OF_YEAR}(?P<month>\d{{1,2}}){_OF_MONTH}{_DAY}{_OF_DAY}[T _,-]*"
        rf"(?P<hour>\d{{1,2}}){_OF_CLOCK}(?P<minute>\d{{2}}){_OF_CLOCK}(?P<second>\d{{2}})"
        r"(?:[-.:_,](?P<fraction>\d{1,9}))?(?:秒|[\ufffd?]{1,3})?",
        r"(?P<year>20\d\d)(?P<month>\d\d)(?P<day>\d\d)(?P<hour>\d\d)(?P<minute>\d\d)"
        r"(?P<second>\d\d)\.?(?P<fraction>\d{1,6})",
        rf"{_YEAR}(?P<month>\d\d)(?P<day>\d\d)[T_ ](?P<hour>\d\d)(?P<minute>\d\d)"
        rf"(?P<second>\d\d)(?:[.,](?P<fraction>\d{{1,9}}))?{_ZONE}",
        rf"(?P<first>\d{{1,2}})[/.-](?P<other>\d{{1,2}})[/.-]{_ANY_YEAR}[T ,]+{_CLOCK}{_ZONE}",
        rf"{_WEEKDAY}{_DAY}[ .-]+{_NAME}[ .,-]+{_ANY_YEAR}[T ,]+{_CLOCK}{_ZONE}",
        rf"{_WEEKDAY}{_NAME} +{_DAY},? +{_YEAR}[ ,]+{_CLOCK}{_ZONE}",
        rf"[A-Za-z]{{3}} {_NAME} +{_DAY} {_CLOCK}\s+{_YEAR}",
    )
)
_CLOCK_ALONE: Final = re.compile(rf"(?:(?P<days>\d{{1,5}}) days?,? \+?)?{_CLOCK}")
_MINUTES: Final = re.compile(
    r"(?P<minute>\d{1,4}):(?P<second>[0-5]\d)(?:[.,]|:(?=\d{3}$))(?P<fraction>\d{1,9})"
)
_PART: Final = re.compile(rb"(\d:\d{1,2}:\d{1,2}[.,:])(\d{1,9})(?=\D*$)")
_PLAIN: Final = re.compile(rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,9})?")
_ENDS_WITH_ZONE: Final = re.compile(r"(Z|\d ?[+-]\d\d(:?\d\d)?|[A-Z]{3,4})( ?\[[\w/+-]*\]?)?$")
#: What stands within a time and not within a number.
_SIGNS: Final = re.compile(r"[:T_年]|\d \d|\d-\d+-")
_NUMBERS: Final = re.compile(r"(?P<first>\d{1,2})[/.-](?P<other>\d{1,2})[/.-]\d{2,4}(?!\d)")
_HALF: Final = re.compile(r"\d\s*[AaPp]\.?[Mm]\.?(?![A-Za-z])")
_MONTHS_A_YEAR: Final = 12
#: So far a clock goes back behind a leap second at least; one rounded up does not.
_LEAPS_BACK_NS: Final = 4 * 10**8
_MONTH_NAMES: Final = (
    *("jan ene", "feb fev", "mar mrz", "apr avr abr", "may mai maj", "jun jui", "jul"),
    *("aug aou ago", "sep", "oct okt", "nov", "dec dez dic"),
)
_MONTHS: Final = {name: k for k, names in enumerate(_MONTH_NAMES, 1) for name in names.split()}
#: Zones that are called by letters, h east of Greenwich.
_LETTERED: Final = {
    "UTC": 0, "GMT": 0, "WET": 0, "WEST": 1, "CET": 1, "CEST": 2, "EET": 2, "EEST": 3, "JST": 9,
    "EST": -5, "EDT": -4, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
}  # fmt: skip
_DAY_NS: Final = 86_400 * 10**9
_HOUR_NS: Final = 3600 * 10**9
#: The unit of a number whose digits are those of a clock.
CLOCK: Final = "hhmmss"
_DAY_S: Final = 86_400.0
#: A minute in the digits of a clock jumps by 40; so long a gap in it is no jump of numbers alone.
_CLOCK_JUMP_S: Final = 39.0
_CLOCK_GAP_S: Final = 5.0
_MOSTLY: Final = 0.8
#: From one hour on, a pause of 40 s at each end of a hundred is no chance.
_CLOCK_HOUR: Final = 10_000.0

#: Where programs begin to count, by unit: from, to, and s from there to 1970. Unix; days of
#: spreadsheets and of MATLAB; tenths of µs of Windows and of .NET. From 2001 on each.
_EPOCHS: Final = (
    *((unit, 1e9 / scale, 1e10 / scale, 0) for unit, scale in
      (("s", 1.0), ("ms", 1e-3), ("us", 1e-6), ("ns", 1e-9))),
    ("d", 36_892.0, 73_050.0, -25_569 * 86_400),
    ("d", 730_852.0, 767_010.0, -719_529 * 86_400),
    ("us/10", 1.26e17, 1.5e17, -11_644_473_600),
    ("us/10", 6.3e17, 6.6e17, -62_135_596_800),
)  # fmt: skip


def date_units(first: float) -> tuple[str, ...]:
    """The units in which a number is a date.

    Examples
    --------
    >>> date_units(1_767_254_407_000.0), date_units(12.5)
    (('ms',), ())
    """
    return tuple(unit for unit, low, high, _ in _EPOCHS if low <= first <= high)


def date_ns(first: float, unit: str) -> int:
    """Nanoseconds since 1970 of a date in numbers of a unit; 0 where it is none.

    Examples
    --------
    >>> date_ns(46023.5, "d") == date_ns(1_767_268_800.0, "s"), date_ns(12.5, "s")
    (True, 0)
    """
    for one, low, high, offset_s in _EPOCHS:
        if one == unit and low <= first <= high:
            scale = unit_scale("time", unit) or 1.0
            if scale < 1.0:  # whole to the last digit
                return int(first) * round(1e9 * scale) + offset_s * 10**9
            return round(first * scale * 1e9) + offset_s * 10**9
    return 0


def units_of_clock(times: NDArray[np.float64], unit: str) -> list[str]:
    """The unit of times, or that of the digits of a clock, 101559.995, where they are such.

    Seconds behind 59 there make a jump of 40 in numbers, and never stand above 59.

    Returns
    -------
    list of str
        Both where neither is certain: pauses of 40 s.

    Examples
    --------
    >>> units_of_clock(np.array([101559.98, 101559.99, 101600.0, 101600.01]), "s")
    ['hhmmss']
    >>> units_of_clock(np.array([0.0, 0.1, 0.2]), "ms")
    ['ms']
    """
    per_second = {"s": 1.0, "ms": 1e3, "us": 1e6}.get(unit)
    if per_second is None:
        return [unit]
    with np.errstate(over="ignore", invalid="ignore"):
        jumps = np.abs(np.diff(times)) > _CLOCK_JUMP_S * per_second
    places = np.flatnonzero(jumps)
    if not len(places):
        return [unit]
    digits = times / per_second
    around = np.stack([digits[places], digits[places + 1]])
    known = digits[np.isfinite(digits)]
    valid = (known >= 0.0) & (known < 240_000.0) & (known % 100 < 60.0) & (known // 100 % 100 < 60)
    if not valid.all():
        return [unit]
    before, after = seconds_of_clock(around.T).T
    gap = after - before
    if np.mean((gap >= 0.0) & (gap < _CLOCK_GAP_S)) < _MOSTLY:
        return [unit]
    clock = CLOCK + ("" if per_second == 1.0 else f"/{per_second:.0f}")
    return [clock] if known.max() >= _CLOCK_HOUR else [unit, clock]


def seconds_of_clock(digits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Seconds since midnight of hours, minutes and seconds as the digits of one number.

    Examples
    --------
    >>> seconds_of_clock(np.array([101559.5, 235959.0, 1.0])).tolist()
    [36959.5, 86399.0, 86401.0]
    """
    with np.errstate(invalid="ignore"):
        seconds = digits // 10_000 * 3600.0 + digits // 100 % 100 * 60.0 + digits % 100
        back = np.diff(seconds, axis=-1, prepend=seconds[..., :1]) < -0.5 * _DAY_S
    return seconds + np.cumsum(back, axis=-1) * _DAY_S


def is_time_in_words(cell: str) -> bool:
    """Whether a cell is a date and time, a time of the day, or a span in minutes and seconds.

    Examples
    --------
    >>> is_time_in_words("2026-03-01T10:00:00.125Z"), is_time_in_words("00:12.5")
    (True, True)
    >>> is_time_in_words("1")
    False
    """
    if not _SIGNS.search(cell):
        return _is_digits_of_a_date(cell)
    return any(p.fullmatch(cell) for p in (*_DATED, _CLOCK_ALONE, _MINUTES))


def _is_digits_of_a_date(cell: str) -> bool:
    """Whether all digits from the year to a part of the second stand without a sign between."""
    if not cell.startswith("20") or (found := _DATED[2].fullmatch(cell)) is None:
        return False
    said = {name: int(found[name]) for name in ("month", "day", "hour", "minute", "second")}
    return (
        1 <= said["month"] <= _MONTHS_A_YEAR and 1 <= said["day"] <= 31 and said["hour"] < 24
        and said["minute"] < 60 and said["second"] < 60
    )  # fmt: skip


def month_comes_first(cells: NDArray[np.bytes_]) -> bool | None:
    """Whether the month stands before the day in dates of numbers; None where nothing tells it.

    A number above 12 tells it, else a clock of 12 hours: who writes AM and PM beside numbers alone
    writes the month first.

    Examples
    --------
    >>> [month_comes_first(np.array([cell])) for cell in (
    ...     b"03/25/2026 07:00:00", b"03/05/2026 07:00:00 AM", b"03/05/2026 07:00:00")]
    [True, True, None]
    """
    if not len(cells) or (first := _NUMBERS.match(_text(cells[0]))) is None:
        return None
    last = _NUMBERS.match(_text(cells[-1])) or first
    if any(int(found["other"]) > _MONTHS_A_YEAR for found in (first, last)):
        return True
    if any(int(found["first"]) > _MONTHS_A_YEAR for found in (first, last)):
        return False
    return True if has_half_days(cells) else None


def is_month_assumed(date_and_time: str) -> bool:
    """Whether the clock of 12 hours alone says that the month comes first.

    Examples
    --------
    >>> [is_month_assumed(text) for text in ("03/05/2026 7:00 AM", "03/25/2026 7:00 AM")]
    [True, False]
    """
    said = _NUMBERS.match(date_and_time)
    numbers = (
        {int(said["first"]), int(said["other"])} if said and _HALF.search(date_and_time) else {}
    )
    return len(numbers) == 2 and max(numbers) <= _MONTHS_A_YEAR


def has_half_days(cells: NDArray[np.bytes_]) -> bool:
    """Whether times are of a clock of 12 hours, with AM and PM."""
    return len(cells) > 0 and _HALF.search(_text(cells[0])) is not None


def has_zone(date_and_time: str) -> bool:
    """Whether a time in words says of which zone it is.

    Examples
    --------
    >>> [has_zone(f"2026-03-01 07:00:00.125{end}") for end in ("Z", "+0100", " CET", "", " PM")]
    [True, True, True, False, False]
    """
    return _ENDS_WITH_ZONE.search(date_and_time.strip()) is not None


def day_ns(cell: str, *, month_first: bool | None = None) -> int:
    """Nanoseconds from 1970 to a day in words; 0 where it is none.

    Of numbers alone the day comes first, unless they or the caller say otherwise.

    Examples
    --------
    >>> day_ns("1.3.2026") == day_ns("2026-03-01"), day_ns("10:00")
    (True, 0)
    """
    text = f"{cell.strip()} 00:00:00"
    try:
        found = next(filter(None, (pattern.fullmatch(text) for pattern in _DATED)), None)
        return _stamp(found.groupdict(), month_first=month_first) if found else 0
    except (ValueError, KeyError):
        return 0


def stamps_in_words(cells: NDArray[np.bytes_], where: str) -> NDArray[np.int64]:
    """Nanoseconds since 1970, or since midnight where no day is given.

    Parameters
    ----------
    cells : array of bytes, shape (N,)
        Date and time in ISO 8601 or near it, with or without a zone; a time of the day goes on over
        midnight, minutes and seconds over the hour.
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
    first = month_comes_first(cells)

    def read(some: list[bytes]) -> NDArray[np.int64]:
        return np.fromiter((_one(cell, where, first) for cell in some), np.int64, len(some))

    found = read(cells.tolist())
    if counts := _with_zeros(cells.tolist()):
        counted = read(counts)
        found = counted if _goes_back(counted) < _goes_back(found) else found
    if len(found) and 0 <= found[0] < _DAY_NS:
        whole = _HOUR_NS if _MINUTES.fullmatch(_text(cells[0])) else _DAY_NS
        back = np.diff(found) < -whole // 2
        found[1:] += np.cumsum(back) * whole
    leaps = np.char.find(cells, b":60") >= 0
    if leaps.any():  # what follows a leap second is one second later than its clock says
        back = leaps[:-1] & ~leaps[1:] & (np.diff(found) < -_LEAPS_BACK_NS)
        found[1:] += np.cumsum(back) * 10**9
    return found


def _with_zeros(cells: list[bytes]) -> list[bytes]:
    """Cells with ms, or hundredths, as if printed as a count, 7:0:5.8 for 7:0:5.008, in full.

    Empty where they are none. Parts of a second without their last zeros have those in front.
    """
    parts = [found[2] for cell in cells if (found := _PART.search(cell))]
    most = max(map(len, parts), default=0)
    counted = len(set(map(len, parts))) > 1 and most <= 3
    if not counted or any(part.startswith(b"0") and part != b"0" for part in parts):
        return []
    return [_PART.sub(lambda found: found[1] + found[2].rjust(most, b"0"), cell) for cell in cells]


def _goes_back(stamps: NDArray[np.int64]) -> int:
    return int(np.count_nonzero(np.diff(stamps) < 0))


def _common_zone(cells: NDArray[np.bytes_]) -> bytes:
    """What all cells end with behind the seconds."""
    if not len(cells):
        return b""
    ending = re.search(rb"(Z|[+-]\d\d(:?\d\d)?)$", bytes(cells[0]))
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
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # of a zone that only some of them have
        try:
            stamps = text.astype("datetime64[ns]").astype(np.int64)
        except UserWarning:
            raise ValueError from None
    if np.isnat(stamps.astype("datetime64[ns]")).any():
        raise ValueError
    return stamps - _zone_ns(zone.decode())


def _zone_ns(zone: str) -> int:
    if not zone or zone == "Z":
        return 0
    if zone[0] not in "+-":
        return _LETTERED[zone] * _HOUR_NS
    sign = -1 if zone[0] == "-" else 1
    minutes = int(zone[-2:]) if len(zone) > 3 else 0
    return sign * (int(zone[1:3]) * 60 + minutes) * 60 * 10**9


def _text(cell: bytes) -> str:
    return cell.decode("ascii", "replace").strip()


def _one(cell: bytes, where: str, month_first: bool | None) -> int:
    text = _text(cell)
    try:
        for pattern in (*_DATED, _CLOCK_ALONE, _MINUTES):
            if match := pattern.fullmatch(text):
                return _stamp(match.groupdict(), month_first=month_first)
    except (ValueError, KeyError):
        pass
    raise InputError(f"{excerpt(text)} is no time: correct it, or leave the row out.", place=where)


def _stamp(said: dict[str, str | None], *, month_first: bool | None) -> int:
    """Nanoseconds since 1970.

    Raises
    ------
    ValueError, KeyError
        When there is no such day, month or zone.
    """
    hours = int(said.get("hour") or 0)
    if half := said.get("half"):
        hours = hours % 12 + (12 if half[0].lower() == "p" else 0)
    whole = _day(said, month_first=month_first) - datetime(1970, 1, 1, tzinfo=UTC)
    whole += timedelta(
        days=int(said.get("days") or 0),
        hours=hours,
        minutes=int(said.get("minute") or 0),
        seconds=int(said.get("second") or 0),
    )
    fraction = int((said.get("fraction") or "0").ljust(9, "0"))
    return (whole // timedelta(seconds=1)) * 10**9 + fraction - _zone_ns(said.get("zone") or "")


def _day(said: dict[str, str | None], *, month_first: bool | None) -> datetime:
    year = int(said.get("year") or 1970)
    year += 2000 if year < 100 else 0
    if "first" in said:
        first, second = int(said["first"] or 0), int(said["other"] or 0)
        if month_first is None:
            month_first = second > _MONTHS_A_YEAR
        month, day = (first, second) if month_first else (second, first)
    else:
        name = said.get("name")
        month = _MONTHS[name[:3].lower()] if name else int(said.get("month") or 1)
        day = int(said.get("day") or 1)
    return datetime(year, month, day, tzinfo=UTC)
