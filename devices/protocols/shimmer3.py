"""Shimmer3's Bluetooth serial protocol (LogAndStream, BtStream): bytes to values and back.

A command is answered by ``FF`` (done) or ``FE`` (refused), a question by ``FF`` and the answer::

    01 → 02 | ticks u16 | setup 4 bytes | n u8 | packets at once u8 | n channel numbers
    3F → 25 | hardware u8                  2E → 2F | firmware u16 | major u16 | minor u8 | patch u8
    66 03 00 → 65 | 03 | board | revision | special revision
    2C → 2D | 4 × 21 bytes of calibration: low-noise acc, gyro, magnetometer, wide-range acc

While streaming, each sample is ``00 | u24 time | channels in the order of the inquiry``; ``FF`` and
in-stream answers (``8A`` and a type) come between packets. The time counts 1/32768 s and wraps
after 512 s; a sample is taken every ``ticks`` of it. Little-endian, but the gyroscope's values and
the calibration are big-endian.

Source: the maker's published firmware and its documentation, read and not tried on a sensor.
Unverified: that the wide-range accelerometer clips at its rated 16 g.

What the format cannot do
-------------------------
No checksum (newer firmware has one on request, not used here) and no sequence number. A packet is
believed when it starts with 00 at its place, follows its predecessor in time, and is followed, one
period later, by a packet of which the same is true; around a gap, the last packet before it is
dropped. A changed value in a packet is not seen; nothing on a Bluetooth serial link changes values.
"""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from devices.links import BYTES_CHANNEL, REQUEST_CHANNEL
from devices.protocols.shimmer3_calibration import (
    ACCELERATION_SCALE,
    ALL_CALIBRATIONS_BYTES,
    GYRO_SCALE,
    Calibrations,
    decode_calibrations,
    nominal_calibrations,
)
from devices.readings import Decoded, Reading
from devices.records import Packet
from imu.errors import ProtocolError
from imu.samples import STANDARD_GRAVITY_M_S2, Quality

TICKS_PER_S: Final = 32768
#: Where the 24-bit time wraps: 512 s.
TIME_MODULUS_US: Final = 512_000_000
ACKNOWLEDGED: Final = 0xFF
REFUSED: Final = 0xFE

#: Channel numbers, x y z; both accelerometers are i16 little-endian, the gyroscope big-endian.
ACCELERATION_CHANNELS: Final = (0x04, 0x05, 0x06)  # wide range
GYRO_CHANNELS: Final = (0x0A, 0x0B, 0x0C)
#: Ends of the range by code, in bits 3-2 of the first and 1-0 of the third setup byte. The
#: accelerometer's are those of the LSM303DLHC; the LSM303AHTR of later boards has its own order.
ACCELERATION_RANGES_G: Final = (2.0, 4.0, 8.0, 16.0)
LATER_ACCELERATION_RANGES_G: Final = (2.0, 16.0, 4.0, 8.0)
ANGULAR_VELOCITY_RANGES_DEG_S: Final = (250.0, 500.0, 1000.0, 2000.0)

_TICKS_MODULUS: Final = 1 << 24
_DATA: Final = 0x00
_IN_STREAM: Final = 0x8A
_INQUIRY: Final = 0x01
_CALIBRATIONS: Final = 0x2C
#: Bytes of each channel by number; see the firmware's list.
_WIDTHS: Final = {
    **dict.fromkeys(range(0x1B), 2),
    0x1B: 3,
    0x1C: 2,
    **{number: 1 if number in {0x1D, 0x20} else 3 for number in range(0x1D, 0x23)},
    **dict.fromkeys(range(0x23, 0x29), 2),
}
#: Answers by their first byte: bytes that follow, or minus the place of a count of bytes behind it.
_ANSWERS: Final = {0x25: 1, 0x2D: ALL_CALIBRATIONS_BYTES, 0x2F: 6, 0x65: -1, 0x02: -7}
_IN_STREAM_ANSWERS: Final = {0x71: 1, 0x94: 3, 0x88: -1}
_INQUIRY_HEAD: Final = struct.Struct("<BH4sBB")
#: First bytes of the answers, by the first byte of the question; and of those the decoder reads.
ANSWER_CODES: Final = {0x3F: 0x25, 0x2E: 0x2F, 0x66: 0x65, _CALIBRATIONS: 0x2D, _INQUIRY: 0x02}
_READ_ANSWERS: Final = {asked: ANSWER_CODES[asked] for asked in (_INQUIRY, _CALIBRATIONS)}

