"""Shimmer: CSV of Consensys.

``sep=,`` or tabs, then rows of names, of ``CAL`` or ``RAW``, and of units; with several sensors a
row of their names above. The wide-range accelerometer is taken where there is one: the other ends
at 2 g, which every step passes.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from imu.errors import InputError
from pipelines.files.formats.format import TextFormat
from pipelines.files.reading.raw_columns import RawColumns
from pipelines.files.reading.units import unit_of

_NAME: Final = re.compile(
    r"(?:.*_)?(accel_(?:wr|ln|hg)|low_noise_accelerometer|wide_range_accelerometer|gyro(?:scope)?)"
    r"_([xyz])(?:_(cal|raw))?",
    re.I,
)
_TIME: Final = re.compile(r"(?:.*_)?timestamp(?:_[a-z]+)*", re.I)


def _refine(raw: RawColumns) -> RawColumns | None:
    found = {
        k: m for k, name in enumerate(raw.names) if (m := _NAME.fullmatch(name.replace(" ", "_")))
    }
    kinds = {m[1].lower() for m in found.values()}
    if not any("accel" in kind and kind != "accelerometer" for kind in kinds):
        return None
    if not any("timestamp" in name.lower() for name in raw.names):
        return None
    wide = next((k for k in ("accel_wr", "wide_range_accelerometer") if k in kinds), "")
    chosen = wide or next(k for k in sorted(kinds) if "accel" in k)
    names = []
    for index, name in enumerate(raw.names):
        match = found.get(index)
        if match is None:
            is_time = _TIME.fullmatch(name.replace(" ", "_"))
            names.append(_timed(raw, index) if is_time and index in raw.values else "-")
            continue
        kind = match[1].lower()
        raw_counts = (match[3] or "").lower() == "raw"
        taken = not raw_counts and (kind == chosen or "gyro" in kind)
        sensor = "gyr" if "gyro" in kind else "acc"
        unit = unit_of(raw.units[index]) or {"acc": "m_s2", "gyr": "deg_s"}[sensor]
        names.append(f"{sensor}_{match[2].lower()}_{unit}" if taken else "-")
    if not any(name.startswith("acc_") for name in names):
        raise InputError(
            "this export of Consensys has raw counts alone: export calibrated data.",
            place=raw.at_header(),
        )
    return replace(raw, names=tuple(names), units=("",) * len(names))


def _timed(raw: RawColumns, index: int) -> str:
    unit = unit_of(raw.units[index])
    return f"time_{unit}" if unit in ("s", "ms", "us", "ns") else "time"


SHIMMER_CONSENSYS: Final = TextFormat(
    "Shimmer Consensys", "CSV, calibrated", False, _refine, "wide range before low noise"
)
