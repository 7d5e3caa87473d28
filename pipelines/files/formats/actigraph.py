"""ActiGraph: ``.gt3x``, of both kinds, and ActiLife's CSV.

A new file has ``log.bin``, which actfast reads. An old one has ``activity.bin``: samples of three
12-bit numbers, y, x, z, packed without gaps, 341 of them one g; the maker's published description
is github.com/actigraph/NHANES-GT3X-File-Format.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from imu.errors import InputError
from imu.samples import STANDARD_GRAVITY_M_S2
from pipelines.files.formats.activity_monitor import read_activity_monitor
from pipelines.files.formats.format import FileFormat, Look
from pipelines.files.reading.raw_columns import Values
from pipelines.files.reading.recording import Ask, Recording, Sensor
from pipelines.files.reading.text_source import decoded

_COUNTS_A_G: Final = 341.0
#: Days from 0001-01-01, from which its dates are counted in 100 ns, to 1970-01-01.
_TICKS_TO_1970: Final = 621_355_968_000_000_000


def _recognise(look: Look) -> bool:
    folder = look.folder
    return folder is not None and bool(
        folder.find("info.txt") and folder.find("log.bin", "activity.bin")
    )


def _read(look: Look, _ask: Ask) -> Recording:
    folder = look.folder
    assert folder is not None  # recognised by it
    newer = folder.find("log.bin")
    if newer:
        folder.read(newer)  # its size is bounded before it is given away
        return read_activity_monitor(look, "ActiGraph")
    place = str(look.path)
    about = _about(decoded(folder.read(folder.find("info.txt"))))
    try:
        rate = float(about["sample rate"])
        start = (int(about.get("start date", "0")) - _TICKS_TO_1970) * 100
    except (KeyError, ValueError):
        raise InputError(
            "its info.txt states no sample rate: fetch it again.", place=place
        ) from None
    values = unpacked(folder.read(folder.find("activity.bin")))
    return Recording(
        place,
        Sensor(None, values),
        rate_hz=rate,
        told=f"{place} is a file of ActiGraph, {rate:g} Hz.",
        utc_start_ns=max(0, start),
    )


def unpacked(data: bytes) -> Values:
    """Samples in m/s² of 12-bit numbers, most significant bits first, two in three bytes.

    Examples
    --------
    >>> (unpacked(bytes.fromhex("000155000000155eab")) / STANDARD_GRAVITY_M_S2).tolist()
    [[1.0, 0.0, 0.0], [1.0, 0.0, -1.0]]
    """
    whole = len(data) // 9 * 9
    triples = np.frombuffer(data, np.uint8, whole).reshape(-1, 3).astype(np.int32)
    counts = np.empty((len(triples), 2), np.int32)
    counts[:, 0] = triples[:, 0] << 4 | triples[:, 1] >> 4
    counts[:, 1] = (triples[:, 1] & 15) << 8 | triples[:, 2]
    counts[counts > 2047] -= 4096
    samples = counts.ravel().reshape(-1, 3)[:, [1, 0, 2]].astype(np.float64)
    return samples * (STANDARD_GRAVITY_M_S2 / _COUNTS_A_G)


def _about(text: str) -> dict[str, str]:
    entries = (line.partition(":") for line in text.splitlines())
    return {key.strip().lower(): value.strip() for key, _, value in entries}


ACTIGRAPH: Final = FileFormat(
    "ActiGraph", "`.gt3x`; ActiLife's CSV is read as any other table", True, _recognise, _read,
    "newer files need the extra `lab`",
)  # fmt: skip
