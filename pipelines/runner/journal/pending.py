"""Entries that the journal could not take, kept in a file beside it until it can.

While another program holds the journal, or the disk has no room for it, a pain note or a session
goes into ``journal-pending.jsonl``, one JSON line each, and the next opening takes it in, once.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imu.errors import BackstrideError, RecordingError
from pipelines.files.system_error import explain
from pipelines.runner.journal.entries import Entry, RunBaseline, Session
from pipelines.runner.journal.rows import ENTRIES, entry_from
from pipelines.runner.journal.shoe_names import shoe_number

if TYPE_CHECKING:
    from pipelines.runner.journal.database import Journal

__all__ = ["keep_for_later", "pending_path", "take_in"]


def pending_path(journal: Path) -> Path:
    """The file of waiting entries that belongs to a journal."""
    return journal.with_name(f"{journal.stem}-pending.jsonl")


def keep_for_later(
    entries: Sequence[Entry],
    journal: Path,
    *,
    shoe: str = "",
    baseline: RunBaseline | None = None,
) -> None:
    """Append entries to the waiting ones; they are on the disk when this returns.

    Parameters
    ----------
    entries : sequence of Entry
        What waits.
    journal : Path
        The journal's file.
    shoe : str
        Name of the shoe of a session among them, whose number nobody knows now.
    baseline : RunBaseline, optional
        What was usual in that session.

    Raises
    ------
    RecordingError
        When the file cannot be written.
    """
    path = pending_path(journal)
    lines = "".join(
        json.dumps(
            {"key": secrets.token_hex(16), "kind": entry.TABLE, "entry": _plain(entry)}
            | _beside(entry, shoe, baseline)
        )
        + "\n"
        for entry in entries
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            # a line torn by a full disk must not swallow the next one
            file.write(b"\n" + lines.encode())
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise RecordingError(f"the note is not saved: {explain(error)}.", path=str(path)) from None


def _beside(entry: Entry, shoe: str, baseline: RunBaseline | None) -> dict[str, object]:
    """What goes with a session besides its own fields."""
    if not isinstance(entry, Session):
        return {}
    kept = None if baseline is None else _plain(baseline)
    return {"shoe": shoe, "run_baseline": kept}


def take_in(journal: Journal) -> list[str]:
    """Add what is waiting; returns what the user should know.

    A key in the journal marks what has been taken in, so that a crash in between adds nothing
    twice. A line that cannot be read is kept in a file of its own.
    """
    path = pending_path(journal.path)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return []
    except OSError as error:
        return [f"{path}: notes that are waiting cannot be read: {explain(error)}."]
    taken = 0
    unreadable: list[bytes] = []
    notes = []
    for line in filter(None, content.split(b"\n")):
        try:
            taken += _take_in_line(journal, line)
        except _Unreadable:
            unreadable.append(line)
        except RecordingError as error:
            return [f"{error} Notes that are waiting stay in {path.name}."]
    if taken:
        notes.append(f"Notes that had been kept for later and are in the journal now: {taken}.")
    if unreadable:
        aside = path.with_suffix(".unreadable")
        with suppress(OSError), aside.open("ab") as file:
            file.write(b"\n".join(unreadable) + b"\n")
        notes.append(f"{aside}: notes that could not be added are kept there: {len(unreadable)}.")
    _remove_what_was_read(path, content)
    return notes


class _Unreadable(Exception):
    """A line that holds no entry which the journal could take."""


def _take_in_line(journal: Journal, line: bytes) -> int:
    try:
        content: Any = json.loads(line)
        key, kind = content["key"], ENTRIES[content["kind"]]
        row = content["entry"]
    except (ValueError, KeyError, TypeError):
        raise _Unreadable from None
    with journal.transaction() as connection:
        new = connection.execute(
            "INSERT INTO taken_in (key) VALUES (?) ON CONFLICT (key) DO NOTHING", (str(key),)
        ).rowcount
        if not new:
            return 0
        try:
            # the type of the table decides which class it is
            entry: Entry = entry_from(kind, row)
            kept = content.get("run_baseline")
            baseline = None if kept is None else entry_from(RunBaseline, kept)
        except BackstrideError:
            raise _Unreadable from None
        try:
            if isinstance(entry, Session) and content.get("shoe"):
                entry = replace(entry, shoe_id=shoe_number(journal, str(content["shoe"])))
            number = journal.add(entry)
            if baseline is not None:
                journal.add(replace(baseline, session_id=number))
        except RecordingError:
            raise
        except BackstrideError:
            raise _Unreadable from None
    return 1


def _remove_what_was_read(path: Path, content: bytes) -> None:
    """Remove the file, unless another program has added to it meanwhile."""
    with suppress(OSError):
        if path.stat().st_size == len(content):
            path.unlink()


def _plain(entry: Entry) -> dict[str, object]:
    values = asdict(entry)
    values["identifier"] = None
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in values.items()
    }
