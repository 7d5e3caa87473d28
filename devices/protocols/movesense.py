"""Movesense's GATT SensorData Protocol (GSP): commands, notifications, and six-axis motion data.

A command is ``[op u8][reference u8][path, UTF-8]``. A notification begins with ``[code u8]
[reference u8]``: a result with an HTTP-like status, data, or the second part of data that is too
long for one notification. Everything is little-endian. The body of ``/Meas/IMU6/RATE`` is::

    0  u32  time of the first sample, ms since the sensor was started, modulo 2**32
    4  n × (3 × f32)  acceleration, m/s²
       n × (3 × f32)  angular velocity, °/s: a block of its own, not interleaved

Source: "GATT SensorData Protocol specification", Movesense GD-77 version 1.0. Only the commands of
all firmware are used; the full scale can be neither set nor asked for with them.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from enum import IntEnum
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from devices.alike import LEAST_ALIKE, leading, payloads_alike
from devices.links import REQUEST_CHANNEL
from devices.readings import Decoded, Reading, Readings
from devices.records import Packet
from imu.errors import ProtocolError
from imu.samples import STANDARD_GRAVITY_M_S2, Quality

SERVICE_UUID: Final = "34802252-7185-4d5d-b431-630e7050e8f0"
COMMAND_UUID: Final = "34800001-7185-4d5d-b431-630e7050e8f0"
DATA_UUID: Final = "34800002-7185-4d5d-b431-630e7050e8f0"
DATA_CHANNEL: Final = "data"

#: Sample rates of the motion sensor, Hz.
RATES_HZ: Final = (13, 26, 52, 104, 208, 416, 833, 1666)
#: Where the sensor's clock wraps, µs (50 days).
TIME_MODULUS_US: Final = (1 << 32) * 1000
#: References of the motion data's subscription, and of the greeting; not zero.
IMU_REFERENCE, HELLO_REFERENCE = 99, 1
#: Full scales that firmware can set.
ACCELERATION_RANGES_G: Final = (2, 4, 8, 16)
ANGULAR_VELOCITY_RANGES_DEG_S: Final = (125, 245, 500, 1000, 2000)
#: The gyroscope measures this much further than the full scale it is named after: 70 m°/s a count
#: at 2000 °/s (ST LSM6 data sheets).
GYRO_RANGE_SURPLUS: Final = 1.14688
#: The widest range that a sensor can have; which one is set is not known.
ACCELERATION_RANGE_MAX_M_S2: Final = 16 * STANDARD_GRAVITY_M_S2
ANGULAR_VELOCITY_RANGE_MAX_RAD_S: Final = 2000 * GYRO_RANGE_SURPLUS * np.pi / 180

_STAMP: Final = struct.Struct("<I")
#: Of one sample in a message: acceleration and angular velocity.
SAMPLE_BYTES: Final = 24
_STAMP_MODULUS: Final = 1 << 32
_RAD: Final = np.pi / 180
_CLIPPED: Final = np.uint8(Quality.CLIPPED)

# Where values may end, by full scale: at its name, or at the last count.
_ACCELERATION_ENDS: Final = tuple(g * STANDARD_GRAVITY_M_S2 for g in ACCELERATION_RANGES_G)
_GYRO_ENDS: Final = tuple(
    sorted(r * by for r in ANGULAR_VELOCITY_RANGES_DEG_S for by in (1, GYRO_RANGE_SURPLUS))
)
_END_SHARE: Final = 0.02  # factory calibration moves the end by less
_IMPOSSIBLE: Final = (1.05 * _ACCELERATION_ENDS[-1], 1.05 * _GYRO_ENDS[-1])

# Learning how many samples a message holds: so many in a row, over so long, must agree with time.
_AGREEING: Final = 4
_AGREEING_MS: Final = 60.0
_RATE_DEVIATION: Final = 0.06  # of the sensor's own rate
_STAMP_ERROR_MS: Final = 2.0
_MISFITS_MAX: Final = 8  # in a row: then the number is learned anew
_DRIFT: Final = 4e-4  # of the two clocks against each other, at most


class Operation(IntEnum):
    """Commands that all firmware agrees on."""

    HELLO = 0
    SUBSCRIBE = 1
    UNSUBSCRIBE = 2


_SUBSCRIBE: Final = bytes((Operation.SUBSCRIBE,))


class Code(IntEnum):
    """What a notification is."""

    RESULT = 1
    DATA = 2
    DATA_PART2 = 3


class Notification(NamedTuple):
    """A decoded notification: :class:`Code`, the command's reference, and what follows."""

    code: int
    reference: int
    content: bytes


