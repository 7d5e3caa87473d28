"""What the companion tells in a run: every rule by example, seldom, red flags before all else."""

from __future__ import annotations

import itertools
import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imu.samples import Samples
from pipelines.coaching.budget import CoachParams, CueBudget, is_told_at_once, uses_budget
from pipelines.coaching.companion import Companion
from pipelines.coaching.plan import CompanionPlan
from pipelines.coaching.training.bends import heading_turn_deg
from pipelines.coaching.training.intervals import RunWalkPlan
from pipelines.coaching.training.single_session import LongestSession, TodaySoFar
from pipelines.coaching.training.traffic_light import Judged, Light, Moment
from pipelines.coaching.training.warm_up import WarmUpParams
from pipelines.files.loading import load
from pipelines.session.json_form import to_json
from tests.examples import few
from tests.pipelines.coaching.runs import (
    USUAL,
    Accompanied,
    Part,
    alert,
    feed,
    ids,
    live,
    mark,
    samples_of,
    steps_of,
    told,
    turned,
)

# ------------------------------------------------------------------------------------- red flags


def test_while_red_flags_stop_coaching_their_sentence_is_all_that_is_said() -> None:
    plan = CompanionPlan(
        stopped="red_flags.stop",
        usual=USUAL,
        longest=LongestSession(),
        intervals=RunWalkPlan(),
        return_stage=0,
    )
    cues, _ = feed(Accompanied(plan), [Part(15, "run", 1.3), Part(1, "still")])
    assert told(cues) == [(0.0, "red_flags.stop")]
    assert "seek medical care" in cues[0].message


def test_a_red_flag_noted_while_running_stops_coaching_at_once() -> None:
    companion = Accompanied(CompanionPlan(usual=USUAL, intervals=RunWalkPlan(warm_up_s=0.0)))
    cues, _ = feed(companion, [Part(10, "run", 1.2)], marks={100: [mark("red_flags", "numbness")]})
    assert told(cues) == [
        (0.0, "intervals.run"),
        (60.0, "intervals.walk"),
        (75.0, "intervals.still_running"),
        (100.0, "red_flags.stop"),
    ]
    assert companion.companion.stopped


def test_coaching_goes_on_only_when_a_professional_has_cleared_the_runner() -> None:
    plan = CompanionPlan(stopped="red_flags.stop", intervals=RunWalkPlan(warm_up_s=0.0))
    answers = {30: [mark("red_flags", "none")], 90: [mark("red_flags", "cleared")]}
    companion = Accompanied(plan)
    cues, _ = feed(companion, [Part(3, "run")], marks=answers)
    assert told(cues) == [(0.0, "red_flags.stop"), (120.0, "intervals.run")]
    assert not companion.companion.stopped


def test_a_stopped_session_is_still_counted_for_the_journal() -> None:
    companion = Accompanied(CompanionPlan(stopped="red_flags.urgent", usual=USUAL), speed_m_s=2.5)
    feed(companion, [Part(5, "walk"), Part(10, "run", 1.0)])
    assert companion.companion.ending().warm_up_s == pytest.approx(300.0, abs=2.0)
    assert companion.progress.distance_m == pytest.approx(1500.0, rel=0.01)


# ---------------------------------------------------------------------------- warm-up, cool-down


def test_a_run_that_starts_hard_is_asked_once_to_ease_off() -> None:
    companion = Accompanied(CompanionPlan(usual=USUAL), speed_m_s=3.0)
    cues, _ = feed(companion, [Part(2, "run", 1.0), Part(6, "run", 0.7), Part(5, "run", 1.0)])
    assert told(cues) == [(30.0, "warm_up.ease")]  # "done" would be a second cue
    ending = companion.companion.ending()
    assert ending.warm_up_s == pytest.approx(300.0, abs=2.0)
    assert ending.before_warm_up_m == pytest.approx(360.0, rel=0.1)


def test_a_warm_up_that_is_done_is_told_once() -> None:
    cues, _ = feed(Accompanied(CompanionPlan(usual=USUAL)), [Part(8, "run", 0.7), Part(9, "run")])
    assert told(cues) == [(300.0, "warm_up.done")]


