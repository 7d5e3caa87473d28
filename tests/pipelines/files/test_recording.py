"""What a runner is promised of a recording: it is exact, private, and opens elsewhere."""

from __future__ import annotations

import json
import os
import random
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mcap.reader import make_reader
from mcap.writer import Writer

from devices.records import DeviceInfo, LinkEvent, Packet
from imu.errors import RecordingError
from pipelines.files import session_messages
from pipelines.files.session_reader import read_header, read_session
from pipelines.files.session_writer import SessionWriter
from pipelines.session.facts import Fact, GaitChanged, StepsFinished
from pipelines.session.header import SessionHeader
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
from tests.examples import few
from tests.pipelines.files.recordings import (
    ALERT,
    DEVICE,
    HEADER,
    UTC_START_NS,
    SteppedClock,
    as_text,
    packets,
    some_steps,
    write,
)
from tests.pipelines.results import steps_in


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


@settings(max_examples=few(25), deadline=None)
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
    assert steps_in(read).rows.tobytes() == steps.rows.tobytes()


def test_facts_and_marks_of_another_version_cost_nothing_else(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def of_the_future(value: Any) -> bytes:
        return b'{"kind":"blisters","place":["left","heel"]}'

    feed = packets(4)
    with SessionWriter(path, HEADER) as writer:
        monkeypatch.setattr(session_messages, "encode", of_the_future)
        writer.write_record(feed[0])
        writer.write_facts([ALERT, StepsFinished(2.0, some_steps(2))])
        writer.write_record(LoggedMark(10**12, Neutral()))
        writer.write_record(feed[1])
    session = read_session(path)
    told = LoggedMark(10**12, Unknown("blisters", of_the_future(0).decode()))
    assert session.records == [feed[0], told, feed[1]]
    assert session.facts == []  # all or none: nobody is to take a part for the whole
    assert session.held_facts
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
            "/session": 2,
            "/device": 1,
            "/device/again": 1,
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
