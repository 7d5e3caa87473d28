"""A backend for bleak, in memory: its own scanner and client classes over simulated sensors."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar, Final, NamedTuple, cast

from bleak.args import SizedBuffer
from bleak.assigned_numbers import CharacteristicPropertyName
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient, NotifyCallback
from bleak.backends.descriptor import BleakGATTDescriptor
from bleak.backends.scanner import (
    BaseBleakScanner,
)
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection
from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakDeviceNotFoundError,
    BleakError,
    BleakGATTProtocolError,
)

from devices.simulator.air import Adapter, AdapterUnavailable, Air
from devices.simulator.bleak_types import SimulatedClient, SimulatedScanner
from devices.simulator.radio_link import AttError, RadioLink

_CLIENT_CONFIGURATION: Final = "00002902-0000-1000-8000-00805f9b34fb"
_MTU_HEADER_BYTES: Final = 3

_UNAVAILABLE: Final = {
    Adapter.OFF: BleakBluetoothNotAvailableReason.POWERED_OFF,
    Adapter.DENIED: BleakBluetoothNotAvailableReason.DENIED_BY_USER,
    Adapter.MISSING: BleakBluetoothNotAvailableReason.NO_BLUETOOTH,
}


class RadioBackend(NamedTuple):
    """What bleak takes as ``backend=``, for its client and for its scanner."""

    client: type[BaseBleakClient]
    scanner: type[BaseBleakScanner]


def loopback_backend(air: Air) -> RadioBackend:
    """Types that make ``bleak.BleakClient`` and ``bleak.BleakScanner`` work in this air.

    Examples
    --------
    >>> import bleak
    >>> from devices.simulator.virtual_clock import VirtualClock
    >>> async def scan() -> list[BLEDevice]:
    ...     clock = VirtualClock()
    ...     scanner = bleak.BleakScanner(backend=loopback_backend(Air(clock)).scanner)
    ...     async with scanner:
    ...         await clock.sleep(5.0)
    ...     return scanner.discovered_devices
    >>> asyncio.run(scan())
    []
    """
    bound = {"air": air, "__module__": __name__}
    return RadioBackend(
        type("LoopbackClient", (LoopbackClient,), bound),
        type("LoopbackScanner", (LoopbackScanner,), bound),
    )


class LoopbackScanner(SimulatedScanner):
    """Hears the sensors of an air; made by bleak from a type of :func:`loopback_backend`."""

    air: ClassVar[Air]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._scan: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start scanning."""
        _require_adapter(self.air)
        if self._scan is not None:
            raise BleakError("Scanner is already started")
        self.seen_devices = {}
        self._scan = asyncio.get_running_loop().create_task(self._listen())

    async def stop(self) -> None:
        """Stop scanning."""
        scan, self._scan = self._scan, None
        if scan is not None:
            scan.cancel()
            await asyncio.gather(scan, return_exceptions=True)

    async def _listen(self) -> None:
        async for advertisement in self.air.advertisements():
            try:
                self._hear(advertisement)
            except Exception as error:
                asyncio.get_running_loop().call_exception_handler(
                    {"message": "detection callback failed", "exception": error}
                )


