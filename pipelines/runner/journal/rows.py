"""An entry as a row of its table, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any, Final, TypeVar

import msgspec

from devices.schema_words import schema_words
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

EntryType = TypeVar("EntryType", bound=Entry)

#: Kinds of entries by the name of their table, in the order in which they refer to one another.
ENTRIES: Final[dict[str, type[Entry]]] = {
    kind.TABLE: kind for kind in (Shoe, Session, RunBaseline, Pain, Exercise, Questionnaire)
}
#: Fields by the name of the table, in the order in which a row has them.
NAMES: Final = {
    table: tuple(field.name for field in fields(kind)) for table, kind in ENTRIES.items()
}
#: What a row holds as JSON.
_JSON: Final = ("means", "answers", "cleared")
#: Columns of yes or no, which the database keeps as numbers.
_TRUTHS: Final = frozenset({"cleared", "simulated"})


def columns_of(entry: Entry) -> dict[str, object]:
    """The columns of an entry's row by name, without its identifier."""
    columns: dict[str, object] = msgspec.to_builtins(entry)
    for name in columns.keys() & {"means", "answers"}:
        columns[name] = msgspec.json.encode(columns[name], order="sorted").decode()
    del columns["identifier"]
    if not isinstance(entry, Shoe | RunBaseline):
        columns["day"] = entry.day.toordinal()
    return columns


def entry_from(kind: type[EntryType], content: Mapping[str, Any]) -> EntryType:
    """The entry that a JSON object holds.

    Raises
    ------
    RecordingError
        When a value makes no sense.
    """
    try:
        return msgspec.convert(content, kind)
    except (ParameterError, msgspec.ValidationError) as error:
        raise _senseless(kind.TABLE, error) from None


def entries_from(kind: type[EntryType], rows: Iterable[Sequence[Any]]) -> list[EntryType]:
    """The entries of rows that hold the fields in the order of :data:`NAMES`.

    Raises
    ------
    RecordingError
        When a value makes no sense.
    """
    names = NAMES[kind.TABLE]
    packed = [name for name in _JSON if name in names]
    entries: list[EntryType] = []
    try:
        for row in rows:
            values = dict(zip(names, row, strict=True))
            for name in packed:
                values[name] = msgspec.json.decode(str(values[name]))
            for truth in _TRUTHS & values.keys():
                values[truth] = bool(values[truth])
            entries.append(msgspec.convert(values, kind))
    except (ParameterError, msgspec.MsgspecError, RecursionError) as error:
        raise _senseless(kind.TABLE, error) from None
    return entries


def _senseless(table: str, error: Exception) -> RecordingError:
    return RecordingError(
        f"an entry of {table} makes no sense ({schema_words(error)}): restore the "
        "journal from a copy or delete the entry."
    )


def settings_rows(settings: Settings) -> list[tuple[str, str]]:
    """Names and JSON values."""
    content = msgspec.to_builtins(settings)
    return [(name, msgspec.json.encode(value).decode()) for name, value in content.items()]


def settings_from(rows: Iterable[tuple[str, str]]) -> Settings:
    """The settings that the rows hold; names of a newer program are left out.

    Raises
    ------
    RecordingError
        When a value makes no sense.
    """
    try:
        content = {name: msgspec.json.decode(value) for name, value in rows}
        return msgspec.convert(content, Settings)
    except (ParameterError, msgspec.MsgspecError, TypeError) as error:
        raise RecordingError(
            f"a setting makes no sense ({str(error).rstrip('.')}): set it again."
        ) from None
