"""Contact and toe-off: crossings, the physics that places them, and the side vote."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from imu.step.events import (
    SIDE_STATE,
    body_weight_level,
    cast_side_vote,
    contact_from_rise,
    crossing_down_before,
    crossing_up_after,
    lowest_between,
    stance_force,
    toe_off_from_fall,
)
from imu.steps import SIDE_CODES

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


@given(
    level=st.floats(-0.4, 0.5),
    start=st.floats(6.0, 20.0),
    duration=st.floats(8.0, 40.0),
    height=st.floats(1.6, 4.0),
)
def test_a_cosine_rise_is_followed_back_to_a_tenth_of_body_weight(
    level: float, start: float, duration: float, height: float
) -> None:
    phase = np.clip((np.arange(80.0) - start) / duration, 0.0, 1.0)
    values = level + height * (1.0 - np.cos(np.pi * phase)) / 2.0
    values -= 1e-6 * np.maximum(np.arange(80.0) - start - duration, 0.0)  # a crest, no plateau
    found = contact_from_rise(values, 80, 3, level, 1.0)
    truth = start + duration * np.arccos(1.0 - 0.2 / height) / np.pi
    # linear interpolation between samples bends the curve a little
    assert found == pytest.approx(truth, abs=0.6)


@pytest.mark.parametrize("level", [0.8, 1.0, 2.0, math.nan])
def test_a_flight_that_is_none_has_no_contact(level: float) -> None:
    values = np.linspace(0.0, 3.0, 20)
    assert contact_from_rise(values, 20, 0, level, 1.0) == -1.0


def test_a_force_that_does_not_rise_has_no_contact() -> None:
    assert contact_from_rise(np.full(20, 0.2), 20, 3, 0.2, 1.0) == -1.0
    # nor one that rises only beyond the filled part
    assert contact_from_rise(np.array([0.0] * 10 + [2.0]), 10, 3, 0.0, 1.0) == -1.0


def test_body_weight_is_the_mean_of_a_step() -> None:
    values = 0.97 + np.sin(2.0 * np.pi * np.arange(100) / 50.0)
    assert body_weight_level(values, 20.2, 69.8) == pytest.approx(0.97)
    assert math.isnan(body_weight_level(values, 20.0, 20.0))


@given(until_fall=st.floats(0.1, 0.8), step=st.floats(30.0, 900.0), contact=st.floats(0.0, 100.0))
def test_toe_off_follows_the_fall_within_the_step(
    until_fall: float, step: float, contact: float
) -> None:
    fall, next_contact = contact + until_fall * step, contact + step
    toe_off = toe_off_from_fall(fall, contact, step, next_contact)
    assert fall < toe_off <= next_contact
    # between half of the fixed share and it with a quarter of the stance
    assert toe_off == next_contact or 0.07 < (toe_off - fall) / step < 0.35


def test_toe_off_does_not_depend_on_the_rate() -> None:
    slow = toe_off_from_fall(30.0, 5.0, 40.0, 45.0)
    assert toe_off_from_fall(240.0, 40.0, 320.0, 360.0) == pytest.approx(8.0 * slow)


@given(
    values=st.lists(st.floats(-1.0, 4.0), min_size=80, max_size=80),
    contact=st.floats(5.0, 20.0),
    span=st.floats(20.0, 50.0),
    weight=st.floats(0.8, 1.2),
)
def test_the_force_has_the_impulse_of_the_step(
    values: list[float], contact: float, span: float, weight: float
) -> None:
    force, step = np.full(80, 99.0), 70.0
    measured = np.array(values)
    inside = (np.arange(80) > contact) & (np.arange(80) < contact + span)
    assume(np.maximum(measured - weight + 1.0, 0.0)[inside].sum() > 1.0)
    peak = stance_force(measured, weight, contact, contact + span, step, 2, 75, force)
    assert np.all(force[2:75][~inside[2:75]] == 0.0)
    assert np.all(force[[0, 1, 75, 79]] == 99.0)
    assert peak == force[2:75].max()
    assert force[2:75].sum() == pytest.approx(step, rel=0.02)


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
