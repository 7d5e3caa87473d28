"""The plan of the run that begins, as the journal asks for it.

It goes into the recording's header, so that nothing hidden influences a session.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Final

from imu.drift.baseline import Baseline
from pipelines.coaching.plan import CompanionPlan, HeldBack, UsualIntensity, sensible, usual_of
from pipelines.coaching.training.cues import Cue
from pipelines.coaching.training.intervals import RunWalkPlan
from pipelines.coaching.training.return_to_run import rest_cues, surface_cue
from pipelines.coaching.training.single_session import LongestSession, budget_cue
from pipelines.coaching.training.traffic_light import CHANGE_FROM
from pipelines.coaching.training.weekly import WeekSoFar
from pipelines.runner.journal.advice import held_back, return_state
from pipelines.runner.journal.at_hand import JournalAtHand
from pipelines.runner.journal.database import Journal
from pipelines.runner.journal.entries import Session, utc_ns_of
from pipelines.runner.journal.queries import (
    longest_before_run,
    red_flag_state,
    today_so_far,
    week_so_far,
)
from pipelines.session.marks import Pain, mark_from_words
from pipelines.units import distance_words

_DAY_NS: Final = 86_400 * 10**9
#: Sessions that tell what is usual: the last ten of three months.
_USUAL_SESSIONS: Final = 10
_USUAL_DAYS: Final = 90


def plan_from_journal(
    journal: Journal,
    now: datetime,
    baseline: Baseline | None = None,
) -> CompanionPlan:
    """The plan that the journal asks for.

    The stages of a return bring their own training: the treadmill runs and walks in turn, the track
    walks the bends. What is usual is that of the baseline, else the median of the latest sessions
    before a return began.

    Parameters
    ----------
    journal : Journal
        Open.
    now : datetime
        The time on the runner's clock, with its zone.
    baseline : Baseline, optional
        Of earlier easy runs, as the analysis uses it.

    Raises
    ------
    ParameterError
        When the time has no zone.
    RecordingError
        When the journal cannot be read.
    """
    now_ns = utc_ns_of(now)
    settings = journal.settings()
    flags = red_flag_state(journal)
    since_ns = settings.return_since_ns
    state = return_state(journal)
    stage = None if state is None or state.finished else state.stage
    week, ceiling_m = week_so_far(journal, now.date())
    rest_day: int | None = None
    if since_ns is not None:
        by_now_ns = max(now_ns, since_ns)  # a clock that was set back since is on the first day
        if rest_cues(since_ns, by_now_ns, rest_days=settings.rest_days):
            rest_day = (by_now_ns - since_ns) // _DAY_NS + 1
    return CompanionPlan(
        stopped=flags.cue.text_id if flags.stopped and flags.cue is not None else "",
        because="" if flags.cue is None else str(flags.cue.numbers.get("reason", "")),
        eased=flags.eased,
        held=held_back(journal, now_ns),
        units=settings.units,
        usual=usual_of(baseline) or _usual(journal, min(now_ns, since_ns or now_ns)),
        # a part of this run is no earlier run, but of this day
        longest=longest_before_run(journal, now_ns),
        today=today_so_far(journal, now.date(), now_ns),
        week=None if ceiling_m is None else WeekSoFar(week.distance_m, ceiling_m),
        highest_heart_rate_bpm=settings.highest_heart_rate_bpm,
        # a day of rest is a walk: nobody is told to jog on it
        intervals=RunWalkPlan() if stage == 0 and rest_day is None else None,
        walk_bends=stage == 1,
        return_stage=stage,
        rest_day=rest_day,
        rest_days=settings.rest_days,
    )


def plan_for_run(
    journal: JournalAtHand,
    now: datetime,
    baseline: Baseline | None = None,
    *,
    marks: Iterable[tuple[str, str]] = (),
) -> tuple[CompanionPlan, list[str]]:
    """The plan of the user's journal, and what the user should know; a run never fails for it.

    Without a journal none is made. One in trouble gives a plan that rests on nothing, and a
    sentence that says so.

    Parameters
    ----------
    journal : JournalAtHand
        That of the program.
    now, baseline
        As for :func:`plan_from_journal`.
    marks : iterable of pairs of str
        What is said as the run starts: a rating is newer than the one that holds training back.
    """
    blank = CompanionPlan(usual=usual_of(baseline))
    plan = journal.ask(
        lambda it: plan_from_journal(it, now, baseline),
        replace(blank, longest=LongestSession()),
    )
    if journal.trouble:
        told = f"{journal.trouble} This run is accompanied without what the journal knows."
        return blank, [told]
    if (
        plan.held is not None and 0 <= _rated(marks) < CHANGE_FROM
    ):  # questions that are open stay so
        plan = replace(plan, held=HeldBack(unanswered=True) if plan.held.unanswered else None)
    return plan, journal.take_notes()


def cues_before(plan: CompanionPlan, marks: Iterable[tuple[str, str]]) -> list[Cue]:
    """What is worth knowing before a run begins: rest, surface, budget, and how to begin.

    While pain, also that which is said as the run starts, or red flags keep training from being
    suggested, the companion says so, and nothing else is said here.
    """
    if plan.stopped or plan.eased or plan.held is not None or _rated(marks) >= CHANGE_FROM:
        return []
    surface = dict(marks).get("surface", "")
    if plan.rest_day is not None:
        return [Cue("return.resting_run", {"day": plan.rest_day, "days": plan.rest_days})]
    cues = [None if plan.return_stage is None else surface_cue(plan.return_stage, surface)]
    cues.append(budget_cue(plan.longest, plan.today, plan.units))
    if plan.week is not None:
        left_m = max(plan.week.ceiling_m - plan.week.distance_m, 0.0)
        cues.append(Cue("session.budget_week", {"left": distance_words(left_m, plan.units)}))
    return [*filter(None, cues), Cue("routine.before_run"), Cue("words.posture")]


def _rated(marks: Iterable[tuple[str, str]]) -> int:
    """The latest rating among marks; -1 where there is none."""
    rated = [mark_from_words("pain", words) for kind, words in marks if kind == "pain"]
    return max((mark.level for mark in rated[-1:] if isinstance(mark, Pain)), default=-1)


def _usual(journal: Journal, before_ns: int) -> UsualIntensity | None:
    sessions = journal.entries(
        Session,
        "utc_start_ns >= ? AND utc_start_ns < ? AND steps > 0",
        (before_ns - _USUAL_DAYS * _DAY_NS, before_ns),
        newest=_USUAL_SESSIONS,
    )
    found = [
        (item.means["peak_10hz_bw"], item.means["cadence_spm"])
        for item in sessions
        if "peak_10hz_bw" in item.means and "cadence_spm" in item.means
    ]
    if not found:
        return None
    return sensible(*(statistics.median(column) for column in zip(*found, strict=True)))
