"""Distances, speeds, masses and heights as people write them, metric or imperial; SI inside."""

from __future__ import annotations

import math
import re
from typing import Final, Literal

from imu.errors import ParameterError

__all__ = [
    "METRES_PER_MILE",
    "UNITS",
    "Units",
    "distance_words",
    "height_words",
    "mass_words",
    "parse_distance",
    "parse_height",
    "parse_mass",
    "parse_speed",
]

Units = Literal["metric", "imperial"]
UNITS: Final[tuple[Units, ...]] = ("metric", "imperial")

METRES_PER_MILE: Final = 1609.344  # international mile, exact
_KILOGRAMS_PER_POUND: Final = 0.45359237  # exact
_METRES_PER_INCH: Final = 0.0254  # exact

# a comma before three digits could be either kind of comma: refused
_QUANTITY: Final = re.compile(r"\s*(\d+(?:\.\d+|,\d{1,2})?)\s*([^\d\s.,].*?)\s*", re.ASCII)
_PACE: Final = re.compile(r"\s*(\d{1,2}):([0-5]\d)\s*(?:min)?\s*/\s*(km|mi|mile)\s*", re.ASCII)
_FEET: Final = re.compile(
    r"\s*(\d)\s*(?:ft|feet|')\s*(?:(\d{1,2}(?:\.\d+)?)\s*(?:in|inches|\"|'')?)?\s*", re.ASCII
)

_DISTANCES: Final = {
    "m": 1.0,
    "km": 1000.0,
    "mi": METRES_PER_MILE,
    "mile": METRES_PER_MILE,
    "miles": METRES_PER_MILE,
}
_SPEEDS: Final = {
    "m/s": 1.0,
    "km/h": 1000.0 / 3600.0,
    "kph": 1000.0 / 3600.0,
    "mph": METRES_PER_MILE / 3600.0,
    "mi/h": METRES_PER_MILE / 3600.0,
}
_MASSES: Final = {
    "kg": 1.0,
    "lb": _KILOGRAMS_PER_POUND,
    "lbs": _KILOGRAMS_PER_POUND,
    "pounds": _KILOGRAMS_PER_POUND,
}
_HEIGHTS: Final = {"m": 1.0, "cm": 0.01, "in": _METRES_PER_INCH, "inches": _METRES_PER_INCH}


def distance_words(distance_m: float, units: Units = "metric") -> str:
    """A distance in the user's units.

    Examples
    --------
    >>> distance_words(5230.0), distance_words(5230.0, "imperial")
    ('5.2 km', '3.2 miles')
    """
    if units == "imperial":
        return f"{distance_m / METRES_PER_MILE:.1f} miles"
    return f"{distance_m / 1000.0:.1f} km"


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


def parse_distance(words: str, name: str = "distance") -> float:
    """A distance with its unit, to metres, above 0 and at most 500 km.

    Raises
    ------
    ParameterError
        When the unit is missing or unknown, or the distance is out of range.

    Examples
    --------
    >>> parse_distance("5 km"), parse_distance("400 m"), round(parse_distance("3.1 mi"))
    (5000.0, 400.0, 4989)
    """
    accepted = "a distance with its unit, such as '5 km', '3.1 mi' or '400 m'"
    return _quantity(words, name, _DISTANCES, accepted, 0.0, 500_000.0)


def parse_speed(words: str, name: str = "speed") -> float:
    """A speed or a pace with its unit, to m/s, above 0 and at most 12.5 m/s (a sprinter's).

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
    accepted = "a speed up to 45 km/h with its unit, such as '10 km/h', '6 mph' or '6:00 /km'"
    pace = _PACE.fullmatch(words)
    if pace is not None:
        seconds = 60 * int(pace[1]) + int(pace[2])
        speed_m_s = _DISTANCES[pace[3]] / seconds if seconds else math.inf
        if speed_m_s > 12.5:
            raise ParameterError(name, words, accepted)
        return speed_m_s
    return _quantity(words, name, _SPEEDS, accepted, 0.0, 12.5)


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
