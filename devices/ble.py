"""Bluetooth LE: find a sensor and open a link to it, with bleak.

bleak has no queue of its own: a notification is stamped and put into the inbox inside the callback,
and decoded elsewhere. Every connection gets a new client, since a used one may refuse to subscribe
again (macOS); addresses are identifiers there, not numbers.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from devices.drivers.driver import Advertisement, Driver
from devices.drivers.registry import driver_for
from devices.inbox import Inbox
from devices.open_link import OpenLink
from devices.timing.program_clock import ProgramClock, within
from imu.errors import DeviceError, DeviceLost, DeviceNotFound

if TYPE_CHECKING:
    from bleak import BleakClient
    from bleak.backends.adapter import BaseBleakAdapter
    from bleak.backends.characteristic import BleakGATTCharacteristic
    from bleak.backends.client import BaseBleakClient
    from bleak.backends.device import BLEDevice
    from bleak.backends.scanner import AdvertisementData, BaseBleakScanner

__all__ = ["SCAN_S", "BleConnector", "BleLink", "Radio", "SeenSensor", "scan_ble"]

#: How long a sensor is looked for, s.
SCAN_S: Final = 10.0
_CONNECT_S: Final = 30.0
_ANSWER_S: Final = 10.0  # for one read, write or subscription
_DISCONNECT_S: Final = 5.0  # Windows may take a minute: nobody waits for it

_SWITCH_ON: Final = "switch Bluetooth on, or plug in an adapter, and try again"


@dataclass(frozen=True, slots=True)
class Radio:
    """The radio that bleak talks to: the computer's, unless a simulated one is given."""

    client: type[BaseBleakClient] | None = None
    scanner: type[BaseBleakScanner] | None = None
    adapter: type[BaseBleakAdapter] | None = None


@dataclass(frozen=True, slots=True)
class SeenSensor:
    """A sensor that advertises, and the driver that fits; None when no one does."""

    advertisement: Advertisement
    driver: type[Driver] | None
    device: BLEDevice


async def scan_ble(clock: ProgramClock, radio: Radio, seconds: float = SCAN_S) -> list[SeenSensor]:
    """All Bluetooth LE sensors heard within some seconds, those with a driver first.

    Raises
    ------
    DeviceError
        When Bluetooth is off, missing or not permitted.
    """
    seen: dict[str, SeenSensor] = {}
    async with _scanning(radio) as heard:

        async def listen() -> None:
            async for sensor in heard:
                seen[sensor.advertisement.address] = sensor

        with suppress(TimeoutError):
            await within(clock, seconds, listen())
    return sorted(
        seen.values(),
        key=lambda sensor: (sensor.driver is None, -(sensor.advertisement.signal_dbm or -999)),
    )


