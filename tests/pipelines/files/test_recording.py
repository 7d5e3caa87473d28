"""What a runner is promised of a recording: it is exact, it survives, and it opens elsewhere."""

from __future__ import annotations

import errno
import io
import json
import os
import random
import subprocess
import sys
import tempfile
import textwrap
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mcap.reader import make_reader
from mcap.writer import Writer

from devices.records import DeviceInfo, LinkEvent, Packet
from imu.errors import RecordingError
from imu.steps import STEP_ROW, Steps, concatenate
from pipelines.coaching.alert import Alert
from pipelines.files import session_messages
from pipelines.files import session_writer as recording
from pipelines.files.session_reader import Session, read_header, read_session
from pipelines.files.session_writer import FLUSH_INTERVAL_S, SessionHeader, SessionWriter
from pipelines.session.facts import AlertTold, Fact, GaitChanged, StepsFinished
from pipelines.session.json_form import to_json
from pipelines.session.marks import (
    LoggedMark,
    Neutral,
    Pain,
    SessionRecord,
    Shoe,
    Speed,
    Surface,
    Unknown,
)
from tests.patience import HANG_S


class SteppedClock:
    """A clock that moves when told to."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


UTC_START_NS = 1_790_000_000_123_456_789
HEADER = SessionHeader(UTC_START_NS, "sim:?seed=1", mass_kg=70.0, height_m=1.75)
DEVICE = DeviceInfo("clip", "own", 200.0, 156.9, 34.9, axes="+x+y+z", serial="7")


def packets(count: int, start: int = 0) -> list[Packet]:
    noise = random.Random(start)
    return [
        Packet(10**12 + index * 50_000_000, "data", noise.randbytes(40))
        for index in range(start, start + count)
    ]


def some_steps(count: int = 3) -> Steps:
    generator = np.random.default_rng(4)
    rows = np.zeros(count, STEP_ROW)
    for name in STEP_ROW.names or ():
        if STEP_ROW[name] == np.float64:
            rows[name] = generator.normal(size=count)
    rows["step"] = np.arange(1, count + 1)
    rows["side"] = np.arange(count) % 4
    rows["quality"] = np.arange(count) * 5 % 128
    rows["lumbar_index"] = np.nan
    return Steps(rows)


ALERT = AlertTold(
    12.25,
    Alert(12.25, "sacral_lean_deg", "up", 0.1 + 0.2, -5.0, 5.3, float("nan"), "raised", "Changed."),
)


def steps_of(facts: list[Fact]) -> Steps:
    return concatenate([fact.steps for fact in facts if isinstance(fact, StepsFinished)])


def as_text(facts: list[Fact]) -> list[bytes]:
    return [to_json(fact) for fact in facts]


def write(path: Path, records: list[SessionRecord], **options: Any) -> None:
    with SessionWriter(path, HEADER, **options) as writer:
        for record in records:
            writer.write_record(record)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.mcap"


# --- what goes in comes out ---------------------------------------------------------------------

any_text = st.text(st.characters(exclude_categories=()), max_size=20)  # also lone surrogates
arrivals = st.integers(-(2**63), 2**63 - 1)
any_float = st.floats(allow_nan=False)
any_mark = st.one_of(
    st.builds(Surface, any_text),
    st.builds(Shoe, any_text),
    st.builds(Speed, st.none() | st.floats(0, 12)),
    st.builds(Pain, st.integers(0, 10), st.sampled_from(["before", "during", "after", ""])),
    st.builds(Neutral),
    st.builds(Unknown, any_text, any_text),
)
any_record = st.one_of(
    st.builds(Packet, arrivals, any_text, st.binary(max_size=60)),
    st.builds(LinkEvent, arrivals, st.sampled_from(["connected", "lost", "gap"]), any_text),
    st.builds(LoggedMark, arrivals, any_mark),
    st.builds(DeviceInfo, any_text, any_text, any_float, any_float, any_float, any_text, any_text),
)


@settings(max_examples=60, deadline=None)
@given(
    records=st.lists(any_record, max_size=30),
    header=st.builds(
        SessionHeader,
        st.integers(0, 2**63),
        any_text,
        st.none() | st.integers(-720, 840),
        any_text,
        st.none() | any_float,
        st.none() | any_float,
    ),
    ticks=st.lists(st.floats(0, 1), min_size=31, max_size=31),
)
def test_the_log_comes_back_exactly_and_in_its_order(
    records: list[SessionRecord], header: SessionHeader, ticks: list[float]
) -> None:
    clock = SteppedClock()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "run.mcap")
        with SessionWriter(path, header, clock=clock) as writer:
            for record, tick in zip(records, ticks, strict=False):
                clock.now_s += tick
                writer.write_record(record)
        session = read_session(path)
    assert session.records == records
    assert session.header == header
    assert (session.cut_short, session.note) == (False, "")


def test_facts_come_back_exactly_and_in_their_order(path: Path) -> None:
    steps = some_steps(50)
    facts: list[Fact] = [
        StepsFinished(0.1 + 0.2, steps[:20]),
        ALERT,
        StepsFinished(3.5, steps[20:21]),
        StepsFinished(3.5, steps[21:]),
        GaitChanged(1e-9, "walk"),
    ]
    with SessionWriter(path, HEADER) as writer:
        writer.write_facts(facts[:2])
        writer.write_record(packets(1)[0])
        writer.write_facts(facts[2:])
    read = read_session(path).facts
    assert as_text(read) == as_text(facts)
    assert steps_of(read).rows.tobytes() == steps.rows.tobytes()


def test_facts_and_marks_of_another_version_cost_nothing_else(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def of_the_future(value: Any) -> bytes:
        return b'{"kind":"blisters","place":["left","heel"]}'

    monkeypatch.setattr(recording, "encode_fact", of_the_future)
    monkeypatch.setattr(recording, "encode_mark", of_the_future)
    feed = packets(4)
    with SessionWriter(path, HEADER) as writer:
        writer.write_record(feed[0])
        writer.write_facts([ALERT, StepsFinished(2.0, some_steps(2))])
        writer.write_record(LoggedMark(10**12, Neutral()))
        writer.write_record(feed[1])
    session = read_session(path)
    told = LoggedMark(10**12, Unknown("blisters", of_the_future(0).decode()))
    assert session.records == [feed[0], told, feed[1]]
    assert [type(fact) for fact in session.facts] == [StepsFinished]
    assert not session.cut_short


def test_packets_of_further_streams_are_passed_over(path: Path) -> None:
    """Room for a treadmill or a heart rate, each with a clock and a count of its own."""
    from pipelines.files.packet_batches import encode_packets

    feed = packets(6)
    other = session_messages.MessageKind(
        "/streams/treadmill", "backstride.packets", "treadmill", "x-backstride", ""
    )
    with SessionWriter(path, HEADER) as writer:
        raw = writer._writer
        for number, packet in enumerate(feed):
            writer.write_record(packet)
            writer.flush()
            if number == 0:
                schema = raw.register_schema(other.schema_name, "", b"")
                channel = raw.register_channel(
                    other.topic,
                    other.message_encoding,
                    schema,
                    {"stream": "treadmill", "clock_offset_ns": "12"},
                )
            raw.add_message(channel, 12 + number, encode_packets(packets(3)), 12, number)
    session = read_session(path)
    assert session.records == feed
    assert session.note == ""


# --- it survives ----------------------------------------------------------------------------------


def test_everything_is_on_disk_half_a_second_later(path: Path) -> None:
    clock = SteppedClock()
    writer = SessionWriter(path, HEADER, clock=clock)
    assert read_session(path).header == HEADER  # the header at once
    feed = packets(30)
    for count, packet in enumerate(feed, start=1):
        clock.now_s += 0.05
        writer.write_record(packet)
        on_disk = read_session(path).records
        assert on_disk == feed[: len(on_disk)]
        assert (count - len(on_disk)) * 0.05 <= FLUSH_INTERVAL_S
    writer.flush()
    assert read_session(path).records == feed
    assert read_session(path).cut_short
    writer.close()
    assert not read_session(path).cut_short


@pytest.mark.parametrize("last", [LoggedMark(5, Surface("track")), LinkEvent(5, "lost")])
def test_what_may_be_followed_by_silence_is_on_disk_at_once(
    path: Path, last: SessionRecord
) -> None:
    with SessionWriter(path, HEADER, clock=lambda: 0.0) as writer:
        writer.write_record(Packet(3, "data", b"before"))
        writer.write_record(last)
        assert read_session(path).records == [Packet(3, "data", b"before"), last]


LIVE_FEED = """
    import sys, time
    from devices.records import Packet
    from pipelines.files.session_writer import SessionHeader, SessionWriter

    with SessionWriter(sys.argv[1], SessionHeader(time.time_ns(), "sim:")) as writer:
        start_s, number = time.monotonic(), 0
        while True:
            time.sleep(max(0.0, start_s + number * 0.005 - time.monotonic()))
            writer.write_record(Packet(time.monotonic_ns(), "data", number.to_bytes(8, "little")))
            number += 1
            print(number, time.monotonic_ns(), flush=True)
