"""The simulated sensor live: in its time, never drifting, with nothing lost on the way."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import numpy as np
import pytest

from devices.receiver import Receiver
from devices.records import LinkEvent, Packet, Record
from devices.sequence import Losses
from devices.simulator.device import SimulatedSource
from devices.simulator.scenario import Scenario
from devices.simulator.virtual_clock import VirtualClock
from devices.source import Source
from imu.errors import DeviceError
from imu.samples import Samples


class Spinner:
    """A sensor that turns about itself; cheap to make."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.duration_s = scenario.minutes * 60
        self._time_s = np.arange(round(self.duration_s * scenario.rate)) / scenario.rate

    def read(self, n: int) -> Samples:
        time_s, self._time_s = self._time_s[:n], self._time_s[n:]
        turning = np.column_stack([np.sin(time_s), np.cos(time_s), 0 * time_s]) * 9.8
        return Samples(time_s, turning, 0 * turning + [0, 0, 1])


def source(scenario: Scenario, clock: VirtualClock | None = None) -> SimulatedSource:
    return SimulatedSource(Spinner(scenario), clock=clock or VirtualClock())


def drained(live: Source) -> list[Record]:
    async def run() -> list[Record]:
        async with live:
            return [record async for record in live]

    return asyncio.run(run())


def test_ten_minutes_at_200_hz_arrive_whole_with_every_fault_counted() -> None:
    faulty = source(
        Scenario.from_query(
            "minutes=10&loss=3&corrupt=1&disconnect=2&jitter_ms=40&nan=0.2&clock_ppm=40"
        )
    )
    receiver, received = Receiver(faulty.info), 0
    for record in drained(faulty):
        block = receiver.push(record)
        received += 0 if block is None else len(block)
    injected = faulty.device.injected
    assert receiver.losses == Losses(
        received=injected.delivered,
        lost=injected.lost,
        malformed_packets=injected.damaged_packets,
    )
    assert received == injected.delivered
    assert injected.delivered + injected.lost == pytest.approx(120_000, abs=100)


def test_the_records_are_those_of_the_device() -> None:
    scenario = Scenario.from_query("minutes=2&loss=3&disconnect=1&jitter_ms=30")
    expected = list(source(scenario).device.records())
    for time_scale in (0.0, 1.0, 20.0):
        assert drained(source(replace(scenario, time_scale=time_scale))) == expected


@pytest.mark.parametrize("time_scale", [0.5, 1.0, 20.0])
def test_records_come_when_they_are_due(time_scale: float) -> None:
    async def run() -> None:
        clock = VirtualClock(start_ns=123_456)
        query = f"minutes=1&jitter_ms=30&disconnect=1&time_scale={time_scale}"
        scenario = Scenario.from_query(query)
        async with source(scenario, clock) as live:
            async for record in live:
                assert not isinstance(record, tuple)
                passed_ns = clock.monotonic_ns() - 123_456
                assert isinstance(record, Packet | LinkEvent)
                assert passed_ns == pytest.approx(record.arrival_ns / time_scale, abs=10)
                assert live.now_ns() == pytest.approx(record.arrival_ns, abs=10 * time_scale)

    asyncio.run(run())


def test_a_slow_consumer_catches_up_and_is_then_on_time_again() -> None:
    async def run() -> None:
        clock, lateness_s = VirtualClock(), []
        async with source(Scenario(minutes=1), clock) as live:
            async for record in live:
                assert isinstance(record, Packet | LinkEvent)
                lateness_s.append((clock.monotonic_ns() - record.arrival_ns) * 1e-9)
                if len(lateness_s) in (200, 700):
                    await clock.sleep(4.0)  # away for 4 s
        late = np.array(lateness_s)
        assert late.max() == pytest.approx(4.0, abs=0.1)
        assert np.count_nonzero(late > 1e-6) == pytest.approx(160, abs=4)
        assert late[300] < 1e-6
        assert late[-1] < 1e-6

    asyncio.run(run())


def test_as_fast_as_it_goes_never_sleeps_and_lets_others_run() -> None:
    class Sleepless(VirtualClock):
        async def sleep(self, seconds: float) -> None:
            raise AssertionError(seconds)

    async def run() -> tuple[int, int]:
        turns, records, done = 0, 0, False

        async def other() -> None:
            nonlocal turns
            while not done:
                turns += 1
                await asyncio.sleep(0)

        beside = asyncio.create_task(other())
        async with source(Scenario(minutes=5, time_scale=0), Sleepless()) as live:
            async for _ in live:
                records += 1
        done = True
        await beside
        return records, turns

    records, turns = asyncio.run(run())
    assert records == 6003
    assert turns >= records // 40


def test_a_cancelled_wait_loses_no_record() -> None:
    async def run() -> list[Record]:
        records: list[Record] = []
        async with source(Scenario(minutes=0.2)) as live:
            while True:
                waiting = asyncio.create_task(_next(live))
                await asyncio.sleep(0)
                if len(records) % 3 == 0 and waiting.cancel():
                    await asyncio.gather(waiting, return_exceptions=True)
                    waiting = asyncio.create_task(_next(live))
                record = await waiting
                if record is None:
                    return records
                records.append(record)

    async def _next(live: Source) -> Record | None:
        return await anext(live, None)

    expected = list(source(Scenario(minutes=0.2)).device.records())
    assert asyncio.run(run()) == expected


def test_closing_ends_the_iteration() -> None:
    async def run() -> int:
        count = 0
        async with source(Scenario(minutes=1)) as live:
            async for _ in live:
                count += 1
                if count == 10:
                    await live.close()
                    await live.close()
        return count

    assert asyncio.run(run()) == 10


def test_a_source_is_entered_once_and_before_it_is_read() -> None:
    async def run() -> None:
        live = source(Scenario(minutes=0.1))
        with pytest.raises(DeviceError, match="not open"):
            await anext(live)
        async with live:
            pass
        with pytest.raises(DeviceError, match="again"):
            await live.__aenter__()

    asyncio.run(run())
