"""Replace a file whole or not at all: write a temporary sibling, then rename it.

The rule for everything a user names as an output: what a recording gives again (tables, alerts, a
summary, a page) replaces an older file, but never a recording; what nothing gives again (a
recording, a simulated run, the journal's archive) replaces no file unless the user says so.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from imu.errors import RecordingError
from pipelines.files.kept_file import open_private, sync_folder
from pipelines.system_error import explain


def refuse_existing(path: str | os.PathLike[str], option: str = "") -> None:
    """Refuse a name that is taken, before any work is done for it.

    Parameters
    ----------
    path : path
        What is going to be written.
    option : str
        With which the older file would be replaced, where there is one.

    Raises
    ------
    RecordingError
        When there is something of this name, a broken link included.
    """
    if os.path.lexists(path):
        otherwise = f", or {option} to replace it" if option else ""
        raise RecordingError(f"already exists: give another name{otherwise}.", path=str(path))


def refuse_no_place(path: Path) -> None:
    """Refuse a name that no file can be written under, before there is anything to write.

    Raises
    ------
    RecordingError
        When it is a folder, or a link in a circle, or its own folder is not there.
    """
    try:
        path.stat()
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise RecordingError(f"{explain(error)}.", path=str(path)) from None
    if path.is_dir():
        raise RecordingError("this is a folder: give the name of a file.", path=str(path))
    if not path.parent.is_dir():
        raise RecordingError(
            f"the folder {str(path.parent)!r} does not exist: create it first.", path=str(path)
        )


@contextmanager
def replacing(path: str | os.PathLike[str], *, private: bool = False) -> Iterator[BinaryIO]:
    """Open ``path`` for binary writing; it changes only when the block ends without an error.

    The body should do nothing but write. A symbolic link keeps pointing where it did, an existing
    file keeps its permissions, a new one is for its owner alone, and a device or pipe is written to
    directly. A ``private`` file is for the user alone, whatever it was before.

    Raises
    ------
    RecordingError
        When the file cannot be written; what was there before is intact and no temporary file
        is left.
    """
    target = Path(path)
    state = "nothing was written"
    try:
        refuse_no_place(target)
        existed = target.exists()
        if existed:
            state = "the previous file is unchanged"
        if existed and not target.is_file():  # renaming over /dev/null would destroy it
            state = "the output is incomplete"
            with target.open("wb") as device:
                yield device
            return
        real = Path(os.path.realpath(target))
        if existed and not os.access(real, os.W_OK):  # a rename would ignore the protection
            raise RecordingError(
                "the existing file is write-protected: unprotect it or choose another name.",
                path=str(path),
            )
        with _temporary_sibling(real, private) as file:
            yield file
    except FileNotFoundError:
        # the folder is there: it is one of the system's, which take no files
        raise RecordingError(
            f"nothing can be written in the folder {str(target.parent)!r}: choose another place.",
            path=str(path),
        ) from None
    except OSError as error:
        raise RecordingError(f"{explain(error)}; {state}.", path=str(path)) from error


@contextmanager
def _temporary_sibling(real: Path, private: bool) -> Iterator[BinaryIO]:
    part = real.with_name(f".backstride-{secrets.token_hex(8)}.part")
    try:
        with open_private(part) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())  # else a power cut can leave the new name with no content
        if real.exists() and not private:
            shutil.copymode(real, part)
        part.replace(real)
        sync_folder(real.parent)
    except BaseException:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise
