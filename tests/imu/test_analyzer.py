"""The whole chain on a runner made of formulas: steps found, in time, with their truth."""

from __future__ import annotations

import copy
import pickle
from dataclasses import replace
from functools import cache
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from imu.analyzer import AnalyzerParams, StepAnalyzer
from imu.chain.filters import zero_phase_cutoff
from imu.contract import require_same_bits
from imu.errors import InputError, ParameterError
from imu.runner import Runner
from imu.samples import Samples
from imu.steps import Steps, concatenate
from imu.whole_recording import analyze
from tests.imu import oracles
from tests.imu.synthetic import Run, running, sine_power_peak

Array = NDArray[np.float64]

G = 9.80665
QUICK_LUMBAR = AnalyzerParams(lumbar_skip_s=2.0, lumbar_baseline_s=3.0)
RATES_HZ = [50.0, 100.0, 200.0, 512.0, 1600.0]


@cache
def usual() -> Run:
    return running(steps=30)


@cache
def usual_steps() -> Steps:
    return analyze(usual().samples, Runner(70.0, 1.75), axes="+x+y+z", rate_hz=200.0)


def contacts_of(steps: Steps, run: Run) -> NDArray[np.intp]:
    """Index of the true contact nearest to each step's."""
    apart = np.abs(run.initial_contact_s - steps.initial_contact_s[:, None])
    return np.asarray(np.argmin(apart, axis=1))


def check_table(steps: Steps) -> None:
    """What holds in every steps table."""
    assert steps.step.tolist() == list(range(1, len(steps) + 1))
    assert np.all(np.diff(steps.initial_contact_s) > 0.0)
    assert np.all(steps.flight_time_ms >= 0.0)
    assert np.all(steps.contact_time_ms > 0.0)
    np.testing.assert_allclose(
        steps.contact_time_ms + steps.flight_time_ms, 1000.0 * steps.step_time_s, atol=1e-6
    )
    np.testing.assert_allclose(
        steps.toe_off_s - steps.initial_contact_s, steps.contact_time_ms / 1000.0, atol=1e-9
    )
    # the closing contact of a step is never after the next one's opening
    ends = steps.initial_contact_s + steps.step_time_s
    assert np.all(ends[:-1] <= steps.initial_contact_s[1:] + 1e-9)


# ---- steps and their times


@pytest.mark.parametrize("gyro", [True, False])
@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_every_step_is_found_at_its_time_at_every_rate(rate_hz: float, gyro: bool) -> None:
    run = running(rate_hz=rate_hz, steps=24, gyro=gyro, noise_seed=3)
    steps = analyze(run.samples, axes="+x+y+z", rate_hz=rate_hz)
    check_table(steps)
    index = contacts_of(steps, run)
    # the first contact comes out of standing, without a flight before it
    assert len(steps) >= 23
    assert index.tolist() == list(range(24 - len(steps), 24))
    assert np.max(np.abs(steps.initial_contact_s - run.initial_contact_s[index])) < 0.02
    # nobody's pelvis moves like this stance, a half sine: toe-off is near, and steady
    late = steps.toe_off_s - run.toe_off_s[index]
    assert np.all(np.abs(late) < 0.1 * 0.36)
    assert np.std(late[2:]) < 0.004
    # the first landings, out of standing, are unlike the rest
    np.testing.assert_allclose(steps.step_time_s, 0.36, atol=0.015)
    np.testing.assert_allclose(steps.step_time_s[8:], 0.36, atol=0.006)
    np.testing.assert_allclose(steps.cadence_spm[-4:], 60.0 / 0.36, atol=0.7)


@pytest.mark.parametrize(("step_s", "stance_s"), [(0.30, 0.19), (0.34, 0.26), (0.42, 0.24)])
def test_slow_and_fast_steps_have_their_contact_time_and_peak(
    step_s: float, stance_s: float
) -> None:
    run = running(step_s=step_s, stance_s=stance_s)
    steps = analyze(run.samples, axes="+x+y+z")
    # nobody's pelvis moves like this: the stance is right to a tenth of the step, the peak to 20 %
    truth = run.toe_off_s[0] - run.initial_contact_s[0]
    longer = steps.contact_time_ms[1:] / 1000.0 - truth
    assert np.all(np.abs(longer) < 0.1 * step_s)
    assert np.all(np.abs(steps.peak_force_bw[1:] / run.peak_force_bw - 1.0) < 0.2)


def test_the_recordings_own_time_is_kept() -> None:
    plain = usual_steps()
    offset_s = 1_760_000_000.0
    shifted = analyze(running(steps=30, offset_s=offset_s).samples, axes="+x+y+z", rate_hz=200.0)
    assert len(shifted) == len(plain)
    np.testing.assert_allclose(
        shifted.initial_contact_s - offset_s, plain.initial_contact_s, atol=1e-4
    )


