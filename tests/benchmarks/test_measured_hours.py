"""The measured model keeps to what was measured, and its scenarios to what they are called."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.alerts.measured import person, run_of
from benchmarks.alerts.scenarios import SCENARIOS, course
from imu.steps import Steps

#: RMS difference of one-minute means that lie 1, 20 and 40 min apart, %, on real runs.
MEASURED = {
    "cadence_spm": (0.96, 1.59, 1.86),
    "vertical_oscillation_mm": (2.2, 3.4, 4.0),
    "contact_time_ms": (1.3, 1.9, 1.9),
}
PEOPLE = 40


def one_minute_means(steps: Steps, column: str) -> NDArray[np.float64]:
    rows = steps.rows
    values = 60.0 / rows["step_time_s"] if column == "cadence_spm" else rows[column]
    minute = ((rows["initial_contact_s"] - rows["initial_contact_s"][0]) / 60.0).astype(int)
    means: NDArray[np.float64] = (np.bincount(minute, values) / np.bincount(minute))[:-1]
    return 100.0 * means / float(means.mean())


@pytest.fixture(scope="module")
def steady() -> list[Steps]:
    return [run_of(person(s), course("steady treadmill", s)).steps for s in range(PEOPLE)]


@pytest.mark.parametrize("column", MEASURED)
def test_people_wander_as_far_as_measured(steady: list[Steps], column: str) -> None:
    for lag, measured in zip((1, 20, 40), MEASURED[column], strict=True):
        squares = []
        for steps in steady:
            means = one_minute_means(steps, column)
            squares.append(np.mean((means[lag:] - means[:-lag]) ** 2))
        assert np.sqrt(np.mean(squares)) == pytest.approx(measured, rel=0.3)


def test_the_same_person_on_the_same_day_runs_alike() -> None:
    first, again = (run_of(person(3), course("intervals", 3)) for _ in range(2))
    assert first.steps.rows.tobytes() == again.steps.rows.tobytes()
    other = run_of(person(3), course("intervals", 3), day=1)
    assert other.steps.rows.tobytes() != first.steps.rows.tobytes()


@pytest.mark.parametrize("name", SCENARIOS)
def test_each_scenario_is_a_run_with_nothing_missing(name: str) -> None:
    run = run_of(person(5), course(name, 5, minutes=12.0))
    steps = run.steps
    assert len(steps) == len(run.speed_m_s) == len(run.slope_deg) > 1500
    assert np.all(np.diff(steps.initial_contact_s) > 0.0)
    for column in ("contact_time_ms", "peak_10hz_bw", "impact_shock_g", "sacral_lean_deg"):
        assert np.isfinite(steps.rows[column]).all()


def test_intervals_change_speed_and_hills_slope() -> None:
    assert np.ptp(course("intervals", 1).speed) > 0.2
    assert np.ptp(course("outdoor hills", 1).slope_deg) > 3.0
    assert course("run and walk", 1).stop_s.sum() > 200.0
