"""Quantities with their units: what is written is read back, what is ambiguous is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imu.errors import ParameterError
from pipelines.units import (
    METRES_PER_MILE,
    UNITS,
    Units,
    distance_words,
    height_words,
    mass_words,
    parse_distance,
    parse_height,
    parse_mass,
    parse_slope,
    parse_speed,
    parse_typed_height,
    parse_typed_mass,
    slope_words,
)


@given(st.floats(100, 499_000), st.sampled_from(UNITS))
def test_a_distance_is_read_back_as_written(distance_m: float, units: Units) -> None:
    tenth = 0.1 * (METRES_PER_MILE if units == "imperial" else 1000.0)
    assert parse_distance(distance_words(distance_m, units)) == pytest.approx(
        distance_m, abs=0.51 * tenth
    )


@given(st.floats(1.01, 2.49), st.floats(21, 249), st.sampled_from(UNITS))
def test_body_data_are_read_back_as_written(height_m: float, mass_kg: float, units: Units) -> None:
    assert parse_height(height_words(height_m, units)) == pytest.approx(height_m, abs=0.013)
    assert parse_mass(mass_words(mass_kg, units)) == pytest.approx(mass_kg, abs=0.06)


@pytest.mark.parametrize(
    ("words", "metres"),
    [("5km", 5000.0), (" 5.25 KM ", 5250.0), ("5,2 km", 5200.0), ("1 mile", METRES_PER_MILE)],
)
def test_distances_as_people_write_them(words: str, metres: float) -> None:
    assert parse_distance(words) == pytest.approx(metres)


@pytest.mark.parametrize(
    "words", ["", "5", "km", "-5 km", "0 km", "5 parsecs", "1,000 m", "1e3 km", "501 km", "nan km"]
)
def test_a_distance_without_a_clear_unit_is_refused(words: str) -> None:
    with pytest.raises(ParameterError, match="5 km"):
        parse_distance(words)


@pytest.mark.parametrize(
    "words", ["", "10", "100 km/h", "0:00 /km", "0:30 /km", "6:75 /km", "x mph"]
)
def test_a_speed_that_nobody_runs_is_refused(words: str) -> None:
    with pytest.raises(ParameterError, match="10 km/h"):
        parse_speed(words)


@pytest.mark.parametrize(
    ("words", "slope_deg"),
    [("2 %", 1.1458), ("-3,5%", -2.0045), ("−1.5 percent", -0.8594), ("+2 deg", 2.0), ("0", 0.0)],
)
def test_a_slope_is_told_in_percent_or_degrees(words: str, slope_deg: float) -> None:
    assert parse_slope(words) == pytest.approx(slope_deg, abs=1e-4)


@pytest.mark.parametrize(
    "words", ["", "2", "41 %", "-40.1 %", "21.9 deg", "91 deg", "2 m", "1,000 %", "nan %"]
)
def test_a_slope_without_a_unit_or_that_nobody_runs_is_refused(words: str) -> None:
    with pytest.raises(ParameterError, match="-40 to 40 %"):
        parse_slope(words)


@given(st.floats(-21.8, 21.8))
def test_a_slope_reads_back_as_it_was_told(slope_deg: float) -> None:
    assert parse_slope(slope_words(slope_deg)) == pytest.approx(slope_deg, abs=3e-4)


def test_a_pace_a_mile() -> None:
    assert parse_speed("8:00 min/mi") == pytest.approx(METRES_PER_MILE / 480.0)


@pytest.mark.parametrize("words", ["175", "175 m", "9 ft 1 in", "3 ft 1 in", "tall"])
def test_absurd_heights_are_refused(words: str) -> None:
    with pytest.raises(ParameterError, match="height"):
        parse_height(words)


@pytest.mark.parametrize("words", ["70", "700 kg", "5 lb", "heavy"])
def test_absurd_masses_are_refused(words: str) -> None:
    with pytest.raises(ParameterError, match="mass"):
        parse_mass(words)


@pytest.mark.parametrize("words", ["1750", "17,5", "0"])
def test_a_number_is_told_back_as_it_was_typed(words: str) -> None:
    with pytest.raises(ParameterError, match=f"height is '{words}': give"):
        parse_typed_height(words)
    assert parse_typed_height("1750 mm") == pytest.approx(1.75)
    with pytest.raises(ParameterError, match="mass is '700': give"):
        parse_typed_mass("700")


@pytest.mark.parametrize(
    ("metres", "words"), [(80.0, "87 yards"), (0.9, "1 yard"), (81.0, "0.1 m")]
)
def test_a_few_metres_are_told_in_yards_to_who_runs_miles(metres: float, words: str) -> None:
    told = distance_words(metres, "imperial")
    assert told.startswith(words)
    if "yard" in words:
        assert parse_distance(told) == pytest.approx(metres, abs=0.5)
