"""The alert study: its model is what it says, and a small study finds what a large one does."""

from __future__ import annotations

import json
import math
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import benchmarks
from benchmarks.alerts.__main__ import main
from benchmarks.alerts.hours import judged_hours, read_hours, steps_of
from benchmarks.alerts.measured import person, run_of
from benchmarks.alerts.model import Conditions, impose, simulate_hour
from benchmarks.alerts.oracle import Knowing, Pattern, Weighed, delays_s, weighed
from benchmarks.alerts.ordinary import CHANGES, imposed
from benchmarks.alerts.report import goals_of, hours_table, to_markdown
from benchmarks.alerts.scenarios import course
from benchmarks.alerts.statistics import median_interval, wilson
from benchmarks.alerts.study import Pieces, carry_out
from benchmarks.alerts.trials import Rule, detect, listen, warm_baseline
from imu.drift.indicators import INDICATORS, Indicator
from imu.errors import InputError


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
    assert 10.0 < found.delay_s < 60.0
    usual = warm_baseline(5, calm, Rule(warm_runs=2))
    assert usual is not None
    assert usual.of("sacral_lean_deg") is not None


@pytest.mark.slow
def test_a_tiny_study_writes_its_page_and_is_gone_on_with(tmp_path: Path) -> None:
    names = ("run and walk",)
    done = carry_out(Here(), Pieces(tmp_path, 77, 2), lambda _: None, scenarios=names)
    kept = Pieces(tmp_path, 99, 3)
    assert (kept.who.first_seed, kept.who.people) == (77, 2)
    again = kept.take(names[0], lambda: pytest.fail("it is there"))
    assert [heard for heard, _ in again] == list(done.listened)
    assert [one for _, found in again for one in found] == list(done.searched)
    goals = goals_of(done)
    page = to_markdown(done, [], [])
    assert len(goals) == 2 * (2 + 2 * len(CHANGES))  # of first runs and with history
    assert all(goal.what in page for goal in goals)
    assert [heard.rule for heard in done.listened] == [
        "first run",
        "four earlier runs",
        "fixed gate",
    ]
    assert [len(runs) for runs in done.listened[1].people] == [5, 5]
    assert "| run and walk | fixed gate |" in page
    assert "unknown" in page and "self-consistency" in page
    assert "{'" not in page
    who = tmp_path / "who.json"
    who.write_bytes(who.read_bytes().replace(b'"code":"', b'"code":"0'))
    with pytest.raises(InputError, match="was begun with other code"):
        Pieces(tmp_path, 77, 2)


@pytest.mark.parametrize(("percent", "found"), [(15.0, True), (0.5, False)])
def test_one_that_knows_the_person_finds_a_large_change_at_once_and_a_tiny_one_never(
    percent: float, found: bool
) -> None:
    delays: list[float] = []
    for seed in (1, 2):
        runs = [run_of(person(seed), course("steady treadmill", seed + k), k) for k in range(3)]
        onset = len(runs[0].steps) // 2
        changed = imposed(runs[0], "peak +10 %", 0.01 * percent, onset)
        knowing = Knowing(person(seed), "steady treadmill", history=False, pace_known=False)
        sought = [Pattern({3: percent}, 0.0, 600.0)]
        delays += delays_s(weighed(knowing, runs, [changed], onset, sought), 0.04)
    assert [delay < 60.0 for delay in delays] == [found, found]


def test_the_limit_is_exceeded_in_as_many_quiet_runs_as_are_aimed_at() -> None:
    own = [Weighed((float(k),), (10.0, 20.0), (k - 3.0, k + 3.0)) for k in range(50)]
    limit_s = delays_s(own, 0.04)  # 48 and 49 of 50 exceed 47
    assert limit_s == (math.inf,) * 45 + (20.0,) * 5


COLUMNS = "time_s,speed_m_s,slope_percent,cadence_spm,contact_time_ms,vertical_oscillation_mm\n"


def real_run(path: Path, seed: int, *, contact: bool = True, spacing_s: float = 10.0) -> None:
    """Half an hour of means, with a minute's stop in it."""
    rng = np.random.default_rng(seed)
    rows = []
    for k in range(int(1800.0 / spacing_s)):
        if 60 <= k < 66:
            rows.append(f"{k * spacing_s},0.3,0,,,\n")
            continue
        told = f"{240.0 + rng.normal(0.0, 2.0):.1f}" if contact else ""
        rows.append(f"{k * spacing_s},3.0,,{168.0 + rng.normal(0.0, 0.8):.1f},{told},90.5\n")
    path.write_text(COLUMNS + "".join(rows), encoding="utf-8")


