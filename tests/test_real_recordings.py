"""The chain on recordings of people, against force plates and optical motion capture.

The limits are what is promised: steps within one of the truth, no running step in walking, named
sides right, oscillation within 1.5 mm, lean within 0.6°.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.recordings import (
    ForceTrial,
    data_directory,
    force_contacts,
    force_trials,
    raw_sacral_clip,
    walking_trials,
)
from benchmarks.virtual_sensor import MarkerTrial, marker_trials
from imu import contract
from imu.registry import STAGES
from imu.samples import Samples
from imu.steps import Steps
from imu.whole_recording import analyze

pytestmark = pytest.mark.skipif(
    not data_directory().is_dir(),
    reason=f"no real recordings in {data_directory()}: set BACKSTRIDE_DATA to where they are",
)

Array = NDArray[np.float64]


@cache
def forces() -> list[ForceTrial]:
    return force_trials()


@cache
def markers() -> list[MarkerTrial]:
    return marker_trials()


def steps_of(trial: ForceTrial | MarkerTrial) -> Steps:
    return analyze(trial.samples, axes="+x+y+z", rate_hz=trial.rate_hz)


def nearest(times: Array, truth: Array) -> Array:
    """Signed distance of each time to the nearest true one, s."""
    apart = times[:, None] - truth
    index = np.argmin(np.abs(apart), axis=1)
    return np.asarray(apart[np.arange(len(times)), index])


def windows(trial: MarkerTrial, steps: Steps) -> list[NDArray[np.bool_]]:
    time, begin = trial.samples.time_s, steps.initial_contact_s
    ends = begin + steps.step_time_s
    return [(time >= a) & (time <= b) for a, b in zip(begin, ends, strict=True)]


# ---- measured force, accelerometer only, 5 s


@pytest.mark.parametrize("number", range(16))
def test_each_force_trial_has_its_steps_within_one(number: int) -> None:
    trial = forces()[number]
    contacts, _ = force_contacts(trial.force_bw, trial.force_rate_hz)
    steps = steps_of(trial)
    # a last contact that nothing closes is not listed
    assert abs(len(steps) - (len(contacts) - 1)) <= 1, trial.name
    # one for each: no contact counted twice, none between two contacts
    inner = (steps.initial_contact_s > contacts[0] - 0.1) & (
        steps.initial_contact_s < contacts[-1] + 0.1
    )
    apart = nearest(steps.initial_contact_s[inner], contacts)
    assert np.max(np.abs(apart)) < 0.1, trial.name
    assert np.all((steps.step_time_s > 0.22) & (steps.step_time_s < 0.6))
    assert np.median(steps.step_time_s) == pytest.approx(np.median(np.diff(contacts)), abs=0.006)


def test_what_was_not_measured_is_empty_and_said() -> None:
    for trial in forces():
        steps = steps_of(trial)
        assert all("no_gyro" in words for words in steps.quality)
        assert set(steps.side) <= {"A", "B"}
        assert np.all(np.isnan(steps.sacral_roll_deg))
        assert np.all(np.isnan(steps.pelvic_tilt_range_deg))
        assert np.all(np.isfinite(steps.contact_time_ms))
        assert np.all(np.isfinite(steps.vertical_oscillation_mm))


def test_the_raw_clip_gives_plausible_steps_and_says_that_it_clips() -> None:
    samples, rate_hz, axes = raw_sacral_clip()
    steps = analyze(samples, axes=axes, rate_hz=rate_hz)
    duration_s = float(samples.time_s[-1] - samples.time_s[0])
    # about 3 m/s: 2.5 to 3.2 steps a second, not every second needs to be running
    assert 8 <= len(steps) <= 3.2 * duration_s
    assert np.all((steps.cadence_spm > 140.0) & (steps.cadence_spm < 190.0))
    assert np.all((steps.contact_time_ms > 150.0) & (steps.contact_time_ms < 355.0))
    assert np.all(steps.flight_time_ms > 0.0)
    assert np.all((steps.peak_force_bw > 1.5) & (steps.peak_force_bw < 3.5))
    assert np.all((steps.vertical_oscillation_mm > 50.0) & (steps.vertical_oscillation_mm < 150.0))
    at_end = (
        np.abs(samples.acceleration_m_s2).max(axis=1)
        > 0.999 * np.abs(samples.acceleration_m_s2).max(axis=0).min()
    )
    assert at_end.any()


# ---- optical motion capture, with gyroscope, 30 s


@pytest.mark.parametrize("number", range(2))
def test_named_sides_are_right(number: int) -> None:
    trial = markers()[number]
    steps = steps_of(trial)
    named = np.isin(steps.side, ("L", "R"))
    assert np.all(named[20:])
    time = trial.samples.time_s
    for k in np.flatnonzero(named):
        middle = np.searchsorted(time, 0.5 * (steps.initial_contact_s[k] + steps.toe_off_s[k]))
        right, left = trial.heel_height_mm[middle]
        assert steps.side[k] == ("L" if left < right else "R"), f"step {k + 1} of {trial.name}"


@pytest.mark.parametrize("number", range(2))
def test_oscillation_is_the_optical_one(number: int) -> None:
    trial = markers()[number]
    steps = steps_of(trial)
    truth = [np.ptp(trial.height_mm[window]) for window in windows(trial, steps)]
    assert abs(np.mean(steps.vertical_oscillation_mm - truth)) <= 1.5


@pytest.mark.parametrize("number", range(2))
def test_lean_and_roll_are_the_optical_ones(number: int) -> None:
    trial = markers()[number]
    steps = steps_of(trial)
    settled = np.array(["settling" not in words for words in steps.quality])
    assert settled.sum() > 50
    inside = windows(trial, steps)
    for found, optical in (
        (steps.sacral_lean_deg, trial.lean_deg),
        (steps.sacral_roll_deg, trial.roll_deg),
    ):
        truth = np.array([optical[window].mean() for window in inside])
        assert np.sqrt(np.mean((found - truth)[settled] ** 2)) <= 0.6
    for found, optical, limit_deg in (
        (steps.pelvic_tilt_range_deg, trial.lean_deg, 0.6),
        (steps.pelvic_obliquity_range_deg, trial.roll_deg, 0.6),
        (steps.pelvic_rotation_range_deg, trial.yaw_deg, 0.6),
    ):
        truth = np.array([np.ptp(optical[window]) for window in inside])
        assert abs(np.mean((found - truth)[settled])) <= limit_deg


@pytest.mark.parametrize("number", range(2))
def test_every_stride_of_the_heels_is_two_steps(number: int) -> None:
    trial = markers()[number]
    steps = steps_of(trial)
    # each foot comes down once a stride: count how often the lower heel changes sides
    lower = np.sign(trial.heel_height_mm[:, 0] - trial.heel_height_mm[:, 1])
    inside = (trial.samples.time_s > steps.initial_contact_s[0]) & (
        trial.samples.time_s < steps.initial_contact_s[-1]
    )
    changes = np.count_nonzero(np.diff(lower[inside]))
    assert abs(changes - (len(steps) - 1)) <= 1
    if trial.force_bw is not None:
        contacts, _ = force_contacts(trial.force_bw, trial.force_rate_hz)
        assert abs(len(steps) - (len(contacts) - 1)) <= 1
        assert np.max(np.abs(nearest(steps.initial_contact_s[1:-1], contacts))) < 0.05


# ---- walking


def test_walking_has_no_running_step() -> None:
    trials = walking_trials()
    assert len(trials) >= 3
    for name, samples, rate_hz, axes in trials:
        assert len(analyze(samples, axes=axes, rate_hz=rate_hz)) == 0, name


# ---- the streaming promise on people


def test_cut_into_packets_the_recordings_give_the_same_bits() -> None:
    marker, force = markers()[0], forces()[3]
    for entry, samples, rate_hz in (
        (STAGES["StepAnalyzer, auto axes"], marker.samples, marker.rate_hz),
        (STAGES["StepAnalyzer, no gyroscope"], force.samples, force.rate_hz),
    ):
        for size in (1, 8, 17):
            cuts = range(0, len(samples), size)
            contract.check_blocks(entry, samples, cuts, rate_hz=rate_hz)
        contract.check_resume(entry, samples, (len(samples) // 3,), rate_hz=rate_hz)


def test_a_lost_second_costs_the_steps_in_it_and_no_more() -> None:
    trial = markers()[0]
    whole = steps_of(trial)
    samples = trial.samples
    keep = (samples.time_s < 15.0) | (samples.time_s > 16.0)
    gyro = samples.angular_velocity_rad_s
    assert gyro is not None
    cut = Samples(samples.time_s[keep], samples.acceleration_m_s2[keep], gyro[keep])
    steps = analyze(cut, axes="+x+y+z", rate_hz=trial.rate_hz)
    ends = whole.initial_contact_s + whole.step_time_s
    outside = (ends < 15.0) | (whole.initial_contact_s > 16.0)
    assert outside.sum() - 3 <= len(steps) <= outside.sum()
    assert np.max(np.abs(nearest(steps.initial_contact_s, whole.initial_contact_s))) < 0.03


# ---- events and force against force plates: what the README promises


def event_errors(trial: ForceTrial | MarkerTrial) -> Array:
    """Contact, contact time (ms) and peak force (body weights), estimate less truth, per step."""
    assert trial.force_bw is not None
    contacts, toe_offs = force_contacts(trial.force_bw, trial.force_rate_hz)
    errors = []
    steps = steps_of(trial)
    for k in range(len(steps)):
        j = int(np.argmin(np.abs(contacts - steps.initial_contact_s[k])))
        if abs(contacts[j] - steps.initial_contact_s[k]) < 0.1:
            here = slice(*(round(t * trial.force_rate_hz) for t in (contacts[j], toe_offs[j])))
            errors.append(
                (
                    1000.0 * (steps.initial_contact_s[k] - contacts[j]),
                    steps.contact_time_ms[k] - 1000.0 * (toe_offs[j] - contacts[j]),
                    steps.peak_force_bw[k] - trial.force_bw[here].max(),
                )
            )
    return np.array(errors)


def test_events_and_peak_are_right_for_each_runner() -> None:
    on_treadmill = [trial for trial in markers() if trial.force_bw is not None]
    runners = [
        np.concatenate([event_errors(trial) for trial in forces()]),
        np.concatenate([event_errors(trial) for trial in on_treadmill]),
    ]
    for errors in runners:
        bias = errors.mean(axis=0)
        assert abs(bias[1]) <= 20.0, "contact time, ms; of 18 people two are beyond 15"
        assert abs(bias[2]) <= 0.25, "peak force, body weights; 0.24 on the sacral sensor's one man"
    pooled = np.concatenate(runners)
    assert pooled[:, 0].std() <= 15.0, "initial contact, ms; neither of the two was learned from"
    assert np.sqrt(np.mean(pooled[:, 1] ** 2)) <= 18.0, "contact time, ms"
    assert np.sqrt(np.mean(pooled[:, 2] ** 2)) <= 0.25, "peak force, body weights; the goal is 0.15"
