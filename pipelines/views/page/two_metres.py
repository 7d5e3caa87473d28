"""What a runner reads from two metres: few numbers, each defined where everybody else has it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from pipelines.clock_words import clock_words
from pipelines.coaching.training.single_session import BEYOND
from pipelines.quantities import Quantity, quantity_named
from pipelines.units import LONG, counted_distance, dose_words
from pipelines.views.terminal.wording import shown_value, standing

if TYPE_CHECKING:
    from pipelines.coaching.plan import CompanionPlan
    from pipelines.coaching.training.intervals import Phase
    from pipelines.session.live_status import LiveStatus
    from pipelines.units import Units

_FORM: Final = tuple(
    (name, quantity_named(column).live)
    for name, column in (
        ("lean", "sacral_lean_deg"),
        ("shock", "impact_shock_g"),
        ("oscillation", "vertical_oscillation_mm"),
        ("lumbar", "lumbar_index"),
    )
)
_PHASES: Final = {"warm_up": "warm up", "run": "run", "walk": "walk"}
#: Characters that a place has room for in its larger size.
_ROOM: Final = 5
#: Slower than walking is no pace of a run.
_LEAST_SPEED_M_S: Final = 0.3


def two_metres(
    status: LiveStatus, plan: CompanionPlan | None = None, units: Units = "metric"
) -> list[dict[str, Any]]:
    """The numbers in their places.

    Returns
    -------
    list of dict
        Each with ``name``, ``number``, ``unit``, ``state`` as in
        :data:`~pipelines.views.terminal.wording.Standing` or empty, and ``long`` where the number
        needs more room. Heart rate, effort, interval and budget are left out while unknown.

    Examples
    --------
    >>> from pipelines.session.live_status import LiveStatus
    >>> status = LiveStatus(source="", device="", elapsed_s=61.0, distance_m=2340.0, speed_m_s=2.5)
    >>> [(one["name"], one["number"]) for one in two_metres(status)][:3]
    [('time', '1:01'), ('distance', '2.3'), ('pace /km', '6:40')]
    """
    time = clock_words(status.elapsed_s)
    distance, distance_unit = "–", LONG[units][1]
    if status.distance_m is not None:
        distance, distance_unit = counted_distance(status.distance_m, units)
    pace, pace_unit = pace_words(status.speed_m_s, units)
    shown = [
        _number("time", time),
        _number("distance", distance, distance_unit),
        _number(f"pace {pace_unit}", pace),
    ]
    if status.heart_rate_bpm is not None:
        shown.append(_number("heart rate", f"{status.heart_rate_bpm:.0f}"))
    phase = status.phase
    if status.effort is not None:
        shown.append(_number("effort", f"{status.effort.percent:.0f}", "%"))
    if plan is not None and plan.intervals is not None and phase is not None:
        shown += _interval(phase, plan.intervals.repeats)
    shown += [_form(status, name, quantity, units) for name, quantity in _FORM]
    budget = budget_words(status, plan, units)
    if budget is not None:
        shown.append(_number(*budget))
    return shown


def pace_words(speed_m_s: float | None, units: Units = "metric") -> tuple[str, str]:
    """Minutes a kilometre or mile, and that unit; a dash where the speed is not known.

    Examples
    --------
    >>> pace_words(10 / 3.6), pace_words(10 / 3.6, "imperial"), pace_words(0.0)
    (('6:00', '/km'), ('9:39', '/mi'), ('–', '/km'))
    """
    per_m, unit = LONG[units]
    if speed_m_s is None or speed_m_s < _LEAST_SPEED_M_S:
        return "–", f"/{unit}"
    minutes, seconds = divmod(round(per_m / speed_m_s), 60)
    return f"{minutes}:{seconds:02d}", f"/{unit}"


def budget_words(
    status: LiveStatus, plan: CompanionPlan | None, units: Units = "metric"
) -> tuple[str, str, str] | None:
    """What it is called, and the distance that is left of today's, with its unit.

    Of 110 % of the longest session of the last 30 days, beyond which the companion warns, less what
    was run today: in dose where each has one, else as it is; None where a distance is not known.

    Examples
    --------
    >>> from pipelines.coaching.plan import CompanionPlan
    >>> from pipelines.coaching.training.single_session import LongestSession
    >>> from pipelines.session.live_status import LiveStatus
    >>> plan = CompanionPlan(longest=LongestSession(dose_easy_km=5.0))
    >>> status = LiveStatus(source="", device="", easy_km=2.0)
    >>> budget_words(status, plan)
    ('easy left', '3.5', 'km')
    >>> status = LiveStatus(source="", device="", distance_m=1000.0)
    >>> budget_words(status, CompanionPlan(longest=LongestSession(5000.0)))
    ('left today', '4.5', 'km')
    """
    if plan is None or plan.longest is None:
        return None
    longest, today = plan.longest, plan.today
    if longest.dose_easy_km is not None and today.dose_easy_km is not None:
        done_km = today.dose_easy_km + (status.easy_km or 0.0)
        amount, _ = dose_words(max(0.0, BEYOND * longest.dose_easy_km - done_km), units)
        return "easy left", amount, LONG[units][1]
    if longest.distance_m is None or status.distance_m is None or today.unmeasured:
        return None
    done_m = today.distance_m + status.distance_m
    return "left today", *counted_distance(max(0.0, BEYOND * longest.distance_m - done_m), units)


def _interval(phase: Phase, repeats: int) -> list[dict[str, Any]]:
    """The countdown of an interval; nothing once the plan is done."""
    if not math.isfinite(phase.remaining_s):
        return []
    name = _PHASES[phase.kind]
    if phase.number:
        name = f"{name} {phase.number}/{repeats}"
    return [_number(name, clock_words(math.ceil(phase.remaining_s)))]


def _number(name: str, number: str, unit: str = "", state: str = "") -> dict[str, Any]:
    long = len(number) + len(unit) > _ROOM
    return {"name": name, "number": number, "unit": unit, "state": state, "long": long}


def _form(status: LiveStatus, name: str, quantity: Quantity, units: Units) -> dict[str, Any]:
    state, _ = standing(status, quantity)
    unit = quantity.short_unit or quantity.unit_in(units)
    number = quantity.number(shown_value(status, quantity), units)
    return _number(name, number, unit, state)
