"""A small simulated sensor for the tests of links: it counts, echoes, and has a value to read."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Mapping

from devices.simulator.peripheral import BYTES_CHANNEL, Host
from devices.timing.program_clock import ProgramClock

SERVICE = "7a0e0001-5b0c-4f3d-9c55-0d5d2a6c1f00"
COUNT = "7a0e0002-5b0c-4f3d-9c55-0d5d2a6c1f00"
CONTROL = "7a0e0003-5b0c-4f3d-9c55-0d5d2a6c1f00"
ECHO = "7a0e0004-5b0c-4f3d-9c55-0d5d2a6c1f00"
VALUE = b"counts since it was made"


def number_of(payload: bytes) -> int:
    """The count that a notification or a line holds."""
    (number,) = struct.unpack_from("<I", payload)
    return int(number)


class CountingPeripheral:
    """Counts from when it is made; remembers the last ``memory`` counts while it cannot send.

    On a serial line each count is four bytes of its own number, and what comes is echoed.
    """

    def __init__(
        self,
        clock: ProgramClock,
        *,
        rate_hz: float = 20.0,
        payload_bytes: int = 20,
        memory: int = 20,
        count_max: int = 1 << 31,
        serial: bool = False,
        name: str = "Counter 1",
    ) -> None:
        self.name = name
        self.served = 0  # connections so far
        self.serving = False
        self.skipped = 0  # counts that its memory did not hold
        self._clock, self._rate_hz, self._memory = clock, rate_hz, memory
        self._payload_bytes, self._count_max = payload_bytes, count_max
        self._start_ns = clock.monotonic_ns()
        self._next = 0
        self._serial = serial

    @property
    def has_counted(self) -> bool:
        """Whether it has come to the end of its counts."""
        return self._next >= self._count_max

    @property
    def advertised_services(self) -> tuple[str, ...]:
        return () if self._serial else (SERVICE,)

    @property
    def services(self) -> Mapping[str, Mapping[str, frozenset[str]]]:
        if self._serial:
            return {}
        return {
            SERVICE: {
                COUNT: frozenset({"notify"}),
                CONTROL: frozenset({"read", "write", "write-without-response"}),
                ECHO: frozenset({"indicate"}),
            }
        }

    async def serve(self, host: Host) -> None:
        self.served += 1
        self.serving = True
        host.set_value(CONTROL, VALUE)
        echo = asyncio.create_task(self._echo(host))
        try:
            await self._count(host)
        finally:
            self.serving = False
            echo.cancel()

    async def _echo(self, host: Host) -> None:
        while True:
            _, payload = await host.receive()
            await host.send(BYTES_CHANNEL if self._serial else ECHO, payload)

    async def _count(self, host: Host) -> None:
        channel = BYTES_CHANNEL if self._serial else COUNT
        while self._next < self._count_max:
            due_ns = self._start_ns + round((self._next + 1) / self._rate_hz * 1e9)
            wait_ns = due_ns - self._clock.monotonic_ns()
            if wait_ns > 0:
                await self._clock.sleep(wait_ns * 1e-9)
            now_ns = self._clock.monotonic_ns()
            behind = int((now_ns - self._start_ns) * 1e-9 * self._rate_hz) - self._next
            if behind > self._memory:
                self.skipped += behind - self._memory
                self._next += behind - self._memory
            if host.is_subscribed(channel):
                await host.send(
                    channel, struct.pack("<I", self._next).ljust(self._payload_bytes, b"\xa5")
                )
            self._next += 1
        await asyncio.Event().wait()
