"""A simulated sensor behind a simulated link, as a source: the same code as with a real one."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from devices.drivers.driver import Conversation, Driver, Wanted
from devices.drivers.registry import driver_named
from devices.inbox import Inbox
from devices.open_link import Connector, OpenLink
from devices.sensor_source import SensorSource
from devices.simulator.cable import Cable
from devices.simulator.device import MotionRun
from devices.simulator.faults.kinds import require_possible
from devices.simulator.faults.link import radio_params
from devices.simulator.faults.peripheral import FaultyPeripheral
from devices.simulator.faults.samples import FaultyRun
from devices.simulator.generate import SimulatedRun, measured_run
from devices.simulator.peripheral import BYTES_CHANNEL, Peripheral
from devices.simulator.room import Room
from devices.simulator.scenario import Scenario
from devices.simulator.virtual_clock import VirtualClock
from devices.timing.program_clock import ProgramClock, ScaledClock, SystemClock
from imu.errors import ParameterError

if TYPE_CHECKING:
    from devices.simulator.peripherals.backstride_flash import FlashLog

_PERIPHERALS: Final = {
    "backstride": "BackstridePeripheral",
    "movesense": "MovesensePeripheral",
    "polar": "PolarPeripheral",
    "witmotion": "WitMotionPeripheral",
    "shimmer3": "Shimmer3Peripheral",
}
#: Where such sensors do not have the scenario's usual rate: the one next to it, Hz.
_RATES_HZ: Final = {"movesense": 208.0, "shimmer3": 204.8}
#: Rates of the Polar sensor that has no gyroscope, Hz.
_WITHOUT_GYRO_HZ: Final = (25.0, 50.0, 100.0, 200.0)
#: After the last sample, for what is still on its way, s.
_LAST_PACKETS_S: Final = 1.0
_DAY_S: Final = 86400
_MORNING_S: Final = 6 * 3600


def link_of(scenario: Scenario) -> str:
    """``"ble"`` or ``"serial"``: as the scenario says, or as such sensors usually have it.

    Raises
    ------
    ParameterError
        When such sensors have no link of that kind.
    """
    links = driver_named(scenario.protocol).links
    if scenario.link and scenario.link not in links:
        raise ParameterError("link", scenario.link, f"{' or '.join(links)} for {scenario.protocol}")
    return scenario.link or links[0]


def as_such_sensors_measure(scenario: Scenario) -> Scenario:
    """The scenario with a rate that its sensor has, where none was asked for.

    Raises
    ------
    ParameterError
        When the sensor has no such rate, nor makes one of it by leaving samples out.
    """
    rate_hz = _RATES_HZ.get(scenario.protocol)
    asked = scenario.rate != Scenario().rate
    if scenario.protocol == "witmotion" and scenario.rate % 50.0 and scenario.rate % 125.0:
        raise ParameterError(
            "rate",
            scenario.rate,
            "a multiple of 50 or 125 Hz, of which such sensors send 50 to 200 Hz",
        )
    return scenario if asked or rate_hz is None else replace(scenario, rate=rate_hz)


def make_peripheral(
    scenario: Scenario, clock: ProgramClock, run: MotionRun | None = None
) -> Peripheral:
    """The simulated sensor of a scenario, measuring from now on, with its faults but the link's.

    Parameters
    ----------
    scenario : Scenario
        With a ``protocol``.
    clock : ProgramClock
        True time.
    run : MotionRun, optional
        What it measures, from its start; what the scenario says by default.
    """
    measured = FaultyRun(run) if run is not None else measured_run(scenario)
    if not FaultyPeripheral.acts(scenario.faults):
        return _peripheral(scenario, clock, measured)
    driver = driver_named(scenario.protocol)
    channels = {BYTES_CHANNEL}
    if link_of(scenario) == "ble":
        channels = {
            driver.characteristics[name]
            for name in driver.sample_channels
            if name in driver.characteristics
        }
    measured = measured if isinstance(measured, FaultyRun) else FaultyRun(measured)
    return FaultyPeripheral(
        _peripheral(scenario, clock, measured),
        scenario.faults,
        clock,
        seed=scenario.seed,
        channels=channels,
        restarted=partial(_restarted, scenario, clock, measured),
    )


def _restarted(
    scenario: Scenario, clock: ProgramClock, run: FaultyRun, passed_s: float
) -> Peripheral:
    return _peripheral(scenario, clock, run.after_restart(passed_s))


def _peripheral(scenario: Scenario, clock: ProgramClock, run: MotionRun) -> Peripheral:
    module = import_module(f"devices.simulator.peripherals.{scenario.protocol}")
    kept: dict[str, Any] = {}
    if scenario.protocol == "backstride":  # a seed is a sensor, with errors of its own
        kept["serial_number"] = f"BS-{scenario.seed:04d}"
    if scenario.logged_runs:
        kept["logs"] = _logged(scenario)
    peripheral: Peripheral = getattr(module, _PERIPHERALS[scenario.protocol])(
        run, clock, link=link_of(scenario), **kept
    )
    return peripheral


def virtual_connector(
    scenario: Scenario, run: MotionRun | None = None, room: Room | None = None
) -> Connector:
    """What opens links to a scenario's sensor, in an air or on a cable of its own.

    The cable is in memory, at every time scale: the same address then gives the same samples
    however fast, and nothing on the computer can be in its way. The port's code has test doubles of
    its own (:mod:`devices.simulator.port`). Devices beside the sensor are in its ``room``.

    Raises
    ------
    ParameterError
        When protocol and link do not go together, or such a sensor cannot have a fault.
    """
    scenario = as_such_sensors_measure(scenario)
    link = link_of(scenario)
    has_gyro = scenario.protocol != "polar" or scenario.rate not in _WITHOUT_GYRO_HZ
    for fault in scenario.faults:
        require_possible(fault.kind, scenario.protocol, link, has_gyro=has_gyro)
    if scenario.pair == "yes" and link != "ble":
        raise ParameterError("pair", scenario.pair, "link=ble with it: nothing pairs by cable")
    if link == "ble":
        return _InTheAir(scenario, run, room or Room(scenario))
    return _OnACable(scenario, run)


class VirtualSensorSource(SensorSource):
    """A :class:`~devices.sources.Source` over a simulated radio or serial line.

    Parameters
    ----------
    scenario : Scenario
        With a ``protocol``.
    clock : ProgramClock, optional
        The computer's by default; ``time_scale`` is on top of it.
    run : MotionRun, optional
        What the sensor measures, from its start; what the scenario says by default.
    stated_axes : str, optional
        What is known of its axes, empty for nothing; those of the scenario by default.

    Raises
    ------
    ParameterError
        When protocol and link do not go together, or such a sensor cannot have a fault.

    Attributes
    ----------
    room : Room
        The air it is in, with the devices beside it.
    clock : ProgramClock
        The one it keeps.
    """

    def __init__(
        self,
        scenario: Scenario,
        *,
        clock: ProgramClock | None = None,
        run: MotionRun | None = None,
        stated_axes: str | None = None,
    ) -> None:
        scenario = as_such_sensors_measure(scenario)
        scale = scenario.time_scale
        base: ProgramClock = SystemClock() if clock is None else clock
        if scale == 0.0:
            base = VirtualClock()
        elif scale != 1.0:
            base = ScaledClock(base, scale)
        self.room, self.clock = Room(scenario), base
        super().__init__(
            virtual_connector(scenario, run, self.room),
            wanted=wanted_by(scenario),
            axes=scenario.axes if stated_axes is None else stated_axes,
            clock=base,
            ends_after_s=(run or measured_run(scenario)).duration_s + _LAST_PACKETS_S,
        )


def wanted_by(scenario: Scenario) -> Wanted:
    """The rate and the ranges that a scenario asks its sensor for."""
    scenario = as_such_sensors_measure(scenario)
    return Wanted(scenario.rate, scenario.acceleration_range_g, scenario.gyro_range_deg_s)


class _InTheAir:
    """Connects to a sensor that is placed in the air of its room at the first try."""

    def __init__(self, scenario: Scenario, run: MotionRun | None, room: Room) -> None:
        self._scenario, self._run, self._room = scenario, run, room
        self._connector: Connector | None = None

    @property
    def place(self) -> str:
        return f"sim:?protocol={self._scenario.protocol}"

    @property
    def driver(self) -> type[Conversation] | None:
        return None if self._connector is None else self._connector.driver

    async def connect(self, inbox: Inbox) -> OpenLink:
        if self._connector is None:
            from devices.ble import BleConnector

            peripheral = make_peripheral(self._scenario, inbox.clock, self._run)
            params = radio_params(self._scenario.faults)
            address = self._room.place(peripheral, params, inbox.clock)
            pair = self._scenario.pair == "yes"
            radio = self._room.radio(inbox.clock)
            self._connector = BleConnector(address, radio=radio, pair=pair)
        return await self._connector.connect(inbox)

    async def end(self) -> None:
        """Nothing outside this program to be ended."""


class _OnACable:
    """Connects to a sensor at the end of a cable of its own, made at the first try."""

    def __init__(self, scenario: Scenario, run: MotionRun | None) -> None:
        self._scenario, self._run = scenario, run
        self._cable: Cable | None = None

    @property
    def place(self) -> str:
        return f"sim:?protocol={self._scenario.protocol}&link=serial"

    @property
    def driver(self) -> type[Driver]:
        return driver_named(self._scenario.protocol)

    async def connect(self, inbox: Inbox) -> OpenLink:
        if self._cable is None:
            sensor = make_peripheral(self._scenario, inbox.clock, self._run)
            faults, seed = self._scenario.faults, self._scenario.seed
            self._cable = Cable(sensor, self.driver, faults, seed=seed)
        return await self._cable.connect(inbox)

    async def end(self) -> None:
        if self._cable is not None:
            await self._cable.end()


def _logged(scenario: Scenario) -> list[FlashLog]:
    """Runs in the sensor's flash, one each morning, the last yesterday."""
    from devices.protocols.backstride_control import Configuration
    from devices.simulator.peripherals.backstride_flash import recorded_log

    configuration = Configuration(
        rate_hz=scenario.rate,
        acceleration_range_g=int(scenario.acceleration_range_g),
        angular_velocity_range_deg_s=int(scenario.gyro_range_deg_s),
    )
    today_s = int(time.time()) // _DAY_S * _DAY_S + _MORNING_S
    logs = []
    for number in range(1, scenario.logged_runs + 1):
        run = SimulatedRun(replace(scenario, seed=scenario.seed + number))
        utc_s = today_s - _DAY_S * (scenario.logged_runs + 1 - number)
        logs.append(recorded_log(run, configuration, log_id=number, utc_s=utc_s))
    return logs
