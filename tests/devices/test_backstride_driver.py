"""The project's own profile in conversation: agreeing, streaming, pings, restarts, refusals."""

from __future__ import annotations

import asyncio
from math import radians

import numpy as np
import pytest

from devices.drivers.backstride import SERVICE_UUID, BackstrideDriver
from devices.drivers.backstride_requests import ask, identify, read_info, self_test
from devices.drivers.driver import Advertisement, Wanted
from devices.protocols.backstride import (
    DataFlag,
    InfoMessage,
    decode_data,
    encode_info,
    mask_of,
)
from devices.protocols.backstride_control import (
    Configuration,
    Operation,
    ReplyStatus,
    SelfTestFailure,
    decode_configuration,
    decode_request,
    encode_configuration,
)
from devices.protocols.backstride_decoder import BackstrideDecoder
from devices.protocols.backstride_frames import FrameType, encode_message
from devices.readings import Battery, ClockAnchor, Reading
from devices.receiver import Receiver
from devices.records import DeviceInfo, Packet
from devices.simulator.faults.plan import Fault
from devices.simulator.generate import simulate
from devices.simulator.link_params import LinkParams
from devices.simulator.scenario import Scenario
from imu.errors import DeviceError, OtherVersion, ParameterError
from imu.samples import STANDARD_GRAVITY_M_S2, Samples
from tests.devices.backstride_bench import Bench, DirectLink, run
from tests.devices.sessions import linked, measured, places_in, scenario

LINKS = ["ble", "serial"]
WANTED = Wanted()


def session(
    bench: Bench, seconds: float = 5.0, wanted: Wanted = WANTED
) -> tuple[DeviceInfo, list[Packet]]:
    """Stream for a while over one link; what was agreed, and the log."""

    async def talk(link: DirectLink) -> tuple[DeviceInfo, list[Packet]]:
        driver = BackstrideDriver()
        info = await driver.open(link, wanted)
        company = asyncio.ensure_future(driver.accompany(link))
        await link.sleep(seconds)
        company.cancel()
        await driver.close(link)
        return info, link.packets

    return run(bench.connected(talk))


def received(info: DeviceInfo, packets: list[Packet]) -> tuple[Samples, Receiver]:
    receiver = Receiver(info)
    blocks = [block for packet in packets if (block := receiver.push(packet)) is not None]
    return Samples.concatenate(blocks), receiver


def readings(info: DeviceInfo, packets: list[Packet]) -> tuple[list[Reading], BackstrideDecoder]:
    decoder = BackstrideDriver.decoder(info)
    decoded = [item for packet in packets for item in decoder.push(packet)]
    return [item for item in decoded if isinstance(item, Reading)], decoder


@pytest.mark.parametrize("kind", LINKS)
def test_what_is_measured_comes_through(kind: str) -> None:
    bench = Bench(kind, device="ideal")
    info, packets = session(bench)
    assert info.name == "hip"
    assert info.protocol == "backstride"
    assert info.rate_hz == 200.0
    assert info.acceleration_range_m_s2 == pytest.approx(16 * STANDARD_GRAVITY_M_S2)
    assert info.angular_velocity_range_rad_s == pytest.approx(radians(2000))
    assert (info.axes, info.firmware) == ("", "0.1")
    assert info.serial == ("BS-0001" if kind == "ble" else "")
    samples, receiver = received(info, packets)
    assert receiver.losses.lost == receiver.losses.malformed_packets == 0
    assert len(samples) >= 4.9 * 200
    np.testing.assert_allclose(np.diff(samples.time_s), 1 / 200, atol=2e-6)
    got, _ = readings(info, packets)
    first = got[0].sequence
    assert first is not None
    sent = simulate(bench.scenario)[0][first : first + len(samples)]
    step = 16 * STANDARD_GRAVITY_M_S2 / 32768
    np.testing.assert_allclose(samples.acceleration_m_s2, sent.acceleration_m_s2, atol=0.51 * step)
    assert samples.angular_velocity_rad_s is not None
    assert sent.angular_velocity_rad_s is not None
    np.testing.assert_allclose(
        samples.angular_velocity_rad_s,
        sent.angular_velocity_rad_s,
        atol=0.51 * radians(2000) / 32768,
    )


