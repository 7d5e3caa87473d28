"""Sensor to body: stated axes, standing neutral, and forward found from the steps."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from imu.analyzer import StepAnalyzer
from imu.errors import ParameterError
from imu.mounting import forward_from_steps, mounting_from_axes, mounting_from_up
from tests.examples import few
from tests.imu import oracles
from tests.imu.synthetic import running

Array = NDArray[np.float64]

TRIPLES = [
    "".join(sign + letter for sign, letter in zip(signs, letters, strict=True))
    for signs in itertools.product("+-", repeat=3)
    for letters in itertools.permutations("xyz")
]


def axis(text: str) -> Array:
    vector = np.zeros(3)
    vector["xyz".index(text[1])] = 1.0 if text[0] == "+" else -1.0
    return vector


def right_handed(triple: str) -> bool:
    forward, left, up = (axis(triple[k : k + 2]) for k in (0, 2, 4))
    return bool(np.allclose(np.cross(forward, left), up))


def test_there_are_24_of_each_hand() -> None:
    assert len(set(TRIPLES)) == 48
    assert sum(map(right_handed, TRIPLES)) == 24


@pytest.mark.parametrize("triple", [t for t in TRIPLES if right_handed(t)])
def test_every_right_handed_triple_is_taken(triple: str) -> None:
    mounting = mounting_from_axes(triple)
    for row, place in enumerate((0, 2, 4)):
        np.testing.assert_array_equal(mounting @ axis(triple[place : place + 2]), np.eye(3)[row])
    assert np.linalg.det(mounting) == pytest.approx(1.0)


@pytest.mark.parametrize("triple", [t for t in TRIPLES if not right_handed(t)])
def test_every_left_handed_triple_is_refused_by_name(triple: str) -> None:
    with pytest.raises(ParameterError, match="left-handed"):
        mounting_from_axes(triple)
    with pytest.raises(ParameterError, match="left-handed"):
        StepAnalyzer(100.0, axes=triple)


@pytest.mark.parametrize(
    "text", ["xyz", "+x+y", "+x+y+y", "+x+y+z ", "+X+Y+Z", "*x+y+z", "+x+y+w", "automatic"]
)
def test_what_is_no_triple_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ParameterError, match="such as"):
        StepAnalyzer(100.0, axes=text)


@given(seed=st.integers(0, 2**32 - 1), tilt=st.floats(0.0, 55.0), triple=st.integers(0, 23))
def test_the_standing_neutral_is_the_new_up_by_the_least_turn(
    seed: int, tilt: float, triple: int
) -> None:
    stated = mounting_from_axes(list(filter(right_handed, TRIPLES))[triple])
    angle = 2.0 * np.pi * np.random.default_rng(seed).random()
    turn = Rotation.from_rotvec(np.radians(tilt) * np.array([np.cos(angle), np.sin(angle), 0.0]))
    up_in_sensor = stated.T @ turn.apply([0.0, 0.0, 9.7])
    mounting = mounting_from_up(stated, up_in_sensor)
    np.testing.assert_allclose(mounting @ up_in_sensor, [0.0, 0.0, 9.7], atol=1e-9)
    np.testing.assert_allclose(mounting @ stated.T, turn.inv().as_matrix(), atol=1e-9)


@pytest.mark.parametrize("up", [[0.0, 0.0, 0.0], [0.0, 0.0, -9.8], [9.8, 0.0, 1.0], [np.nan, 0, 1]])
def test_a_neutral_far_from_the_stated_up_is_refused(up: list[float]) -> None:
    with pytest.raises(ParameterError, match="60°"):
        mounting_from_up(np.eye(3), up)


@pytest.mark.parametrize("up", [[1.0, 2.0], [[0.0, 0.0, 9.8]], ["a", "b", "c"]])
def test_a_neutral_that_is_no_vector_is_refused(up: list[float]) -> None:
    with pytest.raises(ParameterError):
        mounting_from_up(np.eye(3), up)


def strides(seed: int, steps: int) -> tuple[Array, list[int]]:
    """Forces in which forward follows vertical by 0 to a quarter of a step, body axes, g."""
    random = np.random.default_rng(seed)
    lengths = random.integers(60, 90, steps)
    contacts = [0, *np.cumsum(lengths).tolist()]
    rows = []
    lag = random.uniform(0.0, np.pi / 2.0)
    for k, length in enumerate(lengths):
        phase = 2.0 * np.pi * np.arange(length) / length
        rows.append(
            np.stack(
                [
                    0.2 * np.cos(phase - 0.4 - lag),
                    0.15 * np.sin(0.5 * (phase + 2.0 * np.pi * k)),
                    1.0 + np.cos(phase - 0.4),
                ],
                axis=1,
            )
        )
    return np.concatenate(rows) + random.normal(0.0, 0.01, (contacts[-1], 3)), contacts


@settings(deadline=None, max_examples=few(20))
@given(seed=st.integers(0, 2**31 - 1), steps=st.integers(2, 13))
def test_forward_equals_the_phasor_oracle(seed: int, steps: int) -> None:
    body, contacts = strides(seed, steps)
    turn = Rotation.random(random_state=seed)
    force, up = turn.apply(body), turn.apply([0.0, 0.0, 1.0])
    found = np.zeros((3, 3))
    assert forward_from_steps(force, np.array(contacts), up, found)
    np.testing.assert_allclose(found[0], oracles.forward(force, contacts, up), atol=1e-12)
    np.testing.assert_allclose(found[2], up, atol=1e-12)
    np.testing.assert_allclose(found @ found.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(found) == pytest.approx(1.0)


@pytest.mark.parametrize("lacking", ["forward", "vertical", "clear"])
def test_an_ambiguous_direction_is_left_unknown(lacking: str) -> None:
    body, contacts = strides(1, 8)
    if lacking == "forward":
        body[:, 0] = 0.0
        body[:, 1] = 0.0
    elif lacking == "vertical":
        body[:, 2] = 1.0
    else:
        # sways with the steps more than it drives, and ahead of them
        for begin, end in itertools.pairwise(contacts):
            phase = 2.0 * np.pi * np.arange(end - begin) / (end - begin)
            body[begin:end, 1] += 0.5 * np.cos(phase - 0.4 + np.pi / 4.0)
    found = np.full((3, 3), 7.0)
    assert not forward_from_steps(body, np.array(contacts), np.array([0.0, 0.0, 1.0]), found)
    assert np.all(found == 7.0)


@settings(deadline=None, max_examples=few(4))
@given(seed=st.integers(0, 2**31 - 1), gyro=st.booleans())
def test_auto_axes_are_found_at_any_orientation_of_the_sensor(seed: int, gyro: bool) -> None:
    # on the body upright; the sensor anyhow on the body
    turn = Rotation.random(random_state=seed)
    run = running(steps=20, lean_deg=0.0, mounting=turn, gyro=gyro, noise_seed=seed)
    analyzer = StepAnalyzer(run.rate_hz)
    steps = analyzer.push(run.samples)
    assert analyzer.mounting is not None
    off = Rotation.from_matrix(analyzer.mounting) * turn
    assert np.degrees(off.magnitude()) < 3.0
    assert len(steps) >= 18
    # once found, they hold for the steps before, too
    assert np.all(np.isfinite(steps.sacral_lean_deg))


def test_axes_freeze_once_found_until_the_sensor_is_seated_anew() -> None:
    first = running(steps=20, lean_deg=0.0)
    turned = Rotation.from_euler("z", 90.0, degrees=True)
    then = running(steps=20, lean_deg=0.0, mounting=turned, offset_s=first.samples.time_s[-1] + 1.0)
    analyzer = StepAnalyzer(first.rate_hz)
    analyzer.push(first.samples)
    frozen = analyzer.mounting
    assert frozen is not None
    analyzer.push(then.samples)
    np.testing.assert_array_equal(analyzer.mounting, frozen)
    analyzer.reseat()
    assert analyzer.mounting is None
    again = running(steps=20, lean_deg=0.0, mounting=turned, offset_s=then.samples.time_s[-1] + 1.0)
    analyzer.push(again.samples)
    assert analyzer.mounting is not None
    off = Rotation.from_matrix(analyzer.mounting) * turned
    assert np.degrees(off.magnitude()) < 3.0


def test_a_new_seat_in_mid_run_is_learned_from_what_follows() -> None:
    turned = Rotation.from_euler("z", 90.0, degrees=True)
    before = running(steps=30, lean_deg=0.0, tail_s=0.0)
    after = running(steps=60, lean_deg=0.0, mounting=turned)
    cut = len(before.samples) - 60
    analyzer = StepAnalyzer(before.rate_hz)
    analyzer.push(before.samples[:cut])
    assert analyzer.mounting is not None
    analyzer.reseat()
    analyzer.push(after.samples[cut:])
    assert analyzer.mounting is not None
    off = Rotation.from_matrix(analyzer.mounting) * turned
    assert np.degrees(off.magnitude()) < 10.0
