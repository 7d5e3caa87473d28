"""Polar: published vectors, two streams on one time base, and a whole conversation."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from math import radians
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.typing import NDArray

from devices.drivers.driver import Advertisement, Wanted
from devices.drivers.polar import PolarDriver
from devices.protocols.frame_streams import FrameTimes
from devices.protocols.polar import (
    COMPRESSED,
    CONTROL_CHANNEL,
    CONTROL_UUID,
    DATA_CHANNEL,
    SERVICE_UUID,
    STATUS_WORDS,
    Frame,
    Measurement,
    Operation,
    PolarDecoder,
    Reply,
    Setting,
    compress,
    decode_frame,
    decode_reply,
    decode_request,
    decode_settings,
    decompress,
    encode_frame,
    encode_reply,
    encode_request,
    encode_settings,
)
from devices.readings import Reading
from devices.records import DeviceInfo, Packet
from devices.simulator.generate import SimulatedRun
from devices.simulator.peripheral import Peripheral
from devices.simulator.peripherals.polar import PolarPeripheral
from devices.simulator.scenario import Scenario
from devices.simulator.virtual_clock import VirtualClock
from imu.errors import DeviceError, ParameterError, ProtocolError
from imu.samples import STANDARD_GRAVITY_M_S2, Quality, Samples
from tests.devices.test_movesense import DirectLink, conversation

G = STANDARD_GRAVITY_M_S2
ACC, GYRO = Measurement.ACCELERATION, Measurement.ANGULAR_VELOCITY
EPOCH_NS = 600_000_000_000_000_000
FACTOR = float(np.float32(2000 / 32768))
Array = NDArray[Any]


def control(reply: Reply) -> Packet:
    return Packet(0, CONTROL_CHANNEL, encode_reply(reply))


def data(frame: Frame) -> Packet:
    return Packet(0, DATA_CHANNEL, encode_frame(frame))


def started(*, gyro: bool = True, factor: float = FACTOR) -> list[Packet]:
    packets = [control(Reply(Operation.START, ACC, 0, {}))]
    if gyro:
        packets.append(control(Reply(Operation.START, GYRO, 0, {Setting.FACTOR: (factor,)})))
    return packets


def readings_of(decoder: PolarDecoder, packets: Sequence[Packet]) -> list[Reading]:
    decoded = [value for packet in packets for value in decoder.push(packet)]
    assert all(isinstance(value, Reading) for value in decoded)
    return [value for value in decoded if isinstance(value, Reading)]


# ---------------------------------------------------------------- bytes


@pytest.mark.parametrize(
    ("vector", "samples"),
    [
        ("EAFF08000D000301DF00", [[-22, 8, 13], [-23, 11, 16]]),
        ("F1FF1400F00306017B0F08", [[-15, 20, 1008], [-20, 17, 1008]]),
    ],
)
def test_the_published_compressed_frames(vector: str, samples: list[list[int]]) -> None:
    assert decompress(bytes.fromhex(vector)).tolist() == samples


@pytest.mark.parametrize(
    ("operation", "measurement", "settings", "golden"),
    [
        (2, ACC, {0: (52,), 1: (16,), 2: (8,), 4: (3,)}, "02020001340001011000020108000401 03"),
        (2, GYRO, {0: (52,), 1: (16,), 2: (2000,), 4: (3,)}, "020500013400010110000201D007040103"),
        (2, ACC, {0: (200,), 1: (16,), 2: (8,)}, "02020001C8000101100002010800"),
        (2, Measurement.SDK_MODE, {}, "0209"),
        (3, Measurement.SDK_MODE, {}, "0309"),
        (1, ACC, {}, "0102"),
    ],
)
def test_the_published_requests(
    operation: int, measurement: int, settings: dict[int, tuple[float, ...]], golden: str
) -> None:
    payload = bytes.fromhex(golden)
    assert encode_request(operation, measurement, settings) == payload
    assert decode_request(payload) == (operation, measurement, settings)
    assert encode_settings({Setting.RATE_HZ: (416,)}).hex() == "0001a001"


whole = st.integers(1, 60)


@given(
    whole.flatmap(lambda n: npst.arrays(np.int16, (n, 3))),
    st.integers(1, 255),
)
def test_compressed_integers_round_trip(values: Array, block_samples: int) -> None:
    content = compress(values, block_samples=block_samples)
    np.testing.assert_array_equal(decompress(content), values)


@given(whole.flatmap(lambda n: npst.arrays(np.float32, (n, 3))), st.integers(1, 40))
def test_compressed_bit_patterns_round_trip(values: Array, block_samples: int) -> None:
    content = compress(values.view(np.int32), 4, block_samples=block_samples)
    again = decompress(content, 4).astype(np.uint32)
    np.testing.assert_array_equal(again, values.view(np.uint32))


def plainly(content: bytes, value_bytes: int) -> list[list[int]]:
    """Decompress by one bit at a time, as the format's description reads."""
    at = 3 * value_bytes
    sample = [
        int.from_bytes(content[k : k + value_bytes], "little", signed=True)
        for k in range(0, at, value_bytes)
    ]
    samples = [sample]
    while at < len(content):
        width, count = content[at : at + 2]
        at += 2
        size = (3 * width * count + 7) // 8
        bits = [content[at + k // 8] >> k % 8 & 1 for k in range(3 * width * count)]
        at += size
        for first in range(0, len(bits), 3 * width):
            steps = []
            for channel in range(3):
                begin = first + channel * width
                step = sum(bit << k for k, bit in enumerate(bits[begin : begin + width]))
                steps.append(step - (1 << width) if bits[begin + width - 1] else step)
            sample = [a + b for a, b in zip(sample, steps, strict=True)]
            samples.append(sample)
    return samples


@given(st.binary(min_size=6, max_size=6), st.data())
def test_any_whole_blocks_are_read_as_described(head: bytes, draw: st.DataObject) -> None:
    content = head
    for _ in range(draw.draw(st.integers(0, 4))):
        width, count = draw.draw(st.integers(1, 32)), draw.draw(st.integers(1, 20))
        size = (3 * width * count + 7) // 8
        content += bytes((width, count)) + draw.draw(st.binary(min_size=size, max_size=size))
    want = plainly(content, 2)
    if all(-32768 <= value < 32768 for sample in want for value in sample):
        assert decompress(content).tolist() == want
    else:
        with pytest.raises(ProtocolError):
            decompress(content)


settings_on_offer = st.dictionaries(
    st.sampled_from([0, 1, 2]), st.lists(st.integers(0, 65535), min_size=1, max_size=6).map(tuple)
)


@given(st.integers(0, 255), st.integers(0, 255), st.integers(0, 20), settings_on_offer)
def test_replies_round_trip(
    operation: int, measurement: int, status: int, settings: dict[int, tuple[int, ...]]
) -> None:
    reply = Reply(operation, measurement, status, settings)
    again = decode_reply(encode_reply(reply))
    assert again[:3] == reply[:3]
    assert again.settings == ({} if status else settings)


def test_settings_of_every_kind_are_read_and_the_rest_is_left() -> None:
    security = bytes((6, 1)) + bytes(16)
    known = {0: (52, 104), 1: (16,), 2: (8,), 3: (70000,), 4: (3,), 5: (0.5,)}
    assert decode_settings(security + encode_settings(known)) == known
    assert decode_settings(encode_settings(known)[:-1]) == {k: known[k] for k in range(5)}
    assert decode_settings(encode_settings({0: (52,)}) + b"\x63\x01\x00") == {0: (52,)}


@given(st.integers(0, 63), st.integers(0, 10**18), st.integers(0, 255), st.binary(min_size=1))
def test_frames_round_trip(measurement: int, time_ns: int, kind: int, content: bytes) -> None:
    frame = Frame(measurement, time_ns, kind, content)
    assert decode_frame(encode_frame(frame)) == frame


@given(st.binary(max_size=80))
def test_garbage_is_refused_in_words(payload: bytes) -> None:
    decoders: list[Callable[[bytes], object]] = [
        decode_request,
        decode_reply,
        decode_frame,
        decompress,
        lambda content: decompress(content, 4),
    ]
    for decode in decoders:
        try:
            decode(payload)
        except ProtocolError as error:
            assert str(error).endswith(".")


# ---------------------------------------------------------------- the decoder


@pytest.mark.parametrize(
    ("kind", "content", "milli_g"),
    [
        (0, bytes([0xFF, 0x7F, 0x02]), [-1, 127, 2]),
        (1, bytes.fromhex("18fc e803 0080")[:6], [-1000, 1000, -32768]),
        (2, bytes.fromhex("18fcff e80300 ffffff"), [-1000, 1000, -1]),
        (COMPRESSED | 1, bytes.fromhex("EAFF08000D00"), [-22, 8, 13]),
    ],
)
def test_every_form_of_acceleration(kind: int, content: bytes, milli_g: list[int]) -> None:
    decoder = PolarDecoder(52.0, 40 * G)
    (reading,) = readings_of(
        decoder, [*started(gyro=False), data(Frame(ACC, EPOCH_NS, kind, content))]
    )
    np.testing.assert_allclose(reading.acceleration_m_s2, [np.array(milli_g) * G / 1000])
    assert reading.angular_velocity_rad_s is None
    assert reading.time_us == EPOCH_NS // 1000
    assert decoder.malformed_packets == 0


def test_the_factor_is_read_from_the_packets() -> None:
    frame = data(Frame(ACC, EPOCH_NS, COMPRESSED, compress([[1000, -2000, 3000]])))
    decoder = PolarDecoder(52.0, 8 * G)
    assert readings_of(decoder, [frame]) == []  # no factor known
    assert decoder.malformed_packets == 1
    refused = control(Reply(Operation.START, ACC, 8, {}))
    offered = control(Reply(Operation.GET_SETTINGS, ACC, 0, {Setting.FACTOR: (1e-3,)}))
    assert readings_of(decoder, [refused, offered, frame]) == []
    start = control(Reply(Operation.START, ACC, 0, {Setting.FACTOR: (2.44e-4,)}))
    (reading,) = readings_of(decoder, [start, frame])
    np.testing.assert_allclose(
        reading.acceleration_m_s2, [[0.244 * G, -0.488 * G, 0.732 * G]], rtol=1e-6
    )
    decoder.reset()
    assert readings_of(decoder, [frame]) == []  # the next link may have another


def test_a_missing_factor_cannot_make_a_wrong_sample() -> None:
    frame = data(Frame(ACC, EPOCH_NS, COMPRESSED, compress([[1000, -2000, 3000]])))
    decoder = PolarDecoder(52.0, 8 * G)
    assert readings_of(decoder, [*started(gyro=False), frame]) == []  # 3000 g
    assert decoder.malformed_packets == 1


def test_angular_velocity_as_bit_patterns() -> None:
    values = np.array([[1.5, -250.25, 0.0], [1.75, -249.5, 1e-3]], np.float32)
    packets = [
        *started(factor=1.0),
        data(Frame(GYRO, EPOCH_NS, COMPRESSED | 1, compress(values.view(np.int32), 4))),
        data(Frame(ACC, EPOCH_NS, 1, np.array([[1, 2, 3], [4, 5, 6]], "<i2").tobytes())),
    ]
    (reading,) = readings_of(PolarDecoder(52.0, 8 * G, radians(2000)), packets)
    assert reading.angular_velocity_rad_s is not None
    np.testing.assert_allclose(reading.angular_velocity_rad_s, np.radians(values), rtol=1e-6)


@pytest.mark.parametrize(
    "frame",
    [
        Frame(GYRO, EPOCH_NS, 0, bytes(6)),  # raw angular velocity has no agreed form
        Frame(ACC, EPOCH_NS, 3, bytes(6)),
        Frame(ACC, EPOCH_NS, COMPRESSED | 2, bytes(6)),
        Frame(ACC, EPOCH_NS, 1, bytes(7)),
        Frame(ACC, EPOCH_NS, COMPRESSED | 1, bytes.fromhex("EAFF08000D000301DF")),
        Frame(ACC, EPOCH_NS, COMPRESSED | 1, bytes.fromhex("EAFF08000D00000100")),
        Frame(ACC, EPOCH_NS, 1, np.array([9000, 12000, 0], "<i2").tobytes()),
        Frame(ACC, 10**19, 1, bytes(6)),
    ],
)
def test_what_cannot_be_read_with_certainty_is_counted(frame: Frame) -> None:
    decoder = PolarDecoder(52.0, 8 * G, radians(2000))
    assert readings_of(decoder, [*started(), data(frame)]) == []
    assert decoder.malformed_packets == 1


@given(st.lists(st.binary(max_size=60), max_size=30))
def test_garbage_does_not_stop_the_stream(noise: list[bytes]) -> None:
    decoder = PolarDecoder(200.0, 8 * G)
    for payload in noise:
        for channel in (DATA_CHANNEL, CONTROL_CHANNEL, "request"):
            decoder.push(Packet(0, channel, payload))
    content = np.array([[0, 0, 1000]] * 4, "<i2").tobytes()
    frames = [data(Frame(ACC, EPOCH_NS + k * 20_000_000, 1, content)) for k in range(5)]
    assert len(readings_of(decoder, frames)) == 5


def test_samples_at_the_end_of_the_range_are_flagged() -> None:
    values = np.array([[0, 0, 1000], [0, 7995, 0], [-8000, 0, 0], [7900, 0, 0]], "<i2")
    packet = data(Frame(ACC, EPOCH_NS, 1, values.tobytes()))
    (reading,) = readings_of(PolarDecoder(200.0, 8 * G), [packet])
    assert reading.quality is not None
    assert reading.quality.tolist() == [0, Quality.CLIPPED, Quality.CLIPPED, 0]


def test_the_end_of_sixteen_bits_is_an_end_of_the_range() -> None:
    """With 0.06 °/s a count no reading gets to the 2000 °/s that were agreed."""
    counts = np.array([[0, 0, 0], [32767, 0, 0], [32700, 0, 0]])
    packets = [
        *started(factor=0.06),
        data(Frame(GYRO, EPOCH_NS, COMPRESSED, compress(counts))),
        data(Frame(ACC, EPOCH_NS, 1, np.zeros((3, 3), "<i2").tobytes())),
    ]
    (reading,) = readings_of(PolarDecoder(52.0, 8 * G, radians(2000)), packets)
    assert reading.quality is not None
    assert reading.quality.tolist() == [0, Quality.CLIPPED, 0]


class Streams:
    """Frames of a smooth motion, with instants of their own for each measurement."""

    def __init__(self, rate: float = 104.0, ppm: float = 0.0) -> None:
        self.rate = rate
        self.period_s = (1 + ppm * 1e-6) / rate

    @staticmethod
    def acceleration_g(time_s: Array) -> NDArray[np.float64]:
        angles: NDArray[np.float64] = np.outer(time_s, [5.0, 7.0, 9.0])
        return 3.0 * np.sin(angles)

    @staticmethod
    def gyro_deg_s(time_s: Array) -> NDArray[np.float64]:
        angles: NDArray[np.float64] = np.outer(time_s, [4.0, 6.0, 8.0])
        return 300.0 * np.cos(angles)

    def frame(self, measurement: int, first: int, n: int, shift_s: float = 0.0) -> Packet:
        time_s = np.arange(first, first + n) * self.period_s + shift_s
        stamp_ns = EPOCH_NS + round(time_s[-1] * 1e9)
        if measurement == ACC:
            values = np.rint(1000 * self.acceleration_g(time_s)).astype(np.int64)
            return data(Frame(ACC, stamp_ns, COMPRESSED | 1, compress(values)))
        values = np.rint(self.gyro_deg_s(time_s) / FACTOR).astype(np.int64)
        return data(Frame(GYRO, stamp_ns, COMPRESSED, compress(values)))

    def check(self, reading: Reading) -> NDArray[np.bool_]:
        """Right wherever it is known; returns where that is, by sample."""
        n = len(reading.acceleration_m_s2)
        assert reading.time_us is not None
        assert reading.stamped == n - 1
        assert reading.angular_velocity_rad_s is not None
        assert reading.angular_velocity_rad_s.shape == (n, 3)
        last_s = (reading.time_us - EPOCH_NS // 1000) * 1e-6
        time_s = last_s - np.arange(n - 1, -1, -1) * self.period_s
        np.testing.assert_allclose(
            reading.acceleration_m_s2, self.acceleration_g(time_s) * G, atol=6e-4 * G
        )
        known: NDArray[np.bool_] = ~np.any(np.isnan(reading.angular_velocity_rad_s), axis=1)
        curve = 300 * 64 / 8 * self.period_s**2  # of the line between two samples
        np.testing.assert_allclose(
            np.degrees(reading.angular_velocity_rad_s[known]),
            self.gyro_deg_s(time_s[known]),
            atol=FACTOR + curve + 0.1,
        )
        return known


def decoder_for(streams: Streams) -> PolarDecoder:
    return PolarDecoder(streams.rate, 16 * G, radians(2000))


@pytest.mark.parametrize("shift", [0.0, 0.3, 0.5, -0.4, 1.0])
@pytest.mark.parametrize("ppm", [0.0, 30_000.0, -30_000.0])
def test_angular_velocity_is_given_at_the_accelerations_times(shift: float, ppm: float) -> None:
    streams = Streams(ppm=ppm)
    packets = started()
    for k in range(40):  # frames of different lengths
        packets.append(streams.frame(ACC, k * 24, 24))
        if k % 2:
            packets.append(streams.frame(GYRO, (k - 1) * 24, 48, shift * streams.period_s))
    decoder = decoder_for(streams)
    readings = readings_of(decoder, packets)
    assert len(readings) >= 38
    if ppm:  # the first frame of each has but the nominal period
        readings = readings[2:]
    known = np.concatenate([streams.check(reading) for reading in readings])
    assert np.all(known[48:])
    assert decoder.malformed_packets == 0
    stamps = [reading.time_us for reading in readings if reading.time_us is not None]
    assert len(stamps) == len(readings)
    assert stamps == sorted(stamps)


def test_acceleration_does_not_wait_for_ever() -> None:
    streams = Streams(rate=208.0)
    decoder = decoder_for(streams)
    readings_of(decoder, started())
    waits = []
    for k in range(100):  # 9 s, no angular velocity at all
        emitted = len(readings_of(decoder, [streams.frame(ACC, k * 20, 20)]))
        waits.append(emitted)
    assert sum(waits) >= 100 - 1
    quiet_s = waits.index(next(w for w in waits if w)) * 20 / 208
    assert 1.0 <= quiet_s <= 1.5
    assert set(waits[waits.index(max(waits)) + 1 :]) == {1}  # at once from then on


def test_a_lost_frame_of_angular_velocity_is_not_bridged() -> None:
    streams = Streams()
    packets = started()
    for k in range(20):
        packets.append(streams.frame(ACC, k * 24, 24))
        if k != 9:
            packets.append(streams.frame(GYRO, k * 24, 24))
    readings = readings_of(decoder_for(streams), packets)
    known = np.concatenate([streams.check(reading) for reading in readings])
    assert len(readings) == 20
    lost = np.flatnonzero(~known)
    assert lost.tolist() == list(range(9 * 24, 10 * 24))


def test_one_lost_sample_of_angular_velocity_is_not_bridged() -> None:
    """On the narrowest links a frame holds one or two samples."""
    streams = Streams()
    packets = started()
    for k in range(60):
        packets.append(streams.frame(ACC, 2 * k, 2))
        if k != 29:
            packets.append(streams.frame(GYRO, 2 * k, 2))
    readings = readings_of(decoder_for(streams), packets)
    known = np.concatenate([streams.check(reading) for reading in readings])
    assert np.flatnonzero(~known).tolist() == [58, 59]


def test_a_lost_frame_of_acceleration_shows_in_the_stamps() -> None:
    streams = Streams()
    packets = started()
    for k in range(20):
        if k != 9:
            packets.append(streams.frame(ACC, k * 24, 24))
        packets.append(streams.frame(GYRO, k * 24, 24))
    readings = readings_of(decoder_for(streams), packets)
    assert len(readings) == 19
    for reading in readings:
        assert streams.check(reading).all()


def test_angular_velocity_that_stops_comes_back() -> None:
    streams = Streams(rate=208.0)
    packets = started()
    for k in range(120):
        packets.append(streams.frame(ACC, k * 20, 20))
        if not 30 <= k < 90:
            packets.append(streams.frame(GYRO, k * 20, 20))
    readings = readings_of(decoder_for(streams), packets)
    assert len(readings) == 120
    known = [streams.check(reading).all() for reading in readings]
    assert known == [k < 30 or k > 90 for k in range(120)]  # the first one back did not wait


def test_repeated_angular_velocity_is_dropped_and_repeated_acceleration_told_by_its_time() -> None:
    streams = Streams()
    packets = started()
    for k in range(10):
        packets += [streams.frame(ACC, k * 24, 24), streams.frame(GYRO, k * 24, 24)]
    packets += packets[-2:]
    decoder = decoder_for(streams)
    readings = readings_of(decoder, packets)
    assert decoder.malformed_packets == 1
    assert [reading.time_us for reading in readings[-2:]] == [readings[9].time_us] * 2


@pytest.mark.parametrize("first", [ACC, GYRO])
def test_a_clock_that_begins_anew(first: int) -> None:
    streams = Streams()
    packets = started()
    for begin in (2000, 0):
        for k in range(10):
            both = [streams.frame(ACC, begin + k * 24, 24), streams.frame(GYRO, begin + k * 24, 24)]
            packets += both if first == ACC else both[::-1]
    decoder = decoder_for(streams)
    readings = readings_of(decoder, packets)
    assert len(readings) == 20
    assert decoder.malformed_packets == 0
    for reading in readings:
        assert streams.check(reading).all()


def test_a_new_link_gives_up_what_waits() -> None:
    streams = Streams()
    decoder = decoder_for(streams)
    readings_of(decoder, [*started(), streams.frame(ACC, 0, 24)])
    decoder.reset()
    packets = started()
    for k in range(10, 20):
        packets += [streams.frame(ACC, k * 24, 24), streams.frame(GYRO, k * 24, 24)]
    readings = readings_of(decoder, packets)
    assert len(readings) == 10
    assert decoder.malformed_packets == 0


def test_a_clipped_angular_velocity_flags_the_samples_around_it() -> None:
    gyro = np.zeros((20, 3), np.int64)
    gyro[7, 1] = 32767
    acceleration = np.zeros((20, 3), "<i2")
    period_ns = round(1e9 / 52)
    packets = [
        *started(),
        data(Frame(GYRO, EPOCH_NS + period_ns // 2, COMPRESSED, compress(gyro))),
        data(Frame(ACC, EPOCH_NS, 1, acceleration.tobytes())),
    ]
    (reading,) = readings_of(PolarDecoder(52.0, 8 * G, radians(2000)), packets)
    assert reading.quality is not None
    assert np.flatnonzero(reading.quality == Quality.CLIPPED).tolist() == [7, 8]


@given(st.lists(st.integers(1, 60), min_size=1, max_size=20), st.floats(-0.08, 0.08))
def test_times_within_frames_are_even_and_join_on(lengths: list[int], deviation: float) -> None:
    period_ns = 1e9 / 52 * (1 + deviation)
    frame_times = FrameTimes(52.0)
    last = -1
    times = []
    for n in lengths:
        last += n
        times.append(frame_times.place(round(last * period_ns), n))
    after_first = np.concatenate(times)[lengths[0] - 1 :]
    np.testing.assert_allclose(np.diff(after_first), period_ns, atol=2.0)


# ---------------------------------------------------------------- the conversation

CHARACTERISTICS = dict(PolarDriver.characteristics)


def scenario(rate: float) -> Scenario:
    return Scenario(minutes=0.1, rate=rate, standing_s=2.0, walk_s=0.0)


def polar(rate: float, **options: Any) -> Callable[[VirtualClock], PolarPeripheral]:
    return lambda clock: PolarPeripheral(SimulatedRun(scenario(rate)), clock, **options)


def stream_for_a_while(
    peripheral_of: Callable[[VirtualClock], Peripheral], wanted: Wanted, seconds: float = 7.0
) -> tuple[DeviceInfo, list[Packet]]:
    async def talk(link: DirectLink) -> DeviceInfo:
        driver = PolarDriver()
        info = await driver.open(link, wanted)
        await link.sleep(seconds)
        await driver.close(link)
        await link.sleep(1.0)
        return info

    return conversation(peripheral_of, CHARACTERISTICS, talk)


def truth(rate: float) -> Samples:
    run = SimulatedRun(scenario(rate))
    return run.read(run.n_samples)


@pytest.mark.parametrize(
    ("rate", "wanted", "range_g", "name"),
    [
        (52.0, Wanted(52.0, 8.0), 8, "Polar Sense 00000001"),
        (52.0, Wanted(52.0, 16.0), 16, "Polar Sense 00000001"),
        (104.0, Wanted(200.0, 16.0), 16, "Polar Sense 00000001"),
        (208.0, Wanted(200.0, 4.0), 4, "Polar Sense 00000001"),
        (200.0, Wanted(200.0, 16.0), 8, "Polar H10 00000001"),
        (100.0, Wanted(200.0, 3.0), 4, "Polar H10 00000001"),
    ],
)
def test_a_session_from_settings_to_samples(
    rate: float, wanted: Wanted, range_g: int, name: str
) -> None:
    info, packets = stream_for_a_while(polar(rate), wanted)
    has_gyro = "Sense" in name
    assert info.name == name
    assert info.serial == "00000001"
    assert info.protocol == "polar"
    assert info.rate_hz == rate
    assert info.acceleration_range_m_s2 == pytest.approx(range_g * G)
    assert info.angular_velocity_range_rad_s == pytest.approx(radians(2000) if has_gyro else 0.0)

    decoder = PolarDriver.decoder(info)
    readings = readings_of(decoder, packets)
    assert decoder.malformed_packets == 0
    assert all(len(packet.payload) <= 232 for packet in packets)
    measured = truth(rate)
    origin_us = 536_000_000_000_000
    following = None
    known = []
    for reading in readings:
        n = len(reading.acceleration_m_s2)
        assert reading.time_us is not None
        first = round((reading.time_us - origin_us) * 1e-6 * rate) - n + 1
        assert following in (None, first)
        following = first + n
        window = slice(first, following)
        end = range_g * G
        want = np.clip(measured.acceleration_m_s2[window], -end, end)
        np.testing.assert_allclose(reading.acceleration_m_s2, want, atol=0.51e-3 * G)
        flags = np.zeros(n, np.uint8) if reading.quality is None else reading.quality
        beyond = np.any(np.abs(measured.acceleration_m_s2[window]) > 1.001 * end, axis=1)
        assert np.all(flags[beyond] == Quality.CLIPPED)
        if not has_gyro:
            assert reading.angular_velocity_rad_s is None
            continue
        assert reading.angular_velocity_rad_s is not None
        assert measured.angular_velocity_rad_s is not None
        gyro = reading.angular_velocity_rad_s
        known.append(~np.isnan(gyro).any(axis=1))
        np.testing.assert_allclose(
            gyro[known[-1]],
            measured.angular_velocity_rad_s[window][known[-1]],
            atol=0.51 * radians(FACTOR),
        )
    assert following is not None
    assert following > 5.0 * rate
    if has_gyro:
        assert np.concatenate(known)[16:].all()


def test_frames_are_the_longer_the_less_it_moves() -> None:
    info, packets = stream_for_a_while(polar(104.0), Wanted(104.0))
    lengths = [len(r.acceleration_m_s2) for r in readings_of(PolarDriver.decoder(info), packets)]
    assert max(lengths[:3]) > 1.3 * min(lengths)


def test_everything_stops_at_the_end() -> None:
    async def talk(link: DirectLink) -> DeviceInfo:
        driver = PolarDriver()
        info = await driver.open(link, Wanted(104.0))
        await link.sleep(2.0)
        await driver.close(link)
        await link.sleep(1.0)
        heard = len(link.sent)
        await link.sleep(1.0)
        assert len(link.sent) == heard
        await driver.open(link, Wanted(104.0))  # and begins again, SDK mode and all
        return info

    conversation(polar(104.0), CHARACTERISTICS, talk)


def test_a_sensor_left_measuring_is_stopped_first() -> None:
    async def talk(link: DirectLink) -> DeviceInfo:
        await PolarDriver().open(link, Wanted(52.0, 8.0))
        info = await PolarDriver().open(link, Wanted(52.0, 8.0))
        await link.sleep(4.0)
        assert readings_of(PolarDriver.decoder(info), link.sent)
        return await PolarDriver().open(link, Wanted(52.0, 16.0))  # needs the SDK mode

    info, _ = conversation(polar(52.0), CHARACTERISTICS, talk)
    assert info.acceleration_range_m_s2 == pytest.approx(16 * G)


def test_a_rate_that_the_sensor_offers_but_does_not_start_is_one_sentence() -> None:
    with pytest.raises(DeviceError, match=r"52 Hz.*does not have the sample rate") as caught:
        stream_for_a_while(polar(208.0), Wanted(50.0, 8.0))
    assert str(caught.value).startswith("Polar Sense 00000001: ")
    assert str(caught.value).endswith(".")


class Stubborn:
    """Answers every request with one status, or not at all."""

    name = "Polar H10 1"
    advertised_services = (SERVICE_UUID,)

    def __init__(self, status: int | None) -> None:
        self.status = status
        self.services: dict[str, dict[str, frozenset[str]]] = {}

    async def serve(self, host: Any) -> None:
        while True:
            _, payload = await host.receive()
            if self.status is not None:
                reply = Reply(payload[0], payload[1], self.status, {})
                await host.send(CONTROL_UUID, b"\x01noise")
                await host.send(CONTROL_UUID, encode_reply(reply))
            await asyncio.sleep(0)


@pytest.mark.parametrize("status", [None, 0, *STATUS_WORDS, 99])
def test_a_refusal_is_one_sentence(status: int | None) -> None:
    with pytest.raises(DeviceError) as caught:
        stream_for_a_while(lambda _: Stubborn(status), Wanted())
    sentence = str(caught.value)
    assert sentence.startswith("Polar H10 1: ")
    assert sentence.endswith(".")
    if status in STATUS_WORDS:
        assert STATUS_WORDS[status] in sentence


@pytest.mark.parametrize(
    ("advertisement", "yes"),
    [
        (Advertisement("1", "Polar Sense 12345678"), True),
        (Advertisement("1", "Polar Verity Sense 12345678"), True),
        (Advertisement("1", "Polar H10 12345678"), True),
        (Advertisement("1", "", (SERVICE_UUID,)), True),
        (Advertisement("1", "Polar Vantage V3", ("0000180d-0000-1000-8000-00805f9b34fb",)), False),
        (Advertisement("1", "Movesense 1"), False),
    ],
)
def test_recognised_by_service_or_name(advertisement: Advertisement, yes: bool) -> None:
    assert PolarDriver.recognises(advertisement) is yes


@pytest.mark.parametrize(
    ("rate", "options"),
    [(150.0, {}), (208.0, {"model": "H10"}), (200.0, {"link": "serial"}), (52.0, {"model": "?"})],
)
def test_a_sensor_that_cannot_exist_is_refused(rate: float, options: dict[str, Any]) -> None:
    with pytest.raises(ParameterError):
        polar(rate, **options)(VirtualClock())
