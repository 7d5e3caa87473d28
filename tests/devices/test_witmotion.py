"""WitMotion: every frame comes out as it went in, and nothing comes out that was not sent."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from itertools import pairwise
from math import radians

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from devices.ble import BleConnector, Radio
from devices.drivers.driver import Advertisement, Wanted
from devices.drivers.witmotion import WitMotionDriver
from devices.inbox import Inbox
from devices.links import REQUEST_CHANNEL
from devices.open_link import OpenLink
from devices.protocols.witmotion import (
    BANDWIDTH_REGISTER,
    BATTERY_REGISTER,
    BAUD_REGISTER,
    FRAMES_TO_LOCK,
    RATE_REGISTER,
    SAVE,
    UNLOCK,
    Layout,
    RegisterAnswer,
    Registers,
    WiredContent,
    WitMotionDecoder,
    battery_percent,
    decode_registers,
    encode_frames,
    encode_registers,
    encode_wired,
    read_register,
    write_register,
)
from devices.readings import Battery, Reading
from devices.receiver import Receiver
from devices.records import DeviceInfo, Packet
from devices.sensor_source import SensorSource
from devices.simulator.air import Air
from devices.simulator.generate import SimulatedRun, simulate
from devices.simulator.link_params import LinkParams
from devices.simulator.loopback import loopback_backend
from devices.simulator.peripherals.witmotion import WitMotionPeripheral
from devices.simulator.scenario import Scenario
from devices.simulator.virtual_clock import VirtualClock
from devices.sources import open_source
from imu.errors import DeviceError, ProtocolError
from imu.samples import STANDARD_GRAVITY_M_S2, Quality
from tests.examples import few

Counts = NDArray[np.int16]
LAYOUTS = list(Layout)
TEMPTING = (0x55, 0x61, 0x71, 0x51, 0x52)


def motion(n: int, seed: int = 0) -> Counts:
    return np.random.default_rng(seed).integers(-30000, 30000, (n, 9)).astype(np.int16)


def framed(counts: Counts, layout: Layout) -> bytes:
    n = len(counts)
    if layout is Layout.A:
        return encode_frames(counts)
    if layout is Layout.B:
        return encode_frames(counts, np.tile([25, 6, 1, 12, 0, 0, 999], (n, 1)))
    fourth = np.zeros((n, 1), np.int16)
    groups = [np.hstack((counts[:, 3 * k : 3 * k + 3], fourth)) for k in range(3)]
    frames = [
        np.frombuffer(encode_wired(k + 1, group), np.uint8).reshape(-1, 11)
        for k, group in enumerate(groups)
    ]
    return np.stack(frames, axis=1).tobytes()


def decoded(decoder: WitMotionDecoder, *chunks: bytes, channel: str = "bytes") -> Counts:
    """Acceleration and angular velocity as counts, shape (n, 6)."""
    found = [np.zeros((0, 6))]
    for chunk in chunks:
        for reading in decoder.push(Packet(0, channel, chunk)):
            assert isinstance(reading, Reading)
            assert reading.time_us is None
            assert reading.sequence is None
            assert reading.angular_velocity_rad_s is not None
            found.append(
                np.hstack(
                    (
                        reading.acceleration_m_s2 / (16 * STANDARD_GRAVITY_M_S2),
                        reading.angular_velocity_rad_s / radians(2000),
                    )
                )
            )
    return np.rint(np.vstack(found) * 32768).astype(np.int16)


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[a:b] for a, b in pairwise(edges)]


def is_part_of(part: Counts, whole: Counts) -> bool:
    """Whether every row is one of ``whole``, in order, none twice."""
    rows = iter([row.tobytes() for row in np.ascontiguousarray(whole)])
    return all(row.tobytes() in rows for row in np.ascontiguousarray(part))


def test_the_published_vector_and_commands() -> None:
    assert encode_wired(WiredContent.ANGLES, np.zeros((1, 4), np.int16))[:2] == b"\x55\x53"
    answer = bytes.fromhex("55713a00680169007a00") + bytes(10)
    assert decode_registers(answer) == Registers(0x3A, (360, 105, 122, 0, 0, 0, 0, 0))
    assert read_register(0x3A) == bytes.fromhex("ffaa273a00")
    assert write_register(RATE_REGISTER, 0x09) == bytes.fromhex("ffaa030900")
    assert bytes.fromhex("ffaa6988b5") == UNLOCK
    assert bytes.fromhex("ffaa000000") == SAVE


@given(st.integers(0, 0xFFFF), st.lists(st.integers(-32768, 32767), min_size=8, max_size=8))
def test_register_answers_round_trip(first: int, values: list[int]) -> None:
    answer = Registers(first, tuple(values))
    assert decode_registers(encode_registers(answer)) == answer


@pytest.mark.parametrize("bad", [b"", b"\x55\x71", bytes(20), b"\x55\x61" + bytes(18)])
def test_no_other_bytes_are_a_register_answer(bad: bytes) -> None:
    with pytest.raises(ProtocolError, match="register answer"):
        decode_registers(bad)


def test_what_does_not_fit_is_not_encoded() -> None:
    with pytest.raises(ProtocolError, match="does not fit"):
        write_register(0x100, 0)
    with pytest.raises(ProtocolError, match="8 values"):
        encode_registers(Registers(1, (1, 2)))
    with pytest.raises(ProtocolError, match="shape"):
        encode_frames(np.zeros((2, 6), np.int16))
    with pytest.raises(ProtocolError, match="shape"):
        encode_wired(1, np.zeros((2, 3), np.int16))


@given(
    st.sampled_from(LAYOUTS),
    st.sampled_from(["data", "bytes"]),
    st.integers(FRAMES_TO_LOCK + 1, 40),
    st.lists(st.integers(0, 5000), max_size=60),
)
def test_any_cutting_gives_every_frame_but_the_last(
    layout: Layout, channel: str, n: int, cuts: list[int]
) -> None:
    counts = motion(n, seed=n)
    decoder = WitMotionDecoder()
    got = decoded(decoder, *pieces(framed(counts, layout), cuts), channel=channel)
    # on a line, a frame is believed when the next has begun; a wired sample is more frames than one
    assert got.tolist() in (counts[:-1, :6].tolist(), counts[:, :6].tolist())
    assert decoder.layout is layout
    assert decoder.malformed_packets == 0
    assert decoder.time_modulus_us is None


@pytest.mark.parametrize("layout", [Layout.A, Layout.B])
@pytest.mark.parametrize("per_notification", [1, 3, 7])
def test_a_notification_of_whole_frames_is_decoded_at_once(
    layout: Layout, per_notification: int
) -> None:
    counts, size = motion(70), layout.value * per_notification
    stream = framed(counts, layout)
    decoder = WitMotionDecoder()
    decoder.push(Packet(0, "data", stream[: 28 * layout.value]))
    for at in range(28 * layout.value, len(stream), size):
        got = decoded(decoder, stream[at : at + size], channel="data")
        assert len(got) == per_notification


@given(
    st.sampled_from(LAYOUTS),
    st.lists(
        st.tuples(st.integers(0, 3000), st.integers(1, 9), st.binary(max_size=60)), max_size=4
    ),
    st.integers(0, 99),
)
def test_lost_and_foreign_bytes_never_make_a_sample(
    layout: Layout, faults: list[tuple[int, int, bytes]], seed: int
) -> None:
    """Fewer bytes than a frame go missing, others come instead: what is decoded was sent."""
    counts = motion(60, seed)
    stream = framed(counts, layout)
    for at, missing, foreign in faults:
        cut = at % len(stream)
        stream = stream[:cut] + foreign + stream[cut + missing :]
    rest = framed(motion(20, seed + 1000), layout)
    decoder = WitMotionDecoder()
    got = decoded(decoder, stream + rest)
    known = np.vstack((counts, motion(20, seed + 1000)))[:, :6]
    # a fault of a whole number of frames' length is not visible without a checksum
    lengths = {(len(foreign) - missing) % layout.value for _, missing, foreign in faults}
    if 0 not in lengths and len(faults) <= 1:
        assert is_part_of(got, known)
        assert len(got) >= 60
    assert is_part_of(got[-12:], known)  # it always finds back


@settings(max_examples=few(80))
@given(st.sampled_from([Layout.A, Layout.B]), st.data())
def test_headers_inside_the_payload_never_make_a_sample(
    layout: Layout, data: st.DataObject
) -> None:
    """The payload is full of headers, and the stream is joined anywhere."""
    rng = np.random.default_rng(data.draw(st.integers(0, 10_000)))
    n, size = 60, layout.value
    raw = np.frombuffer(framed(motion(n), layout), np.uint8).reshape(n, size).copy()
    share = data.draw(st.floats(0.0, 0.9))
    where = rng.random((n, size - 2)) < share
    raw[:, 2:][where] = rng.choice(TEMPTING, int(where.sum()))
    # in most frames, at one place, a header: what a still sensor may do
    place = data.draw(st.integers(2, size - 2))
    often = rng.random(n) < data.draw(st.floats(0.0, 1.0))
    raw[often, place], raw[often, place + 1] = 0x55, 0x61
    sent = np.ascontiguousarray(raw[:, 2:14]).view("<i2")
    start = data.draw(st.integers(0, size))
    got = decoded(WitMotionDecoder(), raw.tobytes()[start:])
    assert is_part_of(got, sent)


def test_a_constant_header_in_the_payload_is_waited_out_then_nothing_is_lost() -> None:
    counts = motion(80)
    counts[:50, 6] = 0x6155  # a still sensor at 136.88 degrees
    decoder = WitMotionDecoder()
    stream = encode_frames(counts)
    assert len(decoded(decoder, stream[: 40 * 20])) == 0
    got = decoded(decoder, stream[40 * 20 :])
    np.testing.assert_array_equal(got, counts[:-1, :6])


@given(st.binary(max_size=6000))
def test_noise_gives_nothing(noise: bytes) -> None:
    decoder = WitMotionDecoder()
    assert len(decoded(decoder, noise)) == 0
    assert decoder.layout is None


def test_long_noise_is_counted_and_forgotten() -> None:
    decoder = WitMotionDecoder()
    rng = np.random.default_rng(3)
    for _ in range(30):
        assert len(decoded(decoder, rng.bytes(1000))) == 0
    assert decoder.malformed_packets > 1000
    counts = motion(20)
    np.testing.assert_array_equal(decoded(decoder, encode_frames(counts))[-15:], counts[4:19, :6])


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_changed_header_costs_at_most_three_samples(layout: Layout) -> None:
    counts = motion(60)
    stream = bytearray(framed(counts, layout))
    at = 30 * len(stream) // 60  # a header
    stream[at] ^= 0x10
    decoder = WitMotionDecoder()
    got = decoded(decoder, bytes(stream))
    assert is_part_of(got, counts[:, :6])
    assert len(got) >= 56  # and the last waits for its successor
    assert 1 <= decoder.malformed_packets <= 6


@given(st.integers(0, 60 * 33 - 1), st.integers(1, 255))
def test_a_wired_checksum_sees_every_changed_byte(at: int, change: int) -> None:
    counts = motion(60)
    stream = bytearray(framed(counts, Layout.WIRED))
    stream[at] ^= change
    got = decoded(WitMotionDecoder(), bytes(stream))
    assert is_part_of(got, counts[:, :6])
    assert len(got) >= 56


def test_an_acceleration_without_its_angular_velocity_is_dropped() -> None:
    counts = motion(20)
    rows = np.frombuffer(framed(counts, Layout.WIRED), np.uint8).reshape(20, 3, 11)
    stream = np.delete(rows.reshape(60, 11), [3 * 10 + 1], axis=0).tobytes()
    decoder = WitMotionDecoder()
    got = decoded(decoder, stream)
    np.testing.assert_array_equal(got, np.delete(counts, 10, axis=0)[:, :6])
    assert decoder.malformed_packets == 1


@pytest.mark.parametrize("layout", [Layout.A, Layout.B])
@pytest.mark.parametrize("channel", ["data", "bytes"])
def test_the_battery_is_heard_between_frames(layout: Layout, channel: str) -> None:
    counts, size = motion(30), layout.value
    stream = framed(counts, layout)
    answer = encode_registers(Registers(BATTERY_REGISTER, (385, *(0,) * 7)))
    other = encode_registers(Registers(0x3A, (360, *(0,) * 7)))
    other += encode_registers(Registers(BATTERY_REGISTER, (12, *(0,) * 7)))  # it has none
    cut = 20 * size
    decoder = WitMotionDecoder()
    results = decoder.push(Packet(0, channel, stream[:cut] + answer + other + stream[cut:]))
    batteries = [result for result in results if isinstance(result, Battery)]
    samples = sum(len(r.acceleration_m_s2) for r in results if isinstance(r, Reading))
    assert batteries == [Battery(battery_percent(385))]
    assert samples >= 29
    assert decoder.malformed_packets == 0


def test_the_end_of_the_range_is_flagged() -> None:
    counts = np.zeros((10, 9), np.int16)
    counts[:, 0] = np.arange(10)
    counts[3, 2], counts[5, 4], counts[7, 8] = 32767, -32768, 32767  # the last is an angle
    [reading] = WitMotionDecoder().push(Packet(0, "data", encode_frames(counts)))
    assert isinstance(reading, Reading)
    assert reading.quality is not None
    clipped = [k for k in range(10) if reading.quality[k] & Quality.CLIPPED]
    assert clipped == [3, 5]


def test_nothing_is_given_while_the_sensor_is_set_up() -> None:
    counts = motion(40)
    stream = encode_frames(counts)
    decoder = WitMotionDecoder()
    decoder.push(Packet(0, REQUEST_CHANNEL, UNLOCK))
    assert decoder.push(Packet(0, "data", stream[:400])) == []
    assert decoder.push(Packet(0, REQUEST_CHANNEL, write_register(RATE_REGISTER, 9))) == []
    assert decoder.push(Packet(0, "data", stream[400:600])) == []
    decoder.push(Packet(0, REQUEST_CHANNEL, read_register(BATTERY_REGISTER)))
    got = decoded(decoder, stream[600:], channel="data")
    np.testing.assert_array_equal(got, counts[30:, :6])


def test_half_a_frame_is_given_up_when_a_notification_begins_with_a_header() -> None:
    counts = motion(30)
    frames = [encode_frames(counts[k : k + 1]) for k in range(30)]
    for k in (3, 14, 15, 16, 22):  # also while the frames are sought
        frames[k] = frames[k][:10]
    decoder = WitMotionDecoder()
    readings = [r for f in frames for r in decoder.push(Packet(0, "data", f))]
    got = decoded(WitMotionDecoder(), *frames, channel="data")
    np.testing.assert_array_equal(got, np.delete(counts, (3, 14, 15, 16, 22), axis=0)[:, :6])
    missing = [r.missing_before for r in readings if isinstance(r, Reading) and r.missing_before]
    assert missing[-2:] == [3, 1]
    assert decoder.malformed_packets == 5


def test_what_a_notification_that_was_cut_lacks_is_counted() -> None:
    """Of eight frames two and a half have come."""
    counts = motion(48)
    sent = [encode_frames(counts[k : k + 8]) for k in range(0, 48, 8)]
    sent[3] = sent[3][:50]
    decoder = WitMotionDecoder()
    decoded = [r for k, each in enumerate(sent) for r in decoder.push(Packet(k, "data", each))]
    readings = [r for r in decoded if isinstance(r, Reading)]
    assert sum(len(r.acceleration_m_s2) for r in readings) == 42
    assert sum(r.missing_before for r in readings) == 6


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_dropped_frame_is_told_with_the_next_reading(layout: Layout) -> None:
    counts = motion(60)
    stream = bytearray(framed(counts, layout))
    stream[30 * len(stream) // 60] ^= 0x10  # a header
    readings = [
        reading
        for reading in WitMotionDecoder().push(Packet(0, "bytes", bytes(stream)))
        if isinstance(reading, Reading)
    ]
    received = sum(len(reading.acceleration_m_s2) for reading in readings)
    missing = sum(reading.missing_before for reading in readings)
    assert missing > 0
    assert received + missing in {59, 60}  # the last waits for its successor


def test_the_reading_after_a_set_up_says_that_samples_were_left_out() -> None:
    stream = encode_frames(motion(40))
    decoder = WitMotionDecoder()
    first = decoder.push(Packet(0, "data", stream[:200]))
    decoder.push(Packet(0, REQUEST_CHANNEL, UNLOCK))
    decoder.push(Packet(0, "data", stream[200:600]))
    decoder.push(Packet(0, REQUEST_CHANNEL, read_register(BATTERY_REGISTER)))
    later = [*decoder.push(Packet(0, "data", stream[600:700]))]
    later += decoder.push(Packet(0, "data", stream[700:]))
    readings = [r for r in [*first, *later] if isinstance(r, Reading)]
    assert [reading.time_step for reading in readings] == [False, True, False]


def test_reset_forgets_half_a_frame_and_keeps_counts() -> None:
    counts = motion(30)
    decoder = WitMotionDecoder()
    decoded(decoder, encode_frames(counts)[:210])
    decoder.reset()
    assert decoder.layout is None
    np.testing.assert_array_equal(decoded(decoder, encode_frames(counts)), counts[:-1, :6])


def test_no_sample_is_made_of_two_halves_over_a_return() -> None:
    counts, size = motion(30), Layout.WIRED.value
    stream = framed(counts, Layout.WIRED)
    decoder = WitMotionDecoder()
    cut = stream.index(b"\x55\x52", 20 * 3 * size)  # its acceleration has come, and is believed
    before = decoded(decoder, stream[: cut + 2])
    decoder.reset()
    # the other half is the first that comes, of a sample that nobody saw begin
    after = decoded(decoder, framed(motion(30, 1), Layout.WIRED)[size:])
    np.testing.assert_array_equal(before, counts[:20, :6])
    np.testing.assert_array_equal(after, motion(30, 1)[1:, :6])


def test_recognition() -> None:
    service = "0000ffe5-0000-1000-8000-00805f9a34fb"
    recognises = WitMotionDriver.recognises
    assert recognises(Advertisement("x", "anything", (service,)))
    assert recognises(Advertisement("x", "WT901BLE68"))
    assert recognises(Advertisement("x", "wt9011dcl-bt50"))
    assert recognises(Advertisement("x", "BWT901CL"))
    assert not recognises(Advertisement("x", "WTVB01-BT50"))
    assert not recognises(Advertisement("x", "of other makers", (service.replace("9a", "9b"),)))
    for layout in LAYOUTS:
        assert WitMotionDriver.recognises_bytes(framed(motion(12), layout)[5:])
    assert not WitMotionDriver.recognises_bytes(np.random.default_rng(1).bytes(4000))


class DirectLink(OpenLink):
    """Driver and peripheral joined without a radio: the peripheral's host as well."""

    def __init__(self, clock: VirtualClock, kind: str) -> None:
        super().__init__(Inbox(clock, capacity=1 << 20), "WT901BLE67", "here")
        self.kind = kind
        self.subscribed = kind == "serial"
        self.written: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()

    async def read(self, channel: str) -> bytes:
        raise AssertionError(channel)

    async def write(self, channel: str, payload: bytes, *, response: bool = True) -> None:
        assert channel == ("command" if self.kind == "ble" else "bytes")
        assert not response
        self.written.put_nowait((channel, payload))

    async def subscribe(self, channel: str) -> None:
        assert channel == "data"
        self.subscribed = True

    async def close(self) -> None:
        self.inbox.end()

    def is_subscribed(self, channel: str) -> bool:
        return self.subscribed and bool(channel)

    async def send(self, channel: str, payload: bytes) -> None:
        if self.is_subscribed(channel):
            kind = "data" if self.kind == "ble" else "bytes"
            self.inbox.put(kind, payload, self.now_ns())

    async def receive(self) -> tuple[str, bytes]:
        return await self.written.get()

    def set_value(self, channel: str, value: bytes) -> None:
        raise AssertionError(channel, value)


