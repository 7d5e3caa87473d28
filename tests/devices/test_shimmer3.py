"""Shimmer3: what its packets say comes out calibrated and timed, and nothing else does."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from itertools import pairwise
from math import radians

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from devices.drivers.driver import Advertisement, Wanted
from devices.drivers.shimmer3 import Shimmer3Driver
from devices.inbox import Inbox
from devices.links import BYTES_CHANNEL, REQUEST_CHANNEL
from devices.open_link import OpenLink
from devices.protocols.shimmer3 import (
    ACCELERATION_CHANNELS,
    GYRO_CHANNELS,
    TIME_MODULUS_US,
    Inquiry,
    Shimmer3Decoder,
    answer_bytes,
    decode_inquiry,
    encode_inquiry,
    encode_packets,
    time_us,
)
from devices.protocols.shimmer3_calibration import (
    ACCELERATION_SCALE,
    GYRO_SCALE,
    Calibration,
    Calibrations,
    decode_calibrations,
    encode_calibrations,
    nominal_calibrations,
)
from devices.readings import Reading
from devices.records import DeviceInfo, Packet
from devices.simulator.generate import SimulatedRun, simulate
from devices.simulator.peripherals.shimmer3 import CALIBRATIONS, Shimmer3Peripheral
from devices.simulator.scenario import Scenario
from devices.simulator.virtual_clock import VirtualClock
from imu.errors import DeviceError, ParameterError, ProtocolError
from imu.samples import STANDARD_GRAVITY_M_S2, Quality

Raw = NDArray[np.int16]
TICKS = 160  # 204.8 Hz
INQUIRY = Inquiry(TICKS, bytes((0x5D, 0x27, 0x03, 0x00)), (*ACCELERATION_CHANNELS, *GYRO_CHANNELS))
ACKNOWLEDGED = b"\xff"
#: Unit calibration, so that raw values are seen as they are.
PLAIN = Calibrations(
    Calibration((0, 0, 0), (1, 1, 1), (100, 0, 0, 0, 100, 0, 0, 0, 100)),
    Calibration((0, 0, 0), (100, 100, 100), (100, 0, 0, 0, 100, 0, 0, 0, 100)),
)


def raw_motion(n: int, seed: int = 0) -> Raw:
    return np.random.default_rng(seed).integers(-30000, 30000, (n, 6)).astype(np.int16)


def packets(raw: Raw, first: int = 1000, inquiry: Inquiry = INQUIRY) -> bytes:
    return encode_packets(inquiry, first + TICKS * np.arange(len(raw)), raw[:, :3], raw[:, 3:])


def ready(inquiry: Inquiry = INQUIRY, calibrations: Calibrations = PLAIN) -> Shimmer3Decoder:
    """A decoder that has heard the answers."""
    decoder = Shimmer3Decoder(1e9)
    for question, answer in (
        (b"\x2c", encode_calibrations(calibrations)),
        (b"\x01", encode_inquiry(inquiry)),
    ):
        decoder.push(Packet(0, REQUEST_CHANNEL, question))
        assert decoder.push(Packet(0, BYTES_CHANNEL, ACKNOWLEDGED + answer)) == []
    return decoder


def decoded(decoder: Shimmer3Decoder, *chunks: bytes) -> tuple[Raw, list[int]]:
    """Raw values, shape (n, 6), and the time of each in µs."""
    values, times, step_us = [np.zeros((0, 6))], list[int](), TICKS * 15625 / 512
    for chunk in chunks:
        for reading in decoder.push(Packet(0, BYTES_CHANNEL, chunk)):
            assert isinstance(reading, Reading)
            assert reading.sequence is None
            assert reading.time_us is not None
            assert reading.angular_velocity_rad_s is not None
            n = len(reading.acceleration_m_s2)
            turning = np.degrees(reading.angular_velocity_rad_s)
            values.append(np.hstack((reading.acceleration_m_s2, turning)))
            times += [round(reading.time_us + k * step_us) % TIME_MODULUS_US for k in range(n)]
    return np.rint(np.vstack(values)).astype(np.int16), times


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[a:b] for a, b in pairwise(edges)]


def is_part_of(part: Raw, whole: Raw) -> bool:
    rows = iter([row.tobytes() for row in np.ascontiguousarray(whole)])
    return all(row.tobytes() in rows for row in np.ascontiguousarray(part))


calibrations_strategy = st.builds(
    Calibration,
    st.tuples(*[st.integers(-2000, 2000)] * 3),
    st.tuples(*[st.integers(100, 30000)] * 3),
    st.tuples(*(st.integers(-8, 8) if k % 4 else st.integers(90, 110) for k in range(9))),
)


@given(
    st.integers(8, 65535),
    st.binary(min_size=4, max_size=4),
    st.lists(st.integers(0, 0x28), max_size=30, unique=True),
)
def test_inquiries_round_trip(ticks: int, setup: bytes, channels: list[int]) -> None:
    inquiry = Inquiry(ticks, setup, tuple(channels))
    assert decode_inquiry(encode_inquiry(inquiry)) == inquiry
    assert answer_bytes(encode_inquiry(inquiry)) == len(encode_inquiry(inquiry))


@pytest.mark.parametrize(
    "bad",
    [
        "02a4006d2703000301040506 00",  # too long
        "0200006d2703000301040506",  # no period
        "02a4006d2703000301040577",  # unknown channel
        "02a4006d2703000301040404",  # the same channel twice
        "02a4006d2703000302040506",  # two packets at once
    ],
)
def test_no_other_bytes_are_an_inquirys_answer(bad: str) -> None:
    with pytest.raises(ProtocolError):
        decode_inquiry(bytes.fromhex(bad))


@given(st.none() | calibrations_strategy, st.none() | calibrations_strategy)
def test_calibrations_round_trip(
    acceleration: Calibration | None, gyro: Calibration | None
) -> None:
    calibrations = Calibrations(acceleration, gyro)
    assert decode_calibrations(encode_calibrations(calibrations)) == calibrations


@given(calibrations_strategy, st.lists(st.tuples(*[st.floats(-150, 150)] * 3), min_size=1))
def test_calibrated_values_are_those_that_were_measured(
    calibration: Calibration, values: list[tuple[float, float, float]]
) -> None:
    raw = calibration.raw(values, GYRO_SCALE)
    back = (raw - np.array(calibration.bias)) @ calibration.matrix(GYRO_SCALE)
    np.testing.assert_allclose(back, values, atol=1e-9)


def test_nominal_calibrations_are_rotations_and_give_g() -> None:
    for code, counts_a_g in enumerate((16000, 8000, 4000, 1333)):  # left-justified, by data sheet
        acceleration, gyro = nominal_calibrations(code, code)
        assert acceleration is not None
        assert gyro is not None
        assert acceleration.is_usable
        assert gyro.is_usable
        one_g = np.array([[0, 0, -counts_a_g]]) @ acceleration.matrix(ACCELERATION_SCALE)
        np.testing.assert_allclose(one_g, [[0, 0, STANDARD_GRAVITY_M_S2]], atol=0.1)
        end = np.array([[0, 0, -32768]]) @ gyro.matrix(GYRO_SCALE)
        np.testing.assert_allclose(end[0, 2], radians(250 * 2**code), rtol=1e-2)


def test_a_mirrored_alignment_is_the_vendors_own_and_is_taken() -> None:
    mirrored = Calibration((0, 0, 0), (1671,) * 3, (0, -100, 0, 100, 0, 0, 0, 0, -100))
    read = decode_calibrations(encode_calibrations(Calibrations(mirrored, None))).acceleration
    assert read == mirrored
    values = np.array([[1.0, -2.0, 9.81]])
    raw = read.raw(values, ACCELERATION_SCALE)
    np.testing.assert_allclose(raw @ read.matrix(ACCELERATION_SCALE), values, atol=1e-12)
    # counts a m/s² along the axes, turned and mirrored as the vendor says
    np.testing.assert_allclose(raw, 1671.0 * np.array([[2.0, 1.0, -9.81]]), atol=1e-9)


def test_a_calibration_that_cannot_be_inverted_is_refused() -> None:
    flat = Calibration((0, 0, 0), (135, 135, 135), (100, 0, 0, 0, 100, 0, 100, 0, 0))
    with pytest.raises(ProtocolError, match="calibrate"):
        decode_calibrations(encode_calibrations(Calibrations(flat, None)))


@given(st.integers(0, (1 << 24) - 1))
def test_ticks_are_rounded_to_the_nearest_microsecond(ticks: int) -> None:
    assert abs(time_us(ticks) - ticks * 1e6 / 32768) <= 0.5
    assert time_us(ticks) < TIME_MODULUS_US


def test_the_layout_of_a_packet() -> None:
    raw = np.array([[0x0102, 2, 3, 0x0405, 5, -6]], np.int16)
    assert packets(raw, 0x0A0B0C).hex(" ") == "00 0c 0b 0a 02 01 02 00 03 00 04 05 00 05 ff fa"


@given(st.integers(5, 60), st.integers(0, 99), st.lists(st.integers(0, 2000), max_size=30))
def test_any_cutting_gives_every_packet_but_the_last(n: int, seed: int, cuts: list[int]) -> None:
    raw = raw_motion(n, seed)
    decoder = ready()
    got, times = decoded(decoder, *pieces(packets(raw), cuts))
    np.testing.assert_array_equal(got, raw[:-1])
    np.testing.assert_allclose(times, (1000 + TICKS * np.arange(n - 1)) * 1e6 / 32768, atol=1)
    assert decoder.malformed_packets == 0


def test_time_wraps_after_512_seconds() -> None:
    raw = raw_motion(40)
    got, times = decoded(ready(), packets(raw, (1 << 24) - 10 * TICKS))
    np.testing.assert_array_equal(got, raw[:-1])
    assert times[10:12] == [0, round(TICKS * 1e6 / 32768)]


def test_nothing_is_decoded_before_channels_and_calibration_were_asked_for() -> None:
    stream = packets(raw_motion(50))
    assert Shimmer3Decoder().push(Packet(0, BYTES_CHANNEL, stream)) == []
    decoder = Shimmer3Decoder()
    decoder.push(Packet(0, REQUEST_CHANNEL, b"\x01"))
    decoder.push(Packet(0, BYTES_CHANNEL, ACKNOWLEDGED + encode_inquiry(INQUIRY)))
    assert decoder.push(Packet(0, BYTES_CHANNEL, stream)) == []
    decoder = ready()
    other = encode_inquiry(Inquiry(999, bytes(4), GYRO_CHANNELS))  # a payload may look so
    decoder.push(Packet(0, BYTES_CHANNEL, ACKNOWLEDGED + other))
    assert decoder.inquiry == INQUIRY


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=6))
def test_answers_may_come_in_pieces(cuts: list[int]) -> None:
    decoder = Shimmer3Decoder()
    for question, answer in (
        (b"\x2c", encode_calibrations(CALIBRATIONS)),
        (b"\x01", encode_inquiry(INQUIRY)),
    ):
        decoder.push(Packet(0, REQUEST_CHANNEL, question))
        for piece in pieces(ACKNOWLEDGED + answer, cuts):
            decoder.push(Packet(0, BYTES_CHANNEL, piece))
    assert (decoder.inquiry, decoder.calibrations) == (INQUIRY, CALIBRATIONS)


@given(
    st.integers(4, 38),  # packets are found once four are in a row
    st.sampled_from(["ff", "ffff", "ff8a7112", "8a7112", "ff8a94123402", "ff8a8803414243"]),
    st.lists(st.integers(0, 1000), max_size=20),
)
def test_answers_between_packets_cost_nothing(place: int, between: str, cuts: list[int]) -> None:
    raw = raw_motion(40)
    stream = packets(raw)
    at = place * INQUIRY.packet_bytes
    stream = stream[:at] + bytes.fromhex(between) + stream[at:]
    decoder = ready()
    got, _ = decoded(decoder, *pieces(stream, cuts))
    np.testing.assert_array_equal(got, raw[:-1])
    assert decoder.malformed_packets == 0


@given(
    st.lists(
        st.tuples(st.integers(0, 3000), st.integers(0, 40), st.binary(max_size=40)),
        min_size=1,
        max_size=4,
    ),
    st.integers(0, 99),
)
def test_lost_and_foreign_bytes_never_make_a_sample(
    faults: list[tuple[int, int, bytes]], seed: int
) -> None:
    """Any bytes go missing, also whole packets' lengths, and others come instead."""
    raw = raw_motion(120, seed)
    stream = packets(raw)
    for at, missing, foreign in faults:
        cut = at % 1500
        stream = stream[:cut] + foreign + stream[cut + missing :]
    decoder = ready()
    got, times = decoded(decoder, stream)
    lengths = {(len(foreign) - missing) % INQUIRY.packet_bytes for _, missing, foreign in faults}
    # a change in place is what no format without a checksum can see
    if len(faults) == 1 and not (0 in lengths and faults[0][2]):
        assert is_part_of(got, raw)
        index = (np.array(times) * 32768 / 1e6 - 1000) / TICKS
        np.testing.assert_array_equal(got, raw[np.rint(index).astype(int)])
        assert len(got) >= 105
    np.testing.assert_array_equal(got[-10:], raw[-11:-1])  # it always finds back


