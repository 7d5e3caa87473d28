"""Vicon (IMeasureU) Blue Trident: CSV of Capture.U.

``*_lowg.csv`` has ``unix_timestamp_microsec, time_s, ax_m/s/s, …, gx_deg/s, …``; ``*_highg.csv``
acceleration up to 200 g alone, at 1600 Hz. Names hold all units. What counts is the low-g file; the
other begins at another stamp.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from pipelines.files.formats.format import TextFormat
from pipelines.files.reading.raw_columns import RawColumns


def _refine(raw: RawColumns) -> RawColumns | None:
    names = [name.lower() for name in raw.names]
    if "unix_timestamp_microsec" not in names or "ax_m/s/s" not in names:
        return None
    # the date has all digits; the other counts from the sensor's start
    return replace(raw, names=tuple("-" if n.lower() == "time_s" else n for n in raw.names))


BLUE_TRIDENT: Final = TextFormat(
    "Vicon Blue Trident", "`*_lowg.csv`, `*_highg.csv`", False, _refine
)
