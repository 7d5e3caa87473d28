"""The inclination filter against its matrix oracle, and what it promises about up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from imu.chain.orientation import (
    InclinationFilter,
    InclinationParams,
    level,
    rotate,
    strapdown_step,
)
from imu.contract import require_same_bits
from imu.errors import BackstrideError, InputError, ParameterError
from tests.examples import few
from tests.imu import oracles
from tests.imu.synthetic import running

Array = NDArray[np.float64]
G = 9.80665
#: Of a gyroscope that gives means over the interval before the stamp.
IDEAL = InclinationParams(gyroscope_delay_samples=0.5)


def matrices(q: Array) -> Array:
    return np.asarray(Rotation.from_quat(q, scalar_first=True).as_matrix())


def movement(
    seed: int, rate_hz: float, duration_s: float, *, tumbling: bool = False
) -> tuple[Array, Array, Array]:
    """True rotation matrices, specific force and mean angular velocity.

    A hand-held wobble, or slow turning over, in which gravity sees every axis.
    """
    random = np.random.default_rng(seed)
    time = np.arange(int(duration_s * rate_hz) + 1) / rate_hz
    if tumbling:
        sizes, frequencies = np.diag([1.5, 1.2, 2.5]), (0.05, 0.03, 0.02)
    else:
        sizes, frequencies = random.uniform(0.1, 0.5, (3, 3)), (0.2, 0.6, 1.5)
    angles = np.zeros((len(time), 3))
    for size, frequency in zip(sizes, frequencies, strict=True):
        phase = random.uniform(0.0, 6.0, 3)
        angles += size * np.sin(2.0 * np.pi * frequency * time[:, None] + phase)
    turns = Rotation.random(random_state=seed) * Rotation.from_euler("zyx", angles)
    angular = (turns[:-1].inv() * turns[1:]).as_rotvec() * rate_hz
    shaking = 3.0 * np.sin(2 * np.pi * np.outer(time[1:], [1.1, 1.7, 2.3]))
    force = turns[1:].inv().apply(shaking + np.array([0.0, 0.0, G]))
    return np.asarray(turns[1:].as_matrix()), force, angular


def tilt_error_deg(found: Array, truth: Array) -> Array:
    cosine = np.sum(found[:, 2] * truth[:, 2], axis=1)
    return np.asarray(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))


# ---- kernels


@settings(deadline=None, max_examples=few(30))
@given(seed=st.integers(0, 2**32 - 1), speed=st.floats(0.0, 60.0), rate_hz=st.floats(50, 1600))
def test_the_strapdown_step_is_the_exact_turn(seed: int, speed: float, rate_hz: float) -> None:
    random = np.random.default_rng(seed)
    direction = random.normal(size=3)
    omega = speed * direction / np.linalg.norm(direction)
    start = Rotation.random(random_state=seed % 2**32)
    q = start.as_quat(scalar_first=True)
    strapdown_step(q, omega[0], omega[1], omega[2], 1.0 / rate_hz)
    expected = start.as_matrix() @ oracles.turn(omega / rate_hz)
    np.testing.assert_allclose(matrices(q), expected, atol=1e-13)


def test_rotation_keeps_its_norm_over_an_hour() -> None:
    q = np.array([1.0, 0.0, 0.0, 0.0])
    for _ in range(100_000):
        strapdown_step(q, 3.0, -2.0, 5.0, 0.005)
    assert np.linalg.norm(q) == pytest.approx(1.0, abs=1e-14)


@given(st.integers(0, 2**32 - 1))
def test_rotate_is_the_matrix_product(seed: int) -> None:
    random = np.random.default_rng(seed)
    q = Rotation.random(random_state=seed).as_quat(scalar_first=True)
    v = random.normal(size=3)
    np.testing.assert_allclose(rotate(q, *v), oracles.matrix_of(q) @ v, atol=1e-13)


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([1.0, 1e-4, 1e-8, 0.0]), st.booleans())
def test_levelling_is_the_least_turn(seed: int, off: float, down: bool) -> None:
    random = np.random.default_rng(seed)
    sideways = off * random.normal(size=2)
    direction = np.array([*sideways, -1.0 if down else 1.0])
    size = random.uniform(0.1, 30.0)
    q = np.array([1.0, 0.0, 0.0, 0.0])
    ex, ey = level(q, *(size * direction))
    direction /= np.linalg.norm(direction)
    np.testing.assert_allclose([ex, ey], direction[:2], atol=1e-15)
    assert np.linalg.norm(q) == pytest.approx(1.0, abs=1e-12)
    # w is found from 1 + z, which loses half the digits close to upside down
    tolerance = 1e-6 if down and off < 1e-3 else 1e-12
    np.testing.assert_allclose(matrices(q) @ direction, [0.0, 0.0, 1.0], atol=tolerance)
    if not down or off == 1.0:
        np.testing.assert_allclose(matrices(q), oracles.least_turn_up(direction), atol=1e-9)


def test_levelling_by_nothing_turns_nothing() -> None:
    q = np.array([0.6, 0.8, 0.0, 0.0])
    assert level(q, 0.0, 0.0, 0.0) == (0.0, 0.0)
    assert q.tolist() == [0.6, 0.8, 0.0, 0.0]


# ---- the filter against the oracle


@pytest.mark.parametrize("rate_hz", [50.0, 100.0, 285.7])
@pytest.mark.parametrize("seed", [1, 2])
def test_motion_equals_the_matrix_filter(seed: int, rate_hz: float) -> None:
    _, force, angular = movement(seed, rate_hz, 20.0)
    angular = angular + np.radians([0.5, -0.3, 0.2])
    stage = InclinationFilter(rate_hz, IDEAL)
    found = matrices(stage.push(force, angular))
    oracle = oracles.Inclination(rate_hz)
    np.testing.assert_allclose(found, oracle.push(force, angular), atol=1e-8)
    np.testing.assert_allclose(stage.bias_rad_s, oracle.bias, atol=1e-9)


def test_rest_and_motion_equal_the_matrix_filter() -> None:
    rate_hz = 100.0
    _, force, angular = movement(3, rate_hz, 12.0)
    random = np.random.default_rng(0)
    still = np.tile(force[-1], (600, 1)) + random.normal(0.0, 0.02, (600, 3))
    quiet = random.normal(0.0, 0.001, (600, 3))
    force = np.concatenate([force, still, force[::-1]])
    angular = np.concatenate([angular, quiet, -angular[::-1]]) + np.radians([0.7, 0.4, -0.9])
    stage, oracle = InclinationFilter(rate_hz, IDEAL), oracles.Inclination(rate_hz)
    found = matrices(stage.push(force, angular))
    np.testing.assert_allclose(found, oracle.push(force, angular), atol=1e-8)
    np.testing.assert_allclose(stage.bias_rad_s, oracle.bias, atol=1e-9)
    # the rest was recognised: there the vertical rate's bias is seen too
    np.testing.assert_allclose(np.degrees(stage.bias_rad_s), [0.7, 0.4, -0.9], atol=0.1)


def test_without_a_gyroscope_it_is_the_low_passed_direction() -> None:
    _, force, _ = movement(4, 100.0, 10.0)
    found = matrices(InclinationFilter(100.0).push(force))
    low_pass = oracles.MeanThenLowPass(np.sqrt(2.0) / (6.0 * np.pi), 100.0, 300)
    for k, sample in enumerate(force):
        up = low_pass(sample)
        np.testing.assert_allclose(found[k, 2], up / np.linalg.norm(up), atol=1e-10)


# ---- what is promised


@pytest.mark.parametrize("late", [0, 1, 3])
def test_a_delay_of_the_sensor_is_made_up_for(late: int) -> None:
    rate_hz, n = 200.0, 4000
    time = np.arange(n) / rate_hz
    angle = 0.6 * np.sin(2 * np.pi * 0.7 * time)
    truth = Rotation.from_rotvec(np.outer(angle, [0.8, 0.6, 0.0]))
    angular = np.asarray((truth[:-1].inv() * truth[1:]).as_rotvec()) * rate_hz
    force = np.asarray(truth.inv().apply([0.0, 0.0, G]))
    # what is read at a stamp happened some samples ago
    kept = slice(late + 1, None)
    read = slice(1, n - late)
    params = InclinationParams(gyroscope_delay_samples=0.5 + late)
    found = matrices(InclinationFilter(rate_hz, params).push(force[read], angular[: n - 1 - late]))
    error = tilt_error_deg(found, truth.as_matrix()[kept])[400:]
    assert np.sqrt(np.mean(error**2)) < 0.15
    unaware = matrices(InclinationFilter(rate_hz, IDEAL).push(force[read], angular[: n - 1 - late]))
    error_unaware = tilt_error_deg(unaware, truth.as_matrix()[kept])[400:]
    assert late == 0 or np.sqrt(np.mean(error_unaware**2)) > 0.4 * late


def test_a_constant_turn_about_a_tilted_axis_is_followed() -> None:
    rate_hz, n = 200.0, 6000
    omega = np.array([0.8, -0.5, 1.1])
    turns = Rotation.from_rotvec(np.outer(np.arange(1, n + 1) / rate_hz, omega))
    start = Rotation.from_euler("xy", [20.0, -35.0], degrees=True)
    truth = start * turns
    found = matrices(
        InclinationFilter(rate_hz, IDEAL).push(
            truth.inv().apply([0.0, 0.0, G]), np.tile(omega, (n, 1))
        )
    )
    assert np.max(tilt_error_deg(found, truth.as_matrix())[1:]) < 0.05


@settings(deadline=None, max_examples=few(8))
@given(heading=st.floats(-180.0, 180.0), seed=st.integers(0, 3))
def test_the_tilt_does_not_depend_on_where_the_sensor_began_to_look(
    heading: float, seed: int
) -> None:
    """A sensor mounted turned about the body's vertical sees the same tilt of the body."""
    _, force, angular = movement(seed, 100.0, 6.0)
    turn = Rotation.from_euler("z", heading, degrees=True)
    plain = matrices(InclinationFilter(100.0).push(force, angular))
    turned = matrices(InclinationFilter(100.0).push(turn.apply(force), turn.apply(angular)))
    # not to the bit: the bias correction is limited along each level axis by itself; 0.5°
    np.testing.assert_allclose((turned @ turn.as_matrix())[:, 2], plain[:, 2], atol=9e-3)