def test_lost_packets_show_as_a_jump_in_time_and_take_the_one_before_along() -> None:
    raw = raw_motion(60)
    stream, size = packets(raw), INQUIRY.packet_bytes
    decoder = ready()
    readings = decoder.push(Packet(0, BYTES_CHANNEL, stream[: 20 * size] + stream[30 * size :]))
    spans = [(r.time_us, len(r.acceleration_m_s2)) for r in readings if isinstance(r, Reading)]
    assert spans == [(time_us(1000), 19), (time_us(1000 + 30 * TICKS), 29)]
    assert decoder.malformed_packets == 1


@given(st.binary(max_size=6000))
def test_noise_gives_nothing(noise: bytes) -> None:
    assert decoded(ready(), noise)[1] == []


def test_payloads_full_of_zeros_and_acknowledgements_do_not_confuse() -> None:
    rng = np.random.default_rng(5)
    raw = rng.choice(np.array([0, -1, 255, -256, 0x008A, 0x7100], np.int16), (200, 6))
    for start in range(INQUIRY.packet_bytes):
        decoder = ready()
        got, _ = decoded(decoder, packets(raw)[start:])
        np.testing.assert_array_equal(got, raw[1 if start else 0 : -1])


def test_other_channels_in_a_packet_are_passed_over() -> None:
    inquiry = Inquiry(TICKS, bytes(4), (0, 1, 2, *ACCELERATION_CHANNELS, 0x1B, *GYRO_CHANNELS, 3))
    assert inquiry.packet_bytes == 4 + 6 + 6 + 3 + 6 + 2
    raw = raw_motion(30)
    got, _ = decoded(ready(inquiry), packets(raw, inquiry=inquiry))
    np.testing.assert_array_equal(got, raw[:-1])


