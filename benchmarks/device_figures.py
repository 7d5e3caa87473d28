"""Links measured: what a notification costs, a whole Bluetooth stack, ten sensors at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from bleak import BleakClient

from devices.ble import BleLink
from devices.drivers.driver import Advertisement
from devices.inbox import Inbox
from devices.receiver import Receiver
from devices.records import Packet
from devices.simulator.air import Air
from devices.simulator.link_params import LinkParams
from devices.simulator.loopback import loopback_backend
from devices.simulator.peripheral import Host
from devices.simulator.scenario import Scenario
from devices.simulator.virtual_sensor import VirtualSensorSource
from devices.timing.program_clock import SystemClock
from imu.analyzer import StepAnalyzer
from imu.compile_ahead import warm_up

_SERVICE: Final = "5b0e0001-43a1-4d0e-8f6e-6b1f7d9b2c10"
_DATA: Final = "5b0e0002-43a1-4d0e-8f6e-6b1f7d9b2c10"
_NUMBER_BYTES: Final = 4
_TICK_S: Final = 0.01
_SENSORS: Final = (
    "protocol=backstride&seed=1",
    "protocol=backstride&seed=2&rate=400",
    "protocol=backstride&seed=3&rate=1000",
    "protocol=movesense&seed=4",
    "protocol=movesense&seed=5&rate=104",
    "protocol=polar&seed=6&rate=52",
    "protocol=polar&seed=7&rate=208",
    "protocol=witmotion&seed=8",
    "protocol=shimmer3&seed=9&rate=256",
    "protocol=backstride&seed=10&link=serial",
)


class _Numbering:
    """A sensor that sends numbered notifications of one length, at a steady rate."""

    name = "Numbers"
    advertised_services: tuple[str, ...] = (_SERVICE,)
    services: Mapping[str, Mapping[str, frozenset[str]]] = {
        _SERVICE: {_DATA: frozenset({"notify"})}
    }

    def __init__(self, rate_hz: float, payload_bytes: int) -> None:
        self.sent_ns: list[int] = []  # when each was handed to the link
        self._period_s = 1.0 / rate_hz
        self._fill = bytes(payload_bytes - _NUMBER_BYTES)

    async def serve(self, host: Host) -> None:
        """Send, from the subscription on, until cancelled."""
        while not host.is_subscribed(_DATA):
            await asyncio.sleep(0.01)
        begin_s = time.monotonic()
        while True:
            number = len(self.sent_ns)
            wait_s = begin_s + number * self._period_s - time.monotonic()
            await asyncio.sleep(max(0.0, wait_s))
            payload = number.to_bytes(_NUMBER_BYTES, "little") + self._fill
            self.sent_ns.append(time.perf_counter_ns())
            await host.send(_DATA, payload)


class _Timed(Inbox):
    """An inbox that notes when each packet is in."""

    def __init__(self) -> None:
        super().__init__(SystemClock())
        self.in_ns: list[int] = []

    def put(self, channel: str, payload: bytes, arrival_ns: int) -> None:
        """Take a packet."""
        super().put(channel, payload, arrival_ns)
        self.in_ns.append(time.perf_counter_ns())


@dataclass(frozen=True, slots=True)
class Handing:
    """From the radio's delivery of a notification to its record in the queue, µs."""

    median_us: float
    p99_us: float
    notifications: int


async def hand_over(seconds: float = 5.0, rate_hz: float = 200.0) -> Handing:
    """Measure it over the simulated radio, in real time, at this many notifications a second."""
    sensor = _Numbering(rate_hz, 236)
    air = Air(SystemClock())
    # a link without waiting: what is sent is delivered in the same call
    address = air.place(sensor, LinkParams(connection_interval_ms=0.0))
    client = BleakClient(address, backend=loopback_backend(air).client)
    await client.connect()
    inbox = _Timed()
    link = BleLink(inbox, client, Advertisement(address), {"data": _DATA})
    await link.subscribe("data")
    consumer = asyncio.create_task(_numbers(inbox, []))
    await asyncio.sleep(seconds)
    await link.close()
    consumer.cancel()
    n = len(inbox.in_ns)
    took_us = (np.array(inbox.in_ns) - np.array(sensor.sent_ns[:n])) * 1e-3
    return Handing(float(np.median(took_us)), float(np.quantile(took_us, 0.99)), n)


