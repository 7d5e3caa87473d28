"""Single session: told live at 100 and 110 % of the longest run of the last 30 days.

Frandsen 2025 (doi:10.1136/bjsports-2024-109380): among 5205 runners, sessions more than 10 % longer
than the longest of the last 30 days went with more overuse injuries; weekly ratios did not. The
study counted distance; the same rule for the lumbar dose is this program's choice.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Final, Literal

from imu.ranges import Within, check_ranges
from pipelines.coaching.training.cues import Cue
from pipelines.units import Units, distance_words

__all__ = [
    "BEYOND",
    "WINDOW_DAYS",
    "LongestSession",
    "SingleSessionState",
    "advance_session",
    "finished_session",
]

WINDOW_DAYS: Final = 30
#: How much longer than the longest is told a second time.
BEYOND: Final = 1.1

Measure = Literal["distance", "dose"]


@dataclass(frozen=True, slots=True)
class LongestSession:
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

    def __post_init__(self) -> None:
        check_ranges(self)


@dataclass(frozen=True, slots=True)
class SingleSessionState:
    """What has been told in this session: each of the names once."""

    told: frozenset[str] = frozenset()


def advance_session(
    state: SingleSessionState,
    longest: LongestSession,
    time_s: float,
    *,
    distance_m: float | None = None,
    dose_easy_km: float | None = None,
    units: Units = "metric",
) -> tuple[SingleSessionState, list[Cue]]:
    """Go on to a distance and a dose; returns the new state and what to tell now.

    Parameters
    ----------
    state : SingleSessionState
        ``SingleSessionState()`` at the start.
    longest : LongestSession
        Of the 30 days before this session.
    time_s : float
        Session time, s.
    distance_m, dose_easy_km : float, optional
        Of this session so far; None where unknown.
    units : {"metric", "imperial"}
        For the sentence.

    Notes
    -----
    When distance and dose pass the same mark at once, only the distance is told; a session that
    passes 110 % in one go is told that alone.
    """
    cues: list[Cue] = []
    if (
        longest.distance_m is None
        and longest.dose_easy_km is None
        and "no_history" not in state.told
    ):
        state = replace(state, told=state.told | {"no_history"})
        cues.append(Cue("session.no_history", {}, time_s))
    reached: list[tuple[str, Measure, float]] = []
    if distance_m is not None and longest.distance_m:
        reached += _marks("distance", distance_m, longest.distance_m, distance_m)
    if dose_easy_km is not None and longest.dose_easy_km:
        reached += _marks("dose", dose_easy_km, longest.dose_easy_km, dose_easy_km * 1000.0)
    told_now = False
    for mark in ("beyond", "longest"):
        new = [item for item in reached if item[0] == mark and _name(item) not in state.told]
        if not new:
            continue
        told = {_name(item) for item in new}
        if mark == "beyond":  # says more than having reached the longest
            told |= {f"longest_{item[1]}" for item in new}
        state = replace(state, told=state.told | told)
        if not told_now:
            first = new[0]
            words = distance_words(first[2], units)
            cues.append(Cue(f"session.{_name(first)}", {"distance": words}, time_s))
        told_now = True
    return state, cues


def finished_session(
    longest: LongestSession,
    *,
    distance_m: float | None = None,
    dose_easy_km: float | None = None,
    units: Units = "metric",
) -> list[Cue]:
    """What to tell of a session that is over: only one that is longer than the longest.

    While it lasts, 100 % is told to somebody who is about to go on; afterwards a run as long as
    ever is nothing to tell.

    Examples
    --------
    >>> finished_session(LongestSession(5000.0), distance_m=5000.0)
    []
    >>> finished_session(LongestSession(5000.0), distance_m=5300.0)[0].message
    '5.3 km: further than your longest run of the last 30 days.'
    """
    _, cues = advance_session(
        SingleSessionState(told=frozenset({"no_history"})),
        longest,
        0.0,
        distance_m=distance_m,
        dose_easy_km=dose_easy_km,
        units=units,
    )
    beyond = {"session.beyond_distance", "session.beyond_dose"}
    if told := [cue for cue in cues if cue.text_id in beyond]:
        return told
    dose_m, most_dose_m = _km_to_m(dose_easy_km), _km_to_m(longest.dose_easy_km)
    done_and_most = {
        "session.longer_distance": (distance_m, longest.distance_m),
        "session.longer_dose": (dose_m, most_dose_m),
    }
    for name, (done_m, most_m) in done_and_most.items():
        if done_m is None or not most_m or done_m <= most_m:
            continue
        words = distance_words(done_m, units)
        if words != distance_words(most_m, units):  # what cannot be seen is no difference
            return [Cue(name, {"distance": words})]
    return []


def _km_to_m(kilometres: float | None) -> float | None:
    return None if kilometres is None else kilometres * 1000.0


def _marks(
    measure: Measure, done: float, most: float, shown_m: float
) -> list[tuple[str, Measure, float]]:
    marks: list[tuple[str, Measure, float]] = []
    if done >= most:
        marks.append(("longest", measure, shown_m))
    if done >= BEYOND * most:
        marks.append(("beyond", measure, shown_m))
    return marks


def _name(item: tuple[str, Measure, float]) -> str:
    return f"{item[0]}_{item[1]}"
