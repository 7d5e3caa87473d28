"""The units of a file's columns: stated, told by their names, or by what bodies do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from imu.errors import ColumnError
from pipelines.files.reading.column_mapping import ColumnMapping, Settled
from pipelines.files.reading.physics import (
    counts_cure,
    gravity_at_rest,
    gravity_of,
    holds_gravity,
    likely_acceleration_unit,
    likely_angular_velocity_unit,
    likely_counts,
    likely_time_unit,
    likely_time_units,
    median_norm,
    moving_part,
    rate_in,
)
from pipelines.files.reading.raw_columns import RawColumns, Values, excerpt
from pipelines.files.reading.stamps import units_of_clock
from pipelines.files.reading.stated import Column, Stated
from pipelines.files.reading.stated_rate import beat_frequency_hz
from pipelines.files.reading.units import unit_scale
from pipelines.files.reading.unsigned_counts import about_a_middle, middle_of

#: Two values of a file that has so few rows fit any unit.
ENOUGH_ROWS: Final = 20
#: Seconds in which a body moves that tell the unit, whatever the sensor does in all others.
_ENOUGH_MOVING_S: Final = 5.0
#: How far sensors at rest are from one g at most, by half the way from 1000 to 1024.
_NO_COUNTS: Final = 0.012
#: No body turns as fast half of the time, °/s.
_FASTEST: Final = 860.0
#: Where acceleration varies by such a part of its mean, a body moves, and never so often a second.
_SWINGS: Final = 0.3
_FASTEST_BEAT_HZ: Final = 12.0
_ENOUGH_BEATS: Final = 200  # rows
_BEATS_HZ: Final = (1.2, 6.0)
#: What some programs and clocks count in, and no name says.
_SELDOM_TOLD: Final = ("cs", "s/1024", "s/32768")
#: Few do as fast, °/s; whole numbers beyond it are rather a converter's.
_FAST: Final = 400.0


def with_units(
    raw: RawColumns,
    mapping: ColumnMapping,
    names: Sequence[str],
    stated: Stated,
    rate_hz: float | None,
    beside: Values | None,
) -> ColumnMapping:
    """The same columns with a unit each.

    Raises
    ------
    ColumnError
        When neither name, option nor numbers tell one.
    """
    for quantity, columns in (("acc", mapping.acceleration), ("gyr", mapping.angular_velocity)):
        _refuse_about_a_middle(raw, columns, quantity, names, stated)
    settled: dict[str, Settled] = {}
    times, time = mapping.times, mapping.time
    if time is not None:
        time = _time_with_unit(raw, mapping, names, stated, settled)
        times = times.in_unit(time.unit)
    rate = rate_hz or rough_rate(raw, time)
    acceleration = _one_unit(mapping.acceleration, "acc", stated, settled)
    gravity = _one_unit(mapping.gravity, "acc", stated, settled)
    if _unitless(acceleration):
        whole = triad_of(raw, acceleration) + (triad_of(raw, gravity) if gravity else 0.0)
        unit = _acceleration_unit(raw, whole, names, acceleration, rate)
        acceleration, settled["acc"] = _all_in(acceleration, unit), "numbers"
        gravity = _all_in(gravity, unit)
    elif gravity and _unitless(gravity):
        gravity = _all_in(gravity, acceleration[0].unit)
    angular_velocity = _one_unit(mapping.angular_velocity, "gyr", stated, settled)
    if _unitless(angular_velocity):
        si = triad_of(raw, acceleration, "acc") if acceleration else np.zeros((0, 3))
        if not acceleration and beside is not None:
            rows = len(next(iter(raw.values.values())))
            si = beside[np.linspace(0, len(beside) - 1, rows).astype(np.int64)]
        turning = triad_of(raw, angular_velocity)
        measured = np.atleast_1d(np.isfinite(turning).all(axis=1))
        if len(si) and measured.any() and not measured.all():  # rows may be of one sensor alone
            si, turning = si[np.isfinite(si).all(axis=1)], turning[measured]
            si = si[np.linspace(0, len(si) - 1, len(turning)).astype(np.int64)]
            rate *= len(turning) / len(measured)
        unit = _angular_velocity_unit(raw, turning, si, names, angular_velocity, rate)
        angular_velocity, settled["gyr"] = _all_in(angular_velocity, unit), "numbers"
    plain = mapping.plain and not settled
    return replace(
        mapping,
        times=times,
        acceleration=acceleration,
        gravity=gravity,
        angular_velocity=angular_velocity,
        settled=settled,
        plain=plain,
    )


def _time_with_unit(
    raw: RawColumns,
    mapping: ColumnMapping,
    names: Sequence[str],
    stated: Stated,
    settled: dict[str, Settled],
) -> Column:
    time = mapping.time
    assert time is not None  # asked of those that have one
    if raw.values[time.index].dtype.kind == "S":
        return Column(time.index, "words")
    if "time" in stated.units:
        settled["time"] = "option"
        return Column(time.index, stated.units["time"])
    values = raw.numbers(time.index)
    units = [time.unit] if time.unit else [*likely_time_units(values)]
    if len(units) == 1 and not time.unit:
        settled["time"] = "numbers"
        units += _units_of_a_body(raw, mapping, values, units[0])
    if len(units) == 1:
        units = units_of_clock(values, units[0])
    if len(units) == 1:
        return Column(time.index, units[0])
    name = names[time.index] or f"column {time.index + 1}"
    fault = "has no unit and its steps are those of no sensor in s, ms, us or ns"
    cure = (
        "name it time_s, time_ms, time_us or time_ns, or give how many make a second with --units "
        "time=s/32768 or so"
    )
    if units:
        fault = f"may be in {' as well as in '.join(units)}"
        cure = "give " + " or ".join(f"--units time={unit}" for unit in units)
    raise ColumnError(
        f"{excerpt(name)} {fault}: {cure}.",
        column=name,
        place=raw.at_header(time.index),
    )


def _refuse_about_a_middle(
    raw: RawColumns,
    columns: Mapping[int, Column],
    quantity: str,
    names: Sequence[str],
    stated: Stated,
) -> None:
    """Refuse counts of a converter of which the middle is nought, whatever make a unit."""
    units = {stated.units.get(quantity) or column.unit for column in columns.values()}
    if len(columns) < 3 or any(unit and "/" not in unit for unit in units):
        return
    middle = middle_of(triad_of(raw, columns))
    if middle:
        index = columns[0].index
        name = names[index] or f"column {index + 1}"
        raise ColumnError(
            f"{excerpt(name)} looks like {about_a_middle(middle)}.",
            column=name,
            place=raw.at_header(index),
        )


def _units_of_a_body(
    raw: RawColumns, mapping: ColumnMapping, times: Values, unit: str
) -> list[str]:
    """Other units in which what swings does so as a body can, where in that one it cannot."""
    rate = rate_in(times, unit)
    if not mapping.acceleration or not rate > 0.0 or len(times) < _ENOUGH_BEATS:
        return []
    length = np.linalg.norm(np.nan_to_num(triad_of(raw, mapping.acceleration)), axis=1)
    if not length.std() > _SWINGS * length.mean():
        return []
    rows_a_beat = rate / beat_frequency_hz(length, rate)
    if rate < _FASTEST_BEAT_HZ * rows_a_beat:
        return []
    slowest, fastest = _BEATS_HZ
    return [
        other for other in _SELDOM_TOLD
        if slowest <= rate_in(times, other) / rows_a_beat <= fastest
    ]  # fmt: skip


def _one_unit(
    columns: Mapping[int, Column], quantity: str, stated: Stated, settled: dict[str, Settled]
) -> dict[int, Column]:
    """Columns with the unit that is stated, or that others of the triad name."""
    if columns and quantity in stated.units:
        settled[quantity] = "option"
        return _all_in(columns, stated.units[quantity])
    known = {column.unit for column in columns.values() if column.unit}
    if len(known) != 1:
        return dict(columns)
    unit = known.pop()
    return {axis: Column(c.index, c.unit or unit) for axis, c in columns.items()}


def _all_in(columns: Mapping[int, Column], unit: str) -> dict[int, Column]:
    return {axis: Column(column.index, unit) for axis, column in columns.items()}


def _unitless(columns: Mapping[int, Column]) -> bool:
    return any(not column.unit for column in columns.values())


def triad_of(raw: RawColumns, columns: Mapping[int, Column], quantity: str = "") -> Values:
    """Three columns side by side, in SI where the quantity is given; 0 for one that is missing."""
    triad = np.zeros((len(next(iter(raw.values.values()))), 3))
    for axis, column in columns.items():
        scale = unit_scale(quantity, column.unit) if quantity else 1.0
        with np.errstate(
            over="ignore", invalid="ignore"
        ):  # the chain's door deals with what is not finite
            triad[:, axis] = raw.numbers(column.index) * (scale or 1.0)
    return triad


def _acceleration_unit(
    raw: RawColumns,
    triad: Values,
    names: Sequence[str],
    columns: Mapping[int, Column],
    rate_hz: float,
) -> str:
    moving = moving_part(triad, rate_hz)
    moves = len(moving) >= max(ENOUGH_ROWS, _ENOUGH_MOVING_S * rate_hz)
    gravity = gravity_of(moving if moves and holds_gravity(moving, rate_hz) else triad, rate_hz)
    unit = likely_acceleration_unit(gravity) if len(triad) >= ENOUGH_ROWS else ""
    rest = gravity_at_rest(triad, rate_hz) if unit in ("", "mg") else gravity
    counted = unit == "mg" and bool(np.all(np.nan_to_num(triad) % 1.0 == 0.0))
    if unit and not (counted and not abs(rest / 1000.0 - 1.0) <= _NO_COUNTS):
        return unit
    index = next(c.index for c in columns.values() if not c.unit)
    name = names[index] or f"column {index + 1}"
    counts = likely_counts(gravity, rest)
    if unit:
        fault = "may be in mg as well as in counts of which 1024 make one g"
        cure = "give --units acc=mg or --units acc=g/1024"
    elif counts and len(triad) >= ENOUGH_ROWS:
        fault = f"looks like raw counts, {counts_cure(counts)}"
        cure = ""
    else:
        fault = "has no unit, and the numbers look like none"
        cure = (
            "name the column acc_x_m_s2, acc_x_g or acc_x_mg and so on, or give the unit with "
            "--units acc=g, or acc=g/2048 where 2048 counts make one g"
        )
    said = ": ".join(filter(None, (fault, cure)))
    raise ColumnError(f"{excerpt(name)} {said}.", column=name, place=raw.at_header(index))


def _angular_velocity_unit(
    raw: RawColumns,
    triad: Values,
    acceleration_m_s2: Values,
    names: Sequence[str],
    columns: Mapping[int, Column],
    rate_hz: float,
) -> str:
    if not np.nan_to_num(triad).any():
        return "rad_s"  # nothing was measured
    unit = likely_angular_velocity_unit(triad, acceleration_m_s2, rate_hz)
    counts = turns_in_counts(triad)
    if unit and not counts and len(triad) >= ENOUGH_ROWS:
        return unit
    index = next(c.index for c in columns.values() if not c.unit)
    name = names[index] or f"column {index + 1}"
    fault = "the numbers may be rad/s as well as deg/s: give --units gyr=rad_s or --units gyr=deg_s"
    if counts:
        fault = (
            "the numbers look like raw counts: give how many make one °/s, such as "
            "--units gyr=deg_s/16.4, or --units gyr=mdeg_s, or --units gyr=deg_s where they are "
            "whole degrees"
        )
    raise ColumnError(
        f"{excerpt(name)} has no unit, and {fault}.", column=name, place=raw.at_header(index)
    )


def turns_in_counts(triad: Values) -> bool:
    """Whether numbers are too large for an angular velocity, as counts of a converter are."""
    turning = median_norm(triad)
    whole = bool(np.all(np.nan_to_num(triad) % 1.0 == 0.0))
    return turning > _FASTEST or (whole and turning > _FAST)


def rough_rate(raw: RawColumns, time: Column | None) -> float:
    """About how many rows are a second of a file, Hz; 100 where that cannot be told."""
    if time is None or raw.values[time.index].dtype.kind == "S":
        return 100.0
    values = raw.numbers(time.index)
    rate = rate_in(values, time.unit or likely_time_unit(values))
    return rate if 0.0 < rate < np.inf else 100.0
