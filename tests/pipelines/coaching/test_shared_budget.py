"""The coach's alerts and the companion's cues come seldom together, and replay tells the same."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.simulator.virtual_clock import VirtualClock
from imu.drift.baseline import Baseline, IndicatorBaseline
from imu.drift.changes import Change
from pipelines.coaching.budget import CueBudget
from pipelines.coaching.coach import Coach, CoachState
from pipelines.coaching.plan import CompanionPlan
from pipelines.coaching.training.single_session import LongestSession
from pipelines.files.loading import load
from pipelines.live import LiveOptions, LiveRun, run_live
from pipelines.replay import replay
from pipelines.replay_options import ReplayOptions
from pipelines.session.json_form import to_json
from pipelines.views.report.reading import read_recording
from pipelines.views.report.said import said_in
from tests.pipelines.command_line import quiet
from tests.pipelines.heard import Heard

HOUR_S = 3600.0
URL = "sim:?standing_s=5&walk_s=5&speed=3.4&time_scale=0&rate=50"
#: Another runner's: what is run here is a change from it, told after some minutes.
BASELINE = Baseline((IndicatorBaseline("impact_shock_g", 2.0, 0.02),), blocks=40)


def raised(time_s: float, indicator: str = "impact_shock_g") -> Change:
    return Change(time_s, indicator, "up", 112.0, 100.0, 12.0, 10.0, "raised")


def cleared(time_s: float, indicator: str) -> Change:
    return Change(time_s, indicator, "up", 100.0, 100.0, 0.0, 10.0, "cleared")


# --------------------------------------------------------------------------------------- the coach


@given(
    events=st.lists(
        st.tuples(st.floats(0.5, 400.0), st.sampled_from(("change", "over", "companion"))),
        max_size=60,
    )
)
def test_cues_of_both_keep_the_interval_and_the_number_an_hour(
    events: list[tuple[float, str]],
) -> None:
    budget = CueBudget()
    coach = Coach(budget)
    now_s, told = 0.0, list[float]()
    indicators = ("impact_shock_g", "peak_10hz_bw", "vertical_oscillation_mm")
    for number, (after_s, kind) in enumerate(events):
        now_s += after_s
        indicator = indicators[number % 3]
        changes = {"change": [raised(now_s, indicator)], "over": [cleared(now_s, indicator)]}
        alerts = [a for a in coach.advance(changes.get(kind, []), now_s) if a.severity == "raised"]
        told += [alert.time_s for alert in alerts]
        if kind == "companion" and budget.is_free(now_s):
            budget.cue_told(now_s)
            told.append(now_s)
    assert all(later - earlier >= 180.0 - 1e-6 for earlier, later in pairwise(sorted(told)))
    for begin_s in told:
        assert sum(begin_s <= time_s < begin_s + HOUR_S - 1e-6 for time_s in told) <= 6


def after_cues(*times_s: float) -> Coach:
    """A coach whose budget has gone to others at these times."""
    budget = CueBudget()
    for time_s in times_s:
        budget.cue_told(time_s)
    return Coach(budget)


def test_what_others_tell_makes_the_coach_no_rarer_than_it_is() -> None:
    coach = after_cues(0.0, 200.0, 400.0, 600.0)
    (alert,) = coach.advance([raised(900.0)], 900.0)
    assert alert.time_s == 900.0


def test_a_change_of_a_step_that_ended_just_before_waits_for_its_turn() -> None:
    coach = after_cues(100.0)
    assert coach.advance([raised(99.0)], 99.0) == []
    (alert,) = coach.advance([], 300.0)
    assert alert.time_s == 280.0


def test_a_saved_coach_remembers_what_others_told() -> None:
    restored = Coach()
    restored.state = load(to_json(after_cues(100.0).state), CoachState)
    assert restored.advance([raised(110.0)], 110.0) == []


# --------------------------------------------------------------------------------- live and replay


def ran(path: Path, longest_m: float, minutes: int) -> tuple[LiveRun, Heard]:
    heard = Heard()
    options = LiveOptions(
        axes="+x+y+z",
        baseline=BASELINE,
        companion=CompanionPlan(longest=LongestSession(distance_m=longest_m)),
        marks=(("speed", "3.4 m/s"),),
        record=path,
    )
    return asyncio.run(
        run_live(f"{URL}&minutes={minutes}", options, heard, clock=VirtualClock())
    ), heard


@pytest.mark.parametrize(("longest_m", "minutes"), [(450.0, 6), (20_000.0, 6)])
def test_a_live_run_and_its_replay_give_the_same_alerts(
    tmp_path: Path, longest_m: float, minutes: int
) -> None:
    path = tmp_path / "run.mcap"
    live, heard = ran(path, longest_m, minutes)
    again = replay(path, ReplayOptions(), quiet)
    assert [alert.to_json() for alert in again.alerts] == [alert.to_json() for alert in live.alerts]
    assert live.result is not None
    assert again.result.cues == live.result.cues
    companion_s = [cue.time_s for cue in live.result.cues]
    alerts_s = [alert.time_s for alert in live.alerts if alert.severity == "raised"]
    assert len(companion_s) == len([note for note in heard.said if "longest run" in note])
    if longest_m > 10_000.0:
        assert companion_s == []
        assert alerts_s[0] < 300.0
        return
    assert companion_s
    told = sorted(alerts_s + companion_s)
    assert alerts_s
    # a limit is told when it is reached; whatever may wait, waits
    assert all(b - a >= 180.0 for a, b in pairwise(told) if b in alerts_s)
    # what the program said is no mark of the runner's
    recording = read_recording(path, ReplayOptions(), quiet)
    assert [each.name for each in said_in(recording.facts)] == ["Speed"]
