"""Which column is what, and in which unit: told by names, else by physics, else refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from imu.errors import ColumnError, InputError
from pipelines.files.reading.added_up import names_a_step
from pipelines.files.reading.column_mapping import ColumnMapping
from pipelines.files.reading.column_names import (
    SECOND_AXES,
    ColumnName,
    column_name,
    column_names,
    is_doubtful,
    is_sensor,
    is_told_by_company,
    may_be_angle,
    may_be_angular,
    quantity_of_file,
    sensor_words,
)
from pipelines.files.reading.mapped_units import (
    ENOUGH_ROWS,
    rough_rate,
    triad_of,
    turns_in_counts,
    with_units,
)
from pipelines.files.reading.name_words import LESSER, plain_words
from pipelines.files.reading.named_sensors import are_apart, back_first, listed, none_called
from pipelines.files.reading.nameless import HOW, by_physics
from pipelines.files.reading.physics import (
    gravity_of,
    holds_gravity,
    is_linear,
    likely_acceleration_unit,
    may_turn,
    turns_like_a_body,
    wanders,
)
from pipelines.files.reading.raw_columns import RawColumns, Values, excerpt
from pipelines.files.reading.row_groups import is_group
from pipelines.files.reading.stated import Column, Stated
from pipelines.files.reading.time_columns import time_columns
from pipelines.files.reading.units import UNITS, USUAL_UNITS, unit_scale

AXES: Final = "xyz"
_MEASURED: Final = ("acc", "gyr", "linear", "gravity", "xyz")
#: Correlation of a reading with the same reading after a correction.
_SAME_READING: Final = 0.995
_SAME_SCALE: Final = 0.05
#: Acceleration in m/s² or g is never more.
_COUNTS: Final = 1000.0
_LONGEST_DIRECTION: Final = 1.05


def tells(name: str, unit: str = "") -> bool:
    """Whether a column's name says by itself that it matters."""
    return column_name(name, unit).quantity not in ("other", "count") or is_group(name)


def is_needed(name: str, unit: str = "", *, timed: bool = True) -> bool:
    """Whether a column can matter, by its name; one without a name may, a count without a time."""
    if not name or tells(name, unit) or is_told_by_company(name) or is_sensor(name):
        return True
    said = column_name(name, unit)
    if not timed and (said.quantity == "count" or names_a_step(name)):
        return True
    return said.unit in UNITS["time"]  # of a time that no word calls so


def propose(
    raw: RawColumns,
    stated: Stated,
    rate_hz: float | None = None,
    *,
    one_sensor: bool = False,
    beside: Values | None = None,
    stream: str = "",
) -> tuple[ColumnMapping, tuple[str, ...]]:
    """Tell what the columns are.

    Parameters
    ----------
    raw : RawColumns
        The file.
    stated : Stated
        What the user says, which goes before all else.
    rate_hz : float, optional
        Sampling rate where it is stated.
    one_sensor : bool
        Whether the gyroscope alone will do, since another file has the accelerometer.
    beside : array, shape (M, 3), optional
        The acceleration of that file, m/s², where it was read before.
    stream : str
        Which of several sensors is meant, by words of its columns' names.

    Returns
    -------
    mapping : ColumnMapping
        With all units.
    names : tuple of str
        By which the columns were told.

    Raises
    ------
    ColumnError
        When a column has an unknown unit or stands twice, or an axis that is needed is missing.
    InputError
        When several readings are possible: names them and the option that settles it.
    """
    names, said = _said(raw, stated, stream, one_sensor=one_sensor)
    measured = any(s.quantity in _MEASURED for s in said)
    unnamed = sum(not name for name in names) >= 3
    if measured or (any(s.quantity != "other" for s in said) and not unnamed):
        mapping = _by_names(raw, names, said, stated, rate_hz, one_sensor=one_sensor, beside=beside)
    else:
        mapping = by_physics(raw, said, rate_hz, one_sensor=one_sensor)
    return with_units(raw, mapping, names, stated, rate_hz, beside), names


