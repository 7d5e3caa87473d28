"""The weights that tell running from walking: where they come from, and people left out of them."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.accuracy import gait
from benchmarks.gait_model import TrainingSteps, fit_weights, model_steps, training_steps
from benchmarks.recordings import data_directory, waist_trials
from imu.analyzer import AnalyzerParams
from imu.chain.gait import GAIT_FEATURES, RUN_WEIGHTS, GaitParams

recorded = pytest.mark.skipif(
    not all((data_directory() / name).exists() for name in ("waist_daily", "treadmill_runners")),
    reason=f"no people to learn from in {data_directory()}: set BACKSTRIDE_DATA to where they are",
)


@pytest.fixture(scope="module")
def steps() -> TrainingSteps:
    return training_steps()


def test_the_model_of_motion_is_the_same_every_time() -> None:
    first, second = model_steps(), model_steps()
    assert first.features.tobytes() == second.features.tobytes()
    assert first.ran.sum() * 2 == len(first.ran)


def test_the_fit_tells_apart_what_differs() -> None:
    random = np.random.default_rng(5)
    features = random.normal(0.0, 0.05, (400, len(GAIT_FEATURES)))
    ran = np.arange(400) % 2 == 0
    features[:, 1] += np.where(ran, 0.6, -0.6)
    people = np.array([f"p{k % 8}" for k in range(400)])
    kinds = np.where(ran, "D03", "D02")
    weights = fit_weights(TrainingSteps(features, ran, people, kinds))
    score = features @ weights[:-1] + weights[-1]
    assert np.mean((score > 0.0) == ran) > 0.95


@recorded
def test_the_weights_in_use_are_those_that_the_recordings_give(steps: TrainingSteps) -> None:
    assert len(np.unique(steps.person)) == 39
    np.testing.assert_array_equal(np.round(fit_weights(steps), 3), RUN_WEIGHTS)


def check_person(steps: TrainingSteps, person: str) -> None:
    """What this person does is told right by weights that have not seen them."""
    others = tuple(fit_weights(steps[steps.person != person]).tolist())
    params = AnalyzerParams(gait=GaitParams(weights=others))
    for trial in waist_trials():
        if trial.person != person or trial.activity == "F05":
            continue
        found = gait.gait_over_time(trial.samples[0], trial.rate_hz, "auto", params)
        if trial.activity in ("D03", "D04"):
            assert found.table_percent > 85.0, trial.name
        else:
            assert found.steps == 0, trial.name


@recorded
@pytest.mark.parametrize("person", ["SE09", "SE13", "SA13"])
def test_people_left_out_are_told_right(steps: TrainingSteps, person: str) -> None:
    # whose brisk walking and slow jogging are nearest to each other, and who runs up stairs
    check_person(steps, person)


@recorded
@pytest.mark.slow
def test_everybody_left_out_is_told_right(steps: TrainingSteps) -> None:
    for trial in {trial.person for trial in waist_trials()}:
        check_person(steps, trial)