def test_without_anything_usual_nothing_is_told_of_intensity() -> None:
    companion = Accompanied(CompanionPlan(return_stage=2))
    cues, _ = feed(companion, [Part(15, "run", 1.5)])
    assert ids(cues) == ["return.usual"]
    assert companion.companion.ending().warm_up_s is None


def test_an_abrupt_stop_draws_one_cue_and_a_walk_none() -> None:
    run = [Part(5, "walk"), Part(12, "run", 0.9)]
    cues, _ = feed(Accompanied(), [*run, Part(3, "still"), Part(1, "walk"), Part(2, "still")])
    assert told(cues) == [(17 * 60 + 14.0, "cool_down.walk")]
    cues, _ = feed(Accompanied(), [*run, Part(2, "walk"), Part(3, "still")])
    assert cues == []


def test_the_end_tells_whether_the_run_was_cooled_down() -> None:
    companion = Accompanied()
    feed(companion, [Part(14, "run"), Part(2, "run", 0.6), Part(2, "walk")])
    ending = companion.companion.ending()
    assert ending.cool_down is not None
    assert ending.cool_down.cue.text_id == "cool_down.done"
    assert ending.cool_down.easy_s == pytest.approx(240.0, abs=5.0)
    companion = Accompanied()
    feed(companion, [Part(14, "run")])
    abrupt = companion.companion.ending().cool_down
    assert abrupt is not None
    assert abrupt.cue.text_id == "cool_down.short"


# --------------------------------------------------------------------------- longest of 30 days


def test_the_longest_run_is_told_at_100_and_110_percent_from_the_treadmills_speed() -> None:
    companion = Accompanied(CompanionPlan(longest=LongestSession(distance_m=3000.0)))
    speeds = {5: [mark("speed", "9 km/h")], 600: [mark("speed", "12 km/h")]}
    cues, _ = feed(companion, [Part(25, "run")], marks=speeds)
    # 600 s at 2.5 m/s, then 1500 m at 3.333 m/s: 450 s
    assert ids(cues) == ["session.longest_distance", "session.beyond_distance"]
    assert cues[0].time_s == pytest.approx(1055.0, abs=3.0)
    # each at its moment, whatever was told before it
    assert cues[1].time_s - cues[0].time_s == pytest.approx(90.0, abs=3.0)
    assert cues[0].message.startswith("3.0 km: as far as your longest run")


def test_what_was_run_on_the_same_day_counts_with_the_run() -> None:
    """The page's budget counts it, too: both say the same."""
    longest, today = LongestSession(distance_m=3000.0), TodaySoFar(2400.0)
    companion = Accompanied(CompanionPlan(longest=longest, today=today), speed_m_s=2.5)
    cues, _ = feed(companion, [Part(8, "run")])
    assert [cue.message[:24] for cue in cues[:2]] == [
        "3.0 km today: as far as ",
        "3.3 km today: 110 % of y",
    ]
    assert cues[0].time_s == pytest.approx(245.0, abs=10.0)


def test_standing_on_the_belt_and_walking_cover_no_distance() -> None:
    companion = Accompanied(speed_m_s=3.0)
    feed(companion, [Part(2, "run"), Part(10, "walk"), Part(2, "run"), Part(5, "still")])
    assert companion.progress.distance_m == pytest.approx(720.0, rel=0.01)


def test_an_unknown_speed_covers_no_distance_that_is_known() -> None:
    companion = Accompanied(speed_m_s=3.0)
    feed(companion, [Part(4, "run")], marks={120: [mark("speed", "unknown")]})
    assert companion.progress.distance_m == pytest.approx(360.0, rel=0.02)


def test_a_stated_distance_counts_and_units_are_the_users() -> None:
    plan = CompanionPlan(longest=LongestSession(distance_m=4500.0), units="imperial")
    marks = {400: [mark("distance", "3.1 mi"), mark("speed", "quick"), mark("distance", "far")]}
    cues, _ = feed(Accompanied(plan), [Part(10, "run")], marks=marks)
    assert told(cues) == [(400.0, "session.beyond_distance")]
    assert cues[0].message.startswith("3.1 miles")