@pytest.mark.parametrize(
    ("wanted", "rate_hz", "g", "deg_s"),
    [
        (Wanted(220.0, 16.0, 2000.0), 200.0, 16, 2000),
        (Wanted(1000.0, 5.0, 300.0), 400.0, 8, 500),
        (Wanted(400.0, 99.0, 9999.0), 400.0, 16, 2000),
        (Wanted(400.0, 1.0, 1.0), 400.0, 2, 125),
    ],
)
def test_the_nearest_on_offer_is_taken(wanted: Wanted, rate_hz: float, g: int, deg_s: int) -> None:
    info, _ = session(Bench(rate=400.0), 0.2, wanted)
    assert info.rate_hz == rate_hz
    assert info.acceleration_range_m_s2 == pytest.approx(g * STANDARD_GRAVITY_M_S2)
    assert info.angular_velocity_range_rad_s == pytest.approx(radians(deg_s))


def test_of_several_rates_the_nearest_is_asked_for() -> None:
    async def talk(link: DirectLink) -> list[bytes]:
        offer = InfoMessage(
            rates_mask=mask_of((50, 100, 104, 200, 208, 400), (100, 208, 400)),
            acceleration_ranges_mask=0b1000,
            angular_velocity_ranges_mask=0b10000,
        )
        link.set_value(BackstrideDriver.characteristics["info"], encode_info(offer))
        with pytest.raises(DeviceError, match="a value is not one that it offers"):
            await BackstrideDriver().open(link, Wanted(200.0))
        return link.written

    written = map(decode_request, run(Bench(rate=50.0).connected(talk)))
    asked = [request.parameters for request in written if request.operation == Operation.SET_CONFIG]
    assert [decode_configuration(each).rate_hz for each in asked] == [208.0]


@pytest.mark.parametrize(("room", "n"), [(20, 1), (62, 4), (182, 10), (244, 10), (509, 10)])
def test_packets_fit_a_notification(room: int, n: int) -> None:
    info, packets = session(Bench(notification_bytes_max=room), 1.0)
    counts = {len(decode_data(p.payload).counts) for p in packets if p.channel == "data"}
    assert counts == {n}
    assert received(info, packets)[1].losses.lost == 0


def test_a_notification_too_short_for_a_sample_is_said() -> None:
    with pytest.raises(DeviceError, match="19 bytes holds no sample"):
        session(Bench(notification_bytes_max=19))


@pytest.mark.parametrize("kind", LINKS)
def test_another_major_version_is_refused_in_a_sentence(kind: str) -> None:
    bench = Bench(kind)
    bench.sensor._info = encode_info(InfoMessage(major=1, minor=3))
    with pytest.raises(OtherVersion, match=r"version 1\.3 .* update the older of the two\.$"):
        session(bench)


def test_a_sensor_that_offers_nothing_known_is_refused() -> None:
    bench = Bench()
    bench.sensor._info = encode_info(InfoMessage())
    with pytest.raises(DeviceError, match="offers no sample rate"):
        session(bench)


@pytest.mark.parametrize("kind", LINKS)
def test_silence_is_an_error_and_no_hang(kind: str) -> None:
    async def talk(link: DirectLink) -> None:
        await BackstrideDriver().open(link, WANTED)

    with pytest.raises(DeviceError, match="does not answer"):
        run(Bench(kind).connected(talk, harm=lambda _channel, _payload: None))


@pytest.mark.parametrize("kind", LINKS)
def test_a_lost_reply_is_asked_for_again(kind: str) -> None:
    seen: list[bytes] = []

    def harm(channel: str, payload: bytes) -> bytes | None:
        is_reply = channel == "control" or payload[1:3] in (b"\x03\x80", b"\x18\x07", b"\x04\x03")
        if is_reply and payload[:6] not in seen and len(seen) < 3:
            seen.append(payload[:6])
            return None
        return payload

    async def talk(link: DirectLink) -> DeviceInfo:
        return await BackstrideDriver().open(link, WANTED)

    assert run(Bench(kind).connected(talk, harm=harm)).rate_hz == 200.0
    assert seen


