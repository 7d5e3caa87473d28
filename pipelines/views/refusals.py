"""What to type instead of an answer that was refused, in the unit that the answer was taken in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from imu.errors import ParameterError
from pipelines.units import Units

_UNIT: Final = re.compile(r"\d\s*([a-z\"'/%°]+)\s*$", re.ASCII | re.IGNORECASE)
_FEET: Final = re.compile(r"\d\s*(ft|feet|')", re.ASCII | re.IGNORECASE)

_METRES: Final = "a height from 1.0 to 2.5 m, such as '1.75 m'"
_CENTIMETRES: Final = "a height from 100 to 250 cm, such as '175 cm'"
_INCHES: Final = "a height from 40 to 98 in, such as '69 in' or '5 ft 9 in'"
_FEET_AND_INCHES: Final = "a height from 3 ft 4 in to 8 ft 2 in, such as '5 ft 9 in'"
_KILOGRAMS: Final = "a weight from 20 to 250 kg, such as '70 kg'"
_POUNDS: Final = "a weight from 45 to 550 lb, such as '154 lb'"
_KM_H: Final = "a speed up to 43 km/h, such as '10 km/h'"
_MPH: Final = "a speed up to 26 mph, such as '6 mph'"
_M_S: Final = "a speed up to 12 m/s, such as '2.8 m/s'"

#: What is accepted in each unit, by what is asked for.
_ACCEPTED: Final[Mapping[str, Mapping[str, str]]] = {
    "height": {
        "m": _METRES,
        "cm": _CENTIMETRES,
        "in": _INCHES,
        "inches": _INCHES,
        "ft": _FEET_AND_INCHES,
    },
    "weight": {"kg": _KILOGRAMS, "lb": _POUNDS, "lbs": _POUNDS, "pounds": _POUNDS},
    "speed": {"km/h": _KM_H, "kph": _KM_H, "mph": _MPH, "mi/h": _MPH, "m/s": _M_S},
}
#: The same where no unit can be read; a number alone is in the unit of the field.
_ANY: Final[Mapping[str, Mapping[Units, str]]] = {
    "height": {
        "metric": "a height from 100 to 250 cm, such as '175' or '1.75 m'",
        "imperial": _FEET_AND_INCHES,
    },
    "weight": {
        "metric": "a weight from 20 to 250 kg, such as '70'",
        "imperial": "a weight from 45 to 550 lb, such as '154'",
    },
    "speed": {
        "metric": "a speed in km/h, such as '10', or one with its unit, such as '6 mph' or "
        "'6:00 /km'",
        "imperial": "a speed in mph, such as '6', or one with its unit, such as '10 km/h' or "
        "'9:40 /mi'",
    },
}
_ANY_SLOPE: Final = (
    "a slope from -40 to 40 %, such as '2', '-3' downhill, or one with its unit, such as '2 deg'"
)


def fitted(error: ParameterError, units: Units) -> ParameterError:
    """The same refusal, with the range in the unit that was typed or taken.

    Parameters
    ----------
    error : ParameterError
        Of a height, a weight, a speed or a slope; others come back as they are.
    units : {"metric", "imperial"}
        Of a number without a unit.

    Examples
    --------
    >>> str(fitted(ParameterError("height", "70 cm", "a height from 1.0 to 2.5 m"), "metric"))
    "height is '70 cm': give a height from 100 to 250 cm, such as '175 cm'."
    >>> str(fitted(ParameterError("mass", "10 lb", "a weight from 20 to 250 kg"), "imperial"))
    "weight is '10 lb': give a weight from 45 to 550 lb, such as '154 lb'."
    """
    words = str(error.value)
    name = "weight" if error.name == "mass" else error.name  # as runners call it
    if name == "slope":
        return ParameterError(name, error.value, _ANY_SLOPE)
    if name not in _ACCEPTED:
        return error
    found = _UNIT.search(words)
    unit = "ft" if _FEET.search(words) else found[1].lower() if found else ""
    accepted = _ACCEPTED[name].get(unit) or _ANY[name][units]
    return ParameterError(name, error.value, accepted)
