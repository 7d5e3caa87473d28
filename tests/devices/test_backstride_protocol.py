"""The project's own wire format: golden bytes, round trips, garbage, and what is made of it."""

from __future__ import annotations

from itertools import pairwise
from math import radians
from time import process_time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from devices.protocols.backstride import (
    ACCELERATION_RANGES_G,
    ANGULAR_VELOCITY_RANGES_DEG_S,
    CHANNELS,
    PROTOCOL_VERSION,
    RATES_HZ,
    DataFlag,
    DataPacket,
    Feature,
    InfoMessage,
    Layout,
    SensorState,
    StatusMessage,
    clipping_flags,
    decode_data,
    decode_info,
    decode_status,
    encode_data,
    encode_info,
    encode_status,
    mask_of,
    quantised,
    samples_per_packet,
)
from devices.protocols.backstride_control import (
    Operation,
    PingTimes,
    Reply,
    Request,
    encode_ping_times,
    encode_reply,
    encode_request,
)
from devices.protocols.backstride_decoder import BackstrideDecoder, clipping
from devices.protocols.backstride_frames import FrameType, encode_message
from devices.readings import Battery, ClockAnchor, Decoded, Reading
from devices.records import DeviceInfo, Packet
from imu.errors import ProtocolError
from imu.samples import STANDARD_GRAVITY_M_S2, Quality

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
        major=0,
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
    golden = bytes.fromhex("00 02 0403 0605 03020000 0904 09 10 13 00 00008000")
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
    st.builds(InfoMessage, st.just(0), u8, u16, u16, u32, u16, u8, u8, u8, u8, u32),
)
def test_info_round_trip_keeps_unknown_bits(info: InfoMessage) -> None:
    assert decode_info(encode_info(info)) == info


@given(st.binary(max_size=420))
def test_garbage_raises_protocol_errors_only(payload: bytes) -> None:
    for decode in (decode_data, decode_info, decode_status):
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
    for major in (1, 2, 255):
        with pytest.raises(ProtocolError, match=rf"version {major}\.7 .* version 0\.1: update"):
            decode_info(encode_info(InfoMessage(major=major, minor=7)))


def test_the_version_is_below_one_until_there_is_firmware() -> None:
    assert PROTOCOL_VERSION == (0, 1)
    assert decode_info(encode_info(InfoMessage())).major == 0


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


statuses = st.builds(
    StatusMessage,
    u8,
    u16,
    st.integers(0, 2**64 - 1),
    u16,
    u16,
    st.integers(-(2**15), 2**15 - 1).map(lambda hundredths: hundredths / 100),
    u8,
    u8,
)


def test_status_bytes_are_as_described() -> None:
    status = StatusMessage(SensorState.STREAMING, 0x1234, 5_000_000, 7, 3900, -1.5, 80, 0)
    golden = bytes.fromhex("10 01 3412 404b4c0000000000 0700 3c0f 6aff 50 00")
    assert encode_status(status) == golden
    assert decode_status(golden) == status


@given(statuses)
def test_status_round_trip(status: StatusMessage) -> None:
    payload = encode_status(status)
    assert len(payload) == 20
    assert decode_status(payload) == status


INFO = DeviceInfo("hip", "backstride", 200.0, 16 * STANDARD_GRAVITY_M_S2, radians(2000.0))


def readings(decoded: list[Decoded]) -> list[Reading]:
    return [item for item in decoded if isinstance(item, Reading)]


def same(one: list[Decoded], other: list[Decoded]) -> bool:
    """Equal to the last bit; arrays do not compare by themselves."""

    def plain(item: Decoded) -> tuple[object, ...]:
        return tuple(x.tobytes() if isinstance(x, np.ndarray) else x for x in item)

    return [plain(item) for item in one] == [plain(item) for item in other]


@given(data_packets())
def test_readings_are_the_counts_in_si_units(packet: DataPacket) -> None:
    decoder = BackstrideDecoder(INFO)
    decoded = readings(decoder.push(Packet(0, "data", encode_data(packet))))
    if packet.layout == Layout.ANGULAR_VELOCITY:
        assert (decoded, decoder.malformed_packets) == ([], 1)
        return
    (reading,) = decoded
    scale = 16 * STANDARD_GRAVITY_M_S2 / 32768
    np.testing.assert_allclose(
        reading.acceleration_m_s2, packet.counts[:, :3] * scale, rtol=1e-15, atol=0
    )
    if packet.layout == Layout.IMU6:
        assert reading.angular_velocity_rad_s is not None
        expected = packet.counts[:, 3:] * (radians(2000) / 32768)
        np.testing.assert_allclose(reading.angular_velocity_rad_s, expected, rtol=1e-15, atol=0)
    else:
        assert reading.angular_velocity_rad_s is None
    assert (reading.sequence, reading.time_us) == (packet.sequence, packet.time_us)
    assert reading.time_step == bool(packet.flags & DataFlag.TIME_RESYNC)
    quality = clipping(packet.counts, packet.flags)
    if quality is None:
        assert reading.quality is None
    else:
        assert reading.quality is not None
        np.testing.assert_array_equal(reading.quality, quality)


