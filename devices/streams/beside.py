"""A motion sensor with devices beside it, as one source: whatever happens to these, it goes on."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from contextlib import suppress
from typing import Self

from devices.ble_failures import reason_of
from devices.inbox import Inbox
from devices.open_link import Connector
from devices.records import DeviceInfo, LinkEvent, Packet, Record, StreamRecord
from devices.sensor_source import SensorSource
from devices.source import Source
from devices.streams.registry import stream_named
from devices.timing.program_clock import ProgramClock, is_cancelled
from imu.errors import DeviceError


class SourceWithStreams(Source):
    """A :class:`~devices.sources.Source` that also yields what devices beside the sensor send.

    The sensor is connected first. The others are then sought, and sought again when they are lost,
    for as long as the session lasts: a treadmill that is switched off ends no run. Their packets
    and what happens to their links come as :class:`~devices.records.StreamRecord`, stamped on the
    same clock and in order of arrival.

    Parameters
    ----------
    sensor : SensorSource
        The motion sensor.
    beside : mapping of str to Connector
        By the name of the stream.
    clock : ProgramClock
        The sensor's own.
    """

    def __init__(
        self, sensor: SensorSource, beside: Mapping[str, Connector], clock: ProgramClock
    ) -> None:
        self._sensor = sensor
        self._companions = Companions(beside, clock, sensor.inbox)

    @property
    def info(self) -> DeviceInfo:
        """What is known of the motion sensor."""
        return self._sensor.info

    def now_ns(self) -> int:
        """The host's time on the line of the records' ``arrival_ns``."""
        return self._sensor.now_ns()

    async def close(self) -> None:
        """Let all of them go; iteration ends after what has already arrived."""
        await self._companions.close()
        await self._sensor.close()

    async def __aenter__(self) -> Self:
        await self._sensor.__aenter__()
        self._companions.seek()
        return self

    async def __anext__(self) -> Record:
        return await self._sensor.__anext__()


class Companions:
    """The devices beside a sensor, sought and kept until they are let go.

    Parameters
    ----------
    beside : mapping of str to Connector
        By the name of the stream.
    clock : ProgramClock
        The line of their stamps.
    into : Inbox
        Where what they send goes, as :class:`~devices.records.StreamRecord`.
    """

    def __init__(self, beside: Mapping[str, Connector], clock: ProgramClock, into: Inbox) -> None:
        self._all = [
            _Companion(connector, clock, _Named(clock, into, stream_named(name).name))
            for name, connector in beside.items()
        ]
        self._keeping: list[asyncio.Task[None]] = []

    def seek(self) -> None:
        """Look for them from now on."""
        self._keeping = [asyncio.create_task(each.keep()) for each in self._all]

    async def close(self) -> None:
        """Let all of them go."""
        keeping, self._keeping = self._keeping, []
        for task in keeping:
            task.cancel()
        await asyncio.gather(*keeping, return_exceptions=True)
        for companion in self._all:
            await companion.close()


class _Named(Inbox):
    """Hands on what arrives to the sensor's inbox, under the stream's name."""

    def __init__(self, clock: ProgramClock, into: Inbox, stream: str) -> None:
        super().__init__(clock)
        self._into, self._stream = into, stream

    def end(self, error: Exception | None = None) -> None:
        """Nothing more will come of this stream: the session goes on."""
        if error is not None:
            self._append(LinkEvent(self.clock.monotonic_ns(), "ended", str(error)))

    def _append(self, record: Record) -> None:
        if isinstance(record, Packet | LinkEvent):
            self._into.put_event(StreamRecord(self._stream, record))


class _Companion(SensorSource):
    """Keeps a device beside the sensor connected, however long it is away."""

    def __init__(self, connector: Connector, clock: ProgramClock, inbox: Inbox) -> None:
        super().__init__(connector, clock=clock, give_up_s=math.inf, inbox=inbox)

    async def keep(self) -> None:
        """Connect, sooner or later, and stay connected until cancelled."""
        try:
            await self._connect("connected")
        except (Exception, asyncio.CancelledError) as error:  # a backend raises what it likes
            if isinstance(error, asyncio.CancelledError) and is_cancelled():
                raise
            why = reason_of(error) if isinstance(error, DeviceError) else type(error).__name__
            self._event("lost", f"{why}; it is looked for on and on")
            await self._come_back(why)
        await self._keep_connected()

    async def close(self) -> None:
        """Let it go, without a word in the log: the session's own end says it."""
        with suppress(DeviceError):
            await self._let_go(stop=True)
        await self._connector.end()
