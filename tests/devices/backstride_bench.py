"""A sensor of the project's own profile and its host, joined without a radio or a port."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Any, TypeVar

from devices.drivers.backstride import BackstrideDriver
from devices.inbox import Inbox
from devices.open_link import OpenLink
from devices.records import Packet
from devices.simulator.generate import SimulatedRun
from devices.simulator.peripherals.backstride import BackstridePeripheral
from devices.simulator.peripherals.backstride_flash import FlashLog
from devices.simulator.scenario import Scenario
from devices.simulator.virtual_clock import VirtualClock
from devices.timing.program_clock import ProgramClock
from imu.errors import DeviceError
from tests.patience import HANG_S

T = TypeVar("T")

_UUIDS = BackstrideDriver.characteristics
_CHANNELS = {uuid: channel for channel, uuid in _UUIDS.items()}


class DirectLink(OpenLink):
    """A driver's link and a peripheral's host at once.

    ``harm`` sees channel and payload of everything that the sensor sends, and says what arrives;
    None is lost. ``delay_s`` is how long each takes: the link is busy meanwhile.
    """

    def __init__(
        self,
        clock: ProgramClock,
        kind: str,
        notification_bytes_max: int,
        harm: Callable[[str, bytes], bytes | None] | None = None,
        delay_s: float = 0.0,
    ) -> None:
        super().__init__(Inbox(clock), "hip", "00:11:22:33:44:55")
        self.kind = kind
        self.harm, self.delay_s = harm, delay_s
        self.packets: list[Packet] = []  # as logged, requests too
        self.written: list[bytes] = []
        self.values: dict[str, bytes] = {}
        self.subscribed: set[str] = set()
        self._notification_bytes_max = 1 << 16 if kind == "serial" else notification_bytes_max
        self._written: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()

    @property
    def notification_bytes_max(self) -> int:
        return self._notification_bytes_max

    async def read(self, channel: str) -> bytes:
        self._check_open()
        uuid = _UUIDS[channel]
        if uuid not in self.values:
            raise DeviceError("has no such characteristic.", source=self.name)
        return self.values[uuid]

    async def write(self, channel: str, payload: bytes, *, response: bool = True) -> None:
        del response  # the sensor does not see it
        self._check_open()
        self.written.append(payload)
        self._written.put_nowait((_UUIDS.get(channel, channel), payload))

    async def subscribe(self, channel: str) -> None:
        self._check_open()
        self.subscribed.add(_UUIDS.get(channel, channel))

    async def close(self) -> None:
        self.lose("closed")

    def log_request(self, payload: bytes) -> None:
        self.packets.append(Packet(self.now_ns(), "request", payload))

    def is_subscribed(self, channel: str) -> bool:
        return self.kind == "serial" or channel in self.subscribed

    async def send(self, channel: str, payload: bytes) -> None:
        if not self.is_subscribed(channel):
            return
        if self.delay_s:
            await self.sleep(self.delay_s)
        name = _CHANNELS.get(channel, channel)
        arrived: bytes | None = payload[: self._notification_bytes_max]
        if self.harm is not None:
            arrived = self.harm(name, payload)
        if arrived is None or self.is_lost:
            return
        packet = Packet(self.now_ns(), name, arrived)
        self.packets.append(packet)
        self.inbox.put(packet.channel, packet.payload, packet.arrival_ns)

    async def receive(self) -> tuple[str, bytes]:
        return await self._written.get()

    def set_value(self, channel: str, value: bytes) -> None:
        self.values[channel] = value


class Bench:
    """One sensor; links to it are opened one after another, in virtual time."""

    def __init__(
        self,
        kind: str = "ble",
        *,
        notification_bytes_max: int = 244,
        logs: Iterable[FlashLog] = (),
        memory_s: float = 1.0,
        started_us: int = 0,
        **scenario: Any,
    ) -> None:
        self.kind = kind
        self.clock = VirtualClock()
        self.scenario = Scenario(**{"minutes": 0.5, "standing_s": 2.0, "rate": 200.0, **scenario})
        self.sensor = BackstridePeripheral(
            SimulatedRun(self.scenario),
            self.clock,
            link=kind,
            logs=logs,
            memory_s=memory_s,
            started_us=started_us,
        )
        self._notification_bytes_max = notification_bytes_max

    async def connected(
        self,
        talk: Callable[[DirectLink], Awaitable[T]],
        *,
        harm: Callable[[str, bytes], bytes | None] | None = None,
        delay_s: float = 0.0,
    ) -> T:
        """Talk over a new link, which ends with the talk."""
        link = DirectLink(self.clock, self.kind, self._notification_bytes_max, harm, delay_s)
        serving = asyncio.ensure_future(self.sensor.serve(link))
        talking = asyncio.ensure_future(talk(link))
        try:
            await asyncio.sleep(0)  # values can be read as soon as there is a link
            await asyncio.wait({serving, talking}, return_when=asyncio.FIRST_COMPLETED)
            if serving.done():
                serving.result()  # a mistake of the simulated sensor
            return talking.result()
        finally:
            link.lose("the talk is over")
            for task in (talking, serving):
                task.cancel()
                with suppress(asyncio.CancelledError, DeviceError):
                    await task


def run(work: Awaitable[T]) -> T:
    """Run it; a hang is a failure, by real time."""
    return asyncio.run(asyncio.wait_for(work, HANG_S))
