"""What a user says of the columns of a file, and where a quantity stands."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from imu.errors import ParameterError
from pipelines.files.reading.column_names import column_name
from pipelines.files.reading.units import UNITS, unit_in_brackets, unit_scale

_NAMES: Final = (
    "time_s, time_ms, time_us or time_ns, acc_x, acc_y and acc_z with _m_s2, _g or _mg, "
    "gyr_x, gyr_y and gyr_z with _rad_s or _deg_s"
)


@dataclass(frozen=True, slots=True)
class Column:
    """Where a quantity stands and in which unit."""

    index: int
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Stated:
    """What a user says about the columns.

    Attributes
    ----------
    columns : tuple of str
        Names in order of the file's columns, ``-`` for one to pass over; empty when not said.
    units : mapping of str to str
        By ``time``, ``acc`` and ``gyr``.
    forgets : bool
        Whether what was stated of earlier files with these columns is to be forgotten.
    """

    columns: tuple[str, ...] = ()
    units: Mapping[str, str] = field(default_factory=dict)
    forgets: bool = False

    def __bool__(self) -> bool:
        return bool(self.columns or self.units)


@dataclass(frozen=True, slots=True)
class Earlier:
    """What was stated of an earlier file with the same names.

    Attributes
    ----------
    stated : Stated
        What the user said.
    otherwise : mapping of str to str
        The unit that file alone told of each that was stated, empty where it told none. A file that
        tells another one comes from another sensor, of which nothing was said.
    """

    stated: Stated
    otherwise: Mapping[str, str]


def parse_stated(columns: str = "", units: str = "") -> Stated:
    """What ``--columns`` and ``--units`` say.

    Raises
    ------
    ParameterError
        When a name or a unit is none.

    Examples
    --------
    >>> parse_stated("time_s,acc_x_g,-,acc_z_g", "gyr=deg_s").columns
    ('time_s', 'acc_x_g', '-', 'acc_z_g')
    """
    forgets = columns.strip().lower() == "auto"
    said_columns = "" if forgets else columns.strip()
    names = tuple(re.split(r"\s*[,;\t]\s*", said_columns)) if said_columns else ()
    for name in names:
        said = column_name(name)
        if name != "-" and (said.quantity not in UNITS or said.unknown or "/" in name):
            raise ParameterError("--columns", name, f"names out of {_NAMES}, or - to pass over one")
    found: dict[str, str] = {}
    for piece in filter(None, (piece.strip() for piece in units.split(","))):
        quantity, _, written = (part.strip() for part in piece.partition("="))
        quantity, unit = quantity.lower(), written
        if quantity in UNITS and unit_scale(quantity, written) is None:
            unit = unit_in_brackets(written, stated=True)
        if quantity in found or quantity not in UNITS or unit_scale(quantity, unit) is None:
            raise ParameterError(
                "--units",
                piece,
                "units such as acc=g,gyr=deg_s,time=ms, each once: m_s2, g, mg or g/2048 (counts "
                "of which 2048 make one) or '0.488 mg' (of one count), rad_s or deg_s, s, ms, us "
                "or ns",
            )
        found[quantity] = unit
    return Stated(names, found, forgets)