@pytest.mark.parametrize("value", [32767, -32767, -32768])
@pytest.mark.parametrize("axis", range(6))
def test_a_sample_at_the_end_of_the_range_is_marked(value: int, axis: int) -> None:
    counts = np.full((10, 6), 300, np.int16)
    counts[4, axis] = value
    payload = encode_data(DataPacket(0, 0, 0, 0, counts))
    (reading,) = readings(BackstrideDecoder(INFO).push(Packet(0, "data", payload)))
    assert reading.quality is not None
    assert reading.quality.tolist() == [0] * 4 + [Quality.CLIPPED] + [0] * 5
    flag = DataFlag.ACCELERATION_CLIPPED if axis < 3 else DataFlag.ANGULAR_VELOCITY_CLIPPED
    assert clipping_flags(counts) == flag
    counts[4, axis] = 32766 if value > 0 else -32766
    payload = encode_data(DataPacket(0, 0, 0, 0, counts))
    (reading,) = readings(BackstrideDecoder(INFO).push(Packet(0, "data", payload)))
    assert reading.quality is None
    assert clipping_flags(counts) == 0


def test_a_packet_that_the_sensor_calls_clipped_is_marked_as_a_whole() -> None:
    flags = int(DataFlag.ANGULAR_VELOCITY_CLIPPED)
    payload = encode_data(DataPacket(0, flags, 0, 0, np.zeros((3, 6), np.int16)))
    (reading,) = readings(BackstrideDecoder(INFO).push(Packet(0, "data", payload)))
    assert reading.quality is not None
    assert reading.quality.tolist() == [Quality.CLIPPED] * 3


def test_a_sensor_without_a_gyroscope_gives_no_angular_velocity() -> None:
    info = DeviceInfo("hip", "backstride", 200.0, 20.0, 0.0)
    (reading,) = readings(BackstrideDecoder(info).push(Packet(0, "data", GOLDEN_DATA)))
    assert reading.angular_velocity_rad_s is None


def ping_reply(transaction: int, received_us: int, sent_us: int) -> bytes:
    times = encode_ping_times(PingTimes(received_us, sent_us))
    return encode_reply(Reply(Operation.PING, transaction, 0, times))


def test_a_pings_reply_is_an_anchor_with_the_time_of_its_request() -> None:
    decoder = BackstrideDecoder(INFO)
    ping = encode_request(Request(Operation.PING, 7))
    assert decoder.push(Packet(1000, "request", ping)) == []
    reply = ping_reply(7, 2**33, 2**33 + 40)
    assert decoder.push(Packet(9000, "control", reply)) == [ClockAnchor(2**33 + 40, 9000, 1000)]
    assert decoder.push(Packet(9500, "control", reply)) == [ClockAnchor(2**33 + 40, 9500, None)]
    decoder.push(Packet(10_000, "request", ping))
    decoder.reset()
    assert decoder.push(Packet(11_000, "control", reply)) == [ClockAnchor(2**33 + 40, 11_000, None)]


def test_other_replies_and_channels_give_nothing() -> None:
    decoder = BackstrideDecoder(INFO)
    for channel, payload in [
        ("control", encode_reply(Reply(Operation.START, 1, 0))),
        ("control", encode_reply(Reply(Operation.PING, 1, 4))),
        ("info", encode_info(InfoMessage())),
        ("bulk", b"anything"),
        ("request", encode_request(Request(Operation.SET_CONFIG, 1, bytes(12)))),
        ("unheard of", b""),
    ]:
        assert decoder.push(Packet(0, channel, payload)) == []
    assert decoder.malformed_packets == 0


def test_status_gives_battery_and_what_the_sensor_lost_itself() -> None:
    decoder = BackstrideDecoder(INFO)

    def told(time_us: int, dropped: int, percent: int) -> list[Decoded]:
        status = StatusMessage(1, 0, time_us, dropped, battery_percent=percent)
        return decoder.push(Packet(0, "status", encode_status(status)))

    assert told(1_000_000, 65_530, 81) == [Battery(81.0)]
    assert decoder.overflowed_samples == 0  # before anyone listened
    assert told(2_000_000, 4, 80) == [Battery(80.0)]
    assert decoder.overflowed_samples == 10
    assert told(500_000, 3, 255) == []  # restarted, and does not know its battery
    assert decoder.overflowed_samples == 13
    assert decoder.status is not None
    assert decoder.status.time_us == 500_000


