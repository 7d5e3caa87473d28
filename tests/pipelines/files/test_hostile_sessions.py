"""A session file made to fill the memory or to steer a terminal does neither."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from mcap.writer import Writer

from devices.records import Packet
from imu.errors import RecordingError
from pipelines.files import session_messages as messages
from pipelines.files.mcap_recovery import Allowance
from pipelines.files.packet_batches import MOST_PACKETS, decode_packets, encode_packets
from pipelines.files.session_reader import read_session
from pipelines.files.session_writer import SessionHeader, SessionWriter
from pipelines.session.marks import Surface
from tests.patience import HANG_S
from tests.pipelines.command_line import environment

UTC_START_NS = 1_790_000_000_000_000_000
HEADER = SessionHeader(UTC_START_NS, "sim:")
#: What a file of this length may take, and how long it may be looked at on a busy machine.
LENGTH = 131_000
MOST_BYTES, LONGEST_S = 500e6, 60.0
READING = """
import sys
from imu.errors import BackstrideError
from pipelines.files.session_reader import read_session
try:
    session = read_session(sys.argv[1])
except BackstrideError as error:
    print(error)
print(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


def children_s() -> float:
    """What processes that have ended took of the processor, s."""
    times = os.times()
    return times.children_user + times.children_system


def hostile(path: Path, add: Callable[[Any], Callable[[int], None]]) -> Path:
    """A file of :data:`LENGTH`, of chunks with as much of one kind as fits."""
    with path.open("wb") as file:
        writer: Any = Writer(file, chunk_size=15 << 20)
        writer.start("x-backstride")
        schema = writer.register_schema(messages.SESSION.schema_name, "", b"")
        channel = writer.register_channel(messages.SESSION.topic, "", schema, {})
        writer.add_message(channel, UTC_START_NS, messages.encode_header(HEADER), UTC_START_NS, 0)
        more, number = add(writer), 0
        while file.tell() < LENGTH:
            more(number)
            number += 1
        # as a program that was killed leaves it: what has not reached the file is not there
    return path


def messages_of(kind: messages.MessageKind, data: bytes) -> Callable[[Any], Callable[[int], None]]:
    def add(writer: Any) -> Callable[[int], None]:
        schema = writer.register_schema(kind.schema_name, "", kind.schema)
        channel = writer.register_channel(kind.topic, "", schema, {"stream": kind.stream})
        return lambda number: writer.add_message(channel, UTC_START_NS, data, UTC_START_NS, number)

    return add


def topics(writer: Any) -> Callable[[int], None]:
    def more(number: int) -> None:
        channel = writer.register_channel(f"/{number}", "", 0, {"a": "b" * 1_000_000})
        writer.add_message(channel, UTC_START_NS, b"", UTC_START_NS, 0)

    return more


_STREAM = messages.stream_kind("treadmill")
HOSTILE = {
    "empty packets": messages_of(
        messages.PACKETS, encode_packets([Packet(5, "data", b"")] * MOST_PACKETS)
    ),
    "long packets": messages_of(
        messages.PACKETS, encode_packets([Packet(5, "data", bytes(700))] * MOST_PACKETS)
    ),
    "names of channels": messages_of(
        messages.PACKETS,
        msgspec.msgpack.encode([[b""] * 2_000_000, b"\0", bytes(4), bytes(8), b""]),
    ),
    "link events": messages_of(messages.LINK, b'{"kind":"lost","detail":""}'),
    "marks": messages_of(messages.MARKS, messages.encode(Surface("track"))),
    "facts": messages_of(
        messages.MessageKind("/facts/a", f"{messages.FACT_SCHEMAS}a", "facts"), b'{"a":[[],[]]}'
    ),
    "readings": messages_of(_STREAM, msgspec.msgpack.encode([["packet", 2, 5, "a", b""]] * 50_000)),
    "deep": messages_of(messages.MARKS, b'{"a":' * 100_000),
    "topics": topics,
}
#: Of a message each so many bytes; the others take as long to write.
QUICK = ("empty packets", "names of channels", "readings")


@pytest.mark.skipif(sys.platform != "linux", reason="Linux says what a process took at most")
@pytest.mark.parametrize(
    "kind",
    [pytest.param(kind, marks=[pytest.mark.slow] * (kind not in QUICK)) for kind in HOSTILE],
)
def test_no_file_fills_the_memory(kind: str, tmp_path: Path) -> None:
    path = hostile(tmp_path / "run.mcap", HOSTILE[kind])
    began_s = children_s()
    child = subprocess.run(
        [sys.executable, "-c", READING, str(path)],
        capture_output=True,
        encoding="utf-8",
        timeout=HANG_S,
        check=False,
        env=environment(),
    )
    assert child.returncode == 0 and not child.stderr, child.stderr
    told, _, most = child.stdout.strip().rpartition("VmHWM:")
    assert told.strip() in (
        "",
        f"{path}: expands to far more than a recording of its length holds, and is not read: "
        "give another one.",
    )
    assert int(most.split()[0]) * 1024 < MOST_BYTES, told
    assert children_s() - began_s < LONGEST_S


def test_the_packets_of_the_fastest_sensor_are_read_however_well_they_pack(tmp_path: Path) -> None:
    # a minute and a half of 1000 packets a second that are all alike, some µs early or late
    path, count = tmp_path / "run.mcap", 90_000
    packets = [Packet(k * 1_000_000 + k * k % 3000, "data", bytes(20)) for k in range(count)]
    with SessionWriter(path, HEADER, clock=lambda: 0.0) as writer:
        for packet in packets:
            writer.write_record(packet)
    assert read_session(path).records == packets


def test_an_allowance_goes_with_the_length_of_the_file_and_is_spent_once(tmp_path: Path) -> None:
    path = tmp_path / "run.mcap"
    path.write_bytes(bytes(1000))
    with path.open("rb") as file:
        file.seek(10)
        long = Allowance.of(file)
        assert file.tell() == 10
    path.write_bytes(b"")
    with path.open("rb") as file:
        short = Allowance.of(file)
    assert long.left_bytes > short.left_bytes
    short.spend(short.left_bytes - 1)
    short.spend(1)
    with pytest.raises(RecordingError, match="give another one"):
        short.spend(1)


def test_a_batch_names_no_more_channels_than_there_can_be() -> None:
    content = msgspec.msgpack.encode([[b"a"] * 256, b"\0", bytes(4), bytes(8), b""])
    with pytest.raises(ValueError, match="no batch"):
        decode_packets(content, 0)
