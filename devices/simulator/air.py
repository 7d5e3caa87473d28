"""The shared medium of the simulated radio: who is in the air, who is heard, who can be reached."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from enum import Enum
from random import Random
from typing import Final

from devices.drivers.driver import Advertisement
from devices.simulator.link_params import LinkParams
from devices.simulator.peripheral import Peripheral
from devices.simulator.radio_link import RadioLink, wait_until
from devices.timing.program_clock import ProgramClock
from imu.errors import ParameterError

_POLL_S: Final = 0.1  # how soon a scan notices a sensor that is placed, or reachable again
_SETTING_UP_EVENTS: Final = 6  # MTU and service discovery, in connection events
_SIGNAL_SPREAD_DB: Final = 3


class Adapter(Enum):
    """State of the host's Bluetooth adapter."""

    ON = "on"
    OFF = "off"
    DENIED = "denied"  # the program has no permission
    MISSING = "missing"


class AdapterUnavailable(Exception):
    """The host's adapter cannot be used now; ``adapter`` says why."""

    def __init__(self, adapter: Adapter) -> None:
        super().__init__(f"the Bluetooth adapter is {adapter.value}")
        self.adapter = adapter


@dataclass(slots=True)
class _Station:
    """A sensor in the air."""

    peripheral: Peripheral
    params: LinkParams
    placed_ns: int
    values: dict[str, bytes] = field(default_factory=dict)
    link: RadioLink | None = None
    connections: int = 0
    is_paired: bool = False

    @property
    def connected(self) -> bool:
        return self.link is not None and not self.link.end_reason


