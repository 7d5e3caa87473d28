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
from typing import TYPE_CHECKING, Any, Final, cast

from devices.ble_failures import in_words, reason_of
from devices.ble_identity import is_private, read_serial_number, why_another
from devices.drivers.driver import Advertisement, Conversation, Driver
from devices.drivers.registry import driver_for
from devices.inbox import Inbox
from devices.open_link import OpenLink
from devices.records import LinkEvent
from devices.timing.program_clock import ProgramClock, within
from imu.errors import DeviceError, DeviceNotFound

if TYPE_CHECKING:
    from bleak import BleakClient
    from bleak.backends.adapter import BaseBleakAdapter
    from bleak.backends.characteristic import BleakGATTCharacteristic
    from bleak.backends.client import BaseBleakClient
    from bleak.backends.device import BLEDevice
    from bleak.backends.scanner import AdvertisementData, BaseBleakScanner

#: How long a sensor is looked for, s.
SCAN_S: Final = 10.0
_CONNECT_S: Final = 30.0
_MOST_UNREAD: Final = 3  # times that a serial number is asked for; then a sensor is taken without
_ANSWER_S: Final = 10.0  # for one read, write or subscription
_DISCONNECT_S: Final = 5.0  # Windows may take a minute: nobody waits for it
#: How long a second sensor that fits as well may still be heard, s.
_RIVALS_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Radio:
    """The radio that bleak talks to: the computer's, unless a simulated one is given."""

    client: type[BaseBleakClient] | None = None
    scanner: type[BaseBleakScanner] | None = None
    adapter: type[BaseBleakAdapter] | None = None
    adapter_name: str = ""  # which of several, as Linux calls it: hci1

    @property
    def bluez(self) -> dict[str, str]:
        """What bleak's backend for Linux is told."""
        return {"adapter": self.adapter_name} if self.adapter_name else {}


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
    driver : type of Conversation, optional
        What it speaks; recognised from its advertisement otherwise.
    radio : Radio, optional
        The computer's by default.
    pair : bool
        Pair with it, which some sensors ask for before they send anything.
    """

    def __init__(
        self,
        address: str = "",
        name: str = "",
        driver: type[Conversation] | None = None,
        radio: Radio | None = None,
        *,
        pair: bool = False,
    ) -> None:
        self._address, self._name, self._pair = address, name, pair
        self.driver: type[Conversation] | None = driver
        self._radio = radio or Radio()
        self._known: Advertisement | None = None  # of the sensor that was connected before
        self._serial: str | None = None  # of it, where its address is one that changes
        self._unread = 0  # how often in a row its serial number could not be read
        self._others: set[str] = set()  # addresses of others that have its name
        self._latest: BleLink | None = None
        self._renewed = False  # its table of characteristics was thrown away

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

        await self._throw_away_stale(inbox.clock)
        inbox.doing = f"it is looked for, for up to {SCAN_S:g} s"
        seen = await self._find(inbox.clock)
        inbox.doing = f"{seen.advertisement.name or 'it'} is heard, and is being connected"
        driver: type[Conversation] | None = self.driver or seen.driver
        if driver is None:
            raise DeviceError(
                "advertises no protocol that is known: add '?protocol=…' with the right one.",
                source=self.place,
            )
        self.driver = driver
        losing: list[BleLink] = []

        def on_disconnected(_client: BleakClient) -> None:
            for link in losing:
                link.lose("the sensor, or the radio, ended it")

        client = BleakClient(
            seen.device,
            on_disconnected,
            timeout=_CONNECT_S,
            pair=self._pair,
            # a table of characteristics from before new firmware would be read otherwise
            winrt={"use_cached_services": False},
            bluez=cast(Any, self._radio.bluez),
            backend=self._radio.client,
        )
        try:
            with in_words(self.place):
                await within(inbox.clock, _CONNECT_S, client.connect())
        except DeviceError as error:
            await _let_go(client, inbox.clock)
            if not error.may_pass:
                raise
            raise DeviceNotFound(
                f"cannot be connected ({reason_of(error)}): bring it nearer, charge it, and end "
                "other programs and phones that are connected to it.",
                source=self.place,
                may_pass=True,
            ) from None
        except asyncio.CancelledError:
            await _let_go(client, inbox.clock)
            raise
        try:
            await self._recognise(client, inbox, seen.advertisement)
        except (DeviceError, asyncio.CancelledError):
            await _let_go(client, inbox.clock)
            raise
        link = BleLink(
            inbox,
            client,
            seen.advertisement,
            driver.characteristics,
            may_be_stale=not self._renewed,
        )
        self._latest = link
        losing.append(link)
        if not client.is_connected:
            link.lose("the sensor ended it at once")
        return link

    async def _recognise(self, client: BleakClient, inbox: Inbox, heard: Advertisement) -> None:
        """See that a sensor under an address of the moment is the one that was lost.

        Raises
        ------
        DeviceNotFound
            When it is another, or may be: it is told once, and passed over from now on. When it is
            not told: it is asked again.
        """
        known = self._known
        if (known is None or known.address != heard.address) and is_private(heard.address):
            serial = await read_serial_number(client, inbox.clock)
            self._unread = 0 if serial is not None else self._unread + 1
            if 0 < self._unread < _MOST_UNREAD:
                raise DeviceNotFound(
                    "does not tell its serial number: bring it nearer.",
                    source=self.place,
                    may_pass=True,
                )
            if known is not None:
                tells = self.driver is not None and self.driver.name_tells
                why = why_another(heard.name, serial, self._serial, name_tells=tells)
                if why:
                    self._others.add(heard.address)
                    inbox.put_event(LinkEvent(inbox.clock.monotonic_ns(), "gap", why))
                    raise DeviceNotFound(f"{why}.", source=self.place, may_pass=True)
            if serial or self._serial is None:
                self._serial = serial
        self._known = heard

    async def end(self) -> None:
        """Nothing is kept between connections."""

    async def _throw_away_stale(self, clock: ProgramClock) -> None:
        """Have the system forget a sensor whose new firmware it knows with the old table.

        Once: where the characteristic is missing then too, it is another protocol.
        """
        latest = self._latest
        if latest is None or not latest.is_stale or self._renewed:
            return
        self._renewed = True
        with suppress(Exception):  # macOS has no such thing, and notices by itself
            await within(clock, _DISCONNECT_S, latest.client.unpair())

    async def _find(self, clock: ProgramClock) -> SeenSensor:
        """The sensor that is meant; of several that fit, the one that is heard loudest."""
        found: dict[str, SeenSensor] = {}
        async with _scanning(self._radio) as heard:

            async def first() -> None:
                async for sensor in heard:
                    if self._fits(sensor):
                        found[sensor.advertisement.address] = sensor
                        return

            async def rivals() -> None:
                async for sensor in heard:
                    if self._fits(sensor):
                        found[sensor.advertisement.address] = sensor

            with suppress(TimeoutError):
                await within(clock, SCAN_S, first())
            if found and not self._names_one:
                with suppress(TimeoutError):
                    await within(clock, _RIVALS_S, rivals())
        if found:
            return max(found.values(), key=lambda each: each.advertisement.signal_dbm or -999)
        for sensor in await _connected_already(self._radio):
            if self._fits(sensor):
                return sensor
        what = "is not heard" if self._address or self._name else "no sensor is heard"
        raise DeviceNotFound(
            f"{what} within {SCAN_S:g} s: wake it, bring it nearer, and end other programs "
            "and phones that are connected to it; a scan lists what is heard.",
            source=self.place,
        )

    @property
    def _names_one(self) -> bool:
        """Whether only one sensor can be meant."""
        return bool(self._address) or self._known is not None

    def _fits(self, sensor: SeenSensor) -> bool:
        """Whether this is the one that is meant."""
        advertisement, known = sensor.advertisement, self._known
        if known is not None:
            if advertisement.address.lower() == known.address.lower():
                return True
            # an address made for privacy is another one after a while; one that was given is not
            renamed = is_private(advertisement.address) and is_private(known.address)
            like_it = self.driver is not None and self.driver.recognises(advertisement)
            like_it = like_it and advertisement.name == known.name != ""
            is_other = advertisement.address in self._others
            return renamed and like_it and not is_other and not self._address
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
    may_be_stale : bool
        Whether a characteristic that is missing may be one of an older firmware's table, which
        the system remembers.

    Attributes
    ----------
    is_stale : bool
        Whether that has shown.
    """

    kind = "ble"

    def __init__(
        self,
        inbox: Inbox,
        client: BleakClient,
        advertisement: Advertisement,
        characteristics: Mapping[str, str],
        *,
        may_be_stale: bool = False,
    ) -> None:
        super().__init__(inbox, advertisement.name or advertisement.address, advertisement.address)
        self.client, self._characteristics = client, characteristics
        self._may_be_stale, self.is_stale = may_be_stale, False

    @property
    def notification_bytes_max(self) -> int:
        """Most bytes that one notification can hold.

        On Linux the negotiated size shows only in the characteristics; it may rise later.
        """
        with in_words(self.name):  # a link that has just been lost has no services
            sizes = [
                characteristic.max_write_without_response_size
                for service in self.client.services
                for characteristic in service.characteristics
                if "write-without-response" in characteristic.properties
            ]
        return max(sizes, default=20)

    async def read(self, channel: str) -> bytes:
        """Read a characteristic."""
        self._check_open()
        with in_words(self.name):
            return bytes(
                await within(
                    self.inbox.clock,
                    _ANSWER_S,
                    self.client.read_gatt_char(self._characteristics[channel]),
                )
            )

    async def write(self, channel: str, payload: bytes, *, response: bool = True) -> None:
        """Write to a characteristic."""
        self._check_open()
        with in_words(self.name):
            await within(
                self.inbox.clock,
                _ANSWER_S,
                self.client.write_gatt_char(
                    self._characteristics[channel], payload, response=response
                ),
            )

    async def subscribe(self, channel: str) -> None:
        """Ask for a characteristic's notifications."""
        self._check_open()
        put, now_ns = self.inbox.put, self.inbox.clock.monotonic_ns

        def on_notification(_sender: BleakGATTCharacteristic, data: bytearray) -> None:
            put(channel, bytes(data), now_ns())

        uuid = self._characteristics[channel]
        if self._may_be_stale and self.client.services.get_characteristic(uuid) is None:
            self.is_stale = True
            raise DeviceError(
                f"does not have the characteristic {uuid}: the system may remember an older "
                "firmware of it, so it is asked anew.",
                source=self.name,
                may_pass=True,
            )
        with in_words(self.name):
            await within(
                self.inbox.clock, _ANSWER_S, self.client.start_notify(uuid, on_notification)
            )

    async def close(self) -> None:
        """Disconnect; never raises, may be called again."""
        await _let_go(self.client, self.inbox.clock)
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

    scanner = BleakScanner(on_heard, bluez=cast(Any, radio.bluez), backend=radio.scanner)
    with in_words("Bluetooth"):
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