def test_a_5_s_clip_that_starts_in_mid_stride_yields_its_steps() -> None:
    run = running(steps=40)
    inside = (run.samples.time_s >= 4.05) & (run.samples.time_s < 9.05)
    first, last = np.flatnonzero(inside)[[0, -1]]
    for gyro in (True, False):
        clip = run.samples[int(first) : int(last) + 1]
        if not gyro:
            clip = Samples(clip.time_s, clip.acceleration_m_s2)
        steps = analyze(clip, axes="+x+y+z")
        check_table(steps)
        begin, end = clip.time_s[0], clip.time_s[-1]
        closed = np.sum((run.initial_contact_s > begin) & (run.initial_contact_s < end)) - 1
        assert abs(len(steps) - closed) <= 1
        # the settling rule: a second and a half, said in the table, not dropped
        young = steps.initial_contact_s < begin + 1.5 - 0.25
        assert all("settling" in words for words in steps.quality[young])
        # and felt for one step more
        step_s = float(np.median(steps.step_time_s))
        old = steps.initial_contact_s > begin + 1.5 + 0.25 + step_s
        assert not any("settling" in words for words in steps.quality[old])
        assert all(("no_gyro" in words) != gyro for words in steps.quality)


def test_standing_and_walking_make_no_step() -> None:
    time = np.arange(4000) / 100.0
    walk = 1.0 + 0.35 * np.sin(2 * np.pi * 2.0 * time) + 0.12 * np.sin(2 * np.pi * 4.0 * time)
    force = G * np.stack([0.1 * np.cos(2 * np.pi * 2.0 * time), 0 * time, walk], axis=1)
    for gyro in (np.zeros((4000, 3)), None):
        assert len(analyze(Samples(time, force, gyro), axes="+x+y+z")) == 0
        assert len(analyze(Samples(time, force, gyro))) == 0
        still = np.tile([0.0, 0.0, G], (4000, 1))
        assert len(analyze(Samples(time, still, gyro))) == 0


# ---- what is measured in a step


def test_oscillation_is_that_of_the_sensor() -> None:
    for rate_hz, limit_mm in ((100.0, 1.5), (200.0, 1.0), (1600.0, 1.0)):
        run = running(rate_hz=rate_hz)
        found = analyze(run.samples, axes="+x+y+z").vertical_oscillation_mm
        np.testing.assert_allclose(found, run.vertical_oscillation_mm, atol=limit_mm)


@pytest.mark.parametrize(("lean_deg", "roll_deg"), [(8.0, 0.0), (-5.0, 3.0), (20.0, -4.0)])
def test_lean_is_positive_forward_and_roll_to_the_right(lean_deg: float, roll_deg: float) -> None:
    run = running(lean_deg=lean_deg, roll_deg=roll_deg, drop_deg=0.0, steps=40)
    steps = analyze(run.samples, axes="+x+y+z")
    settled = steps.quality == ""
    assert np.sum(settled) > 20
    for found, truth in ((steps.sacral_lean_deg, lean_deg), (steps.sacral_roll_deg, roll_deg)):
        assert np.sqrt(np.mean((found[settled] - truth) ** 2)) < 0.3
    np.testing.assert_allclose(steps.pelvic_tilt_range_deg[settled], run.tilt_range_deg, atol=0.3)
    assert np.all(steps.pelvic_rotation_range_deg[settled] < 2.5)


def test_without_a_gyroscope_lean_is_told_with_its_flag_and_ranges_are_empty() -> None:
    run = running(lean_deg=8.0, gyro=False, steps=40, tilt_range_deg=0.0)
    steps = analyze(run.samples, axes="+x+y+z")
    assert all("no_gyro" in words for words in steps.quality)
    # the mean direction over whole steps, as far as the forward acceleration averages out
    np.testing.assert_allclose(steps.sacral_lean_deg[-20:], 8.0, atol=1.6)
    for column in ("tilt", "obliquity", "rotation"):
        assert np.all(np.isnan(getattr(steps, f"pelvic_{column}_range_deg")))


def test_a_gyroscope_of_nothing_but_zeros_is_none() -> None:
    samples = usual().samples
    silent = Samples(samples.time_s, samples.acceleration_m_s2, np.zeros((len(samples), 3)))
    steps = analyze(silent, axes="+x+y+z")
    assert all("no_gyro" in words for words in steps.quality)
    assert np.all(np.isnan(steps.pelvic_tilt_range_deg))


def test_lean_is_told_from_the_standing_neutral_where_one_was_captured() -> None:
    run = running(lean_deg=8.0, steps=40)
    neutral = run.samples.acceleration_m_s2[:200].mean(axis=0)
    analyzer = StepAnalyzer(run.rate_hz, axes="+x+y+z", neutral_up=neutral)
    steps = concatenate([analyzer.push(run.samples), analyzer.flush()])
    np.testing.assert_allclose(steps.sacral_lean_deg[-20:], 0.0, atol=0.3)


