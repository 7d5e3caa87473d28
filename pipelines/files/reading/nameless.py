"""What columns without names are: time increases, acceleration holds gravity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from imu.errors import InputError
from pipelines.files.reading.column_mapping import ColumnMapping
from pipelines.files.reading.column_names import ColumnName
from pipelines.files.reading.mapped_units import rough_rate
from pipelines.files.reading.physics import (
    gravity_of,
    holds_gravity,
    is_linear,
    likely_acceleration_unit,
    may_turn,
)
from pipelines.files.reading.rate_names import stated_rate_hz
from pipelines.files.reading.raw_columns import RawColumns, Values
from pipelines.files.reading.stated import Column
from pipelines.files.reading.time_columns import TimeColumns, can_be_time

#: What to do where the names of columns do not say what they are.
HOW: Final = (
    "say what the columns are with --columns, such as "
    "time_s,acc_x_g,acc_y_g,acc_z_g,gyr_x_deg_s,gyr_y_deg_s,gyr_z_deg_s, - for one to pass over"
)
#: Columns in threes: two sensors, and what stands beside them.
_MOST_COLUMNS: Final = 14
#: What the least of three axes of one sensor changes by from row to row, as a part of the most.
_ALIVE: Final = 0.02
#: How much gravity alone swings, as a part of the acceleration that it is of, and how it lies.
_HARDLY_SWINGS: Final = 0.3
_SAME_DIRECTION: Final = 0.98

Three = tuple[int, ...]
Triads = tuple[Three, Three]


def by_physics(
    raw: RawColumns, said: Sequence[ColumnName], rate_hz: float | None, *, one_sensor: bool = False
) -> ColumnMapping:
    """Tell what columns without names are; ``one_sensor`` of two files is the gyroscope alone.

    Raises
    ------
    InputError
        When that is not plain: names the option that settles it.
    """
    rate_hz = rate_hz or stated_rate_hz(raw.preamble.items())
    numbers = [k for k, v in sorted(raw.values.items()) if v.dtype.kind == "f"]
    words = [k for k, v in sorted(raw.values.items()) if v.dtype.kind == "S"]
    named = [k for k in numbers if said[k].quantity == "time" and not said[k].unknown]
    rising = [k for k in numbers if can_be_time(raw.numbers(k))]
    counters = [k for k in rising if _counts(raw.numbers(k))]
    times = named or words or [k for k in rising if k not in counters] or counters
    time = Column(times[0], said[times[0]].unit) if times else None
    rate = rate_hz or rough_rate(raw, time)
    measured = [k for k in numbers if k not in rising]
    acceleration, angular_velocity = _triads(raw, measured, rate)
    if one_sensor and not acceleration and len(measured) == 3 and _may_be_gyroscope(raw, measured):
        angular_velocity = tuple(measured)
    if not (acceleration or angular_velocity):
        fault = "the names of the columns do not say" if raw.headed else "the columns have no names"
        raise InputError(
            f"{fault}, and it is not plain which of the {len(raw.names)} is what: {HOW}.",
            place=raw.at_header(),
        )
    if time is None and rate_hz is None:
        raise InputError(
            "the columns have no names and none of them is time: give the sampling rate with "
            "--rate.",
            place=raw.at_header(),
        )
    used = {*acceleration, *angular_velocity, *(times[:1])}
    return ColumnMapping(
        TimeColumns(time),
        {axis: Column(k) for axis, k in enumerate(acceleration)},
        {axis: Column(k) for axis, k in enumerate(angular_velocity)},
        {},
        tuple(raw.names[k] or f"column {k + 1}" for k in numbers if k not in used),
    )


def _triads(raw: RawColumns, columns: Sequence[int], rate_hz: float) -> Triads:
    """The acceleration and the gyroscope beside it; empty where they are not plain.

    Something else may stand before, between and behind them, and three columns across two sensors
    look like an acceleration, too: it is the one that has a gyroscope beside it. A number that is
    the same in all rows is no axis, where without such there are threes.
    """
    changing = [k for k in columns if (raw.numbers(k) != raw.numbers(k)[0]).any()]
    columns = changing if changing and len(changing) % 3 == 0 else columns
    if len(columns) > _MOST_COLUMNS:
        return (), ()
    whole = _in_threes(raw, columns, rate_hz)
    if whole[0] and len(columns) % 3 == 0:
        return whole
    found = _anywhere(raw, columns, rate_hz)
    return whole if whole[1] and not found[0] else found


def _in_threes(raw: RawColumns, columns: Sequence[int], rate_hz: float) -> Triads:
    """Those of the threes that are counted from the first column; empty where not plain."""
    threes = [tuple(columns[k : k + 3]) for k in range(0, len(columns) - 2, 3)]
    gravity = _accelerations(raw, threes, rate_hz)
    if len(gravity) != 1:
        return (), ()
    turning = [t for t in threes if _may_be_gyroscope(raw, t) and not _is_linear(raw, t, gravity)]
    turning = [three for three in turning if three not in gravity]
    return gravity[0], turning[0] if len(turning) == 1 else ()


def _anywhere(raw: RawColumns, columns: Sequence[int], rate_hz: float) -> Triads:
    """Those of all threes side by side; empty where not plain."""
    threes = [tuple(columns[k : k + 3]) for k in range(len(columns) - 2)]
    gravity = [threes.index(three) for three in _accelerations(raw, threes, rate_hz)]
    turning = [k for k, t in enumerate(threes) if k not in gravity and _may_be_gyroscope(raw, t)]
    held = [threes[k] for k in gravity]
    linear = {column for k in turning if _is_linear(raw, threes[k], held) for column in threes[k]}
    turning = [k for k in turning if linear.isdisjoint(threes[k])]
    beside = {k: _away(k, turning, (3, 4)) for k in gravity}
    found = [k for k in gravity if beside[k]] or gravity
    if len(found) > 1 and len(columns) % 3 == 0:
        found = [k for k in found if k % 3 == 0]
    if len(found) != 1:
        return (), ()
    (chosen,) = found
    near = beside[chosen] or _away(chosen, turning, (6, 7))
    return threes[chosen], threes[near[0]] if len(near) == 1 else ()


def _away(place: int, others: Sequence[int], distances: Sequence[int]) -> list[int]:
    """Those of other threes that are the first of some distances away."""
    at = ([k for k in others if abs(k - place) == distance] for distance in distances)
    return next(filter(None, at), [])


def _counts(values: Values) -> bool:
    return bool((np.diff(values) == 1.0).all())


def _side_by_side(raw: RawColumns, columns: Sequence[int]) -> Values:
    return np.stack([raw.numbers(k) for k in columns], axis=1)


def _accelerations(raw: RawColumns, threes: Sequence[Three], rate_hz: float) -> list[Three]:
    """Those that are accelerations, without gravity alone, as phones write it beside."""
    found = [three for three in threes if _is_acceleration(raw, three, rate_hz)]
    triads = [_side_by_side(raw, three) for three in found]
    means = [np.nanmean(triad, axis=0) for triad in triads]
    lengths = [np.linalg.norm(mean) for mean in means]
    directions = [mean / length for mean, length in zip(means, lengths, strict=True)]
    swings = [np.nanstd(t - m) / n for t, m, n in zip(triads, means, lengths, strict=True)]
    every = range(len(found))
    return [
        found[k] for k in every
        if not any(swings[k] < _HARDLY_SWINGS * swings[j]
                   and directions[k] @ directions[j] > _SAME_DIRECTION for j in every)
    ]  # fmt: skip


def _is_acceleration(raw: RawColumns, columns: Sequence[int], rate_hz: float) -> bool:
    triad = _side_by_side(raw, columns)
    unit = likely_acceleration_unit(gravity_of(triad, rate_hz))
    return unit != "" and holds_gravity(triad, rate_hz) and _is_alive(triad)


def _may_be_gyroscope(raw: RawColumns, columns: Sequence[int]) -> bool:
    triad = _side_by_side(raw, columns)
    return may_turn(triad) and _is_alive(triad)


def _is_linear(raw: RawColumns, columns: Three, accelerations: Sequence[Three]) -> bool:
    """Whether columns are one of some accelerations without its gravity, and no gyroscope."""
    triad = _side_by_side(raw, columns)
    return any(is_linear(triad, _side_by_side(raw, three)) for three in accelerations)


def _is_alive(triad: Values) -> bool:
    """Whether some of it varies, and all that does so from row to row: a temperature drifts."""
    with np.errstate(over="ignore", invalid="ignore"):
        steps = np.nanmean(np.abs(np.diff(triad, axis=0)), axis=0)
    return bool(steps.any() and (steps[steps != 0.0] > _ALIVE * steps.max()).all())
