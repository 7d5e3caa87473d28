"""The radio by bumble: virtual controllers, a GATT server for each sensor, and a bleak backend.

Slower than the radio in memory (:mod:`devices.simulator.loopback`) and only in real time, but every
byte passes through HCI, L2CAP and ATT as another project has written them. Needs the extra ``sim``.

What bumble 0.0.236 needs help with is marked where it is done: a connection attempt that is given
up, link loss, packets in step with connection events, and requests cut off by the end of a link.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from devices.drivers.driver import Advertisement
from devices.simulator.peripheral import Peripheral
from imu.errors import DeviceError, ParameterError

if TYPE_CHECKING:
    from bumble.controller import Controller
    from bumble.device import Connection, Device
    from bumble.gatt import Characteristic

_CENTRAL_ADDRESS: Final = "F0:00:00:00:00:01"
_QUEUED_MAX: Final = 16  # packets in a sensor's radio before sending waits
_MTU_HEADER_BYTES: Final = 3
_ACL_BYTES: Final = 251  # bumble's own 27 would cut every notification into pieces
_CONNECTION_TIMEOUT: Final = 0x08  # HCI reason of a lost link
_UNKNOWN_CONNECTION: Final = 0x02  # HCI status of an attempt that was given up
_ADVERTISING_INTERVAL_MS: Final = 50.0
_NEW_UUID: Final = "5e4b0000-1ba3-4c5c-9d0a-6b1f6a3f7c11"  # what a new firmware has first


class BumbleRadio:
    """Simulated sensors and one host, each with a virtual Bluetooth controller of its own.

    ``async with`` opens it; time is the event loop's. :mod:`devices.simulator.bumble_backend` puts
    bleak's interface on it.

    Raises
    ------
    DeviceError
        On opening, when bumble is not installed.
    """

    def __init__(self) -> None:
        self.sensors: dict[str, BumbleSensor] = {}
        self._listeners: set[Callable[[Advertisement], None]] = set()

    async def __aenter__(self) -> Self:
        """Power the host's controller on."""
        try:
            import bumble  # noqa: F401
        except ModuleNotFoundError as error:
            raise DeviceError(
                "needs bumble, which is not installed: install the extra 'sim', or use the radio "
                "in memory.",
                source="bumble radio",
            ) from error
        self._link = _link_type()()
        self._one_attempt = asyncio.Lock()  # a controller makes one connection at a time
        self.central = await self._power_on("host", _CENTRAL_ADDRESS)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End every link and power everything off."""
        for sensor in self.sensors.values():
            sensor.lose()
            await sensor.stop()
        await self.central.power_off()

    async def place(
        self,
        peripheral: Peripheral,
        *,
        address: str = "",
        notification_bytes_max: int = 244,
        connection_interval_ms: float = 0.0,
        att_errors: Mapping[str, int] | None = None,
        demands_pairing: bool = False,
        drops: int = 0,
    ) -> BumbleSensor:
        """Bring a sensor into the air; it advertises whenever it is not connected.

        Parameters
        ----------
        peripheral : Peripheral
            Served by a GATT server of bumble's.
        address : str, optional
            A static random address; one is made up by default.
        notification_bytes_max : int
            Longest notification, bytes, 20 to 509; more is cut off.
        connection_interval_ms : float
            Packets move at multiples of it, ms; 0 is at once.
        att_errors : mapping of channel to code, optional
            Characteristics that refuse every read and write, with the ATT error code.
        demands_pairing : bool
            Refuse every read and write on a link that is not encrypted.
        drops : int
            Links that end as they are made, before the services are known; the next one stays.

        Raises
        ------
        ParameterError
            When a value is outside its range, or another sensor has the address.
        """
        if not 20 <= notification_bytes_max <= 509:
            raise ParameterError("notification_bytes_max", notification_bytes_max, "20 to 509")
        if not 0 <= connection_interval_ms <= 4000:
            raise ParameterError("connection_interval_ms", connection_interval_ms, "0 to 4000 ms")
        address = address or f"C0:DE:00:00:01:{len(self.sensors) + 1:02X}"
        if address in self.sensors:
            raise ParameterError("address", address, "an address that is not in the air yet")
        device = await self._power_on(peripheral.name, address)
        sensor = BumbleSensor(
            peripheral, device, self._link, dict(att_errors or {}), demands_pairing, drops
        )
        self._link.intervals_s[address] = connection_interval_ms / 1000
        device.gatt_server.max_mtu = notification_bytes_max + _MTU_HEADER_BYTES
        self.sensors[address] = sensor
        await sensor.start()
        return sensor

    async def listen(self, hear: Callable[[Advertisement], None]) -> None:
        """Call this with every advertisement from now on."""
        if not self._listeners:
            self.central.on("advertisement", self._on_advertisement)
            await self.central.start_scanning(active=False)
        self._listeners.add(hear)

    async def stop_listening(self, hear: Callable[[Advertisement], None]) -> None:
        """Call it no more."""
        if hear in self._listeners:
            self._listeners.discard(hear)
            if not self._listeners:
                self.central.remove_listener("advertisement", self._on_advertisement)
                await self.central.stop_scanning()

    async def connect(self, address: str, timeout_s: float) -> Connection:
        """Connect the host to a sensor; TimeoutError when it is not heard in time."""
        from bumble.hci import Address, HCI_LE_Create_Connection_Cancel_Command

        async with self._one_attempt:
            attempt = asyncio.ensure_future(self.central.connect(Address(address), timeout=None))
            try:
                await asyncio.wait({attempt}, timeout=timeout_s)
            finally:
                # Device.connect must not be cancelled: it would leave the attempt pending
                given_up = not attempt.done()
                while not attempt.done():
                    if self.central.is_le_connecting:
                        await self.central.send_sync_command(
                            HCI_LE_Create_Connection_Cancel_Command()
                        )
                    await asyncio.sleep(0)
            if not given_up:
                return attempt.result()
            if attempt.exception() is None:  # it came about at the last moment
                await attempt.result().disconnect()
            raise TimeoutError(f"nothing was heard of {address} for {timeout_s:g} s")

    def _on_advertisement(self, heard: Any) -> None:
        from bumble.core import AdvertisingData

        data = heard.data
        services = data.get(AdvertisingData.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS) or []
        advertisement = Advertisement(
            heard.address.to_string(with_type_qualifier=False),
            data.get(AdvertisingData.COMPLETE_LOCAL_NAME) or "",
            tuple(dict.fromkeys(uuid.to_hex_str("-").lower() for uuid in services)),
            heard.rssi,
        )
        for hear in tuple(self._listeners):
            hear(advertisement)

    async def _power_on(self, name: str, address: str) -> Device:
        """A device with a controller of its own, switched on."""
        from bumble.device import Device, DeviceConfiguration
        from bumble.hci import Address
        from bumble.host import Host
        from bumble.transport.common import AsyncPipeSink

        controller = _controller_type()(name, link=self._link, public_address=address)
        configuration = DeviceConfiguration(name=name, address=Address(address))
        device = Device(
            config=configuration,
            host=Host(controller, AsyncPipeSink(controller)),
        )
        await device.power_on()
        return device


@dataclass
class BumbleSensor:
    """A simulated sensor behind a GATT server of bumble's."""

    peripheral: Peripheral
    device: Device
    link: Any  # of the type that _link_type makes
    att_errors: dict[str, int]
    demands_pairing: bool = False
    drops: int = 0
    characteristics: dict[str, Characteristic[bytes]] = field(default_factory=dict)
    values: dict[str, bytes] = field(default_factory=dict)
    _host: _BumbleHost | None = None
    _serving: asyncio.Task[None] | None = None

    @property
    def address(self) -> str:
        """Its Bluetooth address."""
        return str(self.device.random_address.to_string(with_type_qualifier=False))

    async def start(self) -> None:
        """Publish the services and advertise."""
        from bumble.core import UUID, AdvertisingData

        self._publish()
        self.device.on("connection", self._on_connection)
        services = b"".join(
            UUID(uuid).to_bytes(force_128=True) for uuid in self.peripheral.advertised_services
        )
        # a scan response never arrives: all there is to say goes into the advertisement
        said = AdvertisingData(
            [
                (AdvertisingData.FLAGS, bytes((0x06,))),
                (AdvertisingData.COMPLETE_LOCAL_NAME, self.peripheral.name.encode()),
                (AdvertisingData.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS, services),
            ]
        )
        await self.device.start_advertising(
            auto_restart=True,
            advertising_data=bytes(said),
            advertising_interval_min=_ADVERTISING_INTERVAL_MS,
            advertising_interval_max=_ADVERTISING_INTERVAL_MS,
        )

    def renew_firmware(self) -> None:
        """Lose the link, and have every attribute at another handle from the next one on."""
        from bumble.gatt import Characteristic, Service
        from bumble.gatt_server import Server

        max_mtu = self.device.gatt_server.max_mtu
        self.lose()
        self.device.gatt_server = Server(self.device)
        self.device.gatt_server.max_mtu = max_mtu
        kinds, permissions = Characteristic.Properties.READ, Characteristic.Permissions.READABLE
        new = Characteristic(_NEW_UUID, kinds, permissions, b"new")
        self.device.add_service(Service(_NEW_UUID, [new]))
        self._publish()

    async def stop(self) -> None:
        """Stop serving and advertising."""
        serving = self._serving
        if serving is not None:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)
        await self.device.stop_advertising()
        await self.device.power_off()

    def lose(self) -> None:
        """Lose the link, as after a supervision timeout, for both ends; harmless without one."""
        ends = [
            (controller, connection)
            for controller in self.link.controllers
            for connection in controller.le_connections.values()
            if self.device.random_address in (connection.self_address, connection.peer_address)
        ]
        for controller, connection in ends:
            controller.on_le_disconnected(connection, _CONNECTION_TIMEOUT)

    def _publish(self) -> None:
        from bumble.gatt import Service

        for service_uuid, characteristics in self.peripheral.services.items():
            attributes = [
                self._characteristic(channel, properties)
                for channel, properties in characteristics.items()
            ]
            self.device.add_service(Service(service_uuid, attributes))

    def _characteristic(self, channel: str, properties: frozenset[str]) -> Characteristic[bytes]:
        from bumble.att import ATT_Error, Attribute, ErrorCode
        from bumble.gatt import Characteristic, CharacteristicValue

        def permit(connection: Connection) -> None:
            if channel in self.att_errors:
                raise ATT_Error(ErrorCode(self.att_errors[channel]))
            if self.demands_pairing and not connection.is_encrypted:
                raise ATT_Error(ErrorCode.INSUFFICIENT_AUTHENTICATION)

        def read(connection: Connection) -> bytes:
            if "read" not in properties:
                raise ATT_Error(ErrorCode.READ_NOT_PERMITTED)
            permit(connection)
            return self.values.get(channel, b"")

        def write(connection: Connection, payload: bytes) -> None:
            if not {"write", "write-without-response"} & properties:
                raise ATT_Error(ErrorCode.WRITE_NOT_PERMITTED)
            permit(connection)
            if self._host is not None:
                self._host.written.put_nowait((channel, bytes(payload)))

        kinds = Characteristic.Properties(0)
        for name in properties:
            kinds |= Characteristic.Properties[name.upper().replace("-", "_")]
        self.characteristics[channel] = Characteristic(
            channel,
            kinds,
            Attribute.Permissions.READABLE | Attribute.Permissions.WRITEABLE,
            CharacteristicValue(read=read, write=write),
        )
        return self.characteristics[channel]

    def _on_connection(self, connection: Connection) -> None:
        host = _BumbleHost(self, connection)
        serving = asyncio.ensure_future(self._serve(host))
        self._host, self._serving = host, serving

        def end(_: int) -> None:
            serving.cancel()
            if self._host is host:
                self._host = None

        connection.on("disconnection", end)
        if self.drops:
            self.drops -= 1
            connection.on("connection_att_mtu_update", self.lose)

    async def _serve(self, host: _BumbleHost) -> None:
        try:
            await self.peripheral.serve(host)
        except Exception as error:
            asyncio.get_running_loop().call_exception_handler(
                {"message": f"simulated {self.peripheral.name} failed", "exception": error}
            )
            self.lose()


