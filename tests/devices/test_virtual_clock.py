"""The virtual clock: hours in an instant, wakes in order, computing costs nothing."""

from __future__ import annotations

import asyncio
import time

from hypothesis import given
from hypothesis import strategies as st

from devices.simulator.virtual_clock import VirtualClock
from devices.sources import open_source
from tests.patience import HANG_S


@given(st.lists(st.integers(0, 10**6), max_size=20))
def test_tasks_wake_in_the_order_of_their_deadlines(delays_ms: list[int]) -> None:
    async def run() -> list[tuple[int, int]]:
        clock, woken = VirtualClock(), list[tuple[int, int]]()

        async def sleeper(number: int, delay_ms: int) -> None:
            await clock.sleep(delay_ms / 1000)
            woken.append((clock.monotonic_ns(), number))

        await asyncio.gather(*(sleeper(k, delay) for k, delay in enumerate(delays_ms)))
        return woken

    assert asyncio.run(run()) == sorted((d * 10**6, k) for k, d in enumerate(delays_ms))


def test_a_day_passes_in_no_time() -> None:
    async def run() -> int:
        clock = VirtualClock(start_ns=5)
        for _ in range(24):
            await clock.sleep(3600)
        return clock.monotonic_ns()

    before = time.monotonic()
    assert asyncio.run(run()) == 5 + 86_400 * 10**9
    assert time.monotonic() - before < HANG_S


def test_a_task_that_works_between_sleeps_keeps_its_place() -> None:
    """The one that sleeps long must not wake before the other's many short sleeps are over."""

    async def run() -> list[str]:
        clock, order = VirtualClock(), list[str]()
        queue: asyncio.Queue[int] = asyncio.Queue()

        async def short() -> None:
            for k in range(5):
                await clock.sleep(1.0)
                await queue.put(k)
                order.append("short")

        async def long() -> None:
            await clock.sleep(5.5)
            order.append("long")

        async def taker() -> None:
            for _ in range(5):
                await queue.get()

        await asyncio.gather(long(), short(), taker())
        return order

    assert asyncio.run(run()) == ["short"] * 5 + ["long"]


def test_a_cancelled_sleep_moves_nothing() -> None:
    async def run() -> int:
        clock = VirtualClock()
        sleeper = asyncio.create_task(clock.sleep(100))
        await asyncio.sleep(0)
        sleeper.cancel()
        await asyncio.gather(sleeper, return_exceptions=True)
        await clock.sleep(1)
        return clock.monotonic_ns()

    assert asyncio.run(run()) == 10**9


def test_the_clock_goes_on_in_another_event_loop() -> None:
    clock = VirtualClock()

    async def abandon() -> None:
        sleeper = asyncio.create_task(clock.sleep(10))
        await asyncio.sleep(0)
        sleeper.cancel()

    asyncio.run(abandon())
    asyncio.run(clock.sleep(2))
    assert clock.monotonic_ns() == 2 * 10**9


def test_clocks_of_one_loop_wait_for_no_other() -> None:
    async def sleeper(clock: VirtualClock, times: int) -> int:
        for _ in range(times):
            await clock.sleep(60.0)
        return clock.monotonic_ns()

    async def run() -> list[int]:
        pairs = [(VirtualClock(), times) for times in (3, 50, 700)]
        each = asyncio.gather(*(sleeper(clock, times) for clock, times in pairs))
        return await asyncio.wait_for(each, HANG_S)

    assert asyncio.run(run()) == [60 * 10**9 * times for times in (3, 50, 700)]


def test_two_simulated_sensors_are_read_side_by_side() -> None:
    async def records(protocol: str) -> int:
        url = f"sim:?minutes=0.2&standing_s=0&time_scale=0&protocol={protocol}"
        async with open_source(url) as source:
            return len([record async for record in source])

    async def run() -> list[int]:
        both = asyncio.gather(records("movesense"), records("polar"))
        return [*await asyncio.wait_for(both, HANG_S)]

    alone = [asyncio.run(records(protocol)) for protocol in ("movesense", "polar")]
    assert asyncio.run(run()) == alone
