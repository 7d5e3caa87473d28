"""Tell a recording by its first bytes: what holds one must never be replaced by a result."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from imu.errors import InputError
from pipelines.files.reading.column_names import column_name
from pipelines.files.reading.keyed_lines import as_table
from pipelines.files.reading.text_head import read_head
from pipelines.files.reading.text_source import text_from
from pipelines.files.table_output import RESULT

#: How much of a file is looked at: a preamble of some pages and the header below it.
_LOOK_BYTES: Final = 1 << 16
#: How packed files, and what other devices record, begin.
CONTAINERS: Final = (
    b"PK\x03\x04",
    b"\x1f\x8b",
    b"XDF:",
    b"MATLAB ",
    b"\x89HDF",
    b"\xd0\xcf\x11\xe0",
    b"\x93NUMPY",
    b"Device Identity",
)
#: Sessions, the journal itself, and these.
_BEGINNINGS: Final = (b"\x89MCAP", b"SQLite format 3\0", *CONTAINERS)
_MEASURED: Final = ("acc", "gyr", "linear")
#: What stands in lines of JSON and in no header.
_OF_NO_NAME: Final = frozenset('{}:"')


def holds_recording(path: str | os.PathLike[str]) -> bool:
    """Whether a file is a session, a table of samples or a journal; not where none can be read.

    A table of samples is told by a column of acceleration, whatever the file is called. Tables of
    steps, also in Parquet, may be replaced.
    """
    try:
        if not Path(path).is_file():
            return False
        with Path(path).open("rb") as file:
            start = file.read(_LOOK_BYTES)
            file.seek(max(0, file.seek(0, os.SEEK_END) - _LOOK_BYTES))
            end = file.read()
    except (OSError, ValueError):
        return False
    if start.startswith(_BEGINNINGS):
        return True
    if start.startswith(b"PAR1"):
        if RESULT.encode() in end:
            return False
        return any(name in end for name in (b"acc_x", b"acc_y", b"acc_z"))
    try:
        source = as_table(text_from(start, ""))
        names = read_head(source.look, "").names
    except InputError:
        return False
    said = [column_name(name) for name in names if not set(name) & _OF_NO_NAME]
    axes = {(one.quantity, one.axis) for one in said if one.axis >= 0}
    return any(sum((quantity, axis) in axes for axis in range(3)) >= 2 for quantity in _MEASURED)
