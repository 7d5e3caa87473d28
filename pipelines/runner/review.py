"""A run that has just been filed, beside the last one, and what went well in it."""

from __future__ import annotations

import math
from typing import Final

from imu.step.trusted_steps import trusted_steps
from pipelines.coaching.training.cues import Cue
from pipelines.coaching.training.warm_up import WarmUpParams
from pipelines.coaching.training.weekly import monday_of
from pipelines.quantities import quantity_named
from pipelines.runner.journal.database import Journal
from pipelines.runner.journal.entries import Session
from pipelines.session.result import SessionResult
from pipelines.units import distance_words

#: What two runs are compared by, in this order; a smaller difference is none, %.
_COMPARED: Final = ("impact_shock_g", "contact_time_ms", "cadence_spm")
_LEAST_PERCENT: Final = 1.0
#: The mean of fewer steps is none of a run.
_COMPARED_STEPS: Final = 100
#: Easy time that is a warm-up, and distance run hard before it that is worth a word.
_WARM_S: Final = 300.0
_HARD_BEFORE_M: Final = 200.0
#: Less of a run that was judged says little of its form, and less of running is no praise, s.
_JUDGED_S: Final = 600.0
_LEAST_S: Final = 60.0


def review_cues(
    journal: Journal, session: Session, result: SessionResult, *, compared: bool
) -> list[Cue]:
    """Compare a filed run with the last one on its surface, and say what went well."""
    cues: list[Cue] = []
    units = journal.settings().units
    hard_m = session.before_warm_up_m
    if hard_m is not None and hard_m >= _HARD_BEFORE_M:
        numbers = {"distance": distance_words(hard_m, units)}
        cues.append(Cue("warm_up.hard_before", numbers))
    before = journal.entries(
        Session,
        "utc_start_ns < ? AND surface = ? AND steps >= ?",
        (session.utc_start_ns, session.surface, _COMPARED_STEPS),
        newest=1,
    )
    compared &= len(trusted_steps(result.at_one_rate)) >= _COMPARED_STEPS
    if compared and before and (what := _differences(before[0], session)):
        on = f" on {session.surface}" if session.surface else ""
        cues.append(Cue("review.compared", {"day": str(before[0].day), "on": on, "what": what}))
    raised = any(alert.severity == "raised" for alert in result.alerts)
    if result.judged_s >= _JUDGED_S and not raised:
        cues.append(Cue("review.steady"))
    elif session.warm_up_s is not None and session.warm_up_s >= _WARM_S:
        cues.append(Cue("review.warm"))
    elif session.running_s is not None and session.running_s >= _LEAST_S:
        cues.append(Cue("review.moved", {"minutes": session.running_s / 60.0}))
    return cues


def cool_down_was_told(journal: Journal, session: Session) -> bool:
    """Whether a run of the same week before this one ended without a cool-down, and was told so."""
    monday = monday_of(session.day).toordinal()
    before = journal.entries(
        Session,
        "day >= ? AND utc_start_ns < ? AND cool_down_s < ? AND NOT simulated",
        (monday, session.utc_start_ns, WarmUpParams().cool_down_s),
        newest=1,
    )
    return bool(before)


def _differences(before: Session, session: Session) -> str:
    told: list[str] = []
    for column in _COMPARED:
        was, now = before.means.get(column, math.nan), session.means.get(column, math.nan)
        if not (math.isfinite(was) and math.isfinite(now)) or was == 0.0:
            continue
        percent = 100.0 * (now - was) / was
        name = quantity_named(column).name
        if abs(percent) < _LEAST_PERCENT:
            told.append(f"{name} the same")
        else:
            told.append(f"{name} {abs(percent):.0f} % {'higher' if percent > 0.0 else 'lower'}")
    return ", ".join(told)