async def log_of(link: DirectLink) -> list[Packet]:
    await link.close()
    log = list[Packet]()
    with suppress(StopAsyncIteration):
        while isinstance(record := await link.inbox.get(), Packet):
            log.append(record)
    return log


def session(
    scenario: Scenario, kind: str, layout: Layout | None = None, stay_s: float = 70.0
) -> tuple[DeviceInfo, list[Packet], float]:
    """What was agreed, the log, and how long the agreement took."""

    async def run() -> tuple[DeviceInfo, list[Packet], float]:
        clock = VirtualClock()
        peripheral = WitMotionPeripheral(SimulatedRun(scenario), clock, link=kind, layout=layout)
        link = DirectLink(clock, kind)
        serving = asyncio.create_task(peripheral.serve(link))
        driver = WitMotionDriver()
        info = await driver.open(link, Wanted(rate_hz=scenario.rate))
        took_s = clock.monotonic_ns() * 1e-9
        company = asyncio.create_task(driver.accompany(link))
        await clock.sleep(stay_s)
        await driver.close(link)
        company.cancel()
        serving.cancel()
        return info, await log_of(link), took_s

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("kind", "layout", "rate"),
    [
        ("ble", Layout.A, 100.0),
        ("ble", Layout.B, 200.0),
        ("ble", Layout.A, 1600.0),
        ("serial", Layout.A, 200.0),
        ("serial", Layout.WIRED, 200.0),
        ("serial", Layout.WIRED, 100.0),
    ],
)
def test_what_the_sensor_measured_arrives(kind: str, layout: Layout, rate: float) -> None:
    scenario = Scenario(minutes=0.4, rate=rate, seed=4, device="ideal")
    info, log, took_s = session(scenario, kind, layout, stay_s=20.0)
    assert took_s < 12.0
    assert info.protocol == "witmotion"
    decoder = WitMotionDriver.decoder(info)
    results = [result for packet in log for result in decoder.push(packet)]
    readings = [result for result in results if isinstance(result, Reading)]
    assert decoder.malformed_packets == 0
    got = np.vstack([reading.acceleration_m_s2 for reading in readings])
    turned = np.vstack(
        [r.angular_velocity_rad_s for r in readings if r.angular_velocity_rad_s is not None]
    )
    every = round(scenario.rate / info.rate_hz)  # 200 Hz is the most that it offers
    assert info.rate_hz == pytest.approx(scenario.rate / every, rel=0.01)
    assert len(got) == pytest.approx(20 * info.rate_hz, rel=0.02)
    sent, _ = simulate(scenario)
    assert sent.angular_velocity_rad_s is not None
    wanted = sent.acceleration_m_s2[::every]
    wanted_turning = sent.angular_velocity_rad_s[::every]
    starts = [
        k
        for k in range(len(wanted) - len(got) + 1)
        if np.abs(got[-200:] - wanted[k + len(got) - 200 : k + len(got)]).max() < 0.01
    ]
    assert len(starts) == 1
    end = starts[0] + len(got)
    step = 16 / 32768 * STANDARD_GRAVITY_M_S2
    assert np.abs(got - np.clip(wanted[starts[0] : end], -32768 * step, 32767 * step)).max() <= step
    assert np.abs(turned - wanted_turning[starts[0] : end]).max() <= radians(2000) / 32768
    if layout is not Layout.WIRED:
        assert next(r for r in results if isinstance(r, Battery)) == Battery(battery_percent(391))


