"""Questions to the journal: weeks, the longest session, shoes, charts, comparisons, pain."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import reduce
from itertools import pairwise
from typing import Final, NamedTuple, cast

from imu.errors import InputError, RecordingError
from pipelines.coaching.training.comparisons import NEXT_DAY_PAIN, TaggedRun
from pipelines.coaching.training.pain import PainNote, RunPain
from pipelines.coaching.training.pain_moments import (
    Moment,
    Placed,
    RunTime,
    is_too_late,
    moment_after,
    places_of,
)
from pipelines.coaching.training.red_flags import RedFlagState, judge
from pipelines.coaching.training.single_session import WINDOW_DAYS, LongestSession, TodaySoFar
from pipelines.coaching.training.weekly import Week, monday_of, weekly_ceiling_m
from pipelines.files.loading import decoded
from pipelines.runner.journal.database import Journal
from pipelines.runner.journal.entries import (
    ONE_RUN_S,
    Exercise,
    Pain,
    Questionnaire,
    Session,
    moment,
)
from pipelines.runner.journal.whole_runs import NO_REST_S, begin_of_run, first_parts

_DAY_NS: Final = 86_400 * 10**9
#: A rating this long after a run belongs to it no more.
_NEAR_NS: Final = 4 * _DAY_NS


def weeks(journal: Journal, until: date, count: int) -> list[Week]:
    """Distances of some weeks, Monday to Sunday, the last one that of a day.

    Parameters
    ----------
    journal : Journal
        Open.
    until : date
        A day of the last week; sessions after it are left out.
    count : int
        Number of weeks, from 1.
    """
    last = monday_of(until)
    first = last - timedelta(weeks=count - 1)
    rows = journal.records(
        tuple[int, float, int, int],
        "SELECT (day - ?) / 7 AS week, total(distance_m), count(*), "
        "count(*) - count(distance_m) FROM sessions WHERE day BETWEEN ? AND ? AND NOT simulated "
        "GROUP BY week",
        (first.toordinal(), first.toordinal(), until.toordinal()),
    )
    found = {number: known for number, *known in rows}
    return [
        Week(first + timedelta(weeks=number), *found.get(number, (0.0, 0)))
        for number in range(count)
    ]


def week_so_far(journal: Journal, day: date) -> tuple[Week, float | None]:
    """The week of a day up to it, and its ceiling, m; None without one."""
    *before, week = weeks(journal, day, 5)
    return week, weekly_ceiling_m(before, journal.settings().weekly_ceiling_m)


def today_so_far(journal: Journal, day: date, now_ns: int) -> TodaySoFar:
    """What was run on a day before a moment of it."""
    near = _sessions_between(journal, now_ns - 2 * _DAY_NS, now_ns)
    return _together([session for session in near if session.day == day])


def run_so_far(journal: Journal, begin_ns: int, part_ns: int) -> TodaySoFar:
    """What was run from the beginning of a run to that of its next part, ns since 1970."""
    return _together(_sessions_between(journal, begin_ns, part_ns))


def _sessions_between(journal: Journal, begin_ns: int, end_ns: int) -> list[Session]:
    began = "utc_start_ns >= ? AND utc_start_ns < ? AND NOT simulated"
    return journal.entries(Session, began, (begin_ns, end_ns))


def _together(runs: Sequence[Session]) -> TodaySoFar:
    doses = [session.dose_easy_km_m4 for session in runs]
    known = [dose for dose in doses if dose is not None]
    return TodaySoFar(
        sum(session.distance_m or 0.0 for session in runs),
        sum(known) if len(known) == len(doses) else None,
        sum(session.distance_m is None for session in runs),
    )


def longest_session(journal: Journal, before_ns: int) -> LongestSession:
    """The most of one run, its parts together, in distance and in dose, of 30 days before a moment.

    Parts with a rest between them are no run of their sum.

    Parameters
    ----------
    journal : Journal
        Open.
    before_ns : int
        The moment, ns since 1970: usually the start of a run, which is not counted itself.
    """
    rows = journal.records(
        tuple[int, float, float | None, float | None],
        "SELECT utc_start_ns, duration_s, distance_m, dose_easy_km_m4 FROM sessions "
        "WHERE utc_start_ns >= ? AND utc_start_ns < ? AND NOT simulated ORDER BY utc_start_ns",
        (before_ns - WINDOW_DAYS * _DAY_NS, before_ns),
    )
    firsts = first_parts(
        [(start_ns, start_ns + round(taken * 1e9)) for start_ns, taken, *_ in rows], NO_REST_S
    )

    def most(figures: list[float | None]) -> float | None:
        runs = [figures[begin:end] for begin, end in pairwise([*firsts, len(rows)])]
        known = [[part for part in run if part is not None] for run in runs]
        return max((math.fsum(parts) for parts in known if parts), default=None)

    return LongestSession(most([row[2] for row in rows]), most([row[3] for row in rows]))


def longest_before_run(journal: Journal, start_ns: int) -> LongestSession:
    """The same before a run that begins at a moment, or goes on with one.

    An earlier part of it is no earlier run, but where nothing else is known.
    """
    known = longest_session(journal, begin_of_run(journal, start_ns))
    return known if known.distance_m is not None else longest_session(journal, start_ns)


def odometers_m(journal: Journal) -> dict[int, float]:
    """Distance of each shoe by its number, m: what it had at first, and its sessions since."""
    return dict(
        journal.records(
            tuple[int, float],
            "SELECT shoes.identifier, start_km * 1000.0 + total(sessions.distance_m) "
            "FROM shoes LEFT JOIN sessions ON sessions.shoe_id = shoes.identifier "
            "AND NOT simulated "
            "GROUP BY shoes.identifier",
        )
    )


def unmeasured_runs(journal: Journal) -> dict[int, int]:
    """How many runs in a shoe, by its number, its distance leaves out, as theirs is not known."""
    return dict(
        journal.records(
            tuple[int, int],
            "SELECT shoe_id, count(*) FROM sessions WHERE shoe_id IS NOT NULL "
            "AND distance_m IS NULL AND NOT simulated GROUP BY shoe_id",
        )
    )


def earlier_baselines(
    journal: Journal, since_ns: int, before_ns: int, surface: str, shoe: str
) -> list[tuple[str, str]]:
    """Baselines of runs on a surface in a shoe, with their kinds of sensors, in order.

    Of runs that follow one another closely the last one counts: where it went on from one that
    stopped it holds what was usual in both, and else the sensor sat alike.

    Parameters
    ----------
    journal : Journal
        Open.
    since_ns, before_ns : int
        Runs that began from the one moment on and before the other, ns since 1970.
    surface, shoe : str
        Names; empty for runs of which it was not said. A shoe is one in use: another pair of that
        name is retired.
    """
    rows = journal.records(
        tuple[str, str, int, float],
        "SELECT baseline, sensor, utc_start_ns, duration_s FROM sessions "
        "JOIN run_baselines ON session_id = sessions.identifier "
        "LEFT JOIN shoes ON shoes.identifier = shoe_id "
        "WHERE utc_start_ns >= ? AND utc_start_ns < ? AND run_baselines.surface = ? AND "
        "CASE WHEN ? = '' THEN shoe_id IS NULL ELSE name = ? AND retired IS NULL END "
        "ORDER BY utc_start_ns",
        (since_ns, before_ns, surface, shoe, shoe),
    )
    following = [*(start_ns for *_, start_ns, _ in rows), math.inf][1:]
    return [
        (words, sensor)
        for (words, sensor, start_ns, duration_s), next_ns in zip(rows, following, strict=True)
        if next_ns - start_ns > (duration_s + ONE_RUN_S) * 1e9
    ]


def session_at(journal: Journal, utc_start_ns: int) -> Session | None:
    """The run that began at a moment; None where the journal has none."""
    found = journal.entries(Session, "utc_start_ns = ?", (utc_start_ns,))
    return found[0] if found else None


def session_of_steps(journal: Journal, steps: int, running_s: float) -> Session | None:
    """The run of the same recording, which alone has as many steps that take as long to the bit."""
    if not steps:
        return None
    found = journal.entries(Session, "steps = ? AND running_s = ?", (steps, running_s), newest=1)
    return found[0] if found else None


# ------------------------------------------------------------------------------------------- charts


def load_figures(journal: Journal, day: date) -> dict[str, float]:
    """Acute:chronic ratio, monotony and strain of the distances up to a day; nothing acts on them.

    ``acwr`` is the last 7 days over a week's mean of the 21 days before them, as in Frandsen 2025
    (doi:10.1136/bjsports-2024-109380); ``monotony`` the mean over the standard deviation of the
    last 7 days, ``strain`` their sum times monotony (Foster 1998, Med Sci Sports Exerc
    30(7):1164). NaN before the first entry of the journal covers the window, and where not defined.
    """
    today = day.toordinal()
    sums = dict(
        journal.records(
            tuple[int, float],
            "SELECT day, total(distance_m) FROM sessions "
            "WHERE day BETWEEN ? AND ? AND NOT simulated GROUP BY day",
            (today - 27, today),
        )
    )
    ((first_day,),) = journal.records(
        tuple[int | None], "SELECT min(day) FROM sessions WHERE NOT simulated"
    )
    known_days = 0 if first_day is None else today - first_day + 1
    loads = [sums.get(number, 0.0) for number in range(today - 27, today + 1)]
    before, week = loads[:21], loads[21:]
    total, chronic = math.fsum(week), math.fsum(before) / 3.0
    mean = total / 7.0
    spread = math.sqrt(math.fsum((load - mean) ** 2 for load in week) / 7.0)
    # equal days differ by rounding alone
    even = mean / spread if known_days >= 7 and spread > 1e-9 * mean else math.nan
    ratio = total / chronic if known_days >= 28 and chronic > 0.0 else math.nan
    return {"acwr": ratio, "monotony": even, "strain": total * even}


# ------------------------------------------------------------------------------------ comparisons


def runs_by_surface(journal: Journal) -> list[TaggedRun]:
    """All runs with a surface, with their means and the pain of the day after."""
    return _tagged(journal, "surface", "sessions WHERE surface <> '' AND NOT simulated")


def runs_by_shoe(journal: Journal) -> list[TaggedRun]:
    """All runs with a shoe, tagged with the shoe's name."""
    source = "sessions JOIN shoes ON shoes.identifier = shoe_id AND NOT simulated"
    return _tagged(journal, "name", source)