def unequal_legs() -> Samples:
    """Two kinds of flight in turn, of 80 and 160 ms, and stances of one kind, 240 ms."""
    rate_hz, stance_s, standing_s = 400.0, 0.24, 3.0
    flights = np.tile([0.08, 0.16], 20)
    begin = standing_s + np.append(0.0, np.cumsum(stance_s + flights))
    # each stance carries the weight from the middle of one flight to the middle of the next
    peak = sine_power_peak(stance_s, stance_s + 0.12, 1.15)
    time = np.arange(0.0, begin[-1], 1.0 / rate_hz)
    number = np.searchsorted(begin, time, "right") - 1
    phase = np.clip((time - begin[number]) / stance_s, 0.0, 1.0)
    force = np.where(number >= 0, peak * np.sin(np.pi * phase) ** 1.15, 1.0)
    nothing = np.zeros_like(time)
    acceleration = G * np.stack([nothing, nothing, force], axis=1)
    return Samples(time, acceleration, np.zeros((len(time), 3)))


def test_legs_of_unequal_flights_with_the_same_stance_have_the_same_peak() -> None:
    steps = analyze(unequal_legs(), axes="+x+y+z", rate_hz=400.0)
    assert len(steps) > 30
    peaks = steps.peak_force_bw[2:-1]
    assert abs(peaks[::2].mean() / peaks[1::2].mean() - 1.0) < 0.05


def test_shock_peak_and_braking_are_those_of_the_filtered_truth() -> None:
    run = running(rate_hz=400.0, lean_deg=0.0, tilt_range_deg=0.0)
    steps = analyze(run.samples, axes="+x+y+z")
    vertical = run.samples.acceleration_m_s2[:, 2] / G
    forward = run.samples.acceleration_m_s2[:, 0]
    ten = oracles.butterworth(zero_phase_cutoff(10.0), 400.0)
    twenty = oracles.butterworth(zero_phase_cutoff(20.0), 400.0)
    v10, f10 = oracles.zero_phase(*ten, vertical), oracles.zero_phase(*ten, forward)
    v20 = oracles.zero_phase(*twenty, vertical)
    time = run.samples.time_s
    for k in range(5, len(steps)):
        begin, toe_off = steps.initial_contact_s[k], steps.toe_off_s[k]
        end = begin + steps.step_time_s[k]
        early = (time >= begin) & (time < begin + 0.08)
        assert steps.impact_shock_g[k] == pytest.approx(v20[early].max(), abs=0.02)
        stance = (time >= begin) & (time < toe_off)
        assert steps.peak_10hz_bw[k] == pytest.approx(v10[stance].max(), abs=0.02)
        whole = (time >= begin) & (time < end)
        lost = -np.minimum(f10[whole], 0.0).sum() / 400.0
        assert steps.braking_m_s[k] == pytest.approx(lost, abs=0.02)


@pytest.mark.parametrize("left_first", [True, False])
def test_sides_are_a_and_b_until_the_vote_settles(left_first: bool) -> None:
    run = running(steps=34, left_first=left_first)
    steps = analyze(run.samples, axes="+x+y+z")
    # a vote compares a step with the one before it: the twentieth is cast with step 21
    assert set(steps.side[:20]) == {"A", "B"}
    named = steps.side[20:]
    truth = [("L" if (k % 2 == 0) == left_first else "R") for k in contacts_of(steps, run)[20:]]
    assert named.tolist() == truth


def test_an_axis_that_was_not_measured_leaves_its_columns_empty() -> None:
    samples = running(steps=30, lean_deg=0.0, tilt_range_deg=0.0, gyro=False).samples
    force = samples.acceleration_m_s2
    no_side = analyze(Samples(samples.time_s, force * [1.0, 0.0, 1.0]), axes="+x+y+z")
    assert np.all(np.isnan(no_side.sacral_roll_deg))
    assert set(no_side.side) == {"A", "B"}
    assert np.all(np.isfinite(no_side.sacral_lean_deg))
    assert not any("clipped" in words for words in no_side.quality)
    no_forward = analyze(Samples(samples.time_s, force * [0.0, 1.0, 1.0]), axes="+x+y+z")
    assert np.all(np.isnan(no_forward.sacral_lean_deg))
    assert np.all(np.isnan(no_forward.braking_m_s))
    assert np.all(np.isfinite(no_forward.vertical_oscillation_mm))


# ---- lumbar index


def test_the_lumbar_index_is_a_percentage_of_the_runs_own_baseline() -> None:
    run = running(steps=40)
    steps = {
        mass: analyze(run.samples, Runner(mass, 1.75), axes="+x+y+z", params=QUICK_LUMBAR)
        for mass in (50.0, 90.0)
    }
    index = steps[50.0].lumbar_index
    since = np.cumsum(steps[50.0].step_time_s)
    assert np.all(np.isnan(index[since < 5.0]))
    np.testing.assert_allclose(index[since > 5.5], 100.0, atol=3.0)
    # in a ratio the mass drops out
    assert steps[50.0].rows.tobytes() == steps[90.0].rows.tobytes()


