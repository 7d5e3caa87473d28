"""Which columns of a table say when a row was measured."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.errors import InputError
from imu.samples import RATE_RANGE_HZ
from pipelines.files.reading.column_names import ColumnName, sensor_words
from pipelines.files.reading.name_words import NEUTRAL
from pipelines.files.reading.physics import rate_in
from pipelines.files.reading.raw_columns import RawColumns, Values, excerpt
from pipelines.files.reading.stamps import date_units, is_time_in_words, stamps_in_words
from pipelines.files.reading.stated import Column
from pipelines.files.reading.units import TIME_UNITS, unit_scale

#: Rows that are looked at to tell columns apart.
_LOOKED_AT: Final = 4096
_NS: Final = 10**9
#: How far times of the axes of one sensor are apart at most, as a part of the interval.
_SAME_TIME: Final = 0.25


@dataclass(frozen=True, slots=True)
class TimeColumns:
    """Where times stand.

    Attributes
    ----------
    time : Column or None
        None where nothing tells it.
    added : tuple of Column
        To be added to it: the fraction of the second where the time has whole ones alone, minutes
        and hours where it has the seconds of each minute.
    gyroscope : Column or None
        The gyroscope's own time, of the same clock and unit.
    untold : str
        Why a column that is called time is not taken for one; empty without such.
    """

    time: Column | None = None
    added: tuple[Column, ...] = ()
    gyroscope: Column | None = None
    untold: str = ""

    @property
    def columns(self) -> tuple[Column, ...]:
        """All of them."""
        return tuple(filter(None, (self.time, *self.added, self.gyroscope)))

    def in_unit(self, unit: str) -> TimeColumns:
        """The same, in a unit that was found out."""
        gyroscope = self.gyroscope and Column(self.gyroscope.index, unit)
        return replace(self, time=self.time and Column(self.time.index, unit), gyroscope=gyroscope)


def time_columns(
    raw: RawColumns,
    names: Sequence[str],
    said: Sequence[ColumnName],
    sensors: Mapping[str, Sequence[int]],
    unit: str,
    *,
    counted: bool = False,
) -> TimeColumns:
    """The time columns of a table with names.

    Parameters
    ----------
    raw : RawColumns
        The table.
    names, said
        Its names, and what each says.
    sensors : mapping of str to sequence of int
        Where the columns of ``acc`` and ``gyr`` stand.
    unit : str
        Of the time, where the user says it.
    counted : bool
        Whether the user states a rate, which goes before a column without a name.
    """
    called = [
        k
        for k, one in enumerate(said)
        if one.quantity == "time" and k in raw.values and _changes(raw.values[k])
    ]
    # a word of three letters, such as tac, may be of another thing
    short = [k for k in called if said[k].of and len(names[k].strip()) == 3]
    plain = [k for k in called if k not in short]
    called = [k for k in called if k in plain or _steps_as(raw, k, plain)]
    called = called or _by_unit(raw, said) or ([] if counted else _nameless(raw, names))
    found = [k for k in called if unit or not _untold(raw, names[k], said[k], k)]
    untold = next((_untold(raw, names[k], said[k], k) for k in called if k not in found), "")
    # also those that hold neither numbers nor times
    words = (k for k, one in enumerate(said) if one.quantity == "time" and k not in raw.values)
    unread = (
        f"{excerpt(names[k])} holds no times that can be read: write them as numbers of s or ms, "
        "or as 2026-03-01 10:00:00.125"
        for k in words
    )
    # and those of which a spreadsheet left the first digits
    same = (
        f"{excerpt(names[k])} says the same time in all rows: export it with all its digits"
        for k, one in enumerate(said)
        if one.quantity == "time" and k in raw.values and not _changes(raw.values[k])
    )
    untold = untold or next(unread, "") or next(same, "")
    fraction, seconds = _fraction(raw, names, said, found)
    added = [*fraction, *_of_the_clock(raw, said, found)]
    found = seconds or [k for k in found if k not in added]
    if not found:
        return TimeColumns(untold=untold)
    first = "acc" if sensors["acc"] else "gyr"
    chosen = _time_of(raw, names, said, found, first, sensors[first])
    _refuse_axes_apart(raw, names, said, found, sensors)
    own = None
    if sensors["acc"]:
        own = _own_time_of_gyroscope(raw, names, said, found, sensors, chosen)
    in_words = raw.values[chosen].dtype.kind == "S"
    return TimeColumns(
        Column(chosen, "" if in_words else said[chosen].unit),
        tuple(Column(k, said[k].unit) for k in added),
        None if own in (None, chosen) else Column(own, said[own].unit),
    )


def _changes(values: NDArray[np.generic]) -> bool:
    """Whether a column says more than one time."""
    if values.dtype.kind == "S" or len(values) < 2:
        return True
    numbers = np.asarray(values, np.float64)
    return bool(np.nanmin(numbers, initial=np.inf) < np.nanmax(numbers, initial=-np.inf))


def _steps_as(raw: RawColumns, column: int, others: Sequence[int]) -> bool:
    """Whether a column steps about as far as the first of others, where there are any."""
    if not others or "S" in {raw.values[k].dtype.kind for k in (column, others[0])}:
        return True
    own, other = (_step(raw.numbers(k)) for k in (column, others[0]))
    return 0.5 * other <= own <= 2.0 * other


def _step(values: Values) -> float:
    steps = np.abs(np.diff(values[np.isfinite(values)]))
    return float(np.median(steps)) if steps.size else math.nan


def _by_unit(raw: RawColumns, said: Sequence[ColumnName]) -> list[int]:
    """A column that no word calls a time, but its unit, and that steps as sensors measure."""
    low, high = RATE_RANGE_HZ
    found = [
        k for k, one in enumerate(said)
        if one.quantity == "other" and one.axis < 0 and one.unit in TIME_UNITS and k in raw.values
        and raw.values[k].dtype.kind == "f" and can_be_time(raw.numbers(k))
        and low <= rate_in(raw.numbers(k), one.unit) <= high
    ]  # fmt: skip
    return found if len(found) == 1 else []


def _nameless(raw: RawColumns, names: Sequence[str]) -> list[int]:
    """The one column that has no name, as an index has none, and holds times."""
    found = [k for k, name in enumerate(names) if not name and k in raw.values]
    if len(found) != 1:
        return []
    cells = raw.values[found[0]]
    if cells.dtype.kind == "S":
        words = cells[:1].tolist()
        return found if words and is_time_in_words(words[0].decode("ascii", "replace")) else []
    values = raw.numbers(found[0])
    # whole numbers that are no date count rows, perhaps every other one
    tells = bool((values % 1.0 != 0.0).any()) or bool(date_units(float(values[0])))
    return found if tells and can_be_time(values) else []


def _time_of(
    raw: RawColumns,
    names: Sequence[str],
    said: Sequence[ColumnName],
    times: Sequence[int],
    sensor: str,
    columns: Sequence[int],
) -> int:
    """The time of a sensor: one that names it, one beside its first column, or else any."""
    named = [k for k in times if said[k].of == sensor]
    times = named or [k for k in times if not said[k].of] or list(times)
    shared = {k: _shared_words(names[k], names[min(columns)]) if columns else 0 for k in times}
    times = [k for k in times if shared[k] == max(shared.values())]
    beside = _beside(said, times, len(raw.names), min(columns)) if columns else []

    def most(some: Sequence[int]) -> int:
        return max((_different(raw, k, columns) for k in some), default=0)

    # a day or a whole second beside it is no clock of its own
    some = beside if 2 * most(beside) > most(times) else times
    return max(some, key=lambda k: (_different(raw, k, columns), bool(said[k].unit), -k))


def _shared_words(name: str, other: str) -> int:
    """How many words two names have in common, such as the place of a sensor."""
    common = {*sensor_words(name)} & {*sensor_words(other)}
    return sum(len(word) > 1 and not word.isdecimal() for word in common - NEUTRAL)


def _beside(said: Sequence[ColumnName], times: Sequence[int], count: int, column: int) -> list[int]:
    """Times next to a column, with nothing that was measured between them: mostly before it."""
    behind = len(times) > 1 and 0 not in times and count - 1 in times
    step = 1 if behind else -1
    found: list[int] = []
    for k in range(column + step, count if behind else -1, step):
        if k in times:
            found.append(k)
        elif found and said[k].quantity not in ("time", "count"):
            break
    return found


def _refuse_axes_apart(
    raw: RawColumns,
    names: Sequence[str],
    said: Sequence[ColumnName],
    times: Sequence[int],
    sensors: Mapping[str, Sequence[int]],
) -> None:
    """Refuse axes of one sensor that have times of their own, which differ.

    Raises
    ------
    InputError
        When they do.
    """
    for columns in sensors.values():
        own = {k: _beside(said, times, len(raw.names), k)[:1] for k in columns}
        clocks = {k: raw.values[found[0]] for k, found in own.items() if found}
        first = next(iter(clocks.values()), None)
        for k, clock in clocks.items():
            if first is None or np.array_equal(first, clock, equal_nan=clock.dtype.kind == "f"):
                continue
            steps = np.diff(np.asarray(first, np.float64))
            away = np.nanmax(np.abs(np.asarray(clock, np.float64) - np.asarray(first, np.float64)))
            if not away < _SAME_TIME * np.nanmedian(np.abs(steps)):
                raise InputError(
                    f"{excerpt(names[k])} was measured at other times than the axis before it: "
                    "export the three axes with one time for all.",
                    place=raw.at_header(k),
                )


def _different(raw: RawColumns, column: int, measured: Sequence[int]) -> int:
    """How many rows a column tells apart, of those in which a sensor has a number."""
    has = np.ones(len(raw.values[column][:_LOOKED_AT]), np.bool_)
    for k in measured[:1]:
        has = np.isfinite(raw.numbers(k)[:_LOOKED_AT])
    values = raw.values[column][:_LOOKED_AT]
    values = values[has] if has.any() else values
    if values.dtype.kind == "f":
        values = values[np.isfinite(values)]
    values = np.sort(values)  # numpy.unique imports masked arrays
    return int(np.count_nonzero(values[1:] != values[:-1]))


def _untold(raw: RawColumns, name: str, said: ColumnName, column: int) -> str:
    """Why this is no time yet; empty where it is one."""
    if said.unit or raw.values[column].dtype.kind == "S":
        return ""
    values = raw.numbers(column)
    if len(values) and date_units(float(values[0])):
        return ""
    if said.unknown == "ticks":
        return (
            f"{excerpt(name)} counts ticks, and nothing says how many make a second: give it with "
            "--units time=s/32768 or so"
        )
    if said.unknown:
        return (
            f"{excerpt(name)} has the unknown unit {excerpt(said.unknown)}: give how many make a "
            "second with --units time=s/1000 or so"
        )
    steps = np.diff(values[np.isfinite(values)])
    if len(steps) > 2 and np.mean(steps == 1.0) > 0.95:
        return (
            f"{excerpt(name)} goes up by one a row: if it is in ms, give --units time=ms; else it "
            "counts rows"
        )
    return ""


def _fraction(
    raw: RawColumns, names: Sequence[str], said: Sequence[ColumnName], times: Sequence[int]
) -> tuple[list[int], list[int]]:
    """A column that holds the part of the second which others lack, and these: of its clock."""
    for k in times:
        scale = unit_scale("time", said[k].unit) if said[k].unit in ("ms", "us", "ns") else None
        if scale is None or raw.values[k].dtype.kind != "f":
            continue
        parts = raw.numbers(k)
        parts = parts[np.isfinite(parts)]
        if not len(parts) or parts.min() < 0.0 or parts.max() * scale >= 1.0:
            continue
        whole = [other for other in times if other != k and _whole_seconds(raw, said, other)]
        shared = {other: _shared_words(names[k], names[other]) for other in whole}
        if whole:
            return [k], [other for other in whole if shared[other] == max(shared.values())]
    return [], []


def _of_the_clock(raw: RawColumns, said: Sequence[ColumnName], times: Sequence[int]) -> list[int]:
    """Columns with the minute and the hour, beside one with the second of each minute."""
    ranges = {"s": 60.0, "min": 60.0, "h": 24.0}
    clock = [
        k for k in times
        if said[k].unit in ranges and raw.values[k].dtype.kind == "f"
        and np.nanmin(raw.numbers(k), initial=np.inf) >= 0.0
        and np.nanmax(raw.numbers(k), initial=-np.inf) < ranges[said[k].unit]
    ]  # fmt: skip
    units = [said[k].unit for k in clock]
    if "s" not in units or "min" not in units or len(units) != len(set(units)):
        return []
    return [k for k in clock if said[k].unit != "s"]


def _whole_seconds(raw: RawColumns, said: Sequence[ColumnName], column: int) -> bool:
    values = raw.values[column][:_LOOKED_AT]
    if values.dtype.kind == "S":
        stamps = stamps_in_words(np.asarray(values, np.bytes_), raw.at_header(column))
        return bool((stamps % _NS == 0).all()) and len(np.unique(stamps)) > 1
    if said[column].unit not in ("s", ""):
        return False
    numbers = np.asarray(values, np.float64)
    steps = np.diff(numbers)
    # those of a minute begin anew
    return bool((numbers % 1.0 == 0.0).all()) and {0.0, 1.0} <= set(steps) <= {0.0, 1.0, -59.0}


def _own_time_of_gyroscope(
    raw: RawColumns,
    names: Sequence[str],
    said: Sequence[ColumnName],
    times: Sequence[int],
    sensors: Mapping[str, Sequence[int]],
    chosen: int,
) -> int | None:
    """Another time than the one of the accelerometer, of the same clock."""
    gyr = sensors["gyr"]
    others = [k for k in times if said[k].of != "acc" and raw.values[k].dtype.kind == "f"]
    if not gyr or not others or raw.values[chosen].dtype.kind != "f":
        return None
    own = _time_of(raw, names, said, others, "gyr", gyr)
    if own == chosen or said[own].unit != said[chosen].unit:
        return None
    is_its_own = said[own].of == "gyr" or own in _beside(said, others, len(raw.names), min(gyr))
    alike = np.array_equal(raw.numbers(own), raw.numbers(chosen), equal_nan=True)
    return own if is_its_own and not alike else None


def can_be_time(values: Values) -> bool:
    """Whether a column can be time: hardly ever smaller, and larger at the end."""
    with np.errstate(over="ignore", invalid="ignore"):
        steps = np.diff(values)
    return len(steps) > 2 and float(np.mean(steps >= 0)) > 0.98 and bool(values[-1] > values[0])