def _tagged(journal: Journal, tag: str, source: str) -> list[TaggedRun]:
    # plain rows: whole entries would take five times as long over some years
    rows = journal.records(
        tuple[int, str, int, str],
        f"SELECT sessions.identifier, {tag}, utc_start_ns, means FROM {source} "
        "ORDER BY utc_start_ns",
    )
    pains = _run_pains(journal, 0)
    runs: list[TaggedRun] = []
    for identifier, name, utc_start_ns, means in rows:
        pain = pains.get(identifier, RunPain()).next_day
        try:
            values = decoded(means, dict[str, float])
        except InputError:
            raise RecordingError(
                f"the means of session {identifier} make no sense: delete the session and add it "
                "again."
            ) from None
        if pain is not None:
            values[NEXT_DAY_PAIN] = float(pain)
        runs.append(TaggedRun(name, utc_start_ns, values))
    return runs


# -------------------------------------------------------------------------------------------- pain


def pain_notes(journal: Journal, since_ns: int = 0) -> list[PainNote]:
    """All ratings since a moment, in order of time, as the pain rules take them."""
    rows = journal.records(
        tuple[int, int],
        "SELECT utc_ns, level FROM pains WHERE utc_ns >= ? ORDER BY utc_ns, identifier",
        (since_ns,),
    )
    return [PainNote(*row) for row in rows]


