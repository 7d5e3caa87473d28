"""Entries: what makes no sense is refused before it can be written, in one sentence."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imu.errors import ParameterError
from pipelines.runner.journal.entries import (
    Exercise,
    Pain,
    Questionnaire,
    Session,
    Settings,
    Shoe,
    local_day,
    moment,
    utc_ns_of,
)
from tests.pipelines.runner.journal.journals import at, run


@pytest.mark.parametrize(
    "changes",
    [
        {"duration_s": 0.0},
        {"duration_s": math.nan},
        {"duration_s": 1e9},
        {"utc_start_ns": 0},
        {"utc_start_ns": 10**19},
        {"utc_offset_minutes": 5000},
        {"distance_m": None},
        {"distance_source": ""},
        {"distance_source": "gps"},
        {"distance_m": -1.0},
        {"distance_m": math.inf},
        {"steps": -1},
        {"dose_easy_km_m4": -0.1},
        {"means": {"impact_shock_g": math.nan}},
        {"surface": "a\nb"},
        {"surface": "\ud800"},
        {"note": "x" * 501},
        {"warm_up_s": -1.0},
    ],
    ids=str,
)
def test_a_session_that_makes_no_sense_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ParameterError) as caught:
        replace(run(0), **changes)  # type: ignore[arg-type]
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


def test_the_distance_and_how_it_is_known_come_together() -> None:
    assert run(0).distance_source == "user"
    assert run(0, None).distance_m is None


@pytest.mark.parametrize("level", [-1, 11, True, 2.5])
def test_pain_is_a_whole_number_from_0_to_10(level: int) -> None:
    with pytest.raises(ParameterError, match="0 to 10"):
        Pain(at(0), level)


def test_pain_needs_no_run_and_no_moment() -> None:
    assert (Pain(at(0), 3).when, Pain(at(0), 3).session_id) == ("", None)
    assert Pain(at(0), 3, "before").session_id is None


def test_joined_emoji_and_any_script_are_words() -> None:
    assert Pain(at(0), 3, place="低い背中 🏃‍♀️").place.startswith("低")


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "a\x00"])
def test_a_shoe_has_a_name(name: str) -> None:
    with pytest.raises(ParameterError, match="name"):
        Shoe(name)


def test_a_shoe_is_retired_after_it_was_bought() -> None:
    with pytest.raises(ParameterError, match="retired"):
        Shoe("Blue", bought=date(2026, 3, 2), retired=date(2026, 3, 1))


@pytest.mark.parametrize(("kind", "minutes"), [("yoga", 10.0), ("core", 0.0), ("core", math.nan)])
def test_exercises_are_of_four_kinds_and_take_time(kind: str, minutes: float) -> None:
    with pytest.raises(ParameterError):
        Exercise(at(0), kind, minutes)  # type: ignore[arg-type]


def test_a_questionnaire_has_answers() -> None:
    with pytest.raises(ParameterError, match="yes or no"):
        Questionnaire(at(0), {})
    with pytest.raises(ParameterError, match="yes or no"):
        Questionnaire(at(0), {"weakness": "maybe"})  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("height_m", 175.0),
        ("mass_kg", 5.0),
        ("units", "nautical"),
        ("weekly_ceiling_m", 0.0),
        ("strength_days", 7),
        ("stretches_per_day", -1),
        ("rest_days", 100),
    ],
)
def test_absurd_settings_are_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(ParameterError, match=name):
        Settings(**{name: value})  # type: ignore[arg-type]


@given(when=st.datetimes(datetime(1985, 1, 1), datetime(2190, 1, 1)), offset=st.integers(-720, 840))
def test_a_day_is_the_day_on_the_runners_clock(when: datetime, offset: int) -> None:
    local = when.replace(tzinfo=timezone(timedelta(minutes=offset)))
    utc_ns = utc_ns_of(local)
    assert local_day(utc_ns, offset) == when.date()
    assert moment(utc_ns, offset) == local
    assert Session(utc_ns, 60.0, offset).day == when.date()


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ParameterError, match="zone"):
        utc_ns_of(datetime(2026, 3, 2))
    assert utc_ns_of(datetime(2026, 3, 2, tzinfo=UTC)) == at(0, 0.0)