class Hello(NamedTuple):
    """How the sensor introduces itself; empty where its firmware does not say."""

    serial: str = ""
    product: str = ""
    firmware: str = ""


def imu6_path(rate_hz: int) -> str:
    """What to subscribe to for six-axis motion data."""
    return f"/Meas/IMU6/{rate_hz}"


def encode_command(operation: int, reference: int, path: str = "") -> bytes:
    """Write a command, such as ``encode_command(Operation.SUBSCRIBE, 99, imu6_path(104))``."""
    return bytes((operation, reference)) + path.encode()


def decode_command(payload: bytes) -> tuple[int, int, str]:
    """Read a command: operation, reference, path.

    Raises
    ------
    ProtocolError
        When it is shorter than 2 bytes or its path is not UTF-8.
    """
    if len(payload) < 2:
        raise ProtocolError(f"a command has {len(payload)} bytes: give 2 or more.", payload=payload)
    try:
        return payload[0], payload[1], payload[2:].rstrip(b"\0").decode()
    except UnicodeDecodeError:
        raise ProtocolError("a command's path is not UTF-8.", payload=payload) from None


def decode_notification(payload: bytes) -> Notification:
    """Read a notification's head.

    Raises
    ------
    ProtocolError
        When it is shorter than 2 bytes.
    """
    if len(payload) < 2:
        raise ProtocolError(
            f"a notification has {len(payload)} bytes: it must have 2 or more.", payload=payload
        )
    return Notification(payload[0], payload[1], payload[2:])


def encode_result(reference: int, status: int) -> bytes:
    """Write the result of a command."""
    return struct.pack("<BBH", Code.RESULT, reference, status)


def decode_status(content: bytes) -> int:
    r"""Status in a result, such as 200 or 404; 0 where there is none.

    Some firmware writes errors with the high byte first, some a lone byte.

    Examples
    --------
    >>> decode_status(b"\xc8\x00"), decode_status(b"\x01\xfb"), decode_status(b"\xc8")
    (200, 507, 200)
    """
    status = int.from_bytes(content[:2], "little")
    if not 100 <= status < 600:
        swapped = int.from_bytes(content[:2], "big")
        status = swapped if 100 <= swapped < 600 else status
    return status


def encode_hello(reference: int, hello: Hello) -> bytes:
    """Write the answer to a greeting, as newer firmware does."""
    texts = (hello.serial, hello.product, "", "", hello.firmware)  # radio address, application
    return bytes((Code.RESULT, reference, 1)) + b"".join(text.encode() + b"\0" for text in texts)


def decode_hello(content: bytes) -> Hello:
    """Read the answer to a greeting, as far as its firmware says anything.

    Newer firmware gives its protocol version (u8) and texts that end in zero bytes: serial number,
    product, radio address, application, its version. Older firmware says ``Hello``.

    Examples
    --------
    >>> decode_hello(b"Hello")
    Hello(serial='', product='', firmware='')
    """
    texts = content[1:].split(b"\0")
    if not content or content[0] >= 32 or len(texts) < 5:
        return Hello()
    words = [text.decode("utf-8", "replace") for text in texts[:5]]
    if not all(word.isprintable() for word in words):
        return Hello()
    return Hello(words[0], words[1], words[4])