def pains_of_runs(
    journal: Journal, *, newest: int | None = None, simulated: bool = False, since_ns: int = 0
) -> list[tuple[Session, RunPain]]:
    """Sessions with their ratings, in order of time; the worst where there are several.

    Parameters
    ----------
    journal : Journal
        Open.
    newest : int, optional
        Only so many, the last ones.
    simulated : bool
        Whether to give those too that nobody ran.
    since_ns : int
        Only sessions from this moment on, ns since 1970.
    """
    wanted = "simulated <= ? AND utc_start_ns >= ?"
    sessions = journal.entries(Session, wanted, (simulated, since_ns), newest=newest)
    if not sessions:
        return []
    pains = _run_pains(journal, sessions[0].utc_start_ns)
    # another program may have deleted one meanwhile
    return [(session, pains.get(session.identifier or 0, RunPain())) for session in sessions]


def pains_of_whole_runs(
    journal: Journal, *, newest: int | None = None, since_ns: int = 0
) -> list[tuple[Session, RunPain]]:
    """The last session of each run with the ratings of all its parts, in order of time.

    Parameters
    ----------
    journal, newest, since_ns
        As for :func:`pains_of_runs`, which counts sessions.
    """
    sessions = pains_of_runs(journal, newest=newest, since_ns=since_ns)
    times = [(session.utc_start_ns, session.utc_end_ns) for session, _ in sessions]
    runs = [sessions[begin:end] for begin, end in pairwise([*first_parts(times), len(sessions)])]
    return [(run[-1][0], reduce(RunPain.followed_by, (pain for _, pain in run))) for run in runs]