def test_the_dose_is_told_only_where_the_index_refers_to_earlier_runs() -> None:
    plan = CompanionPlan(longest=LongestSession(dose_easy_km=4.0))
    known = Accompanied(plan, speed_m_s=2.5, index_of_earlier_runs=True)
    cues, _ = feed(known, [Part(25, "run", index=110.0)])
    # 2.5 m/s · 1.1⁴ is 3.66 easy metres a second: 4 km after 1093 s
    assert ids(cues) == ["session.longest_dose", "session.beyond_dose"]
    assert cues[0].time_s == pytest.approx(1093.0, abs=10.0)
    cues, _ = feed(Accompanied(plan, speed_m_s=2.5), [Part(25, "run")])
    assert cues == []


def test_without_a_longest_run_the_runner_is_told_so_once() -> None:
    cues, _ = feed(Accompanied(CompanionPlan(longest=LongestSession())), [Part(10, "run")])
    assert told(cues) == [(0.0, "session.no_history")]


# ----------------------------------------------------------------------------- intervals, bends


def test_intervals_begin_with_the_first_movement_and_a_pause_stops_their_clock() -> None:
    plan = RunWalkPlan(run_s=60.0, walk_s=30.0, repeats=2, warm_up_s=60.0)
    companion = Accompanied(CompanionPlan(intervals=plan))
    marks = {170: [mark("pause")], 270: [mark("resume")]}
    cues, _ = feed(companion, [Part(1, "still"), Part(9, "walk")], marks=marks)
    assert told(cues) == [
        (0.0, "intervals.warm_up"),
        (119.0, "intervals.run"),
        (279.0, "intervals.walk"),  # ten seconds of it are left after the pause
        (309.0, "intervals.run"),
        (369.0, "intervals.walk"),
        (399.0, "intervals.done"),
    ]
    assert companion.companion.phase is not None
    assert companion.companion.phase.kind == "done"


def test_after_a_lost_link_only_the_phase_that_holds_is_told() -> None:
    companion = Accompanied(CompanionPlan(intervals=RunWalkPlan(warm_up_s=0.0)))
    feed(companion, [Part(0.5, "run")])
    assert ids(companion.advance(200.0, "run")) == ["intervals.walk"]
    assert companion.companion.ending().cool_down is None  # nobody knows what was run in between


def test_run_the_straights_and_walk_the_bends() -> None:
    companion = Accompanied(CompanionPlan(walk_bends=True))
    parts = [
        Part(0.5, "run", turn_deg_s=0.2),
        Part(0.2, "run", turn_deg_s=4.7),
        Part(0.6, "walk", turn_deg_s=2.2),
        Part(0.5, "walk", turn_deg_s=0.0),
    ]
    cues, _ = feed(companion, parts)
    assert ids(cues) == ["bends.walk", "bends.jog"]
    assert cues[0].time_s == pytest.approx(34.0, abs=3.0)
    # without the plan, or without a gyroscope, nothing is said
    assert feed(Accompanied(), parts)[0] == []
    blind = [replace(part, turn_deg_s=None) for part in parts]
    assert feed(Accompanied(CompanionPlan(walk_bends=True)), blind)[0] == []


# ----------------------------------------------------------------------------- return to running


def test_a_stage_is_told_at_the_start_and_its_ceiling_seldom() -> None:
    companion = Accompanied(CompanionPlan(usual=USUAL, return_stage=2))
    cues, _ = feed(companion, [Part(6, "run", 0.7), Part(12, "run", 1.0)])
    assert ids(cues) == ["return.usual", "warm_up.done", *["return.ceiling"] * 2]
    ceilings = [cue.time_s for cue in cues[2:]]
    # the warm-up was told at 300 s
    assert ceilings == [pytest.approx(480.0, abs=2.0), pytest.approx(780.0, abs=3.0)]
    assert cues[2].message.startswith("A little easier")


def test_running_in_the_days_of_rest_is_answered_with_the_day() -> None:
    cues, _ = feed(Accompanied(CompanionPlan(rest_day=3, return_stage=0)), [Part(3, "run")])
    assert cues[0].message == "Day 3 of about 7 without running. Walking is welcome."
    assert len(cues) == 1


# ---------------------------------------------------------------------------------------- budget


