"""The project's own wire format: requests to the sensor, its replies, and what they carry.

A request is ``operation, transaction, parameters``; its reply ``0x80, operation, transaction,
status, parameters``. The transaction is any byte of the host's choice and comes back with the
reply. All fields are little-endian. What each carries is the table :data:`EXCHANGES`; PROFILE.md
in ``devices`` prints it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from math import isfinite
from typing import Final, NamedTuple

from devices.protocols.cobs import crc16
from imu.errors import DeviceError, ProtocolError

#: In place of a log's number: all of them.
ALL_LOGS: Final = 0xFFFF

_REPLY: Final = 0x80
_REPLY_HEADER_BYTES: Final = 4
_CONFIGURATION: Final = struct.Struct("<HBBHBBHH")
_PING_TIMES: Final = struct.Struct("<QQ")
_UTC: Final = struct.Struct("<Q")
_CALIBRATION: Final = struct.Struct("<HH3f9f3f9ff")
_CALIBRATION_VERSION: Final = 1

#: Length of a stored calibration.
CALIBRATION_BYTES: Final = _CALIBRATION.size


class Operation(IntEnum):
    """What a request asks for."""

    GET_CONFIG = 0x01
    SET_CONFIG = 0x02
    START = 0x03
    STOP = 0x04
    PING = 0x05
    SET_UTC = 0x06
    GET_CAL = 0x08
    SET_CAL = 0x09
    SAVE = 0x0A
    LOG_START = 0x10
    LOG_STOP = 0x11
    LOG_LIST = 0x12
    LOG_READ = 0x13
    LOG_ERASE = 0x14
    ABORT = 0x15
    IDENTIFY = 0x20
    REBOOT = 0x7E
    SELF_TEST = 0x7F


class Exchange(NamedTuple):
    """What a request carries, in words, and its successful reply; bytes where always as many."""

    request: str = ""
    reply: str = ""
    request_bytes: int | None = 0


#: Parameters of each request, and of the reply to one that succeeds.
EXCHANGES: Final = {
    Operation.GET_CONFIG: Exchange(
        reply="configuration; on a serial line an Info message comes first"
    ),
    Operation.SET_CONFIG: Exchange(
        "configuration; refused while streaming or logging", "the one now in force", 12
    ),
    Operation.START: Exchange("stream; again does no harm"),
    Operation.STOP: Exchange("stop streaming; again does no harm"),
    Operation.PING: Exchange(reply="device time of the request's arrival, of the reply: 2 u64 µs"),
    Operation.SET_UTC: Exchange(
        "u64 µs since 1970; dates the log, the device's own clock is left alone", "", 8
    ),
    Operation.GET_CAL: Exchange("u8 offset, u8 length", "that part of the calibration", 2),
    Operation.SET_CAL: Exchange("u8 offset, u8 length, bytes: into a draft", "", None),
    Operation.SAVE: Exchange("check the draft and store it"),
    Operation.LOG_START: Exchange(reply="u16 log"),
    Operation.LOG_STOP: Exchange(),
    Operation.LOG_LIST: Exchange(
        "u16 first", "u16 how many there are, entries from the first on as they fit", 2
    ),
    Operation.LOG_READ: Exchange(
        "u16 log, u32 offset, u32 length",
        "u32 CRC-32 of that part, after all its bytes as Bulk messages",
        10,
    ),
    Operation.LOG_ERASE: Exchange("u16 log, 0xFFFF for all", "", 2),
    Operation.ABORT: Exchange("of a LOG_READ, which is answered with WRONG_STATE"),
    Operation.IDENTIFY: Exchange("u8 seconds of blinking", "", 1),
    Operation.REBOOT: Exchange("clock and sample index begin at 0, idle; the reply comes first"),
    Operation.SELF_TEST: Exchange(reply="u8 what failed"),
}


class ReplyStatus(IntEnum):
    """Whether the sensor did as it was asked."""

    OK = 0
    UNKNOWN_OPERATION = 1
    BAD_LENGTH = 2
    BAD_VALUE = 3
    BUSY = 4
    WRONG_STATE = 5
    NOT_SUPPORTED = 6
    FLASH_ERROR = 7


_REFUSALS: Final = {
    ReplyStatus.UNKNOWN_OPERATION: "its firmware does not know this: update it",
    ReplyStatus.BAD_LENGTH: "the request did not reach it whole: try again",
    ReplyStatus.BAD_VALUE: "a value is not one that it offers: choose another",
    ReplyStatus.BUSY: "it is busy: try again in a moment",
    ReplyStatus.WRONG_STATE: "this cannot be done now: stop streaming, logging or reading first",
    ReplyStatus.NOT_SUPPORTED: "this model cannot do it",
    ReplyStatus.FLASH_ERROR: "its flash memory failed: copy its logs, then erase them",
}
_WORDS: Final = {
    Operation.GET_CONFIG: "tell its configuration",
    Operation.SET_CONFIG: "take the configuration",
    Operation.START: "start streaming",
    Operation.STOP: "stop streaming",
    Operation.PING: "tell its time",
    Operation.SET_UTC: "take the date",
    Operation.GET_CAL: "hand out its calibration",
    Operation.SET_CAL: "take the calibration",
    Operation.SAVE: "store the calibration",
    Operation.LOG_START: "start a log",
    Operation.LOG_STOP: "stop the log",
    Operation.LOG_LIST: "list its logs",
    Operation.LOG_READ: "hand out the log",
    Operation.LOG_ERASE: "erase the log",
    Operation.ABORT: "stop reading the log",
    Operation.IDENTIFY: "blink",
    Operation.REBOOT: "start again",
    Operation.SELF_TEST: "test itself",
}


class Request(NamedTuple):
    """A request; ``operation`` is kept as sent, known or not."""

    operation: int
    transaction: int
    parameters: bytes = b""


class Reply(NamedTuple):
    """The reply to a request, with its operation and transaction; codes are kept as sent."""

    operation: int
    transaction: int
    status: int
    parameters: bytes = b""


class ConfigurationFlag(IntFlag):
    """Flags of a configuration."""

    CALIBRATED = 1  # the device applies its stored calibration itself


class SelfTestFailure(IntFlag):
    """What a self-test found to be broken; 0 is nothing."""

    ACCELEROMETER = 1
    GYROSCOPE = 2
    FLASH = 4
    CLOCK = 8


@dataclass(frozen=True, slots=True)
class Configuration:
    """How the sensor measures and streams.

    Attributes
    ----------
    rate_hz : float
        Samples per second, in tenths of a Hz up to 6553.5.
    acceleration_range_g, angular_velocity_range_deg_s : int
        Ends of the range; 0 degrees per second without a gyroscope.
    flags : int
        :class:`ConfigurationFlag` bits.
    samples_per_packet : int
        0 leaves it to the device, which also takes less than asked when a notification is shorter.
    streams : int
        Bit k asks for Data messages of layout k; 1 is acceleration with angular velocity.
    acceleration_low_pass_hz, angular_velocity_low_pass_hz : int
        Cut-off of the sensor's own filters; 0 is the device's choice for the rate.
    """

    rate_hz: float = 200.0
    acceleration_range_g: int = 16
    flags: int = 0
    angular_velocity_range_deg_s: int = 2000
    samples_per_packet: int = 0
    streams: int = 1
    acceleration_low_pass_hz: int = 0
    angular_velocity_low_pass_hz: int = 0


class PingTimes(NamedTuple):
    """Device time when a ping arrived and when its reply left, µs without wrapping."""

    received_us: int
    sent_us: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """Calibration of a sensor as it stores it: ``calibrated = matrix · (measured − bias)``.

    Attributes
    ----------
    acceleration_bias_m_s2, angular_velocity_bias_rad_s : tuple of 3 float
        Sensor frame, m/s² and rad/s.
    acceleration_matrix, angular_velocity_matrix : tuple of 9 float
        Scale and misalignment, row by row.
    temperature_c : float
        At which it was found, °C.
    """

    acceleration_bias_m_s2: tuple[float, ...] = (0.0, 0.0, 0.0)
    acceleration_matrix: tuple[float, ...] = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
    angular_velocity_bias_rad_s: tuple[float, ...] = (0.0, 0.0, 0.0)
    angular_velocity_matrix: tuple[float, ...] = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
    temperature_c: float = 25.0


def encode_request(request: Request) -> bytes:
    """Write a request.

    Examples
    --------
    >>> encode_request(Request(Operation.PING, 0x2A)).hex(" ")
    '05 2a'
    """
    return bytes(request[:2]) + request.parameters


def decode_request(payload: bytes) -> Request:
    """Read a request.

    Raises
    ------
    ProtocolError
        When it is shorter than its header.
    """
    if len(payload) < 2:
        raise ProtocolError(
            f"a request has {len(payload)} bytes: give at least 2.", payload=payload
        )
    return Request(payload[0], payload[1], payload[2:])


def encode_reply(reply: Reply) -> bytes:
    """Write a reply."""
    return bytes((_REPLY, *reply[:3])) + reply.parameters


def decode_reply(payload: bytes) -> Reply:
    """Read a reply.

    Raises
    ------
    ProtocolError
        When it is shorter than its header, or is none.

    Examples
    --------
    >>> reply = decode_reply(bytes.fromhex("80 05 2a 00 404b4c0000000000 764c4c0000000000"))
    >>> decode_ping_times(reply.parameters)
    PingTimes(received_us=5000000, sent_us=5000310)
    """
    if len(payload) < _REPLY_HEADER_BYTES or payload[0] != _REPLY:
        raise ProtocolError(
            f"a control message of {len(payload)} bytes is no reply: it must start with 0x80, "
            "operation, transaction and status.",
            payload=payload,
        )
    return Reply(payload[1], payload[2], payload[3], payload[4:])


def check_status(reply: Reply, source: str = "") -> None:
    """Do nothing when the sensor did as it was asked.

    Raises
    ------
    DeviceError
        When it refused: what, why, and what to do.

    Examples
    --------
    >>> check_status(Reply(Operation.START, 1, ReplyStatus.BUSY), "hip")
    Traceback (most recent call last):
        ...
    imu.errors.DeviceError: hip: the sensor refuses to start streaming: it is busy: try again in \
