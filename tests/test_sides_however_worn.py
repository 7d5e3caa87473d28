"""Which foot is on the ground, for a sensor that is turned about the vertical against its axes."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from benchmarks.recordings import data_directory
from benchmarks.virtual_sensor import runner_motions, virtual_sensor
from imu.samples import Samples
from imu.whole_recording import analyze

pytestmark = pytest.mark.skipif(
    not (data_directory() / "treadmill_runners").is_dir(),
    reason=f"no runners in {data_directory()}: set BACKSTRIDE_DATA to where they are",
)


def told(runners: slice, yaw_deg: float, axes: str) -> tuple[int, int, int]:
    """Steps whose side is right, wrong, and not named."""
    turn = Rotation.from_euler("z", yaw_deg, degrees=True)
    right = wrong = unnamed = 0
    for motion in runner_motions()[runners]:
        trial = virtual_sensor(motion, rate_hz=200.0)
        gyro = trial.samples.angular_velocity_rad_s
        assert gyro is not None
        force = turn.apply(trial.samples.acceleration_m_s2)
        time = trial.samples.time_s
        steps = analyze(Samples(time, force, turn.apply(gyro)), axes=axes, rate_hz=200.0)
        middle = 0.5 * (steps.initial_contact_s + steps.toe_off_s)
        heels = trial.heel_height_mm[np.searchsorted(time, middle).clip(max=len(time) - 1)]
        truth = np.where(heels[:, 1] < heels[:, 0], "L", "R")
        named = np.isin(steps.side, ("L", "R"))
        right += int(np.sum(steps.side == truth))
        wrong += int(np.sum(named & (steps.side != truth)))
        unnamed += int(np.sum(~named))
    return right, wrong, unnamed


@pytest.mark.parametrize("yaw_deg", [0.0, 70.0, 180.0])
def test_a_turned_sensor_costs_no_side(yaw_deg: float) -> None:
    right, wrong, _ = told(slice(0, 12, 4), yaw_deg, "+x+y+z")
    assert wrong == 0
    assert right > 100


@pytest.mark.slow
@pytest.mark.parametrize("axes", ["+x+y+z", "auto"])
@pytest.mark.parametrize("yaw_deg", [0.0, 45.0, 90.0, 135.0, 180.0])
def test_no_runner_has_a_wrong_side(yaw_deg: float, axes: str) -> None:
    right, wrong, unnamed = told(slice(None), yaw_deg, axes)
    assert wrong <= 0.005 * (right + unnamed)
    assert right > 0.5 * (right + unnamed)