def test_alerts_go_first_and_share_the_budget() -> None:
    companion = Accompanied(CompanionPlan(usual=USUAL))
    at_25 = {25: [alert(25.0)]}
    cues, _ = feed(companion, [Part(10, "run", 1.0)], alerts=at_25)
    assert cues == []  # a minute later the request to ease off has lost its point
    cleared = {25: [replace(alert(25.0), severity="cleared")]}
    cues, _ = feed(Accompanied(CompanionPlan(usual=USUAL)), [Part(10, "run")], alerts=cleared)
    assert ids(cues) == ["warm_up.ease"]


def test_what_was_run_before_a_lost_link_is_not_added_to_what_comes_after() -> None:
    def told_at(hard_before_s: int) -> float:
        run, cues = Accompanied(CompanionPlan(usual=USUAL, return_stage=0)), []
        easy = [(second, 0.7) for second in range(400 - hard_before_s)]
        hard = [(second, 1.3) for second in [*range(len(easy), 400), *range(1000, 1200)]]
        for second, intensity in [*easy, *hard]:
            steps = steps_of(float(second), 3, intensity)
            cues += run.advance(float(second), "run", steps)
        return next(at_s for at_s, text_id in told(cues) if text_id == "return.ceiling")

    assert told_at(20) == told_at(10) > 1010.0


@pytest.mark.parametrize(("moment", "asked"), [("during", ["pain.again"]), ("after", [])])
def test_pain_of_a_run_that_is_over_is_not_asked_for_again(
    moment: Moment, asked: list[str]
) -> None:
    run = Accompanied(CompanionPlan())
    feed(run, [Part(1, "run")])
    run.companion.feel(60.0, Judged(4, "change", moment), asks=False)
    said = [cue for second in range(61, 1200) for cue in run.advance(float(second), "run")]
    assert ids(said) == asked


@pytest.mark.parametrize(("rated", "said"), [("go", ["return.usual"]), ("stop", [])])
def test_what_waited_as_pain_was_rated_is_not_told_once_it_is_better(
    rated: Light, said: list[str]
) -> None:
    run = Accompanied(CompanionPlan(usual=USUAL, return_stage=2))
    feed(run, [Part(0.5, "run", 0.7)], alerts={0: [alert(0.0)]})  # for three minutes no cue
    for time_s, light in ((31.0, rated), (40.0, "go")):
        run.companion.feel(time_s, Judged(1, light, "during"), asks=False)
    cues = [cue for second in range(41, 250) for cue in run.advance(float(second), "run")]
    assert [name for name in ids(cues) if name.startswith("return")] == said


def test_what_is_not_true_any_more_is_not_told() -> None:
    companion = Accompanied(CompanionPlan(usual=USUAL))
    near = {0: [alert(-140.0)]}  # free again at 40 s, when the runner has eased off
    cues, _ = feed(companion, [Part(0.6, "run", 1.0), Part(1, "run", 0.6)], alerts=near)
    assert cues == []


@settings(max_examples=few(12), deadline=None)
@given(
    parts=st.lists(
        st.builds(
            Part,
            st.sampled_from([0.5, 2.0, 6.0]),
            st.sampled_from(["still", "walk", "run"]),
            st.sampled_from([0.5, 0.75, 1.0, 1.3]),
        ),
        max_size=8,
    ),
    alarms=st.lists(st.integers(0, 1200), max_size=4),
    stage=st.sampled_from([None, 0, 1, 2]),
)
def test_cues_come_seldom_whatever_happens(
    parts: list[Part], alarms: list[int], stage: int | None
) -> None:
    plan = CompanionPlan(
        usual=USUAL,
        longest=LongestSession(1500.0),
        intervals=RunWalkPlan() if stage == 0 else None,
        return_stage=stage,
    )
    alerts = {second: [alert(float(second))] for second in alarms}
    cues, _ = feed(Accompanied(plan, speed_m_s=3.0), parts, alerts=alerts)
    counted = [cue.time_s for cue in cues if uses_budget(cue)]
    for cue in cues:
        if uses_budget(cue) and not is_told_at_once(cue):
            before = [t for t in [*counted, *map(float, alarms)] if t < cue.time_s]
            assert all(cue.time_s - t >= 180.0 for t in before)
    for names in itertools.groupby(sorted(ids(cues))):
        if names[0] != "return.ceiling" and not names[0].startswith("intervals"):
            assert len(list(names[1])) == 1


