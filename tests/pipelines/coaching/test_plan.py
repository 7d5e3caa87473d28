"""The plan of a run: what the journal asks for, and that nothing of it is hidden."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imu.drift.baseline import Baseline, IndicatorBaseline
from imu.errors import InputError, ParameterError
from pipelines.coaching.plan import (
    CompanionPlan,
    UsualIntensity,
)
from pipelines.coaching.training.intervals import RunWalkPlan
from pipelines.coaching.training.red_flags import QUESTIONS
from pipelines.coaching.training.single_session import LongestSession
from pipelines.files.loading import load
from pipelines.runner.journal.database import Journal
from pipelines.runner.journal.entries import Questionnaire
from pipelines.runner.journal.pending import keep_for_later, pending_path
from pipelines.runner.planning import cues_before, plan_for_run, plan_from_journal
from pipelines.session.json_form import to_json
from tests.pipelines.runner.journal.journals import at, at_hand, held_by_another_process, pain, run

MEANS = {"peak_10hz_bw": 2.4, "cadence_spm": 168.0}


def now(day: float = 0.0, hour: float = 18.0) -> datetime:
    return datetime.fromtimestamp(at(day, hour) / 1e9, tz=UTC)


@pytest.mark.parametrize(
    ("day", "stage", "rest_day"), [(-3.0, 0, 1), (2.0, 0, 3), (9.0, 0, None), (10.0, 1, None)]
)
def test_the_plan_follows_the_return(
    journal: Journal, day: float, stage: int, rest_day: int | None
) -> None:
    journal.change_settings(return_since_ns=at(0), units="imperial")
    for number in range(2):
        session = journal.add(run(8.0 + 0.5 * number, km=2.0, steps=1))
        if day < 10:
            continue
        journal.add(pain(8.0 + 0.5 * number, 0, "after", session))
        journal.add(pain(9.2 + 0.5 * number, 0, "24h", session))
    plan = plan_from_journal(journal, now(day))
    assert (plan.return_stage, plan.rest_day) == (stage, rest_day)
    # nobody is led through intervals on a day of rest
    led = stage == 0 and rest_day is None
    assert (plan.intervals is not None, plan.walk_bends) == (led, stage == 1)
    assert plan.units == "imperial"
    assert load(to_json(plan), CompanionPlan) == plan


def test_the_longest_run_is_that_of_the_last_thirty_days(journal: Journal) -> None:
    journal.add(run(0.0, km=12.0))
    journal.add(run(20.0, km=6.0, dose_easy_km_m4=7.0))
    assert plan_from_journal(journal, now(29.0)).longest == LongestSession(12000.0, 7.0)
    assert plan_from_journal(journal, now(31.0)).longest == LongestSession(6000.0, 7.0)
    assert plan_from_journal(journal, now(90.0)).longest == LongestSession(None, None)


def test_a_run_of_today_whose_distance_nobody_knows_is_not_taken_for_none(journal: Journal) -> None:
    journal.add(run(0.0, km=5.0))
    journal.add(run(2.0, km=None))
    plan = plan_from_journal(journal, now(2.0, hour=20.0))
    told = [cue.message for cue in cues_before(plan, ())]
    assert any("of 1 run the distance is not known" in one for one in told)


def test_usual_is_what_was_run_before_a_return_began(journal: Journal) -> None:
    for day, cadence in enumerate((166.0, 168.0, 170.0)):
        journal.add(run(float(day), steps=1, means=MEANS | {"cadence_spm": cadence}))
    journal.change_settings(return_since_ns=at(5))
    journal.add(run(13.0, steps=1, means={"peak_10hz_bw": 1.9, "cadence_spm": 150.0}))
    assert plan_from_journal(journal, now(14.0)).usual == UsualIntensity(2.4, 168.0)
    assert plan_from_journal(journal, now(200.0)).usual == UsualIntensity(2.4, 168.0)
    journal.change_settings(return_since_ns=None)
    assert plan_from_journal(journal, now(200.0)).usual is None


def test_a_baseline_of_easy_runs_goes_before_the_journal(journal: Journal) -> None:
    journal.add(run(0.0, steps=1, means=MEANS))
    easy = Baseline(
        (
            IndicatorBaseline("peak_10hz_bw", 2.6, 0.05),
            IndicatorBaseline("cadence_spm", 172.0, 1.0),
            IndicatorBaseline("lumbar_index", 2.3, 0.05),
        ),
        blocks=40,
    )
    assert plan_from_journal(journal, now(1.0), easy).usual == UsualIntensity(2.6, 172.0)


def test_figures_that_are_no_running_are_not_taken_for_usual(journal: Journal) -> None:
    journal.add(run(0.0, steps=1, means={"peak_10hz_bw": 0.9, "cadence_spm": 168.0}))
    assert plan_from_journal(journal, now(1.0)).usual is None


def test_a_red_flag_stops_the_plan(journal: Journal) -> None:
    answers = dict.fromkeys(QUESTIONS, False)
    journal.add(Questionnaire(at(0), answers | {"bladder": True}))
    plan = plan_from_journal(journal, now(1.0))
    assert plan.stopped == "red_flags.emergency"
    assert plan.because == "passing or holding water or stool has changed"
    journal.add(Questionnaire(at(2), answers))
    still = plan_from_journal(journal, now(3.0))
    assert (still.stopped, still.because) == (plan.stopped, plan.because)  # until it is cleared
    journal.add(Questionnaire(at(4), answers, cleared=True))
    assert plan_from_journal(journal, now(5.0)).stopped == ""


def test_the_first_run_makes_no_journal(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    plan, notes = at_hand(path, lambda it: plan_for_run(it, now()))
    assert (plan.longest, notes) == (LongestSession(), [])
    assert not path.exists()


def test_a_red_flag_that_waits_for_the_journal_counts(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    answers = dict.fromkeys(QUESTIONS, False) | {"numbness": True}
    keep_for_later([Questionnaire(at(0), answers)], path)
    plan, notes = at_hand(path, lambda it: plan_for_run(it, now(1.0)))
    assert plan.stopped == "red_flags.stop"
    assert len(notes) == 1
    assert not pending_path(path).exists()


@pytest.mark.skipif(sys.platform == "win32", reason="another process holds the file open")
def test_a_journal_in_use_never_stops_a_run(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    Journal(path).close()
    with held_by_another_process(path, "PRAGMA locking_mode = EXCLUSIVE"):
        plan, notes = at_hand(path, lambda it: plan_for_run(it, now()))
    assert plan == CompanionPlan()
    assert "another program is using the journal" in notes[0]
    assert notes[0].endswith("without what the journal knows.")


@given(
    longest=st.none() | st.builds(LongestSession, st.none() | st.floats(0.0, 1e5)),
    usual=st.none() | st.builds(UsualIntensity, st.floats(1.01, 10.0), st.floats(100.0, 240.0)),
    repeats=st.integers(1, 100),
)
def test_a_plan_is_read_back_exactly(
    longest: LongestSession | None,
    usual: UsualIntensity | None,
    repeats: int,
) -> None:
    plan = CompanionPlan(
        usual=usual,
        longest=longest,
        intervals=RunWalkPlan(repeats=repeats),
    )
    assert load(to_json(plan), CompanionPlan) == plan


@pytest.mark.parametrize("words", ["", "7", "[1]", '{"units":3}', '{"intervals":{"run_s":1}}'])
def test_what_is_no_plan_is_refused_in_one_sentence(words: str) -> None:
    with pytest.raises(InputError, match=r"this (is no record of a session|record is no JSON)"):
        load(words, CompanionPlan)


def test_an_older_plan_is_read_with_defaults() -> None:
    assert load('{"rest_day":2}', CompanionPlan) == CompanionPlan(rest_day=2)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("stopped", "bends.walk"),
        ("units", "furlongs"),
        ("return_stage", 3),
        ("rest_day", 0),
        ("rest_days", 99),
    ],
)
def test_values_out_of_range_are_refused(name: str, value: object) -> None:
    with pytest.raises(ParameterError, match=name):
        replace(CompanionPlan(), **{name: value})  # type: ignore[arg-type]
