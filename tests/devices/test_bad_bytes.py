"""Bytes, clocks and sensors gone wrong: a counted gap, and no sample that was not measured."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable, Iterable
from random import Random

import numpy as np
import pytest

from devices.drivers.registry import PROTOCOLS, driver_named
from devices.protocols.polar import DATA_UUID as POLAR_DATA_UUID
from devices.simulator.faults.plan import Fault
from devices.simulator.link_params import LinkParams
from devices.simulator.virtual_clock import VirtualClock
from devices.timing.program_clock import ProgramClock
from tests.devices.sessions import (
    KINDS,
    Bench,
    Course,
    Restarting,
    assert_timed,
    linked,
    measured,
    places_in,
    run,
    scenario,
    session,
    wanted_of,
)

Meddle = Callable[[str, bytes], Iterable[bytes]]

#: Set-up is over by then, s.
SET_UP_S = 5.0


def meddled(
    protocol: str,
    link: str,
    make: Callable[[ProgramClock], Meddle],
    seed: int = 1,
    params: LinkParams | None = None,
) -> Course:
    """A session in which the sensor's messages are tampered with."""
    each = scenario(protocol, seed=seed, link=link)

    async def meddle() -> Course:
        clock = VirtualClock()
        connector = Bench(clock).sensor(each, params, meddle=make(clock))
        return await session(connector, clock, seconds=16.0, wanted=wanted_of(each))

    return run(meddle())


def from_then_on(clock: ProgramClock, meddle: Meddle, at_s: float = SET_UP_S) -> Meddle:
    """The fault begins after the set-up."""

    def later(channel: str, payload: bytes) -> Iterable[bytes]:
        return meddle(channel, payload) if clock.monotonic_ns() >= at_s * 1e9 else [payload]

    return later


def sometimes(
    fault: Callable[[Random, bytes], Iterable[bytes]], percent: float = 4.0, seed: int = 3
) -> Callable[[ProgramClock], Meddle]:
    """The fault comes by chance."""

    def make(clock: ProgramClock) -> Meddle:
        random = Random(seed)

        def meddle(_channel: str, payload: bytes) -> Iterable[bytes]:
            if random.random() * 100 < percent:
                return fault(random, payload)
            return [payload]

        return from_then_on(clock, meddle)

    return make


# bytes that are wrong


@pytest.mark.parametrize(("protocol", "kind"), KINDS)
def test_garbage_between_messages_costs_little_and_is_counted(protocol: str, kind: str) -> None:
    course = meddled(
        protocol,
        kind,
        sometimes(lambda random, sent: (random.randbytes(random.randint(1, 40)), sent)),
    )
    each = scenario(protocol, link=kind)
    place = places_in(measured(each), course.samples, protocol)
    assert len(place) > 0.8 * (place[-1] - place[0])
    # what Movesense sends on other subscriptions is passed over
    assert course.malformed > 0 or (protocol == "movesense" and np.all(np.diff(place) == 1))


