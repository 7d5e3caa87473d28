"""Makes the golden vectors in ``devices/golden``: bytes, and what a reader must make of them.

Expected values are what went in, never what our decoders say. Write the files anew with
``python -m tests.devices.golden_vectors``.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Iterator
from math import radians
from pathlib import Path
from random import Random
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from devices.protocols import movesense, polar, shimmer3, witmotion
from devices.protocols.backstride_frames import FrameType, encode_message
from devices.protocols.shimmer3_calibration import (
    Calibration,
    Calibrations,
    encode_calibrations,
)
from imu.samples import STANDARD_GRAVITY_M_S2 as G
from tests.devices.firmware import MESSAGES

FOLDER: Final = Path(__file__).parents[2] / "devices" / "golden"

#: Names of the fields of each message of the project's own profile, in order; the last of some
#: takes all values that are left, ``parameters`` and ``content`` in hexadecimal.
FIELDS: Final = {
    "data": ("layout", "n", "flags", "sequence", "time_us", "counts"),
    "info": (
        *("major", "minor", "hardware", "firmware", "features", "rates_mask"),
        *("acceleration_ranges_mask", "angular_velocity_ranges_mask", "samples_max"),
        *("reserved", "flash_bytes"),
    ),
    "status": (
        *("state", "sequence", "time_us", "dropped_samples", "battery_mv", "temperature_c_100"),
        *("battery_percent", "flags"),
    ),
    "configuration": (
        *("rate_hz_10", "acceleration_range_g", "flags", "angular_velocity_range_deg_s"),
        *("samples_per_packet", "streams"),
        *("acceleration_low_pass_hz", "angular_velocity_low_pass_hz"),
    ),
    "ping times": ("received_us", "sent_us"),
    "utc": ("utc_us",),
    "calibration": ("float_bits",),
    "log entry": (
        *("log_id", "utc_s", "size_bytes", "rate_hz_10", "samples", "flags", "checksum"),
    ),
    "request": ("operation", "transaction", "parameters"),
    "reply": ("operation", "transaction", "status", "parameters"),
    "bulk": ("log_id", "offset", "content"),
}
_LISTS: Final = ("counts", "float_bits")
_HEX: Final = ("parameters", "content")

Line = dict[str, Any]


def named(message: str, values: list[int]) -> Line:
    """Fields of a message by name."""
    names = FIELDS[message]
    fields: Line = dict(zip(names, values, strict=False))
    rest = values[len(names) - 1 :]
    if names[-1] in _LISTS:
        fields[names[-1]] = rest
    elif names[-1] in _HEX:
        fields[names[-1]] = bytes(rest).hex()
    return fields


def in_order(message: str, fields: Line) -> list[int]:
    """The inverse of :func:`named`."""
    values: list[int] = []
    for name in FIELDS[message]:
        value = fields[name]
        values += list(bytes.fromhex(value)) if isinstance(value, str) else np.ravel(value).tolist()
    return values


# the project's own profile: message by message


_CALIBRATION: Final = list(
    struct.unpack(
        "<25I",
        struct.pack(
            "<25f",
            *(0.12, -0.05, 0.3, 1.01, 0.0, 0.002, -0.001, 0.99, 0.0, 0.0, 0.003, 1.0),
            *(0.01, -0.02, 0.005, 1, 0, 0, 0, 1, 0, 0, 0, 1, 24.5),
        ),
    )
)
#: Name, message, and its fields in order.
_WRITTEN: Final[tuple[tuple[str, str, list[int]], ...]] = (
    ("one sample", "data", [0, 1, 0, 0x1234, 1_000_000, 0, 0, 2048, -1, 2, -3]),
    ("the ends of the range", "data", [1, 2, 2, 65535, 2**32 - 1, *(32767, -32768, 0) * 2]),
    ("angular velocity alone", "data", [2, 1, 0, 7, 8, -1, 0, 1]),
    ("the most samples", "data", [0, 31, 9, 40, 50, *range(-93, 93)]),
    ("what a sensor offers", "info", [0, 1, 1, 1, 0xFF, 0x208, 0x0F, 0x1F, 31, 0, 1 << 24]),
    ("unknown bits are kept", "info", [0, 9, 2, 3, 0xFFFFFFFF, 0xFFFF, 255, 255, 255, 255, 0]),
    ("streaming", "status", [1, 412, 2_060_000, 0, 3987, 3150, 87, 0]),
    ("cold, battery unknown", "status", [2, 65535, 2**40, 65535, 0, -1234, 255, 0]),
    ("200 Hz", "configuration", [2000, 16, 0, 2000, 10, 1, 0, 0]),
    ("without a gyroscope", "configuration", [1000, 8, 1, 0, 0, 2, 40, 0]),
    ("310 µs", "ping times", [5_000_000, 5_000_310]),
    ("beyond 32 bits", "ping times", [2**40, 2**40]),
    ("a date", "utc", [1_790_000_000_000_000]),
    ("a sensor's", "calibration", _CALIBRATION),
    ("a run of an hour", "log entry", [1, 1_790_000_000, 8_900_000, 2000, 720_000, 0x163, 0xBEEF]),
    ("no gyroscope", "log entry", [2, 0, 512, 1000, 80, 0x03B, 0]),
    ("ping", "request", [5, 42]),
    ("configure", "request", [2, 1, *bytes.fromhex("d0071000d0070a0100000000")]),
    ("ping's reply", "reply", [5, 42, 0, *bytes.fromhex("404b4c0000000000764c4c0000000000")]),
    ("refused", "reply", [3, 9, 5]),
    ("a part of a log", "bulk", [1, 4096, *b"Backstride"]),
)
#: Name, message, and bytes that a reader must refuse.
_REFUSED: Final[tuple[tuple[str, str, str], ...]] = (
    ("cut short", "data", "0100341240420f000000000000 08ffff0200fd"),
    ("one byte too many", "data", "0100341240420f000000000000 08ffff0200fdff00"),
    ("no samples", "data", "0000341240420f00"),
    ("a layout that does not exist", "data", "6100341240420f00000000000008ffff0200fdff"),
    ("the header alone, and less", "data", "0100341240420f"),
    ("another major version", "info", "0101010001000000000008020f1f1f0000000001"),
    ("short", "info", "00"),
    ("another kind", "status", "1101341200000000000000000000000000000000"),
    ("short", "configuration", "d0071000d0070a01000000"),
    ("left before it came", "ping times", "02000000000000000100000000000000"),
    ("short", "utc", "00000000000000"),
    ("a request among replies", "reply", "052a0000"),
    ("empty", "bulk", "010000100000"),
    ("a range that does not exist", "log entry", "0100" + "00" * 14 + "0700" + "0000"),
    ("half a header", "request", "05"),
)


def messages() -> Iterator[Line]:
    """Vectors of single messages, whose bytes are the same on both links."""
    for name, message, values in _WRITTEN:
        yield _message(name, message, MESSAGES[message].encode(values), named(message, values))
    for name, message, text in _REFUSED:
        yield _message(name, message, bytes.fromhex(text), None)
    whole = MESSAGES["calibration"].encode(_CALIBRATION)
    turned = whole[:9] + bytes([whole[9] ^ 1]) + whole[10:]
    yield _message("a wrong checksum", "calibration", turned, None)


def _message(name: str, message: str, payload: bytes, expected: Line | None) -> Line:
    return {
        "protocol": "backstride",
        "kind": "message",
        "message": message,
        "name": name,
        "bytes": payload.hex(),
        "expected": expected,
    }


def serial_lines() -> Iterator[Line]:
    """Vectors of a serial line: the bytes, the contents of intact frames, and how many were not."""
    ping = bytes([5, 42])
    golden = MESSAGES["data"].encode(_WRITTEN[0][2])
    frame, other = encode_message(FrameType.DATA, golden), encode_message(FrameType.REQUEST, ping)
    dense = bytes(range(1, 255)) * 2
    contents = [bytes([1]) + golden, bytes([2]) + ping]
    turned = frame[:5] + bytes([frame[5] ^ 0x20]) + frame[6:]
    cases = (
        ("two frames", frame + other, contents, 0),
        ("begins in the middle", frame[9:] + other, contents[1:], 0),
        ("a bit turned", other + turned + other, [contents[1]] * 2, 1),
        ("a zero lost", other + frame[:-1] + other + frame, [contents[1], contents[0]], 1),
        ("zeros between", b"\0\0" + frame + b"\0\0", contents[:1], 0),
        (
            "full blocks of 254",
            encode_message(FrameType.TEXT, dense),
            [bytes([6]) + dense],
            0,
        ),
        ("noise", other + bytes(range(1, 200)) + b"\0" + other, [contents[1]] * 2, 1),
    )
    for name, line, expected, rejected in cases:
        yield {
            "protocol": "backstride",
            "kind": "line",
            "name": name,
            "bytes": line.hex(),
            "expected": {"contents": [each.hex() for each in expected], "rejected": rejected},
        }


# streams: notifications as they come, and the samples in them


def motion(n: int, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Raw counts of a sensor that is swung about, each of shape (n, 3)."""
    random, time = Random(seed), np.arange(n)[:, None]
    phases = np.array([random.uniform(0, 6.28) for _ in range(6)])
    counts = 4000 * np.sin(0.21 * time + phases) + 900 * np.sin(0.9 * time + 2 * phases)
    whole = np.rint(counts).astype(np.int64)
    whole[:, 2] += 2048
    return whole[:, :3], whole[:, 3:]


