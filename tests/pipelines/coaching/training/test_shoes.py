"""Shoes: warned of at 300 and 500 miles, each once where only the latest run is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.coaching.training.shoes import shoe_cue

MILE_M = 1609.344


def level_at(odometer_m: float) -> str:
    cue = shoe_cue("Blue", odometer_m)
    return "fresh" if cue is None else cue.text_id.removeprefix("shoes.")


@pytest.mark.parametrize(
    ("miles", "level"),
    [(0.0, "fresh"), (299.9, "fresh"), (300.1, "first"), (499.9, "first"), (500.1, "second")],
)
def test_levels(miles: float, level: str) -> None:
    assert level_at(miles * MILE_M) == level


def test_the_words_carry_the_users_units() -> None:
    cue = shoe_cue("Blue", 310 * MILE_M, "imperial")
    assert cue is not None
    assert cue.message.startswith("Blue have 310.0 miles: between 300 and 500 miles")
    old = shoe_cue("Blue", 900_000.0)
    assert old is not None
    assert "900.0 km" in old.message


@given(st.lists(st.floats(100, 30_000), max_size=120))
def test_each_mark_is_told_by_the_run_that_passes_it(runs: list[float]) -> None:
    odometer, told = 0.0, list[str]()
    for run in runs:
        cue = shoe_cue("Blue", odometer + run, before_m=odometer)
        odometer += run
        told += [] if cue is None else [cue.text_id]
    expected = {"fresh": [], "first": ["shoes.first"], "second": ["shoes.first", "shoes.second"]}
    assert told == expected[level_at(odometer)]