def test_settings_need_the_unlock_command() -> None:
    async def run() -> tuple[float, float]:
        clock = VirtualClock()
        peripheral = WitMotionPeripheral(SimulatedRun(Scenario(rate=100.0)), clock)
        link = DirectLink(clock, "ble")
        serving = asyncio.create_task(peripheral.serve(link))
        link.written.put_nowait(("command", write_register(RATE_REGISTER, 0x09)))
        await clock.sleep(1.0)
        locked = peripheral.rate_hz
        link.written.put_nowait(("command", UNLOCK + write_register(RATE_REGISTER, 0x09)))
        await clock.sleep(1.0)
        serving.cancel()
        return locked, peripheral.rate_hz

    assert asyncio.run(run()) == (10.0, 100.0)


class Line(DirectLink):
    """A serial line with a speed: what is sent at another one comes as rubbish."""

    def __init__(self, clock: VirtualClock, sensor: WitMotionPeripheral, baud_rate: int) -> None:
        super().__init__(clock, "serial")
        self.sensor, self.speed = sensor, baud_rate

    @property
    def baud_rate(self) -> int:
        return self.speed

    async def change_baud_rate(self, baud_rate: int) -> None:
        self.speed = baud_rate

    async def send(self, channel: str, payload: bytes) -> None:
        right = self.speed == self.sensor.baud_rate
        await super().send(channel, payload if right else bytes(b ^ 0xA5 for b in payload))

    async def write(self, channel: str, payload: bytes, *, response: bool = True) -> None:
        if self.speed == self.sensor.baud_rate:
            await super().write(channel, payload, response=response)


