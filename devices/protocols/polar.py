"""Polar Measurement Data (PMD): control point, and frames of acceleration and angular velocity.

Everything is little-endian. A frame of the data characteristic::

    0   u8   what was measured, in the low 6 bits
    1   u64  time of the LAST sample, ns since 2000-01-01 by the sensor's clock
    9   u8   frame type in the low 7 bits; the high bit says that it is compressed
    10  samples

Compressed samples are the first one in full, then blocks ``[width u8][count u8][bits]`` of
differences to the sample before: ``count`` samples of three values of ``width`` bits each, lowest
bit first, in two's complement.

Source: Polar BLE SDK, "Online measurement", version 1.0 (2024). Read are acceleration raw types 0
to 2 (mg) and compressed types 0 (g) and 1 (mg), and angular velocity compressed types 0 (integers)
and 1 (bit patterns of f32), in °/s. Compressed values are times the factor in the reply to the
start, 1 where it states none. Raw angular velocity has no agreed form: dropped and counted.

Limits: no sequence number and no checksum beyond the link's; a lost frame shows by time alone.
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Mapping
from enum import IntEnum
from math import isfinite
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from devices.protocols.frame_streams import RESTART_NS, Block, FrameTimes, StreamMerge
from devices.readings import Decoded, Reading
from devices.records import Packet
from imu.errors import ProtocolError
from imu.samples import STANDARD_GRAVITY_M_S2, Quality

Settings = Mapping[int, tuple[float, ...]]

#: Stamps have 64 bits of ns: the clock never wraps.
TIME_MODULUS_US: Final = 1 << 60

SERVICE_UUID: Final = "fb005c80-02e7-f387-1cad-8acd2d8df0c8"
CONTROL_UUID: Final = "fb005c81-02e7-f387-1cad-8acd2d8df0c8"
DATA_UUID: Final = "fb005c82-02e7-f387-1cad-8acd2d8df0c8"
CONTROL_CHANNEL: Final = "control"
DATA_CHANNEL: Final = "data"

#: Bit of a frame's type that says that it is compressed.
COMPRESSED: Final = 0x80

_HEADER: Final = struct.Struct("<BQB")
_REPLY: Final = 0xF0
_STOPPED: Final = 0x01  # told unasked
_FORMATS: Final = {0: "H", 1: "H", 2: "H", 3: "I", 4: "B", 5: "f", 6: "16s"}
_STAMP_MAX_NS: Final = 100 * 365 * 86_400 * 10**9  # a century: later stamps are damaged
_RAD: Final = np.pi / 180
_MILLI_G: Final = STANDARD_GRAVITY_M_S2 / 1000
_CLIPPED, _TRUSTED = np.uint8(Quality.CLIPPED), np.uint8(0)
_END_SHARE: Final = 0.999  # of the range, from where on a value may have been cut off
_IMPOSSIBLE: Final = 1.25  # times the range: damaged, or not of the range that was agreed


class Operation(IntEnum):
    """Requests to the control point."""

    GET_SETTINGS = 1
    START = 2
    STOP = 3


class Measurement(IntEnum):
    """What can be measured, as far as it is used here, and the mode that offers more of it."""

    ACCELERATION = 2
    ANGULAR_VELOCITY = 5
    SDK_MODE = 9


class Setting(IntEnum):
    """Settings of a measurement."""

    RATE_HZ = 0
    RESOLUTION_BITS = 1
    RANGE = 2  # g, or °/s
    RANGE_MILLI = 3
    CHANNELS = 4
    FACTOR = 5
    SECURITY = 6


class Status(IntEnum):
    """Status in a reply; others are in :data:`STATUS_WORDS`."""

    SUCCESS = 0
    INVALID_OPERATION = 1
    INVALID_MEASUREMENT = 2
    NOT_SUPPORTED = 3
    ALREADY_IN_STATE = 6
    INVALID_RATE = 8
    INVALID_RANGE = 9
    INVALID_STATE = 12


#: What a reply's status means, to follow "the sensor …".
STATUS_WORDS: Final = {
    1: "does not know the request",
    2: "does not measure that",
    3: "does not support that",
    4: "found the request's length wrong",
    5: "found a parameter of the request wrong",
    6: "does so already",
    7: "does not have the resolution",
    8: "does not have the sample rate",
    9: "does not have the range",
    10: "needs longer packets than the link has",
    11: "does not have that number of channels",
    12: "is busy with something else: stop what it is doing",
    13: "is in its charger: take it out",
    14: "has no memory left: delete recordings",
}


class Reply(NamedTuple):
    """An answer of the control point; settings are those on offer, or what was agreed."""

    operation: int
    measurement: int
    status: int
    settings: Settings


class Frame(NamedTuple):
    """A frame's head, and its samples as they came; ``type`` includes :data:`COMPRESSED`."""

    measurement: int
    time_ns: int
    type: int
    content: bytes


