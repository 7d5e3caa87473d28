"""The door: which addresses open, and what the others are told."""

from __future__ import annotations

import asyncio
import time

import numpy as np
import pytest

from devices.addresses import SensorAddress
from devices.receiver import Receiver
from devices.records import Record
from devices.sequence import Losses
from devices.simulator.device import SimulatedSource
from devices.simulator.virtual_clock import VirtualClock
from devices.source import Source
from devices.sources import open_source
from imu.errors import DeviceError, ParameterError
from imu.samples import Samples


def drained(source: Source) -> list[Record]:
    async def run() -> list[Record]:
        async with source:
            return [record async for record in source]

    return asyncio.run(run())


@pytest.mark.parametrize(
    "url", ["sim:", "sim:?", "sim:?speed=3.3&minutes=30&seed=1", "SIM:?rate=100"]
)
def test_the_simulated_sensor_opens(url: str) -> None:
    source = open_source(url)
    assert isinstance(source, Source)
    assert source.info.protocol == "backstride"
    assert source.info.rate_hz == (100.0 if "rate" in url else 200.0)


def test_the_keys_reach_the_device() -> None:
    source = open_source("sim:?axes=-z+y+x&acceleration_range_g=8&gyro_range_deg_s=1000&seed=77")
    assert source.info.axes == "-z+y+x"
    assert source.info.acceleration_range_m_s2 == pytest.approx(8 * 9.80665)
    assert source.info.angular_velocity_range_rad_s == pytest.approx(np.radians(1000))
    assert source.info.serial == "sim-77"


def test_a_simulated_run_comes_through_the_wire_as_samples() -> None:
    source = open_source("sim:?minutes=0.5&seed=3&time_scale=0")
    receiver = Receiver(source.info)
    blocks = [block for r in drained(source) if (block := receiver.push(r)) is not None]
    samples = Samples.concatenate(blocks)
    assert receiver.losses.lost == 0
    assert len(samples) == receiver.losses.received >= 0.5 * 60 * 200
    np.testing.assert_allclose(np.diff(samples.time_s), 0.005, atol=3e-6)
    standing = samples.acceleration_m_s2[200:1200].mean(axis=0)
    assert np.linalg.norm(standing) == pytest.approx(9.81, abs=0.5)
    assert np.ptp(samples.acceleration_m_s2[:, 2]) > 15  # and running after it


def test_ten_minutes_of_running_with_every_fault_are_counted_exactly() -> None:
    faults = "loss=3&corrupt=1&disconnect=2&jitter_ms=40&nan=0.2&saturate=0.1&clock_ppm=40"
    source = open_source(f"sim:?minutes=10&{faults}", clock=VirtualClock())
    assert isinstance(source, SimulatedSource)
    receiver = Receiver(source.info)
    blocks = [block for r in drained(source) if (block := receiver.push(r)) is not None]
    injected = source.device.injected
    assert receiver.losses == Losses(
        received=injected.delivered,
        lost=injected.lost,
        malformed_packets=injected.damaged_packets,
    )
    assert min(injected.overflowed, injected.disconnected, injected.damaged, injected.missing) > 0
    samples = Samples.concatenate(blocks)
    assert len(samples) == injected.delivered
    jumps = np.rint(np.diff(samples.time_s) * 200) - 1
    assert jumps.sum() == injected.lost  # every lost sample shows in time
    assert jumps.min() == 0


@pytest.mark.parametrize("time_scale", [0, pytest.param(4, marks=pytest.mark.slow)])
def test_a_simulated_serial_line_runs_at_any_time_scale(time_scale: int) -> None:
    url = f"sim:?protocol=shimmer3&link=serial&minutes=0.1&seed=3&time_scale={time_scale}"
    source = open_source(url)
    records = drained(source)
    receiver = Receiver(source.info)
    blocks = [block for r in records if (block := receiver.push(r)) is not None]
    assert len(Samples.concatenate(blocks)) > 4 * 204.8
    assert time_scale or receiver.losses.lost == receiver.losses.malformed_packets == 0


def test_bytes_damaged_on_a_simulated_serial_line_are_dropped_and_counted() -> None:
    source = open_source(
        "sim:?protocol=backstride&link=serial&minutes=0.2&seed=3&time_scale=0&corrupt=5"
    )
    records = drained(source)
    receiver = Receiver(source.info)
    blocks = [block for r in records if (block := receiver.push(r)) is not None]
    assert receiver.losses.malformed_packets > 3
    assert receiver.losses.lost > 20
    assert len(Samples.concatenate(blocks)) == receiver.losses.received