"""


def test_a_kill_in_mid_session_costs_at_most_a_second(path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(LIVE_FEED), str(path)],
        stdout=subprocess.PIPE,
        text=True,
    ) as feed:
        assert feed.stdout is not None
        for line in feed.stdout:
            if int(line.split()[0]) >= 380:  # 1.9 s of data
                break
        feed.kill()
        written, last_ns = map(int, ([line, *feed.stdout][-1]).split()[:2])
    session = read_session(path)
    numbers = [
        int.from_bytes(record.payload, "little")
        for record in session.records
        if isinstance(record, Packet)
    ]
    assert numbers == list(range(len(session.records)))
    assert written - len(numbers) <= 200
    last = session.records[-1]
    assert isinstance(last, Packet)
    assert last_ns - last.arrival_ns <= 1e9
    assert session.cut_short
    assert "was cut short after" in session.note


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, Session]:
    """A small session of seven chunks with everything in it."""
    path = tmp_path_factory.mktemp("whole") / "whole.mcap"
    clock = SteppedClock()
    with SessionWriter(path, HEADER, clock=clock) as writer:
        writer.write_record(DEVICE)
        writer.write_record(LinkEvent(10**12 - 1, "connected"))
        for index, packet in enumerate(packets(50)):
            clock.now_s += 0.1
            writer.write_record(packet)
            writer.write_facts([GaitChanged(index / 10, "run")])
            if index % 10 == 5:
                writer.write_facts([StepsFinished(index / 10, some_steps(2)), ALERT])
    return path.read_bytes(), read_session(path)


def prefix_of(path: Path, data: bytes, session: Session) -> tuple[bool, bool]:
    """Read damaged data; give whether it was readable at all and whether all of it came back."""
    path.write_bytes(data)
    try:
        part = read_session(path)
    except RecordingError as error:
        assert str(error).startswith(str(path))
        return False, False
    assert part.header == session.header
    assert part.records == session.records[: len(part.records)]
    assert as_text(part.facts) == as_text(session.facts)[: len(part.facts)]
    assert bool(part.note) == part.cut_short
    everything = part.records == session.records and len(part.facts) == len(session.facts)
    assert everything or part.cut_short, "data is missing and nobody says so"
    return True, everything


def test_a_file_cut_anywhere_gives_what_lies_before_the_cut(
    path: Path, whole: tuple[bytes, Session]
) -> None:
    data, session = whole
    counts = []
    for size in [*range(0, len(data), 41), *range(len(data) - 30, len(data))]:
        readable, _ = prefix_of(path, data[:size], session)
        counts.append(len(read_session(path).records) if readable else -1)
    assert counts == sorted(counts)  # never less from a longer file
    assert counts[0] == -1
    assert counts[-1] == len(session.records)


def test_a_flipped_bit_never_passes_for_data_nor_hides_a_loss(
    path: Path, whole: tuple[bytes, Session]
) -> None:
    data, session = whole
    generator = random.Random(11)
    outcomes = set()
    for place in range(0, len(data), 31):
        damaged = bytearray(data)
        damaged[place] ^= 1 << generator.randrange(8)
        outcomes.add(prefix_of(path, bytes(damaged), session))
    assert outcomes == {(False, False), (True, False), (True, True)}


def test_overwritten_and_missing_parts_never_pass_unnoticed(
    path: Path, whole: tuple[bytes, Session]
) -> None:
    data, session = whole
    generator = random.Random(12)
    for _ in range(200):
        start = generator.randrange(len(data))
        length = generator.randrange(1, 2000)
        junk = generator.choice([b"", bytes(length), generator.randbytes(length), b"\xff" * length])
        prefix_of(path, data[:start] + junk + data[start + length :], session)


def test_a_chunk_that_vanishes_whole_does_not_pass_unnoticed(
    path: Path, whole: tuple[bytes, Session]
) -> None:
    data, session = whole
    summary = make_reader(io.BytesIO(data)).get_summary()
    assert summary is not None
    assert len(summary.chunk_indexes) > 5
    start_of_first = summary.chunk_indexes[0].chunk_start_offset
    for chunk in summary.chunk_indexes[1:]:
        start = chunk.chunk_start_offset
        unknown_record = b"\x86" + data[start + 1 :]
        assert prefix_of(path, data[:start] + unknown_record, session) == (True, False)
        removed = data[start + chunk.chunk_length :]
        assert prefix_of(path, data[:start] + removed, session) == (True, False)
        # one flipped bit makes the first index record look like the end of the data
        false_end = bytearray(data[:start])
        false_end[summary.chunk_indexes[0].chunk_length + start_of_first] ^= 0x08
        assert prefix_of(path, bytes(false_end), session) == (True, False)


def test_the_zeros_a_power_cut_leaves_count_as_cut_short(
    path: Path, whole: tuple[bytes, Session]
) -> None:
    data, session = whole
    for size in range(len(data) // 3, len(data) // 2, 50):
        assert prefix_of(path, data[:size] + bytes(5000), session) == (True, False)
        assert "was cut short" in read_session(path).note


def test_a_damaged_index_costs_no_data(path: Path, whole: tuple[bytes, Session]) -> None:
    data, session = whole
    assert prefix_of(path, data[:-100], session) == (True, True)
    assert not read_session(path).cut_short


# --- writing goes wrong ---------------------------------------------------------------------------


class SmallDisk(io.RawIOBase):
    """A file on a disk with room for so many bytes; what does not fit is torn."""

    def __init__(self, path: Path, room: int) -> None:
        self.file = path.open("xb", buffering=0)
        self.room = room

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self.file.fileno()

    def write(self, data: Any) -> int:
        if self.room == 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = self.file.write(bytes(data)[: self.room]) or 0
        self.room -= written
        return written

    def close(self) -> None:
        self.file.close()
        super().close()


@pytest.fixture
def small_disk(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], list[SmallDisk]]:
    def install(room: int) -> list[SmallDisk]:
        made: list[SmallDisk] = []

        def create(path: Path, overwrite: bool) -> SmallDisk:
            made.append(SmallDisk(path, room))
            return made[-1]

        monkeypatch.setattr(recording, "_create", create)
        return made

    return install


def test_a_full_disk_is_said_once_and_the_run_goes_on(
    path: Path, small_disk: Callable[[int], list[SmallDisk]]
) -> None:
    disks = small_disk(6000)
    clock, raised = SteppedClock(), []
    writer = SessionWriter(path, HEADER, clock=clock)
    feed = packets(400)
    for packet in feed:
        clock.now_s += 0.05
        try:
            writer.write_record(packet)
        except RecordingError as error:
            raised.append(error)
    assert len(raised) == 1
    assert writer.error is raised[0]
    assert "the disk is full" in str(writer.error)
    assert "free some space" in str(writer.error)
    disks[0].room = 10**9  # space that comes back must not bring a file with a hole
    size = path.stat().st_size
    writer.write_facts([StepsFinished(1.0, some_steps()), ALERT])
    writer.flush()
    writer.close()
    writer.close()
    assert path.stat().st_size == size == 6000
    assert disks[0].closed
    session = read_session(path)
    assert session.records == feed[: len(session.records)]
    assert len(session.records) > 30
    assert session.cut_short


def test_every_size_of_a_full_disk_leaves_a_readable_file(
    tmp_path: Path, small_disk: Callable[[int], list[SmallDisk]]
) -> None:
    feed = packets(40)
    for room in range(2000, 9500, 375):
        small_disk(room)
        clock = SteppedClock()
        path = tmp_path / f"{room}.mcap"
        writer = SessionWriter(path, HEADER, clock=clock)
        try:
            for packet in feed:
                clock.now_s += 0.2
                writer.write_record(packet)
            writer.close()
        except RecordingError:
            writer.close()
        session = read_session(path)
        assert session.records == feed[: len(session.records)]
        assert session.cut_short or session.records == feed


def test_a_disk_full_at_the_start_leaves_nothing_in_the_way(
    path: Path, small_disk: Callable[[int], list[SmallDisk]]
) -> None:
    disks = small_disk(100)
    with pytest.raises(RecordingError, match="disk is full"):
        SessionWriter(path, HEADER)
    assert disks[0].closed
    assert not path.exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_the_systems_own_full_device_is_reported_in_a_sentence() -> None:
    with pytest.raises(RecordingError, match=r"^/dev/full: the disk is full.*\.$"):
        SessionWriter("/dev/full", HEADER, overwrite=True)


LIMITED_FEED = """
    import resource, sys
    from devices.records import Packet
    from imu.errors import RecordingError
    from pipelines.files.session_writer import SessionHeader, SessionWriter

    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
    now_s = 0.0
    with SessionWriter(sys.argv[1], SessionHeader(0, "sim:"), clock=lambda: now_s) as writer:
        for number in range(500):
            now_s += 0.05
            try:
                writer.write_record(Packet(number, "data", bytes([number % 251]) * 40))
            except RecordingError as error:
                print(number, error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are POSIX")
def test_a_real_limit_of_the_system_tears_no_more_than_the_tail(path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(LIMITED_FEED), str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.count("so this recording ends here") == 1
    assert done.stderr == ""
    session = read_session(path)
    failed = int(done.stdout.split()[0])
    # the record at which it failed may be whole, where the limit hit what was written after it
    assert failed - 11 <= len(session.records) <= failed + 1
    assert [r.arrival_ns for r in session.records if isinstance(r, Packet)] == list(
        range(len(session.records))
    )


def test_a_slow_disk_does_not_hold_up_the_feed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SteppedClock()
    writer = SessionWriter(path, HEADER, clock=clock)
    disk_answers, waiting = threading.Event(), threading.Event()

    def slow_fsync(descriptor: int) -> None:
        waiting.set()
        assert disk_answers.wait(2 * HANG_S)

    monkeypatch.setattr(os, "fsync", slow_fsync)
    feed = packets(40)
    for packet in feed:
        clock.now_s += 0.2
        writer.write_record(packet)
    writer.write_record(LoggedMark(10**13, Surface("grass")))
    assert waiting.wait(HANG_S)
    assert not disk_answers.is_set()
    assert read_session(path).records[:-1] == feed  # safe from a crash of the program meanwhile
    disk_answers.set()
    writer.close()
    assert not read_session(path).cut_short


def test_a_disk_that_fails_in_the_background_is_reported_at_the_next_flush(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = SessionWriter(path, HEADER)

    def broken(descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", broken)
    writer.write_record(LoggedMark(1, Surface("")))
    with pytest.raises(RecordingError, match=r"writing failed \(input/output error\)"):
        writer.flush()
    writer.close()
    assert read_session(path).records == [LoggedMark(1, Surface(""))]


def test_a_file_is_replaced_only_on_demand(path: Path) -> None:
    write(path, list(packets(3)))
    before = path.read_bytes()
    with pytest.raises(RecordingError, match=r"run\.mcap: already exists") as raised:
        write(path, [])
    assert raised.value.path == str(path)
    assert path.read_bytes() == before
    write(path, [LoggedMark(1, Shoe("new"))], overwrite=True)
    assert read_session(path).records == [LoggedMark(1, Shoe("new"))]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="is a folder"):
        SessionWriter(tmp_path, HEADER)
    with pytest.raises(RecordingError, match="there is no folder"):
        SessionWriter(tmp_path / "none" / "run.mcap", HEADER)
    with pytest.raises(RecordingError, match="not a file name"):
        SessionWriter("a\0b", HEADER)


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="this user may write everywhere"
)
def test_no_permission_is_said_in_words(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(RecordingError, match="no permission"):
        SessionWriter(tmp_path / "run.mcap", HEADER)


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS, errno.EPERM])
def test_refusals_of_the_system_become_one_sentence(
    path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(RecordingError, match="no permission to write here"):
        SessionWriter(path, HEADER)


def test_a_closed_session_takes_nothing_silently(path: Path) -> None:
    writer = SessionWriter(path, HEADER)
    writer.close()
    with pytest.raises(RecordingError, match="closed"):
        writer.write_record(DEVICE)


def test_a_record_too_large_is_refused_and_recording_goes_on(path: Path) -> None:
    feed = packets(2)
    with SessionWriter(path, HEADER) as writer:
        writer.write_record(feed[0])
        with pytest.raises(RecordingError, match="does not fit"):
            writer.write_record(Packet(1, "data", bytes(session_messages.MAX_MESSAGE_BYTES + 1)))
        writer.write_record(feed[1])
        large = Packet(2, "data", random.Random(1).randbytes(session_messages.MAX_MESSAGE_BYTES))
        writer.write_record(large)
    assert read_session(path).records == [*feed, large]


def test_an_error_in_the_run_is_not_hidden_by_one_of_the_disk(
    path: Path, small_disk: Callable[[int], list[SmallDisk]]
) -> None:
    disks = small_disk(10**6)
    with pytest.raises(ZeroDivisionError) as raised, SessionWriter(path, HEADER) as writer:
        writer.write_record(DEVICE)
        disks[0].room = 0
        raise ZeroDivisionError
    assert "the disk is full" in raised.value.__notes__[0]


# --- what is not a session ------------------------------------------------------------------------


def foreign_mcap(path: Path) -> None:
    with path.open("wb") as file:
        writer = Writer(file)
        writer.start()
        schema = writer.register_schema("other", "jsonschema", b"{}")
        channel = writer.register_channel("/other", "json", schema)
        writer.add_message(channel, 0, b"{}", 0)
        writer.finish()  # type: ignore[no-untyped-call]


NO_SESSIONS = [
    (b"", "is empty"),
    (b"time_s,acc_x_m_s2\n0.0,1.0\n", "is not a session file"),
    (random.Random(3).randbytes(4000), "is not a session file"),
    (b"\x89MCAP", "ends before anything was recorded"),
    (b"\x89MCAP0\r\n", "ends before anything was recorded"),
    (b"\x89MCAP0\r\n" + b"\xff" * 4000, "is damaged at its beginning"),
]


@pytest.mark.parametrize(("content", "sentence"), NO_SESSIONS)
def test_what_is_no_session_is_refused_in_a_sentence(
    path: Path, content: bytes, sentence: str
) -> None:
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=sentence) as raised:
        read_session(path)
    assert str(raised.value).startswith(f"{path}: ")
    assert raised.value.path == str(path)


def test_other_files_and_places_are_told_apart(path: Path, tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="no such file"):
        read_session(path)
    with pytest.raises(RecordingError, match="is a folder"):
        read_session(tmp_path)
    foreign_mcap(path)
    with pytest.raises(RecordingError, match="another program"):
        read_session(path)


def test_a_newer_form_is_refused_in_one_sentence(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_messages, "FORM", 5)
    write(path, [DEVICE])
    monkeypatch.undo()
    with pytest.raises(RecordingError, match=r"run\.mcap: .* cannot read: update backstride\.$"):
        read_session(path)
    with pytest.raises(RecordingError, match="update backstride"):
        read_header(path)


def test_the_form_and_the_version_that_wrote_it_are_known(path: Path) -> None:
    write(path, [DEVICE])
    session = read_session(path)
    assert session.form == 4
    assert session.header.software.startswith("backstride ")
    assert read_header(path) == session.header


# --- it opens elsewhere ---------------------------------------------------------------------------


def test_a_finished_session_opens_in_other_mcap_programs(path: Path) -> None:
    with SessionWriter(path, HEADER) as writer:
        writer.write_record(DEVICE)
        for packet in packets(20):
            writer.write_record(packet)
        writer.write_record(Packet(10**12 + 10**9, "status", b"ok"))
        writer.write_record(LoggedMark(10**12 + 2 * 10**9, Surface("track")))
        writer.write_facts([StepsFinished(0.0, some_steps(3)), ALERT])
    with path.open("rb") as file:
        reader = make_reader(file, validate_crcs=True)
        summary = reader.get_summary()
        assert summary is not None
        assert summary.statistics is not None
        topics = {channel.topic: channel for channel in summary.channels.values()}
        assert {
            topic: summary.statistics.channel_message_counts[channel.id]
            for topic, channel in topics.items()
        } == {
            "/session": 1,
            "/device": 1,
            "/packets": 1,
            "/marks": 1,
            "/steps": 3,
            "/facts/alert": 1,
        }
        messages = list(reader.iter_messages())
    first_arrival: dict[str, int] = {}
    for schema, channel, message in messages:
        assert schema is not None  # a viewer crashes on a channel without one
        assert message.log_time == message.publish_time  # viewers differ in which they plot over
        first_arrival.setdefault(channel.topic, message.log_time)
        if channel.message_encoding == "json":
            content = json.loads(message.data, parse_constant=pytest.fail)  # no NaN, no Infinity
            properties = json.loads(schema.data)["properties"]
            assert schema.encoding == "jsonschema"
            assert set(content) <= {*properties, "form"}
            numeric = {k for k, kind in properties.items() if kind["type"] in ("number", "integer")}
            assert all(isinstance(content[k], int | float | None) for k in numeric & set(content))
    assert first_arrival["/packets"] == UTC_START_NS
    assert first_arrival["/marks"] == UTC_START_NS + 2 * 10**9
    assert first_arrival["/steps"] == UTC_START_NS
    assert first_arrival["/facts/alert"] == UTC_START_NS + 12_250_000_000


# --- it is private --------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_nobody_else_on_the_computer_may_read_a_recording(path: Path) -> None:
    write(path, [DEVICE])
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    write(path, [DEVICE], overwrite=True)
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(sys.platform == "win32", reason="Windows puts no folder on the disk")
def test_the_name_of_a_recording_is_on_the_disk_before_its_content(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import stat

    synced = []
    real = os.fsync

    def noticed(descriptor: int) -> None:
        synced.append(stat.S_ISDIR(os.fstat(descriptor).st_mode))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", noticed)
    write(path, [DEVICE])
    assert synced[0]
    assert synced.count(False) >= 2
