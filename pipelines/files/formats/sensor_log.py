"""SensorLog of an iPhone or a watch: one table, with Apple's names.

Apple's acceleration is that of gravity's pull: a device that lies face up reads −1 g along z, where
all others measure +1 (Core Motion, CMAccelerometerData, 2009).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from pipelines.files.formats.format import TextFormat
from pipelines.files.reading.raw_columns import RawColumns

_NAMED: Final = ("accelerometeracceleration", "motionuseracceleration", "motiongravity")


def _refine(raw: RawColumns) -> RawColumns | None:
    names = [name.lower() for name in raw.names]
    if "loggingtime(txt)" not in names or "accelerometeraccelerationx(g)" not in names:
        return None
    turned = {
        k: -np.asarray(values, np.float64) for k, values in raw.values.items()
        if names[k].startswith(_NAMED)
    }  # fmt: skip
    note = f"{raw.place} is of an Apple device: the signs of its acceleration are turned."
    return replace(raw, values={**raw.values, **turned}, notes=(*raw.notes, note))


SENSOR_LOG: Final = TextFormat("SensorLog", "`.csv`", False, _refine, "of Apple devices, in g")
