"""Single session: told at 100 and 110 % of the longest of 30 days, each once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipelines.coaching.training.cues import Cue
from pipelines.coaching.training.single_session import (
    LongestSession,
    advance_session,
    finished_session,
)


def run(
    longest: LongestSession, distances_m: list[float], doses_km: list[float] | None = None
) -> list[Cue]:
    state, cues = frozenset[str](), list[Cue]()
    doses: list[float | None] = [*doses_km] if doses_km else [None] * len(distances_m)
    for number, (distance_m, dose) in enumerate(zip(distances_m, doses, strict=True)):
        state, new = advance_session(
            state, longest, float(number), distance_m=distance_m, dose_easy_km=dose
        )
        cues += new
    return cues


def test_told_at_the_longest_and_ten_percent_beyond() -> None:
    cues = run(LongestSession(10_000.0), [9_999.0, 10_000.0, 10_500.0, 11_000.0, 20_000.0])
    assert [(cue.text_id, cue.time_s) for cue in cues] == [
        ("session.longest_distance", 1.0),
        ("session.beyond_distance", 3.0),
    ]
    assert cues[0].message == "10.0 km: as far as your longest run of the last 30 days."
    assert "Frandsen 2025" in cues[1].sources[0]


def test_imperial_units_are_told_in_miles() -> None:
    _, cues = advance_session(
        frozenset[str](), LongestSession(5000.0), 0.0, distance_m=5000.0, units="imperial"
    )
    assert cues[0].message.startswith("3.1 miles")


def test_a_jump_beyond_is_told_as_one_thing() -> None:
    cues = run(LongestSession(5000.0), [1000.0, 9000.0, 9001.0])
    assert [cue.text_id for cue in cues] == ["session.beyond_distance"]


def test_the_dose_counts_too_and_says_whose_choice_that_is() -> None:
    cues = run(LongestSession(10_000.0, 10.0), [5000.0, 6000.0, 6500.0], [9.0, 10.0, 11.1])
    assert [cue.text_id for cue in cues] == ["session.longest_dose", "session.beyond_dose"]
    assert cues[0].sources == ("this program's rule of thumb",)


def test_distance_and_dose_at_once_are_one_cue() -> None:
    cues = run(LongestSession(10_000.0, 10.0), [10_000.0, 10_100.0], [10.0, 10.1])
    assert [cue.text_id for cue in cues] == ["session.longest_distance"]


def test_a_finished_session_is_told_only_when_it_was_longer() -> None:
    def told(distance_m: float | None, dose_km: float | None = None) -> list[str]:
        longest = LongestSession(10_000.0, 10.0)
        cues = finished_session(longest, distance_m=distance_m, dose_easy_km=dose_km)
        return [cue.text_id for cue in cues]

    assert told(9_000.0) == told(10_000.0) == told(10_000.0, 10.0) == told(None) == []
    # what both would be told as 10.0 km is as long
    assert told(10_010.0) == []
    assert told(10_100.0) == ["session.longer_distance"]
    assert told(10_000.0, 10.5) == ["session.longer_dose"]
    assert told(10_500.0, 12.0) == ["session.ran_beyond_dose"]
    assert told(11_000.0) == told(20_000.0) == ["session.ran_beyond_distance"]
    assert told(20_100.0) == ["session.ran_far_beyond"]
    assert finished_session(LongestSession(), distance_m=50_000.0) == []


def test_without_a_history_that_is_said_once() -> None:
    cues = run(LongestSession(), [0.0, 50_000.0])
    assert [cue.text_id for cue in cues] == ["session.no_history"]


def test_an_unknown_distance_is_not_judged() -> None:
    state, cues = advance_session(frozenset[str](), LongestSession(5000.0), 0.0)
    assert (state, cues) == (frozenset[str](), [])


@given(
    st.lists(st.floats(0, 30_000), max_size=40),
    st.none() | st.floats(1, 20_000),
    st.none() | st.floats(0.1, 20),
)
def test_at_most_two_cues_a_measure(
    steps: list[float], longest_m: float | None, longest_km: float | None
) -> None:
    distances = sorted(steps)
    cues = run(LongestSession(longest_m, longest_km), distances, [d / 1000.0 for d in distances])
    names = [cue.text_id for cue in cues]
    assert len(names) == len(set(names))
