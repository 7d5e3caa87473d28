"""The waveform table out: one row a sample, CSV or Parquet by extension."""

from __future__ import annotations

import os
from typing import Final

from imu.waveforms import Waveforms
from pipelines.files.provenance import Provenance, result_entries
from pipelines.files.table_output import write_table

_FORMS: Final = ("z.6f", "z.4f", "z.3f", "z.4f", "z.4f")


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
        waveforms.columns(),
        _FORMS,
        table="waveform table",
        about=None if made is None else result_entries("waveforms", made),
    )