a moment.
    """
    if reply.status == ReplyStatus.OK:
        return
    operation = next((op for op in Operation if op == reply.operation), None)
    status = next((known for known in ReplyStatus if known == reply.status), None)
    what = "do what was asked" if operation is None else _WORDS[operation]
    why = f"with the unknown code {reply.status}: update this program"
    if status is not None:
        why = _REFUSALS[status]
    raise DeviceError(f"the sensor refuses to {what}: {why}.", source=source)


def encode_configuration(configuration: Configuration) -> bytes:
    """Write a configuration, 12 bytes.

    Raises
    ------
    ProtocolError
        When a field does not fit its width.

    Examples
    --------
    >>> encode_configuration(Configuration(samples_per_packet=10)).hex(" ")
    'd0 07 10 00 d0 07 0a 01 00 00 00 00'
    """
    try:
        return _CONFIGURATION.pack(
            round(configuration.rate_hz * 10),
            configuration.acceleration_range_g,
            configuration.flags,
            configuration.angular_velocity_range_deg_s,
            configuration.samples_per_packet,
            configuration.streams,
            configuration.acceleration_low_pass_hz,
            configuration.angular_velocity_low_pass_hz,
        )
    except (struct.error, ValueError, OverflowError) as error:
        raise ProtocolError(f"a field of the configuration does not fit: {error}.") from None


def decode_configuration(payload: bytes) -> Configuration:
    """Read a configuration.

    Raises
    ------
    ProtocolError
        When it does not have 12 bytes.
    """
    tenths, *rest = _unpacked(_CONFIGURATION, payload, "a configuration")
    return Configuration(tenths / 10, *rest)


def encode_ping_times(times: PingTimes) -> bytes:
    """Write what the reply to a ping carries.

    Raises
    ------
    ProtocolError
        When a time does not fit 64 bits.
    """
    try:
        return _PING_TIMES.pack(*times)
    except struct.error:
        raise ProtocolError(f"{times} does not fit 64 bits each.") from None


def decode_ping_times(payload: bytes) -> PingTimes:
    """Read what the reply to a ping carries.

    Raises
    ------
    ProtocolError
        When it does not have 16 bytes, or the reply left before the ping came.
    """
    times = PingTimes(*_unpacked(_PING_TIMES, payload, "a ping's reply"))
    if times.sent_us < times.received_us:
        raise ProtocolError(
            "a ping's reply left before the ping came: the device's clock jumped.", payload=payload
        )
    return times


def encode_utc(utc_us: int) -> bytes:
    """Write a date, µs since 1970-01-01T00:00:00Z.

    Raises
    ------
    ProtocolError
        When it does not fit 64 bits.
    """
    try:
        return _UTC.pack(utc_us)
    except struct.error:
        raise ProtocolError(f"the date {utc_us} µs does not fit 64 bits.") from None


def decode_utc(payload: bytes) -> int:
    """Read a date, µs since 1970.

    Raises
    ------
    ProtocolError
        When it does not have 8 bytes.
    """
    (utc_us,) = _unpacked(_UTC, payload, "a date")
    return int(utc_us)


def encode_calibration(calibration: Calibration) -> bytes:
    """Write a calibration, 104 bytes; its CRC-16 is over all bytes but its own two.

    Raises
    ------
    ProtocolError
        When a value is missing, not finite, or beyond single precision.
    """
    values = (
        *calibration.acceleration_bias_m_s2,
        *calibration.acceleration_matrix,
        *calibration.angular_velocity_bias_rad_s,
        *calibration.angular_velocity_matrix,
        calibration.temperature_c,
    )
    try:
        payload = _CALIBRATION.pack(_CALIBRATION_VERSION, 0, *values)
    except (struct.error, OverflowError) as error:
        raise ProtocolError(f"the calibration does not fit its format: {error}.") from None
    if not all(map(isfinite, values)):
        raise ProtocolError("the calibration holds a number that is not finite: calibrate again.")
    checksum = crc16(payload[:2] + payload[4:])
    return payload[:2] + checksum.to_bytes(2, "little") + payload[4:]


def decode_calibration(payload: bytes) -> Calibration:
    """Read a calibration; values come back in single precision.

    Raises
    ------
    ProtocolError
        When length, version or checksum is wrong, or a number is not finite.

    Examples
    --------
    >>> decode_calibration(encode_calibration(Calibration())) == Calibration()
    True
    """
    version, checksum, *values = _unpacked(_CALIBRATION, payload, "a calibration")
    if checksum != crc16(payload[:2] + payload[4:]):
        raise ProtocolError(
            "the calibration's checksum is wrong: read it again, or calibrate again.",
            payload=payload,
        )
    if version != _CALIBRATION_VERSION:
        raise ProtocolError(
            f"the calibration has version {version} and this program knows "
            f"{_CALIBRATION_VERSION}: calibrate again.",
            payload=payload,
        )
    if not all(map(isfinite, values)):
        raise ProtocolError(
            "the calibration holds a number that is not finite: calibrate again.", payload=payload
        )
    return Calibration(
        tuple(values[:3]),
        tuple(values[3:12]),
        tuple(values[12:15]),
        tuple(values[15:24]),
        values[24],
    )


def _unpacked(layout: struct.Struct, payload: bytes, what: str) -> tuple[int, ...]:
    if len(payload) != layout.size:
        raise ProtocolError(
            f"{what} has {len(payload)} bytes: it must have {layout.size}.", payload=payload
        )
    return layout.unpack(payload)
