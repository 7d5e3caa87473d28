"""The inbox of a link: what has arrived and waits to be recorded, bounded and counted."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

from devices.links import REQUEST_CHANNEL
from devices.records import DeviceInfo, LinkEvent, Packet, Record, StreamRecord
from devices.timing.program_clock import ProgramClock
from imu.errors import DeviceError, DeviceLost

#: Packets that may wait: 20 s of a sensor that sends 400 a second.
INBOX_PACKETS: Final = 8192

T = TypeVar("T")


class Inbox:
    """Takes what links deliver, in order, for the one consumer that records it.

    Putting never waits, so that arrival stamps stay true. When the consumer is so far behind that
    packets have to be dropped, a ``gap`` event with their number follows in their place. Use it
    from the event loop's thread.

    Parameters
    ----------
    clock : ProgramClock
        The line of the stamps.
    capacity : int
        Packets that may wait; events always find room.

    Attributes
    ----------
    latest_sample_ns : int
        When the latest packet came that ``holds_samples`` knows as one with samples.
    doing : str
        What is tried now to connect, in words; told where it takes long.
    """

    def __init__(self, clock: ProgramClock, capacity: int = INBOX_PACKETS) -> None:
        self.clock = clock
        self.doing = ""
        self.overflowed_packets = 0
        self.latest_sample_ns = clock.monotonic_ns()
        self.holds_samples: Callable[[Packet], bool] = lambda _: False
        self._capacity = capacity
        self._waiting: deque[Record] = deque()
        self._dropped = 0  # since the latest record that found room
        self._watchers: list[Callable[[Packet], None]] = []
        self._losing: list[Callable[[str], None]] = []
        self._awake: asyncio.Future[None] | None = None
        self._ended: Exception | None = None

    def put(self, channel: str, payload: bytes, arrival_ns: int) -> None:
        """Take a packet that a link delivered."""
        packet = Packet(arrival_ns, channel, payload)
        if self.holds_samples(packet):
            self.latest_sample_ns = arrival_ns
        for watcher in tuple(self._watchers):
            watcher(packet)
        if len(self._waiting) >= self._capacity:
            self._dropped += 1
            self.overflowed_packets += 1
            return
        if self._dropped:
            self._tell_dropped(arrival_ns)
        self._append(packet)

    def put_event(self, event: LinkEvent | DeviceInfo | StreamRecord) -> None:
        """Take an event, what is known of the sensor, or what came from a device beside it."""
        if isinstance(event, LinkEvent) and self._dropped:
            self._tell_dropped(event.arrival_ns)
        self._append(event)

    def log_request(self, payload: bytes) -> None:
        """Note what was sent, at this moment, in the log."""
        self._append(Packet(self.clock.monotonic_ns(), REQUEST_CHANNEL, payload))

    def end(self, error: Exception | None = None) -> None:
        """Nothing more will come; the consumer gets what waits, then this error or the end."""
        self._ended = StopAsyncIteration() if error is None else error
        self._wake()

    async def get(self) -> Record:
        """The next record; a cancelled wait loses none.

        Raises
        ------
        StopAsyncIteration, DeviceError
            When everything was handed out and the inbox has ended.
        """
        while not self._waiting:
            if self._ended is not None:
                raise self._ended
            if self._awake is not None and not self._awake.done():
                raise DeviceError("two loops iterate over one source: let one hand records on.")
            self._awake = asyncio.get_running_loop().create_future()
            await self._awake
        return self._waiting.popleft()

    def waiting(self) -> tuple[Record, ...]:
        """What has arrived and was not yet handed out."""
        return tuple(self._waiting)

    def has_packets(self) -> bool:
        """Whether anything that a sensor sent waits to be handed out."""
        return any(
            isinstance(each, Packet) and each.channel != REQUEST_CHANNEL for each in self._waiting
        )

    @contextmanager
    def watch(self, answer: Callable[[Packet], T | None]) -> Iterator[asyncio.Future[T]]:
        """Look on while packets arrive, until ``answer`` makes something of one.

        The future raises what ``answer`` raises, and :class:`~imu.errors.DeviceLost` when the link
        is lost meanwhile.
        """
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()

        def look(packet: Packet) -> None:
            if done.done():
                return
            try:
                found = answer(packet)
            except DeviceError as error:
                done.set_exception(error)
                return
            if found is not None:
                done.set_result(found)

        def lose(why: str) -> None:
            if not done.done():
                words = f"the link was lost: {why or 'no reason given'}."
                done.set_exception(DeviceLost(words, may_pass=True))

        self._watchers.append(look)
        self._losing.append(lose)
        try:
            yield done
        finally:
            self._watchers.remove(look)
            self._losing.remove(lose)
            if done.done() and not done.cancelled():
                done.exception()  # looked at, or nobody waits any more
            done.cancel()

    def lose(self, why: str) -> None:
        """The link is gone: every wait for an answer ends."""
        for lose in tuple(self._losing):
            lose(why)

    def _tell_dropped(self, arrival_ns: int) -> None:
        self._append(
            LinkEvent(arrival_ns, "gap", f"{self._dropped} packets were dropped: too slow a reader")
        )
        self._dropped = 0

    def _append(self, record: Record) -> None:
        self._waiting.append(record)
        self._wake()

    def _wake(self) -> None:
        if self._awake is not None and not self._awake.done():
            self._awake.set_result(None)