class PlacedPain(NamedTuple):
    """A rating with the runs that it belongs to; ``by_time``: nobody said so."""

    pain: Pain
    places: tuple[Placed, ...]
    by_time: bool


def placed_pains(journal: Journal, since_ns: int = 0) -> list[PlacedPain]:
    """All ratings since a moment, in order of time, each with the runs that it belongs to."""
    runs = _run_times(journal, since_ns - _NEAR_NS)
    return [
        PlacedPain(
            pain, *_placed(pain.when, pain.session_id, pain.utc_ns, pain.utc_offset_minutes, runs)
        )
        for pain in journal.entries(Pain, "utc_ns >= ?", (since_ns,))
    ]


def run_time(session: Session) -> RunTime:
    """When a run was."""
    return RunTime(session.identifier or 0, session.utc_start_ns, session.utc_end_ns)


def begins(journal: Journal) -> date:
    """The day of the first run or exercise; far ahead where there is none."""
    first = [
        journal.records(tuple[int | None], f"SELECT min(day) FROM {table}")[0][0]
        for table in ("sessions", "exercises")
    ]
    known = [min(max(day, 1), date.max.toordinal()) for day in first if day is not None]
    return date.fromordinal(min(known, default=date.max.toordinal()))


def runs_meanwhile(journal: Journal, run: RunTime) -> list[Session]:
    """Runs of the journal whose time overlaps that of another; that one itself is left out."""
    found = journal.entries(
        Session,
        "utc_start_ns < ? AND utc_start_ns + duration_s * 1e9 > ?",
        (run.end_ns, run.start_ns),
    )
    return [one for one in found if one.identifier != run.number]


def _run_times(journal: Journal, since_ns: int) -> list[RunTime]:
    rows = journal.records(
        tuple[int, int, float, int],
        "SELECT identifier, utc_start_ns, duration_s, simulated FROM sessions "
        "WHERE utc_start_ns >= ? ORDER BY utc_start_ns, identifier",
        (since_ns,),
    )
    return [
        RunTime(number, begin, begin + round(taken * 1e9), bool(simulated))
        for number, begin, taken, simulated in rows
    ]