def test_a_wired_sensor_as_delivered_is_raised_from_9600_baud() -> None:
    async def run() -> tuple[DeviceInfo, int, int, DeviceInfo]:
        clock = VirtualClock()
        scenario = Scenario(rate=200.0, minutes=2)
        sensor = WitMotionPeripheral(SimulatedRun(scenario), clock, link="serial", baud_rate=9600)
        line = Line(clock, sensor, 115_200)  # what the connector tries first
        serving = asyncio.create_task(sensor.serve(line))
        info = await WitMotionDriver().open(line, Wanted())
        speeds = line.baud_rate, sensor.baud_rate
        line.speed = 9600  # a port that was closed and opened anew
        again = await WitMotionDriver().open(line, Wanted(known=info))
        serving.cancel()
        return info, *speeds, again

    info, ours, its, again = asyncio.run(run())
    assert (info.rate_hz, ours, its) == (200.0, 115_200, 115_200)
    assert again.rate_hz == 200.0


def test_a_line_that_stays_slow_is_refused_in_a_sentence() -> None:
    async def run() -> None:
        clock = VirtualClock()
        scenario = Scenario(rate=200.0, minutes=2)
        sensor = WitMotionPeripheral(
            SimulatedRun(scenario),
            clock,
            link="serial",
            baud_rate=9600,
            stubborn=frozenset({BAUD_REGISTER}),
        )
        line = Line(clock, sensor, 9600)
        serving = asyncio.create_task(sensor.serve(line))
        try:
            await WitMotionDriver().open(line, Wanted())
        finally:
            serving.cancel()

    sentence = "of 9600 baud is too slow for 200 Hz: of 200 samples a second 4. arrive.*baud=115200"
    with pytest.raises(DeviceError, match=sentence):
        asyncio.run(run())


