"""What a format is: how a file of it is recognised, and what reads it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipelines.files.formats.packed_folder import FolderFiles
from pipelines.files.reading.raw_columns import RawColumns
from pipelines.files.reading.recording import Ask, Recording


@dataclass(frozen=True, slots=True)
class Look:
    """What is seen of a file before it is read.

    Attributes
    ----------
    path : Path
        The file, or a folder.
    start : bytes
        Its first bytes; none of a folder or a pipe.
    folder : FolderFiles or None
        What is in it, of a zip or a folder.
    """

    path: Path
    start: bytes
    folder: FolderFiles | None = None


@dataclass(frozen=True, slots=True)
class FileFormat:
    """A format that is told by the first bytes of a file, or by the names in a folder.

    Attributes
    ----------
    name : str
        Maker and product, as people say it.
    files : str
        Which files it reads.
    seen : bool
        Whether a real file of it was read; else it is by layout.
    recognise : callable
        Whether a file is of it.
    read : callable
        Gives the recording.
    limits : str
        What it does not read, for the list of formats.
    """

    name: str
    files: str
    seen: bool
    recognise: Callable[[Look], bool]
    read: Callable[[Look, Ask], Recording]
    limits: str = ""


@dataclass(frozen=True, slots=True)
class TextFormat:
    """A table in text whose header says who wrote it.

    Attributes
    ----------
    name, files, seen, limits
        As of :class:`FileFormat`.
    refine : callable
        Given columns and their preface, gives the same with names that say all, or None where the
        table is of another format.
    """

    name: str
    files: str
    seen: bool
    refine: Callable[[RawColumns], RawColumns | None]
    limits: str = ""
