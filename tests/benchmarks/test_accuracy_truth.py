"""Matching, pairs and counts against a force, on signals whose truth is known exactly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from benchmarks.accuracy import agreement, population, real_sensor, rules, strangers
from benchmarks.accuracy.truth import (
    WATCHED_PEAK,
    TrialTruth,
    braking_pairs,
    counts,
    force_pairs,
    match_times,
    true_steps,
    waveform_pairs,
)
from benchmarks.recordings import ForceTrial
from imu.samples import Samples
from imu.steps import STEP_ROW, Steps
from imu.waveforms import Waveforms

Array = NDArray[np.float64]

RATE = 1000.0
STEP_S, CONTACT_S, STEPS = 0.36, 0.24, 12
EVERY = np.ones(STEPS - 1, np.bool_)


def stance_times() -> Array:
    return np.asarray(0.2 + STEP_S * np.arange(STEPS), np.float64)


def force_at(time: Array) -> Array:
    force = np.zeros_like(time)
    for begin in stance_times():
        phase = (time - begin) / CONTACT_S
        force += np.where((phase > 0) & (phase < 1), 2.4 * np.sin(np.pi * phase), 0.0)
    return force


def trial() -> ForceTrial:
    time = np.arange(0.0, 0.4 + STEP_S * STEPS, 1.0 / RATE)
    at_rest = Samples(time, np.tile([0.0, 0.0, 9.81], (time.size, 1)))
    return ForceTrial("made", at_rest, RATE, force_at(time), RATE, 3.0, 0.0)


def told_steps(keep: NDArray[np.bool_], contact_ms: float = 0.0, late_ms: float = 0.0) -> Steps:
    """Steps at the 0.1 body weight crossings, shifted."""
    inside = CONTACT_S * np.arcsin(0.1 / 2.4) / np.pi
    rows = np.zeros(int(keep.sum()), STEP_ROW)
    rows["initial_contact_s"] = stance_times()[:-1][keep] + inside + 1e-3 * late_ms
    rows["contact_time_ms"] = 1e3 * (CONTACT_S - 2 * inside) + contact_ms
    rows["toe_off_s"] = rows["initial_contact_s"] + 1e-3 * rows["contact_time_ms"]
    rows["step_time_s"] = STEP_S
    rows["flight_time_ms"] = 1e3 * STEP_S - rows["contact_time_ms"]
    rows["peak_force_bw"] = rows["peak_10hz_bw"] = 2.4
    return Steps(rows)


def test_the_truth_has_no_error() -> None:
    pairs = force_pairs(true_steps(trial(), "someone"), told_steps(EVERY))
    for metric, pair in pairs.items():
        limit = 2e-3 if metric in ("peak vertical force", WATCHED_PEAK) else 0.3
        assert pair.errors.size == (1 if metric == "cadence" else STEPS - 1)
        assert np.abs(pair.errors).max() < limit, metric


@given(late=st.floats(-60, 60), longer=st.floats(-40, 40), offset=st.floats(-0.5, 0.5))
def test_a_shift_is_reported_as_it_is(late: float, longer: float, offset: float) -> None:
    pairs = force_pairs(true_steps(trial(), "someone"), told_steps(EVERY, longer, late))
    assert np.allclose(pairs["initial contact"].errors, late, atol=0.3)
    assert np.allclose(pairs["toe-off"].errors, late + longer, atol=0.5)
    assert np.allclose(pairs["contact time"].errors, longer, atol=0.5)
    assert np.allclose(pairs["flight time"].errors, -longer, atol=0.5)
    time = np.arange(0.2, 4.0, 0.005)
    told = Waveforms(time, force_at(time) + offset, *(np.zeros_like(time) for _ in range(3)))
    assert np.allclose(waveform_pairs(trial(), "someone", told).errors, offset, atol=2e-3)


def test_steps_left_out_are_missed_and_steps_between_are_none() -> None:
    keep = EVERY.copy()
    keep[[3, 4]] = False
    shares = counts(true_steps(trial(), "someone"), told_steps(keep))
    assert np.sum(shares["steps missed"].told) == pytest.approx(200.0)
    assert np.sum(shares["steps that are none"].told) == 0.0
    between = told_steps(EVERY)
    rows = np.concatenate([between.rows, told_steps(EVERY, late_ms=170.0).rows[5:6]])
    rows["quality"][2] = 1  # gap
    rows["quality"][3] = 4  # no gyroscope is no flag
    shares = counts(true_steps(trial(), "someone"), Steps(np.sort(rows, order="initial_contact_s")))
    assert np.sum(shares["steps missed"].told) == 0.0
    assert np.sum(shares["steps that are none"].told) == pytest.approx(100.0)
    assert np.sum(shares["steps flagged"].told) == pytest.approx(100.0)


def test_speed_that_the_belt_takes_is_the_impulse_of_its_backward_force() -> None:
    truth = true_steps(trial(), "someone")
    forward = np.where(force_at(np.arange(0.0, 5.0, 1.0 / RATE)) > 0.1, -0.05, 0.0)
    pair = braking_pairs(truth, told_steps(EVERY), forward, RATE)
    expected = 9.80665 * 0.05 * (truth.toe_off_s - truth.begin_s)
    assert np.allclose(pair.true, expected, atol=1e-2 * expected.max())


@given(
    st.lists(st.floats(0, 100), min_size=1, max_size=30, unique=True),
    st.lists(st.floats(0, 100), min_size=1, max_size=30, unique=True),
)
def test_a_match_is_mutual_near_and_in_order(first: list[float], second: list[float]) -> None:
    a, b = np.sort(first), np.sort(second)
    i, j = match_times(a, b, 0.5)
    assert np.all(np.diff(i) > 0)
    assert np.all(np.diff(j) > 0)
    assert np.all(np.abs(a[i] - b[j]) <= 0.5)
    for k, near in zip(i, j, strict=True):
        assert np.abs(b - a[k]).min() == np.abs(b[near] - a[k])


# ---- the rules beside it


def runners_with_contact(level: dict[str, float], speeds: Array) -> list[rules.RuleInput]:
    """Runners whose contact falls by 20 ms a m/s from a level of their own."""
    made = []
    time = np.arange(0.0, 5.0, 0.005)
    still = Samples(time, np.tile([0.0, 0.0, 9.81], (len(time), 1)))
    for name, base_ms in level.items():
        for speed in speeds:
            whole = true_steps(trial(), name)
            contact_s = 1e-3 * (base_ms - 20.0 * speed)
            truth = TrialTruth(
                name, whole.begin_s, whole.begin_s + contact_s, whole.end_s, whole.peak_bw,
                whole.left, 0.0,
            )  # fmt: skip
            made.append(rules.RuleInput(truth, still, float(speed), 1.75))
    return made


def test_a_rule_is_fitted_to_the_others_alone() -> None:
    speeds = np.array([2.5, 3.5, 4.5])
    alike = runners_with_contact({"a": 300.0, "b": 300.0, "c": 300.0}, speeds)
    told = rules.rule_pairs(alike)["contact time"]
    assert max(np.abs(p.errors).max() for p in told[rules.SPEED_RULE]) < 1e-6
    odd = runners_with_contact({"a": 340.0, "b": 300.0, "c": 300.0}, speeds)
    told = rules.rule_pairs(odd)["contact time"]
    # the odd one is told as the others are, who are told a third more than they should
    errors = {p.runner: p.errors for p in told[rules.SPEED_RULE]}
    assert np.allclose(errors["a"], -40.0)
    assert np.allclose(errors["b"], 20.0)


def test_flight_by_a_rule_is_what_its_contact_leaves_of_the_step() -> None:
    told = rules.rule_pairs(runners_with_contact({"a": 300.0, "b": 320.0}, np.array([3.0])))
    for name, pairs in told["flight time"].items():
        for flight, contact in zip(pairs, told["contact time"][name], strict=True):
            assert np.allclose(flight.errors, -contact.errors, atol=1e-6)


def test_speed_and_slope_alone_tell_what_is_linear_in_them() -> None:
    given_trials = [
        (speed, slope, np.full(4, 300.0 - 20.0 * speed + 2.0 * slope))
        for speed in (2.5, 3.0, 3.5, 4.0)
        for slope in (-5.0, 0.0, 5.0)
    ]
    told = real_sensor.without_sensor(given_trials)
    assert max(np.abs(pair.errors).max() for pair in told) < 1e-6


def test_a_runner_left_out_has_no_part_in_his_prediction() -> None:
    runner = np.array([1, 1, 2, 2, 3, 3])
    x = np.arange(6.0)
    y = 2.0 * x + 1.0
    odd = y.copy()
    odd[:2] += 100.0
    told = population.leave_one_runner_out(odd, [x], runner)
    # the odd runner is predicted by the others alone, and so by the true line
    assert np.allclose(told[:2], y[:2])
    assert np.abs(told[2:] - y[2:]).max() > 1.0


# ---- missing folders


@pytest.mark.parametrize("subject", [agreement, real_sensor, population, strangers])
def test_a_folder_without_recordings_is_named_and_gives_no_rows(
    subject: object, tmp_path: Path
) -> None:
    for data in (tmp_path, tmp_path / "none"):
        (section,) = subject.sections(data, quick=True)  # type: ignore[attr-defined]
        assert not section.rows
        assert section.missing
        assert all(m.path and m.what for m in section.missing)
