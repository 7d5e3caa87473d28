"""Pain as a runner notes it: it belongs to a run, is judged at once, and its rules speak."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest

from pipelines.runner.journal.database import Journal
from pipelines.runner.journal.entries import Pain, Session
from pipelines.runner.journal.queries import pains_of_runs
from tests.pipelines.command_line import backstride, command, environment
from tests.pipelines.runner.journal.typed import journal, refused
from tests.warm_process import finished

NOW = datetime.now().astimezone()
TIP = "Strength this week"


def ago(**past: float) -> str:
    return (NOW - timedelta(**past)).isoformat(timespec="minutes")


def ran(**past: float) -> None:
    """A run of half an hour that began so long ago."""
    journal("add", "--at", ago(**past), "--minutes", 30, "--distance", "5 km")


def test_plain_pain_belongs_to_the_run_that_it_is_near() -> None:
    ran(hours=50)
    ran(hours=2)
    journal("pain", 1, "--at", ago(hours=51))
    journal("pain", 2, "--at", ago(hours=49.75))
    journal("pain", 3, "--at", ago(hours=26))
    said = journal("pain", 4)
    assert "Pain of 4 with this run: make the next one shorter and easier" in said
    with Journal() as opened:
        first, second = (pain for _, pain in pains_of_runs(opened))
    assert (first.before, first.during, first.next_day) == (1, 2, 3)
    assert (second.before, second.after) == (None, 4)
    listed = journal("pain").splitlines()
    assert listed[-1].endswith("4 of 10, after run 2 by its time")
    assert "3 of 10, the day after run 1 by its time" in listed[2]


def test_who_has_just_rated_the_pain_is_not_asked_for_it() -> None:
    start = datetime.now().astimezone() - timedelta(hours=44)
    journal("add", "--at", start.isoformat(timespec="minutes"), "--minutes", 30)
    assert "How is your back, from 0 (no pain) to 10? Your last run ended" in journal("week")
    assert "How is your back" not in journal("pain", 2, "--when", "before")
    assert "How is your back" not in journal("week")


def test_a_pain_that_is_to_be_noted_today_is_asked_for_once() -> None:
    ran(hours=25)
    journal("pain", 3, "--at", ago(hours=24))
    said = journal("week")
    assert "Note how it is today" in said
    assert "How is your back" not in said


def test_pain_that_was_more_within_the_run_is_not_made_light_of_after_it() -> None:
    ran(hours=1.5)
    journal("pain", 7, "--at", ago(hours=1.2))
    told = "now, and up to 7 with this run: make the next one shorter and easier"
    assert f"Pain of 1 {told}" in journal("pain", 1)
    assert f"Pain of 0 {told}" in journal("pain", 0, "--when", "after", "--session", 1)


def test_pain_before_a_run_that_is_over_is_none_of_that_run() -> None:
    ran(hours=3)
    for level, hours in ((1, 6), (3, 4)):
        said = journal("pain", level, "--at", ago(hours=hours))
        assert not re.search("with this run|go on", said)
    assert "Pain of 1 with this run: within 0 to 3." in journal("pain", 1, "--at", ago(hours=2))
    assert "with this run" not in journal("pain", 4, "--at", ago(hours=3.5))
    assert "run" not in journal("pain", 0, "--session", 1, "--when", "during").splitlines()[0]
    assert "Pain of 4 with this run: make" in journal("pain", 4, "--at", ago(hours=1))
    assert "Pain of 2 now, and up to 4 with this run" in journal("pain", 2)


def test_pain_before_the_run_is_of_the_run_that_follows() -> None:
    ran(hours=30)
    journal("pain", 3, "--when", "before", "--at", ago(hours=1.5))
    ran(hours=1)
    with Journal() as opened:
        assert [item.before for _, item in pains_of_runs(opened)] == [None, 3]


def test_where_it_belongs_is_corrected() -> None:
    ran(hours=2)
    journal("pain", 2, "--at", ago(hours=1), "--place", "left", "--quality", "dull")
    assert "after run 1 by its time" in journal("pain")
    said = journal("pain", "--number", 1, "--when", "other", "--activity", "gardening")
    assert said.endswith("2 of 10, left, dull, with gardening\n")
    assert "before run 1" in journal("pain", "--number", 1, "--when", "before", "--session", 1)
    assert "7: give" in refused("pain", 3, "--number", 7)
    assert "pain 1 is taken back" in journal("pain", "--number", 1, "--take-back")
    assert "no pain noted yet" in journal("pain")
    assert "give the --number of the note too" in refused("pain", "--take-back")
    said = journal("edit", 1, "--surface", "track", "--shoe", "Red", "--effort", 8)
    assert "5.0 km (as stated), on track, in Red, effort 8 of 10" in said


def test_a_correction_leaves_no_rating_without_a_run_unsaid() -> None:
    ran(hours=2)
    journal("pain", 2, "--when", "after", "--at", ago(hours=1))
    # as when it is noted: the day after would clear the run of pain, and no run is near
    assert "24 hours have not passed" in refused("pain", "--number", 1, "--when", "24h")
    assert "no run began before it" in refused("pain", "--number", 1, "--at", ago(days=9))
    assert "2 of 10, after run 1 by its time" in journal("pain")
    said = journal("pain", "--number", 1, "--when", "before")
    assert "no run is near that time; give the number of its run as --session." in said
    assert "before run 1" in journal("pain", "--number", 1, "--session", 1)


def test_pain_after_a_run_is_of_no_simulated_one() -> None:
    ran(hours=3)
    with Journal() as opened:
        hour_ns = time.time_ns() - 3600 * 10**9
        opened.add(Session(hour_ns, 600.0, simulated=True))
    journal("pain", 4, "--when", "after")
    assert "4 of 10, after run 1 by its time" in journal("pain")


def test_deleting_a_run_leaves_the_pain_that_was_placed_by_its_time() -> None:
    ran(hours=2)
    journal("pain", 2, "--at", ago(hours=1))
    journal("delete", 1, answers="y\n")
    assert journal("pain").endswith("2 of 10\n")


def test_steady_pain_after_runs_is_for_a_specialist() -> None:
    for day in (9, 7, 5, 3):
        ran(days=day)
        journal("pain", 4, "--at", ago(days=day, hours=-1))
    said = journal("pain", 0)
    assert "Pain of 3 or more after 4 of your last 4 runs: pain that is steady" in said
    assert "for a specialist to look at" in said


def test_pain_that_rises_from_before_to_after_is_for_a_specialist() -> None:
    for day in (7, 5, 3):
        journal("pain", 0, "--at", ago(days=day, hours=0.5))
        ran(days=day)
        journal("pain", 2, "--at", ago(days=day, hours=-1))
    said = journal("pain", 0)
    assert "Pain rose by 2 points or more in 3 of your last 3 runs." in said


def test_what_brings_symptoms_is_found() -> None:
    for day in (20, 12, 4):
        journal("pain", 2, "--at", ago(days=day), "--activity", "Gardening")
    said = journal("pain", 1, "--activity", "sitting")
    assert "Gardening came with pain in 3 of your last 4 notes that name an activity" in said


def test_while_pain_is_high_or_unanswered_nothing_is_suggested() -> None:
    assert TIP in journal("week")
    said = journal("pain", 5)
    assert "cold or heat, whichever eases it" in said
    assert TIP not in journal("week")
    journal("pain", 2)
    assert TIP in journal("week")
    assert "journal check" in journal("pain", 1, "--quality", "tingling in the foot")
    assert TIP not in journal("week")
    journal("check", "--no-others")
    assert TIP in journal("week")


def test_a_rating_and_its_questions_stand_until_there_is_another() -> None:
    journal("pain", 7, "--at", ago(days=20))
    said = journal("week")
    assert "You rated your pain 7, 20 days ago: walk, or leave the run for another day." in said
    assert "No training is suggested until" in said
    assert "The questions about signs for a doctor are not answered yet." in said
    journal("pain", 2)
    said = journal("week")
    assert TIP not in said
    assert "The questions about signs for a doctor are not answered yet." in said
    journal("check", "--no-others")
    assert TIP in journal("week")


def test_a_simulated_run_hurts_nobody_even_where_pain_is_said_of_it() -> None:
    journal("plan", "--start", "--rest", 0)
    with Journal() as opened:
        opened.change_settings(return_since_ns=time.time_ns() - 9 * 24 * 3600 * 10**9)
        for day in (8, 6):
            begun_ns = time.time_ns() - day * 24 * 3600 * 10**9
            opened.add(Session(begun_ns, 1800.0, simulated=True))
        opened.add(Session(time.time_ns() - 2 * 3600 * 10**9, 1800.0, simulated=True))
    for number in (1, 2):
        for moment in ("after", "24h"):
            journal("pain", 0, "--when", moment, "--session", number)
    said = journal("week")
    assert "Stage 1 of 3: treadmill" in said
    assert "Your last run ended" not in said
    assert "pain 0 after, 0 after 24 h" in journal("list")


def test_a_moment_of_a_run_that_is_days_away_wants_its_number() -> None:
    ran(hours=130)
    said = refused("pain", 3, "--when", "during")
    assert said.endswith(
        "give 'other', or the number of its run as --session: run 1 ended 5 days ago."
    )
    told = journal("pain", 7, "--when", "during", "--session", 1)
    assert "stop this run" not in told
    assert "pain 7 during" in journal("list")
    with Journal() as opened:
        (pain,), (session,) = opened.entries(Pain), opened.entries(Session)
        assert pain.utc_ns == session.utc_start_ns + round(session.duration_s * 1e9)


def test_what_is_held_back_is_told_with_the_week() -> None:
    ran(hours=3)
    journal("pain", 7)
    said = journal("week")
    assert "You rated your pain 7, just now: walk, or leave the run for another day." in said
    assert "No training is suggested until" in said
    asked = "The questions about signs for a doctor are not answered yet."
    assert said.index(asked) < said.index("Answer them with: backstride journal check")


def test_pain_below_the_knee_eases_until_it_is_gone() -> None:
    said = journal("check", "--yes", "sciatica", "--no-others")
    assert "because pain shoots below the knee: walk home if you are out" in said
    assert TIP not in journal("week")
    journal("check", "--no-others")
    assert TIP in journal("week")


@pytest.mark.parametrize(
    "words",
    [
        ("--place", "left thigh"),
        ("--place", "hamstring"),
        ("--place", "private parts"),
        ("--quality", "pins and needles"),
        ("--quality", "I cannot pee"),
        ("--activity", "lifting, then numb"),
    ],
)
def test_words_of_the_questions_call_for_them(words: tuple[str, str]) -> None:
    assert "questions" not in journal("pain", 1, "--quality", "after heel-strike, in new shoes")
    assert "questions" not in journal("pain", 1, "--activity", "calf raises")
    assert "Pain of 1 is worth a few questions" in journal("pain", 1, *words)


def test_words_noted_of_a_run_that_hurt_call_for_the_questions_too() -> None:
    ran(hours=2)
    journal("edit", 1, "--note", "tired legs, then pins and needles")
    assert "questions" not in journal("pain", 0)
    assert "Pain of 1 is worth a few questions" in journal("pain", 1)


def test_bladder_signs_are_for_the_emergency_department_now() -> None:
    said = journal("check", "--yes", "bladder", "--no-others")
    told = "go to an emergency department now, because passing or holding water"
    assert told in said
    # and stay so until somebody has cleared them
    for lighter in (("--yes", "sciatica"), ()):
        assert told in journal("check", *lighter, "--no-others")
        assert told in journal("week")
    # whom a doctor has cleared, and whose leg still hurts, is asked for that as well
    said = journal("check", answers="y\n" + 7 * "n\n" + "y\n")
    assert told not in said.splitlines()[-1]
    assert "pain shoots" in journal("week")
    assert "Coaching goes on" in journal("check", "--no-others", "--cleared")


def test_a_yes_counts_where_the_other_questions_are_left(monkeypatch: pytest.MonkeyPatch) -> None:
    def answers() -> Iterator[str]:
        yield from ("n\n", "n\n", "n\n", "n\n", "y\n")
        raise KeyboardInterrupt

    given = answers()
    monkeypatch.setattr("sys.stdin", SimpleNamespace(readline=lambda: next(given)))
    left = backstride("journal", "check")
    assert "now, because the skin between your legs is numb." in left.out
    assert left.exit_code != 0
    assert "go to an emergency department now" in journal("week")


def test_the_questions_can_be_put_off_and_stay_open() -> None:
    journal("pain", 7)
    assert "They stay open. Answer them with:" in journal("check", answers="n\nlater\n")
    assert "The questions about signs for a doctor are not answered yet." in journal("week")
    assert "bladder" not in journal("check", answers="n\ny\nlater\n")
    assert "because a leg is weaker" in journal("week")


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminal")
def test_in_a_terminal_the_questions_are_asked_at_once() -> None:
    import pty

    outer, inner = pty.openpty()
    os.write(outer, b"n\n" * 4 + b"y\n" + b"n\n" * 3)
    done = finished(command("journal", "pain", "7"), stdin=inner, env=environment())
    assert done.returncode == 0
    os.close(inner)
    os.close(outer)
    assert "Pain of 7: leave the run for another day." in done.stdout
    assert "Does pain shoot down a leg, below the knee?" in done.stdout
    assert "now, because the skin between your legs is numb." in done.stdout
