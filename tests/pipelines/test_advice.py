"""The articles' advice, row by row: the sentence that a runner meets, through the real commands."""

from __future__ import annotations

import asyncio
import dataclasses
import io
import os
import re
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from devices.simulator.virtual_clock import VirtualClock
from pipelines.coaching.plan import HeldBack
from pipelines.coaching.training.cues import Cue
from pipelines.coaching.training.effort import effort_of
from pipelines.coaching.training.twisting import TwistingHistory
from pipelines.commands.after_run import file_and_review
from pipelines.commands.guided import follow
from pipelines.files.session_reader import read_session
from pipelines.files.session_writer import SessionWriter
from pipelines.files.simulation import write_simulation
from pipelines.live import LiveOptions, run_live
from pipelines.runner.continuing import interrupted_note
from pipelines.runner.desk.twisting_store import KnownTwisting, known_twisting_store
from pipelines.runner.journal.at_hand import JournalAtHand
from pipelines.runner.journal.database import Journal
from pipelines.runner.journal.entries import Exercise, Pain, Session
from pipelines.runner.planning import cues_before, plan_for_run
from pipelines.runner.unfiled import unfiled_run
from pipelines.session.live_status import LiveStatus, pain_before
from pipelines.session.result import SessionResult
from pipelines.views.home.edits import change
from pipelines.views.page.run import _first_screen
from pipelines.views.page.two_metres import budget_words
from pipelines.views.page.view import Dashboard
from pipelines.views.terminal.wording import effort_words
from tests.pipelines.command_line import backstride, quiet
from tests.pipelines.heard import Heard
from tests.pipelines.runner.journal.typed import journal, refused

QUICK = "sim:?minutes=0.2&standing_s=1&time_scale=0&rate=50"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, about_noon: None) -> Path:
    """Run in an empty folder; the user's own journal is out of reach."""
    monkeypatch.setenv("BACKSTRIDE_HOME", str(tmp_path))
    return tmp_path


def now() -> datetime:
    return datetime.now().astimezone()


def ran(hours: float, distance: str, *words: str) -> str:
    at = (now() - timedelta(hours=hours)).isoformat(timespec="minutes")
    return journal("add", "--at", at, "--minutes", 60, "--distance", distance, *words)


def test_a_run_in_the_rest_is_told_before_it_and_after_it() -> None:
    journal("plan", "--start", "--rest", 7)
    assert "Day 1 of about 7 without running: make this a walk" in backstride("live", QUICK).err
    with Journal() as opened:
        opened.change_settings(return_since_ns=time.time_ns() - 20 * 3600 * 10**9)
    said = ran(2, "5 km")
    assert "This run fell on day 1 of about 7 without running" in said


def test_nobody_is_led_through_intervals_on_a_day_of_rest() -> None:
    journal("plan", "--start", "--rest", 7)
    with JournalAtHand() as at_hand:
        assert plan_for_run(at_hand, now())[0].intervals is None
        at_hand.open().change_settings(rest_days=0)
        assert plan_for_run(at_hand, now())[0].intervals is not None


def test_a_rating_before_the_run_is_newer_than_the_one_that_held_training_back() -> None:
    journal("pain", 7)
    with JournalAtHand() as at_hand:
        held, _ = plan_for_run(at_hand, now())
        eased, _ = plan_for_run(at_hand, now(), marks=[("pain", "1 before")])
    assert held.held is not None and held.held.level == 7
    before = pain_before(held)
    assert before is not None and (before.light, before.level) == ("stop", 7)
    assert pain_before(eased) is None
    assert eased.held == HeldBack(unanswered=True)  # a 7 asks for the questions
    assert "You rated your pain 7, just now" in journal("plan", "--start", "--rest", 0)


def test_a_run_on_asphalt_in_the_treadmill_stage_is_told_before_it_and_after_it() -> None:
    journal("plan", "--start", "--rest", 0)
    told = "Stage 1 of 3 is for the treadmill, and this run is on asphalt"
    assert told in backstride("live", QUICK, "--surface", "asphalt").err
    assert told not in backstride("live", QUICK, "--surface", "treadmill").err
    with Journal() as opened:
        opened.change_settings(return_since_ns=time.time_ns() - 20 * 3600 * 10**9)
    assert told in ran(2, "2 km", "--surface", "asphalt")


