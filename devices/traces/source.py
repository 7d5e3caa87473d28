"""``trace:FILE``: a trace as a source, over the same links and drivers as a real sensor."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple, Self
from urllib.parse import unquote

from devices.drivers.driver import Conversation, Wanted
from devices.drivers.registry import PROTOCOLS, driver_named
from devices.inbox import Inbox
from devices.open_link import Connector, OpenLink
from devices.sensor_source import SensorSource
from devices.simulator.cable import Cable
from devices.simulator.link_params import LinkParams
from devices.simulator.scenario import Scenario
from devices.simulator.virtual_clock import VirtualClock
from devices.timing.program_clock import ProgramClock, ScaledClock, SystemClock
from devices.traces.reading import read_trace
from devices.traces.trace import Trace
from devices.traces.traced_sensor import TracedSensor
from imu.errors import ParameterError

_KEYS: Final = (
    *("protocol", "rate", "acceleration_range_g", "gyro_range_deg_s", "axes", "time_scale"),
)
_LAST_PACKETS_S: Final = 1.0


class TraceAddress(NamedTuple):
    """What ``trace:FILE?key=value&…`` says; ``scenario`` holds ranges and time scale."""

    path: Path
    protocol: str
    rate_hz: float | None
    scenario: Scenario
    axes: str


def trace_address(url: str) -> TraceAddress:
    """What a trace's URL says.

    Raises
    ------
    ParameterError
        When a key or a value is not valid.
    """
    place, _, query = url.partition(":")[2].partition("?")
    keys: dict[str, str] = {}
    for pair in filter(None, query.split("&")):
        key, _, text = pair.partition("=")
        key = unquote(key).strip()
        if key not in _KEYS or key in keys:
            raise ParameterError("key", key, f"one of the keys {', '.join(_KEYS)}, each once")
        keys[key] = unquote(text).strip()
    if not place:
        raise ParameterError("source", url, "trace:FILE with a recording or a trace of a link")
    protocol = keys.get("protocol", "").lower()
    if protocol and protocol not in PROTOCOLS:
        raise ParameterError("protocol", protocol, "one of " + ", ".join(PROTOCOLS))
    said = {key: text for key, text in keys.items() if key not in {"protocol", "rate"}}
    said.setdefault("time_scale", "0")
    scenario = Scenario.from_query("&".join(f"{key}={text}" for key, text in said.items()))
    rate_hz = _rate_hz(keys["rate"]) if "rate" in keys else None
    return TraceAddress(Path(unquote(place)), protocol, rate_hz, scenario, keys.get("axes", ""))


class TraceSource(SensorSource):
    """A :class:`~devices.sources.Source` of ``trace:FILE?key=value&…``; the file is read at once.

    Parameters
    ----------
    trace : Trace
    scenario : Scenario
        Ranges and ``time_scale``; 0 plays it as fast as it goes.
    axes : str
        Signed sensor axes that point forward, left and up, where somebody stated them.
    clock : ProgramClock, optional
        The computer's by default.
    """

    def __init__(
        self,
        trace: Trace,
        scenario: Scenario,
        *,
        axes: str = "",
        clock: ProgramClock | None = None,
    ) -> None:
        base: ProgramClock = SystemClock() if clock is None else clock
        if scenario.time_scale == 0.0:
            base = VirtualClock()
        elif scenario.time_scale != 1.0:
            base = ScaledClock(base, scenario.time_scale)
        self._trace = trace
        self._sensor = TracedSensor(trace, base, scenario, partial(self._event, "gap"))
        super().__init__(
            _TraceConnector(trace, self._sensor),
            wanted=Wanted(trace.rate_hz, scenario.acceleration_range_g, scenario.gyro_range_deg_s),
            axes=axes,
            clock=base,
        )

    @classmethod
    def from_url(cls, url: str, *, clock: ProgramClock | None = None) -> Self:
        """The source at a URL.

        Raises
        ------
        ParameterError
            When a key or a value is not valid.
        RecordingError
            When the file cannot be read, or holds no sensor that is known.
        """
        address = trace_address(url)
        trace = read_trace(address.path, address.protocol, address.rate_hz)
        return cls(trace, address.scenario, axes=address.axes, clock=clock)

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        self._tasks.append(asyncio.create_task(self._end_when_over()))
        return self

    async def _end_when_over(self) -> None:
        await self._sensor.over.wait()
        if self._trace.cut_short:
            self._event("gap", "the trace's file ends within a message, or is damaged there")
        await self._end_after(_LAST_PACKETS_S)


class _TraceConnector:
    """Connects to the traced sensor, in an air or on a cable of its own."""

    def __init__(self, trace: Trace, sensor: TracedSensor) -> None:
        self._trace, self._sensor = trace, sensor
        self._inner: Connector | None = None

    @property
    def place(self) -> str:
        return f"trace of {self._sensor.name}"

    @property
    def driver(self) -> type[Conversation] | None:
        return None if self._inner is None else self._inner.driver

    async def connect(self, inbox: Inbox) -> OpenLink:
        if self._inner is None and self._trace.link == "serial":
            self._inner = Cable(self._sensor, driver_named(self._trace.protocol))
        elif self._inner is None:
            from devices.ble import BleConnector, Radio
            from devices.simulator.air import Air
            from devices.simulator.loopback import loopback_backend

            air = Air(inbox.clock)
            # what was notified is sent on as it is: longer than the usual too
            params = LinkParams(connection_interval_ms=0.0, notification_bytes_max=509)
            address = air.place(self._sensor, params)
            backend = loopback_backend(air)
            self._inner = BleConnector(
                address,
                driver=driver_named(self._trace.protocol),
                radio=Radio(backend.client, backend.scanner),
            )
        assert self._inner is not None
        return await self._inner.connect(inbox)

    async def end(self) -> None:
        if self._inner is not None:
            await self._inner.end()


def _rate_hz(text: str) -> float:
    try:
        rate_hz = float(text)
    except ValueError:
        rate_hz = 0.0
    if not 10.0 <= rate_hz <= 1666.0:
        raise ParameterError("rate", text, "a number from 10 to 1666 Hz")
    return rate_hz
