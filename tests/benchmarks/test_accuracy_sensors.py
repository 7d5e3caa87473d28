"""The virtual sensor tells the truth it is scored against; what spoils it spoils it as it says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import cumulative_simpson
from scipy.spatial.transform import Rotation

from benchmarks.accuracy import left_out, sensors, shock, simulated
from benchmarks.accuracy.truth import motion_pairs
from benchmarks.virtual_sensor import MarkerTrial, PelvisMotion, pelvis_motions, virtual_sensor
from imu.runner import Runner
from imu.samples import STANDARD_GRAVITY_M_S2, Quality, Samples

Array = NDArray[np.float64]

STEP_S = 0.36
SPEED_OF_PHASE = np.pi / STEP_S


def runner(duration_s: float = 24.0) -> PelvisMotion:
    """A made-up pelvis in motion capture: bouncing once a step, rolling once a stride."""
    rate = 150.0
    time = np.arange(0.0, duration_s, 1.0 / rate)
    stride, step = SPEED_OF_PHASE * time, 2.0 * SPEED_OF_PHASE * time
    bounce = 0.045 * np.cos(step) + 0.004 * np.cos(2.0 * step + 1.0)
    forward = 0.012 * np.cos(step + 0.25 * np.pi)
    position = np.stack([forward, 0.01 * np.cos(stride), 0.95 + bounce], axis=1)
    angles = np.stack(
        [2.0 + 5.0 * np.cos(stride), 12.0 + 3.0 * np.cos(step + 1.0), 4.0 * np.cos(stride + 2.0)],
        axis=1,
    )
    frame = Rotation.from_euler("xyz", angles, degrees=True).as_matrix()
    heels = np.stack([0.3 + 0.25 * np.cos(stride), 0.3 - 0.25 * np.cos(stride)], axis=1)
    return PelvisMotion(
        "made up", rate, position, frame, heels, None, 0.0, 3.0, "made up", Runner(), None
    )


def orientation(trial: MarkerTrial) -> Rotation:
    """Body to earth, from the true lean and roll and the heading of the forward axis."""
    angles = np.stack([trial.roll_deg, trial.lean_deg], axis=1)
    tilted = Rotation.from_euler("XY", angles, degrees=True)
    forward = tilted.as_matrix()[:, :, 0]
    heading = np.radians(trial.yaw_deg) - np.arctan2(forward[:, 1], forward[:, 0])
    return Rotation.from_euler("z", heading[:, None]) * tilted


def integrated_height_mm(trial: MarkerTrial, mounting: Rotation) -> Array:
    """Height from the specific force alone, true orientation and mounting given."""
    body = mounting.apply(trial.samples.acceleration_m_s2)
    upward = orientation(trial).apply(body)[:, 2] - STANDARD_GRAVITY_M_S2
    time = trial.samples.time_s
    velocity = cumulative_simpson(upward, x=time, initial=0.0)
    height = 1000.0 * cumulative_simpson(velocity, x=time, initial=0.0)
    # start and speed at the start are not in the force
    line = np.polyval(np.polyfit(time, trial.height_mm - height, 1), time)
    return np.asarray(height + line)


@pytest.mark.parametrize("rate_hz", [200.0, 400.0])
@pytest.mark.parametrize("mount_deg", [(0.0, 0.0, 0.0), (10.0, 15.0, -20.0)])
def test_acceleration_integrates_back_to_the_markers(
    rate_hz: float, mount_deg: tuple[float, float, float]
) -> None:
    roll, pitch, yaw = mount_deg
    placed = Rotation.from_euler("ZYX", [yaw, pitch, roll], degrees=True)
    for standing_s in (0.0, 4.0):
        trial = virtual_sensor(
            runner(), rate_hz=rate_hz, mount_deg=mount_deg, standing_s=standing_s
        )
        error = integrated_height_mm(trial, placed) - trial.height_mm
        assert np.abs(error).max() < 1.0


def test_angular_velocity_integrates_back_to_the_orientation() -> None:
    trial = virtual_sensor(runner(), rate_hz=400.0, standing_s=4.0)
    rate = trial.samples.angular_velocity_rad_s
    assert rate is not None
    turned = orientation(trial)
    found = turned[0]
    worst = 0.0
    for k in range(len(rate) - 1):
        found = found * Rotation.from_rotvec(0.5 * (rate[k] + rate[k + 1]) / 400.0)
        if k % 400 == 0:
            worst = max(worst, float((found.inv() * turned[k + 1]).magnitude()))
    assert np.degrees(worst) < 0.1


def test_a_known_mounting_is_in_the_samples() -> None:
    straight = virtual_sensor(runner())
    tilted = virtual_sensor(runner(), mount_deg=(10.0, 15.0, -20.0))
    found, _ = Rotation.align_vectors(
        straight.samples.acceleration_m_s2, tilted.samples.acceleration_m_s2
    )
    assert found.as_euler("ZYX", degrees=True) == pytest.approx([-20.0, 15.0, 10.0], abs=1e-6)


def test_standing_is_level_and_the_run_leans_as_asked() -> None:
    trial = virtual_sensor(runner(), standing_s=4.0, run_lean_deg=6.0, run_roll_deg=-2.0)
    standing = trial.samples.time_s < 4.0
    assert np.abs(trial.lean_deg[standing]).max() < 1e-6
    assert np.abs(trial.roll_deg[standing]).max() < 1e-6
    assert trial.standing_up == pytest.approx([0.0, 0.0, STANDARD_GRAVITY_M_S2], abs=1e-6)
    strides = round(2.0 * STEP_S * trial.rate_hz) * 20
    start = int(np.searchsorted(trial.samples.time_s, trial.running_s))
    run = slice(start, start + strides)
    assert trial.lean_deg[run].mean() == pytest.approx(6.0, abs=0.1)
    assert trial.roll_deg[run].mean() == pytest.approx(-2.0, abs=0.1)


def test_a_sensor_off_the_midpoint_feels_the_lever() -> None:
    here, there = (virtual_sensor(runner(), offset_m=(0.0, y, 0.0)) for y in (0.0, 0.05))
    # 5 cm to the left, rolling by 5° each way: up and down by 4.4 mm each way
    apart = there.height_mm - here.height_mm
    assert np.ptp(apart) == pytest.approx(2.0 * 50.0 * np.sin(np.radians(5.0)), rel=0.05)


def test_a_hidden_marker_frame_leaves_no_spike(tmp_path: Path) -> None:
    made = runner(6.0)
    forward, left = made.frame[:, :, 0], made.frame[:, :, 1]
    corners = {
        "R.ASIS": made.position_m + 0.2 * forward - 0.12 * left,
        "L.ASIS": made.position_m + 0.2 * forward + 0.12 * left,
        "R.PSIS": made.position_m - 0.05 * left,
        "L.PSIS": made.position_m + 0.05 * left,
        "R.Heel.Bottom": made.position_m * [1, 1, 0] + np.outer(made.heel_m[:, 0], [0, 0, 1]),
        "L.Heel.Bottom": made.position_m * [1, 1, 0] + np.outer(made.heel_m[:, 1], [0, 0, 1]),
    }
    markers = np.stack(list(corners.values()), axis=1)[:, :, [0, 2, 1]] * [1, 1, -1]

    def trial(hidden: slice) -> MarkerTrial:
        seen = markers.copy()
        seen[hidden, 0] = np.nan
        folder = tmp_path / "treadmill_mocap"
        folder.mkdir(exist_ok=True)
        np.savez(
            folder / "made.npz",
            markers_m=seen,
            marker_names=list(corners),
            marker_rate_hz=150.0,
            speed_m_s=3.0,
        )
        return virtual_sensor(pelvis_motions(tmp_path)[0])

    whole, broken = trial(slice(0)), trial(slice(300, 303))
    assert whole.lean_deg.mean() == pytest.approx(12.0, abs=0.2)
    assert np.abs(broken.lean_deg - whole.lean_deg).max() < 0.3
    felt = np.abs(broken.samples.acceleration_m_s2 - whole.samples.acceleration_m_s2)
    assert felt.max() < 2.0


def test_the_scores_of_a_made_up_runner_are_near_zero_and_see_an_error() -> None:
    trial = virtual_sensor(runner(), standing_s=6.0)
    steps, _ = left_out.run_chain(trial, trial.samples, "+x+y+z")
    pairs = motion_pairs(trial, steps)
    assert len(pairs["sacral lean"].errors) > 40
    assert np.sqrt(np.mean(pairs["sacral lean"].errors ** 2)) < 0.3
    assert abs(np.mean(pairs["vertical oscillation"].errors)) < 1.5
    tilted = virtual_sensor(runner(), standing_s=6.0, mount_deg=(0.0, 4.0, 0.0))
    untold = replace(tilted, standing_up=None)
    steps, _ = left_out.run_chain(untold, untold.samples, "+x+y+z")
    wrong = motion_pairs(untold, steps)["sacral lean"].errors
    assert abs(float(np.mean(wrong))) == pytest.approx(4.0, abs=0.5)


# ---- what spoils a sensor


def shaken(frequency_hz: float, rate_hz: float = 400.0) -> Samples:
    time = np.arange(0.0, 20.0, 1.0 / rate_hz)
    wave = np.sin(2.0 * np.pi * frequency_hz * time)
    force = np.stack([wave, 0.0 * wave, STANDARD_GRAVITY_M_S2 + 3.0 * wave], axis=1)
    return Samples(time, force, 0.0 * force)


@pytest.mark.parametrize("shaken_hz", [1.0, 2.7, 8.0, 20.0])
def test_a_strap_answers_as_a_mass_on_a_spring(shaken_hz: float) -> None:
    straight = shaken(shaken_hz)
    rung = sensors.strap(10.0)(straight, 0)
    ratio, damping = shaken_hz / 10.0, 0.1
    expected = np.sqrt(
        (1.0 + (2.0 * damping * ratio) ** 2)
        / ((1.0 - ratio**2) ** 2 + (2.0 * damping * ratio) ** 2)
    )
    late = straight.time_s > 10.0
    felt = rung.acceleration_m_s2[late, 2]
    assert np.ptp(felt) / 6.0 == pytest.approx(expected, rel=0.03)
    assert felt.mean() == pytest.approx(STANDARD_GRAVITY_M_S2, abs=0.1)


def test_what_is_beyond_the_range_is_cut_and_marked() -> None:
    cut = sensors.clipped(1.2)(shaken(2.0), 0)
    marked = (cut.quality & Quality.CLIPPED) > 0
    assert 0.1 < marked.mean() < 0.6
    assert np.abs(cut.acceleration_m_s2).max() == pytest.approx(1.2 * STANDARD_GRAVITY_M_S2)
    assert np.all(np.abs(cut.acceleration_m_s2[~marked]) < 1.2 * STANDARD_GRAVITY_M_S2)


def test_lost_packets_leave_whole_others_at_their_times() -> None:
    whole = shaken(2.0)
    rest = sensors.gaps(10.0)(whole, 3)
    assert 0.85 < len(rest) / len(whole) < 0.95
    at = np.searchsorted(whole.time_s, rest.time_s)
    assert np.array_equal(whole.acceleration_m_s2[at], rest.acceleration_m_s2)
    assert set(np.diff(at)) <= {1, 9, 17, 25, 33}
    assert len(sensors.gaps(10.0)(whole, 4)) != len(rest)


def test_the_truth_of_a_spoiled_sensor_is_that_of_the_whole_one() -> None:
    lossy = next(sensor for sensor in sensors.SENSORS if sensor.group == "gaps")
    trial, samples = sensors.worn(lossy, runner(), 2)
    assert len(samples) < len(trial.samples) == len(trial.height_mm)
    steps, _ = left_out.run_chain(trial, samples, lossy.axes)
    errors = motion_pairs(trial, steps)["sacral lean"].errors
    assert np.median(np.abs(errors)) < 0.3


def test_sensors_have_names_of_their_own() -> None:
    titles = [sensor.title for sensor in sensors.SENSORS]
    assert len(set(titles)) == len(titles)


# ---- simulated


def test_steps_are_matched_by_contact_and_ramps_are_scored_apart() -> None:
    phases = simulated.errors_of_case(simulated.Case(device="ideal", bias="none"))
    steady, ramp = phases[simulated.STEADY], phases[simulated.RAMP]
    assert len(steady["contact time"][0]) > 40
    assert len(ramp["contact time"][0]) > 5
    assert np.ptp(steady["initial contact"][0]) < 25.0
    assert np.all(steady["side wrong, named steps"][0] == 0.0)
    assert np.mean(steady["steps missed"][0]) == 0.0


def test_lost_packets_are_scored_as_gaps() -> None:
    phases = simulated.errors_of_case(simulated.Case(loss_percent=5.0, seed=4))
    assert len(phases[simulated.WITH_GAP]["contact time"][0]) > 0


def test_a_larger_pulse_is_read_as_a_larger_shock() -> None:
    # small ones do not reach the crest of the step itself
    small, large = (shock.injected_pulse_errors(size, 20.0, 400.0) for size in (0.5, 12.0))
    assert np.abs(small[0]).max() < 0.3
    assert np.mean(large[1]) > np.mean(small[1]) + 1.0
