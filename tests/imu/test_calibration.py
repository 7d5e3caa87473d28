"""Calibration: true errors come back, in any order of positions, and nonsense is refused."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from imu.calibration import (
    Calibration,
    StillnessFinder,
    StillPosition,
    fit_calibration,
    missing_faces,
    still_positions,
)
from imu.errors import InputError, ParameterError
from imu.samples import STANDARD_GRAVITY_M_S2, Samples

FACES = np.vstack([np.eye(3), -np.eye(3)])


def measured(
    directions: NDArray[np.float64], matrix: NDArray[np.float64], bias: NDArray[np.float64]
) -> NDArray[np.float64]:
    """What a wrong accelerometer reads: true = matrix @ (raw − bias)."""
    unit = directions / np.linalg.norm(directions, axis=1, keepdims=True)
    read: NDArray[np.float64] = unit * STANDARD_GRAVITY_M_S2 @ np.linalg.inv(matrix).T + bias
    return read


small = st.floats(-0.03, 0.03)


@given(scale=st.tuples(small, small, small), bias=st.tuples(*[st.floats(-0.5, 0.5)] * 3))
def test_six_faces_laid_askew_give_bias_and_scale(
    scale: tuple[float, float, float], bias: tuple[float, float, float]
) -> None:
    askew = FACES + 0.08 * np.roll(FACES, 1, axis=1)  # nobody lays it down exactly
    matrix = np.diag(1.0 + np.array(scale))
    means = np.hstack([measured(askew, matrix, np.array(bias)), np.full((6, 3), 0.01)])
    found = fit_calibration(means)
    np.testing.assert_allclose(found.acceleration_bias_m_s2, bias, atol=1e-6)
    np.testing.assert_allclose(found.acceleration_matrix, matrix, atol=1e-6)
    np.testing.assert_allclose(found.angular_velocity_bias_rad_s, 0.01)
    assert found.residual_m_s2 is not None and found.residual_m_s2 < 1e-6


def test_nine_positions_and_more_give_the_angles_of_the_axes_too() -> None:
    rng = np.random.default_rng(4)
    directions = np.vstack([FACES, rng.normal(size=(8, 3))])
    matrix = np.array([[1.01, 0, 0], [0.02, 0.99, 0], [-0.015, 0.01, 1.02]])
    bias = np.array([0.2, -0.1, 0.3])
    means = np.hstack([measured(directions, matrix, bias), np.zeros((14, 3))])
    found = fit_calibration(means)
    np.testing.assert_allclose(found.acceleration_matrix, matrix, atol=1e-6)
    raw = Samples([0.0], means[:1, :3])
    corrected = found.apply(raw).acceleration_m_s2[0]
    assert np.linalg.norm(corrected) == pytest.approx(STANDARD_GRAVITY_M_S2, abs=1e-6)


def recording(directions: NDArray[np.float64], rate_hz: float = 100.0) -> Samples:
    """Three still seconds a position with sensor noise, and two seconds of turning between."""
    rng = np.random.default_rng(1)
    pieces = []
    for now, after in zip(directions, np.roll(directions, -1, axis=0), strict=True):
        still = np.tile(np.append(now * STANDARD_GRAVITY_M_S2, [0.01, 0.0, -0.02]), (300, 1))
        turn = np.linspace(0, 1, 200)[:, None]
        between = (1 - turn) * now + turn * after + 0.3 * rng.normal(size=(200, 3))
        moving = np.hstack([between * STANDARD_GRAVITY_M_S2, rng.normal(size=(200, 3))])
        pieces += [still + rng.normal(size=still.shape) * [*[0.02] * 3, *[0.002] * 3], moving]
    table = np.vstack(pieces)
    return Samples(np.arange(len(table)) / rate_hz, table[:, :3], table[:, 3:])


def test_still_positions_are_found_between_movements() -> None:
    found = still_positions(recording(FACES), 100.0)
    assert [position.face for position in found] == ["+x", "+y", "+z", "-x", "-y", "-z"]
    for position, face in zip(found, FACES, strict=True):
        assert 2.0 <= position.seconds <= 3.0
        np.testing.assert_allclose(position.mean[:3], face * STANDARD_GRAVITY_M_S2, atol=0.02)
        np.testing.assert_allclose(position.mean[3:], [0.01, 0.0, -0.02], atol=0.002)
    calibration = fit_calibration([position.mean for position in found])
    np.testing.assert_allclose(calibration.acceleration_bias_m_s2, 0.0, atol=0.02)
    assert calibration.residual_m_s2 is not None and calibration.residual_m_s2 < 0.02


@given(cuts=st.lists(st.integers(0, 3000), max_size=12))
def test_positions_are_the_same_however_the_samples_are_cut(cuts: list[int]) -> None:
    samples = recording(FACES)
    finder = StillnessFinder(100.0)
    bounds = [0, *sorted(cuts), len(samples)]
    for start, stop in pairwise(bounds):
        finder.push(samples[start:stop])
    whole = still_positions(samples, 100.0)
    assert [p.mean.tobytes() for p in finder.positions] == [p.mean.tobytes() for p in whole]


@pytest.mark.parametrize(("gap_s", "still_s"), [(0.8, 3.0), (1.2, 1.5)])
def test_a_long_gap_ends_a_still_stretch(gap_s: float, still_s: float) -> None:
    still = np.tile([0.0, 0.0, 9.81], (150, 1))
    time_s = np.arange(150) / 100
    finder = StillnessFinder(100.0)
    finder.push(Samples(time_s, still))
    assert finder.still_s == 1.5
    finder.push(Samples(time_s + 1.5 + gap_s, still))
    assert finder.still_s == still_s
    assert len(finder.positions) == (still_s >= 2.0)


def test_a_sensor_that_turns_slowly_is_not_still() -> None:
    angle = np.radians(4.0) * np.arange(6000) / 200
    force = 9.81 * np.stack([np.sin(angle), np.zeros(6000), np.cos(angle)], axis=1)
    turning = Samples(np.arange(6000) / 200, force, np.full((6000, 3), np.radians(4.0)))
    assert still_positions(turning, 200.0) == []


def test_readings_that_are_not_finite_are_no_stillness() -> None:
    broken = np.full((1000, 3), np.nan)
    assert still_positions(Samples(np.arange(1000) / 100, broken), 100.0) == []


def test_the_same_face_twice_in_a_row_is_one_position_the_longer() -> None:
    up, knock = np.tile([0.0, 0.1, 9.81], (450, 1)), np.random.default_rng(0).normal(size=(50, 3))
    rows = np.vstack([up[:250], 5 * knock, up])
    found = still_positions(Samples(np.arange(len(rows)) / 100, rows), 100.0)
    assert [(position.face, position.seconds) for position in found] == [("+z", 4.5)]


def test_a_sensor_on_its_edge_lies_on_no_face() -> None:
    assert StillPosition(np.array([7.0, 0.0, 7.0, 0.0, 0.0, 0.0]), 3.0).face == ""
    assert missing_faces(FACES) == []
    assert missing_faces([[0.0, 0.0, 9.8], [7.0, 0.0, 7.0]]) == ["+x", "-x", "+y", "-y", "-z"]


def test_running_holds_no_still_position() -> None:
    rng = np.random.default_rng(0)
    shaken = Samples(np.arange(2000) / 100, rng.normal(size=(2000, 3)) * 5, np.zeros((2000, 3)))
    assert still_positions(shaken, 100.0) == []


def test_a_missing_face_is_named() -> None:
    means = np.hstack([FACES[[0, 1, 2, 3, 4]] * 9.81, np.zeros((5, 3))])
    with pytest.raises(InputError, match=r"5 of 6 faces .* -z up still missing"):
        fit_calibration(means)


def test_many_positions_on_the_faces_alone_tell_no_angles() -> None:
    rng = np.random.default_rng(2)
    directions = np.vstack([FACES + 0.03 * rng.normal(size=(6, 3)) for _ in range(3)])
    matrix = np.diag([1.01, 0.99, 1.02])
    means = np.hstack([measured(directions, matrix, np.zeros(3)), np.zeros((18, 3))])
    means[:, :3] += 0.01 * rng.normal(size=(18, 3))
    found = fit_calibration(means)
    assert np.count_nonzero(found.acceleration_matrix) == 3  # not a guess from 1 mg of noise
    np.testing.assert_allclose(np.diag(found.acceleration_matrix), np.diag(matrix), atol=2e-3)
    assert found.residual_m_s2 is not None and 0.003 < found.residual_m_s2 < 0.03


@given(cut=st.integers(0, 40))
def test_samples_are_corrected_to_the_same_bits_however_they_are_cut(cut: int) -> None:
    rng = np.random.default_rng(3)
    raw = Samples(np.arange(40) / 100, rng.normal(size=(40, 3)), rng.normal(size=(40, 3)))
    known = Calibration(
        (0.1, 1 / 3, -0.2), ((1.01, 0, 0), (0.001, 1, 0), (0.002, 0.003, 0.99)), (1e-3, 0.1, 0)
    )
    whole = known.apply(raw)
    parts = Samples.concatenate([known.apply(raw[:cut]), known.apply(raw[cut:])])
    assert parts.acceleration_m_s2.tobytes() == whole.acceleration_m_s2.tobytes()
    assert parts.angular_velocity_rad_s is not None
    assert whole.angular_velocity_rad_s is not None
    assert parts.angular_velocity_rad_s.tobytes() == whole.angular_velocity_rad_s.tobytes()
    expected = (raw.acceleration_m_s2 - known.acceleration_bias_m_s2) @ np.array(
        known.acceleration_matrix
    ).T
    np.testing.assert_allclose(whole.acceleration_m_s2, expected, rtol=1e-13, atol=1e-13)


def test_a_wrong_range_is_refused() -> None:
    means = np.hstack([FACES * 4.9, np.zeros((6, 3))])  # half of 1 g everywhere
    with pytest.raises(InputError, match="no sensor is that wrong"):
        fit_calibration(means)


def test_positions_that_disagree_are_refused() -> None:
    means = np.hstack([FACES * 9.81, np.zeros((6, 3))])
    shaken = np.vstack([means, means * 1.3, means * 0.8])
    with pytest.raises(InputError, match="disagree"):
        fit_calibration(shaken)


def test_json_is_exact() -> None:
    calibration = Calibration(
        (0.1, 1 / 3, -0.2), ((1.01, 0, 0), (0.001, 1, 0), (0, 0, 0.99)), (1e-3, 0, 0), 0.01, 6
    )
    assert Calibration.from_json(calibration.to_json()) == calibration
    with pytest.raises(InputError, match="no calibration"):
        Calibration.from_json('{"positions": 3}')


@pytest.mark.parametrize("bias", [(9.0, 0.0, 0.0), (float("nan"), 0.0, 0.0)])
def test_an_impossible_bias_is_refused(bias: tuple[float, float, float]) -> None:
    with pytest.raises(ParameterError, match="acceleration_bias_m_s2"):
        Calibration(acceleration_bias_m_s2=bias)
