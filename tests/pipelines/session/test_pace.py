"""Stated speed and slope: what is known at each step, and no alert for what they do to the form."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.records import DeviceInfo
from devices.simulator.generate import SimulatedRun
from devices.simulator.scenario import Scenario
from devices.simulator.virtual_clock import VirtualClock
from imu.drift.changes import Change
from imu.drift.covariates import Covariates
from imu.drift.detector import DriftDetector, DriftParams
from imu.drift.indicators import INDICATORS
from imu.errors import ParameterError
from imu.samples import Samples
from imu.steps import STEP_ROW, Steps, concatenate
from pipelines.coaching.alert_settings import AlertSettings
from pipelines.files.session_reader import read_session
from pipelines.live import LiveOptions, LiveRun, run_live
from pipelines.live_controls import LiveControls
from pipelines.replay import Replayed, replay
from pipelines.replay_options import ReplayOptions
from pipelines.session.engine import SessionFold
from pipelines.session.facts import (
    AlertTold,
    Changed,
    Fact,
    MarkUnreadable,
    PaceKnown,
    Source,
    StepsFinished,
)
from pipelines.session.header import SessionHeader
from pipelines.session.json_form import to_json
from pipelines.session.marks import LoggedMark, Slope, Speed, Unknown
from pipelines.session.pace import Pace
from pipelines.session.progress import SessionProgress
from pipelines.words.fact_words import fact_words
from tests.examples import few
from tests.pipelines.command_line import backstride, one_sentence, quiet
from tests.pipelines.heard import Heard
from tests.pipelines.said import said

SENSOR = DeviceInfo("", "", 200.0, 0.0, 0.0)

#: Everything happens within two minutes, and nothing but the marks tells the pace: the indicators
#: are not asked for it.
QUICK = DriftParams(
    skip_s=5.0,
    baseline_blocks=6,
    settling_blocks=3,
    speed_multiple=20.0,  # no pace is estimated
    slope_multiple=20.0,
    gates=tuple(
        replace(
            one.gate,
            dwell_blocks=3 if one.gate.dwell_blocks == 24 else 2,
            multiple=1.0,
            evidence=1.0,
        )
        for one in INDICATORS
    ),
)


def steps_at(*contacts_s: float) -> Steps:
    rows = np.zeros(len(contacts_s), STEP_ROW)
    rows["initial_contact_s"] = contacts_s
    return Steps(rows)


def known_at(marks: Pace, *contacts_s: float) -> tuple[list[float], list[float]]:
    pace = marks.at(steps_at(*contacts_s))
    assert pace is not None
    return pace.speed_m_s.tolist(), pace.slope_deg.tolist()


# ------------------------------------------------------------------------------------------- marks


def test_a_step_has_what_was_marked_last_before_its_contact() -> None:
    pace = Pace()
    pace.take_speed(2.5, -math.inf)
    pace.take_slope(2.0, 20.0)
    pace.take_speed(3.0, 30.0)
    speed, slope = known_at(pace, -1.0, 19.9, 20.0, 29.9, 30.0, 31.0)
    np.testing.assert_allclose(speed, [2.5, 2.5, 2.5, 2.5, 3.0, 3.0])
    np.testing.assert_allclose(slope, [math.nan, math.nan, 2.0, 2.0, 2.0, 2.0])


@pytest.mark.parametrize("speed_m_s", [None, 0.0])
def test_who_leaves_the_treadmill_runs_at_an_unknown_speed(speed_m_s: float | None) -> None:
    pace = Pace()
    pace.take_speed(10 / 3.6, 0.0)
    pace.take_slope(0.573, 0.0)
    pace.take_speed(speed_m_s, 5.0)
    speed, slope = known_at(pace, 4.0, 6.0)
    assert speed[0] == pytest.approx(10 / 3.6)
    assert math.isnan(speed[1])
    assert slope[0] == slope[1] == 0.573


@given(
    holds=st.lists(st.tuples(st.floats(0.0, 100.0), st.none() | st.floats(0.0, 12.0)), max_size=6),
    span=st.tuples(st.floats(0.0, 100.0), st.floats(0.0, 100.0)),
)
def test_the_distance_is_the_sum_of_what_was_covered_at_each_speed(
    holds: list[tuple[float, float | None]], span: tuple[float, float]
) -> None:
    holds = sorted(holds, key=lambda item: item[0])
    pace = Pace()
    for since_s, speed in holds:
        pace.take_speed(speed, since_s)
    begin_s, end_s = sorted(span)
    expected = 0.0
    for number, (since_s, speed) in enumerate(holds):
        until_s = holds[number + 1][0] if number + 1 < len(holds) else math.inf
        expected += max(0.0, min(end_s, until_s) - max(begin_s, since_s)) * (speed or 0.0)
    assert pace.covered_m(begin_s, end_s) == pytest.approx(expected, abs=1e-9)


def test_a_mark_that_cannot_be_read_ends_the_knowledge_and_says_so() -> None:
    fold = SessionFold(SessionHeader(0, ""), SENSOR)
    known = fold.push(said(0, "speed", "10 km/h"))
    assert known == [PaceKnown(0.0, 10.0 / 3.6, None)]
    unreadable, *unknown = fold.push(said(0, "speed", "faster"))
    assert isinstance(unreadable, MarkUnreadable)
    assert "'faster'" in fact_words(unreadable)
    assert fact_words(unreadable).endswith("the speed counts as unknown from here.")
    assert unknown == [PaceKnown(0.0, None, None)]


def test_who_measures_goes_before_what_was_stated() -> None:
    pace = Pace()
    said: tuple[Source, ...] = ("estimated", "stated", "pod", "treadmill")
    for speed_m_s, source in enumerate(said, 1):
        pace.take_speed(float(speed_m_s), 0.0, source)
        assert (pace.speed_source, pace.speed_m_s) == (source, speed_m_s)
    for speed_m_s, source in reversed([*enumerate(said, 1)]):
        assert (pace.speed_source, pace.speed_m_s) == (source, speed_m_s)
        pace.take_speed(None, 9.0, source)


def test_a_distance_is_of_a_stated_speed_or_of_who_measured_it_but_not_stated_itself() -> None:
    pace = Pace()
    progress = SessionProgress(pace)
    found: list[tuple[float | None, Source]] = []
    said: tuple[Source, ...] = ("stated", "treadmill", "pod")
    for second, source in enumerate(said):
        pace.take_speed(3.0, float(second), source)
        rows = steps_at(float(second)).rows
        rows["step_time_s"] = 1.0
        progress.take_steps(Steps(rows))
        found.append((progress.distance_m, progress.source))
        pace.take_speed(None, second + 1.0, source)
    assert found == [(3.0, "speed"), (6.0, "treadmill"), (9.0, "pod")]
    progress.take_distance(20.0, 3.0)
    assert (progress.distance_m, progress.source) == (20.0, "stated")


def test_without_marks_nothing_is_known() -> None:
    assert Pace().at(steps_at(1.0, 2.0)) is None


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("speed", "44 km/h"),
        ("speed", "12.1 m/s"),
        ("speed", "-3 km/h"),
        ("speed", "10"),
        ("slope", "41 %"),
        ("slope", "-41 %"),
        ("slope", "22 deg"),
        ("slope", "100 deg"),
        ("slope", "2"),
        ("slope", "steep"),
    ],
)
def test_what_nobody_runs_is_refused_where_it_is_said(kind: str, value: str) -> None:
    controls = LiveControls()
    with pytest.raises(ParameterError, match=f"{kind} is '{value}': give a {kind} "):
        controls.mark(kind, value)
    assert controls.take_marks(0) == []


def test_viewers_may_mark_speed_and_slope() -> None:
    controls = LiveControls()
    for kind, value in [("speed", "10 km/h"), ("slope", "−1,5 %"), ("slope", ""), ("speed", "0")]:
        controls.mark(kind, value)
    assert [item.mark for item in controls.take_marks(7)] == [
        Speed(10 / 3.6),
        Slope(math.degrees(math.atan(-0.015))),
        Slope(None),
        Speed(0.0),
    ]


# ----------------------------------------------------------------------------------- any cut alike


@cache
def run_of(scenario: Scenario) -> Samples:
    run = SimulatedRun(scenario)
    return run.read(run.n_samples)


class Marked:
    """A run with marks at places among its samples, and what the detector was told of each step."""

    def __init__(
        self,
        samples: Samples,
        marks: Sequence[tuple[int, LoggedMark]] = (),
        cuts: Sequence[int] = (),
        *,
        params: DriftParams = QUICK,
    ) -> None:
        header = SessionHeader(0, "", axes="+x+y+z", settings=AlertSettings(drift=params))
        fold = SessionFold(header, SENSOR)
        told: list[tuple[Steps, Covariates | None]] = []
        push = DriftDetector.push_packets

        def seen(
            self: DriftDetector,
            steps: Steps,
            ends: Sequence[int],
            covariates: Covariates | None = None,
        ) -> tuple[int, list[Change]]:
            taken, changes = push(self, steps, ends, covariates)
            known = covariates and Covariates(
                covariates.speed_m_s[:taken], covariates.slope_deg[:taken]
            )
            told.append((steps[:taken], known))
            return taken, changes

        waiting = sorted(marks, key=lambda item: item[0])
        found: list[Fact] = []
        places = sorted({0, len(samples), *cuts, *(place for place, _ in marks)})
        with patch.object(DriftDetector, "push_packets", seen):
            for start, end in pairwise(places):
                while waiting and waiting[0][0] <= start:
                    found += fold.push(waiting.pop(0)[1])
                found += fold.push_samples(samples[start:end])
            found += fold.finish()
        self.changes = [fact for fact in found if isinstance(fact, Changed)]
        self.alerts = [fact.alert for fact in found if isinstance(fact, AlertTold)]
        self.steps = [fact.steps for fact in found if isinstance(fact, StepsFinished)]
        self.end = to_json(found[-1])
        self.raised = [alert.indicator for alert in self.alerts if alert.severity == "raised"]
        self.contacts_s = concatenate([steps for steps, _ in told]).initial_contact_s
        pace = [
            np.full((len(steps), 2), math.nan)
            if known is None
            else np.stack([known.speed_m_s, known.slope_deg], axis=1)
            for steps, known in told
        ]
        self.pace = np.concatenate(pace) if pace else np.zeros((0, 2))


SHORT = Scenario(minutes=1.2, seed=5, standing_s=3.0)
_SAMPLES = 15_000  # of a little more

PACE_MARKS = st.one_of(
    st.floats(5.0, 20.0).map(lambda v: said(0, "speed", f"{v:.2f} km/h")),
    st.floats(-9.0, 9.0).map(lambda v: said(0, "slope", f"{v:.2f} %")),
    st.sampled_from([said(0, "speed", ""), said(0, "slope", "unknown"), said(0, "speed", "huh")]),
)


@settings(max_examples=few(8), deadline=None)
@given(
    marks=st.lists(st.tuples(st.integers(0, _SAMPLES - 1), PACE_MARKS), max_size=6),
    cuts=st.lists(st.integers(1, _SAMPLES - 1), max_size=30),
)
def test_any_cut_gives_the_same_pace_and_the_same_changes(
    marks: list[tuple[int, LoggedMark]], cuts: list[int]
) -> None:
    samples = run_of(SHORT)
    whole, cut = Marked(samples, marks), Marked(samples, marks, cuts)
    np.testing.assert_array_equal(cut.pace, whole.pace)
    assert cut.end == whole.end
    assert cut.changes == whole.changes
    assert cut.alerts == whole.alerts
    # what held at each contact, found without a search
    for contact_s, told in zip(whole.contacts_s, whole.pace, strict=True):
        held = {"speed": math.nan, "slope": math.nan}
        for place, mark in sorted(marks, key=lambda item: item[0]):
            if place == 0 or samples.time_s[place - 1] <= contact_s:
                match mark.mark:
                    case Speed(speed_m_s=speed):
                        held["speed"] = math.nan if speed is None else speed
                    case Slope(slope_deg=slope):
                        held["slope"] = math.nan if slope is None else slope
                    case Unknown(name=name):
                        held[name] = math.nan
        np.testing.assert_array_equal(told, [held["speed"], held["slope"]])


def test_what_is_known_reaches_every_step_that_is_judged() -> None:
    run = Marked(run_of(SHORT), [(0, said(0, "speed", "3 m/s")), (9000, said(0, "slope", "2 deg"))])
    assert len(run.pace) == sum(len(steps) for steps in run.steps) > 150
    assert np.all(run.pace[:, 0] == 3.0)
    at_s = run_of(SHORT).time_s[8999]
    np.testing.assert_array_equal(np.isnan(run.pace[:, 1]), run.contacts_s < at_s)


# -------------------------------------------------------------- a known change is none of form


def then(first: Scenario, second: Scenario) -> Samples:
    """Two runs in a row; the runner stands for a moment in between."""
    a, b = run_of(first), run_of(second)
    assert a.angular_velocity_rad_s is not None
    assert b.angular_velocity_rad_s is not None
    return Samples(
        np.concatenate([a.time_s, b.time_s + a.time_s[-1] + 0.005]),
        np.concatenate([a.acceleration_m_s2, b.acceleration_m_s2]),
        np.concatenate([a.angular_velocity_rad_s, b.angular_velocity_rad_s]),
    )


LEVEL = Scenario(minutes=8.5, seed=3)


def test_a_marked_descent_is_no_change_of_form_and_an_unmarked_one_is() -> None:
    samples = then(LEVEL, replace(LEVEL, minutes=5.0, slope=-2.6, standing_s=3.0))
    place = len(run_of(LEVEL))
    usual = DriftParams(baseline_blocks=50, speed_multiple=20.0, slope_multiple=20.0)
    assert {"impact_shock_g", "shock_power_g2"} & set(Marked(samples, params=usual).raised)
    marks = [(0, said(0, "slope", "0 %")), (place, said(0, "slope", "-4.54 %"))]
    assert Marked(samples, marks, params=usual).raised == []


def test_a_marked_rise_of_speed_is_no_change_of_form_and_an_unmarked_one_is() -> None:
    params = DriftParams(baseline_blocks=50, speed_multiple=20.0, slope_multiple=20.0).with_gate(
        "peak_10hz_bw", floor=2.0, multiple=1.5, evidence=2.0
    )
    first = replace(LEVEL, speed=2.8)
    samples = then(first, replace(first, minutes=5.0, speed=3.25, standing_s=3.0))
    place = len(run_of(first))
    assert "peak_10hz_bw" in Marked(samples, params=params).raised
    marks = [(0, said(0, "speed", "2.8 m/s")), (place, said(0, "speed", "3.25 m/s"))]
    # how far the pelvis turns with speed differs from person to person; nobody is told of it
    assert set(Marked(samples, marks, params=params).raised) <= {"pelvic_rotation_range_deg"}


# ------------------------------------------------------------------------------ live and replayed


class TimedMarks(LiveControls):
    """A viewer who marks at some times, s."""

    def __init__(self, *plan: tuple[float, str, str]) -> None:
        super().__init__()
        self._plan = list(plan)

    def take_marks(self, now_ns: int) -> list[LoggedMark]:
        while self._plan and now_ns >= self._plan[0][0] * 1e9:
            self.mark(*self._plan.pop(0)[1:])
        return super().take_marks(now_ns)


def lived(path: Path, *plan: tuple[float, str, str]) -> tuple[LiveRun, Replayed]:
    """A recorded run of two minutes with marks, and its replay."""
    options = LiveOptions(
        record=path,
        marks=(("speed", "3 m/s"), ("slope", "-5 %")),
        settings=AlertSettings(drift=QUICK),
    )
    url = "sim:?minutes=2&seed=2&standing_s=4&time_scale=20"
    controls = TimedMarks(*plan)
    live = run_live(url, options, Heard(), controls=controls, clock=VirtualClock())
    return asyncio.run(live), replay(path, ReplayOptions(), quiet)


def test_replay_knows_speed_and_slope_as_live_did(tmp_path: Path) -> None:
    run, again = lived(tmp_path / "steady.mcap")
    assert run.alerts == list(again.alerts) == []
    # a runner who says that the belt goes uphill while it does not
    plan = ((75.0, "slope", "5 %"), (76.0, "speed", "3.1 m/s"), (110.0, "speed", ""))
    path = tmp_path / "marked.mcap"
    run, again = lived(path, *plan)
    assert list(again.alerts) == run.alerts
    assert again.steps.rows.tobytes() == run.facts.steps.rows.tobytes()
    assert again.summary.baseline is not None
    assert again.summary.baseline["speed_m_s"] == pytest.approx(3.0)
    assert again.summary.baseline["slope_deg"] == pytest.approx(-2.862, abs=0.001)
    marks = [item.mark for item in read_session(path).records if isinstance(item, LoggedMark)]
    slopes = [math.degrees(math.atan(share)) for share in (-0.05, 0.05)]
    assert marks == [Speed(3.0), Slope(slopes[0]), Slope(slopes[1]), Speed(3.1), Speed(None)]


# ----------------------------------------------------------------------------------- command line


def test_live_begins_its_log_with_what_was_stated(tmp_path: Path) -> None:
    path = tmp_path / "run.mcap"
    words = ("--speed", "10 km/h", "--slope", "-3 %", "--record", path)
    ended = backstride("live", "sim:?minutes=0.2&standing_s=1&time_scale=0", *words)
    assert ended.exit_code == 0, ended.err
    marks = [item.mark for item in read_session(path).records[1:3] if isinstance(item, LoggedMark)]
    assert marks == [Speed(10 / 3.6), Slope(math.degrees(math.atan(-0.03)))]


@pytest.mark.parametrize(
    ("option", "value", "accepted"),
    [
        ("--speed", "50 km/h", "up to 43 km/h"),
        ("--speed", "0 km/h", "up to 43 km/h"),
        ("--slope", "50 %", "from -40 to 40 %"),
        ("--slope", "2", "with its unit"),
    ],
)
def test_an_implausible_pace_is_refused_before_the_run(
    option: str, value: str, accepted: str, tmp_path: Path
) -> None:
    path = tmp_path / "run.mcap"
    ended = backstride("live", "sim:?minutes=0.2", option, value, "--record", path)
    assert ended.exit_code == 2
    complaint = one_sentence(ended)
    assert complaint.startswith(f"{option} is '{value}': give a ")
    assert accepted in complaint
    assert not path.exists()
