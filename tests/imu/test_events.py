"""Contact and toe-off: crossings, the physics that places them, and the side vote."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import brentq

from imu.events import (
    SIDE_STATE,
    cast_side_vote,
    contact_from_rise,
    contact_time_from_fall,
    crossing_down_before,
    crossing_up_after,
    lowest_between,
    peak_force,
)
from imu.steps import SIDE_CODES
from tests.imu.synthetic import sine_power_peak

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


@given(level=st.floats(-0.5, 0.7), start=st.floats(3.0, 12.0), slope=st.floats(0.05, 0.8))
def test_a_straight_rise_is_followed_down_to_a_tenth_of_body_weight(
    level: float, start: float, slope: float
) -> None:
    values = np.maximum(level, level + slope * (np.arange(60.0) - start))
    found = contact_from_rise(values, 60, 2, level)
    # sampling bends the rise by less than a sample where it leaves the flight level
    assert found == pytest.approx(max(start + 0.1 / slope, 2.0), abs=0.5)


@pytest.mark.parametrize("level", [0.8, 1.0, 2.0, math.nan])
def test_a_flight_that_is_none_has_no_contact(level: float) -> None:
    values = np.linspace(0.0, 3.0, 20)
    assert contact_from_rise(values, 20, 0, level) == -1.0


def test_a_force_that_does_not_rise_has_no_contact() -> None:
    assert contact_from_rise(np.full(20, 0.2), 20, 3, 0.2) == -1.0
    # nor one that rises only beyond the filled part
    assert contact_from_rise(np.array([0.0] * 10 + [2.0]), 10, 3, 0.0) == -1.0


@settings(deadline=None, max_examples=60)
@given(duty=st.floats(0.3, 0.95), step_s=st.floats(0.23, 0.6))
def test_a_known_stance_is_recovered_from_its_fall_through_body_weight(
    duty: float, step_s: float
) -> None:
    """Build a half sine with the impulse of a step, find where it falls through 1, invert."""
    contact_s = duty * step_s
    peak = sine_power_peak(contact_s, step_s, 1.0)
    fall_s = contact_s * float(
        brentq(lambda x: peak * math.sin(math.pi * x) - 1.0, 0.5, 1.0, xtol=1e-12)
    )
    assert peak_force(contact_s, step_s) == pytest.approx(peak, rel=1e-9)
    assert contact_time_from_fall(fall_s, step_s) == pytest.approx(contact_s, abs=5e-4)


@given(fall=st.floats(0.01, 1.0), step_s=st.floats(0.05, 1.3))
def test_any_measured_fall_gives_a_stance_within_the_step(fall: float, step_s: float) -> None:
    contact_s = contact_time_from_fall(fall * step_s, step_s)
    assert fall * step_s <= contact_s <= step_s


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


@settings(max_examples=30)
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
