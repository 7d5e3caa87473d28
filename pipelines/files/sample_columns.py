"""Column names of the sample table: what each measures, along which axis, in which unit."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from imu.errors import ColumnError
from imu.samples import STANDARD_GRAVITY_M_S2
from pipelines.files.table_head import excerpt

__all__ = [
    "ACCELERATION_UNITS",
    "ANGULAR_VELOCITY_UNITS",
    "TIME_UNITS",
    "Column",
    "SampleColumns",
    "sample_columns",
]

#: One second in each unit of time a column may have.
TIME_UNITS: Final[Mapping[str, float]] = {"s": 1.0, "ms": 1e3, "us": 1e6}

#: Each accepted unit of acceleration, in m/s².
ACCELERATION_UNITS: Final[Mapping[str, float]] = {
    "m_s2": 1.0,
    "g": STANDARD_GRAVITY_M_S2,
    "mg": STANDARD_GRAVITY_M_S2 / 1000.0,
}

#: Each accepted unit of angular velocity, in rad/s.
ANGULAR_VELOCITY_UNITS: Final[Mapping[str, float]] = {"rad_s": 1.0, "deg_s": math.pi / 180.0}

_UNITS: Final = {
    "time": TIME_UNITS,
    "acc": ACCELERATION_UNITS,
    "gyr": ANGULAR_VELOCITY_UNITS,
}
_PATTERN: Final = re.compile(r"(time|(?:acc|gyr)_[xyz])(?:_(.*))?")
_ACCEPTED: Final = (
    "time_s, time_ms or time_us, acc_x, acc_y and acc_z with _m_s2, _g or _mg, "
    "gyr_x, gyr_y and gyr_z with _rad_s or _deg_s"
)


@dataclass(frozen=True, slots=True)
class Column:
    """Where a quantity stands in a row and in which unit."""

    index: int
    unit: str


@dataclass(frozen=True, slots=True)
class SampleColumns:
    """The columns of a sample table; the sensors' by axis, 0 for x to 2 for z."""

    time: Column | None
    acceleration: Mapping[int, Column]
    angular_velocity: Mapping[int, Column]


def sample_columns(names: Sequence[str], *, place: str = "", line: int = 1) -> SampleColumns:
    """Make out the columns of a sample table; capitals do not matter.

    Parameters
    ----------
    names : sequence of str
        The header's names.
    place, line
        File and line of the header, for messages.

    Raises
    ------
    ColumnError
        When a column has no unit, an unknown unit or an unknown name, stands twice, or when the
        file has fewer than two acceleration axes or only some angular velocity axes.

    Examples
    --------
    >>> columns = sample_columns(["time_ms", "acc_x_g", "acc_z_g"])
    >>> columns.time, columns.acceleration[2]
    (Column(index=0, unit='ms'), Column(index=2, unit='g'))
    """
    header = f"{place}, line {line}" if place else f"line {line}"
    found: dict[str, Column] = {}
    for index, name in enumerate(names):
        where = f"{header}, column {index + 1}"
        quantity, unit = _quantity_and_unit(name, where)
        if quantity in found:
            raise ColumnError(
                f"{excerpt(name)} gives {quantity} a second time: keep one of the two columns.",
                column=name,
                place=where,
            )
        found[quantity] = Column(index, unit)
    acceleration = _axes_of("acc", found)
    angular_velocity = _axes_of("gyr", found)
    if len(acceleration) < 2:
        raise ColumnError(
            f"there {'is one acceleration axis' if acceleration else 'is no acceleration axis'}: "
            "give at least two of acc_x, acc_y and acc_z, each with _m_s2, _g or _mg.",
            column="acc",
            place=header,
        )
    if len(angular_velocity) in (1, 2):
        missing = [
            f"gyr_{letter}" for axis, letter in enumerate("xyz") if axis not in angular_velocity
        ]
        raise ColumnError(
            f"{' and '.join(missing)} is missing: give all three angular velocity axes or none.",
            column=missing[0],
            place=header,
        )
    return SampleColumns(found.get("time"), acceleration, angular_velocity)


def _quantity_and_unit(name: str, where: str) -> tuple[str, str]:
    if not name:
        raise ColumnError(
            "the column has no name: name it or remove it (an index column, or a comma at the end "
            "of the header).",
            column=name,
            place=where,
        )
    match = _PATTERN.fullmatch(name.lower())
    if match is None:
        raise ColumnError(
            f"{excerpt(name)} is not known: remove it or rename it; accepted are {_ACCEPTED}.",
            column=name,
            place=where,
        )
    quantity, unit = match[1], match[2]
    units = _UNITS[quantity[:3] if quantity != "time" else "time"]
    if unit not in units:
        fault = f"has the unknown unit {excerpt(unit)}" if unit else "has no unit"
        *most, last = (f"{quantity}_{accepted}" for accepted in units)
        raise ColumnError(
            f"{excerpt(name)} {fault}: name it {', '.join(most)} or {last}.",
            column=name,
            place=where,
        )
    return quantity, unit


def _axes_of(sensor: str, found: Mapping[str, Column]) -> dict[int, Column]:
    named = ((axis, found.get(f"{sensor}_{letter}")) for axis, letter in enumerate("xyz"))
    return {axis: column for axis, column in named if column is not None}