def encode_settings(settings: Settings) -> bytes:
    """Write settings, each with one or more values; security has none here."""
    return b"".join(
        struct.pack(f"<BB{len(values)}{_FORMATS[setting]}", setting, len(values), *values)
        for setting, values in settings.items()
    )


def decode_settings(payload: bytes) -> dict[int, tuple[float, ...]]:
    """Read settings, as far as they are whole and known; the rest of the payload is left.

    Examples
    --------
    >>> decode_settings(bytes.fromhex("00 02 3400 6800 02 01 0800"))
    {0: (52, 104), 2: (8,)}
    """
    settings: dict[int, tuple[float, ...]] = {}
    at = 0
    while at + 2 <= len(payload) and payload[at] in _FORMATS:
        setting, layout = payload[at], f"<{payload[at + 1]}{_FORMATS[payload[at]]}"
        if setting == Setting.SECURITY:
            layout = "<" + "16s" * payload[at + 1]
        if at + 2 + struct.calcsize(layout) > len(payload):
            break
        if setting != Setting.SECURITY:
            settings[setting] = struct.unpack_from(layout, payload, at + 2)
        at += 2 + struct.calcsize(layout)
    return settings


def encode_request(operation: int, measurement: int, settings: Settings | None = None) -> bytes:
    """Write a request to the control point.

    Examples
    --------
    >>> encode_request(Operation.START, Measurement.ACCELERATION, {0: (52,), 1: (16,)}).hex(" ")
    '02 02 00 01 34 00 01 01 10 00'
    """
    return bytes((operation, measurement)) + encode_settings(settings or {})


def decode_request(payload: bytes) -> tuple[int, int, dict[int, tuple[float, ...]]]:
    """Read a request: operation, measurement, settings.

    Raises
    ------
    ProtocolError
        When it is shorter than 2 bytes.
    """
    if len(payload) < 2:
        raise ProtocolError(f"a request has {len(payload)} bytes: give 2 or more.", payload=payload)
    return payload[0], payload[1], decode_settings(payload[2:])


def encode_reply(reply: Reply) -> bytes:
    """Write a reply of the control point."""
    head = bytes((_REPLY, reply.operation, reply.measurement, reply.status))
    return head if reply.status else head + b"\0" + encode_settings(reply.settings)


def decode_reply(payload: bytes) -> Reply:
    """Read a reply; of one that goes on in further messages, as much as is here.

    Raises
    ------
    ProtocolError
        When it does not begin with 0xf0 or has fewer than 4 bytes.
    """
    if len(payload) < 4 or payload[0] != _REPLY:
        raise ProtocolError(
            f"a reply begins with {payload[:4].hex(' ')}: it must have 4 bytes or more, "
            "the first of them f0.",
            payload=payload,
        )
    return Reply(payload[1], payload[2], payload[3], decode_settings(payload[5:]))


def encode_reply_parts(reply: Reply, notification_bytes_max: int) -> list[bytes]:
    """Write a reply in as many messages as it takes.

    The first says in its fifth byte whether more follow, each other in its first.
    """
    whole = encode_reply(reply)
    parts, rest = [whole[:notification_bytes_max]], whole[notification_bytes_max:]
    while rest:
        parts.append(b"\0" + rest[: notification_bytes_max - 1])
        rest = rest[notification_bytes_max - 1 :]
    first, *others = parts
    if others:
        first = first[:4] + b"\1" + first[5:]
        others = [b"\1" + part[1:] for part in others[:-1]] + others[-1:]
    return [first, *others]


