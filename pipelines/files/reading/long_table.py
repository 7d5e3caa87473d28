"""Tables that have a row for each sensor and time, with a column that says which sensor it is."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.errors import InputError
from pipelines.files.reading.column_names import column_name
from pipelines.files.reading.name_words import LESSER, at_waist, plain_words
from pipelines.files.reading.raw_columns import RawColumns

#: A phone has about thirty sensors.
MOST_LABELS: Final = 64
_MOST_WORDS: Final = 3
_AXES: Final = "xyz"


#: What Android calls its sensors, by their numbers (``android.hardware.Sensor``).
_ANDROID: Final = {
    "1": "accelerometer", "2": "magnetic field", "4": "gyroscope", "9": "gravity",
    "10": "linear acceleration", "11": "rotation vector", "14": "magnetic field uncalibrated",
    "15": "game rotation vector", "16": "gyroscope uncalibrated",
    "35": "accelerometer uncalibrated",
}  # fmt: skip


def sensors_named(name: str, cells: Collection[str]) -> dict[str, str]:
    """What the cells of a column say of rows; of numbers under ``type`` what Android means by them.

    One number alone, for as long as is looked at, is of an activity.

    Examples
    --------
    >>> sensors_named("sensor_type", ["1", "4"]), sensors_named("trial", ["1", "4"])
    ({'1': 'accelerometer', '4': 'gyroscope'}, {'1': '1', '4': '4'})
    >>> sensors_named("type", ["1"])
    {'1': '1'}
    """
    is_type = "type" in plain_words(name) and len(cells) > 1 and set(cells) <= _ANDROID.keys()
    return {cell: _ANDROID[cell] if is_type else cell for cell in cells}


@dataclass(frozen=True, slots=True)
class SensorTables:
    """A table for each of two sensors.

    Attributes
    ----------
    acceleration : RawColumns
        Of the accelerometer.
    angular_velocity : RawColumns or None
        Of the gyroscope.
    """

    acceleration: RawColumns
    angular_velocity: RawColumns | None


def names_sensors(labels: Collection[str]) -> bool:
    """Whether words say of rows which sensor they are of.

    Examples
    --------
    >>> names_sensors(["Accelerometer", "Gyroscope"]), names_sensors(["R", "L", "A"])
    (True, False)
    """
    acc, gyr = _label_of("acc", labels), _label_of("gyr", labels)
    return len(acc) > 1 or bool(acc and gyr)  # an A alone may say anything


def names_a_sensor(title: str) -> bool:
    """Whether a line is the title of a sensor's rows.

    Examples
    --------
    >>> names_a_sensor("GYROSCOPE"), names_a_sensor("end of recording")
    (True, False)
    """
    return any(_label_of(quantity, [title]) for quantity in ("acc", "gyr"))


def label_columns(names: Sequence[str], cells: Mapping[int, Collection[str]]) -> list[int]:
    """Of columns of words those that say which sensor, or which of its axes, a row is of.

    Examples
    --------
    >>> label_columns(["who", "axis"], {0: {"accelerometer", "gyroscope"}, 1: {"x", "y"}})
    [0, 1]
    >>> label_columns(["field"], {0: {"acc_x"}}), label_columns(["lap"], {0: {"a", "b"}})
    ([0], [])
    """
    sensors = [k for k in cells if names_sensors(sensors_named(names[k], cells[k]).values())][:1]
    axes = [k for k in cells if are_axes(cells[k])]
    whole = [k for k in cells if any(_axis_of(cell) is not None for cell in cells[k])]
    return sorted({*sensors, *axes[:1]}) if sensors and axes else sensors or whole[:1]


def are_axes(cells: Collection[str]) -> bool:
    """Whether words are axes alone: x, y and z."""
    return len(cells) > 0 and {cell.lower() for cell in cells} <= {*_AXES}


def _axis_of(label: str) -> tuple[str, int] | None:
    """Which sensor's axis a label names; None where it names none."""
    said = column_name(label)
    known = said.quantity in ("acc", "gyr") and 0 <= said.axis < 3
    return (said.quantity, said.axis) if known and len(label.split()) <= _MOST_WORDS else None


def _by_axis(raw: RawColumns) -> SensorTables | None:
    """Rows of one value each as a table for each sensor; None where they are others.

    Raises
    ------
    InputError
        When the axes of a sensor were not measured together.
    """
    cells = {
        k: {cell.decode("utf-8", "replace") for cell in np.unique(v).tolist()}
        for k, v in raw.values.items() if v.dtype.kind == "S" and not _is_time(raw, k)
    }  # fmt: skip
    columns = label_columns(raw.names, {k: v for k, v in cells.items() if len(v) <= MOST_LABELS})
    numbers = [k for k in _measured(raw, 0) if np.isfinite(raw.numbers(k)).any()]
    value = [k for k in numbers if "value" in plain_words(raw.names[k])] or numbers
    if not columns or len(value) != 1:
        return None
    labels = np.asarray(raw.values[columns[0]], np.bytes_)
    for k in columns[1:]:
        labels = np.char.add(np.char.add(labels, b" "), np.asarray(raw.values[k], np.bytes_))
    said = {label: label.decode("utf-8", "replace") for label in np.unique(labels).tolist()}
    said = {label: words for label, words in said.items() if _axis_of(words) is not None}
    worn = at_waist(said.values()) or said.values()
    rows = {
        words: np.flatnonzero(labels == label) for label, words in said.items() if words in worn
    }
    if (whole := _side_by_side(raw, value[0], rows)) is not None:
        return SensorTables(whole, None)
    apart = [
        {words: one for words, one in rows.items() if column_name(words).quantity == quantity}
        for quantity in ("acc", "gyr")
    ]
    acc, gyr = (_side_by_side(raw, value[0], some) for some in apart)
    if acc is None or (gyr is None and apart[1]):
        raise InputError(
            "it has a row for each value, and not each axis at each time once: give a table with a "
            "column for each axis (wide, not long).",
            place=raw.at_header(),
        )
    return SensorTables(acc, gyr)


