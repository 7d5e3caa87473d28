"""``ACC.csv`` of the Empatica E4: when it began, the rate, and below them counts of 1/64 g."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from imu.samples import RATE_RANGE_HZ
from pipelines.files.formats.format import TextFormat
from pipelines.files.reading.raw_columns import RawColumns
from pipelines.files.reading.stamps import date_units


def _refine(raw: RawColumns) -> RawColumns | None:
    if raw.headed or len(raw.names) != 3 or len(raw.values) != 3:
        return None
    rows = np.stack([raw.numbers(k) for k in range(3)], axis=1)
    if len(rows) < 3 or not (rows[:2] == rows[:2, :1]).all() or (rows[2:] % 1.0 != 0.0).any():
        return None
    (began, rate), counts, line_of = rows[:2, 0].tolist(), rows[2:], raw.line_of
    if date_units(began) != ("s",) or not RATE_RANGE_HZ[0] <= rate <= RATE_RANGE_HZ[1]:
        return None
    return replace(
        raw,
        names=("acc_x", "acc_y", "acc_z", "time"),
        units=(*["1/64 g"] * 3, "s"),
        values={**dict(enumerate(counts.T)), 3: began + np.arange(len(counts)) / rate},
        line_of=None if line_of is None else lambda row: line_of(row + 2),
    )


EMPATICA: Final = TextFormat(
    "Empatica E4", "`ACC.csv`", False, _refine, "32 Hz: no contact time and no shock"
)
