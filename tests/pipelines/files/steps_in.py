"""Steps of a CSV file, as another program reads them."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from imu.samples import Quality
from imu.steps import SIDE_CODES, STEP_ROW, Steps

_FLAGS = {flag.tokens: int(flag) for flag in Quality if flag}


def steps_in(path: Path) -> Steps:
    """What a steps table holds; an empty cell is NaN."""
    with path.open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file, strict=True))
    rows = np.zeros(len(found), STEP_ROW)
    for name in STEP_ROW.names or ():
        if STEP_ROW[name] == np.float64:
            rows[name] = [float(row.get(name) or "nan") for row in found]
    rows["step"] = [int(row["step"]) for row in found]
    rows["side"] = [SIDE_CODES.index(row["side"]) for row in found]
    rows["quality"] = [
        sum(_FLAGS[token] for token in row["quality"].split(";") if token) for row in found
    ]
    return Steps(rows)
