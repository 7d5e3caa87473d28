"""Heart Rate Measurement of the Heart Rate Service (0x180D): bytes to values and back.

Source: Bluetooth SIG, Heart Rate Service 1.0 (2011), section 3.1.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from devices.records import Packet
from imu.errors import ProtocolError

SERVICE_UUID: Final = "0000180d-0000-1000-8000-00805f9b34fb"
DATA_UUID: Final = "00002a37-0000-1000-8000-00805f9b34fb"
DATA_CHANNEL: Final = "data"

_WIDE, _CONTACT, _CONTACT_KNOWN, _ENERGY, _BEATS = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 4
_BEAT_UNIT_S: Final = 1.0 / 1024.0


@dataclass(frozen=True, slots=True)
class HeartRateReading:
    """What a strap said at one moment.

    Attributes
    ----------
    heart_rate_bpm : float
        Beats a minute; 0 while it finds none.
    on_skin : bool or None
        Whether it touches the skin; None where it cannot tell.
    beat_intervals_s : tuple of float
        Between the beats since the record before, oldest first.
    energy_kj : float or None
        Since it was reset.
    """

    heart_rate_bpm: float
    on_skin: bool | None = None
    beat_intervals_s: tuple[float, ...] = ()
    energy_kj: float | None = None


def decode_measurement(payload: bytes) -> HeartRateReading:
    """Read one notification.

    Raises
    ------
    ProtocolError
        When it is shorter than its flags say, or half an interval is left over.

    Examples
    --------
    >>> decode_measurement(bytes.fromhex("169100040004"))
    HeartRateReading(heart_rate_bpm=145.0, on_skin=True, beat_intervals_s=(1.0, 1.0), \
energy_kj=None)
    """
    flags = payload[0] if payload else 0
    size = 2 + bool(flags & _WIDE) + 2 * bool(flags & _ENERGY)
    rest = len(payload) - size
    if rest < 0 or (flags & _BEATS and rest % 2):
        raise ProtocolError(
            f"a heart rate record of {len(payload)} bytes does not fit its flags.", payload=payload
        )
    at = 3 if flags & _WIDE else 2
    rate = int.from_bytes(payload[1:at], "little")
    energy = None
    if flags & _ENERGY:
        energy = float(struct.unpack_from("<H", payload, at)[0])
        at += 2
    beats: tuple[float, ...] = ()
    if flags & _BEATS:
        beats = tuple(count * _BEAT_UNIT_S for (count,) in struct.iter_unpack("<H", payload[at:]))
    on_skin = bool(flags & _CONTACT) if flags & _CONTACT_KNOWN else None
    return HeartRateReading(float(rate), on_skin, beats, energy)


def encode_measurement(reading: HeartRateReading) -> bytes:
    """Write one notification.

    Raises
    ------
    ProtocolError
        When a value does not fit.
    """
    rate = round(reading.heart_rate_bpm)
    flags = _WIDE if rate > 255 else 0
    if reading.on_skin is not None:
        flags |= _CONTACT_KNOWN | (_CONTACT if reading.on_skin else 0)
    try:
        body = struct.pack("<H" if flags & _WIDE else "<B", rate)
        if reading.energy_kj is not None:
            flags |= _ENERGY
            body += struct.pack("<H", round(reading.energy_kj))
        if reading.beat_intervals_s:
            flags |= _BEATS
            counts = [round(interval_s / _BEAT_UNIT_S) for interval_s in reading.beat_intervals_s]
            body += struct.pack(f"<{len(counts)}H", *counts)
    except struct.error:
        raise ProtocolError(f"{reading} does not fit into a heart rate record.") from None
    return bytes((flags,)) + body


class HeartRateDecoder:
    """Turns a strap's notifications into readings, and counts those that make no sense."""

    def __init__(self) -> None:
        self.malformed_packets = 0

    def push(self, packet: Packet) -> HeartRateReading | None:
        """Take the next notification."""
        try:
            return decode_measurement(packet.payload)
        except ProtocolError:
            self.malformed_packets += 1
            return None

    def reset(self) -> None:
        """Nothing is kept between notifications."""
