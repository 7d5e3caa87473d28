"""Logged runs: round trips, what has come and what is missing, and logs that were cut off."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from devices.protocols.backstride import (
    ACCELERATION_RANGES_G,
    ANGULAR_VELOCITY_RANGES_DEG_S,
    DataPacket,
    encode_data,
)
from devices.protocols.backstride_log import (
    BulkMessage,
    LogEntry,
    LogFlag,
    PartialLog,
    RangeMap,
    decode_bulk,
    decode_log_entry,
    device_info_of,
    encode_bulk,
    encode_log_entry,
    join_log,
    split_log,
)
from devices.protocols.cobs import crc16
from devices.receiver import Receiver
from imu.errors import ParameterError, ProtocolError
from imu.samples import STANDARD_GRAVITY_M_S2

u16, u32 = st.integers(0, 2**16 - 1), st.integers(0, 2**32 - 1)

entries = st.builds(
    LogEntry,
    u16,
    u32,
    u32,
    u16.map(lambda tenths: tenths / 10),
    u32,
    st.sampled_from(ACCELERATION_RANGES_G),
    st.sampled_from((0, *ANGULAR_VELOCITY_RANGES_DEG_S)),
    st.integers(0, 2**10 - 1).map(lambda bits: bits << 6),
    u16,
)


def data_messages(n: int, first_us: int = 0) -> list[bytes]:
    """A second and more of messages of ten samples at 200 Hz, all different."""
    return [
        encode_data(
            DataPacket(
                0,
                0,
                10 * k % 65536,
                (first_us + 50_000 * k) % 2**32,
                np.full((10, 6), k, np.int16),
            )
        )
        for k in range(n)
    ]


def entry_of(content: bytes) -> LogEntry:
    return LogEntry(3, 1_700_000_000, len(content), 200.0, 0, 16, 2000, 0, crc16(content))


@given(entries)
def test_entry_round_trip_keeps_unknown_flags(entry: LogEntry) -> None:
    payload = encode_log_entry(entry)
    assert len(payload) == 20
    assert decode_log_entry(payload) == entry


def test_entry_bytes_are_as_described() -> None:
    entry = LogEntry(1, 2, 3, 200.0, 4, 16, 2000, int(LogFlag.CLOSED), 0xABCD)
    golden = bytes.fromhex("0100 02000000 03000000 d007 04000000 2301 cdab")
    assert encode_log_entry(entry) == golden
    assert decode_log_entry(golden) == entry


@pytest.mark.parametrize(
    "changes",
    [{"acceleration_range_g": 7}, {"angular_velocity_range_deg_s": 3}, {"log_id": 65536}],
)
def test_an_entry_that_does_not_fit_is_not_encoded(changes: dict[str, int]) -> None:
    with pytest.raises(ProtocolError):
        encode_log_entry(replace(entry_of(b"abc"), **changes))


@given(u16, u32, st.binary(min_size=1, max_size=300))
def test_bulk_round_trip(log_id: int, offset: int, content: bytes) -> None:
    message = BulkMessage(log_id, offset, content)
    assert decode_bulk(encode_bulk(message)) == message


@given(st.binary(max_size=24))
def test_garbage_raises_protocol_errors_only(payload: bytes) -> None:
    for decode in (decode_bulk, decode_log_entry):
        try:
            decode(payload)
        except ProtocolError as error:
            assert str(error).endswith(".")


class RangeMapIsASetOfBytes(RuleBasedStateMachine):
    """Whatever comes in whatever order: the map knows what a set of single bytes would know."""

    size = 60

    def __init__(self) -> None:
        super().__init__()
        self.map = RangeMap(self.size)
        self.bytes: set[int] = set()

    @rule(span=st.tuples(st.integers(0, 60), st.integers(0, 60)).map(sorted))
    def add(self, span: list[int]) -> None:
        self.map.add(*span)
        self.bytes |= set(range(*span))

    @rule(span=st.tuples(st.integers(0, 60), st.integers(0, 60)).map(sorted))
    def discard(self, span: list[int]) -> None:
        self.map.discard(*span)
        self.bytes -= set(range(*span))

    @rule(span=st.tuples(st.integers(0, 60), st.integers(0, 60)).map(sorted))
    def holes_within(self, span: list[int]) -> None:
        holes = self.map.holes(*span)
        missing = {byte for start, stop in holes for byte in range(start, stop)}
        assert missing == set(range(*span)) - self.bytes

    @invariant()
    def knows_the_same(self) -> None:
        spans = self.map.spans
        assert {byte for start, stop in spans for byte in range(start, stop)} == self.bytes
        edges = [edge for span in spans for edge in span]
        assert edges == sorted(set(edges))  # in order, not empty, and apart
        assert self.map.count == len(self.bytes)
        assert self.map.complete == (len(self.bytes) == self.size)
        assert RangeMap(self.size, spans).spans == spans


TestRangeMap = RangeMapIsASetOfBytes.TestCase


def test_bytes_from_outside_are_refused() -> None:
    for start, stop in ((-1, 3), (0, 11), (5, 4)):
        with pytest.raises(ParameterError, match="bytes from 0 to 10"):
            RangeMap(10).add(start, stop)


@given(st.binary(min_size=1, max_size=400), st.randoms(use_true_random=False), st.integers(1, 50))
def test_parts_in_any_order_and_twice_make_the_log(content: bytes, random: Random, n: int) -> None:
    log = PartialLog(entry_of(content))
    parts = [BulkMessage(3, at, content[at : at + n]) for at in range(0, len(content), n)]
    parts += random.sample(parts, len(parts) // 2)
    random.shuffle(parts)
    for part in parts:
        assert not log.take(part._replace(log_id=4))
        assert log.take(part)
    assert log.received.complete
    assert log.intact
    assert bytes(log.content) == content


def test_a_log_kept_for_another_day_goes_on_where_it_was() -> None:
    content = bytes(range(200))
    log = PartialLog(entry_of(content))
    log.take(BulkMessage(3, 20, content[20:80]))
    again = PartialLog(log.entry, bytearray(log.content), RangeMap(200, log.received.spans))
    assert again.received.holes() == [(0, 20), (80, 200)]
    again.take(BulkMessage(3, 0, content[:20]))
    again.take(BulkMessage(3, 80, content[80:]))
    assert again.intact


def test_a_wrong_byte_is_noticed() -> None:
    content = bytes(range(200))
    log = PartialLog(entry_of(content))
    log.take(BulkMessage(3, 0, content[:100] + b"!" + content[101:]))
    assert log.received.complete
    assert not log.intact
    assert not log.take(BulkMessage(3, 150, content))  # beyond its end


def test_a_log_gives_its_packets_in_the_devices_time() -> None:
    messages = data_messages(40, first_us=2**32 - 1_000_000)  # the clock wraps within
    packets, malformed, unread = split_log(join_log(messages))
    assert [packet.payload for packet in packets] == messages
    assert [packet.arrival_ns for packet in packets] == [50_000_000 * k for k in range(40)]
    assert (malformed, unread) == (0, 0)


@given(st.integers(0, 2000))
def test_a_log_that_was_cut_off_gives_what_came_before(size: int) -> None:
    messages = data_messages(16)
    whole = join_log(messages)
    content = whole[:size]
    packets, malformed, unread = split_log(content)
    n = min(len(content) // (len(whole) // 16), 16)
    assert [packet.payload for packet in packets] == messages[:n]
    assert malformed == 0
    assert unread == len(content) - n * (len(whole) // 16)


def test_erased_flash_ends_a_log_and_a_bad_message_is_left_out() -> None:
    first, second = data_messages(2)
    content = join_log([first, b"\x00" + first[1:], second]) + b"\xff" * 100
    packets, malformed, unread = split_log(content)
    assert [packet.payload for packet in packets] == [first, second]
    assert (malformed, unread) == (1, 100)


@given(st.binary(max_size=500))
def test_garbage_is_counted_and_never_raises(content: bytes) -> None:
    packets, malformed, unread = split_log(content)
    read = sum(len(packet.payload) + 2 for packet in packets)
    assert read + 2 * malformed + unread <= len(content)
    assert unread >= 0


def test_a_log_goes_through_the_receiver_like_a_live_run() -> None:
    messages = data_messages(7000)  # 350 s: the index wraps
    entry = entry_of(join_log(messages))
    info = device_info_of(entry, "hip")
    receiver = Receiver(info)
    blocks = [
        block
        for packet in split_log(join_log(messages)).packets
        if (block := receiver.push(packet)) is not None
    ]
    assert sum(map(len, blocks)) == 10 * len(messages)
    assert receiver.losses.lost == 0
    assert float(blocks[-1].time_s[-1]) == pytest.approx(350 - 1 / 200, abs=1e-6)
    expected = np.int16(len(messages) - 1) / 32768 * 16 * STANDARD_GRAVITY_M_S2
    assert blocks[-1].acceleration_m_s2[-1, 0] == pytest.approx(expected)
