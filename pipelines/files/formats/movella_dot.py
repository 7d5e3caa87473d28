"""Movella (Xsens) DOT: CSV of the app and of the exporter.

Up to eleven lines of ``DeviceTag: …``, then ``PacketCounter, SampleTimeFine, …``. Acceleration in
m/s², angular velocity in °/s; ``SampleTimeFine`` counts µs in 32 bits (in some exports 100 µs, told
by the rate). ``FreeAcc`` has no gravity and is in the earth's frame.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from imu.errors import InputError
from imu.time_axis import unwrap_counter
from pipelines.files.formats.format import TextFormat
from pipelines.files.reading.physics import likely_time_unit
from pipelines.files.reading.raw_columns import RawColumns, Values


def _refine(raw: RawColumns) -> RawColumns | None:
    names = [name.lower() for name in raw.names]
    if (
        "sampletimefine" not in names
        or "packetcounter" not in names
        or raw.preface.startswith("//")
    ):
        return None
    if "acc_x" not in names:
        raise InputError(
            "this export of a DOT has no Acc_X: FreeAcc is without gravity and in the earth's "
            "frame, dv and dq are sums; record a mode with rate quantities or inertial data.",
            place=raw.at_header(),
        )
    return with_units(raw, {"acc": "m_s2", "gyr": "deg_s"})


def with_units(raw: RawColumns, units: dict[str, str]) -> RawColumns:
    """Columns ``Acc_X``, ``Gyr_X`` and ``SampleTimeFine`` with units in their names."""
    names, values = list(raw.names), dict(raw.values)
    for index, name in enumerate(raw.names):
        sensor, _, axis = name.lower().partition("_")
        if sensor in units and axis in ("x", "y", "z"):
            names[index] = f"{sensor}_{axis}_{units[sensor]}"
        elif name.lower() == "sampletimefine" and index in values:
            names[index] = "time_us"
            values[index] = fine_time_us(np.asarray(values[index], np.float64))
        elif "time" in name.lower():
            names[index] = "-"
    return replace(raw, names=tuple(names), values=values)


def fine_time_us(ticks: Values) -> Values:
    """The counter in µs, counted on where it wrapped."""
    counted = unwrap_counter(ticks, 2.0**32)
    # steps of 50 to 400 are those of a counter of 100 µs
    return counted if likely_time_unit(counted) == "us" else 100.0 * counted


MOVELLA_DOT: Final = TextFormat("Movella (Xsens) DOT", "CSV", False, _refine, "not `FreeAcc`, `dv`")
