"""A run is compared with earlier runs of its kind from the end of the warm-up on, and says so."""

from __future__ import annotations

import re
import sqlite3
import sys
from contextlib import AbstractAsyncContextManager, closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import pytest

from devices.records import DeviceInfo, LinkEvent
from devices.simulator.device import SimulatedDevice
from devices.simulator.generate import SimulatedRun
from devices.simulator.scenario import Scenario
from devices.source import Source
from devices.sources import open_source
from devices.timing.program_clock import ProgramClock
from imu.drift.baseline import Baseline, IndicatorBaseline
from imu.drift.params import DriftParams
from pipelines import live
from pipelines.coaching.alert_settings import AlertSettings
from pipelines.files.session_reader import read_session
from pipelines.files.simulation import write_simulation
from pipelines.replay import replay
from pipelines.replay_options import ReplayOptions
from pipelines.runner.journal.database import Journal
from pipelines.runner.journal.entries import RunBaseline, Session
from pipelines.sensors.device_store import KnownDevice, device_path, devices_directory, sensor_store
from pipelines.session.engine import SessionFold
from pipelines.session.facts import AxesFound, Fact, NeutralTaken
from pipelines.session.facts import Ended as SessionEnded
from pipelines.session.header import SessionHeader
from pipelines.views.report.content import content_of
from pipelines.views.report.reading import read_recording
from pipelines.views.report.words import watch_words
from pipelines.words.fact_words import LEAN_IS_RELATIVE, fact_words
from tests.pipelines.command_line import Ended, backstride, quiet
from tests.pipelines.results import alerts_in, steps_in
from tests.pipelines.runner.journal.journals import DAY_NS, held_by_another_process
from tests.pipelines.said import said

SENSOR = "ble:00:11:22:33:44:55"
ON_TRACK = ("--surface", "track", "--shoe", "Blue")
LONG_ENOUGH = "minutes=13"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BACKSTRIDE_HOME", str(tmp_path))
    return tmp_path


def ran(scenario: str, *words: object, axes: str = "auto") -> Ended:
    """A live run of a sensor that measures a simulated runner, as fast as it goes.

    With axes that are searched, as those of real sensors are.
    """

    def opened(
        url: str, *, clock: ProgramClock | None = None, **_options: object
    ) -> AbstractAsyncContextManager[Source]:
        assert url == SENSOR
        return open_source(f"sim:?rate=50&time_scale=0&{scenario}", clock=clock)

    with patch.object(live, "open_source", opened):
        ended = backstride("live", SENSOR, "--axes", axes, *words)
    assert ended.exit_code == 0, ended.err
    return ended


def watching_from_s(ended: Ended) -> float:
    """Session time at which the run was first said to be within the usual range or not."""
    for line in ended.out.splitlines():
        found = re.match(r" *(\d+):(\d\d) .*(within|outside) your usual range", line)
        if found:
            return 60.0 * int(found[1]) + int(found[2])
    return float("inf")


@pytest.fixture(scope="module")
def five_runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, float]:
    """A journal with five runs on the track, and from when the one that was run was watched.

    The others are that one again, on other days.
    """
    home = tmp_path_factory.mktemp("five")
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("BACKSTRIDE_HOME", str(home))
        ended = ran(f"{LONG_ENOUGH}&seed=0", "--no-record", "--no-history", *ON_TRACK)
    assert "note: learning your baseline on the way." in ended.out
    with Journal(home / "journal.sqlite3") as journal:
        (session,), (usual_then,) = journal.entries(Session), journal.entries(RunBaseline)
        for days in (1, 2, 3, 4):
            earlier = replace(session, utc_start_ns=session.utc_start_ns - days * DAY_NS)
            journal.add(replace(usual_then, session_id=journal.add(earlier)))
    return home, watching_from_s(ended)


@pytest.fixture
def after_five(five_runs: tuple[Path, float], home: Path) -> Path:
    """A copy of that journal as the user's own."""
    with (
        closing(sqlite3.connect(five_runs[0] / "journal.sqlite3")) as source,
        closing(sqlite3.connect(home / "journal.sqlite3")) as target,
    ):
        source.backup(target)
    return home


def test_the_sixth_run_is_watched_minutes_earlier_and_replays_alike(
    five_runs: tuple[Path, float], after_five: Path
) -> None:
    path = after_five / "run.mcap"
    ended = ran("minutes=9&seed=9", "--record", path, *ON_TRACK)
    told = "compared with your last 5 runs on track in the shoes Blue."
    assert ended.out.count(told) == 1
    _, cold_s = five_runs
    warm_s = watching_from_s(ended)
    # 12 s of standing and walking come before the running
    assert 650.0 < cold_s < 790.0
    assert cold_s - warm_s > 180.0
    session = read_session(path)
    given = session.header.baseline
    assert given is not None
    assert given.of("sacral_lean_deg") is not None
    assert all(item.level_sd > 0.0 for item in given.indicators)
    again = replay(path, ReplayOptions(), quiet)
    assert again.summary.notes == []
    assert again.steps.rows.tobytes() == steps_in(session.facts).rows.tobytes()
    assert list(again.alerts) == alerts_in(session.facts)
    content = content_of(read_recording(path, ReplayOptions(), quiet))
    assert content.judgement.stretches[-1].origin in {"given", "earlier runs"}
    assert "earlier running" in watch_words(content)
    assert "this run went on refining it" in watch_words(content)
    assert "learned in this run" not in watch_words(content)


