"""Reading older forms loses and invents nothing, and no file fills the memory."""

from __future__ import annotations

import json
import random
import struct
import tempfile
import zlib
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from mcap.writer import MCAP0_MAGIC, CompressionType, Writer

from devices.records import Packet
from imu.errors import RecordingError
from pipelines.files.session_reader import read_header, read_session
from pipelines.files.session_writer import SessionWriter
from pipelines.session.header import SessionHeader
from pipelines.session.marks import Surface
from tests.examples import few
from tests.pipelines.files.golden.replaying import SESSIONS

UTC_START_NS = 1_790_000_000_000_000_000
RATE_HZ = 200.0
OLD_HEADER: dict[str, Any] = {
    "format": 1,
    "utc_start_ns": UTC_START_NS,
    "source": "sim:",
    "axes": "",
    "mass_kg": 70.0,
    "height_m": None,
    "baseline_json": "",
    "parameters_json": "{}",
    "software": "backstride 0.1.0",
}


class OldSession:
    """Writes messages as release 0.1 did."""

    def __init__(self, path: Path, header: dict[str, Any] = OLD_HEADER, **options: Any) -> None:
        self._file = path.open("wb")
        self._writer: Any = Writer(self._file, **options)
        self._writer.start("x-backstride")
        self._channels: dict[str, int] = {}
        self._counts: dict[str, int] = {}
        self.add("/session", "session", json.dumps(header).encode(), "session")

    def add(self, topic: str, name: str, data: bytes, count: str) -> None:
        if topic not in self._channels:
            schema = self._writer.register_schema(f"backstride.{name}", "", b"")
            metadata = {"clock_offset_ns": str(UTC_START_NS)} if count == "log" else {}
            if name == "packet":
                metadata["channel"] = json.dumps(topic.removeprefix("/packets/"))
            self._channels[topic] = self._writer.register_channel(topic, "", schema, metadata)
        number = self._counts.get(count, 0)
        self._counts[count] = number + 1
        log_time = UTC_START_NS + number * 1_000_000
        self._writer.add_message(self._channels[topic], log_time, data, log_time, number)

    def close(self) -> None:
        self._writer.finish()
        self._file.close()


@settings(max_examples=few(30), deadline=None)
@given(
    pieces=st.lists(
        st.one_of(st.binary(max_size=40), st.integers(1, 7)), max_size=30
    ),  # a packet, or so many samples
    compression=st.sampled_from(CompressionType),
)
def test_samples_of_older_forms_are_all_counted_and_no_packet_between_them_is_touched(
    pieces: list[bytes | int], compression: CompressionType
) -> None:
    packets: list[Packet] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.mcap"
        session = OldSession(path, chunk_size=300, compression=compression)
        for piece in pieces:
            if isinstance(piece, bytes):
                session.add("/packets/data", "packet", piece, "log")
                packets.append(Packet(len(packets) * 1_000_000, "data", piece))
                continue
            for _ in range(piece):
                session.add("/samples", "sample", b'{"time_s":0.005000,"quality":0}', "samples")
        session.close()
        read = read_session(path)
    # the file's own statistics count every message: a sample too many or too few would show
    assert read.note == ""
    assert read.form == 1
    assert read.records == packets


@pytest.mark.parametrize("path", SESSIONS, ids=[path.stem for path in SESSIONS])
def test_an_older_session_that_is_torn_or_damaged_gives_what_is_sound(
    path: Path, tmp_path: Path
) -> None:
    data, session = path.read_bytes(), read_session(path)
    generator = random.Random(path.stem)
    broken = tmp_path / "broken.mcap"
    for _ in range(4):
        place = generator.randrange(len(data))
        flipped = bytearray(data)
        flipped[place] ^= 1 << generator.randrange(8)
        for content in (data[:place], bytes(flipped)):
            broken.write_bytes(content)
            try:
                part = read_session(broken)
            except RecordingError as error:
                assert str(error).startswith(str(broken))
                continue
            written = iter(session.records)
            assert all(record in written for record in part.records)
            assert part.cut_short or len(part.records) == len(session.records)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"format": 5}, "update backstride"),
        ({"format": 0}, "no header of a session"),
        ({"utc_start_ns": "soon"}, "utc_start_ns"),
        ({"baseline_json": '{"blocks":'}, "baseline"),
        ({"calibration_json": "[]"}, "calibration"),
        ({"neutral_up_json": "[1, 2]"}, "neutral_up"),
        ({"source": None}, "source"),
        ({"mass_kg": 10**30}, "larger than any"),
        ({"mass_kg": [[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]}, "nested deeper"),
    ],
)
def test_an_old_header_that_cannot_be_read_is_refused_in_words(
    tmp_path: Path, change: dict[str, Any], sentence: str
) -> None:
    path = tmp_path / "run.mcap"
    OldSession(path, OLD_HEADER | change).close()
    for read in (read_session, read_header):
        with pytest.raises(RecordingError, match=sentence) as raised:
            read(path)
        assert str(raised.value).startswith(f"{path}: ")
        assert "\n" not in str(raised.value)


