"""Write a table as CSV or Parquet, chosen by the extension."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal, cast

import numpy as np
from numpy.typing import NDArray

from imu.errors import ParameterError, RecordingError
from pipelines.extras import how_to_install
from pipelines.files.column_units import unit_of
from pipelines.files.replacing import replacing
from pipelines.system_error import explain

#: Metadata of a table that was computed, so that it is told from a recording.
RESULT: Final = "backstride_result"
#: What the name of the file ends with that says what made a CSV, by "CSV on the Web" (W3C, 2015).
DESCRIPTION: Final = "-metadata.json"
_ROWS_A_PIECE: Final = 8192


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
                f"or install it with {how_to_install('lab')}.",
                path=str(path),
            )
        return "parquet"
    raise ParameterError(
        table, str(path), "a name ending in .csv or .parquet, or - for CSV on standard output"
    )


def write_table(
    path: str | os.PathLike[str],
    columns: Mapping[str, NDArray[Any]],
    forms: Iterable[str],
    *,
    table: str,
    about: Mapping[str, str] | None = None,
    preamble: Sequence[str] = (),
) -> None:
    """Write one table.

    Parameters
    ----------
    path : path or ``-``
        As :func:`table_format` takes it.
    columns : mapping of str to ndarray
        By name, in order; Parquet has them at full precision, with null for NaN.
    forms : iterable of str
        How CSV writes each of them, as :func:`format` takes it, ``!r`` for all digits; NaN is an
        empty cell. The first column has none.
    table : str
        What the user calls the file, for the message.
    about : mapping of str to str, optional
        What made it: metadata of Parquet, and of CSV a file beside it, as :func:`described_by`
        calls it.
    preamble : sequence of str
        Lines before those of a CSV; it then says by itself what made it, and has no such file.

    Raises
    ------
    ParameterError
        When the extension is neither ``.csv`` nor ``.parquet``.
    RecordingError
        When the file cannot be written; what was there before is intact.
    """
    form = table_format(path, table)
    if form == "parquet":
        with replacing(path) as file:
            _write_parquet(file, columns, about or {})
        return
    write_text(path, _csv(columns, forms, preamble))
    if form == "csv" and about and not preamble:
        write_description(path, list(columns), about)


def _csv(
    columns: Mapping[str, NDArray[Any]], forms: Iterable[str], preamble: Sequence[str]
) -> Iterator[str]:
    """Pieces of the text, line ends included."""
    yield "".join(f"{line}\n" for line in (*preamble, ",".join(columns)))
    row = ",".join(f"{{{form if form == '!r' else f':{form}'}}}" for form in forms) + "\n"
    for start in range(0, len(next(iter(columns.values()))), _ROWS_A_PIECE):
        cells = (values[start : start + _ROWS_A_PIECE].tolist() for values in columns.values())
        text = "".join(row.format(*one) for one in zip(*cells, strict=True))
        yield text.replace(",nan", ",")  # no other cell begins so, and the first counts


def described_by(path: str | os.PathLike[str]) -> Path:
    """The file that says what made a CSV.

    Examples
    --------
    >>> described_by("steps.csv").name
    'steps.csv-metadata.json'
    """
    return Path(f"{os.fspath(path)}{DESCRIPTION}")


def write_description(
    path: str | os.PathLike[str], names: Sequence[str], about: Mapping[str, str]
) -> None:
    """Say beside a CSV what made it, and the units of its columns.

    Raises
    ------
    RecordingError
        When the file cannot be written.
    """
    if Path(path).exists() and not Path(path).is_file():
        return  # a device or a pipe has nothing beside it
    described = [
        {"name": name, "titles": name} | ({"schema:unitText": unit} if unit else {})
        for name in names
        for unit in [unit_of(name)]
    ]
    content = {
        "@context": ["http://www.w3.org/ns/csvw", {"schema": "https://schema.org/"}],
        "url": Path(path).name,
        "tableSchema": {"columns": described},
        "notes": [dict(about)],
    }
    write_text(described_by(path), [json.dumps(content, indent=1), "\n"])


def write_text(path: str | os.PathLike[str], pieces: Iterable[str]) -> None:
    """Write text to a file, whole or not at all, or by ``-`` to standard output.

    Raises
    ------
    RecordingError
        When it cannot be written; what was there before is intact.
    """
    if str(path) != "-":
        with replacing(path) as file:
            for piece in pieces:
                file.write(piece.encode())
        return
    try:
        write_to_stdout(pieces)
    except BrokenPipeError:
        raise  # the reader has seen enough
    except OSError as error:
        raise RecordingError(f"{explain(error)}.", path="standard output") from error


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


def _arrow_array(values: NDArray[Any], pa: Any) -> Any:
    """A column, of buffers, since ``pa.array`` imports pandas for nothing; NaN is empty."""
    count = len(values)
    if values.dtype.kind == "U":
        texts = [text.encode() for text in values.tolist()]
        offsets = np.cumsum([0, *map(len, texts)], dtype=np.int32)
        return pa.StringArray.from_buffers(
            count, pa.py_buffer(offsets), pa.py_buffer(b"".join(texts))
        )
    numbers = pa.py_buffer(np.ascontiguousarray(values))
    valid, missing = None, 0
    if values.dtype.kind == "f" and (missing := int(np.isnan(values).sum())):
        valid = pa.py_buffer(np.packbits(~np.isnan(values), bitorder="little"))
    kind = pa.from_numpy_dtype(values.dtype)
    return pa.Array.from_buffers(kind, count, [valid, numbers], missing)


def _write_parquet(
    file: BinaryIO, columns: Mapping[str, NDArray[Any]], about: Mapping[str, str]
) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    arrays = {name: _arrow_array(values, pa) for name, values in columns.items()}
    fields = [
        pa.field(name, array.type, metadata={"unit": unit} if (unit := unit_of(name)) else None)
        for name, array in arrays.items()
    ]
    schema = pa.schema(fields, metadata=dict(about) or None)
    pq.write_table(pa.Table.from_arrays(list(arrays.values()), schema=schema), file)
