"""The sensor that a test suite is run against: a simulated one, or a unit on the bench."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from math import inf
from typing import Any, Final, TypeVar

from devices.drivers.registry import driver_named
from devices.inbox import Inbox
from devices.open_link import OpenLink
from devices.protocols.backstride import Feature
from devices.simulator.faults.kinds import FAULT_KINDS
from devices.simulator.faults.plan import FaultPlan
from devices.simulator.scenario import Scenario
from devices.simulator.virtual_sensor import VirtualSensorSource, as_such_sensors_measure
from devices.source import Source
from devices.sources import open_source
from imu.errors import ParameterError
from pipelines.bench.conform import Conformance, Extent, conform
from pipelines.bench.linktest import recorded
from pipelines.bench.recording import Recording
from pipelines.bench.unit import Unit, unit_at

T = TypeVar("T")

#: What a test may need, by name; the first three are those of simulated sensors alone.
ABILITIES: Final = (
    *("faults", "motion", "virtual_time"),
    *("gyroscope", "log", "calibration", "ping", "battery", "utc"),
)
_FEATURES: Final = {
    "gyroscope": Feature.ANGULAR_VELOCITY,
    "log": Feature.LOG,
    "calibration": Feature.CALIBRATION,
    "ping": Feature.PING,
    "battery": Feature.BATTERY,
    "utc": Feature.UTC,
}
_LEAST_MINUTES: Final = 0.1


class CannotDo(Exception):
    """The sensor under test lacks what a test needs; the plugin skips the test with its words."""


@dataclass(frozen=True, slots=True)
class SensorUnderTest:
    """What a test speaks with; every method runs an event loop of its own and returns.

    Attributes
    ----------
    url : str
        Where it is.
    protocol, link : str
        What it speaks, and over what.
    abilities : frozenset of str
        Of :data:`ABILITIES`.
    """

    url: str
    protocol: str
    link: str
    abilities: frozenset[str]

    def need(self, *abilities: str) -> None:
        """Go on only where it can do all of these.

        Raises
        ------
        CannotDo
            Names what is missing; the test is skipped.
        """
        missing = [each for each in abilities if each not in self.abilities]
        if missing:
            raise CannotDo(f"{self.url} cannot do: {', '.join(missing)}")

    def listen(self, seconds: float, plan: FaultPlan | None = None, **keys: object) -> Recording:
        """What comes of it within so many seconds of its clock.

        Parameters
        ----------
        seconds : float
            From its first samples on, s.
        plan : FaultPlan, optional
            What goes wrong meanwhile; only a simulated sensor can do that.
        **keys
            Further keys of a ``sim:`` address, such as ``loss=5`` or ``reset="8s"``; likewise.

        Raises
        ------
        CannotDo
            When it cannot be told what goes wrong or how it moves: the test is skipped.
        ParameterError
            When no time is left to listen in, or a key or a value is none of a ``sim:`` address.
        DeviceError
            When it is not there, or sends nothing.
        """
        if not 0.0 < seconds < inf:
            raise ParameterError("seconds", seconds, "a time above 0 s")
        return asyncio.run(recorded(self._source(seconds, plan, keys), seconds, _quiet))

    def talk(self, conversation: Callable[[OpenLink], Awaitable[T]]) -> T:
        """Hold a conversation over a bare link, which ends with it.

        Raises
        ------
        DeviceError
            When it is not there.
        """

        async def held() -> T:
            unit = self.unit
            connector = unit.connect()
            try:
                link = await connector.connect(Inbox(unit.clock()))
                try:
                    return await conversation(link)
                finally:
                    await link.close()
            finally:
                await connector.end()

        return asyncio.run(held())

    def conform(self, extent: Extent = "quick") -> Conformance:
        """Measure it, as ``backstride conform`` does."""
        return asyncio.run(conform(self.unit, extent, _Nobody(), _quiet))

    @property
    def unit(self) -> Unit:
        """For tests that open links and streams themselves."""
        return unit_at(self.url)

    def _source(self, seconds: float, plan: FaultPlan | None, keys: dict[str, object]) -> Source:
        if plan is None and not keys and "motion" not in self.abilities:
            return open_source(self.url)
        faulty = [one for one in keys if one in FAULT_KINDS or one == "disconnect"]
        self.need(
            *(["faults"] if plan or faulty else []),
            *(["motion"] if len(keys) > len(faulty) else []),
        )
        # what is spread over the run is spread over what is listened to
        said = {"minutes": max(_LEAST_MINUTES, (seconds + 1.0) / 60)} | keys
        known = [one for one in self.url.partition("?")[2].split("&") if one[:8] != "minutes="]
        query = "&".join([*known, *(f"{key}={value}" for key, value in said.items())])
        scenario = Scenario.from_query(query)
        if plan is not None:
            scenario = replace(scenario, faults=plan.faults, seed=plan.seed)
        return VirtualSensorSource(as_such_sensors_measure(scenario))


def simulated(protocol: str, link: str = "", query: str = "") -> SensorUnderTest:
    """A simulated sensor in virtual time.

    Raises
    ------
    ParameterError
        When there is no such protocol, or such sensors have no such link.
    """
    driver = driver_named(protocol)
    link = link or driver.links[0]
    words = [f"sim:?protocol={protocol}&link={link}&time_scale=0", query]
    abilities = {"faults", "motion", "virtual_time", "gyroscope"}
    if protocol == "backstride":
        abilities |= set(_FEATURES)
    return SensorUnderTest("&".join(filter(None, words)), protocol, link, frozenset(abilities))


def on_the_bench(url: str) -> SensorUnderTest:
    """The unit at a URL; it is connected to once, to learn what it can do.

    Raises
    ------
    ParameterError
        When the URL is not valid.
    DeviceError
        When the unit is not there.
    """

    async def asked() -> SensorUnderTest:
        from devices.drivers.backstride_requests import read_info

        unit = unit_at(url)
        connector = unit.connect()
        try:
            link = await connector.connect(Inbox(unit.clock()))
            driver = connector.driver
            assert driver is not None  # a link that nobody can speak over is refused before
            abilities: set[str] = set()
            if driver.protocol == "backstride":
                features = (await read_info(link)).features
                abilities = {name for name, bit in _FEATURES.items() if features & bit}
            else:
                info = await driver().open(link, unit.wanted)
                abilities |= {"gyroscope"} if info.angular_velocity_range_rad_s else set()
            await link.close()
            return SensorUnderTest(url, driver.protocol, link.kind, frozenset(abilities))
        finally:
            await connector.end()

    return asyncio.run(asked())


class _Nobody:
    """There is nobody to turn the unit: only what needs no hands is measured."""

    def lay(self, face: str) -> None:
        raise CannotDo(f"nobody is there to lay the unit with {face} up: use 'backstride conform'")

    def rest(self, seconds: float) -> None:
        del seconds

    turn = rest  # what nobody turns is skipped by name


def _quiet(*_: Any) -> None:
    """No progress is shown."""
