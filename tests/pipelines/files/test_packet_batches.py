"""Packets come back from a batch exactly, and what is no batch is refused."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.records import Packet
from pipelines.files.packet_batches import decode_packets, encode_packets

any_packet = st.builds(
    Packet,
    st.integers(-(2**63), 2**63 - 1),
    st.sampled_from(["data", "status", "", "\udc80 ü"]),
    st.one_of(st.binary(max_size=9), st.binary(min_size=20, max_size=20)),
)


@given(packets=st.lists(any_packet, min_size=1, max_size=40))
def test_any_packets_come_back(packets: list[Packet]) -> None:
    assert decode_packets(encode_packets(packets), packets[0].arrival_ns) == packets


@given(
    packets=st.lists(any_packet, min_size=1, max_size=5),
    cut=st.integers(0, 400),
    place=st.integers(0, 400),
    bit=st.integers(0, 7),
)
def test_bytes_that_are_no_batch_give_packets_or_a_refusal(
    packets: list[Packet], cut: int, place: int, bit: int
) -> None:
    data = bytearray(encode_packets(packets))
    data[place % len(data)] ^= 1 << bit
    for content in (bytes(data), bytes(data[: cut % len(data)])):
        try:
            read = decode_packets(content, 0)
        except ValueError:
            continue
        assert all(isinstance(packet, Packet) for packet in read)
        assert sum(len(packet.payload) for packet in read) <= len(content)


@pytest.mark.parametrize(
    "batch",
    [
        [[], b"", b"", b"", b""],  # no packet
        [[b"a"], b"\x01", bytes(4), bytes(8), b""],  # a channel without a name
        [[b"a"], b"\x00", b"\xff\xff\xff\xff", bytes(8), b"abc"],  # longer than it is
        [[b"a"], b"\x00", bytes(4), bytes(8), b"abc"],  # shorter
        [[b"a"], b"\x00", bytes(3), bytes(8), b""],
        [[b"a"], bytes(20_001), bytes(80_004), bytes(160_008), b""],  # too many
        {"names": []},
    ],
)
def test_counts_that_disagree_are_refused(batch: object) -> None:
    with pytest.raises(ValueError, match=r"batch|reshape|buffer"):
        decode_packets(msgspec.msgpack.encode(batch), 0)


def test_what_is_alike_takes_little_room() -> None:
    """A hundred packets of a slow sensor, alike but for their last bytes."""
    import zstandard

    packets = [Packet(n * 10_000_000, "data", b"\x01\x02\x03" * 6 + bytes([n])) for n in range(100)]
    packed = zstandard.ZstdCompressor().compress(encode_packets(packets))
    assert len(packed) < 300
