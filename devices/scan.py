"""Which sensors are near: Bluetooth LE as heard, serial ports as found."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from devices.ble import SCAN_S, Radio, SeenSensor, scan_ble
from devices.drivers.registry import driver_for_bytes
from devices.serial_port import serial_ports
from devices.streams.registry import stream_for
from devices.timing.program_clock import ProgramClock, SystemClock
from imu.errors import DeviceError


@dataclass(frozen=True, slots=True)
class Found:
    """A sensor, or a port that may have one.

    Attributes
    ----------
    url : str
        What ``live`` takes; of a treadmill, a foot pod or a strap its option of that name.
    name : str
        As advertised, or the port's description.
    protocol : str
        What it speaks; empty when that is not known.
    sold_as : str
        What people call such sensors; empty when that is not known.
    signal_dbm : int or None
        Strength of the radio signal, dBm.

    Examples
    --------
    >>> Found("serial:/dev/ttyACM0", "a port").protocol
    ''
    """

    url: str
    name: str
    protocol: str = ""
    sold_as: str = ""
    signal_dbm: int | None = None


async def scan_bluetooth(
    seconds: float = SCAN_S, *, radio: Radio | None = None, clock: ProgramClock | None = None
) -> list[Found]:
    """Bluetooth LE sensors heard within some seconds, those that are known first.

    Parameters
    ----------
    seconds : float
        How long to listen, s.
    radio : Radio, optional
        The computer's own by default.
    clock : ProgramClock, optional
        Where time comes from; the computer's clock by default.

    Returns
    -------
    list of Found
        One for each sensor.

    Raises
    ------
    DeviceError
        When Bluetooth is off, missing or not permitted.

    Examples
    --------
    >>> import asyncio
    >>> for sensor in asyncio.run(scan_bluetooth(6.0)):  # doctest: +SKIP
    ...     print(sensor.url, sensor.sold_as)
    ble:AA:BB:CC:DD:EE:FF Movesense
    """
    seen = await scan_ble(clock or SystemClock(), radio or Radio(), seconds)
    return [_found(sensor) for sensor in seen]


def _found(sensor: SeenSensor) -> Found:
    """A sensor, or what may run beside one: that is none to be chosen as the sensor."""
    advertisement, driver = sensor.advertisement, sensor.driver
    protocol, sold_as = ("", "") if driver is None else (driver.protocol, driver.sold_as)
    if driver is None and (stream := stream_for(advertisement)) is not None:
        option = stream.name.replace("_", "-")
        sold_as = f"{stream.conversation.sold_as}, for --{option}"
    url = f"ble:{advertisement.address}"
    return Found(url, advertisement.name, protocol, sold_as, advertisement.signal_dbm)


async def scan_serial(listen_s: float = 0.0) -> list[Found]:
    """Serial ports of this computer, with what is heard on them when they are listened to.

    Opening a port restarts some boards, so listening is asked for.

    Parameters
    ----------
    listen_s : float
        How long to listen on each port at 115200 baud, s; 0 opens none.

    Returns
    -------
    list of Found
        One for each port.

    Examples
    --------
    >>> import asyncio
    >>> all(port.url.startswith("serial:") for port in asyncio.run(scan_serial()))
    True
    """
    found = []
    for port in serial_ports():
        name = " ".join(filter(None, (port.manufacturer, port.description, port.usb_id)))
        driver = None
        if listen_s:
            with contextlib.suppress(DeviceError):
                driver = driver_for_bytes(await _heard(port.path, listen_s))
        found.append(
            Found(f"serial:{port.path}", name)
            if driver is None
            else Found(f"serial:{port.path}", name, driver.protocol, driver.sold_as)
        )
    return found


async def _heard(path: str, seconds: float) -> bytes:
    from devices.inbox import Inbox
    from devices.serial_port import SerialLink, open_port

    inbox = Inbox(SystemClock())
    link = SerialLink(inbox, await open_port(path, 115200), path)
    try:
        return await link.listen(seconds)
    finally:
        await link.close()
