"""The alert study: its model is what it says, and a small study finds what a large one does."""

from __future__ import annotations

import json
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.alerts.model import Conditions, impose, simulate_hour
from benchmarks.alerts.report import goal_rows, to_markdown
from benchmarks.alerts.statistics import median_interval, wilson
from benchmarks.alerts.study import as_json, carry_out
from benchmarks.alerts.trials import Rule, detect, listen, warm_baseline


class Here(Executor):
    """Runs everything in this process."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


def test_the_wander_has_the_amplitude_it_is_said_to_have() -> None:
    hours = [simulate_hour(seed, Conditions(wander_percent=2.0)) for seed in range(12)]
    found = []
    for hour in hours:
        peak = hour.steps.peak_10hz_bw[600:]
        blocks = peak[: len(peak) // 60 * 60].reshape(-1, 60).mean(axis=1)
        found.append(float(np.std(blocks / blocks.mean())))
    assert np.mean(found) == pytest.approx(0.02, rel=0.2)


def test_the_same_seed_is_the_same_hour_and_another_day_is_the_same_runner() -> None:
    rough = Conditions(disturbances=True, minutes=10.0)
    first, again = simulate_hour(3, rough), simulate_hour(3, rough)
    assert first.steps.rows.tobytes() == again.steps.rows.tobytes()
    assert first.marks == again.marks
    other_day, other = simulate_hour(3, rough, day=2), simulate_hour(4, rough)
    lean = [float(np.median(h.steps.sacral_lean_deg)) for h in (first, other_day, other)]
    assert lean[0] != lean[1]
    assert abs(lean[0] - lean[1]) < 4.0


def test_an_imposed_change_begins_at_the_onset_and_alters_nothing_before() -> None:
    hour = simulate_hour(1, Conditions(minutes=40.0))
    changed = impose(hour, "peak", 0.10)
    at = hour.onset
    assert changed.steps.rows[:at].tobytes() == hour.steps.rows[:at].tobytes()
    ratio = changed.steps.peak_10hz_bw[at:] / hour.steps.peak_10hz_bw[at:]
    np.testing.assert_allclose(ratio, 1.1)
    slower = impose(hour, "cadence", -0.05).steps
    assert slower.cadence_spm[-1] == pytest.approx(0.95 * hour.steps.cadence_spm[-1])


def test_a_calm_hour_is_quiet_and_a_change_is_caught_in_it() -> None:
    calm = Conditions(wander_percent=0.5)
    assert not listen(5, calm, Rule()).changed
    found = detect(5, calm, Rule(), "peak")
    assert not found.before
    assert 50.0 < found.delay_s < 100.0
    usual = warm_baseline(5, calm, Rule(warm_runs=2))
    assert usual is not None
    assert usual.of("sacral_lean_deg") is not None


def test_a_tiny_study_writes_its_page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from benchmarks.alerts import report, study

    for module in (study, report):
        monkeypatch.setattr(module, "WANDERS_PERCENT", (1.5,))
        monkeypatch.setattr(module, "TIME_CONSTANTS_S", ())
        monkeypatch.setattr(module, "FAMILY_FACTORS", ())
    done = carry_out(Here(), 2, lambda _, __: None)
    goals = goal_rows(done)
    page = to_markdown(done, [], 1.0, [])
    assert len(goals) == 12
    assert "**Slow wander.**" in page  # the model stands on the page
    assert all(what in page for what, *_ in goals)
    assert json.loads(json.dumps(as_json(done)))["hours"] == done.hours


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    rng = np.random.default_rng(1)
    held = 0
    for hits in rng.binomial(300, 0.04, 400):
        low, high = wilson(int(hits), 300)
        held += low <= 0.04 <= high
    assert 0.91 < held / 400 < 0.99
    held = 0
    for _ in range(300):
        _, low, high = median_interval(rng.exponential(1.0, 81).tolist())
        held += low <= np.log(2.0) <= high
    assert 0.91 < held / 300 <= 1.0
