"""What was stated or found about the columns of a file, kept for files of the same shape."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from imu.errors import BackstrideError
from pipelines.files.reading.column_mapping import ColumnMapping
from pipelines.files.reading.raw_columns import RawColumns
from pipelines.files.reading.stated import Stated, parse_stated
from pipelines.files.stored import Store

_FILE: Final = "columns.json"
_MOST: Final = 500


@dataclass(frozen=True, slots=True)
class Shape:
    """What is known of files with the same names of columns.

    Attributes
    ----------
    names : str
        The names, for people who look into the file.
    columns, units : str
        As ``--columns`` and ``--units`` say them.
    """

    names: str
    columns: str = ""
    units: str = ""


@dataclass(frozen=True, slots=True)
class Shapes:
    """All that are known, by a digest of the names."""

    shapes: dict[str, Shape] = field(default_factory=dict)


class Remembered:
    """The shapes that a user's folder holds.

    Parameters
    ----------
    folder : Path
        Where the file is; it may not exist yet.

    Attributes
    ----------
    notes : list of str
        What went wrong with the file itself.
    """

    def __init__(self, folder: Path) -> None:
        self._store = Store(
            folder / _FILE,
            Shapes,
            version=1,
            what="what is known about columns of files",
            then="state it anew with --columns and --units",
        )
        loaded = self._store.load()
        self._known = loaded.value or Shapes()
        self._writable = loaded.replaceable
        self.notes = [loaded.note] if loaded.note else []

    def recall(self, raw: RawColumns) -> Stated:
        """What is known of files like this; nothing where it is none."""
        shape = self._known.shapes.get(shape_of(raw))
        if shape is None:
            return Stated()
        try:
            return parse_stated(shape.columns, shape.units)
        except BackstrideError:
            return Stated()

    def keep(self, raw: RawColumns, stated: Stated, mapping: ColumnMapping) -> None:
        """Keep what was stated or told by the numbers; what names tell needs no keeping."""
        units = dict(stated.units)
        for quantity, how in mapping.settled.items():
            column = {
                "time": mapping.time,
                "acc": next(iter(mapping.acceleration.values()), None),
                "gyr": next(iter(mapping.angular_velocity.values()), None),
            }[quantity]
            if how == "numbers" and column is not None and column.unit != "words":
                units[quantity] = column.unit
        shape = Shape(
            ",".join(raw.names)[:200],
            ",".join(stated.columns),
            ",".join(f"{quantity}={unit}" for quantity, unit in sorted(units.items())),
        )
        digest = shape_of(raw)
        if not (shape.columns or shape.units) or self._known.shapes.get(digest) == shape:
            return
        shapes = {**self._known.shapes, digest: shape}
        self._known = Shapes(dict(list(shapes.items())[-_MOST:]))
        if not self._writable:
            return
        try:
            self._store.save(self._known)
        except BackstrideError as error:  # it would only have spared some words next time
            self.notes.append(str(error))


def shape_of(raw: RawColumns) -> str:
    """A digest of what the header says: names, units, and how many columns there are."""
    text = "\n".join([*raw.names, "", *raw.units, str(len(raw.names))])
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]
