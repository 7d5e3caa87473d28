"""Weekly distance against a ceiling: the user's own, or two miles more than the week before.

Two miles a week is a rule of thumb among runners (health article 001), not a finding: in Frandsen
2025 the change from week to week told nothing about injuries. It is labelled so wherever it shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from pipelines.coaching.training.cues import Cue
from pipelines.units import METRES_PER_MILE, Units, distance_words

#: Two miles.
DEFAULT_INCREASE_M: Final = 2.0 * METRES_PER_MILE
#: How far back the last week with running may lie.
_WEEKS_BACK: Final = 4


@dataclass(frozen=True, slots=True)
class Week:
    """A week's running, Monday to Sunday.

    Attributes
    ----------
    start : date
        Its Monday.
    distance_m : float
        Sum of the known distances, m.
    runs, runs_without_distance : int
        All runs, and those whose distance is not known.
    """

    start: date
    distance_m: float
    runs: int
    runs_without_distance: int = 0


def monday_of(day: date) -> date:
    """The Monday of a day's week.

    Examples
    --------
    >>> monday_of(date(2026, 3, 8)).isoformat()
    '2026-03-02'
    """
    return day - timedelta(days=day.weekday())


def weekly_ceiling_m(earlier: list[Week], own_m: float | None = None) -> float | None:
    """The ceiling of a week.

    Parameters
    ----------
    earlier : list of Week
        The weeks before it, in order, the latest last.
    own_m : float, optional
        The user's own ceiling, m, above 0, which goes first.

    Returns
    -------
    float or None
        m: the latest week with a known distance among the last four, plus two miles; None without.

    Examples
    --------
    >>> round(weekly_ceiling_m([Week(date(2026, 3, 2), 10000.0, 2)]))
    13219
    """
    if own_m is not None:
        return own_m
    for week in reversed(earlier[-_WEEKS_BACK:]):
        if week.distance_m > 0.0:
            return week.distance_m + DEFAULT_INCREASE_M
    return None


def week_cues(week: Week, ceiling_m: float | None, units: Units = "metric") -> list[Cue]:
    """What to tell of a week: where it stands, and what is not known."""
    distance = distance_words(week.distance_m, units)
    if ceiling_m is None:
        cues = [Cue("weekly.no_ceiling", {"distance": distance})]
    elif week.distance_m >= ceiling_m:
        ceiling = distance_words(ceiling_m, units)
        cues = [Cue("weekly.reached", {"distance": distance, "ceiling": ceiling})]
    else:
        ceiling = distance_words(ceiling_m, units)
        left = distance_words(ceiling_m - week.distance_m, units)
        cues = [Cue("weekly.within", {"distance": distance, "left": left, "ceiling": ceiling})]
    if week.runs_without_distance:
        cues.append(Cue("weekly.unknown", {"runs": week.runs_without_distance}))
    return cues
