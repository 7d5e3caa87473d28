"""Entries that the journal could not take, kept in a file beside it until it can.

While another program holds the journal, or the disk has no room for it, a pain note or a session
goes into ``journal-pending.jsonl``, one JSON line each, and the next command takes it in, once.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import msgspec

from imu.errors import BackstrideError, InputError, ParameterError, RecordingError
from pipelines.files.kept_file import private_file, sync_folder
from pipelines.files.loading import decoded, read_bounded
from pipelines.files.stored import keep_aside, private_folder
from pipelines.runner.journal.database import Journal
from pipelines.runner.journal.entries import Entry, RunBaseline, Session
from pipelines.runner.journal.rows import ENTRIES, entry_from
from pipelines.runner.journal.runs import FinishedRun, add_run
from pipelines.system_error import explain

#: Some kilobytes a note: ten thousand of them wait in no file.
_MOST_BYTES: Final = 64_000_000
#: Of a line that holds a whole run.
_RUN: Final = "run"


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A line of the file: the table of an entry and its fields, or a whole run.

    Sessions waited alone once, with the name of their shoe and what was usual in them.
    """

    kind: str
    entry: dict[str, Any]
    key: str = field(default_factory=lambda: secrets.token_hex(16))
    shoe: str | None = ""
    run_baseline: RunBaseline | None = None


def pending_path(journal: Path) -> Path:
    """The file of waiting entries that belongs to a journal."""
    return journal.with_name(f"{journal.stem}-pending.jsonl")


def keep_for_later(entries: Sequence[Entry | FinishedRun], journal: Path) -> None:
    """Append entries and runs to the waiting ones; they are on the disk when this returns.

    Parameters
    ----------
    entries : sequence of Entry or FinishedRun
        What waits.
    journal : Path
        The journal's file.

    Raises
    ------
    RecordingError
        When the file cannot be written.
    """
    path = pending_path(journal)
    lines = [
        _Waiting(_RUN, msgspec.to_builtins(entry))
        if isinstance(entry, FinishedRun)
        else _Waiting(entry.TABLE, msgspec.to_builtins(replace(entry, identifier=None)))
        for entry in entries
    ]
    private_folder(path.parent, "the note, which is not saved,")
    try:
        with open(path, "ab", opener=private_file) as file:
            # a line torn by a full disk must not swallow the next one
            file.write(b"\n" + msgspec.json.Encoder().encode_lines(lines))
            file.flush()
            os.fsync(file.fileno())
        sync_folder(path.parent)  # it may be new
    except OSError as error:
        raise RecordingError(f"the note is not saved: {explain(error)}.", path=str(path)) from None


def take_in(journal: Journal) -> list[str]:
    """Add what is waiting; returns what the user should know.

    A key in the journal marks what has been taken in, so that a crash in between adds nothing
    twice. A line that cannot be read is kept in a file of its own.
    """
    path = pending_path(journal.path)
    try:
        content = read_bounded(path, _MOST_BYTES)
    except FileNotFoundError:
        return []
    except InputError as error:
        with suppress(OSError):
            keep_aside(path)
        return [f"{error} It is kept aside, and its notes are not in the journal."]
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
        with suppress(OSError), open(aside, "ab", opener=private_file) as file:
            file.write(b"\n".join(unreadable) + b"\n")
        notes.append(f"{aside}: notes that could not be added are kept there: {len(unreadable)}.")
    _remove_what_was_read(path, content)
    return notes


class _Unreadable(Exception):
    """A line that holds no entry which the journal could take."""


def _take_in_line(journal: Journal, line: bytes) -> int:
    with journal.transaction() as connection:
        try:
            waiting = decoded(line, _Waiting)
            entry = _entry_of(waiting)
            new = connection.execute(
                "INSERT INTO taken_in (key) VALUES (?) ON CONFLICT (key) DO NOTHING", (waiting.key,)
            ).rowcount
            if not new:
                return 0
            if isinstance(entry, FinishedRun):
                add_run(journal, entry)
            else:
                journal.add(entry)
        except (InputError, ParameterError, KeyError):
            raise _Unreadable from None
    return 1


def _entry_of(waiting: _Waiting) -> Entry | FinishedRun:
    if waiting.kind == _RUN:
        try:
            return msgspec.convert(waiting.entry, FinishedRun)
        except (BackstrideError, msgspec.ValidationError):
            raise _Unreadable from None
    try:
        # the type of the table decides which class it is
        entry: Entry = entry_from(ENTRIES[waiting.kind], waiting.entry)
    except RecordingError:
        raise _Unreadable from None
    if isinstance(entry, Session):
        return FinishedRun(entry, waiting.shoe or "", baseline=waiting.run_baseline)
    return entry


def _remove_what_was_read(path: Path, content: bytes) -> None:
    """Remove the file, unless another program has added to it meanwhile."""
    with suppress(OSError):
        if path.stat().st_size == len(content):
            path.unlink()
