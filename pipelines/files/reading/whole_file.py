"""A file that is read at once, if it is no longer than any recording."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from imu.errors import InputError
from pipelines.system_error import explain

#: Three weeks of six axes at 100 Hz.
MOST_BYTES: Final = 2 << 30


def read_whole(path: Path, most: int = MOST_BYTES) -> bytes:
    """The bytes of a file.

    Raises
    ------
    InputError
        When it cannot be read, or is longer.
    """
    check_length(path, most)
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{explain(error)}.", place=str(path)) from None


def check_length(path: Path, most: int = MOST_BYTES) -> None:
    """Refuse a file that is longer.

    Raises
    ------
    InputError
        When it is, or cannot be looked at.
    """
    try:
        length = path.stat().st_size
    except OSError as error:
        raise InputError(f"{explain(error)}.", place=str(path)) from None
    if length > most:
        raise InputError(
            f"the file has {length / 1e9:.1f} GB, more than any recording of its kind: cut it into "
            "pieces.",
            place=str(path),
        )
