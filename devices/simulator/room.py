"""The air around one simulated runner: the sensor, and the devices beside it, on one radio."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from devices.drivers.driver import Conversation
from devices.inbox import Inbox
from devices.open_link import Connector, OpenLink
from devices.records import StreamRecord
from devices.simulator.companions import CompanionFault
from devices.simulator.link_params import LinkParams
from devices.simulator.peripheral import Peripheral
from devices.simulator.scenario import Scenario
from devices.simulator.virtual_clock import VirtualClock
from devices.streams.beside import Companions
from devices.streams.registry import stream_named
from devices.timing.program_clock import ProgramClock

if TYPE_CHECKING:
    from devices.ble import BleConnector, Radio
    from devices.simulator.air import Air


class Room:
    """What is in the air of a scenario; made when somebody first listens.

    Parameters
    ----------
    scenario : Scenario
        With the devices beside its sensor.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self._air: Air | None = None
        self._radio: Radio | None = None
        self._addresses: dict[str, str] = {}

    def place(self, peripheral: Peripheral, params: LinkParams, clock: ProgramClock) -> str:
        """Bring a sensor into the air; returns its address."""
        self.radio(clock)
        assert self._air is not None
        return self._air.place(peripheral, params)

    def radio(self, clock: ProgramClock) -> Radio:
        """The host's radio; the devices beside the sensor are switched on with it."""
        if self._radio is None:
            from devices.ble import Radio
            from devices.simulator.air import Air
            from devices.simulator.loopback import loopback_backend
            from devices.simulator.peripherals.companions import COMPANION_PERIPHERALS

            self._air = Air(clock, seed=self.scenario.seed)
            for number, (name, faults) in enumerate(self.scenario.companions.items(), 1):
                device = COMPANION_PERIPHERALS[name](self.scenario, clock, faults)
                self._addresses[name] = self._air.place(
                    device, _link_params(faults), address=f"C0:DE:00:01:00:{number:02X}"
                )
            backend = loopback_backend(self._air)
            self._radio = Radio(backend.client, backend.scanner)
        return self._radio

    def companions(self) -> dict[str, Connector]:
        """What opens links to the devices beside the sensor, by the name of their stream."""
        return {name: _ToCompanion(self, name) for name in self.scenario.companions}

    def address_of(self, companion: str) -> str:
        """Of a device beside the sensor, once there is a radio."""
        return self._addresses[companion]


class _ToCompanion:
    """Connects to a device of a room."""

    def __init__(self, room: Room, name: str) -> None:
        self._room, self._name = room, name
        self._connector: BleConnector | None = None

    @property
    def place(self) -> str:
        return f"sim:?{self._name}=1"

    @property
    def driver(self) -> type[Conversation]:
        return stream_named(self._name).conversation

    async def connect(self, inbox: Inbox) -> OpenLink:
        if self._connector is None:
            from devices.ble import BleConnector

            radio = self._room.radio(inbox.clock)
            address = self._room.address_of(self._name)
            self._connector = BleConnector(address, driver=self.driver, radio=radio)
        return await self._connector.connect(inbox)

    async def end(self) -> None:
        """Nothing outside this program to be ended."""


def companion_records(scenario: Scenario, duration_s: float) -> list[StreamRecord]:
    """What the devices beside a sensor send in so many seconds, in the order of arrival."""
    return asyncio.run(_heard(scenario, duration_s))


async def _heard(scenario: Scenario, duration_s: float) -> list[StreamRecord]:
    clock = VirtualClock()
    inbox = Inbox(clock)
    companions = Companions(Room(scenario).companions(), clock, inbox)
    companions.seek()
    await clock.sleep(duration_s)
    await companions.close()
    return [record for record in inbox.waiting() if isinstance(record, StreamRecord)]


def _link_params(faults: tuple[CompanionFault, ...]) -> LinkParams:
    away = tuple((fault.start_s, fault.end_s) for fault in faults if fault.kind == "lost")
    if any(fault.kind == "absent" for fault in faults):
        return LinkParams(blackouts_s=away, absent_after_s=0.0)
    return LinkParams(blackouts_s=away)
