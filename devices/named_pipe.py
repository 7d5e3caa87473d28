"""A pipe in a folder may never have anybody who writes: to open it would be to wait for ever."""

from __future__ import annotations

import os
import select
import stat
from io import BufferedReader
from pathlib import Path
from typing import Final

from imu.errors import InputError

#: Whoever writes to a pipe has begun by then, s.
_PATIENCE_S: Final = 5.0


def refuse_named_pipe(path: str | os.PathLike[str]) -> None:
    """Refuse a pipe with a name; not what the shell sends, ``/dev/stdin`` and ``<(…)``.

    Raises
    ------
    InputError
        When it is one.
    """
    if _is_named_pipe(path):
        raise _refusal(path)


def opened_once_written(path: str | os.PathLike[str]) -> BufferedReader:
    """A file opened to be read, or such a pipe once somebody writes to it.

    Raises
    ------
    OSError
        When the system refuses it.
    InputError
        When it is a pipe to which nobody has written within some seconds.
    """
    if not _is_named_pipe(path):
        return Path(path).open("rb")
    pipe = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb")
    if not select.select([pipe], [], [], _PATIENCE_S)[0]:
        pipe.close()
        raise _refusal(path)
    os.set_blocking(pipe.fileno(), True)
    return pipe


def _is_named_pipe(path: str | os.PathLike[str]) -> bool:
    try:
        if not stat.S_ISFIFO(Path(path).stat().st_mode):
            return False
    except (OSError, ValueError):
        return False  # told by what opens it
    return not os.path.realpath(path).startswith(("/dev/", "/proc/"))


def _refusal(path: str | os.PathLike[str]) -> InputError:
    return InputError(
        "this is a pipe, to which nobody may ever write: give a file, or send it to /dev/stdin.",
        place=str(path),
    )
