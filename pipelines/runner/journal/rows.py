"""An entry as a row of its table, and back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, fields
from datetime import date
from typing import Any, Final, Protocol, TypeVar

from imu.errors import ParameterError, RecordingError
from pipelines.runner.journal.entries import (
    Entry,
    Exercise,
    Pain,
    Questionnaire,
    RunBaseline,
    Session,
    Settings,
    Shoe,
)

__all__ = [
    "ENTRIES",
    "NAMES",
    "Row",
    "columns_of",
    "entries_from",
    "entry_from",
    "settings_from",
    "settings_rows",
]

EntryType = TypeVar(
    "EntryType", bound=Session | RunBaseline | Pain | Shoe | Exercise | Questionnaire
)


class Row(Protocol):
    """Anything that has values by name."""

    def __getitem__(self, name: str, /) -> Any: ...


#: Kinds of entries by the name of their table, in the order in which they refer to one another.
ENTRIES: Final[dict[str, type[Entry]]] = {
    kind.TABLE: kind for kind in (Shoe, Session, RunBaseline, Pain, Exercise, Questionnaire)
}
#: Fields by the name of the table, in the order in which an entry takes them.
NAMES: Final = {
    table: tuple(field.name for field in fields(kind)) for table, kind in ENTRIES.items()
}
_JSON: Final = frozenset({"means", "answers"})
_DATES: Final = frozenset({"bought", "retired"})
_TRUTHS: Final = frozenset({"cleared"})
#: What a row cannot hold as it is, by the name of the field.
_READ: Final[dict[str, Callable[[Any], Any]]] = {
    **dict.fromkeys(_JSON, lambda value: json.loads(value) if isinstance(value, str) else value),
    **dict.fromkeys(_DATES, lambda value: None if value is None else date.fromisoformat(value)),
    **dict.fromkeys(_TRUTHS, bool),
}
#: Where those are, by the name of the table.
_PLACES: Final = {
    table: tuple((place, _READ[name]) for place, name in enumerate(names) if name in _READ)
    for table, names in NAMES.items()
}
#: What a value that makes no sense leads to.
_SENSELESS: Final = (
    ParameterError, ValueError, KeyError, IndexError, TypeError, AttributeError,
)  # fmt: skip


def columns_of(entry: Entry) -> dict[str, object]:
    """The columns of an entry's row by name, without its identifier."""
    columns: dict[str, object] = {}
    for field in fields(entry):
        value = getattr(entry, field.name)
        if field.name in _JSON:
            value = json.dumps(dict(value), sort_keys=True, ensure_ascii=False)
        elif field.name in _DATES and value is not None:
            value = value.isoformat()
        elif field.name in _TRUTHS:
            value = int(value)
        columns[field.name] = value
    del columns["identifier"]
    if not isinstance(entry, Shoe | RunBaseline):
        columns["day"] = entry.day.toordinal()
    return columns


def entry_from(kind: type[EntryType], row: Row) -> EntryType:
    """The entry that a row or a JSON object holds.

    Raises
    ------
    RecordingError
        When a value makes no sense.
    """
    try:
        values = [row[name] for name in NAMES[kind.TABLE]]
    except (KeyError, IndexError, TypeError) as error:
        raise _senseless(kind.TABLE, error) from None
    (entry,) = entries_from(kind, [values])
    return entry


def entries_from(kind: type[EntryType], rows: Iterable[Iterable[Any]]) -> list[EntryType]:
    """The entries of rows that hold the fields in the order of :data:`NAMES`.

    Raises
    ------
    RecordingError
        When a value makes no sense.
    """
    places = _PLACES[kind.TABLE]
    entries: list[EntryType] = []
    try:
        for row in rows:
            values = list(row)
            for place, read in places:
                values[place] = read(values[place])
            entries.append(kind(*values))
    except _SENSELESS as error:
        raise _senseless(kind.TABLE, error) from None
    return entries


def _senseless(table: str, error: Exception) -> RecordingError:
    return RecordingError(
        f"an entry of {table} makes no sense ({str(error).rstrip('.')}): restore the "
        "journal from a copy or delete the entry."
    )


def settings_rows(settings: Settings) -> list[tuple[str, str]]:
    """Names and JSON values."""
    return [(name, json.dumps(value)) for name, value in asdict(settings).items()]


def settings_from(rows: Iterable[tuple[str, str]]) -> Settings:
    """The settings that the rows hold; names of a newer program are left out.

    Raises
    ------
    RecordingError
        When a value makes no sense.
    """
    known = {field.name for field in fields(Settings)}
    try:
        return Settings(**{name: json.loads(value) for name, value in rows if name in known})
    except (ParameterError, ValueError, TypeError) as error:
        raise RecordingError(
            f"a setting makes no sense ({str(error).rstrip('.')}): set it again with "
            "'backstride journal settings'."
        ) from None