def test_after_the_sensor_moved_the_index_has_a_baseline_of_its_own() -> None:
    run = running(steps=60)
    analyzer = StepAnalyzer(200.0, Runner(70.0, 1.75), axes="+x+y+z", params=QUICK_LUMBAR)
    half = len(run.samples) // 2
    before = analyzer.push(run.samples[:half])
    assert np.isfinite(before.lumbar_index[-1])
    analyzer.reseat()
    steps = concatenate([analyzer.push(run.samples[half:]), analyzer.flush()])
    since = np.cumsum(steps.step_time_s)
    # three seconds of learning, without the skipped ones again
    assert np.all(np.isnan(steps.lumbar_index[since < 2.9]))
    np.testing.assert_allclose(steps.lumbar_index[since > 3.5], 100.0, atol=3.0)


def test_a_known_baseline_counts_at_once_and_no_height_gives_none() -> None:
    run = usual()
    analyzer = StepAnalyzer(run.rate_hz, Runner(70, 1.75), axes="+x+y+z", lumbar_baseline_bw=2.0)
    steps = analyzer.push(run.samples)
    assert len(steps) > 20
    np.testing.assert_allclose(steps.lumbar_index, 50.0 * steps.lumbar_compression_bw)
    assert np.all(np.isnan(analyze(run.samples, params=QUICK_LUMBAR).lumbar_index))


# ---- losses


def test_a_short_loss_is_flagged_on_the_steps_it_touches() -> None:
    run = usual()
    keep = np.ones(len(run.samples), bool)
    lost = (run.samples.time_s > 6.0) & (run.samples.time_s < 6.04)
    keep[lost] = False
    samples = run.samples
    gyro = samples.angular_velocity_rad_s
    assert gyro is not None
    analyzer = StepAnalyzer(200.0, axes="+x+y+z")
    steps = analyzer.push(
        Samples(samples.time_s[keep], samples.acceleration_m_s2[keep], gyro[keep])
    )
    assert len(steps) == len(usual_steps())
    assert analyzer.lost_samples == (int(lost.sum()), 0, 0)
    touched = np.array(["gap" in words for words in steps.quality])
    ends = steps.initial_contact_s + steps.step_time_s
    inside = (steps.initial_contact_s < 6.04) & (ends > 6.0)
    assert np.all(touched[inside])
    # it is felt in the two steps after it, and the one before may share the filter's pad
    felt = np.flatnonzero(touched)
    assert felt[0] >= np.flatnonzero(inside)[0] - 1
    assert felt[-1] == np.flatnonzero(inside)[-1] + 2


@pytest.mark.parametrize("kind", ["missing", "nan"])
def test_beyond_the_limit_the_chain_begins_anew_and_steps_are_numbered_on(kind: str) -> None:
    run = usual()
    samples = run.samples
    gone = (samples.time_s > 6.0) & (samples.time_s < 6.5)
    assert samples.angular_velocity_rad_s is not None
    if kind == "missing":
        keep = ~gone
        block = Samples(
            samples.time_s[keep],
            samples.acceleration_m_s2[keep],
            samples.angular_velocity_rad_s[keep],
        )
    else:
        force = samples.acceleration_m_s2.copy()
        force[gone] = np.nan
        block = Samples(samples.time_s, force, samples.angular_velocity_rad_s)
    analyzer = StepAnalyzer(200.0, axes="+x+y+z")
    steps = concatenate([analyzer.push(block), analyzer.flush()])
    check_table(steps)
    assert analyzer.lost_samples[2] == 1
    ends = steps.initial_contact_s + steps.step_time_s
    # nothing is joined over the gap
    assert not np.any((steps.initial_contact_s < 6.0) & (ends > 6.0))
    # and what lies on both sides of it is there
    whole = usual_steps()
    outside = (whole.initial_contact_s + whole.step_time_s < 6.0) | (whole.initial_contact_s > 6.5)
    assert outside.sum() - 1 <= len(steps) <= outside.sum()
    after = (steps.initial_contact_s > 6.5) & (steps.initial_contact_s < 6.5 + 1.5 - 0.25)
    assert after.sum() >= 2
    assert all("settling" in words for words in steps.quality[after])


def speeding_up(acceleration_m_s2: float, begin_s: float, end_s: float) -> Run:
    """A run from standing whose speed changes for a while, at a lean of 8°."""
    run = running(steps=40, standing_s=4.0, tilt_range_deg=3.0)
    samples = run.samples
    lean = np.radians(run.lean_deg)
    forward = acceleration_m_s2 * np.array([np.cos(lean), 0.0, np.sin(lean)])
    during = (samples.time_s > begin_s) & (samples.time_s < end_s)
    force = samples.acceleration_m_s2 + np.where(during[:, None], forward, 0.0)
    return replace(run, samples=Samples(samples.time_s, force, samples.angular_velocity_rad_s))