class _BumbleHost:
    """What the sensor sees of the connected host."""

    def __init__(self, sensor: BumbleSensor, connection: Connection) -> None:
        self.written: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()
        self._sensor, self._connection = sensor, connection

    @property
    def notification_bytes_max(self) -> int:
        return self._connection.att_mtu - _MTU_HEADER_BYTES

    def is_subscribed(self, channel: str) -> bool:
        subscribed = self._sensor.device.gatt_server.subscribers.get(self._connection, {})
        return any(subscribed.get(self._sensor.characteristics[channel].handle, b""))

    async def send(self, channel: str, payload: bytes) -> None:
        if not self.is_subscribed(channel):
            return
        device, connection = self._sensor.device, self._connection
        characteristic = self._sensor.characteristics[channel]
        queue = device.host.le_acl_packet_queue
        while queue is not None and queue.pending >= _QUEUED_MAX:
            await asyncio.sleep(0)
        await self._sensor.link.room(self._sensor.address)
        if "notify" in _properties_of(self._sensor.peripheral, channel):
            await device.notify_subscriber(connection, characteristic, payload)
        else:
            await device.indicate_subscriber(connection, characteristic, payload)

    async def receive(self) -> tuple[str, bytes]:
        return await self.written.get()

    def set_value(self, channel: str, value: bytes) -> None:
        self._sensor.values[channel] = value


