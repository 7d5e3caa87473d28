"""phyphox, an app of RWTH Aachen: a zip with a table a sensor, or one of these tables.

Layout: its export dialogue and documentation (phyphox.org/wiki, Staacks et al., Phys. Educ. 53
045009, 2018). The app gives both systems' acceleration in m/s² with Android's signs.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from imu.errors import InputError
from pipelines.files.formats.format import FileFormat, Look
from pipelines.files.formats.joined import columns_in
from pipelines.files.reading.recording import Ask, Recording, recording_of, with_gyroscope

_ACCELERATION: Final = ("accelerometer.csv", "acceleration.csv")
_LINEAR: Final = ("linear acceleration.csv", "linear accelerometer.csv")
_GYROSCOPE: Final = ("gyroscope.csv",)


def _recognise(look: Look) -> bool:
    folder = look.folder
    return folder is not None and bool(
        any(name.endswith("meta/device.csv") for name in folder.names)
        and folder.find(*_ACCELERATION, *_LINEAR, *_GYROSCOPE)
    )


def _read(look: Look, ask: Ask) -> Recording:
    folder = look.folder
    assert folder is not None  # recognised by it
    name = folder.find(*_ACCELERATION)
    if not name:
        raise InputError(
            'this export of phyphox has no acceleration with gravity: record "Acceleration (with '
            'g)" besides the gyroscope.',
            place=str(look.path),
        )
    recording = recording_of(replace(columns_in(folder, name, ask), maker="phyphox"), ask)
    gyroscope = folder.find(*_GYROSCOPE)
    if gyroscope:
        recording = with_gyroscope(recording, columns_in(folder, gyroscope, ask), ask)
    return replace(recording, place=str(look.path))


PHYPHOX: Final = FileFormat(
    "phyphox", "zip with a CSV a sensor, or the folder", False, _recognise, _read,
    "CSV exports; a table alone is read as any other",
)  # fmt: skip