@pytest.mark.parametrize("lost_s", [0.15, 0.4, 1.0])
@pytest.mark.parametrize("from_s", [5.2, 6.0, 8.03])
def test_up_is_kept_over_a_gap_while_the_speed_changes(from_s: float, lost_s: float) -> None:
    run = speeding_up(1.5, from_s - 0.5, from_s + lost_s + 3.0)
    samples = run.samples
    gyro = samples.angular_velocity_rad_s
    assert gyro is not None
    keep = (samples.time_s < from_s) | (samples.time_s > from_s + lost_s)
    analyzer = StepAnalyzer(200.0, axes="+x+y+z")
    steps = concatenate(
        [
            analyzer.push(
                Samples(samples.time_s[keep], samples.acceleration_m_s2[keep], gyro[keep])
            ),
            analyzer.flush(),
        ]
    )
    assert analyzer.lost_samples[2] == 1
    after = steps.initial_contact_s > from_s + lost_s
    assert after.sum() > 15
    # the mean force alone is 8.7° off there
    assert np.all(np.abs(steps.sacral_lean_deg[after] - run.lean_deg) < 2.0)


@pytest.mark.parametrize("between_s", [0.03, 0.1, 0.3, 0.6, 1.2])
def test_up_is_kept_over_two_gaps_with_little_between_them(between_s: float) -> None:
    run = running(steps=40, standing_s=4.0, tilt_range_deg=10.0)
    samples = run.samples
    gyro = samples.angular_velocity_rad_s
    assert gyro is not None
    second = 8.0 + 0.2 + between_s
    for phase in np.arange(0.0, 0.36, 0.06):
        since = samples.time_s - phase
        keep = ~((since > 8.0) & (since < 8.2) | (since > second) & (since < second + 0.2))
        steps = analyze(
            Samples(samples.time_s[keep], samples.acceleration_m_s2[keep], gyro[keep]),
            axes="+x+y+z",
            rate_hz=200.0,
        )
        after = steps.initial_contact_s > second + 0.2
        assert after.sum() > 15
        assert np.abs(steps.sacral_lean_deg[after] - run.lean_deg).max() < 1.0


@pytest.mark.parametrize("from_s", np.arange(7.0, 7.7, 0.07).tolist())
def test_filling_a_gap_does_not_tilt_what_follows(from_s: float) -> None:
    run = running(steps=30, standing_s=3.5, tilt_range_deg=10.0, drop_deg=5.0)
    samples = run.samples
    gyro = samples.angular_velocity_rad_s
    assert gyro is not None
    keep = (samples.time_s < from_s) | (samples.time_s > from_s + 0.085)
    steps = analyze(
        Samples(samples.time_s[keep], samples.acceleration_m_s2[keep], gyro[keep]),
        axes="+x+y+z",
        rate_hz=200.0,
    )
    after = steps.initial_contact_s > from_s + 0.8
    assert after.sum() > 10
    assert not any("settling" in words for words in steps.quality[after])
    assert np.abs(steps.sacral_lean_deg[after] - run.lean_deg).max() < 0.3


@pytest.mark.parametrize("late_s", np.arange(0.0, 0.36, 0.01).tolist())
def test_a_step_whose_contact_was_lost_is_not_told(late_s: float) -> None:
    run = usual()
    samples = run.samples
    gyro = samples.angular_velocity_rad_s
    assert gyro is not None
    resumes = 7.0 + late_s
    keep = (samples.time_s < 6.6) | (samples.time_s >= resumes)
    steps = analyze(
        Samples(samples.time_s[keep], samples.acceleration_m_s2[keep], gyro[keep]),
        axes="+x+y+z",
        rate_hz=200.0,
    )
    apart = np.abs(run.initial_contact_s - steps.initial_contact_s[:, None]).min(axis=1)
    # the contact that opens a bout is judged by itself, every other one with the step before it
    assert np.sort(apart)[:-2].max() < 0.008
    assert apart.max() < 0.012
    late = np.abs(steps.step_time_s - 0.36)
    assert np.sort(late)[:-2].max() < 0.004
    assert late.max() < 0.012
    assert len(steps) >= 26


def test_the_cadence_counts_the_strides_before_a_short_gap() -> None:
    samples = unequal_legs()
    gyro = samples.angular_velocity_rad_s
    assert gyro is not None
    keep = (samples.time_s < 9.0) | (samples.time_s > 9.5)
    steps = analyze(
        Samples(samples.time_s[keep], samples.acceleration_m_s2[keep], gyro[keep]),
        axes="+x+y+z",
        rate_hz=400.0,
    )
    assert np.all(np.abs(steps.cadence_spm[steps.initial_contact_s > 9.5] - 60.0 / 0.36) < 1.0)


