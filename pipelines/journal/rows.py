"""An entry as a row of its table, and back."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, fields
from datetime import date
from typing import Any, Final, Protocol, TypeVar

from imu.errors import ParameterError, RecordingError
from pipelines.journal.entries import (
    Entry,
    Exercise,
    Pain,
    Questionnaire,
    Session,
    Settings,
    Shoe,
)

__all__ = ["ENTRIES", "Row", "columns_of", "entry_from", "settings_from", "settings_rows"]

EntryType = TypeVar("EntryType", bound=Session | Pain | Shoe | Exercise | Questionnaire)


class Row(Protocol):
    """Anything that has values by name."""

    def __getitem__(self, name: str, /) -> Any: ...


#: Kinds of entries by the name of their table, in the order in which they refer to one another.
ENTRIES: Final[dict[str, type[Entry]]] = {
    kind.TABLE: kind for kind in (Shoe, Session, Pain, Exercise, Questionnaire)
}
#: Fields by the name of the table.
_NAMES: Final = {
    table: tuple(field.name for field in fields(kind)) for table, kind in ENTRIES.items()
}
_JSON: Final = frozenset({"means", "answers"})
_DATES: Final = frozenset({"bought", "retired"})
_TRUTHS: Final = frozenset({"cleared"})
_SPECIAL: Final = _JSON | _DATES | _TRUTHS


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
    if not isinstance(entry, Shoe):
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
        values = {name: row[name] for name in _NAMES[kind.TABLE]}
        for name in _SPECIAL & values.keys():
            value = values[name]
            if name in _JSON and isinstance(value, str):
                values[name] = json.loads(value)
            elif name in _DATES and value is not None:
                values[name] = date.fromisoformat(value)
            elif name in _TRUTHS:
                values[name] = bool(value)
        return kind(**values)
    except (ParameterError, ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise RecordingError(
            f"an entry of {kind.TABLE} makes no sense ({str(error).rstrip('.')}): restore the "
            "journal from a copy or delete the entry."
        ) from None


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
