"""A session's end: what was run and marked is in the journal, or waits for it."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from imu.drift.baseline import Baseline, IndicatorBaseline
from pipelines.coaching.plan import CompanionPlan
from pipelines.coaching.training.single_session import LongestSession
from pipelines.runner.filing import file_run, finished_run
from pipelines.runner.journal.at_hand import JournalAtHand
from pipelines.runner.journal.database import Journal
from pipelines.runner.journal.entries import Pain, Session, Shoe
from pipelines.runner.journal.pending import pending_path
from pipelines.runner.journal.queries import pains_of_runs
from pipelines.runner.journal.runs import FinishedRun
from pipelines.runner.journal.tags import unknown_shoe_note
from pipelines.runner.journal.words import run_line
from pipelines.session.header import SessionHeader
from tests.pipelines.coaching.runs import (
    USUAL,
    Accompanied,
    Part,
    feed,
    live,
    mark,
    result_after,
    samples_of,
)
from tests.pipelines.runner.journal.journals import at, at_hand, held_by_another_process, run

PLAN = CompanionPlan(usual=USUAL, longest=LongestSession())
#: Of earlier easy runs.
EASY = Baseline((IndicatorBaseline("lumbar_index", 2.3, 0.05),), blocks=40)
HEADER = SessionHeader(at(0), "ble:AB", utc_offset_minutes=60, baseline=EASY, plan=PLAN)
MARKS = {
    10: [mark("pain", "2 lower back, left"), mark("surface", "grass"), mark("surface", "track")],
    340: [mark("speed", "9 km/h"), mark("shoe", "Blue")],
    500: [mark("pain", "4"), mark("pain", "awful")],
    1030: [mark("pain", "1 after")],
    1100: [mark("pain", "3"), mark("speed", "fast")],
}
PARTS = [
    Part(5.5, "walk"),
    Part(1, "run", 1.2),
    Part(10, "run", 0.9, index=110.0),
    Part(2.5, "walk"),
]


def finished() -> FinishedRun:
    run = Accompanied(PLAN, index_of_earlier_runs=True)
    _, steps = feed(run, PARTS, marks=MARKS)
    result = result_after(run, steps, MARKS, header=HEADER, duration_s=1140.0)
    return finished_run(result, recording=Path("run.mcap"))


def contents(journal: JournalAtHand) -> list[object]:
    opened = journal.open()
    return [opened.entries(Session), opened.entries(Pain), opened.entries(Shoe)]


def test_the_entry_holds_what_was_run() -> None:
    filed = finished()
    session = filed.session
    assert session is not None
    assert session.duration_s == 1140.0
    assert session.running_s == pytest.approx(660.0, abs=1.0)
    # marked ten seconds into the run
    assert session.distance_m is not None
    assert session.distance_m == pytest.approx(650.0 * 2.5, rel=0.01)
    assert session.distance_source == "mark"
    # a minute at 100 %, ten at 110 %
    expected = (1.0 + 10.0 * 1.1**4) / 11.0 * session.distance_m / 1000.0
    assert session.dose_easy_km_m4 == pytest.approx(expected, rel=0.01)
    assert (session.surface, filed.shoe, session.source_file) == ("track", "Blue", "run.mcap")
    assert session.warm_up_s == pytest.approx(300.0, abs=2.0)
    assert session.before_warm_up_m == 0.0
    assert session.cool_down_s == pytest.approx(150.0, abs=3.0)
    assert session.means["peak_10hz_bw"] == pytest.approx(2.4, abs=0.1)
    assert session.utc_offset_minutes == 60


def test_the_live_distance_and_dose_are_those_of_the_entry(tmp_path: Path) -> None:
    run = Accompanied(speed_m_s=2.5, index_of_earlier_runs=True)
    _, steps = feed(run, [Part(4, "run", index=90.0), Part(4, "run", index=120.0)])
    session = finished_run(result_after(run, steps, header=HEADER, duration_s=480.0)).session
    assert session is not None
    assert session.distance_source == "mark"
    assert run.progress.distance_m == session.distance_m
    assert run.progress.dose_easy_km == session.dose_easy_km_m4
    with Journal(tmp_path / "journal.sqlite3") as journal:
        assert "1.2 km (from what was stated in it)" in run_line(journal, session)


def test_a_stated_speed_counts_until_one_is_marked() -> None:
    run = Accompanied(speed_m_s=2.0)
    _, steps = feed(run, [Part(4, "run")], marks={120: [mark("speed", "4 m/s")]})
    session = finished_run(result_after(run, steps, header=HEADER, duration_s=240.0)).session
    assert session is not None
    assert session.distance_m == run.progress.distance_m == pytest.approx(720.0, rel=0.01)


def test_pain_is_filed_with_its_moment(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    notes, cues = at_hand(path, partial(file_run, finished()))
    assert notes == []
    assert cues == []
    with Journal(path) as journal:
        pains = journal.entries(Pain)
        ((session, ratings),) = pains_of_runs(journal)
        (shoe,) = journal.entries(Shoe)
    assert [(item.level, item.when, item.place) for item in pains] == [
        (2, "before", "lower back, left"),
        (4, "during", ""),
        (1, "after", ""),
        (3, "after", ""),
    ]
    assert (ratings.before, ratings.during, ratings.after) == (2, 4, 3)
    assert shoe.name == "Blue"
    assert session.shoe_id == shoe.identifier
    assert pains[0].utc_ns == at(0) + 10 * 10**9


def test_after_the_run_the_journals_rules_speak(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    with Journal(path) as journal:
        journal.add(Shoe("Blue", start_km=481.5))
        journal.add(run(-3.0, km=1.2))
    _, cues = at_hand(path, partial(file_run, finished()))
    assert [cue.text_id for cue in cues] == ["session.ran_beyond_distance", "shoes.first"]


def test_a_new_shoe_is_told_before_the_run_and_added_after_it(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    said = at_hand(path, lambda it: unknown_shoe_note(it, "Blue"))
    assert said == (
        "your journal has no shoe 'Blue' yet: this run adds it; say there what it had run before."
    )
    assert not path.exists()
    at_hand(path, partial(file_run, finished()))
    assert at_hand(path, lambda it: unknown_shoe_note(it, "Blue")) == ""
    assert at_hand(path, lambda it: unknown_shoe_note(it, "blue")) == ""  # the run is in that pair
    assert "(it has Blue)" in at_hand(path, lambda it: unknown_shoe_note(it, "Bleu"))
    assert at_hand(path, lambda it: unknown_shoe_note(it, " \n")) == ""


@pytest.mark.skipif(sys.platform == "win32", reason="another process holds the file open")
def test_a_journal_in_use_gets_the_run_later_and_once(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    Journal(path).close()
    filed = finished()
    with held_by_another_process(path, "PRAGMA locking_mode = EXCLUSIVE"):
        notes, cues = at_hand(path, partial(file_run, filed), 0.1)
    assert cues == []
    assert notes[0].endswith("This run is kept and will be added the next time.")
    assert pending_path(path).exists()
    at_once = tmp_path / "other.sqlite3"
    at_hand(at_once, partial(file_run, filed))
    for _ in range(2):
        assert at_hand(path, contents) == at_hand(at_once, contents)


def test_a_run_that_is_in_the_journal_already_is_told(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    at_hand(path, partial(file_run, finished()))
    notes, _ = at_hand(path, partial(file_run, finished()))
    assert len(notes) == 1
    assert notes[0].startswith("this run is not added to the journal: ")
    with Journal(path) as journal:
        assert len(journal.entries(Session)) == 1
        assert len(journal.entries(Pain)) == 4


def test_a_session_without_running_is_none_but_its_pain_is_kept(tmp_path: Path) -> None:
    run, marks = Accompanied(), {20: [mark("pain", "10")]}
    feed(run, [Part(1, "walk")], marks=marks)
    filed = finished_run(result_after(run, [], marks, header=HEADER, duration_s=60.0))
    assert filed.session is None
    path = tmp_path / "journal.sqlite3"
    notes, cues = at_hand(path, partial(file_run, filed))
    assert notes == []
    assert cues == []
    with Journal(path) as journal:
        (rating,) = journal.entries(Pain)
        assert journal.entries(Session) == []
    assert (rating.level, rating.when, rating.session_id) == (10, "", None)
    nothing = FinishedRun(None)
    assert at_hand(tmp_path / "other.sqlite3", partial(file_run, nothing)) == ([], [])
    assert not (tmp_path / "other.sqlite3").exists()


def test_a_simulated_run_is_filed(tmp_path: Path) -> None:
    run, marks = Accompanied(speed_m_s=3.0), {1: [mark("pain", "0")]}
    samples = samples_of(minutes=2.0, standing_s=3.0)
    _, steps = live(run, samples)
    header = SessionHeader(at(0), "sim:")
    filed = finished_run(result_after(run, [steps], marks, header=header, duration_s=125.0))
    session = filed.session
    assert session is not None
    assert session.distance_m == pytest.approx(360.0, rel=0.02)
    assert session.dose_easy_km_m4 is None  # no baseline of earlier runs
    assert session.means["cadence_spm"] == pytest.approx(
        float(np.nanmean(steps.cadence_spm)), rel=0.02
    )
    assert [(item.level, item.when) for item in filed.pains] == [(0, "before")]
    assert at_hand(tmp_path / "journal.sqlite3", partial(file_run, filed)) == ([], [])
