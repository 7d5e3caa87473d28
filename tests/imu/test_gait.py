"""Still, walk, run and the coarse contacts, against a loop over scipy's filter."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import ArrayLike, NDArray

from imu.chain.gait import (
    GAIT_NAMES,
    GaitClassifier,
    GaitParams,
    gait_coefficients,
    gait_sample,
    new_gait_state,
)
from imu.errors import BackstrideError, ParameterError
from tests.imu import oracles
from tests.imu.synthetic import running

Array = NDArray[np.float64]


def events(vertical_g: Array, rate_hz: float) -> list[int]:
    coefficients, state = gait_coefficients(rate_hz, GaitParams()), new_gait_state()
    return [gait_sample(coefficients[0], state[0], value) for value in vertical_g.tolist()]


def bouncing(seed: int, rate_hz: float) -> Array:
    """Stretches of standing, walking-like and running-like bounces of changing frequency."""
    random = np.random.default_rng(seed)
    parts = []
    for _ in range(6):
        time = np.arange(int(random.uniform(0.5, 4.0) * rate_hz)) / rate_hz
        size = random.choice([0.0, 0.01, 0.2, 0.5, 0.9, 1.6])
        frequency = random.uniform(0.8, 6.0)
        bounce = size * np.sin(2 * np.pi * frequency * time)
        parts.append(1.0 + bounce + random.normal(0.0, 0.01, time.size))
    return np.concatenate(parts)


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 2**31 - 1), rate_hz=st.sampled_from([50.0, 128.0, 200.0]))
def test_classes_and_events_equal_the_plain_loop(seed: int, rate_hz: float) -> None:
    vertical_g = bouncing(seed, rate_hz)
    classes, expected = oracles.gait(vertical_g, rate_hz)
    assert GaitClassifier(rate_hz).push(vertical_g).tolist() == classes
    assert events(vertical_g, rate_hz) == expected


@pytest.mark.parametrize("rate_hz", [50.0, 100.0, 200.0, 512.0, 1600.0])
def test_every_step_of_a_run_has_one_contact_at_its_place(rate_hz: float) -> None:
    run = running(rate_hz=rate_hz, steps=20, lean_deg=0.0, tilt_range_deg=0.0)
    vertical_g = run.samples.acceleration_m_s2[:, 2] / 9.80665
    found = np.flatnonzero(np.isin(events(vertical_g, rate_hz), (1, 2)))
    delay = gait_coefficients(rate_hz, GaitParams())["delay_samples"][0]
    times = run.samples.time_s[found - delay]
    # the first contact comes out of standing, without a flight before it
    truth = run.initial_contact_s[-len(times) :]
    assert len(times) >= len(run.initial_contact_s) - 1
    assert np.all(np.abs(times - truth) < 0.06)


def test_standing_is_still_and_walking_is_no_run() -> None:
    time = np.arange(3000) / 100.0
    assert GAIT_NAMES[GaitClassifier(100.0).push(np.ones(300))[-1]] == "still"
    brisk_walk = 1.0 + 0.35 * np.sin(2 * np.pi * 2.1 * time) + 0.1 * np.sin(2 * np.pi * 4.2 * time)
    assert set(GaitClassifier(100.0).push(brisk_walk)) == {GAIT_NAMES.index("walk")}


def test_running_is_believed_after_the_stated_steps_and_forgotten_after_the_longest() -> None:
    run = running(rate_hz=100.0, steps=12, lean_deg=0.0, tilt_range_deg=0.0)
    vertical_g = run.samples.acceleration_m_s2[:, 2] / 9.80665
    gait = GaitClassifier(100.0).push(vertical_g)
    times = run.samples.time_s[gait == GAIT_NAMES.index("run")]
    # five contacts make four steps; the first contact may lack the flight before it
    assert run.initial_contact_s[4] < times[0] < run.initial_contact_s[5] + 0.1
    assert run.initial_contact_s[-1] < times[-1] < run.initial_contact_s[-1] + 0.75


def test_two_contacts_are_never_closer_than_the_shortest_step() -> None:
    time = np.arange(1000) / 100.0
    hopping = 1.0 + 2.5 * np.sin(2 * np.pi * 5.5 * time)
    found = np.flatnonzero(np.isin(events(hopping, 100.0), (1, 2)))
    assert len(found) > 3
    assert np.min(np.diff(found)) >= 22


@pytest.mark.parametrize("rate_hz", [0.0, -100.0, float("nan"), 11.0])
def test_a_rate_too_low_for_the_filter_is_refused(rate_hz: float) -> None:
    with pytest.raises(ParameterError):
        GaitClassifier(rate_hz)


@pytest.mark.parametrize(
    "params",
    [
        # more than the chain's buffers hold
        {"longest_step_s": 5.0},
        {"steps_to_decide": 500},
        {"steps_to_decide": 0},
        {"shortest_step_s": 0.7},
        {"shortest_step_s": -1.0},
        {"longest_step_s": float("nan")},
        {"still_g": -0.1},
        {"cutoff_hz": 0.0},
    ],
)
def test_parameters_outside_their_range_are_refused(params: dict[str, Any]) -> None:
    with pytest.raises(ParameterError):
        GaitParams(**params)


@pytest.mark.parametrize("values", [np.ones((3, 2)), ["a"]])
def test_values_that_are_no_row_of_numbers_are_refused_in_one_sentence(values: ArrayLike) -> None:
    with pytest.raises(BackstrideError):
        GaitClassifier(100.0).push(values)
