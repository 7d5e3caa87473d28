"""The project's own wire format, version 0.1: Data, Info and Status messages.

Requests and replies are in ``backstride_control.py``, logged runs in ``backstride_log.py``, how
messages travel in ``backstride_frames.py``, what becomes of them in ``backstride_decoder.py``. The
major version stays 0 until firmware exists. All fields are little-endian. A Data message is a
header of 8 bytes and ``n`` samples::

    0  u8   n (1..31) in the low 5 bits, layout in the high 3
    1  u8   flags
    2  u16  index of the first sample, modulo 65536
    4  u32  device time of the first sample, µs, modulo 2**32 (71.6 min)
    8  n × i16 values: ax ay az gx gy gz, or three of them; value × range / 32768

The message carries no checksum: the link layer of Bluetooth LE has one, serial framing adds one.
Limits: Bluetooth LE without a longer MTU than 23 carries one sample a message and is unreliable
above about 400 Hz; 1 kHz on a serial line needs 230 400 baud or USB.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from functools import cache
from math import ceil
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imu.errors import OtherVersion, ProtocolError

#: Major and minor version of this format.
PROTOCOL_VERSION: Final = (0, 1)

#: Counts at the end of the range.
COUNTS_FULL_SCALE: Final = 32768
#: Most samples in one Data message; the count has five bits.
SAMPLES_MAX: Final = 31
#: The sample index and the device time wrap at these.
SEQUENCE_MODULUS: Final = 1 << 16
TIME_MODULUS_US: Final = 1 << 32
#: A packet spans about this long, s.
PACKET_SPAN_S: Final = 0.05

#: What the bits of the Info message's masks stand for, lowest bit first.
RATES_HZ: Final = (50, 100, 104, 200, 208, 400, 416, 500, 800, 833, 1000)
ACCELERATION_RANGES_G: Final = (2, 4, 8, 16, 32)
ANGULAR_VELOCITY_RANGES_DEG_S: Final = (125, 250, 500, 1000, 2000, 4000)

_HEADER: Final = struct.Struct("<BBHI")
_INFO: Final = struct.Struct("<BBHHIHBBBBI")
_STATUS: Final = struct.Struct("<BBHQHHhBB")
_STATUS_KIND: Final = 0x10
_COUNTS: Final = np.dtype("<i2")
_LARGEST_COUNT: Final = COUNTS_FULL_SCALE - 1


class Layout(IntEnum):
    """What one sample of a Data message holds."""

    IMU6 = 0
    ACCELERATION = 1
    ANGULAR_VELOCITY = 2


#: Values per sample, by :class:`Layout`.
CHANNELS: Final = (6, 3, 3)


class DataFlag(IntFlag):
    """Flags of a Data message."""

    GAP_BEFORE = 1
    ACCELERATION_CLIPPED = 2
    ANGULAR_VELOCITY_CLIPPED = 4
    CALIBRATED = 8
    TIME_RESYNC = 16
    STEP_EVENT = 32


class Feature(IntFlag):
    """What a device can do, as its Info message says."""

    ACCELERATION = 1
    ANGULAR_VELOCITY = 2
    TEMPERATURE = 4
    BATTERY = 8
    LOG = 16
    CALIBRATION = 32
    PING = 64
    UTC = 128
    RUNNING_SPEED_CADENCE = 256
    STEPS = 512


_ACCELERATION_CLIPPED: Final = int(DataFlag.ACCELERATION_CLIPPED)
_ANGULAR_VELOCITY_CLIPPED: Final = int(DataFlag.ANGULAR_VELOCITY_CLIPPED)


class SensorState(IntEnum):
    """What a sensor is doing."""

    IDLE = 0
    STREAMING = 1
    LOGGING = 2
    STREAMING_AND_LOGGING = 3


class DataPacket(NamedTuple):
    """A decoded Data message.

    ``counts`` is int16 of shape (n, 6) or (n, 3) by ``layout``; ``flags`` holds :class:`DataFlag`
    bits, ``sequence`` the index of the first sample modulo 65536, ``time_us`` its device time
    modulo 2**32.
    """

    layout: int
    flags: int
    sequence: int
    time_us: int
    counts: NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class InfoMessage:
    """What a device says about itself; masks are kept as sent, so that nothing unknown is lost."""

    major: int = PROTOCOL_VERSION[0]
    minor: int = PROTOCOL_VERSION[1]
    hardware: int = 0
    firmware: int = 0
    features: int = 0
    rates_mask: int = 0
    acceleration_ranges_mask: int = 0
    angular_velocity_ranges_mask: int = 0
    samples_max: int = SAMPLES_MAX
    reserved: int = 0
    flash_bytes: int = 0

    @property
    def rates_hz(self) -> tuple[int, ...]:
        """Sample rates on offer, Hz."""
        return _chosen(RATES_HZ, self.rates_mask)

    @property
    def acceleration_ranges_g(self) -> tuple[int, ...]:
        """Full-scale accelerations on offer, g."""
        return _chosen(ACCELERATION_RANGES_G, self.acceleration_ranges_mask)

    @property
    def angular_velocity_ranges_deg_s(self) -> tuple[int, ...]:
        """Full-scale angular velocities on offer, degrees per second."""
        return _chosen(ANGULAR_VELOCITY_RANGES_DEG_S, self.angular_velocity_ranges_mask)


@dataclass(frozen=True, slots=True)
class StatusMessage:
    """What a sensor says of itself once a second.

    Attributes
    ----------
    state : int
        :class:`SensorState`; kept as sent.
    sequence, time_us : int
        Index modulo 65536 of the newest sample, and its device time, µs, without wrapping.
    dropped_samples : int
        Lost in the sensor's queue since it was switched on, modulo 65536.
    battery_mv : int
        Voltage, mV.
    temperature_c : float
        °C, in hundredths.
    battery_percent : int
        Charge, 0 to 100; 255 when unknown.
    flags : int
        Reserved; kept as sent.
    """

    state: int
    sequence: int
    time_us: int
    dropped_samples: int = 0
    battery_mv: int = 0
    temperature_c: float = 0.0
    battery_percent: int = 255
    flags: int = 0


def decode_data(payload: bytes) -> DataPacket:
    """Read a Data message; the counts are a view of the payload, without a copy.

    Raises
    ------
    ProtocolError
        When the length, the count or the layout is not one the format allows.

    Examples
    --------
    >>> packet = decode_data(bytes.fromhex("0100341240420f000000000000 08ffff0200fdff"))
    >>> hex(packet.sequence), packet.time_us, packet.counts.tolist()
    ('0x1234', 1000000, [[0, 0, 2048, -1, 2, -3]])
    """
    size = len(payload)
    if size < _HEADER.size:
        raise ProtocolError(
            f"a data packet has {size} bytes: its header alone has {_HEADER.size}.", payload=payload
        )
    first, flags, sequence, time_us = _HEADER.unpack_from(payload)
    n, layout = first & 31, first >> 5
    if n == 0 or layout >= len(CHANNELS):
        raise ProtocolError(
            f"a data packet starts with 0x{first:02x}: give 1 to 31 samples in layout 0, 1 or 2.",
            payload=payload,
        )
    if size != data_bytes(n, layout):
        raise ProtocolError(
            f"a data packet of {n} samples has {size} bytes: it must have {data_bytes(n, layout)}.",
            payload=payload,
        )
    counts = np.frombuffer(payload, _COUNTS, offset=_HEADER.size).reshape(n, CHANNELS[layout])
    return DataPacket(layout, flags, sequence, time_us, counts)


def data_bytes(n: int, layout: int) -> int:
    """Length of a Data message of ``n`` samples."""
    return _HEADER.size + 2 * CHANNELS[layout] * n


def data_form(n: int, layout: int) -> int:
    """First byte of a Data message of ``n`` samples."""
    return n | layout << 5


@cache
def data_table(n: int, layout: int) -> np.dtype[np.void]:
    """One row a Data message of ``n`` samples, where many of that form lie together."""
    return np.dtype(
        [
            ("form", "u1"),
            ("flags", "u1"),
            ("sequence", "<u2"),
            ("time_us", "<u4"),
            ("counts", _COUNTS, (n, CHANNELS[layout])),
        ]
    )


def encode_data(packet: DataPacket) -> bytes:
    """Write a Data message; the inverse of :func:`decode_data`.

    Raises
    ------
    ProtocolError
        When a field does not fit the format.
    """
    layout, flags, sequence, time_us, counts = packet
    if not 0 <= layout < len(CHANNELS):
        raise ProtocolError(f"layout {layout} does not exist: give 0, 1 or 2.")
    n = len(counts)
    if counts.shape != (n, CHANNELS[layout]) or not 1 <= n <= SAMPLES_MAX:
        raise ProtocolError(
            f"counts have shape {counts.shape}: give (n, {CHANNELS[layout]}) with n from 1 to 31."
        )
    if counts.dtype != np.int16:
        raise ProtocolError(f"counts are {counts.dtype}: give int16, see quantised().")
    try:
        header = _HEADER.pack(data_form(n, layout), flags, sequence, time_us)
    except struct.error:
        raise ProtocolError(
            f"flags {flags}, sequence {sequence} or time {time_us} µs does not fit 8, 16 and "
            "32 bits: reduce them by their modulus."
        ) from None
    return header + counts.astype(_COUNTS, copy=False).tobytes()


def decode_info(payload: bytes) -> InfoMessage:
    """Read an Info message.

    Raises
    ------
    ProtocolError
        When it does not have 20 bytes.
    OtherVersion
        When its major version is not 0.

    Examples
    --------
    >>> info = decode_info(encode_info(InfoMessage(rates_mask=mask_of(RATES_HZ, (100, 200)))))
    >>> info.rates_hz
    (100, 200)
    """
    if len(payload) != _INFO.size:
        raise ProtocolError(
            f"an info message has {len(payload)} bytes: it must have {_INFO.size}.", payload=payload
        )
    info = InfoMessage(*_INFO.unpack(payload))
    if info.major != PROTOCOL_VERSION[0]:
        raise OtherVersion(
            f"the device speaks version {info.major}.{info.minor} of the protocol and this program "
            f"version {PROTOCOL_VERSION[0]}.{PROTOCOL_VERSION[1]}: update the older of the two.",
            payload=payload,
        )
    return info


def encode_info(info: InfoMessage) -> bytes:
    """Write an Info message; the inverse of :func:`decode_info`.

    Raises
    ------
    ProtocolError
        When a field does not fit its width.
    """
    try:
        return _INFO.pack(
            info.major,
            info.minor,
            info.hardware,
            info.firmware,
            info.features,
            info.rates_mask,
            info.acceleration_ranges_mask,
            info.angular_velocity_ranges_mask,
            info.samples_max,
            info.reserved,
            info.flash_bytes,
        )
    except struct.error as error:
        raise ProtocolError(f"a field of the info message does not fit: {error}.") from None


def decode_status(payload: bytes) -> StatusMessage:
    """Read a Status message.

    Raises
    ------
    ProtocolError
        When it does not have 20 bytes, or does not start with 0x10.

    Examples
    --------
    >>> status = StatusMessage(SensorState.IDLE, 9, 45_000, battery_percent=80)
    >>> decode_status(encode_status(status)) == status
    True
    """
    if len(payload) != _STATUS.size or payload[0] != _STATUS_KIND:
        raise ProtocolError(
            f"{len(payload)} bytes are no status message: it has {_STATUS.size} and starts with "
            f"0x{_STATUS_KIND:02x}.",
            payload=payload,
        )
    _, state, sequence, time_us, dropped, millivolts, hundredths, percent, flags = _STATUS.unpack(
        payload
    )
    return StatusMessage(
        state, sequence, time_us, dropped, millivolts, hundredths / 100, percent, flags
    )


def encode_status(status: StatusMessage) -> bytes:
    """Write a Status message; the inverse of :func:`decode_status`.

    Raises
    ------
    ProtocolError
        When a field does not fit its width.
    """
    try:
        return _STATUS.pack(
            _STATUS_KIND,
            status.state,
            status.sequence,
            status.time_us,
            status.dropped_samples,
            status.battery_mv,
            round(status.temperature_c * 100),
            status.battery_percent,
            status.flags,
        )
    except (struct.error, ValueError, OverflowError) as error:
        raise ProtocolError(f"a field of the status message does not fit: {error}.") from None


def quantised(values: ArrayLike, full_scale: float) -> NDArray[np.int16]:
    """Counts that stand for finite values of any shape; values beyond the range clip at its ends.

    Examples
    --------
    >>> quantised([0.0, 1.0, 99.0, -99.0], 16.0).tolist()
    [0, 2048, 32767, -32768]
    """
    counts = np.rint(np.asarray(values, np.float64) * (COUNTS_FULL_SCALE / full_scale))
    return np.clip(counts, -COUNTS_FULL_SCALE, COUNTS_FULL_SCALE - 1).astype(np.int16)


def samples_per_packet(rate_hz: float, samples_max: int = SAMPLES_MAX) -> int:
    """Samples in a packet of about 50 ms, as far as a message can hold them.

    Examples
    --------
    >>> [samples_per_packet(rate) for rate in (10, 200, 208, 1000)]
    [1, 10, 11, 31]
    """
    return max(1, min(samples_max, ceil(rate_hz * PACKET_SPAN_S)))


def mask_of(choices: tuple[int, ...], chosen: tuple[int, ...]) -> int:
    """The mask of an Info message that offers ``chosen`` out of ``choices``.

    Examples
    --------
    >>> mask_of(ACCELERATION_RANGES_G, (4, 16))
    10
    """
    return sum(1 << bit for bit, value in enumerate(choices) if value in chosen)


def clipping_flags(counts: NDArray[np.int16]) -> int:
    """:class:`DataFlag` bits for counts of shape (n, 3) or (n, 6) that are at the end of the range.

    Examples
    --------
    >>> clipping_flags(np.array([[0, 32767, 0, 0, 0, 0]], np.int16))
    2
    """
    if counts.max() < _LARGEST_COUNT and counts.min() > -_LARGEST_COUNT:
        return 0
    at_end = np.any((counts >= _LARGEST_COUNT) | (counts <= -_LARGEST_COUNT), axis=0).tolist()
    flags = _ACCELERATION_CLIPPED if any(at_end[:3]) else 0
    return flags | _ANGULAR_VELOCITY_CLIPPED if any(at_end[3:]) else flags


def _chosen(choices: tuple[int, ...], mask: int) -> tuple[int, ...]:
    return tuple(value for bit, value in enumerate(choices) if mask >> bit & 1)