def test_the_budget_is_told_before_and_what_passed_it_in_its_own_percentage() -> None:
    ran(200, "5 km")
    said = backstride("live", QUICK).err
    assert (
        "Today's budget: your longest run of the last 30 days is 5.0 km, so up to 5.5 km." in said
    )
    assert "Left of this week's ceiling: " in said
    assert "ten pelvic tilts, half a minute of high knees, ten mini-squats" in said
    ran(3, "2 km")
    assert "is 5.0 km, and 2.0 km are run today: 3.5 km are left." in backstride("live", QUICK).err
    with JournalAtHand() as at_hand:
        plan, _ = plan_for_run(at_hand, now())
    status = LiveStatus(source="", device="", distance_m=1000.0)
    assert budget_words(status, plan) == ("left today", "2.5", "km")  # no run has a load
    # a run that went on without a rest is judged whole
    assert "6.0 km in all: 120 % of your longest run of the last 30 days." in ran(2, "4 km")
    # a journal that has just begun does not know how far one runs
    said = ran(1, "25 km")
    assert (
        "31.0 km in all, and the longest run that your journal has of the last 30 days is 5.0 km:"
        in said
    )
    assert "%" not in said


def test_what_is_told_before_a_run_reaches_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    ran(200, "5 km")
    told: list[str] = []
    journal("plan", "--start", "--rest", 0)
    with JournalAtHand() as hand:
        first = _first_screen(LiveOptions(), hand, print, reports=False)
        notes = first.shown()["setup"]["said"]
    assert any(note.startswith("Today's budget: ") for note in notes)
    assert any(note.startswith("Before you start: ten pelvic tilts") for note in notes)
    note = Dashboard.note

    def overhear(page: Dashboard, text: str) -> None:
        told.append(text)
        note(page, text)

    monkeypatch.setattr(Dashboard, "note", overhear)
    monkeypatch.setattr("pipelines.views.page.run._LINGER_S", 0.1)
    backstride("live", QUICK, "--dashboard", "--no-browser", "--surface", "asphalt")
    assert any("Stage 1 of 3 is for the treadmill" in text for text in told)
    assert any(text.startswith("Today's budget: ") for text in told)


def test_high_pain_is_told_before_a_run_and_nothing_else_is() -> None:
    ran(200, "5 km")
    with JournalAtHand() as at_hand:
        plan, _ = plan_for_run(at_hand, now())
    assert cues_before(plan, [("surface", "track")])[0].text_id == "session.budget"
    assert cues_before(plan, [("pain", "7 before")]) == []  # said as the run starts
    journal("pain", 5)
    ended = backstride("live", QUICK)
    assert (
        "You rated your pain 5, just now: walk, or run easily, shorter and softer. No training"
        in ended.out
    )
    assert "pelvic tilts" not in ended.err
    assert "budget" not in ended.err
    journal("check", "--yes", "saddle", "--no-others")
    last = backstride("live", QUICK).out.splitlines()[-1]  # after the run, too
    assert "go to an emergency department now, because the skin between your legs" in last


def test_a_distance_that_nobody_runs_in_that_time_is_refused() -> None:
    at = (now() - timedelta(hours=3)).isoformat(timespec="minutes")
    said = refused("add", "--at", at, "--minutes", 30, "--distance", "400 km")
    assert "give a distance that can be run in that time, at most 14.4 km" in said


def test_warm_up_core_and_balance_are_guided_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    said = journal("routine", "warm-up")
    for words in ("Pelvic tilts:", "10 of 10", "High knees", "Mini-squats", "Leg swings", "Done."):
        assert words in said
    assert max(slept) > 120.0
    assert "No core work yet this week" in journal("week")
    assert journal("routine", "core").count("Plank: on forearms and toes") == 2
    assert "No core work yet this week" not in journal("week")
    assert "stand on the left leg for 30 seconds" in journal("routine", "balance")
    with Journal() as opened:
        assert [item.note for item in opened.entries(Exercise)] == ["core", "balance"]
    journal("pain", 6)
    assert "No training is suggested until you have rated it" in journal("routine", "core")
    assert "one of warm-up" in refused("routine", "yoga")


def test_each_line_of_a_guided_exercise_rings_in_a_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr("sys.stdout", terminal)
    assert follow([Cue("routine.rest", {"seconds": 30.0}), Cue("routine.done")])
    assert terminal.getvalue() == "Rest for 30 seconds, then the second set.\a\nDone.\a\n"


