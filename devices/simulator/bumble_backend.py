"""A backend for bleak over a central of bumble's: see :mod:`devices.simulator.bumble_radio`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast

from bleak.args import SizedBuffer
from bleak.assigned_numbers import CharacteristicPropertyName
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import NotifyCallback
from bleak.backends.descriptor import BleakGATTDescriptor
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection
from bleak.exc import BleakDeviceNotFoundError, BleakError, BleakGATTProtocolError
from bleak.uuids import normalize_uuid_str

from devices.simulator.bleak_types import SimulatedClient, SimulatedScanner
from devices.simulator.bumble_radio import BumbleRadio
from devices.simulator.loopback import RadioBackend

if TYPE_CHECKING:
    from bumble.device import Connection, Peer

_MTU_WANTED: Final = 517
_MTU_HEADER_BYTES: Final = 3


def bumble_backend(radio: BumbleRadio) -> RadioBackend:
    """Types that make ``bleak.BleakClient`` and ``bleak.BleakScanner`` work over this radio."""
    bound = {"radio": radio, "__module__": __name__}
    return RadioBackend(
        type("BumbleClient", (BumbleClient,), bound),
        type("BumbleScanner", (BumbleScanner,), bound),
    )


class BumbleScanner(SimulatedScanner):
    """Hears what bumble's central hears; made by bleak from a type of :func:`bumble_backend`."""

    radio: ClassVar[BumbleRadio]

    async def start(self) -> None:
        """Start scanning."""
        self.seen_devices = {}
        await self.radio.listen(self._hear)

    async def stop(self) -> None:
        """Stop scanning."""
        await self.radio.stop_listening(self._hear)


