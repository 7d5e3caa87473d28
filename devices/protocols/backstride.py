"""The project's own wire format: the Data and Info messages, bytes to values and back.

All fields are little-endian. A Data message is a header of 8 bytes and ``n`` samples::

    0  u8   n (1..31) in the low 5 bits, layout in the high 3
    1  u8   flags
    2  u16  index of the first sample, modulo 65536
    4  u32  device time of the first sample, µs, modulo 2**32 (71.6 min)
    8  n × i16 values: ax ay az gx gy gz, or three of them; value × range / 32768

The message carries no checksum: the link layer of Bluetooth LE has one, serial framing adds one.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from math import ceil
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imu.errors import ProtocolError

__all__ = [
    "ACCELERATION_RANGES_G",
    "ANGULAR_VELOCITY_RANGES_DEG_S",
    "CHANNELS",
    "COUNTS_FULL_SCALE",
    "RATES_HZ",
    "SAMPLES_MAX",
    "SEQUENCE_MODULUS",
    "TIME_MODULUS_US",
    "DataFlag",
    "DataPacket",
    "Feature",
    "InfoMessage",
    "Layout",
    "decode_data",
    "decode_info",
    "encode_data",
    "encode_info",
    "mask_of",
    "quantised",
    "samples_per_packet",
]

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
_COUNTS: Final = np.dtype("<i2")


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

    major: int = 1
    minor: int = 0
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
    channels = CHANNELS[layout]
    if size != _HEADER.size + 2 * channels * n:
        raise ProtocolError(
            f"a data packet of {n} samples has {size} bytes: "
            f"it must have {_HEADER.size + 2 * channels * n}.",
            payload=payload,
        )
    counts = np.frombuffer(payload, _COUNTS, offset=_HEADER.size).reshape(n, channels)
    return DataPacket(layout, flags, sequence, time_us, counts)


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
        header = _HEADER.pack(n | layout << 5, flags, sequence, time_us)
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
        When it does not have 20 bytes, or its major version is not 1.

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
    if info.major != 1:
        raise ProtocolError(
            f"the device speaks version {info.major}.{info.minor} of the protocol and this program "
            "version 1: update the older of the two.",
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


def _chosen(choices: tuple[int, ...], mask: int) -> tuple[int, ...]:
    return tuple(value for bit, value in enumerate(choices) if mask >> bit & 1)
