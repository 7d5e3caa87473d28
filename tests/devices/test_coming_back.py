"""A sensor that was away and is back: what has changed is logged, and nothing is mixed up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest

from devices.drivers.driver import Conversation, Wanted
from devices.inbox import Inbox
from devices.links import Link
from devices.open_link import OpenLink
from devices.protocols.backstride_frames import FrameType, encode_message
from devices.protocols.witmotion import encode_frames
from devices.receiver import Receiver
from devices.records import DeviceInfo, LinkEvent, Packet, Record
from devices.sensor_source import SensorSource
from devices.simulator.virtual_clock import VirtualClock
from imu.errors import DeviceError, DeviceLost, OtherVersion, ProtocolError
from tests.devices.test_receiver import INFO as NUMBERED
from tests.devices.test_receiver import packet

INFO = DeviceInfo("WT901", "witmotion", 200.0, 16 * 9.80665, 2000.0)


class _Link(OpenLink):
    kind = "ble"

    async def read(self, channel: str) -> bytes:
        raise DeviceError(f"has no {channel}.", source=self.name)

    async def write(self, channel: str, payload: bytes, *, response: bool = True) -> None: ...
    async def subscribe(self, channel: str) -> None: ...
    async def close(self) -> None:
        self.lose("closed")


class _Driver(Conversation):
    """Answers with the next of some descriptions, and notes when it is told to stop."""

    protocol: ClassVar[str] = "witmotion"
    links: ClassVar[tuple[str, ...]] = ("ble",)
    sold_as: ClassVar[str] = "test"
    silence_s: ClassVar[float] = 1e6
    infos: ClassVar[list[DeviceInfo]] = []
    closed: ClassVar[list[Link]] = []

    @classmethod
    def recognises(cls, _: object) -> bool:
        return True

    async def open(self, _link: Link, _wanted: Wanted) -> DeviceInfo:
        return self.infos.pop(0) if len(self.infos) > 1 else self.infos[0]

    async def close(self, link: Link) -> None:
        self.closed.append(link)


class _Connector:
    """Gives links while there is something to reach, and notes each try and the end."""

    place = "ble:AA"
    driver: type[Conversation] | None = _Driver

    def __init__(self, clock: VirtualClock, reachable: Callable[[int], bool]) -> None:
        self.tries_s: list[float] = []
        self.links: list[_Link] = []
        self.ends = 0
        self._clock, self._reachable = clock, reachable

    async def connect(self, inbox: Inbox) -> OpenLink:
        self.tries_s.append(self._clock.monotonic_ns() * 1e-9)
        if not self._reachable(len(self.tries_s)):
            raise DeviceError("is not heard: bring it nearer.", source=self.place)
        self.links.append(_Link(inbox, "WT901", "AA"))
        return self.links[-1]

    async def end(self) -> None:
        self.ends += 1


def course(
    infos: list[DeviceInfo], reachable: Callable[[int], bool], give_up_s: float = 300.0
) -> tuple[_Connector, list[Record], DeviceError | None]:
    """A session whose link is lost after a second; it is closed five seconds after a return."""
    _Driver.infos, _Driver.closed = list(infos), []

    async def go() -> tuple[_Connector, list[Record], DeviceError | None]:
        clock = VirtualClock()
        connector = _Connector(clock, reachable)
        records: list[Record] = []
        error = None
        async with SensorSource(connector, clock=clock, give_up_s=give_up_s) as source:

            async def hand() -> None:
                await clock.sleep(1.0)
                connector.links[0].lose("out of range")
                await clock.sleep(5.0)
                if reachable(2):
                    await source.close()

            async def take() -> None:
                records.extend([record async for record in source])

            try:
                await asyncio.gather(take(), hand())
            except DeviceError as caught:
                error = caught
        return connector, records, error

    return asyncio.run(go())


def always(_: int) -> bool:
    return True


def test_a_sensor_that_comes_back_as_another_is_logged_before_its_samples() -> None:
    other = replace(INFO, rate_hz=100.0)
    _, records, _ = course([INFO, other], always)
    events = [each.kind if isinstance(each, LinkEvent) else each for each in records]
    assert events == ["connected", "lost", "resumed", other, "ended"]
    _, records, _ = course([INFO], always)
    assert not any(isinstance(each, DeviceInfo) for each in records)


def test_the_axes_that_were_stated_are_those_of_the_sensor() -> None:
    async def stated() -> str:
        clock = VirtualClock()
        async with SensorSource(_Connector(clock, always), clock=clock, axes="-x-y+z") as source:
            return source.info.axes

    _Driver.infos = [INFO]
    assert asyncio.run(stated()) == "-x-y+z"


class _Garbled(_Driver):
    """Has an answer that cannot be read, at first or always."""

    bad: ClassVar[int] = 0

    async def open(self, link: Link, wanted: Wanted) -> DeviceInfo:
        _Garbled.bad -= 1
        if _Garbled.bad >= 0:
            raise ProtocolError("a calibration has sensitivities (0, 0, 0): calibrate it anew.")
        return await super().open(link, wanted)


@pytest.mark.parametrize("times", [1, 3])
def test_an_answer_that_cannot_be_read_is_asked_for_again_and_then_told(times: int) -> None:
    _Driver.infos, _Garbled.bad = [INFO], times
    clock = VirtualClock()
    connector = _Connector(clock, always)
    connector.driver = _Garbled

    async def agreed() -> DeviceInfo:
        async with SensorSource(connector, clock=clock) as source:
            return source.info

    if times == 1:
        assert asyncio.run(agreed()) == INFO
    else:
        says = (
            r"WT901: answers what cannot be read \(a calibration has sensitivities \(0, 0, 0\)\):"
        )
        with pytest.raises(DeviceError, match=says):
            asyncio.run(agreed())
    assert connector.ends == 1  # however it went


def test_a_sensor_of_another_version_is_neither_far_nor_damaged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tries: list[Wanted] = []

    async def refuse(_: _Driver, __: Link, wanted: Wanted) -> DeviceInfo:
        tries.append(wanted)
        raise OtherVersion("the device speaks version 1.0: update the older of the two.")

    monkeypatch.setattr(_Driver, "open", refuse)
    with pytest.raises(OtherVersion, match=r"^the device speaks version 1\.0: update the older"):
        course([INFO], always)
    assert len(tries) == 1


def test_a_sensor_is_told_to_stop_at_the_end_and_where_it_listens_alone() -> None:
    connector, _, _ = course([INFO], always)
    assert _Driver.closed == [connector.links[1]]
    assert connector.ends == 1  # and nothing stays behind of the way to it


def test_a_sensor_that_is_there_and_of_no_use_is_told_and_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[str] = []

    async def refused() -> None:
        clock = VirtualClock()
        source = SensorSource(
            _Connector(clock, always), clock=clock, give_up_s=60.0, tell=told.append
        )
        async with source:
            monkeypatch.setattr(_Driver, "open", refuse)
            async for _ in source:
                pass

    async def refuse(_: _Driver, link: Link, __: Wanted) -> DeviceInfo:
        raise DeviceError("refuses 200 Hz: choose another rate.", source=link.name)

    _Driver.infos = [INFO]
    monkeypatch.setattr(_Driver, "silence_s", 2.5)  # nothing ever comes
    with pytest.raises(DeviceLost, match=r"within 60 s \(refuses 200 Hz\)"):
        asyncio.run(refused())
    assert [words.split(":")[1] for words in told] == [
        " it is connected, and no samples come that can be read",
        " refuses 200 Hz",
    ]


@pytest.mark.parametrize("connecting_s", [0.0, 3.0])
def test_a_simulated_session_ends_when_it_should_however_long_it_took_to_connect(
    connecting_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = VirtualClock()
    connector = _Connector(clock, always)

    async def slowly(_: _Driver, __: Link, ___: Wanted) -> DeviceInfo:
        await clock.sleep(connecting_s)
        return INFO

    async def ran() -> list[Record]:
        async with SensorSource(connector, clock=clock, ends_after_s=10.0) as source:
            return [record async for record in source]

    monkeypatch.setattr(_Driver, "open", slowly)
    _Driver.closed = []
    last = asyncio.run(ran())[-1]
    assert isinstance(last, LinkEvent)
    assert (last.kind, last.arrival_ns) == ("ended", 10 * 10**9)
    assert (_Driver.closed, connector.ends) == ([connector.links[0]], 1)


def test_at_another_rate_samples_are_as_far_apart_as_it_says() -> None:
    """In each kind of time: by arrival alone, and numbered and stamped."""
    receiver = Receiver(INFO)
    for record in stream(0, 500):
        receiver.push(record)
    receiver.push(LinkEvent(10 * 10**9, "resumed"))
    receiver.push(replace(INFO, rate_hz=100.0))
    slower = [
        Packet(2 * each.arrival_ns - 10**10, each.channel, each.payload)
        for each in stream(500, 100)
    ]
    blocks = [block for each in slower if (block := receiver.push(each)) is not None]
    apart_s = np.concatenate([np.diff(block.time_s) for block in blocks[:50]])
    np.testing.assert_allclose(apart_s, 0.01, rtol=0.05)

    receiver = Receiver(NUMBERED)
    for first in range(0, 4000, 10):
        receiver.push(packet(first))
    receiver.push(LinkEvent(packet(4000).arrival_ns, "resumed"))
    receiver.push(replace(NUMBERED, rate_hz=400.0))
    block = receiver.push(packet(0, uptime_us=100_000, away_ns=21 * 10**9))
    assert block is not None
    np.testing.assert_allclose(np.diff(block.time_s), 0.0025, rtol=0.01)


def test_a_sensor_that_is_away_is_tried_at_least_every_ten_seconds() -> None:
    connector, _, error = course([INFO], lambda number: number == 1)
    assert isinstance(error, DeviceLost)
    waits = np.diff(connector.tries_s[1:])
    assert waits[0] < 1.0
    assert waits.max() <= 10.0
    assert len(waits) > 25


def stream(first: int, count: int, away_s: float = 0.0) -> list[Packet]:
    """Frames of a WitMotion at 200 Hz, four a packet."""
    counts = np.zeros((4, 9), np.int16)
    counts[:, 2] = 2048
    return [
        Packet(round((k * 0.02 + away_s) * 1e9), "data", encode_frames(counts))
        for k in range(first, first + count)
    ]


def test_half_a_frame_from_before_spoils_nothing_after_a_return() -> None:
    """On a line each frame ends with a zero: the first after a return is not the half one's end."""

    def framed(first: int) -> Packet:
        sent = packet(first)
        return Packet(sent.arrival_ns, "bytes", encode_message(FrameType.DATA, sent.payload))

    receiver = Receiver(NUMBERED)
    half = framed(400)
    log: list[Record] = [
        *(framed(first) for first in range(0, 400, 10)),
        Packet(half.arrival_ns, "bytes", half.payload[:40]),
        LinkEvent(framed(600).arrival_ns - 1, "resumed"),
        *(framed(first) for first in range(600, 800, 10)),
    ]
    blocks = [block for record in log if (block := receiver.push(record)) is not None]
    assert sum(map(len, blocks)) == 600
    assert receiver.losses.malformed_packets == 0