def _said(
    raw: RawColumns, stated: Stated, stream: str, *, one_sensor: bool
) -> tuple[tuple[str, ...], list[ColumnName]]:
    names = raw.names
    units = raw.units or ("",) * len(names)
    if stated.columns:
        if len(stated.columns) > len(names):
            raise InputError(
                f"--columns names {len(stated.columns)} columns where the rows have {len(names)}: "
                "name them in their order, - for one to pass over.",
                place=raw.place,
            )
        rest = len(names) - len(stated.columns)
        names = tuple("" if n == "-" else n for n in stated.columns) + ("",) * rest
        units = ("",) * len(names)
    said = column_names(names, units, stream, counted=_counted(raw, names, units, stated))
    if stream and not any(one.quantity in ("acc", "linear") for one in said):
        said = column_names(names, units)
        if not one_sensor:
            raise none_called(stream, _sensors(names), raw.at_header())
    return names, said


def _counted(
    raw: RawColumns, names: Sequence[str], units: Sequence[str], stated: Stated
) -> list[int]:
    """Columns that may be counts of a converter, of which nothing says how many make a unit."""
    found = []
    for k, values in raw.values.items():
        said = column_name(names[k], units[k])
        lesser = not LESSER.isdisjoint(plain_words(names[k]))
        if not lesser or said.unit or said.quantity in stated.units or values.dtype.kind == "S":
            continue
        with np.errstate(invalid="ignore"):
            whole = not np.any(raw.numbers(k) % 1.0 > 0.0)
            large = np.any(np.abs(raw.numbers(k)) > _COUNTS)
        if said.unknown or whole or large:
            found.append(k)
    return found


def _sensors(names: Sequence[str]) -> list[str]:
    """What tells columns of acceleration along one axis apart, by the words of their names."""
    said = [(name, column_name(name)) for name in names if name]
    found = [
        dict.fromkeys(sensor_words(name))
        for name, one in said
        if one.quantity == "acc" and one.axis == 0
    ]
    shared = set(found[0]).intersection(*found[1:]) if found else set()
    labels = (" ".join(word for word in words if word not in shared) for words in found)
    return list(dict.fromkeys(filter(None, labels)))


def _by_names(
    raw: RawColumns,
    names: Sequence[str],
    said: Sequence[ColumnName],
    stated: Stated,
    rate_hz: float | None,
    *,
    one_sensor: bool,
    beside: Values | None,
) -> ColumnMapping:
    found = _triads(raw, names, said, stated, one_sensor=one_sensor, beside=beside)
    turning = found["gyr"]
    doubtful = "gyr" not in stated.units and any(is_doubtful(names[k]) for k in _places(turning))
    if found["acc"] and doubtful and not _turns(raw, names, said, turning, rate_hz):
        found["gyr"] = {}
    firsts = [names[_places(found[q])[0]] for q in ("acc", "gyr") if found[q]]
    if len(firsts) == 2 and are_apart(*firsts):
        found["gyr"] = {}  # of another sensor
    acceleration = found["acc"]
    gravity: Mapping[int, Column] = {}
    if not acceleration and found["linear"]:
        acceleration, gravity = _whole_acceleration(raw, names, found, stated)
    if not (one_sensor and not acceleration and len(found["gyr"]) == 3):
        _check_axes(raw, acceleration, found["gyr"])
    measured = (*acceleration.values(), *gravity.values(), *found["gyr"].values())
    times = time_columns(
        raw,
        names,
        said,
        {"acc": _places(acceleration), "gyr": _places(found["gyr"])},
        stated.units.get("time", ""),
        counted=rate_hz is not None,
    )
    used = {column.index for column in (*measured, *times.columns)}
    left_out = tuple(
        n for k, n in enumerate(raw.shown or raw.names) if n not in ("", "-") and k not in used
    )
    plain = all(n == n.lower() and n.split("_")[0] in UNITS for n in names if n)
    return ColumnMapping(
        times, acceleration, found["gyr"], gravity, left_out, plain=plain and not left_out
    )


def _turns(
    raw: RawColumns,
    names: Sequence[str],
    said: Sequence[ColumnName],
    columns: Mapping[int, Column],
    rate_hz: float | None,
) -> bool:
    """Whether columns are a rate by their numbers; those that may be an angle are no counts."""
    triad = triad_of(raw, columns)
    if not turns_like_a_body(triad):
        return False
    if not any(may_be_angle(names[k]) for k in _places(columns)):
        return True
    if turns_in_counts(triad):
        return False
    times = (k for k, one in enumerate(said) if one.quantity == "time" and k in raw.values)
    time = next((Column(k, said[k].unit) for k in times), None)
    return not wanders(triad, rate_hz or rough_rate(raw, time))


def _places(columns: Mapping[int, Column]) -> list[int]:
    return [column.index for column in columns.values()]