def test_the_same_address_gives_the_same_records() -> None:
    url = "sim:?minutes=0.2&loss=5&jitter_ms=30&time_scale=0&seed="
    assert drained(open_source(url + "4")) == drained(open_source(url + "4"))
    assert drained(open_source(url + "4")) != drained(open_source(url + "5"))


def test_the_computers_clock_paces_by_the_time_scale() -> None:
    before = time.monotonic()
    records = drained(open_source("sim:?minutes=0.1&standing_s=0&time_scale=60"))
    assert time.monotonic() - before >= 0.0999
    assert len(records) >= 123


@pytest.mark.parametrize(
    "url",
    ["ble:AA:BB:CC:DD:EE:FF", "ble:?name=x", "ble:", "serial:/dev/ttyACM0", "sim:?protocol=polar"],
)
def test_opening_connects_nothing_yet(url: str) -> None:
    with pytest.raises(DeviceError, match="not open"):
        _ = open_source(url).info


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("ble:?colour=red", "key"),
        ("ble:?baud=9600", "key"),
        ("ble:?rate=fast", "rate"),
        ("ble:?rate=1e9", "rate"),
        ("ble:?name=a&name=b", "name"),
        ("ble:?axes=+x+y-z", "axes"),
        ("ble:?protocol=shimmer3", "protocol"),
        ("serial:/dev/ttyACM0?protocol=polar", "protocol"),
        ("serial:", "source"),
        ("sim:?protocol=polar&link=serial", "link"),
    ],
)
def test_a_mistake_in_an_address_is_named(url: str, named: str) -> None:
    with pytest.raises(ParameterError) as caught:
        open_source(url)
    assert caught.value.name == named


def test_axes_in_an_address_keep_their_signs() -> None:
    assert SensorAddress.from_url("ble:?axes=-z+y+x&name=My%20sensor") == SensorAddress(
        "ble", name="My sensor", axes="-z+y+x"
    )


@pytest.mark.parametrize(
    "url", ["", "sim", "run.mcap", "/home/x/run.mcap", "C:\\run.mcap", "usb:1"]
)
def test_any_other_address_is_told_the_accepted_forms(url: str) -> None:
    with pytest.raises(ParameterError, match="sim:") as caught:
        open_source(url)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("query", ["sped=3", "speed=fast", "speed=99", "speed=3&speed=4"])
def test_a_bad_key_or_value_is_named(query: str) -> None:
    with pytest.raises(ParameterError, match=query.partition("=")[0]):
        open_source(f"sim:?{query}")


@pytest.mark.parametrize(
    "url",
    [
        "ble:AA:BB:CC:DD:EE:FF",
        "serial:/dev/ttyNONE",
        "sim:?protocol=movesense&minutes=0.1&time_scale=0",
        "sim:?treadmill=1&minutes=0.1&time_scale=0",
    ],
)
def test_a_source_that_was_not_entered_says_so_at_once(url: str) -> None:
    async def iterate() -> None:
        async for _ in open_source(url):
            pass

    with pytest.raises(DeviceError, match="the source is not open: enter it with 'async with'"):
        asyncio.run(iterate())


@pytest.mark.parametrize("key", ["protocol=movesense", "protocol=witmotion&link=serial"])
def test_a_source_is_entered_once_and_iterated_by_one_loop(key: str) -> None:
    async def try_it() -> None:
        source = open_source(f"sim:?{key}&minutes=0.1&standing_s=0&time_scale=0")
        async with source:
            first = asyncio.ensure_future(anext(source))
            await asyncio.sleep(0)
            if not first.done():
                with pytest.raises(DeviceError, match="two loops iterate over one source"):
                    await anext(source)
            await first
            assert len([record async for record in source]) > 10
        with pytest.raises(DeviceError, match="entered once: open it again"):
            await source.__aenter__()

    asyncio.run(try_it())


def test_a_source_that_was_closed_before_it_was_entered_stays_closed() -> None:
    async def try_it() -> None:
        source = open_source("sim:?protocol=movesense&minutes=0.1&time_scale=0")
        await source.close()
        with pytest.raises(DeviceError, match="open it again"):
            await source.__aenter__()

    asyncio.run(try_it())
