"""Reading passes over the decoded samples of a session without losing or inventing anything."""

from __future__ import annotations

import struct
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.records import Packet
from imu.samples import Samples
from imu.steps import STEP_ROW, Steps
from pipelines.files import session_messages
from pipelines.files import session_writer as recording
from pipelines.files.session_reader import read_session
from pipelines.files.session_writer import SessionHeader, SessionWriter

UTC_START_NS = 1_790_000_000_000_000_000
RATE_HZ = 200.0


def looks_like_samples(channel: int, lengths: list[int]) -> bytes:
    """Bytes of a packet that read like the heads of messages in the file itself."""
    head = b"".join(struct.pack("<BQH", 5, length, channel) for length in lengths)
    return head + bytes(max([0, *lengths]))


payloads = st.one_of(
    st.binary(max_size=40),
    st.builds(
        looks_like_samples, st.integers(0, 5), st.lists(st.integers(0, 400), min_size=1, max_size=4)
    ),
)


@settings(max_examples=60, deadline=None)
@given(
    pieces=st.lists(
        st.one_of(payloads, st.integers(1, 7)), max_size=30
    ),  # a packet, or so many samples
    gyro=st.booleans(),
)
def test_samples_between_packets_of_any_bytes_are_all_counted_and_no_packet_is_touched(
    pieces: list[bytes | int], gyro: bool
) -> None:
    packets: list[Packet] = []
    written = 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.mcap"
        with SessionWriter(path, SessionHeader(UTC_START_NS, "sim:")) as writer:
            for piece in pieces:
                if isinstance(piece, bytes):
                    packets.append(Packet(len(packets) * 1_000_000, "data", piece))
                    writer.write_record(packets[-1])
                    continue
                times = (written + np.arange(piece)) / RATE_HZ
                force = np.tile([0.1, -2.0, 9.81], (piece, 1))
                writer.write_samples(Samples(times, force, force if gyro else None))
                written += piece
        session = read_session(path)
        read_back = list(session.samples())
    # the file's own statistics count every message: a sample too many or too few would show
    assert session.note == ""
    assert session.records == packets
    assert sum(map(len, read_back)) == written
    if written:
        times = np.concatenate([block.time_s for block in read_back])
        np.testing.assert_allclose(times, np.arange(written) / RATE_HZ, atol=1e-6)


def test_steps_before_one_that_is_not_sound_are_kept_and_the_damage_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = np.zeros(5, STEP_ROW)
    rows["step"] = np.arange(1, 6)

    def encode(steps: Steps) -> list[bytes]:
        messages = session_messages.encode_steps(steps)
        messages[3] = messages[3].replace(b'"side":"', b'"side":"?')
        return messages

    monkeypatch.setattr(recording, "encode_steps", encode)
    path = tmp_path / "run.mcap"
    with SessionWriter(path, SessionHeader(UTC_START_NS, "sim:")) as writer:
        writer.write_record(Packet(0, "data", b"first"))
        writer.write_steps(Steps(rows))
    session = read_session(path)
    assert session.steps.rows["step"].tolist() == [1, 2, 3]
    assert session.cut_short
    assert "is damaged" in session.note
