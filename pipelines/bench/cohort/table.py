"""The table of a cohort: a row a session, written piece by piece."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

from imu.errors import ParameterError
from pipelines.bench.cohort.outcome import FIGURES
from pipelines.files.column_units import unit_of
from pipelines.files.provenance import Provenance, result_entries
from pipelines.files.replacing import replacing
from pipelines.files.table_output import table_format, write_description
from pipelines.quantities import MEANS

_TEXTS: Final = ("session", "subject")
_BEFORE: Final = {
    "status": "string",
    "reason": "string",
    "input_sha256": "string",
    "utc_start": "string",
    "rate_hz": "double",
    "duration_s": "double",
    "running_s": "double",
    "steps": "int64",
    "trusted_steps": "int64",
    "alerts": "int64",
    "flags": "string",
}
_ROWS_A_PIECE: Final = 2000


def columns_of(kept: Sequence[str]) -> dict[str, str]:
    """Every column and its Arrow type, in order; ``kept`` are those of the manifest."""
    names = dict.fromkeys([*_TEXTS, *kept], "string") | _BEFORE
    return names | {f"{metric}_{figure}": "double" for metric in MEANS for figure in FIGURES}


def check_kept(kept: Sequence[str]) -> None:
    """Refuse a column of a manifest that has the name of one of the results.

    Raises
    ------
    ParameterError
        When there is one.
    """
    for name in kept:
        if name in columns_of(()):
            raise ParameterError("a column of the manifest", name, "another name: it is a result's")


def write_rows(
    path: Path, rows: Iterable[dict[str, Any]], kept: Sequence[str], made: Provenance
) -> None:
    """Write rows as ``.parquet`` or ``.csv``, whole or not at all, with little in memory.

    Raises
    ------
    RecordingError
        When the file cannot be written.
    """
    columns = columns_of(kept)
    if table_format(path, "--out") == "parquet":
        _write_parquet(path, rows, columns, made)
        return
    with replacing(path) as file:
        for piece in _csv(rows, columns):
            file.write(piece.encode("utf-8", "backslashreplace"))
    write_description(path, list(columns), result_entries("cohort", made))


def _csv(rows: Iterable[dict[str, Any]], columns: dict[str, str]) -> Iterator[str]:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow(["" if (cell := row.get(name)) is None else cell for name in columns])
        yield text.getvalue()
        text.seek(0)
        text.truncate()
    yield text.getvalue()


def _write_parquet(
    path: Path, rows: Iterable[dict[str, Any]], columns: dict[str, str], made: Provenance
) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    fields = [
        pa.field(name, kind, metadata={"unit": unit} if (unit := unit_of(name)) else None)
        for name, kind in columns.items()
    ]
    schema = pa.schema(fields, metadata=result_entries("cohort", made))
    waiting = iter(rows)
    with replacing(path) as file, pq.ParquetWriter(file, schema) as writer:
        while piece := list(islice(waiting, _ROWS_A_PIECE)):
            arrays = [
                pa.array([_cell(row.get(field.name)) for row in piece], field.type)
                for field in schema
            ]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))


def _cell(value: Any) -> Any:
    """Text that UTF-8 takes: a name may hold bytes of no encoding."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    return value
