"""A serial cable in memory: a simulated sensor at one end, a driver at the other, in any clock."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from math import inf
from random import Random

from devices.drivers.driver import Driver
from devices.inbox import Inbox
from devices.links import BYTES_CHANNEL
from devices.open_link import OpenLink
from devices.simulator.faults.plan import Fault
from devices.simulator.peripheral import Peripheral
from devices.timing.program_clock import ProgramClock
from imu.errors import DeviceError, DeviceNotFound


class Cable:
    """A serial line without a port, for virtual time: a connector and the sensor's host in one.

    Bytes arrive at once and whole, in the chunks in which they were sent, but for the faults; those
    that nobody listens to are lost. The sensor is served from the first connection until
    :meth:`end`, whether or not a link is open.

    Parameters
    ----------
    peripheral : Peripheral
        Speaks on the channel ``"bytes"``.
    driver : type of Driver
        What it speaks.
    faults : sequence of Fault
        ``disconnect`` pulls the cable and puts it back, ``blackout`` breaks its wires, with
        ``jitter_ms`` bytes arrive late; others do nothing here. Times count from the first
        connection.
    seed : int, default 0
        Of all chance.
    """

    def __init__(
        self,
        peripheral: Peripheral,
        driver: type[Driver],
        faults: Sequence[Fault] = (),
        *,
        seed: int = 0,
    ) -> None:
        self.driver: type[Driver] | None = driver
        self._peripheral = peripheral
        self._heard: asyncio.Queue[bytes] = asyncio.Queue()
        self._plugged = True
        self._link: CableLink | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._pulled = [fault for fault in faults if fault.kind == "disconnect"]
        self._broken = [fault for fault in faults if fault.kind == "blackout"]
        self._jitter = [fault for fault in faults if fault.kind == "jitter_ms"]
        self._random = Random(f"{seed}/cable")
        self._began_ns = 0
        self._under_way: asyncio.Queue[tuple[int, bytes]] = asyncio.Queue()
        self._latest_ns = 0

    # What the program sees.

    @property
    def place(self) -> str:
        """For messages."""
        return f"serial:{self._peripheral.name}"

    async def connect(self, inbox: Inbox) -> CableLink:
        """Open a new link.

        Raises
        ------
        DeviceNotFound
            While it is unplugged.
        DeviceError
            While another link is open.
        """
        if not self._plugged:
            raise DeviceNotFound("there is no such port: plug the sensor in.", source=self.place)
        if self._link is not None and not self._link.is_lost:
            raise DeviceError("is in use: end the other program that uses it.", source=self.place)
        if not self._tasks:
            self._begin(inbox.clock)
        self._link = CableLink(inbox, self)
        return self._link

    async def end(self) -> None:
        """Stop serving the sensor; may be called again."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task

    def unplug(self) -> None:
        """Pull the cable: the link ends, and there is no port."""
        self._plugged = False
        if self._link is not None:
            self._link.lose("the port is gone")

    def plug(self) -> None:
        """Put it back."""
        self._plugged = True

    @property
    def name(self) -> str:
        """The sensor's."""
        return self._peripheral.name

    def hear(self, payload: bytes, now_ns: int) -> None:
        """Take what the program has written."""
        if not self._is_broken(now_ns):
            self._heard.put_nowait(payload)

    # What the sensor sees.

    @property
    def notification_bytes_max(self) -> int:
        """Longest message; a serial line has no limit of its own."""
        return 1 << 16

    def is_subscribed(self, channel: str) -> bool:
        """Whether this is a serial line's only channel."""
        return channel == BYTES_CHANNEL

    async def send(self, channel: str, payload: bytes) -> None:
        """Write to the line."""
        link = self._link
        if channel != BYTES_CHANNEL or not payload or link is None or link.is_lost:
            return
        now_ns = link.now_ns()
        if self._is_broken(now_ns):
            return
        if not self._jitter:
            link.inbox.put(BYTES_CHANNEL, payload, now_ns)
            return
        late_ms = sum(
            fault.amount * self._random.random()
            for fault in self._jitter
            if fault.is_on(self._passed_s(now_ns))
        )
        self._latest_ns = max(self._latest_ns, now_ns + round(late_ms * 1e6))
        self._under_way.put_nowait((self._latest_ns, payload))

    async def receive(self) -> tuple[str, bytes]:
        """The next bytes that the program has written."""
        return BYTES_CHANNEL, await self._heard.get()

    def set_value(self, channel: str, value: bytes) -> None:
        """Nothing can be read on a serial line."""

    # The cable itself.

    def _begin(self, clock: ProgramClock) -> None:
        self._began_ns = clock.monotonic_ns()
        self._tasks.append(asyncio.create_task(self._serve()))
        if self._jitter:
            self._tasks.append(asyncio.create_task(self._carry(clock)))
        if self._pulled:
            self._tasks.append(asyncio.create_task(self._pull(clock)))

    async def _serve(self) -> None:
        try:
            await self._peripheral.serve(self)
        except Exception as error:
            asyncio.get_running_loop().call_exception_handler(
                {"message": f"simulated {self.name} failed", "exception": error}
            )

    def _passed_s(self, now_ns: int) -> float:
        return (now_ns - self._began_ns) * 1e-9

    def _is_broken(self, now_ns: int) -> bool:
        return any(fault.is_on(self._passed_s(now_ns)) for fault in self._broken)

    async def _carry(self, clock: ProgramClock) -> None:
        """Deliver in order what is late."""
        while True:
            due_ns, payload = await self._under_way.get()
            wait_ns = due_ns - clock.monotonic_ns()
            if wait_ns > 0:
                await clock.sleep(wait_ns * 1e-9)
            link = self._link
            if link is not None and not link.is_lost:
                link.inbox.put(BYTES_CHANNEL, payload, link.now_ns())

    async def _pull(self, clock: ProgramClock) -> None:
        """Pull the cable and put it back."""
        for fault in sorted(self._pulled, key=lambda each: each.onset_s):
            for at_s, change in ((fault.onset_s, self.unplug), (fault.end_s, self.plug)):
                if at_s == inf:
                    return
                wait_s = at_s - self._passed_s(clock.monotonic_ns())
                if wait_s > 0:
                    await clock.sleep(wait_s)
                change()


class CableLink(OpenLink):
    """The program's end of a :class:`Cable`."""

    kind = "serial"
    silence_hint = "check the cable and its power, and give the right '?protocol=' and '?baud='"

    def __init__(self, inbox: Inbox, cable: Cable) -> None:
        super().__init__(inbox, cable.name, cable.name)
        self._cable = cable

    async def read(self, channel: str) -> bytes:
        """A serial line has no characteristics."""
        raise DeviceError(f"a serial line has no characteristic {channel!r}.", source=self.name)

    async def write(self, _channel: str, payload: bytes, *, response: bool = True) -> None:
        """Write to the line, which confirms nothing."""
        del response
        self._check_open()
        self._cable.hear(payload, self.now_ns())

    async def subscribe(self, channel: str) -> None:
        """Nothing to do: everything comes."""

    async def close(self) -> None:
        """End the link."""
        self.lose("closed")
