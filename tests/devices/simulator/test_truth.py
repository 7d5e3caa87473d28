"""The truth a simulated run states is the truth of its samples."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy.signal import butter, sosfiltfilt

from devices.simulator.generate import SimulatedRun, WaveformTruth
from devices.simulator.scenario import Scenario
from devices.simulator.truth import lumbar_compression_bw
from imu.samples import STANDARD_GRAVITY_M_S2
from imu.steps import Steps


@cache
def session(
    speed: float = 3.3, slope: float = 0.0, minutes: float = 1.5
) -> tuple[SimulatedRun, WaveformTruth, Steps]:
    run = SimulatedRun(
        Scenario(speed=speed, slope=slope, minutes=minutes, rate=1000, device="ideal", seed=11)
    )
    _, waveform = run.read_with_truth(run.n_samples)
    return run, waveform, run.truth()


@cache
def long_run(fatigue: str, seed: int = 1) -> Steps:
    run = SimulatedRun(Scenario(minutes=16, rate=50, fatigue=fatigue, seed=seed))
    while len(run.read(100000)):
        pass
    return run.truth()


def test_rows_are_numbered_alternate_in_side_and_close_at_the_next_contact() -> None:
    _, _, steps = session()
    np.testing.assert_array_equal(steps.step, np.arange(1, len(steps) + 1))
    assert set(steps.side) == {"L", "R"}
    assert (steps.side[1:] != steps.side[:-1]).all()
    ends = steps.initial_contact_s + steps.step_time_s
    np.testing.assert_allclose(ends[:-1], steps.initial_contact_s[1:], atol=1e-12)
    np.testing.assert_allclose(
        steps.contact_time_ms, 1e3 * (steps.toe_off_s - steps.initial_contact_s), atol=1e-9
    )
    assert (steps.flight_time_ms > 0).all()
    assert (steps.rows["quality"] == 0).all()


def test_contact_and_toe_off_are_the_crossings_of_the_waveform() -> None:
    run, waveform, steps = session()
    above = waveform.vertical_force_bw >= 0.1
    running = waveform.time_s > run.motion.bouts[0].run_start_s
    rising = np.flatnonzero(~above[:-1] & above[1:] & running[:-1])
    falling = np.flatnonzero(above[:-1] & ~above[1:] & running[:-1])
    contact, toe_off = waveform.time_s[rising], waveform.time_s[falling]
    assert len(contact) == len(steps) + 1  # the last contact closes the last step
    assert ((steps.initial_contact_s - contact[:-1]) >= 0).all()
    assert ((steps.initial_contact_s - contact[:-1]) <= 1e-3).all()
    assert ((steps.toe_off_s - toe_off) >= 0).all()
    assert ((steps.toe_off_s - toe_off) <= 1e-3).all()


def test_mean_force_over_a_step_is_body_weight() -> None:
    run, waveform, steps = session()
    truth = run.motion.at(waveform.time_s)
    for row in range(15, len(steps) - 15):
        start, end = steps.initial_contact_s[row : row + 2]
        inside = (waveform.time_s >= start) & (waveform.time_s < end)
        assert waveform.vertical_force_bw[inside].mean() == pytest.approx(1.0, abs=0.015)
        felt = 1.0 + truth.acceleration_m_s2[inside, 2] / STANDARD_GRAVITY_M_S2
        assert felt.mean() == pytest.approx(1.0, abs=0.03)
    whole = slice(*np.searchsorted(waveform.time_s, steps.initial_contact_s[[15, -15]]))
    assert waveform.vertical_force_bw[whole].mean() == pytest.approx(1.0, abs=0.005)


def test_shock_and_10_hz_peak_agree_with_scipy_on_the_samples() -> None:
    run, waveform, steps = session()
    truth = run.motion.at(waveform.time_s)
    felt = 1.0 + truth.acceleration_m_s2[:, 2] / STANDARD_GRAVITY_M_S2
    once = (np.sqrt(2.0) - 1.0) ** -0.25  # both passes together have -3 dB at the cut-off
    below_20 = sosfiltfilt(butter(2, 20 * once, fs=1000, output="sos"), felt)
    below_10 = sosfiltfilt(butter(2, 10 * once, fs=1000, output="sos"), felt)
    for row in range(20, len(steps) - 5, 9):
        start, end = steps.initial_contact_s[row : row + 2]
        struck = (waveform.time_s >= start) & (waveform.time_s <= start + 0.080)
        inside = (waveform.time_s >= start) & (waveform.time_s < end)
        assert steps.impact_shock_g[row] == pytest.approx(below_20[struck].max(), rel=0.01)
        assert steps.peak_10hz_bw[row] == pytest.approx(below_10[inside].max(), rel=0.01)
        assert steps.peak_force_bw[row] == pytest.approx(
            waveform.vertical_force_bw[inside].max(), abs=1e-3
        )
        height = waveform.vertical_displacement_mm[inside]
        assert steps.vertical_oscillation_mm[row] == pytest.approx(np.ptp(height), abs=0.1)
        lean = waveform.sacral_lean_deg[inside]
        assert steps.sacral_lean_deg[row] == pytest.approx(lean.mean(), abs=0.02)
        assert steps.pelvic_tilt_range_deg[row] == pytest.approx(np.ptp(lean), abs=0.02)
        roll = waveform.sacral_roll_deg[inside]
        assert steps.sacral_roll_deg[row] == pytest.approx(roll.mean(), abs=0.02)


@cache
def mean_shock_g(slope: float) -> float:
    means = []
    for seed in range(4):
        run = SimulatedRun(Scenario(speed=3.33, slope=slope, seed=seed, minutes=0.6, rate=50))
        run.read(run.n_samples)
        means.append(run.truth().impact_shock_g[10:-10].mean())
    return float(np.mean(means))


@pytest.mark.parametrize(("slope", "ratio"), [(-5.0, 1.26), (-10.0, 1.58)])
def test_shock_grows_downhill_as_it_was_measured(slope: float, ratio: float) -> None:
    assert 2.6 < mean_shock_g(0.0) < 4.2
    assert mean_shock_g(slope) / mean_shock_g(0.0) == pytest.approx(ratio, abs=0.12)


def test_oscillation_and_flight_are_those_of_a_runner() -> None:
    run, waveform, steps = session(speed=3.0)
    steady = steps[15:-15]
    assert 60 < steady.vertical_oscillation_mm.mean() < 140
    assert steady.vertical_oscillation_mm.std() < 10
    motion = run.motion.at(waveform.time_s)
    for row in range(15, len(steps) - 15, 11):
        after, before = steps.toe_off_s[row] + 0.02, steps.initial_contact_s[row + 1] - 0.01
        flight = (waveform.time_s > after) & (waveform.time_s < before)
        assert (waveform.vertical_force_bw[flight] < 0.1).all()
        felt = 1.0 + motion.acceleration_m_s2[flight, 2] / STANDARD_GRAVITY_M_S2
        # the pelvis moves against the centre of mass, which falls freely
        assert felt.min() < -0.1


def test_sideways_motion_is_the_sensors_own() -> None:
    run, waveform, steps = session()
    sideways = 1e3 * run.motion.at(waveform.time_s).position_m[:, 1]
    for row in range(20, len(steps) - 5, 9):
        start, _, end = steps.initial_contact_s[row - 1 : row + 2]  # the stride that ends here
        inside = (waveform.time_s >= start) & (waveform.time_s < end)
        assert steps.rows["mediolateral_oscillation_mm"][row] == pytest.approx(
            np.ptp(sideways[inside]), abs=0.3
        )


def test_step_to_step_variation_is_a_runners() -> None:
    steps = long_run("none")[200:1200]
    for column, low, high in (
        (steps.step_time_s, 0.015, 0.045),
        (steps.peak_force_bw, 0.015, 0.055),
        (steps.impact_shock_g, 0.05, 0.13),
    ):
        assert low < column.std() / column.mean() < high


def test_cadence_is_the_middle_mean_of_the_strides_of_ten_seconds() -> None:
    _, _, steps = session()
    row = 60
    end = steps.initial_contact_s[row] + steps.step_time_s[row]
    window = (steps.initial_contact_s >= end - 10.0) & (np.arange(len(steps)) <= row)
    times = steps.step_time_s[window]
    strides = np.sort(times[1:] + times[:-1])
    cut = len(strides) // 4
    assert steps.cadence_spm[row] == pytest.approx(120.0 / strides[cut : len(strides) - cut].mean())


def change(steps: Steps, column: str) -> float:
    """From minutes 4 to 8 to after minute 12, in the column's unit."""
    running = steps.initial_contact_s - steps.initial_contact_s[0]
    before = (running > 240) & (running < 480)
    after = (running > 720) & (running < 950)
    values = getattr(steps, column)
    return float(values[after].mean() - values[before].mean())