#: Packets in a row, each one period after the other, before anything is believed.
_PACKETS_TO_LOCK: Final = 4
#: The sampling timer's jitter as read by the clock, as a share of the period and in ticks.
_JITTER: Final = (0.125, 2)
#: Longer gaps are new beginnings, ticks.
_GAP_MAX: Final = 10 * TICKS_PER_S
_SEARCHED_BYTES: Final = 8192
#: Left-justified values of 12 bits end here, those of 14 and 16 bits beyond.
_CLIPPED_ACCELERATION: Final = 32752
_CLIPPED_GYRO: Final = 32767
_CLIPPED: Final = np.uint8(Quality.CLIPPED)

Array = NDArray[np.float64]
Bytes = NDArray[np.uint8]


class Inquiry(NamedTuple):
    """How the device measures: period in ticks, setup bytes, channels of a packet in order."""

    ticks: int
    setup: bytes
    channels: tuple[int, ...]

    @property
    def rate_hz(self) -> float:
        """Samples per second of the device's clock."""
        return TICKS_PER_S / self.ticks

    @property
    def packet_bytes(self) -> int:
        """Length of a packet."""
        return 4 + sum(_WIDTHS[channel] for channel in self.channels)

    def offset(self, channels: tuple[int, ...]) -> int | None:
        """Where three neighbouring channels start in a packet; None when they are not there."""
        for k in range(len(self.channels) - 2):
            if self.channels[k : k + 3] == channels:
                return 4 + sum(_WIDTHS[channel] for channel in self.channels[:k])
        return None


def answer_bytes(data: bytes, lengths: dict[int, int] = _ANSWERS) -> int | None:
    r"""Length of the answer that starts here; None while too little is there to say.

    Raises
    ------
    ProtocolError
        When no known answer starts so.

    Examples
    --------
    >>> answer_bytes(b"\x25"), answer_bytes(b"\x65"), answer_bytes(b"\x65\x03\x1f")
    (2, None, 5)
    """
    if not data:
        return None
    if data[0] not in lengths:
        raise ProtocolError(f"no answer starts with 0x{data[0]:02x}.", payload=data)
    follow = lengths[data[0]]
    if follow > 0:
        return 1 + follow
    if len(data) <= -follow:
        return None
    head = _INQUIRY_HEAD.size if data[0] == _READ_ANSWERS[_INQUIRY] else 1 - follow
    return head + data[-follow]


def answer_to(question: int, heard: bytes) -> bytes | None:
    """The whole answer to a question in what was heard; None where it is not, or not yet, there."""
    at = heard.find(bytes((ACKNOWLEDGED, ANSWER_CODES[question])))
    if at < 0:
        return None
    length = answer_bytes(heard[at + 1 :])
    if length is None or len(heard) < at + 1 + length:
        return None
    return heard[at + 1 : at + 1 + length]


def decode_inquiry(answer: bytes) -> Inquiry:
    """Read the answer to an inquiry.

    Raises
    ------
    ProtocolError
        When its length, a channel, the period or the number of packets at once makes no sense.

    Examples
    --------
    >>> inquiry = decode_inquiry(bytes.fromhex("02 a400 6d270300 03 01 040506"))
    >>> inquiry.channels, round(inquiry.rate_hz, 1), inquiry.packet_bytes
    ((4, 5, 6), 199.8, 10)
    """
    if len(answer) < _INQUIRY_HEAD.size or len(answer) != answer_bytes(answer):
        raise ProtocolError(f"an inquiry's answer has {len(answer)} bytes.", payload=answer)
    _, ticks, setup, _, at_once = _INQUIRY_HEAD.unpack_from(answer)
    channels = tuple(answer[_INQUIRY_HEAD.size :])
    unknown = [channel for channel in channels if channel not in _WIDTHS]
    if ticks < 8 or at_once != 1 or unknown or len(set(channels)) < len(channels):
        raise ProtocolError(
            f"an inquiry's answer has a period of {ticks}, {at_once} packets at once and channels "
            f"{list(channels)}: that is no Shimmer3's.",
            payload=answer,
        )
    return Inquiry(ticks, setup, channels)