@pytest.mark.parametrize("kind", LINKS)
def test_pings_come_at_random_times_and_anchor_the_clock(kind: str) -> None:
    bench = Bench(kind, started_us=2**32 - 3_000_000, faults=(Fault("clock_ppm", size=50.0),))
    info, packets = session(bench, 25.0)
    decoder = BackstrideDriver.decoder(info)
    decoded = [item for packet in packets for item in decoder.push(packet)]
    anchors = [item for item in decoded if isinstance(item, ClockAnchor)]
    assert 18 <= len(anchors) <= 35
    asked_ns = [anchor.requested_ns for anchor in anchors if anchor.requested_ns is not None]
    assert len(asked_ns) == len(anchors)
    pauses = np.diff(asked_ns) * 1e-9
    assert 0.5 <= pauses.min() < 0.8
    assert 1.2 < pauses.max() <= 1.5
    for anchor in anchors:
        true_us = 2**32 - 3_000_000 + anchor.arrival_ns / 1000 * (1 + 50e-6)
        assert anchor.device_us == pytest.approx(true_us, abs=2.0)  # not wrapped
    assert {item.percent for item in decoded if isinstance(item, Battery)} == {87.0}
    samples, receiver = received(info, packets)
    assert receiver.losses.lost == receiver.losses.restarts == 0  # over the wrap
    np.testing.assert_allclose(np.diff(samples.time_s), 1 / 200, atol=2e-6)


def test_the_sensor_is_found_streaming_for_someone_else() -> None:
    bench = Bench("serial")

    async def leave(link: DirectLink) -> None:
        await BackstrideDriver().open(link, WANTED)
        await link.sleep(1.0)  # and goes away without a word

    run(bench.connected(leave))
    assert bench.sensor.streaming
    info, packets = session(bench, 2.0)
    assert received(info, packets)[1].losses.lost == 0
    assert not bench.sensor.streaming


@pytest.mark.parametrize("kind", LINKS)
def test_close_stops_the_stream(kind: str) -> None:
    async def talk(link: DirectLink) -> int:
        driver = BackstrideDriver()
        await driver.open(link, WANTED)
        await driver.close(link)
        before = len(link.packets)
        await link.sleep(0.9)
        return len(link.packets) - before

    assert run(Bench(kind).connected(talk)) <= 1  # a status


def test_a_sensor_that_restarts_on_a_living_line_is_started_again() -> None:
    bench = Bench("serial")

    async def talk(link: DirectLink) -> tuple[DeviceInfo, list[Packet]]:
        driver = BackstrideDriver()
        info = await driver.open(link, WANTED)
        company = asyncio.ensure_future(driver.accompany(link))
        await link.sleep(4.0)
        bench.sensor.restart()
        assert not bench.sensor.streaming
        await link.sleep(4.0)
        company.cancel()
        return info, link.packets

    info, packets = run(bench.connected(talk))
    got, _ = readings(info, packets)
    sequence = [reading.sequence for reading in got if reading.sequence is not None]
    restarts = [k for k in range(1, len(sequence)) if sequence[k] < sequence[k - 1]]
    assert len(restarts) == 1
    times_us = [reading.time_us for reading in got if reading.time_us is not None]
    assert times_us[restarts[0]] < times_us[restarts[0] - 1]
    assert len(got) - restarts[0] > 30
    samples, receiver = received(info, packets)
    assert receiver.losses.restarts == 1
    assert np.all(np.diff(samples.time_s) > 0)


def test_a_slow_link_overflows_the_sensors_queue_and_every_sample_is_accounted_for() -> None:
    bench = Bench(memory_s=0.2)

    async def talk(link: DirectLink) -> tuple[DeviceInfo, list[Packet]]:
        driver = BackstrideDriver()
        info = await driver.open(link, WANTED)
        await link.sleep(2.0)
        link.delay_s = 1.5
        await link.sleep(3.0)
        link.delay_s = 0.0
        await link.sleep(3.0)
        return info, link.packets

    info, packets = run(bench.connected(talk))
    samples, receiver = received(info, packets)
    assert receiver.losses.lost > 200
    assert receiver.losses.lost == bench.sensor.dropped_samples
    got, decoder = readings(info, packets)
    assert decoder.overflowed_samples == receiver.losses.lost
    flags = [decode_data(p.payload).flags for p in packets if p.channel == "data"]
    jumps = int(np.count_nonzero(np.diff(samples.time_s) > 1.5 / 200))
    assert sum(bool(flag & DataFlag.GAP_BEFORE) for flag in flags) == jumps > 0
    first, last = got[0].sequence, got[-1].sequence
    assert first is not None
    assert last is not None
    sent = last + len(got[-1].acceleration_m_s2) - first
    assert len(samples) + receiver.losses.lost == sent


