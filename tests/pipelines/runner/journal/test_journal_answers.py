"""What ``journal …`` answers: sources, ratings to come, shoes given up, red flags, runs added."""

from __future__ import annotations

import json
import re
import shlex
import time
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from devices.simulator.generate import simulate
from devices.simulator.scenario import Scenario
from pipelines.coaching.catalogue import CATALOGUE
from pipelines.runner.journal.at_hand import JournalAtHand
from pipelines.runner.journal.database import Journal
from pipelines.runner.journal.entries import Pain, Session, Shoe, utc_ns_of
from pipelines.runner.journal.session_entry import local_offset_minutes
from pipelines.runner.journal.tags import unknown_shoe_note
from tests.pipelines.command_line import backstride, one_sentence, quiet
from tests.pipelines.runner.journal.typed import journal, refused


def add_run(ended_hours_ago: float, km: float = 5.0) -> int:
    """A run of half an hour in the journal; returns its number."""
    start_ns = time.time_ns() - round((ended_hours_ago * 3600.0 + 1800.0) * 1e9)
    offset = local_offset_minutes(start_ns)
    entry = Session(start_ns, 1800.0, offset, distance_m=km * 1000.0, distance_source="user")
    with Journal() as opened:
        return opened.add(entry)


# ------------------------------------------------------------------------------------------ sources


def test_titles_of_articles_follow_no_sentence() -> None:
    add_run(0.0, km=20.0)
    add_run(24.0 * 7, km=1.0)  # last week's, on any day
    said = journal("week", "--charts") + journal("pain", 3, "--when", "after") + journal("plan")
    said += journal("plan", "--start") + journal("plan", "--rest", 0)
    assert "ceiling" in said
    assert "Pain noted" in said
    assert "treadmill" in said
    assert "Spine-health" not in said
    # what is a rule of thumb is called one
    assert "[users' rule of thumb]" in said


def test_one_command_tells_every_source_and_what_stands_on_it() -> None:
    said = journal("sources")
    for entry in CATALOGUE.values():
        assert all(f"{source}: " in said for source in entry.sources)
    assert "Frandsen 2025, doi:10.1136/bjsports-2024-109380: length of a run, charts\n" in said
    assert said.splitlines()[-1].startswith("Is running good or bad for back pain? (The Nest): ")


# --------------------------------------------------------------------------------------------- week


@pytest.mark.parametrize(("weeks_ago", "rests"), [(0, True), (3, False)])
def test_rest_is_suggested_for_a_week_that_is_not_over_alone(weeks_ago: int, rests: bool) -> None:
    journal("settings", "--ceiling", "5 km")
    day = datetime.now().astimezone() - timedelta(weeks=weeks_ago, hours=1)
    run = ["--minutes", 30, "--distance", "6 km"]
    said = journal("add", "--at", day.isoformat(timespec="seconds"), *run)
    assert ("Rest or cross-train until the next week begins" in said) is rests
    assert ("6.0 km in the week of this run: the ceiling is 5.0 km." in said) is not rests


# --------------------------------------------------------------------------------------------- pain


@pytest.mark.parametrize(
    ("when", "hours", "words"),
    [
        ("48h", 0.1, "48 hours have not passed yet, run 1 ended just now."),
        ("24h", 0.1, "24 hours have not passed yet, run 1 ended just now."),
        ("24h", 5.0, "run 1 ended 5 hours ago."),
        ("48h", 35.0, "run 1 ended 35 hours ago."),
    ],
)
def test_a_rating_of_the_days_after_waits_for_them(when: str, hours: float, words: str) -> None:
    number = add_run(hours)
    assert words in refused("pain", 6, "--when", when)
    assert words in refused("pain", 6, "--when", when, "--session", number)
    with Journal() as opened:
        assert opened.entries(Pain) == []


def test_a_rating_of_the_days_after_is_taken_in_time() -> None:
    add_run(49.0)
    day_before = datetime.now().astimezone() - timedelta(hours=24)
    journal("pain", 2, "--when", "24h", "--at", day_before.isoformat())
    assert "Pain noted just now. " in journal("pain", 1, "--when", "48h")
    # the time of the note counts, not the time at which it is typed
    two_days_before = datetime.now().astimezone() - timedelta(hours=48)
    at = two_days_before.isoformat()
    assert "ended 1 hour ago" in refused("pain", 1, "--when", "48h", "--at", at)


def test_fresh_pain_was_noted_just_now() -> None:
    assert "Pain noted just now. Note it again after 24 and 48 hours" in journal("pain", 3)


# -------------------------------------------------------------------------------------------- shoes