def encode_inquiry(inquiry: Inquiry) -> bytes:
    """Write the answer to an inquiry; the inverse of :func:`decode_inquiry`."""
    n = len(inquiry.channels)
    head = _INQUIRY_HEAD.pack(_READ_ANSWERS[_INQUIRY], inquiry.ticks, inquiry.setup, n, 1)
    return head + bytes(inquiry.channels)


def encode_packets(
    inquiry: Inquiry, ticks: ArrayLike, acceleration: ArrayLike, gyro: ArrayLike
) -> bytes:
    """Write data packets; channels other than the two sensors' are 0.

    Parameters
    ----------
    inquiry : Inquiry
        Says which channels a packet has.
    ticks : array_like of int, shape (n,)
        Times; reduced by their modulus.
    acceleration, gyro : array_like of int16, shape (n, 3)
        Raw values.
    """
    time = np.asarray(ticks, np.int64) % _TICKS_MODULUS
    packets = np.zeros((len(time), inquiry.packet_bytes), np.uint8)
    for k in range(3):
        packets[:, 1 + k] = time >> 8 * k & 0xFF
    for channels, raw, order in (
        (ACCELERATION_CHANNELS, acceleration, "<i2"),
        (GYRO_CHANNELS, gyro, ">i2"),
    ):
        at = inquiry.offset(channels)
        if at is not None:
            packets[:, at : at + 6] = np.asarray(raw).astype(order).view(np.uint8)
    return packets.tobytes()


def time_us(ticks: int) -> int:
    """Ticks as µs, rounded to the nearest: off by half a µs at most; exact every 512 ticks.

    Examples
    --------
    >>> time_us(512), time_us(1), time_us(2**24 - 1)
    (15625, 31, 511999969)
    """
    return (ticks * 15625 + 256) >> 9


