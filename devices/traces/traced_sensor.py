"""A simulated sensor that sends what a trace holds, in the rhythm of the trace."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from devices.drivers.registry import driver_named
from devices.protocols.backstride_control import Operation, Reply, ReplyStatus, encode_reply
from devices.protocols.backstride_frames import CONTROL_CHANNEL, FrameType, encode_message
from devices.protocols.cobs import Deframer
from devices.simulator.peripheral import Host, Peripheral
from devices.simulator.scenario import Scenario
from devices.simulator.virtual_sensor import make_peripheral
from devices.timing.program_clock import ProgramClock
from devices.traces.trace import SET_UP_S, STREAM_BY_THEMSELVES, Trace, TraceEvent
from imu.samples import Samples

#: The samples begin when the computer has asked nothing for so long, s: its set-up is over.
_QUIET_S: Final = 0.3
_LOOK_S: Final = 0.05
_SLOWEST_HZ: Final = 50.0  # of a simulated sensor
_REPLY, _POLAR_REPLY = 0x80, 0xF0
_START: Final = b"\x07"  # of a Shimmer3


class TracedSensor:
    """A :class:`~devices.simulator.peripheral.Peripheral` that plays a trace.

    A computer sets it up as it does today, not as another program did when the trace was made.
    What it asks is answered as the sensor answered in the trace, where it was asked the same, and
    else as the simulated sensor of the protocol does, which has nothing to measure itself. Samples
    begin once the set-up is over; a WitMotion sensor, which streams all the time, begins anew with
    each setting. After a lost link what was due meanwhile comes at once.

    Parameters
    ----------
    trace : Trace
    clock : ProgramClock
        True time.
    scenario : Scenario
        Ranges of the simulated sensor.
    tell : callable
        Told what the file lacks, where it lacks it.

    Attributes
    ----------
    over : asyncio.Event
        Set when everything has been sent.
    """

    def __init__(
        self, trace: Trace, clock: ProgramClock, scenario: Scenario, tell: Callable[[str], None]
    ) -> None:
        self.over = asyncio.Event()
        self._tell = tell
        self._trace, self._clock = trace, clock
        scenario = replace(
            scenario,
            protocol=trace.protocol,
            link=trace.link,
            rate=max(_SLOWEST_HZ, trace.rate_hz),
            minutes=0.1,
        )
        self._understudy: Peripheral = make_peripheral(scenario, clock, _Nothing(scenario))
        self._driver = driver_named(trace.protocol)
        self._answers = _answers(trace, self._driver.characteristics)
        self._given: dict[bytes, int] = {}  # how many of them, in this connection
        notified = {
            uuid
            for service in self._understudy.services.values()
            for uuid, properties in service.items()
            if "notify" in properties
        }
        self._played = _samples_of(trace, self._driver.characteristics, notified)
        self._began_ns: int | None = None  # when the trace's time was 0
        self._served_ns: int | None = None
        self._asked_ns = 0
        self._is_started = trace.protocol != "shimmer3"  # which is silenced before it is set up
        self._next = 0

    @property
    def name(self) -> str:
        """As the simulated sensor is called."""
        return self._understudy.name

    @property
    def advertised_services(self) -> tuple[str, ...]:
        """The simulated sensor's."""
        return self._understudy.advertised_services

    @property
    def services(self) -> Mapping[str, Mapping[str, frozenset[str]]]:
        """The simulated sensor's."""
        return self._understudy.services

    async def serve(self, host: Host) -> None:
        """Answer, and play, until cancelled."""
        self._asked_ns = self._clock.monotonic_ns()
        self._given.clear()
        if self._served_ns is None:
            self._served_ns = self._asked_ns
        async with asyncio.TaskGroup() as both:
            both.create_task(self._understudy.serve(_Prompter(host, self)))
            both.create_task(self._play(host))

    def asked(self, request: bytes) -> None:
        """The computer has asked something."""
        self._is_started = self._is_started or request == _START
        self._asked_ns = now_ns = self._clock.monotonic_ns()
        set_up = now_ns - (self._served_ns or 0) < SET_UP_S * 1e9
        if self._trace.protocol in STREAM_BY_THEMSELVES and set_up:
            self._began_ns, self._next = now_ns, 0

    def answer(self, channel: str, request: bytes) -> bytes | None:
        """What the sensor answered to the like in the trace; None where it was not asked."""
        protocol = self._trace.protocol
        if protocol == "backstride" and len(request) >= 2:
            operation, transaction = request[:2]
            if operation == Operation.PING:  # the simulated sensor's clock is another one
                return encode_reply(Reply(operation, transaction, ReplyStatus.NOT_SUPPORTED))
            found = self._next_answer(bytes((operation,)))
            return None if found is None else found[:2] + bytes((transaction,)) + found[3:]
        if protocol == "shimmer3":
            return self._trace.answers.get(request)
        if protocol == "polar" and channel == self._driver.characteristics.get(CONTROL_CHANNEL):
            return self._next_answer(request[:2])
        return None

    def _next_answer(self, asked: bytes) -> bytes | None:
        """The answers to the same request, one after the other, and the last again."""
        answers = self._answers.get(asked)
        if answers is None:
            return None
        given = self._given.get(asked, 0)
        self._given[asked] = given + 1
        return answers[min(given, len(answers) - 1)]

    async def _play(self, host: Host) -> None:
        await self._until_set_up(host)
        if self._began_ns is None:
            self._began_ns = self._clock.monotonic_ns()
        while self._next < len(self._played):
            began_ns, event = self._began_ns, self._played[self._next]
            wait_ns = began_ns + event.time_ns - self._clock.monotonic_ns()
            if wait_ns > 0:
                await self._clock.sleep(wait_ns * 1e-9)
            if self._began_ns != began_ns:
                continue  # it has begun anew meanwhile
            self._next += 1
            if event.missing:
                self._tell(event.missing)
            await host.send(event.channel, event.payload)
        self.over.set()

    async def _until_set_up(self, host: Host) -> None:
        channel = self._played[0].channel
        by_itself = self._trace.protocol in STREAM_BY_THEMSELVES
        while True:
            quiet_ns = self._clock.monotonic_ns() - self._asked_ns
            is_set_up = by_itself or (self._is_started and quiet_ns >= _QUIET_S * 1e9)
            if host.is_subscribed(channel) and is_set_up:
                return
            await self._clock.sleep(_LOOK_S)