def test_what_a_gap_was_bridged_with_is_forgotten_when_the_stream_is_flushed() -> None:
    run = usual()
    samples = run.samples
    cut = int(np.searchsorted(samples.time_s, 6.0))
    analyzer = StepAnalyzer(200.0, axes="+x+y+z")
    analyzer.push(samples[:cut])
    analyzer.flush()
    tilted = running(steps=30, lean_deg=20.0).samples
    steps = concatenate([analyzer.push(tilted[cut:]), analyzer.flush()])
    assert np.all(np.abs(steps.sacral_lean_deg - 20.0) < 2.0)


def test_saturation_is_flagged() -> None:
    samples = usual().samples
    force = np.clip(samples.acceleration_m_s2, -19.0, 19.0)
    steps = analyze(Samples(samples.time_s, force, samples.angular_velocity_rad_s), axes="+x+y+z")
    assert len(steps) == len(usual_steps())
    assert all("clipped" in words for words in steps.quality)
    assert not any("clipped" in words for words in usual_steps().quality)


# ---- in time


def test_a_step_comes_at_most_0_3_s_after_the_contact_that_closes_it() -> None:
    run = running(steps=30)
    analyzer = StepAnalyzer(run.rate_hz, axes="+x+y+z")
    late: dict[int, float] = {}
    for k in range(len(run.samples)):
        for row in analyzer.push(run.samples[k : k + 1]).rows:
            closed = float(row["initial_contact_s"] + row["step_time_s"])
            late[int(row["step"])] = float(run.samples.time_s[k]) - closed
    assert len(late) == 30
    # the steps before the running decision are emitted with it
    assert all(0.0 < late[step] <= 0.3 for step in range(12, 31))
    assert all(late[step] > 0.0 for step in range(1, 12))


def test_the_first_steps_come_with_the_decision() -> None:
    run = running(steps=30, standing_s=0.0)
    analyzer = StepAnalyzer(run.rate_hz, axes="+x+y+z")
    for k in range(len(run.samples)):
        steps = analyzer.push(run.samples[k : k + 1])
        if len(steps):
            assert run.samples.time_s[k] < run.initial_contact_s[13] + 0.35
            assert analyzer.gait == "run"
            return
    pytest.fail("no step was emitted")


def test_flush_closes_what_is_closed_and_the_next_push_begins_anew() -> None:
    run = running(steps=30)
    cut = int(np.searchsorted(run.samples.time_s, run.initial_contact_s[15] + 0.1))
    analyzer = StepAnalyzer(run.rate_hz, axes="+x+y+z")
    first = concatenate([analyzer.push(run.samples[:cut]), analyzer.flush()])
    assert contacts_of(first, run).tolist() == list(range(15))
    assert len(analyzer.flush()) == 0
    # the last contact is not listed: nothing closes it
    assert first.initial_contact_s[-1] < run.initial_contact_s[15] - 0.2
    second = concatenate([analyzer.push(run.samples[cut:]), analyzer.flush()])
    check_table(concatenate([first, second]))
    assert contacts_of(second, run)[-1] == 29
    # time still may not go back
    with pytest.raises(InputError):
        analyzer.push(run.samples[:2])


def test_a_pause_ends_the_bout_and_the_next_is_numbered_on() -> None:
    first = running(steps=24)
    second = running(steps=24, offset_s=first.samples.time_s[-1] + 0.005)
    both = Samples.concatenate([first.samples, second.samples])
    steps = analyze(both, axes="+x+y+z")
    check_table(steps)
    assert len(steps) == 48
    assert np.all(steps.step_time_s < 0.5)
    assert steps.side[24] in ("A", "B")


# ---- waveforms


def test_waveforms_are_those_of_the_finished_steps() -> None:
    run = running(steps=20)
    analyzer = StepAnalyzer(run.rate_hz, axes="+x+y+z", waveforms=True)
    steps = analyzer.push(run.samples)
    waves = analyzer.take_waveforms()
    assert len(analyzer.take_waveforms()) == 0
    assert np.all(np.diff(waves.time_s) > 0.0)
    for k in range(1, len(steps)):  # the first comes out of standing
        begin = steps.initial_contact_s[k]
        here = (waves.time_s >= begin) & (waves.time_s < begin + steps.step_time_s[k])
        assert here.sum() == pytest.approx(0.36 * 200.0, abs=1.5)
        force = waves.vertical_force_bw[here]
        assert force.max() == pytest.approx(steps.peak_force_bw[k], rel=0.06)
        assert force.min() == 0.0
        assert force.mean() == pytest.approx(1.0, abs=0.05)
        moved = np.ptp(waves.vertical_displacement_mm[here])
        assert moved == pytest.approx(steps.vertical_oscillation_mm[k], abs=1.5)
        lean = waves.sacral_lean_deg[here].mean()
        assert lean == pytest.approx(steps.sacral_lean_deg[k], abs=1e-6)
    assert len(StepAnalyzer(200.0).take_waveforms()) == 0


