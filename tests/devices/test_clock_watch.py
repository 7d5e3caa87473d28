"""A sensor that counts its time, or its samples, otherwise from one message to the next."""

from __future__ import annotations

import struct
from collections.abc import Iterable

import numpy as np
import pytest
from numpy.typing import NDArray

from devices.drivers.backstride import BackstrideDriver
from devices.drivers.driver import Driver
from devices.drivers.movesense import MovesenseDriver
from devices.drivers.polar import PolarDriver
from devices.protocols.backstride import decode_data, encode_data
from devices.protocols.backstride_control import Operation, decode_reply
from devices.protocols.backstride_frames import CONTROL_CHANNEL, DATA_CHANNEL
from devices.protocols.movesense import Code
from devices.receiver import Receiver
from devices.records import LinkEvent, Packet
from devices.simulator.virtual_clock import VirtualClock
from imu.samples import Quality
from tests.devices.sessions import Bench, Course, run, scenario, session, wanted_of
from tests.devices.test_receiver import INFO, packet

CHANGES_S = 20.0
_DATA = BackstrideDriver.characteristics[DATA_CHANNEL]
_CONTROL = BackstrideDriver.characteristics[CONTROL_CHANNEL]


def messages(counts: float, stamps: float, *, until_s: float = 60.0) -> list[Packet]:
    """From a moment on samples come so many times as often, and the clock goes so much faster."""
    log, passed_s = [], 0.0
    for first in range(0, 20_000, 10):
        changed_s = max(0.0, passed_s - CHANGES_S)
        sent = decode_data(packet(first).payload)
        stamp_us = round(1e6 * (passed_s + changed_s * (stamps - 1.0)))
        arrival_ns = round((passed_s + 0.06) * 1e9)
        log.append(Packet(arrival_ns, "data", encode_data(sent._replace(time_us=stamp_us))))
        passed_s += 0.05 / (counts if changed_s else 1.0)
        if passed_s > until_s:
            break
    return log


def marked(log: list[Packet]) -> NDArray[np.bool_]:
    """Of each message, whether its samples are in doubt; alike where all are taken at once."""
    one, many = Receiver(INFO), Receiver(INFO)
    blocks = [block for each in log if (block := one.push(each)) is not None]
    assert len(blocks) == len(log)
    together = many.push_packets(log)
    assert together is not None
    np.testing.assert_array_equal(
        together[0].quality, np.concatenate([block.quality for block in blocks])
    )
    return np.array([(block.quality & Quality.GAP).all() for block in blocks])


