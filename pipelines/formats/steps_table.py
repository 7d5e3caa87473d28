"""The steps table as a file: CSV or Parquet out, CSV in for truth and earlier results."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from imu.errors import ColumnError, InputError
from imu.samples import Quality
from imu.steps import SIDE_CODES, STEP_COLUMNS, STEP_ROW, Steps
from pipelines.formats.table_head import excerpt, open_table
from pipelines.formats.table_output import write_table

__all__ = ["read_steps", "write_steps"]

#: Format of each column in CSV: finer than what is known of it, and the same bytes for the same
#: rows; -0 is written as 0.
_FORMATS: Final = {
    "step": "d",
    "initial_contact_s": "z.6f",
    "toe_off_s": "z.6f",
    "side": "",
    "step_time_s": "z.6f",
    "contact_time_ms": "z.3f",
    "flight_time_ms": "z.3f",
    "cadence_spm": "z.3f",
    "peak_force_bw": "z.4f",
    "impact_shock_g": "z.4f",
    "vertical_oscillation_mm": "z.3f",
    "mediolateral_oscillation_mm": "z.3f",
    "braking_m_s": "z.5f",
    "sacral_lean_deg": "z.4f",
    "sacral_roll_deg": "z.4f",
    "pelvic_tilt_range_deg": "z.4f",
    "pelvic_obliquity_range_deg": "z.4f",
    "pelvic_rotation_range_deg": "z.4f",
    "lumbar_index": "z.3f",
    "quality": "",
}
_ROW: Final = ",".join(f"{{:{_FORMATS[name]}}}" for name in STEP_COLUMNS)

_NEEDED: Final = ("step", "initial_contact_s", "side")
_FLAGS: Final = {flag.tokens: flag for flag in Quality if flag}


def write_steps(path: str | os.PathLike[str], steps: Steps) -> None:
    """Write steps, replacing the file whole or not at all.

    CSV has fixed decimals: times in s 6, in ms 3, cadence and lumbar index 3, force and shock 4,
    oscillation 3, braking 5, angles 4; a cell is empty where nothing could be measured. Parquet has
    full precision and null. No steps give the header alone.

    Parameters
    ----------
    path : path
        Ends in ``.csv`` or ``.parquet``; ``-`` is CSV on standard output.
    steps : Steps
        What to write.

    Raises
    ------
    ParameterError
        When the extension is another one.
    RecordingError
        When the file cannot be written, or Parquet is asked for without pyarrow; what was there
        before is intact.
    """
    write_table(
        path, table="steps table", csv_lines=lambda: _csv_lines(steps), columns=steps.columns
    )


def read_steps(path: str | os.PathLike[str]) -> Steps:
    """Read a steps table from CSV.

    Columns may stand in any order; ``step``, ``initial_contact_s`` and ``side`` are needed, the
    others count as not measured where they are absent.

    Raises
    ------
    ColumnError
        When a column is unknown, stands twice, or one that is needed is missing.
    InputError
        When the file cannot be read, a row is malformed, or contacts do not increase.
    """
    place = str(path)
    with open_table(path) as (file, head):
        names = head.names
        _check_names(names, f"{place}, line {head.line}")
        text = io.TextIOWrapper(file, "utf-8", newline="")
        try:
            rows = list(_rows(text, names, place, head.line))
        except UnicodeDecodeError:
            raise InputError(
                "this is not UTF-8 text: save it as CSV in UTF-8.", place=place
            ) from None
    return Steps(np.array(rows, STEP_ROW))


def _csv_lines(steps: Steps) -> Iterator[str]:
    yield ",".join(STEP_COLUMNS) + "\n"
    columns = (values.tolist() for values in steps.columns().values())
    for row in zip(*columns, strict=True):
        cells = _ROW.format(*row).split(",")
        yield ",".join("" if cell == "nan" else cell for cell in cells) + "\n"


def _check_names(names: Sequence[str], place: str) -> None:
    for index, name in enumerate(names):
        where = f"{place}, column {index + 1}"
        if name not in STEP_COLUMNS:
            raise ColumnError(
                f"{excerpt(name)} is no column of the steps table: remove it or rename it to one "
                f"of {', '.join(STEP_COLUMNS)}.",
                column=name,
                place=where,
            )
        if name in names[:index]:
            raise ColumnError(f"{name} stands twice: keep one.", column=name, place=where)
    for name in _NEEDED:
        if name not in names:
            raise ColumnError(f"{name} is missing: add the column.", column=name, place=place)


def _rows(
    text: io.TextIOWrapper, names: Sequence[str], place: str, header_line: int
) -> Iterator[tuple[float | int, ...]]:
    blank = np.zeros(1, STEP_ROW)
    for name in STEP_ROW.names or ():
        if STEP_ROW[name] == np.float64:
            blank[name] = np.nan
    template: dict[str, float | int] = dict(
        zip(STEP_ROW.names or (), blank[0].tolist(), strict=True)
    )
    last_contact = -np.inf
    for number, line in enumerate(text, header_line + 1):
        where = f"{place}, line {number}"
        if not line.strip():
            continue
        try:
            cells = next(csv.reader([line.rstrip("\r\n")], strict=True))
        except csv.Error:
            raise InputError(
                "the quotes do not match: correct or delete the row.", place=where
            ) from None
        if len(cells) != len(names):
            raise InputError(
                f"the row has {len(cells)} cells where the header names {len(names)}: complete "
                "or delete the row, and write numbers with a decimal point.",
                place=where,
            )
        row = dict(template)
        for name, cell in zip(names, cells, strict=True):
            row[name] = _value(name, cell.strip(), f"{where}, column {name}")
        contact = row["initial_contact_s"]
        if not np.isfinite(contact):
            raise InputError(
                "the step has no time of contact: fill it in or delete the row.",
                place=f"{where}, column initial_contact_s",
            )
        if contact <= last_contact:
            raise InputError(
                f"{contact!s} s does not follow {last_contact!s} s: sort the rows and give "
                "each contact once.",
                place=f"{where}, column initial_contact_s",
            )
        last_contact = contact
        yield tuple(row.values())


def _value(name: str, cell: str, where: str) -> float | int:
    if name == "side":
        if cell not in SIDE_CODES:
            raise InputError(f"{excerpt(cell)} is no side: write L, R, A or B.", place=where)
        return SIDE_CODES.index(cell)
    if name == "quality":
        bits = 0
        for token in filter(None, cell.split(";")):
            if token not in _FLAGS:
                raise InputError(
                    f"{excerpt(token)} is no quality: write {', '.join(_FLAGS)} joined by "
                    "semicolons, or nothing.",
                    place=where,
                )
            bits |= _FLAGS[token]
        return int(bits)
    if name == "step":
        if not (cell.isdecimal() and len(cell) < 19 and int(cell) > 0):
            raise InputError(f"{excerpt(cell)} is no step: count from 1.", place=where)
        return int(cell)
    try:
        if "_" not in cell:  # Python would read 1_000
            return float(cell or "nan")
    except ValueError:
        pass
    raise InputError(
        f"{excerpt(cell)} is no number: correct it, or leave the cell empty.", place=where
    )
