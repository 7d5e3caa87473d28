"""The C codec of ``examples/firmware``, compiled, and the same messages by our own code."""

from __future__ import annotations

import atexit
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import astuple
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Final, NamedTuple

import numpy as np
import pytest

from devices.protocols.backstride import (
    ACCELERATION_RANGES_G,
    ANGULAR_VELOCITY_RANGES_DEG_S,
    CHANNELS,
    DataPacket,
    InfoMessage,
    StatusMessage,
    decode_data,
    decode_info,
    decode_status,
    encode_data,
    encode_info,
    encode_status,
)
from devices.protocols.backstride_control import (
    Calibration,
    Configuration,
    PingTimes,
    Reply,
    Request,
    decode_calibration,
    decode_configuration,
    decode_ping_times,
    decode_reply,
    decode_request,
    decode_utc,
    encode_calibration,
    encode_configuration,
    encode_ping_times,
    encode_reply,
    encode_request,
    encode_utc,
)
from devices.protocols.backstride_log import (
    BulkMessage,
    LogEntry,
    decode_bulk,
    decode_log_entry,
    encode_bulk,
    encode_log_entry,
)
from imu.errors import ProtocolError

FIRMWARE: Final = Path(__file__).parents[2] / "examples" / "firmware"
FLAGS: Final = (
    *("-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-Wconversion", "-Wshadow"),
    *("-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"),
)

Fields = Sequence[int]


