"""A disk that gets full."""

from __future__ import annotations

import errno
import io
from pathlib import Path
from typing import Any


class SmallDisk(io.RawIOBase):
    """A file on a disk with room for so many bytes; what does not fit is torn."""

    def __init__(self, path: Path, room: int) -> None:
        self.file = path.open("xb", buffering=0)
        self.room = room

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self.file.fileno()

    def write(self, data: Any) -> int:
        if self.room == 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = self.file.write(bytes(data)[: self.room]) or 0
        self.room -= written
        return written

    def close(self) -> None:
        self.file.close()
        super().close()
