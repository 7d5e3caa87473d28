"""A simulated runner in bends, and a sensor that slips: what the tests of both are made from."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from devices.simulator.generate import SimulatedRun
from devices.simulator.scenario import Scenario
from imu.samples import Samples

Array = NDArray[np.float64]


@cache
def run_of(minutes: float = 1.2, speed: float = 3.3, seed: int = 3) -> tuple[Samples, Array]:
    """A straight run with the errors of a consumer sensor, and the true rotations body → earth."""
    run = SimulatedRun(Scenario(minutes=minutes, speed=speed, seed=seed, rate=100.0))
    samples = run.read(run.n_samples)
    return samples, run.motion.at(samples.time_s).rotation


def in_bend(
    samples: Samples,
    rotation: Array,
    begin_s: float,
    end_s: float,
    turn_deg_s: float,
    speed_m_s: float = 3.3,
) -> Samples:
    """The same with the path turning to the left at a steady rate between two times."""
    gyro = samples.angular_velocity_rad_s
    assert gyro is not None
    time = samples.time_s
    # into the bend and out of it within half a second
    share = np.clip((time - begin_s) / 0.5 + 0.5, 0.0, 1.0)
    share -= np.clip((time - end_s) / 0.5 + 0.5, 0.0, 1.0)
    rate = np.radians(turn_deg_s) * share
    turning, inward = np.zeros((len(time), 3)), np.zeros((len(time), 3))
    turning[:, 2] = rate
    # the runner's own heading, by which the pelvis turns about it, is the earth's x
    inward[:, 1] = speed_m_s * rate
    to_body = Rotation.from_matrix(rotation).inv()
    return Samples(
        time,
        samples.acceleration_m_s2 + to_body.apply(inward),
        gyro + to_body.apply(turning),
        samples.quality,
    )


def slipping(samples: Samples, at_s: float, tilt_deg: float, axis: str = "y") -> Samples:
    """The same with the sensor turning on the body about one of its axes within 0.3 s."""
    gyro = samples.angular_velocity_rad_s
    assert gyro is not None
    took_s = 0.3
    share = np.clip((samples.time_s - at_s) / took_s, 0.0, 1.0)
    smooth = share**2 * (3.0 - 2.0 * share)
    rate = np.radians(tilt_deg) * 6.0 * share * (1.0 - share) / took_s
    column = "xyz".index(axis)
    turned = Rotation.from_euler(axis, tilt_deg * smooth[:, None], degrees=True).inv()
    angular = turned.apply(gyro)
    angular[:, column] += rate
    return Samples(
        samples.time_s, turned.apply(samples.acceleration_m_s2), angular, samples.quality
    )