@pytest.mark.parametrize("axis", ["x", "y"])
def test_it_may_begin_upside_down(axis: str) -> None:
    over = Rotation.from_euler(axis, 180.0, degrees=True)
    force = np.tile(over.inv().apply([0.0, 0.0, G]), (200, 1))
    found = InclinationFilter(100.0).push(force, np.zeros((200, 3)))
    assert np.all(np.isfinite(found))
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1.0, atol=1e-9)
    np.testing.assert_allclose(
        matrices(found)[:, 2], np.tile([0.0, 0.0, -1.0], (200, 1)), atol=1e-6
    )


@pytest.mark.parametrize("seed", range(4))
def test_the_bias_is_learned_in_motion(seed: int) -> None:
    truth, force, angular = movement(seed, 100.0, 240.0, tumbling=True)
    bias = np.radians([0.6, -0.5, 0.4])
    stage = InclinationFilter(100.0)
    found = matrices(stage.push(force, angular + bias))
    np.testing.assert_allclose(np.degrees(stage.bias_rad_s), np.degrees(bias), atol=0.1)
    errors = tilt_error_deg(found, truth)[3000:]
    assert np.sqrt(np.mean(errors**2)) < 0.6


def test_the_bias_is_learned_within_seconds_of_rest() -> None:
    bias = np.radians([1.2, -0.8, 0.9])
    force = np.tile([0.0, 0.0, G], (1000, 1))
    stage = InclinationFilter(100.0)
    stage.push(force, np.tile(bias, (1000, 1)))
    np.testing.assert_allclose(np.degrees(stage.bias_rad_s), np.degrees(bias), atol=0.02)