def _triads(
    raw: RawColumns,
    names: Sequence[str],
    said: Sequence[ColumnName],
    stated: Stated,
    *,
    one_sensor: bool,
    beside: Values | None,
) -> dict[str, dict[int, Column]]:
    """Columns of each quantity by axis."""
    found: dict[str, dict[int, Column]] = {quantity: {} for quantity in _MEASURED}
    again: list[tuple[Column, int]] = []
    for index, name in enumerate(said):
        if name.quantity not in found or not 0 <= name.axis < 3 or index not in raw.values:
            continue
        if name.unknown and name.quantity not in stated.units:
            raise _unknown_unit(raw, names[index], name, index)
        axes = found[name.quantity]
        if name.axis in axes:
            again.append((axes[name.axis], index))
        else:
            axes[name.axis] = Column(index, name.unit)
    angular = any(may_be_angular(names[k]) for k in _places(found["acc"]))
    if angular and "acc" not in stated.units and not _holds_gravity(raw, found["acc"]):
        found["acc"] = {}
    again = _other_than_gravity(raw, said, found, again)
    for first, index in again:
        if not _alike(raw, first, Column(index, said[index].unit), said[index].quantity):
            sensors, cure = back_first(_sensors(names)), "keep one of the two columns"
            if len(sensors) > 1:
                cure = f"name one sensor by --stream, such as --stream {excerpt(sensors[0])} "
                cure += f"(there are {listed(sensors)})"
            raise ColumnError(
                f"{excerpt(names[index])} gives {said[index].quantity}_{AXES[said[index].axis]} a "
                f"second time: {cure}, or say which it is with --columns.",
                column=names[index],
                place=raw.at_header(index),
            )
    if one_sensor and beside is not None and len(found["xyz"]) == 3 and not found["gyr"]:
        found["gyr"] = found["xyz"]
    elif second := _second_axes(raw, names):
        _two_bare(raw, found, second)
    else:
        _bare_axes(raw, found)
    return found


def _other_than_gravity(
    raw: RawColumns,
    said: Sequence[ColumnName],
    found: dict[str, dict[int, Column]],
    again: list[tuple[Column, int]],
) -> list[tuple[Column, int]]:
    """Columns that stand a second time, without those of an acceleration with and without gravity.

    As apps write both, the one that holds it is found.
    """
    second = {said[k].axis: Column(k, said[k].unit) for _, k in again if said[k].quantity == "acc"}
    others = [(first, k) for first, k in again if said[k].quantity != "acc"]
    if len(second) != 3 or len(again) - len(others) != 3 or len(found["acc"]) != 3:
        return again
    for whole, rest in ((found["acc"], second), (second, found["acc"])):
        if _holds_gravity(raw, whole) and is_linear(triad_of(raw, rest), triad_of(raw, whole)):
            found["acc"] = whole
            return others
    return again


def _holds_gravity(raw: RawColumns, columns: Mapping[int, Column]) -> bool:
    units = {column.unit for column in columns.values()}
    scale = unit_scale("acc", units.pop()) or 1.0 if units != {""} and len(units) == 1 else 1.0
    triad = triad_of(raw, columns) * scale
    return likely_acceleration_unit(gravity_of(triad, 100.0)) != "" and holds_gravity(triad, 100.0)


def _alike(raw: RawColumns, first: Column, second: Column, quantity: str) -> bool:
    """Whether two columns are one reading, of which one may have been corrected for its bias."""
    in_si = quantity if quantity in UNITS else "acc"
    scales = [(unit_scale(in_si, c.unit) if c.unit else None) or 1.0 for c in (first, second)]
    one, other = raw.numbers(first.index) * scales[0], raw.numbers(second.index) * scales[1]
    both = np.isfinite(one) & np.isfinite(other)
    if both.sum() < ENOUGH_ROWS:
        return False
    with np.errstate(all="ignore"):
        alike = np.corrcoef(one[both], other[both])[0, 1]
        scale = np.std(one[both]) / np.std(other[both])
    return bool(alike > _SAME_READING and abs(scale - 1.0) < _SAME_SCALE)