@pytest.mark.parametrize("answers", [True, False])
def test_the_filter_is_set_and_read_back(answers: bool) -> None:
    async def run(stubborn: frozenset[int]) -> int:
        clock = VirtualClock()
        sensor = WitMotionPeripheral(
            SimulatedRun(Scenario(rate=200.0, minutes=1)),
            clock,
            answers=answers,
            stubborn=stubborn,
        )
        link = DirectLink(clock, "ble")
        serving = asyncio.create_task(sensor.serve(link))
        try:
            await WitMotionDriver().open(link, Wanted())
        finally:
            serving.cancel()
        return sensor.registers[BANDWIDTH_REGISTER]

    assert asyncio.run(run(frozenset())) == 2  # 98 Hz
    if answers:
        with pytest.raises(DeviceError, match="keeps a filter of 20 Hz, which hides the impacts"):
            asyncio.run(run(frozenset({BANDWIDTH_REGISTER})))


def poor(params: LinkParams, rate_hz: float, minutes: float = 1.0) -> tuple[DeviceInfo, Receiver]:
    """A session over a poor radio link, after a first agreement on a good one."""

    async def run() -> tuple[DeviceInfo, Receiver]:
        clock = VirtualClock()
        air = Air(clock, seed=3)
        scenario = Scenario(rate=rate_hz, minutes=minutes, standing_s=2)
        address = air.place(WitMotionPeripheral(SimulatedRun(scenario), clock), params)
        backend = loopback_backend(air)
        radio = Radio(backend.client, backend.scanner)
        source = SensorSource(
            BleConnector(address, radio=radio),
            wanted=Wanted(rate_hz),
            clock=clock,
            ends_after_s=60 * minutes,
        )
        async with source:
            receiver = Receiver(source.info)
            async for record in source:
                receiver.push(record)
        return source.info, receiver

    return asyncio.run(run())


