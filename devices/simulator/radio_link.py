"""One simulated Bluetooth LE connection, in memory: connection events, queues, requests, faults."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from math import inf
from random import Random
from typing import Any, Final, NamedTuple, TypeVar

from devices.simulator.link_params import LinkParams, is_within
from devices.simulator.peripheral import Peripheral, SensorRestarted
from devices.timing.program_clock import ProgramClock

#: A request that nobody answers for this long ends the link (Bluetooth Core, Vol 3 Part F 3.3.3).
ATT_TIMEOUT_S: Final = 30.0

_READ_NOT_PERMITTED: Final = 0x02
_WRITE_NOT_PERMITTED: Final = 0x03
_INSUFFICIENT_AUTHENTICATION: Final = 0x05
_INVALID_LENGTH: Final = 0x0D
_VALUE_BYTES_MAX: Final = 512

T = TypeVar("T")


class AttError(Exception):
    """The sensor refuses a request; ``code`` is the ATT error code, 1 to 255."""

    def __init__(self, code: int) -> None:
        super().__init__(f"ATT error 0x{code:02X}")
        self.code = code


async def wait_until(clock: ProgramClock, deadline_ns: float) -> None:
    """Return when the clock has reached this reading, ns; for ever when it is infinite."""
    while (wait_ns := deadline_ns - clock.monotonic_ns()) > 0:
        # at least one whole nanosecond, or a virtual clock would stand still
        await clock.sleep(max(1.0, min(wait_ns, 1e15)) * 1e-9)


class _Queued(NamedTuple):
    queued_ns: int
    arrive: Callable[[bytes], None]
    payload: bytes


class _Direction:
    """What is under way in one direction; it moves at connection events, in order."""

    def __init__(self, link: RadioLink, random: Random) -> None:
        self._link, self._random = link, random
        params, self._clock = link.params, link.clock
        self._ideal = not (
            params.connection_interval_ms
            or params.latency_ms
            or params.jitter_ms
            or params.retransmit_percent
            or params.blackouts_s
            or params.absent_after_s < inf
            or params.spells
        )
        self._under_way: deque[_Queued] = deque()
        self._something = asyncio.Event()
        self._room = asyncio.Semaphore(params.queue_packets)
        self._interval_ns = 0
        self._anchor_ns = link.opened_ns  # events are counted from here, while the interval lasts
        self._event = 0  # number of the next connection event

    async def put(self, arrive: Callable[[bytes], None], payload: bytes) -> None:
        """Hand over a packet; waits while the queue is full. ``arrive`` gets it at the far end."""
        if self._ideal:
            arrive(payload)
            return
        await self._room.acquire()
        self._under_way.append(_Queued(self._clock.monotonic_ns(), arrive, payload))
        self._something.set()

    async def carry(self) -> None:
        """Let an empty message travel, behind everything that is queued already."""
        there: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def arrive(_: bytes) -> None:
            if not there.done():
                there.set_result(None)

        await self.put(arrive, b"")
        await there

    async def move(self) -> None:
        """Move packets, for as long as the link lasts."""
        latest_ns = 0
        while True:
            while not self._under_way:
                self._something.clear()
                await self._something.wait()
            event_ns = self._next_event_ns(self._under_way[0].queued_ns)
            params = self._link.params_at(event_ns)
            delay_ns = round(params.latency_ms * 1e6)
            if params.jitter_ms:
                delay_ns += round(self._random.random() * params.jitter_ms * 1e6)
            latest_ns = max(latest_ns, event_ns + delay_ns)
            await wait_until(self._clock, latest_ns)
            retransmitted = params.retransmit_percent / 100
            for _ in range(params.packets_per_event if self._interval_ns else 1 << 30):
                if not self._under_way or self._under_way[0].queued_ns > event_ns:
                    break
                if retransmitted and self._random.random() < retransmitted:
                    break  # a packet that gets no acknowledgement closes the event
                packet = self._under_way.popleft()
                self._room.release()
                packet.arrive(packet.payload)

    def _next_event_ns(self, queued_ns: int) -> int:
        """When the next connection event is that can carry a packet queued then."""
        link = self._link
        while True:
            interval_ns = round(link.params_at(queued_ns).connection_interval_ms * 1e6)
            if interval_ns != self._interval_ns:  # the central has asked for another
                self._anchor_ns += self._event * self._interval_ns
                self._event, self._interval_ns = 0, interval_ns
            if interval_ns:
                passed_ns = queued_ns - self._anchor_ns
                self._event = max(self._event, -(-passed_ns // interval_ns))
                event_ns = self._anchor_ns + self._event * interval_ns
                self._event += 1
            else:
                event_ns = queued_ns
            deaf_until_ns = link.deaf_until_ns(event_ns)
            if not deaf_until_ns:
                return event_ns
            if deaf_until_ns == inf:
                return 1 << 62
            queued_ns = int(deaf_until_ns)


class RadioLink:
    """An open connection, seen from both ends.

    The sensor's end is a :class:`~devices.simulator.peripheral.Host`; the central's end is
    :meth:`read`, :meth:`write`, :meth:`subscribe`, :meth:`unsubscribe` and :meth:`disconnect`.
    These raise :class:`AttError` when the sensor refuses and ``ConnectionResetError`` when the link
    is gone or ends meanwhile.

    Parameters
    ----------
    clock : ProgramClock
        All waiting goes through it.
    peripheral : Peripheral
        Served from the moment the link is made until it ends.
    params : LinkParams
        Properties and faults.
    values : dict
        Characteristics' values, which outlast the link.
    placed_ns : int
        Reading of the clock that the times of the faults count from.
    random : Random
        All chance.
    on_end : callable
        Called once, with the reason in words, when the link has ended.
    is_paired : bool, default False
        Whether sensor and computer were paired before.
    """

    def __init__(
        self,
        clock: ProgramClock,
        peripheral: Peripheral,
        params: LinkParams,
        *,
        values: dict[str, bytes],
        placed_ns: int,
        random: Random,
        on_end: Callable[[str], None],
        is_paired: bool = False,
    ) -> None:
        self.clock, self.params, self.peripheral = clock, params, peripheral
        self.opened_ns = clock.monotonic_ns()
        self.end_reason = ""  # empty while the link lasts
        self.is_paired = is_paired
        self._placed_ns, self._random, self._on_end = placed_ns, random, on_end
        self._current, self._current_until_ns = params, float(-inf)
        self._agreed = self.params_at(self.opened_ns)  # sizes are agreed upon once
        self._values = values
        self._att_errors = dict(params.att_errors)
        self._properties: Mapping[str, frozenset[str]] = {
            channel: properties
            for characteristics in peripheral.services.values()
            for channel, properties in characteristics.items()
        }
        self._subscribed: dict[str, Callable[[bytes], None]] = {}
        self._written: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()
        self._one_request = asyncio.Lock()
        self._up = _Direction(self, Random(random.random()))
        self._down = _Direction(self, Random(random.random()))
        loop = asyncio.get_running_loop()
        self._ended: asyncio.Future[None] = loop.create_future()
        self._tasks = [
            loop.create_task(task)
            for task in (self._serve(), self._up.move(), self._down.move(), self._watch())
        ]

    # What the sensor sees.

    @property
    def notification_bytes_max(self) -> int:
        """Longest notification, bytes."""
        return self._agreed.notification_bytes_max

    def is_subscribed(self, channel: str) -> bool:
        """Whether the central wants a characteristic's notifications."""
        return channel in self._subscribed

    async def send(self, channel: str, payload: bytes) -> None:
        """Notify; waits while the queue is full. Without a subscription nothing happens."""
        if channel not in self._subscribed:
            return
        if self.params.silences_s:
            await self._awake()
        arrive = self._subscribed.get(channel)
        if arrive is not None:
            await self._down.put(arrive, payload[: self.notification_bytes_max])

    async def receive(self) -> tuple[str, bytes]:
        """The next thing that the central has written: channel and payload."""
        written = await self._written.get()
        await self._awake()
        return written

    def set_value(self, channel: str, value: bytes) -> None:
        """What the central gets when it reads the characteristic from now on."""
        self._values[channel] = value

    # What the central sees.

    async def read(self, channel: str) -> bytes:
        """Value of a characteristic."""

        def answer() -> bytes:
            self._permit(channel, {"read"}, _READ_NOT_PERMITTED)
            return self._values.get(channel, b"")[:_VALUE_BYTES_MAX]

        return await self._request(answer)

    async def write(self, channel: str, payload: bytes, *, response: bool) -> None:
        """Write a characteristic; without response it is under way when this returns."""
        if response:

            def answer() -> None:
                self._permit(channel, {"write"}, _WRITE_NOT_PERMITTED)
                if len(payload) > _VALUE_BYTES_MAX:
                    raise AttError(_INVALID_LENGTH)
                self._written.put_nowait((channel, payload))

            await self._request(answer)
            return
        self._require_open()

        def arrive(command: bytes) -> None:
            with suppress(AttError):  # a command has no error reply
                self._permit(channel, {"write-without-response"}, _WRITE_NOT_PERMITTED)
                self._written.put_nowait((channel, command))

        await self._until_end(self._up.put(arrive, payload))

    async def subscribe(self, channel: str, notified: Callable[[bytes], None]) -> None:
        """Ask for notifications; ``notified`` is called with each, until the link ends."""

        def arrive(payload: bytes) -> None:
            if self._subscribed.get(channel) is arrive:
                self._call(notified, payload)

        def answer() -> None:
            self._permit(channel, {"notify", "indicate"}, _WRITE_NOT_PERMITTED)
            self._subscribed[channel] = arrive

        await self._request(answer)

    async def unsubscribe(self, channel: str) -> None:
        """No more notifications of this characteristic."""

        def answer() -> None:
            self._subscribed.pop(channel, None)

        await self._request(answer)

    async def pair(self) -> None:
        """Pair with the sensor, which allows it."""
        await self._request(lambda: None)
        self.is_paired = True

    async def disconnect(self) -> None:
        """End the link from the central's side, and wait until the sensor has noticed."""
        self.end("the central closed the link")
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # The link itself.

    def end(self, reason: str) -> None:
        """End the link at once, for both ends; does nothing the second time."""
        if self.end_reason:
            return
        self.end_reason = reason
        self._subscribed.clear()
        for task in self._tasks:
            task.cancel()
        if not self._ended.done():
            self._ended.set_result(None)
        self._call(self._on_end, reason)

    def params_at(self, at_ns: int) -> LinkParams:
        """The link's properties at this reading of the clock."""
        if at_ns >= self._current_until_ns:
            placed_s = (at_ns - self._placed_ns) * 1e-9
            self._current = self.params.at(placed_s)
            next_s = self.params.next_change_s(placed_s)
            self._current_until_ns = self._placed_ns + next_s * 1e9
        return self._current

    def deaf_until_ns(self, at_ns: int) -> float:
        """When the blackout ends that this reading of the clock lies in; 0 when it lies in none."""
        placed_s = (at_ns - self._placed_ns) * 1e-9
        if self.params.reachable(placed_s):
            return 0
        if placed_s >= self.params.absent_after_s:
            return inf
        end_s = is_within(placed_s, self.params.blackouts_s)
        return max(at_ns + 1, self._placed_ns + round(end_s * 1e9)) if end_s < inf else inf

    async def _serve(self) -> None:
        try:
            await self.peripheral.serve(self)
        except SensorRestarted:
            self.end("the sensor restarted")
        except Exception as error:
            # a simulated sensor that breaks behaves as one whose firmware has crashed
            asyncio.get_running_loop().call_exception_handler(
                {"message": f"simulated {self.peripheral.name} failed", "exception": error}
            )
            self.end("the sensor restarted")

    async def _watch(self) -> None:
        """End the link when its time has come: by the sensor, or because nobody is heard."""
        params, opened_s = self.params, (self.opened_ns - self._placed_ns) * 1e-9
        ends = [(drop_s, "the sensor closed the link") for drop_s in params.drops_s]
        deaf = [*params.blackouts_s, (params.absent_after_s, inf)]
        timeout_s = params.supervision_timeout_s
        ends += [
            (start_s + timeout_s, "nothing was heard for the supervision timeout")
            for start_s, end_s in deaf
            if end_s - start_s > timeout_s and end_s > opened_s
        ]
        end_s, reason = min(((t, why) for t, why in ends if t > opened_s), default=(inf, ""))
        if end_s < inf:
            await wait_until(self.clock, self._placed_ns + round(end_s * 1e9))
            self.end(reason)

    async def _awake(self) -> None:
        """Return when the firmware does not hang."""
        while True:
            placed_s = (self.clock.monotonic_ns() - self._placed_ns) * 1e-9
            end_s = is_within(placed_s, self.params.silences_s)
            if not end_s:
                return
            end_ns = self._placed_ns + round(end_s * 1e9) if end_s < inf else inf
            await wait_until(self.clock, max(end_ns, self.clock.monotonic_ns() + 1))

    def _permit(self, channel: str, any_of: set[str], otherwise: int) -> None:
        now = self.params_at(self.clock.monotonic_ns())
        if channel in self._att_errors or now.att_error:
            raise AttError(self._att_errors.get(channel, now.att_error))
        if now.demands_pairing and not self.is_paired:
            raise AttError(_INSUFFICIENT_AUTHENTICATION)
        if not any_of & self._properties[channel]:
            raise AttError(otherwise)

    def _require_open(self) -> None:
        if self.end_reason:
            raise ConnectionResetError(self.end_reason)

    async def _request(self, answer: Callable[[], T]) -> T:
        """One request: to the sensor, its answer, and back; one at a time, as ATT has it."""

        async def there_and_back() -> T:
            async with self._one_request:
                await self._up.carry()
                await self._awake()
                if self.params.read_delay_ms:
                    await self.clock.sleep(self.params.read_delay_ms * 1e-3)
                try:
                    result = answer()
                except AttError:
                    await self._down.carry()
                    raise
                await self._down.carry()
                return result

        self._require_open()
        return await self._until_end(there_and_back())

    async def _until_end(self, work: Coroutine[Any, Any, T]) -> T:
        """Do this, unless the link ends first, or nothing answers."""
        task = asyncio.ensure_future(work)
        timer = asyncio.ensure_future(self.clock.sleep(ATT_TIMEOUT_S))
        waiting: tuple[asyncio.Future[Any], ...] = (task, timer, self._ended)
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
            self.end("the sensor did not answer a request")
            raise ConnectionResetError(self.end_reason)
        finally:
            task.cancel()
            timer.cancel()

    def _call(self, callback: Callable[[T], None], value: T) -> None:
        """Call the program's callback; what it raises is told, and harms nobody else."""
        try:
            callback(value)
        except Exception as error:
            asyncio.get_running_loop().call_exception_handler(
                {"message": f"callback failed on {self.peripheral.name}", "exception": error}
            )