def _stream(
    protocol: str,
    name: str,
    rate_hz: float,
    packets: Iterable[tuple[int, str, bytes]],
    acceleration: NDArray[np.float64],
    gyro: NDArray[np.float64] | None,
    **more: Any,
) -> Line:
    return {
        "protocol": protocol,
        "kind": "stream",
        "name": name,
        "sensor": {
            "rate_hz": rate_hz,
            "acceleration_range_m_s2": 16 * G,
            "angular_velocity_range_rad_s": 0.0 if gyro is None else radians(2000),
        },
        "packets": [[at, channel, payload.hex()] for at, channel, payload in packets],
        "expected": {
            "acceleration_m_s2": _rounded(acceleration),
            "angular_velocity_rad_s": None if gyro is None else _rounded(gyro),
            **more,
        },
    }


def _rounded(values: NDArray[np.float64]) -> list[list[float]]:
    return [[float(f"{value:.9g}") for value in row] for row in values.tolist()]


def _in_si(counts: NDArray[np.int64], scale: float) -> NDArray[np.float64]:
    return np.asarray(counts * scale, np.float64)


def backstride_streams() -> Iterator[Line]:
    """Data messages over Bluetooth LE, one of them lost; and over a serial line in odd chunks."""
    acceleration, gyro = motion(40, 1)
    si = _in_si(acceleration, 16 * G / 32768), _in_si(gyro, radians(2000) / 32768)
    payloads = []
    for k in range(4):
        rows = slice(10 * k, 10 * k + 10)
        counts = np.hstack([acceleration[rows], gyro[rows]]).ravel().tolist()
        first = 65530 + 10 * k
        time_us = (2**32 - 60_000 + 50_000 * k) % 2**32
        payloads.append(MESSAGES["data"].encode([0, 10, 0, first % 65536, time_us, *counts]))
    came = [0, 1, 3]
    kept = [row for k in came for row in range(10 * k, 10 * k + 10)]
    yield _stream(
        "backstride",
        "number and time wrap, one message is lost",
        200.0,
        [(50_000_000 * k, "data", payloads[k]) for k in came],
        si[0][kept],
        si[1][kept],
        sequences=[65530, 4, 24],
        lost=10,
    )
    line = b"".join(encode_message(FrameType.DATA, payload) for payload in payloads)
    chunks = [line[at : at + 37] for at in range(0, len(line), 37)]
    yield _stream(
        "backstride",
        "a serial line in chunks of 37 bytes",
        200.0,
        [(13_000_000 * k, "bytes", chunk) for k, chunk in enumerate(chunks)],
        *si,
        sequences=[65530, 4, 14, 24],
        lost=0,
    )


