"""The published vectors are up to date, and both codecs agree with them."""

from __future__ import annotations

import json
import struct
from itertools import chain

import numpy as np
import pytest

from devices.drivers.registry import PROTOCOLS, driver_named
from devices.protocols.cobs import Deframer
from devices.readings import Reading
from devices.receiver import Receiver
from devices.records import DeviceInfo, Packet
from imu.errors import ProtocolError
from tests.devices.firmware import MESSAGES, Command, compiled, decoded, encoded, exchange
from tests.devices.golden_vectors import FOLDER, Line, files, in_order

LINES: list[Line] = [
    json.loads(line)
    for path in sorted(FOLDER.glob("*.jsonl"))
    for line in path.read_text("utf-8").splitlines()
]


def of_kind(kind: str) -> list[Line]:
    return [line for line in LINES if line["kind"] == kind]


def name_of(line: Line) -> str:
    return f"{line['protocol']}: {line['name']}"


def test_the_files_are_up_to_date() -> None:
    written = {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.jsonl")}
    assert written == files(), "python -m tests.devices.golden_vectors"
    assert {line["protocol"] for line in LINES} == set(PROTOCOLS)
    assert {line["message"] for line in of_kind("message")} == set(MESSAGES)


def test_python_reads_and_writes_every_message() -> None:
    for line in of_kind("message"):
        message, payload = MESSAGES[line["message"]], bytes.fromhex(line["bytes"])
        if line["expected"] is None:
            with pytest.raises(ProtocolError):
                message.decode(payload)
            continue
        fields = in_order(line["message"], line["expected"])
        assert list(message.decode(payload)) == fields, line["name"]
        assert message.encode(fields) == payload, line["name"]


def test_c_reads_and_writes_every_message() -> None:
    compiled()
    lines = of_kind("message")
    letters = [MESSAGES[line["message"]].letter for line in lines]
    payloads = [bytes.fromhex(line["bytes"]) for line in lines]
    read = decoded(exchange(map(Command.decode, letters, payloads)), len(lines))
    for line, values in zip(lines, read, strict=True):
        fields = [] if line["expected"] is None else in_order(line["message"], line["expected"])
        assert [field % (1 << 64) for field in fields] == values, line["name"]
    whole = [line for line in lines if line["expected"] is not None]
    asked = [
        Command.encode(
            MESSAGES[line["message"]].letter, in_order(line["message"], line["expected"])
        )
        for line in whole
    ]
    assert [each.hex() for each in encoded(exchange(asked), len(asked))] == [
        line["bytes"] for line in whole
    ]


@pytest.mark.parametrize("line", of_kind("line"), ids=name_of)
def test_both_find_the_frames_of_a_line(line: Line) -> None:
    heard, expected = bytes.fromhex(line["bytes"]), line["expected"]
    deframer = Deframer()
    found = [content.hex() for content in deframer.push(heard)]
    assert {"contents": found, "rejected": deframer.rejected} == expected
    compiled()
    answers = exchange([Command("S", 0, heard, len(heard))])
    contents = [bytes.fromhex(each) for each in expected["contents"]]
    sizes = chain.from_iterable((struct.pack("<I", len(each)), each) for each in contents)
    assert bytes(answers) == struct.pack("<II", expected["rejected"], len(contents)) + b"".join(
        sizes
    )


@pytest.mark.parametrize("line", of_kind("stream"), ids=name_of)
def test_a_stream_gives_the_samples_that_went_in(line: Line) -> None:
    info = DeviceInfo("golden", line["protocol"], **line["sensor"])
    decoder = driver_named(line["protocol"]).decoder(info)
    receiver = Receiver(info)
    readings: list[Reading] = []
    for arrival_ns, channel, payload in line["packets"]:
        packet = Packet(arrival_ns, channel, bytes.fromhex(payload))
        readings += [each for each in decoder.push(packet) if isinstance(each, Reading)]
        receiver.push(packet)
    expected = line["expected"]
    acceleration = np.concatenate([each.acceleration_m_s2 for each in readings])
    # nine digits are written; Movesense's own are single precision
    np.testing.assert_allclose(acceleration, expected["acceleration_m_s2"], rtol=1e-7, atol=1e-7)
    if expected["angular_velocity_rad_s"] is None:
        assert readings[0].angular_velocity_rad_s is None
    else:
        gyro = np.concatenate([np.asarray(each.angular_velocity_rad_s) for each in readings])
        wanted = np.array(expected["angular_velocity_rad_s"])
        known = ~np.isnan(gyro)  # Polar's is interpolated, and not known before its first
        assert known.mean() > 0.97
        np.testing.assert_allclose(gyro[known], wanted[known], rtol=1e-6, atol=1e-6)
    if "sequences" in expected:
        assert [each.sequence for each in readings] == expected["sequences"]
        assert receiver.losses.lost == expected["lost"]
    assert decoder.malformed_packets == 0


def test_the_profiles_document_is_up_to_date() -> None:
    from tests.devices.profile_document import DOCUMENT, document

    assert DOCUMENT.read_text("utf-8") == document(), "python -m tests.devices.profile_document"
