"""Crossings of body weight, what the sensor reads for it, and the side vote."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from imu.step.events import (
    SIDE_STATE,
    body_weight_level,
    cast_side_vote,
    crossing_down_before,
    crossing_up_after,
    lowest_between,
)
from imu.steps import SIDE_CODES
from tests.examples import few

Array = NDArray[np.float64]
values_lists = st.lists(st.integers(-30, 30), min_size=2, max_size=60).map(
    lambda values: np.array(values, np.float64) / 10.0
)


@given(values_lists, st.data())
def test_lowest_is_the_first_least(values: Array, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(values) - 1))
    last = data.draw(st.integers(first, len(values) - 1))
    assert lowest_between(values, first, last) == first + np.argmin(values[first : last + 1])


@given(values_lists, st.integers(-1, 70), st.floats(-2.5, 2.5), st.data())
def test_the_rise_is_the_next_one(
    values: Array, start: int, level: float, data: st.DataObject
) -> None:
    n = data.draw(st.integers(1, len(values)))
    found = crossing_up_after(values, n, max(start, 0), level)
    rises = [i for i in range(1, n) if values[i - 1] < level <= values[i] and i > max(start, 0)]
    if not rises:
        assert found == -1.0
        return
    i = rises[0]
    assert i - 1 <= found <= i
    assert np.interp(found, [i - 1, i], values[i - 1 : i + 1]) == pytest.approx(level, abs=1e-9)


@given(values_lists, st.data(), st.floats(-2.5, 2.5))
def test_the_fall_is_the_last_one_before(values: Array, data: st.DataObject, level: float) -> None:
    last = data.draw(st.integers(0, len(values) - 1))
    found = crossing_down_before(values, last, level)
    falls = [i for i in range(last) if values[i] >= level > values[i + 1]]
    if not falls or values[last] >= level:
        assert found == -1.0
        return
    i = falls[-1]
    assert i <= found <= i + 1
    assert np.interp(found, [i, i + 1], values[i : i + 2]) == pytest.approx(level, abs=1e-9)


def test_body_weight_is_the_mean_of_a_step() -> None:
    values = 0.97 + np.sin(2.0 * np.pi * np.arange(100) / 50.0)
    assert body_weight_level(values, 20.2, 69.8) == pytest.approx(0.97)
    assert math.isnan(body_weight_level(values, 20.0, 20.0))


# ---- side


def vote(signs: list[float]) -> str:
    state = np.zeros(1, SIDE_STATE)
    codes = [cast_side_vote(state[0], k % 2, sign) for k, sign in enumerate(signs)]
    return "".join(SIDE_CODES[code] for code in codes)


@pytest.mark.parametrize("left_first", [True, False])
def test_sides_are_named_once_twenty_steps_agree(left_first: bool) -> None:
    # on the left foot the pelvis rolls more to the right than in the step before: positive
    first = 1.0 if left_first else -1.0
    sides = vote([first * (-1.0) ** k for k in range(30)])
    assert sides[:19] == "ABABABABABABABABABA"
    expected = "LR" if left_first else "RL"
    assert all(sides[k] == expected[k % 2] for k in range(19, 30))


@settings(max_examples=few(15))
@given(st.integers(0, 2**32 - 1))
def test_one_wrong_vote_in_five_is_outvoted(seed: int) -> None:
    random = np.random.default_rng(seed)
    signs = np.array([(-1.0) ** k for k in range(200)])
    signs[random.permutation(200)[:36]] *= -1.0
    sides = vote(signs.tolist())
    assert all(sides[k] == "LR"[k % 2] for k in range(120, 200))


def test_a_split_vote_and_an_unmeasured_axis_name_no_side() -> None:
    assert set(vote([1.0] * 60)) == {"A", "B"}
    assert set(vote([math.nan] * 60)) == {"A", "B"}
    assert vote([math.nan] * 4) == "ABAB"
