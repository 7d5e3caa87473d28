"""Bends and a sensor that slips, through the whole chain; and people who do neither."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.recordings import data_directory, force_trials, raw_sacral_clip
from benchmarks.virtual_sensor import marker_trials
from imu import contract
from imu.analyzer import AnalyzerParams, StepAnalyzer
from imu.contract import StageEntry
from imu.samples import Quality, Samples
from imu.step.posture_quality import PostureQualityParams
from imu.steps import Steps, concatenate
from imu.whole_recording import analyze
from tests.bends_and_slips import in_bend, run_of, slipping

RATE_HZ = 100.0
BEND, SLIP = Quality.BEND, Quality.SLIP


def steps_of(samples: Samples, axes: str = "+x+y+z") -> Steps:
    return analyze(samples, axes=axes, rate_hz=RATE_HZ)


def flagged(steps: Steps, flag: Quality) -> NDArray[np.bool_]:
    return np.asarray(steps.quality_bits & np.uint8(flag) != 0)


def accelerometer_alone(samples: Samples) -> Samples:
    return Samples(samples.time_s, samples.acceleration_m_s2, quality=samples.quality)


@pytest.mark.parametrize("axes", ["+x+y+z", "auto"])
def test_a_straight_run_has_neither(axes: str) -> None:
    steps = steps_of(run_of()[0], axes)
    assert len(steps) > 190
    assert not flagged(steps, BEND | SLIP).any()


@pytest.mark.parametrize("turn_deg_s", [5.2, -5.2, 12.0])
@pytest.mark.parametrize("axes", ["+x+y+z", "auto"])
def test_a_bend_is_told_within_ten_steps_at_both_ends(axes: str, turn_deg_s: float) -> None:
    begin_s, end_s = 30.0, 45.0
    samples, rotation = run_of()
    steps = steps_of(in_bend(samples, rotation, begin_s, end_s, turn_deg_s), axes)
    time, bend = steps.initial_contact_s, flagged(steps, BEND)
    ten_s = 10 * float(np.median(steps.step_time_s))
    inside = (time >= begin_s + ten_s) & (time <= end_s)
    assert inside.sum() > 25
    assert bend[inside].all()
    assert not bend[(time < begin_s - 0.5) | (time > end_s + ten_s)].any()
    assert not flagged(steps, SLIP).any()


def test_without_a_gyroscope_no_bend_is_told() -> None:
    samples, rotation = run_of()
    bent = in_bend(samples, rotation, 30.0, 45.0, 5.2)
    assert not flagged(steps_of(accelerometer_alone(bent)), BEND | SLIP).any()


@pytest.mark.parametrize("tilt_deg", [8.0, -8.0, 20.0])
@pytest.mark.parametrize("axis", ["x", "y"])
def test_a_slip_is_told_within_twelve_steps_and_for_ten_seconds(axis: str, tilt_deg: float) -> None:
    at_s = 40.0
    steps = steps_of(slipping(run_of()[0], at_s, tilt_deg, axis))
    time, slip = steps.initial_contact_s, flagged(steps, SLIP)
    step_s = float(np.median(steps.step_time_s))
    first, last = np.flatnonzero(slip)[[0, -1]]
    # a large one from its first strides on, for it is not known yet what it was
    assert at_s - step_s < time[first] < at_s + (3 if tilt_deg > 10.0 else 12) * step_s
    seen_s = float(time[last + 1]) - 10.0
    assert at_s < seen_s < at_s + 12 * step_s
    assert slip[(time > seen_s + 1.1 * step_s) & (time < time[last])].all()
    assert not flagged(steps, BEND).any()


def test_a_slip_is_told_without_a_gyroscope_too() -> None:
    steps = steps_of(accelerometer_alone(slipping(run_of()[0], 40.0, 8.0)))
    first = float(steps.initial_contact_s[np.flatnonzero(flagged(steps, SLIP))[0]])
    assert 40.0 < first < 47.0


def test_a_small_shift_is_no_slip() -> None:
    assert not flagged(steps_of(slipping(run_of()[0], 40.0, 4.0)), SLIP).any()


@pytest.mark.parametrize("axes", ["+x+y+z", "auto"])
def test_nothing_is_compared_over_reseating(axes: str) -> None:
    moved = slipping(run_of()[0], 40.0, 30.0)
    cut = int(np.searchsorted(moved.time_s, 40.3))
    analyzer = StepAnalyzer(RATE_HZ, axes=axes)
    before = analyzer.push(moved[:cut])
    analyzer.reseat()
    steps = concatenate([before, analyzer.push(moved[cut:]), analyzer.flush()])
    assert steps.initial_contact_s[-1] > 70.0
    assert not flagged(steps, SLIP).any()


def test_nothing_is_compared_over_a_new_neutral() -> None:
    samples = run_of()[0]
    cut = int(np.searchsorted(samples.time_s, 40.0))
    analyzer = StepAnalyzer(RATE_HZ, axes="+x+y+z")
    before = analyzer.push(samples[:cut])
    # a neutral that lies 20° behind the axes
    analyzer.take_neutral([math.sin(math.radians(20.0)), 0.0, math.cos(math.radians(20.0))])
    after = concatenate([analyzer.push(samples[cut:]), analyzer.flush()])
    assert np.median(after.sacral_lean_deg) - np.median(before.sacral_lean_deg) > 15.0
    assert not flagged(after, SLIP).any()


def test_after_a_reset_nothing_is_left_of_a_slip() -> None:
    analyzer = StepAnalyzer(RATE_HZ, axes="+x+y+z")
    slipped = slipping(run_of()[0], 40.0, 8.0)
    told = analyzer.push(slipped[: int(np.searchsorted(slipped.time_s, 45.0))])
    assert flagged(told, SLIP)[-1]
    analyzer.reset()
    assert not flagged(analyzer.push(run_of()[0]), BEND | SLIP).any()


def test_any_cut_and_any_resumption_give_the_same_flags() -> None:
    samples, rotation = run_of()
    bent = in_bend(slipping(samples, 30.0, 8.0), rotation, 38.0, 46.0, 5.2)
    part = bent[: int(np.searchsorted(bent.time_s, 50.0))]
    entry = StageEntry(
        "StepAnalyzer",
        lambda rate_hz: StepAnalyzer(rate_hz, axes="+x+y+z"),
        lambda stage, block: stage.push(block),
        lambda steps: (steps.rows,),
    )
    told = StepAnalyzer(RATE_HZ, axes="+x+y+z").push(part)
    both = flagged(told, BEND) & flagged(told, SLIP)
    assert both.any()
    assert (flagged(told, BEND) & ~both).any()
    contract.check_blocks(entry, part, range(0, len(part), 8), rate_hz=RATE_HZ)
    contract.check_blocks(entry, part, range(0, len(part), 311), rate_hz=RATE_HZ)
    # in the slip, between its jump and its being seen, in the bend, and before both
    cuts = [int(np.searchsorted(part.time_s, t)) for t in (20.0, 31.0, 33.5, 37.5, 41.0, 46.5)]
    contract.check_resume(entry, part, cuts, rate_hz=RATE_HZ)
    contract.check_state_is_a_copy(entry, part, cuts[2], rate_hz=RATE_HZ)
    contract.check_reset(entry, part, part[: cuts[1]], rate_hz=RATE_HZ)


def test_the_limits_are_parameters_of_the_analyzer() -> None:
    samples, rotation = run_of()
    bent = in_bend(slipping(samples, 55.0, 8.0), rotation, 30.0, 45.0, 5.2)
    wide = PostureQualityParams(bend_rate_deg_s=20.0, slip_deg=12.0)
    params = AnalyzerParams(posture_quality=wide)
    steps = analyze(bent, axes="+x+y+z", rate_hz=RATE_HZ, params=params)
    assert not flagged(steps, BEND | SLIP).any()
    assert flagged(steps_of(bent), BEND).any()
    assert flagged(steps_of(bent), SLIP).any()


# ---- people


@pytest.mark.skipif(
    not data_directory().is_dir(),
    reason=f"no real recordings in {data_directory()}: set BACKSTRIDE_DATA to where they are",
)
def test_people_on_treadmills_and_straights_run_no_bend_and_lose_no_neutral() -> None:
    clip, clip_rate_hz, clip_axes = raw_sacral_clip()
    recordings = [(trial.samples, trial.rate_hz, "+x+y+z") for trial in force_trials()]
    recordings += [(trial.samples, trial.rate_hz, "+x+y+z") for trial in marker_trials()]
    recordings.append((clip, clip_rate_hz, clip_axes))
    count = 0
    for samples, rate_hz, axes in recordings:
        steps = analyze(samples, axes=axes, rate_hz=rate_hz)
        count += len(steps)
        assert not flagged(steps, BEND | SLIP).any()
    assert count > 350