class _Nothing:
    """A run without samples: the simulated sensor answers and measures nothing."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.duration_s = 0.0

    def read(self, n: int) -> Samples:
        del n
        return Samples([], np.empty((0, 3)), np.empty((0, 3)))


class _Prompter:
    """The host as the simulated sensor sees it: what the trace can answer does not reach it."""

    def __init__(self, host: Host, sensor: TracedSensor) -> None:
        self._host, self._sensor = host, sensor
        self._deframer = Deframer()
        self._is_framed = sensor._trace.protocol == "backstride" and sensor._trace.link == "serial"

    @property
    def notification_bytes_max(self) -> int:
        return self._host.notification_bytes_max

    def is_subscribed(self, channel: str) -> bool:
        return self._host.is_subscribed(channel)

    def set_value(self, channel: str, value: bytes) -> None:
        self._host.set_value(channel, value)

    async def send(self, channel: str, payload: bytes) -> None:
        """Pass on answers; its status is not the sensor's."""
        status = self._sensor._driver.characteristics.get("status")
        if channel == status and self._sensor._trace.protocol == "backstride":
            return
        if self._is_framed:
            contents = Deframer().push(b"\0" + payload)
            if contents and contents[0][0] == FrameType.STATUS:
                return
        await self._host.send(channel, payload)

    async def receive(self) -> tuple[str, bytes]:
        """The next request that the trace has no answer to."""
        while True:
            channel, payload = await self._host.receive()
            self._sensor.asked(payload)
            if not self._is_framed:
                answer = self._sensor.answer(channel, payload)
                if answer is None:
                    return channel, payload
                await self._host.send(channel, answer)
                continue
            left = b""
            for content in self._deframer.push(payload):
                answer = self._sensor.answer(channel, content[1:])
                if answer is None:
                    left += encode_message(FrameType.REQUEST, content[1:])
                else:
                    await self._host.send(channel, encode_message(FrameType.REPLY, answer))
            if left:
                return channel, left


def _contents(trace: Trace, uuids: Mapping[str, str]) -> Iterable[bytes]:
    """What came on the control channel."""
    if trace.link == "ble":
        control = uuids.get(CONTROL_CHANNEL)
        yield from (each.payload for each in trace.events if each.channel == control)
        return
    deframer = Deframer()
    for event in trace.events:
        for content in deframer.push(event.payload):
            if content[0] == FrameType.REPLY:
                yield content[1:]


def _answers(trace: Trace, uuids: Mapping[str, str]) -> dict[bytes, list[bytes]]:
    """Answers of the trace that say yes, by what was asked, in order."""
    answers: dict[bytes, list[bytes]] = {}
    if trace.protocol not in {"backstride", "polar"}:
        return answers
    for payload in _contents(trace, uuids):
        if len(payload) < 4 or payload[3] != 0:
            continue
        if trace.protocol == "backstride" and payload[0] == _REPLY:
            # what is asked of logs and calibration has parameters of its own
            if payload[1] in {Operation.GET_CONFIG, Operation.SET_CONFIG}:
                answers.setdefault(payload[1:2], []).append(payload)
        elif trace.protocol == "polar" and payload[0] == _POLAR_REPLY:
            answers.setdefault(payload[1:3], []).append(payload)
    return answers


def _samples_of(
    trace: Trace, uuids: Mapping[str, str], notified: Collection[str]
) -> tuple[TraceEvent, ...]:
    """What is played: all but what was read, and answers to requests that nobody asks again."""
    sent = set(notified) - {uuids.get(CONTROL_CHANNEL)}
    played = [each for each in trace.events if trace.link == "serial" or each.channel in sent]
    begin_ns = played[0].time_ns if played else 0
    return tuple(each._replace(time_ns=each.time_ns - begin_ns) for each in played)
