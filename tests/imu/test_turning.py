"""How far the gyroscope turns, and whether the acceleration turns with it, is judged of people."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from benchmarks.recordings import WAIST_AXES, data_directory, waist_trials
from benchmarks.virtual_sensor import runner_motions, virtual_sensor
from devices.simulator.generate import simulate
from devices.simulator.scenario import Scenario
from imu.analyzer import StepAnalyzer
from imu.chain.orientation import InclinationFilter
from imu.samples import Quality, Samples
from imu.steps import Steps, concatenate

RATE_HZ = 200.0
needs_data = pytest.mark.skipif(
    not (data_directory() / "treadmill_runners").is_dir(),
    reason="the recordings of runners are not at hand, see benchmarks/recordings.py",
)


def judged(samples: Samples, axes: str = "+x+y+z") -> tuple[set[str], Steps]:
    analyzer = StepAnalyzer(RATE_HZ, axes=axes)
    steps = concatenate([analyzer.push(samples), analyzer.flush()])
    return set(analyzer.troubles), steps


def scaled(samples: Samples, factor: float) -> Samples:
    turning = samples.angular_velocity_rad_s
    assert turning is not None
    return Samples(samples.time_s, samples.acceleration_m_s2, factor * turning)


def levelled(samples: Samples) -> Samples:
    turning = samples.angular_velocity_rad_s
    assert turning is not None
    wxyz = InclinationFilter(RATE_HZ).push(samples.acceleration_m_s2, turning)
    to_ground = Rotation.from_quat(wxyz, scalar_first=True)
    return Samples(samples.time_s, to_ground.apply(samples.acceleration_m_s2), turning)


@cache
def simulated() -> Samples:
    query = "speed=3.2&minutes=0.7&seed=21&rate=200&standing_s=0&lean=6&device=ideal"
    return simulate(Scenario.from_query(query))[0]


def swaying(samples: Samples, *, force_too: bool) -> Samples:
    """The same run in a posture that tips forward and back by a degree or two, in seconds."""
    time_s, turning = samples.time_s, samples.angular_velocity_rad_s
    assert turning is not None
    phases = np.random.default_rng(3).uniform(0.0, 2.0 * np.pi, 12)
    hertz = np.linspace(0.11, 0.6, 12)
    angle = 2.0 * np.pi * hertz * time_s[:, None] + phases
    tip = np.radians(0.9) * np.sin(angle).sum(axis=1)
    rate = np.radians(0.9) * (2.0 * np.pi * hertz * np.cos(angle)).sum(axis=1)
    back = Rotation.from_rotvec(np.outer(tip, [0.0, 1.0, 0.0])).inv()
    force = samples.acceleration_m_s2
    swayed = back.apply(turning) + np.stack([0.0 * rate, rate, 0.0 * rate], axis=1)
    return Samples(time_s, back.apply(force) if force_too else force, swayed)


def test_a_posture_that_changes_is_told_nothing_and_a_force_that_stays_is_told() -> None:
    told, steps = judged(swaying(simulated(), force_too=True))
    assert told == set()
    told, beside = judged(swaying(simulated(), force_too=False))
    assert told == {"levelled"}
    assert len(beside) == len(steps)
    flagged = (beside.quality_bits & np.uint16(Quality.SENSOR)) != 0
    assert flagged[-20:].all()


@pytest.mark.parametrize("factor", [0.4, 2.5])
def test_another_scale_is_told_before_a_step_is_trusted(factor: float) -> None:
    told, steps = judged(scaled(simulated(), factor))
    assert "gyro_scale" in told
    assert (steps.quality_bits & np.uint16(Quality.SENSOR)).all()


@needs_data
@pytest.mark.parametrize("runner", [2, 25, 48])
def test_real_runners_are_told_nothing_and_their_faults_are(runner: int) -> None:
    motion = runner_motions()[runner]
    clean = virtual_sensor(motion, rate_hz=RATE_HZ, standing_s=6.0).samples
    assert judged(clean)[0] == set()
    assert judged(scaled(clean, 2.0))[0] & {"gyro_scale", "gyro_contradicts"}
    assert judged(levelled(clean))[0] & {"levelled", "gyro_contradicts"}


@needs_data
def test_real_sensors_at_the_waist_are_told_nothing() -> None:
    for trial in [t for t in waist_trials() if t.activity == "D04"][:4]:
        assert judged(trial.samples[0], WAIST_AXES)[0] == set()