def test_fatigue_changes_what_it_says() -> None:
    tired, fresh = long_run("all"), long_run("none")
    lean = change(tired, "sacral_lean_deg") - change(fresh, "sacral_lean_deg")
    assert 3.9 < lean < 6.1
    shock = change(tired, "impact_shock_g") / fresh.impact_shock_g[100:].mean()
    assert shock - change(fresh, "impact_shock_g") / fresh.impact_shock_g[
        100:
    ].mean() == pytest.approx(0.25, abs=0.06)
    cadence = change(tired, "cadence_spm") - change(fresh, "cadence_spm")
    assert cadence / fresh.cadence_spm[100:].mean() == pytest.approx(-0.06, abs=0.015)
    assert abs(change(long_run("lean"), "cadence_spm")) < 0.03 * 166
    assert abs(change(fresh, "sacral_lean_deg")) < 1.5


def test_lumbar_index_starts_after_its_baseline_and_rises_with_lean() -> None:
    steps = long_run("lean")
    running = steps.initial_contact_s - steps.initial_contact_s[0]
    assert np.isnan(steps.lumbar_index[running < 450]).all()
    known = steps.lumbar_index[running >= 450]
    assert np.isfinite(known).all()
    base = (running >= 150) & (running < 450)
    assert known[-200:].mean() == pytest.approx(
        100
        * steps.lumbar_compression_bw[running >= 450][-200:].mean()
        / steps.lumbar_compression_bw[base].mean()
    )
    assert 115 < known[-400:-50].mean() < 180


def test_lumbar_compression_matches_the_published_table() -> None:
    values = [lumbar_compression_bw(2.4, 0.0, lean, 1.75) for lean in (0, 4, 8, 12, 20)]
    np.testing.assert_allclose(values, [1.30, 1.79, 2.28, 2.76, 3.68], atol=0.006)
