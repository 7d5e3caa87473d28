"""What a runner is promised of a recording: a disk that fails is told once, in a sentence."""

from __future__ import annotations

import errno
import os
import random
import sys
import textwrap
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from devices.records import Packet
from imu.errors import RecordingError
from pipelines.files import session_messages
from pipelines.files import session_writer as recording
from pipelines.files.session_reader import read_session
from pipelines.files.session_writer import SessionWriter
from pipelines.session.facts import StepsFinished
from pipelines.session.marks import (
    LoggedMark,
    Shoe,
    Surface,
)
from tests.patience import HANG_S
from tests.pipelines.files.recordings import (
    ALERT,
    DEVICE,
    HEADER,
    SteppedClock,
    packets,
    some_steps,
    write,
)
from tests.pipelines.small_disk import SmallDisk
from tests.warm_process import finished


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.mcap"


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


def test_what_a_disk_says_only_as_the_file_is_closed_is_told(
    path: Path, small_disk: Callable[[int], list[SmallDisk]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    made, writer = small_disk(10**6), SessionWriter(path, HEADER)
    monkeypatch.setattr(made[0], "close", refuse)
    with pytest.raises(RecordingError, match="the disk is full"):
        writer.close()
    made[0].file.close()


@pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be removed there")
def test_a_recording_that_is_removed_is_told_and_not_said_to_be_kept(path: Path) -> None:
    clock = SteppedClock()
    writer = SessionWriter(path, HEADER, clock=clock)
    first, second, *_ = packets(3)
    writer.write_record(first)
    path.unlink()
    clock.now_s += 2.0
    with pytest.raises(RecordingError, match="was removed while it was written"):
        writer.write_record(second)
    writer.write_record(second)  # told once: the run goes on
    writer.close()
    again = SessionWriter(path, HEADER, clock=clock)
    path.unlink()
    with pytest.raises(RecordingError, match="leave a recording where it is"):
        again.close()


@pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be moved there")
@pytest.mark.parametrize("kind", ["moved", "moved and replaced", "replaced"])
def test_another_file_in_its_place_is_not_said_to_be_the_recording(path: Path, kind: str) -> None:
    clock = SteppedClock()
    writer = SessionWriter(path, HEADER, clock=clock)
    kept = path.with_name("kept.mcap")
    if kind == "replaced":
        path.unlink()
    else:
        path.rename(kept)
    if "replaced" in kind:
        path.write_bytes(b"of another program")
    clock.now_s += 2.0
    if kind == "replaced":
        with pytest.raises(RecordingError, match="was removed while it was written"):
            writer.write_record(packets(1)[0])
        writer.close()
        assert not writer.in_place
        return
    writer.write_record(packets(1)[0])
    with pytest.raises(RecordingError, match="moved while it was written, and lies, whole, where"):
        writer.close()
    assert not writer.in_place
    assert list(read_session(kept).records) == packets(1)


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_a_recording_that_another_program_cuts_is_told_and_loses_no_more(
    path: Path, share: float
) -> None:
    clock, raised, feed = SteppedClock(), [], packets(200)
    writer = SessionWriter(path, HEADER, clock=clock)
    writer.write_record(DEVICE)
    for packet in feed:
        clock.now_s += 0.05
        if packet is feed[100]:
            os.truncate(path, int(share * path.stat().st_size))
        try:
            writer.write_record(packet)
        except RecordingError as error:
            raised.append(str(error))
    writer.close()
    assert len(raised) == 1
    assert "another program made the recording shorter" in raised[0]
    session = read_session(path)
    assert session.header == HEADER
    assert [one for one in session.records if one != DEVICE][-100:] == feed[100:]
    assert DEVICE in session.records  # without it nothing can be replayed
    assert "the recording is damaged" in session.note


def test_a_full_disk_is_said_once_and_the_run_goes_on(
    path: Path, small_disk: Callable[[int], list[SmallDisk]]
) -> None:
    disks = small_disk(6300)
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
    assert path.stat().st_size == size == 6300
    assert disks[0].closed
    session = read_session(path)
    assert session.records == feed[: len(session.records)]
    assert len(session.records) > 30
    assert session.cut_short


def test_every_size_of_a_full_disk_leaves_a_readable_file(
    tmp_path: Path, small_disk: Callable[[int], list[SmallDisk]]
) -> None:
    feed = packets(40)
    for room in range(2300, 9800, 375):
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
    from pipelines.files.session_writer import SessionWriter
    from pipelines.session.header import SessionHeader

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
    done = finished([sys.executable, "-c", textwrap.dedent(LIMITED_FEED), str(path)])
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("so this recording ends here") == 1
    assert done.stderr == ""
    session = read_session(path)
    failed = int(done.stdout.split()[0])
    # the record at which it failed may be whole, where the limit hit what was written after it
    assert failed - 17 <= len(session.records) <= failed + 1
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
    with pytest.raises(RecordingError, match=r"writing failed \(Input/output error\)"):
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
