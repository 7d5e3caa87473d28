"""What the sensor keeps: logs come over whole whatever the link does, calibrations are stored."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random

import numpy as np
import pytest

from devices.drivers.backstride import BackstrideDriver
from devices.drivers.backstride_requests import ask, read_info
from devices.drivers.backstride_storage import (
    download_log,
    erase_log,
    list_logs,
    read_calibration,
    start_log,
    stop_log,
    write_calibration,
)
from devices.drivers.driver import Wanted
from devices.protocols.backstride import DataFlag, decode_data, quantised
from devices.protocols.backstride_control import (
    Calibration,
    Configuration,
    ConfigurationFlag,
    Operation,
    encode_configuration,
)
from devices.protocols.backstride_log import LogFlag, PartialLog, device_info_of, split_log
from devices.readings import Reading
from devices.receiver import Receiver
from devices.simulator.generate import SimulatedRun, simulate
from devices.simulator.peripherals.backstride_flash import FlashLog, recorded_log
from devices.simulator.scenario import Scenario
from imu.errors import DeviceError, DeviceLost
from imu.samples import STANDARD_GRAVITY_M_S2, Samples
from tests.devices.backstride_bench import Bench, DirectLink, run

LINKS = ["ble", "serial"]
SCENARIO = Scenario(minutes=0.5, standing_s=2.0, seed=4, device="ideal")
CONFIGURATION = Configuration(samples_per_packet=10)

Harm = Callable[[str, bytes], bytes | None]


def logged_run(log_id: int = 1) -> FlashLog:
    return recorded_log(SimulatedRun(SCENARIO), CONFIGURATION, log_id=log_id, utc_s=1_760_000_000)


LOG = logged_run()


def loses(percent: float, seed: int = 1) -> Harm:
    """Notifications of a log that never come."""
    random = Random(seed)

    def harm(channel: str, payload: bytes) -> bytes | None:
        return None if channel == "bulk" and random.random() * 100 < percent else payload

    return harm


def damages(percent: float, seed: int = 1) -> Harm:
    """Bytes of a line that are wrong, cut or doubled."""
    random = Random(seed)

    def harm(_channel: str, payload: bytes) -> bytes | None:
        if random.random() * 100 >= percent:
            return payload
        place = random.randrange(len(payload))
        wrong = bytes([payload[place] ^ 1 << random.randrange(8)])
        return random.choice(
            [
                payload[:place] + wrong + payload[place + 1 :],
                payload[:place],
                payload[:place] + payload[place // 2 :],
            ]
        )

    return harm


async def first_log(link: DirectLink) -> PartialLog:
    await read_info(link)
    return PartialLog((await list_logs(link))[0])


@pytest.mark.parametrize(
    ("kind", "harm"),
    [
        ("ble", None),
        ("serial", None),
        ("ble", loses(5)),
        ("ble", loses(30)),
        ("serial", damages(2)),
    ],
)
def test_a_log_comes_over_whole(kind: str, harm: Harm | None) -> None:
    told: list[tuple[int, int]] = []

    async def talk(link: DirectLink) -> bytes:
        log = await first_log(link)
        assert log.entry == LOG.entry
        return await download_log(link, log, lambda *progress: told.append(progress))

    content = run(Bench(kind, logs=[logged_run()]).connected(talk, harm=harm))
    assert content == bytes(LOG.content)
    assert told[-1] == (len(content), len(content))
    assert told == sorted(told)


def test_a_logged_run_gives_the_samples_that_were_measured() -> None:
    entry = LOG.entry
    info = device_info_of(entry, "hip")
    receiver = Receiver(info)
    packets, malformed, unread = split_log(bytes(LOG.content))
    blocks = [block for packet in packets if (block := receiver.push(packet)) is not None]
    got, sent = Samples.concatenate(blocks), simulate(SCENARIO)[0]
    assert (malformed, unread, receiver.losses.lost) == (0, 0, 0)
    assert entry.samples == len(got) == len(sent)
    assert entry.flags & LogFlag.CLOSED
    assert entry.utc_s == 1_760_000_000
    step = 16 * STANDARD_GRAVITY_M_S2 / 32768
    np.testing.assert_allclose(got.acceleration_m_s2, sent.acceleration_m_s2, atol=0.51 * step)


@pytest.mark.parametrize("kind", LINKS)
def test_a_download_goes_on_over_lost_links(kind: str) -> None:
    bench = Bench(kind, logs=[logged_run()])
    log: PartialLog | None = None
    asked_for = 0

    def breaks_after(link: DirectLink, messages: int) -> Harm:
        left = messages

        def harm(channel: str, payload: bytes) -> bytes | None:
            nonlocal left, asked_for
            left -= 1
            asked_for += channel == "bulk" or payload[1:2] == b"\x05"
            if left == 0:
                link.lose("out of range")
            return payload

        return harm

    async def talk(link: DirectLink) -> bytes:
        nonlocal log
        fresh = await first_log(link)
        log = log or fresh
        link.harm = breaks_after(link, 150)
        return await download_log(link, log)

    had = 0
    for _ in range(50):
        try:
            content = run(bench.connected(talk))
        except DeviceLost:
            assert log is not None
            assert log.received.count > had  # nothing that has come is lost
            had = log.received.count
        else:
            break
    assert content == bytes(LOG.content)
    assert had > 0
    step = (244 if kind == "ble" else 512) - 6
    assert asked_for * step < 1.2 * len(content) + 50 * step  # and little came twice


def test_bytes_that_never_come_are_an_error_with_the_rest_kept() -> None:
    async def talk(link: DirectLink) -> PartialLog:
        log = await first_log(link)
        link.harm = lambda channel, payload: (
            None if channel == "bulk" and payload[2:6] == bytes([0, 0x40, 0, 0]) else payload
        )
        with pytest.raises(DeviceError, match="byte 16384 of the log 1 does not come over"):
            await download_log(link, log)
        return log

    log = run(Bench(logs=[logged_run()]).connected(talk))
    assert log.received.holes() == [(16384, 16384 + 238)]


def test_a_flash_that_changes_its_mind_is_not_believed() -> None:
    stored = logged_run()

    async def talk(link: DirectLink) -> PartialLog:
        log = await first_log(link)
        stored.content[20_000] ^= 4  # after it was listed
        with pytest.raises(DeviceError, match="another checksum"):
            await download_log(link, log)
        return log

    assert not run(Bench(logs=[stored]).connected(talk)).received.complete


def test_a_wrong_byte_on_the_way_is_fetched_again() -> None:
    spoiled: list[bytes] = []
    came = 0

    def harm(channel: str, payload: bytes) -> bytes | None:
        nonlocal came
        came += len(payload) if channel == "bulk" else 0
        late = came > 0.7 * len(LOG.content)
        if channel == "bulk" and late and not spoiled:
            spoiled.append(payload)
            return payload[:-1] + bytes([payload[-1] ^ 1])
        return payload

    async def talk(link: DirectLink) -> bytes:
        return await download_log(link, await first_log(link))

    content = run(Bench(logs=[logged_run()]).connected(talk, harm=harm))
    assert content == bytes(LOG.content)
    assert spoiled
    assert came < 1.5 * len(content)  # the part that it was in, and not all of the log


def test_a_silent_part_is_asked_for_again_after_an_abort() -> None:
    replies = 0

    def harm(channel: str, payload: bytes) -> bytes | None:
        nonlocal replies
        if channel == "control" and payload[1] == Operation.LOG_READ:
            replies += 1
            return None if replies == 2 else payload
        return payload

    async def talk(link: DirectLink) -> bytes:
        return await download_log(link, await first_log(link))

    assert run(Bench(logs=[logged_run()]).connected(talk, harm=harm)) == bytes(LOG.content)


def test_a_download_left_half_way_does_not_keep_the_next_one_out() -> None:
    bench = Bench("serial", logs=[logged_run()])

    async def talk(link: DirectLink) -> bytes:
        log = await first_log(link)
        link.delay_s = 0.01
        left = asyncio.ensure_future(download_log(link, PartialLog(log.entry)))
        await link.sleep(0.1)
        left.cancel()
        link.delay_s = 0.0
        return await download_log(link, log)

    assert run(bench.connected(talk)) == bytes(LOG.content)


@pytest.mark.parametrize(("kind", "room"), [("ble", 26), ("ble", 244), ("serial", 0)])
def test_all_logs_are_listed_and_erased(kind: str, room: int) -> None:
    logs = [FlashLog(number, CONFIGURATION) for number in range(1, 41)]

    async def talk(link: DirectLink) -> None:
        await read_info(link)
        assert await list_logs(link) == [log.entry for log in logs]
        await erase_log(link, 7)
        assert [entry.log_id for entry in await list_logs(link)] == [
            number for number in range(1, 41) if number != 7
        ]
        with pytest.raises(DeviceError, match="refuses to erase the log"):
            await erase_log(link, 7)
        await erase_log(link)
        assert await list_logs(link) == []

    run(Bench(kind, notification_bytes_max=room, logs=logs).connected(talk))


def test_a_link_too_narrow_for_an_entry_is_said() -> None:
    async def talk(link: DirectLink) -> None:
        await read_info(link)
        with pytest.raises(DeviceError, match="20 bytes holds no entry"):
            await list_logs(link)

    run(Bench(notification_bytes_max=20, logs=[logged_run()]).connected(talk))


@pytest.mark.parametrize("kind", LINKS)
def test_what_is_logged_is_what_is_streamed(kind: str) -> None:
    async def talk(link: DirectLink) -> None:
        driver = BackstrideDriver()
        await driver.open(link, Wanted())
        link.packets.clear()
        number = await start_log(link)
        await link.sleep(3.0)
        with pytest.raises(DeviceError, match="cannot be done now"):
            await start_log(link)
        (entry,) = await list_logs(link)
        assert entry.log_id == number
        assert not entry.flags & LogFlag.CLOSED
        with pytest.raises(DeviceError, match="cannot be done now"):
            await download_log(link, PartialLog(entry))
        await stop_log(link)
        await driver.close(link)
        (entry,) = await list_logs(link)
        assert entry.flags & LogFlag.CLOSED
        assert entry.flags & LogFlag.UTC_KNOWN
        streamed = [
            reading.sequence
            for packet in link.packets
            for reading in BackstrideDriver.decoder(device_info_of(entry, "hip")).push(packet)
            if isinstance(reading, Reading)
        ]
        content = await download_log(link, PartialLog(entry))
        packets = split_log(content).packets
        logged = [decode_data(packet.payload).sequence for packet in packets]
        assert len(logged) >= 55
        start = streamed.index(logged[0])
        assert streamed[start : start + len(logged)] == logged
        assert entry.samples == 10 * len(logged)

    run(Bench(kind).connected(talk))


def test_a_log_made_alone_goes_on_without_a_stream() -> None:
    async def talk(link: DirectLink) -> int:
        await read_info(link)
        await start_log(link)
        await link.sleep(5.0)
        await stop_log(link)
        assert not [packet for packet in link.packets if packet.channel == "data"]
        return (await list_logs(link))[0].samples

    assert 980 <= run(Bench().connected(talk)) <= 1000


def test_a_log_ended_by_a_restart_keeps_what_it_has() -> None:
    bench = Bench()

    async def talk(link: DirectLink) -> bytes:
        await read_info(link)
        await start_log(link)
        await link.sleep(2.0)
        bench.sensor.restart()
        (entry,) = await list_logs(link)
        assert not entry.flags & (LogFlag.CLOSED | LogFlag.UTC_KNOWN)
        return await download_log(link, PartialLog(entry))

    assert len(split_log(run(bench.connected(talk))).packets) >= 38


CALIBRATION = Calibration((0.25, -0.5, 0.125), (2.0, 0, 0, 0, 1.0, 0, 0, 0, 0.5), (0.5, 0.25, 0.0))


@pytest.mark.parametrize(("kind", "room"), [("ble", 20), ("ble", 62), ("ble", 244), ("serial", 0)])
def test_a_calibration_is_stored_and_read_back(kind: str, room: int) -> None:
    bench = Bench(kind, notification_bytes_max=room)

    async def talk(link: DirectLink) -> None:
        await read_info(link)
        assert await read_calibration(link) is None
        await write_calibration(link, CALIBRATION)
        assert await read_calibration(link) == CALIBRATION

    run(bench.connected(talk))

    async def later(link: DirectLink) -> Calibration | None:
        await read_info(link)
        return await read_calibration(link)

    bench.sensor.restart()
    assert run(bench.connected(later)) == CALIBRATION


def test_a_damaged_draft_does_not_replace_the_calibration() -> None:
    async def talk(link: DirectLink) -> Calibration | None:
        await read_info(link)
        await write_calibration(link, CALIBRATION)
        await ask(link, Operation.SET_CAL, bytes([50, 2]) + b"!!")
        with pytest.raises(DeviceError, match="store the calibration"):
            await ask(link, Operation.SAVE)
        return await read_calibration(link)

    assert run(Bench().connected(talk)) == CALIBRATION


def test_the_sensor_applies_its_calibration_where_it_is_asked_to() -> None:
    async def talk(link: DirectLink) -> bytes:
        await read_info(link)
        await write_calibration(link, CALIBRATION)
        wanted = Configuration(flags=int(ConfigurationFlag.CALIBRATED), samples_per_packet=10)
        await ask(link, Operation.SET_CONFIG, encode_configuration(wanted))
        await link.subscribe("data")
        await ask(link, Operation.START)
        await link.sleep(1.0)
        return next(packet.payload for packet in link.packets if packet.channel == "data")

    bench = Bench(device="ideal")
    packet = decode_data(run(bench.connected(talk)))
    sent = simulate(bench.scenario)[0][packet.sequence : packet.sequence + 10]
    full_scale = 16 * STANDARD_GRAVITY_M_S2
    wanted = quantised((sent.acceleration_m_s2 - [0.25, -0.5, 0.125]) * [2.0, 1.0, 0.5], full_scale)
    np.testing.assert_array_equal(packet.counts[:, :3], wanted)
    assert packet.flags & DataFlag.CALIBRATED
