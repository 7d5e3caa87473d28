"""What a physiotherapist is promised of the letter: pain, load and form, with what they rest on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from pipelines.coaching.training.red_flags import QUESTIONS
from pipelines.runner.journal.database import Journal
from pipelines.runner.journal.entries import Questionnaire, Shoe
from pipelines.runner.last_letter import handed_over_store
from pipelines.views.home.answers import Answers
from pipelines.views.home.diary import FORM
from pipelines.views.home.frame import Frame
from pipelines.views.home.letter import letter_of, summary_of
from pipelines.views.home.pictures import month_figure
from tests.pipelines.runner.journal.journals import at, pain, run

#: A Sunday: the letter is of the Mondays 2 February to 23 February 2026, and that week.
_TODAY = date(2026, 3, 1)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "journal.sqlite3") as opened:
        opened.add(Shoe("Blue pair", start_km=100.0))
        for place, lean in enumerate((4.0, 4.2, 3.8, 4.0)):  # before
            opened.add(run(-70.0 + 7.0 * place, 4.0, means={"sacral_lean_deg": lean}))
        for place, lean in enumerate((6.0, 6.2, 5.8)):  # 2, 11 and 20 days before
            means = {"sacral_lean_deg": lean}
            opened.add(run(-20.0 + 9.0 * place, 5.0, means=means, surface="track", shoe_id=1))
        opened.add(pain(-20.0, 2, "after", 5))
        opened.add(pain(-2.0, 5, "after", 7))
        opened.add(pain(-60.0, 8))  # long over
        yield opened


@pytest.fixture
def new(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "new.sqlite3") as opened:
        yield opened


def test_letter_tells_four_weeks_of_pain_load_surfaces_and_shoes(journal: Journal) -> None:
    letter = letter_of(journal, _TODAY)
    assert [(len(week.sessions), week.worst_pain) for week in letter.weeks] == [
        (0, None),
        (1, 2),
        (1, None),
        (1, 5),
    ]
    assert letter.diary.distance_m == 15_000.0
    assert {name: len(runs) for name, runs in letter.diary.by_tag("surface").items()} == {
        "track": 3
    }
    assert letter.odometers_m == {1: 115_000.0}
    assert [one.pain.level for one in letter.diary.pains] == [2, 5]
    assert letter.changes("metric") == ["This is the first letter."]


def test_pain_and_what_was_said_of_the_runs_stand_on_every_plot(journal: Journal) -> None:
    pytest.importorskip("matplotlib")
    diary = letter_of(journal, _TODAY).diary
    figure = month_figure(diary, FORM, "letter", "")
    assert "surfaces: ■ track" in figure
    # the day of a 5 in four rows of form, pain, load, surfaces and shoes; that of a 2 in none
    assert figure.count("stroke-dasharray") == 8


def test_a_little_pain_is_not_coloured_as_one_that_asks_for_a_change(
    tmp_path: Path, journal: Journal
) -> None:
    answers = Answers(journal, tmp_path, datetime(2026, 3, 1, 20, tzinfo=UTC))
    listed = answers.runs(Frame("/", "/home/", "runs"))
    assert listed.count("pain: ") == 2
    assert re.findall(r'class="pain">pain: (\d)', listed) == ["5"]


def test_weeks_are_those_of_the_ceiling_and_what_is_not_known_is_no_zero(
    tmp_path: Path, new: Journal
) -> None:
    answers = Answers(new, tmp_path, datetime(2026, 3, 18, 20, tzinfo=UTC))
    empty = answers.letter(Frame("/", "/h/", "letter"))
    assert empty.count("before the journal began") == 4
    assert "Surfaces and shoes" not in empty
    assert "<svg" not in empty + answers.months(Frame("/", "/h/", "months"))
    new.add(run(14, 5.0))  # a Monday, 16 March
    new.add(run(16, None))
    said = answers.letter(Frame("/", "/h/", "letter"))
    rows = re.findall(r'<th scope="row">(2026-0\d-\d\d[^<]*)</th>(.*?)</tr>', said)[:5]
    assert [when for when, _ in rows] == [
        "2026-02-16",
        "2026-02-23",
        "2026-03-02",
        "2026-03-09",
        "2026-03-16, so far",
    ]
    assert ["before the journal began" in row for _, row in rows] == [True] * 4 + [False]
    assert "5.0 km (1 not known)" in rows[4][1]
    assert "2 runs, 5.0 km (1 not known)" in said  # on no surface
    assert "0.0 km" not in said


def test_what_differs_by_less_than_is_shown_has_not_changed(new: Journal) -> None:
    for day, lean in ((-68.0, 5.0), (-61.0, 5.001), (-54.0, 5.0), (-9.0, 5.02), (-8.0, 5.021)):
        new.add(run(day, None, means={"sacral_lean_deg": lean}))
    new.add(run(-7.0, None, means={"sacral_lean_deg": 5.02}))
    letter = letter_of(new, _TODAY)
    assert letter.form[0].difference > letter.form[0].half_width
    assert "no change" in letter.form[0].words
    # and where nobody knows how far they were it is not 0 km
    said = Answers(new, Path(), datetime(2026, 3, 1, 20, tzinfo=UTC)).letter(
        Frame("/", "/h/", "letter")
    )
    assert "3 runs, no known distance, no pain was rated." in said
    assert ">0.02<" not in said  # an axis of no distance has no numbers
    assert summary_of(letter).distance_m is None
    later = letter_of(new, _TODAY, summary_of(letter))
    assert (
        later.changes("metric")[1] == "3 runs and no known distance (was 3 and no known distance)."
    )


def test_surfaces_and_shoes_are_compared_among_the_months_and_shoes_say_what_they_lack(
    new: Journal,
) -> None:
    blue, red = new.add(Shoe("Blue", start_km=100.0)), new.add(Shoe("Red"))
    for day, (surface, shock, shoe) in enumerate([("asphalt", 4.0, blue), ("grass", 3.0, red)] * 3):
        means = {"impact_shock_g": shock}
        new.add(run(day - 12, None, means=means, surface=surface, shoe_id=shoe))
    new.add(run(-5, None, surface="track"))
    answers = Answers(new, Path(), datetime(2026, 3, 1, 20, tzinfo=UTC))
    months = answers.months(Frame("/", "/h/", "months"))
    assert "Impact shock: grass against asphalt, median -25.0 %; higher in 0 of 3 pairs." in months
    assert "Impact shock: Red against Blue, median -25.0 %; higher in 0 of 3 pairs." in months
    assert months.count("a tendency, not a cause") == 1
    assert "track has" not in months
    lacks = "100.0 km and 3 runs of no known distance"
    assert f"Blue, {lacks}" in answers.diary_page(Frame("/", "/h/", "journal"))
    assert f"in all {lacks}" in answers.letter(Frame("/", "/h/", "letter"))


def test_form_is_compared_with_the_weeks_before_by_welch(journal: Journal) -> None:
    lean, shock, *_ = letter_of(journal, _TODAY).form
    assert lean.difference == pytest.approx(2.0)
    # the standard error is sqrt(0.04 / 3 + 0.0266… / 4); Welch's 4.07 degrees of freedom: t = 2.757
    assert lean.half_width == pytest.approx(2.757 * 0.14142, abs=0.01)
    assert lean.words == "changed from the baseline"
    assert "fewer than three" in shock.words


def test_runs_that_are_all_alike_differ_by_nothing(journal: Journal) -> None:
    for day in (-68.0, -61.0, -54.0, -9.0, -8.0, -7.0):
        journal.add(run(day, means={"cadence_spm": 170.0}))
    cadence = letter_of(journal, _TODAY).form[3]
    assert (cadence.difference, cadence.half_width) == (0.0, 0.0)
    assert "no change" in cadence.words


def test_next_letter_tells_what_changed_since(journal: Journal, tmp_path: Path) -> None:
    store = handed_over_store(tmp_path)
    store.save(summary_of(letter_of(journal, _TODAY)))
    journal.add(pain(-0.5, 1))
    told = letter_of(journal, date(2026, 3, 8), store.load().value).changes("metric")
    assert told[0] == "Worst pain 5 of 10 (was 5 of 10)."
    assert told[1] == "3 runs and 15.0 km (was 3 and 15.0 km)."
    assert any("pelvic lean" in one and "was 6.0°" in one for one in told)


def test_a_yes_of_these_weeks_stays_in_the_letter_until_it_is_cleared(journal: Journal) -> None:
    no = dict.fromkeys(QUESTIONS, False)
    journal.add(Questionnaire(at(-3), no | {"bladder": True}))
    journal.add(Questionnaire(at(-2), no))
    answers = Answers(journal, Path(), datetime(2026, 3, 1, 20, tzinfo=UTC))
    frame = Frame("/", "/h/", "letter")
    said = answers.letter(frame)
    assert "No professional has cleared running since a yes." in said
    assert said.index("no to all questions.") < said.index("yes to:")
    assert "Has passing or holding water or stool changed" in said
    journal.add(Questionnaire(at(-1), no, cleared=True))
    assert "No professional" not in answers.letter(frame)
