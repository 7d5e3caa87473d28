"""What Bluetooth and serial links have in common: an inbox, waiting for answers, being lost."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Final, Protocol, TypeVar

from devices.drivers.driver import Conversation
from devices.inbox import Inbox
from devices.links import LONGEST_PAUSE_S
from devices.records import LinkEvent, Packet
from imu.errors import DeviceError, DeviceLost

T = TypeVar("T")

_SLOWER: Final = 1.5  # than the slowest answer so far, the next may be


class OpenLink(ABC):
    """A :class:`~devices.links.Link` that delivers into an inbox.

    Parameters
    ----------
    inbox : Inbox
        Takes every packet that arrives.
    name, address : str
        Of the sensor, for people.
    """

    kind: str
    #: What to do about a sensor that does not answer.
    silence_hint = "bring it nearer, charge it, or check that it is the sensor that was meant"

    def __init__(self, inbox: Inbox, name: str, address: str) -> None:
        self.inbox = inbox
        self.name, self.address = name, address
        self._lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        #: The two slowest answers: one may have been asked for twice, as the first try was lost.
        self._slowest_s = (0.0, 0.0)

    @property
    def notification_bytes_max(self) -> int:
        """Most bytes that one notification can hold."""
        return 1 << 16

    @property
    def baud_rate(self) -> int:
        """Speed of a serial line, bits per second; 0 where there is none."""
        return 0

    async def change_baud_rate(self, baud_rate: int) -> None:
        """Go on at another speed, of a serial line."""
        raise DeviceError(f"has no line to go at {baud_rate} baud.", source=self.name)

    def now_ns(self) -> int:
        """The host's clock."""
        return self.inbox.clock.monotonic_ns()

    async def sleep(self, seconds: float) -> None:
        """Wait by the host's clock."""
        await self.inbox.clock.sleep(seconds)

    def log_request(self, payload: bytes) -> None:
        """Put what was just sent into the log."""
        self.inbox.log_request(payload)

    def tell(self, words: str) -> None:
        """Put what people should know of the link into the log."""
        self.inbox.put_event(LinkEvent(self.now_ns(), "gap", words))

    async def ask(
        self,
        channel: str,
        payload: bytes,
        answer: Callable[[Packet], T | None],
        *,
        timeout_s: float = 2.0,
        tries: int = 1,
    ) -> T:
        """Write, then wait for the packet that ``answer`` makes something of.

        On a link that has been slow to answer it is waited for longer.
        """
        asked_ns = self.now_ns()
        own_s, timeout_s = timeout_s, max(timeout_s, self.patience_s)
        with self.inbox.watch(answer) as answered:
            for _ in range(tries):
                if payload:
                    await self.write(channel, payload)
                timer = asyncio.ensure_future(self.sleep(timeout_s))
                try:
                    both: set[asyncio.Future[Any]] = {answered, timer}
                    await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    timer.cancel()
                if answered.done():
                    if payload and own_s < LONGEST_PAUSE_S:  # others are slow, whatever the link
                        passed_s = (self.now_ns() - asked_ns) * 1e-9
                        _, second, slowest = sorted((*self._slowest_s, passed_s))
                        self._slowest_s = second, slowest
                    return answered.result()
        raise DeviceError(
            f"does not answer within {timeout_s * tries:g} s: {self.silence_hint}.",
            source=self.name,
        )

    @property
    def patience_s(self) -> float:
        """How long nothing may come though all is well, as far as its answers tell, s."""
        return min(_SLOWER * self._slowest_s[0], LONGEST_PAUSE_S)

    async def lost(self) -> str:
        """Wait until the link is gone; returns why."""
        return await asyncio.shield(self._lost)

    @property
    def is_lost(self) -> bool:
        """Whether the link is gone."""
        return self._lost.done()

    def lose(self, why: str) -> None:
        """The other side, or the system, has ended the link."""
        if not self._lost.done():
            self._lost.set_result(why)
        self.inbox.lose(why)

    def _check_open(self) -> None:
        if self._lost.done():
            words = f"the link was lost: {self._lost.result()}."
            raise DeviceLost(words, source=self.name, may_pass=True)

    @abstractmethod
    async def read(self, channel: str) -> bytes:
        """Read a characteristic."""

    @abstractmethod
    async def write(self, channel: str, payload: bytes, *, response: bool = True) -> None:
        """Write to a characteristic, or to the port."""

    @abstractmethod
    async def subscribe(self, channel: str) -> None:
        """Ask for a characteristic's notifications."""

    @abstractmethod
    async def close(self) -> None:
        """End the link; never raises, may be called again."""


class Connector(Protocol):
    """Opens links to one sensor, again and again."""

    @property
    def place(self) -> str:
        """What the user gave, for messages."""
        ...

    @property
    def driver(self) -> type[Conversation] | None:
        """What the sensor speaks; known once connected."""
        ...

    async def connect(self, inbox: Inbox) -> OpenLink:
        """Find the sensor and open a new link.

        Raises
        ------
        DeviceNotFound
            When it does not answer; trying again may help.
        DeviceError
            When something else is in the way: one sentence.
        """
        ...

    async def end(self) -> None:
        """Nothing more will be connected; may be called again."""
        ...
