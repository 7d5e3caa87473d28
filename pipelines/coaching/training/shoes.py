"""Shoes: warnings at 300 and 500 miles, a pair's usual life (health articles 000, 001, 002)."""

from __future__ import annotations

from typing import Final

from pipelines.coaching.training.cues import Cue
from pipelines.units import METRES_PER_MILE, Units, distance_words

_WARNINGS: Final = {"first": 300.0 * METRES_PER_MILE, "second": 500.0 * METRES_PER_MILE}


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
    passed = [mark for mark, mark_m in _WARNINGS.items() if odometer_m >= mark_m]
    if not passed or (before_m is not None and before_m >= _WARNINGS[passed[-1]]):
        return None
    numbers = {"name": name, "distance": distance_words(odometer_m, units)}
    return Cue(f"shoes.{passed[-1]}", numbers)
