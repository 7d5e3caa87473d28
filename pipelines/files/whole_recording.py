"""A session file that has its name only when it is whole: what is interrupted leaves none.

A live run is written under its own name from the beginning, since a crash must not cost it; what
can be made or fetched again must not leave a piece that looks like all of it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from imu.errors import RecordingError
from pipelines.files.kept_file import sync_folder
from pipelines.files.replacing import refuse_existing
from pipelines.files.session_writer import SessionWriter
from pipelines.session.header import SessionHeader
from pipelines.system_error import explain


@contextmanager
def whole_session(
    path: str | os.PathLike[str],
    header: SessionHeader,
    *,
    overwrite: bool = False,
    option: str = "",
) -> Iterator[SessionWriter]:
    """Write a session under a temporary name beside it; it is renamed when the block has ended.

    Parameters
    ----------
    path : path
        File to create.
    header : SessionHeader
        As :class:`~pipelines.files.session_writer.SessionWriter` takes it.
    overwrite : bool
        Replace a file that exists, once the new one is whole.
    option : str
        With which the user would say so, for the message.

    Raises
    ------
    RecordingError
        When the file exists and may not be replaced, or cannot be written; then nothing is left of
        the new one, and an older one is as it was.
    """
    target = Path(path)
    if target.is_dir():
        raise RecordingError("is a folder: give the name of a file.", path=str(path))
    if not overwrite:
        refuse_existing(target, option)
    part = target.with_name(f".{target.name}.part")
    try:
        try:
            # a piece that a power cut has left is of no use: what made it can be made again
            with SessionWriter(part, header, overwrite=True) as writer:
                yield writer
            if not overwrite:
                refuse_existing(target, option)
            part.replace(target)
            sync_folder(target.parent)
        except BaseException:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            raise
    except RecordingError as error:
        if error.path != str(part):
            raise
        refused = error.__context__
        if isinstance(refused, OSError) and not isinstance(refused, FileNotFoundError):
            words = f"{explain(refused)}; nothing was written."
        else:
            words = str(error).removeprefix(f"{part}: ")
        raise RecordingError(words, path=str(path)) from None
    except OSError as error:
        raise RecordingError(f"{explain(error)}; nothing was written.", path=str(path)) from None
