"""Firmware's side in C gives the bytes that Python gives, and refuses what Python refuses."""

from __future__ import annotations

import re
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from devices.protocols.backstride import PROTOCOL_VERSION
from devices.protocols.backstride_frames import FrameType, encode_message
from devices.protocols.cobs import FRAME_BYTES_MAX, Deframer
from imu.errors import ProtocolError
from tests.devices.firmware import (
    FIRMWARE,
    MESSAGES,
    Command,
    Fields,
    build,
    compiled,
    decoded,
    encoded,
    exchange,
)

_U8, _U16, _U32, _U64 = (1 << bits for bits in (8, 16, 32, 64))
#: How many values each field of a message of fixed length can have.
_WIDTHS = {
    "info": (1, _U8, _U16, _U16, _U32, _U16, _U8, _U8, _U8, _U8, _U32),
    "status": (_U8, _U16, 1 << 63, _U16, _U16, _U16, _U8, _U8),
    "configuration": (_U16, _U8, _U8, _U16, _U8, _U8, _U16, _U16),
    "ping times": (_U64, _U64),
    "utc": (_U64,),
    "calibration": (_U32,) * 25,
    "log entry": (_U16, _U32, _U32, _U16, _U32, _U16, _U16),
}


def drawn(random: Random, message: str) -> Fields:
    """Fields of any value, now and then more than the format allows."""
    if message in _WIDTHS:
        fields = [random.randrange(width) for width in _WIDTHS[message]]
        if message == "status":
            fields[5] -= 1 << 15
        if message == "calibration" and random.random() < 0.8:  # numbers as sensors have them
            values = [random.gauss(0.0, 1.0) for _ in fields]
            fields = list(struct.unpack("<25I", struct.pack("<25f", *values)))
        return fields
    if message == "data":
        layout, n = random.randrange(3), random.choice([*range(1, 32), 0, 40])
        head = [layout, n, random.randrange(_U8), random.randrange(_U16), random.randrange(_U32)]
        count = n * (3 if layout else 6) if n <= 31 else 0
        return [*head, *(random.randrange(_U16) - (1 << 15) for _ in range(count))]
    if message == "bulk":
        head = [random.randrange(_U16), random.randrange(_U32)]
    else:
        head = [random.randrange(_U8) for _ in range(3 if message == "reply" else 2)]
    return [*head, *random.randbytes(random.choice([0, 1, 8, 12, random.randrange(300)]))]


def damaged(random: Random, payload: bytes) -> bytes:
    """A bit turned, or bytes lost or grown."""
    at = random.randrange(len(payload) + 1)
    match random.randrange(3):
        case 0:
            return payload[:at]
        case 1:
            return payload + random.randbytes(random.randrange(1, 4))
        case _:
            at = min(at, len(payload) - 1)
            turned = payload[at] ^ 1 << random.randrange(8)
            return payload[:at] + bytes([turned]) + payload[at + 1 :]


def by_python(message: str, fields: Fields) -> bytes:
    try:
        return MESSAGES[message].encode(fields)
    except ProtocolError:
        return b""


def read_by_python(message: str, payload: bytes) -> list[int]:
    try:
        return [value % _U64 for value in MESSAGES[message].decode(payload)]
    except ProtocolError:
        return []


def compare(count: int, seed: int) -> int:
    """Let both codecs write and read as many packets; returns how many were refused."""
    random = Random(seed)
    messages = [random.choice([*MESSAGES, "data", "data"]) for _ in range(count)]
    fields = [drawn(random, message) for message in messages]
    ours = [by_python(*each) for each in zip(messages, fields, strict=True)]
    letters = [MESSAGES[message].letter for message in messages]
    asked = [Command.encode(*each) for each in zip(letters, fields, strict=True)]
    theirs = encoded(exchange(asked), count)
    for message, each, mine, other in zip(messages, fields, ours, theirs, strict=True):
        assert mine == other, (message, each)
    payloads = [damaged(random, each) if each and random.random() < 0.3 else each for each in ours]
    answers = exchange(Command.decode(*each) for each in zip(letters, payloads, strict=True))
    read = decoded(answers, count)
    for message, payload, values in zip(messages, payloads, read, strict=True):
        assert read_by_python(message, payload) == values, (message, payload.hex())
    return sum(not each for each in ours) + sum(not each for each in read)