def test_a_retired_shoe_is_called_retired_and_brought_back() -> None:
    journal("shoe", "A", "--start", "100 km")
    journal("shoe", "A", "--retire")
    tomorrow = date.today() + timedelta(days=1)
    for filed in (True, False):
        said = unknown_shoe_note(JournalAtHand(), "A", filed=filed, day=tomorrow)
        assert f"your shoe 'A' is retired since {date.today()}" in said
        assert "bring it back in your journal" in said
        assert ("second pair" in said) is filed
    assert "--back" in refused("shoe", "A")
    assert "retired" not in journal("shoe", "A", "--back")
    assert unknown_shoe_note(JournalAtHand(), "A", day=tomorrow) == ""
    with Journal() as opened:
        (shoe,) = opened.entries(Shoe)
    assert (shoe.retired, shoe.start_km) == (None, 100.0)


def test_a_run_before_a_shoe_was_retired_was_run_in_it() -> None:
    journal("shoe", "A")
    with Journal() as opened:
        opened.replace(replace(opened.entries(Shoe)[0], retired=date(2026, 3, 4)))
    run = ("add", "--minutes", 30, "--distance", "5 km", "--at")
    ended = backstride("journal", *run, "2026-03-02 18:00", "--shoe", "a")
    assert ", in A" in ended.out
    assert "retired" not in ended.err
    journal(*run, "2026-03-03 18:00")
    assert ", in A" in journal("edit", 2, "--shoe", "A")
    journal(*run, "2026-03-05 18:00")
    later = one_sentence(backstride("journal", "edit", 3, "--shoe", "A"))
    assert 'backstride journal shoe "A" --back' in later
    assert "10.0 km  retired 2026-03-04" in journal("shoe")


def test_only_a_retired_shoe_comes_back() -> None:
    assert "the name of a retired shoe" in refused("shoe", "A", "--back")
    journal("shoe", "A")
    assert "in use" in refused("shoe", "A", "--back")
    assert "not both" in refused("shoe", "A", "--back", "--retire")
    assert "--back" in refused("shoe", "A", "--back", "--start", "5 km")
    assert "the name of the shoe" in refused("shoe", "--back")
    # of two pairs of a name one is in use
    with Journal() as opened:
        opened.replace(replace(opened.entries(Shoe)[0], retired=date.today()))
        opened.add(Shoe("A"))
    assert "in use" in refused("shoe", "A", "--back")
    assert unknown_shoe_note(JournalAtHand(), "A") == ""


def test_a_run_in_a_retired_shoe_says_how_to_bring_it_back(recording: Path) -> None:
    journal("shoe", "A")
    with Journal() as opened:
        opened.replace(replace(opened.entries(Shoe)[0], retired=date(2020, 3, 4)))
    said = refused("add", recording, "--shoe", "A")
    assert "retired since" in said
    assert 'backstride journal shoe "A" --back' in said
    # on the day itself it was still worn
    with Journal() as opened:
        opened.replace(replace(opened.entries(Shoe)[0], retired=date.today()))
    said = unknown_shoe_note(JournalAtHand(), "A")
    assert "retired on the day of this run, which still counts for it" in said
    assert unknown_shoe_note(JournalAtHand(), "A", day=date(2020, 3, 4)) == ""


# ------------------------------------------------------------------------------------- runs added


def test_the_load_says_only_what_it_lacks(recording: Path) -> None:
    said = journal("add", recording, "--distance", "2 km")
    # the simulated runner's height is in the recording
    assert "no load: it needs a --baseline of earlier easy runs." in said
    assert "height" not in said


def test_a_summary_can_have_no_load(recording: Path, tmp_path: Path) -> None:
    from pipelines.replay import replay
    from pipelines.replay_options import ReplayOptions

    path = tmp_path / "summary.json"
    path.write_text(replay(recording, ReplayOptions(), quiet).summary.to_json(), encoding="utf-8")
    words = ["add", path, "--at", "2020-03-09 18:00", "--distance", "2 km"]
    assert "no load: it needs the recording: a summary has no steps." in journal(*words)
    assert "in the journal already, as run 1" in refused(*words)