def _side_by_side(
    raw: RawColumns, value: int, rows: Mapping[str, NDArray[np.int64]]
) -> RawColumns | None:
    """The values of each label as a column, where the one with most has the times of all others.

    What has no value at a time is NaN; nothing is told of labels whose times are others.
    """
    times = {k: v for k, v in raw.values.items() if _is_time(raw, k)}
    if not times or not rows:
        return None
    first = max(rows.values(), key=len)
    held = {k: v[first] for k, v in times.items()}
    clock = max(held, key=lambda k: len(np.unique(held[k])))
    order = np.argsort(held[clock], kind="stable")
    unique = len(np.unique(held[clock])) == len(first)
    columns = []
    for one in rows.values():
        own = times[clock][one]
        places = order[np.searchsorted(held[clock][order], own).clip(max=len(first) - 1)]
        if np.array_equal(own, held[clock]):
            places = np.arange(len(first))
        elif not unique or not np.array_equal(held[clock][places], own):
            return None
        columns.append(np.full(len(first), np.nan))
        columns[-1][places] = raw.values[value][one]
    unit, count, line_of = column_name(raw.names[value]).unit, len(raw.names), raw.line_of
    names = [name if k in times else "" for k, name in enumerate(raw.names)]
    measured = {count + k: column for k, column in enumerate(columns)}
    return replace(
        raw,
        names=(*names, *(f"{words} [{unit}]" if unit else words for words in rows)),
        values={**held, **measured},
        units=(*raw.units, *([""] * len(rows) if raw.units else [])),
        shown=(),
        line_of=None if line_of is None else lambda row: line_of(int(first[row])),
    )


def tables_by_sensor(raw: RawColumns) -> SensorTables | None:
    """The rows of each sensor as a table of its own; None where no column says which it is.

    Parameters
    ----------
    raw : RawColumns
        Rows of all sensors, in any order.

    Raises
    ------
    InputError
        When it has a row for each value, and these are not those of three axes each time.
    """
    if (found := _by_axis(raw)) is not None:
        return found
    for index, values in raw.values.items():
        if values.dtype.kind != "S" or _is_time(raw, index):
            continue
        cells = {cell: cell.decode("utf-8", "replace") for cell in np.unique(values).tolist()}
        said = sensors_named(raw.names[index], cells.values())
        labels = {cell: said[word] for cell, word in cells.items()}
        if len(labels) > MOST_LABELS or not names_sensors(labels.values()):
            continue
        columns = _measured(raw, 3)
        if len(columns) != 3:
            continue
        parts = {}
        for quantity in ("acc", "gyr"):
            chosen = _label_of(quantity, labels.values())
            cell = next((key for key, word in labels.items() if word == chosen), None)
            parts[quantity] = (
                None if cell is None else _of_rows(raw, values == cell, quantity, index, columns)
            )
        if parts["acc"] is not None:
            return SensorTables(parts["acc"], parts["gyr"])
    return None


def _label_of(quantity: str, labels: Collection[str]) -> str:
    """The label of the sensor that is plainly meant; empty without one."""
    found = [
        label for label in labels
        if len(label.split()) <= _MOST_WORDS and column_name(f"{label} x").quantity == quantity
    ]  # fmt: skip
    # beside a total one, as phones call it, gravity is lacking
    plain = {label: LESSER.isdisjoint(plain_words(label)) for label in found}
    found.sort(key=lambda one: (not one.lower().startswith("total"), not plain[one], len(one)))
    return found[0] if found else ""


def _is_time(raw: RawColumns, index: int) -> bool:
    return column_name(raw.names[index]).quantity == "time"


def _measured(raw: RawColumns, most: int) -> list[int]:
    """Three columns of numbers that are called x, y and z, else those that are no time.

    ``most`` is how many of these at most; all for 0.
    """
    numbers = [k for k, v in sorted(raw.values.items()) if v.dtype.kind == "f"]
    said = {k: column_name(raw.names[k]) for k in numbers}
    axes = {one.axis: k for k, one in said.items() if one.quantity == "xyz"}
    if set(axes) == {0, 1, 2}:
        return [axes[axis] for axis in range(3)]
    rest = [k for k, one in said.items() if one.quantity not in ("time", "count")]
    if not raw.headed:  # the first is the time
        rest = [k for k in numbers if k != numbers[0]]
    return rest[: most or None]


def _of_rows(
    raw: RawColumns,
    rows: NDArray[np.bool_],
    quantity: str,
    label: int,
    columns: Sequence[int],
) -> RawColumns:
    names = ["" if k == label else name for k, name in enumerate(raw.names)]
    for axis, k in zip("xyz", columns, strict=True):
        unit = column_name(raw.names[k]).unit
        names[k] = f"{quantity}_{axis}" + (f" [{unit}]" if unit else "")
    if not raw.headed:
        names[min(k for k, v in raw.values.items() if v.dtype.kind == "f")] = "time"
    kept = {k: v[rows] for k, v in raw.values.items() if k != label and names[k]}
    place = np.flatnonzero(rows)
    line_of = raw.line_of
    return replace(
        raw,
        names=tuple(names),
        values=kept,
        shown=tuple("" if k == label else name for k, name in enumerate(raw.shown or raw.names))
        if raw.headed
        else (),
        line_of=None if line_of is None else lambda row: line_of(int(place[row])),
    )
