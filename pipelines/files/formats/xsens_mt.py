"""Xsens MTi and MTw: text of MT Manager.

Lines that begin with ``//``, then tabs or commas: ``PacketCounter, SampleTimeFine, …, Acc_X, …,
Gyr_X``. Acceleration in m/s², angular velocity in rad/s; ``SampleTimeFine`` counts 100 µs.
"""

from __future__ import annotations

from typing import Final

from imu.errors import InputError
from pipelines.files.formats.format import TextFormat
from pipelines.files.formats.movella_dot import with_units
from pipelines.files.reading.raw_columns import RawColumns


def _refine(raw: RawColumns) -> RawColumns | None:
    names = [name.lower() for name in raw.names]
    if not raw.preface.startswith("//") or "packetcounter" not in names:
        return None
    if "acc_x" not in names:
        raise InputError(
            "this export of MT Manager has no Acc_X: choose Acceleration and Rate of Turn in its "
            "export settings.",
            place=raw.at_header(),
        )
    return with_units(raw, {"acc": "m_s2", "gyr": "rad_s"})


XSENS_MT: Final = TextFormat("Xsens MT Manager", "`.txt`, `.csv`", False, _refine, "not `FreeAcc`")