class ReplyParts:
    """Puts the messages of one reply together: with an MTU of 23 settings take several."""

    def __init__(self) -> None:
        self._whole = b""  # while more follow

    def push(self, payload: bytes) -> Reply | None:
        """Take a message of the control point; returns the reply that it completes.

        Raises
        ------
        ProtocolError
            When it is no reply, and goes on none.
        """
        if payload[:1] == bytes((_REPLY,)):
            reply = decode_reply(payload)
            more, self._whole = payload[4:5] not in {b"", b"\0"}, payload
            return None if more else reply
        if not self._whole or not payload:
            raise ProtocolError("this goes on no reply.", payload=payload)
        self._whole += payload[1:]
        return None if payload[0] else decode_reply(self._whole)


def stopped_by_itself(payload: bytes) -> tuple[int, ...]:
    r"""The measurements that a sensor says it has stopped of its own accord; none otherwise.

    Source: Polar BLE SDK, ``PmdControlPointCommand`` (Swift 2022, Kotlin 2024), where 01 is the one
    command from the sensor to its host, followed by the measurements; not tried on a sensor.

    Examples
    --------
    >>> stopped_by_itself(bytes((1, 2, 5))), stopped_by_itself(b"\xf0\x02")
    ((2, 5), ())
    """
    return tuple(payload[1:]) if payload[:1] == bytes((_STOPPED,)) else ()


def encode_frame(frame: Frame) -> bytes:
    """Write a frame of the data characteristic."""
    return _HEADER.pack(frame.measurement, frame.time_ns, frame.type) + frame.content


def decode_frame(payload: bytes) -> Frame:
    """Read a frame's head.

    Raises
    ------
    ProtocolError
        When it has no samples, or a stamp more than a century after 2000.
    """
    if len(payload) <= _HEADER.size:
        raise ProtocolError(
            f"a frame has {len(payload)} bytes: its head alone has {_HEADER.size}.", payload=payload
        )
    measurement, time_ns, kind = _HEADER.unpack_from(payload)
    if time_ns > _STAMP_MAX_NS:
        raise ProtocolError(f"a frame's time is {time_ns} ns: over a century.", payload=payload)
    return Frame(measurement & 0x3F, time_ns, kind, payload[_HEADER.size :])


def compress(values: ArrayLike, value_bytes: int = 2, *, block_samples: int = 8) -> bytes:
    """Write integers of shape (n, 3) as a first sample and blocks of differences.

    Parameters
    ----------
    values : array_like of int, shape (n, 3)
        Signed, of the stated width; n at least 1.
    value_bytes : int
        Of each value, 2 or 4; differences of 4 bytes wrap.
    block_samples : int
        Samples in a block, 1 to 255.
    """
    whole = np.asarray(values, np.int64)
    steps = np.diff(whole, axis=0)
    if value_bytes == 4:
        steps = (steps + (1 << 31)) % (1 << 32) - (1 << 31)
    parts = [whole[0].astype(f"<i{value_bytes}").tobytes()]
    for at in range(0, len(steps), block_samples):
        block = steps[at : at + block_samples]
        width = int(np.where(block < 0, ~block, block).max()).bit_length() + 1
        bits = block.reshape(-1, 1) >> np.arange(width) & 1
        packed = np.packbits(bits.astype(np.uint8), bitorder="little").tobytes()
        parts.append(bytes((width, len(block))) + packed)
    return b"".join(parts)