def test_real_hours_are_judged_by_person_with_their_earlier_runs_as_history(tmp_path: Path) -> None:
    for number in (1, 2, 3, 10):
        real_run(tmp_path / f"ann_{number}.csv", number)
    real_run(tmp_path / "bob_1.csv", 7, contact=False, spacing_s=27.0)
    (tmp_path / "bob_2.csv").write_text(COLUMNS, encoding="utf-8")  # nothing in it
    left_out: list[str] = []
    people = read_hours(tmp_path, left_out.append)
    assert left_out == ["bob_2"]
    assert [name for name, _ in people["ann"]] == ["ann_1", "ann_2", "ann_3", "ann_10"]
    judged = judged_hours(people)
    assert [(run.name, run.history) for run in judged] == [
        ("ann_1", False),
        ("ann_2", False),
        ("ann_3", False),
        ("ann_3", True),
        ("ann_10", False),
        ("ann_10", True),
        ("bob_1", False),
    ]
    assert all(0.4 < run.hours < 0.5 for run in judged)
    assert not any(run.told for run in judged)
    assert judged[-1].measured == {"cadence_spm", "vertical_oscillation_mm"}
    table = hours_table(judged)
    assert "2 people, 5 runs" in table and "earlier runs known" in table


def test_the_steps_behind_means_keep_their_cadence_and_leave_out_walking(tmp_path: Path) -> None:
    real_run(tmp_path / "ann_1.csv", 1)
    ((_, columns),) = read_hours(tmp_path, print)["ann"]
    run = steps_of(columns)
    assert 60.0 / np.median(run.steps.step_time_s) == pytest.approx(168.0, abs=0.5)
    assert np.nansum(run.steps.step_time_s) == pytest.approx(1740.0, abs=3.0)
    assert np.nanmedian(run.speed_m_s) == 3.0
    assert np.isnan(run.slope_deg).any()


def test_what_is_no_running_and_no_measurement_is_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(4)
    rows = []
    for k in range(720):  # an hour of walking, then one of running, by a broken sensor
        speed, beats = (1.4, 110.0) if k < 360 else (3.0, 168.0 + rng.normal(0.0, 0.8))
        contact = (240.0, 0.0, 1e9, -5.0)[k % 4 if k > 600 else 0]
        rows.append(f"{k * 10},{speed},{'9e99' if k % 50 == 0 else 0},{beats:.1f},{contact},\n")
    (tmp_path / "ann_1.csv").write_text(COLUMNS + "".join(rows), encoding="utf-8")
    (tmp_path / "ann_2.csv").write_text(COLUMNS + "0,3,0,170,240,90\n", encoding="utf-8")
    (tmp_path / "bob_1.csv").write_text(COLUMNS + "0,1,,,,\n10,1,,,,\n", encoding="utf-8")
    (run,) = judged_hours(read_hours(tmp_path, lambda _: None))
    assert run.name == "ann_1" and run.hours == pytest.approx(1.0, abs=0.02)
    assert run.measured == {"cadence_spm", "contact_time_ms"}
    assert not run.reported
    assert main(["--hours", str(tmp_path)]) == 0
    printed = capsys.readouterr()
    assert "1 people, 1 runs, 1.0 h" in printed.out and "ann_2" in printed.err
    (tmp_path / "ann_1.csv").unlink()
    assert main(["--hours", str(tmp_path)]) == 1
    assert "nobody runs" in capsys.readouterr().err


def test_a_folder_without_runs_is_refused_in_a_sentence(tmp_path: Path) -> None:
    assert main(["--hours", str(tmp_path)]) == 1
    (tmp_path / "a_1.csv").write_text("speed_m_s\n3\n", encoding="utf-8")
    with pytest.raises(InputError, match="has no column time_s"):
        read_hours(tmp_path, print)


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


#: Rows of the accuracy page on what is told of a true change of 1: metric and condition.
RESPONSES = {
    "peak_10hz_bw": ("peak vertical force", "the 10 Hz peak, as alerts watch it"),
    "contact_time_ms": ("contact time", "backstride"),
    "cadence_spm": ("cadence", "backstride"),
    "vertical_oscillation_mm": ("vertical oscillation", "backstride"),
    "sacral_lean_deg": ("sacral lean", "backstride"),
    "pelvic_tilt_range_deg": ("pelvic tilt range", "backstride"),
    "pelvic_obliquity_range_deg": ("pelvic obliquity range", "backstride"),
    "pelvic_rotation_range_deg": ("pelvic rotation range", "backstride"),
}


@pytest.mark.parametrize("indicator", INDICATORS, ids=lambda indicator: indicator.key)
def test_what_is_told_of_a_true_change_is_the_accuracy_page_s_figure(indicator: Indicator) -> None:
    page = json.loads((Path(benchmarks.__file__).parent / "accuracy.json").read_text("utf-8"))
    metric, condition = RESPONSES.get(indicator.name, ("", ""))
    found = [
        score["found"]
        for section in page["sections"]
        for score in section["scores"]
        if score["metric"] == f"response of {metric} to a true change of speed"
        and score["condition"] == condition
    ]
    assert indicator.worth.response == (round(found[0], 2) if found else None)
    if indicator.worth.response is not None and indicator.worth.response < 0.5:
        assert not indicator.told
