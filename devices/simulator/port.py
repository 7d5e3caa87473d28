"""A virtual serial port: a simulated sensor on a cable, in real time.

pyserial opens either kind: a :class:`PseudoTerminal` by its path on Linux and macOS, a
:class:`TcpPort` as ``socket://127.0.0.1:PORT`` on every system. The sensor runs in the event loop;
whoever reads the port with pyserial does so in another thread, or it would block its own sensor.
"""

from __future__ import annotations

import asyncio
import sys
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import inf
from random import Random
from types import TracebackType
from typing import Any, Final, Self

from devices.simulator.peripheral import BYTES_CHANNEL, Peripheral
from imu.errors import DeviceError, ParameterError

_BITS_PER_BYTE: Final = 10  # start, eight, stop
_BUFFER_BYTES: Final = 3072  # of the host's driver; a UART's bytes beyond it are lost
_OVERSLEPT_S: Final = 0.02  # a timer may be this late without slowing the line down
_CHUNK_BYTES: Final = 4096
_LARGEST_MESSAGE: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class PortParams:
    """Properties and faults of a serial line; the defaults are USB without faults.

    What becomes of the sensor's messages is
    :class:`devices.simulator.faults.peripheral.FaultyPeripheral`'s.

    Parameters
    ----------
    baud_rate : int
        Speed of a UART, bits per second, 300 to 12 000 000; it does not wait for a host that is
        slow or away, and a host that opens a pseudo terminal at another speed hears garbage. 0 is
        USB: as fast as the host takes it, and the sensor waits for the host.
    unplug_after_s : float
        When the cable is pulled, s after opening.
    seed : int
        Of everything random.

    Raises
    ------
    ParameterError
        When a value is outside its range.
    """

    baud_rate: int = 0
    unplug_after_s: float = inf
    seed: int = 0

    def __post_init__(self) -> None:
        if self.baud_rate and not 300 <= self.baud_rate <= 12_000_000:
            raise ParameterError("baud_rate", self.baud_rate, "300 to 12000000 bits/s, or 0")
        if not self.unplug_after_s > 0:
            raise ParameterError("unplug_after_s", self.unplug_after_s, "a positive time in s")


class VirtualPort(ABC):
    """A serial port with a simulated sensor on it, from ``async with`` to its end or unplugging.

    The sensor is served for as long as the port is plugged in, whether or not a program has opened
    it. This is also the sensor's :class:`~devices.simulator.peripheral.Host`.

    Parameters
    ----------
    peripheral : Peripheral
        Speaks on the channel ``"bytes"``.
    params : PortParams, optional
        Properties and faults of the line.
    """

    def __init__(self, peripheral: Peripheral, params: PortParams | None = None) -> None:
        self.params = params or PortParams()
        self.overflowed_bytes = 0  # sent while the host did not take them
        self._peripheral = peripheral
        self._random = Random(self.params.seed)
        self._heard: asyncio.Queue[bytes] = asyncio.Queue()
        self._one_message = asyncio.Lock()
        self._free_s = 0.0  # when the line has sent everything so far
        self._plugged = False
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        """Plug it in.

        Raises
        ------
        DeviceError
            When this system cannot make such a port.
        """
        await self._open()
        self._plugged = True
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._serve())]
        if self.params.unplug_after_s < inf:
            self._tasks.append(loop.create_task(self._unplug_later()))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Unplug it."""
        self.unplug()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    @abstractmethod
    def address(self) -> str:
        """What ``serial.serial_for_url`` opens."""

    @property
    def notification_bytes_max(self) -> int:
        """Longest message, bytes; a serial line has no limit of its own."""
        return _LARGEST_MESSAGE

    def is_subscribed(self, channel: str) -> bool:
        """Whether this is a serial line's only channel."""
        return channel == BYTES_CHANNEL

    async def send(self, channel: str, payload: bytes) -> None:
        """Write to the line; a UART takes the time that its speed needs."""
        if channel == BYTES_CHANNEL:
            await self._write(payload)

    async def receive(self) -> tuple[str, bytes]:
        """The next bytes that the host has written."""
        return BYTES_CHANNEL, await self._heard.get()

    def set_value(self, channel: str, value: bytes) -> None:  # noqa: B027 - as it says
        """Nothing can be read on a serial line."""

    async def inject(self, payload: bytes) -> None:
        """Put bytes on the line between two messages, as noise does."""
        await self._write(payload)

    def unplug(self) -> None:
        """Pull the cable; does nothing the second time."""
        if self._plugged:
            self._plugged = False
            for task in self._tasks:
                task.cancel()
            self._close()

    @abstractmethod
    async def _open(self) -> None:
        """Make the port."""

    @abstractmethod
    def _close(self) -> None:
        """Remove the port, at once."""

    @abstractmethod
    async def _transmit(self, payload: bytes, *, wait: bool) -> int:
        """Hand bytes to the host; returns how many it did not take, none when waiting."""

    def _as_heard_at(self, payload: bytes) -> bytes:
        """What the host makes of bytes sent at the sensor's speed."""
        return payload

    async def _write(self, payload: bytes) -> None:
        async with self._one_message:
            baud_rate = self.params.baud_rate
            if not baud_rate:
                await self._transmit(payload, wait=True)
                return
            begin_s = max(self._free_s, time.monotonic() - _OVERSLEPT_S)
            self._free_s = begin_s + len(payload) * _BITS_PER_BYTE / baud_rate
            wait_s = self._free_s - time.monotonic()
            if wait_s > 0:
                await asyncio.sleep(wait_s)
            heard = self._as_heard_at(payload)
            self.overflowed_bytes += await self._transmit(heard, wait=False)

    async def _serve(self) -> None:
        try:
            await self._peripheral.serve(self)
        except Exception as error:
            asyncio.get_running_loop().call_exception_handler(
                {"message": f"simulated {self._peripheral.name} failed", "exception": error}
            )
            self.unplug()

    async def _unplug_later(self) -> None:
        await asyncio.sleep(self.params.unplug_after_s)
        self.unplug()


