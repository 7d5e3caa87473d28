"""A zip with one table in it, of whatever maker."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from imu.errors import InputError
from pipelines.files.formats.format import TextFormat
from pipelines.files.formats.packed_folder import FolderFiles
from pipelines.files.formats.text import text_recording
from pipelines.files.reading.recording import Ask, Recording
from pipelines.files.reading.text_source import text_from

_TABLES: Final = (".csv", ".tsv", ".txt", ".tab", ".dat")


def read_zipped_table(folder: FolderFiles, ask: Ask, formats: Sequence[TextFormat]) -> Recording:
    """The recording of the one table in a zip or a folder.

    Raises
    ------
    InputError
        When it holds none, or several.
    """
    tables = [n for n in folder.names if n.endswith(_TABLES) and not n.startswith("__macosx")]
    if len(tables) != 1:
        what = "a spreadsheet: save it as CSV" if "xl/workbook.xml" in folder.names else (
            f"no recording that is known, but {len(tables)} tables: give the one with the "
            "acceleration, and with --with the one with the angular velocity"
        )  # fmt: skip
        raise InputError(f"this is {what}.", place=folder.place)
    place = f"{folder.place}, {tables[0]}"
    return text_recording(text_from(folder.read(tables[0]), place), place, ask, formats)
