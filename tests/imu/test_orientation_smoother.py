"""The smoothed inclination: closer than streaming, blind to nothing, and no other heading."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from imu.chain.orientation import InclinationFilter
from imu.chain.orientation_smoother import SmoothedInclination
from imu.errors import InputError, ParameterError

Array = NDArray[np.float64]
G = 9.80665
RATE_HZ = 100.0


def shaken(seed: int, duration_s: float, bias_rad_s: Array) -> tuple[Array, Array, Array]:
    """Specific force, biased angular velocity and true matrices of a hand that waves and turns."""
    random = np.random.default_rng(seed)
    time = np.arange(round(duration_s * RATE_HZ) + 1) / RATE_HZ
    vector = np.zeros((time.size, 3))
    for hz in random.uniform(0.1, 1.0, 4):
        wave = np.sin(2 * np.pi * hz * time + random.uniform(0.0, 6.0))
        vector += random.normal(0.0, 0.25, 3) * wave[:, None]
    rotation = Rotation.from_rotvec(vector)
    turning = np.asarray((rotation[:-1].inv() * rotation[1:]).as_rotvec()) * RATE_HZ
    waving = random.normal(0.0, 2.0, 3) * np.sin(2 * np.pi * 1.3 * time[1:, None])
    force = rotation[1:].inv().apply(waving + np.array([0.0, 0.0, G]))
    return np.asarray(force), turning + bias_rad_s, np.asarray(rotation[1:].as_matrix())


def tilt_deg(quaternion: Array, truth: Array) -> Array:
    """Angle between the estimated and the true up, in the sensor frame."""
    up = np.asarray(Rotation.from_quat(quaternion, scalar_first=True).as_matrix())[:, 2]
    cosine = np.clip(np.sum(up * truth[:, 2], axis=1), -1.0, 1.0)
    angle: Array = np.degrees(np.arccos(cosine))
    return angle


def rms(values: Array) -> float:
    return float(np.sqrt(np.mean(values**2)))


def test_the_future_brings_it_closer_with_an_unknown_bias() -> None:
    streamed, smoothed = [], []
    for seed in range(8):
        bias = np.random.default_rng(seed).normal(0.0, math.radians(0.4), 3)
        force, turning, truth = shaken(seed, 60.0, bias)
        streamed.append(tilt_deg(InclinationFilter(RATE_HZ).push(force, turning), truth))
        smoothed.append(tilt_deg(SmoothedInclination(RATE_HZ).smooth(force, turning), truth))
    assert rms(np.concatenate(smoothed)) < 0.8 * rms(np.concatenate(streamed))
    # also at the ends, where there is no past or no future
    for end in (slice(0, 1000), slice(-1000, None)):
        ends = rms(np.concatenate([error[end] for error in smoothed]))
        assert ends < 1.5 * rms(np.concatenate([error[end] for error in streamed]))


def test_quaternions_are_unit_and_follow_the_turning_about_the_vertical() -> None:
    n = 2000
    turning = np.tile([0.0, 0.0, 0.5], (n, 1))
    turning[: n // 4] = 0.0
    q = SmoothedInclination(RATE_HZ).smooth(np.tile([0.0, 0.0, G], (n, 1)), turning)
    assert np.allclose(np.linalg.norm(q, axis=1), 1.0, atol=1e-12)
    heading = np.unwrap(2 * np.arctan2(q[:, 3], q[:, 0]))
    turned = heading[-1] - heading[0]
    # rest shows that there is no bias
    assert turned == pytest.approx(0.5 * (n - n // 4) / RATE_HZ, rel=0.02)


def test_a_bias_at_rest_turns_nothing() -> None:
    n = 3000
    bias = np.radians([0.5, -0.4, 0.6])
    q = SmoothedInclination(RATE_HZ).smooth(np.tile([1.0, 2.0, 9.4], (n, 1)), np.tile(bias, (n, 1)))
    truth = np.tile([1.0, 2.0, 9.4], (n, 1))
    truth /= np.linalg.norm(truth, axis=1, keepdims=True)
    up = np.asarray(Rotation.from_quat(q, scalar_first=True).as_matrix())[:, 2]
    assert np.degrees(np.max(np.linalg.norm(up - truth, axis=1))) < 0.3


@pytest.mark.parametrize("n", [1, 2, 5, 12])
def test_a_recording_of_a_few_samples_is_levelled(n: int) -> None:
    force = np.tile([0.0, G * math.sin(0.3), G * math.cos(0.3)], (n, 1))
    q = SmoothedInclination(RATE_HZ).smooth(force, np.zeros((n, 3)))
    up = np.asarray(Rotation.from_quat(q, scalar_first=True).apply(force))
    assert np.allclose(up, [0.0, 0.0, G], atol=1e-3)


def test_nothing_gives_nothing() -> None:
    nothing = np.empty((0, 3))
    assert SmoothedInclination(RATE_HZ).smooth(nothing, nothing).shape == (0, 4)


def test_it_starts_anew_with_each_recording() -> None:
    force, turning, _ = shaken(5, 10.0, np.zeros(3))
    smoother = SmoothedInclination(RATE_HZ)
    first = smoother.smooth(force, turning)
    smoother.smooth(-force, turning)
    assert smoother.smooth(force, turning).tobytes() == first.tobytes()


def test_what_is_wrong_is_said() -> None:
    with pytest.raises(ParameterError, match="rate"):
        SmoothedInclination(1.0)
    smoother = SmoothedInclination(RATE_HZ)
    with pytest.raises(InputError, match=r"\(4, 2\)"):
        smoother.smooth(np.zeros((4, 2)), np.zeros((4, 2)))
    with pytest.raises(InputError, match="both"):
        smoother.smooth(np.zeros((4, 3)), np.zeros((5, 3)))
    force = np.tile([0.0, 0.0, G], (10, 1))
    force[7, 1] = np.nan
    with pytest.raises(InputError, match="sample 7"):
        smoother.smooth(force, np.zeros((10, 3)))
