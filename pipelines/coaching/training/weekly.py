"""Weekly distance against a ceiling: the user's own, or two miles more than the week before.

Two miles a week is a rule of thumb among runners (health article 001), not a finding: in Frandsen
2025 the change from week to week told nothing about injuries. It is labelled so wherever it shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Final

from imu.ranges import Checked, Within
from pipelines.coaching.training.cues import Cue
from pipelines.units import METRES_PER_MILE, Units, distance_words

#: Two miles.
DEFAULT_INCREASE_M: Final = 2.0 * METRES_PER_MILE
#: How far back the last week with running may lie.
_WEEKS_BACK: Final = 4
#: Shares of the ceiling that are told while running, the weightier first.
_MARKS: Final = {"weekly.beyond_now": 1.1, "weekly.reached_now": 1.0}


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

    @property
    def not_known(self) -> bool:
        """Whether something was run, and how far is known of nothing: which is not 0 km."""
        return self.runs > 0 and self.runs == self.runs_without_distance


@dataclass(frozen=True, slots=True)
class WeekSoFar(Checked):
    """What a week holds before a run: ``distance_m`` run already, and its ``ceiling_m``, m."""

    distance_m: Annotated[float, Within(0.0, 1e7)]
    ceiling_m: Annotated[float, Within(0.0, 1e7, above=True)]


def advance_week(
    told: frozenset[str],
    week: WeekSoFar,
    time_s: float,
    distance_m: float | None,
    units: Units = "metric",
) -> tuple[frozenset[str], Cue | None]:
    """Go on to a distance of this run, m; returns what has been told, and what to tell now.

    A week that was over its ceiling before the run has been told of it before the run, and only
    110 % is told; a run that passes 110 % in one go is told that alone.

    Examples
    --------
    >>> told, cue = advance_week(frozenset(), WeekSoFar(9000.0, 10000.0), 60.0, 1100.0)
    >>> cue.message
    "10.1 km this week: that is this week's ceiling. Finish here, or walk on."
    >>> advance_week(told, WeekSoFar(9000.0, 10000.0), 90.0, 1200.0)[1] is None
    True
    """
    if distance_m is None:
        return told, None
    done_m = week.distance_m + distance_m
    before = {name for name, share in _MARKS.items() if week.distance_m >= share * week.ceiling_m}
    passed = [name for name, share in _MARKS.items() if done_m >= share * week.ceiling_m]
    new = [name for name in passed if name not in told and name not in before]
    if not new or new[0] != passed[0]:
        return told | set(passed), None
    numbers: dict[str, float | str] = {"distance": distance_words(done_m, units)}
    if new[0] == "weekly.beyond_now":
        numbers["percent"] = 100.0 * done_m / week.ceiling_m
    return told | set(passed), Cue(new[0], numbers, time_s)


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
    if week.not_known:
        return [Cue("weekly.not_known", {"runs": week.runs})]
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