class BleConnector:
    """Opens Bluetooth LE links to one sensor.

    Parameters
    ----------
    address : str
        Of the sensor; empty for the first that fits.
    name : str
        Part of its advertised name, in any case; empty for any.
    driver : type of Driver, optional
        What it speaks; recognised from its advertisement otherwise.
    radio : Radio, optional
        The computer's by default.
    """

    def __init__(
        self,
        address: str = "",
        name: str = "",
        driver: type[Driver] | None = None,
        radio: Radio | None = None,
    ) -> None:
        self._address, self._name = address, name
        self.driver = driver
        self._radio = radio or Radio()

    @property
    def place(self) -> str:
        """What the user gave, for messages."""
        return f"ble:{self._address}" if self._address else f"ble:?name={self._name}"

    async def connect(self, inbox: Inbox) -> BleLink:
        """Find the sensor and open a new link.

        Raises
        ------
        DeviceNotFound
            When it is not heard, or goes while connecting.
        DeviceError
            When Bluetooth is off, missing or not permitted, or nobody knows what it speaks.
        """
        from bleak import BleakClient

        seen = await self._find(inbox.clock)
        driver = self.driver or seen.driver
        if driver is None:
            raise DeviceError(
                "advertises no protocol that is known: add '?protocol=…' with the right one.",
                source=self.place,
            )
        self.driver = driver
        self._address = seen.advertisement.address  # the same sensor after a lost link
        losing: list[BleLink] = []

        def on_disconnected(_client: BleakClient) -> None:
            for link in losing:
                link.lose("the sensor, or the radio, ended it")

        client = BleakClient(
            seen.device, on_disconnected, timeout=_CONNECT_S, backend=self._radio.client
        )
        try:
            with _in_words(self.place):
                await within(inbox.clock, _CONNECT_S, client.connect())
        except DeviceError as error:
            await _let_go(client, inbox.clock)
            raise DeviceNotFound(
                f"cannot be connected ({_cause(error)}): bring it nearer, charge it, and end other "
                "programs and phones that are connected to it.",
                source=self.place,
            ) from None
        except asyncio.CancelledError:
            await _let_go(client, inbox.clock)
            raise
        link = BleLink(inbox, client, seen.advertisement, driver.characteristics)
        losing.append(link)
        if not client.is_connected:
            link.lose("the sensor ended it at once")
        return link

    async def end(self) -> None:
        """Nothing is kept between connections."""

    async def _find(self, clock: ProgramClock) -> SeenSensor:
        async with _scanning(self._radio) as heard:

            async def first() -> SeenSensor:
                async for sensor in heard:
                    if self._fits(sensor):
                        return sensor
                raise AssertionError("a scan does not end by itself")

            with suppress(TimeoutError):
                return await within(clock, SCAN_S, first())
        for sensor in await _connected_already(self._radio):
            if self._fits(sensor):
                return sensor
        what = "is not heard" if self._address or self._name else "no sensor is heard"
        raise DeviceNotFound(
            f"{what} within {SCAN_S:g} s: wake it, bring it nearer, and end other programs "
            "and phones that are connected to it; 'backstride scan' lists what is heard.",
            source=self.place,
        )

    def _fits(self, sensor: SeenSensor) -> bool:
        """Whether this is the one that is meant."""
        advertisement = sensor.advertisement
        if self._address:
            return advertisement.address.lower() == self._address.lower()
        if self._name:
            return self._name.lower() in advertisement.name.lower()
        if self.driver is not None:
            return self.driver.recognises(advertisement)
        return sensor.driver is not None


class BleLink(OpenLink):
    """An open Bluetooth LE link.

    Parameters
    ----------
    inbox : Inbox
        Takes every notification.
    client : BleakClient
        Connected.
    advertisement : Advertisement
        What the sensor said of itself.
    characteristics : mapping of str to str
        The driver's channel names to UUIDs.
    """

    kind = "ble"

    def __init__(
        self,
        inbox: Inbox,
        client: BleakClient,
        advertisement: Advertisement,
        characteristics: Mapping[str, str],
    ) -> None:
        super().__init__(inbox, advertisement.name or advertisement.address, advertisement.address)
        self._client, self._characteristics = client, characteristics

    @property
    def notification_bytes_max(self) -> int:
        """Most bytes that one notification can hold.

        On Linux the negotiated size shows only in the characteristics; it may rise later.
        """
        sizes = [
            characteristic.max_write_without_response_size
            for service in self._client.services
            for characteristic in service.characteristics
            if "write-without-response" in characteristic.properties
        ]
        return max(sizes, default=20)

    async def read(self, channel: str) -> bytes:
        """Read a characteristic."""
        self._check_open()
        with _in_words(self.name):
            return bytes(
                await within(
                    self.inbox.clock,
                    _ANSWER_S,
                    self._client.read_gatt_char(self._characteristics[channel]),
                )
            )

    async def write(self, channel: str, payload: bytes, *, response: bool = True) -> None:
        """Write to a characteristic."""
        self._check_open()
        with _in_words(self.name):
            await within(
                self.inbox.clock,
                _ANSWER_S,
                self._client.write_gatt_char(
                    self._characteristics[channel], payload, response=response
                ),
            )

    async def subscribe(self, channel: str) -> None:
        """Ask for a characteristic's notifications."""
        self._check_open()
        put, now_ns = self.inbox.put, self.inbox.clock.monotonic_ns

        def on_notification(_sender: BleakGATTCharacteristic, data: bytearray) -> None:
            put(channel, bytes(data), now_ns())

        with _in_words(self.name):
            await within(
                self.inbox.clock,
                _ANSWER_S,
                self._client.start_notify(self._characteristics[channel], on_notification),
            )

    async def close(self) -> None:
        """Disconnect; never raises, may be called again."""
        await _let_go(self._client, self.inbox.clock)
        self.lose("closed")