def encode_imu6(
    reference: int,
    time_ms: int,
    acceleration_m_s2: ArrayLike,
    angular_velocity_deg_s: ArrayLike,
    *,
    notification_bytes_max: int = 244,
) -> list[bytes]:
    """Write motion data: one notification, or two where one cannot hold it.

    Raises
    ------
    ProtocolError
        When two cannot hold it either, or the blocks are not both of shape (n, 3).
    """
    blocks = [np.asarray(block, "<f4") for block in (acceleration_m_s2, angular_velocity_deg_s)]
    if blocks[0].shape != blocks[1].shape or blocks[0].shape[1:] != (3,) or not len(blocks[0]):
        raise ProtocolError(
            f"motion data has blocks of shape {blocks[0].shape} and {blocks[1].shape}: "
            "give (n, 3) twice."
        )
    body = _STAMP.pack(time_ms % _STAMP_MODULUS) + blocks[0].tobytes() + blocks[1].tobytes()
    room = notification_bytes_max - 2
    if len(body) > 2 * room:
        raise ProtocolError(
            f"motion data of {len(body)} bytes does not fit two notifications of "
            f"{notification_bytes_max}: send fewer samples in one message."
        )
    parts = [bytes((Code.DATA, reference)) + body[:room]]
    if len(body) > room:
        parts.append(bytes((Code.DATA_PART2, reference)) + body[room:])
    return parts


def decode_imu6(body: bytes) -> tuple[int, NDArray[np.float32]]:
    """Read the whole body of ``/Meas/IMU6``: its stamp in ms, and values of shape (2, n, 3).

    First acceleration in m/s², then angular velocity in °/s: a view, without a copy.

    Raises
    ------
    ProtocolError
        When its length is not that of a whole number of samples.
    """
    n = _samples_in(body)
    if not n:
        raise ProtocolError(
            f"motion data has {len(body)} bytes: give 4 and 24 for each sample.", payload=body
        )
    return _STAMP.unpack_from(body)[0], np.frombuffer(body, "<f4", offset=4).reshape(2, n, 3)


class _Message(NamedTuple):
    """Data, whole or the first part of it, with the arrival of what came last."""

    body: bytes
    arrival_ns: int
    is_joined: bool = False  # from two parts

    @property
    def stamp_ms(self) -> int:
        """Time of the first sample."""
        return int.from_bytes(self.body[:4], "little")


