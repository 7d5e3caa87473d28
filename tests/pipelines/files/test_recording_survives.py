"""What a runner is promised of a recording: a crash costs a second, damage is told."""

from __future__ import annotations

import io
import random
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import pytest
from mcap.reader import make_reader
from msgspec.structs import replace

from devices.records import LinkEvent, Packet, StreamRecord
from imu.errors import RecordingError
from pipelines.files.session_reader import Session, read_session
from pipelines.files.session_writer import SessionWriter
from pipelines.session.facts import GaitChanged, StepsFinished
from pipelines.session.marks import (
    LoggedMark,
    SessionRecord,
    Surface,
)
from tests.pipelines.files.recordings import (
    ALERT,
    DEVICE,
    HEADER,
    SteppedClock,
    as_text,
    packets,
    some_steps,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.mcap"


def test_everything_is_on_disk_within_a_second(path: Path) -> None:
    clock = SteppedClock()
    writer = SessionWriter(path, HEADER, clock=clock)
    assert read_session(path).header == HEADER  # the header at once
    feed = packets(30)
    for count, packet in enumerate(feed, start=1):
        clock.now_s += 0.05
        writer.write_record(packet)
        on_disk = read_session(path).records
        assert on_disk == feed[: len(on_disk)]
        # the next packet may come late, and what is to be written wait for a processor
        assert (count - len(on_disk)) * 0.05 + 0.15 < 1.0
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


@dataclass(frozen=True)
class Whole:
    """A file that nothing has happened to, what it holds, and its facts as text."""

    data: bytes
    session: Session
    facts: list[bytes]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """A small session of thirteen chunks with everything in it."""
    path = tmp_path_factory.mktemp("whole") / "whole.mcap"
    clock = SteppedClock()
    with SessionWriter(path, HEADER, clock=clock) as writer:
        writer.write_record(DEVICE)
        writer.write_record(LinkEvent(10**12 - 1, "connected"))
        for index, packet in enumerate(packets(50)):
            clock.now_s += 0.25
            writer.write_record(replace(packet, arrival_ns=10**12 + index * 250_000_000))
            writer.write_facts([GaitChanged(index / 10, "run")])
            if index % 10 == 5:
                writer.write_facts([StepsFinished(index / 10, some_steps(2)), ALERT])
    session = read_session(path)
    return Whole(path.read_bytes(), session, as_text(session.facts))


def part_of(path: Path, data: bytes, whole: Whole) -> Session | None:
    """Read damaged data, which give a part of what was written, in order, or nothing."""
    path.write_bytes(data)
    try:
        part = read_session(path)
    except RecordingError as error:
        assert str(error).startswith(str(path))
        return None
    assert part.header == whole.session.header
    written = iter(whole.session.records)
    assert all(record in written for record in part.records)
    assert as_text(part.facts) == whole.facts[: len(part.facts)]
    assert bool(part.note) == part.cut_short
    assert is_whole(part, whole) or part.cut_short, "data is missing and nobody says so"
    return part


def is_whole(part: Session, whole: Whole) -> bool:
    found = len(part.records), len(part.facts)
    return found == (len(whole.session.records), len(whole.facts))


def outcome(path: Path, data: bytes, whole: Whole) -> tuple[bool, bool]:
    """Whether damaged data were readable at all and whether all of them came back."""
    part = part_of(path, data, whole)
    return part is not None, part is not None and is_whole(part, whole)


def test_a_file_cut_anywhere_gives_what_lies_before_the_cut(path: Path, whole: Whole) -> None:
    data = whole.data
    counts = []
    for size in [*range(0, len(data), 97), *range(len(data) - 30, len(data))]:
        part = part_of(path, data[:size], whole)
        counts.append(-1 if part is None else len(part.records))
    assert counts == sorted(counts)  # never less from a longer file
    assert counts[0] == -1
    assert counts[-1] == len(whole.session.records)


def test_a_flipped_bit_never_passes_for_data_nor_hides_a_loss(path: Path, whole: Whole) -> None:
    data = whole.data
    generator = random.Random(11)
    outcomes = set()
    for place in range(0, len(data), 71):
        damaged = bytearray(data)
        damaged[place] ^= 1 << generator.randrange(8)
        outcomes.add(outcome(path, bytes(damaged), whole))
    assert outcomes == {(False, False), (True, False), (True, True)}


def test_overwritten_and_missing_parts_never_pass_unnoticed(path: Path, whole: Whole) -> None:
    data = whole.data
    generator = random.Random(12)
    for _ in range(120):
        start = generator.randrange(len(data))
        length = generator.randrange(1, 2000)
        junk = generator.choice([b"", bytes(length), generator.randbytes(length), b"\xff" * length])
        part_of(path, data[:start] + junk + data[start + length :], whole)


def test_a_chunk_that_vanishes_whole_does_not_pass_unnoticed(path: Path, whole: Whole) -> None:
    data = whole.data
    summary = make_reader(io.BytesIO(data)).get_summary()
    assert summary is not None
    assert len(summary.chunk_indexes) > 10
    start_of_first = summary.chunk_indexes[0].chunk_start_offset
    for chunk in summary.chunk_indexes[1:]:
        start = chunk.chunk_start_offset
        unknown_record = b"\x86" + data[start + 1 :]
        assert outcome(path, data[:start] + unknown_record, whole) == (True, False)
        removed = data[start + chunk.chunk_length :]
        assert outcome(path, data[:start] + removed, whole) == (True, False)
        # one flipped bit makes the first index record look like the end of the data
        false_end = bytearray(data[:start])
        false_end[summary.chunk_indexes[0].chunk_length + start_of_first] ^= 0x08
        assert outcome(path, bytes(false_end), whole) == (True, False)


def test_damage_costs_what_lies_in_the_chunk_that_it_touches(path: Path, whole: Whole) -> None:
    data, records = whole.data, whole.session.records
    summary = make_reader(io.BytesIO(data)).get_summary()
    assert summary is not None
    generator = random.Random(13)
    before = 0
    for index, chunk in enumerate(summary.chunk_indexes):
        start, end = chunk.chunk_start_offset, chunk.chunk_start_offset + chunk.chunk_length
        until = len(part.records) if (part := part_of(path, data[:end], whole)) else 0
        # of its head, its lengths, what it holds and what stands behind it
        places = (start, start + 1, start + 3, start + 9, start + 37, start + 46, end - 1, end + 2)
        for place in places if index else ():
            gone = 80 if place == start + 46 else 3
            for other in (data[:place] + data[place + gone :], data[:place] + b"ab" + data[place:]):
                session = part_of(path, other, whole)  # bytes that are missing, or too many
                assert session is not None
                assert len(session.records) >= len(records) - (until - before), place - start
            damaged = bytearray(data)
            length = generator.choice([1, 1, 4])
            damaged[place : place + length] = bytes(255 - each for each in data[place:][:length])
            session = part_of(path, bytes(damaged), whole)
            assert session is not None
            rest = records[:before] + records[until:]
            if index == 1:  # the device is told again
                rest = [DEVICE, *rest]
            assert session.records in (rest, records), (index, place - start)
            if 4 < before < until < len(records) and session.records == rest:
                lost_s = (until - before + 1) * 0.25
                told = float(session.note.partition(", where ")[2].partition(" s are")[0])
                assert told == pytest.approx(lost_s, abs=0.3)
                assert f"everything else ({len(rest)} records) was read" in session.note
        before = until


def test_damage_of_a_file_without_its_end_costs_its_chunk(path: Path, whole: Whole) -> None:
    summary = make_reader(io.BytesIO(whole.data)).get_summary()
    assert summary is not None
    chunks = summary.chunk_indexes
    for chunk in chunks[:-1]:  # what only the first pieces told of is told again
        damaged = bytearray(whole.data[: chunks[-1].chunk_start_offset])
        damaged[chunk.chunk_start_offset + 70] ^= 1
        part = part_of(path, bytes(damaged), whole)
        assert part is not None
        assert DEVICE in part.records
        assert len(part.records) >= len(whole.session.records) - 13
        assert "is damaged" in part.note
    assert whole.session.records.count(DEVICE) == 1  # nothing is read twice


def test_a_kind_of_record_that_comes_late_is_told_of_again_too(path: Path) -> None:
    marks = [LoggedMark(10**12 + second * 10**9, Surface("track")) for second in range(4)]
    with SessionWriter(path, HEADER) as writer:
        for mark in marks:
            writer.write_record(
                Packet(mark.arrival_ns, "data", random.Random(1).randbytes(150_000))
            )
            writer.write_record(mark)
            writer.write_record(mark)
    summary = make_reader(io.BytesIO(path.read_bytes())).get_summary()
    assert summary is not None
    end = summary.chunk_indexes[-1]
    for chunk in summary.chunk_indexes[1:-1]:
        damaged = bytearray(path.read_bytes()[: end.chunk_start_offset + end.chunk_length])
        damaged[chunk.chunk_start_offset + 70] ^= 1
        (path.parent / "damaged.mcap").write_bytes(damaged)
        found = read_session(path.parent / "damaged.mcap").records
        assert len(found) >= 3 * len(marks) - 3


def test_zeros_behind_what_looks_like_the_end_of_the_data_are_no_end(
    path: Path, whole: Whole
) -> None:
    data = bytearray(whole.data)
    summary = make_reader(io.BytesIO(whole.data)).get_summary()
    assert summary is not None
    chunk = summary.chunk_indexes[5]
    middle = chunk.chunk_start_offset + chunk.chunk_length // 2
    data[middle : middle + 40] = b"\x0f\x04" + bytes(38)
    part = part_of(path, bytes(data), whole)
    assert part is not None
    assert part.records[-1] == whole.session.records[-1]


def test_the_zeros_a_power_cut_leaves_count_as_cut_short(path: Path, whole: Whole) -> None:
    data = whole.data
    for size in range(len(data) // 4, len(data) // 3, 50):
        part = part_of(path, data[:size] + bytes(5000), whole)
        assert part is not None
        assert not is_whole(part, whole)
        assert "was cut short" in part.note


def test_a_damaged_index_costs_no_data(path: Path, whole: Whole) -> None:
    data = whole.data
    assert outcome(path, data[:-100], whole) == (True, True)
    assert not read_session(path).cut_short


def test_streams_keep_their_place_behind_a_hole(path: Path) -> None:
    """One that was written before the hole, and stood within it, tells nothing of what follows."""

    def packet(k: int) -> Packet:
        return Packet(k * 50_000_000, "data", bytes((k,)))

    def beside(k: int) -> StreamRecord:
        return StreamRecord("treadmill", Packet(k * 50_000_000 - 1, "data", bytes((k,))))

    parts: list[list[SessionRecord]] = [
        [DEVICE, packet(1), beside(2)],
        [packet(k) for k in range(2, 10)],  # is lost
        [*map(packet, range(10, 15)), beside(15), *map(packet, range(15, 20))],
        [*map(packet, range(20, 25)), beside(25), *map(packet, range(25, 30))],
    ]
    sizes = []
    with SessionWriter(path, HEADER, clock=SteppedClock()) as writer:
        for part in parts:
            for record in part:
                writer.write_record(record)
            writer.flush()
            sizes.append(path.stat().st_size)
    assert list(read_session(path).records) == [*chain(*parts)]
    data = path.read_bytes()
    path.write_bytes(data[: sizes[0]] + bytes(sizes[1] - sizes[0]) + data[sizes[1] :])
    assert list(read_session(path).records) == [*chain(parts[0], *parts[2:])]
