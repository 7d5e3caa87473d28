"""Desk mode: ten minutes without a change draw a nudge, and a change draws none."""

from __future__ import annotations

import itertools
from typing import Literal

import pytest

from pipelines.coaching.training.desk import DeskState, advance_desk

Gait = Literal["still", "walk", "run"]
Stretch = tuple[float, Gait, float | None]


def nudges(*parts: Stretch, every_s: float = 1.0) -> list[float]:
    """Times of the nudges; parts are minutes, gait, inclination."""
    state, time_s, told = DeskState(), 0.0, list[float]()
    for minutes, gait, inclination in parts:
        for _ in range(round(minutes * 60 / every_s)):
            time_s += every_s
            state, cue = advance_desk(state, time_s, gait, inclination)
            if cue is not None:
                told.append(time_s)
    return told


def test_ten_minutes_are_fine_and_more_are_not() -> None:
    assert nudges((10, "still", None)) == []
    (first,) = nudges((11, "still", None))
    assert 600.0 < first <= 603.0


def test_another_nudge_comes_after_another_ten_minutes() -> None:
    told = nudges((31, "still", None))
    assert len(told) == 3
    assert all(b - a > 600.0 for a, b in itertools.pairwise(told))


def test_walking_begins_anew() -> None:
    assert nudges((9, "still", None), (0.5, "walk", None), (9, "still", None)) == []


def test_fidgeting_is_no_change() -> None:
    parts: list[Stretch] = [(0.95, "still", None), (0.05, "walk", None)] * 12
    assert len(nudges(*parts)) == 1


def test_standing_up_is_a_change_and_leaning_a_little_is_none() -> None:
    assert nudges((9, "still", -25.0), (9, "still", 0.0)) == []
    assert len(nudges((9, "still", -25.0), (9, "still", -20.0))) == 1


def test_the_message_says_for_how_long() -> None:
    state = DeskState()
    for second in range(1300):
        state, cue = advance_desk(state, float(second), "still")
        if cue is not None:
            last = cue
    assert last.message.startswith("20 minutes without a change")


def test_a_sensor_that_was_off_or_restarted_begins_anew() -> None:
    state = DeskState()
    for second in range(590):
        state, _ = advance_desk(state, float(second), "still")
    later, cue = advance_desk(state, 5000.0, "still")
    assert (cue, later.since_s) == (None, 5000.0)
    back, cue = advance_desk(state, 1.0, "still")
    assert (cue, back.since_s) == (None, 1.0)


@pytest.mark.parametrize("every_s", [0.1, 1.0, 5.0])
def test_the_rate_of_the_stream_does_not_matter(every_s: float) -> None:
    (told,) = nudges((15, "still", None), every_s=every_s)
    assert told == pytest.approx(600.0, abs=2.1 * every_s)