def test_what_was_measured_while_a_link_was_away_is_counted_as_lost() -> None:
    receiver = Receiver(INFO)
    for record in stream(0, 500):
        receiver.push(record)
    receiver.push(LinkEvent(round(14.9e9), "resumed"))
    after = stream(500, 100, 5.0)
    for record in after[:4]:  # told in the first samples: nobody has to wait
        receiver.push(record)
    assert receiver.losses.lost == pytest.approx(1000, abs=10)
    for record in after[4:]:
        receiver.push(record)
    assert receiver.losses.lost == pytest.approx(1000, abs=10)


def test_the_hosts_clock_is_found_anew_after_a_restart() -> None:
    receiver = Receiver(NUMBERED)
    before = [packet(first, uptime_us=10**9) for first in range(0, 4000, 10)]
    # the last one came late, so that the new clock seems to be behind the old
    before[-1] = Packet(before[-1].arrival_ns + 400_000_000, "data", before[-1].payload)
    away_s = 23
    after = [
        packet(first, uptime_us=400_000, away_ns=away_s * 10**9 + 70_000_000)
        for first in range(0, 1000, 10)
    ]
    blocks = [block for each in before + after if (block := receiver.push(each)) is not None]
    assert receiver.losses.restarts == 1
    assert receiver.host_time is not None
    last_ns = after[-1].arrival_ns
    told_ns = receiver.host_time.host_ns(float(blocks[-1].time_s[-1]) * 1e6)
    assert told_ns == pytest.approx(last_ns, abs=20e6)