def stream_of_frames() -> tuple[bytes, list[Packet]]:
    """A serial line's bytes, and the same messages as Bluetooth LE brings them."""
    rng = np.random.default_rng(5)
    messages: list[tuple[FrameType, str, bytes]] = []
    for k in range(12):
        counts = rng.normal(0, 4000, (19, 6)).astype(np.int16)
        data = encode_data(DataPacket(0, 0, 19 * k, 19_000 * k, counts))
        messages.append((FrameType.DATA, "data", data))
        if k % 4 == 1:
            status = StatusMessage(1, 19 * k, 19_000 * k, battery_percent=70 + k)
            messages.append((FrameType.STATUS, "status", encode_status(status)))
        if k % 4 == 2:
            messages.append((FrameType.REPLY, "control", ping_reply(k, k, k + 1)))
    frames = [encode_message(kind, payload) for kind, _, payload in messages]
    frames.insert(3, encode_message(FrameType.TEXT, b"hello"))
    frames.insert(5, encode_message(FrameType.INFO, encode_info(InfoMessage())))
    return b"".join(frames), [Packet(0, channel, payload) for _, channel, payload in messages]


STREAM, PACKETS = stream_of_frames()


@given(st.lists(st.integers(0, len(STREAM)), max_size=30).map(sorted))
def test_a_serial_line_gives_the_same_as_bluetooth_however_it_is_cut(at: list[int]) -> None:
    serial, ble = BackstrideDecoder(INFO), BackstrideDecoder(INFO)
    chunks = [STREAM[start:stop] for start, stop in pairwise([0, *at, len(STREAM)])]
    got = [item for chunk in chunks for item in serial.push(Packet(0, "bytes", chunk))]
    wanted = [item for packet in PACKETS for item in ble.push(packet)]
    assert len(readings(wanted)) == 12
    assert same(got, wanted)
    assert serial.malformed_packets == 0


@given(st.integers(1, len(STREAM) - 2), st.binary(max_size=40), st.integers(0, 200))
def test_damage_on_a_serial_line_never_gives_a_wrong_sample(
    place: int, noise: bytes, removed: int
) -> None:
    clean, decoder = BackstrideDecoder(INFO), BackstrideDecoder(INFO)
    decoder.push(Packet(0, "bytes", b"\0"))
    wanted = readings(clean.push(Packet(0, "bytes", STREAM)))
    damaged = STREAM[:place] + noise + STREAM[place + removed :]
    got = readings(decoder.push(Packet(0, "bytes", damaged)))
    by_sequence = {reading.sequence: reading for reading in wanted}
    for reading in got:
        assert same([reading], [by_sequence[reading.sequence]])
    touched = 2 + removed // 60  # frames that the damage can reach
    assert len(got) >= len(wanted) - touched - 1
    assert len(got) == len(wanted) or decoder.malformed_packets or removed


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["data", "status", "control", "bytes", "bulk"]), st.binary(max_size=60)
        ),
        max_size=10,
    )
)
def test_garbage_on_any_channel_is_counted_and_the_next_packet_decoded(
    garbage: list[tuple[str, bytes]],
) -> None:
    decoder = BackstrideDecoder(INFO)
    for channel, payload in garbage:
        decoder.push(Packet(0, channel, payload))
    assert decoder.malformed_packets <= sum(1 + len(payload) for _, payload in garbage)
    (reading,) = readings(decoder.push(Packet(0, "data", GOLDEN_DATA)))
    assert reading.sequence == 0x1234
    framed = b"\0" + encode_message(FrameType.DATA, GOLDEN_DATA)
    assert len(readings(decoder.push(Packet(0, "bytes", framed)))) == 1


def test_a_cut_data_message_is_counted() -> None:
    decoder = BackstrideDecoder(INFO)
    assert decoder.push(Packet(0, "data", GOLDEN_DATA[:-1])) == []
    assert decoder.push(Packet(0, "status", bytes(20))) == []
    assert decoder.push(Packet(0, "control", b"\x80")) == []
    assert decoder.malformed_packets == 3


def test_decoding_is_two_hundred_times_faster_than_1600_hz() -> None:
    rng = np.random.default_rng(2)
    ble = [
        Packet(0, "data", encode_data(DataPacket(0, 0, 0, 0, counts)))
        for counts in rng.normal(0, 3000, (300, 19, 6)).astype(np.int16)
    ]
    line = b"".join(encode_message(FrameType.DATA, packet.payload) for packet in ble)
    serial = [Packet(0, "bytes", line[at : at + 300]) for at in range(0, len(line), 300)]
    for packets in (ble, serial):
        decoder = BackstrideDecoder(INFO)
        fastest_s = 10.0
        for _ in range(8):
            start = process_time()
            for packet in packets:
                decoder.push(packet)
            fastest_s = min(fastest_s, process_time() - start)
        assert 300 * 19 / fastest_s >= 200 * 1600
