"""Rows that are missing where no time shows it are found by the step that they were of."""

from __future__ import annotations

import numpy as np
import pytest

from devices.simulator.generate import simulate
from devices.simulator.scenario import Scenario
from imu.chain.loop import CHAIN_COEFFICIENTS, CHAIN_STATE
from imu.samples import Quality
from imu.step.lost_time import lost_time_s
from imu.whole_recording import analyze


def lost_s(
    since_s: float,
    *,
    steps: int = 40,
    uneven_s: float = 0.004,
    longer_s: float = 0.0,
    rate_hz: float = 200.0,
) -> float:
    """After steps of 0.34 and 0.36 s in turn, the last of 0.36 s, that differ by so much."""
    state = np.zeros(1, CHAIN_STATE)[0]
    wobble = uneven_s * np.array([0.0, 0.4, -1.0, 1.0, -0.6, 0.8, -0.2])
    for number in range(steps):
        state["step_times"][number] = 0.34 + 0.02 * (number % 2) + wobble[number % 7]
    state["step_times"][steps - 1] += longer_s
    state["step_time_count"] = steps
    coefficients = np.zeros(1, CHAIN_COEFFICIENTS)[0]
    coefficients["interval_s"] = 1.0 / rate_hz
    return float(lost_time_s(coefficients, state, since_s, np.empty(40)))


@pytest.mark.parametrize("missing_s", [0.03, 0.1, 0.16])
def test_a_step_that_is_too_short_lacks_as_much(missing_s: float) -> None:
    assert lost_s(0.34 - missing_s) == pytest.approx(missing_s, abs=0.004)


@pytest.mark.parametrize("missing_s", [0.05, 0.1, 0.16])
def test_steps_that_were_none_lack_what_is_missing_of_whole_ones(missing_s: float) -> None:
    assert lost_s(0.7 - missing_s) == pytest.approx(missing_s, abs=0.004)


def test_a_step_that_nobody_makes_so_long_lacks_the_rest_of_two() -> None:
    assert lost_s(0.5) == pytest.approx(0.19, abs=0.012)


@pytest.mark.parametrize("since_s", [0.33, 0.36, 0.40, 0.69, 0.72, 5.0])
def test_even_steps_long_ones_and_pauses_lack_nothing(since_s: float) -> None:
    assert lost_s(since_s) == 0.0


def test_what_is_usual_of_uneven_ground_is_no_hole() -> None:
    assert lost_s(0.28) > 0.0
    assert lost_s(0.28, uneven_s=0.02) == 0.0


def test_few_steps_say_nothing() -> None:
    assert lost_s(0.2, steps=9) == 0.0


def test_a_step_that_follows_one_that_ended_late_lacks_nothing() -> None:
    assert lost_s(0.30) > 0.03
    assert lost_s(0.30, longer_s=0.04) == 0.0


def test_a_step_of_few_samples_lacks_none_of_them() -> None:
    assert lost_s(0.31) > 0.0
    assert lost_s(0.31, rate_hz=25.0) == 0.0
    samples, _ = simulate(Scenario.from_query("speed=3.2&minutes=0.2&seed=17&rate=100"))
    flagged = analyze(samples[::4]).quality_bits & int(Quality.GAP | Quality.TILT)
    assert not flagged.any()
