"""Pain over days: whom to see, and when a rating is due."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imu.errors import ParameterError
from pipelines.coaching.training.pain import (
    PainNote,
    PainTier,
    RunPain,
    TierFinding,
    check_cue,
    due_ratings,
    pain_tier,
    relief_cues,
)
from pipelines.coaching.training.traffic_light import CHANGE_FROM

HOUR = 3600 * 10**9
START = 1_767_225_600 * 10**9


def notes(*ratings: tuple[float, int]) -> list[PainNote]:
    """Ratings as (hours since the start, level)."""
    return [PainNote(START + round(hours * HOUR), level) for hours, level in ratings]


def test_heat_or_cold_is_for_a_new_pain_that_changes_what_one_does() -> None:
    told = {
        (level, hours): len(relief_cues(notes((0, level)), START + hours * HOUR))
        for level in (1, CHANGE_FROM - 1, CHANGE_FROM, 9)
        for hours in (1, 72)
    }
    assert told == {key: int(key in {(CHANGE_FROM, 1), (9, 1)}) for key in told}


def judged(*ratings: tuple[float, int], now_h: float | None = None) -> TierFinding:
    now = ratings[-1][0] if now_h is None else now_h
    return pain_tier(notes(*ratings), [], START + round(now * HOUR))


def names(finding: TierFinding) -> list[str]:
    return [cue.text_id for cue in finding.cues]


def test_no_pain_is_no_finding() -> None:
    assert names(pain_tier([], [], START)) == []
    assert judged((0, 0), (24, 0)).tier is PainTier.NONE


@pytest.mark.parametrize(
    ("ratings", "now_h", "told", "words"),
    [
        ([(0, 3)], 0.0, "pain.watch", "Pain noted just now. Note it again after 24 and 48 hours"),
        ([(0, 3)], 0.5, "pain.watch", "Pain noted less than an hour ago."),
        ([(0, 3)], 1.2, "pain.watch", "Pain noted 1 hour ago."),
        ([(0, 3), (6, 2)], 6.0, "pain.watch", "again after 24 and 48 hours"),
        ([(0, 3), (24, 2)], 24.0, "pain.watch_second", "again 48 hours after it began"),
        ([(0, 3)], 26.0, "pain.watch_today", "Pain noted 26 hours ago. Note how it is today"),
        ([(0, 3)], 40.0, "pain.watch_today", "Pain noted 40 hours ago. Note how it is today"),
        ([(0, 3)], 120.0, "pain.watch_today", "Pain noted 5 days ago."),
        ([(0, 3), (24, 2)], 50.0, "pain.watch_today", "Note how it is today"),
        ([(0, 3), (24, 3), (48, 3)], 48.0, "pain.watch_noted", "noted just now, two days after"),
        ([(0, 3), (48, 3)], 60.0, "pain.watch_noted", "Pain noted 12 hours ago, two days after"),
    ],
)
def test_fresh_pain_is_watched_and_what_has_been_noted_is_not_asked_for_again(
    ratings: list[tuple[float, int]], now_h: float, told: str, words: str
) -> None:
    finding = judged(*ratings, now_h=now_h)
    assert (finding.tier, names(finding)) == (PainTier.WATCH, [told])
    assert words in finding.cues[0].message


def test_more_than_48_hours_is_for_a_physiotherapist() -> None:
    finding = judged((0, 3), (24, 3), (48.5, 2))
    assert finding.tier is PainTier.PHYSIOTHERAPIST
    assert names(finding) == ["pain.physiotherapist_lasting"]


def test_growing_pain_is_for_a_physiotherapist() -> None:
    finding = judged((0, 2), (24, 4))
    assert names(finding) == ["pain.physiotherapist_worse"]
    assert "2 points more than when it began" in finding.cues[0].message


def test_within_the_day_it_began_it_is_not_called_growing() -> None:
    assert judged((0, 2), (2, 5)).tier is PainTier.WATCH


def test_both_reasons_of_a_tier_are_told() -> None:
    finding = judged((0, 2), (60, 5))
    assert names(finding) == ["pain.physiotherapist_both"]


@pytest.mark.parametrize(("days", "told"), [(14, "soon"), (20.9, "soon"), (21, "now"), (40, "now")])
def test_two_to_three_weeks_are_for_a_specialist(days: float, told: str) -> None:
    ratings = [(24.0 * day, 3) for day in range(0, int(days), 3)] + [(24.0 * days, 3)]
    finding = judged(*ratings)
    assert (finding.tier, names(finding)) == (PainTier.SPECIALIST, [f"pain.specialist_{told}"])


def test_a_day_without_pain_begins_anew() -> None:
    assert judged((0, 5), (24, 0), (72, 5)).tier is PainTier.WATCH


def test_a_silence_of_more_than_a_week_is_not_taken_for_pain() -> None:
    assert judged((0, 4), (24 * 15, 4)).tier is PainTier.WATCH
    assert judged((0, 4), (60, 4), now_h=60 + 24 * 8).tier is PainTier.NONE


def test_a_rise_in_three_of_the_last_five_runs_is_for_a_specialist() -> None:
    rising, steady = RunPain(1, 3), RunPain(1, 2)
    finding = pain_tier([], [rising, steady, rising, steady, rising], START)
    assert names(finding) == ["pain.specialist_rise", "pain.specialist_steady"]
    assert finding.tier is PainTier.SPECIALIST
    assert finding.cues[0].message.startswith("Pain rose by 2 points or more in 3 of your last 5")
    older = [rising, rising, rising, steady, steady, steady, rising]
    assert pain_tier([], older, START).tier is PainTier.NONE


def test_runs_that_nobody_rated_afterwards_take_no_warning_back() -> None:
    rising, unknown = RunPain(0, 3), RunPain(0)
    finding = pain_tier([], [rising, rising, rising, unknown, unknown, unknown], START)
    assert finding.tier is PainTier.SPECIALIST
    assert finding.cues[0].message.startswith("Pain rose by 2 points or more in 3 of your last 3")


def test_the_rise_is_the_worst_within_48_hours() -> None:
    assert RunPain(1, 1, 2, 4).rise == 3
    assert RunPain(None, 5).rise is None
    assert RunPain(2).rise is None


def test_a_run_is_free_of_pain_when_known_the_day_after() -> None:
    assert RunPain(0, 0, 0).pain_free is True
    assert RunPain(None, 0, None, 0).pain_free is True
    assert RunPain(0, 0).pain_free is None
    assert RunPain(0, None, 0).pain_free is None
    assert RunPain(0, 1).pain_free is False
    assert RunPain(0, 0, 0, 2).pain_free is False
    # pain that was there before and is gone after is not the run's
    assert RunPain(3, 0, 0).pain_free is True


@pytest.mark.parametrize(
    ("hours", "run", "asked"),
    [
        (0.5, RunPain(), True),
        (0.5, RunPain(after=0), False),
        (10, RunPain(), False),
        (24, RunPain(after=0), True),
        (24, RunPain(after=0, next_day=0), False),
        (48, RunPain(after=0, next_day=0), True),
        (80, RunPain(), False),
    ],
)
def test_ratings_are_asked_for_after_the_run_and_24_and_48_hours(
    hours: float, run: RunPain, asked: bool
) -> None:
    cue = due_ratings(START, run, START + round(hours * HOUR))
    assert (cue is not None) is asked


def test_the_question_after_a_run_says_when_it_ended() -> None:
    for hours, words in ((0.0, "ended just now."), (24.0, "ended 24 hours ago.")):
        cue = due_ratings(START, RunPain(), START + round(hours * HOUR))
        assert cue is not None
        assert cue.message.endswith(words)


@given(st.lists(st.tuples(st.floats(0, 2000), st.integers(0, 10)), max_size=30), st.floats(0, 3000))
def test_whatever_was_noted_gives_one_tier_with_its_words(
    ratings: list[tuple[float, int]], now_h: float
) -> None:
    now_ns = START + round(now_h * HOUR)
    finding = pain_tier(notes(*sorted(ratings)), [], now_ns)
    assert bool(finding.cues) is (finding.tier is not PainTier.NONE)
    assert all(cue.message for cue in finding.cues)
    known = [note for note in notes(*ratings) if note.level and note.utc_ns <= now_ns]
    assert (finding.tier is PainTier.NONE) or known


@pytest.mark.parametrize("level", [-1, 11])
def test_levels_are_zero_to_ten(level: int) -> None:
    with pytest.raises(ParameterError, match="0 to 10"):
        PainNote(START, level)


@pytest.mark.parametrize("level", range(11))
def test_from_six_on_a_rating_offers_the_questions_about_red_flags(level: int) -> None:
    cue = check_cue(level)
    assert (cue is not None) is (level >= 6)
    assert cue is None or f"Pain of {level} " in cue.message
