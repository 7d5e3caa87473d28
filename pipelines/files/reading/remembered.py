"""What was stated about the columns of a file, kept for files of the same shape."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from imu.errors import BackstrideError
from pipelines.files.reading.raw_columns import RawColumns
from pipelines.files.reading.stated import Earlier, parse_stated
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
    otherwise : mapping of str to str or None
        The unit that the file alone told of each; None of the first version of this file, which
        kept what numbers had told as if it had been stated.
    """

    names: str
    columns: str = ""
    units: str = ""
    otherwise: dict[str, str] | None = None


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
            version=2,
            what="what is known about columns of files",
            then="state it anew with --columns and --units",
        )
        loaded = self._store.load()
        self._known = loaded.value or Shapes()
        self._writable = loaded.replaceable
        self._told: dict[str, Shape] = {}
        self.notes = [loaded.note] if loaded.note else []

    def recall(self, raw: RawColumns) -> Earlier | None:
        """What was stated of files like this; None where nothing was."""
        shape = self._known.shapes.get(shape_of(raw))
        if shape is None or shape.otherwise is None:
            return None
        try:
            return Earlier(parse_stated(shape.columns, shape.units), shape.otherwise)
        except BackstrideError:
            return None

    def keep(self, raw: RawColumns, earlier: Earlier) -> None:
        """Keep what was stated once the file could be read by it, see :meth:`settle`.

        What the numbers of one file tell says nothing of another's.
        """
        stated = earlier.stated
        shape = Shape(
            ",".join(raw.names)[:200],
            ",".join(stated.columns),
            ",".join(f"{quantity}={unit}" for quantity, unit in sorted(stated.units.items())),
            dict(earlier.otherwise),
        )
        if stated:
            self._told[shape_of(raw)] = shape

    def settle(self) -> list[str]:
        """The file could be read: keep what was stated of it; returns :attr:`notes`."""
        shapes = {**self._known.shapes, **self._told}
        if shapes != self._known.shapes:
            self._save(shapes)
        return self.notes

    def forget(self, raw: RawColumns) -> None:
        """Forget what was stated of files like this."""
        digest = shape_of(raw)
        if digest in self._known.shapes:
            self._save({one: it for one, it in self._known.shapes.items() if one != digest})

    def _save(self, shapes: dict[str, Shape]) -> None:
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