@pytest.mark.parametrize("rate_hz", [100.0, 200.0])
@pytest.mark.parametrize("jitter_ms", [0.0, 120.0])
def test_eight_frames_a_notification_are_a_nominal_rate(rate_hz: float, jitter_ms: float) -> None:
    params = LinkParams(connection_interval_ms=30.0, jitter_ms=jitter_ms, retransmit_percent=10.0)
    info, receiver = poor(params, rate_hz)
    assert info.rate_hz == rate_hz
    assert receiver.losses.lost == 0


def test_a_link_slower_than_its_data_is_refused_with_what_arrives() -> None:
    # one notification of 160 bytes each 150 ms carries 53 samples a second
    params = LinkParams(connection_interval_ms=150.0, packets_per_event=1, queue_packets=2)
    with pytest.raises(DeviceError, match=r"messages get lost: of 100 samples a second 5. arrive"):
        poor(params, 100.0)


def agreed(query: str) -> DeviceInfo:
    """What a set-up comes to, and no more."""

    async def run() -> DeviceInfo:
        async with open_source(f"sim:?protocol=witmotion&minutes=0.5&time_scale=0&{query}") as it:
            return it.info

    return asyncio.run(run())


@pytest.mark.parametrize("query", ["loss=20&seed=1", "loss=20&seed=3"])
def test_a_fifth_of_the_samples_is_not_lost_unnoticed_by_luck(query: str) -> None:
    with pytest.raises(DeviceError, match=r"messages get lost: of 200 samples a second 1.. arrive"):
        agreed(query)


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("corrupt=30", "what arrives is damaged: of 200 samples a second 1.. can be read; bring"),
        ("link=serial&duplicate=80", "3.. samples a second arrive, and it is set to 200; let no"),
    ],
)
def test_what_else_is_wrong_with_a_link_is_not_called_slow(query: str, says: str) -> None:
    with pytest.raises(DeviceError, match=says):
        agreed(query)


