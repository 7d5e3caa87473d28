"""Shimmer3's files on its card, ``000`` and so on: what it measured, and its calibrations.

A header of 256 bytes: ticks of 1/32768 s a sample (u16 at 0), sensors that are on (u24 at 3),
trial settings (u16 at 16, bit 2 of which says that blocks begin with a stamp of synchronisation),
hardware (big-endian u16 at 30, 3), difference to the true time (big-endian u64 of ticks at 44, 0
for unknown), calibrations, and the time of the first sample (five bytes at 251, the highest first).
Then samples: the time in 24 bits and the sensors' channels in a fixed order; with synchronisation,
blocks of as many whole samples as 512 bytes hold behind nine of the stamp.

Layout: the maker's documentation of its firmware, as public readers of such files agree on it.
"""

from __future__ import annotations

import struct
from typing import Final

import numpy as np
from numpy.typing import NDArray

from devices.protocols.shimmer3_calibration import ACCELERATION_SCALE, GYRO_SCALE, Calibration
from imu.errors import InputError
from imu.time_axis import unwrap_counter
from pipelines.files.formats.format import FileFormat, Look
from pipelines.files.reading.raw_columns import Values
from pipelines.files.reading.recording import Ask, Recording, Sensor
from pipelines.files.reading.whole_file import read_whole

_HEAD_BYTES: Final = 256
_TICKS_PER_S: Final = 32768
_SHIMMER3: Final = 3
_TICKS: Final = (8, 2048)  # 4096 to 16 Hz
_SYNCHRONISED: Final = 0x04
_BLOCK_BYTES, _STAMP_BYTES = 512, 9
_CALIBRATION: Final = struct.Struct(">6h9b")

#: Bit of a sensor, bytes of its channels, in the order in which they are written.
_SENSORS: Final = (
    ("low noise", 7, 6), ("battery", 13, 2), ("A0", 1, 2), ("A1", 0, 2), ("A2", 11, 2),
    ("I0", 9, 2), ("I1", 8, 2), ("I2", 23, 2), ("strain", 15, 4), ("I3", 10, 2), ("skin", 2, 2),
    ("gyroscope", 6, 6), ("wide range", 12, 6), ("magnetometer", 5, 6), ("pressure", 18, 5),
    ("ECG 1", 4, 7), ("ECG 1 short", 20, 5), ("ECG 2", 3, 7), ("ECG 2 short", 19, 5),
)  # fmt: skip
_PLACES: Final = {"wide range": 0x4C, "gyroscope": 0x61, "low noise": 0x8B}


def _on(head: bytes) -> dict[str, int]:
    """Where the channels of each sensor begin within a sample; empty with unknown sensors."""
    bits = int.from_bytes(head[3:6], "little")
    if bits & ~sum(1 << bit for _, bit, _ in _SENSORS):
        return {}
    places, at = {}, 3
    for name, bit, size in _SENSORS:
        if bits >> bit & 1:
            places[name], at = at, at + size
    return {**places, "": at}


def _recognise(look: Look) -> bool:
    head = look.start[:_HEAD_BYTES]
    if len(head) < _HEAD_BYTES or int.from_bytes(head[30:32], "big") != _SHIMMER3:
        return False
    ticks = int.from_bytes(head[:2], "little")
    return _TICKS[0] <= ticks <= _TICKS[1] and bool({"wide range", "low noise"} & set(_on(head)))


def _read(look: Look, _ask: Ask) -> Recording:
    place = str(look.path)
    data = read_whole(look.path)
    head = data[:_HEAD_BYTES]
    places = _on(head)
    samples = _samples(data[_HEAD_BYTES:], places[""], head)
    if not len(samples):
        raise InputError("there are no samples in it: give at least one.", place=place)
    chosen = "wide range" if "wide range" in places else "low noise"
    ticks = samples[:, :3].astype(np.int64) @ np.array([1, 1 << 8, 1 << 16])
    time = unwrap_counter(ticks, 2.0**24) / _TICKS_PER_S
    acceleration = _measured(samples, places[chosen], head, chosen, place)
    gyro = None
    if "gyroscope" in places:
        turning = _measured(samples, places["gyroscope"], head, "gyroscope", place)
        gyro = Sensor(time - time[0], turning)
    begin = Sensor(time - time[0] if gyro is None else gyro.time_s, acceleration)
    return Recording(
        place,
        begin,
        gyro,
        told=f"{place} is a file of a Shimmer3's card: its {chosen} accelerometer.",
        utc_start_ns=_start_ns(head),
    )


def _samples(data: bytes, size: int, head: bytes) -> NDArray[np.uint8]:
    """Whole samples, shape (N, bytes)."""
    raw = np.frombuffer(data, np.uint8)
    if not int.from_bytes(head[16:18], "little") & _SYNCHRONISED:
        return raw[: len(raw) // size * size].reshape(-1, size)
    count = (_BLOCK_BYTES - _STAMP_BYTES) // size
    block = _STAMP_BYTES + count * size
    blocks = raw[: len(raw) // block * block].reshape(-1, block)
    return blocks[:, _STAMP_BYTES:].reshape(-1, size)


def _measured(samples: NDArray[np.uint8], at: int, head: bytes, sensor: str, place: str) -> Values:
    """Three channels by the calibration that the header holds, in SI."""
    block = head[_PLACES[sensor] :][: _CALIBRATION.size]
    numbers = _CALIBRATION.unpack(block)
    calibration = Calibration(numbers[:3], numbers[3:6], numbers[6:])
    if set(block) <= {0x00} or set(block) <= {0xFF} or not calibration.is_usable:
        raise InputError(
            f"it holds no calibration of the {sensor} sensor: export it with Consensys, "
            "calibrated.",
            place=place,
        )
    turning = sensor == "gyroscope"
    channels = np.ascontiguousarray(samples[:, at : at + 6]).view(">i2" if turning else "<i2")
    unbiased = channels.astype(np.float64) - np.array(calibration.bias, np.float64)
    return unbiased @ calibration.matrix(GYRO_SCALE if turning else ACCELERATION_SCALE)


def _start_ns(head: bytes) -> int:
    """When the first sample was taken, ns since 1970; 0 where its clock was never set."""
    difference = int.from_bytes(head[44:52], "big")
    begin = int.from_bytes(head[252:256] + head[251:252], "little")
    ns = (difference + begin) * 10**9 // _TICKS_PER_S
    return ns if difference and ns < 4 * 10**18 else 0


SHIMMER_CARD: Final = FileFormat(
    "Shimmer3 (card)", "`000`, `001` …", False, _recognise, _read,
    "with calibrations in the header; wide range before low noise",
)  # fmt: skip