def test_packets_lost_in_the_sensor_are_counted() -> None:
    course = linked("backstride", LinkParams(), faults=(Fault("loss", size=10.0),))
    place = places_in(measured(scenario("backstride")), course.samples, "backstride")
    assert course.lost == np.sum(np.diff(place) - 1) > 50
    assert course.malformed == course.receiver.losses.restarts == 0


def test_a_new_link_goes_on_in_the_same_index() -> None:
    bench = Bench()
    info, before = session(bench, 2.0)

    async def later(link: DirectLink) -> list[Packet]:
        await link.sleep(1.0)
        driver = BackstrideDriver()
        assert await driver.open(link, WANTED) == info
        await link.sleep(2.0)
        return link.packets

    after = run(bench.connected(later))
    _, receiver = received(info, before + after)
    assert receiver.losses.restarts == 0
    assert 190 <= receiver.losses.lost <= 230  # what was measured meanwhile, by no one wanted


@pytest.mark.parametrize("kind", LINKS)
def test_identify_self_test_and_reboot(kind: str) -> None:
    bench = Bench(kind)

    async def talk(link: DirectLink) -> None:
        await read_info(link)
        await identify(link, 3)
        assert await self_test(link) == SelfTestFailure(0)
        await link.sleep(3.0)
        await ask(link, Operation.REBOOT)

    run(bench.connected(talk))
    assert bench.sensor.identified_s == 3
    assert bench.sensor._now_us() == 0


@pytest.mark.parametrize(
    ("operation", "parameters", "status"),
    [
        (0x55, b"", ReplyStatus.UNKNOWN_OPERATION),
        (Operation.SET_CONFIG, b"12", ReplyStatus.BAD_LENGTH),
        (Operation.SET_CONFIG, bytes(12), ReplyStatus.BAD_VALUE),
        (
            Operation.SET_CONFIG,
            encode_configuration(Configuration(rate_hz=333.0)),
            ReplyStatus.BAD_VALUE,
        ),
        (Operation.LOG_ERASE, b"\x07\x00", ReplyStatus.BAD_VALUE),
        (Operation.LOG_READ, bytes(10), ReplyStatus.BAD_VALUE),
        (Operation.SAVE, b"", ReplyStatus.BAD_VALUE),
        (Operation.GET_CAL, b"\x00\x10", ReplyStatus.WRONG_STATE),
    ],
)
def test_the_simulated_sensor_refuses_as_the_profile_says(
    operation: Operation, parameters: bytes, status: ReplyStatus
) -> None:
    async def talk(link: DirectLink) -> int:
        await read_info(link)
        reply = await ask(link, operation, parameters, accepted=tuple(ReplyStatus))
        return reply.status

    assert run(Bench().connected(talk)) == status


def test_a_configuration_is_not_changed_under_a_running_stream() -> None:
    async def talk(link: DirectLink) -> None:
        await BackstrideDriver().open(link, WANTED)
        reply = await ask(link, Operation.GET_CONFIG)
        assert decode_configuration(reply.parameters).samples_per_packet == 10
        with pytest.raises(DeviceError, match="hip: the sensor refuses to take the configuration"):
            await ask(link, Operation.SET_CONFIG, reply.parameters)

    run(Bench().connected(talk))


def test_sensors_are_recognised_by_their_service() -> None:
    assert BackstrideDriver.recognises(Advertisement("aa", "x", ("180a", SERVICE_UUID)))
    assert not BackstrideDriver.recognises(Advertisement("aa", "Backstride", ("180a",)))
    assert Bench().sensor.advertised_services == (SERVICE_UUID,)
    assert Bench("serial").sensor.advertised_services == ()
    offered = {uuid for each in Bench().sensor.services.values() for uuid in each}
    assert set(BackstrideDriver.characteristics.values()) <= offered


def test_sensors_are_recognised_by_what_they_say_on_a_line() -> None:
    frame = encode_message(FrameType.STATUS, bytes(20))
    assert BackstrideDriver.recognises_bytes(b"half a frame" + b"\0" + frame + b"more")
    assert BackstrideDriver.recognises_bytes(frame)
    for other in (b"", b"\0\0\0", frame[:-1], b"UQ" * 200, bytes(range(256)) * 4):
        assert not BackstrideDriver.recognises_bytes(other)


def test_a_rate_that_the_profile_does_not_have_is_refused() -> None:
    with pytest.raises(ParameterError, match="rate is"):
        Bench(rate=123.0)
    assert Scenario(rate=123.0).rate == 123.0