@pytest.mark.parametrize(
    "query",
    ["loss=80@1+3", "reset=1&link=serial", "disconnect=2+2"],
)
def test_what_is_over_before_the_set_up_is_hinders_nothing(query: str) -> None:
    assert agreed(query).rate_hz == 200.0


def test_a_link_that_gets_poor_is_loss_and_no_other_rate() -> None:
    gets_poor = LinkParams(
        connection_interval_ms=30.0,
        packets_per_event=1,
        queue_packets=2,
        blackouts_s=tuple((at + 0.0, at + 1.6) for at in range(20, 60, 4)),
    )
    info, receiver = poor(gets_poor, 100.0)
    assert info.rate_hz == 100.0
    losses = receiver.losses
    assert losses.lost > 300  # a second of memory covers the rest of each
    sent = 60 - 5  # s: after the set-up
    assert losses.received + losses.lost == pytest.approx(100 * sent, rel=0.06)


def test_the_rate_stays_over_a_reconnection_whatever_arrives() -> None:
    params = LinkParams(connection_interval_ms=150.0, packets_per_event=1, queue_packets=2)

    async def run() -> DeviceInfo:
        clock = VirtualClock()
        air = Air(clock, seed=3)
        sensor = WitMotionPeripheral(SimulatedRun(Scenario(rate=100.0, minutes=2)), clock)
        address = air.place(sensor)
        backend = loopback_backend(air)
        connector = BleConnector(address, radio=Radio(backend.client, backend.scanner))
        async with SensorSource(
            connector, wanted=Wanted(100.0), clock=clock, ends_after_s=60
        ) as source:
            await clock.sleep(12)
            air.change(address, params)
            air.drop(address)
            async for _ in source:
                pass
            return source.info

    assert asyncio.run(run()).rate_hz == 100.0


