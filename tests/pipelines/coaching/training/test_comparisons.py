"""Comparisons: shown from three runs each, in pairs, with their limits."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.coaching.training.comparisons import (
    NEXT_DAY_PAIN,
    TaggedRun,
    compare,
    comparison_cues,
)

DAY = 86_400 * 10**9


def run(tag: str, day: float, shock: float = 3.0, **values: float) -> TaggedRun:
    return TaggedRun(tag, round(day * DAY), {"impact_shock_g": shock} | values)


def test_two_runs_a_tag_show_nothing() -> None:
    runs = [run("road", 0), run("road", 1), run("track", 2), run("track", 3), run("track", 4)]
    assert compare(runs, "road", "track", "impact_shock_g") is None
    (cue,) = comparison_cues(runs, "road", "track")
    assert cue.message == "A comparison needs three runs each: road has 2, track has 3."


def test_three_runs_a_tag_are_compared_in_pairs() -> None:
    runs = [run("road", 2 * n, 3.0) for n in range(3)] + [
        run("track", 2 * n + 1, shock) for n, shock in enumerate([2.7, 2.85, 3.15])
    ]
    found = compare(runs, "road", "track", "impact_shock_g")
    assert found is not None
    assert (found.numbers["pairs"], found.numbers["higher"]) == (3, 1)
    assert found.numbers["change"] == pytest.approx(-5.0)
    assert found.message == (
        "Impact shock: track against road, median -5.0 %; higher in 1 of 3 pairs."
    )


def test_pairs_take_a_slow_trend_out() -> None:
    """Shock rises 1 % a day; the track is always 5 % lower, though most track runs come later."""

    def shock(day: float, factor: float) -> float:
        return float(3.0 * 1.01**day * factor)

    runs = [run("road", day, shock(day, 1.0)) for day in (0, 10, 20, 30)]
    runs += [run("track", day, shock(day, 0.95)) for day in (11, 21, 31, 32, 33)]
    found = compare(runs, "road", "track", "impact_shock_g")
    assert found is not None
    assert -5.0 < float(found.numbers["change"]) < -3.5
    means = [
        np.mean([one.values["impact_shock_g"] for one in runs if one.tag == tag])
        for tag in ("road", "track")
    ]
    assert means[1] > means[0]  # unpaired, the trend would hide it


def test_pain_and_lean_are_differences() -> None:
    values = {NEXT_DAY_PAIN: 0.0, "sacral_lean_deg": -1.0}
    later = {NEXT_DAY_PAIN: 2.0, "sacral_lean_deg": 1.5}
    runs = [run("old", n, **values) for n in range(3)] + [
        run("new", 9 + n, **later) for n in range(3)
    ]
    pain = compare(runs, "old", "new", NEXT_DAY_PAIN)
    assert pain is not None
    assert pain.message.startswith("Pain the day after: new against old, median +2.0 points")
    lean = compare(runs, "old", "new", "sacral_lean_deg")
    assert lean is not None
    assert (lean.text_id, lean.numbers["change"]) == ("compare.absolute", 2.5)


def test_shoes_compare_the_runs_around_the_change() -> None:
    runs = [run("old", n, 9.0) for n in range(20)]
    runs += [run("old", 20 + n, 3.0) for n in range(5)]
    runs += [run("new", 30 + n, 3.3) for n in range(5)] + [
        run("new", 40 + n, 9.0) for n in range(9)
    ]
    found = compare(runs, "old", "new", "impact_shock_g", before_and_after=True)
    assert found is not None
    assert found.numbers["pairs"] == 5
    assert found.numbers["change"] == pytest.approx(10.0)


def test_a_run_without_the_value_does_not_count() -> None:
    runs = [run("a", n) for n in range(3)] + [run("b", n, math.nan) for n in range(5)]
    assert compare(runs, "a", "b", "impact_shock_g") is None
    assert compare(runs, "a", "b", "lumbar_index") is None


def test_a_finding_comes_with_its_limits() -> None:
    runs = [run(tag, n) for n in range(3) for tag in "ab"]
    cues = comparison_cues(runs, "a", "b")
    assert [cue.text_id for cue in cues] == ["compare.relative", "compare.limits"]


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 400), st.floats(0.5, 9)), max_size=25)
)
def test_what_is_told_lies_within_its_range_and_turns_with_the_tags(
    items: list[tuple[str, int, float]],
) -> None:
    runs = [run(tag, day, shock) for tag, day, shock in items]
    found = compare(runs, "a", "b", "impact_shock_g")
    counts = [sum(tag == name for tag, _, _ in items) for name in "ab"]
    assert (found is not None) == (min(counts) >= 3)
    if found is not None:
        assert found.numbers["pairs"] == min(counts)
        by_tag = [[shock for tag, _, shock in items if tag == name] for name in "ab"]
        least = 100.0 * (min(by_tag[1]) / max(by_tag[0]) - 1.0)
        most = 100.0 * (max(by_tag[1]) / min(by_tag[0]) - 1.0)
        assert least - 1e-9 <= float(found.numbers["change"]) <= most + 1e-9
        other = compare(runs, "b", "a", "impact_shock_g")
        assert other is not None
        assert other.numbers["pairs"] == found.numbers["pairs"]
