"""Movesense: published bytes, parts that get lost, the unknown range, and a whole conversation."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from devices.drivers.driver import Advertisement, Wanted
from devices.drivers.movesense import MovesenseDriver, rates_by_nearness
from devices.inbox import Inbox
from devices.open_link import OpenLink
from devices.protocols.movesense import (
    DATA_UUID,
    GYRO_RANGE_SURPLUS,
    IMU_REFERENCE,
    RATES_HZ,
    SERVICE_UUID,
    TIME_MODULUS_US,
    Code,
    Hello,
    MovesenseDecoder,
    Operation,
    decode_command,
    decode_hello,
    decode_imu6,
    decode_notification,
    decode_status,
    encode_command,
    encode_hello,
    encode_imu6,
    encode_result,
    imu6_path,
)
from devices.readings import Reading
from devices.records import DeviceInfo, Packet
from devices.simulator.generate import SimulatedRun
from devices.simulator.peripheral import Peripheral
from devices.simulator.peripherals.movesense import MovesensePeripheral, samples_per_message
from devices.simulator.scenario import Scenario
from devices.simulator.virtual_clock import VirtualClock
from imu.errors import DeviceError, ParameterError, ProtocolError
from imu.samples import STANDARD_GRAVITY_M_S2, Quality, Samples
from tests.examples import few

G = STANDARD_GRAVITY_M_S2


class DirectLink(OpenLink):
    """A driver's link and a peripheral's host at once: no radio between them."""

    kind = "ble"

    def __init__(
        self,
        clock: VirtualClock,
        name: str,
        characteristics: dict[str, str],
        notification_bytes_max: int = 244,
    ) -> None:
        super().__init__(Inbox(clock), name, "00:11:22:33:44:55")
        self._channels = {uuid: channel for channel, uuid in characteristics.items()}
        self._uuids = characteristics
        self._notification_bytes_max = notification_bytes_max
        self._subscribed: set[str] = set()
        self._values: dict[str, bytes] = {}
        self._written: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()
        self.sent: list[Packet] = []

    @property
    def notification_bytes_max(self) -> int:
        return self._notification_bytes_max

    async def read(self, channel: str) -> bytes:
        return self._values[self._uuids[channel]]

    async def write(self, channel: str, payload: bytes, *, response: bool = True) -> None:
        del response  # the peripheral does not see it
        self._written.put_nowait((self._uuids[channel], payload))

    async def subscribe(self, channel: str) -> None:
        self._subscribed.add(self._uuids[channel])

    async def close(self) -> None:
        self.lose("closed")

    def is_subscribed(self, channel: str) -> bool:
        return channel in self._subscribed

    async def send(self, channel: str, payload: bytes) -> None:
        if channel in self._subscribed:
            payload = payload[: self._notification_bytes_max]
            packet = Packet(self.now_ns(), self._channels[channel], payload)
            self.sent.append(packet)
            self.inbox.put(packet.channel, packet.payload, packet.arrival_ns)

    async def receive(self) -> tuple[str, bytes]:
        return await self._written.get()

    def set_value(self, channel: str, value: bytes) -> None:
        self._values[channel] = value


def conversation(
    peripheral_of: Callable[[VirtualClock], Peripheral],
    characteristics: dict[str, str],
    talk: Callable[[DirectLink], Coroutine[Any, Any, DeviceInfo]],
    notification_bytes_max: int = 244,
) -> tuple[DeviceInfo, list[Packet]]:
    """Let a driver talk to a peripheral; what was agreed, and everything the sensor sent."""

    async def run() -> tuple[DeviceInfo, list[Packet]]:
        clock = VirtualClock()
        peripheral = peripheral_of(clock)
        link = DirectLink(clock, peripheral.name, characteristics, notification_bytes_max)
        serving = asyncio.ensure_future(peripheral.serve(link))
        try:
            return await talk(link), link.sent
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)

    return asyncio.run(run())


def scenario(rate: float, **changes: Any) -> Scenario:
    return Scenario(minutes=0.1, rate=rate, standing_s=2.0, walk_s=0.0, **changes)


CHARACTERISTICS = dict(MovesenseDriver.characteristics)


def stream_for_a_while(
    peripheral_of: Callable[[VirtualClock], Peripheral],
    seconds: float = 6.0,
    wanted: Wanted | None = None,
    notification_bytes_max: int = 244,
) -> tuple[DeviceInfo, list[Packet]]:
    async def talk(link: DirectLink) -> DeviceInfo:
        driver = MovesenseDriver()
        info = await driver.open(link, wanted or Wanted())
        await link.sleep(seconds)
        await driver.close(link)
        await link.sleep(1.0)
        return info

    return conversation(peripheral_of, CHARACTERISTICS, talk, notification_bytes_max)


def readings_of(decoder: MovesenseDecoder, packets: list[Packet]) -> list[Reading]:
    decoded = [value for packet in packets for value in decoder.push(packet)]
    assert all(isinstance(value, Reading) for value in decoded)
    return [value for value in decoded if isinstance(value, Reading)]


class Recited:
    """Messages whose every value tells which sample it belongs to."""

    def __init__(self, rate: float, n: int, messages: int, room: int, start_ms: int = 5000) -> None:
        self.n, self.rate = n, rate
        self.first_of: dict[int, int] = {}  # first sample by stamp
        self.notifications: list[tuple[float, bytes]] = []  # made at, ms
        for message in range(messages):
            first = message * n
            stamp = round(start_ms + first * 1000 / rate) % 2**32
            self.first_of[stamp] = first
            acceleration, gyro = recital(first, n)
            parts = encode_imu6(
                IMU_REFERENCE, stamp, acceleration, gyro, notification_bytes_max=room
            )
            made_ms = (first + n) * 1000 / rate
            self.notifications += [(made_ms, part) for part in parts]

    def check(self, readings: list[Reading]) -> int:
        """Every sample is the one that its stamp says; returns how many there are."""
        for reading in readings:
            assert reading.time_us is not None
            assert reading.stamped == 0
            acceleration, gyro = recital(self.first_of[reading.time_us // 1000], self.n)
            np.testing.assert_array_equal(reading.acceleration_m_s2, acceleration)
            assert reading.angular_velocity_rad_s is not None
            np.testing.assert_allclose(reading.angular_velocity_rad_s, np.radians(gyro), rtol=1e-12)
        return sum(len(reading.acceleration_m_s2) for reading in readings)


def recital(first: int, n: int) -> tuple[Any, Any]:
    index = np.arange(first, first + n)[:, None] + np.array([[0.25, 0.5, 0.75]])
    return index % 17.0, -(index % 211.0)


def arrived(notifications: list[tuple[float, bytes]], delay_ms: float = 5.0) -> list[Packet]:
    return [Packet(round((at + delay_ms) * 1e6), "data", part) for at, part in notifications]


def test_the_published_subscription() -> None:
    golden = bytes.fromhex("01 63 2F 4D 65 61 73 2F 49 4D 55 36 2F 31 30 34")
    assert encode_command(Operation.SUBSCRIBE, 99, imu6_path(104)) == golden
    assert decode_command(golden) == (Operation.SUBSCRIBE, 99, "/Meas/IMU6/104")


def test_acceleration_and_angular_velocity_are_blocks_of_their_own() -> None:
    values = [float(value) for value in range(24)]
    body = struct.pack("<I24f", 1234, *values)
    stamp, blocks = decode_imu6(body)
    assert stamp == 1234
    assert blocks[0].tolist() == [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9, 10, 11]]
    assert blocks[1].tolist() == [[12, 13, 14], [15, 16, 17], [18, 19, 20], [21, 22, 23]]
    assert len(body) == 100  # as IMU6/52 has in reality
    assert encode_imu6(7, 1234, blocks[0], blocks[1]) == [b"\x02\x07" + body]


@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 9).flatmap(
        lambda n: npst.arrays(np.float32, (2, n, 3), elements=st.floats(-1e3, 1e3, width=32))
    ),
    st.integers(112, 250),
)
def test_motion_data_comes_back_from_its_parts(
    stamp: int, values: np.ndarray[Any, np.dtype[np.float32]], room: int
) -> None:
    parts = encode_imu6(IMU_REFERENCE, stamp, values[0], values[1], notification_bytes_max=room)
    assert all(len(part) <= room for part in parts)
    heads = [decode_notification(part) for part in parts]
    assert [head.code for head in heads] == [Code.DATA, Code.DATA_PART2][: len(parts)]
    assert {head.reference for head in heads} == {IMU_REFERENCE}
    again, blocks = decode_imu6(b"".join(head.content for head in heads))
    assert again == stamp
    np.testing.assert_array_equal(blocks, values)


@given(st.sampled_from(Operation), st.integers(0, 255), st.text(max_size=40))
def test_commands_round_trip(operation: Operation, reference: int, path: str) -> None:
    path = path.rstrip("\0")
    payload = encode_command(operation, reference, path)
    assert decode_command(payload) == (operation, reference, path)


@given(st.integers(0, 255), st.sampled_from([200, 202, 400, 404, 503, 507]))
def test_results_round_trip_in_either_byte_order(reference: int, status: int) -> None:
    result = decode_notification(encode_result(reference, status))
    assert result[:2] == (Code.RESULT, reference)
    assert decode_status(result.content) == status
    assert decode_status(result.content[::-1]) == status


def test_greetings_of_old_and_new_firmware() -> None:
    hello = Hello("210130000123", "Movesense HR2", "2.1.4")
    payload = encode_hello(1, hello)
    assert payload.startswith(b"\x01\x01")
    assert decode_hello(payload[2:]) == hello
    for content in (b"Hello", b"", b"\xc8\x00", b"\x01only\0two\0", b"\x01a\0b\0\x07\0c\0d\0"):
        assert decode_hello(content) == Hello()


@given(st.binary(max_size=60))
def test_garbage_is_refused_in_words(payload: bytes) -> None:
    for decode in (decode_command, decode_notification, decode_imu6):
        try:
            decode(payload)
        except ProtocolError as error:
            assert str(error).endswith(".")
    decode_hello(payload)
    decode_status(payload)


def test_what_two_notifications_cannot_hold_is_not_encoded() -> None:
    block = np.zeros((16, 3))
    with pytest.raises(ProtocolError, match="388 bytes"):
        encode_imu6(1, 0, block, block, notification_bytes_max=185)
    with pytest.raises(ProtocolError, match="shape"):
        encode_imu6(1, 0, block, block[:3])


@pytest.mark.parametrize(
    ("rate", "n"),
    [(rate, n) for rate in RATES_HZ for n in (1, 4, 8, 16) if n * 1000 >= rate],  # stamps differ
)
def test_nothing_is_lost_while_the_length_of_a_message_is_learned(rate: int, n: int) -> None:
    recited = Recited(rate, n, 150, room=400)
    decoder = MovesenseDecoder(rate)
    readings = readings_of(decoder, arrived(recited.notifications))
    assert recited.check(readings) == 150 * n
    assert decoder.malformed_packets == 0


@pytest.mark.parametrize(("rate", "n"), [(208, 16), (416, 16), (104, 8), (833, 16)])
@pytest.mark.parametrize("room", [100 + 6, 124 + 6, 148 + 6, 172 + 6, 196 + 6, 244])
def test_split_messages_are_joined(rate: int, n: int, room: int) -> None:
    """Also where the first part alone looks like fewer whole samples."""
    if 4 + 24 * n > 2 * (room - 2):
        room = 196 + 6
    recited = Recited(rate, n, 60, room=room)
    decoder = MovesenseDecoder(rate)
    readings = readings_of(decoder, arrived(recited.notifications))
    assert recited.check(readings) == 60 * n
    assert decoder.malformed_packets == 0


def test_joined_messages_do_not_wait_for_the_next_one() -> None:
    recited = Recited(208, 16, 40, room=244)
    decoder = MovesenseDecoder(208)
    packets = arrived(recited.notifications)
    readings_of(decoder, packets[:20])
    for first, second in zip(packets[20::2], packets[21::2], strict=True):
        assert decoder.push(first) == []
        assert len(decoder.push(second)) == 1


@settings(max_examples=few(60))
@given(
    st.sampled_from([(208, 16, 244), (208, 16, 202), (104, 8, 154), (52, 4, 60), (104, 8, 244)]),
    st.lists(st.integers(0, 119), max_size=60, unique=True),
    st.sampled_from(["prompt", "late", "at once"]),
    st.lists(st.integers(0, 80), min_size=60, max_size=60),
)
@example((208, 16, 202), list(range(1, 120, 2)), "prompt", [0] * 60)  # no second part ever comes
@example((208, 16, 202), list(range(0, 120, 2)), "prompt", [0] * 60)  # no first part ever comes
@example((208, 16, 244), [41, 42, 63, 64, 65, 66, 87, 88], "at once", [0] * 60)
def test_lost_parts_never_make_a_wrong_sample(
    case: tuple[int, int, int], lost: list[int], delivery: str, delays: list[int]
) -> None:
    rate, n, room = case
    recited = Recited(rate, n, 60, room=room)
    kept = [
        (at, part) for place, (at, part) in enumerate(recited.notifications) if place not in lost
    ]
    if delivery == "late":  # as a link that falls behind and catches up, in order
        late = np.maximum.accumulate([at + delays[i % 60] for i, (at, _) in enumerate(kept)])
        kept = [(float(at), part) for at, (_, part) in zip(late, kept, strict=True)]
    elif delivery == "at once":  # a queue that ran over while the link was away
        kept = [(at if place < 30 else 10_000.0, part) for place, (at, part) in enumerate(kept)]
    decoder = MovesenseDecoder(rate)
    received = recited.check(readings_of(decoder, arrived(kept)))
    whole = sum(
        1
        for place, (_, part) in enumerate(recited.notifications)
        if part[0] == Code.DATA and place not in lost and (len(part) == 6 + 24 * n)
    )
    if not lost:
        assert received >= 59 * n
        assert decoder.malformed_packets == 0
    assert received <= 60 * n
    assert received // n + decoder.malformed_packets <= len(kept) + whole


def test_each_lost_half_is_counted() -> None:
    recited = Recited(208, 16, 50, room=244)
    decoder = MovesenseDecoder(208)
    packets = arrived(recited.notifications)
    del packets[51]  # second part of message 25
    del packets[69]  # first part of message 35
    readings = readings_of(decoder, packets)
    assert recited.check(readings) == 48 * 16
    assert decoder.malformed_packets == 2


@pytest.mark.parametrize("seed", range(6))
def test_parts_that_come_after_their_successors_make_no_wrong_sample(seed: int) -> None:
    """One in twenty: a second part then fits the first part of the next message."""
    random, kept = Random(seed), list[bytes]()
    recited = Recited(208, 16, 500, room=244)
    packets = arrived(recited.notifications)
    held: bytes | None = None
    for packet in packets:
        if held is None and random.random() < 0.05:
            held = packet.payload
            continue
        kept += [packet.payload] if held is None else [packet.payload, held]
        held = None
    decoder = MovesenseDecoder(208)
    late = [
        Packet(packet.arrival_ns, "data", part) for packet, part in zip(packets, kept, strict=False)
    ]
    assert sum(a != b.payload for a, b in zip(kept, packets, strict=False)) > 40
    assert recited.check(readings_of(decoder, late)) > 0.6 * 500 * 16
    assert decoder.malformed_packets > 20


def test_parts_that_come_twice_cost_nothing() -> None:
    recited = Recited(208, 16, 60, room=244)
    packets = arrived(recited.notifications)
    twice = [packet for k, packet in enumerate(packets) for _ in range(2 if k > 20 else 1)]
    decoder = MovesenseDecoder(208)
    readings = readings_of(decoder, twice)
    assert recited.check(readings) == 60 * 16
    assert decoder.malformed_packets == 0
    assert sum(reading.repeated for reading in readings) == pytest.approx(49.5 * 16, abs=24)


def test_other_subscriptions_and_results_in_between_do_no_harm() -> None:
    recited = Recited(208, 16, 40, room=244)
    packets = []
    for packet in arrived(recited.notifications):
        other = bytes((Code.DATA, 12)) + bytes(30)
        packets += [packet, Packet(packet.arrival_ns, "data", other)]
        packets.append(Packet(packet.arrival_ns, "data", encode_result(IMU_REFERENCE, 200)))
        packets.append(Packet(packet.arrival_ns, "command", b"\x00"))
    decoder = MovesenseDecoder(208)
    assert recited.check(readings_of(decoder, packets)) == 40 * 16
    assert decoder.malformed_packets == 0


@given(st.lists(st.tuples(st.integers(0, 4), st.binary(max_size=250)), max_size=40))
def test_garbage_is_counted_and_the_stream_goes_on(noise: list[tuple[int, bytes]]) -> None:
    recited = Recited(104, 8, 40, room=244)
    packets = arrived(recited.notifications)
    decoder = MovesenseDecoder(104)
    readings_of(decoder, packets[:10])
    before = decoder.malformed_packets
    for code, content in noise:
        decoder.push(Packet(packets[9].arrival_ns, "data", bytes((code, IMU_REFERENCE)) + content))
    decoder.push(Packet(packets[9].arrival_ns, "data", b"\x02"))
    assert decoder.malformed_packets > before
    readings = readings_of(decoder, packets[10:])
    assert recited.check(readings) >= 22 * 8  # a few are held back while the length is learned


def test_a_new_number_of_samples_is_learned_anew() -> None:
    first, second = Recited(104, 8, 30, 244), Recited(104, 4, 60, 244, start_ms=60_000)
    decoder = MovesenseDecoder(104)
    assert first.check(readings_of(decoder, arrived(first.notifications))) == 30 * 8
    later = [(at + 60_000, part) for at, part in second.notifications]
    assert second.check(readings_of(decoder, arrived(later))) >= 50 * 4


@pytest.mark.parametrize(("rate", "n", "room"), [(104, 8, 244), (208, 16, 244)])
def test_the_clock_wraps_after_fifty_days(rate: int, n: int, room: int) -> None:
    recited = Recited(rate, n, 60, room, start_ms=2**32 - 2000)
    decoder = MovesenseDecoder(rate)
    readings = readings_of(decoder, arrived(recited.notifications))
    assert recited.check(readings) == 60 * n
    assert decoder.malformed_packets == 0
    times = [reading.time_us for reading in readings]
    assert all(time is not None and 0 <= time < TIME_MODULUS_US for time in times)
    assert decoder.time_modulus_us == TIME_MODULUS_US
    assert times[-1] is not None
    assert times[-1] < 3_000_000


def test_a_new_link_forgets_half_a_message() -> None:
    recited = Recited(208, 16, 60, room=244)
    packets = arrived(recited.notifications)
    decoder = MovesenseDecoder(208)
    readings_of(decoder, packets[:41])  # ends with a first part
    decoder.reset()
    assert decoder.malformed_packets == 1
    assert recited.check(readings_of(decoder, packets[42:])) == 39 * 16
    assert decoder.malformed_packets == 1


def clipped_of(decoder: MovesenseDecoder, acceleration: Any, gyro: Any) -> list[list[bool]]:
    """Push blocks of 8 at 104 Hz; whether each sample is flagged, by block."""
    packets = []
    for k, (a, w) in enumerate(zip(acceleration, gyro, strict=True)):
        stamp = round(1000 + k * 8 * 1000 / 104)
        parts = encode_imu6(IMU_REFERENCE, stamp, a, w)
        packets += [Packet((stamp + 90) * 1_000_000, "data", part) for part in parts]
    readings = readings_of(decoder, packets)
    qualities = [r.quality if r.quality is not None else np.zeros(8, np.uint8) for r in readings]
    return [(quality == Quality.CLIPPED).tolist() for quality in qualities]


def test_the_end_of_an_unknown_range_is_found() -> None:
    acceleration = np.full((8, 8, 3), 1.0)
    gyro = np.zeros((8, 8, 3))
    acceleration[0, 2, 0] = 4.5 * G  # wider than 2 and 4 g
    acceleration[5, 3, 1] = -7.998 * G  # the end of 8 g
    acceleration[6, 4, 2] = 2.0 * G  # no longer an end
    gyro[7, 6, 2] = 2000 * GYRO_RANGE_SURPLUS
    flags = clipped_of(MovesenseDecoder(104), acceleration, gyro)
    assert [(k, i) for k, row in enumerate(flags) for i in range(8) if row[i]] == [(5, 3), (7, 6)]


def test_a_wider_range_is_believed_once_it_shows() -> None:
    acceleration = np.full((8, 8, 3), 1.0)
    acceleration[1, 0, 0] = 7.99 * G
    acceleration[2, 0, 0] = 9.0 * G
    acceleration[3:, 0, 0] = 7.99 * G
    flags = clipped_of(MovesenseDecoder(104), acceleration, np.zeros((8, 8, 3)))
    assert [row[0] for row in flags] == [False, True] + [False] * 6


@pytest.mark.parametrize("bad", [np.nan, np.inf, -17.0 * G, 1e30])
def test_impossible_values_are_dropped(bad: float) -> None:
    acceleration = np.full((8, 8, 3), 1.0)
    acceleration[6, 5, 1] = bad
    decoder = MovesenseDecoder(104)
    assert len(clipped_of(decoder, acceleration, np.zeros((8, 8, 3)))) == 7
    assert decoder.malformed_packets == 1


def truth(rate: float, **changes: Any) -> Samples:
    run = SimulatedRun(scenario(rate, **changes))
    return run.read(run.n_samples)


def peripheral(rate: float, **options: Any) -> Callable[[VirtualClock], Peripheral]:
    return lambda clock: MovesensePeripheral(SimulatedRun(scenario(rate)), clock, **options)


@pytest.mark.parametrize(("rate", "room"), [(52.0, 244), (104.0, 244), (208.0, 244), (208.0, 509)])
def test_a_session_from_greeting_to_samples(rate: float, room: int) -> None:
    info, packets = stream_for_a_while(
        peripheral(rate, serial="210130000123"), wanted=Wanted(rate), notification_bytes_max=room
    )
    assert info.protocol == "movesense"
    assert info.rate_hz == rate
    assert info.name == "Movesense 210130000123"
    assert (info.serial, info.firmware) == ("210130000123", "1.0")
    n = samples_per_message(round(rate))
    is_split = any(packet.payload[0] == Code.DATA_PART2 for packet in packets)
    assert is_split == (rate == 208 and room < 390)

    decoder = MovesenseDriver.decoder(info)
    readings = readings_of(decoder, packets)
    assert decoder.malformed_packets == 0
    measured = truth(rate)
    indices = []
    for reading in readings:
        assert reading.time_us is not None
        index = round(reading.time_us * 1e-6 * rate)
        indices.append(index)
        window = slice(index, index + n)
        np.testing.assert_allclose(
            reading.acceleration_m_s2, measured.acceleration_m_s2[window], rtol=1e-6
        )
        assert reading.angular_velocity_rad_s is not None
        assert measured.angular_velocity_rad_s is not None
        np.testing.assert_allclose(
            reading.angular_velocity_rad_s, measured.angular_velocity_rad_s[window], rtol=1e-6
        )
    assert np.all(np.diff(indices) == n)
    assert len(readings) * n > 5.5 * rate


def test_a_narrow_firmware_range_shows_as_clipped_samples() -> None:
    info, packets = stream_for_a_while(peripheral(104.0, acceleration_range_g=2))
    readings = readings_of(MovesenseDriver.decoder(info), packets)
    measured = truth(104.0)
    beyond = np.any(np.abs(measured.acceleration_m_s2) >= 2 * G, axis=1)
    assert beyond.any()
    for reading in readings:
        assert reading.time_us is not None
        index = round(reading.time_us * 1e-6 * 104)
        flags = np.zeros(8, np.uint8) if reading.quality is None else reading.quality
        assert np.all(flags[beyond[index : index + 8]] == Quality.CLIPPED)


def test_the_nearest_rate_that_is_not_refused_is_taken() -> None:
    info, packets = stream_for_a_while(peripheral(104.0), wanted=Wanted(rate_hz=200.0))
    assert info.rate_hz == 104.0
    assert encode_result(IMU_REFERENCE, 404) in [packet.payload for packet in packets]


@given(st.floats(10, 2000))
def test_the_first_rate_tried_is_not_below_the_wanted_one(wanted: float) -> None:
    rates = rates_by_nearness(wanted)
    assert sorted(rates) == sorted(RATES_HZ)
    assert rates[0] >= min(wanted, RATES_HZ[-1])
    assert all(offer < wanted for offer in RATES_HZ if offer < rates[0])


def test_old_firmware_that_tells_nothing_still_streams() -> None:
    info, packets = stream_for_a_while(peripheral(104.0, serial="77", introduces_itself=False))
    assert (info.serial, info.firmware) == ("77", "")
    assert readings_of(MovesenseDriver.decoder(info), packets)


def test_no_data_after_the_end() -> None:
    _, packets = stream_for_a_while(peripheral(104.0), seconds=2.0)
    after = [packet for packet in packets if packet.arrival_ns > 4.5e9]
    assert after == []
    assert packets[-1].payload == encode_result(IMU_REFERENCE, 200)


class Stubborn:
    """Answers every command alike, or not at all."""

    name = "Movesense 1"
    advertised_services = (SERVICE_UUID,)

    def __init__(self, answers: dict[int, bytes]) -> None:
        self.answers = answers
        self.services: dict[str, dict[str, frozenset[str]]] = {}

    async def serve(self, host: Any) -> None:
        while True:
            _, payload = await host.receive()
            if payload[0] in self.answers:
                head = bytes((Code.RESULT, payload[1]))
                await host.send(DATA_UUID, head + self.answers[payload[0]])


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ({}, "does not answer"),
        ({0: b"Hello"}, "does not answer"),
        ({0: b"Hello", 1: b"\x94\x01"}, r"status 404"),
        ({0: b"Hello", 1: b"\x01\xfb"}, r"status 507\): its messages are too long"),
        ({0: b"Hello", 1: b"\x01\xad"}, r"status 429\): take its battery out"),
        ({0: b"Hello", 1: b"\x01\xf4"}, r"status 500\): install firmware"),
        ({0: b"Hello", 1: b""}, "does not answer"),
    ],
)
def test_a_refusal_is_one_sentence(answers: dict[int, bytes], says: str) -> None:
    with pytest.raises(DeviceError, match=says) as caught:
        stream_for_a_while(lambda _: Stubborn(answers))
    assert str(caught.value).startswith("Movesense 1: ")
    assert str(caught.value).endswith(".")


def test_too_small_a_link_is_refused_by_the_sensor() -> None:
    with pytest.raises(DeviceError, match="status 507"):
        stream_for_a_while(peripheral(208.0), notification_bytes_max=20)


@pytest.mark.parametrize(
    ("advertisement", "yes"),
    [
        (Advertisement("1", "Movesense 210130000123"), True),
        (Advertisement("1", "", (SERVICE_UUID,)), True),
        (Advertisement("1", "Movesensei"), False),
        (Advertisement("1", "Polar Sense", ("0000180d-0000-1000-8000-00805f9b34fb",)), False),
    ],
)
def test_recognised_by_service_or_name(advertisement: Advertisement, yes: bool) -> None:
    assert MovesenseDriver.recognises(advertisement) is yes


@pytest.mark.parametrize(
    ("rate", "options"),
    [
        (200.0, {}),
        (104.0, {"acceleration_range_g": 3}),
        (104.0, {"angular_velocity_range_deg_s": 250}),
        (104.0, {"link": "serial"}),
    ],
)
def test_a_sensor_that_cannot_exist_is_refused(rate: float, options: dict[str, Any]) -> None:
    with pytest.raises(ParameterError):
        peripheral(rate, **options)(VirtualClock())
