"""Ten sensors of all protocols at once, in one event loop, give what each of them measured."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from devices.simulator.faults.plan import Fault
from devices.simulator.link_params import LinkParams
from devices.simulator.scenario import Scenario
from devices.simulator.virtual_clock import VirtualClock
from tests.devices.sessions import (
    Bench,
    Course,
    assert_timed,
    measured,
    places_in,
    run,
    scenario,
    session,
    wanted_of,
)

SECONDS = 14.0
#: How far a sample may be from where it was measured, s: stamps of a protocol, or none at all.
TIME_STEPS_S = {
    "backstride": 2e-5,
    "movesense": 3e-3,
    "polar": 2e-4,
    "witmotion": 0.05,
    "shimmer3": 1e-4,
}


def ten_sensors() -> list[Scenario]:
    """Seven over one radio, three on cables, each with its own runner."""
    return [
        scenario("backstride", seed=1, seconds=SECONDS),
        scenario(
            "backstride",
            seed=2,
            seconds=SECONDS,
            rate=1000.0,
            faults=(Fault("clock_ppm", size=40.0),),
        ),
        scenario("movesense", seed=3, seconds=SECONDS),
        scenario(
            "movesense",
            seed=4,
            seconds=SECONDS,
            rate=104.0,
            faults=(Fault("clock_ppm", size=-30.0),),
        ),
        scenario("polar", seed=5, seconds=SECONDS),
        scenario("polar", seed=6, seconds=SECONDS, rate=208.0),
        scenario("witmotion", seed=7, seconds=SECONDS, rate=200.0),
        scenario("witmotion", seed=8, seconds=SECONDS, link="serial"),
        scenario("shimmer3", seed=9, seconds=SECONDS),
        scenario("backstride", seed=10, seconds=SECONDS, link="serial"),
    ]


def courses(scenarios: list[Scenario], params: dict[int, LinkParams]) -> list[Course]:
    """All of them at once; which ones are in trouble, by their place in the list."""

    async def together() -> list[Course]:
        clock = VirtualClock()
        bench = Bench(clock)
        return await asyncio.gather(
            *(
                session(
                    bench.sensor(each, params.get(k)),
                    clock,
                    seconds=SECONDS + 1.0,
                    wanted=wanted_of(each),
                )
                for k, each in enumerate(scenarios)
            )
        )

    return run(together())


@pytest.fixture(scope="module")
def all_well() -> list[Course]:
    return courses(ten_sensors(), {})


@pytest.mark.parametrize("k", range(10), ids=[f"{s.protocol}-{s.seed}" for s in ten_sensors()])
def test_each_of_ten_streams_is_complete_and_correct(all_well: list[Course], k: int) -> None:
    each, course = ten_sensors()[k], all_well[k]
    assert course.error is None
    assert course.kinds == ["connected", "ended"]
    assert course.info.protocol == each.protocol
    assert (course.lost, course.malformed) == (0, 0)
    samples = course.samples
    place = places_in(measured(each), samples, each.protocol)
    assert np.all(np.diff(place) == 1)
    # without what was measured before it was set up, and the last, unfinished packet
    assert len(samples) >= (SECONDS - 5.0) * each.rate
    assert_timed(samples, place, each.rate, TIME_STEPS_S[each.protocol])


def test_what_happens_to_three_of_them_is_nothing_to_the_others(all_well: list[Course]) -> None:
    trouble = {
        0: LinkParams(blackouts_s=((5.0, 8.0),), supervision_timeout_s=0.5),
        3: LinkParams(silences_s=((6.0, 9.5),)),
        5: LinkParams(absent_after_s=7.0),
    }
    scenarios = ten_sensors()
    got = courses(scenarios, trouble)
    for k, course in enumerate(got):
        if k not in trouble:
            assert course.kinds == ["connected", "ended"]
            assert (course.lost, course.malformed) == (0, 0)
            assert len(course.samples) == pytest.approx(len(all_well[k].samples), abs=64)
        else:
            assert "lost" in course.kinds
        places_in(measured(scenarios[k]), course.samples, scenarios[k].protocol)
    assert got[0].kinds == ["connected", "lost", "resumed", "ended"]
    assert got[3].kinds == ["connected", "lost", "resumed", "ended"]
    assert "resumed" not in got[5].kinds
