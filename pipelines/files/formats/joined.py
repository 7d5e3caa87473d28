"""Tables that a device writes one a sensor."""

from __future__ import annotations

from pipelines.files.formats.packed_folder import FolderFiles
from pipelines.files.reading.raw_columns import RawColumns
from pipelines.files.reading.recording import Ask
from pipelines.files.reading.text_source import text_from
from pipelines.files.reading.text_table import read_text_columns


def columns_in(folder: FolderFiles, name: str, ask: Ask) -> RawColumns:
    """The columns of a table within a zip or a folder."""
    place = f"{folder.place}, {folder.own_name(name)}"
    raw, _ = read_text_columns(text_from(folder.read(name), place), place, ask)
    return raw