class Shimmer3Decoder:
    """Learns channels and calibration from the answers in the log, then decodes the packets.

    The driver logs its questions (channel ``"request"``), so that answers are looked for only where
    there can be any. Without an inquiry's answer and calibrations nothing is decoded; after a new
    inquiry, the new answer holds.

    A packet is given when the next one has begun. Packets that follow each other by one period are
    one reading, which has the device time of its first sample; ``sequence`` is None.

    Parameters
    ----------
    acceleration_range_m_s2 : float
        Rated end of the range; what is beyond is flagged as clipped.
    """

    def __init__(self, acceleration_range_m_s2: float = 16 * STANDARD_GRAVITY_M_S2) -> None:
        self.inquiry: Inquiry | None = None
        self.calibrations: Calibrations | None = None
        self._acceleration_end = acceleration_range_m_s2
        self._asked: int | None = None
        self._rest = b""
        self._latest: int | None = None  # ticks of the packet before; None while frames are sought
        self._seeking_since_loss = False
        self._malformed = self._cut = 0
        # of the latest search: ticks of the packet before, bytes behind its end, packets dropped
        self._lost_ticks = self._sought_bytes = self._sought_packets = 0

    @property
    def time_modulus_us(self) -> int:
        """512 s."""
        return TIME_MODULUS_US

    @property
    def malformed_packets(self) -> int:
        """Packets dropped, as far as their number can be told, and answers that make no sense."""
        return self._malformed

    @property
    def cut_packets(self) -> int:
        """Those of them where fewer bytes came than their times say: a piece was lost."""
        return self._cut

    def reset(self) -> None:
        """Forget half a packet; channels and calibration stay until the device is asked again."""
        self._rest, self._latest, self._asked, self._seeking_since_loss = b"", None, None, False

    def push(self, packet: Packet) -> list[Decoded]:
        """Take a chunk of channel "bytes", or a request."""
        if packet.channel == REQUEST_CHANNEL and packet.payload:
            self._take_request(packet.payload[0])
        if packet.channel != BYTES_CHANNEL:
            return []
        data = self._rest + packet.payload
        if self._asked is not None:
            data = self._take_answer(self._asked, data)
        if self._asked is not None or self.inquiry is None or self.calibrations is None:
            self._rest = data[-_SEARCHED_BYTES:]
            return []
        if self._latest is not None and len(data) < self.inquiry.packet_bytes + 4:
            self._rest = data
            return []
        decoded: list[Decoded] = []
        while True:
            if self._latest is None:
                data = self._seek(self.inquiry, data)
                if self._latest is None:
                    break
            data = self._take_packets(self.inquiry, data, decoded)
            if self._latest is not None:
                break
        self._rest = data
        return decoded

    def _take_request(self, command: int) -> None:
        if command in _READ_ANSWERS:
            self.reset()
            self._asked = command
            if command == _INQUIRY:
                self.inquiry = None
            else:
                self.calibrations = None

    def _take_answer(self, asked: int, data: bytes) -> bytes:
        """Read the answer that is waited for; returns what is behind it, or from it on."""
        begins = bytes((ACKNOWLEDGED, _READ_ANSWERS[asked]))
        while (at := data.find(begins)) >= 0:
            length = answer_bytes(data[at + 1 :])
            if length is None or len(data) < at + 1 + length:
                return data[at:]
            answer = data[at + 1 : at + 1 + length]
            try:
                if asked == _INQUIRY:
                    self.inquiry = decode_inquiry(answer)
                else:
                    self.calibrations = decode_calibrations(answer)
            except ProtocolError:
                self._malformed += 1
                data = data[at + 1 :]
                continue
            self._asked = None
            return data[at + 1 + length :]
        return data

    def _seek(self, inquiry: Inquiry, data: bytes) -> bytes:
        """Find packets in a row; returns the data from the first on."""
        size, raw = inquiry.packet_bytes, np.frombuffer(data, np.uint8)
        n = len(raw) - (_PACKETS_TO_LOCK - 1) * size - 3
        start = -1
        if n > 0:
            times = _ticks(raw[1:-2], raw[2:-1], raw[3:])
            linked = (raw[: -size - 3] == _DATA) & (raw[size:-3] == _DATA)
            linked &= _is_period(np.subtract(times[size:], times[:-size]), inquiry.ticks)
            rows = linked[:n].copy()
            for k in range(1, _PACKETS_TO_LOCK - 1):
                rows &= linked[k * size : k * size + n]
            start = int(np.argmax(rows)) if rows.any() else -1
        if start >= 0:
            self._latest = int(times[start]) - inquiry.ticks
        dropped = start if start >= 0 else max(0, len(data) - _SEARCHED_BYTES)
        if self._seeking_since_loss:  # before the first packet, there are only answers
            self._malformed += -(-dropped // size)
            self._sought_packets += -(-dropped // size)
            self._sought_bytes += dropped
            if start >= 0:
                passed = (int(times[start]) - self._lost_ticks) % _TICKS_MODULUS
                due_bytes = (round(passed / inquiry.ticks) - 1) * size
                self._cut += self._sought_packets if self._sought_bytes < due_bytes else 0
        return data[dropped:]

    def _take_packets(self, inquiry: Inquiry, data: bytes, decoded: list[Decoded]) -> bytes:
        """Decode what can be believed; returns the rest, from a good packet on."""
        size, period, at = inquiry.packet_bytes, inquiry.ticks, 0
        while True:
            raw = np.frombuffer(data, np.uint8)
            seen = max(0, (len(data) - at - 4) // size + 1)  # packets whose time is in view
            if not seen:
                return data[at:]
            stop = at + (seen - 1) * size + 4
            times = _ticks(
                raw[at + 1 : stop : size], raw[at + 2 : stop : size], raw[at + 3 : stop : size]
            )
            follows = _is_period(np.diff(times, prepend=self._latest or 0), period)
            follows &= raw[at:stop:size] == _DATA
            good = seen if follows.all() else int(np.argmin(follows))
            if good > 1:
                rows = raw[at : at + (good - 1) * size].reshape(good - 1, size)
                self._read(inquiry, rows, int(times[0]), decoded)
                self._latest = int(times[good - 2])
                at += (good - 1) * size
            if good == seen:
                return data[at:]
            place = at + size if good else at  # of what is no packet one period later
            latest = int(times[good - 1]) if good else self._latest or 0
            between = _between(data[place : place + 300])
            if between is None or place + between + 4 > len(data):
                return data[at:]
            gap = (_ticks_at(data, place + between) - latest) % _TICKS_MODULUS
            is_packet = data[place + between] == _DATA
            if between and is_packet and _is_period(np.array([gap]), period).all():
                data = data[:place] + data[place + between :]
                continue
            self._malformed += 1  # the packet before has no successor
            periods = max(1, round(gap / period))
            if is_packet and gap < _GAP_MAX and abs(gap - periods * period) <= _jitter(period):
                self._cut += periods > 1
                at = place + between
                self._latest = _ticks_at(data, at) - period
                continue
            self._latest, self._seeking_since_loss = None, True
            self._lost_ticks, self._sought_bytes, self._sought_packets = latest, at + 1 - place, 1
            return data[at + 1 :]

    def _read(self, inquiry: Inquiry, rows: Bytes, ticks: int, decoded: list[Decoded]) -> None:
        """Turn packets that follow each other into a reading."""
        at = inquiry.offset(ACCELERATION_CHANNELS)
        if at is None or self.calibrations is None:
            return
        nominal = nominal_calibrations(inquiry.setup[0] >> 2 & 3, inquiry.setup[2] & 3)
        calibration = self.calibrations.acceleration or nominal.acceleration
        assert calibration is not None
        raw = np.ascontiguousarray(rows[:, at : at + 6]).view("<i2")
        unbiased = raw - np.array(calibration.bias, np.float64)
        clipped = np.abs(raw.astype(np.int32)) >= _CLIPPED_ACCELERATION
        clipped |= np.abs(unbiased) >= self._acceleration_end * np.array(calibration.sensitivity)
        acceleration = unbiased @ calibration.matrix(ACCELERATION_SCALE)
        angular_velocity = None
        at = inquiry.offset(GYRO_CHANNELS)
        if at is not None:
            calibration = self.calibrations.gyro or nominal.gyro
            assert calibration is not None
            raw = np.ascontiguousarray(rows[:, at : at + 6]).view(">i2")
            clipped |= np.abs(raw.astype(np.int32)) >= _CLIPPED_GYRO
            unbiased = raw - np.array(calibration.bias, np.float64)
            angular_velocity = unbiased @ calibration.matrix(GYRO_SCALE)
        quality = np.where(clipped.any(axis=1), _CLIPPED, np.uint8(0)) if clipped.any() else None
        decoded.append(
            Reading(acceleration, angular_velocity, time_us=time_us(ticks), quality=quality)
        )


def _ticks(low: Bytes, middle: Bytes, high: Bytes) -> NDArray[np.int32]:
    ticks = high.astype(np.int32) << 16
    ticks += middle.astype(np.int32) << 8
    ticks += low
    return ticks


def _ticks_at(data: bytes, packet: int) -> int:
    return int.from_bytes(data[packet + 1 : packet + 4], "little")


def _jitter(period: int) -> float:
    share, ticks = _JITTER
    return max(share * period, ticks)


def _is_period(steps: NDArray[np.int32], period: int) -> NDArray[np.bool_]:
    """Whether times apart by these are one period apart; modulo 24 bits."""
    return np.abs(steps % _TICKS_MODULUS - period) <= _jitter(period)


def _between(data: bytes) -> int | None:
    """Length of acknowledgements and in-stream answers here; None while it cannot be told."""
    at = 0
    while at < len(data) and data[at] in {ACKNOWLEDGED, _IN_STREAM}:
        if data[at] == ACKNOWLEDGED:
            at += 1
            continue
        try:
            length = answer_bytes(data[at + 1 :], _IN_STREAM_ANSWERS)
        except ProtocolError:
            return at
        if length is None:
            return None
        at += 1 + length
    return at
