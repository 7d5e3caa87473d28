"""Treadmill Data of the Fitness Machine Service (FTMS 1.0, 0x1826): bytes to values and back.

A record holds the fields that its flags name, in their order, little-endian. Flag 0 is turned
round: where it is *not* set the speed is there. A machine may spread a record over several
notifications, of which only the last has the speed. The control point is never written: the belt
obeys the person on it alone.

Source: Bluetooth SIG, Fitness Machine Service 1.0 (2017), section 4.9, read at second hand; the
vectors in the tests were made from the layout.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import Final, NamedTuple

from devices.records import Packet
from imu.errors import ProtocolError

SERVICE_UUID: Final = "00001826-0000-1000-8000-00805f9b34fb"
DATA_UUID: Final = "00002acd-0000-1000-8000-00805f9b34fb"
DATA_CHANNEL: Final = "data"

_MORE: Final = 1 << 0


class _Field(NamedTuple):
    name: str
    flag: int  # 0: the speed, which is there when the flag of more to come is not
    form: str  # of struct; "u24" for three bytes
    unit: float  # what one count is
    unknown: int | None = None  # a count that says: not measured


_FIELDS: Final = (
    _Field("speed_m_s", 0, "H", 0.01 / 3.6),
    _Field("average_speed_m_s", 1, "H", 0.01 / 3.6),
    _Field("distance_m", 2, "u24", 1.0),
    _Field("slope_percent", 3, "h", 0.1, 0x7FFF),
    _Field("ramp_deg", 3, "h", 0.1, 0x7FFF),
    _Field("climbed_m", 4, "H", 0.1),
    _Field("descended_m", 4, "H", 0.1),
    _Field("pace_km_min", 5, "B", 0.1),
    _Field("average_pace_km_min", 6, "B", 0.1),
    _Field("energy_kcal", 7, "H", 1.0, 0xFFFF),
    _Field("energy_kcal_h", 7, "H", 1.0, 0xFFFF),
    _Field("energy_kcal_min", 7, "B", 1.0, 0xFF),
    _Field("heart_rate_bpm", 8, "B", 1.0),
    _Field("metabolic_equivalent", 9, "B", 0.1),
    _Field("elapsed_s", 10, "H", 1.0),
    _Field("remaining_s", 11, "H", 1.0),
    _Field("belt_force_n", 12, "h", 1.0, 0x7FFF),
    _Field("power_w", 12, "h", 1.0, 0x7FFF),
)

#: Bytes of a notification that no link is too narrow for.
_ROOM_EVERYWHERE: Final = 20


@dataclass(frozen=True, slots=True)
class TreadmillReading:
    """What a treadmill said at one moment; None where it did not say it.

    Attributes
    ----------
    speed_m_s : float or None
        Of the belt, m/s; 0 while it stands.
    slope_percent : float or None
        Inclination, %, positive uphill.
    distance_m : float or None
        Since the machine was started, m.
    elapsed_s : float or None
        Since the machine was started, s.
    heart_rate_bpm : float or None
        As the machine received it, beats a minute.
    """

    speed_m_s: float | None = None
    slope_percent: float | None = None
    distance_m: float | None = None
    elapsed_s: float | None = None
    heart_rate_bpm: float | None = None


def decode_record(payload: bytes, *, cut: bool = False) -> tuple[dict[str, float], bool]:
    """The fields of one notification, SI where the name has no other unit, and whether more come.

    Parameters
    ----------
    payload : bytes
    cut : bool
        Whether to take what came whole of one that is shorter than its flags say.

    Raises
    ------
    ProtocolError
        When it is shorter than its flags say.

    Examples
    --------
    >>> fields, more = decode_record(bytes.fromhex("0400e8032c0100"))
    >>> round(fields["speed_m_s"] * 3.6, 2), fields["distance_m"], more
    (10.0, 300.0, False)
    """
    if len(payload) < 2:
        raise ProtocolError("a treadmill record has no flags.", payload=payload)
    flags = int.from_bytes(payload[:2], "little")
    fields: dict[str, float] = {}
    at = 2
    for field in _FIELDS:
        if bool(flags & 1 << field.flag) == (field.flag == 0):
            continue
        size = 3 if field.form == "u24" else struct.calcsize(f"<{field.form}")
        part = payload[at : at + size]
        if len(part) < size and cut:
            break
        if len(part) < size:
            raise ProtocolError(
                f"a treadmill record of {len(payload)} bytes ends before {field.name}.",
                payload=payload,
            )
        at += size
        if field.form == "u24":
            count = int.from_bytes(part, "little")
        else:
            (count,) = struct.unpack(f"<{field.form}", part)
        if count != field.unknown:
            fields[field.name] = count * field.unit
    return fields, bool(flags & _MORE)


def encode_record(fields: dict[str, float], *, more: bool = False) -> bytes:
    """Write one notification; of fields that share a flag the lacking ones go as unknown.

    Raises
    ------
    ProtocolError
        When a field is unknown, does not fit, or the speed is lacking and no more is to come.
    """
    known = {field.name for field in _FIELDS}
    if not fields.keys() <= known:
        raise ProtocolError(f"a treadmill has no {', '.join(sorted(fields.keys() - known))}.")
    if more == ("speed_m_s" in fields):
        raise ProtocolError("the speed is in the last part of a record, and there alone.")
    flags = _MORE if more else 0
    for field in _FIELDS:
        if field.name in fields and field.flag:
            flags |= 1 << field.flag
    payload = flags.to_bytes(2, "little")
    for field in _FIELDS:
        if bool(flags & 1 << field.flag) == (field.flag == 0):
            continue
        count = field.unknown or 0
        if field.name in fields:
            count = round(fields[field.name] / field.unit)
        try:
            if field.form == "u24":
                payload += count.to_bytes(3, "little")
            else:
                payload += struct.pack(f"<{field.form}", count)
        except (OverflowError, struct.error):
            raise ProtocolError(
                f"{field.name} of {fields[field.name]:g} does not fit into a treadmill record."
            ) from None
    return payload


def percent_of(slope_deg: float) -> float:
    """A slope in degrees as treadmills give it, height over length, %.

    Examples
    --------
    >>> round(percent_of(1.0), 2), round(degrees_of(percent_of(1.0)), 6)
    (1.75, 1.0)
    """
    return 100.0 * math.tan(math.radians(slope_deg))


def degrees_of(slope_percent: float) -> float:
    """A slope in % in degrees."""
    return math.degrees(math.atan(slope_percent / 100.0))


class TreadmillDecoder:
    """Puts a treadmill's notifications together into readings.

    Examples
    --------
    >>> decoder = TreadmillDecoder()
    >>> first = encode_record({"slope_percent": 1.5, "ramp_deg": 0.9}, more=True)
    >>> decoder.push(Packet(0, DATA_CHANNEL, first))
    >>> decoder.push(Packet(9, DATA_CHANNEL, encode_record({"speed_m_s": 2.5}))).slope_percent
    1.5
    """

    def __init__(self) -> None:
        self._waiting: dict[str, float] = {}
        self.malformed_packets = 0

    def push(self, packet: Packet) -> TreadmillReading | None:
        """Take the next notification; returns the reading that it completes."""
        try:
            # some machines send no second part, but cut it to what fits into every link
            cut = len(packet.payload) == _ROOM_EVERYWHERE
            fields, more = decode_record(packet.payload, cut=cut)
        except ProtocolError:
            self.malformed_packets += 1
            self._waiting = {}
            return None
        self._waiting |= fields
        if more:
            return None
        whole, self._waiting = self._waiting, {}
        return TreadmillReading(
            **{name: whole.get(name) for name in TreadmillReading.__dataclass_fields__}
        )

    def reset(self) -> None:
        """Forget half a record: the link has begun anew."""
        self._waiting = {}