def _whole_acceleration(
    raw: RawColumns,
    names: Sequence[str],
    found: Mapping[str, dict[int, Column]],
    stated: Stated,
) -> tuple[dict[int, Column], dict[int, Column]]:
    """The acceleration that is called linear, and the gravity to be added to it.

    Robots call it linear to tell it from the angular one, and leave gravity in.
    """
    linear, gravity = found["linear"], found["gravity"]
    if linear.keys() == gravity.keys():
        return linear, gravity
    units = {stated.units.get("acc") or c.unit for c in linear.values()}
    unit = units.pop() if len(units) == 1 else ""
    triad = triad_of(raw, linear)
    likely = likely_acceleration_unit(gravity_of(triad, 100.0) * (unit_scale("acc", unit) or 1.0))
    # without a unit, one that turns slowly looks like 1 g at the most, and not all the time
    if likely == "m_s2" or (likely and not unit and holds_gravity(triad, 100.0)):
        return linear, {}
    first = names[linear[min(linear)].index]
    raise ColumnError(
        f"{excerpt(first)} is acceleration without gravity, from which no lean and no step "
        "can be told: give the acceleration that the sensor measures, or gravity besides.",
        column=first,
        place=raw.at_header(),
    )


def _unknown_unit(raw: RawColumns, shown: str, name: ColumnName, index: int) -> ColumnError:
    quantity = f"{name.quantity}_{AXES[name.axis]}"
    *most, last = (f"{quantity}_{unit}" for unit in USUAL_UNITS[name.quantity])
    so = {"acc": "acc=g/2048", "gyr": "gyr=deg_s/16.4"}[name.quantity]
    return ColumnError(
        f"{excerpt(shown)} has the unknown unit {excerpt(name.unknown)}: give its unit with "
        f"--units, such as {so} where so many make one, or name it {', '.join(most)} or {last}.",
        column=shown,
        place=raw.at_header(index),
    )


def _bare_axes(raw: RawColumns, found: dict[str, dict[int, Column]]) -> None:
    """Columns x, y, z say nothing of what was measured: take them for what is lacking."""
    bare = found["xyz"]
    if len(bare) < 2:
        return
    if found["gyr"]:
        if not found["acc"] and not found["linear"]:
            found["acc"] = bare
    elif quantity_of_file(raw.place) == "gyr" or (found["acc"] and _rotates(raw, bare)):
        found["gyr"] = bare
    elif not found["acc"] and not found["linear"]:
        found["acc"] = bare


def _second_axes(raw: RawColumns, names: Sequence[str]) -> dict[int, Column]:
    """Columns that are called as x, y and z are, and numbered; nothing unless they are three."""
    said = ((k, " ".join(plain_words(name))) for k, name in enumerate(names) if k in raw.values)
    second = {SECOND_AXES[words]: Column(k) for k, words in said if words in SECOND_AXES}
    return second if len(second) == 3 else {}


def _two_bare(
    raw: RawColumns, found: dict[str, dict[int, Column]], second: dict[int, Column]
) -> None:
    """Of two x, y, z without a word one holds gravity, and the other turns about nought."""
    for acceleration, turning in ((found["xyz"], second), (second, found["xyz"])):
        alone = not _holds_gravity(raw, turning) and may_turn(triad_of(raw, turning))
        if len(turning) == 3 and alone and _holds_gravity(raw, acceleration):
            found["acc"] = found["acc"] or acceleration
            found["gyr"] = found["gyr"] or turning
            return
    _bare_axes(raw, found)


def _rotates(raw: RawColumns, bare: Mapping[int, Column]) -> bool:
    """Whether columns called rotation are a velocity: a direction is no longer than one."""
    if len(bare) < 3 or any("rotation" not in raw.names[c.index].lower() for c in bare.values()):
        return False
    return bool(np.nanmax(np.linalg.norm(triad_of(raw, bare), axis=1)) > _LONGEST_DIRECTION)


def _check_axes(
    raw: RawColumns, acceleration: Mapping[int, Column], angular_velocity: Mapping[int, Column]
) -> None:
    if len(acceleration) < 2:
        raise ColumnError(
            f"there {'is one acceleration axis' if acceleration else 'is no acceleration axis'}: "
            "give at least two of acc_x, acc_y and acc_z, each with _m_s2, _g or _mg, or "
            f"{HOW}.",
            column="acc",
            place=raw.at_header(),
        )
    if len(angular_velocity) in (1, 2):
        missing = [f"gyr_{AXES[axis]}" for axis in range(3) if axis not in angular_velocity]
        raise ColumnError(
            f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing: give all "
            "three angular velocity axes or none.",
            column=missing[0],
            place=raw.at_header(),
        )
