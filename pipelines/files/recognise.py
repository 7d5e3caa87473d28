"""Tell a recording by its first bytes: what holds one must never be replaced by a result."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

__all__ = ["holds_recording"]

#: How much of a file is looked at: a preamble of some pages and the header below it.
_LOOK_BYTES: Final = 1 << 16
#: Sessions, and the journal itself.
_BEGINNINGS: Final = (b"\x89MCAP", b"SQLite format 3\0")


def holds_recording(path: str | os.PathLike[str]) -> bool:
    """Whether a file is a session, a table of samples or a journal; not where none can be read.

    A table of samples is told by a column of acceleration, whatever the file is called.
    """
    try:
        if not Path(path).is_file():
            return False
        with Path(path).open("rb") as file:
            start = file.read(_LOOK_BYTES)
    except (OSError, ValueError):
        return False
    if start.startswith(_BEGINNINGS):
        return True
    lines = start.decode("utf-8-sig", "replace").splitlines()
    head = next((line for line in lines if line.strip() and not line.startswith("#")), "")
    return any(name.strip().strip('"').lower().startswith("acc_") for name in head.split(","))
