"""Which formats are read, in the order in which a file is compared with them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pipelines.files.formats.format import FileFormat, Look, TextFormat
from pipelines.files.formats.text import read_text
from pipelines.files.reading.recording import Ask, Recording
from pipelines.files.reading.text_source import beginning

__all__ = ["FILE_FORMATS", "TEXT_FORMATS", "read_format"]

TEXT_FORMATS: Final[tuple[TextFormat, ...]] = ()

FILE_FORMATS: Final[tuple[FileFormat, ...]] = ()


def read_format(path: Path, ask: Ask) -> Recording:
    """The recording of a file, in the format that it is of.

    Raises
    ------
    InputError
        When it cannot be read.
    """
    look = Look(path, beginning(path))
    for one in FILE_FORMATS:
        if one.recognise(look):
            return one.read(look, ask)
    return read_text(look, ask, TEXT_FORMATS)
