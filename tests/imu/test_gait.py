"""Still, walk, grounded run, run and contacts, against a loop over Fourier sums of numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.transform import Rotation

from imu.analyzer import StepAnalyzer
from imu.chain.gait import (
    GAIT_NAMES,
    RUN_WEIGHTS,
    GaitClassifier,
    GaitParams,
    gait_coefficients,
    gait_sample,
    new_gait_state,
)
from imu.errors import BackstrideError, ParameterError
from imu.samples import STANDARD_GRAVITY_M_S2, Samples
from imu.whole_recording import analyze
from tests.examples import few
from tests.imu import oracles
from tests.imu.synthetic import running

Array = NDArray[np.float64]


def events(force_g: Array, rate_hz: float) -> list[int]:
    coefficients, state = gait_coefficients(rate_hz, GaitParams()), new_gait_state()
    return [gait_sample(coefficients[0], state[0], *row) for row in force_g.tolist()]


def swinging(
    steps_per_minute: float,
    swing_g: float,
    *,
    duration_s: float = 20.0,
    standing_s: float = 2.0,
    forward_g: float = 0.2,
    sideways_g: float = 0.1,
    seed: int = 0,
    rate_hz: float = 100.0,
) -> Array:
    """Stand, then swing at one frequency, a little unevenly, with no second harmonic."""
    random = np.random.default_rng(seed)
    time = np.arange(int((standing_s + duration_s) * rate_hz)) / rate_hz
    wander = 0.02 * np.cumsum(random.normal(0.0, 1.0, time.size)) / np.sqrt(rate_hz)
    phase = 2 * np.pi * steps_per_minute / 60 * time + wander
    moves = time >= standing_s
    force = np.array([0.0, 0.0, 1.0]) + random.normal(0.0, 0.005, (time.size, 3))
    force[:, 0] += forward_g * np.cos(phase - np.pi / 2) * moves
    force[:, 1] += sideways_g * np.cos(phase / 2) * moves
    force[:, 2] += swing_g * np.cos(phase) * moves
    return force


def shaken(seed: int, rate_hz: float = 100.0) -> Array:
    """A saddle on a rough road: what shakes has no one frequency."""
    random = np.random.default_rng(seed)
    time = np.arange(int(60 * rate_hz)) / rate_hz
    force = np.tile([0.0, 0.0, 1.0], (time.size, 1))
    for _ in range(40):
        frequency, phase = random.uniform(0.5, 12.0), random.uniform(0.0, 2 * np.pi)
        wave = np.cos(2 * np.pi * frequency * time + phase)
        force += random.normal(0.0, [0.03, 0.03, 0.12]) * wave[:, None]
    return force


def named(force_g: Array, rate_hz: float = 100.0) -> set[str]:
    return {GAIT_NAMES[code] for code in GaitClassifier(rate_hz).push(force_g)}


@settings(deadline=None, max_examples=few(12))
@given(seed=st.integers(0, 2**31 - 1), rate_hz=st.sampled_from([50.0, 128.0, 200.0]))
def test_classes_and_events_equal_the_plain_loop(seed: int, rate_hz: float) -> None:
    random = np.random.default_rng(seed)
    force_g = np.concatenate(
        [
            swinging(
                random.uniform(90.0, 300.0),
                random.choice([0.0, 0.2, 0.4, 0.7, 1.5]),
                duration_s=random.uniform(2.0, 8.0),
                standing_s=random.uniform(0.0, 2.0),
                seed=seed + k,
                rate_hz=rate_hz,
            )
            for k in range(4)
        ]
    )
    classes, expected = oracles.gait(force_g, rate_hz, RUN_WEIGHTS)
    assert GaitClassifier(rate_hz).push(force_g).tolist() == classes
    assert events(force_g, rate_hz) == expected


@pytest.mark.parametrize("rate_hz", [50.0, 100.0, 200.0, 512.0, 1600.0])
def test_every_step_of_a_run_has_one_contact_at_its_place(rate_hz: float) -> None:
    run = running(rate_hz=rate_hz, steps=20, lean_deg=0.0, tilt_range_deg=0.0)
    force_g = run.samples.acceleration_m_s2 / STANDARD_GRAVITY_M_S2
    found = np.flatnonzero(np.isin(events(force_g, rate_hz), (1, 2)))
    delay = gait_coefficients(rate_hz, GaitParams())["delay_samples"][0]
    times = run.samples.time_s[found - delay]
    truth = run.initial_contact_s
    assert len(truth) - 1 <= len(times) <= len(truth) + 1
    assert np.all(np.min(np.abs(times[:, None] - truth), axis=1)[1:-1] < 0.06)


def test_standing_is_still() -> None:
    assert named(np.tile([0.0, 0.0, 1.0], (300, 1))) <= {"still", "walk"}
    assert GaitClassifier(100.0).push(np.tile([0.0, 0.0, 1.0], (300, 1)))[-1] == 0


@pytest.mark.parametrize("steps_per_minute", [100, 110, 120, 130, 138])
@pytest.mark.parametrize("swing_g", [0.3, 0.5])
def test_walking_is_no_run_however_brisk(steps_per_minute: int, swing_g: float) -> None:
    assert named(swinging(steps_per_minute, swing_g)) == {"still", "walk"}


@pytest.mark.parametrize("steps_per_minute", [90, 100, 110, 120])
def test_hopping_is_no_run(steps_per_minute: int) -> None:
    assert named(swinging(steps_per_minute, 1.6, forward_g=0.0, sideways_g=0.0)) == {
        "still",
        "walk",
    }


@pytest.mark.parametrize("steps_per_minute", [140, 165, 180])
def test_hopping_on_both_feet_is_no_run_however_quick(steps_per_minute: int) -> None:
    both = swinging(steps_per_minute, 1.6, forward_g=0.02, sideways_g=0.02)
    assert named(both) == {"still", "walk"}
    assert "run" in named(swinging(steps_per_minute, 1.6, forward_g=0.2, sideways_g=0.1))


@pytest.mark.parametrize("seed", range(5))
def test_a_rough_road_is_no_run(seed: int) -> None:
    assert named(shaken(seed)) == {"walk"}


def test_vibration_is_no_run() -> None:
    # a platform that shakes at the frequency of a sprint, by a millimetre
    assert "run" not in named(swinging(290, 0.05, forward_g=0.0))
    assert named(swinging(1500, 0.5, forward_g=0.0, rate_hz=200.0), 200.0) <= {"still", "walk"}


@pytest.mark.parametrize("steps_per_minute", [150, 158, 165])
def test_a_jog_that_does_not_leave_the_ground_is_a_grounded_run(steps_per_minute: int) -> None:
    force_g = swinging(steps_per_minute, 0.4, forward_g=0.27)
    assert named(force_g) == {"still", "walk", "grounded run"}
    found = np.isin(events(force_g, 100.0), 1).sum()
    assert abs(found - 20.0 * steps_per_minute / 60.0) <= 3


@pytest.mark.parametrize("flight_s", [0.0, 0.01, 0.03, 0.1])
def test_a_run_is_found_however_short_its_flight(flight_s: float) -> None:
    run = running(steps=40, step_s=0.37, stance_s=0.37 - flight_s, lean_deg=0.0)
    assert 38 <= len(analyze(run.samples, rate_hz=run.rate_hz)) <= 41


@pytest.mark.parametrize("step_s", [0.207, 0.211])
def test_a_sprint_is_found(step_s: float) -> None:
    run = running(steps=40, step_s=step_s, stance_s=0.1, lean_deg=12.0)
    steps = analyze(run.samples, rate_hz=run.rate_hz)
    assert 37 <= len(steps) <= 41
    assert np.median(steps.cadence_spm) == pytest.approx(60.0 / step_s, abs=0.5)


def test_a_run_is_believed_after_the_stated_steps_and_told_from_its_first() -> None:
    run = running(rate_hz=100.0, steps=20, lean_deg=0.0, tilt_range_deg=0.0)
    gait = GaitClassifier(100.0).push(run.samples.acceleration_m_s2 / STANDARD_GRAVITY_M_S2)
    times = run.samples.time_s[gait == GAIT_NAMES.index("run")]
    assert run.initial_contact_s[11] < times[0] < run.initial_contact_s[13] + 0.1
    # the runner stands then: one more "step" down to standing, and the time for one more
    assert run.initial_contact_s[-2] < times[-1] < run.initial_contact_s[-1] + 0.75
    steps = analyze(run.samples, rate_hz=100.0)
    assert len(steps) >= 19
    assert steps.initial_contact_s[0] < run.initial_contact_s[1] + 0.05


def test_a_few_running_steps_are_no_run() -> None:
    # as many as a flight of stairs has
    run = running(steps=10, lean_deg=0.0)
    assert len(analyze(run.samples, rate_hz=run.rate_hz)) == 0


def test_a_recording_that_ends_in_mid_run_has_its_steps() -> None:
    run = running(steps=30, lean_deg=0.0)
    cut = run.samples[: round((2.0 + 8.5 * 0.36) * run.rate_hz)]
    steps = analyze(cut, rate_hz=run.rate_hz)
    assert 6 <= len(steps) <= 8


def test_who_slows_to_a_walk_stops_running_at_once() -> None:
    run = swinging(170, 1.1, duration_s=12.0)
    walk = swinging(115, 0.35, duration_s=20.0, standing_s=0.0)
    gait = GaitClassifier(100.0).push(np.concatenate([run, walk]))
    assert GAIT_NAMES[gait[len(run) - 10]] == "run"
    walked = gait[len(run) :]
    assert np.count_nonzero(walked >= GAIT_NAMES.index("grounded run")) < 100
    samples = np.concatenate([run, walk]) * STANDARD_GRAVITY_M_S2
    steps = analyze(Samples(np.arange(len(samples)) / 100.0, samples), rate_hz=100.0)
    assert steps.initial_contact_s[-1] < 14.6
    assert len(steps) >= 31


@settings(deadline=None, max_examples=few(6))
@given(seed=st.integers(0, 2**31 - 1))
def test_a_runner_is_one_however_the_sensor_is_worn(seed: int) -> None:
    turn = Rotation.random(random_state=seed)
    run = running(steps=30, lean_deg=0.0, mounting=turn)
    assert len(analyze(run.samples, rate_hz=run.rate_hz)) >= 29
    walk = swinging(120, 0.5) * STANDARD_GRAVITY_M_S2
    time = np.arange(len(walk)) / 100.0
    assert len(analyze(Samples(time, turn.apply(walk)), rate_hz=100.0)) == 0


def test_an_odd_step_does_not_end_a_run() -> None:
    stride = running(steps=30, lean_deg=0.0, tail_s=0.0)
    again = running(steps=30, lean_deg=0.0, standing_s=0.9, tail_s=0.0)
    force = np.concatenate([s.samples.acceleration_m_s2 for s in (stride, again)])
    analyzer = StepAnalyzer(stride.rate_hz, axes="+x+y+z")
    samples = Samples(np.arange(len(force)) / stride.rate_hz, force)
    analyzer.push(samples[: len(stride.samples) + round(1.9 * stride.rate_hz)])
    # a second after the stumble it runs again; a new run would need twelve steps
    assert analyzer.gait == "run"


def test_two_contacts_are_never_closer_than_the_shortest_step() -> None:
    found = np.flatnonzero(np.isin(events(swinging(420, 2.5), 100.0), (1, 2)))
    assert len(found) > 3
    assert np.min(np.diff(found)) >= 17


@pytest.mark.parametrize("rate_hz", [0.0, -100.0, float("nan"), 11.0, 1800.0])
def test_a_rate_outside_the_range_is_refused(rate_hz: float) -> None:
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
        {"slowest_step_s": 0.61},
        {"still_g": -0.1},
        {"cutoff_hz": 0.0},
        {"weights": (1.0, 2.0)},
        {"weights": (1.0, 2.0, float("nan"), 0.0)},
    ],
)
def test_parameters_outside_their_range_are_refused(params: dict[str, Any]) -> None:
    with pytest.raises(ParameterError):
        GaitParams(**params)


@pytest.mark.parametrize("values", [np.ones(3), np.ones((3, 2)), ["a"]])
def test_values_that_are_no_rows_of_vectors_are_refused_in_one_sentence(values: ArrayLike) -> None:
    with pytest.raises(BackstrideError):
        GaitClassifier(100.0).push(values)
