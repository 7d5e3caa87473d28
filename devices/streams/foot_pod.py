"""RSC Measurement of the Running Speed and Cadence Service (0x1814): bytes to values and back.

By the specification cadence counts the steps of both feet; some pods send strides, which shows in a
cadence that no runner has: one below 110 with the flag of running set is taken twice.

Source: Bluetooth SIG, Running Speed and Cadence Service 1.0 (2012), section 3.1.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from devices.records import Packet
from imu.errors import ProtocolError

SERVICE_UUID: Final = "00001814-0000-1000-8000-00805f9b34fb"
DATA_UUID: Final = "00002a53-0000-1000-8000-00805f9b34fb"
DATA_CHANNEL: Final = "data"

_STRIDE, _DISTANCE, _RUNNING = 1 << 0, 1 << 1, 1 << 2
_SPEED_UNIT: Final = 1.0 / 256.0
_STRIDES_BELOW_SPM: Final = 110


@dataclass(frozen=True, slots=True)
class FootPodReading:
    """What a foot pod said at one moment.

    Attributes
    ----------
    speed_m_s : float
        About one second old, and smoothed by the pod.
    cadence_spm : float
        Steps of both feet a minute.
    running : bool
        Whether the pod takes it for running rather than walking.
    stride_length_m : float or None
        Where the pod measures it.
    distance_m : float or None
        Since the pod was reset.
    """

    speed_m_s: float
    cadence_spm: float
    running: bool
    stride_length_m: float | None = None
    distance_m: float | None = None


def decode_measurement(payload: bytes) -> FootPodReading:
    """Read one notification.

    Raises
    ------
    ProtocolError
        When it is shorter than its flags say.

    Examples
    --------
    >>> decode_measurement(bytes.fromhex("000003aa"))
    FootPodReading(speed_m_s=3.0, cadence_spm=170.0, running=False, stride_length_m=None, \
distance_m=None)
    """
    flags = payload[0] if payload else 0
    size = 4 + 2 * bool(flags & _STRIDE) + 4 * bool(flags & _DISTANCE)
    if len(payload) < size:
        raise ProtocolError(
            f"a foot pod's record of {len(payload)} bytes ends early: it has {size}.",
            payload=payload,
        )
    speed, cadence = struct.unpack_from("<HB", payload, 1)
    at = 4
    stride = distance = None
    if flags & _STRIDE:
        stride = struct.unpack_from("<H", payload, at)[0] / 100.0
        at += 2
    if flags & _DISTANCE:
        distance = struct.unpack_from("<I", payload, at)[0] / 10.0
    running = bool(flags & _RUNNING)
    if running and 0 < cadence < _STRIDES_BELOW_SPM:
        cadence *= 2
    return FootPodReading(speed * _SPEED_UNIT, float(cadence), running, stride, distance)


def encode_measurement(reading: FootPodReading) -> bytes:
    """Write one notification.

    Raises
    ------
    ProtocolError
        When a value does not fit.
    """
    flags = _RUNNING if reading.running else 0
    try:
        rest = b""
        if reading.stride_length_m is not None:
            flags |= _STRIDE
            rest += struct.pack("<H", round(100.0 * reading.stride_length_m))
        if reading.distance_m is not None:
            flags |= _DISTANCE
            rest += struct.pack("<I", round(10.0 * reading.distance_m))
        speed = round(reading.speed_m_s / _SPEED_UNIT)
        return struct.pack("<BHB", flags, speed, round(reading.cadence_spm)) + rest
    except struct.error:
        raise ProtocolError(f"{reading} does not fit into a foot pod's record.") from None


class FootPodDecoder:
    """Turns a foot pod's notifications into readings, and counts those that make no sense."""

    def __init__(self) -> None:
        self.malformed_packets = 0

    def push(self, packet: Packet) -> FootPodReading | None:
        """Take the next notification."""
        try:
            return decode_measurement(packet.payload)
        except ProtocolError:
            self.malformed_packets += 1
            return None

    def reset(self) -> None:
        """Nothing is kept between notifications."""
