"""A steps table read back: what an earlier run or another version had found."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np

from devices.named_pipe import refuse_named_pipe
from imu.errors import InputError, RecordingError
from imu.samples import Quality
from imu.steps import SIDE_CODES, STEP_COLUMNS, STEP_ROW, Steps
from pipelines.system_error import explain

_LOOK_BYTES = 4096
_FLAGS = {flag.name.lower(): int(flag) for flag in Quality if flag.name}


def is_steps_table(path: Path) -> bool:
    """Whether a file is a steps table, by its first bytes or its columns.

    Raises
    ------
    InputError
        When it is a pipe that may never end.
    """
    refuse_named_pipe(path)
    try:
        with path.open("rb") as file:
            start = file.read(_LOOK_BYTES)
    except OSError:
        return False
    if start.startswith(b"PAR1"):
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            return "initial_contact_s" in pq.read_schema(path).names
        except (pa.ArrowException, OSError):
            return False
    return start.startswith(b"step,initial_contact_s,")


def read_steps(path: Path) -> Steps:
    """The steps of a table; a column that it has not was not measured.

    Parameters
    ----------
    path : Path
        CSV or Parquet, as :func:`~pipelines.files.steps_table.write_steps` writes it, of whatever
        version.

    Raises
    ------
    InputError
        When it holds something else.
    RecordingError
        When it cannot be read.
    """
    try:
        columns = _parquet(path) if _is_parquet(path) else _csv(path)
        count = len(columns["initial_contact_s"])
        rows = np.zeros(count, STEP_ROW)
        for name in STEP_ROW.names or ():
            if rows[name].dtype.kind == "f":
                rows[name] = np.nan
        for name in STEP_COLUMNS:
            if name in columns:
                rows[name] = _values(name, columns[name])
    except OSError as error:
        raise RecordingError(f"cannot be read: {explain(error)}.", path=str(path)) from None
    except (LookupError, ValueError, TypeError, csv.Error):
        raise InputError(
            "is no steps table: give one that replay wrote.", place=str(path)
        ) from None
    if np.any(np.diff(rows["initial_contact_s"]) < 0.0):
        raise InputError("has steps that are not in order of time.", place=str(path))
    return Steps(rows)


def _is_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"PAR1"


def _csv(path: Path) -> dict[str, list[Any]]:
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file, strict=True)
    return {name: [row[index] for row in rows] for index, name in enumerate(header)}


def _parquet(path: Path) -> dict[str, list[Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        columns: dict[str, list[Any]] = pq.read_table(path).to_pydict()
    except pa.ArrowException:
        raise ValueError("damaged") from None
    return columns


def _values(name: str, cells: list[Any]) -> list[float]:
    if name == "side":
        return [SIDE_CODES.index(cell) for cell in cells]
    if name == "quality":
        return [sum(_FLAGS[token] for token in cell.split(";") if token) for cell in cells]
    return [np.nan if cell in ("", None) else float(cell) for cell in cells]