def _properties_of(peripheral: Peripheral, channel: str) -> frozenset[str]:
    """Properties of a characteristic, whichever service it is in."""
    return next(found[channel] for found in peripheral.services.values() if channel in found)


@cache
def _controller_type() -> type[Controller]:
    """A controller that lets go of a connection attempt, and takes whole notifications."""
    from bumble import hci
    from bumble.controller import Controller

    class LettingGo(Controller):
        le_acl_data_packet_length = _ACL_BYTES
        supported_max_tx_octets = supported_max_rx_octets = _ACL_BYTES

        def on_hci_le_create_connection_cancel_command(
            self, command: hci.HCI_LE_Create_Connection_Cancel_Command
        ) -> hci.HCI_StatusReturnParameters:
            # the base class answers the command, and the attempt stays pending for ever
            pending, self.pending_le_connection = self.pending_le_connection, None
            if pending is not None:
                ended = hci.HCI_LE_Connection_Complete_Event(
                    status=_UNKNOWN_CONNECTION,
                    connection_handle=0,
                    role=hci.Role.CENTRAL,
                    peer_address_type=pending.peer_address.address_type,
                    peer_address=pending.peer_address,
                    connection_interval=0,
                    peripheral_latency=0,
                    supervision_timeout=0,
                    central_clock_accuracy=0,
                )
                asyncio.get_running_loop().call_soon(self.send_hci_packet, ended)
            return super().on_hci_le_create_connection_cancel_command(command)

        # What is under way when a link ends is gone; the base class would warn of each packet.

        def on_link_acl_data(self, sender_address: Any, *rest: Any) -> None:
            if sender_address in self.le_connections:
                super().on_link_acl_data(sender_address, *rest)

        def on_hci_acl_data_packet(self, packet: hci.HCI_AclDataPacket) -> None:
            if self.find_connection_by_handle(packet.connection_handle) is not None:
                super().on_hci_acl_data_packet(packet)

    return LettingGo