def test_strength_says_why_and_shoes_say_how_they_fit() -> None:
    assert "Lifting eased back pain by 60 % in one study, jogging by 12 %." in journal("week")
    said = journal("shoe", "Old", "--start", "700 km")
    assert "A shoe fits with a thumb's width before the toes" in said
    assert "Old                          700.0 km" in said
    assert "between 300 and 500 miles" in said


def test_a_run_is_told_in_the_units_of_the_runner(home: Path) -> None:
    journal("settings", "--units", "imperial")
    live = backstride("live", QUICK, "--record", home / "run.mcap")
    for said in (live.out, backstride("replay", home / "run.mcap").out):
        assert re.search(r"vertical oscillation +\d\.\d\d in\n", said)
        assert " mm" not in said


def test_a_new_shoe_is_added_with_the_run_and_named() -> None:
    said = ran(2, "5 km", "--shoe", "Red")
    assert "your journal has no shoe 'Red' yet: this run adds it" in said
    assert "Red" in journal("shoe")


def test_the_first_week_does_not_scold() -> None:
    said = backstride("live", QUICK)
    assert (
        "No distance of the last 30 days to go by: run easily, and end it while it is easy."
        in said.out
    )
    assert "short" not in said.out


@pytest.mark.parametrize("words", ["1.75", "1.75 m", "175", "175 cm", "5 ft 8.9 in"])
def test_a_height_means_the_same_everywhere(words: str, tmp_path: Path) -> None:
    assert "height            1.75 m" in journal("settings", "--height", words)
    path = tmp_path / "run.mcap"
    backstride("live", QUICK, "--height", words, "--record", path)
    assert read_session(path).header.height_m == pytest.approx(1.75, abs=0.001)


