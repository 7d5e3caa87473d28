"""Which columns of a table say when a row was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from pipelines.files.reading.column_names import ColumnName
from pipelines.files.reading.raw_columns import RawColumns, Values, excerpt
from pipelines.files.reading.stamps import date_units, stamps_in_words
from pipelines.files.reading.stated import Column
from pipelines.files.reading.units import unit_scale

#: Rows that are looked at to tell columns apart.
_LOOKED_AT: Final = 4096
_NS: Final = 10**9


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
    """
    called = [k for k, one in enumerate(said) if one.quantity == "time" and k in raw.values]
    found = [k for k in called if unit or not _untold(raw, names[k], said[k], k)]
    untold = next((_untold(raw, names[k], said[k], k) for k in called if k not in found), "")
    # also those that hold neither numbers nor times
    words = (k for k, one in enumerate(said) if one.quantity == "time" and k not in raw.values)
    unread = (
        f"{excerpt(names[k])} holds no times that can be read: write them as numbers of s or ms, "
        "or as 2026-03-01 10:00:00.125"
        for k in words
    )
    untold = untold or next(unread, "")
    fraction = _fraction(raw, said, found)
    added = [*([] if fraction is None else [fraction]), *_of_the_clock(raw, said, found)]
    found = [k for k in found if k not in added]
    own = _own_time_of_gyroscope(raw, said, found, sensors)
    found = [k for k in found if k != own or len(found) == 1]
    if not found:
        return TimeColumns(untold=untold)
    chosen = found[0]
    if len(found) > 1:
        chosen = max(found, key=lambda k: (_different(raw, k), bool(said[k].unit), -k))
    in_words = raw.values[chosen].dtype.kind == "S"
    return TimeColumns(
        Column(chosen, "" if in_words else said[chosen].unit),
        tuple(Column(k, said[k].unit) for k in added),
        None if own in (None, chosen) else Column(own, said[own].unit),
    )


def _different(raw: RawColumns, column: int) -> int:
    """How many rows a column tells apart."""
    values = raw.values[column][:_LOOKED_AT]
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


def _fraction(raw: RawColumns, said: Sequence[ColumnName], times: Sequence[int]) -> int | None:
    """A column that holds the part of the second which another one lacks."""
    for k in times:
        scale = unit_scale("time", said[k].unit) if said[k].unit in ("ms", "us", "ns") else None
        if scale is None or raw.values[k].dtype.kind != "f":
            continue
        parts = raw.numbers(k)
        parts = parts[np.isfinite(parts)]
        if not len(parts) or parts.min() < 0.0 or parts.max() * scale >= 1.0:
            continue
        if any(_whole_seconds(raw, said, other) for other in times if other != k):
            return k
    return None


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
    said: Sequence[ColumnName],
    times: Sequence[int],
    sensors: Mapping[str, Sequence[int]],
) -> int | None:
    """The time column that names the gyroscope, or stands between both sensors before it."""
    acc, gyr = sensors["acc"], sensors["gyr"]
    if not acc or not gyr or len(times) < 2:
        return None
    before = [k for k in times if said[k].of in ("", "acc")]
    named = [k for k in times if said[k].of == "gyr"]
    between = [k for k in before if max(acc) < k < min(gyr)]
    own = named or between
    if not own or raw.values[own[0]].dtype.kind == "S":
        return None
    others = [
        k for k in before
        if k not in own and said[k].unit == said[own[0]].unit and raw.values[k].dtype.kind == "f"
    ]  # fmt: skip
    if not others:
        return None
    one, other = raw.numbers(own[0]), raw.numbers(others[0])
    return None if np.array_equal(one, other, equal_nan=True) else own[0]


def can_be_time(values: Values) -> bool:
    """Whether a column can be time: hardly ever smaller, and larger at the end."""
    with np.errstate(over="ignore", invalid="ignore"):
        steps = np.diff(values)
    return len(steps) > 2 and float(np.mean(steps >= 0)) > 0.98 and bool(values[-1] > values[0])
