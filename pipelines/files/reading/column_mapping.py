"""What the columns of a file are, and one line that tells it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from pipelines.files.reading.raw_columns import excerpt
from pipelines.files.reading.stated import Column
from pipelines.files.reading.time_columns import TimeColumns
from pipelines.files.reading.units import unit_in_words

_WORDS: Final = {"acc": "acceleration", "gyr": "angular velocity", "time": "time"}

Settled = Literal["name", "option", "numbers"]


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """What the columns of a file are.

    Attributes
    ----------
    times : TimeColumns
        Without a time where the rows are counted.
    acceleration, angular_velocity : mapping of int to Column
        By axis, 0 for x to 2 for z.
    gravity : mapping of int to Column
        To be added to an acceleration without it.
    left_out : tuple of str
        Columns that are passed over.
    settled : mapping of str to str
        Whether the unit of a quantity comes from its name, an option, or the numbers.
    plain : bool
        Whether the names are those of our own table, so that there is nothing to tell.
    """

    times: TimeColumns
    acceleration: Mapping[int, Column]
    angular_velocity: Mapping[int, Column]
    gravity: Mapping[int, Column]
    left_out: tuple[str, ...] = ()
    settled: Mapping[str, Settled] = field(default_factory=dict)
    plain: bool = False

    @property
    def time(self) -> Column | None:
        """Where the time stands."""
        return self.times.time

    def unit_of(self, quantity: str) -> str:
        """The unit of ``time``, ``acc`` or ``gyr``; empty without it."""
        columns = {"acc": self.acceleration, "gyr": self.angular_velocity}.get(quantity)
        column = self.time if columns is None else next(iter(columns.values()), None)
        return column.unit if column is not None else ""

    def told(self, names: Sequence[str]) -> str:
        """One line on what is taken for what."""
        parts = []
        if self.time is not None:
            stands = [self.time, *self.times.added, self.times.gyroscope]
            parts.append(self._told_of("time", dict(enumerate(filter(None, stands))), names))
        else:
            parts.append("time counted")
        if self.acceleration:
            parts.append(self._told_of("acc", self.acceleration, names))
        if self.gravity:
            parts[-1] += f" plus gravity from {_named(self.gravity, names)}"
        if self.angular_velocity:
            parts.append(self._told_of("gyr", self.angular_velocity, names))
        if self.left_out:
            shown = ", ".join(excerpt(name) for name in self.left_out[:4])
            more = len(self.left_out) - 4
            parts.append(f"passed over: {shown}" + (f" and {more} more" if more > 0 else ""))
        return "; ".join(parts)

    def _told_of(self, quantity: str, columns: Mapping[int, Column], names: Sequence[str]) -> str:
        units = "/".join(
            dict.fromkeys(unit_in_words(column.unit) for _, column in sorted(columns.items()))
        )
        by = {"numbers": " by the numbers", "option": " as stated"}.get(
            self.settled.get(quantity, "name"), ""
        )
        return f"{_WORDS[quantity]} from {_named(columns, names)} in {units}{by}"


def _named(columns: Mapping[int, Column], names: Sequence[str]) -> str:
    said = [
        excerpt(names[c.index]) if names[c.index] else f"column {c.index + 1}"
        for _, c in sorted(columns.items())
    ]
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}"