class LoopbackClient(SimulatedClient):
    """A connection in an air; made by bleak from a type of :func:`loopback_backend`."""

    air: ClassVar[Air]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._name = ""
        self._link: RadioLink | None = None

    @property
    def name(self) -> str:
        """The sensor's name."""
        return self._name or self.address.replace(":", "-")

    @property
    def mtu_size(self) -> int:
        """MTU of the link, bytes: three more than a notification holds."""
        return self._open_link().notification_bytes_max + _MTU_HEADER_BYTES

    @property
    def is_connected(self) -> bool:
        """Whether the link is open."""
        return self._link is not None and not self._link.end_reason

    async def connect(self, pair: bool, **kwargs: Any) -> None:
        """Connect, pair where it is wanted, and discover the services."""
        if self.is_connected:
            raise BleakError("Client is already connected")
        _require_adapter(self.air)
        address = self.address.upper() if self.air.knows(self.address.upper()) else self.address
        timeout_s = kwargs.get("timeout", self._timeout)
        try:
            self._link = await self.air.connect(address, timeout_s=timeout_s, on_end=self._end)
        except AdapterUnavailable as error:
            raise _unavailable(error.adapter) from error
        except ConnectionRefusedError as error:
            raise BleakError(f"failed to connect: {error}") from error
        except TimeoutError as error:
            if self._device is not None:
                raise
            raise BleakDeviceNotFoundError(
                self.address, f"Device with address {self.address} was not found."
            ) from error
        if pair:
            await self.pair()
        self._name = self._link.peripheral.name
        self.services = _discovered(self._link, self._wanted_services)

    async def pair(self, *_args: Any, **_options: Any) -> None:
        """Pair with the sensor, which allows it."""
        link = self._open_link()
        try:
            await link.pair()
        except ConnectionResetError as error:
            raise _as_bleak(error) from error

    async def disconnect(self) -> None:
        """Close the link; nothing happens without one."""
        link = self._link
        if link is not None:
            await link.disconnect()

    async def read_gatt_char(
        self,
        characteristic: BleakGATTCharacteristic,
        *,
        use_cached: bool = False,
        **_: Any,
    ) -> bytearray:
        """Value of a characteristic; nothing is cached."""
        del use_cached
        link = self._open_link()
        try:
            return bytearray(await link.read(characteristic.uuid))
        except (AttError, ConnectionResetError) as error:
            raise _as_bleak(error) from error

    async def write_gatt_char(
        self,
        characteristic: BleakGATTCharacteristic,
        data: SizedBuffer,
        response: bool,
    ) -> None:
        """Write a characteristic."""
        link, payload = self._open_link(), bytes(data)
        if not response and len(payload) > link.notification_bytes_max:
            raise BleakError(
                f"{len(payload)} bytes are too long to write without response: "
                f"{link.notification_bytes_max} at most"
            )
        try:
            await link.write(characteristic.uuid, payload, response=response)
        except (AttError, ConnectionResetError) as error:
            raise _as_bleak(error) from error

    async def read_gatt_descriptor(
        self,
        descriptor: BleakGATTDescriptor,
        *,
        use_cached: bool = False,
        **_: Any,
    ) -> bytearray:
        """Value of a Client Characteristic Configuration, the only descriptor there is."""
        del use_cached
        on = self._open_link().is_subscribed(descriptor.characteristic_uuid)
        return bytearray((int(on), 0))

    async def write_gatt_descriptor(
        self,
        descriptor: BleakGATTDescriptor,
        data: SizedBuffer,
    ) -> None:
        """Refused: there is no descriptor to write but the one that bleak itself refuses."""
        del data
        raise BleakError(f"descriptor {descriptor.uuid} cannot be written")

    async def start_notify(
        self,
        characteristic: BleakGATTCharacteristic,
        callback: NotifyCallback,
        **_: Any,
    ) -> None:
        """Ask for notifications or indications."""
        link = self._open_link()
        if not {"notify", "indicate"} & set(characteristic.properties):
            raise BleakError("characteristic does not support notifications or indications")
        if link.is_subscribed(characteristic.uuid):
            raise BleakError("Characteristic notifications already started")
        try:
            await link.subscribe(characteristic.uuid, lambda payload: callback(bytearray(payload)))
        except (AttError, ConnectionResetError) as error:
            raise _as_bleak(error) from error

    async def stop_notify(self, characteristic: BleakGATTCharacteristic) -> None:
        """No more notifications."""
        link = self._open_link()
        try:
            await link.unsubscribe(characteristic.uuid)
        except (AttError, ConnectionResetError) as error:
            raise _as_bleak(error) from error

    def _open_link(self) -> RadioLink:
        if self._link is None or self._link.end_reason:
            raise BleakError("Not connected")
        return self._link

    def _end(self, _reason: str) -> None:
        self._ended()


def _require_adapter(air: Air) -> None:
    if air.adapter is not Adapter.ON:
        raise _unavailable(air.adapter)


def _unavailable(adapter: Adapter) -> BleakError:
    message = f"Bluetooth is not available: the adapter is {adapter.value}"
    return BleakBluetoothNotAvailableError(message, _UNAVAILABLE[adapter])


def _as_bleak(error: AttError | ConnectionResetError) -> BleakError:
    if isinstance(error, AttError):
        return BleakGATTProtocolError(error.code)
    return BleakError(f"disconnected: {error}")


def _discovered(link: RadioLink, wanted: set[str] | None) -> BleakGATTServiceCollection:
    """The sensor's services as bleak has them, with handles in the order of the attributes."""
    found, handle = BleakGATTServiceCollection(), 0
    for service_uuid, characteristics in link.peripheral.services.items():
        handle += 1
        if wanted is not None and service_uuid not in wanted:
            handle += sum(2 + bool(p & {"notify", "indicate"}) for p in characteristics.values())
            continue
        service = BleakGATTService(None, handle, service_uuid)
        found.add_service(service)
        for uuid, properties in characteristics.items():
            handle += 2  # declaration and value
            named = cast("list[CharacteristicPropertyName]", sorted(properties))
            characteristic = BleakGATTCharacteristic(
                None, handle, uuid, named, lambda: link.notification_bytes_max, service
            )
            found.add_characteristic(characteristic)
            if properties & {"notify", "indicate"}:
                handle += 1
                found.add_descriptor(
                    BleakGATTDescriptor(None, handle, _CLIENT_CONFIGURATION, characteristic)
                )
    return found
