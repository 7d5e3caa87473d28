"""Matching and error counting of the contact tables, on signals whose truth is known exactly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from benchmarks.accuracy import contacts, population
from benchmarks.accuracy.contacts import TrialWithForce, errors_of, match_times
from imu.samples import Samples
from imu.steps import STEP_ROW, Steps
from imu.waveforms import Waveforms

Array = NDArray[np.float64]

RATE = 1000.0
STEP_S, CONTACT_S, STEPS = 0.36, 0.24, 12


def stance_times() -> Array:
    return np.asarray(0.2 + STEP_S * np.arange(STEPS), np.float64)


def force_at(time: Array) -> Array:
    force = np.zeros_like(time)
    for begin in stance_times():
        phase = (time - begin) / CONTACT_S
        force += np.where((phase > 0) & (phase < 1), 2.4 * np.sin(np.pi * phase), 0.0)
    return force


def trial() -> TrialWithForce:
    time = np.arange(0.0, 0.2 + STEP_S * STEPS, 1.0 / RATE)
    at_rest = Samples(time, np.tile([0.0, 0.0, 9.81], (time.size, 1)))
    return TrialWithForce("someone", "made", at_rest, RATE, force_at(time), RATE, 3.0, 0.0)


def true_steps(keep: NDArray[np.bool_], contact_ms: float = 0.0, late_ms: float = 0.0) -> Steps:
    """Steps at the 0.1 body weight crossings, shifted."""
    inside = CONTACT_S * np.arcsin(0.1 / 2.4) / np.pi
    rows = np.zeros(int(keep.sum()), STEP_ROW)
    rows["initial_contact_s"] = stance_times()[:-1][keep] + inside + 1e-3 * late_ms
    rows["contact_time_ms"] = 1e3 * (CONTACT_S - 2 * inside) + contact_ms
    rows["toe_off_s"] = rows["initial_contact_s"] + 1e-3 * rows["contact_time_ms"]
    rows["step_time_s"] = STEP_S
    rows["flight_time_ms"] = 1e3 * STEP_S - rows["contact_time_ms"]
    rows["cadence_spm"] = 60.0 / STEP_S
    rows["peak_force_bw"] = 2.4
    return Steps(rows)


def true_waveforms(offset: float = 0.0) -> Waveforms:
    time = np.arange(0.2, 4.0, 0.005)
    nothing = np.zeros_like(time)
    return Waveforms(time, force_at(time) + offset, nothing, nothing, nothing)


def test_the_truth_has_no_error() -> None:
    made = errors_of(trial(), true_steps(np.ones(STEPS - 1, np.bool_)), true_waveforms())
    assert (made.true_steps, made.missed, made.extra) == (STEPS - 1, 0, 0)
    for metric, errors in made.errors.items():
        limit = 2e-3 if metric in ("peak vertical force", "force waveform") else 0.3
        assert errors.size
        assert np.abs(errors).max() < limit, metric


@given(late=st.floats(-60, 60), longer=st.floats(-40, 40), offset=st.floats(-0.5, 0.5))
def test_a_shift_is_reported_as_it_is(late: float, longer: float, offset: float) -> None:
    steps = true_steps(np.ones(STEPS - 1, np.bool_), longer, late)
    errors = errors_of(trial(), steps, true_waveforms(offset)).errors
    assert np.allclose(errors["initial contact"], late, atol=0.3)
    assert np.allclose(errors["toe-off"], late + longer, atol=0.5)
    assert np.allclose(errors["contact time"], longer, atol=0.5)
    assert np.allclose(errors["flight time"], -longer, atol=0.5)
    assert np.allclose(errors["force waveform"], offset, atol=2e-3)


def test_steps_left_out_are_missed_and_steps_between_are_extra() -> None:
    keep = np.ones(STEPS - 1, np.bool_)
    keep[[3, 4]] = False
    steps = true_steps(keep)
    between = steps.rows[:1].copy()
    between["initial_contact_s"] += 0.18
    rows = np.sort(np.concatenate([steps.rows, between]), order="initial_contact_s")
    made = errors_of(trial(), Steps(rows), true_waveforms())
    assert (made.missed, made.extra) == (2, 1)
    assert made.errors["contact time"].size == STEPS - 3


@given(
    truth=st.lists(st.integers(0, 400), min_size=1, max_size=30, unique=True),
    estimate=st.lists(st.integers(0, 400), max_size=30, unique=True),
)
def test_pairs_are_one_to_one_in_order_and_near(truth: list[int], estimate: list[int]) -> None:
    true_s, found_s = np.sort(np.array(truth)) / 20.0, np.sort(np.array(estimate)) / 20.0 + 0.01
    found, true = match_times(found_s, true_s)
    assert len(set(found)) == len(set(true)) == len(found)
    assert np.all(np.diff(found) > 0)
    assert np.all(np.diff(true) > 0)
    assert np.all(np.abs(found_s[found] - true_s[true]) <= 0.1)


def test_speed_and_slope_alone_predict_what_is_linear_in_them() -> None:
    parts = []
    for speed in (2.5, 3.0, 3.5, 4.0):
        for slope in (-5.0, 0.0, 5.0):
            made = errors_of(trial(), true_steps(np.ones(STEPS - 1, np.bool_)), true_waveforms())
            told = TrialWithForce(
                "someone", "made", made.trial.samples, RATE, made.trial.force_bw, RATE, speed, slope
            )
            value = np.full(4, 300.0 - 20.0 * speed + 2.0 * slope)
            parts.append(
                contacts.ForceErrors(
                    told, made.errors, made.means, {"contact time": value}, 4, 0, 0
                )
            )
    errors = np.concatenate(contacts.without_sensor(parts, "contact time"))
    assert np.abs(errors).max() < 1e-6


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


def test_a_folder_without_recordings_is_named_and_gives_no_rows(tmp_path: Path) -> None:
    for subject in (contacts, population):
        (section,) = subject.sections(tmp_path, quick=True)
        assert not section.rows
        assert section.missing
        assert all(m.path and m.what for m in section.missing)


@pytest.mark.parametrize("subject", [contacts, population])
def test_a_missing_folder_is_named_too(subject: object, tmp_path: Path) -> None:
    made = subject.sections(tmp_path / "none", quick=False)  # type: ignore[attr-defined]
    assert made[0].missing
