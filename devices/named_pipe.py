"""A pipe in a folder may never have anybody who writes: to open it would be to wait for ever."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from imu.errors import InputError


def refuse_named_pipe(path: str | os.PathLike[str]) -> None:
    """Refuse a pipe with a name; not what the shell sends, ``/dev/stdin`` and ``<(…)``.

    Raises
    ------
    InputError
        When it is one.
    """
    try:
        if not stat.S_ISFIFO(Path(path).stat().st_mode):
            return
    except (OSError, ValueError):
        return  # told by what opens it
    if not os.path.realpath(path).startswith(("/dev/", "/proc/")):
        raise InputError(
            "this is a pipe, to which nobody may ever write: give a file, or send it to "
            "/dev/stdin.",
            place=str(path),
        )