def test_no_more_than_so_many_cues_come_in_an_hour() -> None:
    budget = CueBudget(CoachParams(shortest_interval_s=0.0, cues_per_hour=3))
    for time_s in (0.0, 10.0, 20.0):
        budget.cue_told(time_s)
    assert not budget.is_free(3599.0)
    assert budget.is_free(3600.0)


def test_a_pause_is_silent() -> None:
    companion = Accompanied(CompanionPlan(usual=USUAL))
    marks = {2: [mark("pause")]}
    cues, _ = feed(companion, [Part(10, "run", 1.4)], marks=marks)
    assert cues == []


# ----------------------------------------------------------------------------------- simulated


def test_a_simulated_run_meets_the_rules_from_its_own_samples() -> None:
    plan = CompanionPlan(
        usual=USUAL,
        longest=LongestSession(distance_m=400.0),
        warm_up=WarmUpParams(warm_up_s=60.0),
    )
    companion = Accompanied(plan)
    samples = samples_of(minutes=3.5, speed=3.8, standing_s=5.0, walk_s=10.0)
    cues, steps = live(companion, samples, marks={16.0: [mark("speed", "3.8 m/s")]})
    assert ids(cues) == ["warm_up.ease", "session.longest_distance", "session.beyond_distance"]
    # hard from the first step on, known after four of them; 30 s of patience
    first_s = float(steps.initial_contact_s[0])
    assert cues[0].time_s == pytest.approx(first_s + 31.0, abs=4.0)
    assert cues[2].time_s - cues[1].time_s == pytest.approx(40.0 / 3.8, abs=2.0)
    distance_m = companion.progress.distance_m
    assert distance_m == pytest.approx(3.8 * 210.0, rel=0.03)


def test_the_same_log_gives_the_same_cues() -> None:
    plan = CompanionPlan(usual=USUAL, longest=LongestSession(distance_m=300.0))
    samples = samples_of(minutes=2.0, standing_s=3.0)
    first, _ = live(Accompanied(plan, speed_m_s=3.0), samples)
    again, _ = live(Accompanied(load(to_json(plan), CompanionPlan), speed_m_s=3.0), samples)
    assert first == again
    assert first


@pytest.mark.parametrize("axes", ["+x+y+z", "auto"])
def test_a_bend_is_found_in_simulated_samples(axes: str) -> None:
    samples = samples_of(minutes=1.0, standing_s=5.0)
    times = samples.time_s
    bend = np.where((times > 30.0) & (times < 45.0), -4.7, 0.0)
    companion = Accompanied(CompanionPlan(walk_bends=True))
    cues, _ = live(companion, turned(samples, bend), axes=axes)
    assert ids(cues) == ["bends.walk"]
    assert cues[0].time_s == pytest.approx(33.5, abs=2.5)
    assert live(Accompanied(CompanionPlan(walk_bends=True)), samples, axes=axes)[0] == []


def test_a_sensor_without_a_gyroscope_walks_no_bends() -> None:
    samples = samples_of(minutes=0.3, standing_s=5.0)
    plain = Samples(samples.time_s, samples.acceleration_m_s2)
    assert live(Accompanied(CompanionPlan(walk_bends=True)), plain)[0] == []


def test_a_record_with_nothing_new_costs_next_to_nothing() -> None:
    companion = Accompanied(CompanionPlan(usual=USUAL, longest=LongestSession(5000.0))).companion
    companion.advance(0.0, "run", steps_of(0.0, 4, 1.0))
    best = min(_seconds_of_a_thousand(companion) for _ in range(5))
    assert best / 1000.0 < 5e-6


def _seconds_of_a_thousand(companion: Companion) -> float:
    begin = time.thread_time()
    for _ in range(1000):
        companion.advance(0.5, "run")
    return time.thread_time() - begin


def test_a_lost_sample_counts_as_no_turn() -> None:
    rates = np.tile([0.0, 0.0, 0.1], (200, 1))
    rates[50] = np.nan
    block = Samples(np.arange(200) / 200.0, np.tile([0.0, 0.0, 9.81], (200, 1)), rates)
    turn = heading_turn_deg(block, np.eye(3), 200.0)
    assert turn == pytest.approx(np.degrees(0.0995))
    assert heading_turn_deg(block, None, 200.0) is None
