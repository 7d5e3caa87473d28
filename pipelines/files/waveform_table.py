"""The waveform table out: one row a sample, CSV or Parquet by extension."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Final

from imu.waveforms import WAVEFORM_COLUMNS, Waveforms
from pipelines.files.provenance import Provenance, result_entries
from pipelines.files.table_output import write_table

_ROW: Final = "{:z.6f},{:z.4f},{:z.3f},{:z.4f},{:z.4f}\n"
_ROWS_A_PIECE: Final = 8192


def write_waveforms(
    path: str | os.PathLike[str], waveforms: Waveforms, made: Provenance | None = None
) -> None:
    """Write waveforms, replacing the file whole or not at all.

    CSV has fixed decimals (time 6, force 4, displacement 3, angles 4), the same bytes for the same
    values, and an empty cell where there is no value; Parquet has full precision and null.

    Parameters
    ----------
    path : path
        Ends in ``.csv`` or ``.parquet``; ``-`` is CSV on standard output.
    waveforms : Waveforms
        What to write.
    made : Provenance, optional
        What made them, as for steps.

    Raises
    ------
    ParameterError
        When the extension is another one.
    RecordingError
        When the file cannot be written, or Parquet is asked for without pyarrow; what was there
        before is intact.
    """
    write_table(
        path,
        table="waveform table",
        csv_lines=lambda: _csv_lines(waveforms),
        columns=waveforms.columns,
        about=None if made is None else result_entries("waveforms", made),
        names=WAVEFORM_COLUMNS,
    )


def _csv_lines(waveforms: Waveforms) -> Iterator[str]:
    yield ",".join(WAVEFORM_COLUMNS) + "\n"
    for start in range(0, len(waveforms), _ROWS_A_PIECE):
        window = waveforms[start : start + _ROWS_A_PIECE]
        rows = zip(*(column.tolist() for column in window.columns().values()), strict=True)
        yield "".join(_ROW.format(*row) for row in rows).replace("nan", "")