@pytest.mark.parametrize("bias_deg_s", [(5.0, -3.0, 4.0), (-19.0, 20.0, 12.0)])
def test_a_large_bias_is_learned_while_one_stands(bias_deg_s: tuple[float, float, float]) -> None:
    bias = np.radians(bias_deg_s)
    stage = InclinationFilter(100.0)
    stage.push(np.tile([0.0, 0.0, G], (600, 1)), np.tile(bias, (600, 1)))
    np.testing.assert_allclose(stage.bias_rad_s, bias, rtol=0.03, atol=np.radians(0.1))


def test_a_large_bias_is_learned_in_motion() -> None:
    _, force, angular = movement(2, 100.0, 600.0, tumbling=True)
    bias = np.radians([5.0, -3.0, 4.0])
    stage = InclinationFilter(100.0)
    stage.push(force, angular + bias)
    np.testing.assert_allclose(np.degrees(stage.bias_rad_s), np.degrees(bias), atol=0.3)


@pytest.mark.parametrize("rate_deg_s", [3.0, 6.0, 15.0])
def test_a_slow_bow_is_no_bias(rate_deg_s: float) -> None:
    time = np.arange(1400) / 100.0
    rate = np.radians(rate_deg_s) * ((time > 5.0) & (time < 9.0))
    bow = np.cumsum(rate) / 100.0
    stage = InclinationFilter(100.0)
    stage.push(
        G * np.stack([-np.sin(bow), 0.0 * bow, np.cos(bow)], axis=1),
        np.stack([0.0 * rate, rate, 0.0 * rate], axis=1),
    )
    assert np.all(np.abs(np.degrees(stage.bias_rad_s)) < 0.1)


