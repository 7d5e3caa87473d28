"""Strength on days that do not follow one another; stretches twice a day, held long enough."""

from __future__ import annotations

import itertools
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imu.errors import ParameterError
from pipelines.coaching.training.strength import (
    StretchPlan,
    counted_days,
    strength_cue,
    stretch_cue,
    stretch_timer,
)

MONDAY = date(2026, 3, 2)


def day(number: int) -> date:
    """Day of the week from Monday 0."""
    return MONDAY + timedelta(days=number)


def told(days: list[int], today: int, target: int = 2) -> str:
    return strength_cue([day(n) for n in days], day(today), target).text_id


def test_two_days_apart_are_done() -> None:
    assert told([0, 2], 2) == "strength.done"
    assert told([0, 3], 6) == "strength.done"


def test_consecutive_days_count_once() -> None:
    assert told([0, 1], 1) == "strength.wait"
    assert told([0, 1], 3) == "strength.open"


def test_a_day_lies_between() -> None:
    assert told([1], 2) == "strength.wait"
    assert told([-1], 0) == "strength.wait"  # last Sunday counts against Monday


def test_today_would_suit_after_three_days_or_when_time_gets_short() -> None:
    assert told([-3], 0) == "strength.due"
    assert told([], 2) == "strength.due"
    assert told([1], 4) == "strength.due"
    assert told([4], 6) == "strength.due"


def test_when_the_week_is_too_short_that_is_said() -> None:
    assert told([], 6) == "strength.late"
    assert told([], 4) == "strength.due"
    assert told([5], 6) == "strength.late"


def test_a_target_of_four_days_fits_a_week_exactly() -> None:
    assert told([], 0, target=4) == "strength.due"
    assert told([0, 2, 4, 6], 6, target=4) == "strength.done"
    assert told([], 1, target=4) == "strength.late"


@given(st.sets(st.integers(0, 30)))
def test_counted_days_never_follow_one_another_and_none_that_could_count_is_left_out(
    numbers: set[int],
) -> None:
    days = sorted(day(n) for n in numbers)
    counted = counted_days(days)
    assert all((b - a).days >= 2 for a, b in itertools.pairwise(counted))
    for item in days:
        assert any((item - other).days in {0, 1} for other in counted)


@given(st.sets(st.integers(-7, 6)), st.integers(0, 6), st.integers(1, 4))
def test_every_week_gives_words(numbers: set[int], today: int, target: int) -> None:
    assert strength_cue([day(n) for n in numbers], day(today), target).message


# ---------------------------------------------------------------------------------------- stretches


def at(hour: float, days: int = 0) -> datetime:
    return datetime(2026, 3, 2) + timedelta(days=days, hours=hour)


def test_hamstrings_twice_a_day() -> None:
    first = stretch_cue([], at(8))
    assert first is not None
    assert first.message.startswith("Hamstring stretches today: 0 of 2.")
    assert stretch_cue([at(8)], at(11)) is None
    assert stretch_cue([at(8)], at(13)) is not None
    assert stretch_cue([at(8), at(13)], at(20)) is None


def test_nobody_is_woken_and_yesterday_does_not_count() -> None:
    assert stretch_cue([], at(6.9)) is None
    assert stretch_cue([], at(22)) is None
    assert stretch_cue([at(9, -1), at(19, -1)], at(9)) is not None


def test_no_target_no_reminder() -> None:
    assert stretch_cue([], at(9), target=0) is None


@given(hold_s=st.floats(30, 60), rounds=st.integers(1, 10), change_s=st.floats(2, 60))
def test_the_timer_holds_each_side_as_long_as_asked(
    hold_s: float, rounds: int, change_s: float
) -> None:
    cues = stretch_timer(StretchPlan(hold_s, rounds, change_s))
    holds = [n for n, cue in enumerate(cues) if cue.text_id == "stretch.hold"]
    assert len(holds) == 2 * rounds
    for n in holds:
        assert cues[n + 1].time_s - cues[n].time_s == pytest.approx(hold_s)
    sides = [cues[n].numbers["side"] for n in holds]
    assert sides == ["Left", "Right"] * rounds
    assert cues[-1].text_id == "stretch.done"
    assert [cue.time_s for cue in cues] == sorted(cue.time_s for cue in cues)


@pytest.mark.parametrize("hold_s", [29.0, 61.0, float("nan")])
def test_holds_are_thirty_to_sixty_seconds(hold_s: float) -> None:
    with pytest.raises(ParameterError, match="hold_s"):
        StretchPlan(hold_s)