class MovesenseDecoder:
    """Turns the notifications of one Movesense into readings; never a sample put together wrongly.

    A message has neither length nor number: the first part of a split one can look like a whole one
    with fewer samples, and when parts get lost the second part of one can follow the first part of
    another. So the number of samples in a message, which is constant, is learned first: at least
    four messages over 60 ms must agree with their stamps; they are held until then, not lost. Data
    of that length is whole, shorter data waits for its second part, anything else is dropped. A
    joined message is believed at once when its second part came too soon after its stamp to belong
    to the message after it; otherwise when the next stamp shows that nothing is missing between.

    The other half of a lone part was lost or comes late: a radio keeps the order, a host's stack
    may not. Then the second part of one message may follow the first part of the next again and
    again. So messages are held as at first, until four in a row have come without such a part.

    The full scale is not told: samples at the end of a range that firmware can set are clipped,
    until a larger value shows that the range is wider.

    Parameters
    ----------
    rate_hz : float
        Nominal sample rate of the subscription, Hz, above 0.
    """

    time_modulus_us: int | None = TIME_MODULUS_US

    def __init__(self, rate_hz: float) -> None:
        self._period_ms = 1000.0 / rate_hz
        self._malformed_packets = 0
        self._cut_packets = 0
        self._repeated_bytes = 0  # of parts that came twice, and are not told yet
        self._samples = 0  # in a message; 0 until it is known, and while the order is doubtful
        self._are_split = False  # messages of that many samples come in two parts
        self._payload, self._misfits = b"", 0  # the latest; messages dropped in a row
        self._open: _Message | None = None  # data that may go on in a second part
        self._unsure: _Message | None = None  # joined, waits for the next stamp
        self._candidates: list[_Message] = []
        self._least_delay_ms: float | None = None  # from a stamp to its second part's arrival
        self._least_delay_ns = 0
        self._ends = [_ACCELERATION_ENDS, _GYRO_ENDS]  # ends of the range not ruled out

    @property
    def malformed_packets(self) -> int:
        """Messages dropped: unreadable, without their other half, or with impossible values."""
        return self._malformed_packets

    @property
    def cut_packets(self) -> int:
        """Those of them that are parts whose other half was lost, as far as that can be told."""
        return self._cut_packets

    def reset(self) -> None:
        """Forget half a message, and the delay: the link has begun anew, the sensor perhaps too."""
        held = len(self._candidates) + (self._open is not None) + (self._unsure is not None)
        self._drop_parts(held)
        self._open = self._unsure = self._least_delay_ms = None
        self._candidates = []

    def push(self, packet: Packet) -> list[Decoded]:
        """Take the next notification; returns the readings that it completes."""
        if packet.channel == REQUEST_CHANNEL and packet.payload[:1] == _SUBSCRIBE:
            self._begin()
        if packet.channel != DATA_CHANNEL:
            return []
        payload = packet.payload
        if len(payload) < 2:
            self._malformed_packets += 1
            return []
        code, reference = payload[0], payload[1]
        if reference != IMU_REFERENCE or code == Code.RESULT:
            return []
        if payload == self._payload:
            self._repeated_bytes += len(payload) - 2
            return []
        self._payload = payload
        if code == Code.DATA and len(payload) >= 6:
            return self._take_data(_Message(payload[2:], packet.arrival_ns))
        if code == Code.DATA_PART2:
            return self._take_second_part(payload[2:], packet.arrival_ns)
        self._malformed_packets += 1
        return []

    def push_alike(self, packets: Sequence[Packet], start: int) -> Readings | None:
        """Take whole messages, once their length is known, as far as nothing is held or odd."""
        held = self._open is not None or self._unsure is not None or self._candidates
        if not self._samples or held or self._repeated_bytes:
            return None
        parts = 2 if self._are_split else 1
        sizes = [len(packet.payload) for packet in packets[start : start + parts]]
        if min(sizes) < 2 or sum(sizes) != 2 * parts + 4 + SAMPLE_BYTES * self._samples:
            return None
        payloads = payloads_alike(packets, start, DATA_CHANNEL, parts)
        table = np.frombuffer(b"".join(payloads), np.uint8).reshape(-1, sum(sizes))
        right = (table[:, :2] == (Code.DATA, IMU_REFERENCE)).all(axis=1)
        bodies = table[:, 2 : sizes[0]]
        if self._are_split:
            second = table[:, sizes[0] :]
            right &= (second[:, :2] == (Code.DATA_PART2, IMU_REFERENCE)).all(axis=1)
            bodies = np.concatenate([bodies, second[:, 2:]], axis=1)
        stamps = np.ascontiguousarray(bodies[:, :4]).view("<u4")[:, 0]
        values = np.ascontiguousarray(bodies[:, 4:]).view("<f4").reshape(len(table), 2, -1, 3)
        with np.errstate(invalid="ignore"):  # what is no number is no reading either
            peaks = np.abs(values).max(axis=(2, 3)).astype(np.float64)
        limits = [
            min([impossible, *((1 - _END_SHARE) * end for end in ends[:1])])
            for impossible, ends in zip(_IMPOSSIBLE, self._ends, strict=True)
        ]
        k = leading(right & (peaks < limits).all(axis=1))
        if k < LEAST_ALIKE:
            return None
        if self._are_split:
            arrivals = [packet.arrival_ns for packet in packets[start + 1 : start + 2 * k : 2]]
            k = self._prompt(stamps[:k].tolist(), arrivals)
            if not k:
                return None
        self._payload, self._misfits = payloads[k * parts - 1], 0
        wide = values[:k].astype(np.float64)
        stamps_us = stamps[:k].astype(np.int64) * 1000
        return Readings(wide[:, 0], wide[:, 1] * _RAD, None, stamps_us, parts)

    def _prompt(self, stamps_ms: list[int], arrivals_ns: list[int]) -> int:
        """Take the delays of joined messages; of how many the second part came soon enough."""
        count = 0
        for stamp_ms, arrival_ns in zip(stamps_ms, arrivals_ns, strict=True):
            if not self._is_prompt(stamp_ms, arrival_ns):
                break
            self._note_delay(stamp_ms, arrival_ns)
            count += 1
        return count

    def _begin(self) -> None:
        """Messages before a logged subscription were of another rate: nothing of them counts."""
        self._samples, self._are_split, self._payload, self._misfits = 0, False, b"", 0
        self._repeated_bytes = 0
        self._open = self._unsure = self._least_delay_ms = None
        self._candidates = []

    def _take_data(self, message: _Message) -> list[Decoded]:
        readings = self._settle(message.stamp_ms)
        size = len(message.body)
        whole = 4 + SAMPLE_BYTES * self._samples
        if self._samples and size == whole:
            self._read(message, readings)
        elif self._samples and size > whole:
            self._drop()
        else:
            self._open = message
        return readings

    def _take_second_part(self, part: bytes, arrival_ns: int) -> list[Decoded]:
        first, self._open = self._open, None
        if first is None or first.is_joined:
            self._doubt()
            return []
        readings: list[Decoded] = []
        joined = _Message(first.body + part, arrival_ns, is_joined=True)
        if not self._samples:
            self._open = joined  # until the next stamp
        elif len(joined.body) != 4 + SAMPLE_BYTES * self._samples:
            self._drop()
        elif self._is_prompt(joined.stamp_ms, joined.arrival_ns):
            self._read(joined, readings)
        else:
            self._unsure = joined
        return readings

    def _settle(self, next_stamp_ms: int) -> list[Decoded]:
        """Decide on what was held, now that the next message's stamp is known."""
        readings: list[Decoded] = []
        held, self._open = self._open, None
        unsure, self._unsure = self._unsure, None
        if unsure is not None:
            if self._agrees(unsure, next_stamp_ms, self._samples):
                self._read(unsure, readings)
            else:
                self._drop(part=True)
        if held is not None and self._samples:
            self._doubt()  # its second part is lost, or comes late
        elif held is not None:
            self._learn(held, next_stamp_ms, readings)
        return readings

    def _learn(self, message: _Message, next_stamp_ms: int, readings: list[Decoded]) -> None:
        """How many samples a message holds, once enough in a row agree with their stamps."""
        candidates = self._candidates
        candidates.append(message)
        n = _samples_in(message.body)
        while candidates and not (
            n
            and _samples_in(candidates[0].body) == n
            and self._agrees(candidates[0], next_stamp_ms, n * len(candidates))
        ):
            del candidates[0]
            self._drop_parts(1)
        if not candidates or len(candidates) < max(_AGREEING, _AGREEING_MS / (n * self._period_ms)):
            return
        self._samples, self._candidates, self._are_split = n, [], message.is_joined
        for candidate in candidates:
            self._read(candidate, readings)

    def _agrees(self, message: _Message, later_stamp_ms: int, samples: int) -> bool:
        """Whether as much time passed from a message's stamp to a later one as samples take."""
        passed_ms = (later_stamp_ms - message.stamp_ms) % _STAMP_MODULUS
        expected_ms = samples * self._period_ms
        return abs(passed_ms - expected_ms) <= _RATE_DEVIATION * expected_ms + _STAMP_ERROR_MS

    def _delay_ms(self, stamp_ms: int, arrival_ns: int) -> float:
        """From a stamp to its message's arrival, on a scale of its own, without wraps."""
        delay = arrival_ns * 1e-6 - stamp_ms
        least = delay if self._least_delay_ms is None else self._least_delay_ms
        return delay - round((delay - least) / _STAMP_MODULUS) * _STAMP_MODULUS

    def _least_possible_ms(self, arrival_ns: int) -> float | None:
        """The shortest delay known, with what the clocks may have drifted since."""
        if self._least_delay_ms is None:
            return None
        return self._least_delay_ms + _DRIFT * max(0, arrival_ns - self._least_delay_ns) * 1e-6

    def _is_prompt(self, stamp_ms: int, arrival_ns: int) -> bool:
        """Whether the second part came too soon to belong to the following message."""
        least = self._least_possible_ms(arrival_ns)
        if least is None:
            return False
        delay = self._delay_ms(stamp_ms, arrival_ns)
        return delay < least + 0.5 * self._samples * self._period_ms

    def _note_delay(self, stamp_ms: int, arrival_ns: int) -> None:
        """Take the delay of a joined message into the least one."""
        delay, least = self._delay_ms(stamp_ms, arrival_ns), self._least_possible_ms(arrival_ns)
        self._least_delay_ms = delay if least is None else min(delay, least)
        self._least_delay_ns = arrival_ns

    def _doubt(self) -> None:
        """Drop a part without its other half; where messages are split, their order is doubtful."""
        self._drop(part=True)
        if self._are_split:
            self._drop_parts((self._unsure is not None) + len(self._candidates))
            self._samples, self._unsure, self._candidates = 0, None, []

    def _drop_parts(self, count: int) -> None:
        """Count messages dropped; where they are split, it is the other half that is missing."""
        self._malformed_packets += count
        self._cut_packets += count if self._are_split else 0

    def _drop(self, *, part: bool = False) -> None:
        self._malformed_packets += 1
        self._cut_packets += part and self._are_split
        self._misfits += 1
        if self._misfits >= _MISFITS_MAX and self._samples:
            self._samples = self._misfits = 0

    def _read(self, message: _Message, readings: list[Decoded]) -> None:
        """Decode a whole message and append its reading, unless its values are impossible."""
        stamp_ms, values = decode_imu6(message.body)
        magnitudes = np.abs(values)
        peaks: list[float] = magnitudes.reshape(2, -1).max(axis=1).tolist()
        if not (peaks[0] <= _IMPOSSIBLE[0] and peaks[1] <= _IMPOSSIBLE[1]):  # or not a number
            self._malformed_packets += 1
            return
        self._misfits = 0
        if message.is_joined:
            self._note_delay(message.stamp_ms, message.arrival_ns)
        quality = self._clipping(magnitudes, peaks)
        wide = values.astype(np.float64)
        repeated, self._repeated_bytes = self._repeated_bytes // SAMPLE_BYTES, 0
        readings.append(
            Reading(
                wide[0],
                wide[1] * _RAD,
                time_us=stamp_ms * 1000,
                quality=quality,
                repeated=repeated,
            )
        )

    def _clipping(
        self, magnitudes: NDArray[np.float32], peaks: list[float]
    ) -> NDArray[np.uint8] | None:
        """Quality by the ends of what may be the range; None when all is well."""
        at_end: NDArray[np.bool_] | None = None
        for kind, peak in enumerate(peaks):
            ends = self._ends[kind]
            while ends and peak > (1 + _END_SHARE) * ends[0]:
                ends = self._ends[kind] = ends[1:]
            if ends and peak >= (1 - _END_SHARE) * ends[0]:
                found = np.any(magnitudes[kind] >= (1 - _END_SHARE) * ends[0], axis=1)
                at_end = found if at_end is None else at_end | found
        return None if at_end is None else np.where(at_end, _CLIPPED, np.uint8(0))


def _samples_in(body: bytes) -> int:
    """Samples in a body, if it is whole; 0 when it cannot be."""
    n, rest = divmod(len(body) - 4, SAMPLE_BYTES)
    return 0 if rest or n < 1 else n
