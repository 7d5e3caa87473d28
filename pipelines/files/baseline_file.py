"""A baseline of earlier runs that somebody names: a file of its own, or a replay's summary."""

from __future__ import annotations

import json
from pathlib import Path

from imu.drift.baseline import Baseline
from imu.errors import InputError, RecordingError
from pipelines.files.loading import read_bounded
from pipelines.system_error import explain


def load_baseline(path: Path) -> Baseline:
    """Read a baseline: a file of its own, or the summary of an earlier replay.

    Raises
    ------
    RecordingError
        When the file cannot be read.
    InputError
        When it holds no baseline.
    """
    place = str(path)
    try:
        content = read_bounded(path).decode()
        parsed = json.loads(content)
    except OSError as error:
        fault = f"the baseline cannot be read: {explain(error)}."
        raise RecordingError(fault, path=place) from None
    except (ValueError, RecursionError):
        raise InputError("this is no baseline: give a summary of a replay.", place=place) from None
    if isinstance(parsed, dict) and "steps" in parsed and "baseline" in parsed:
        if parsed["baseline"] is None:
            raise InputError(
                "that session was too short for a baseline: use a longer one.", place=place
            )
        content = json.dumps(parsed["baseline"])
    try:
        return Baseline.from_json(content)
    except InputError as error:
        raise InputError(str(error), place=place) from None
