"""The journal's file: one SQLite database in the user's data directory.

Nothing written is lost: a write is on the disk when the call returns, an older file is copied
before it is migrated, and a damaged one is kept aside under a dated name. Whatever goes wrong is
one sentence; a recording never depends on the journal.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from types import GenericAlias
from typing import Any, Final, Self, TypeVar, cast

import msgspec

from imu.errors import ParameterError, RecordingError
from pipelines.counted import counted
from pipelines.files.kept_file import private_file
from pipelines.files.stored import private_folder
from pipelines.runner.journal.entries import (
    Entry,
    Pain,
    RunBaseline,
    Session,
    Settings,
    Shoe,
    moment,
)
from pipelines.runner.journal.rows import (
    NAMES,
    EntryType,
    columns_of,
    entries_from,
    settings_from,
    settings_rows,
)
from pipelines.runner.journal.salvage import copy_with_log, salvage
from pipelines.runner.journal.schema import APPLICATION_ID, MIGRATIONS, VERSION
from pipelines.runner.user_directory import data_directory
from pipelines.system_error import explain

EveryRow = TypeVar("EveryRow", bound=tuple[object, ...])

_DAMAGE: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
#: Beside a journal in a folder that is not to be written, its log cannot be opened.
_PROTECTED: Final = (
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_AUTH,
    sqlite3.SQLITE_CANTOPEN,
)
#: A journal that is empty and younger is being made by another program.
_NEW_S: Final = 60.0
#: The column by which the entries of a kind are listed.
_ORDER: Final = {
    "sessions": "utc_start_ns",
    "run_baselines": "session_id",
    "shoes": "identifier",
    "pains": "utc_ns",
    "exercises": "utc_ns",
    "questionnaires": "utc_ns",
}


class _Damaged(Exception):
    """The file is no sound database."""


def journal_path() -> Path:
    """Where the user's journal is; its folder may not exist yet."""
    return data_directory() / "journal.sqlite3"


