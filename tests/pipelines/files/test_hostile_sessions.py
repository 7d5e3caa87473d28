"""A session file made to fill the memory or to steer a terminal does neither."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from benchmarks.robustness.hostile_sessions import HEADER, SESSIONS, hostile_session
from devices.records import Packet
from imu.errors import RecordingError
from pipelines.files.mcap_recovery import Recovery
from pipelines.files.packet_batches import decode_packets
from pipelines.files.session_reader import read_session
from pipelines.files.session_writer import SessionWriter
from tests.patience import HANG_S
from tests.pipelines.command_line import environment

#: What a file of this length may take, and how much of a processor's time.
LENGTH = 131_000
MOST_BYTES, LONGEST_S = 500e6, 10.0
READING = """
import sys, time
from imu.errors import BackstrideError
from pipelines.files.session_reader import read_session
try:
    session = read_session(sys.argv[1])
except BackstrideError as error:
    print(error)
print(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")))
print(time.process_time())
"""


#: Of a message each so many bytes; the others take as long to write.
QUICK = ("empty packets", "names of channels")


@pytest.mark.skipif(sys.platform != "linux", reason="Linux says what a process took at most")
@pytest.mark.parametrize(
    "kind",
    [pytest.param(kind, marks=[pytest.mark.slow] * (kind not in QUICK)) for kind in SESSIONS],
)
def test_no_file_fills_the_memory(kind: str, tmp_path: Path) -> None:
    path = hostile_session(tmp_path / "run.mcap", kind, LENGTH)
    child = subprocess.run(
        [sys.executable, "-c", READING, str(path)],
        capture_output=True,
        encoding="utf-8",
        timeout=HANG_S,
        check=False,
        env=environment(),
    )
    assert child.returncode == 0 and not child.stderr, child.stderr
    told, _, figures = child.stdout.strip().rpartition("VmHWM:")
    most, _, took_s = figures.split()
    assert told.strip() in (
        "",
        f"{path}: expands to far more than a recording of its length holds, and is not read: "
        "give another one.",
    )
    assert int(most) * 1024 < MOST_BYTES, told
    assert float(took_s) < LONGEST_S


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
        long = Recovery(file)
        assert file.tell() == 10
    path.write_bytes(b"")
    with path.open("rb") as file:
        short = Recovery(file)
    assert long.left_bytes > short.left_bytes
    short.spend(short.left_bytes - 1)
    short.spend(1)
    with pytest.raises(RecordingError, match="give another one"):
        short.spend(1)


def test_a_batch_names_no_more_channels_than_there_can_be() -> None:
    content = msgspec.msgpack.encode([[b"a"] * 256, b"\0", bytes(4), bytes(8), b""])
    with pytest.raises(ValueError, match="no batch"):
        decode_packets(content, 0)
