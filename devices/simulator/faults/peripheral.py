"""A simulated sensor with faults of its messages and of its firmware, whatever the link."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from typing import Final, Protocol, runtime_checkable

from devices.simulator.faults.kinds import FAULT_KINDS
from devices.simulator.faults.messages import Message, MessageFaults
from devices.simulator.faults.plan import Fault
from devices.simulator.peripheral import Host, Peripheral, SensorRestarted
from devices.timing.program_clock import ProgramClock

_KINDS: Final = frozenset(
    {kind for kind, about in FAULT_KINDS.items() if about.level in {"messages", "sensor"}}
)


@runtime_checkable
class _Charged(Protocol):
    """A sensor that tells how much is left in its battery."""

    battery_percent: int


class FaultyPeripheral:
    """Stands between a sensor and its host, and does to both what the faults say.

    Faults of messages hit what is sent on the channels of samples alone, as a queue's do.

    Parameters
    ----------
    sensor : Peripheral
    faults : tuple of Fault
        Times count from now; those that are of no such kind do nothing here.
    clock : ProgramClock
        True time.
    seed : int
        Of all chance.
    channels : collection of str
        On which samples are sent.
    restarted : callable, optional
        Makes the sensor as it is after a restart, given the seconds since now; without, none
        happens.

    Examples
    --------
    >>> FaultyPeripheral.acts([Fault("reset", 20.0)]), FaultyPeripheral.acts([Fault("mtu")])
    (True, False)
    """

    def __init__(
        self,
        sensor: Peripheral,
        faults: tuple[Fault, ...],
        clock: ProgramClock,
        *,
        seed: int,
        channels: Collection[str],
        restarted: Callable[[float], Peripheral] | None = None,
    ) -> None:
        self.sensor, self.channels = sensor, frozenset(channels)
        self._clock, self._restarted = clock, restarted
        self._began_ns = clock.monotonic_ns()
        self.messages = MessageFaults(faults, seed, changes_bytes=not sensor.services)
        self._resets = sorted(fault.onset_s for fault in faults if fault.kind == "reset")
        self._batteries = [fault for fault in faults if fault.kind == "battery_percent"]

    @staticmethod
    def acts(faults: Collection[Fault]) -> bool:
        """Whether any of these faults is of messages or firmware."""
        return any(fault.kind in _KINDS for fault in faults)

    @property
    def name(self) -> str:
        """As advertised."""
        return self.sensor.name

    @property
    def advertised_services(self) -> tuple[str, ...]:
        """The sensor's."""
        return self.sensor.advertised_services

    @property
    def services(self) -> Mapping[str, Mapping[str, frozenset[str]]]:
        """The sensor's."""
        return self.sensor.services

    async def serve(self, host: Host) -> None:
        """Serve one connection; a restart ends a radio link, and on a cable nobody notices."""
        while True:
            self._restart_where_due()
            serving = asyncio.ensure_future(self.sensor.serve(_FaultyHost(host, self)))
            due = asyncio.ensure_future(self._next_change())
            try:
                both = {serving, due}
                await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
                if serving.done():
                    serving.result()
            finally:
                due.cancel()
                serving.cancel()
                await asyncio.gather(serving, return_exceptions=True)
            if self._restart_where_due() and self.services:
                raise SensorRestarted

    @property
    def now_s(self) -> float:
        """Seconds since the sensor was switched on."""
        return (self._clock.monotonic_ns() - self._began_ns) * 1e-9

    async def held_back(self, seconds: float) -> None:
        """Return after so many seconds."""
        await self._clock.sleep(seconds)

    def discharge(self) -> None:
        """Let the battery be as low as it has to be by now."""
        for fault in self._batteries:
            if fault.is_on(self.now_s) and isinstance(self.sensor, _Charged):
                self.sensor.battery_percent = round(fault.amount)

    def _restart_where_due(self) -> bool:
        due = False
        while self._resets and self._restarted is not None and self._resets[0] <= self.now_s:
            self._resets.pop(0)
            self.sensor, due = self._restarted(self.now_s), True
        return due

    async def _next_change(self) -> None:
        if not self._resets or self._restarted is None:
            await asyncio.Event().wait()
        while (wait_s := self._resets[0] - self.now_s) > 0:
            await self._clock.sleep(max(wait_s, 1e-9))


class _FaultyHost:
    """What the sensor sees of its host."""

    def __init__(self, host: Host, faulty: FaultyPeripheral) -> None:
        self._host, self._faulty = host, faulty
        self.is_subscribed, self.receive = host.is_subscribed, host.receive
        self.set_value = host.set_value

    @property
    def notification_bytes_max(self) -> int:
        """As the link has it."""
        return self._host.notification_bytes_max

    async def send(self, channel: str, payload: bytes) -> None:
        """Send what the faults make of it."""
        faulty = self._faulty
        faulty.discharge()
        if channel not in faulty.channels or not self._host.is_subscribed(channel):
            await self._host.send(channel, payload)
            return
        now_s = faulty.now_s
        if faulty.messages.is_lost(now_s):
            return
        sent = faulty.messages.sent(now_s, Message(payload))
        delay_s = faulty.messages.delay_s(now_s)
        if delay_s:
            await faulty.held_back(delay_s)
        for message in sent:
            await self._host.send(channel, message.payload)
