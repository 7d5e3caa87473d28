"""What of a damaged journal can still be read, taken into a new one."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from imu.errors import RecordingError
from pipelines.runner.journal.rows import ENTRIES, NAMES, entries_from, settings_from

#: More entries of a kind are not sought: ten a day for 27 years; nor beyond so many in a row that
#: cannot be read.
_MOST: Final = 100_000
_LOST_IN_A_ROW: Final = 500
#: Beside the entries, what hangs on them, in the order in which they refer to one another.
_TABLES: Final = (*ENTRIES, "stated", "settings", "taken_in")


def salvage(damaged: Path, journal: sqlite3.Connection) -> int:
    """Take every entry that is whole into the new journal; returns how many these are.

    Parameters
    ----------
    damaged : Path
        The journal that was set aside; it is not written to.
    journal : sqlite3.Connection
        The new one, empty.
    """
    count = 0
    # a copy, since to read the log beside it writes; private as the journal is
    with suppress(sqlite3.Error, OSError), TemporaryDirectory(dir=damaged.parent) as folder:
        copy_with_log(damaged, Path(folder))
        with closing(sqlite3.connect(Path(folder, "journal"))) as source:
            source.row_factory = sqlite3.Row
            source.execute("PRAGMA writable_schema = ON")  # a file that is cut is read, too
            for table in _TABLES:
                columns = {row[1] for row in journal.execute(f"PRAGMA table_info({table})")}
                for row in _rows(source, table):
                    count += _take(journal, table, columns, row)
    return count


def copy_with_log(path: Path, folder: Path) -> None:
    """Copy a journal and the log beside it as ``journal`` into a folder."""
    for ending in ("", "-wal"):
        part = path.with_name(path.name + ending)
        if part.exists():
            shutil.copyfile(part, folder / f"journal{ending}")


def _rows(source: sqlite3.Connection, table: str) -> Iterator[sqlite3.Row]:
    """Each row that can be reached by its number, whatever became of those beside it."""
    lost = 0
    for number in range(1, _MOST + 1):
        try:
            found = source.execute(f"SELECT * FROM {table} WHERE rowid = ?", (number,)).fetchall()
        except (sqlite3.Error, UnicodeDecodeError):
            found = []
        lost = 0 if found else lost + 1
        if lost > _LOST_IN_A_ROW:
            return
        yield from found


def _take(journal: sqlite3.Connection, table: str, columns: set[str], row: sqlite3.Row) -> bool:
    """Whether an entry was taken; settings and what hangs on an entry are none."""
    kind = ENTRIES.get(table)
    known = {name: value for name, value in dict(row).items() if name in columns}
    names = ", ".join(f'"{name}"' for name in known)
    marks = ", ".join("?" * len(known))
    try:
        if kind is not None and set(NAMES[table]) <= known.keys():
            entries_from(kind, [[known[name] for name in NAMES[table]]])
        if table == "settings":
            settings_from([(known["name"], known["value"])])
        journal.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(known.values()))
    except (sqlite3.Error, RecordingError):
        return False  # no sense in it, or what it belongs to is gone
    return kind is not None
