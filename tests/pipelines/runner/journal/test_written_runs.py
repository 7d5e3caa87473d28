"""What a runner writes of runs stays: over a computation anew, without the recording, and first."""

from __future__ import annotations

import json
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from devices.simulator.generate import simulate
from devices.simulator.scenario import Scenario
from pipelines.files.sample_table import write_sample_table
from pipelines.files.session_reader import read_header
from pipelines.runner.journal.at_hand import JournalAtHand
from pipelines.runner.journal.database import Journal
from pipelines.runner.journal.entries import Pain, RunBaseline, Session, moment
from pipelines.runner.journal.pending import keep_for_later
from pipelines.runner.journal.runs import FinishedRun, add_run, edit_run, stated_of, typed_run
from pipelines.runner.journal.stated import Distance, Stated
from tests.pipelines.runner.journal.journals import at, run
from tests.pipelines.runner.journal.typed import journal, refused


def only_run() -> Session:
    with Journal() as opened:
        (session,) = opened.entries(Session)
    return session


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A run of half a minute by another maker's sensor, which tells no date."""
    samples, _ = simulate(Scenario.from_query("minutes=0.5&standing_s=1&speed=3"))
    path = tmp_path / "run.csv"
    write_sample_table(path, samples, rate_hz=200.0, axes="+x+y+z")
    return path


def test_a_run_that_was_typed_in_counts_and_gets_its_figures_when_the_recording_comes(
    table: Path,
) -> None:
    said = journal(
        "add", "--at", "2026-03-02 18:00:00+00:00", "--minutes", 0.5, "--distance", "100 m",
        "--surface", "track", "--note", "windy",
    )  # fmt: skip
    assert said.endswith(
        "0:30, 0.1 km (as stated), on track\n"
    )  # no steps and no load that nobody counted
    journal("pain", 3, "--when", "after", "--session", 1)
    said = journal("add", table, "--at", "2026-03-02 18:00:05+00:00")
    assert "run 1, which you had typed in, has its recording now" in said
    session = only_run()
    assert (session.identifier, session.source_file) == (1, str(table))
    assert session.steps > 50
    assert f"{moment(session.utc_start_ns):%H:%M:%S}" == "18:00:05"
    assert (session.distance_m, session.surface, session.note) == (100.0, "track", "windy")
    with Journal() as opened:
        assert [pain.level for pain in opened.entries(Pain)] == [3]


def test_the_start_that_is_stated_goes_before_that_of_a_table(table: Path) -> None:
    table.write_text(f"# utc_start: 2026-03-01T11:00:00Z\n{table.read_text()}")
    said = journal("add", table, "--at", "2026-03-02 18:00:05+00:00")
    assert "the file says that it began on 2026-03-01" in said
    assert "what you stated is kept" in said
    assert f"{moment(only_run().utc_start_ns):%m-%d %H:%M:%S}" == "03-02 18:00:05"
    assert "in the journal already, as run 1;" in refused("add", table)
    journal("add", table, "--again")  # what was stated stays
    assert f"{moment(only_run().utc_start_ns):%m-%d %H:%M:%S}" == "03-02 18:00:05"


def test_a_recording_of_a_part_of_a_typed_run_takes_nothing_of_it(
    table: Path, recording: Path
) -> None:
    began_ns = read_header(recording).utc_start_ns
    typed = Session(began_ns - 300 * 10**9, 1800.0, distance_m=5000.0, distance_source="user")
    with Journal() as opened:
        opened.add(typed)
    meanwhile = f"{moment(began_ns - 120 * 10**9):%Y-%m-%d %H:%M}+00:00"
    for file, when in ((table, ("--at", meanwhile)), (recording, ())):
        said = journal("add", file, *when)
        assert "has its recording now" not in said
        assert ("run 1 was at the same time: where they are one, delete" in said) is (file == table)
    with Journal() as opened:
        first, *others = opened.entries(Session)
        assert replace(first, identifier=None) == typed
        assert [one.simulated for one in others] == [False, True]


