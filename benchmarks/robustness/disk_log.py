"""Write down, within a process, what it puts on the disk and when: what a power cut would leave.

Nothing is replaced: ``os.fsync`` and the file methods of SQLite do what they do, and the log says
what a file held when it was put on the disk, and what SQLite wrote since. Names of files are on the
disk once their folder was. Linux alone: names of open files are asked of ``/proc``.
"""

from __future__ import annotations

import ctypes
import os
import pickle
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final
from unittest.mock import patch

_OK: Final = 0


@dataclass(frozen=True, slots=True)
class DiskEvent:
    """Something that changed what is on the disk, or will be once it is put there.

    Attributes
    ----------
    kind : {"file", "folder", "write", "truncate"}
        A file or a folder put on the disk, or a change by SQLite that is not yet.
    began_ns, ended_ns : int
        Since 1970. What was there at the beginning is on the disk at the end.
    name : str
        Below the folder that is looked at.
    data : bytes
        All of a file, or what was written.
    offset : int
        Where, of a write; the new length of a truncation.
    names : tuple of str
        All files below the folder then, with their numbers of inode.
    """

    kind: str
    began_ns: int
    ended_ns: int
    name: str
    data: bytes = b""
    offset: int = 0
    names: tuple[tuple[str, int], ...] = field(default=())


def record_disk(log: str, folder: str) -> None:
    """Record from now on what this process does to files below a folder."""
    file = Path(log).open("wb", buffering=0)  # noqa: SIM115 -- for as long as the process lives
    recorder = _Recorder(file, Path(folder))
    recorder.watch_fsync()
    recorder.watch_sqlite()


def read_disk_log(log: Path) -> list[DiskEvent]:
    """The events in order; a last one that is torn is left out."""
    events = []
    with log.open("rb") as file:
        while True:
            try:
                events.append(pickle.load(file))
            except (EOFError, pickle.UnpicklingError):
                return sorted(events, key=lambda each: each.ended_ns)


class _Recorder:
    def __init__(self, log: BinaryIO, folder: Path) -> None:
        self._log, self._folder = log, folder
        self._lock = threading.Lock()
        self._kept: list[object] = []  # what C calls must stay alive
        self._methods: dict[int, _Methods] = {}
        self._paths: dict[int, Path] = {}

    def watch_fsync(self) -> None:
        real = os.fsync

        def fsync(descriptor: int) -> None:
            path = Path(f"/proc/self/fd/{descriptor}").readlink()
            self._put(path, lambda: real(descriptor))

        patch.object(os, "fsync", fsync).start()  # for as long as the process lives

    def watch_sqlite(self) -> None:
        """Put a method of ours before those of SQLite's files that write, cut and sync."""
        library = ctypes.CDLL("libsqlite3.so.0")
        library.sqlite3_vfs_find.restype = ctypes.POINTER(_Vfs)
        vfs = library.sqlite3_vfs_find(None).contents
        real = _OPEN(ctypes.cast(vfs.open, ctypes.c_void_p).value or 0)

        def opened(which: int, name: int | None, file: int, flags: int, out: int) -> int:
            code = real(which, name, file, flags, out)  # which keeps where the name stands
            handle = ctypes.cast(file, ctypes.POINTER(_File)).contents
            if code == _OK and name and handle.methods:
                handle.methods = self._watched(handle.methods)
                self._paths[file] = Path(os.fsdecode(ctypes.string_at(name)))
            return int(code)

        ours = _OPEN(opened)
        self._kept.append(ours)
        vfs.open = ctypes.cast(ours, ctypes.c_void_p).value

    def _watched(self, methods: int) -> int:
        """A table of methods like that, which tells us first."""
        if methods in self._methods:
            return ctypes.addressof(self._methods[methods])
        table = _Methods.from_buffer_copy(ctypes.string_at(methods, ctypes.sizeof(_Methods)))
        write, truncate, sync = _WRITE(table.write), _TRUNCATE(table.truncate), _SYNC(table.sync)

        def written(file: int, data: int, size: int, offset: int) -> int:
            self._note("write", self._paths[file], ctypes.string_at(data, size), offset)
            return int(write(file, data, size, offset))

        def truncated(file: int, size: int) -> int:
            self._note("truncate", self._paths[file], b"", size)
            return int(truncate(file, size))

        def synced(file: int, flags: int) -> int:
            path = self._paths[file]
            code = self._put(path, lambda: sync(file, flags))
            if path.name.endswith(("-wal", "-journal")):  # which puts its name there too
                self._put(path.parent, lambda: None)
            return int(code)

        ours = {
            "write": _WRITE(written),
            "truncate": _TRUNCATE(truncated),
            "sync": _SYNC(synced),
        }
        self._kept += [*ours.values(), write, truncate, sync]
        for name, method in ours.items():
            setattr(table, name, ctypes.cast(method, ctypes.c_void_p).value)
        self._methods[methods] = table
        return ctypes.addressof(table)

    def _put(self, path: Path, put: Callable[[], Any]) -> Any:
        if not path.is_relative_to(self._folder):
            return put()
        began_ns, names, whole = time.time_ns(), self._names(), b""
        kind = "folder" if path.is_dir() else "file"
        if kind == "file" and path.exists():
            whole = path.read_bytes()
        code = put()
        self._write(DiskEvent(kind, began_ns, time.time_ns(), self._name(path), whole, 0, names))
        return code

    def _note(self, kind: str, path: Path, data: bytes, offset: int) -> None:
        if path.is_relative_to(self._folder):
            now_ns = time.time_ns()
            event = DiskEvent(kind, now_ns, now_ns, self._name(path), data, offset, self._names())
            self._write(event)

    def _names(self) -> tuple[tuple[str, int], ...]:
        found = []
        for path in self._folder.rglob("*"):
            try:
                if path.is_file():
                    found.append((self._name(path), path.stat().st_ino))
            except OSError:
                continue
        return tuple(found)

    def _name(self, path: Path) -> str:
        return str(path.relative_to(self._folder))

    def _write(self, event: DiskEvent) -> None:
        with self._lock:
            self._log.write(pickle.dumps(event))


# SQLite's interface to the system, as sqlite3.h has it

_POINTER: Final = ctypes.c_void_p
_INT: Final = ctypes.c_int
_OPEN: Final = ctypes.CFUNCTYPE(_INT, _POINTER, _POINTER, _POINTER, _INT, _POINTER)
_WRITE: Final = ctypes.CFUNCTYPE(_INT, _POINTER, _POINTER, _INT, ctypes.c_int64)
_TRUNCATE: Final = ctypes.CFUNCTYPE(_INT, _POINTER, ctypes.c_int64)
_SYNC: Final = ctypes.CFUNCTYPE(_INT, _POINTER, _INT)


class _Vfs(ctypes.Structure):
    _fields_ = (
        *((name, _INT) for name in ("version", "file_bytes", "longest_name")),
        *((name, _POINTER) for name in ("next", "name", "data", "open")),
    )


class _Methods(ctypes.Structure):
    _fields_ = (
        ("version", _INT),
        *((name, _POINTER) for name in ("close", "read", "write", "truncate", "sync")),
        *((f"rest_{k}", _POINTER) for k in range(13)),
    )


class _File(ctypes.Structure):
    _fields_ = (("methods", _POINTER),)
