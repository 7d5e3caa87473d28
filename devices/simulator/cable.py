"""A serial cable in memory: a simulated sensor at one end, a driver at the other, in any clock."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from devices.drivers.driver import Driver
from devices.inbox import Inbox
from devices.links import BYTES_CHANNEL
from devices.open_link import OpenLink
from devices.simulator.peripheral import Peripheral
from imu.errors import DeviceError, DeviceNotFound

__all__ = ["Cable", "CableLink"]


class Cable:
    """A serial line without a port, for virtual time: a connector and the sensor's host in one.

    Bytes arrive at once and whole, in the chunks in which they were sent; those that nobody listens
    to are lost. The sensor is served from the first connection until :meth:`end`, whether or not a
    link is open.

    Parameters
    ----------
    peripheral : Peripheral
        Speaks on the channel ``"bytes"``.
    driver : type of Driver
        What it speaks.
    """

    def __init__(self, peripheral: Peripheral, driver: type[Driver]) -> None:
        self.driver: type[Driver] | None = driver
        self._peripheral = peripheral
        self._heard: asyncio.Queue[bytes] = asyncio.Queue()
        self._plugged = True
        self._link: CableLink | None = None
        self._serving: asyncio.Task[None] | None = None

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
        if self._serving is None:
            self._serving = asyncio.create_task(self._peripheral.serve(self))
        self._link = CableLink(inbox, self._heard, self._peripheral.name)
        return self._link

    async def end(self) -> None:
        """Stop serving the sensor; may be called again."""
        serving, self._serving = self._serving, None
        if serving is not None:
            serving.cancel()
            with suppress(asyncio.CancelledError):
                await serving

    def unplug(self) -> None:
        """Pull the cable: the link ends, and there is no port."""
        self._plugged = False
        if self._link is not None:
            self._link.lose("the port is gone")

    def plug(self) -> None:
        """Put it back."""
        self._plugged = True

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
        if channel == BYTES_CHANNEL and payload and link is not None and not link.is_lost:
            link.inbox.put(BYTES_CHANNEL, payload, link.now_ns())

    async def receive(self) -> tuple[str, bytes]:
        """The next bytes that the program has written."""
        return BYTES_CHANNEL, await self._heard.get()

    def set_value(self, channel: str, value: bytes) -> None:
        """Nothing can be read on a serial line."""


class CableLink(OpenLink):
    """The program's end of a :class:`Cable`."""

    kind = "serial"
    silence_hint = "check the cable and its power, and give the right '?protocol=' and '?baud='"

    def __init__(self, inbox: Inbox, sent: asyncio.Queue[bytes], name: str) -> None:
        super().__init__(inbox, name, name)
        self._sent = sent

    async def read(self, channel: str) -> bytes:
        """A serial line has no characteristics."""
        raise DeviceError(f"a serial line has no characteristic {channel!r}.", source=self.name)

    async def write(self, _channel: str, payload: bytes, *, response: bool = True) -> None:  # noqa: ARG002
        """Write to the line."""
        self._check_open()
        self._sent.put_nowait(payload)

    async def subscribe(self, channel: str) -> None:
        """Nothing to do: everything comes."""

    async def close(self) -> None:
        """End the link."""
        self.lose("closed")
