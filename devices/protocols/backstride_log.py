"""The project's own wire format: runs logged in the sensor's flash, and how they are fetched.

A list entry, 20 bytes, little-endian::

    0   u16  number of the log
    2   u32  UTC of its first sample, s since 1970; 0 when the sensor did not know
    6   u32  length, bytes
    10  u16  sample rate, 0.1 Hz
    12  u32  samples
    16  u16  flags: bits 0-2 and 3-5 index the ranges of acceleration and angular velocity in the
             tables of devices/protocols/backstride.py (gyroscope 7: none), bits 6, 7, 8 LogFlag
    18  u16  CRC-16 of the whole log: which log it is, and whether it came over well

A log is a row of ``u16 length, Data message``; erased flash (0xFFFF) or its length ends it. A part
of it comes as Bulk messages ``u16 log, u32 offset, bytes`` in any number; what did not come is
asked for again.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntFlag
from math import radians
from typing import Final, NamedTuple

from devices.protocols.backstride import (
    ACCELERATION_RANGES_G,
    ANGULAR_VELOCITY_RANGES_DEG_S,
    TIME_MODULUS_US,
    decode_data,
)
from devices.protocols.backstride_frames import DATA_CHANNEL
from devices.protocols.cobs import crc16
from devices.records import DeviceInfo, Packet
from imu.errors import ParameterError, ProtocolError
from imu.samples import STANDARD_GRAVITY_M_S2

_ENTRY: Final = struct.Struct("<HIIHIHH")
_BULK: Final = struct.Struct("<HI")
_LENGTH: Final = struct.Struct("<H")
_ERASED: Final = 0xFFFF
_NO_GYROSCOPE: Final = 7
_FLAG_MASK: Final = 0x3F

#: Length of a list entry, and of what comes before the bytes of a Bulk message.
ENTRY_BYTES: Final = _ENTRY.size
BULK_HEADER_BYTES: Final = _BULK.size


class LogFlag(IntFlag):
    """What else is known of a log."""

    UTC_KNOWN = 64
    CALIBRATED = 128  # the device applied its calibration
    CLOSED = 256  # ended as it should; else the battery ran out, or it still goes on


@dataclass(frozen=True, slots=True)
class LogEntry:
    """A logged run as the sensor lists it.

    Attributes
    ----------
    log_id : int
        Number of the log, 0 to 65534.
    utc_s : int
        Of the first sample, s since 1970; 0 when unknown.
    size_bytes, samples : int
        Length, and samples in it.
    rate_hz : float
        Samples per second, in tenths of a Hz.
    acceleration_range_g, angular_velocity_range_deg_s : int
        Ends of the range; 0 degrees per second without a gyroscope.
    flags : int
        :class:`LogFlag` bits; unknown ones are kept.
    checksum : int
        CRC-16 of the whole log.
    """

    log_id: int
    utc_s: int
    size_bytes: int
    rate_hz: float
    samples: int
    acceleration_range_g: int
    angular_velocity_range_deg_s: int
    flags: int
    checksum: int


class BulkMessage(NamedTuple):
    """Some consecutive bytes of a log."""

    log_id: int
    offset: int
    content: bytes


class LogContent(NamedTuple):
    """A log taken apart.

    ``packets`` are its Data messages, stamped with the device's time from the first one on, as if
    they had just arrived; ``malformed_packets`` were dropped; ``unread_bytes`` at the end follow
    no format: the log was cut off there.
    """

    packets: tuple[Packet, ...]
    malformed_packets: int
    unread_bytes: int


def encode_log_entry(entry: LogEntry) -> bytes:
    """Write a list entry.

    Raises
    ------
    ProtocolError
        When a field does not fit, or a range is none of the format's.
    """
    try:
        acceleration = ACCELERATION_RANGES_G.index(entry.acceleration_range_g)
        angular_velocity = (
            ANGULAR_VELOCITY_RANGES_DEG_S.index(entry.angular_velocity_range_deg_s)
            if entry.angular_velocity_range_deg_s
            else _NO_GYROSCOPE
        )
        return _ENTRY.pack(
            entry.log_id,
            entry.utc_s,
            entry.size_bytes,
            round(entry.rate_hz * 10),
            entry.samples,
            entry.flags & ~_FLAG_MASK | acceleration | angular_velocity << 3,
            entry.checksum,
        )
    except (ValueError, OverflowError, struct.error) as error:
        raise ProtocolError(f"a field of the log's entry does not fit: {error}.") from None


def decode_log_entry(payload: bytes) -> LogEntry:
    """Read a list entry.

    Raises
    ------
    ProtocolError
        When it does not have 20 bytes, or names a range that does not exist.
    """
    if len(payload) != _ENTRY.size:
        raise ProtocolError(
            f"a log's entry has {len(payload)} bytes: it must have {_ENTRY.size}.", payload=payload
        )
    log_id, utc_s, size_bytes, tenths, samples, flags, checksum = _ENTRY.unpack(payload)
    acceleration, angular_velocity = flags & 7, flags >> 3 & 7
    has_gyroscope = angular_velocity != _NO_GYROSCOPE
    if acceleration >= len(ACCELERATION_RANGES_G) or (
        has_gyroscope and angular_velocity >= len(ANGULAR_VELOCITY_RANGES_DEG_S)
    ):
        raise ProtocolError(
            f"the log {log_id} was measured in a range that this program does not know: update it.",
            payload=payload,
        )
    return LogEntry(
        log_id,
        utc_s,
        size_bytes,
        tenths / 10,
        samples,
        ACCELERATION_RANGES_G[acceleration],
        ANGULAR_VELOCITY_RANGES_DEG_S[angular_velocity] if has_gyroscope else 0,
        flags & ~_FLAG_MASK,
        checksum,
    )


def encode_bulk(message: BulkMessage) -> bytes:
    """Write a Bulk message.

    Raises
    ------
    ProtocolError
        When number or offset does not fit, or it is empty.
    """
    if not message.content:
        raise ProtocolError("a bulk message is empty: give at least one byte.")
    try:
        return _BULK.pack(message.log_id, message.offset) + message.content
    except struct.error as error:
        raise ProtocolError(f"a field of the bulk message does not fit: {error}.") from None


def decode_bulk(payload: bytes) -> BulkMessage:
    """Read a Bulk message.

    Raises
    ------
    ProtocolError
        When it holds nothing beyond its header.
    """
    if len(payload) <= _BULK.size:
        raise ProtocolError(
            f"a bulk message has {len(payload)} bytes: its header alone has {_BULK.size}.",
            payload=payload,
        )
    log_id, offset = _BULK.unpack_from(payload)
    return BulkMessage(log_id, offset, payload[_BULK.size :])


class RangeMap:
    """Which bytes of a known number have come.

    Parameters
    ----------
    size : int
        How many there are in all.
    spans : iterable of (int, int)
        What has come already, each from its first byte to the one after its last.

    Examples
    --------
    >>> received = RangeMap(100, [(0, 20)])
    >>> received.add(50, 60)
    >>> received.spans, received.holes(), received.count
    (((0, 20), (50, 60)), [(20, 50), (60, 100)], 30)
    """

    def __init__(self, size: int, spans: Iterable[tuple[int, int]] = ()) -> None:
        self.size = size
        self._spans: list[tuple[int, int]] = []
        for start, stop in spans:
            self.add(start, stop)

    @property
    def spans(self) -> tuple[tuple[int, int], ...]:
        """What has come, in order and apart."""
        return tuple(self._spans)

    @property
    def count(self) -> int:
        """Bytes that have come."""
        return sum(stop - start for start, stop in self._spans)

    @property
    def complete(self) -> bool:
        """Whether nothing is missing."""
        return self.count == self.size

    def add(self, start: int, stop: int) -> None:
        """Bytes from ``start`` to before ``stop`` have come, again perhaps.

        Raises
        ------
        ParameterError
            When they are not inside.
        """
        self._check(start, stop)
        if start == stop:
            return
        spans = self._spans
        if spans and spans[-1][0] <= start <= spans[-1][1]:  # as it comes, nearly always
            spans[-1] = (spans[-1][0], max(stop, spans[-1][1]))
            return
        before = [span for span in spans if span[1] < start]
        after = [span for span in spans if span[0] > stop]
        touched = spans[len(before) : len(spans) - len(after)]
        if touched:
            start, stop = min(start, touched[0][0]), max(stop, touched[-1][1])
        self._spans = [*before, (start, stop), *after]

    def discard(self, start: int, stop: int) -> None:
        """Forget bytes from ``start`` to before ``stop``: they turned out to be wrong.

        Raises
        ------
        ParameterError
            When they are not inside.
        """
        self._check(start, stop)
        if start == stop:
            return
        left = [(first, min(last, start)) for first, last in self._spans]
        right = [(max(first, stop), last) for first, last in self._spans]
        self._spans = sorted(span for span in left + right if span[0] < span[1])

    def holes(self, start: int = 0, stop: int | None = None) -> list[tuple[int, int]]:
        """What is missing from ``start`` to before ``stop``, in order."""
        stop = self.size if stop is None else stop
        missing: list[tuple[int, int]] = []
        for first, last in self._spans:
            if first >= stop:
                break
            if last > start:
                if first > start:
                    missing.append((start, first))
                start = last
        if start < stop:
            missing.append((start, stop))
        return missing

    def _check(self, start: int, stop: int) -> None:
        if not 0 <= start <= stop <= self.size:
            raise ParameterError("span", (start, stop), f"bytes from 0 to {self.size}")


@dataclass(slots=True)
class PartialLog:
    """As much of a log as has come; keep ``content`` and ``received.spans`` to go on another day.

    Attributes
    ----------
    entry : LogEntry
        Which log; its checksum tells it from a later one of the same number.
    content : bytearray
        Its bytes, zero where they have not come.
    received : RangeMap
        Which have.
    """

    entry: LogEntry
    content: bytearray = field(default_factory=bytearray)
    received: RangeMap = field(default_factory=lambda: RangeMap(0))

    def __post_init__(self) -> None:
        size = self.entry.size_bytes
        if self.received.size != size or len(self.content) != size:
            self.content, self.received = bytearray(size), RangeMap(size)

    def take(self, message: BulkMessage) -> bool:
        """Keep the bytes of a Bulk message; false when they are not of this log."""
        stop = message.offset + len(message.content)
        if message.log_id != self.entry.log_id or stop > self.entry.size_bytes:
            return False
        self.content[message.offset : stop] = message.content
        self.received.add(message.offset, stop)
        return True

    @property
    def intact(self) -> bool:
        """Whether everything has come and its checksum is right."""
        return self.received.complete and crc16(bytes(self.content)) == self.entry.checksum


def join_log(payloads: Iterable[bytes]) -> bytes:
    """A log made of Data messages; the inverse of :func:`split_log`."""
    return b"".join([_LENGTH.pack(len(payload)) + payload for payload in payloads])


def split_log(content: bytes) -> LogContent:
    """Take a log apart into packets for a session's record.

    Never raises: a log that was cut off gives what came before.
    """
    packets: list[Packet] = []
    malformed, at, size = 0, 0, len(content)
    elapsed_us, stamp_us = 0, None
    while at + _LENGTH.size <= size:
        (length,) = _LENGTH.unpack_from(content, at)
        stop = at + _LENGTH.size + length
        if length in {0, _ERASED} or stop > size:
            break
        payload = content[at + _LENGTH.size : stop]
        at = stop
        try:
            time_us = decode_data(payload).time_us
        except ProtocolError:
            malformed += 1
            continue
        if stamp_us is not None:
            passed_us = (time_us - stamp_us) % TIME_MODULUS_US
            if passed_us < TIME_MODULUS_US // 2:  # else the device started again within the log
                elapsed_us += passed_us
        stamp_us = time_us
        packets.append(Packet(elapsed_us * 1000, DATA_CHANNEL, payload))
    return LogContent(tuple(packets), malformed, size - at)


def holds_more(content: bytes, log: LogContent) -> bool:
    """Whether a log holds more than was read of it.

    A last message that was cut off, and flash that was never written, are nothing.
    """
    tail = content[len(content) - log.unread_bytes :]
    cut = len(tail) < _LENGTH.size + int.from_bytes(tail[: _LENGTH.size], "little")
    return log.malformed_packets > 0 or not (cut or not tail.strip(b"\0\xff"))


def device_info_of(
    entry: LogEntry, name: str, *, serial: str = "", firmware: str = ""
) -> DeviceInfo:
    """What a session's record says of the sensor that logged a run."""
    return DeviceInfo(
        name=name,
        protocol="backstride",
        rate_hz=entry.rate_hz,
        acceleration_range_m_s2=entry.acceleration_range_g * STANDARD_GRAVITY_M_S2,
        angular_velocity_range_rad_s=radians(entry.angular_velocity_range_deg_s),
        serial=serial,
        firmware=firmware,
    )