@pytest.mark.parametrize(("protocol", "kind"), KINDS)
def test_a_packet_cut_in_half_is_dropped_and_counted(protocol: str, kind: str) -> None:
    course = meddled(protocol, kind, sometimes(lambda _, sent: (sent[: len(sent) // 2 - 1],), 8.0))
    each = scenario(protocol, link=kind)
    assert course.malformed > 0
    place = places_in(measured(each), course.samples, protocol)
    missing = int(np.sum(np.diff(place) - 1))
    assert missing > 0
    if (protocol, kind) == ("witmotion", "serial"):
        # nothing tells how many frames a stretch of bytes was, and no sample has number or time
        assert course.lost == pytest.approx(missing, rel=0.2)
        assert_timed(course.samples, place, each.rate, 0.25)
    else:
        assert course.lost == pytest.approx(missing, abs=1)
        assert_timed(course.samples, place, each.rate, 4e-3)


@pytest.mark.parametrize(
    ("room", "share", "fewest"), [(20, 0.5, 100), (20, 0.9, 100), (160, 0.45, 100), (160, 0.9, 20)]
)
def test_two_halves_in_a_row_never_make_a_sample(room: int, share: float, fewest: int) -> None:
    """A notification is one frame of a WitMotion, or eight: of these the whole ones are used."""
    course = meddled(
        "witmotion",
        "ble",
        sometimes(lambda _, sent: (sent[: round(len(sent) * share)],), 30.0),
        params=LinkParams(notification_bytes_max=room),
    )
    place = places_in(measured(scenario("witmotion")), course.samples, "witmotion")
    missing = int(np.sum(np.diff(place) - 1))
    assert missing > fewest
    assert course.lost == pytest.approx(missing, abs=1)
    assert_timed(course.samples, place, 100.0, 0.02)


@pytest.mark.parametrize("protocol", ["backstride", "witmotion"])
def test_a_wrong_checksum_is_dropped_and_counted(protocol: str) -> None:
    def flip(random: Random, sent: bytes) -> Iterable[bytes]:
        at = random.randrange(len(sent))
        return (sent[:at] + bytes((sent[at] ^ 1 << random.randrange(8),)) + sent[at + 1 :],)

    course = meddled(protocol, "serial", sometimes(flip, 8.0))
    assert course.malformed > 0
    each = scenario(protocol, link="serial")
    place = places_in(measured(each), course.samples, protocol)
    missing = int(np.sum(np.diff(place) - 1))
    assert missing > 0
    assert course.lost == pytest.approx(missing, abs=1)
    assert_timed(course.samples, place, each.rate, 4e-3)


@pytest.mark.parametrize("rate", [208.0, 416.0, 833.0])
def test_parts_of_messages_that_change_places_make_no_wrong_sample(rate: float) -> None:
    # not before the rate is agreed: a link that is so bad from the start is given a lower one
    late = Fault("reorder", onset_s=SET_UP_S, size=5.0)
    course = linked("movesense", LinkParams(), rate=rate, faults=(late,))
    each = scenario("movesense", rate=rate)
    assert course.info.rate_hz == rate
    place = places_in(measured(each), course.samples, "movesense")
    assert course.malformed > 10
    assert course.lost == np.sum(np.diff(place) - 1)
    assert len(place) > 0.5 * (place[-1] - place[0])
    assert_timed(course.samples, place, rate, 3e-3)


@pytest.mark.parametrize("fault", ["twice", "late"])
@pytest.mark.parametrize(
    ("protocol", "rate"), [("backstride", 200.0), ("movesense", 104.0), ("polar", 52.0)]
)
def test_what_comes_twice_or_late_is_used_once_and_counted(
    protocol: str, rate: float, fault: str
) -> None:
    each = scenario(protocol, rate=rate)
    twice = fault == "twice"
    faulty = (Fault("duplicate" if twice else "reorder", size=12.0),)
    course = linked(protocol, LinkParams(), rate=rate, faults=faulty)
    place = places_in(measured(each), course.samples, protocol)
    losses = course.receiver.losses
    missing = int(np.sum(np.diff(place) - 1))
    if twice:
        assert missing == 0
        assert losses.duplicated > 0
    else:
        assert losses.reordered == missing
        assert missing > 0 or protocol == "polar"  # neighbours are of different measurements
    assert_timed(course.samples, place, rate, 3e-3)


# clocks


def jump(protocol: str, us: int) -> Meddle:
    """Stamps from now on are off by this."""

    def backstride(channel: str, sent: bytes) -> Iterable[bytes]:
        if channel != driver_named("backstride").characteristics["data"]:
            return [sent]
        (stamp_us,) = struct.unpack_from("<I", sent, 4)
        return [sent[:4] + struct.pack("<I", (stamp_us + us) % 2**32) + sent[8:]]

    def movesense(_channel: str, sent: bytes) -> Iterable[bytes]:
        if sent[:1] != b"\x02":
            return [sent]
        (stamp_ms,) = struct.unpack_from("<I", sent, 2)
        return [sent[:2] + struct.pack("<I", (stamp_ms + us // 1000) % 2**32) + sent[6:]]

    def polar(channel: str, sent: bytes) -> Iterable[bytes]:
        if channel != POLAR_DATA_UUID:
            return [sent]
        (stamp_ns,) = struct.unpack_from("<Q", sent, 1)
        return [sent[:1] + struct.pack("<Q", (stamp_ns + us * 1000) % 2**64) + sent[9:]]

    return {"backstride": backstride, "movesense": movesense, "polar": polar}[protocol]


@pytest.mark.parametrize("jump_s", [3.0, 30.0, -3.0, 600.0])
@pytest.mark.parametrize("protocol", ["backstride", "movesense", "polar"])
def test_a_clock_that_jumps_is_a_counted_gap(protocol: str, jump_s: float) -> None:
    course = meddled(
        protocol, "ble", lambda clock: from_then_on(clock, jump(protocol, round(jump_s * 1e6)), 8.0)
    )
    each = scenario(protocol)
    samples = course.samples
    place = places_in(measured(each), samples, protocol)
    losses = course.receiver.losses
    assert losses.restarts == 1 or losses.lost > 0
    steps = np.diff(samples.time_s)
    assert np.all(steps > 0)
    assert np.sum(steps > 1.6 / each.rate) == 1
    # time goes on by the computer's clock, unless it looks like a loss
    assert np.ptp(samples.time_s - place / each.rate) < (0.5 if losses.restarts else 3.1)


@pytest.mark.parametrize("keeps_link", [False, True])
@pytest.mark.parametrize(("protocol", "kind"), [k for k in KINDS if k[0] != "witmotion"])
def test_a_sensor_that_restarts_goes_on_after_a_gap(
    protocol: str, kind: str, keeps_link: bool
) -> None:
    first, second = (scenario(protocol, link=kind, seed=seed, seconds=20.0) for seed in (1, 2))

    async def brown_out() -> Course:
        clock = VirtualClock()
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        sensor = Restarting(first, second, clock, 12.0, keeps_link=keeps_link or kind == "serial")
        connector = Bench(clock).connector(first, sensor)
        return await session(connector, clock, seconds=24.0, wanted=wanted_of(first))

    course = run(brown_out())
    assert course.error is None
    samples = course.samples
    place = places_in(measured(first, second), samples, protocol)
    (gap,) = np.flatnonzero(np.diff(place) > 1)
    assert place[gap] < len(measured(first)) <= place[gap + 1]
    assert np.all(np.diff(samples.time_s) > 0)
    assert samples.time_s[gap + 1] - samples.time_s[gap] > 1.5 / first.rate
    assert course.receiver.losses.restarts == 1
    assert len(place) - gap > 2 * first.rate


@pytest.mark.parametrize("jump_s", [-0.05, -0.3, -0.8, -1.5])
def test_a_clock_that_goes_back_a_little_is_a_restart(jump_s: float) -> None:
    course = meddled(
        "movesense",
        "ble",
        lambda clock: from_then_on(clock, jump("movesense", round(jump_s * 1e6))),
    )
    samples, losses = course.samples, course.receiver.losses
    place = places_in(measured(scenario("movesense")), samples, "movesense")
    assert losses.restarts == 1
    assert losses.duplicated <= 16
    assert np.sum(np.diff(samples.time_s) > 1.6 / 208) == 1
    assert_timed(samples, place, 208.0, 0.12)  # and the least hole of a restart


@pytest.mark.parametrize("at_s", [7.0, 9.0])
@pytest.mark.parametrize("protocol", ["movesense", "polar"])
def test_a_new_clock_that_lands_near_the_old_one_is_a_restart(protocol: str, at_s: float) -> None:
    first, second = (scenario(protocol, seed=seed, seconds=20.0) for seed in (1, 2))

    async def brown_out() -> Course:
        clock = VirtualClock()
        connector = Bench(clock).connector(
            first, Restarting(first, second, clock, at_s, keeps_link=True)
        )
        return await session(connector, clock, seconds=24.0, wanted=wanted_of(first))

    course = run(brown_out())
    samples, losses = course.samples, course.receiver.losses
    place = places_in(measured(first, second), samples, protocol)
    (gap,) = np.flatnonzero(np.diff(place) > 1)
    away_s = (place[gap + 1] - len(measured(first))) / first.rate + at_s - place[gap] / first.rate
    assert losses.restarts == 1
    assert losses.duplicated == losses.lost == 0
    assert samples.time_s[gap + 1] - samples.time_s[gap] == pytest.approx(away_s, abs=0.6)


@pytest.mark.parametrize("kind", ["ble", "serial"])
def test_a_sensor_that_lost_its_settings_is_set_up_again(kind: str) -> None:
    first, second = (scenario("witmotion", link=kind, seed=s, seconds=30.0) for s in (1, 2))

    async def dip() -> Course:
        clock = VirtualClock()
        connector = Bench(clock).connector(
            first, Restarting(first, second, clock, 12.0, keeps_link=True)
        )
        return await session(connector, clock, seconds=30.0, wanted=wanted_of(first))

    course = run(dip())
    assert course.kinds == ["connected", "ended"]
    samples, begin = course.samples, len(measured(first))
    place = places_in(measured(first, second), samples, "witmotion")
    steps = np.diff(place)
    (whole,) = np.flatnonzero((steps[:-1] != 1) & (steps[1:] == 1) & (place[1:-1] > begin)) + 1
    # at 10 Hz no longer than it takes to notice, by radio in messages of eight frames
    assert place[whole] - begin < (7.8 if kind == "ble" else 7.0) * 100
    assert len(place) - whole > 10.0 * 100
    true_s = np.where(place < begin, place / 100.0, (place - begin) / 100.0 + 12.0)
    settled = np.r_[: np.searchsorted(place, begin), whole : len(place)]
    assert np.ptp((samples.time_s - true_s)[settled]) < 0.05


def test_every_protocol_is_put_to_these_tests() -> None:
    assert set(KINDS) == {(name, kind) for name in PROTOCOLS for kind in driver_named(name).links}


@pytest.mark.parametrize("jump_s", [-0.3, -0.8, -1.5])
def test_streams_of_two_clocks_are_never_paired(jump_s: float) -> None:
    """Polar sends acceleration and angular velocity apart: each sample was measured as it is."""
    course = meddled(
        "polar", "ble", lambda clock: from_then_on(clock, jump("polar", round(jump_s * 1e6)), 8.0)
    )
    places_in(measured(scenario("polar")), course.samples, "polar")
    assert np.all(np.diff(course.samples.time_s) > 0)
    losses = course.receiver.losses
    assert losses.restarts >= 1 or losses.lost > 0