@asynccontextmanager
async def _scanning(radio: Radio) -> AsyncIterator[AsyncIterator[SeenSensor]]:
    """Sensors as they are heard, again and again, for as long as the context lasts."""
    from bleak import BleakScanner

    heard: asyncio.Queue[SeenSensor] = asyncio.Queue()

    def on_heard(device: BLEDevice, data: AdvertisementData) -> None:
        advertisement = Advertisement(
            device.address,
            data.local_name or device.name or "",
            tuple(uuid.lower() for uuid in data.service_uuids),
            data.rssi,
        )
        heard.put_nowait(SeenSensor(advertisement, driver_for(advertisement), device))

    async def sensors() -> AsyncIterator[SeenSensor]:
        while True:
            yield await heard.get()

    scanner = BleakScanner(on_heard, backend=radio.scanner)
    with _in_words("Bluetooth"):
        await scanner.start()
    try:
        yield sensors()
    finally:
        with suppress(Exception):  # the radio may be gone meanwhile
            await scanner.stop()


async def _connected_already(radio: Radio) -> list[SeenSensor]:
    """Sensors that this computer is connected to, and which therefore do not advertise.

    The system keeps a link whose program was killed, on Linux until someone ends it.
    """
    if radio.client is not None and radio.adapter is None:
        return []  # a simulated radio that cannot tell
    try:
        from bleak import BleakAdapter  # since bleak 3.1

        adapter = await BleakAdapter.get(backend=radio.adapter)
        devices = await adapter.get_connected_devices()
    except Exception:
        return []
    heard = [Advertisement(device.address, device.name or "") for device in devices]
    return [
        SeenSensor(each, driver_for(each), device)
        for each, device in zip(heard, devices, strict=True)
    ]


async def _let_go(client: BleakClient, clock: ProgramClock) -> None:
    # in the background of whatever went wrong: a link that hangs must not hold anyone up
    with suppress(Exception):
        await within(clock, _DISCONNECT_S, client.disconnect())


class _in_words:  # noqa: N801
    """What bleak and the systems below it raise, as one sentence of ours."""

    def __init__(self, source: str) -> None:
        self._source = source

    def __enter__(self) -> None: ...

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if error is None or isinstance(error, DeviceError) or not isinstance(error, Exception):
            return
        raise _translated(error, self._source) from None


def _translated(error: Exception, source: str) -> DeviceError:
    from bleak.exc import (
        BleakBluetoothNotAvailableError,
        BleakBluetoothNotAvailableReason,
        BleakCharacteristicNotFoundError,
        BleakDeviceNotFoundError,
        BleakError,
    )

    reasons = BleakBluetoothNotAvailableReason
    if isinstance(error, BleakBluetoothNotAvailableError):
        if error.reason in {
            reasons.DENIED_BY_USER,
            reasons.DENIED_BY_SYSTEM,
            reasons.DENIED_BY_UNKNOWN,
        }:
            return DeviceError(
                "this program may not use Bluetooth: allow it in the system's privacy settings.",
                source=source,
            )
        return DeviceError(f"is not available: {_SWITCH_ON}.", source=source)
    if isinstance(error, BleakDeviceNotFoundError):
        return DeviceNotFound(
            "is not known to the system any more: wake it and try again.", source=source
        )
    if isinstance(error, BleakCharacteristicNotFoundError):
        return DeviceError(
            f"does not have the characteristic {error.char_specifier}: it speaks another protocol "
            "or another version of it, give the right one with '?protocol=…'.",
            source=source,
        )
    if isinstance(error, TimeoutError):
        return DeviceError("does not answer in time: bring it nearer.", source=source)
    if isinstance(error, OSError):
        # Linux without a message bus, or without its Bluetooth service
        return DeviceError(
            f"the system's Bluetooth service does not answer ({(error.strerror or 'error').lower()}"
            f"): {_SWITCH_ON}.",
            source=source,
        )
    if "ServiceUnknown" in str(error):  # Linux with a message bus, without bluetoothd
        return DeviceError(
            f"the system's Bluetooth service does not run: start it (bluetoothd), {_SWITCH_ON}.",
            source=source,
        )
    if isinstance(error, BleakError | EOFError):
        text = str(error).strip().rstrip(".") or type(error).__name__
        if "not connected" in text.lower() or "disconnected" in text.lower():
            return DeviceLost("the link was lost: bring the sensor nearer.", source=source)
        return DeviceError(f"{text[:1].lower()}{text[1:]}: {_SWITCH_ON}.", source=source)
    raise error


def _cause(error: DeviceError) -> str:
    text = str(error).removeprefix(f"{error.source}: ")
    return text.split(":")[0].rstrip(".")