class TcpPort(VirtualPort):
    """A serial port as a TCP server on this computer, for ``socket://``; works on every system.

    One program at a time can open it, again and again. It knows nothing of the host's line speed.
    """

    def __init__(self, peripheral: Peripheral, params: PortParams | None = None) -> None:
        super().__init__(peripheral, params)
        self._server: asyncio.Server | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._opened = asyncio.Event()
        self._handlers: list[asyncio.Task[Any]] = []
        self._address = ""

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Unplug it, and wait until whoever had it open has been told."""
        await super().__aexit__(kind, error, trace)
        await asyncio.gather(*self._handlers, return_exceptions=True)

    @property
    def address(self) -> str:
        """``socket://127.0.0.1:PORT``."""
        return self._address

    async def _open(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self._address = f"socket://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def _close(self) -> None:
        if self._server is not None:
            self._server.close()
        if self._writer is not None:
            self._writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._writer is not None or not self._plugged:
            writer.transport.abort()  # in use
            return
        handling = asyncio.current_task()
        if handling is not None:
            self._handlers.append(handling)
        self._writer = writer
        self._opened.set()
        try:
            while chunk := await reader.read(_CHUNK_BYTES):
                self._heard.put_nowait(chunk)
        except ConnectionError:
            pass
        finally:
            self._opened.clear()
            self._writer = None
            writer.transport.abort()

    async def _transmit(self, payload: bytes, *, wait: bool) -> int:
        while wait and self._writer is None:
            await self._opened.wait()
        writer = self._writer
        if writer is None or (not wait and _waiting_bytes(writer) > _BUFFER_BYTES):
            return len(payload)
        writer.write(payload)
        if wait:
            try:
                await writer.drain()
            except ConnectionError:
                return 0  # closed meanwhile; these bytes are lost as in any driver's buffer
        return 0


class PseudoTerminal(VirtualPort):
    """A serial port as a pseudo terminal; on Linux and macOS."""

    def __init__(self, peripheral: Peripheral, params: PortParams | None = None) -> None:
        super().__init__(peripheral, params)
        self._sensor_end = self._host_end = -1
        self._path = ""

    @property
    def address(self) -> str:
        """Path of the terminal."""
        return self._path

    async def _open(self) -> None:
        if sys.platform == "win32":
            raise DeviceError(
                "this system has no pseudo terminals: use a TCP port (socket://…) instead.",
                source="virtual port",
            )
        import os
        import tty

        self._sensor_end, self._host_end = os.openpty()
        tty.setraw(self._sensor_end)
        tty.setraw(self._host_end)  # kept open, or the terminal would end with its first reader
        os.set_blocking(self._sensor_end, False)
        self._path = os.ttyname(self._host_end)
        asyncio.get_running_loop().add_reader(self._sensor_end, self._read)

    def _close(self) -> None:
        if sys.platform != "win32":
            import os

            loop = asyncio.get_running_loop()
            loop.remove_reader(self._sensor_end)
            loop.remove_writer(self._sensor_end)
            os.close(self._sensor_end)
            os.close(self._host_end)

    def _read(self) -> None:
        import os

        try:
            chunk = os.read(self._sensor_end, _CHUNK_BYTES)
        except BlockingIOError:
            return
        except OSError:
            self.unplug()
            return
        self._heard.put_nowait(self._as_heard_at(chunk))

    async def _transmit(self, payload: bytes, *, wait: bool) -> int:
        import os

        if not wait and self._unread_bytes() > _BUFFER_BYTES:
            return len(payload)
        left = memoryview(payload)
        while left:
            try:
                left = left[os.write(self._sensor_end, left) :]
            except BlockingIOError:
                if not wait:
                    return len(left)
                await self._room()
        return 0

    def _unread_bytes(self) -> int:
        """Bytes that the host has not read yet."""
        if sys.platform == "win32":
            return 0
        import fcntl
        import termios

        count = fcntl.ioctl(self._host_end, termios.FIONREAD, bytes(4))
        return int.from_bytes(count, sys.byteorder)

    async def _room(self) -> None:
        """Return when the host has taken something."""
        loop = asyncio.get_running_loop()
        room: asyncio.Future[None] = loop.create_future()
        sensor_end = self._sensor_end
        loop.add_writer(sensor_end, _wake, room)
        try:
            await room
        finally:
            if self._plugged:
                loop.remove_writer(sensor_end)

    def _as_heard_at(self, payload: bytes) -> bytes:
        if sys.platform != "win32" and self.params.baud_rate:
            import termios

            ours = getattr(termios, f"B{self.params.baud_rate}", None)
            theirs = termios.tcgetattr(self._sensor_end)[4]
            if ours is not None and ours != theirs:
                return self._random.randbytes(len(payload))
        return payload


def _wake(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_result(None)


def _waiting_bytes(writer: asyncio.StreamWriter) -> int:
    """Bytes that the host has not taken yet."""
    return writer.transport.get_write_buffer_size()
