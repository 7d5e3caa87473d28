"""Serial ports: USB, Bluetooth serial, or ``socket://`` and other addresses that pyserial opens.

A daemon thread reads and stamps what arrives; the event loop takes it from there. pyserial stays
behind this file.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from devices.drivers.driver import Driver, Wanted
from devices.drivers.registry import serial_drivers
from devices.inbox import Inbox
from devices.links import BYTES_CHANNEL
from devices.open_link import OpenLink
from devices.port_holder import MODEM_MANAGER, holder_of
from devices.records import Packet
from devices.timing.program_clock import within
from imu.errors import DeviceError, DeviceNotFound

if TYPE_CHECKING:
    from serial import SerialBase

#: A read returns after this long without a byte, s: how soon a closed link is noticed.
_READ_S: Final = 0.1
#: Network ports cannot say how much waits: what comes within this long is one chunk, s.
_GATHER_S: Final = 0.005
_WRITE_S: Final = 2.0
_LISTEN_S: Final = 1.0  # at each speed, when nobody says what the sensor speaks
_FIRST_BYTE_S: Final = 2.5  # for the first byte of whom is asked, and then for all that follows
_ANSWERS_S: Final = 15.0
_ASKING_S: Final = 30.0  # nobody more is asked after this
_CHUNK_BYTES: Final = 4096
#: ModemManager asks a new port for up to 20 s or so; how long it is waited for, and between tries.
_MODEM_MANAGER_S: Final = 30.0
_HELD_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class SerialPort:
    """A serial port of this computer."""

    path: str
    description: str = ""
    manufacturer: str = ""
    usb_id: str = ""  # vendor:product in hexadecimal
    serial_number: str = ""  # of the device on USB


def serial_ports() -> list[SerialPort]:
    """The serial ports of this computer, those on USB first."""
    from serial.tools.list_ports import comports

    ports = [
        SerialPort(
            port.device,
            port.description if port.description not in {None, "n/a"} else "",
            port.manufacturer or "",
            "" if port.vid is None else f"{port.vid:04x}:{port.pid:04x}",
            port.serial_number or "",
        )
        for port in comports()
    ]
    return sorted(ports, key=lambda port: (not port.usb_id, port.path))


class SerialConnector:
    """Opens links over one serial port.

    Parameters
    ----------
    port : str
        Path or name of the port, or an address that pyserial opens (``socket://HOST:PORT``).
    driver : type of Driver, optional
        What the sensor speaks; recognised from what it sends otherwise.
    baud_rate : int, optional
        Speed of the line, bits per second; the driver's usual ones are tried otherwise.
    """

    def __init__(
        self, port: str, driver: type[Driver] | None = None, baud_rate: int | None = None
    ) -> None:
        self._port, self._baud_rate = port, baud_rate
        self.driver = driver
        self._device: SerialPort | None = None  # as it was found, for when it comes back

    @property
    def place(self) -> str:
        """What the user gave, for messages."""
        return f"serial:{self._port}"

    async def connect(self, inbox: Inbox) -> SerialLink:
        """Open the port, and find out what the sensor speaks where nobody said.

        Raises
        ------
        DeviceNotFound
            When there is no such port now.
        DeviceError
            When it is in use, not permitted, no port, or nothing known is heard.
        """
        if self.driver is None or self._baud_rate is None:
            return await self._recognise(inbox)
        try:
            await self._refuse_another()
            return await self._open(inbox, self._baud_rate)
        except DeviceNotFound:
            # plugged in again, a device may come back under another number
            if not await self._find_again():
                raise
            return await self._open(inbox, self._baud_rate)

    async def end(self) -> None:
        """Nothing is kept between connections."""

    async def _open(self, inbox: Inbox, baud_rate: int) -> SerialLink:
        link = SerialLink(inbox, await self._opened(inbox, baud_rate), self._port)
        if self._device is None:
            self._device = await asyncio.get_running_loop().run_in_executor(None, self._seen)
        return link

    async def _opened(self, inbox: Inbox, baud_rate: int) -> SerialBase:
        """The port, opened; waits where ModemManager has it, which lets go of what is no modem."""
        end_ns = inbox.clock.monotonic_ns() + round(_MODEM_MANAGER_S * 1e9)
        loop = asyncio.get_running_loop()
        while True:
            try:
                return await open_port(self._port, baud_rate)
            except DeviceError as error:
                if not error.may_pass:
                    raise
                holder = await loop.run_in_executor(None, holder_of, self._port)
                if holder != MODEM_MANAGER or inbox.clock.monotonic_ns() > end_ns:
                    raise _in_use(self.place, holder) from None
            inbox.doing = f"{MODEM_MANAGER} has the port, and lets go of it within half a minute"
            await inbox.clock.sleep(_HELD_S)

    def _seen(self) -> SerialPort | None:
        """What the system says of the port, where it is one that can be told again."""
        ports = [] if "://" in self._port else serial_ports()
        return next((p for p in ports if p.path == self._port and p.usb_id), None)

    async def _refuse_another(self) -> None:
        """Refuse a port at which there is another device than when it was opened first."""
        if self._device is None:
            return
        here = await asyncio.get_running_loop().run_in_executor(None, self._seen)
        if here is not None and not _is_same(here, self._device):
            raise DeviceNotFound(
                "another device is at this port now: plug the sensor in again.", source=self._port
            )

    async def _find_again(self) -> bool:
        """Look for the device by its USB numbers; whether it has another port now."""
        known = self._device
        if known is None:
            return False
        ports = await asyncio.get_running_loop().run_in_executor(None, serial_ports)
        alike = [port for port in ports if _is_same(port, known)]
        # two alike without a serial number cannot be told apart
        if len(alike) != 1 or alike[0].path == self._port:
            return False
        self._port = alike[0].path
        return True

    async def _recognise(self, inbox: Inbox) -> SerialLink:
        """Listen at the usual speeds, ask, and wake; what is heard is not part of the session.

        The port is opened once: opening it again would restart many boards.
        """
        drivers = serial_drivers() if self.driver is None else [self.driver]
        rates = [self._baud_rate] if self._baud_rate else _usual_rates(drivers)
        link = await self._open(inbox, rates[0])
        if len(drivers) == 1 and len(rates) == 1:
            self.driver, self._baud_rate = drivers[0], rates[0]
            return link
        speeds = f"{', '.join(map(str, rates))} baud"
        try:
            inbox.doing = f"it is listened to at {speeds}, for a sensor that is known here"
            heard = {}
            for rate in rates:
                link.begin(Inbox(inbox.clock), rate)
                heard[rate] = await link.listen(_LISTEN_S)
                for driver in drivers:
                    if driver.recognises_bytes(heard[rate]):
                        return self._found(link, inbox, driver, rate)
            what = "what comes is not known" if link.has_heard else "nothing comes"
            inbox.doing = f"{what}, so it is asked what it is; {link.silence_hint}"
            asked = [
                (rate, driver)
                for rate in rates
                for driver in drivers
                if rate in {self._baud_rate, *driver.baud_rates}
                and (heard[rate] or not driver.sends_unasked)
            ]
            end_ns = inbox.clock.monotonic_ns() + round(_ASKING_S * 1e9)
            for rate, driver in asked:
                link.begin(Inbox(inbox.clock), rate)
                if await _answers(link, driver):
                    return self._found(link, inbox, driver, rate)
                if inbox.clock.monotonic_ns() > end_ns:
                    break
            for driver in drivers:
                for rate in rates if driver.wakes else ():
                    if heard[rate] or rate not in {self._baud_rate, *driver.baud_rates}:
                        continue
                    link.begin(Inbox(inbox.clock), rate)
                    await link.write(BYTES_CHANNEL, driver.wakes)
                    if driver.recognises_bytes(await link.listen(_LISTEN_S)):
                        return self._found(link, inbox, driver, rate)
        except BaseException:
            await link.close()
            raise
        await link.close()
        raise DeviceError(
            f"{'nothing known' if link.has_heard else 'nothing at all'} is heard at {speeds}: "
            "check the cable, switch the sensor on, and give '?protocol=' and '?baud=' where they "
            "are unusual.",
            source=self.place,
        )

    def _found(
        self, link: SerialLink, inbox: Inbox, driver: type[Driver], baud_rate: int
    ) -> SerialLink:
        self.driver, self._baud_rate = driver, baud_rate
        link.begin(inbox, baud_rate)
        return link


async def open_port(path: str, baud_rate: int) -> SerialBase:
    """Open a port without holding up the event loop.

    Raises
    ------
    DeviceNotFound
        When there is no such port now.
    DeviceError
        When it is in use, not permitted, or no port.
    """
    return await asyncio.get_running_loop().run_in_executor(None, _open, path, baud_rate)


def _open(path: str, baud_rate: int) -> SerialBase:
    import serial

    try:
        port: Any = serial.serial_for_url(
            path,
            baudrate=baud_rate,
            timeout=_GATHER_S if _is_network(path) else _READ_S,
            write_timeout=_WRITE_S,
            do_not_open=True,
        )
        # two programs on one port would share its bytes between them
        if not _is_network(path) and sys.platform != "win32":
            port.exclusive = True
        port.open()
    except Exception as error:  # termios has an error of its own, which is no OSError
        raise _failed_to_open(error, f"serial:{path}") from None
    return cast("SerialBase", port)


class SerialLink(OpenLink):
    """An open serial line.

    Parameters
    ----------
    inbox : Inbox
        Takes every chunk.
    port : serial.SerialBase
        Open.
    path : str
        Its name.
    """

    kind = "serial"
    silence_hint = "check the cable and its power, and give the right '?protocol=' and '?baud='"

    def __init__(self, inbox: Inbox, port: SerialBase, path: str) -> None:
        super().__init__(inbox, path, path)
        self._port = port
        self._loop = asyncio.get_running_loop()
        self._gathers = _is_network(path)
        self.has_heard = False  # anything at all
        self._closing = threading.Event()
        self._reader = threading.Thread(target=self._read_on, name=f"reads {path}", daemon=True)
        self._reader.start()

    def begin(self, inbox: Inbox, baud_rate: int) -> None:
        """Go on at this speed and deliver into this inbox; what waited in the port is dropped."""
        port: Any = self._port
        # a lost port is noticed by its reader; termios raises what is no OSError
        with contextlib.suppress(Exception):
            port.baudrate = baud_rate
            port.reset_input_buffer()
        self.inbox = inbox

    @property
    def baud_rate(self) -> int:
        """Speed of the line, bits per second; 0 of a network's, which has none."""
        return 0 if self._gathers else int(self._port.baudrate)

    async def change_baud_rate(self, baud_rate: int) -> None:
        """Go on at another speed; what waited in the port is dropped."""
        self.begin(self.inbox, baud_rate)

    async def read(self, channel: str) -> bytes:
        """A serial line has no characteristics."""
        raise DeviceError(f"a serial line has no characteristic {channel!r}.", source=self.name)

    async def write(self, _channel: str, payload: bytes, *, response: bool = True) -> None:
        """Write to the line, which confirms nothing."""
        del response
        self._check_open()
        try:
            await self._loop.run_in_executor(None, self._port.write, payload)
        except Exception as error:
            why = _reason(error)
            self.lose(why)
            raise DeviceError(f"cannot be written to: {why}.", source=self.name) from None

    async def subscribe(self, channel: str) -> None:
        """Nothing to do: everything comes."""

    async def listen(self, seconds: float) -> bytes:
        """What is sent within some seconds without being asked."""
        heard = bytearray()

        def take(packet: Packet) -> None:
            heard.extend(packet.payload)

        with self.inbox.watch(take):
            await self.sleep(seconds)
        return bytes(heard)

    async def close(self) -> None:
        """Close the port; never raises, may be called again."""
        self._closing.set()
        await self._loop.run_in_executor(None, self._reader.join, 10 * _READ_S)
        # pyserial leaves its socket open where the other end is gone
        beneath = getattr(self._port, "_socket", None)
        with contextlib.suppress(Exception):
            self._port.close()
        if beneath is not None:
            beneath.close()
        self.lose("closed")

    def _read_on(self) -> None:
        port, clock = self._port, self.inbox.clock
        while not self._closing.is_set():
            try:
                if self._gathers:
                    chunk = port.read(_CHUNK_BYTES)
                    arrival_ns = clock.monotonic_ns()
                else:
                    # the first byte is waited for, what else is there comes with it
                    chunk = port.read(1)
                    arrival_ns = clock.monotonic_ns()
                    waiting = min(getattr(port, "in_waiting", 0), _CHUNK_BYTES)
                    if chunk and waiting:
                        chunk += port.read(waiting)
            except Exception as error:
                # of a port that is half closed pyserial raises what it likes
                self._hand_over(self.lose, _reason(error))
                return
            if chunk:
                self.has_heard = True
                self._hand_over(self.inbox.put, BYTES_CHANNEL, bytes(chunk), arrival_ns)

    def _hand_over(self, call: Callable[..., None], *arguments: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody listens any more
            self._loop.call_soon_threadsafe(call, *arguments)


def _is_same(port: SerialPort, other: SerialPort) -> bool:
    return (port.usb_id, port.serial_number) == (other.usb_id, other.serial_number)


def _is_network(path: str) -> bool:
    return path.partition("://")[0] in {"socket", "rfc2217"}


def _usual_rates(drivers: list[type[Driver]]) -> list[int]:
    """Speeds in the order in which they are worth trying: every driver's first, then the rest."""
    most = max(len(driver.baud_rates) for driver in drivers)
    ranked = [d.baud_rates[k] for k in range(most) for d in drivers if k < len(d.baud_rates)]
    return list(dict.fromkeys(ranked))


async def _answers(link: SerialLink, driver: type[Driver]) -> bool:
    """Whether a sensor of this kind answers; one that sends no byte is not waited for."""
    talk = driver()

    async def talked() -> None:
        await talk.open(link, Wanted())
        await talk.close(link)

    clock = link.inbox.clock
    with link.inbox.watch(lambda _: True) as sent:
        talking = asyncio.ensure_future(within(clock, _ANSWERS_S, talked()))
        silent = asyncio.ensure_future(clock.sleep(_FIRST_BYTE_S))
        try:
            both: set[asyncio.Future[Any]] = {talking, silent, sent}
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if sent.done():
                await talking
                return True
        except (DeviceError, TimeoutError):
            pass
        finally:
            silent.cancel()
            talking.cancel()
            await asyncio.gather(talking, return_exceptions=True)
    return False


def _reason(error: Exception) -> str:
    if not isinstance(error, OSError):
        return "the port is gone"
    text = error.strerror or str(error)
    return text.split("(")[0].strip().rstrip(".:") or "the port is gone"


def _in_use(place: str, holder: str = "") -> DeviceError:
    if holder == MODEM_MANAGER:
        words = f"is in use by {holder}, as it seems: stop that for the time of the run"
        return DeviceError(f"{words} ('sudo systemctl stop {holder}').", source=place)
    by = f" by {holder}" if holder else ""
    words = f"is in use{by}: end the other program that uses it."
    return DeviceError(words, source=place, may_pass=True)


def _failed_to_open(error: Exception, place: str) -> DeviceError:
    number = getattr(error, "errno", None)
    text = str(error).lower()
    if number in {errno.ENOENT, errno.ENXIO, errno.ENODEV} or "filenotfound" in text:
        return DeviceNotFound(
            "there is no such port: plug the sensor in; a scan lists the ports.",
            source=place,
        )
    if number in {errno.EACCES, errno.EPERM} or "permission" in text or "access is denied" in text:
        if sys.platform == "win32":
            hint = "end the other program that uses it"
        elif sys.platform == "linux":
            hint = "add yourself to its group (often 'dialout'), and log in again"
        else:
            hint = "end the other program that uses it, or change its permissions"
        return DeviceError(f"there is no permission to open it: {hint}.", source=place)
    if number in {errno.EBUSY, errno.EAGAIN} or "exclusively lock" in text or "busy" in text:
        return _in_use(place)
    if number == errno.EISDIR or "inappropriate ioctl" in text:
        words = "is no serial port: check its name; a scan lists the ports."
        return DeviceError(words, source=place)
    if number == errno.ECONNREFUSED or "connection refused" in text or "could not open" in text:
        return DeviceNotFound(
            f"cannot be opened ({_reason(error)}): check the address and the cable.", source=place
        )
    if isinstance(error, ValueError):
        return DeviceError(f"is no serial port ({_reason(error)}): check the name.", source=place)
    return DeviceError(f"cannot be opened ({_reason(error)}): check the cable.", source=place)