def test_waveforms_are_only_kept_when_asked_for() -> None:
    analyzer = StepAnalyzer(200.0, axes="+x+y+z")
    analyzer.push(usual().samples)
    assert len(analyzer.take_waveforms()) == 0


# ---- mistakes


@pytest.mark.parametrize("place", [0, 1, 400, 1199])
def test_time_that_does_not_increase_is_refused_and_nothing_is_taken(place: int) -> None:
    samples = usual().samples
    analyzer = StepAnalyzer(200.0, axes="+x+y+z")
    before = analyzer.push(samples[:800])
    state = analyzer.state
    time = samples.time_s[800:2000].copy()
    time[place] = samples.time_s[799] if place == 0 else time[place - 1]
    block = samples[800:2000]
    bad = Samples(time, block.acceleration_m_s2, block.angular_velocity_rad_s)
    with pytest.raises(InputError, match=f"sample {place} of the block"):
        analyzer.push(bad)
    require_same_bits("state", state, analyzer.state)
    rest = concatenate([before, analyzer.push(samples[800:]), analyzer.flush()])
    assert rest.rows["initial_contact_s"].tobytes() == usual_steps().initial_contact_s.tobytes()


@pytest.mark.parametrize(
    "other",
    [
        {"rate_hz": 100.0},
        {"axes": "-x-y+z"},
        {"axes": "auto"},
        {"runner": Runner(mass_kg=60.0)},
        {"speed_m_s": 3.0},
        {"params": AnalyzerParams(lumbar_skip_s=1.0)},
    ],
)
def test_an_analyzer_goes_on_from_none_but_its_own_kind(other: dict[str, Any]) -> None:
    like: dict[str, Any] = {"rate_hz": 200.0, "axes": "+x+y+z"}
    analyzer = StepAnalyzer(**like)
    analyzer.push(usual().samples[:800])
    with pytest.raises(ParameterError, match="the same rate, axes, runner and parameters"):
        StepAnalyzer(**{**like, **other}).state = analyzer.state
    with pytest.raises(ParameterError, match="a state of the same kind"):
        StepAnalyzer(**like).state = cast("Any", analyzer.state.tobytes())
    again = StepAnalyzer(**like)
    again.state = analyzer.state
    require_same_bits("state", again.state, analyzer.state)


@pytest.mark.parametrize("begin", ["refused", "empty"])
def test_a_block_that_brought_nothing_does_not_fix_the_kind(begin: str) -> None:
    analyzer = StepAnalyzer(200.0, axes="+x+y+z")
    if begin == "refused":
        with pytest.raises(InputError):
            analyzer.push(Samples([1.0, 0.0], np.ones((2, 3))))
    else:
        analyzer.push(Samples([], np.empty((0, 3))))
    assert len(analyzer.push(usual().samples)) > 20


def test_blocks_with_and_without_angular_velocity_do_not_mix() -> None:
    samples = usual().samples
    bare = Samples(samples.time_s, samples.acceleration_m_s2)
    for first, second in ((samples, bare), (bare, samples)):
        analyzer = StepAnalyzer(200.0)
        analyzer.push(first[:100])
        state = analyzer.state
        with pytest.raises(InputError, match="give one kind"):
            analyzer.push(second[100:])
        require_same_bits("state", state, analyzer.state)
        restored = StepAnalyzer(200.0)
        restored.state = analyzer.state
        with pytest.raises(InputError, match="give one kind"):
            restored.push(second[100:])
        analyzer.reset()
        analyzer.push(second)


@pytest.mark.parametrize(
    "rate_hz", [0.0, 24.4, 1600.1, -200.0, float("nan"), float("inf"), "200", True, None]
)
def test_a_rate_outside_the_range_is_refused(rate_hz: Any) -> None:
    with pytest.raises(ParameterError, match="25 to 1600 Hz"):
        StepAnalyzer(rate_hz)


def test_a_gyroscope_of_which_an_axis_has_no_number_counts_as_not_measured() -> None:
    samples = running(steps=24).samples
    without = analyze(Samples(samples.time_s, samples.acceleration_m_s2), axes="+x+y+z")
    assert len(without) > 10
    turns = samples.angular_velocity_rad_s
    assert turns is not None
    for lost in ([0, 1, 2], [1]):
        dead = turns.copy()
        dead[:, lost] = np.nan
        steps = analyze(Samples(samples.time_s, samples.acceleration_m_s2, dead), axes="+x+y+z")
        assert all("no_gyro" in words for words in steps.quality)
        for name in steps.rows.dtype.names or ():
            np.testing.assert_array_equal(steps.rows[name], without.rows[name])


@pytest.mark.parametrize(
    "times", [[], [0.0], [0.0, 0.0, 0.0], [0.02, 0.01, 0.0], [0.0, float("nan"), float("nan")]]
)
def test_a_recording_that_is_none_is_refused(times: list[float]) -> None:
    with pytest.raises(InputError):
        analyze(Samples(times, np.tile([0.0, 0.0, G], (len(times), 1))))