@cache
def _link_type() -> type[Any]:
    """A link whose packets move at connection events; it never loses one, as LE does not."""
    from bumble.link import LocalLink

    class InStep(LocalLink):
        def __init__(self) -> None:
            super().__init__()  # type: ignore[no-untyped-call]
            self.intervals_s: dict[str, float] = {}  # of each sensor, by address
            self._under_way: dict[tuple[str, str], deque[Callable[[], None]]] = {}
            self._waiting: deque[asyncio.Future[None]] = deque()

        def send_acl_data(
            self, sender_controller: Any, destination_address: Any, *rest: Any
        ) -> None:
            deliver = partial(super().send_acl_data, sender_controller, destination_address, *rest)
            source = sender_controller.random_address.to_string(with_type_qualifier=False)
            destination = destination_address.to_string(with_type_qualifier=False)
            interval_s = self.intervals_s.get(source) or self.intervals_s.get(destination) or 0.0
            if not interval_s:
                deliver()
                return
            lane = self._under_way.setdefault((source, destination), deque())
            lane.append(deliver)
            if len(lane) == 1:
                loop = asyncio.get_running_loop()
                event_s = (loop.time() // interval_s + 1) * interval_s
                loop.call_at(event_s, self._move, lane)

        def _move(self, lane: deque[Callable[[], None]]) -> None:
            while lane:
                lane.popleft()()
            while self._waiting:
                waiting = self._waiting.popleft()
                if not waiting.done():
                    waiting.set_result(None)

        async def room(self, source: str) -> None:
            """Return when few enough packets from this address are under way."""
            while any(
                len(lane) >= _QUEUED_MAX
                for (sender, _), lane in self._under_way.items()
                if sender == source
            ):
                self._waiting.append(asyncio.get_running_loop().create_future())
                await self._waiting[-1]

    return InStep
