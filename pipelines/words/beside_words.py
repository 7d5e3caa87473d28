"""What devices beside the sensor say now, as pieces of a line."""

from __future__ import annotations

from typing import Final

from pipelines.session.live_status import LiveStatus
from pipelines.units import LONG, Units, slope_words, speed_words

_SHORT: Final = {"treadmill": "treadmill", "foot_pod": "foot pod", "heart_rate": "heart rate"}
_HERE: Final = ("connected", "resumed", "gap")


def beside_words(status: LiveStatus, units: Units = "metric") -> list[str]:
    """Speed, slope, distance and heart rate, as far as they are known; empty without any device.

    Examples
    --------
    >>> from pipelines.session.live_status import LiveStatus
    >>> belt = {"speed_m_s": 2.5, "distance_m": 1234.0, "beside": {"treadmill": ""}}
    >>> beside_words(LiveStatus(source="", device="", **belt))
    ['9 km/h', '1.23 km']
    """
    if not status.beside:
        return []
    words, imperial, per_m = [], units == "imperial", LONG[units][0]
    if status.speed_m_s is not None:
        words.append(speed_words(status.speed_m_s, units))
    if status.slope_deg:
        words.append(slope_words(status.slope_deg))
    if status.distance_m is not None:
        words.append(f"{status.distance_m / per_m:.2f} {'miles' if imperial else 'km'}")
    if status.heart_rate_bpm is not None:
        words.append(f"heart {status.heart_rate_bpm:.0f}/min")
    return words


def away_words(status: LiveStatus) -> list[str]:
    """The devices that are away."""
    return [
        f"{_SHORT.get(name, name)} away"
        for name, state in status.beside.items()
        if state not in _HERE
    ]
