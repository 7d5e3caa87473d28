"""What a session hands to the next survives as text, exactly, and counts on the other's clock."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from imu.analyzer import LEARNED_STATE
from imu.drift.changes import Change, Severity
from imu.drift.detector import DriftDetector
from imu.drift.params import DriftParams
from imu.errors import InputError
from imu.steps import STEP_ROW, Steps
from pipelines.coaching.budget import CoachParams, CueBudget
from pipelines.coaching.coach import Coach
from pipelines.coaching.companion import Companion, RunSoFar
from pipelines.coaching.plan import CompanionPlan
from pipelines.coaching.training.traffic_light import Rated
from pipelines.coaching.training.warm_up import WarmUpState
from pipelines.files.loading import load
from pipelines.session.carried import (
    WATCHED,
    Carried,
    LeanKnown,
    carried_from_text,
    record_to_json,
)
from pipelines.session.felt_pain import Felt
from pipelines.session.json_form import to_json, to_plain
from pipelines.session.progress import SessionProgress
from tests.examples import few

QUICK = DriftParams(skip_s=5.0, baseline_blocks=4, block_steps=4)


def run_of(seed: int, count: int, first_s: float, unknown: float) -> Steps:
    """Steps that scatter, with some values that were not measured and some flags."""
    rng = np.random.default_rng(seed)
    rows = np.zeros(count, STEP_ROW)
    for name in STEP_ROW.names or ():
        if STEP_ROW[name].kind == "f":
            values = rng.uniform(0.9, 1.1, count) * (1.0 + (np.arange(count) > count // 2))
            rows[name] = np.where(rng.random(count) < unknown, math.nan, values)
    rows["step_time_s"] = 0.36
    rows["initial_contact_s"] = first_s + 0.36 * np.arange(count)
    rows["side"] = np.arange(count) % 2
    rows["quality"] = np.where(rng.random(count) < 0.1, 1, 0)
    return Steps(rows)


RUN = RunSoFar(WarmUpState(easy_s=120.5, asked=True), 61.0, ("longest_distance",), held=True)
FELT = Felt((Rated(2, "before"), Rated(5)), asked=True)


def carried(drift: DriftDetector, coach: Coach | None = None) -> Carried:
    learned = np.zeros(1, LEARNED_STATE)
    learned["bias"], learned["lumbar_baseline"] = (1e-3, -0.1 + 0.2, 1 / 3), math.nan
    return Carried(
        record_to_json(learned),
        record_to_json(drift.state),
        (coach or Coach()).state,
        LeanKnown(known=True),
        "track",
        12.5,
        WATCHED,
        RUN,
        FELT,
    )


def read_again(first: Carried) -> Carried:
    return load(to_json(first), Carried)


@settings(max_examples=few(15), deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(0, 200),
    unknown=st.sampled_from([0.0, 0.02, 1.0]),
    ended=st.booleans(),
)
def test_a_detector_goes_on_from_text_as_if_it_had_never_stopped(
    seed: int, count: int, unknown: float, ended: bool
) -> None:
    detector = DriftDetector(QUICK)
    detector.push(run_of(seed, count, 0.0, unknown))
    if ended:
        detector.flush()
    again = DriftDetector(QUICK)
    again.state = read_again(carried(detector)).drift_state
    assert repr(again.state) == repr(detector.state)
    for lifetime in ("session", "segment"):
        found, kept = again.state[lifetime], detector.state[lifetime]
        for name in kept.dtype.names or ():
            if kept[name].dtype.names is None:
                np.testing.assert_array_equal(found[name], kept[name], strict=True)
    later = run_of(seed + 1, 120, 500.0, unknown)
    assert repr(again.push(later)) == repr(detector.push(later))
    assert again.status == detector.status


def test_all_of_it_comes_back_from_text() -> None:
    coach = Coach()
    coach.advance([change(600.0)], 700.0)
    first = carried(DriftDetector(), coach)
    again = read_again(first)
    assert again.analyzer_state.tobytes() == first.analyzer_state.tobytes()
    assert (again.coach, again.lean, again.surface) == (first.coach, first.lean, "track")
    assert (again.run, again.felt) == (RUN, FELT)
    assert again.gap_s == 12.5
    assert len(to_json(first)) < 30_000


def test_a_field_that_came_later_is_as_in_a_new_run() -> None:
    first = carried(DriftDetector())
    del first.drift["session"]["quiet_until_s"]
    assert np.isneginf(read_again(first).drift_state["session"]["quiet_until_s"]).all()


def test_a_state_of_release_0_1_in_one_record_keeps_its_counts_and_learns_anew() -> None:
    """Its baseline is of another detector, and of contact times and forces of another kind."""
    detector = DriftDetector(QUICK)
    detector.push(run_of(1, 150, 0.0, 0.02))
    first = carried(detector)
    flat = structs.replace(first, drift=first.drift["session"] | {"mean": [2.5], "learned": 40})
    assert flat.of_older_definitions and not first.of_older_definitions
    found, fresh = read_again(flat).drift_state, DriftDetector().state
    for name in ("running_s", "steps", "flagged_steps", "flagged_by", "blocks", "quiet_until_s"):
        np.testing.assert_array_equal(found["session"][name], detector.state["session"][name])
    assert found["session"]["interruption"].tobytes() == fresh["session"]["interruption"].tobytes()
    assert found["segment"].tobytes() == fresh["segment"].tobytes()


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"indicators": []}'])
def test_what_is_none_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(InputError, match=r"\.$"):
        load(text, Carried)
    with pytest.raises(InputError, match=r"damaged\.$"):
        carried_from_text(text)


def test_every_damaged_field_is_refused_and_never_half_taken() -> None:
    content = json.loads(to_json(carried(DriftDetector())))
    for name in set(content) - {"surface"}:
        with pytest.raises(InputError):
            load(json.dumps(content | {name: "x"}), Carried)
    content["drift"]["segment"]["level"] = [[1.0, 2.0], [3.0]]
    with pytest.raises(InputError, match="damaged"):
        _ = load(json.dumps(content), Carried).drift_state
    content["indicators"] = ["mood"]
    with pytest.raises(InputError, match="other indicators"):
        _ = load(json.dumps(content), Carried).drift_state


def test_what_a_session_of_form_3_carried_is_read() -> None:
    coach = Coach()
    coach.advance([change(600.0), change(620.0, severity="withdrawn")], 630.0)
    coach.advance([change(625.0, "sacral_lean_deg")], 630.0)
    now = carried(DriftDetector(), coach)
    state = now.coach
    then = {
        "indicators": list(now.indicators),
        "analyzer": now.analyzer,
        "drift": now.drift,
        "coach": {
            "cue_times_s": list(state.budget.alerts_s),
            "elsewhere_s": list(state.budget.cues_s),
            "waiting": to_plain(state.waiting),
            "quicker_already": state.quicker_already,
            "unanswered": state.budget.unanswered,
            "answered_s": None,
            "advises": state.advises,
        },
        "lean": [True, False, False, False],
        "surface": "track",
        "gap_s": 12.5,
    }
    # that form knew nothing of the run's pain and companion
    known = structs.replace(now, run=RunSoFar(), felt=Felt())
    assert carried_from_text(json.dumps(then)) == known


def change(time_s: float, name: str = "cadence_spm", severity: Severity = "raised") -> Change:
    return Change(time_s, name, "down", 161.0, 170.0, -5.3, 3.0, severity)


def told_and_over(time_s: float) -> list[Change]:
    """A change that is told ten seconds later, when weightier ones would have shown."""
    return [change(time_s), change(time_s + 11.0, severity="withdrawn")]


def test_a_cue_of_before_counts_by_the_true_time_since() -> None:
    """3 minutes between cues: told 30 s before the end, 50 s of gap, so 100 s are left."""
    before = Coach()
    assert before.advance(told_and_over(590.0), 630.0)
    seen = carried(DriftDetector(), before).seen_from(680.0, 50.0)
    coach = Coach()
    coach.state = seen.coach
    assert coach.advance([change(20.0, "sacral_lean_deg")], 99.0) == []
    assert [alert.time_s for alert in coach.advance([], 101.0)] == [100.0]


def test_a_change_that_waits_is_told_in_the_new_session_and_not_before_it() -> None:
    before = Coach()
    before.advance([*told_and_over(600.0), change(620.0, "sacral_lean_deg")], 630.0)
    seen = carried(DriftDetector(), before).seen_from(4000.0, 3370.0)
    coach = Coach()
    coach.state = seen.coach
    told = coach.advance([], 15.0)
    assert [(alert.time_s, alert.indicator) for alert in told] == [(10.0, "sacral_lean_deg")]


def test_the_six_cues_of_an_hour_are_those_of_both_sessions() -> None:
    params = CoachParams(shortest_interval_s=0.0, fade_after=60)
    before = Coach(CueBudget(params))
    for number in range(6):
        assert before.advance(told_and_over(100.0 * number - 10.0), 100.0 * number + 1.0)
    seen = carried(DriftDetector(), before).seen_from(1000.0, 400.0)
    coach = Coach(CueBudget(params))
    coach.state = seen.coach
    assert coach.advance([change(60.0, "sacral_lean_deg")], 2599.0) == []
    assert [alert.time_s for alert in coach.advance([], 2601.0)] == [2600.0]


def test_the_companion_is_silent_too_after_what_was_told_before() -> None:
    told: dict[bool, list[float]] = {}
    for before in (False, True):
        budget = CueBudget()
        if before:
            budget.alert_told(-10.0)
        companion = Companion(CompanionPlan(rest_day=2, rest_days=7), budget, SessionProgress())
        told[before] = [
            time_s for time_s in range(0, 200) for _ in companion.advance(float(time_s), "still")
        ]
    assert told[False] == [0]
    assert all(time_s >= 170 for time_s in told[True])
