"""Shoes: warnings at 300 and 500 miles, a pair's usual life (health articles 000, 001, 002)."""

from __future__ import annotations

from typing import Final, Literal

from imu.errors import ParameterError
from pipelines.coaching.training.cues import Cue
from pipelines.units import METRES_PER_MILE, Units, distance_words

__all__ = ["FIRST_WARNING_M", "SECOND_WARNING_M", "WearLevel", "shoe_cue", "wear_level"]

FIRST_WARNING_M: Final = 300.0 * METRES_PER_MILE
SECOND_WARNING_M: Final = 500.0 * METRES_PER_MILE

WearLevel = Literal["fresh", "first", "second"]


def wear_level(odometer_m: float) -> WearLevel:
    """How far along a pair is.

    Parameters
    ----------
    odometer_m : float
        Distance of the pair, m.

    Examples
    --------
    >>> wear_level(480_000.0), wear_level(483_000.0), wear_level(805_000.0)
    ('fresh', 'first', 'second')
    """
    if not odometer_m >= 0.0:
        raise ParameterError("odometer_m", odometer_m, "a distance from 0 m")
    if odometer_m >= SECOND_WARNING_M:
        return "second"
    return "first" if odometer_m >= FIRST_WARNING_M else "fresh"


def shoe_cue(
    name: str, odometer_m: float, units: Units = "metric", *, before_m: float | None = None
) -> Cue | None:
    """Warn of a pair's distance.

    Parameters
    ----------
    name : str
        The pair.
    odometer_m : float
        Its distance now, m.
    units : {"metric", "imperial"}
        For the sentence.
    before_m : float, optional
        Its distance before the latest run: then only the run that passes a mark is told.
    """
    level = wear_level(odometer_m)
    if level == "fresh" or (before_m is not None and wear_level(before_m) == level):
        return None
    return Cue(f"shoes.{level}", {"name": name, "distance": distance_words(odometer_m, units)})
