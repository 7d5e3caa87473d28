"""Polar Sensor Logger, an app for Polar's straps: a table a sensor.

``Phone timestamp;sensor timestamp [ns];X [mg];Y [mg];Z [mg]`` of the accelerometer, ``[dps]`` of
the gyroscope (to be given with ``--with``). The sensor's stamps are those of sampling.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from pipelines.files.formats.format import TextFormat
from pipelines.files.reading.raw_columns import RawColumns


def _refine(raw: RawColumns) -> RawColumns | None:
    names = [name.lower() for name in raw.names]
    if "phone timestamp" not in names or "sensor timestamp [ns]" not in names:
        return None
    left_out = {"phone timestamp", "timestamp [ms]"}
    return replace(raw, names=tuple("-" if n.lower() in left_out else n for n in raw.names))


POLAR_SENSOR_LOGGER: Final = TextFormat(
    "Polar Sensor Logger", "`.txt` a sensor", False, _refine, "`--with` joins the gyroscope"
)
