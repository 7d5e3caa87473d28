"""Marks of a run: a neutral while standing counts, a pause is not judged, and replay does alike."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.records import LinkEvent, Packet
from devices.simulator.device import SimulatedDevice
from devices.simulator.faults.plan import Fault
from devices.simulator.generate import SimulatedRun
from devices.simulator.scenario import Scenario
from devices.simulator.virtual_clock import VirtualClock
from imu.drift.baseline import Baseline, IndicatorBaseline
from imu.drift.changes import Change
from imu.drift.covariates import Covariates
from imu.drift.detector import DriftDetector
from imu.drift.params import DriftParams
from imu.drift.status import status_words
from imu.steps import STEP_ROW, Steps, concatenate
from pipelines.coaching.alert_settings import AlertSettings
from pipelines.files.session_reader import read_session
from pipelines.live import LiveOptions, run_live
from pipelines.live_controls import LiveControls
from pipelines.replay import replay
from pipelines.replay_options import ReplayOptions
from pipelines.runner.journal.session_entry import entry_of
from pipelines.runner.journal.stated import Stated
from pipelines.session.engine import SessionFold
from pipelines.session.facts import AxesFound, Fact, FlagsAnswered, StepsFinished
from pipelines.session.header import SessionHeader
from pipelines.session.marks import LoggedMark, Neutral, Pause, Resume, SessionRecord
from pipelines.session.pauses import Pauses
from pipelines.session.result import SessionResult
from pipelines.words.fact_words import fact_words
from pipelines.words.summary_words import run_notes
from tests.pipelines.command_line import backstride, quiet
from tests.pipelines.heard import Heard
from tests.pipelines.results import alerts_in
from tests.pipelines.said import said

ASKEW = Scenario(minutes=0.4, seed=2, mount_pitch=15.0, device="ideal")
HEADER = SessionHeader(0, "sim:")


def folded(
    scenario: Scenario, *marks: LoggedMark, header: SessionHeader = HEADER
) -> tuple[list[Fact], SessionFold]:
    """The facts of a session with marks at their times."""
    device = SimulatedDevice(SimulatedRun(scenario))
    fold = SessionFold(header, device.info)
    waiting = list(marks)
    found: list[Fact] = []
    for record in device.records():
        records: list[SessionRecord] = [record]
        while waiting and waiting[0].arrival_ns <= record.arrival_ns:
            records.insert(-1, waiting.pop(0))
        for each in records:
            found += fold.push(each)
    return found + fold.finish(), fold


def analysed(
    scenario: Scenario, *marks: LoggedMark, axes: str = ""
) -> tuple[Steps, list[str], list[Fact]]:
    """The steps of a session with marks at their times, and what was said of it."""
    found, _ = folded(scenario, *marks, header=SessionHeader(0, "sim:", axes=axes))
    steps = concatenate([fact.steps for fact in found if isinstance(fact, StepsFinished)])
    return steps, [words for fact in found if (words := fact_words(fact))], found


def at(seconds: float, kind: str, words: str = "") -> LoggedMark:
    return said(round(seconds * 1e9), kind, words)


def lean(steps: Steps) -> float:
    return float(np.median(steps.sacral_lean_deg[-20:]))


def test_a_neutral_while_standing_takes_the_clip_out_of_the_lean() -> None:
    without, _, _ = analysed(ASKEW)
    steps, notes, _ = analysed(ASKEW, at(6.0, "neutral"))
    assert lean(without) == pytest.approx(ASKEW.lean + 15.0, abs=1.0)
    assert lean(steps) == pytest.approx(ASKEW.lean, abs=0.5)
    assert notes == ["the standing neutral was taken: lean is measured from it."]
    assert len(steps) == len(without)


def test_with_axes_that_are_found_it_may_be_taken_too() -> None:
    steps, notes, _ = analysed(ASKEW, at(6.0, "neutral"), axes="auto")
    assert "was taken" in notes[0]
    assert lean(steps) == pytest.approx(ASKEW.lean, abs=1.0)


@pytest.mark.parametrize("seconds", [0.0, 1.0, 8.7, 15.0])
def test_a_neutral_that_is_none_says_why_and_changes_nothing(seconds: float) -> None:
    without, _, _ = analysed(ASKEW)
    steps, notes, _ = analysed(ASKEW, at(seconds, "neutral"))
    assert len(notes) == 1
    assert notes[0].startswith("the standing neutral was not taken, because ")
    assert notes[0].endswith(".")
    assert ("you were moving" in notes[0]) == (seconds > 8)
    assert steps.rows.tobytes() == without.rows.tobytes()


def test_a_neutral_over_lost_samples_is_not_taken() -> None:
    lossy = replace(ASKEW, faults=(Fault("disconnect", 3.0),), standing_s=20.0)
    device = SimulatedDevice(SimulatedRun(lossy))
    events = [e for e in device.records() if isinstance(e, LinkEvent) and e.kind == "resumed"]
    resumed_s = events[0].arrival_ns / 1e9
    _, notes, _ = analysed(lossy, at(resumed_s + 1.5, "neutral"), at(resumed_s + 4.0, "neutral"))
    assert "not all of the last 2 s has come" in notes[0]
    assert "was taken" in notes[1]


def test_a_moved_sensor_has_its_axes_searched_anew() -> None:
    _, notes, found = analysed(ASKEW, at(15.0, "reseat"), axes="auto")
    assert "searched anew" in notes[0]
    axes = [fact for fact in found if isinstance(fact, AxesFound)]
    assert [one.from_standing for one in axes] == [True, False]  # found again, from the run
    _, notes, _ = analysed(ASKEW, at(15.0, "reseat"))
    assert "stand upright and still" in notes[0]


def test_steps_of_a_pause_are_listed_and_not_judged() -> None:
    judged: list[Steps] = []
    push = DriftDetector.push_packets

    def seen(
        self: DriftDetector,
        steps: Steps,
        ends: Sequence[int],
        covariates: Covariates | None = None,
    ) -> tuple[int, list[Change]]:
        taken, changes = push(self, steps, ends, covariates)
        judged.append(steps[:taken])
        return taken, changes

    marks = (at(15.0, "pause"), at(20.0, "resume"), at(25.0, "pause"))
    with patch.object(DriftDetector, "push_packets", seen):
        steps, notes, _ = analysed(ASKEW, *marks)
    without, _, _ = analysed(ASKEW)
    assert notes == []
    assert steps.rows.tobytes() == without.rows.tobytes()
    contact = steps.initial_contact_s
    # arrival is some milliseconds after the samples
    sure = (np.abs(contact - 15) > 0.06) & (np.abs(contact - 20) > 0.06)
    expected = contact[sure & (contact < 25.0 - 0.06) & ~((contact > 15) & (contact < 20))]
    found = concatenate(judged).initial_contact_s
    assert set(expected) <= set(found)
    assert not np.any((found > 15.0) & (found < 19.9))
    assert found.max() < 25.0


@given(
    marks=st.lists(st.tuples(st.floats(0, 100), st.booleans()), max_size=8),
    contacts=st.lists(st.floats(0, 100), max_size=20),
)
def test_a_step_is_judged_unless_the_last_mark_before_it_is_a_pause(
    marks: list[tuple[float, bool]], contacts: list[float]
) -> None:
    pauses = Pauses()
    marks = sorted(marks, key=lambda mark: mark[0])
    for time_s, begins in marks:
        (pauses.begin if begins else pauses.end)(time_s)
    rows = np.zeros(len(contacts), STEP_ROW)
    rows["initial_contact_s"] = contacts
    expected = []
    for contact in contacts:
        paused = False
        for time_s, begins in marks:
            paused = begins if time_s <= contact else paused
        expected.append(not paused)
    found = pauses.outside(Steps(rows)).initial_contact_s.tolist()
    assert found == [c for c, judged in zip(contacts, expected, strict=True) if judged]


class TimedMarks(LiveControls):
    """A viewer who marks the neutral at 6 s, while standing, and more later."""

    def __init__(self) -> None:
        super().__init__()
        self._plan = [(6, "neutral"), (15, "pause"), (17, "resume"), (18, "neutral")]

    def take_marks(self, now_ns: int) -> list[LoggedMark]:
        while self._plan and now_ns >= self._plan[0][0] * 10**9:
            self.mark(self._plan.pop(0)[1])
        return super().take_marks(now_ns)


def test_marks_of_a_live_run_are_recorded_and_replayed_to_the_byte(tmp_path: Path) -> None:
    view = Heard()
    path = tmp_path / "run.mcap"
    url = "sim:?minutes=0.4&seed=2&mount_pitch=15&time_scale=20"
    run = asyncio.run(
        run_live(url, LiveOptions(record=path), view, controls=TimedMarks(), clock=VirtualClock())
    )
    steps = run.facts.steps
    assert [note.split(",")[0].split(":")[0] for note in view.said] == [
        "the standing neutral was taken",
        "the standing neutral was not taken",
    ]
    assert lean(steps) == pytest.approx(5.0, abs=1.0)
    marks = [item.mark for item in read_session(path).records if isinstance(item, LoggedMark)]
    assert marks == [Neutral(), Pause(), Resume(), Neutral()]
    again = replay(path, ReplayOptions(), quiet)
    assert again.steps.rows.tobytes() == steps.rows.tobytes()
    assert list(again.alerts) == run.alerts
    assert any(isinstance(record, Packet) for record in read_session(path).records)


# ------------------------------------------------------------------------------------- red flags


def test_a_red_flag_stands_until_it_is_cleared() -> None:
    device = SimulatedDevice(SimulatedRun(ASKEW))
    fold = SessionFold(HEADER, device.info)
    found = fold.push(said(0, "coaching", "stopped"))
    for words in ("none", "cleared", "weakness"):
        found += fold.push(said(0, "red_flags", words))
    assert [fact.stopped for fact in found if isinstance(fact, FlagsAnswered)] == [
        True,
        False,
        True,
    ]


def test_a_surface_that_is_marked_reaches_the_detector() -> None:
    drift = DriftParams(
        skip_s=2.0,
        baseline_blocks=4,
        block_steps=4,
        contact_jump_percent=100.0,
        cadence_jump_percent=100.0,
    )
    quick = AlertSettings(drift=drift)
    header = SessionHeader(0, "sim:", settings=quick)
    assert folded(ASKEW, header=header)[1].now.standing.code != "waiting"
    _, fold = folded(ASKEW, at(20.0, "surface", "grass"), header=header)
    assert status_words(fold.now.standing, drift) == "waiting a moment after a new surface"


def test_a_run_under_a_red_flag_is_measured_and_nobody_is_told_what_to_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BACKSTRIDE_HOME", str(tmp_path))
    assert backstride("journal", "check", "--yes", "weakness", "--no-others").exit_code == 0
    recording = tmp_path / "run.mcap"
    usual = Baseline((IndicatorBaseline("sacral_lean_deg", -8.0, 0.3),), blocks=40)
    baseline = tmp_path / "usual.json"
    baseline.write_text(usual.to_json(), encoding="utf-8")
    url = "sim:?minutes=3&seed=3&rate=50&time_scale=0"
    ended = backstride("live", url, "--record", recording, "--baseline", baseline)
    assert ended.exit_code == 0
    assert "seek medical care" in ended.out + ended.err
    told = [alert.message for alert in alerts_in(read_session(recording).facts)]
    assert any("Pelvic lean" in message for message in told)
    assert not [message for message in told if "Try " in message]
    again = [alert.message for alert in replay(recording, ReplayOptions(), quiet).alerts]
    assert again == told


@pytest.mark.parametrize(("speed_from_s", "told"), [(0.0, 0), (110.0, 1)])
def test_running_that_the_distance_leaves_out_is_told(speed_from_s: float, told: int) -> None:
    scenario = Scenario(minutes=2.0, rate=50.0, seed=2, standing_s=4.0, device="ideal")
    found, _ = folded(scenario, at(speed_from_s, "speed", "9 km/h"))
    result = SessionResult(HEADER, found)
    assert result.distance_m is not None
    notes = [note for note in run_notes(result) if "the distance leaves out" in note]
    assert len(notes) == told
    counted_s = result.distance_m / 2.5
    assert result.uncounted_s == pytest.approx(result.running_s - counted_s, abs=2.0)
    # that of a part is not filed as that of the run
    dated = SessionResult(SessionHeader(1_800_000_000 * 10**9, "sim:"), found)
    assert (entry_of(dated, Stated()).distance_m is None) == bool(told)
    # a distance that is stated is that of all of it
    found, _ = folded(scenario, at(speed_from_s, "speed", "9 km/h"), at(120.0, "distance", "300 m"))
    assert SessionResult(HEADER, found).uncounted_s == 0.0