class Journal:
    """The runner's journal, open; may be used from several threads.

    Parameters
    ----------
    path : Path, optional
        The file; the user's own by default. It is created when there is none.
    busy_s : float
        How long a call waits for another program that is writing, s.

    Attributes
    ----------
    notes : tuple of str
        What the user should know about the opening, one sentence each.

    Notes
    -----
    One that is write-protected is read; each write is refused.

    Raises
    ------
    RecordingError
        When the file cannot be opened, is in use, or belongs to a newer version or another
        program.
    """

    def __init__(self, path: Path | None = None, *, busy_s: float = 2.0) -> None:
        self.path = journal_path() if path is None else Path(path)
        self._busy_s = busy_s
        self._lock = threading.RLock()
        notes: list[str] = []
        with self._explained():
            private_folder(self.path.parent, "the journal")
            try:
                self._connection = self._open(notes)
            except _Damaged:
                aside = _set_aside(self.path)
                self._connection = self._open(notes)
                with self.transaction() as connection:
                    count = salvage(aside, connection)
                    self.change_settings(ratings_lost_ns=time.time_ns())
                notes.append(
                    f"{self.path}: the journal was damaged; it was kept as {aside.name} and a new "
                    f"one begun, with {counted(count, 'entry', 'entries')} that could be read. "
                    "Rate your pain anew, and bring what else is missing from a copy."
                )
        self.notes = tuple(notes)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; harmless when it is closed already."""
        with self._lock, suppress(sqlite3.Error):
            self._connection.close()

    # ---------------------------------------------------------------------------------- entries

    def add(self, entry: Entry) -> int:
        """Add an entry; returns its number.

        Raises
        ------
        ParameterError
            When it names a session or a shoe that is not in the journal, or a session that begins
            at the same moment is.
        RecordingError
            When it cannot be written; nothing was.
        """
        with self.transaction():
            self._check_references(entry)
            columns = columns_of(entry)
            names = ", ".join(f'"{name}"' for name in columns)
            marks = ", ".join("?" * len(columns))
            cursor = self._connection.execute(
                f"INSERT INTO {entry.TABLE} ({names}) VALUES ({marks})", tuple(columns.values())
            )
            return int(cursor.lastrowid or 0)

    def replace(self, entry: Entry) -> None:
        """Write a changed entry under the number that it has.

        Raises
        ------
        ParameterError
            When there is no entry of that number.
        """
        with self.transaction():
            self._check_references(entry)
            columns = columns_of(entry)
            names = ", ".join(f'"{name}" = ?' for name in columns)
            cursor = self._connection.execute(
                f"UPDATE {entry.TABLE} SET {names} WHERE identifier = ?",
                (*columns.values(), entry.identifier),
            )
            if cursor.rowcount != 1:
                raise _unknown(entry.TABLE, entry.identifier)

    def entries(
        self,
        kind: type[EntryType],
        where: str = "1",
        values: Sequence[object] = (),
        *,
        newest: int | None = None,
    ) -> list[EntryType]:
        """The entries of a kind in order of time, all or those of an SQL condition.

        Parameters
        ----------
        kind : type
            Session, RunBaseline, Pain, Shoe, Exercise or Questionnaire.
        where : str
            An SQL condition of this program's own, with ``?`` for values.
        values : sequence
            Its values.
        newest : int, optional
            Only so many, the last ones.
        """
        limit = "" if newest is None else f" LIMIT {int(newest)}"
        names = ", ".join(f'"{name}"' for name in NAMES[kind.TABLE])
        rows = self.rows(
            f"SELECT {names} FROM {kind.TABLE} WHERE {where} "
            f"ORDER BY {_ORDER[kind.TABLE]} DESC, identifier DESC{limit}",
            values,
        )
        return entries_from(kind, reversed(rows))

    def entry(self, kind: type[EntryType], identifier: int) -> EntryType:
        """One entry by its number.

        Raises
        ------
        ParameterError
            When there is none.
        """
        found = self.entries(kind, "identifier = ?", (identifier,))
        if not found:
            raise _unknown(kind.TABLE, identifier)
        return found[0]

    def delete(self, kind: type[Entry], identifier: int) -> None:
        """Delete one entry; with a session goes its baseline, and the pain noted with it.

        The bytes are overwritten in the file.

        Raises
        ------
        ParameterError
            When there is none.
        """
        with self.transaction():
            cursor = self._connection.execute(
                f"DELETE FROM {kind.TABLE} WHERE identifier = ?", (identifier,)
            )
            if cursor.rowcount != 1:
                raise _unknown(kind.TABLE, identifier)
        self._empty_write_ahead_log()

    def empty(self) -> None:
        """Delete every entry and setting; the bytes are overwritten in the file."""
        with self._lock:
            with self.transaction():
                # what refers to others first
                for table in reversed(NAMES):
                    self._connection.execute(f"DELETE FROM {table}")
                for table in ("settings", "stated", "taken_in", "sqlite_sequence"):
                    self._connection.execute(f"DELETE FROM {table}")
            with self._explained():
                self._connection.execute("VACUUM")
            self._empty_write_ahead_log()

    # --------------------------------------------------------------------------------- settings

    def settings(self) -> Settings:
        """What the runner has set."""
        rows = self.rows("SELECT name, value FROM settings")
        return settings_from((row["name"], row["value"]) for row in rows)

    def change_settings(self, **changes: object) -> Settings:
        """Set some of the settings; returns all of them.

        Raises
        ------
        ParameterError
            When a value is out of range.
        """
        with self.transaction():
            settings = replace(self.settings(), **cast(dict[str, Any], changes))
            self._connection.executemany(
                "INSERT INTO settings (name, value) VALUES (?, ?) "
                "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                settings_rows(settings),
            )
        return settings

    # ------------------------------------------------------------------------------------- rows

    def rows(self, statement: str, values: Sequence[object] = ()) -> list[sqlite3.Row]:
        """The rows of a query of this program's own.

        Raises
        ------
        RecordingError
            When the file cannot be read.
        """
        with self._lock, self._explained():
            return self._connection.execute(statement, tuple(values)).fetchall()

    def records(
        self, kind: type[EveryRow], statement: str, values: Sequence[object] = ()
    ) -> list[EveryRow]:
        """The rows of a query of this program's own, each a tuple of the types of ``kind``.

        Raises
        ------
        RecordingError
            When the file cannot be read, or holds values of other types.
        """
        rows = [tuple(row) for row in self.rows(statement, values)]
        found: list[EveryRow]
        try:
            found = msgspec.convert(rows, GenericAlias(list, (kind,)))
        except msgspec.ValidationError as error:
            raise RecordingError(
                f"the journal holds values that make no sense ({error}): restore it from a copy or "
                "delete the entry.",
                path=str(self.path),
            ) from None
        return found

    @contextmanager
    def transaction(self, *, reading: bool = False) -> Iterator[sqlite3.Connection]:
        """Write everything of a block or nothing, or read one state alone; blocks may nest."""
        with self._lock, self._explained():
            if self._connection.in_transaction:
                yield self._connection
                return
            self._connection.execute("BEGIN" if reading else "BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
                raise

    # ---------------------------------------------------------------------------------- opening

    def _open(self, notes: list[str]) -> sqlite3.Connection:
        if _is_emptied(self.path):
            raise _Damaged
        with suppress(OSError):  # what it is; sqlite tells what is the matter
            os.close(private_file(str(self.path), os.O_CREAT | os.O_RDWR))
            self.path.chmod(0o600)  # its log gets the same
        connection = sqlite3.connect(
            self.path,
            timeout=self._busy_s,
            isolation_level=None,  # transactions are begun and ended here, nowhere else
            check_same_thread=False,
        )
        try:
            self._prepare(connection, notes)
        except BaseException as error:
            connection.close()
            if _is_damage(error):
                raise _Damaged from None
            if not _is_protected(error) or not self.path.is_file():
                raise
            connection = _copy_in_memory(self.path)
            self._prepare(connection, notes, keep_older=False)
            connection.execute("PRAGMA query_only = ON")
        return connection

    def _prepare(
        self, connection: sqlite3.Connection, notes: list[str], *, keep_older: bool = True
    ) -> None:
        connection.row_factory = sqlite3.Row
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        (mark,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if tables and mark != APPLICATION_ID:
            raise RecordingError(
                "this is a database of another program: move it elsewhere.", path=str(self.path)
            )
        if version > VERSION:
            raise RecordingError(
                f"the journal has version {version}, this program reads {VERSION}: update the "
                "program.",
                path=str(self.path),
            )
        check = connection.execute("PRAGMA quick_check(1)").fetchone()
        if check is None or check[0] != "ok":
            raise _Damaged
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("PRAGMA journal_mode = WAL")  # where the disk cannot, it stays without
        connection.execute("PRAGMA synchronous = FULL")
        if version < VERSION:
            self._migrate(connection, notes, keep_older=keep_older)

    def _migrate(
        self, connection: sqlite3.Connection, notes: list[str], *, keep_older: bool
    ) -> None:
        connection.execute("BEGIN IMMEDIATE")
        try:
            # another program may have been quicker
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if 0 < version < VERSION and keep_older:
                copy = _free_name(self.path, f"version-{version}")
                _copy_database(self.path, copy, self._busy_s)
                notes.append(
                    f"{self.path}: brought up to date; a copy of the older journal is {copy.name}."
                )
            for step in MIGRATIONS[version:]:
                for statement in step:
                    connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {VERSION}")
            connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise

    # ---------------------------------------------------------------------------------- details

    def _check_references(self, entry: Entry) -> None:
        if isinstance(entry, Session):
            if entry.shoe_id is not None:
                self.entry(Shoe, entry.shoe_id)
            same = self.rows(
                "SELECT identifier FROM sessions WHERE utc_start_ns = ? AND identifier IS NOT ?",
                (entry.utc_start_ns, entry.identifier),
            )
            if same:
                raise ParameterError(
                    "the run's start",
                    f"{moment(entry.utc_start_ns, entry.utc_offset_minutes):%Y-%m-%d %H:%M:%S}",
                    "another run: this one is in the journal already, as run "
                    f"{same[0]['identifier']}",
                )
        elif isinstance(entry, RunBaseline | Pain) and entry.session_id is not None:
            self.entry(Session, entry.session_id)
        elif isinstance(entry, Shoe) and entry.retired is None:
            same = self.rows(
                "SELECT identifier FROM shoes WHERE name = ? AND retired IS NULL "
                "AND identifier IS NOT ?",
                (entry.name, entry.identifier),
            )
            if same:
                raise ParameterError("name", entry.name, "a name that no shoe in use has")

    def _empty_write_ahead_log(self) -> None:
        """What was deleted must not stay in the log beside the file; busy: at the next close."""
        with self._lock, suppress(sqlite3.Error):
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise RecordingError(_sentence(error), path=str(self.path)) from None


def kept_aside(path: Path) -> list[Path]:
    """Copies of older versions and damaged journals that lie beside the journal."""
    found: list[Path] = []
    for kind in ("damaged", "version"):
        found += path.parent.glob(f"{path.stem}-{kind}-*{path.suffix}*")
    return sorted(found)


def _is_emptied(path: Path) -> bool:
    """Whether the journal has lost all of its bytes: one that is just being made is new."""
    try:
        found = path.stat()
    except OSError:
        return False  # none yet, or what opening it will tell
    return found.st_size == 0 and time.time() - found.st_mtime > _NEW_S


def _is_damage(error: BaseException) -> bool:
    """Whether the file is no sound database; its names may be no text, in messages about it too."""
    return isinstance(error, UnicodeDecodeError) or (
        isinstance(error, sqlite3.Error) and _code(error) in _DAMAGE
    )


def _is_protected(error: BaseException) -> bool:
    return isinstance(error, sqlite3.Error) and _code(error) in _PROTECTED


def _sentence(error: sqlite3.Error | UnicodeDecodeError) -> str:
    code = _code(error)
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return "another program is using the journal: close it and try again."
    if code == sqlite3.SQLITE_FULL:
        return "the disk is full, so the journal was not changed: free some space and try again."
    if code == sqlite3.SQLITE_CANTOPEN:
        return "the journal cannot be opened: check the path and its permissions."
    if _is_protected(error):
        return "the journal is write-protected, and was not changed: allow writing to its folder."
    if _is_damage(error):
        return "the journal is damaged: start the program again, which keeps it aside."
    if isinstance(error, sqlite3.ProgrammingError):
        return "the journal is closed: open it again."
    return f"the journal cannot be used ({error}): check the disk and try again."


def _code(error: BaseException) -> int:
    """The primary result code; 0 when the error is Python's own."""
    return int(getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF


def _unknown(table: str, identifier: int | None) -> ParameterError:
    if table == "sessions":
        accepted = "one that the list of runs shows"
        return ParameterError("the number of the run", identifier, accepted)
    return ParameterError(f"the number among the {table}", identifier, "one that the journal has")


def _set_aside(path: Path) -> Path:
    """Rename a damaged journal, together with its log, which may hold the latest entries."""
    aside = _free_name(path, "damaged")
    try:
        path.rename(aside)
        for ending in ("-wal", "-shm"):
            companion = path.with_name(path.name + ending)
            if companion.exists():
                companion.rename(aside.with_name(aside.name + ending))
    except OSError as error:
        raise RecordingError(
            f"the journal is damaged and cannot be kept aside: {explain(error)}.", path=str(path)
        ) from None
    return aside


def _free_name(path: Path, kind: str) -> Path:
    now = datetime.now(UTC)
    base = f"{path.stem}-{kind}-{now:%Y-%m-%dT%H-%M-%SZ}"
    free = path.with_name(f"{base}{path.suffix}")
    number = 2
    while free.exists():
        free = path.with_name(f"{base}-{number}{path.suffix}")
        number += 1
    return free


def _copy_in_memory(path: Path) -> sqlite3.Connection:
    """A journal that is write-protected, to be read, with its log, which reading would write to."""
    memory = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    with TemporaryDirectory() as folder:
        copy_with_log(path, Path(folder))
        with closing(sqlite3.connect(Path(folder, "journal"))) as source:
            source.backup(memory)
    return memory


def _copy_database(path: Path, copy: Path, busy_s: float) -> None:
    source = sqlite3.connect(path, timeout=busy_s)
    target = sqlite3.connect(copy)
    try:
        source.backup(target)
    finally:
        target.close()
        source.close()
