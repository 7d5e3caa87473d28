"""What is sound of a file that was written in sectors or pages, of which some are damaged."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from imu.errors import InputError
from pipelines.system_error import explain


@dataclass(frozen=True, slots=True)
class SoundParts:
    """The parts of a file that can be read.

    Attributes
    ----------
    damaged, count : int
        Parts that are left out, and all.
    part : str
        What such a part is called.
    cut : bool
        Whether the file ends within one.
    pieces : sequence of bytes
        The file without them, to be written one behind another; empty where it is read as it is.
    """

    damaged: int
    count: int
    part: str
    cut: bool = False
    pieces: Sequence[bytes | memoryview] = field(default_factory=tuple)

    def notes(self, place: str) -> list[str]:
        """What is told of it."""
        notes = []
        if self.damaged:
            notes.append(
                f"{place}: {self.damaged} of {self.count} {self.part}s "
                f"{'is' if self.damaged == 1 else 'are'} damaged and left out, as lost samples."
            )
        if self.cut:
            notes.append(
                f"{place}: the file ends in the middle of a {self.part}, and what came behind is "
                "missing: fetch it from the recorder again, if it is still there."
            )
        return notes


def mapped(path: Path) -> memoryview:
    """The bytes of a file, of which only those are in memory that are looked at.

    Raises
    ------
    InputError
        When it cannot be read.
    """
    try:
        return np.memmap(path, np.uint8, "r").data
    except (OSError, ValueError) as error:  # an empty one
        fault = explain(error) if isinstance(error, OSError) else "the file is empty"
        raise InputError(f"{fault}.", place=str(path)) from None


@contextmanager
def sound_file(path: Path, sound: SoundParts) -> Iterator[Path]:
    """The file, or a copy of what is sound of it as long as it is needed."""
    if not sound.pieces:
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / f"sound{path.suffix}"
        with copy.open("wb") as file:
            file.writelines(sound.pieces)
        yield copy