def movesense_streams() -> Iterator[Line]:
    """Six-axis messages in one and in two notifications."""
    for name, rate_hz, n, room in (
        ("104 Hz, 8 samples in one notification", 104, 8, 244),
        ("208 Hz, 8 samples in two notifications", 208, 8, 155),
    ):
        acceleration, gyro = motion(n * 8, 2)
        in_m_s2 = (acceleration * 0.005).astype("<f4")
        in_deg_s = (gyro * 0.07).astype("<f4")
        packets = []
        for k in range(8):
            rows = slice(n * k, n * k + n)
            time_ms = 1000 + round(1000 * n * k / rate_hz)
            arrival_ns = round(1e9 * n * (k + 1) / rate_hz) + 5_000_000
            for part in movesense.encode_imu6(
                99, time_ms, in_m_s2[rows], in_deg_s[rows], notification_bytes_max=room
            ):
                packets.append((arrival_ns, "data", part))
                arrival_ns += 1_000_000
        yield _stream(
            "movesense",
            name,
            float(rate_hz),
            packets,
            in_m_s2.astype(np.float64),
            np.radians(in_deg_s.astype(np.float64)),
        )


def polar_streams() -> Iterator[Line]:
    """Acceleration alone, uncompressed; and both measurements, compressed."""
    acceleration, gyro = motion(60, 3)
    second = 10**9
    start = 800_000_000 * second
    frames = []
    for k in range(5):
        stamp = start + 12 * (k + 1) * second // 50
        content = acceleration[12 * k : 12 * k + 12].astype("<i2").tobytes()
        payload = polar.encode_frame(polar.Frame(2, stamp, 1, content))
        frames.append((12 * (k + 1) * second // 50 + 20_000_000, "data", payload))
    yield _stream(
        "polar", "acceleration at 50 Hz, mg in 16 bits", 50.0, frames, acceleration * G / 1000, None
    )
    factor = 0.000488281
    reply = polar.encode_reply(polar.Reply(2, 2, 0, {5: (factor,)}))
    other = polar.encode_reply(polar.Reply(2, 5, 0, {5: (0.0609756,)}))
    replies = [(0, "control", reply), (1, "control", other)]
    frames = []
    for k in range(5):
        rows = slice(12 * k, 12 * k + 12)
        stamp = start + 12 * (k + 1) * second // 52
        at = 12 * (k + 1) * second // 52 + 20_000_000
        for kind, values in ((2, acceleration[rows]), (5, gyro[rows])):
            frame = polar.Frame(kind, stamp, 0x81 if kind == 2 else 0x80, polar.compress(values))
            frames.append((at + kind, "data", polar.encode_frame(frame)))
    scale = [struct.unpack("<f", struct.pack("<f", each))[0] for each in (factor, 0.0609756)]
    yield _stream(
        "polar",
        "both at 52 Hz, compressed, with factors from the replies",
        52.0,
        [*replies, *frames],
        acceleration * (scale[0] * G / 1000),
        np.radians(gyro * scale[1]),
    )


def witmotion_streams() -> Iterator[Line]:
    """Frames of 20 bytes, eight a notification; of 28 bytes; and wired frames."""
    acceleration, gyro = motion(49, 4)
    si = _in_si(acceleration[:48], 16 * G / 32768), _in_si(gyro[:48], radians(2000) / 32768)
    nine = np.hstack([acceleration, gyro, np.zeros_like(gyro)])
    short = witmotion.encode_frames(nine[:48])
    yield _stream(
        "witmotion",
        "eight frames of 20 bytes a notification",
        100.0,
        [(80_000_000 * (k + 1), "data", short[160 * k : 160 * k + 160]) for k in range(6)],
        *si,
    )
    # one frame more than is expected: a frame is sure when the next has begun
    moments = [[26, 11, 29, 10, 15, k // 100, 10 * k % 1000] for k in range(49)]
    long = witmotion.encode_frames(nine, moments)
    cut = [long[at : at + 50] for at in range(0, len(long), 50)]
    yield _stream(
        "witmotion",
        "frames of 28 bytes across the borders of notifications",
        100.0,
        [(18_000_000 * (k + 1), "data", part) for k, part in enumerate(cut)],
        *si,
    )
    wired = [
        witmotion.encode_wired(content, [[*values[k], 0]])
        for k in range(49)
        for content, values in ((1, acceleration), (2, gyro))
    ]
    yield _stream(
        "witmotion",
        "wired frames of 11 bytes",
        100.0,
        [(5_000_000 * (k + 1), "bytes", frame) for k, frame in enumerate(wired)],
        *si,
    )


def shimmer3_streams() -> Iterator[Line]:
    """Answers to the inquiry and to the question for calibrations, then packets."""
    acceleration, gyro = motion(40, 5)
    calibration = (
        Calibration((-120, 60, 200), (207, 210, 208), (-100, 0, 0, 0, 100, 0, 0, 0, -100)),
        Calibration((12, -30, 5), (1640, 1652, 1631), (0, -100, 0, -100, 0, 0, 0, 0, -100)),
    )
    inquiry = shimmer3.Inquiry(160, bytes(4), (4, 5, 6, 10, 11, 12))
    ticks = 2**24 - 1600 + 160 * np.arange(41)
    # one packet more than is expected: a packet is believed when the next has begun
    more = [np.vstack([each, each[-1:]]) for each in (acceleration, gyro)]
    line = shimmer3.encode_packets(inquiry, ticks, *more)
    packets = [
        (0, "request", b"\x01"),
        (1_000_000, "bytes", b"\xff" + shimmer3.encode_inquiry(inquiry)),
        (2_000_000, "request", b"\x2c"),
        (3_000_000, "bytes", b"\xff" + encode_calibrations(Calibrations(*calibration))),
        *(
            (20_000_000 * (k + 1), "bytes", line[64 * k : 64 * k + 64])
            for k in range(-(-len(line) // 64))
        ),
    ]
    values = []
    for raw, each, unit in zip(
        (acceleration, gyro), calibration, (1.0, 100 * np.pi / 180), strict=True
    ):
        alignment = np.array(each.alignment).reshape(3, 3) / 100
        unbiased = (raw - np.array(each.bias)) / np.array(each.sensitivity)
        values.append(np.linalg.solve(alignment, unbiased.T).T * unit)
    yield _stream("shimmer3", "204.8 Hz, the clock wraps", 204.8, packets, values[0], values[1])


def files() -> dict[str, str]:
    """Name and content of every file."""
    vectors = {
        "backstride": [*messages(), *serial_lines(), *backstride_streams()],
        "movesense": [*movesense_streams()],
        "polar": [*polar_streams()],
        "witmotion": [*witmotion_streams()],
        "shimmer3": [*shimmer3_streams()],
    }
    return {
        f"{protocol}.jsonl": "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        for protocol, lines in vectors.items()
    }


if __name__ == "__main__":
    for file, content in files().items():
        (FOLDER / file).write_text(content, "utf-8")
