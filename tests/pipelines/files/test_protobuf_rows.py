"""Rows of numbers are messages that anybody's Protocol Buffers read with what the file says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from mcap.reader import make_reader

from imu.steps import STEP_ROW, Steps
from pipelines.files.protobuf_rows import RowMessage
from pipelines.files.session_writer import SessionWriter
from pipelines.session.facts import StepsFinished
from pipelines.session.header import SessionHeader

MANY = RowMessage("backstride.Many", tuple((f"column_{n}", "f8") for n in range(40)))


@given(values=arrays.arrays(np.float64, st.tuples(st.integers(0, 5), st.just(40))))
def test_numbers_come_back_to_the_bit(values: Any) -> None:
    rows = MANY.rows(len(values))
    for number in range(40):
        rows[f"column_{number}"] = values[:, number]
    read = MANY.decode(MANY.encode(rows))
    for number in range(40):
        assert read[f"column_{number}"].tobytes() == values[:, number].tobytes()


@pytest.mark.parametrize("place", [0, 9, 135, 136])
def test_what_is_no_such_message_is_refused(place: int) -> None:
    [message] = MANY.encode(MANY.rows(1))
    flipped = bytearray(message)
    flipped[place] ^= 1
    for wrong in [message[:-1], message + b"\0", bytes(flipped)]:
        with pytest.raises(ValueError, match=r"is no backstride\.Many"):
            MANY.decode([message, wrong])


def test_a_library_that_knows_the_file_alone_reads_the_steps(tmp_path: Path) -> None:
    pytest.importorskip("google.protobuf")
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    rows = np.zeros(3, STEP_ROW)
    rows["step"] = 7, 8, 9
    rows["contact_time_ms"] = 251.25, np.nan, 0.1 + 0.2
    rows["yaw_rate_deg_s"] = -3.5
    path = tmp_path / "run.mcap"
    with SessionWriter(path, SessionHeader(0, "sim:")) as writer:
        writer.write_facts([StepsFinished(2.5, Steps(rows))])
    with path.open("rb") as file:
        messages = list(make_reader(file).iter_messages(topics=["/steps"]))
    schema = messages[0][0]
    assert schema is not None
    assert schema.encoding == messages[0][1].message_encoding == "protobuf"
    files: Any = descriptor_pb2.FileDescriptorSet()
    files.ParseFromString(schema.data)
    pool: Any = descriptor_pool.DescriptorPool()
    pool.Add(files.file[0])
    kind: Any = message_factory.GetMessageClass(pool.FindMessageTypeByName(schema.name))
    read = [kind.FromString(message.data) for _, _, message in messages]
    assert [step.step for step in read] == [7, 8, 9]
    assert [step.more for step in read] == [2, 1, 0]
    assert np.array([step.contact_time_ms for step in read]).tobytes() == (
        rows["contact_time_ms"].tobytes()
    )
    assert [step.yaw_rate_deg_s for step in read] == [-3.5] * 3
    assert all(step.time_s == 2.5 for step in read)
