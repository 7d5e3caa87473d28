"""Weeks against a ceiling: the user's, or two miles more than the week before."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from pipelines.coaching.training.weekly import (
    Week,
    WeekSoFar,
    advance_week,
    monday_of,
    week_cues,
    weekly_ceiling_m,
)

MONDAY = date(2026, 3, 2)


def weeks(*distances_m: float) -> list[Week]:
    return [Week(MONDAY + timedelta(weeks=n), d, 1) for n, d in enumerate(distances_m)]


def test_the_default_is_two_miles_more() -> None:
    assert weekly_ceiling_m(weeks(8_000.0, 10_000.0)) == 10_000.0 + 3218.688


def test_the_users_own_ceiling_goes_first() -> None:
    assert weekly_ceiling_m(weeks(10_000.0), own_m=30_000.0) == 30_000.0


def test_a_week_without_running_is_passed_over() -> None:
    assert weekly_ceiling_m(weeks(10_000.0, 0.0)) == 13_218.688


def test_after_a_month_without_running_there_is_no_default() -> None:
    assert weekly_ceiling_m(weeks(10_000.0, 0.0, 0.0, 0.0, 0.0)) is None
    assert weekly_ceiling_m([]) is None


def test_words_below_and_at_the_ceiling() -> None:
    (below,) = week_cues(Week(MONDAY, 9_000.0, 2), 13_000.0)
    assert below.message == "9.0 km this week, 4.0 km below your ceiling of 13.0 km."
    (at,) = week_cues(Week(MONDAY, 13_000.0, 2), 13_000.0, "imperial")
    assert at.message.startswith("8.1 miles this week: your ceiling is 8.1 miles.")
    assert "users' rule of thumb" in at.sources


def test_runs_without_a_distance_are_told() -> None:
    cues = week_cues(Week(MONDAY, 5000.0, 4, 3), None)
    assert [cue.text_id for cue in cues] == ["weekly.no_ceiling", "weekly.unknown"]
    assert cues[1].message.endswith("3.")
    (unknown,) = week_cues(Week(MONDAY, 0.0, 3, 3), None)  # which is not 0 km
    assert unknown.message.startswith("3 runs this week, and no distance is known: say how far")


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)))
def test_a_week_begins_on_monday(day: date) -> None:
    monday = monday_of(day)
    assert monday.weekday() == 0
    assert 0 <= (day - monday).days <= 6


def told_of_a_week(before_m: float, run_m: list[float]) -> list[str]:
    told: frozenset[str] = frozenset()
    said = []
    for distance_m in run_m:
        told, cue = advance_week(told, WeekSoFar(before_m, 20_000.0), 60.0, distance_m)
        said += [] if cue is None else [cue.message]
    return said


def test_the_weeks_ceiling_is_told_at_100_percent_and_again_beyond_110() -> None:
    assert told_of_a_week(17_000.0, [2_900.0, 3_000.0, 4_900.0, 5_000.0, 6_000.0]) == [
        "20.0 km this week: that is this week's ceiling. Finish here, or walk on.",
        "22.0 km this week: 110 % of this week's ceiling. A good moment to finish.",
    ]


def test_a_week_that_is_full_before_the_run_is_told_at_110_percent_alone() -> None:
    assert len(told_of_a_week(20_500.0, [100.0, 1_500.0, 1_600.0])) == 1
    assert told_of_a_week(23_000.0, [100.0, 9_000.0]) == []
