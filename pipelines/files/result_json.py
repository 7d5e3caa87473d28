"""What a recording comes to, in one JSON file for other programs."""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np

from pipelines.files.column_units import unit_of
from pipelines.files.provenance import Provenance
from pipelines.files.table_output import write_text
from pipelines.session.result import SessionResult


def write_result_json(
    path: str | os.PathLike[str], result: SessionResult, made: Provenance
) -> None:
    """Write times, means, alerts and steps; null where nothing could be measured.

    Raises
    ------
    RecordingError
        When the file cannot be written; what was there before is intact.
    """
    columns = result.steps.columns()
    content: dict[str, Any] = {
        "made_by": made.entries(),
        "duration_s": result.duration_s,
        "running_s": result.running_s,
        "means": result.means,
        "alerts": [json.loads(alert.to_json()) for alert in result.alerts],
        "units": {name: unit for name in columns if (unit := unit_of(name))},
        "steps": {
            name: values.tolist()
            if values.dtype.kind != "f"
            else [value if np.isfinite(value) else None for value in values.tolist()]
            for name, values in columns.items()
        },
    }
    write_text(path, [json.dumps(content, allow_nan=False, ensure_ascii=False), "\n"])