def _placed(
    when: str, session: int | None, utc_ns: int, offset_minutes: int, runs: Sequence[RunTime]
) -> tuple[tuple[Placed, ...], bool]:
    """Where a rating belongs: as was said, else by its time."""
    if when == "other":
        return (), False
    if when and session is not None:
        return (Placed(session, cast(Moment, when)),), False
    found = places_of(utc_ns, offset_minutes, runs)
    if session is not None:
        at = next((run for run in runs if run.number == session), None)
        if at is None:
            return (), False
        moment = (
            "before" if utc_ns < at.start_ns else moment_after(at.end_ns, utc_ns, offset_minutes)
        )
        return ((Placed(session, moment or "48h"),) if moment else ()), False
    if not when:
        return found, True
    # the moment was said, and the run was not: the next one, or the last
    if when == "before":
        near = [place for place in found if place.moment == "before"]
        return tuple(near), True
    number = bisect_right(runs, utc_ns, key=lambda run: run.start_ns)
    last = next((run for run in reversed(runs[:number]) if not run.simulated), None)
    if last is None or is_too_late(last.end_ns, utc_ns):
        return (), True
    return (Placed(last.number, cast(Moment, when)),), True


def _run_pains(journal: Journal, since_ns: int) -> dict[int, RunPain]:
    """The ratings of each session by its number, in order of time.

    The worst of each moment counts, and of those before it the latest.
    """
    runs = _run_times(journal, since_ns - _NEAR_NS)
    found: dict[int, dict[str, int]] = {run.number: {} for run in runs if run.start_ns >= since_ns}
    # plain rows: whole entries would take five times as long over some years
    for when, session, utc_ns, offset, level in journal.records(
        tuple[str, int | None, int, int, int],
        'SELECT "when", session_id, utc_ns, utc_offset_minutes, level FROM pains '
        "WHERE utc_ns >= ? OR session_id IS NOT NULL ORDER BY utc_ns, identifier",
        (since_ns - _NEAR_NS,),
    ):
        for number, of_run in _placed(when, session, utc_ns, offset, runs)[0]:
            levels = found.get(number)
            if levels is not None:
                worse = of_run == "before" or level > levels.get(of_run, -1)
                levels[of_run] = level if worse else levels[of_run]
    return {number: _run_pain(levels) for number, levels in found.items()}


def _run_pain(levels: dict[str, int]) -> RunPain:
    moments: tuple[Moment, ...] = ("before", "after", "24h", "48h", "during")
    return RunPain(*map(levels.get, moments))


def red_flag_state(journal: Journal) -> RedFlagState:
    """Whether coaching is stopped, from all questionnaires.

    An older set of questions counts as it was answered; what was not asked then is no yes.
    """
    state = RedFlagState()
    for item in journal.entries(Questionnaire):
        state = judge(
            state, [name for name, yes in item.answers.items() if yes], cleared=item.cleared
        )
    return state


# --------------------------------------------------------------------------------------- exercises


def exercise_days(journal: Journal, kind: str, first: date, last: date) -> list[date]:
    """Days on which a kind of exercise was noted, in order."""
    rows = journal.records(
        tuple[int],
        "SELECT DISTINCT day FROM exercises WHERE kind = ? AND day BETWEEN ? AND ? ORDER BY day",
        (kind, first.toordinal(), last.toordinal()),
    )
    return [date.fromordinal(day) for (day,) in rows]


def stretch_times(journal: Journal, day: date) -> list[datetime]:
    """When stretches were noted on a day, on the runner's clock."""
    found = journal.entries(Exercise, "kind = 'stretch' AND day = ?", (day.toordinal(),))
    return [moment(item.utc_ns, item.utc_offset_minutes) for item in found]
