"""Single session: told live at 100 and 110 % of the longest run of the last 30 days.

Frandsen 2025 (doi:10.1136/bjsports-2024-109380): among 5205 runners, sessions more than 10 % longer
than the longest of the last 30 days went with more overuse injuries; weekly ratios did not. The
study counted distance; the same rule for the lumbar dose is this program's choice.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Final

from imu.ranges import Checked, Within
from pipelines.coaching.training.cues import Cue
from pipelines.units import Units, distance_words

WINDOW_DAYS: Final = 30
#: How much longer than the longest is told a second time.
BEYOND: Final = 1.1
#: Such a leap is more often one of what the journal knows.
_FAR_BEYOND: Final = 2.0

#: What is told, the weightier first, and from which share of the longest on.
_MARKS: Final = {"beyond": BEYOND, "longest": 1.0}


@dataclass(frozen=True, slots=True)
class LongestSession(Checked):
    """The most of one session in the last 30 days; None where no session has the figure.

    Attributes
    ----------
    distance_m : float, optional
        m.
    dose_easy_km : float, optional
        Equivalent easy kilometres, exponent 4.
    """

    distance_m: Annotated[float, Within(0.0, 1e9)] | None = None
    dose_easy_km: Annotated[float, Within(0.0, 1e9)] | None = None


@dataclass(frozen=True, slots=True)
class TodaySoFar(Checked):
    """What was run on this day before.

    Attributes
    ----------
    distance_m : float
        m.
    dose_easy_km : float, optional
        Equivalent easy kilometres, exponent 4; None where a run has none.
    unmeasured : int
        Runs whose distance is not known.
    """

    distance_m: Annotated[float, Within(0.0, 1e9)] = 0.0
    dose_easy_km: Annotated[float, Within(0.0, 1e9)] | None = 0.0
    unmeasured: Annotated[int, Within(0, 1_000_000)] = 0


def advance_session(
    told: frozenset[str],
    longest: LongestSession,
    time_s: float,
    *,
    distance_m: float | None = None,
    dose_easy_km: float | None = None,
    units: Units = "metric",
    today: TodaySoFar | None = None,
    day: str = "today",
) -> tuple[frozenset[str], list[Cue]]:
    """Go on to a distance and a dose; returns what has been told, and what to tell now.

    Parameters
    ----------
    told : frozenset of str
        What has been told in this session, each of the names once.
    longest : LongestSession
        Of the 30 days before this session.
    time_s : float
        Session time, s.
    distance_m, dose_easy_km : float, optional
        Of this session so far; None where unknown.
    units : {"metric", "imperial"}
        For the sentence.
    today : TodaySoFar, optional
        What was run on its day before, which counts with it.
    day : str
        That day in words.

    Notes
    -----
    When distance and dose pass the same mark at once, only the distance is told; a session that
    passes 110 % in one go is told that alone.
    """
    cues: list[Cue] = []
    if longest == LongestSession() and "no_history" not in told:
        told |= {"no_history"}
        cues.append(Cue("session.no_history", {}, time_s))
    weightiest: Cue | None = None
    of_the_day = f" {day}" if today is not None and today.distance_m else ""
    distance_m, dose_easy_km = _with_the_day(distance_m, dose_easy_km, today)
    for name, done_m, most_m in _measures(longest, distance_m, dose_easy_km):
        reached = [mark for mark, share in _MARKS.items() if done_m >= share * most_m]
        new = [f"{mark}_{name}" for mark in reached if f"{mark}_{name}" not in told]
        if new:
            # 110 % says more than 100 %, and the distance more than the dose
            together = of_the_day if name == "distance" else ""
            words: dict[str, float | str] = {"distance": distance_words(done_m, units) + together}
            if new[0].startswith("beyond"):
                words["percent"] = 100.0 * done_m / most_m
            cue = Cue(f"session.{new[0]}", words, time_s)
            if weightiest is None or _outdoes(cue, weightiest):
                weightiest = cue
            told |= set(new)
    return told, cues if weightiest is None else [*cues, weightiest]


def budget_cue(
    longest: LongestSession | None, today: TodaySoFar, units: Units = "metric"
) -> Cue | None:
    """Before a run: how far the longest of the last 30 days lets it go; None without one.

    Examples
    --------
    >>> budget_cue(LongestSession(5000.0), TodaySoFar()).message
    "Today's budget: your longest run of the last 30 days is 5.0 km, so up to 5.5 km."
    >>> budget_cue(LongestSession(5000.0), TodaySoFar(3000.0)).message[56:]
    '5.0 km, and 3.0 km are run today: 2.5 km are left.'
    >>> budget_cue(LongestSession(5000.0), TodaySoFar(0.0, None, 1)).message[56:]
    '5.0 km, so up to 5.5 km, less what was run today: of 1 run the distance is not known.'
    """
    if longest is None or not longest.distance_m:
        return None
    most_m = max(BEYOND * longest.distance_m - today.distance_m, 0.0)
    numbers: dict[str, float | str] = {
        "longest": distance_words(longest.distance_m, units),
        "most": distance_words(most_m, units),
    }
    if today.unmeasured:
        numbers["runs"] = today.unmeasured
        return Cue("session.budget_unknown", numbers)
    if not today.distance_m:
        return Cue("session.budget", numbers)
    numbers["today"] = distance_words(today.distance_m, units)
    return Cue("session.budget_left", numbers)


def finished_session(
    longest: LongestSession,
    *,
    distance_m: float | None = None,
    dose_easy_km: float | None = None,
    units: Units = "metric",
    before: TodaySoFar | None = None,
) -> list[Cue]:
    """What to tell of a session that is over: only one that is longer than the longest.

    ``before``, what was run in the parts of its run before it, which counts with it.

    While it lasts, 100 % is told to somebody who is about to go on; afterwards a run as long as
    ever is nothing to tell.

    Examples
    --------
    >>> finished_session(LongestSession(5000.0), distance_m=5000.0)
    []
    >>> finished_session(LongestSession(5000.0), distance_m=5300.0)[0].message
    '5.3 km: further than your longest run of the last 30 days.'
    >>> finished_session(LongestSession(2600.0), distance_m=16000.0)[0].message[:52]
    '16.0 km, and the longest run that your journal has o'
    >>> finished_session(LongestSession(5e3), distance_m=3e3, before=TodaySoFar(3e3))[0].message
    '6.0 km in all: 120 % of your longest run of the last 30 days. Let the next one be shorter.'
    """
    _, cues = advance_session(
        frozenset({"no_history"}),
        longest,
        0.0,
        distance_m=distance_m,
        dose_easy_km=dose_easy_km,
        units=units,
        today=before,
        day="in all",
    )
    distance_m, dose_easy_km = _with_the_day(distance_m, dose_easy_km, before)
    of_the_day = " in all" if before is not None and before.distance_m else ""
    # it is over: nobody is to finish it
    over = {
        "session.beyond_distance": "session.ran_beyond_distance",
        "session.beyond_dose": "session.ran_beyond_dose",
    }
    if told := [replace(cue, text_id=over[cue.text_id]) for cue in cues if cue.text_id in over]:
        most_m = longest.distance_m
        if distance_m is None or not most_m or distance_m <= _FAR_BEYOND * most_m:
            return told
        # a journal that is young, or lacks runs, knows no better
        far = distance_words(distance_m, units) + of_the_day
        longest_known = distance_words(most_m, units)
        return [Cue("session.ran_far_beyond", {"distance": far, "longest": longest_known})]
    for name, done_m, most_m in _measures(longest, distance_m, dose_easy_km):
        words = distance_words(done_m, units)
        # what cannot be seen is no difference
        if done_m > most_m and words != distance_words(most_m, units):
            together = of_the_day if name == "distance" else ""
            return [Cue(f"session.longer_{name}", {"distance": words + together})]
    return []


def _with_the_day(
    distance_m: float | None, dose_easy_km: float | None, today: TodaySoFar | None
) -> tuple[float | None, float | None]:
    """Distance and dose with what was run on that day before, where both are known."""
    if today is None:
        return distance_m, dose_easy_km
    dose_before = today.dose_easy_km
    return (
        None if distance_m is None else distance_m + today.distance_m,
        dose_easy_km if dose_easy_km is None or dose_before is None else dose_easy_km + dose_before,
    )


def _measures(
    longest: LongestSession, distance_m: float | None, dose_easy_km: float | None
) -> list[tuple[str, float, float]]:
    """Name, this session's and the most, m, of what is known of both."""
    dose_m, most_dose_m = (
        None if km is None else 1000.0 * km for km in (dose_easy_km, longest.dose_easy_km)
    )
    known = (("distance", distance_m, longest.distance_m), ("dose", dose_m, most_dose_m))
    return [(name, done, most) for name, done, most in known if done is not None and most]


def _outdoes(cue: Cue, other: Cue) -> bool:
    return "beyond" in cue.text_id and "beyond" not in other.text_id
