"""Write a table as CSV or Parquet, chosen by the extension."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Literal, cast

import numpy as np
from numpy.typing import NDArray

from imu.errors import ParameterError, RecordingError
from pipelines.files.replacing import replacing
from pipelines.files.system_error import explain

__all__ = ["table_format", "write_table", "write_to_stdout"]


def table_format(
    path: str | os.PathLike[str], table: str = "table"
) -> Literal["csv", "parquet", "stdout"]:
    """Tell how a table will be written; ask before hours of work, not after.

    Parameters
    ----------
    path : path or ``-``
        Ends in ``.csv`` or ``.parquet``; ``-`` is CSV on standard output.
    table : str
        What the user calls the file, for the message.

    Raises
    ------
    ParameterError
        When the extension is another one.
    RecordingError
        When Parquet is asked for and pyarrow is not installed.

    Examples
    --------
    >>> table_format("steps.csv"), table_format("-")
    ('csv', 'stdout')
    """
    if str(path) == "-":
        return "stdout"
    extension = Path(path).suffix.lower()
    if extension == ".csv":
        return "csv"
    if extension == ".parquet":
        if importlib.util.find_spec("pyarrow") is None:
            raise RecordingError(
                "Parquet needs the package pyarrow: give a name ending in .csv, "
                'or install it with pip install "backstride[lab]".',
                path=str(path),
            )
        return "parquet"
    raise ParameterError(
        table, str(path), "a name ending in .csv or .parquet, or - for CSV on standard output"
    )


def write_table(
    path: str | os.PathLike[str],
    *,
    table: str,
    csv_lines: Callable[[], Iterable[str]],
    columns: Callable[[], Mapping[str, NDArray[Any]]],
) -> None:
    """Write one table; only the form asked for is computed.

    Parameters
    ----------
    path : path or ``-``
        As :func:`table_format` takes it.
    table : str
        What the user calls the file, for the message.
    csv_lines : callable
        Gives pieces of CSV text, line ends included.
    columns : callable
        Gives the columns by name for Parquet, at full precision; NaN becomes null.

    Raises
    ------
    ParameterError
        When the extension is neither ``.csv`` nor ``.parquet``.
    RecordingError
        When the file cannot be written; what was there before is intact.
    """
    form = table_format(path, table)
    if form == "stdout":
        try:
            write_to_stdout(csv_lines())
        except BrokenPipeError:
            raise
        except OSError as error:
            raise RecordingError(f"{explain(error)}.", path="standard output") from error
    elif form == "csv":
        with replacing(path) as file:
            for piece in csv_lines():
                file.write(piece.encode())
    else:
        with replacing(path) as file:
            _write_parquet(file, columns())


def write_to_stdout(pieces: Iterable[str]) -> None:
    """Write text to standard output as it is, so that Windows does not turn ends of lines.

    Raises
    ------
    OSError
        When the system refuses it; BrokenPipeError when the reader has seen enough.
    """
    sys.stdout.flush()
    binary = cast("BinaryIO | None", getattr(sys.stdout, "buffer", None))
    for piece in pieces:
        if binary is None:
            sys.stdout.write(piece)
        else:
            binary.write(piece.encode())
    sys.stdout.flush()


def _write_parquet(file: BinaryIO, columns: Mapping[str, NDArray[Any]]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    arrays = {
        name: pa.array(
            values,
            type=pa.string() if values.dtype.kind == "U" else None,
            mask=np.isnan(values) if values.dtype.kind == "f" else None,
        )
        for name, values in columns.items()
    }
    pq.write_table(pa.table(arrays), file)