@pytest.mark.parametrize("counts", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("stamps", [0.5, 1.0, 2.0])
def test_samples_of_a_clock_that_changed_are_in_doubt(counts: float, stamps: float) -> None:
    log = messages(counts, stamps)
    doubts = marked(log)
    arrival_s = np.array([each.arrival_ns for each in log]) * 1e-9
    assert not doubts[arrival_s < CHANGES_S].any()
    later = doubts[arrival_s > CHANGES_S + 12.0]
    assert later.all() if (counts, stamps) != (1.0, 1.0) else not later.any()


@pytest.mark.parametrize("factor", [0.6, 1.6])
def test_a_clock_and_a_count_that_are_off_alike_are_in_doubt(factor: float) -> None:
    """One against the other tells nothing: the arrivals do, of one that is ahead the sooner."""
    log = messages(factor, factor)
    doubts, since_s = marked(log), np.array([each.arrival_ns * 1e-9 - CHANGES_S for each in log])
    assert not doubts[since_s < 0.0].any()
    assert doubts[since_s > (12.5 if factor < 1.0 else 8.5)].all()


def test_a_clock_that_is_right_after_a_return_is_believed_at_once() -> None:
    receiver = Receiver(INFO)
    wrong, right = messages(1.0, 2.0, until_s=40.0), messages(1.0, 1.0)
    back = [each for each in right if each.arrival_ns > 41e9]
    for each in wrong:
        receiver.push(each)
    receiver.push(LinkEvent(41 * 10**9, "resumed"))
    blocks = [block for each in back[:20] if (block := receiver.push(each)) is not None]
    assert len(blocks) == 20
    assert not any((block.quality & Quality.GAP).any() for block in blocks)


@pytest.mark.parametrize("catching_up", [1.2, 1.5, 3.0, 100.0])
def test_messages_that_waited_raise_no_doubt(catching_up: float) -> None:
    """The link stands for 15 s, and what waited comes so much faster than it was measured."""
    log = messages(1.0, 1.0)
    held = [each.arrival_ns * 1e-9 for each in log]
    first = next(k for k, at_s in enumerate(held) if at_s > CHANGES_S)
    late = [
        max(at_s, CHANGES_S + 15.0 + (at_s - CHANGES_S) / catching_up) if k >= first else at_s
        for k, at_s in enumerate(held)
    ]
    log = [Packet(round(s * 1e9), "data", each.payload) for s, each in zip(late, log, strict=True)]
    assert not marked(log).any()


def changed_session(factor: float, *, for_good: bool) -> Course:
    """A sensor whose clock changes at 10 s, and is right again once it is set up anew, or not."""
    each = scenario("backstride", seconds=30.0)

    async def streaming() -> Course:
        clock = VirtualClock()
        since_us: list[int] = []

        def meddle(channel: str, sent: bytes) -> Iterable[bytes]:
            if channel == _CONTROL and since_us and not for_good:
                healed.append(decode_reply(sent).operation == Operation.START)
            if channel != _DATA or clock.monotonic_ns() < 10e9 or any(healed):
                return [sent]
            data = decode_data(sent)
            since_us.append(data.time_us)
            passed_us = round(factor * (data.time_us - since_us[0]))
            return [encode_data(data._replace(time_us=since_us[0] + passed_us))]

        healed: list[bool] = []
        connector = Bench(clock).sensor(each, meddle=meddle)
        return await session(connector, clock, seconds=30.0, wanted=wanted_of(each))

    return run(streaming())


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_a_sensor_whose_clock_changed_is_set_up_anew_and_people_are_told(factor: float) -> None:
    course = changed_session(factor, for_good=False)
    assert [event.kind for event in course.events] == ["connected", "gap", "ended"]
    told = course.events[1]
    assert "set up anew; steps do not count while that lasts" in told.detail
    assert told.arrival_ns < 17e9
    samples = course.samples
    whole = samples.quality == 0
    assert whole[samples.time_s < 10.0].all()
    assert whole[samples.time_s > 20.0].all()
    assert samples.time_s[-1] == pytest.approx(29.7, abs=1.5)


def test_a_clock_that_stays_wrong_is_told_twice_and_no_more() -> None:
    details = [e.detail for e in changed_session(2.0, for_good=True).events if e.kind == "gap"]
    assert len(details) == 2
    assert details[1].endswith("update its firmware; steps do not count until then")


@pytest.mark.parametrize(
    ("counts_twice", "told"),
    [
        (False, "the times of its samples are off by a factor of 0.5: switch it off and on"),
        (True, "what comes is damaged, or measured at another rate than was set: the sensor is"),
    ],
)
def test_a_changed_clock_of_a_shimmer_is_told_once(told: str, *, counts_twice: bool) -> None:
    """It counts twice as fast while it measures as before, or both go half as fast."""

    async def streaming() -> Course:
        clock = VirtualClock()
        held, first, taken = list[bytes](), list[int](), [False]

        def meddle(_: str, sent: bytes) -> Iterable[bytes]:
            if clock.monotonic_ns() < 10e9 or sent[0]:  # an answer
                return [sent]
            if not counts_twice:
                held.append(sent)
                taken[0] ^= True
                return [held.pop(0)] if taken[0] else []
            packets = bytearray(sent)
            for at in range(1, len(sent), 16):
                ticks = int.from_bytes(sent[at : at + 3], "little")
                first.append(ticks)
                packets[at : at + 3] = ((2 * ticks - first[0]) % (1 << 24)).to_bytes(3, "little")
            return [bytes(packets)]

        each = scenario("shimmer3", seconds=25.0)
        connector = Bench(clock).sensor(each, meddle=meddle)
        return await session(connector, clock, seconds=25.0, wanted=wanted_of(each))

    details = [event.detail for event in run(streaming()).events if event.kind == "gap"]
    assert [each[: len(told)] for each in details] == [told]


@pytest.mark.parametrize(
    ("protocol", "driver", "stamp"),
    [
        ("polar", PolarDriver, struct.Struct("<1xQ")),
        ("movesense", MovesenseDriver, struct.Struct("<2xI")),
    ],
)
def test_a_changed_clock_of_any_maker_is_told_once(
    protocol: str, driver: type[Driver], stamp: struct.Struct
) -> None:
    data = driver.characteristics["data"]
    first: list[int] = []

    async def streaming() -> Course:
        clock = VirtualClock()

        def meddle(channel: str, sent: bytes) -> Iterable[bytes]:
            is_motion = channel == data and (protocol == "polar" or sent[0] == Code.DATA)
            if not is_motion or clock.monotonic_ns() < 10e9:
                return [sent]
            (stamped,) = stamp.unpack_from(sent)
            first.append(stamped)
            at = 1 if protocol == "polar" else 2
            return [sent[:at] + stamp.pack(2 * stamped - first[0])[at:] + sent[stamp.size :]]

        each = scenario(protocol, seconds=35.0)
        connector = Bench(clock).sensor(each, meddle=meddle)
        return await session(connector, clock, seconds=35.0, wanted=wanted_of(each))

    course = run(streaming())
    (told,) = [event.detail for event in course.events if event.kind == "gap"]
    assert told.startswith(
        "the times of its samples are off by a factor of 2: switch it off and on"
    )
