"""Sessions with simulated sensors in virtual time, checked against what was measured."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from math import radians
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from devices.ble import BleConnector, Radio
from devices.drivers.driver import Wanted
from devices.drivers.registry import driver_named
from devices.open_link import Connector
from devices.receiver import Receiver
from devices.records import DeviceInfo, LinkEvent, Packet, Record
from devices.sensor_source import SensorSource
from devices.simulator.air import Air
from devices.simulator.cable import Cable
from devices.simulator.generate import SimulatedRun
from devices.simulator.link_params import LinkParams
from devices.simulator.loopback import loopback_backend
from devices.simulator.peripheral import Host, Peripheral
from devices.simulator.scenario import Scenario
from devices.simulator.virtual_clock import VirtualClock
from devices.simulator.virtual_sensor import make_peripheral
from devices.timing.program_clock import ProgramClock, within
from imu.errors import BackstrideError
from imu.samples import STANDARD_GRAVITY_M_S2, Samples
from tests.patience import HANG_S

T = TypeVar("T")

#: Rates that such sensors have, Hz, and steps of acceleration in g and angular velocity in °/s.
RATES_HZ = {"backstride": 200.0, "movesense": 208.0, "polar": 52.0, "witmotion": 100.0}
RATES_HZ["shimmer3"] = 256.0
STEPS = {
    "backstride": (16 / 32768, 2000 / 32768),
    "movesense": (1e-6, 1e-4),
    "polar": (1e-3, 2000 / 32768),
    "witmotion": (16 / 32768, 2000 / 32768),
    "shimmer3": (4 / 2000, 1 / 16),
}
_UNHEARD = 1e9
#: Protocol and link of every kind of sensor.
KINDS = [(name, "ble") for name in ("backstride", "movesense", "polar", "witmotion")]
KINDS += [(name, "serial") for name in ("backstride", "witmotion", "shimmer3")]


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run it; a hang is a failure, by real time, and so is a task that nobody ended."""

    async def limited() -> T:
        result = await asyncio.wait_for(work, HANG_S)
        for _ in range(2):  # generators that nobody went through to their end close in tasks
            await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return result

    return asyncio.run(limited())


def scenario(protocol: str, *, seed: int = 1, seconds: float = 12.0, **keys: Any) -> Scenario:
    """A runner with a sensor of this protocol, running from the start."""
    values: dict[str, Any] = {"rate": RATES_HZ[protocol], "standing_s": 0.0, **keys}
    return Scenario(protocol=protocol, seed=seed, minutes=seconds / 60, **values)


@dataclass
class Course:
    """What a session gave."""

    info: DeviceInfo
    records: list[Record] = field(default_factory=list)
    error: BackstrideError | None = None

    def __post_init__(self) -> None:
        self._blocks: list[Samples] | None = None

    def _receive(self) -> list[Samples]:
        if self._blocks is None:
            self.receiver = Receiver(self.info)
            self._blocks = [
                block for r in self.records if (block := self.receiver.push(r)) is not None
            ]
        return self._blocks

    @property
    def samples(self) -> Samples:
        return Samples.concatenate(self._receive())

    @property
    def lost(self) -> int:
        self._receive()
        return self.receiver.losses.lost

    @property
    def malformed(self) -> int:
        self._receive()
        return self.receiver.losses.malformed_packets

    @property
    def events(self) -> list[LinkEvent]:
        return [record for record in self.records if isinstance(record, LinkEvent)]

    @property
    def kinds(self) -> list[str]:
        return [event.kind for event in self.events]

    def times_s(self, kind: str) -> list[float]:
        return [event.arrival_ns * 1e-9 for event in self.events if event.kind == kind]

    @property
    def packets(self) -> list[Packet]:
        return [record for record in self.records if isinstance(record, Packet)]


async def session(
    connector: Connector,
    clock: ProgramClock,
    *,
    seconds: float,
    wanted: Wanted | None = None,
    give_up_s: float = 600.0,
) -> Course:
    """Stream from one sensor until it ends, or ends badly."""
    source = SensorSource(
        connector, wanted=wanted, clock=clock, give_up_s=give_up_s, ends_after_s=seconds
    )
    async with source:
        course = Course(source.info)
        try:
            async for record in source:
                course.records.append(record)
        except BackstrideError as error:
            course.error = error
    return course


def one_sentence(error: BaseException | None) -> str:
    """The text of an error that a user may see."""
    assert isinstance(error, BackstrideError)
    text = str(error)
    assert text.endswith(".")
    assert "\n" not in text
    assert "Traceback" not in text
    assert ": " in text, "says where"
    return text


def linked(
    protocol: str, params: LinkParams, *, seconds: float = 16.0, run_s: float = 12.0, **keys: Any
) -> Course:
    """A session over a radio with faults."""
    each = scenario(protocol, seconds=run_s, **keys)

    async def over_the_air() -> Course:
        clock = VirtualClock()
        connector = Bench(clock).sensor(each, params)
        return await session(connector, clock, seconds=seconds, wanted=wanted_of(each))

    return run(over_the_air())


def wanted_of(scenario: Scenario) -> Wanted:
    return Wanted(scenario.rate, scenario.acceleration_range_g, scenario.gyro_range_deg_s)