def test_a_recording_of_another_maker_is_filed_too(tmp_path: Path) -> None:
    samples, _ = simulate(Scenario.from_query("minutes=0.5&standing_s=3&speed=3"))
    path = tmp_path / "run.csv"
    table = np.column_stack([samples.time_s, samples.acceleration_m_s2 / 9.80665])
    np.savetxt(path, table, delimiter=";", header="Time (s);X (g);Y (g);Z (g)", comments="")
    words = ["add", path, "--distance", "2 km"]
    assert "the start of the run, which this file does not say" in refused(*words)
    said = journal(*words, "--at", "2020-03-09 18:00")
    assert "acceleration from 'X (g)', 'Y (g)' and 'Z (g)' in g" in said
    assert "(as stated)" in said
    with Journal() as opened:
        (run,) = opened.entries(Session)
        assert run.steps > 60
        assert run.source_file == str(path)
        # whose sensor it was, and how it sat, compares with no other run
        assert opened.rows("SELECT count(*) FROM run_baselines")[0][0] == 0
    assert "in the journal already, as run 1" in refused(*words, "--at", "2020-03-09 18:00")
    journal(*words, "--at", "2020-03-09 18:00", "--again")
    # it is that run, whatever start is stated, and has the one that is stated with --again
    said = refused(*words, "--at", "2020-03-10 18:00")
    assert "as run 1, from 2020-03-09 18:00; to let it begin as you state, add --again" in said
    journal("edit", 1, "--forget", "distance")
    # without a distance, the sentence that says how to state it can be typed as it stands
    said = journal("add", path, "--at", "2020-03-10 18:00", "--again")
    cure = re.search(r"backstride journal (add .*)\.$", said, re.M)
    assert cure is not None
    assert "run 1: 2020-03-10 18:00" in journal(*shlex.split(cure[1]))
    # its file does not say when that was, and the journal does
    pytest.importorskip("garmin_fit_sdk")
    out = tmp_path / "run.fit"
    assert "which --fit needs" in backstride("export", path, "--fit", out).err
    assert backstride("export", path, "--fit", out, "--with-journal").exit_code == 0
    assert out.stat().st_size > 500


def test_a_simulated_run_says_that_it_leaves_no_baseline(recording: Path) -> None:
    said = journal("add", recording, "--distance", "2 km")
    assert "a simulated run counts for nothing of yours: no baseline, no distance." in said
    assert journal("list").splitlines()[0].endswith("steps, simulated")
    with Journal() as opened:
        assert opened.rows("SELECT count(*) FROM run_baselines")[0][0] == 0


@pytest.mark.parametrize(("km", "told"), [(2.0, ""), (2.1, "2.1 km: further than your longest")])
def test_a_run_as_long_as_the_longest_is_nothing_to_tell(
    recording: Path, tmp_path: Path, km: float, told: str
) -> None:
    from pipelines.replay import replay
    from pipelines.replay_options import ReplayOptions

    path = tmp_path / "summary.json"
    path.write_text(replay(recording, ReplayOptions(), quiet).summary.to_json(), encoding="utf-8")
    assert json.loads(path.read_text("utf-8"))
    earlier_ns = utc_ns_of(datetime(2020, 3, 1, 18).astimezone())
    with Journal() as opened:
        opened.add(Session(earlier_ns, 900.0, distance_m=2000.0, distance_source="user"))
    said = journal("add", path, "--at", "2020-03-09 18:00", "--distance", f"{km} km")
    assert told in said
    assert ("longest run" in said) is bool(told)


# ---------------------------------------------------------------------------------------- red flags


def test_while_a_red_flag_stands_nothing_but_the_stop_is_said(recording: Path) -> None:
    add_run(1.0)
    journal("check", "--yes", "weakness", "--no-others")
    stop = "Stop running, seek medical care today, because a leg is weaker"
    assert refused("plan", "--start").startswith(stop)
    with Journal() as opened:
        assert opened.settings().return_since_ns is None
    for words in (["plan"], ["week"], ["week", "--charts"], ["plan", "--rest", "2"]):
        (line,) = journal(*words).splitlines()
        assert line.startswith(stop)
    journal("shoe", "Blue", "--start", "482 km")
    said = journal("add", recording, "--distance", "10 km", "--shoe", "Blue")
    assert stop in said
    assert "Keep an eye" not in said
    assert "longest run" not in said


def test_a_plan_that_had_begun_is_silent_under_a_red_flag_and_goes_on_after_it() -> None:
    assert "Day 1 of about 7" in journal("plan", "--start")
    journal("check", "--yes", "numbness", "--no-others")
    for command in ("plan", "week"):
        said = journal(command)
        assert said.startswith("Stop running, seek medical care, because a part of a leg")
        assert "Walking is welcome" not in said
    # a questionnaire without a yes does not clear anybody
    journal("check", "--no-others")
    assert "Walking is welcome" not in journal("plan")
    journal("check", "--no-others", "--cleared")
    assert "Day 1 of about 7" in journal("plan")