@pytest.mark.parametrize("baseline_bw", [0.0, -1.0, float("inf")])
def test_a_baseline_that_is_none_is_refused(baseline_bw: float) -> None:
    with pytest.raises(ParameterError, match="lumbar_baseline_bw"):
        StepAnalyzer(200.0, lumbar_baseline_bw=baseline_bw)


@pytest.mark.parametrize("params", [{"lumbar_skip_s": -1.0}, {"lumbar_baseline_s": float("nan")}])
def test_parameters_outside_their_range_are_refused(params: dict[str, Any]) -> None:
    with pytest.raises(ParameterError, match="lumbar"):
        AnalyzerParams(**params)


def test_a_neutral_needs_stated_axes() -> None:
    with pytest.raises(ParameterError, match="neutral_up"):
        StepAnalyzer(200.0, neutral_up=[0.0, 0.0, G])


@pytest.mark.parametrize(
    "arguments",
    [(10.0, None), (300.0, None), (None, 0.9), (None, 17.5), ("70", None), (None, "1.75")],
)
def test_body_data_outside_their_range_are_refused(arguments: tuple[Any, Any]) -> None:
    with pytest.raises(ParameterError):
        Runner(*arguments)


@pytest.mark.parametrize("rate_hz", [200.0, 256.0, 300.0, 400.0, 600.0])
def test_the_rate_is_found_from_times_rounded_to_milliseconds(rate_hz: float) -> None:
    """As phones and spreadsheets write them: 300 Hz reads 0, 3, 7, 10 ms."""
    run = running(rate_hz=rate_hz, steps=24)
    samples = run.samples
    rounded = Samples(
        np.round(samples.time_s, 3), samples.acceleration_m_s2, samples.angular_velocity_rad_s
    )
    steps = analyze(rounded, axes="+x+y+z")
    exact = analyze(samples, axes="+x+y+z", rate_hz=rate_hz)
    assert len(steps) == len(exact)
    np.testing.assert_allclose(steps.contact_time_ms, exact.contact_time_ms, atol=3.0)
    np.testing.assert_allclose(steps.sacral_lean_deg, exact.sacral_lean_deg, atol=0.2)
    assert not any("gap" in words for words in steps.quality)


def test_two_analyzers_know_nothing_of_each_other() -> None:
    samples = usual().samples
    a, b = StepAnalyzer(200.0, axes="+x+y+z"), StepAnalyzer(200.0, axes="+x+y+z")
    found: list[Steps] = []
    for k in range(0, len(samples), 50):
        found.append(a.push(samples[k : k + 50]))
        if k > 500:
            b.push(samples[k - 500 : k - 450])
    found.append(a.flush())
    joined = concatenate(found)
    assert joined.initial_contact_s.tobytes() == usual_steps().initial_contact_s.tobytes()


def test_an_analyzer_goes_on_in_another_process_or_as_a_copy() -> None:
    samples = running(steps=40).samples
    half = len(samples) // 2
    analyzer = StepAnalyzer(200.0)
    analyzer.push(samples[:half])
    copies = [pickle.loads(pickle.dumps(analyzer)), copy.deepcopy(analyzer)]
    rest = [
        concatenate([one.push(samples[half:]), one.flush()]).rows for one in (analyzer, *copies)
    ]
    assert [one.tobytes() for one in rest[1:]] == 2 * [rest[0].tobytes()]
    copies[1].reset()
    assert concatenate([copies[1].push(samples), copies[1].flush()]).step[0] == 1


def test_times_count_where_the_rate_was_stated_a_little_off() -> None:
    """A sensor's clock may be off by some per cent; cadence and contact are those of its stamps."""
    samples = running(rate_hz=100.0, steps=60).samples
    for pace in (0.98, 1.02):
        paced = Samples(
            samples.time_s * pace, samples.acceleration_m_s2, samples.angular_velocity_rad_s
        )
        analyzer = StepAnalyzer(100.0)
        steps = concatenate([analyzer.push(paced), analyzer.flush()])
        assert steps.cadence_spm[-1] == pytest.approx(60.0 / (0.36 * pace), rel=0.003)


@pytest.mark.parametrize(
    ("samples", "sentence"),
    [
        (Samples([0.0], [[0.0, 0.0, 9.81]]), "at least two samples: this one has 1"),
        (Samples([0.0, np.nan, 0.02], np.tile([0.0, 0.0, 9.81], (3, 1))), "its time is nan: leave"),
    ],
)
def test_a_recording_that_cannot_be_analysed_is_refused_with_what_it_lacks(
    samples: Samples, sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence):
        analyze(samples)


def test_a_table_that_states_no_axes_has_them_found() -> None:
    samples = running(steps=40).samples
    found = analyze(samples, axes="auto")
    for unstated in (None, ""):
        assert analyze(samples, axes=unstated).rows.tobytes() == found.rows.tobytes()
