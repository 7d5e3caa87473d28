"""The sensor that is calibrated: what it measures is what its motion says, and nothing else."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from devices.simulator.generate import SimulatedRun, measured_run
from devices.simulator.scenario import Scenario, axes_matrix
from devices.simulator.six_faces import ORDER, SixFacesRun
from imu.calibration import StillParams, still_positions
from imu.errors import ParameterError
from imu.samples import STANDARD_GRAVITY_M_S2, Samples
from tests.examples import few

IDEAL = Scenario(motion="six_faces", device="ideal", axes="-z+y+x", mount_pitch=15.0)


def whole(run: SixFacesRun) -> Samples:
    return run.read(run.n_samples)


def test_it_lies_on_each_face_for_four_seconds_at_least_and_is_then_worn() -> None:
    run = SixFacesRun(IDEAL)
    found = still_positions(whole(run), IDEAL.rate)
    assert tuple(position.face for position in found[:6]) == ORDER
    assert min(position.seconds for position in found) >= 4.0
    worn = axes_matrix("-z+y+x") @ found[6].mean[:3] / STANDARD_GRAVITY_M_S2
    # standing upright, the clip is pitched forward by 15°: up leans backward in its axes
    pitch = np.degrees(np.arctan2(-worn[0], worn[2]))
    assert pitch == pytest.approx(15.0, abs=0.2)


def test_angular_velocity_tells_the_same_turns_as_the_specific_force() -> None:
    samples = whole(SixFacesRun(IDEAL))
    assert samples.angular_velocity_rad_s is not None
    # turn by turn with the gyroscope, only levelled once, at the start
    up = samples.acceleration_m_s2[0] / STANDARD_GRAVITY_M_S2
    middle = 0.5 * (samples.angular_velocity_rad_s[1:] + samples.angular_velocity_rad_s[:-1])
    for turn in Rotation.from_rotvec(middle / IDEAL.rate).as_matrix():
        up = turn.T @ up
    last = samples.acceleration_m_s2[-1] / STANDARD_GRAVITY_M_S2
    assert np.degrees(np.arccos(min(1.0, float(up @ last)))) < 0.2


@given(cuts=st.lists(st.integers(0, 11000), max_size=8))
@settings(max_examples=few(5))
def test_reading_it_in_pieces_gives_the_same_bits(cuts: list[int]) -> None:
    scenario = Scenario(motion="six_faces", seed=3)
    expected = whole(SixFacesRun(scenario))
    run = SixFacesRun(scenario)
    bounds = [0, *sorted(cuts), run.n_samples]
    parts = Samples.concatenate([run.read(b - a) for a, b in pairwise(bounds)])
    assert parts.acceleration_m_s2.tobytes() == expected.acceleration_m_s2.tobytes()
    assert parts.time_s.tobytes() == expected.time_s.tobytes()
    assert len(run.read(100)) == 0


def test_its_errors_are_those_of_the_same_sensor_in_a_run() -> None:
    scenario = Scenario(seed=5, minutes=0.1)
    run = SimulatedRun(scenario)
    calibrated = SixFacesRun(Scenario(seed=5, motion="six_faces"))
    for name in ("acceleration_bias_m_s2", "angular_velocity_bias_rad_s", "acceleration_gain"):
        np.testing.assert_array_equal(getattr(calibrated.sensor, name), getattr(run.sensor, name))


def test_opposite_faces_in_a_row_are_turned_over() -> None:
    run = SixFacesRun(IDEAL, ("+z", "-z", "+z"))
    found = still_positions(whole(run), IDEAL.rate)
    assert [position.face for position in found[:3]] == ["+z", "-z", "+z"]


def test_the_scenario_says_what_is_measured() -> None:
    assert isinstance(measured_run(IDEAL), SixFacesRun)
    assert isinstance(measured_run(Scenario(minutes=0.1)), SimulatedRun)
    with pytest.raises(ParameterError, match="motion"):
        SimulatedRun(IDEAL)
    with pytest.raises(ParameterError, match="motion is 'dance'"):
        Scenario(motion="dance")
    with pytest.raises(ParameterError, match="faces"):
        SixFacesRun(IDEAL, ("up",))


def test_quiet_standing_is_longer_where_it_is_asked_for() -> None:
    short = SixFacesRun(Scenario(motion="six_faces", standing_s=0.0))
    long = SixFacesRun(Scenario(motion="six_faces", standing_s=20.0))
    assert long.duration_s - short.duration_s == pytest.approx(20.0)
    assert StillParams().least_s < 4.0