def test_a_run_of_another_kind_learns_on_the_way(after_five: Path) -> None:
    for words in (
        ("--surface", "track", "--shoe", "Green"),
        ("--surface", "track"),
        ("--surface", "road", "--shoe", "Blue"),
        (*ON_TRACK, "--no-history"),
    ):
        ended = ran("minutes=0.3", "--no-record", *words)
        assert "note: learning your baseline on the way." in ended.out, words
        assert "compared with" not in ended.out


def test_a_stated_baseline_goes_first(after_five: Path) -> None:
    stated = Baseline((IndicatorBaseline("cadence_spm", 170.0, 1.0),), blocks=40)
    file, path = after_five / "baseline.json", after_five / "run.mcap"
    file.write_text(stated.to_json(), encoding="utf-8")
    ended = ran("minutes=0.3", "--record", path, "--baseline", file, *ON_TRACK)
    assert "compared with the baseline that you gave." in ended.err
    assert "your last" not in ended.out
    header = read_session(path).header
    assert (header.baseline, header.baseline_origin) == (stated, "given")


def test_the_simulated_runner_is_nobodys_history(after_five: Path) -> None:
    path = after_five / "run.mcap"
    before = (after_five / "journal.sqlite3").read_bytes()
    url = "sim:?minutes=0.3&rate=50&time_scale=0"
    ended = backstride("live", url, "--record", path, *ON_TRACK)
    assert ended.exit_code == 0
    assert "compared with" not in ended.out + ended.err
    assert read_session(path).header.baseline is None
    assert (after_five / "journal.sqlite3").read_bytes() == before


def test_a_short_warm_run_does_not_hand_on_what_it_was_given(after_five: Path) -> None:
    ran("minutes=2&seed=9", "--no-record", *ON_TRACK)
    with Journal(after_five / "journal.sqlite3") as journal:
        assert len(journal.entries(Session)) == 6
        assert len(journal.entries(RunBaseline)) == 5


# ------------------------------------------------------------------------------ journal in trouble


@pytest.mark.skipif(sys.platform == "win32", reason="another process holds the file open")
def test_a_locked_journal_costs_the_comparison_not_the_run(after_five: Path) -> None:
    path = after_five / "journal.sqlite3"
    with held_by_another_process(path, "PRAGMA locking_mode = EXCLUSIVE"):
        ended = ran("minutes=0.3", "--no-record", *ON_TRACK)
    assert "note: learning your baseline on the way." in ended.out
    before_the_run = [line for line in ended.err.splitlines() if "without what the" in line]
    assert len(before_the_run) == 1
    assert "another program is using the journal" in before_the_run[0]
    assert "Traceback" not in ended.err


def test_a_corrupt_journal_costs_the_comparison_not_the_run(after_five: Path) -> None:
    path = after_five / "journal.sqlite3"
    path.write_bytes(b"no database" * 1000)
    ended = ran("minutes=0.3", "--no-record", *ON_TRACK)
    assert "note: learning your baseline on the way." in ended.out
    assert ended.err.count("the journal was damaged") == 1


def test_a_baseline_that_makes_no_sense_is_told_in_a_sentence(after_five: Path) -> None:
    with Journal(after_five / "journal.sqlite3") as journal, journal.transaction() as connection:
        connection.execute("UPDATE run_baselines SET baseline = '{}' WHERE session_id = 3")
    ended = ran("minutes=0.3", "--no-record", *ON_TRACK)
    assert "note: learning your baseline on the way." in ended.out
    assert ended.err.count("This run is not compared with earlier ones.") == 1


def test_without_a_journal_the_run_learns_and_makes_one(home: Path) -> None:
    ended = ran("minutes=0.3", "--no-record")
    assert "note: learning your baseline on the way." in ended.out
    # what is told before a run is no complaint
    before = ("note: Before you", "note: Run tall")
    assert [line for line in ended.err.splitlines() if not line.startswith(before)] == []


# ------------------------------------------------------------------------------- what lean is from


def usual(level_sd: float = 0.4) -> Baseline:
    items = (
        IndicatorBaseline("sacral_lean_deg", 5.0, 0.5, 0.5, level_sd),
        IndicatorBaseline("cadence_spm", 166.0, 1.0, 1.0, level_sd),
    )
    return Baseline(items, blocks=200)


