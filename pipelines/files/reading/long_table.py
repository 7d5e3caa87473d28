"""Tables that have a row for each sensor and time, with a column that says which sensor it is."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.errors import InputError
from pipelines.files.reading.column_names import column_name
from pipelines.files.reading.name_words import LESSER, plain_words
from pipelines.files.reading.raw_columns import RawColumns

#: A phone has about thirty sensors.
_MOST_LABELS: Final = 64
_MOST_WORDS: Final = 3


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


def tables_by_sensor(raw: RawColumns) -> SensorTables | None:
    """The rows of each sensor as a table of its own; None where no column says which it is.

    Parameters
    ----------
    raw : RawColumns
        Rows of all sensors, in any order.

    Raises
    ------
    InputError
        When it has a row for each axis.
    """
    for index, values in raw.values.items():
        if values.dtype.kind != "S" or _is_time(raw, index):
            continue
        cells = {cell: cell.decode("utf-8", "replace") for cell in np.unique(values).tolist()}
        said = sensors_named(raw.names[index], cells.values())
        labels = {cell: said[word] for cell, word in cells.items()}
        if len(labels) > _MOST_LABELS or not names_sensors(labels.values()):
            continue
        columns = _measured(raw)
        if len(columns) == 1 and any(column_name(label).axis >= 0 for label in labels.values()):
            raise InputError(
                "it has a row for each value: give a table with a column for each axis (wide, not "
                "long).",
                place=raw.at_header(),
            )
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
    found.sort(key=lambda label: (not LESSER.isdisjoint(plain_words(label)), len(label)))
    return found[0] if found else ""


def _is_time(raw: RawColumns, index: int) -> bool:
    return column_name(raw.names[index]).quantity == "time"


def _measured(raw: RawColumns) -> list[int]:
    """The three columns of numbers: called x, y and z, else the first three that are no time."""
    numbers = [k for k, v in sorted(raw.values.items()) if v.dtype.kind == "f"]
    said = {k: column_name(raw.names[k]) for k in numbers}
    axes = {one.axis: k for k, one in said.items() if one.quantity == "xyz"}
    if set(axes) == {0, 1, 2}:
        return [axes[axis] for axis in range(3)]
    rest = [k for k, one in said.items() if one.quantity not in ("time", "count")]
    if not raw.headed:  # the first is the time
        rest = [k for k in numbers if k != numbers[0]]
    return rest[:3]


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
