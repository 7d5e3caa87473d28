"""WitMotion's recorders: ``WITn.TXT`` on their card, raw frames of 28 bytes.

A frame is ``55 61``, nine 16-bit numbers (acceleration of ±16 g, angular velocity of ±2000 °/s,
angles), and the sensor's clock: year, month, day, hour, minute, second, ms of 16 bits.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from devices.protocols.witmotion import ACCELERATION_RANGE_G, ANGULAR_VELOCITY_RANGE_DEG_S
from imu.errors import InputError
from imu.samples import STANDARD_GRAVITY_M_S2
from pipelines.files.formats.format import FileFormat, Look
from pipelines.files.reading.raw_columns import Values
from pipelines.files.reading.recording import Ask, Recording, Sensor
from pipelines.files.reading.whole_file import read_whole

_FRAME: Final = np.dtype([("head", ">u2"), ("motion", "<i2", 9), ("date", "u1", 6), ("ms", "<u2")])
_HEAD: Final = 0x5561
_FRAMES_TO_KNOW: Final = 8
_MOST_BROKEN: Final = 0.02


def _first(data: bytes) -> int:
    """Where the frames begin; −1 where there are none."""
    size, head = _FRAME.itemsize, _HEAD.to_bytes(2, "big")
    at = data.find(head)
    while 0 <= at < 4 * size:
        if all(data[at + k * size : at + k * size + 2] == head for k in range(_FRAMES_TO_KNOW)):
            return at
        at = data.find(head, at + 1)
    return -1


def _recognise(look: Look) -> bool:
    return _first(look.start[:4096]) >= 0


def _read(look: Look, _ask: Ask) -> Recording:
    place = str(look.path)
    data = read_whole(look.path)
    at = _first(data[:4096])
    count = (len(data) - at) // _FRAME.itemsize
    frames = np.frombuffer(data, _FRAME, count, at)
    good = (frames["head"] == _HEAD) & (frames["ms"] < 1000) & (frames["date"][:, 1] <= 12)
    if np.mean(~good) > _MOST_BROKEN:
        raise InputError(
            f"{np.mean(~good):.0%} of its frames are not those of a WitMotion recorder: fetch the "
            "file again from the card.",
            place=place,
        )
    frames = frames[good]
    motion = frames["motion"].astype(np.float64) / 32768.0
    time, start_ns = _times(frames)
    lost = int(np.count_nonzero(~good))
    return Recording(
        place,
        Sensor(time, motion[:, :3] * (ACCELERATION_RANGE_G * STANDARD_GRAVITY_M_S2)),
        Sensor(time, motion[:, 3:6] * np.radians(ANGULAR_VELOCITY_RANGE_DEG_S)),
        told=f"{place} is a file of a WitMotion recorder: ±16 g and ±2000 °/s.",
        notes=(f"{place}: {lost} broken frames were left out.",) if lost else (),
        utc_start_ns=start_ns,
    )


def _times(frames: NDArray[np.void]) -> tuple[Values, int]:
    year, month, day, hour, minute, second = frames["date"].astype(np.int64).T
    months = ((2000 + year - 1970) * 12 + np.clip(month, 1, 12) - 1).astype("datetime64[M]")
    days = months.astype("datetime64[D]").astype(np.int64) + np.maximum(day, 1) - 1
    ms = (((days * 24 + hour) * 60 + minute) * 60 + second) * 1000 + frames["ms"]
    return (ms - ms[0]) / 1000.0, int(ms[0]) * 1_000_000


WITMOTION_CARD: Final = FileFormat(
    "WitMotion (card)", "`WITn.TXT`, frames of 28 bytes", False, _recognise, _read, "full ranges"
)