def build(source: Path, program: Path) -> Path:
    """Compile a file that needs the header; skips where there is no C compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None or sys.platform == "win32":
        pytest.skip("no C compiler as Linux and macOS have it")
    words = [compiler, *FLAGS, "-I", str(FIRMWARE), str(source), "-o", str(program)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return program


@cache
def compiled() -> Path:
    """The program that lets the codec be tried."""
    folder = mkdtemp(prefix="firmware-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return build(FIRMWARE / "exchange.c", Path(folder) / "exchange")


class Command(NamedTuple):
    """What the C code is asked."""

    letter: str  # E, D, F or S, see exchange.c
    kind: int
    content: bytes
    size: int  # fields, or bytes

    @classmethod
    def encode(cls, message: str, fields: Fields) -> Command:
        signed = [field - (1 << 64) if field >= 1 << 63 else field for field in fields]
        return cls("E", ord(message), struct.pack(f"<{len(signed)}q", *signed), len(signed))

    @classmethod
    def decode(cls, message: str, payload: bytes) -> Command:
        return cls("D", ord(message), payload, len(payload))


def exchange(commands: Iterable[Command]) -> memoryview:
    """Everything that the C code answers."""
    asked = b"".join(
        each.letter.encode() + struct.pack("<BI", each.kind, each.size) + each.content
        for each in commands
    )
    done = subprocess.run([compiled()], input=asked, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return memoryview(done.stdout)


def encoded(answers: memoryview, count: int) -> list[bytes]:
    """What ``count`` commands to encode gave; empty where a message was refused."""
    found = []
    for _ in range(count):
        (size,) = struct.unpack_from("<I", answers)
        found.append(bytes(answers[4 : 4 + size]))
        answers = answers[4 + size :]
    assert not answers
    return found


def decoded(answers: memoryview, count: int) -> list[list[int]]:
    """What ``count`` commands to decode gave, modulo 2**64; empty where a message was refused."""
    found = []
    for _ in range(count):
        (n,) = struct.unpack_from("<I", answers)
        found.append(list(struct.unpack_from(f"<{n}Q", answers, 4)))
        answers = answers[4 + 8 * n :]
    assert not answers
    return found


class Message(NamedTuple):
    """A kind of message by its fields, in the order of the C structure."""

    letter: str
    encode: Callable[[Fields], bytes]
    decode: Callable[[bytes], Fields]


def _encode_data(fields: Fields) -> bytes:
    layout, n, flags, sequence, time_us, *counts = fields
    shape = (n, CHANNELS[layout] if layout < len(CHANNELS) else 1)
    values = np.resize(np.array(counts, np.int16), shape)
    return encode_data(DataPacket(layout, flags, sequence, time_us, values))


def _decode_data(payload: bytes) -> Fields:
    layout, flags, sequence, time_us, counts = decode_data(payload)
    return [layout, len(counts), flags, sequence, time_us, *counts.ravel().tolist()]


def _encode_status(fields: Fields) -> bytes:
    state, sequence, time_us, dropped, millivolts, hundredths, percent, flags = fields
    return encode_status(
        StatusMessage(
            state, sequence, time_us, dropped, millivolts, hundredths / 100, percent, flags
        )
    )


def _decode_status(payload: bytes) -> Fields:
    values = list(astuple(decode_status(payload)))
    values[5] = round(values[5] * 100)
    return values


def _encode_configuration(fields: Fields) -> bytes:
    tenths, *rest = fields
    return encode_configuration(Configuration(tenths / 10, *rest))


def _decode_configuration(payload: bytes) -> Fields:
    rate_hz, *rest = astuple(decode_configuration(payload))
    return [round(rate_hz * 10), *rest]


def _encode_calibration(fields: Fields) -> bytes:
    values = struct.unpack("<25f", struct.pack("<25I", *fields))
    parts = values[:3], values[3:12], values[12:15], values[15:24]
    return encode_calibration(Calibration(*parts, values[24]))


def _decode_calibration(payload: bytes) -> Fields:
    each = decode_calibration(payload)
    values = (
        *each.acceleration_bias_m_s2,
        *each.acceleration_matrix,
        *each.angular_velocity_bias_rad_s,
        *each.angular_velocity_matrix,
        each.temperature_c,
    )
    return struct.unpack("<25I", struct.pack("<25f", *values))


def _encode_log_entry(fields: Fields) -> bytes:
    log_id, utc_s, size, tenths, samples, flags, checksum = fields
    acceleration, angular_velocity = flags & 7, flags >> 3 & 7
    try:
        ranges = (
            ACCELERATION_RANGES_G[acceleration],
            0 if angular_velocity == 7 else ANGULAR_VELOCITY_RANGES_DEG_S[angular_velocity],
        )
    except IndexError:
        raise ProtocolError("there is no such range.") from None
    return encode_log_entry(
        LogEntry(log_id, utc_s, size, tenths / 10, samples, *ranges, flags & ~63, checksum)
    )


def _decode_log_entry(payload: bytes) -> Fields:
    each = decode_log_entry(payload)
    gyro = each.angular_velocity_range_deg_s
    ranges = ACCELERATION_RANGES_G.index(each.acceleration_range_g) | 8 * (
        ANGULAR_VELOCITY_RANGES_DEG_S.index(gyro) if gyro else 7
    )
    return [
        each.log_id,
        each.utc_s,
        each.size_bytes,
        round(each.rate_hz * 10),
        each.samples,
        each.flags | ranges,
        each.checksum,
    ]


def _decode_request(payload: bytes) -> Fields:
    operation, transaction, parameters = decode_request(payload)
    return [operation, transaction, *parameters]


def _decode_reply(payload: bytes) -> Fields:
    operation, transaction, status, parameters = decode_reply(payload)
    return [operation, transaction, status, *parameters]


def _decode_bulk(payload: bytes) -> Fields:
    log_id, offset, content = decode_bulk(payload)
    return [log_id, offset, *content]


MESSAGES: Final = {
    "data": Message("d", _encode_data, _decode_data),
    "info": Message("i", lambda f: encode_info(InfoMessage(*f)), lambda b: astuple(decode_info(b))),
    "status": Message("s", _encode_status, _decode_status),
    "configuration": Message("c", _encode_configuration, _decode_configuration),
    "ping times": Message("p", lambda f: encode_ping_times(PingTimes(*f)), decode_ping_times),
    "utc": Message("u", lambda f: encode_utc(f[0]), lambda b: [decode_utc(b)]),
    "calibration": Message("k", _encode_calibration, _decode_calibration),
    "log entry": Message("l", _encode_log_entry, _decode_log_entry),
    "request": Message(
        "q", lambda f: encode_request(Request(f[0], f[1], bytes(f[2:]))), _decode_request
    ),
    "reply": Message(
        "r", lambda f: encode_reply(Reply(f[0], f[1], f[2], bytes(f[3:]))), _decode_reply
    ),
    "bulk": Message(
        "b", lambda f: encode_bulk(BulkMessage(f[0], f[1], bytes(f[2:]))), _decode_bulk
    ),
}