def test_samples_that_repeat_are_counted_and_a_still_sensor_repeats_nothing() -> None:
    counts = motion(40)
    twice = np.repeat(counts, 2, axis=0)
    decoder = WitMotionDecoder()
    results = decoder.push(Packet(0, "data", encode_frames(twice[:60])))
    results += decoder.push(Packet(1, "data", encode_frames(twice[60:])))
    readings = [result for result in results if isinstance(result, Reading)]
    assert sum(reading.repeated for reading in readings) == 40
    still = np.full((40, 9), 12, np.int16)  # 0.7 °/s
    [reading] = WitMotionDecoder().push(Packet(0, "data", encode_frames(still)))
    assert isinstance(reading, Reading)
    assert reading.repeated == 0


def test_a_notification_that_comes_twice_is_counted_and_taken_once() -> None:
    counts = motion(24)
    sent = [encode_frames(counts[k : k + 8]) for k in (0, 0, 8, 8, 8, 16, 16)]
    decoder = WitMotionDecoder()
    readings = [r for k, each in enumerate(sent) for r in decoder.push(Packet(k, "data", each))]
    assert [type(reading) for reading in readings] == [Reading] * 3
    assert sum(len(r.acceleration_m_s2) for r in readings if isinstance(r, Reading)) == 24
    assert [r.repeated for r in readings if isinstance(r, Reading)] == [0, 8, 16]
    still = encode_frames(np.where(np.arange(9) < 3, counts[:8], 0))  # measures the same again
    decoder = WitMotionDecoder()
    lying = [r for k in range(5) for r in decoder.push(Packet(k, "data", still))]
    assert sum(len(r.acceleration_m_s2) for r in lying if isinstance(r, Reading)) == 40


def test_an_answer_to_another_question_that_comes_late_is_no_filter() -> None:
    """Wired ones do not say of which register their answer is."""

    async def run() -> DeviceInfo:
        clock = VirtualClock()
        sensor = WitMotionPeripheral(SimulatedRun(Scenario(rate=200.0)), clock, link="serial")
        sensor.registers[BANDWIDTH_REGISTER] = 0x0B
        sensor._stubborn = frozenset({BANDWIDTH_REGISTER})
        link = DirectLink(clock, "serial")
        serving = asyncio.create_task(sensor.serve(link))
        try:
            return await WitMotionDriver().open(link, Wanted())
        finally:
            serving.cancel()

    assert asyncio.run(run()).rate_hz == 200.0


@given(st.sampled_from(LAYOUTS), st.integers(0, 0xFF), st.lists(st.integers(0, 900), max_size=9))
def test_a_register_is_read_however_its_answer_is_cut(
    layout: Layout, value: int, cuts: list[int]
) -> None:
    stream, size = framed(motion(12), layout), len(framed(motion(1), layout))
    if layout is Layout.WIRED:
        answer = encode_wired(0xF, np.array([[value, 0, 0, 0]], np.int16))
    else:
        answer = encode_registers(Registers(RATE_REGISTER, (value, *(0,) * 7)))
    waiting = RegisterAnswer(RATE_REGISTER)
    whole = stream[: 5 * size] + answer + stream[5 * size :]
    heard = [waiting.value(Packet(0, "bytes", part)) for part in pieces(whole, cuts)]
    assert [one for one in heard if one is not None] == [value]


def test_a_silent_sensor_is_one_sentence() -> None:
    async def run() -> None:
        clock = VirtualClock()
        await WitMotionDriver().open(DirectLink(clock, "serial"), Wanted())

    with pytest.raises(DeviceError, match="no motion that can be read"):
        asyncio.run(run())


def test_a_sensor_of_the_wired_family_behind_bluetooth_gets_its_200_hz() -> None:
    """Its code for 200 Hz is another; the driver finds it by measuring."""

    async def run() -> DeviceInfo:
        clock = VirtualClock()
        run = SimulatedRun(Scenario(rate=1000.0, minutes=0.5))  # 125 and 200 Hz both divide it
        peripheral = WitMotionPeripheral(run, clock, link="serial", layout=Layout.A)
        link = DirectLink(clock, "ble")
        serving = asyncio.create_task(peripheral.serve(link))
        link.name = "BWT901CL"
        info = await WitMotionDriver().open(link, Wanted())
        serving.cancel()
        return info

    assert asyncio.run(run()).rate_hz == 200.0
