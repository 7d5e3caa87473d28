"""Which run a rating of pain belongs to, when nobody said so."""

from __future__ import annotations

import pytest

from pipelines.coaching.training.pain_moments import Placed, RunTime, places_of

HOUR = 3600 * 10**9
#: Two evenings at 18:00 and a morning at 7:00 on the second day, half an hour each.
RUNS = [
    RunTime(number, round(start_h * HOUR), round((start_h + 0.5) * HOUR))
    for number, start_h in ((1, 18.0), (2, 31.0), (3, 42.0))
]


@pytest.mark.parametrize(
    ("hour", "places"),
    [
        (11.0, []),
        (12.5, [(1, "before")]),
        (18.2, [(1, "during")]),
        (19.0, [(1, "after")]),
        (24.2, [(1, "after")]),  # the night of a late run is not the next morning
        (25.5, [(2, "before"), (1, "24h")]),
        (30.9, [(2, "before"), (1, "24h")]),
        (31.8, [(2, "after")]),
        (41.5, [(3, "before")]),  # nearer to this one than to that of the morning
        (56.0, [(3, "24h")]),
        (90.0, [(3, "48h")]),
        (120.0, []),
    ],
)
def test_a_rating_belongs_to_the_run_it_is_near(hour: float, places: list[tuple[int, str]]) -> None:
    assert [tuple(place) for place in places_of(round(hour * HOUR), 0, RUNS)] == places


def test_the_next_morning_is_that_of_the_runners_clock() -> None:
    late = [RunTime(1, 19 * HOUR, 20 * HOUR)]
    assert places_of(27 * HOUR, 0, late) == (Placed(1, "24h"),)
    assert places_of(27 * HOUR, -4 * 60, late) == (Placed(1, "after"),)  # 23:00 of the same day
    over_midnight = [RunTime(1, round(23.7 * HOUR), round(24.3 * HOUR))]
    assert places_of(32 * HOUR, 0, over_midnight) == (Placed(1, "24h"),)  # 8:00, after the night
    assert places_of(26 * HOUR, 0, over_midnight) == (Placed(1, "after"),)


def test_without_a_run_it_belongs_to_none() -> None:
    assert places_of(0, 0, []) == ()
