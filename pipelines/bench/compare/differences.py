"""Differences of two accounts as a table, a row a step that both have."""

from __future__ import annotations

import os
from typing import Any

from numpy.typing import NDArray

from pipelines.bench.compare.alignment import COMPARED, Comparison
from pipelines.files.provenance import Provenance, result_entries
from pipelines.files.table_output import write_table


def write_differences(
    path: str | os.PathLike[str], comparison: Comparison, made: Provenance
) -> None:
    """Write steps and contacts of both, and the second minus the first of every column.

    Raises
    ------
    RecordingError
        When the file cannot be written; what was there before is intact.
    """
    columns = _columns(comparison)
    write_table(
        path,
        columns,
        [".6g"] * len(columns),
        table="--differences",
        about=result_entries("differences", made),
    )


def _columns(comparison: Comparison) -> dict[str, NDArray[Any]]:
    a, b = comparison.first, comparison.second
    return {
        "first_step": a.step,
        "second_step": b.step,
        "first_initial_contact_s": a.initial_contact_s,
        "second_initial_contact_s": b.initial_contact_s,
        **{f"difference_{name}": b.rows[name] - a.rows[name] for name in COMPARED},
    }