def test_an_edit_stays_when_the_run_is_computed_anew_and_when_the_recording_is_gone(
    recording: Path, tmp_path: Path
) -> None:
    copy = Path(shutil.copy(recording, tmp_path / "copy.mcap"))
    journal("shoe", "Blue")
    journal("add", copy, "--distance", "5 km", "--note", "windy")
    said = journal("edit", 1, "--distance", "6 km", "--surface", "grass", "--shoe", "Blue")
    assert "6.0 km (as stated)" in said
    edited = only_run()
    assert (edited.distance_m, edited.surface, edited.shoe_id, edited.note) == (
        6000.0, "grass", 1, "windy"
    )  # fmt: skip
    journal("add", copy, "--again")
    assert only_run() == edited
    copy.unlink()
    journal("edit", 1, "--note", "calm")
    assert (only_run().note, only_run().distance_m) == ("calm", 6000.0)
    journal("export", tmp_path / "all.zip")
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        (stated,) = json.loads(archive.read("journal.json"))["stated"]
    assert stated == {
        "session_id": 1,
        "distance": {"distance_m": 6000.0, "source": "user"},
        "surface": "grass",
        "shoe": "Blue",
        "note": "calm",
        "effort": None,
        "taken_back": [],
    }


def test_what_was_said_wrongly_is_taken_back_and_stays_so(recording: Path) -> None:
    journal("shoe", "Blue")
    journal("add", recording, "--distance", "5 km", "--surface", "track", "--shoe", "Blue")
    journal("edit", 1, "--forget", "surface", "--forget", "shoe", "--forget", "distance")
    forgotten = only_run()
    assert (forgotten.distance_m, forgotten.surface, forgotten.shoe_id) == (None, "", None)
    with Journal() as opened:
        assert all(not one.surface for one in opened.entries(RunBaseline))
    journal("add", recording, "--again")
    assert only_run() == forgotten
    journal("edit", 1, "--surface", "grass")
    assert only_run().surface == "grass"
    assert "--forget is 'steps': give one of distance, surface" in refused(
        "edit", 1, "--forget", "steps"
    )


def test_the_dose_goes_with_the_distance_and_the_baseline_with_the_surface(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal.sqlite3") as opened:
        doses = {"dose_easy_km_m2": 5.5, "dose_easy_km_m4": 6.0, "dose_easy_km_m6": 7.0}
        filed = FinishedRun(run(0, **doses), "", baseline=RunBaseline(0, "{}", "track"))
        session = add_run(opened, filed)
        assert session is not None
        edited = edit_run(opened, 1, Stated(Distance(10_000.0, "user"), "grass"))
        assert (edited.dose_easy_km_m2, edited.dose_easy_km_m4) == (11.0, 12.0)
        assert opened.entry(Session, 1) == edited
        assert [one.surface for one in opened.entries(RunBaseline)] == ["grass"]
        # a distance that nobody knew before has no steps to weigh
        other = opened.add(run(1, None))
        assert edit_run(opened, other, Stated(Distance(1000.0, "user"))).dose_easy_km_m4 is None


def test_what_was_said_of_a_run_waits_with_it(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    said = Stated(Distance(5000.0, "treadmill"), "treadmill", "Blue", "slow")
    keep_for_later([typed_run(at(0), 1800.0, said)], path)
    with JournalAtHand(path) as hand:
        (session,) = hand.open().entries(Session)
        assert (session.distance_source, session.note, session.shoe_id) == ("treadmill", "slow", 1)
        assert stated_of(hand.open(), session.identifier or 0) == said


def test_deleting_a_run_deletes_what_was_said_of_it() -> None:
    journal("add", "--at", "2026-03-02 18:00", "--minutes", 30, "--note", "private")
    journal("delete", 1, "--confirmed")
    with Journal() as opened:
        assert opened.rows("SELECT * FROM stated") == []
        assert b"private" not in opened.path.read_bytes()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["add"], "--at"),
        (["add", "--at", "2026-03-02 18:00"], "--minutes"),
        (["add", "--at", "2026-03-02 18:00", "--minutes", "0"], "--minutes is 0"),
        (
            ["add", "--at", "2026-03-02 18:00", "--minutes", "5", "--distance", "9 km"],
            "at most 2.4",
        ),
        (["add", "--at", "2026-03-02 18:00", "--minutes", "5", "--again"], "the recording too"),
        (["add", "x.mcap", "--minutes", "5"], "--minutes"),
        (["edit", "7", "--note", "x"], "the list of runs shows"),
        (["edit", "7"], "what to change|the list of runs shows"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_mistake_is_one_sentence(words: list[str], told: str) -> None:
    said = refused(*words)
    assert told.split("|", maxsplit=1)[0] in said or told.rsplit("|", maxsplit=1)[-1] in said
