"""Simulated units that say one thing and do another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from devices.ble import BleConnector, Radio
from devices.drivers.driver import Conversation
from devices.inbox import Inbox
from devices.open_link import Connector, OpenLink
from devices.sensor_source import SensorSource
from devices.simulator.air import Air
from devices.simulator.device import MotionRun
from devices.simulator.generate import measured_run
from devices.simulator.link_params import LinkParams
from devices.simulator.loopback import loopback_backend
from devices.simulator.measured import MeasuredBlock, MeasuredStream
from devices.simulator.peripheral import Peripheral
from devices.simulator.peripherals.backstride import BackstridePeripheral
from devices.simulator.scenario import Scenario
from devices.simulator.virtual_clock import VirtualClock
from devices.simulator.virtual_sensor import make_peripheral
from devices.source import Source
from devices.timing.program_clock import ProgramClock
from imu.samples import Samples
from pipelines.bench.unit import Handling, Unit

IDENTITY = ((1, 0, 0), (0, 1, 0), (0, 0, 1))

Lie = Callable[[Samples], Samples]


def honest(samples: Samples) -> Samples:
    return samples


def mixed(acceleration: ArrayLike = IDENTITY, gyro: ArrayLike = IDENTITY) -> Lie:
    """What is measured, times a matrix each."""

    def lie(samples: Samples) -> Samples:
        rate = samples.angular_velocity_rad_s
        assert rate is not None
        both = samples.acceleration_m_s2 @ np.transpose(acceleration), rate @ np.transpose(gyro)
        return Samples(samples.time_s, *both)

    return lie


class Told:
    """A run of which something else is told."""

    def __init__(self, run: MotionRun, lie: Lie) -> None:
        self._run, self._lie = run, lie
        self.scenario = run.scenario
        self.duration_s = run.duration_s

    def read(self, n: int) -> Samples:
        samples = self._run.read(n)
        return self._lie(samples) if len(samples) else samples


class Hurried(MeasuredStream):
    """Takes samples at another rate than it says."""

    def __init__(self, stream: MeasuredStream, speed: float) -> None:
        self.__dict__.update(stream.__dict__)
        self._true = stream
        stream.rate_hz *= speed

    async def take(self, n: int, *, whole: bool = False) -> MeasuredBlock | None:
        return await self._true.take(n, whole=whole)

    def device_us(self) -> int:
        return self._true.device_us()


@dataclass
class Placed:
    """Connects to a peripheral that is made at the first try, in an air of its own."""

    make: Callable[[ProgramClock], Peripheral]
    params: LinkParams
    place: str = "liar"
    _inner: Connector | None = None

    @property
    def driver(self) -> type[Conversation] | None:
        return None if self._inner is None else self._inner.driver

    async def connect(self, inbox: Inbox) -> OpenLink:
        if self._inner is None:
            air = Air(inbox.clock, seed=1)
            address = air.place(self.make(inbox.clock), self.params)
            backend = loopback_backend(air)
            self._inner = BleConnector(address, radio=Radio(backend.client, backend.scanner))
        return await self._inner.connect(inbox)

    async def end(self) -> None:
        pass


def liar(
    lie: Lie = honest,
    *,
    speed: float = 1.0,
    tamper: Callable[[BackstridePeripheral], None] = lambda _: None,
    params: LinkParams | None = None,
    query: str = "",
) -> Unit:
    """A unit that measures ``speed`` times as often as it says, and tells what ``lie`` makes."""
    base = replace(Scenario.from_query(query), protocol="backstride", standing_s=0.0)

    def placed(handling: Handling, minutes: float) -> tuple[Placed, float]:
        run = measured_run(replace(base, motion=handling, minutes=minutes))

        def made(clock: ProgramClock) -> Peripheral:
            sensor = make_peripheral(base, clock, Told(run, lie))
            if isinstance(sensor, BackstridePeripheral):  # without faults of the engine's
                sensor._stream = Hurried(sensor._stream, speed)
                tamper(sensor)
            return sensor

        return Placed(made, params or LinkParams()), run.duration_s / speed

    def opened(handling: Handling, seconds: float) -> Source:
        connector, duration_s = placed(handling, max(0.1, seconds / 60))
        return SensorSource(connector, clock=VirtualClock(), ends_after_s=duration_s + 1.0)

    return Unit("liar", opened, lambda: placed("rest", 2.0)[0], VirtualClock, needs_hands=False)
