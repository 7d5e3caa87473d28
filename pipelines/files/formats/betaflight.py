"""Betaflight: a flight recorder's log as text, of its decoder or its viewer.

``gyroADC[0]`` is in °/s, whatever its name; ``accSmooth[0]`` are counts, and the line ``acc_1G``
above the table, where there is one, says how many make one g.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

import numpy as np

from imu.samples import STANDARD_GRAVITY_M_S2
from pipelines.files.formats.format import TextFormat
from pipelines.files.reading.raw_columns import RawColumns

_COUNTS: Final = re.compile(r'"?acc_1G"?[,:;=\t ]+"?(\d{2,5})"?\s*$', re.M | re.I)
_COLUMN: Final = re.compile(r"(gyroADC|accSmooth)\[([0-2])\].*", re.I)


def _refine(raw: RawColumns) -> RawColumns | None:
    found = {k: known for k, name in enumerate(raw.names) if (known := _COLUMN.fullmatch(name))}
    if {known[1].lower() for known in found.values()} != {"gyroadc", "accsmooth"}:
        return None
    said = _COUNTS.search(raw.preface)
    counts = int(said[1]) if said else 0
    names, values = list(raw.names), dict(raw.values)
    for k, known in found.items():
        axis = "xyz"[int(known[2])]
        if known[1].lower() == "gyroadc":
            names[k] = f"gyro_{axis}"
        elif k in values and counts:
            names[k] = f"acc_{axis}_m_s2"
            values[k] = np.asarray(values[k], np.float64) * (STANDARD_GRAVITY_M_S2 / counts)
    return replace(raw, names=tuple(names), values=values)


BETAFLIGHT: Final = TextFormat(
    "Betaflight (blackbox)", "`.csv` of the decoder or the viewer", False, _refine, "no `.bbl`"
)
