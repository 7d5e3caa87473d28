"""Run/walk intervals: phases in order, every cue once, however the session is cut."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imu.errors import ParameterError
from pipelines.coaching.training.cues import Cue
from pipelines.coaching.training.intervals import (
    Adherence,
    PhaseKind,
    RunWalkPlan,
    adherence_of,
    interval_cues,
    phase_at,
)

PLAN = RunWalkPlan(run_s=60.0, walk_s=30.0, repeats=2, warm_up_s=120.0)


@pytest.mark.parametrize(
    ("elapsed_s", "kind", "number", "remaining_s"),
    [
        (0.0, "warm_up", 0, 120.0),
        (119.0, "warm_up", 0, 1.0),
        (120.0, "run", 1, 60.0),
        (179.5, "run", 1, 0.5),
        (180.0, "walk", 1, 30.0),
        (210.0, "run", 2, 60.0),
        (299.0, "walk", 2, 1.0),
        (300.0, "done", 0, math.inf),
    ],
)
def test_phases(elapsed_s: float, kind: str, number: int, remaining_s: float) -> None:
    phase = phase_at(PLAN, elapsed_s)
    assert (phase.kind, phase.number, phase.remaining_s) == (kind, number, remaining_s)


def test_cues_in_order() -> None:
    cues = interval_cues(PLAN, -1.0, 1000.0)
    assert [(cue.text_id.split(".")[1], cue.time_s) for cue in cues] == [
        ("warm_up", 0.0), ("run", 120.0), ("walk", 180.0), ("run", 210.0), ("walk", 270.0),
        ("done", 300.0),
    ]  # fmt: skip


plans = st.builds(
    RunWalkPlan,
    run_s=st.floats(10, 600),
    walk_s=st.floats(10, 600),
    repeats=st.integers(1, 20),
    warm_up_s=st.floats(0, 600),
)


@given(plan=plans, cuts=st.lists(st.floats(0, 3000), max_size=20))
def test_every_cue_comes_once_however_the_time_is_cut(plan: RunWalkPlan, cuts: list[float]) -> None:
    times = [-1.0, *sorted(cuts), 1e6]
    cues: list[Cue] = []
    for after_s, until_s in itertools.pairwise(times):
        cues += interval_cues(plan, after_s, until_s)
    assert cues == interval_cues(plan, -1.0, 1e6)


@given(plan=plans, part=st.floats(0, 1))
def test_a_phase_and_what_remains_add_up(plan: RunWalkPlan, part: float) -> None:
    elapsed_s = part * plan.duration_s * 0.999
    phase = phase_at(plan, elapsed_s)
    assert phase.kind != "done"
    longest = {"warm_up": plan.warm_up_s, "run": plan.run_s, "walk": plan.walk_s}[phase.kind]
    assert -1e-6 <= phase.remaining_s <= longest + 1e-6


@pytest.mark.parametrize(
    ("name", "value"), [("run_s", 5.0), ("walk_s", math.nan), ("repeats", 0), ("warm_up_s", -1.0)]
)
def test_a_plan_out_of_range_is_refused(name: str, value: float) -> None:
    with pytest.raises(ParameterError, match=name):
        RunWalkPlan(**{name: value})  # type: ignore[arg-type]


PHASES: list[tuple[PhaseKind, float]] = [
    ("warm_up", 0.0), ("run", 300.0), ("walk", 360.0), ("run", 420.0), ("walk", 480.0),
    ("done", 540.0),
]  # fmt: skip


def test_a_plan_that_was_kept_is_told_with_its_counts() -> None:
    did = [("walk", 0.0, 303.0), ("run", 303.0, 364.0), ("walk", 364.0, 421.0)]
    kept = adherence_of(PHASES, [*did, ("run", 421.0, 483.0), ("walk", 483.0, 560.0)])
    assert kept == Adherence(walks=2, walked=2, runs=2, jogged=2)
    assert kept.cue.message == "Run and walk as planned: 2 of 2 jogs jogged, 2 of 2 walks walked."


def test_a_walk_that_was_run_through_is_told_and_a_jog_that_was_walked_is_no_fault() -> None:
    through = adherence_of(PHASES, [("walk", 0.0, 300.0), ("run", 300.0, 600.0)])
    assert through is not None
    assert through.cue.message.startswith("Run and walk: 2 of 2 jogs jogged, 0 of 2 walks walked.")
    assert "take all of them next time" in through.cue.message
    walked = adherence_of(PHASES, [("walk", 0.0, 600.0)])
    assert walked == Adherence(walks=2, walked=2, runs=2, jogged=0)
    assert walked.cue.text_id == "intervals.kept"


def test_most_of_an_interval_is_enough() -> None:
    def jogged(end_s: float) -> int:
        found = adherence_of(PHASES[1:4], [("run", 300.0, end_s), ("walk", end_s, 420.0)])
        return -1 if found is None else found.jogged

    assert (jogged(330.0), jogged(338.0)) == (0, 1)


def test_standing_at_a_road_is_a_walk_and_what_was_not_finished_is_not_counted() -> None:
    assert adherence_of(PHASES[:1], [("walk", 0.0, 90.0)]) is None
    waited = adherence_of(PHASES[1:4], [("run", 300.0, 360.0), ("still", 360.0, 420.0)])
    assert waited == Adherence(walks=1, walked=1, runs=1, jogged=1)
