"""The steps table as a file: CSV or Parquet."""

from __future__ import annotations

import os
from typing import Final

from imu.steps import STEP_COLUMNS, Steps
from pipelines.files.provenance import Provenance, result_entries
from pipelines.files.table_output import write_table

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


def write_steps(path: str | os.PathLike[str], steps: Steps, made: Provenance | None = None) -> None:
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
    made : Provenance, optional
        What made them: metadata of Parquet, with the units, the frame and the site; of CSV a file
        beside it.

    Raises
    ------
    ParameterError
        When the extension is another one.
    RecordingError
        When the file cannot be written, or Parquet is asked for without pyarrow; what was there
        before is intact.

    Examples
    --------
    >>> import tempfile
    >>> from imu.steps import NO_STEPS
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_steps(f"{folder}/steps.csv", NO_STEPS)
    ...     with open(f"{folder}/steps.csv") as file:
    ...         file.readline().split(",")[:3]
    ['step', 'initial_contact_s', 'toe_off_s']
    """
    write_table(
        path,
        steps.columns(),
        (_FORMATS[name] for name in STEP_COLUMNS),
        table="steps table",
        about=None if made is None else result_entries("steps", made),
    )