def test_the_ends_of_the_ranges_are_flagged() -> None:
    calibrations = nominal_calibrations(3, 3)
    raw = np.zeros((20, 6), np.int16)
    raw[3, 0], raw[5, 4], raw[7, 1] = 32752, -32768, -22000  # the last is beyond 16 g, as rated
    decoder = ready(calibrations=calibrations)
    decoder._acceleration_end = 16 * STANDARD_GRAVITY_M_S2
    [reading] = decoder.push(Packet(0, BYTES_CHANNEL, packets(raw)))
    assert isinstance(reading, Reading)
    assert reading.quality is not None
    assert np.flatnonzero(reading.quality & Quality.CLIPPED).tolist() == [3, 5, 7]


def test_reset_keeps_what_is_known_of_the_sensor() -> None:
    decoder = ready()
    raw = raw_motion(30)
    decoded(decoder, packets(raw)[:205])
    decoder.reset()
    got, _ = decoded(decoder, packets(raw, 90_000))
    np.testing.assert_array_equal(got, raw[:-1])
    assert decoder.time_modulus_us == TIME_MODULUS_US


def test_an_answer_is_not_waited_for_over_a_lost_link() -> None:
    decoder = Shimmer3Decoder()
    decoder.push(Packet(0, REQUEST_CHANNEL, b"\x01"))
    decoder.reset()
    decoder.push(Packet(1, BYTES_CHANNEL, ACKNOWLEDGED + encode_inquiry(INQUIRY)))
    assert decoder.inquiry is None


