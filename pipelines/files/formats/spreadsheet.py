"""Workbooks of Excel and LibreOffice, by calamine: a sheet is a table, several are one a sensor."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from imu.errors import InputError
from pipelines.extras import how_to_install
from pipelines.files.formats.format import FileFormat, Look
from pipelines.files.formats.packed_folder import FolderFiles
from pipelines.files.formats.zipped_table import read_zipped_table
from pipelines.files.reading.recording import Ask, Recording
from pipelines.files.reading.whole_file import check_length

_OLDER: Final = b"\xd0\xcf\x11\xe0"
_PARTS: Final = ("xl/workbook.xml", "xl/workbook.bin", "content.xml")
#: A full sheet of seven columns has about as much; it is unpacked ten times as large.
_MOST_BYTES: Final = 1 << 28
_MOST_SHEETS: Final = 40
_EXACT: Final = 1e15


def _recognise(look: Look) -> bool:
    names = look.folder.names if look.folder else ()
    return look.start.startswith(_OLDER) or any(part in names for part in _PARTS)


def _read(look: Look, ask: Ask) -> Recording:
    place = str(look.path)
    try:
        from python_calamine import CalamineError, CalamineWorkbook
    except ImportError:
        raise InputError(
            f"this is a spreadsheet: save it as CSV, or give {how_to_install('lab')}.", place=place
        ) from None
    check_length(look.path, _MOST_BYTES)
    if look.folder is not None:
        look.folder.refuse_bomb()
    try:
        book = CalamineWorkbook.from_path(look.path)
        names = book.sheet_names[:_MOST_SHEETS]
        sheets = {
            f"{name.lower()}.csv": _text(book.get_sheet_by_name(name).to_python()) for name in names
        }
    except (CalamineError, OSError, ValueError, MemoryError):
        raise InputError(
            "the spreadsheet is damaged, or locked with a password: save it as CSV.", place=place
        ) from None
    filled = {name: text for name, text in sheets.items() if text.strip()}
    return read_zipped_table(FolderFiles(place, filled, sheets=True), ask, ())


def _text(rows: Iterable[Iterable[Any]]) -> bytes:
    """A sheet as text with tabs."""
    return "".join("\t".join(map(_cell, row)) + "\n" for row in rows).encode("utf-8", "replace")


def _cell(value: Any) -> str:
    r"""A cell as text: numbers with all their digits.

    Examples
    --------
    >>> _cell(0.1), _cell(1772355600123.0), _cell(datetime(2026, 3, 1, 9, 0)), _cell("a\tb")
    ('0.1', '1772355600123', '2026-03-01 09:00:00', 'a b')
    """
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < _EXACT else repr(value)
    if isinstance(value, datetime):
        return value.isoformat(" ")
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return repr(value.total_seconds())
    return " ".join(str(value).split())


SPREADSHEET: Final = FileFormat(
    "Spreadsheet", "`.xlsx`, `.xls`, `.ods`", False, _recognise, _read,
    "one table a sheet; needs the extra `lab`",
)  # fmt: skip
