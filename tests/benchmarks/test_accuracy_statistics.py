"""Figures over people: what they are on errors made up, and how wide their intervals are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from benchmarks.accuracy.statistics import (
    BIAS,
    DIFFERENCE_OF_SIDES,
    RESPONSE,
    RMSE,
    TrialPairs,
    of_runners,
    runner_biases,
)
from benchmarks.accuracy.tables import LEFT_OUT, row_of_pairs, score_of_pairs

Array = NDArray[np.float64]
SPEEDS = (2.5, 3.5, 4.5)
FEET: Array = np.tile([0.0, 1.0], 20)


def people(
    count: int, seed: int, *, own_sd: float = 10.0, step_sd: float = 3.0, response: float = 1.0
) -> list[TrialPairs]:
    """Runners with errors of their own, whose true value falls by 35 a m/s."""
    random = np.random.default_rng(seed)
    pairs = []
    for runner in range(count):
        own = random.normal(0.0, own_sd)
        for speed in SPEEDS:
            true = 330.0 - 35.0 * speed + random.normal(0.0, 4.0, 40)
            told = 220.0 + own + response * (true - 220.0) + random.normal(0.0, step_sd, 40)
            pairs.append(TrialPairs(f"r{runner:02d}", told, true, FEET))
    return pairs


@given(st.integers(0, 1000))
def test_pooled_figures_are_those_of_all_steps(seed: int) -> None:
    pairs = people(6, seed)
    errors = np.concatenate([pair.errors for pair in pairs])
    assert of_runners(RMSE, pairs).value == pytest.approx(np.sqrt(np.mean(errors**2)))
    assert of_runners(BIAS, pairs).value == pytest.approx(errors.mean())
    told = of_runners(RMSE, pairs)
    assert told.low <= told.value <= told.high
    # the order of people and trials does not matter
    assert of_runners(RMSE, pairs[::-1]).high == pytest.approx(told.high)


def test_an_interval_over_people_is_as_wide_as_people_differ_not_as_steps_do() -> None:
    few, many = (of_runners(BIAS, people(n, 3, own_sd=10.0)) for n in (9, 144))
    assert few.high - few.low == pytest.approx(2 * 1.96 * 10.0 / 3.0, rel=0.45)
    assert many.high - many.low == pytest.approx(2 * 1.96 * 10.0 / 12.0, rel=0.2)
    alike = of_runners(BIAS, people(9, 3, own_sd=0.0))
    assert alike.high - alike.low < 1.0


def test_the_interval_of_a_bias_holds_the_true_one_as_often_as_it_says() -> None:
    held = [
        low <= 0.0 <= high
        for found in (of_runners(BIAS, people(18, seed)) for seed in range(200))
        for low, high in [(found.low, found.high)]
    ]
    # percentiles of 18 people are a little narrow
    assert 0.88 <= np.mean(held) <= 0.98


@given(st.floats(-0.5, 1.5), st.integers(0, 100))
def test_the_response_is_the_share_of_a_true_change_that_is_told(share: float, seed: int) -> None:
    found = of_runners(RESPONSE, people(18, seed, response=share, step_sd=0.0))
    assert found.value == pytest.approx(share, abs=0.03)


def test_errors_of_each_runners_own_do_not_change_the_response() -> None:
    assert of_runners(RESPONSE, people(18, 5, own_sd=50.0)).value == pytest.approx(1.0, abs=0.05)


def test_one_trial_a_runner_has_no_response() -> None:
    assert np.isnan(of_runners(RESPONSE, people(5, 1)[::3]).value)


def test_left_less_right_is_told_by_its_correlation() -> None:
    random = np.random.default_rng(2)
    agreeing, blind = [], []
    for runner in range(18):
        apart = random.normal(0.0, 8.0)
        true = 220.0 + apart * FEET + random.normal(0.0, 3.0, 40)
        agreeing.append(TrialPairs(str(runner), true + random.normal(0.0, 2.0, 40), true, FEET))
        blind.append(TrialPairs(str(runner), random.normal(220.0, 3.0, 40), true, FEET))
    assert of_runners(DIFFERENCE_OF_SIDES, agreeing).value > 0.97
    assert abs(of_runners(DIFFERENCE_OF_SIDES, blind).value) < 0.6
    unknown = [TrialPairs(p.runner, p.told, p.true, np.full(40, np.nan)) for p in agreeing]
    assert np.isnan(of_runners(DIFFERENCE_OF_SIDES, unknown).value)


def test_steps_that_are_not_known_are_left_out() -> None:
    told = np.array([1.0, np.nan, 3.0])
    pair = TrialPairs("a", told, np.array([0.0, 0.0, np.nan]))
    assert pair.errors.tolist() == [1.0]
    assert runner_biases([pair, TrialPairs("b", told[1:2], told[:1])])["a"] == 1.0


def test_two_people_have_a_figure_and_no_interval() -> None:
    found = of_runners(RMSE, people(2, 1))
    assert np.isfinite(found.value)
    assert np.isnan(found.low)
    assert np.isnan(of_runners(RMSE, []).value)


def test_a_row_of_pairs_says_who_and_whether_the_goal_is_reached() -> None:
    pairs = people(5, 1)
    near, far = (
        row_of_pairs("contact time", "ours", "ms", pairs, most=most, people=LEFT_OUT)
        for most in (100.0, 0.1)
    )
    assert (near.runners, near.n, near.people) == (5, 600, LEFT_OUT)
    assert (near.goal_met, far.goal_met) == (True, False)
    assert near.rmse_95.low < near.rmse < near.rmse_95.high
    assert row_of_pairs("contact time", "none", "ms", [], most=1.0).goal_met is None
    score = score_of_pairs(RESPONSE, "response", "ours", "", pairs, within=(0.85, 1.15), goal="1")
    assert score.goal_met