def test_a_recording_is_named_after_its_beginning_and_two_of_one_second_are_both_kept(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    began_ns = 1_772_474_400 * 10**9  # 2 March 2026, 18:00
    monkeypatch.setattr("time.time_ns", lambda: began_ns)
    options = LiveOptions(record_in=home / "sessions")
    kept = [
        asyncio.run(run_live(QUICK, options, Heard(), clock=VirtualClock())).recording
        for _ in range(2)
    ]
    assert [path.name for path in kept if path is not None] == [
        "2026-03-02T18-00-00Z.mcap",
        "2026-03-02T18-00-00Z-2.mcap",
    ]
    assert all(path is not None and not read_session(path).cut_short for path in kept)


def test_a_run_that_was_not_filed_is_offered_and_one_that_goes_on_is_not(
    home: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    simulated = tmp_path_factory.mktemp("sim") / "run.mcap"
    write_simulation(simulated, "minutes=1&standing_s=2&rate=100", quiet)
    session = read_session(simulated)
    start_ns = time.time_ns() - 60 * 10**9
    header = replace(session.header, source="ble:AA:BB", utc_start_ns=start_ns)
    path = home / "sessions" / "run.mcap"
    path.parent.mkdir()
    with SessionWriter(path, header) as writer:
        for record in session.records:
            writer.write_record(record)
        writer.flush()
        with Journal() as opened:
            assert unfiled_run(opened) is None  # it goes on
        assert "Pain of 4: change something now." in journal("pain", 4)
        assert interrupted_note("ble:AA:BB", time.time_ns()) is None
    assert "Pain of 4: make the next run a walk" in journal("pain", 4)
    said = backstride("live", QUICK, "--no-record").err
    assert "is not in the journal; add it with: backstride journal add" in said
    with Journal() as opened:
        missed = unfiled_run(opened)
        assert missed is not None and "was recorded and is not in your journal" in missed.message
        assert "Run 1 is in your journal now." in change(opened, "file", {}, now())
        assert "All that was recorded is in your journal." in change(opened, "file", {}, now())
    assert "run 1: " in journal("add", path, "--again")
    assert "is not in the journal" not in backstride("live", QUICK, "--no-record").err
    with Journal() as opened:
        assert opened.entries(Session)[0].steps > 50
    # what was taken out on purpose is not offered as forgotten
    journal("delete", 1, "--confirmed")
    with Journal() as opened:
        assert unfiled_run(opened) is None
        opened.empty()
        week_ago_s = time.time() - 7 * 86_400
        for age_s, offered in ((3600.0, False), (-3600.0, True)):  # one of long ago is not missed
            os.utime(path, (week_ago_s - age_s,) * 2)
            assert (unfiled_run(opened) is not None) is offered
    journal("delete", "--everything", "--confirmed")
    with Journal() as opened:
        assert unfiled_run(opened) is None


def test_each_run_that_was_cut_short_is_offered_until_it_is_filed(
    home: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    simulated = tmp_path_factory.mktemp("sim") / "run.mcap"
    write_simulation(simulated, "minutes=0.3&standing_s=2&rate=100", quiet)
    session = read_session(simulated)
    (home / "sessions").mkdir()

    def cut_short(hours: float) -> None:
        start_ns = time.time_ns() - round(hours * 3600e9)
        header = replace(session.header, source="ble:AA:BB", utc_start_ns=start_ns)
        path = home / "sessions" / f"{hours:g}.mcap"
        with SessionWriter(path, header) as writer:
            for record in session.records:
                writer.write_record(record)
        path.write_bytes(path.read_bytes()[:-200])
        os.utime(path, (start_ns / 1e9,) * 2)

    for hours in (50, 26, 2):
        cut_short(hours)
    with Journal() as opened:
        for number in (1, 2, 3):
            assert f"Run {number} is in your journal now." in change(opened, "file", {}, now())
        assert "All that was recorded" in change(opened, "file", {}, now())
        starts = [one.utc_start_ns for one in opened.entries(Session)]
        assert starts == sorted(starts) and len(starts) == 3
        journal("delete", 2, "--confirmed")  # on purpose
        assert unfiled_run(opened) is None
    journal("delete", "--everything", "--confirmed")
    with Journal() as opened:
        assert unfiled_run(opened) is None


# ----------------------------------------------------------------------- what else the articles ask


def a_usual(peak: float = 1.7, cadence: float = 150.0) -> None:
    """An earlier run that was far easier than what the simulated runner does."""
    with Journal() as opened:
        start_ns = time.time_ns() - 9 * 86_400 * 10**9
        means = {"peak_10hz_bw": peak, "cadence_spm": cadence}
        opened.add(Session(start_ns, 1800.0, steps=4000, means=means))


def test_a_session_of_the_return_says_what_it_did_to_the_plan() -> None:
    journal("plan", "--start", "--rest", 0)
    with Journal() as opened:
        opened.change_settings(return_since_ns=time.time_ns() - 20 * 24 * 3600 * 10**9)

    def rated(hours: float, after: int, number: int) -> str:
        ran(hours, "2 km", "--surface", "treadmill")
        for moment, level in (("after", after), ("24h", 0)):
            journal("pain", level, "--when", moment, "--session", number)
        return journal("plan")

    rated(15 * 24, 0, 1)
    assert rated(13 * 24, 0, 2).startswith("Two sessions without pain: on to the next stage.")
    assert "Stage 2 of 3: track" in journal("plan")
    said = rated(11 * 24, 2, 3)
    assert said.startswith("Pain with the last session: back by one stage")
    assert "this stage begins anew" in rated(9 * 24, 2, 4)
    ran(2, "2 km", "--surface", "treadmill")
    assert "right after the session and 24 hours later; it counts only then" in journal("plan")


def test_two_parts_of_a_run_are_one_session_of_the_return() -> None:
    journal("plan", "--start", "--rest", 0)
    with Journal() as opened:
        opened.change_settings(return_since_ns=time.time_ns() - 20 * 24 * 3600 * 10**9)
    for number, hours in enumerate((15 * 24.0, 15 * 24 - 1.5), 1):  # half an hour between them
        ran(hours, "2 km", "--surface", "treadmill")
        for moment in ("after", "24h"):
            journal("pain", 0, "--when", moment, "--session", number)
    assert "Stage 1 of 3" in journal("plan")
    # who rested has not run as far at once
    assert "longest run of the last 30 days is 2.0 km" in backstride("live", QUICK).err
    # what is rated between two parts says nothing of the end
    ran(5, "1 km", "--surface", "treadmill")
    at = (now() - timedelta(hours=3.9)).isoformat(timespec="minutes")
    journal("pain", 1, "--at", at)
    ran(3, "1 km", "--surface", "treadmill")
    assert "How is your back, from 0 (no pain) to 10? Your last run ended 2 hours ago." in journal(
        "week"
    )


def test_lasting_pain_rest_and_stretches_are_told_with_the_week() -> None:
    for hours in (60, 30, 1):
        at = (now() - timedelta(hours=hours)).isoformat(timespec="minutes")
        journal("pain", 1, "--at", at)
    journal("plan", "--start", "--rest", 7)
    with Journal() as opened:
        opened.change_settings(return_since_ns=time.time_ns() - 50 * 3600 * 10**9)
    journal("check", "--no-others")  # pain that lasts asks for them
    said = journal("week")
    assert "You have noted pain for more than 48 hours. A physiotherapist can find out" in said
    assert "gentle activity, such as a walk, does a back more good than more rest" in said
    assert "Hamstring stretches today: 0 of 2. A good moment for one." in said


def test_cross_training_and_softer_ground_are_asked_for() -> None:
    assert "No cross-training noted this week: half an hour of cycling" in journal("week")
    ran(3, "5 km", "--surface", "asphalt")
    journal("pain", 2, "--when", "after")
    assert (
        "Your last run came with pain and was on asphalt: try the next one on a treadmill, grass "
        "or a trail, which are softer." in journal("week")
    )
    journal("exercise", "cross", 30)
    assert "cross-training" not in journal("week")
    journal("check", "--yes", "sciatica", "--no-others")  # and no next run is spoken of
    assert "Do not run on, because pain shoots below the knee" in journal("week")
    assert "try the next one" not in journal("week")


def test_head_shoulders_and_arms_are_named_before_a_run_and_called_unseen() -> None:
    ran(200, "5 km")
    said = backstride("live", QUICK).err
    assert "Run tall: look ahead and not down, shoulders low, arms loose." in said
    assert "The sensor sees your pelvis, and none of that." in said


def test_a_walk_that_is_run_through_is_noticed_and_counted_at_the_end() -> None:
    journal("plan", "--start", "--rest", 0)
    said = backstride("live", "sim:?minutes=7.5&standing_s=2&walk_s=0&time_scale=0&rate=50").out
    assert "Walk for 5 minutes to begin." in said
    assert "These seconds are for walking: walk now." in said
    assert "Run and walk: 1 of 1 jog jogged, 0 of 1 walk walked." in said
    assert "take all of them next time" in said


def on_a_track(sides: str) -> str:
    """Bends of 20 s with straights of 20 s between them, in the second stage of a return."""
    journal("plan", "--start", "--rest", 0)
    with Journal() as opened:
        since_ns = time.time_ns() - 30 * 86_400 * 10**9
        opened.change_settings(return_since_ns=since_ns)
        for day in (20, 10):
            start_ns = time.time_ns() - day * 86_400 * 10**9
            number = opened.add(Session(start_ns, 1800.0, surface="treadmill"))
            opened.add(Pain(start_ns + 3600 * 10**9, 0, "after", number))
            opened.add(Pain(start_ns + 90_000 * 10**9, 0, "24h", number))
    bends = ",".join(
        f"{29.0 if side == 'l' else -29.0}@{30 + 40 * at}+20" for at, side in enumerate(sides)
    )
    minutes = (60 + 40 * len(sides)) / 60.0
    url = f"sim:?minutes={minutes:.2f}&standing_s=2&time_scale=0&rate=50&bend={bends}"
    ended = backstride("live", url, "--surface", "track")
    assert ended.exit_code == 0, ended.err
    return ended.out


def test_bends_are_called_and_the_direction_changes_after_four_laps() -> None:
    said = on_a_track("l" * 8)
    assert said.count("Bend: walk.") == 8
    assert "8 bends to the left in a row: turn round, and run the other way." in said
    assert "All 8 bends went to the left: next time run half of them the other way round." in said


def test_who_changes_direction_is_asked_for_nothing() -> None:
    said = on_a_track("llllrrrr")
    assert said.count("Bend: walk.") == 8
    assert "the other way" not in said


def test_the_weeks_ceiling_is_told_while_running_at_100_percent_and_beyond_110() -> None:
    journal("settings", "--ceiling", "5 km")
    ran(1.2, "4.9 km")
    url = "sim:?minutes=3.5&standing_s=1&time_scale=0&rate=50"
    said = backstride("live", url, "--speed", "12 km/h").out
    assert "5.0 km this week: that is this week's ceiling. Finish here, or walk on." in said
    assert "5.5 km this week: 110 % of this week's ceiling. A good moment to finish." in said


def test_the_longest_run_is_told_at_100_percent_and_beyond_110_however_soon() -> None:
    ran(200, "0.5 km")
    url = "sim:?minutes=3.5&standing_s=1&time_scale=0&rate=50"
    said = backstride("live", url, "--speed", "12 km/h").out
    assert "0.5 km: as far as your longest run of the last 30 days." in said
    assert "110 % of your longest run of the last 30 days. A good moment to finish." in said


def test_an_intensity_that_is_asked_for_can_be_read_and_checked_by_talking() -> None:
    journal("plan", "--start", "--rest", 0)
    a_usual()
    with Journal() as opened:
        opened.change_settings(return_since_ns=time.time_ns() - 86_400 * 10**9)
    said = backstride("live", "sim:?minutes=4&speed=4&standing_s=1&time_scale=0&rate=50").out
    assert "A little easier, below 80 % of your usual: so that you can talk in whole" in said
    assert "highest pulse     185 beats a minute" in journal("settings", "--highest-pulse", 185)
    with JournalAtHand() as at_hand:
        plan, _ = plan_for_run(at_hand, now())
    assert plan.highest_heart_rate_bpm == 185
    effort = effort_of(None, 133.0, plan.highest_heart_rate_bpm)
    words = effort_words(LiveStatus(source="", device="", effort=effort))
    assert words == (
        "Effort 72 % of your highest heart rate. Moderate: you can talk, a few words at a time."
    )


def filed(url: str, *marks: tuple[str, str]) -> tuple[str, ...]:
    """What is said after a run of the simulated runner as if it were a person."""

    with JournalAtHand() as at_hand:
        plan, _ = plan_for_run(at_hand, now())
        options = LiveOptions(companion=plan, filed=True, marks=marks)
        run = asyncio.run(run_live(url, options, Heard(), clock=VirtualClock()))
        return file_and_review(run, at_hand).said


def test_hard_running_before_the_warm_up_is_told_after_the_run_with_its_distance() -> None:
    a_usual()
    said = filed("sim:?minutes=4&speed=4&standing_s=1&time_scale=0&rate=50", ("speed", "14.4 km/h"))
    (told,) = [sentence for sentence in said if "before you were warm" in sentence]
    assert re.match(r"(0\.9|1\.0) km were faster than easy", told)
    assert told.endswith("next time keep the first ten minutes easy.")


def test_that_a_run_had_no_cool_down_is_told_once_a_week(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SessionResult, "closing_cues", (Cue("cool_down.short"),))
    url = "sim:?minutes=0.3&speed=3&standing_s=1&time_scale=0&rate=50"
    assert "ended without a cool-down" in filed(url)[0]
    with Journal() as opened:
        (run,) = opened.entries(Session)
        opened.replace(dataclasses.replace(run, cool_down_s=20.0, simulated=False))
    assert not any("without a cool-down" in sentence for sentence in filed(url))


@pytest.mark.slow
def test_a_run_without_a_cool_down_is_told_so_and_one_with_it_is_praised() -> None:
    url = "sim:?minutes=24&speed=3&standing_s=3&time_scale=0&rate=50&seed=2"
    said = filed(url)
    assert any("ended without a cool-down" in sentence for sentence in said)
    assert "What went well: your form stayed in its usual range to the end." in said
    walked = filed(f"{url}&walk=1260+170")
    assert "You cooled down well: easy at the end, with a walk." in walked


def test_a_week_that_is_full_is_told_after_the_run_that_filled_it() -> None:
    journal("settings", "--ceiling", "5 km")
    said = ran(1.2, "5.2 km")
    assert "5.2 km this week: your ceiling is 5.0 km. Rest or cross-train until" in said


def test_two_surfaces_are_compared_by_the_pain_of_the_day_after() -> None:
    for number in range(6):
        hard = number % 2
        surface = "asphalt" if hard else "trail"
        ran(24 * (20 - 2 * number), "5 km", "--surface", surface)
        journal("pain", 4 if hard else 1, "--when", "24h", "--session", number + 1)
    said = journal("compare", "surface", "trail", "asphalt")
    assert (
        "Pain the day after: asphalt against trail, median +3.0 points; higher in 3 of 3 pairs."
        in said
    )


def test_a_new_pain_is_eased_and_nobody_lies_down_for_long() -> None:
    journal("pain", 5)
    said = journal("week")
    assert "For the first two days cold or heat, whichever eases it" in said
    assert "no more than two days of lying down." in said


def test_a_quick_twist_at_the_desk_is_pointed_out(home: Path) -> None:
    slow = (0, 20_000, *TwistingHistory().counts[2:])
    known_twisting_store(home).save(KnownTwisting(slow, 3, "2026-03-02"))
    said = backstride("desk", "sim:?standing_s=5&minutes=0.5&rate=50&time_scale=0").out
    assert (
        "A quick twist, faster than nearly all of your usual movement. Turn with the feet" in said
    )