def analysed(
    tmp_path: Path,
    scenario: str,
    *,
    axes: str = "auto",
    baseline: Baseline | None = None,
    marks: tuple[tuple[float, str], ...] = (),
    neutral_is_old: bool = False,
) -> tuple[list[Fact], SessionEnded]:
    """The facts of a simulated session's log, with marks at some times of it, and its end."""
    path = tmp_path / "run.mcap"
    write_simulation(path, f"rate=50&{scenario}", quiet, overwrite=True)
    records = read_session(path).records
    info = next(record for record in records if isinstance(record, DeviceInfo))
    quick = AlertSettings(drift=DriftParams(skip_s=5.0, baseline_blocks=4))
    header = SessionHeader(
        0, "", axes=axes, baseline=baseline, settings=quick, neutral_is_old=neutral_is_old
    )
    fold = SessionFold(header, info)
    found: list[Fact] = []
    waiting = list(marks)
    for record in records:
        at_s = 0.0 if isinstance(record, DeviceInfo) else record.arrival_ns / 1e9
        while waiting and at_s >= waiting[0][0]:
            found += fold.push(said(0, waiting.pop(0)[1]))
        if not isinstance(record, LinkEvent):
            found += fold.push(record)
    found += fold.finish()
    end = found[-1]
    assert isinstance(end, SessionEnded)
    return found, end


def words_of(found: list[Fact]) -> list[str]:
    return [words for fact in found if (words := fact_words(fact))]


def from_standing(found: list[Fact]) -> bool:
    """What was last found of the lean."""
    known = [
        isinstance(fact, NeutralTaken) or fact.from_standing
        for fact in found
        if isinstance(fact, AxesFound | NeutralTaken)
    ]
    return known[-1]


def test_standing_before_the_run_makes_days_comparable(tmp_path: Path) -> None:
    found, end = analysed(tmp_path, "minutes=0.5", baseline=usual())
    assert end.baseline is not None
    assert words_of(found) == []
    assert from_standing(found)


@pytest.mark.parametrize("axes", ["auto", "+x+y+z"])
def test_without_a_standing_neutral_earlier_runs_do_not_count(tmp_path: Path, axes: str) -> None:
    scenario = "minutes=0.5&standing_s=0&walk_s=0"
    found, end = analysed(tmp_path, scenario, axes=axes, baseline=usual())
    assert end.baseline is None
    told = [words for words in words_of(found) if words != LEAN_IS_RELATIVE]
    assert len(told) == 1
    assert told[0].startswith("learning your baseline on the way, since ")
    assert words_of(found).count(LEAN_IS_RELATIVE) == (axes == "auto")
    assert end.run_baseline is None
    # one that the runner has chosen stays
    found, chosen = analysed(tmp_path, scenario, axes=axes, baseline=usual(level_sd=0.0))
    assert chosen.baseline is not None
    assert words_of(found) == ([LEAN_IS_RELATIVE] if axes == "auto" else [])


def test_a_neutral_marked_before_the_run_keeps_the_baseline_and_one_during_it_does_not(
    tmp_path: Path,
) -> None:
    scenario = "minutes=0.5&standing_s=8&walk_s=2"
    found, before = analysed(
        tmp_path, scenario, axes="+x+y+z", baseline=usual(), marks=((6.0, "neutral"),)
    )
    assert words_of(found) == ["the standing neutral was taken: lean is measured from it."]
    assert before.baseline is not None
    assert from_standing(found)
    _, moved = analysed(
        tmp_path,
        scenario,
        axes="+x+y+z",
        baseline=usual(),
        marks=((6.0, "neutral"), (25.0, "reseat")),
    )
    assert moved.baseline is None
    assert moved.run_baseline is None


def test_a_run_leaves_a_baseline_only_where_lean_is_from_standing(tmp_path: Path) -> None:
    _, stood = analysed(tmp_path, "minutes=1")
    assert stood.run_baseline is not None
    assert stood.run_baseline.of("sacral_lean_deg") is not None
    _, fell_in = analysed(tmp_path, "minutes=1&standing_s=0&walk_s=0")
    assert fell_in.baseline is not None
    assert fell_in.run_baseline is None


def test_the_neutral_of_another_day_leaves_no_baseline_until_it_is_taken_again(
    tmp_path: Path,
) -> None:
    """The header says so, and with it every reader of the log, not the live program alone."""
    scenario = "minutes=1&standing_s=8&walk_s=2"
    _, end = analysed(tmp_path, scenario, neutral_is_old=True)
    assert end.baseline is not None
    assert end.run_baseline is None
    _, again = analysed(tmp_path, scenario, neutral_is_old=True, marks=((6.0, "neutral"),))
    assert again.run_baseline is not None


@pytest.mark.parametrize("days", [0, 3])
def test_the_neutral_of_another_day_is_not_compared(
    five_runs: tuple[Path, float], after_five: Path, days: int
) -> None:
    info = SimulatedDevice(SimulatedRun(Scenario(rate=50))).info
    taken = datetime.now(UTC) - timedelta(days=days)
    device = KnownDevice(neutral_up=(0.2, 0.0, 0.98), neutral_utc=taken, axes="+x+y+z")
    sensor_store(device_path(devices_directory(), info, SENSOR)).save(device)
    ended = ran("minutes=0.3", "--no-record", *ON_TRACK, axes="+x+y+z")
    if days:
        told = "learning your baseline on the way, since the standing neutral is of another day."
    else:
        told = "compared with your last 5 runs on track in the shoes Blue."
    assert f"note: {told}" in ended.out
