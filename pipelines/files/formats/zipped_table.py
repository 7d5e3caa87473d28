"""Tables in a zip or a folder, of whatever maker: one, or one of each sensor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Final

from imu.errors import InputError
from pipelines.files.formats.format import TextFormat
from pipelines.files.formats.joined import columns_in
from pipelines.files.formats.packed_folder import FolderFiles
from pipelines.files.formats.text import text_recording
from pipelines.files.reading.column_names import column_name, quantity_of_file
from pipelines.files.reading.name_words import names_elsewhere, names_waist
from pipelines.files.reading.named_sensors import words_of
from pipelines.files.reading.raw_columns import excerpt
from pipelines.files.reading.recording import Ask, Recording, with_gyroscope
from pipelines.files.reading.text_head import read_head
from pipelines.files.reading.text_source import text_from

#: How names of tables end.
TABLES: Final = (".csv", ".tsv", ".txt", ".tab", ".dat", ".csv.gz")
#: Tables of which the head is looked at; a phone writes one a sensor.
_MOSTTABLES: Final = 40


def read_zipped_table(folder: FolderFiles, ask: Ask, formats: Sequence[TextFormat]) -> Recording:
    """The recording of the one table in a zip or a folder, or of those of two sensors.

    Raises
    ------
    InputError
        When it holds none, or several recordings.
    """
    tables = [n for n in folder.ending(TABLES) if not _is_hidden(n)]
    measured = {name: _measured(folder, name) for name in tables} if len(tables) > 1 else {}
    whole = tables if len(tables) == 1 else _holding(measured, "acc", "linear")
    turning = [n for n, said in measured.items() if said == {"gyr"}]
    sessions = [name for name in folder.names if name.endswith(".mcap") and not _is_hidden(name)]
    if len(whole) > 1:
        named = _meant(whole, ask.stream)
        if len(named) == 1 and len({_bare(name) for name in whole}) == 1:  # of its folder
            beside = PurePosixPath(named[0]).parent
            turning = [name for name in turning if PurePosixPath(name).parent == beside]
        turning = _meant(turning, ask.stream) or turning
        if named and ask.stream:
            sessions, ask = [], replace(ask, stream="")
        whole = named or whole
    if sessions or 1 < len(whole) <= _MOSTTABLES:
        held = [folder.own_name(name) for name in (*sessions, *whole)]
        more = f" and {len(held) - 4} more" if len(held) > 4 else ""
        cure = f", or name a table by --stream, such as --stream {excerpt(_labels(held)[-1])}"
        raise InputError(
            f"there are recordings in it ({', '.join(held[:4])}{more}): give the one you mean"
            f"{cure if whole else ''}.",
            place=folder.place,
        )
    if len(tables) > _MOSTTABLES or len(whole) != 1 or len(turning) > 1:
        raise InputError(
            f"this is no recording that is known, and {_told(len(tables))} in it that would be "
            "one: give the file itself.",
            place=folder.place,
        )
    if not names_elsewhere(_bare(whole[0])):  # what turns elsewhere is another sensor
        turning = [name for name in turning if not names_elsewhere(_bare(name))]
    place = f"{folder.place}, {folder.own_name(whole[0])}"
    recording = text_recording(text_from(folder.read(whole[0]), place), place, ask, formats)
    if turning and recording.angular_velocity is None:
        plain = replace(ask, stated=replace(ask.stated, columns=()), progress=None)
        recording = with_gyroscope(recording, columns_in(folder, turning[0], plain), plain)
        whole = [whole[0], turning[0]]
    if recording.told or len(folder.names) == 1:  # which names it
        return recording
    shown = [_bare(name) if folder.sheets else folder.own_name(name) for name in whole]
    were = "was" if len(shown) == 1 else "were"
    note = f"{folder.place}, {' and '.join(shown)} {were} read, of {len(folder.names)} "
    note += "sheets." if folder.sheets else "files."
    return replace(recording, notes=(note, *recording.notes))


def _meant(names: Sequence[str], stream: str) -> list[str]:
    """The tables that a user names, or else those of the waist."""
    wanted, labels = words_of(stream), zip(names, _labels(names), strict=True)
    if wanted:
        return [name for name, label in labels if wanted <= words_of(label)]
    return [name for name, label in labels if names_waist(label)]


def _labels(names: Sequence[str]) -> list[str]:
    """What tells tables apart: their names, or the folders that hold tables of one name."""
    if len({_bare(name) for name in names}) > 1 or len(names) < 2:
        return [_bare(name) for name in names]
    return [PurePosixPath(name).parent.name for name in names]


def _bare(name: str) -> str:
    return PurePosixPath(name).name.rpartition(".")[0]


def _told(tables: int) -> str:
    return "there is no table" if not tables else f"none of the {tables} tables is plainly the one"


def _holding(measured: Mapping[str, set[str]], *quantities: str) -> list[str]:
    """The tables that hold the first of these that any does."""
    for quantity in quantities:
        if found := [name for name, said in measured.items() if quantity in said]:
            return found
    return []


def _is_hidden(name: str) -> bool:
    """Whether a file is what a system puts beside those of people."""
    return name.startswith("__macosx") or PurePosixPath(name).name.startswith(".")


def _measured(folder: FolderFiles, name: str) -> set[str]:
    """What a table holds, by the names of its columns, else by its own."""
    try:
        head = read_head(text_from(folder.beginning(name), name).look, name)
    except InputError:  # words, or nothing
        return set()
    said: set[str] = {
        one.quantity
        for one in map(column_name, head.names, head.units)
        if one.quantity in ("acc", "gyr", "linear", "xyz") and one.axis >= 0
    }
    if "xyz" in said or not any(head.names):
        said.discard("xyz")
        said |= set(filter(None, [quantity_of_file(name)]))
    return said
