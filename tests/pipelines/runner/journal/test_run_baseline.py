"""What a run leaves to later ones: its own baseline, of one surface, filed with the session."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import sys
import zipfile
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.records import DeviceInfo
from imu.drift.baseline import Baseline, IndicatorBaseline
from imu.drift.detector import DriftDetector, DriftParams
from imu.errors import ParameterError, RecordingError
from imu.steps import STEP_ROW, Steps
from pipelines.coaching.alert_settings import AlertSettings
from pipelines.files.session_reader import read_session
from pipelines.files.session_writer import SessionWriter
from pipelines.files.simulation import write_simulation
from pipelines.replay import replay
from pipelines.replay_options import ReplayOptions
from pipelines.runner.filing import file_run, finished_run
from pipelines.runner.forgetting import forget_everything
from pipelines.runner.history import PastRun, RunHistory
from pipelines.runner.journal.at_hand import JournalAtHand
from pipelines.runner.journal.database import Journal
from pipelines.runner.journal.entries import RunBaseline, Session, Shoe
from pipelines.runner.journal.export import export_journal
from pipelines.runner.journal.queries import earlier_baselines
from pipelines.runner.journal.recorded import AddOptions, recorded_run
from pipelines.runner.journal.runs import FinishedRun
from pipelines.runner.journal.schema import APPLICATION_ID, MIGRATIONS, VERSION
from pipelines.runner.journal.session_entry import baseline_entry
from pipelines.session.comparable import sensor_kind, surface_of_most
from pipelines.session.facts import Ended, Fact, SensorKnown, ShoeKnown, StepsFinished, SurfaceKnown
from pipelines.session.header import SessionHeader
from pipelines.session.marks import SessionRecord
from pipelines.session.result import SessionResult
from pipelines.words.fact_words import NO_NEUTRAL, SEVERAL_SURFACES
from pipelines.words.summary_words import run_notes
from tests.pipelines.command_line import backstride, quiet
from tests.pipelines.runner.journal.journals import at, at_hand, held_by_another_process, run
from tests.pipelines.said import said

USUAL = Baseline((IndicatorBaseline("cadence_spm", 168.0, 1.0, 1.5),), blocks=60)
SENSOR = DeviceInfo("Clip", "movesense", 208.0, 78.5, 35.0)
KEPT = RunBaseline(0, '{"a":1}', "track", "movesense 208 Hz")


def some_steps(minutes: float, cadence: float = 168.0, seed: int = 1) -> Steps:
    """Trusted steps whose cadence and shock scatter a little."""
    count = round(minutes * cadence)
    generator = np.random.default_rng(seed)
    rows = np.zeros(count, STEP_ROW)
    for name in STEP_ROW.names or ():
        if STEP_ROW[name] == np.float64:
            rows[name] = np.nan
    rows["step_time_s"] = 60.0 / cadence
    rows["initial_contact_s"] = 10.0 + np.arange(count) * 60.0 / cadence
    rows["cadence_spm"] = cadence + generator.normal(0.0, 0.5, count)
    rows["impact_shock_g"] = 3.0 + generator.normal(0.0, 0.1, count)
    rows["contact_time_ms"] = 250.0
    rows["side"] = np.arange(count) % 2
    return Steps(rows)


# ------------------------------------------------------------------------------------ what is own


def given_baseline(shock_g: float = 3.0) -> Baseline:
    items = (
        IndicatorBaseline("cadence_spm", 168.0, 1.0, 1.0, 1.0),
        IndicatorBaseline("impact_shock_g", shock_g, 0.05, 0.05, 0.05),
    )
    return Baseline(items, blocks=1000)


def test_a_run_that_learned_its_baseline_leaves_all_of_it() -> None:
    drift = DriftDetector()
    assert drift.run_baseline is None
    drift.push(some_steps(18.0))
    own = drift.run_baseline
    assert own is not None
    assert {"cadence_spm", "impact_shock_g"} <= {item.indicator for item in own.indicators}


def test_a_run_of_two_minutes_leaves_none() -> None:
    drift = DriftDetector(baseline=given_baseline())
    drift.push(some_steps(2.0))
    assert drift.baseline is not None
    assert drift.run_baseline is None


def test_two_runs_of_seven_minutes_make_a_baseline() -> None:
    """Neither has one of its own; their levels are less sure than those of a whole run."""
    runs = []
    for seed in (1, 2):
        drift = DriftDetector()
        drift.push(some_steps(7.0, seed=seed))
        assert drift.baseline is None
        own = drift.run_baseline
        assert own is not None
        item = own.of("cadence_spm")
        assert item is not None
        assert item.level_sd > 0.5
        runs.append(PastRun(own))
    assert RunHistory(tuple(runs[:1])).start("").baseline is None
    usual = RunHistory(tuple(runs)).start("").baseline
    assert usual is not None
    item = usual.of("cadence_spm")
    assert item is not None
    assert item.mean == pytest.approx(168.0, rel=0.01)


def test_blocks_of_earlier_runs_do_not_add_up_from_run_to_run() -> None:
    drift = DriftDetector(baseline=given_baseline())
    drift.push(some_steps(18.0))
    own = drift.run_baseline
    assert own is not None
    assert 40 <= own.blocks <= 18 * 168 / 20


def test_what_is_changed_as_the_run_ends_is_no_usual() -> None:
    drift = DriftDetector(baseline=given_baseline(shock_g=2.0))
    changes = drift.push(some_steps(18.0))
    assert [change.indicator for change in changes] == ["impact_shock_g"]
    own = drift.run_baseline
    assert own is not None
    assert own.of("cadence_spm") is not None
    assert own.of("impact_shock_g") is None
    # with nothing given it was learned here, change or not
    drift = DriftDetector(DriftParams(baseline_blocks=8))
    drift.push(some_steps(18.0))
    own = drift.run_baseline
    assert own is not None
    assert own.of("impact_shock_g") is not None


# -------------------------------------------------------------------------------------- one surface


@pytest.mark.parametrize(
    ("marks", "surface"),
    [
        ([], ""),
        ([(0.0, "track")], "track"),
        ([(1.0, "gras"), (2.0, "grass")], "grass"),
        # 600 s of running from 10 s on
        ([(0.0, "road"), (129.0, "track")], "track"),
        ([(0.0, "road"), (135.0, "track")], None),
        ([(0.0, "road"), (100.0, "track"), (550.0, "road")], None),
        ([(0.0, "road"), (300.0, "track"), (400.0, "road")], "road"),
        ([(135.0, "track")], None),
        ([(590.0, "track")], ""),
    ],
)
def test_four_fifths_of_the_running_on_one_surface_make_a_run_on_it(
    marks: list[tuple[float, str]], surface: str | None
) -> None:
    assert surface_of_most(some_steps(10.0), marks) == surface


@given(st.lists(st.tuples(st.floats(0, 700), st.sampled_from(["", "a", "b"])), max_size=6))
def test_no_other_surface_has_a_fifth(marks: list[tuple[float, str]]) -> None:
    marks.sort(key=lambda item: item[0])
    steps = some_steps(10.0)
    now = [
        next((name for at_s, name in reversed(marks) if at_s <= time_s), "")
        for time_s in steps.initial_contact_s
    ]
    most = max(set(now), key=now.count)
    found = surface_of_most(steps, marks)
    share = now.count(most) / len(now)
    if abs(share - 0.8) > 1e-3:
        assert found == (most if share > 0.8 else None)


def test_kinds_of_sensors_differ_in_protocol_rate_and_gyroscope() -> None:
    info = DeviceInfo("Clip 1", "movesense", 208.0, 78.5, 35.0, serial="1")
    assert sensor_kind(info) == sensor_kind(replace(info, name="Clip 2", serial="2"))
    others = (
        replace(info, protocol="metawear"),
        replace(info, rate_hz=104.0),
        replace(info, angular_velocity_range_rad_s=0.0),
    )
    assert len({sensor_kind(item) for item in (info, *others)}) == 4


# ---------------------------------------------------------------------------------- in the journal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite3"


def test_a_baseline_comes_back_as_it_was_and_belongs_to_one_session(path: Path) -> None:
    entry = baseline_entry(left({0: ["track"]}))
    assert entry is not None
    assert "\n" not in entry.baseline
    with Journal(path) as journal:
        number = journal.add(run(0))
        journal.add(replace(entry, session_id=number))
        (back,) = journal.entries(RunBaseline)
        assert Baseline.from_json(back.baseline) == USUAL
        assert (back.session_id, back.surface, back.sensor) == (number, "track", entry.sensor)
        with pytest.raises(RecordingError):
            journal.add(replace(entry, session_id=number))
        with pytest.raises(ParameterError, match="99"):
            journal.add(replace(entry, session_id=99))
    assert baseline_entry(left({0: ["track"]}, None)) is None
    assert baseline_entry(left({0: ["track"], 300: ["road"]})) is None


def test_many_runs_are_read_and_of_those_that_follow_closely_the_last(path: Path) -> None:
    """A run that stopped and went on has left two baselines, and is one."""
    with Journal(path) as journal:
        for day in range(25):
            number = journal.add(run(day))
            journal.add(replace(KEPT, session_id=number, surface="belt", sensor=f"{day}"))
        went_on = run(24)
        went_on = replace(went_on, utc_start_ns=went_on.utc_start_ns + 40 * 60 * 10**9)
        number = journal.add(went_on)
        journal.add(replace(KEPT, session_id=number, surface="belt", sensor="went on"))
        found = earlier_baselines(journal, 0, 2**62, "belt", "")
    assert [sensor for _, sensor in found] == [*map(str, range(24)), "went on"]


def test_what_is_deleted_takes_its_baseline_with_it(path: Path) -> None:
    with Journal(path) as journal:
        for day in range(3):
            journal.add(replace(KEPT, session_id=journal.add(run(day)), baseline=f"private {day}"))
        journal.delete(Session, 2)
        assert [item.baseline for item in journal.entries(RunBaseline)] == [
            "private 0",
            "private 2",
        ]
        assert not any(b"private 1" in item.read_bytes() for item in path.parent.iterdir())
        forget_everything(journal)
        assert not any(b"private" in item.read_bytes() for item in path.parent.iterdir())


def test_an_export_has_the_baselines(path: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.zip"
    with Journal(path) as journal:
        journal.add(replace(KEPT, session_id=journal.add(run(0))))
        assert export_journal(journal, out)["run_baselines"] == 1
    with zipfile.ZipFile(out) as archive:
        (entry,) = json.loads(archive.read("journal.json"))["run_baselines"]
        (row,) = csv.DictReader(io.StringIO(archive.read("run_baselines.csv").decode()))
    assert (entry["baseline"], entry["session_id"]) == (json.loads(KEPT.baseline), 1)
    assert (row["baseline"], row["surface"]) == (KEPT.baseline, "track")


def test_a_journal_of_the_version_before_keeps_its_runs_and_takes_baselines(path: Path) -> None:
    steps = ";\n".join(statement for step in MIGRATIONS[:3] for statement in step)
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            f"""{steps};
            INSERT INTO shoes VALUES (1, 'Blue', NULL, 0.0, NULL);
            INSERT INTO sessions VALUES (7, 739677, 1772474400000000000, 60, 1800.0, 1700.0, 4800,
                5000.0, 'treadmill', NULL, 5.5, NULL, 'belt', 1, 'old.mcap', '{{}}', 'kept', 300.0,
                60.0, NULL);
            INSERT INTO pains VALUES (1, 739677, 1772481600000000000, 60, 2, 'after', 7, '', '',
                '');
            PRAGMA application_id = {APPLICATION_ID};
            PRAGMA user_version = 3;"""
        )
    with Journal(path) as journal:
        assert journal.rows("PRAGMA user_version")[0][0] == VERSION
        (session,) = journal.entries(Session)
        assert (session.identifier, session.note, session.warm_up_s) == (7, "kept", 300.0)
        assert journal.entries(RunBaseline) == []
        journal.add(replace(KEPT, session_id=7, surface="belt"))
        found = earlier_baselines(journal, 0, 2**62, "belt", "Blue")
    assert found == [(KEPT.baseline, KEPT.sensor)]


# ------------------------------------------------------------------------------------------ filing


def left(
    surfaces: dict[int, list[str]], baseline: Baseline | None = USUAL, source: str = "ble:AB"
) -> SessionResult:
    """What ten minutes of running come to, with surfaces marked at some seconds."""
    found: list[Fact] = [SensorKnown(0.0, SENSOR), ShoeKnown(0.0, "Blue")]
    found += [SurfaceKnown(float(at_s), name) for at_s in surfaces for name in surfaces[at_s]]
    found.append(StepsFinished(610.0, some_steps(10.0)))
    found.append(Ended(610.0, 610.0, run_baseline=baseline))
    return SessionResult(SessionHeader(at(0), source, utc_offset_minutes=60), found)


def finished(surfaces: dict[int, list[str]], baseline: Baseline | None = USUAL) -> FinishedRun:
    return finished_run(left(surfaces, baseline))


def test_a_simulated_run_is_nobodys_history() -> None:
    assert finished_run(left({0: ["track"]}, source="sim:?minutes=10")).baseline is None


def test_a_run_is_filed_with_its_baseline_under_its_surface_and_shoe(path: Path) -> None:
    assert at_hand(path, partial(file_run, finished({0: ["track"]}))) == ([], [])
    with Journal(path) as journal:
        found = earlier_baselines(journal, 0, 2**62, "track", "Blue")
        assert [Baseline.from_json(words) for words, _ in found] == [USUAL]
        assert found[0][1] == "movesense 208 Hz"
        assert earlier_baselines(journal, 0, 2**62, "track", "") == []


def test_a_run_on_two_surfaces_leaves_none_and_a_short_stretch_does_not_matter() -> None:
    assert finished({0: ["track"], 300: ["road"]}).baseline is None
    short = finished({0: ["track"], 550: ["road"]})
    assert short.session is not None
    assert short.session.surface == "road"  # the last that was said, as ever
    assert short.baseline is not None
    assert short.baseline.surface == "track"


def test_a_run_without_a_baseline_is_a_session_all_the_same(path: Path) -> None:
    at_hand(path, partial(file_run, finished({}, None)))
    with Journal(path) as journal:
        assert len(journal.entries(Session)) == 1
        assert journal.entries(RunBaseline) == []


@pytest.mark.skipif(sys.platform == "win32", reason="another process holds the file open")
def test_a_run_kept_for_later_comes_in_with_its_baseline_and_shoe(path: Path) -> None:
    Journal(path).close()
    with held_by_another_process(path, "PRAGMA locking_mode = EXCLUSIVE"):
        at_hand(path, partial(file_run, finished({0: ["track"]})), 0.1)
    for _ in range(2):
        with JournalAtHand(path) as hand:
            journal = hand.open()
            (shoe,) = journal.entries(Shoe)
            (session,) = journal.entries(Session)
            assert session.shoe_id == shoe.identifier
            assert len(earlier_baselines(journal, 0, 2**62, "track", "Blue")) == 1


# ----------------------------------------------------------------------------------- journal add


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> list[SessionRecord]:
    """The log of a minute and a half."""
    path = tmp_path_factory.mktemp("simulated") / "run.mcap"
    write_simulation(path, "minutes=1.5&rate=100", quiet)
    return list(read_session(path).records)


def recorded_from(
    source: str, log: list[SessionRecord], path: Path, axes: str = "auto", then: str = ""
) -> Path:
    """The log as a session of a source, on the track, with a baseline that is learned soon.

    ``then``, its surface from a third on.
    """
    quick = AlertSettings(drift=DriftParams(skip_s=5.0, baseline_blocks=4))
    header = SessionHeader(at(0), source, axes=axes, settings=quick)
    writer = SessionWriter(path, header)
    for number, record in enumerate(log):
        writer.write_record(record)
        if number == 5 and not isinstance(record, DeviceInfo):
            writer.write_record(said(record.arrival_ns, "surface", "track"))
        if then and number == 3 * len(log) // 10 and not isinstance(record, DeviceInfo):
            writer.write_record(said(record.arrival_ns, "surface", then))
    writer.close()
    return path


def test_a_recording_is_added_with_its_baseline_but_not_the_simulated_runners(
    log: list[SessionRecord], path: Path, tmp_path: Path
) -> None:
    real = recorded_from("ble:00:11:22:33:44:55", log, tmp_path / "real.mcap")
    simulated = recorded_from("sim:?minutes=1.5", log, tmp_path / "simulated.mcap")
    with Journal(path) as journal:
        journal.add(Shoe("Blue"))
        assert recorded_run(simulated, AddOptions(), journal).run.baseline is None
        added = recorded_run(real, AddOptions(shoe="Blue"), journal).run
        stated = recorded_run(real, AddOptions(surface="belt"), journal).run
    assert added.session is not None
    assert added.baseline is not None
    assert (added.session.surface, added.baseline.surface) == ("track", "track")
    found = Baseline.from_json(added.baseline.baseline)
    assert found.of("sacral_lean_deg") is not None
    cadence = found.of("cadence_spm")
    assert cadence is not None
    assert cadence.mean == pytest.approx(added.session.means["cadence_spm"], rel=0.02)
    assert stated.baseline is not None
    assert stated.baseline.surface == "belt"


@pytest.mark.parametrize("axes", ["+x+y+z", "auto"])
def test_after_a_run_it_is_said_why_it_left_no_baseline(
    log: list[SessionRecord], axes: str, tmp_path: Path
) -> None:
    path = recorded_from("ble:00:11:22:33:44:55", log, tmp_path / "run.mcap", axes)
    result = replay(path, ReplayOptions(), quiet).result
    assert (result.run_baseline is None) == (NO_NEUTRAL in run_notes(result)) == (axes != "auto")
    assert SEVERAL_SURFACES not in run_notes(result)


def test_after_a_run_on_several_surfaces_it_is_said_that_later_ones_are_not_compared(
    log: list[SessionRecord], tmp_path: Path
) -> None:
    path = recorded_from("ble:00:11:22:33:44:55", log, tmp_path / "run.mcap", then="grass")
    result = replay(path, ReplayOptions(), quiet).result
    assert result.run_baseline is not None and finished_run(result).baseline is None
    assert SEVERAL_SURFACES in run_notes(result)


def test_the_command_files_both(
    log: list[SessionRecord], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BACKSTRIDE_HOME", str(tmp_path))
    real = recorded_from("ble:00:11:22:33:44:55", log, tmp_path / "real.mcap")
    assert backstride("journal", "add", real, "--distance", "300 m").exit_code == 0
    with Journal(tmp_path / "journal.sqlite3") as journal:
        assert len(earlier_baselines(journal, 0, 2**62, "track", "")) == 1
