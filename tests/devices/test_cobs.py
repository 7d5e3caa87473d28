"""Frames on a serial line: published bytes, damage of every kind, and any cut into chunks."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from devices.protocols.cobs import (
    FRAME_BYTES_MAX,
    Deframer,
    cobs_decoded,
    cobs_encoded,
    crc16,
    encode_frame,
)
from imu.errors import ProtocolError

GOLDEN_CONTENT = bytes.fromhex("01 01 00 34 12 40 42 0f 00 00 00 00 00 00 08 ff ff 02 00 fd ff")
GOLDEN_FRAME = bytes.fromhex(
    "03 01 01 06 34 12 40 42 0f 01 01 01 01 01 05 08 ff ff 02 05 fd ff f3 64 00"
)

contents = st.one_of(
    st.binary(min_size=1, max_size=600),
    st.integers(1, 600).map(lambda n: b"\x07" * n),  # long runs without a zero
    st.integers(1, 600).map(bytes),  # nothing but zeros
)


def cut(stream: bytes, at: list[int]) -> list[bytes]:
    """A stream in chunks that end at these places."""
    edges = [0, *sorted(place % (len(stream) + 1) for place in at), len(stream)]
    return [stream[start:stop] for start, stop in pairwise(edges)]


def plain_cobs(content: bytes) -> bytes:
    """The definition, byte by byte; may say more than it needs after a full block at the end."""
    out, block = bytearray(), bytearray()
    for byte in content:
        if byte:
            block.append(byte)
            if len(block) == 254:
                out += b"\xff" + block
                block.clear()
        else:
            out += bytes([len(block) + 1]) + block
            block.clear()
    return bytes(out + bytes([len(block) + 1]) + block)


def test_golden_frame() -> None:
    assert encode_frame(GOLDEN_CONTENT) == GOLDEN_FRAME
    assert Deframer().push(GOLDEN_FRAME) == [GOLDEN_CONTENT]


def test_the_checksum_is_the_published_one() -> None:
    assert crc16(b"123456789") == 0x29B1


@pytest.mark.parametrize(
    ("content", "stuffed"),
    [
        ("00", "01 01"),
        ("00 00", "01 01 01"),
        ("11 22 00 33", "03 11 22 02 33"),
        ("11 22 33 44", "05 11 22 33 44"),
        ("11 00 00 00", "02 11 01 01 01"),
    ],
)
def test_published_stuffings(content: str, stuffed: str) -> None:
    assert cobs_encoded(bytes.fromhex(content)) == bytes.fromhex(stuffed)


@given(contents)
@example(b"\x01" * 253)
@example(b"\x01" * 254)
@example(b"\x01" * 255)
@example(b"\x01" * 254 + b"\x00")
@example(b"\x00" + b"\x01" * 508)
@example(b"\x01" * 254 + b"\x00" + b"\x01" * 254)
def test_stuffing_follows_the_definition_and_can_be_undone(content: bytes) -> None:
    stuffed = cobs_encoded(content)
    plain = plain_cobs(content)
    assert 0 not in stuffed
    assert stuffed in (plain, plain.removesuffix(b"\x01"))  # both are valid
    assert cobs_decoded(stuffed) == content
    assert cobs_decoded(plain) == content


@given(st.binary(max_size=300))
def test_what_is_no_stuffing_is_refused_in_a_sentence(stuffed: bytes) -> None:
    try:
        content = cobs_decoded(stuffed)
    except ProtocolError as error:
        assert str(error).endswith(".")
    else:
        assert plain_cobs(content) in (stuffed, stuffed + b"\x01")


@given(st.lists(contents, max_size=8), st.lists(st.integers(0, 10_000), max_size=12))
def test_any_cut_gives_the_same_frames(messages: list[bytes], at: list[int]) -> None:
    deframer = Deframer()
    stream = b"".join(map(encode_frame, messages))
    got = [content for chunk in cut(stream, at) for content in deframer.push(chunk)]
    assert got == messages
    assert deframer.rejected == 0


@st.composite
def damaged_streams(draw: st.DrawFn) -> tuple[list[bytes], list[bytes], int]:
    """Frames as sent, the intact ones among them, and how many the deframer must reject."""
    pieces: list[bytes] = [b"\0"]
    intact: list[bytes] = []
    rejected = 0
    for content in draw(st.lists(contents, min_size=1, max_size=6)):
        frame = encode_frame(content)
        damage = draw(st.sampled_from(["none", "none", "cut", "flip", "noise"]))
        if damage == "none":
            intact.append(content)
        elif damage == "cut":  # the line is dead for a while, but not over the frame's end
            start = draw(st.integers(0, len(frame) - 2))
            stop = draw(st.integers(start + 1, len(frame) - 1))
            frame = frame[:start] + frame[stop:]
            rejected += 1 if len(frame) > 1 else 0
        elif damage == "flip":  # one bit: no CRC of 16 bits lets it pass
            place = draw(st.integers(0, len(frame) - 2))
            bit = draw(st.integers(0, 7))
            flipped = frame[place] ^ 1 << bit
            parts = (frame[:place], frame[place + 1 : -1])
            frame = parts[0] + bytes([flipped]) + parts[1] + b"\0"
            rejected += sum(map(bool, parts)) if flipped == 0 else 1
        else:
            frame += draw(st.binary(min_size=1, max_size=30)).replace(b"\0", b"\x01") + b"\0"
            intact.append(content)
            rejected += 1
        pieces.append(frame)
    return pieces, intact, rejected


@given(damaged_streams(), st.lists(st.integers(0, 10_000), max_size=12))
def test_every_intact_frame_is_found_whatever_is_around_it(
    damaged: tuple[list[bytes], list[bytes], int], at: list[int]
) -> None:
    pieces, intact, rejected = damaged
    deframer = Deframer()
    got = [content for chunk in cut(b"".join(pieces), at) for content in deframer.push(chunk)]
    # a CRC of 16 bits lets one cut in 65 536 pass; what is intact always comes, and in order
    left = iter(got)
    assert all(content in left for content in intact)
    assert len(got) - len(intact) + deframer.rejected == rejected
    assert len(got) - len(intact) <= 1


@given(st.binary(max_size=3000), st.lists(st.integers(0, 10_000), max_size=12))
def test_garbage_does_not_keep_the_next_frame_from_being_found(
    garbage: bytes, at: list[int]
) -> None:
    deframer, whole = Deframer(), Deframer()
    stream = garbage + b"\0" + GOLDEN_FRAME
    got = [content for chunk in cut(stream, at) for content in deframer.push(chunk)]
    assert got[-1] == GOLDEN_CONTENT
    assert got == whole.push(stream)
    assert deframer.rejected == whole.rejected


def test_noise_without_an_end_takes_no_memory_and_counts_once() -> None:
    deframer = Deframer()
    deframer.push(b"\0")
    for _ in range(1000):
        assert deframer.push(b"\x55" * 1000) == []
        assert len(deframer._rest) <= FRAME_BYTES_MAX + 1
    assert deframer.push(b"\0" + GOLDEN_FRAME) == [GOLDEN_CONTENT]
    assert deframer.rejected == 1


def test_the_longest_frame_passes_and_a_longer_one_does_not() -> None:
    longest = b"\x01" * 4000
    while len(encode_frame(longest + b"\x01")) - 1 <= FRAME_BYTES_MAX:
        longest += b"\x01"
    deframer = Deframer()
    assert deframer.push(encode_frame(longest)) == [longest]
    assert deframer.push(encode_frame(longest + b"\x01")) == []
    assert deframer.rejected == 1


def test_listening_in_the_middle_of_a_frame_counts_nothing() -> None:
    deframer = Deframer()
    assert deframer.push(GOLDEN_FRAME[7:] + GOLDEN_FRAME) == [GOLDEN_CONTENT]
    assert deframer.rejected == 0


def test_a_new_link_forgets_half_a_frame() -> None:
    deframer = Deframer()
    deframer.push(GOLDEN_FRAME[:9])
    deframer.reset()
    assert deframer.push(GOLDEN_FRAME) == [GOLDEN_CONTENT]


def test_a_data_frame_takes_microseconds() -> None:
    frame = encode_frame(bytes(range(1, 240)))
    fastest_s = 1.0
    deframer = Deframer()
    for _ in range(20):
        start = time.process_time()
        for _ in range(100):
            deframer.push(frame)
        fastest_s = min(fastest_s, (time.process_time() - start) / 100)
    assert fastest_s < 50e-6