class BumbleClient(SimulatedClient):
    """A connection of bumble's central; made by bleak from a type of :func:`bumble_backend`."""

    radio: ClassVar[BumbleRadio]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._connection: Connection | None = None
        self._notifying: set[str] = set()

    @property
    def name(self) -> str:
        """The sensor's name as heard, or its address."""
        heard = self._device.name if self._device is not None else None
        return heard or self.address.replace(":", "-")

    @property
    def mtu_size(self) -> int:
        """MTU of the link, bytes."""
        return self._open_connection().att_mtu

    @property
    def is_connected(self) -> bool:
        """Whether the link is open."""
        return self._connection is not None

    async def connect(self, pair: bool, **kwargs: Any) -> None:
        """Connect, agree on the MTU, discover the services, and pair where asked to."""
        from bumble.device import Peer

        if self.is_connected:
            raise BleakError("Client is already connected")
        timeout_s = kwargs.get("timeout", self._timeout)
        try:
            connection = await self.radio.connect(self.address, timeout_s)
        except TimeoutError as error:
            if self._device is not None:
                raise
            raise BleakDeviceNotFoundError(
                self.address, f"Device with address {self.address} was not found."
            ) from error
        self._connection = connection
        self._notifying.clear()
        connection.on("disconnection", self._on_disconnection)
        try:
            async with _bleak_errors():
                peer = Peer(connection)
                await peer.request_mtu(_MTU_WANTED)
                self.services = await self._discover(peer)
            if pair:
                await self.pair()
        except BaseException:
            await self.disconnect()
            raise

    async def pair(self, *_args: Any, **_options: Any) -> None:
        """Pair with the sensor, which then encrypts the link."""
        async with _bleak_errors():
            await self._open_connection().pair()

    async def disconnect(self) -> None:
        """Close the link; nothing happens without one."""
        connection = self._connection
        if connection is not None:
            await connection.disconnect()

    async def read_gatt_char(
        self,
        characteristic: BleakGATTCharacteristic,
        *,
        use_cached: bool = False,
        **_: Any,
    ) -> bytearray:
        """Value of a characteristic; nothing is cached."""
        del use_cached
        client = self._open_connection().gatt_client
        async with _bleak_errors():
            return bytearray(await client.read_value(characteristic.obj))

    async def write_gatt_char(
        self, characteristic: BleakGATTCharacteristic, data: SizedBuffer, response: bool
    ) -> None:
        """Write a characteristic."""
        connection, payload = self._open_connection(), bytes(data)
        longest = connection.att_mtu - _MTU_HEADER_BYTES
        if not response and len(payload) > longest:
            raise BleakError(
                f"{len(payload)} bytes are too long to write without response: {longest} at most"
            )
        async with _bleak_errors():
            await connection.gatt_client.write_value(characteristic.obj, payload, response)

    async def read_gatt_descriptor(
        self,
        descriptor: BleakGATTDescriptor,
        *,
        use_cached: bool = False,
        **_: Any,
    ) -> bytearray:
        """Value of a descriptor."""
        del use_cached
        client = self._open_connection().gatt_client
        async with _bleak_errors():
            return bytearray(await client.read_value(descriptor.obj))

    async def write_gatt_descriptor(
        self, descriptor: BleakGATTDescriptor, data: SizedBuffer
    ) -> None:
        """Write a descriptor."""
        client = self._open_connection().gatt_client
        async with _bleak_errors():
            await client.write_value(descriptor.obj, bytes(data), True)

    async def start_notify(
        self,
        characteristic: BleakGATTCharacteristic,
        callback: NotifyCallback,
        **_: Any,
    ) -> None:
        """Ask for notifications or indications."""
        connection = self._open_connection()
        if not {"notify", "indicate"} & set(characteristic.properties):
            raise BleakError("characteristic does not support notifications or indications")
        if characteristic.uuid in self._notifying:
            raise BleakError("Characteristic notifications already started")

        def notified(payload: bytes) -> None:
            try:
                callback(bytearray(payload))
            except Exception as error:
                asyncio.get_running_loop().call_exception_handler(
                    {"message": "notification callback failed", "exception": error}
                )

        async with _bleak_errors():
            await connection.gatt_client.subscribe(characteristic.obj, notified)
        self._notifying.add(characteristic.uuid)

    async def stop_notify(self, characteristic: BleakGATTCharacteristic) -> None:
        """No more notifications."""
        client = self._open_connection().gatt_client
        async with _bleak_errors():
            await client.unsubscribe(characteristic.obj)
        self._notifying.discard(characteristic.uuid)

    def _open_connection(self) -> Connection:
        if self._connection is None:
            raise BleakError("Not connected")
        return self._connection

    def _on_disconnection(self, _reason: int) -> None:
        self._connection = None
        self._ended()

    async def _discover(self, peer: Peer) -> BleakGATTServiceCollection:
        found, connection = BleakGATTServiceCollection(), self._open_connection()
        await peer.discover_services()
        for offered in peer.services:
            uuid = normalize_uuid_str(offered.uuid.to_hex_str("-"))
            if self._wanted_services is not None and uuid not in self._wanted_services:
                continue
            service = BleakGATTService(offered, offered.handle, uuid)
            found.add_service(service)
            for proxy in await peer.discover_characteristics(service=offered):
                properties = [
                    cast("CharacteristicPropertyName", kind.name.lower().replace("_", "-"))
                    for kind in type(proxy.properties)
                    if kind in proxy.properties and kind.name is not None
                ]
                characteristic = BleakGATTCharacteristic(
                    proxy,
                    proxy.handle,
                    normalize_uuid_str(proxy.uuid.to_hex_str("-")),
                    properties,
                    lambda: connection.att_mtu - _MTU_HEADER_BYTES,
                    service,
                )
                found.add_characteristic(characteristic)
                for descriptor in await peer.discover_descriptors(proxy):
                    kind_uuid = normalize_uuid_str(descriptor.type.to_hex_str("-"))
                    found.add_descriptor(
                        BleakGATTDescriptor(
                            descriptor, descriptor.handle, kind_uuid, characteristic
                        )
                    )
        return found


@asynccontextmanager
async def _bleak_errors() -> AsyncIterator[None]:
    """Turn what bumble raises during a request into what bleak does."""
    from bumble.att import ATT_Error
    from bumble.core import BaseBumbleError

    try:
        yield
    except ATT_Error as error:
        raise BleakGATTProtocolError(error.error_code) from error
    except asyncio.CancelledError as error:
        # bumble cancels the pending request when the link ends; we were not cancelled ourselves
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        raise BleakError("disconnected: the link ended during a request") from error
    except BaseBumbleError as error:
        raise BleakError(f"the request failed: {error}") from error