def test_ten_thousand_random_packets_are_the_same_in_c_and_python() -> None:
    compiled()
    assert 500 < compare(10_000, seed=1) < 6000  # some must be refused, by both


@pytest.mark.slow
def test_a_million_random_packets_are_the_same_in_c_and_python() -> None:
    compiled()
    for seed in range(50):
        assert compare(20_000, seed=100 + seed)


def lines(random: Random, count: int) -> Iterator[tuple[list[bytes], bytes]]:
    """Frames, and what a bad line makes of them."""
    sizes = (0, 1, 20, 250, 251, 252, 253, 254, 255, 508, 600, 4085, 4095, 5000)
    for _ in range(count):
        frames = []
        for _ in range(random.randrange(1, 6)):
            dense = random.random() < 0.5
            payload = random.randbytes(random.choice(sizes))
            payload = payload.replace(b"\0", b"\1") if dense else payload
            frames.append(encode_message(random.choice(list(FrameType)), payload))
        line = b"".join(frames)
        for _ in range(random.randrange(4)):
            line = damaged(random, line)
        yield frames, line


def test_frames_are_stuffed_and_found_alike_on_bad_lines() -> None:
    compiled()
    random = Random(5)
    contents = [
        (random.choice(list(FrameType)), random.randbytes(random.randrange(0, 1200)))
        for _ in range(1500)
    ]
    contents += [(FrameType.TEXT, b"x" * size) for size in range(245, 262)]
    contents += [(FrameType.TEXT, b"x" * size + b"\0") for size in range(245, 262)]
    asked = [Command("F", int(kind), payload, len(payload)) for kind, payload in contents]
    ours = [encode_message(*each) for each in contents]
    assert encoded(exchange(asked), len(asked)) == ours

    heard = [line for _, line in lines(random, 400)]
    heard += [random.randbytes(3000) for _ in range(50)]
    heard.append(b"\1" * (FRAME_BYTES_MAX + 9) + b"\0" + ours[0])
    answers = exchange(Command("S", 0, line, len(line)) for line in heard)
    for line in heard:
        deframer = Deframer()
        found = deframer.push(line)
        damage, count = struct.unpack_from("<II", answers)
        answers = answers[8:]
        theirs = []
        for _ in range(count):
            (size,) = struct.unpack_from("<I", answers)
            theirs.append(bytes(answers[4 : 4 + size]))
            answers = answers[4 + size :]
        assert (found, deframer.rejected) == (theirs, damage)
    assert not answers


def test_the_header_allocates_nothing() -> None:
    header = (FIRMWARE / "backstride.h").read_text("utf-8")
    included = {line.split()[1] for line in header.splitlines() if line.startswith("#include")}
    assert included == {"<stdbool.h>", "<stddef.h>", "<stdint.h>", "<string.h>"}


def test_the_header_names_the_version_and_the_kinds_of_frame() -> None:
    header = (FIRMWARE / "backstride.h").read_text("utf-8")
    major, minor = (re.search(rf"BACKSTRIDE_{name} (\d+)u", header) for name in ("MAJOR", "MINOR"))
    assert major is not None
    assert minor is not None
    assert (int(major[1]), int(minor[1])) == PROTOCOL_VERSION
    kinds = dict(re.findall(r"BACKSTRIDE_FRAME_([A-Z]+) = (\d+)", header))
    assert {name: int(value) for name, value in kinds.items()} == {
        kind.name: int(kind) for kind in FrameType
    }


def test_the_readmes_example_compiles_and_gives_the_golden_bytes(tmp_path: Path) -> None:
    readme = (FIRMWARE / "README.md").read_text("utf-8")
    (example,) = re.findall(r"```c\n#include \"backstride.h\"\n(.*?)```", readme, re.S)
    show = 'for (size_t k = 0; k < size; k++) printf("%02x", frame[k]);'
    body = f'#include "backstride.h"\n#include <stdio.h>\nint main(void)\n{{\n{example}{show}\n}}\n'
    source = tmp_path / "example.c"
    source.write_text(body, "utf-8")
    program = build(source, tmp_path / "example")
    said = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    assert said == "030101063412" + "40420f0101010101" + "0508ffff0205fdfff36400"