@pytest.mark.parametrize("rate_deg_s", [3.0, 8.0, 20.0])
def test_who_stood_still_and_turns_slowly_about_the_vertical_has_no_other_bias(
    rate_deg_s: float,
) -> None:
    time = np.arange(2000) / 100.0
    rate = np.radians(rate_deg_s) * ((time > 4.0) & (time < 14.0))
    still = np.zeros_like(rate)
    stage = InclinationFilter(100.0)
    stage.push(np.tile([0.0, 0.0, G], (2000, 1)), np.stack([still, still, rate], axis=1))
    assert np.all(np.abs(np.degrees(stage.bias_rad_s)) < 0.2)


def test_no_bias_beyond_the_limit_is_believed() -> None:
    stage = InclinationFilter(100.0)
    angular = np.tile(np.radians([29.0, -29.0, 29.0]), (3000, 1))
    stage.push(np.tile([0.0, 0.0, G], (3000, 1)), angular)
    assert np.all(np.abs(np.degrees(stage.bias_rad_s)) <= 25.0 + 1e-9)


def test_running_does_not_bias_the_lean() -> None:
    run = running(steps=80, standing_s=0.0, tail_s=0.0)
    angular = run.samples.angular_velocity_rad_s
    assert angular is not None
    found = matrices(InclinationFilter(200.0).push(run.samples.acceleration_m_s2, angular))
    lean = np.degrees(np.arctan2(-found[:, 2, 0], found[:, 2, 2]))
    last = slice(-20 * 72, -60)
    assert np.mean(lean[last]) == pytest.approx(run.lean_deg, abs=0.3)


# ---- errors


@pytest.mark.parametrize("rate_hz", [0.0, 19.0, 5001.0, -100.0, float("nan")])
def test_a_rate_outside_the_range_is_refused(rate_hz: float) -> None:
    with pytest.raises(ParameterError, match="rate_hz"):
        InclinationFilter(rate_hz)


@pytest.mark.parametrize(
    "params",
    [
        {"acceleration_time_constant_s": 0.0},
        {"acceleration_time_constant_s": 61.0},
        {"bias_forgetting_time_s": 0.0},
        {"bias_motion_deg_s": -1.0},
        {"bias_vertical_forgetting": 0.0},
    ],
)
def test_parameters_outside_their_range_are_refused(params: dict[str, float]) -> None:
    with pytest.raises(ParameterError):
        InclinationFilter(100.0, InclinationParams(**params))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_block_that_is_not_finite_is_refused_and_leaves_the_state(bad: float) -> None:
    stage = InclinationFilter(100.0)
    force = np.tile([0.0, 1.0, G], (6, 1))
    stage.push(force, np.zeros((6, 3)))
    before = stage.state
    spoiled = force.copy()
    spoiled[4, 1] = bad
    with pytest.raises(InputError, match="sample 4"):
        stage.push(spoiled, np.zeros((6, 3)))
    require_same_bits("state", before, stage.state)


@pytest.mark.parametrize(
    ("force", "angular"),
    [
        (np.ones((4, 2)), None),
        (np.ones(3), None),
        (np.ones((4, 3)), np.ones((3, 3))),
        ([["a", "b", "c"]], None),
    ],
)
def test_arrays_of_another_form_are_refused(force: Array, angular: Array | None) -> None:
    with pytest.raises(BackstrideError):
        InclinationFilter(100.0).push(force, angular)