class Air:
    """Simulated sensors within reach of one host.

    It knows no Bluetooth library: :func:`devices.simulator.loopback.loopback_backend` puts bleak's
    interface on it. Used in one event loop. The same seed, clock and calls give the same course of
    events.

    Parameters
    ----------
    clock : ProgramClock
        All waiting goes through it.
    seed : int, default 0
        Of everything random: when advertisements are heard, jitter, faults.
    adapter : Adapter, default ON
        State of the host's adapter; changed by :meth:`turn`.
    """

    def __init__(
        self, clock: ProgramClock, *, seed: int = 0, adapter: Adapter = Adapter.ON
    ) -> None:
        self.clock, self.seed, self._adapter = clock, seed, adapter
        self._stations: dict[str, _Station] = {}
        self._scans = 0

    @property
    def adapter(self) -> Adapter:
        """State of the host's adapter."""
        return self._adapter

    def turn(self, adapter: Adapter) -> None:
        """Change the adapter's state; links end when it is no longer on."""
        self._adapter = adapter
        if adapter is not Adapter.ON:
            for address in self._stations:
                self.drop(address, "the Bluetooth adapter was switched off")

    def place(
        self,
        peripheral: Peripheral,
        params: LinkParams | None = None,
        *,
        address: str = "",
    ) -> str:
        """Bring a sensor into the air.

        Parameters
        ----------
        peripheral : Peripheral
            Advertises whenever it is not connected.
        params : LinkParams, optional
            Properties and faults of its link, a good one by default; times count from now.
        address : str, optional
            Its address, upper case; one is made up by default.

        Returns
        -------
        str
            The address.

        Raises
        ------
        ParameterError
            When another sensor has the address.
        """
        number = len(self._stations) + 1
        address = address or f"C0:DE:00:00:{number >> 8:02X}:{number & 0xFF:02X}"
        if address in self._stations:
            raise ParameterError("address", address, "an address that is not in the air yet")
        now_ns = self.clock.monotonic_ns()
        self._stations[address] = _Station(peripheral, params or LinkParams(), now_ns)
        return address

    def change(self, address: str, params: LinkParams) -> None:
        """Give a sensor other properties and faults, from its next connection on."""
        self._stations[address].params = params

    def readdress(self, address: str, other: str) -> None:
        """Let a sensor end its link and go on under another address, as one with private ones."""
        self.drop(address)
        self._stations[other] = self._stations.pop(address)

    def drop(self, address: str, reason: str = "the sensor closed the link") -> None:
        """End the sensor's link now, if there is one."""
        link = self._stations[address].link
        if link is not None:
            link.end(reason)

    def require_adapter(self) -> None:
        """Raise AdapterUnavailable unless the adapter is on."""
        if self._adapter is not Adapter.ON:
            raise AdapterUnavailable(self._adapter)

    def knows(self, address: str) -> bool:
        """Whether there is, or was, a sensor of this address."""
        return address in self._stations

    async def advertisements(self) -> AsyncIterator[Advertisement]:
        """What a scanner hears, for ever, as it is heard."""
        self._scans += 1
        random = Random(f"{self.seed}/scan/{self._scans}")
        due_ns: dict[str, int] = {}
        while True:
            now_ns = self.clock.monotonic_ns()
            for address, station in self._stations.items():
                if address not in due_ns:
                    interval_ns = station.params.advertising_interval_ms * 1e6
                    due_ns[address] = now_ns + round(random.random() * interval_ns)
            poll_ns = now_ns + _POLL_S * 1e9
            address = min(due_ns, key=due_ns.__getitem__, default="")
            if not address or due_ns[address] > poll_ns:
                await self.clock.sleep(_POLL_S)
                continue
            await wait_until(self.clock, due_ns[address])
            station = self._stations[address]
            # the interval, and up to 10 ms at random, so that two sensors do not stay in step
            due_ns[address] += round((station.params.advertising_interval_ms + 10) * 1e6)
            due_ns[address] -= round(random.random() * 10e6)
            spread_db = random.randint(-_SIGNAL_SPREAD_DB, _SIGNAL_SPREAD_DB)
            if self._adapter is Adapter.ON and self._advertises(station):
                yield Advertisement(
                    address,
                    station.peripheral.name,
                    station.peripheral.advertised_services,
                    station.params.signal_dbm + spread_db,
                )

    async def connect(
        self, address: str, *, timeout_s: float, on_end: Callable[[str], None]
    ) -> RadioLink:
        """Connect to a sensor.

        Parameters
        ----------
        address : str
            As placed, or as heard.
        timeout_s : float
            How long to wait for the sensor's next advertisement, s. A sensor that is absent, or
            connected already, does not advertise.
        on_end : callable
            Called once, with the reason in words, when the link has ended.

        Raises
        ------
        AdapterUnavailable
            When the adapter is not on.
        ConnectionRefusedError
            When the sensor is busy.
        TimeoutError
            When nothing was heard in time.
        """
        clock = self.clock
        give_up_ns = clock.monotonic_ns() + round(timeout_s * 1e9)
        self.require_adapter()
        station = self._stations.get(address)
        while station is None or not self._advertises(station):
            if clock.monotonic_ns() >= give_up_ns:
                raise TimeoutError(f"nothing was heard of {address} for {timeout_s:g} s")
            await clock.sleep(_POLL_S)
            self.require_adapter()
            station = self._stations.get(address)
        if station.link is not None:
            station.is_paired |= station.link.is_paired
        station.connections += 1
        random = Random(f"{self.seed}/{address}/{station.connections}")
        params = station.params
        heard_ms = random.random() * params.advertising_interval_ms
        await clock.sleep((heard_ms + _SETTING_UP_EVENTS * params.connection_interval_ms) / 1000)
        self.require_adapter()
        if not self._advertises(station):
            raise TimeoutError(f"nothing more was heard of {address}")
        if self._placed_s(station) < params.busy_until_s:
            raise ConnectionRefusedError(f"{address} refused the connection")
        station.link = RadioLink(
            clock,
            station.peripheral,
            params,
            values=station.values,
            placed_ns=station.placed_ns,
            random=random,
            on_end=on_end,
            is_paired=station.is_paired,
        )
        return station.link

    def _placed_s(self, station: _Station) -> float:
        """Time since the sensor was placed, s."""
        return (self.clock.monotonic_ns() - station.placed_ns) * 1e-9

    def _advertises(self, station: _Station) -> bool:
        return not station.connected and station.params.reachable(self._placed_s(station))
