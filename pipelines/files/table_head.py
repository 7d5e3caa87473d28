"""The head of a CSV table: open the file, read its preamble and its column names."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from imu.errors import InputError
from pipelines.files.system_error import explain

__all__ = ["TableHead", "excerpt", "open_table"]

_LONGEST_LINE = 1 << 16

#: How files begin that people take for a CSV, and what to do with them.
_OTHER_FORMATS: Final = (
    (b"\x89MCAP", "this is a recorded session and no CSV table: give it a name ending in .mcap"),
    (b"PAR1", "this is a Parquet file and no CSV table: save it as CSV"),
    (b"PK\x03\x04", "this is a spreadsheet or zip file and no CSV table: save or unpack it as CSV"),
    (b"\x1f\x8b", "this is compressed and no CSV table: unpack it first"),
    (b"\xff\xfe", "this is UTF-16 text: save it as CSV in UTF-8"),
    (b"\xfe\xff", "this is UTF-16 text: save it as CSV in UTF-8"),
)


@dataclass(frozen=True, slots=True)
class TableHead:
    """What stands above the rows.

    Parameters
    ----------
    preamble : dict
        The ``# key: value`` lines.
    names : tuple of str
        The column names, without quotes and outer spaces.
    line : int
        Line of the header, from 1.
    size_bytes : int
        Bytes down to the end of the header.
    """

    preamble: dict[str, str]
    names: tuple[str, ...]
    line: int
    size_bytes: int


@contextmanager
def open_table(path: str | os.PathLike[str]) -> Iterator[tuple[BinaryIO, TableHead]]:
    r"""Open a CSV table, read its head, and leave the file at the first row.

    Lines end in ``\n`` or ``\r\n``; a byte-order mark, blank lines above the header, quotes and
    spaces around names are fine.

    Raises
    ------
    InputError
        When the file cannot be opened or read, is empty or binary, has no header, or separates its
        columns by something other than commas.
    """
    place = str(path)
    try:
        if Path(path).is_dir():
            raise InputError("this is a folder: give the name of a file.", place=place)
        with Path(path).open("rb") as file:
            yield file, _read_head(file, place)
    except OSError as error:
        raise InputError(f"{explain(error)}.", place=place) from error


def excerpt(text: str | bytes) -> str:
    r"""Quote a piece of a file for a message: short, on one line.

    Examples
    --------
    >>> excerpt(b"a\nb"), excerpt("x" * 100)
    ("'a\\nb'", "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxx…'")
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    return repr(text if len(text) <= 30 else text[:29] + "…")


def _read_head(file: BinaryIO, place: str) -> TableHead:
    preamble: dict[str, str] = {}
    number = size = 0
    while raw := file.readline(_LONGEST_LINE):
        number += 1
        size += len(raw)
        text = _decoded(raw, number, place)
        if text.startswith("#"):
            key, colon, value = text[1:].partition(":")
            if colon:
                preamble[key.strip()] = value.strip()
        elif text:
            return TableHead(preamble, _names(text, number, place), number, size)
    if number == 0:
        raise InputError("the file is empty: give a CSV table with a header line.", place=place)
    raise InputError(
        "there is no header line: name the columns in the first line below the # lines.",
        place=place,
    )


def _decoded(raw: bytes, number: int, place: str) -> str:
    if number == 1:
        raw = raw.removeprefix(b"\xef\xbb\xbf")
        for magic, sentence in _OTHER_FORMATS:
            if raw.startswith(magic):
                raise InputError(f"{sentence}.", place=place)
    if any(byte < 9 for byte in raw) or len(raw) == _LONGEST_LINE:
        raise InputError("this is no text: give a CSV table with a header line.", place=place)
    where = f"{place}, line {number}"
    try:
        text = raw.decode("utf-8").strip()
    except UnicodeDecodeError:
        raise InputError("this is not UTF-8 text: save it as CSV in UTF-8.", place=where) from None
    if "\r" in text:
        raise InputError(
            "lines end in a bare carriage return: save it with \\n or \\r\\n as line ends.",
            place=where,
        )
    return text


def _names(text: str, number: int, place: str) -> tuple[str, ...]:
    where = f"{place}, line {number}"
    if "," not in text:
        for separator, word in ((";", "semicolons"), ("\t", "tabs")):
            if separator in text:
                raise InputError(
                    f"{word} separate the columns: save it with commas between columns and a point "
                    "in numbers.",
                    place=where,
                )
    names = tuple(name.strip().strip('"').strip() for name in text.split(","))
    if all(_is_number(name) for name in names):
        raise InputError(
            "there are numbers where the header should be: name the columns in a line above them.",
            place=where,
        )
    return names


def _is_number(text: str) -> bool:
    try:
        float(text or "nan")
    except ValueError:
        return False
    return True
