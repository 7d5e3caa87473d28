"""What the runner is promised of the pages' forms: kept as written, refused in one sentence."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from imu.errors import InputError, ParameterError
from pipelines.coaching.training.red_flags import QUESTIONS
from pipelines.runner.journal.advice import words_before_a_run
from pipelines.runner.journal.at_hand import JournalAtHand
from pipelines.runner.journal.database import Journal
from pipelines.runner.journal.entries import (
    Exercise,
    Pain,
    Questionnaire,
    Session,
    Shoe,
    moment,
    utc_ns_of,
)
from pipelines.views.home.answers import Answers
from pipelines.views.home.edits import change
from pipelines.views.home.frame import Frame
from pipelines.views.home.served import HomePages
from pipelines.views.page.setup_screen import SaidBefore
from pipelines.views.page.view import Dashboard
from tests.pipelines.runner.journal.journals import at, pain, run

_NOW = datetime(2026, 3, 4, 20, tzinfo=UTC)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "journal.sqlite3") as opened:
        opened.add(Shoe("Blue pair"))
        opened.add(run(0.0))  # Monday, two days ago
        yield opened


def test_what_pain_says_stands_where_a_run_is_started(journal: Journal) -> None:
    now_ns = utc_ns_of(_NOW)
    page = Dashboard(before_a_run=lambda: SaidBefore(words_before_a_run(journal, now_ns)))
    assert page.shown()["setup"]["warning"] == ""
    change(journal, "pain", {"level": "7", "when": "after", "run": "1"}, _NOW)

    async def watched() -> None:
        async def send(_: dict[str, Any]) -> None: ...

        page.join(send)

    asyncio.run(watched())
    assert page.shown()["setup"]["warning"].startswith("You rated your pain 7, ")


def test_run_is_corrected_and_what_is_emptied_is_taken_back(journal: Journal) -> None:
    fields = {
        "run": "1",
        "distance": "6,2",
        "surface": "track",
        "shoe": "Blue pair",
        "note": "easy",
    }
    change(journal, "run", fields, _NOW)
    session = journal.entry(Session, 1)
    assert (session.distance_m, session.distance_source) == (6200.0, "user")
    assert (session.surface, session.shoe_id, session.note) == ("track", 1, "easy")
    # what the page has written itself is no new statement: it was rounded
    change(journal, "run", {"run": "1", "distance": "6.2 km"}, _NOW)
    assert journal.entry(Session, 1) == session
    change(journal, "run", dict.fromkeys(fields, "") | {"run": "1", "distance": "6.2 km"}, _NOW)
    session = journal.entry(Session, 1)
    assert (session.surface, session.shoe_id, session.note) == ("", None, "")
    assert session.distance_m == 6200.0
    change(journal, "run", {"run": "1", "distance": ""}, _NOW)
    assert journal.entry(Session, 1).distance_m is None
    with pytest.raises(ParameterError, match="a distance that can be run in that time"):
        change(journal, "run", {"run": "1", "distance": "400 km"}, _NOW)
    journal.replace(replace(journal.entry(Session, 1), source_file="run.mcap"))
    told = change(journal, "run", {"run": "1", "distance": "25 km"}, _NOW)
    assert "Nobody runs more than 14.4 km in the time of this recording" in told
    told = change(journal, "run", {"run": "1", "distance": "4 m"}, _NOW)
    assert "4 m in 30:00 is less than anybody runs: was another unit meant?" in told


def test_pain_belongs_to_its_run_and_is_not_cleared_too_early(journal: Journal) -> None:
    told = change(journal, "pain", {"level": "4", "when": "24h", "run": "1", "place": "left"}, _NOW)
    (pain,) = journal.entries(Pain)
    assert (pain.level, pain.when, pain.session_id, pain.place) == (4, "24h", 1, "left")
    (run,) = journal.entries(Session)
    assert pain.utc_ns - run.utc_end_ns == 24 * 3600 * 10**9
    assert told.startswith("Pain 4 of 10 is noted.")
    third = _NOW + timedelta(days=1)
    change(journal, "pain", {"level": "4", "when": "during", "run": "1"}, third)
    told = change(journal, "pain", {"level": "4", "when": "48h", "run": "1"}, third)
    assert "for more than 48 hours" in told
    for one in journal.entries(Pain)[1:]:
        journal.delete(Pain, one.identifier or 0)
    early = _NOW - timedelta(days=2)
    with pytest.raises(ParameterError, match="that run ended"):
        change(journal, "pain", {"level": "0", "when": "24h", "run": "1"}, early)
    told = change(journal, "pain", {"level": "9"}, _NOW)
    assert "warning signs" in told
    assert "backstride" not in told


def test_pain_that_eased_is_told_with_the_most_of_its_run(journal: Journal) -> None:
    journal.add(replace(run(0.0), utc_start_ns=utc_ns_of(_NOW - timedelta(hours=1))))
    change(journal, "pain", {"level": "6", "when": "during", "run": "2"}, _NOW)
    told = change(journal, "pain", {"level": "3", "when": "before", "run": "2"}, _NOW)
    assert "go on" not in told  # with a run that is over
    told = change(journal, "pain", {"level": "1", "when": "after", "run": "2"}, _NOW)
    assert "Pain of 1 now, and up to 6 with this run" in told


def test_pain_now_belongs_to_the_run_it_is_near_and_answers_what_was_asked(
    journal: Journal,
) -> None:
    answers, frame = Answers(journal, Path(), _NOW), Frame("/", "/h/", "journal")
    assert '<option value="">now</option>' in answers.diary_page(frame)
    day_after = _NOW - timedelta(hours=22)  # Tuesday evening
    assert "How is your back" in Answers(journal, Path(), day_after).diary_page(frame)
    told = change(journal, "pain", {"level": "2", "when": "", "run": "1"}, day_after)
    assert "How is your back" not in told
    assert "the day after the run of 2026-03-02" in answers.diary_page(frame)


def test_run_stays_in_the_shoes_that_have_been_retired_since(journal: Journal) -> None:
    change(journal, "run", {"run": "1", "shoe": "Blue pair"}, _NOW)
    change(journal, "shoe", {"name": "Blue pair", "then": "retire"}, _NOW)
    page = Answers(journal, Path(), _NOW).run(Frame("/", "/home/", "runs"), 1)
    assert "<option selected>Blue pair</option>" in page
    change(journal, "run", {"run": "1", "shoe": "Blue pair", "note": "easy"}, _NOW)
    assert journal.entry(Session, 1).shoe_id == 1
    # and another run of before may be moved to them, one of later not
    for day, offered in ((1.0, True), (3.0, False)):
        number = journal.add(run(day))
        page = Answers(journal, Path(), _NOW).run(Frame("/", "/home/", "runs"), number)
        assert ("<option>Blue pair</option>" in page) is offered
    change(journal, "run", {"run": "2", "shoe": "Blue pair"}, _NOW)
    assert journal.entry(Session, 2).shoe_id == 1
    with pytest.raises(ParameterError, match="bring this one back"):
        change(journal, "run", {"run": "3", "shoe": "Blue pair"}, _NOW)


def test_shoe_enters_with_its_distance_retires_and_comes_back(journal: Journal) -> None:
    change(journal, "shoe", {"name": "Red pair", "start": "700", "bought": "2026-01-02"}, _NOW)
    assert journal.entries(Shoe)[1].start_km == 700.0
    change(journal, "shoe", {"name": "Red pair", "start": "0", "bought": "2026-01-02"}, _NOW)
    assert journal.entries(Shoe)[1].start_km == 0.0
    change(journal, "shoe", {"name": "Red pair", "start": "700"}, _NOW)
    change(journal, "shoe", {"name": "Red pair", "then": "retire"}, _NOW)
    with pytest.raises(ParameterError, match="retired"):
        change(journal, "shoe", {"name": "Red pair"}, _NOW)
    change(journal, "shoe", {"name": "Red pair", "then": "back"}, _NOW)
    assert journal.entries(Shoe)[1].retired is None


def test_a_return_that_is_complete_is_told_for_a_week_and_may_begin_anew(journal: Journal) -> None:
    journal.change_settings(return_since_ns=at(1), rest_days=0)
    for day in range(2, 14, 2):
        number = journal.add(run(day))
        journal.add(pain(day, 0, "after", number))
        journal.add(pain(day + 1, 0, "24h", number))
    done = "The return is complete: run as usual, and add no more than about two miles a week."

    def page(day: float) -> str:
        now = moment(at(day, 21.0))
        return Answers(journal, Path(), now).diary_page(Frame("/", "/home/", "journal"))

    assert done in page(13)
    assert "End it</button>" not in page(13)
    assert done not in page(21)
    assert "No return plan is followed." in page(21)
    change(journal, "plan", {"rest": "2"}, moment(at(21)))
    assert journal.settings().return_since_ns == at(21)
    assert "Day 1 of about 2" in page(21)


def test_what_is_due_today_leads_to_what_guides_through_it(journal: Journal) -> None:
    frame = Frame("/", "/home/", "journal")
    page = Answers(journal, Path(), _NOW).diary_page(frame)
    assert 'five minutes. <a href="/home/exercises/core">Core: two sets, guided</a>' in page
    assert '<a href="/home/exercises/stretch">Hamstring stretches, guided</a>' in page
    change(journal, "exercise", {"kind": "core", "minutes": "5"}, _NOW)
    assert "exercises/core" not in Answers(journal, Path(), _NOW).diary_page(frame)


def test_exercise_plan_settings_and_answers_are_kept(journal: Journal) -> None:
    change(journal, "exercise", {"kind": "core", "minutes": "12,5"}, _NOW)
    assert journal.entries(Exercise)[0].minutes == 12.5
    change(journal, "plan", {"rest": "3"}, _NOW)
    page = Answers(journal, Path(), _NOW).diary_page(Frame("/", "/home/", "journal"))
    assert page.count("Day 1 of about 3") == 1 and "End it</button>" in page
    assert journal.settings().rest_days == 3
    assert journal.settings().return_since_ns is not None
    change(journal, "plan", {"then": "stop", "rest": "3"}, _NOW)
    assert journal.settings().return_since_ns is None
    wanted = {"units": "imperial", "height": "5 ft 9 in", "strength": "3", "stretches": "1"}
    change(journal, "settings", wanted, _NOW)
    assert journal.settings().height_m == pytest.approx(69 * 0.0254)
    answers = dict.fromkeys(QUESTIONS, "no")
    with pytest.raises(InputError, match="6 of the questions are open"):
        change(journal, "check", {"sciatica": "yes", "weakness": "no"}, _NOW)
    told = change(journal, "check", {"bladder": "yes"}, _NOW)  # it waits for no other answer
    assert "go to an emergency department now" in told
    assert journal.entries(Questionnaire)[0].answers == dict.fromkeys(answers, False) | {
        "bladder": True
    }


@pytest.mark.parametrize(
    ("what", "fields"),
    [
        ("fly", {}),
        ("run", {"run": "99"}),
        ("run", {"run": "1", "distance": "far"}),
        ("run", {"run": "1", "surface": "lava"}),
        ("run", {"run": "1" * 40}),
        ("pain", {"level": "11"}),
        ("pain", {"level": "³"}),
        ("pain", {"level": "3", "when": "never"}),
        ("exercise", {"kind": "fly", "minutes": "3"}),
        ("exercise", {"kind": "core", "minutes": "nan"}),
        ("shoe", {"name": "  "}),
        ("shoe", {"name": "Blue pair", "start": "-3 km"}),
        ("shoe", {"name": "Blue pair", "bought": "yesterday"}),
        ("shoe", {"name": "Blue pair", "bought": "2026-03-05"}),
        ("plan", {"rest": "61"}),
        ("settings", {"units": "cubits"}),
        ("settings", {"units": "metric", "height": "17", "strength": "2", "stretches": "2"}),
        ("check", {"bladder": "no"}),
        ("delete", {"kind": "run", "number": "1"}),
        ("delete", {"kind": "journal", "number": "1", "sure": "yes"}),
    ],
)
def test_nonsense_is_refused_in_one_sentence_and_changes_nothing(
    journal: Journal, what: str, fields: dict[str, str]
) -> None:
    before = [journal.entries(kind) for kind in (Session, Shoe, Pain, Exercise, Questionnaire)]
    with pytest.raises((ParameterError, InputError)) as refused:
        change(journal, what, fields, _NOW)
    assert "_" not in str(refused.value)
    assert "\n" not in str(refused.value)
    after = [journal.entries(kind) for kind in (Session, Shoe, Pain, Exercise, Questionnaire)]
    assert after == before


def test_what_follows_from_answers_fits_the_pain_and_the_signs(journal: Journal) -> None:
    no = dict.fromkeys(QUESTIONS, "no")
    assert change(journal, "check", no, _NOW) == "None of these signs. Coaching goes on."
    change(journal, "pain", {"level": "7", "when": "other"}, _NOW)
    told = change(journal, "check", no, _NOW + timedelta(minutes=1))
    assert "No training is suggested until you have rated it 3 or less" in told
    assert "goes on" not in told


def test_an_emergency_is_told_as_it_is_whatever_is_done_on_the_page(journal: Journal) -> None:
    answers = dict.fromkeys(QUESTIONS, "no") | {"bladder": "yes"}
    sign = change(journal, "check", answers, _NOW)
    assert sign.startswith("Stop running and go to an emergency department now, because")
    with pytest.raises(InputError) as refused:
        change(journal, "plan", {"rest": "3"}, _NOW)
    assert str(refused.value) == sign
    told = change(journal, "pain", {"level": "2", "when": "other"}, _NOW)
    assert sign in told
    assert "walk home" not in told


def test_a_refused_height_is_told_in_the_units_of_the_page(journal: Journal) -> None:
    fields = {"units": "imperial", "height": "9 ft", "strength": "2", "stretches": "2"}
    with pytest.raises(ParameterError, match="a height from 3 ft 4 in to 8 ft 2 in"):
        change(journal, "settings", fields, _NOW)


def test_run_is_deleted_with_its_pain_when_that_is_meant(journal: Journal) -> None:
    change(journal, "pain", {"level": "4", "when": "after", "run": "1"}, _NOW)
    change(journal, "delete", {"kind": "run", "number": "1", "sure": "yes"}, _NOW)
    assert journal.entries(Session) == []
    assert journal.entries(Pain) == []


def test_questions_stand_on_every_page_while_pain_calls_for_them(journal: Journal) -> None:
    answers = Answers(journal, Path(), _NOW)
    assert not answers.questions_due()
    change(journal, "pain", {"level": "7", "when": "after", "run": "1"}, _NOW)
    assert "worth a few questions" in answers.questions_due()
    change(journal, "check", dict.fromkeys(QUESTIONS, "no"), _NOW)
    assert not answers.questions_due()


def test_pain_that_was_said_of_no_run_stands_with_the_run_it_is_near(journal: Journal) -> None:
    """As ``journal pain 3`` notes it, an hour after the run; and one that is near none."""
    begin_ns = run(0.0).utc_start_ns
    journal.add(Pain(begin_ns + 90 * 60 * 10**9, 3, place="left"))
    journal.add(Pain(begin_ns - 200 * 3600 * 10**9, 6))
    answers, frame = Answers(journal, Path(), _NOW), Frame("/", "/home/", "runs")
    assert "3 of 10, after it, left" in answers.run(frame, 1)
    assert "3 after it" in answers.runs(frame)
    assert 'data-label="Pain">3<' in answers.months(frame)
    assert "3 of 10, after the run of 2026-03-02 18:00, left" in answers.diary_page(frame)
    assert "6 of 10, not with a run" in answers.diary_page(frame)
    assert "2026-03-02 19:30: 3 of 10, after the run of 2026-03-02 18:00" in answers.letter(frame)


def test_pain_said_later_of_an_old_run_is_of_its_day_and_stops_nobody(journal: Journal) -> None:
    fields = {"level": "7", "when": "during", "run": "1"}
    told = change(journal, "pain", fields, _NOW + timedelta(days=30))
    assert "stop this run" not in told
    assert "no run until" not in told
    (pain,) = journal.entries(Pain)
    assert pain.day == run(0.0).day
    assert "7 of 10, during it" in Answers(journal, Path(), _NOW).run(Frame("/", "/h/", "runs"), 1)


def test_what_does_good_between_runs_stands_with_the_exercises(journal: Journal) -> None:
    said = Answers(journal, Path(), _NOW).exercises(Frame("/", "/h/", "exercises"))
    assert "Sitting or standing: change your position after ten minutes" in said
    assert "Turning: move your feet along instead of twisting your back" in said
    for name in ("Warm-up", "Cool-down", "Core: two sets", "Balance", "Hamstring"):
        assert name in said


def test_a_cool_down_is_offered_after_a_run_and_not_days_later(journal: Journal) -> None:
    frame, ended = Frame("/", "/home/", "runs"), run(0.0).utc_end_ns
    for hours, offered in ((1, True), (48, False)):
        now = datetime.fromtimestamp(ended / 1e9 + 3600.0 * hours, UTC)
        assert ("a guided cool-down" in Answers(journal, Path(), now).run(frame, 1)) is offered
    soon = datetime.fromtimestamp(ended / 1e9 + 3600.0, UTC)
    change(journal, "pain", {"level": "7", "when": "after", "run": "1"}, soon)
    assert "a guided cool-down" not in Answers(journal, Path(), soon).run(frame, 1)


def test_pain_in_a_run_that_is_just_over_is_told_as_after_it(journal: Journal) -> None:
    told = change(journal, "pain", {"level": "7", "when": "during", "run": "1"}, _NOW)
    assert "no run until it is 3 or less again" in told


def test_no_pain_is_asked_for_of_a_simulated_run(journal: Journal) -> None:
    simulated = journal.add(run(1.0, simulated=True))
    answers, frame = Answers(journal, Path(), _NOW), Frame("/", "/h/", "journal")
    assert 'name="run" value="1"' in answers.diary_page(frame)
    assert 'name="level"' not in answers.run(frame, simulated)
    assert "<svg" not in answers.runs(frame)  # nothing was measured, so nothing is drawn


def test_pain_of_a_run_that_goes_on_is_rated_on_its_page(tmp_path: Path) -> None:
    with JournalAtHand(tmp_path / "own.sqlite3") as at_hand:
        at_hand.open().add(run(0.0))
        pages = HomePages(at_hand, now=lambda: _NOW, run_goes_on=lambda: True)
        for when in ("other", "during", "after"):
            with pytest.raises(InputError, match="a run is going on: rate the pain on its page"):
                pages._changed("pain", {"level": "7", "when": when, "run": "1"}, False)
        assert at_hand.open().entries(Pain) == []
        pages._changed("pain", {"level": "2", "when": "24h", "run": "1"}, False)
