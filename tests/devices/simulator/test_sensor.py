"""The sensor's errors have the sizes their class states, and the mounting turns what it should."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from devices.simulator.scenario import Scenario, axes_matrix
from devices.simulator.sensor import SensorModel
from imu.samples import STANDARD_GRAVITY_M_S2, Quality

REST = np.tile([0.0, 0.0, STANDARD_GRAVITY_M_S2], (20000, 1))
STILL = np.zeros_like(REST)


@pytest.mark.parametrize(
    ("device", "micro_g", "milli_deg_s"),
    [("bmi270", 160.0, 7.0), ("icm42688", 70.0, 2.8), ("lsm6dso", 70.0, 3.8)],
)
def test_noise_has_the_density_of_the_part(device: str, micro_g: float, milli_deg_s: float) -> None:
    sensor = SensorModel(Scenario(device=device, rate=200))
    acceleration, rate, _ = sensor.measure(REST, STILL, 0)
    assert acceleration.std(axis=0) / STANDARD_GRAVITY_M_S2 * 1e6 == pytest.approx(
        micro_g * 10.0, rel=0.03
    )
    assert np.degrees(rate.std(axis=0)) * 1e3 == pytest.approx(milli_deg_s * 10.0, rel=0.03)


def test_fixed_errors_stay_within_what_the_data_sheet_allows_and_differ_by_seed() -> None:
    offsets = []
    for seed in range(200):
        sensor = SensorModel(Scenario(seed=seed))
        bias_mg = sensor.acceleration_bias_m_s2 / STANDARD_GRAVITY_M_S2 * 1e3
        assert np.abs(bias_mg).max() <= 20.0
        assert np.degrees(np.abs(sensor.angular_velocity_bias_rad_s)).max() <= 1.0
        scale = np.linalg.norm(sensor.acceleration_gain, axis=1) - 1.0
        assert ((np.abs(scale) > 0.0049) & (np.abs(scale) < 0.0101)).all()
        rotation = sensor.acceleration_gain / (1.0 + scale)[:, None]
        turned = np.degrees(np.arccos(np.clip((np.trace(rotation) - 1.0) / 2.0, -1.0, 1.0)))
        assert turned == pytest.approx(1.0, abs=1e-6)
        offsets.append(bias_mg)
    assert np.std(offsets) == pytest.approx(20.0 / np.sqrt(3.0), rel=0.1)


def test_an_ideal_sensor_measures_the_motion_itself() -> None:
    forces = np.random.default_rng(1).normal(0.0, 300.0, (100, 3))
    rates = np.random.default_rng(2).normal(0.0, 100.0, (100, 3))
    acceleration, rate, quality = SensorModel(Scenario(device="ideal")).measure(forces, rates, 0)
    np.testing.assert_array_equal(acceleration, forces)
    np.testing.assert_array_equal(rate, rates)
    assert not quality.any()


def test_readings_stop_at_the_range_and_say_so() -> None:
    scenario = Scenario(acceleration_range_g=4, gyro_range_deg_s=500)
    forces, rates = np.zeros((4, 3)), np.zeros((4, 3))
    forces[1, 0], forces[2, 2], rates[3, 1] = -60.0, 60.0, 20.0
    acceleration, rate, quality = SensorModel(scenario).measure(forces, rates, 0)
    assert acceleration[1, 0] == -4 * STANDARD_GRAVITY_M_S2
    assert acceleration[2, 2] == 4 * STANDARD_GRAVITY_M_S2
    assert rate[3, 1] == pytest.approx(np.radians(500))
    np.testing.assert_array_equal(quality != 0, [False, True, True, True])
    assert quality[1] == Quality.CLIPPED


def test_axes_and_mounting_angles_are_undone_by_their_own_rotations() -> None:
    scenario = Scenario(device="ideal", axes="-z+y+x", mount_pitch=20)
    acceleration, _, _ = SensorModel(scenario).measure(REST[:1], STILL[:1], 0)
    body = axes_matrix("-z+y+x") @ acceleration[0]
    # mounted 20 degrees forward, standing upright reads as leaning 20 degrees forward
    assert np.degrees(np.arctan2(-body[0], body[2])) == pytest.approx(20.0)
    rolled = SensorModel(replace(scenario, mount_pitch=0, mount_roll=10))
    body = axes_matrix("-z+y+x") @ rolled.measure(REST[:1], STILL[:1], 0)[0][0]
    assert np.degrees(np.arcsin(body[1] / STANDARD_GRAVITY_M_S2)) == pytest.approx(10.0)


def test_noise_depends_on_seed_and_block_alone() -> None:
    sensor = SensorModel(Scenario(seed=3))
    first = sensor.measure(REST, STILL, 5)[0]
    sensor.measure(REST, STILL, 6)
    np.testing.assert_array_equal(sensor.measure(REST, STILL, 5)[0], first)
    assert (sensor.measure(REST, STILL, 6)[0] != first).any()
    assert (SensorModel(Scenario(seed=4)).measure(REST, STILL, 5)[0] != first).any()
