"""Advice of the day: every rule that looks at the journal, in the order of its weight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

from pipelines.coaching.plan import HeldBack
from pipelines.coaching.training.cues import Cue
from pipelines.coaching.training.pain import (
    PainTier,
    TierFinding,
    activity_cues,
    ago_words,
    check_cue,
    due_ratings,
    pain_tier,
    relief_cues,
)
from pipelines.coaching.training.pain_moments import is_too_late
from pipelines.coaching.training.red_flags import RedFlagState
from pipelines.coaching.training.return_to_run import (
    ReturnState,
    course_of,
    rest_cues,
    runs_to_finish,
    stage_cue,
    state_of,
    surface_cue,
)
from pipelines.coaching.training.shoes import shoe_cue
from pipelines.coaching.training.single_session import finished_session
from pipelines.coaching.training.strength import strength_cue, stretch_cue
from pipelines.coaching.training.traffic_light import CHANGE_FROM, Judged, Moment, Rated, judge_pain
from pipelines.coaching.training.weekly import monday_of, week_cues
from pipelines.runner.journal.database import Journal
from pipelines.runner.journal.entries import Exercise, Pain, Questionnaire, Session, Shoe, utc_ns_of
from pipelines.runner.journal.queries import (
    begins,
    exercise_days,
    longest_before_run,
    odometers_m,
    pain_notes,
    pains_of_runs,
    pains_of_whole_runs,
    placed_pains,
    red_flag_state,
    run_so_far,
    stretch_times,
    week_so_far,
)
from pipelines.runner.journal.whole_runs import begin_of_run

_DAY_NS: Final = 86_400 * 10**9
_HOUR_NS: Final = 3600 * 10**9
_MINUTE_NS: Final = 60 * 10**9
#: Who has rated a pain since the run is not asked for one at once.
_JUST_RATED_NS: Final = 3 * _HOUR_NS
#: Surfaces than which others are softer.
_HARD_GROUND: Final = ("asphalt", "concrete")
#: How long it is told that a return is complete, from its last run on.
_COMPLETE_NS: Final = 8 * _DAY_NS
#: How far back pain is looked at: longer than the longest tier.
_PAIN_DAYS: Final = 60
#: Runs that are looked at for five with a rating.
_RUNS_BACK: Final = 10


@dataclass(frozen=True, slots=True)
class Advice:
    """What the rules say today.

    Attributes
    ----------
    red_flags : RedFlagState
        While stopped, nothing else is said.
    cues : tuple of Cue
        What to tell, the weightiest first.
    no_training : tuple of Cue
        Why no training is suggested, as :func:`why_no_training`; not while stopped.
    """

    red_flags: RedFlagState
    cues: tuple[Cue, ...]
    no_training: tuple[Cue, ...] = ()


def advice(journal: Journal, now: datetime) -> Advice:
    """Ask every rule.

    Parameters
    ----------
    journal : Journal
        Open.
    now : datetime
        The time on the runner's clock, with its zone.
    """
    now_ns = utc_ns_of(now)
    stopped = red_flag_state(journal)
    if stopped.stopped and stopped.cue is not None:
        return Advice(stopped, (stopped.cue,))
    _, cues = _pain_cues(journal, now_ns)
    if why := why_no_training(journal, now_ns):
        still = (cue for cue in cues if cue.text_id != "pain.softer_ground")  # no next run yet
        return Advice(stopped, tuple(still), tuple(why))
    settings = journal.settings()
    cues += return_cues(journal, now_ns)
    today = now.date()
    week, ceiling_m = week_so_far(journal, today)
    if week.runs:
        cues += week_cues(week, ceiling_m, settings.units)
    distances = odometers_m(journal)
    for shoe in journal.entries(Shoe, "retired IS NULL"):
        worn = shoe_cue(shoe.name, distances[shoe.identifier or 0], settings.units)
        cues += [worn] if worn is not None else []
    days = exercise_days(journal, "strength", monday_of(today) - timedelta(weeks=1), today)
    strength = strength_cue(days, today, settings.strength_days)
    if strength.text_id == "strength.late" and begins(journal) >= monday_of(today):
        # nobody is late in the week in which the journal begins
        strength = replace(strength, text_id="strength.due")
    cues.append(strength)
    for kind in ("core", "cross"):
        if not exercise_days(journal, kind, monday_of(today), today):
            cues.append(Cue(f"{kind}.due"))
    stretch = stretch_cue(stretch_times(journal, today), now, settings.stretches_per_day)
    cues += [stretch] if stretch is not None else []
    return Advice(stopped, tuple(cues))


def _pain_cues(journal: Journal, now_ns: int) -> tuple[TierFinding, list[Cue]]:
    """What the ratings of the last weeks add up to, and which is due."""
    since_ns = now_ns - _PAIN_DAYS * _DAY_NS
    notes = pain_notes(journal, since_ns)
    runs = pains_of_whole_runs(journal, newest=_RUNS_BACK)
    finding = pain_tier(notes, [pain for _, pain in runs], now_ns)
    cues = [*finding.cues, *relief_cues(notes, now_ns)]
    named = journal.entries(Pain, "utc_ns >= ? AND level > 0 AND activity <> ''", (since_ns,))
    cues += activity_cues([item.activity for item in named])
    if runs:
        session, pain = runs[-1]
        # what was rated before its last part says nothing of its end
        of_last = next((last for _, last in pains_of_runs(journal, newest=1)), pain)
        due = due_ratings(session.utc_end_ns, of_last, now_ns)
        rated = bool(notes) and notes[-1].utc_ns > max(session.utc_end_ns, now_ns - _JUST_RATED_NS)
        asked = any(cue.text_id == "pain.watch_today" for cue in cues)
        cues += [due] if due is not None and not (rated or asked) else []
        hurt = max(pain.before or 0, pain.worst_later)
        if hurt and session.surface in _HARD_GROUND and now_ns - session.utc_end_ns < 7 * _DAY_NS:
            cues.append(Cue("pain.softer_ground", {"surface": session.surface}))
    return finding, cues


def held_back(journal: Journal, now_ns: int) -> HeldBack | None:
    """Why no training is suggested: the latest rating, none since any was lost, or questions."""
    # a rating stands until another follows, however long ago it was
    pain = journal.entries(Pain, "utc_ns <= ?", (now_ns,), newest=1)
    level = pain[-1].level if pain else 0
    unanswered = questions_due(journal, now_ns) is not None
    lost_ns = journal.settings().ratings_lost_ns
    # the rating that found the journal damaged was begun a moment before
    lost = lost_ns is not None and not journal.entries(
        Pain, "utc_ns > ?", (lost_ns - _MINUTE_NS,), newest=1
    )
    if level < CHANGE_FROM and not unanswered and not lost:
        return None
    ago = ago_words((now_ns - pain[-1].utc_ns) / _HOUR_NS) if pain else ""
    return HeldBack(level, ago, unanswered, lost)


def questions_due(journal: Journal, now_ns: int) -> Cue | None:
    """Ask the questions about red flags where a pain calls for them that they were not asked for.

    A rating calls for them by its level or its words, in the last week or since one of no pain, and
    a pain that lasts or grows once a week.
    Where they have stopped the coaching already they are asked before it goes on, and not here.
    """
    if red_flag_state(journal).stopped:
        return None
    last = journal.entries(Questionnaire, newest=1)
    answered_ns = last[0].utc_ns if last else 0
    week_ns = now_ns - 7 * _DAY_NS
    painless = journal.entries(Pain, "level = 0 AND utc_ns <= ?", (week_ns,), newest=1)
    since_ns = painless[0].utc_ns if painless else 0
    calling = [_check(*item) for item in _with_notes(journal, max(answered_ns, since_ns) + 1)]
    if found := [cue for cue in calling if cue is not None]:
        return found[-1]
    finding, _ = _pain_cues(journal, now_ns)
    if finding.tier >= PainTier.PHYSIOTHERAPIST and answered_ns < week_ns:
        return Cue("pain.check_pattern")
    return None


def _with_notes(journal: Journal, since_ns: int) -> list[tuple[Pain, str]]:
    """Ratings since a moment, each with what was noted of the runs that it belongs to."""
    noted = "SELECT identifier, note FROM sessions WHERE note <> ''"
    notes = dict(journal.records(tuple[int, str], noted))
    return [
        (one.pain, "; ".join(notes.get(place.number, "") for place in one.places))
        for one in placed_pains(journal, since_ns)
    ]


def _check(pain: Pain, note: str) -> Cue | None:
    return check_cue(pain.level, pain.place, pain.quality, f"{pain.activity}; {note}")


def after_run(journal: Journal, session: Session, today: date) -> list[Cue]:
    """What the rules say of a run that has just been added: its length, and its shoe's distance.

    Its length is that of all its parts without a rest between them.
    """
    if session.simulated:
        return []
    settings = journal.settings()
    begin_ns = begin_of_run(journal, session.utc_start_ns)
    cues = finished_session(
        longest_before_run(journal, session.utc_start_ns),
        distance_m=session.distance_m,
        dose_easy_km=session.dose_easy_km_m4,
        units=settings.units,
        before=run_so_far(journal, begin_ns, session.utc_start_ns),
    )
    week, ceiling_m = week_so_far(journal, session.day)
    if ceiling_m is not None and week.distance_m >= ceiling_m:
        reached = week_cues(week, ceiling_m, settings.units)[0]
        past = monday_of(session.day) < monday_of(today)
        cues.append(replace(reached, text_id="weekly.was_reached") if past else reached)
    cues += _of_the_return(journal, session)
    if session.shoe_id is not None and session.distance_m is not None:
        shoe = journal.entry(Shoe, session.shoe_id)
        now_m = odometers_m(journal)[session.shoe_id]
        # rounding must not lead below zero
        before_m = max(0.0, now_m - session.distance_m)
        worn = shoe_cue(shoe.name, now_m, settings.units, before_m=before_m)
        cues += [worn] if worn is not None and shoe.retired is None else []
    return cues


def _of_the_return(journal: Journal, session: Session) -> list[Cue]:
    """Say that a run fell into the rest, or was not on what its stage is for."""
    settings = journal.settings()
    since_ns = settings.return_since_ns
    if since_ns is None or session.utc_start_ns < since_ns:
        return []
    resting = rest_cues(since_ns, session.utc_start_ns, rest_days=settings.rest_days)
    if resting:
        return [Cue("return.ran_resting", resting[0].numbers)]
    state = state_of(
        pain
        for run, pain in pains_of_whole_runs(journal, since_ns=since_ns)
        if run.utc_start_ns < session.utc_start_ns
    )
    cue = None if state.finished else surface_cue(state.stage, session.surface)
    return [] if cue is None else [cue]


def stop_cue(journal: Journal) -> Cue | None:
    """What to say in place of any training advice while a red flag stands; None without one."""
    state = red_flag_state(journal)
    return state.cue if state.stopped else None


def judged(journal: Journal, level: int, moment: Moment, felt: Sequence[Rated] = ()) -> Judged:
    """The light of a rating outside a run, under the signs for a doctor that stand.

    ``felt``, the ratings around its run before it.
    """
    flags = red_flag_state(journal)
    return judge_pain(level, felt, moment, warned=flags.stopped or flags.eased)


def judged_note(journal: Journal, note: Pain) -> Judged | None:
    """The light of a note: a run in the journal is over; far from one, before the next.

    None where it says nothing of what is to come: little pain before a run that is over.
    """
    near = placed_pains(journal, note.utc_ns)[:1]
    places = [place for item in near for place in item.places]
    said = note.when or (places[0].moment if places else "")
    run = note.session_id or (places[0].number if places else 0)
    if said not in {"during", "after"}:
        light = judged(journal, note.level, "before")
        return None if said == "before" and run and light.light == "go" else light
    return judged(journal, note.level, "after", felt_in(journal, run, note.utc_ns))


def felt_in(journal: Journal, run: int, until_ns: int) -> list[Rated]:
    """The ratings around a run up to a moment, in order of time."""
    return [
        Rated(item.pain.level, one.moment)
        for item in placed_pains(journal, until_ns - 2 * _DAY_NS)
        if item.pain.utc_ns < until_ns
        for one in item.places
        if one.number == run and (one.moment in {"before", "during", "after"})
    ]


def why_no_training(journal: Journal, now_ns: int) -> list[Cue]:
    """Why no training is suggested: signs for a doctor, else pain or questions; empty if it is.

    The first may read ``Do not run on, because pain shoots below the knee: …``.
    """
    state = red_flag_state(journal)
    if state.cue is not None and (state.stopped or state.eased):
        return [state.cue]
    held = held_back(journal, now_ns)
    if held is None:
        return []
    return [held.cue(), replace(held, level=0).cue()] if held.asks_too else [held.cue()]


def after_the_questions(journal: Journal, now_ns: int) -> list[Cue]:
    """What follows the answer that none of the signs is there: why coaching waits, or goes on."""
    return why_no_training(journal, now_ns) or [Cue("red_flags.goes_on")]


def words_before_a_run(journal: Journal, now_ns: int) -> str:
    """The same in words."""
    return " ".join(cue.message for cue in why_no_training(journal, now_ns))


def return_state(journal: Journal) -> ReturnState | None:
    """Where the return-to-run plan stands; None without one."""
    since_ns = journal.settings().return_since_ns
    if since_ns is None:
        return None
    return state_of(pain for _, pain in pains_of_whole_runs(journal, since_ns=since_ns))


def return_cues(journal: Journal, now_ns: int) -> list[Cue]:
    """What the return-to-run plan asks for: rest, or its stage and what led there; else nothing.

    While no training is suggested its stage waits. That it is complete is told for a week.
    """
    settings = journal.settings()
    if settings.return_since_ns is None:
        return []
    latest = journal.entries(Exercise, "utc_ns <= ?", (now_ns,), newest=1)
    active_ns = latest[0].utc_ns if latest else 0
    since_ns = settings.return_since_ns
    # a clock that was set back since is on the first day
    resting = rest_cues(
        since_ns, max(now_ns, since_ns), rest_days=settings.rest_days, active_ns=active_ns
    )
    if resting:
        return resting
    since = pains_of_whole_runs(journal, since_ns=since_ns)
    state, told = course_of(pain for _, pain in since)
    held = bool(why_no_training(journal, now_ns))
    if state.finished:
        run = since[runs_to_finish([pain for _, pain in since]) - 1][0]
        told_still = not held and now_ns - run.utc_end_ns < _COMPLETE_NS
        return [stage_cue(state)] if told_still else []
    if held:
        return [Cue("return.on_hold")]
    stage = stage_cue(state)
    if told is None or told.text_id == stage.text_id:
        return [stage]
    last = journal.entries(Session, "NOT simulated", newest=1)
    if told.text_id == "return.waiting" and (not last or is_too_late(last[0].utc_end_ns, now_ns)):
        return [stage]  # nobody rates it any more
    return [told, stage]
