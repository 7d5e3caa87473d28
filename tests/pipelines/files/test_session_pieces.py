"""A session is read piece by piece: the log is the same, and nothing of it stays behind."""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest
from mcap.reader import make_reader

from devices.records import DeviceInfo, LinkEvent, Packet, StreamRecord
from pipelines.files.session_reader import open_session, read_session
from pipelines.files.session_writer import SessionWriter
from pipelines.session.header import SessionHeader
from pipelines.session.marks import LoggedMark, SessionRecord, Shoe

SECOND_NS = 10**9


def log() -> Iterator[SessionRecord]:
    """A minute of packets, a treadmill beside them, and a mark."""
    yield DeviceInfo("sensor", "backstride", 200.0, 156.9, 34.9)
    yield LinkEvent(0, "connected", "sensor")
    for k in range(600):
        now_ns = k * SECOND_NS // 10
        yield Packet(now_ns, "data", bytes([k % 256, 7]))
        if k % 7 == 3:
            yield StreamRecord("treadmill", Packet(now_ns, "data", bytes([k % 256])))
        if k == 300:
            yield LoggedMark(now_ns, Shoe("blue"))
    yield StreamRecord("treadmill", LinkEvent(60 * SECOND_NS, "lost", "away"))


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pieces") / "run.mcap"
    now_s = 0.0
    with SessionWriter(path, SessionHeader(0, "test"), clock=lambda: now_s) as writer:
        for record in log():
            if not isinstance(record, DeviceInfo):
                now_s = record.arrival_ns / 1e9
            writer.write_record(record)
    return path


@pytest.mark.parametrize("least", [1, 50, 10_000])
def test_the_pieces_of_a_session_are_its_log(recorded: Path, least: int) -> None:
    with open_session(recorded) as file:
        pieces = list(file.pieces(least))
        known = file.session([])
    assert list(chain.from_iterable(pieces)) == list(log()) == read_session(recorded).records
    assert all(len(piece) >= least for piece in pieces[:-1])
    assert max(map(len, pieces)) < least + 150  # nothing gathers beside what was asked for
    assert not known.cut_short
    assert known.records == []


def test_a_torn_session_says_how_much_of_it_was_read_piece_by_piece(
    recorded: Path, tmp_path: Path
) -> None:
    data = recorded.read_bytes()
    torn = tmp_path / "torn.mcap"
    torn.write_bytes(data[: len(data) // 2])
    with open_session(torn) as file:
        read = list(chain.from_iterable(file.pieces(20)))
        known = file.session([])
    assert read == list(log())[: len(read)]
    assert 20 < len(read) < len(list(log()))
    assert f"({len(read)} records)" in known.note
    assert known.note == read_session(torn).note


def test_what_came_beside_the_sensor_keeps_its_place_behind_a_hole(
    recorded: Path, tmp_path: Path
) -> None:
    data = recorded.read_bytes()
    summary = make_reader(io.BytesIO(data)).get_summary()
    assert summary is not None
    whole = list(log())
    for index in (2, len(summary.chunk_indexes) // 2):
        chunk = summary.chunk_indexes[index]
        middle = chunk.chunk_start_offset + chunk.chunk_length // 2
        damaged = tmp_path / "damaged.mcap"
        damaged.write_bytes(data[:middle] + b"\xff" * 4 + data[middle + 4 :])
        read = read_session(damaged).records
        lost = len(whole) - len(read)
        before = next(k for k, record in enumerate(read) if record != whole[k])
        assert read == whole[:before] + whole[before + lost :]
        assert 0 < lost < 30
