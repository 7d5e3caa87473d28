"""The project's own wire format: golden bytes, round trips, and what garbage does."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from devices.protocols.backstride import (
    ACCELERATION_RANGES_G,
    ANGULAR_VELOCITY_RANGES_DEG_S,
    CHANNELS,
    RATES_HZ,
    DataPacket,
    Feature,
    InfoMessage,
    Layout,
    decode_data,
    decode_info,
    encode_data,
    encode_info,
    mask_of,
    quantised,
    samples_per_packet,
)
from imu.errors import ProtocolError

GOLDEN_DATA = bytes.fromhex("01 00 34 12 40 42 0f 00 00 00 00 00 00 08 ff ff 02 00 fd ff")

u8, u16, u32 = (st.integers(0, 2**bits - 1) for bits in (8, 16, 32))


@st.composite
def data_packets(draw: st.DrawFn) -> DataPacket:
    layout = draw(st.sampled_from(Layout))
    shape = (draw(st.integers(1, 31)), CHANNELS[layout])
    counts = draw(npst.arrays(np.int16, shape))
    return DataPacket(int(layout), draw(u8), draw(u16), draw(u32), counts)


def test_golden_data_message_decodes_and_encodes() -> None:
    packet = decode_data(GOLDEN_DATA)
    assert packet[:4] == (Layout.IMU6, 0, 0x1234, 1_000_000)
    assert packet.counts.tolist() == [[0, 0, 2048, -1, 2, -3]]
    assert encode_data(packet) == GOLDEN_DATA


def test_golden_info_message() -> None:
    info = InfoMessage(
        major=1,
        minor=2,
        hardware=0x0304,
        firmware=0x0506,
        features=int(Feature.ACCELERATION | Feature.ANGULAR_VELOCITY | Feature.STEPS),
        rates_mask=mask_of(RATES_HZ, (50, 200, 1000)),
        acceleration_ranges_mask=mask_of(ACCELERATION_RANGES_G, (2, 16)),
        angular_velocity_ranges_mask=mask_of(ANGULAR_VELOCITY_RANGES_DEG_S, (2000,)),
        samples_max=19,
        flash_bytes=0x00800000,
    )
    golden = bytes.fromhex("01 02 0403 0605 03020000 0904 09 10 13 00 00008000")
    assert encode_info(info) == golden
    assert decode_info(golden) == info
    assert info.rates_hz == (50, 200, 1000)
    assert info.acceleration_ranges_g == (2, 16)
    assert info.angular_velocity_ranges_deg_s == (2000,)


@given(data_packets())
def test_data_round_trip(packet: DataPacket) -> None:
    payload = encode_data(packet)
    assert len(payload) == 8 + 2 * packet.counts.size
    again = decode_data(payload)
    assert again[:4] == packet[:4]
    np.testing.assert_array_equal(again.counts, packet.counts)
    assert again.counts.dtype == np.int16


@given(
    st.builds(InfoMessage, st.just(1), u8, u16, u16, u32, u16, u8, u8, u8, u8, u32),
)
def test_info_round_trip_keeps_unknown_bits(info: InfoMessage) -> None:
    assert decode_info(encode_info(info)) == info


@given(st.binary(max_size=420))
def test_garbage_raises_protocol_errors_only(payload: bytes) -> None:
    for decode in (decode_data, decode_info):
        try:
            decode(payload)
        except ProtocolError as error:
            assert error.payload == payload
            assert str(error).endswith(".")


@given(data_packets(), st.data())
def test_a_packet_cut_short_or_grown_is_refused(packet: DataPacket, data: st.DataObject) -> None:
    payload = encode_data(packet)
    keep = data.draw(st.integers(0, len(payload) - 1))
    extra = data.draw(st.binary(min_size=1, max_size=8))
    for damaged in (payload[:keep], payload + extra):
        with pytest.raises(ProtocolError):
            decode_data(damaged)


@pytest.mark.parametrize(
    "packet",
    [
        DataPacket(3, 0, 0, 0, np.zeros((1, 3), np.int16)),
        DataPacket(0, 0, 0, 0, np.zeros((0, 6), np.int16)),
        DataPacket(0, 0, 0, 0, np.zeros((32, 6), np.int16)),
        DataPacket(0, 0, 0, 0, np.zeros((1, 3), np.int16)),
        DataPacket(0, 256, 0, 0, np.zeros((1, 6), np.int16)),
        DataPacket(0, 0, 65536, 0, np.zeros((1, 6), np.int16)),
        DataPacket(0, 0, 0, -1, np.zeros((1, 6), np.int16)),
        DataPacket(0, 0, 0, 0, np.zeros((1, 6), np.int32).view(np.int16)[:, :6].astype(">i4")),
    ],
)
def test_what_does_not_fit_is_not_encoded(packet: DataPacket) -> None:
    with pytest.raises(ProtocolError):
        encode_data(packet)


def test_a_foreign_major_version_is_refused() -> None:
    with pytest.raises(ProtocolError, match=r"version 2\.0"):
        decode_info(encode_info(InfoMessage(major=2)))


@given(
    npst.arrays(np.float64, st.integers(1, 50), elements=st.floats(-1e6, 1e6)),
    st.sampled_from([16 * 9.80665, 34.9, 2.0]),
)
def test_quantising_errs_by_half_a_count_inside_the_range(
    values: np.ndarray[tuple[int], np.dtype[np.float64]], full_scale: float
) -> None:
    counts = quantised(values, full_scale)
    count = full_scale / 32768
    inside = np.abs(values) < full_scale - count
    assert np.all(np.abs(counts * count - values)[inside] <= count * 0.5000001)
    assert np.all(counts[values >= full_scale] == 32767)
    assert np.all(counts[values <= -full_scale] == -32768)


@given(st.floats(1, 4000))
def test_packets_span_fifty_milliseconds_as_far_as_they_can(rate_hz: float) -> None:
    n = samples_per_packet(rate_hz)
    assert 1 <= n <= 31
    assert n == 31 or (n - 1) / rate_hz < 0.05 <= n / rate_hz * (1 + 1e-12)
