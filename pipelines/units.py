"""Distances, speeds, slopes, masses and heights as people write them; SI and degrees inside."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Final, Literal, TypeVar

from imu.errors import ParameterError
from pipelines.counted import counted

_T = TypeVar("_T")

Units = Literal["metric", "imperial"]
UNITS: Final[tuple[Units, ...]] = ("metric", "imperial")

METRES_PER_MILE: Final = 1609.344  # international mile, exact
#: A kilometre or a mile: metres, and its sign.
LONG: Final[dict[Units, tuple[float, str]]] = {
    "metric": (1000.0, "km"),
    "imperial": (METRES_PER_MILE, "mi"),
}
#: Of a speed.
AN_HOUR: Final[dict[Units, str]] = {"metric": "km/h", "imperial": "mph"}
INCHES_PER_MM: Final = 1.0 / 25.4  # exact
FEET_PER_METRE: Final = 1.0 / 0.3048  # exact
FASTEST_M_S: Final = 12.0  # a sprinter's
STEEPEST_PERCENT: Final = 40.0
_KILOGRAMS_PER_POUND: Final = 0.45359237  # exact
_METRES_PER_INCH: Final = 0.0254  # exact
_METRES_PER_YARD: Final = 36 * _METRES_PER_INCH

# a comma before three digits could be either kind of comma: refused
_QUANTITY: Final = re.compile(r"\s*(\d+(?:\.\d+|,\d{1,2})?)\s*([^\d\s.,].*?)\s*", re.ASCII)
_THOUSANDS: Final = re.compile(r"\s*\d{1,3}['’.,\s]\d{3}(?!\d)")
_MILLIMETRES: Final = re.compile(r"\s*\d+\.\d{3}\s*m\s*", re.ASCII | re.IGNORECASE)
_NO_DISTANCE: Final = re.compile(
    r"\s*0+(?:[.,]0+)?\s*(?:m|km|mi|miles?)\s*", re.ASCII | re.IGNORECASE
)
_PACE: Final = re.compile(r"\s*(\d{1,2}):([0-5]\d)\s*(?:min)?\s*/\s*(km|mi|mile)\s*", re.ASCII)
_FEET: Final = re.compile(
    r"\s*(\d)\s*(?:ft|feet|')\s*(?:(\d{1,2}(?:\.\d+)?)\s*(?:in|inches|\"|'')?)?\s*", re.ASCII
)

_MOMENT: Final = re.compile(r"\s*(?:(?:(\d{1,3}):)?(\d{1,4}):)?(\d+(?:\.\d+)?)\s*s?\s*", re.ASCII)

_SLOPE: Final = re.compile(
    r"\s*([+−-]?)\s*(\d+(?:\.\d+|,\d{1,2})?)\s*(?:(%|percent)|(°|deg|degrees?))?\s*", re.ASCII
)

_DISTANCES: Final = {
    **{"m": 1.0, "km": 1000.0},
    **dict.fromkeys(("mi", "mile", "miles"), METRES_PER_MILE),
    **dict.fromkeys(("yd", "yard", "yards"), _METRES_PER_YARD),
}
_SPEEDS: Final = {
    "m/s": 1.0,
    **dict.fromkeys(("km/h", "kph"), 1000.0 / 3600.0),
    **dict.fromkeys(("mph", "mi/h"), METRES_PER_MILE / 3600.0),
}
_MASSES: Final = {"kg": 1.0, **dict.fromkeys(("lb", "lbs", "pounds"), _KILOGRAMS_PER_POUND)}
#: Below this, a height without a unit is in metres.
_METRES_BELOW: Final = 3.0
_HEIGHTS: Final = {
    **{"m": 1.0, "cm": 0.01, "mm": 0.001},
    **dict.fromkeys(("in", "inches"), _METRES_PER_INCH),
}


def distance_words(distance_m: float, units: Units = "metric") -> str:
    """A distance in the user's units; in metres or yards where that would round it to none.

    Examples
    --------
    >>> distance_words(5230.0), distance_words(5230.0, "imperial")
    ('5.2 km', '3.2 miles')
    >>> distance_words(20.0), distance_words(80.0, "imperial")
    ('20 m', '87 yards')
    """
    amount, unit = counted_distance(distance_m, units)
    if amount == "0.0" and distance_m >= 0.5:
        if units == "imperial":
            return counted(round(distance_m / _METRES_PER_YARD), "yard")
        return f"{distance_m:.0f} m"
    return f"{amount} {unit}"


def counted_distance(distance_m: float, units: Units = "metric") -> tuple[str, str]:
    """A distance that counts on, and its unit, which stays.

    Examples
    --------
    >>> counted_distance(5230.0), counted_distance(20.0, "imperial")
    (('5.2', 'km'), ('0.0', 'miles'))
    """
    return f"{distance_m / LONG[units][0]:.1f}", "miles" if units == "imperial" else "km"


def speed_words(speed_m_s: float, units: Units = "metric", decimals: int = 1) -> str:
    """A speed in the user's units, without zeros at its end.

    Examples
    --------
    >>> speed_words(2.5), speed_words(2.68224, "imperial")
    ('9 km/h', '6 mph')
    """
    an_hour = round(3600.0 * speed_m_s / LONG[units][0], decimals)
    return f"{an_hour:g} {AN_HOUR[units]}"


def dose_words(easy_km: float, units: Units) -> tuple[str, str]:
    """The dose of a session, as a distance of easy running, and its unit; empty if unknown.

    Examples
    --------
    >>> dose_words(4.26, "metric"), dose_words(4.26, "imperial")
    (('4.3', 'easy km'), ('2.6', 'easy miles'))
    >>> dose_words(0.02, "metric")
    ('0.0', 'easy km')
    """
    if not math.isfinite(easy_km):
        return "", ""
    amount, unit = counted_distance(1000.0 * easy_km, units)
    return amount, f"easy {unit}"


def mass_words(mass_kg: float, units: Units = "metric") -> str:
    """A body mass in the user's units.

    Examples
    --------
    >>> mass_words(70.0), mass_words(70.0, "imperial")
    ('70.0 kg', '154.3 lb')
    """
    return (
        f"{mass_kg / _KILOGRAMS_PER_POUND:.1f} lb" if units == "imperial" else f"{mass_kg:.1f} kg"
    )


def height_words(height_m: float, units: Units = "metric") -> str:
    """A stature in the user's units.

    Examples
    --------
    >>> height_words(1.75), height_words(1.75, "imperial")
    ('1.75 m', '5 ft 9 in')
    """
    if units == "imperial":
        feet, inches = divmod(round(height_m / _METRES_PER_INCH), 12)
        return f"{feet} ft {inches} in"
    return f"{height_m:.2f} m"


def slope_words(slope_deg: float) -> str:
    """A slope as a treadmill shows it, in percent.

    Examples
    --------
    >>> slope_words(1.0), slope_words(-1.7183580016554572), slope_words(0.0)
    ('1.746 %', '-3 %', '0 %')
    """
    percent = round(100.0 * math.tan(math.radians(slope_deg)), 3)
    return f"{percent + 0.0:.3f}".rstrip("0").rstrip(".") + " %"


def parse_distance(
    words: str, name: str = "distance", *, most_m: float = 500_000.0, may_be_0: bool = False
) -> float:
    """A distance with its unit, to metres, above 0 and at most ``most_m``.

    Raises
    ------
    ParameterError
        When the unit is missing or unknown, thousands are set apart, or the distance is out of
        range.

    Examples
    --------
    >>> parse_distance("5 km"), parse_distance("400 m"), round(parse_distance("3.1 mi"))
    (5000.0, 400.0, 4989)
    """
    accepted = "a distance with its unit, such as '5 km', '3.1 mi' or '400 m'"
    if _THOUSANDS.match(words):
        accepted += ", without a sign that sets thousands apart"
    # nobody states a run to the millimetre
    if _MILLIMETRES.fullmatch(words):
        raise ParameterError(name, words, accepted)
    if may_be_0 and _NO_DISTANCE.fullmatch(words):
        return 0.0
    return _quantity(words, name, _DISTANCES, accepted, 0.0, most_m)


def parse_speed(words: str, name: str = "speed") -> float:
    """A speed or a pace with its unit, to m/s, above 0 and at most 12 m/s (a sprinter's).

    Raises
    ------
    ParameterError
        When the unit is missing or unknown, or the speed is out of range.

    Examples
    --------
    >>> round(parse_speed("10 km/h"), 3), round(parse_speed("6 mph"), 3)
    (2.778, 2.682)
    >>> round(parse_speed("6:00 /km"), 3)
    2.778
    """
    accepted = "a speed up to 43 km/h with its unit, such as '10 km/h', '6 mph' or '6:00 /km'"
    pace = _PACE.fullmatch(words)
    if pace is not None:
        seconds = 60 * int(pace[1]) + int(pace[2])
        speed_m_s = _DISTANCES[pace[3]] / seconds if seconds else math.inf
        if speed_m_s > FASTEST_M_S:
            raise ParameterError(name, words, accepted)
        return speed_m_s
    return _quantity(words, name, _SPEEDS, accepted, 0.0, FASTEST_M_S)


def parse_slope(words: str, name: str = "slope") -> float:
    """A slope in percent (metres up on 100 m along the level) or degrees, to degrees.

    Positive uphill, from −40 to 40 %; only a slope of 0 needs no unit.

    Raises
    ------
    ParameterError
        When the unit is missing or unknown, or the slope is out of range.

    Examples
    --------
    >>> round(parse_slope("2 %"), 3), round(parse_slope("−3 %"), 3), parse_slope("2 deg")
    (1.146, -1.718, 2.0)
    """
    accepted = "a slope from -40 to 40 % with its unit, such as '2 %', '-3 %' downhill or '2 deg'"
    found = _SLOPE.fullmatch(words.lower())
    if found is None:
        raise ParameterError(name, words, accepted)
    sign, number, percent, degrees = found.groups()
    size = float(number.replace(",", "."))
    if size == 0.0:
        return 0.0
    if degrees:
        slope_deg = min(size, 90.0)  # the tangent comes round again
    elif percent:
        slope_deg = math.degrees(math.atan(0.01 * size))
    else:
        raise ParameterError(name, words, accepted)
    if slope_deg > math.degrees(math.atan(0.01 * STEEPEST_PERCENT)):
        raise ParameterError(name, words, accepted)
    return slope_deg if sign in ("", "+") else -slope_deg


def parse_moment(words: str, name: str = "time") -> float:
    """A time within a session, as minutes and seconds, hours before them, or in seconds, to s.

    Raises
    ------
    ParameterError
        When it is none.

    Examples
    --------
    >>> parse_moment("10:00"), parse_moment("1:02:30.5"), parse_moment("90"), parse_moment("7 s")
    (600.0, 3750.5, 90.0, 7.0)
    """
    found = _MOMENT.fullmatch(words)
    if found is not None:
        hours, minutes, seconds = (float(part or 0) for part in found.groups())
        sixties = seconds < 60.0 or found[2] is None
        if sixties and (minutes < 60.0 or found[1] is None):
            return 3600.0 * hours + 60.0 * minutes + seconds
    accepted = "minutes and seconds, such as 10:00, 1:02:30 with hours, or seconds, such as 90"
    raise ParameterError(name, words, accepted)


def parse_mass(words: str, name: str = "mass") -> float:
    """A body mass with its unit, to kg, 20 to 250.

    Examples
    --------
    >>> parse_mass("70 kg"), round(parse_mass("154 lb"), 1)
    (70.0, 69.9)
    """
    accepted = "a mass from 20 to 250 kg with its unit, such as '70 kg' or '154 lb'"
    return _quantity(words, name, _MASSES, accepted, 20.0, 250.0)


def parse_height(words: str, name: str = "height") -> float:
    """A stature with its unit, to m, 1.0 to 2.5.

    Examples
    --------
    >>> parse_height("175 cm"), round(parse_height("5 ft 9 in"), 2), parse_height("1.80 m")
    (1.75, 1.75, 1.8)
    """
    accepted = "a height from 1.0 to 2.5 m with its unit, such as '1.75 m' or '5 ft 9 in'"
    feet = _FEET.fullmatch(words)
    if feet is not None:
        height_m = (12 * int(feet[1]) + float(feet[2] or 0)) * _METRES_PER_INCH
        if not 1.0 <= height_m <= 2.5:
            raise ParameterError(name, words, accepted)
        return height_m
    return _quantity(words, name, _HEIGHTS, accepted, 1.0, 2.5)


def parse_typed_mass(words: str, units: Units = "metric", name: str = "mass") -> float:
    """A body mass as :func:`parse_mass` reads it; without a unit it is in the user's.

    Examples
    --------
    >>> parse_typed_mass("70", "metric"), round(parse_typed_mass("154", "imperial"), 1)
    (70.0, 69.9)
    """
    unit = "lb" if units == "imperial" else "kg"
    return read_typed(lambda known: parse_mass(known, name), words, unit)


def parse_typed_height(words: str, units: Units = "metric", name: str = "height") -> float:
    """A stature as :func:`parse_height` reads it; without a unit it is in the user's.

    Such a one is in inches, or else in metres below 3 and in centimetres above.

    Examples
    --------
    >>> parse_typed_height("1,75", "metric"), round(parse_typed_height("69", "imperial"), 2)
    (1.75, 1.75)
    """
    number = bare_number(words)
    short = number is not None and number < _METRES_BELOW
    unit = "in" if units == "imperial" else "m" if short else "cm"
    return read_typed(lambda known: parse_height(known, name), words, unit)


def parse_whole(words: str, most: int) -> int | None:
    """A whole number from 0 to ``most`` as people type it; None when it is anything else.

    Examples
    --------
    >>> parse_whole("10", 10), parse_whole("11", 10), parse_whole("-1", 10), parse_whole("²", 10)
    (10, None, None, None)
    """
    known = words.isascii() and words.isdigit() and len(words) < 20
    return int(words) if known and int(words) <= most else None


def read_typed(read: Callable[[str], _T], words: str, unit: str) -> _T:
    """What was typed, in that unit where it has none; a refusal tells it as it was typed.

    Examples
    --------
    >>> read_typed(parse_distance, "5,2", "km"), read_typed(parse_speed, "3 m/s", "mph")
    (5200.0, 3.0)
    >>> read_typed(parse_distance, "600", "km")
    Traceback (most recent call last):
    ...
    imu.errors.ParameterError: distance is '600': give a distance with its unit, such as '5 km', \
'3.1 mi' or '400 m'.
    """
    try:
        return read(with_unit(words, unit))
    except ParameterError as error:
        raise ParameterError(error.name, words, error.accepted) from None


def with_unit(words: str, unit: str) -> str:
    """A quantity as it was typed; a bare number gets the unit.

    Examples
    --------
    >>> with_unit("10.5", "km/h"), with_unit("6 mph", "km/h"), with_unit("−1.5", "%")
    ('10.5 km/h', '6 mph', '−1.5 %')
    """
    return words if bare_number(words) is None else f"{words.strip()} {unit}"


def bare_number(words: str) -> float | None:
    """A number without its unit, as people type one; None when it is anything else."""
    try:
        return float(words.replace(",", ".").replace("−", "-"))
    except ValueError:
        return None


def _quantity(
    words: str, name: str, units: dict[str, float], accepted: str, low: float, high: float
) -> float:
    match = _QUANTITY.fullmatch(words)
    factor = None if match is None else units.get(match[2].lower())
    if match is None or factor is None:
        raise ParameterError(name, words, accepted)
    value = float(match[1].replace(",", ".")) * factor
    # a lower end of zero is excluded: nothing was covered
    if not (low <= value <= high and value > 0.0):
        raise ParameterError(name, words, accepted)
    return value
