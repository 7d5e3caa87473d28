"""A file whose content is to survive: private, written at once, and put on the disk.

What a recording holds is the runner's health: nobody else on the computer may read it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
import threading
import time
from pathlib import Path
from typing import BinaryIO, Final

_PRIVATE: Final = 0o600
#: A recording reaches its file at least so often while it goes on, s.
_JUST_S: Final = 3.0
#: Answers of files that have nothing to put on a disk (a pipe, some network shares).
_CANNOT_SYNC: Final = (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS)


def private_file(path: str, flags: int) -> int:
    """An opener of files that only the user can read, where it creates them."""
    return os.open(path, flags, _PRIVATE)


def open_private(path: Path, *, overwrite: bool = False, buffering: int = -1) -> BinaryIO:
    """Create a file for writing that its owner alone may read; its name is on the disk then.

    Parameters
    ----------
    path : Path
        What to create.
    overwrite : bool
        Replace the content of a file that exists.
    buffering : int
        As :func:`open` takes it.

    Raises
    ------
    OSError, ValueError
        As :meth:`pathlib.Path.open`.
    """
    file = open(  # noqa: SIM115 -- the caller closes it
        path,
        "wb" if overwrite else "xb",
        buffering=buffering,
        opener=private_file,
    )
    descriptor = file.fileno()
    if overwrite and os.name == "posix" and stat.S_ISREG(os.fstat(descriptor).st_mode):
        with contextlib.suppress(OSError):  # the file of somebody else, or a disk without modes
            os.fchmod(descriptor, _PRIVATE)
    sync_folder(path.parent)
    return file


def mark_being_written(descriptor: int) -> None:
    """Let other programs know that a file is being written, until it is closed."""
    if sys.platform != "win32":
        import fcntl

        with contextlib.suppress(OSError):  # a disk without locks
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def is_being_written(path: Path) -> bool:
    """Whether a program is writing a file; where that cannot be known, whether it just has.

    Raises
    ------
    OSError
        When the file cannot be opened.
    """
    if sys.platform == "win32":  # its locks would keep readers out
        return time.time() - path.stat().st_mtime < _JUST_S
    import fcntl

    with path.open("rb") as file:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
    return False


def sync_folder(folder: Path) -> None:
    """Put the names in a folder on the disk, where the system can: else a power cut takes them."""
    if os.name != "posix":
        return
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


class UnbufferedFile:
    """What the MCAP writer needs of a file; each write has reached the system when it returns."""

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw
        self._size = 0

    def write(self, data: bytes) -> int:
        """Write all of it."""
        left = memoryview(data)
        while left:
            written = self._raw.write(left)
            if not written:
                raise OSError(errno.EIO, "the file takes no more data")
            self._size += written
            left = left[written:]
        return len(data)

    def tell(self) -> int:
        """Bytes written so far."""
        return self._size

    def was_cut(self, head: bytes) -> bool:
        """Whether another program has made the file shorter; its head is put back then."""
        left = os.fstat(self.fileno()).st_size
        if left >= self._size:
            return False
        if left < len(head):
            self._raw.seek(0)
            self._raw.write(head)
            self._raw.seek(self._size)
        return True

    def flush(self) -> None:
        """Nothing waits here."""

    def fileno(self) -> int:
        """The file's descriptor."""
        return self._raw.fileno()

    def close(self) -> None:
        """Close it; the last error of the disk may show here."""
        self._raw.close()

    def close_quietly(self) -> None:
        """Close it, whatever the disk says."""
        with contextlib.suppress(OSError):
            self._raw.close()


class DiskSync:
    """Waits for the disk, in a thread where the caller must not wait."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._thread: threading.Thread | None = None
        self._error: OSError | None = None

    def start(self) -> None:
        """Begin putting on the disk what was written; an earlier wait may still be going on."""
        if self._thread is not None and self._thread.is_alive():
            return
        self._raise_earlier()
        self._thread = threading.Thread(target=self._run, name="session-sync", daemon=True)
        self._thread.start()

    def sync(self) -> None:
        """Return once everything written is on the disk."""
        self.wait()
        self._raise_earlier()
        self._run()
        self._raise_earlier()

    def wait(self) -> None:
        """Return once no wait is going on."""
        if self._thread is not None:
            self._thread.join()

    def _raise_earlier(self) -> None:
        error, self._error = self._error, None
        if error is not None:
            raise error

    def _run(self) -> None:
        try:
            os.fsync(self._descriptor)
        except OSError as error:
            if error.errno not in _CANNOT_SYNC:
                self._error = error