@dataclass(frozen=True, slots=True)
class Throughput:
    """Numbered notifications over some seconds, and the share of one core they took."""

    per_s: float
    lost: int
    cpu_share: float


async def through_bumble(seconds: float = 10.0, rate_hz: float = 1000.0) -> Throughput:
    """Notifications of 244 bytes through bumble's controllers, its host, bleak and the inbox."""
    from devices.simulator.bumble_backend import bumble_backend
    from devices.simulator.bumble_radio import BumbleRadio

    numbers: list[int] = []
    async with BumbleRadio() as radio:
        placed = await radio.place(_Numbering(rate_hz, 244))
        async with BleakClient(placed.address, backend=bumble_backend(radio).client) as client:
            inbox = Inbox(SystemClock())
            link = BleLink(inbox, client, Advertisement(placed.address), {"data": _DATA})
            consumer = asyncio.create_task(_numbers(inbox, numbers))
            await link.subscribe("data")
            begin_s, begin_cpu_s = time.monotonic(), time.process_time()
            await asyncio.sleep(seconds)
            cpu_s, passed_s = time.process_time() - begin_cpu_s, time.monotonic() - begin_s
            consumer.cancel()
            await link.close()
    lost = numbers[-1] + 1 - len(set(numbers)) + inbox.overflowed_packets
    return Throughput(len(numbers) / passed_s, lost, cpu_s / passed_s)


async def _numbers(inbox: Inbox, numbers: list[int]) -> None:
    while True:
        record = await inbox.get()
        if isinstance(record, Packet):
            numbers.append(int.from_bytes(record.payload[:_NUMBER_BYTES], "little"))


@dataclass(frozen=True, slots=True)
class ManySensors:
    """Sensors at once, in real time; shares are of one core."""

    sensors: int
    samples: int
    steps: int
    lost: dict[str, int]  # by sensor, of those that lost any
    cpu_share: float  # the simulation of runners, sensors and radio included
    reading_share: float  # of that: from packets to steps
    stall_ms: float  # the longest time that nothing else could run: a busy computer's, or ours


async def ten_at_once(seconds: float = 20.0) -> ManySensors:
    """Ten simulated sensors of all protocols, over radio and ports, to steps."""
    warm_up()
    counts = {"samples": 0, "steps": 0, "ns": 0}
    lost: dict[str, int] = {}

    async def follow(query: str) -> None:
        scenario = Scenario.from_query(f"{query}&minutes=2&standing_s=2")
        async with VirtualSensorSource(scenario) as source:
            receiver = Receiver(source.info)
            analyzer = StepAnalyzer(source.info.rate_hz, axes=scenario.axes)
            ready.append(query)
            async for record in source:
                begin_ns = time.perf_counter_ns()
                samples = receiver.push(record)
                if samples is not None:
                    counts["samples"] += len(samples)
                    counts["steps"] += len(analyzer.push(samples))
                counts["ns"] += time.perf_counter_ns() - begin_ns
                if stop.is_set():
                    break
            missing = receiver.losses.lost + source.overflowed_packets
            if missing:
                lost[query] = missing

    ready: list[str] = []
    stop = asyncio.Event()
    sensors = [asyncio.create_task(follow(query)) for query in _SENSORS]
    while len(ready) < len(_SENSORS):
        await asyncio.sleep(0.05)
    begin_s, begin_cpu_s, begin_ns = time.monotonic(), time.process_time(), counts["ns"]
    stall_s = 0.0
    while (now_s := time.monotonic()) < begin_s + seconds:
        await asyncio.sleep(_TICK_S)
        stall_s = max(stall_s, time.monotonic() - now_s - _TICK_S)
    passed_s = time.monotonic() - begin_s
    cpu_s, reading_s = time.process_time() - begin_cpu_s, (counts["ns"] - begin_ns) * 1e-9
    stop.set()
    await asyncio.gather(*sensors)
    return ManySensors(
        len(sensors),
        counts["samples"],
        counts["steps"],
        lost,
        cpu_s / passed_s,
        reading_s / passed_s,
        stall_s * 1e3,
    )
