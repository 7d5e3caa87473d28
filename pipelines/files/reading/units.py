"""Units of time, acceleration and angular velocity, as people write them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Final

from imu.samples import STANDARD_GRAVITY_M_S2

#: Each accepted unit of time, in s.
TIME_UNITS: Final[Mapping[str, float]] = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}

#: Each accepted unit of acceleration, in m/s².
ACCELERATION_UNITS: Final[Mapping[str, float]] = {
    "m_s2": 1.0,
    "g": STANDARD_GRAVITY_M_S2,
    "mg": STANDARD_GRAVITY_M_S2 / 1000.0,
}

#: Each accepted unit of angular velocity, in rad/s.
ANGULAR_VELOCITY_UNITS: Final[Mapping[str, float]] = {
    "rad_s": 1.0,
    "deg_s": math.pi / 180.0,
    "mdeg_s": math.pi / 180e3,
}

#: By quantity.
UNITS: Final[Mapping[str, Mapping[str, float]]] = {
    "time": TIME_UNITS,
    "acc": ACCELERATION_UNITS,
    "gyr": ANGULAR_VELOCITY_UNITS,
}

#: Spellings, without spaces, carets, dots and brackets.
_SPELLINGS: Final[Mapping[str, str]] = {
    spelling: unit
    for unit, spellings in {
        "s": "s sec secs second seconds",
        "ms": "ms msec msecs millis millisec milliseconds millisecond",
        "us": "us µs μs usec usecs micros microsec microseconds microsecond",
        "ns": "ns nsec nsecs nanos nanosec nanoseconds nanosecond",
        "m_s2": "m_s2 m/s2 m/s/s m/ss ms-2 mps2 m/s² ms^-2 m/sec2 m/sec/sec meters/second2 m_s_s",
        "g": "g gs g0 gn gee gees g-force",
        "mg": "mg milli-g millig",
        "rad_s": "rad_s rad/s rads rads-1 rad/sec radians/s radians/sec radians/second",
        "deg_s": "deg_s deg/s dps degs degs-1 °/s º/s ˚/s deg/sec °/sec degrees/s degrees/sec "
        "degree/s degrees/second",
        "mdeg_s": "mdeg_s mdps mdeg/s",
    }.items()
    for spelling in spellings.split()
}


def unit_of(text: str) -> str:
    """Our name of a unit as it stands in brackets, in a row of units or at the end of a name.

    Returns
    -------
    str
        Empty when it is none that we know.

    Examples
    --------
    >>> unit_of("m/(sec^2)"), unit_of("°/s"), unit_of("Milliseconds"), unit_of("lsb")
    ('m_s2', 'deg_s', 'ms', '')
    """
    plain = re.sub(r"[\s^·.*()\[\]{}âÂ]", "", text.strip().lower())
    return _SPELLINGS.get(plain, "")


def unit_scale(quantity: str, unit: str) -> float | None:
    """What one of a unit is in SI; ``g/2048`` is a sensor's count of which 2048 make one g.

    Returns
    -------
    float or None
        None when it is no unit of that quantity.

    Examples
    --------
    >>> unit_scale("time", "ms"), unit_scale("gyr", "g"), round(unit_scale("acc", "g/1000"), 5)
    (0.001, None, 0.00981)
    """
    name, slash, count = unit.partition("/")
    one = UNITS[quantity].get(name)
    if one is None or not slash:
        return one
    try:
        counts = float(count)
    except ValueError:
        return None
    return one / counts if 0.0 < counts < math.inf else None
