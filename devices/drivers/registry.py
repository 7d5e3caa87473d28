"""All drivers by name, and the one that fits what a sensor says of itself."""

from __future__ import annotations

from importlib import import_module
from typing import Final

from devices.drivers.driver import Advertisement, Driver
from imu.errors import ParameterError

#: Protocol to the class of its driver, in the file of its name; the most specific first.
_DRIVERS: Final = {
    "backstride": "BackstrideDriver",
    "movesense": "MovesenseDriver",
    "polar": "PolarDriver",
    "witmotion": "WitMotionDriver",
    "shimmer3": "Shimmer3Driver",
}

#: Names of all protocols, as in ``?protocol=``.
PROTOCOLS: Final = tuple(_DRIVERS)


def driver_named(protocol: str) -> type[Driver]:
    """The driver of a protocol.

    Raises
    ------
    ParameterError
        When there is none of that name.

    Examples
    --------
    >>> driver_named("movesense").links
    ('ble',)
    """
    if protocol not in _DRIVERS:
        raise ParameterError("protocol", protocol, "one of " + ", ".join(PROTOCOLS))
    # a driver is loaded when it is wanted: the command line starts without them
    driver: type[Driver] = getattr(import_module(f"devices.drivers.{protocol}"), _DRIVERS[protocol])
    return driver


def driver_for(advertisement: Advertisement) -> type[Driver] | None:
    """The driver that recognises an advertisement; None when no one does."""
    for protocol in PROTOCOLS:
        driver = driver_named(protocol)
        if "ble" in driver.links and driver.recognises(advertisement):
            return driver
    return None


def serial_drivers() -> list[type[Driver]]:
    """Drivers of sensors with a serial line."""
    return [driver for driver in map(driver_named, PROTOCOLS) if "serial" in driver.links]


def driver_for_bytes(heard: bytes) -> type[Driver] | None:
    """The driver that recognises bytes heard on a serial line; None when no one does."""
    for driver in serial_drivers():
        if driver.recognises_bytes(heard):
            return driver
    return None