def test_what_an_old_header_says_is_what_a_new_one_says() -> None:
    [path] = [path for path in SESSIONS if path.stem == "movesense_calibrated"]
    header = read_header(path)
    assert header.calibration is not None
    assert header.calibration.acceleration_bias_m_s2 == (0.05, -0.08, 0.11)
    assert header.neutral_up == (9.75, 0.3, -0.4)
    assert header.axes == ""  # left to the sensor
    assert header.mass_kg == 70.0
    assert header.settings.drift.block_steps == 4
    assert header.baseline is not None
    assert header.software == "backstride 0.1.0"
    [path] = [path for path in SESSIONS if path.stem == "continued"]
    carried = read_header(path).carried
    assert carried is not None
    assert carried.surface == "treadmill"


# --- nothing fills the memory ---------------------------------------------------------------------


BOMB_BYTES = 64 * 2**20


def chunk(data: bytes, *, says: int, compression: bytes = b"zstd") -> bytes:
    """A chunk whose stated size is of one's choice."""
    body = struct.pack("<QQQII", 0, 0, says, 0, len(compression)) + compression
    body += struct.pack("<Q", len(data)) + data
    return struct.pack("<BQ", 6, len(body)) + body


def bomb(size: int) -> bytes:
    return zstandard.ZstdCompressor().compress(bytes(size))


@pytest.mark.parametrize(
    ("data", "says", "compression"),
    [
        (bomb(BOMB_BYTES), BOMB_BYTES, b"zstd"),  # the chunk tells it
        (bomb(BOMB_BYTES), 1000, b"zstd"),  # the frame alone tells it
        (
            zstandard.ZstdCompressor(write_content_size=False).compress(bytes(BOMB_BYTES)),
            1000,
            b"zstd",
        ),  # nobody tells it
        (zlib.compress(bytes(BOMB_BYTES)), BOMB_BYTES, b"deflate"),
    ],
)
def test_a_chunk_that_would_fill_the_memory_is_not_expanded(
    tmp_path: Path, data: bytes, says: int, compression: bytes
) -> None:
    import tracemalloc

    path = tmp_path / "run.mcap"
    with SessionWriter(path, SessionHeader(UTC_START_NS, "sim:")) as writer:
        writer.write_record(Packet(0, "data", b"first"))
        writer.flush()
        sound = path.read_bytes()
    path.write_bytes(sound + chunk(data, says=says, compression=compression))
    tracemalloc.start()
    session = read_session(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert session.records == [Packet(0, "data", b"first")]
    assert session.cut_short
    assert peak < 8 * 2**20


def test_a_length_that_is_no_length_ends_the_file_there(tmp_path: Path) -> None:
    path = tmp_path / "run.mcap"
    path.write_bytes(MCAP0_MAGIC + struct.pack("<BQ", 6, 2**60) + b"abc")
    with pytest.raises(RecordingError, match="is damaged at its beginning"):
        read_session(path)


def test_marks_of_older_forms_are_read_as_marks(tmp_path: Path) -> None:
    path = tmp_path / "run.mcap"
    session = OldSession(path)
    session.add("/marks", "mark", b'{"kind":"surface","value":"track"}', "log")
    session.add("/marks", "mark", b'{"kind":"speed","value":"quick"}', "log")
    session.close()
    marks = [getattr(record, "mark", None) for record in read_session(path).records]
    assert marks[0] == Surface("track")
    assert str(marks[1]) == "Unknown(name='speed', value='quick')"