def decompress(content: bytes, value_bytes: int = 2) -> NDArray[np.int64]:
    """Read compressed samples; the inverse of :func:`compress`, shape (n, 3).

    Values of 4 bytes are modulo 2**32, from 0 on.

    Raises
    ------
    ProtocolError
        When a block is cut short, empty or impossibly wide, or a value does not fit its width.

    Examples
    --------
    >>> decompress(bytes.fromhex("EAFF 0800 0D00 0301 DF00")).tolist()
    [[-22, 8, 13], [-23, 11, 16]]
    """
    at, end, total = 3 * value_bytes, len(content), 0
    origins, widths, counts = [], [], []  # origin: where the frame's value 0 would begin, bits
    while at + 2 < end and 1 <= content[at] <= 32 and content[at + 1]:
        width, count = content[at], 3 * content[at + 1]
        origins.append(8 * (at + 2) - total * width)
        widths.append(width)
        counts.append(count)
        total += count
        at += 2 + (width * count + 7) // 8
    if at != end:
        raise ProtocolError("a compressed frame is cut short or damaged.", payload=content)
    values = np.empty((1 + total // 3, 3), np.int64)
    values[0] = np.frombuffer(content, f"<i{value_bytes}", 3)
    if total:
        origin, width_of = np.array((origins, widths)).repeat(counts, axis=1)
        bit = np.arange(total) * width_of + origin
        every_byte = np.ndarray(end, "<i8", content + bytes(8), strides=(1,))  # overlapping
        unused = 64 - width_of
        steps = every_byte[bit >> 3] >> (bit & 7) << unused >> unused  # with its sign
        values[1:] = steps.reshape(-1, 3)
    samples = values.cumsum(axis=0)
    if value_bytes == 4:
        samples &= 0xFFFFFFFF
    elif samples.max() > 32767 or samples.min() < -32768:
        raise ProtocolError("a compressed value leaves its 16 bits.", payload=content)
    return samples


class PolarDecoder:
    """Turns the frames of one Polar sensor into readings at the accelerometer's sample times.

    Angular velocity comes in frames of its own and is interpolated, see
    :class:`~devices.protocols.frame_streams.StreamMerge`: it is NaN where it is not known.
    Acceleration waits for it, but no longer than 256 samples take, at least 1 s. What waits when
    the link begins anew is given up; it shows as lost.

    Factors are read from the replies to the start on channel ``control``; compressed frames that
    come before are dropped and counted.

    Parameters
    ----------
    rate_hz : float
        Nominal rate of both measurements, Hz.
    acceleration_range_m_s2, angular_velocity_range_rad_s : float
        Ends of the agreed ranges; without angular velocity the latter is 0.
    """

    time_modulus_us: int | None = TIME_MODULUS_US

    def __init__(
        self,
        rate_hz: float,
        acceleration_range_m_s2: float,
        angular_velocity_range_rad_s: float = 0.0,
    ) -> None:
        self._ranges = (acceleration_range_m_s2, angular_velocity_range_rad_s)
        self._has_gyro = angular_velocity_range_rad_s > 0
        self._merge = StreamMerge(rate_hz)
        self._acceleration_times = FrameTimes(rate_hz)
        self._gyro_times = FrameTimes(rate_hz)
        self._factors: dict[int, float] = {}
        self._stamps_ns: deque[int] = deque(maxlen=16)  # of the latest acceleration frames
        self._origin_ns: int | None = None
        self._malformed_packets = 0

    @property
    def malformed_packets(self) -> int:
        """Frames dropped: unreadable, impossible values, or angular velocity that came too late."""
        return self._malformed_packets

    def reset(self) -> None:
        """The link has begun anew: what waits is given up, factors are stated again."""
        self._factors.clear()
        self._restart_clock()

    def push(self, packet: Packet) -> list[Decoded]:
        """Take the next frame or reply; returns the readings that it completes."""
        if packet.channel == CONTROL_CHANNEL:
            self._learn_factor(packet.payload)
        if packet.channel != DATA_CHANNEL:
            return []
        try:
            frame = decode_frame(packet.payload)
            if frame.measurement == Measurement.ACCELERATION:
                return self._take_acceleration(frame)
            if frame.measurement == Measurement.ANGULAR_VELOCITY and self._has_gyro:
                return self._take_angular_velocity(frame)
        except ProtocolError:
            self._malformed_packets += 1
        return []

    def _learn_factor(self, payload: bytes) -> None:
        try:
            operation, measurement, status, settings = decode_reply(payload)
        except ProtocolError:
            return  # about something else
        if operation == Operation.START and status == Status.SUCCESS:
            factor = settings.get(Setting.FACTOR, (1.0,))[0]
            if isfinite(factor) and factor > 0:
                self._factors[measurement] = factor

    def _take_acceleration(self, frame: Frame) -> list[Decoded]:
        values, clipped = self._samples(frame)
        readings: list[Decoded] = []
        stamp_ns = self._since_origin_ns(frame.time_ns)
        times = self._acceleration_times
        # a frame that cannot be so soon: what would be paired is of two clocks
        new = self._has_gyro and stamp_ns not in self._stamps_ns
        if times.behind_ns(stamp_ns) > RESTART_NS or (
            new and times.is_too_soon(stamp_ns, len(values))
        ):
            readings += [self._reading(*merged) for merged in self._merge.flush()]
            self._restart_clock()
        self._stamps_ns.append(stamp_ns)
        times_ns = times.place(stamp_ns, len(values))
        block = Block(stamp_ns, times_ns, values, clipped)
        if not self._has_gyro:
            return [*readings, self._reading(block)]
        return readings + [self._reading(*each) for each in self._merge.push(block)]

    def _take_angular_velocity(self, frame: Frame) -> list[Decoded]:
        values, clipped = self._samples(frame)
        readings: list[Decoded] = []
        stamp_ns = self._since_origin_ns(frame.time_ns)
        behind_ns = self._gyro_times.behind_ns(stamp_ns)
        if behind_ns > RESTART_NS:
            readings += [self._reading(*merged) for merged in self._merge.flush()]
            self._restart_clock()
        elif behind_ns >= 0:
            raise ProtocolError("angular velocity came again or too late.")
        times_ns = self._gyro_times.place(stamp_ns, len(values))
        merged = self._merge.push_other(Block(stamp_ns, times_ns, values, clipped))
        return readings + [self._reading(*each) for each in merged]

    def _since_origin_ns(self, time_ns: int) -> int:
        """A stamp on a line that begins with the first, where float64 holds ns for 100 days."""
        if self._origin_ns is None:
            self._origin_ns = time_ns
        return time_ns - self._origin_ns

    def _restart_clock(self) -> None:
        self._merge.reset()
        self._acceleration_times.restart()
        self._gyro_times.restart()

    def _reading(self, block: Block, gyro: NDArray[np.float64] | None = None) -> Reading:
        assert self._origin_ns is not None
        return Reading(
            block.values,
            gyro,
            time_us=(block.stamp_ns + self._origin_ns) // 1000,
            stamped=len(block.values) - 1,
            quality=np.where(block.clipped, _CLIPPED, _TRUSTED) if block.clipped.any() else None,
        )

    def _samples(self, frame: Frame) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Samples of a frame in SI, and which of them are at the end of the range."""
        is_gyro = frame.measurement == Measurement.ANGULAR_VELOCITY
        unit = _RAD if is_gyro else _MILLI_G
        if frame.type & COMPRESSED:
            if frame.measurement not in self._factors:
                raise ProtocolError("a frame's factor was never stated.", payload=frame.content)
            unit *= self._factors[frame.measurement]
            if frame.type == COMPRESSED and not is_gyro:
                unit *= 1000  # in g
        values = _numbers(frame, is_gyro=is_gyro) * unit
        magnitudes = np.abs(values)
        peak, range_ = magnitudes.max(), self._ranges[is_gyro]
        if not peak <= _IMPOSSIBLE * range_:  # or not a number
            raise ProtocolError("a frame has values far beyond the range.", payload=frame.content)
        end = min(_END_SHARE * range_, 32767 * unit)  # of the range, or of 16 bits
        if peak < end:
            return values, np.zeros(len(values), np.bool_)
        return values, np.any(magnitudes >= end, axis=1)


def _numbers(frame: Frame, *, is_gyro: bool) -> NDArray[np.float64]:
    """Numbers in a frame before any factor, shape (n, 3)."""
    kind, content = frame.type & ~COMPRESSED, frame.content
    if frame.type & COMPRESSED and kind <= 1:
        if is_gyro and kind == 1:
            bits = decompress(content, 4).astype(np.uint32)
            return bits.view(np.float32).astype(np.float64)
        return decompress(content).astype(np.float64)
    if is_gyro or frame.type > 2 or len(content) % (3 * (kind + 1)):
        raise ProtocolError(
            f"a frame has type {frame.type:#04x} and {len(content)} bytes of samples, which has no "
            "agreed meaning.",
            payload=content,
        )
    if kind < 2:
        return np.frombuffer(content, f"<i{kind + 1}").reshape(-1, 3).astype(np.float64)
    wide = np.zeros((len(content) // 3, 4), np.uint8)
    wide[:, 1:] = np.frombuffer(content, np.uint8).reshape(-1, 3)
    return (wide.view("<i4").reshape(-1, 3) >> 8).astype(np.float64)
