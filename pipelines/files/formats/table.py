"""Which formats are read, in the order in which a file is compared with them."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Final

from imu.errors import InputError
from pipelines.files.formats.actigraph import ACTIGRAPH
from pipelines.files.formats.axivity import AXIVITY
from pipelines.files.formats.betaflight import BETAFLIGHT
from pipelines.files.formats.blue_trident import BLUE_TRIDENT
from pipelines.files.formats.empatica import EMPATICA
from pipelines.files.formats.format import FileFormat, Look, TextFormat
from pipelines.files.formats.geneactiv import GENEACTIV
from pipelines.files.formats.gyroflow import GYROFLOW
from pipelines.files.formats.hdf5 import HDF5
from pipelines.files.formats.json_table import JSON_TABLE
from pipelines.files.formats.matlab import MATLAB
from pipelines.files.formats.movella_dot import MOVELLA_DOT
from pipelines.files.formats.movesense_json import MOVESENSE_JSON
from pipelines.files.formats.numpy_file import NUMPY
from pipelines.files.formats.other_files import refuse_others
from pipelines.files.formats.packed_folder import ZIP, open_folder
from pipelines.files.formats.parquet import FEATHER, PARQUET
from pipelines.files.formats.phyphox import PHYPHOX
from pipelines.files.formats.polar_sensor_logger import POLAR_SENSOR_LOGGER
from pipelines.files.formats.sensor_log import SENSOR_LOG
from pipelines.files.formats.sensor_logger import (
    SENSOR_LOGGER,
    SENSOR_LOGGER_JSON,
    SENSOR_LOGGER_TABLE,
)
from pipelines.files.formats.shimmer_card import SHIMMER_CARD
from pipelines.files.formats.shimmer_consensys import SHIMMER_CONSENSYS
from pipelines.files.formats.spreadsheet import SPREADSHEET
from pipelines.files.formats.text import read_text
from pipelines.files.formats.witmotion_card import WITMOTION_CARD
from pipelines.files.formats.witmotion_text import WITMOTION_TEXT
from pipelines.files.formats.xdf import XDF
from pipelines.files.formats.xsens_mt import XSENS_MT
from pipelines.files.formats.zipped_table import TABLES, read_zipped_table
from pipelines.files.reading.raw_columns import excerpt
from pipelines.files.reading.recording import Ask, Recording
from pipelines.files.reading.text_source import GZIP, LOOK_BYTES, beginning

#: Told by the names of their columns and the lines above.
TEXT_FORMATS: Final[tuple[TextFormat, ...]] = (
    SENSOR_LOGGER_TABLE,
    SENSOR_LOG,
    MOVELLA_DOT,
    XSENS_MT,
    BLUE_TRIDENT,
    SHIMMER_CONSENSYS,
    WITMOTION_TEXT,
    POLAR_SENSOR_LOGGER,
    EMPATICA,
    BETAFLIGHT,
    GYROFLOW,
)

#: Told by their first bytes, or by the names in a folder or zip.
FILE_FORMATS: Final[tuple[FileFormat, ...]] = (
    PARQUET,
    FEATHER,
    NUMPY,
    MATLAB,
    HDF5,
    SPREADSHEET,
    XDF,
    ACTIGRAPH,
    AXIVITY,
    GENEACTIV,
    PHYPHOX,
    SENSOR_LOGGER,
    SENSOR_LOGGER_JSON,
    MOVESENSE_JSON,
    JSON_TABLE,
    WITMOTION_CARD,
    SHIMMER_CARD,
)


#: Those of one file that is no text.
_BINARY: Final = (PARQUET, FEATHER, NUMPY, MATLAB, HDF5, XDF, AXIVITY, GENEACTIV, SHIMMER_CARD)
_OF_ONE_SENSOR: Final = (
    *(ACTIGRAPH, AXIVITY, GENEACTIV, PHYPHOX, SENSOR_LOGGER, SENSOR_LOGGER_JSON, MOVESENSE_JSON),
    *(WITMOTION_CARD, SHIMMER_CARD),
)
#: Files of a zip whose beginning is looked at.
_MOST_LOOKED_AT: Final = 40

_TAR_AT: Final = 257


def read_format(path: Path, ask: Ask) -> Recording:
    """The recording of a file, in the format that it is of.

    Raises
    ------
    InputError
        When it cannot be read.
    """
    start = beginning(path)
    refuse_others(start, path)
    if start.startswith(GZIP):
        within = _unpacked(start)
        refuse_others(within, path)
        _refuse_packed(Look(path, within))
        if within.startswith(ZIP) or within[_TAR_AT:].startswith(b"ustar"):
            raise InputError(
                "this is a packed folder: unpack it, and give it or the file that you mean.",
                place=str(path),
            )
    packed = path.is_dir() or start.startswith(ZIP)
    look = Look(path, start, open_folder(path) if packed else None)
    for one in FILE_FORMATS:
        if one.recognise(look):
            if ask.stream and one in _OF_ONE_SENSOR:
                raise InputError(
                    f"--stream names one of several sensors, and a file of {one.name} is of one "
                    "alone: leave it out.",
                    place=str(path),
                )
            return one.read(look, ask)
    if look.folder is not None:
        for name in () if look.folder.ending(TABLES) else look.folder.names[:_MOST_LOOKED_AT]:
            _refuse_packed(Look(path, look.folder.beginning(name)), name)
        return read_zipped_table(look.folder, ask, TEXT_FORMATS)
    return read_text(look, ask, TEXT_FORMATS)


def _refuse_packed(within: Look, name: str = "") -> None:
    """Refuse a file of a format that is told by its first bytes where it is packed."""
    found = next((one for one in _BINARY if one.recognise(within)), None)
    if found is not None:
        which = f" ({excerpt(name)})" if name else ""
        raise InputError(
            f"this is a packed file of {found.name}{which}: unpack it and give what is in it.",
            place=str(within.path),
        )


def _unpacked(start: bytes) -> bytes:
    """As much of what was packed as is in its first bytes; none where that is damaged."""
    try:
        return zlib.decompressobj(wbits=31).decompress(start, LOOK_BYTES)
    except zlib.error:
        return b""


def format_list() -> str:
    """The list of formats as a table of Markdown."""
    lines = ["| format | files | read from | limits |", "|---|---|---|---|"]
    every: list[FileFormat | TextFormat] = [*FILE_FORMATS, *TEXT_FORMATS]
    for one in sorted(every, key=lambda f: f.name.lower()):
        seen = "real files" if one.seen else "by layout, not seen"
        lines.append(f"| {one.name} | {one.files} | {seen} | {one.limits} |")
    return "\n".join(lines)
