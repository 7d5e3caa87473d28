"""Gyroflow: a table for steadying films, whose first lines say what one of each number is."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

import numpy as np

from imu.samples import STANDARD_GRAVITY_M_S2
from pipelines.files.formats.format import TextFormat
from pipelines.files.reading.raw_columns import RawColumns

#: By column: the line that says it, what that is in SI, and the name with its unit.
_COLUMNS: Final = {
    "t": ("tscale", 1.0, "time (s)"),
    **{f"g{axis}": ("gscale", 1.0, f"gyro {axis} (rad/s)") for axis in "xyz"},
    **{f"a{axis}": ("ascale", STANDARD_GRAVITY_M_S2, f"acc {axis} (m/s^2)") for axis in "xyz"},
}


def _refine(raw: RawColumns) -> RawColumns | None:
    if not raw.preface.startswith("GYROFLOW IMU LOG"):
        return None
    said = dict(line.strip().partition(",")[::2] for line in raw.preface.splitlines())
    names, values = list(raw.names), dict(raw.values)
    for k, name in enumerate(raw.names):
        line, one, ours = _COLUMNS.get(name.strip().lower(), ("", 1.0, ""))
        scale = _number(said.get(line, ""))
        if k in values and scale:
            names[k] = ours
            values[k] = np.asarray(values[k], np.float64) * (scale * one)
    return replace(raw, names=tuple(names), values=values)


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        return 0.0
    return number if math.isfinite(number) else 0.0


GYROFLOW: Final = TextFormat("Gyroflow", "`.gcsv`", False, _refine)
