"""What both simulated radios share of bleak's interface: hearing advertisements, being a client."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bleak.backends.client import BaseBleakClient
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import (
    AdvertisementData,
    AdvertisementDataCallback,
    BaseBleakScanner,
)

from devices.drivers.driver import Advertisement


class SimulatedScanner(BaseBleakScanner):
    """Turns what a simulated radio hears into what bleak reports."""

    def __init__(
        self,
        detection_callback: AdvertisementDataCallback | None = None,
        service_uuids: list[str] | None = None,
        scanning_mode: str = "active",
        **_: Any,
    ) -> None:
        del scanning_mode  # all there is comes in the advertisement
        super().__init__(detection_callback, service_uuids)

    def _hear(self, heard: Advertisement) -> None:
        services = list(heard.service_uuids)
        if not self.is_allowed_uuid(services):
            return
        signal_dbm = -127 if heard.signal_dbm is None else heard.signal_dbm
        data = AdvertisementData(heard.name or None, {}, {}, services, None, signal_dbm, ())
        device = self.create_or_update_device(
            heard.address, heard.address, heard.name or None, None, data
        )
        self.call_detection_callbacks(device, data)


class SimulatedClient(BaseBleakClient):
    """A client as bleak makes it, before it has a link."""

    def __init__(
        self,
        address_or_ble_device: BLEDevice | str,
        *,
        disconnected_callback: Callable[[], None] | None = None,
        timeout: float = 30.0,
        services: set[str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            address_or_ble_device,
            disconnected_callback=disconnected_callback,
            timeout=timeout,
            **kwargs,
        )
        self._device = (
            address_or_ble_device if isinstance(address_or_ble_device, BLEDevice) else None
        )
        self._wanted_services = services

    async def pair(self, *args: Any, **kwargs: Any) -> None:
        """Does nothing: the simulated sensors ask for no pairing."""

    async def unpair(self) -> None:
        """Does nothing: the simulated sensors ask for no pairing."""

    def _ended(self) -> None:
        """The link is gone: forget its services, and tell."""
        self.services = None
        if self._disconnected_callback is not None:
            self._disconnected_callback()