class Bench:
    """An air, and cables, with sensors that measure from now on."""

    def __init__(self, clock: ProgramClock, seed: int = 0) -> None:
        self.clock = clock
        self.air = Air(clock, seed=seed)
        backend = loopback_backend(self.air)
        self.radio = Radio(backend.client, backend.scanner)

    def sensor(
        self,
        scenario: Scenario,
        params: LinkParams | None = None,
        *,
        meddle: Callable[[str, bytes], Iterable[bytes]] | None = None,
    ) -> Connector:
        """Place the scenario's sensor; returns what connects to it."""
        peripheral = make_peripheral(scenario, self.clock)
        if meddle is not None:
            peripheral = Meddled(peripheral, meddle)
        return self.connector(scenario, peripheral, params)

    def connector(
        self, scenario: Scenario, peripheral: Peripheral, params: LinkParams | None = None
    ) -> Connector:
        if peripheral.advertised_services:
            address = self.air.place(peripheral, params)
            return BleConnector(address, radio=self.radio)
        return Cable(peripheral, driver_named(scenario.protocol))


class Restarting:
    """A sensor that loses power for a moment: a new one, with its memory and clock empty.

    Its link ends with it, unless ``keeps_link``: a serial line, or a radio that goes on by itself.
    """

    def __init__(
        self,
        first: Scenario,
        second: Scenario,
        clock: ProgramClock,
        at_s: float,
        *,
        keeps_link: bool = False,
    ) -> None:
        self._second, self._clock, self._at_ns = second, clock, round(at_s * 1e9)
        self._sensor = make_peripheral(first, clock)
        self._keeps_link, self._restarted = keeps_link, False

    @property
    def name(self) -> str:
        return self._sensor.name

    @property
    def advertised_services(self) -> tuple[str, ...]:
        return self._sensor.advertised_services

    @property
    def services(self) -> Mapping[str, Mapping[str, frozenset[str]]]:
        return self._sensor.services

    async def serve(self, host: Host) -> None:
        if not self._restarted:
            left_s = (self._at_ns - self._clock.monotonic_ns()) * 1e-9
            with suppress(TimeoutError):
                await within(self._clock, left_s, self._sensor.serve(host))
            self._restarted = True
            self._sensor = make_peripheral(self._second, self._clock)
            if not self._keeps_link:
                raise ConnectionError("brown-out")
        await self._sensor.serve(host)


class Meddled:
    """A sensor with a fault between its firmware and its radio.

    ``meddle`` sees channel and payload of everything it sends, and says what goes out instead.
    """

    def __init__(self, sensor: Peripheral, meddle: Callable[[str, bytes], Iterable[bytes]]) -> None:
        self.sensor, self.meddle = sensor, meddle
        self._host: Host | None = None

    @property
    def name(self) -> str:
        return self.sensor.name

    @property
    def advertised_services(self) -> tuple[str, ...]:
        return self.sensor.advertised_services

    @property
    def services(self) -> Mapping[str, Mapping[str, frozenset[str]]]:
        return self.sensor.services

    async def serve(self, host: Host) -> None:
        await self.sensor.serve(_MeddlingHost(host, self.meddle))


class _MeddlingHost:
    def __init__(self, host: Host, meddle: Callable[[str, bytes], Iterable[bytes]]) -> None:
        self._host, self._meddle = host, meddle
        self.is_subscribed, self.receive = host.is_subscribed, host.receive
        self.set_value = host.set_value

    @property
    def notification_bytes_max(self) -> int:
        return self._host.notification_bytes_max

    async def send(self, channel: str, payload: bytes) -> None:
        if self._host.is_subscribed(channel):
            for each in self._meddle(channel, payload):
                await self._host.send(channel, each)


@cache
def measured(*scenarios: Scenario) -> Samples:
    """Everything that the sensors of these scenarios measured, one after another."""
    runs = [SimulatedRun(each) for each in scenarios]
    return Samples.concatenate([each.read(each.n_samples) for each in runs])


def places_in(truth: Samples, got: Samples, protocol: str) -> NDArray[np.intp]:
    """Which measured sample each received one is; fails where one was never measured.

    Also fails unless they are in order, each at most once.
    """
    there, here = _in_steps(truth, protocol), _in_steps(got, protocol)
    near = _near(there, here)
    # where the angular velocity was not heard, acceleration alone must do
    unheard = np.flatnonzero(np.any(here[:, 3:] >= _UNHEARD, axis=1))
    near[unheard] = _near(there[:, :3], here[unheard, :3])
    places: list[int] = []
    before = -1
    for k, candidates in enumerate(near):
        later = [place for place in candidates if place > before]
        assert later, f"sample {k} of {len(got)} was never measured, or came before: {candidates}"
        # a runner who stands still measures the same more than once
        before = before + 1 if places and before + 1 in later else later[0]
        places.append(before)
    return np.array(places, np.intp)


def _near(there: NDArray[np.float64], here: NDArray[np.float64]) -> NDArray[np.object_]:
    """Rows of ``there`` within half a step of each of ``here``, as lists."""
    rows: Any = cKDTree(there).query_ball_point(here, 0.55, p=np.inf, return_sorted=True)
    return np.asarray(rows, object)


def _in_steps(samples: Samples, protocol: str) -> NDArray[np.float64]:
    step_g, step_deg_s = STEPS[protocol]
    gyro = samples.angular_velocity_rad_s
    turning = np.full((len(samples), 3), np.nan) if gyro is None else gyro / radians(step_deg_s)
    acceleration = samples.acceleration_m_s2 / (step_g * STANDARD_GRAVITY_M_S2)
    return np.hstack((acceleration, np.nan_to_num(turning, nan=_UNHEARD)))


def assert_timed(got: Samples, place: NDArray[np.intp], rate_hz: float, within_s: float) -> None:
    """Each sample is where it was measured, up to one constant."""
    away = got.time_s - place / rate_hz
    assert np.ptp(away) <= within_s
    assert np.all(np.diff(got.time_s) > 0)
