"""The commands ``journal …``, as a user types them."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import sys
import time
import zipfile
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from pipelines.runner.journal.database import Journal, journal_path
from pipelines.runner.journal.entries import Exercise, Pain, Session
from tests.pipelines.command_line import backstride, quiet
from tests.pipelines.runner.journal.journals import held_by_another_process
from tests.pipelines.runner.journal.typed import journal, refused

#: A day that is still to come.
FUTURE = str(date.today() + timedelta(days=2))
TYPED = ("add", "--at", "2026-03-02 18:00", "--distance", "0.2 km")


# --------------------------------------------------------------------------------------------- runs


def test_a_run_is_added_listed_and_deleted(recording: Path) -> None:
    journal("shoe", "Blue", "--start", "482 km")
    said = journal("add", recording, "--treadmill", "5 km", "--shoe", "Blue", "--surface", "belt")
    assert "run 1: " in said
    assert "5.0 km (as the treadmill showed)" in said
    assert "482.0 km" in journal("shoe")  # nobody has run in it
    long_ago = ("--at", "2026-03-02 18:00", "--minutes", 30, "--distance", "5 km")
    # this run took the shoe past 300 miles
    assert "Blue have 487.0 km: between 300 and 500 miles" in journal(
        "add", *long_ago, "--shoe", "Blue"
    )
    assert journal("delete", 2, answers="y\n").endswith("deleted\n")
    # of a simulated run only where it is named
    journal("pain", 2, "--when", "after", "--session", 1, "--place", "lower back")
    assert "pain 2 after" in journal("list")
    assert "nothing was deleted" in journal("delete", 1, answers="n\n")
    assert journal("delete", 1, answers="y\n").endswith("deleted\n")
    assert "no runs yet" in journal("list")


def test_a_run_without_a_distance_says_what_it_is_left_out_of(recording: Path) -> None:
    said = journal("add", recording)
    assert "distance unknown" in said
    assert "weeks, shoes and the load leave it out" in said
    assert "--distance '5 km'." in said
    journal("settings", "--units", "imperial")
    typed = ("add", "--at", "2026-03-02 18:00", "--minutes", 30)
    assert "edit 2 --distance '3 miles'." in journal(*typed)


def test_a_cure_that_names_a_file_can_be_typed_as_it_stands(
    recording: Path, tmp_path: Path
) -> None:
    spaced = tmp_path / "my long run.mcap"
    shutil.copy(recording, spaced)
    cure = re.search(r"backstride journal (add .*)\.$", journal("add", spaced), re.M)
    assert cure is not None
    assert "5.0 km" in journal(*shlex.split(cure[1]))


def test_a_recording_that_was_cut_short_says_so(recording: Path, tmp_path: Path) -> None:
    killed = tmp_path / "killed.mcap"
    killed.write_bytes(recording.read_bytes()[:-12_000])
    assert "the recording was cut short after" in journal("add", killed)


def test_a_run_beyond_the_longest_is_told(recording: Path, tmp_path: Path) -> None:
    with Journal() as opened:
        entry = Session(1_583_172_000 * 10**9, 1800.0, distance_m=5000.0, distance_source="user")
        opened.add(entry)
    later = tmp_path / "later.json"
    from pipelines.replay import replay
    from pipelines.replay_options import ReplayOptions

    summary = replay(recording, ReplayOptions(), quiet).summary
    later.write_text(summary.to_json(), encoding="utf-8")
    said = journal("add", later, "--at", "2020-03-09 18:00", "--distance", "6 km")
    assert "6.0 km: 120 % of your longest run of the last 30 days." in said
    assert "[Frandsen 2025, doi:10.1136/bjsports-2024-109380]" in said


def test_the_same_recording_is_not_added_twice(
    recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal("add", recording, "--distance", "5 km")
    # it is told before the replay, which takes a while
    monkeypatch.setattr("pipelines.folding.fold_session", pytest.fail)
    said = refused("add", recording, "--distance", "5 km")
    assert "this run is in the journal already, as run 1; " in said
    assert "--again" in said


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["add", "nowhere.mcap"], "no such file"),
        (["add", "run.fit"], "no such file"),
        (["add", "x.mcap", "--distance", "5", "--speed", "9 km/h"], "not both"),
        (["add", "x.mcap", "--at", "yesterday"], "--at"),
        (["pain", "11"], "0 to 10"),
        (["pain", "3", "--when", "after"], "no run began before it"),
        (["pain", "3", "--when", "noon"], "no run began|one of"),
        (["exercise", "yoga", "10"], "strength, stretch, core, cross"),
        (["exercise", "core", "0"], "minutes"),
        (["shoe", "Red", "--retire"], "Red"),
        (["shoe", "Red", "--bought", "last year"], "--bought"),
        (["shoe", "Red", "--start", "120"], "--start"),
        (["compare", "mood", "a", "b"], "surface or shoe"),
        (["compare", "shoe", "Red", "Red"], "another shoe than the first"),
        ([*TYPED, "--minutes", "20", "--distance", "4.000 m"], "sets thousands apart"),
        (["settings", "--height", "9 m"], "--height"),
        (["settings", "--height", "1750"], "--height is '1750': give"),
        (["settings", "--mass", "700 kg"], "--mass"),
        (["settings", "--units", "nautical"], "units"),
        (["settings", "--ceiling", "40"], "--ceiling"),
        (["plan", "--start", "--stop"], "--stop"),
        (["export", "journal.json"], r"\.zip"),
        (["delete"], "the run to delete .* 'backstride journal list' shows, or --everything"),
        (["add", "x.mcap", "--at", f"{FUTURE} 08:00"], "give a time that is over"),
        (["pain", "3", "--at", f"{FUTURE} 08:00"], "--at .* a time that is over; it is 20.* now"),
        (["pain", "3", "--at", "2026-03-02"], "give a day and a time such as"),
        (["exercise", "core", "5", "--at", f"{FUTURE} 18:30+02:00"], "--at .* that is over"),
        (["shoe", "Red", "--bought", FUTURE], "--bought .* a day up to today"),
        (["shoe", "--retire"], "the name of the shoe"),
        (["shoe", "--start", "5 km"], "the name of the shoe"),
        (["shoe", "Red", "--retire", "--start", "5 km"], "--retire"),
        (["delete", "1", "--everything"], "--everything"),
        (["delete", "99"], "99: give one that the list of runs shows"),
        (["check", "--yes", "mood", "--no-others"], "mood"),
        (["add"], "^--at is missing: give the start of the run, or its file"),
        ([*TYPED, "--minutes", "-3"], "^--minutes is -3"),
        ([*TYPED, "--minutes", "nan"], "^--minutes is nan"),
        (["add", "--at", "1969-01-01 12:00"], "^--at .* a time from 1981 on"),
        (["settings", "--strength", "9"], "^--strength is 9"),
        (["settings", "--stretches", "9"], "^--stretches is 9"),
        (["settings", "--highest-pulse", "1000"], "^--highest-pulse is 1000"),
        (["settings", "--units", "imperial", "--mass", "154"], "^--mass .* with its unit"),
        (["settings", "--units", "imperial", "--height", "69"], "^--height .* with its unit"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_mistake_is_one_sentence(words: list[str], told: str) -> None:
    assert re.search(told, refused(*words))


def test_a_number_alone_is_no_mass_where_units_are_imperial() -> None:
    assert "70.0 kg" in journal("settings", "--mass", "70")
    journal("settings", "--units", "imperial")
    assert "--mass" in refused("settings", "--mass", "154")
    assert "154.3 lb" in journal("settings")
    told = backstride("replay", "run.csv", "--height", "1.75")
    assert "--height is '1.75': give a height from 1.0 to 2.5 m with its unit" in told.err


def test_a_distance_is_one_that_can_be_run_in_the_time(recording: Path) -> None:
    journal(*TYPED, "--minutes", 1)
    assert "--distance" in refused("edit", 1, "--distance", "5 km")
    journal("add", recording, "--distance", "0.1 km")
    # a recording may have stopped on the way
    said = journal("edit", 2, "--distance", "5 km")
    assert "nobody runs more than 0.2 km in the time of this recording; the rest counts" in said
    said = journal("edit", 1, "--distance", "4 m")
    assert "4 m (as stated)" in said  # which is not 0.0 km
    assert "4 m in 1:00 is less than anybody runs: was another unit meant? Where that is" in said


@pytest.mark.skipif(sys.platform == "win32", reason="no time.tzset")
def test_a_time_that_the_clock_has_left_out_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        assert "put forward over" in refused("pain", 1, "--at", "2026-03-29 02:30")
        for told in ("2026-03-29 01:59", "2026-03-29 03:00", "2025-10-26 02:30"):
            journal("pain", 1, "--at", told)
    finally:
        monkeypatch.undo()
        time.tzset()


def test_pain_is_of_no_simulated_run(recording: Path) -> None:
    journal("add", recording)
    assert "of run 1" not in journal("list")
    assert "with this run" not in journal("pain", 2)
    assert "run 1" not in journal("pain")


# --------------------------------------------------------------------------------- notes and weeks


def test_pain_is_judged_as_it_is_noted() -> None:
    assert "Pain noted" in journal("pain", 3, "--activity", "gardening")
    journal("pain", 3, "--at", "2020-01-01 10:00")
    with Journal() as opened:
        assert [item.activity for item in opened.entries(Pain)] == ["", "gardening"]


@pytest.mark.parametrize("level", [5, 6, 10])
def test_strong_pain_names_the_questions_about_red_flags(level: int) -> None:
    said = journal("pain", level)
    assert ("backstride journal check" in said) is (level >= 6)
    journal("check", "--yes", "numbness", "--no-others")
    # they are answered, and what follows from them is what is said
    assert "journal check" not in journal("pain", level)


def test_strong_pain_names_the_questions_also_while_the_journal_is_in_use() -> None:
    Journal().close()
    with held_by_another_process(journal_path()):
        said = journal("pain", 10)
    assert "is kept and will be added the next time" in said
    assert "backstride journal check" in said


def test_a_time_up_to_now_is_taken() -> None:
    now = datetime.now().astimezone()
    journal("pain", 1, "--at", f"{now:%Y-%m-%d %H:%M}")
    journal("pain", 2, "--at", f"{now:%H:%M}")
    journal("exercise", "core", 5, "--at", (now - timedelta(seconds=1)).isoformat())
    journal("shoe", "Red", "--bought", date.today())


def test_a_shoe_that_a_run_has_added_can_be_corrected() -> None:
    journal("shoe", "Blue")
    assert "120.0 km" in journal("shoe", "Blue", "--start", "120 km")
    assert "120.0 km" in journal("shoe", "Blue", "--bought", "2020-03-02")
    assert journal("shoe").count("Blue") == 1
    for name in ("Blue", "blue", " Blue "):
        assert "a new pair another name: 'Blue' is in use already" in refused("shoe", name)


def test_a_week_of_which_nothing_is_known_is_not_one_of_0_km() -> None:
    began = datetime.now().astimezone() - timedelta(days=7)
    journal("add", "--at", began.isoformat(timespec="minutes"), "--minutes", 30)
    week = journal("week", "--weeks", 3).splitlines()
    assert week[0].endswith("  before the journal began")
    assert week[1].endswith("  not known  runs: 1, 1 of them without a distance")
    assert week[2].endswith("  0.0 km  runs: 0")
    journal("edit", 1, "--distance", "5 km")
    assert "  5.0 km  runs: 1" in journal("week", "--weeks", 2)


def test_the_week_tells_what_is_due() -> None:
    journal("exercise", "strength", 20, "--note", "squats")
    said = journal("week", "--weeks", 2, "--charts")
    assert said.count("week of ") == 2
    # with a day in between, the second is possible until Sunday
    is_late = date.today().weekday() >= 5
    assert ("Strength this week: 1 of 2 days" in said) == is_late
    assert ("yesterday or today: leave a day in between" in said) != is_late
    assert said.count("Chart only") == 3
    assert "load ratio (acwr): not yet known. Chart only: the distance of the last 7 days" in said
    assert "nan" not in said


def test_a_stretch_is_timed_and_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    said = journal("stretch", "--hold", 40, "--rounds", 1)
    assert said.splitlines() == [
        "Left: hold for 40 seconds, without bouncing.",
        "Let go. Change over.",
        "Right: hold for 40 seconds, without bouncing.",
        "Stretching done.",
    ]
    assert [round(seconds) for seconds in slept] == [0, 40, 45, 85]
    with Journal() as opened:
        (done,) = opened.entries(Exercise)
    assert (done.kind, done.note) == ("stretch", "hamstrings")
    assert done.minutes == pytest.approx(85 / 60)


def test_a_stretch_that_is_broken_off_is_not_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(seconds: float) -> None:
        if seconds > 1.0:
            raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", interrupt)
    assert "nothing was noted" in journal("stretch", code=130)
    with Journal() as opened:
        assert opened.entries(Exercise) == []


def test_the_plan_begins_with_rest_and_ends_when_asked() -> None:
    assert "no plan" in journal("plan")
    assert "Day 1 of about 7" in journal("plan", "--start")
    assert "treadmill" in journal("plan", "--rest", 0)
    assert "no plan" in journal("plan", "--stop")


@pytest.mark.parametrize(
    ("note", "why"),
    [
        (["pain", 7], "No training is suggested until you have rated it 3 or less"),
        (["pain", 4], "No training is suggested until you have rated it 3 or less"),
        (["pain", 1, "--quality", "tingling"], "No training is suggested until they are"),
        (["check", "--yes", "sciatica", "--no-others"], "because pain shoots below the knee"),
        (["check", "--yes", "bladder", "--no-others"], "go to an emergency department now"),
    ],
)
def test_no_stage_is_told_and_no_exercise_guided_while_no_training_is_suggested(
    note: list[object], why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal("plan", "--start", "--rest", 0)
    journal(*note)
    told = journal("plan")
    assert why in told
    assert ("Your return to running waits until training" in told) != ("emergency" in told)
    assert "Stage" not in told
    monkeypatch.setattr("time.sleep", pytest.fail)
    for guided in (["journal", "stretch"], ["journal", "routine", "core"], ["metronome", 160]):
        assert why in backstride(*guided).out
    with Journal() as opened:
        assert opened.entries(Exercise) == []


def test_a_plan_that_begins_in_pain_waits() -> None:
    journal("pain", 7)
    assert "Stage" not in journal("plan", "--start", "--rest", 0)
    assert "without running" in journal("plan", "--rest", 7)
    journal("pain", 2)
    journal("check", "--no-others")
    assert "Stage 1 of 3" in journal("plan", "--rest", 0)


def test_settings_are_shown_in_the_users_units() -> None:
    said = journal("settings", "--height", "5 ft 9 in", "--mass", "154 lb", "--units", "imperial")
    assert "5 ft 9 in" in said
    assert "154.0 lb" in said
    assert "rule of thumb" in said
    said = journal("settings", "--ceiling", "20 mi")
    assert "20.0 miles" in said
    assert "rule of thumb" not in said
    assert "two miles more" in journal("settings", "--ceiling", "default")


# ---------------------------------------------------------------------------------------- red flags


def test_the_questions_are_asked_and_a_yes_stops_coaching() -> None:
    said = journal("check", answers="n\nmaybe\nn\nn\nn\nn\nn\ny\nn\n")
    assert "Stop running, seek medical care today, because the pain began with a fall" in said
    week = journal("week", "--weeks", 1)
    assert "Stop running" in week
    assert "Strength" not in week
    assert "stays off" in journal("check", "--no-others")
    assert "None of these signs.\nCoaching goes on." in journal("check", answers="n\n" * 8 + "y\n")
    assert "Strength" in journal("week")


def test_an_end_of_the_input_is_no_answer() -> None:
    assert "y or n" in refused("check", answers="n\nn\n")
    with Journal() as opened:
        assert opened.rows("SELECT count(*) FROM questionnaires")[0][0] == 0
    assert "y or n" in refused("delete", "--everything")


# -------------------------------------------------------------------------------- export and delete


def test_export_then_delete_everything(tmp_path: Path) -> None:
    journal("pain", 3)
    journal("shoe", "Blue")
    assert "pains 1" in journal("export", tmp_path / "out.zip")
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        assert len(json.loads(archive.read("journal.json"))["pains"]) == 1
    # an archive may hold what was deleted since
    before = (tmp_path / "out.zip").read_bytes()
    journal("pain", 2)
    assert "--overwrite" in refused("export", tmp_path / "out.zip")
    assert (tmp_path / "out.zip").read_bytes() == before
    assert "pains 2" in journal("export", tmp_path / "out.zip", "--overwrite")
    assert "stay" in journal("delete", "--everything", "--confirmed")
    assert "no shoes yet" in journal("shoe")


# ------------------------------------------------------------------------------------------ trouble


def test_a_damaged_journal_is_told_and_the_note_is_not_lost(home: Path) -> None:
    home.mkdir()
    journal_path().write_bytes(b"garbage" * 1000)
    said = journal("pain", 3)
    assert "was damaged; it was kept as journal-damaged-" in said
    with Journal() as opened:
        assert len(opened.entries(Pain)) == 1
    assert "rated it anew" not in journal("week")  # it is that rating


@pytest.mark.parametrize("content", [b"garbage" * 1000, b""])
def test_no_training_is_suggested_until_pain_is_rated_that_a_damaged_journal_may_have_lost(
    home: Path, content: bytes
) -> None:
    home.mkdir()
    journal_path().write_bytes(content)
    os.utime(journal_path(), (1.7e9, 1.7e9))  # it was not made a moment ago
    damaged, silent = journal("week"), journal("week")
    assert "was damaged; it was kept as journal-damaged-" in damaged
    for said in (damaged, silent):
        assert "No training is suggested until you have rated it anew." in said
        assert "Hamstring stretches" not in said
    journal("pain", 1)
    after = journal("week")
    assert "rated it anew" not in after
    assert "Hamstring stretches" in after


def test_a_note_while_another_process_holds_the_journal_is_kept() -> None:
    Journal().close()
    with held_by_another_process(journal_path()):
        said = journal("pain", 4)
    assert "is kept and will be added the next time" in said
    said = journal("list")
    assert "in the journal now: 1" in said
