"""The door to sensors: open one by URL, iterate over its records.

``ble:AA:BB:CC:DD:EE:FF`` and ``serial:/dev/ttyACM0?protocol=witmotion`` are real sensors,
``sim:?speed=3.3&minutes=30&seed=1`` is the simulated one. A source is an asynchronous context
manager and iterator: entering connects, iterating yields the session's log in order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from devices.source import Source
from devices.timing.program_clock import ProgramClock
from imu.errors import ParameterError

if TYPE_CHECKING:
    from devices.addresses import SensorAddress
    from devices.open_link import Connector
    from devices.simulator.scenario import Scenario


#: What :func:`open_source` takes, in words.
ACCEPTED_URLS: Final = (
    "ble:ADDRESS or ble:?name=… for Bluetooth LE, serial:PORT?protocol=… for a serial port, or "
    "sim:?speed=3.3&minutes=30 for the simulated sensor, or trace:FILE for a btsnoop, pcapng or "
    "serial trace (a recording is opened with 'replay', or played by 'live')"
)


def open_source(
    url: str,
    *,
    beside: Mapping[str, str] | None = None,
    clock: ProgramClock | None = None,
    tell: Callable[[str], None] | None = None,
) -> Source:
    """The source at a URL; nothing is connected before it is entered.

    Parameters
    ----------
    url : str
        ``ble:ADDRESS?key=value&…`` or ``serial:PORT?…``, see
        :class:`devices.addresses.SensorAddress`; ``sim:?key=value&…``, see
        :class:`devices.simulator.scenario.Scenario` for the keys; ``trace:FILE?…``, see
        :class:`devices.traces.source.TraceSource`.
    beside : mapping of str to str, optional
        Devices beside a real sensor, by the name of their stream (``treadmill``, ``foot_pod``,
        ``heart_rate``): ``ble:ADDRESS``, ``ble:?name=…``, or ``ble:`` for the first that is heard.
        They are sought while the sensor streams, and end nothing when they go.
    clock : ProgramClock, optional
        Where time comes from; the computer's clock by default.
    tell : callable, optional
        Is told in a sentence what is tried, where a real sensor takes long to connect.

    Returns
    -------
    Source
        To be entered with ``async with``, which connects.

    Raises
    ------
    ParameterError
        When the URL has none of the accepted forms, or a key or a value of it is not valid.
    RecordingError
        When a trace cannot be read.

    Examples
    --------
    >>> import asyncio
    >>> async def first_record() -> Record:
    ...     async with open_source("sim:?minutes=1&seed=7") as source:
    ...         return await anext(source)
    >>> asyncio.run(first_record())
    LinkEvent(arrival_ns=0, kind='connected', detail='Simulated sensor')
    """
    kind, colon, query = url.partition(":")
    kind = kind.strip().lower()
    if colon and kind == "sim":
        from devices.simulator.scenario import Scenario

        scenario = Scenario.from_query(query)
        if beside:
            raise ParameterError(
                next(iter(beside)),
                next(iter(beside.values())),
                f"a real sensor too, or a simulated one beside it: sim:?{next(iter(beside))}=1",
            )
        if scenario.protocol or scenario.companions:
            return _virtual(scenario, clock)
        from devices.simulator.device import SimulatedSource
        from devices.simulator.generate import measured_run

        return SimulatedSource(measured_run(scenario), clock=clock)
    if colon and kind == "trace":
        from devices.traces.source import TraceSource

        return TraceSource.from_url(url, clock=clock)
    if colon and kind in {"ble", "serial"}:
        return _sensor(url, beside or {}, clock, tell)
    raise ParameterError("source", url, ACCEPTED_URLS)


def open_connector(url: str) -> Connector:
    """What opens links to the sensor at a URL, for other things than streaming.

    Parameters
    ----------
    url : str
        ``ble:…``, ``serial:…`` or ``sim:?protocol=…``, as :func:`open_source`.

    Raises
    ------
    ParameterError
        When the URL has none of these forms, or a key or a value of it is not valid.
    """
    kind, colon, query = url.partition(":")
    kind = kind.strip().lower()
    if colon and kind == "sim":
        from devices.simulator.scenario import Scenario
        from devices.simulator.virtual_sensor import virtual_connector

        scenario = Scenario.from_query(query)
        if scenario.protocol:
            return virtual_connector(scenario)
    if colon and kind in {"ble", "serial"}:
        from devices.addresses import SensorAddress

        return _connector(SensorAddress.from_url(url))
    raise ParameterError(
        "source", url, "ble:ADDRESS, serial:PORT, or sim:?protocol=… for a simulated link"
    )


def _virtual(scenario: Scenario, clock: ProgramClock | None) -> Source:
    """A simulated sensor on a simulated radio, with whatever is beside it."""
    from devices.simulator.virtual_sensor import VirtualSensorSource
    from devices.streams.beside import SourceWithStreams

    if not scenario.companions:
        return VirtualSensorSource(scenario, clock=clock)
    sensor = VirtualSensorSource(
        replace(scenario, protocol=scenario.protocol or "backstride"), clock=clock
    )
    return SourceWithStreams(sensor, sensor.room.companions(), sensor.clock)


def _sensor(
    url: str,
    beside: Mapping[str, str],
    clock: ProgramClock | None,
    tell: Callable[[str], None] | None,
) -> Source:
    from devices.addresses import SensorAddress
    from devices.sensor_source import SensorSource
    from devices.timing.program_clock import SystemClock

    address = SensorAddress.from_url(url)
    clock = SystemClock() if clock is None else clock
    sensor = SensorSource(
        _connector(address), wanted=address.wanted, axes=address.axes, clock=clock, tell=tell
    )
    if not beside:
        return sensor
    from devices.streams.beside import SourceWithStreams

    return SourceWithStreams(
        sensor, {name: _companion(name, place, address) for name, place in beside.items()}, clock
    )


def _companion(name: str, url: str, sensor: SensorAddress) -> Connector:
    """What opens links to a device beside a sensor.

    Raises
    ------
    ParameterError
        When its URL cannot be read, or names the sensor itself.
    """
    from devices.addresses import SensorAddress
    from devices.ble import BleConnector, Radio
    from devices.streams.registry import stream_named

    stream = stream_named(name)
    kind, colon, _ = url.partition(":")
    if not colon or kind.strip().lower() != "ble":
        raise ParameterError(name, url, "ble:ADDRESS, ble:?name=… or ble: for the first one heard")
    address = SensorAddress.from_url(url)
    if address.link == sensor.link and address.place and address.place == sensor.place:
        raise ParameterError(name, url, "a device of its own: this one is the motion sensor")
    radio = Radio(adapter_name=address.adapter)
    return BleConnector(address.place, address.name, stream.conversation, radio, pair=address.pair)


def _connector(address: SensorAddress) -> Connector:
    from devices.drivers.registry import driver_named

    driver = driver_named(address.protocol) if address.protocol else None
    if address.link == "ble":
        from devices.ble import BleConnector, Radio

        radio = Radio(adapter_name=address.adapter)
        return BleConnector(address.place, address.name, driver, radio, pair=address.pair)
    from devices.serial_port import SerialConnector

    return SerialConnector(address.place, driver, address.baud)