def test_recognition() -> None:
    stream = packets(raw_motion(30))
    assert Shimmer3Driver.recognises_bytes(stream[7:])
    assert not Shimmer3Driver.recognises_bytes(np.random.default_rng(1).bytes(4000))
    assert not Shimmer3Driver.recognises_bytes(bytes(4000))
    assert Shimmer3Driver.recognises(Advertisement("x", "Shimmer3-1234"))


class DirectLink(OpenLink):
    """Driver and peripheral joined without a port: the peripheral's host as well."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(Inbox(clock, capacity=1 << 20), "Shimmer3-67AB", "here")
        self.kind = "serial"
        self.written: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()

    async def read(self, channel: str) -> bytes:
        raise AssertionError(channel)

    async def write(self, channel: str, payload: bytes, *, response: bool = True) -> None:
        assert channel == BYTES_CHANNEL
        assert response
        self.written.put_nowait((channel, payload))

    async def subscribe(self, channel: str) -> None:
        raise AssertionError(channel)

    async def close(self) -> None:
        self.inbox.end()

    def is_subscribed(self, channel: str) -> bool:
        return bool(channel)

    async def send(self, channel: str, payload: bytes) -> None:
        self.inbox.put(channel, payload, self.now_ns())

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
    rate: float,
    *,
    calibrations: Calibrations = CALIBRATIONS,
    board: tuple[int, int, int] = (31, 6, 0),
    streaming_already: bool = False,
) -> tuple[DeviceInfo, list[Packet], list[Packet]]:
    """What was agreed, the log of 20 s, and what came in the second after the end."""

    async def run() -> tuple[DeviceInfo, list[Packet], list[Packet]]:
        clock = VirtualClock()
        peripheral = Shimmer3Peripheral(
            SimulatedRun(scenario_at(rate)), clock, calibrations=calibrations, board=board
        )
        link = DirectLink(clock)
        serving = asyncio.create_task(peripheral.serve(link))
        driver = Shimmer3Driver()
        try:
            if streaming_already:
                for command in (b"\x08\x40\x10\x00", b"\x07"):
                    await link.write(BYTES_CHANNEL, command)
                await clock.sleep(0.5)
            info = await driver.open(link, Wanted(rate_hz=rate))
            await clock.sleep(20.0)
            await driver.close(link)
            await clock.sleep(0.1)
            stopped_ns = clock.monotonic_ns()
            await clock.sleep(1.0)
        finally:
            serving.cancel()
        log = await log_of(link)
        return info, log, [packet for packet in log if packet.arrival_ns > stopped_ns]

    return asyncio.run(run())


def scenario_at(rate: float) -> Scenario:
    return Scenario(minutes=0.6, rate=rate, seed=2, device="ideal", standing_s=2.0)


@pytest.mark.parametrize(
    ("rate", "streaming_already"), [(204.8, False), (200.0, True), (512.0, False), (1600.0, False)]
)
def test_what_the_sensor_measured_arrives(rate: float, streaming_already: bool) -> None:
    info, log, after = session(rate, streaming_already=streaming_already)
    assert info.rate_hz == pytest.approx(rate, rel=0.03)
    assert info.acceleration_range_m_s2 == 16 * STANDARD_GRAVITY_M_S2
    assert info.angular_velocity_range_rad_s == pytest.approx(radians(2000))
    assert after == []  # it was stopped
    decoder = Shimmer3Driver.decoder(info)
    readings = [r for p in log for r in decoder.push(p) if isinstance(r, Reading)]
    assert decoder.malformed_packets == 0
    sent, _ = simulate(scenario_at(rate))
    assert sent.angular_velocity_rad_s is not None
    n = 0
    for reading in readings:
        assert reading.time_us is not None
        assert reading.angular_velocity_rad_s is not None
        first = round(reading.time_us * 1e-6 * rate)
        here = slice(first, first + len(reading.acceleration_m_s2))
        clipped = np.zeros(here.stop - first, np.bool_)
        if reading.quality is not None:
            clipped = (reading.quality & Quality.CLIPPED) > 0
        away = np.abs(reading.acceleration_m_s2 - sent.acceleration_m_s2[here])[~clipped]
        turned = np.abs(reading.angular_velocity_rad_s - sent.angular_velocity_rad_s[here])
        assert away.max(initial=0.0) <= 2.2 / 207  # half of four counts, by the alignment
        assert turned[~clipped].max(initial=0.0) <= radians(0.55 / 16.3)
        n += len(clipped)
    assert n == pytest.approx(20.3 * rate, rel=0.02)


def test_an_old_board_without_calibration_gets_the_nominal_one() -> None:
    unset = Calibrations(None, None)
    info, log, _ = session(204.8, calibrations=unset, board=(31, 5, 0))
    decoder = Shimmer3Driver.decoder(info)
    readings = [r for p in log for r in decoder.push(p) if isinstance(r, Reading)]
    # the simulated chip is another one, so only the number and the axes can be right
    assert sum(len(r.acceleration_m_s2) for r in readings) > 4000
    assert np.argmax(np.abs(readings[0].acceleration_m_s2.mean(axis=0))) == 2  # up


@pytest.mark.parametrize("calibrations", [Calibrations(None, None), nominal_calibrations(3, 3)])
def test_a_later_board_without_its_own_calibration_is_refused(calibrations: Calibrations) -> None:
    with pytest.raises(DeviceError, match="holds no calibration"):
        session(204.8, calibrations=calibrations)


def test_what_is_not_known_is_refused() -> None:
    with pytest.raises(ParameterError, match="serial"):
        Shimmer3Peripheral(SimulatedRun(scenario_at(100.0)), VirtualClock(), link="ble")
    with pytest.raises(DeviceError, match="board 48-4-2"):
        session(204.8, board=(48, 4, 2))


def test_a_silent_or_another_device_is_one_sentence() -> None:
    async def against(reply: bytes) -> None:
        clock = VirtualClock()
        link = DirectLink(clock)

        async def answer() -> None:
            while True:
                _, written = await link.receive()
                if reply and written == b"\x3f":
                    await link.send(BYTES_CHANNEL, reply)

        answering = asyncio.create_task(answer())
        try:
            await Shimmer3Driver().open(link, Wanted())
        finally:
            answering.cancel()

    for reply, text in (
        (b"", "does not answer"),
        (b"\xff\x25\x0a", "hardware 10"),
        (b"\xfe", "refuses the command 0x3f"),
    ):
        with pytest.raises(DeviceError, match=text):
            asyncio.run(against(reply))
