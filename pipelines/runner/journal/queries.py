"""Questions to the journal: weeks, the longest session, shoes, charts, comparisons, pain."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal

from imu.errors import InputError, RecordingError
from pipelines.coaching.texts import text
from pipelines.coaching.training.comparisons import NEXT_DAY_PAIN, TaggedRun
from pipelines.coaching.training.pain import PainNote, RunPain
from pipelines.coaching.training.red_flags import QUESTIONS, Answered, RedFlagState, state_after
from pipelines.coaching.training.single_session import WINDOW_DAYS, LongestSession
from pipelines.coaching.training.weekly import Week, monday_of
from pipelines.files.stored import decoded
from pipelines.runner.journal.database import Journal
from pipelines.runner.journal.entries import Exercise, Questionnaire, Session, moment

__all__ = [
    "LoadChart",
    "Measure",
    "daily_loads",
    "earlier_baselines",
    "exercise_days",
    "load_charts",
    "longest_session",
    "odometers_m",
    "pain_notes",
    "pains_of_runs",
    "red_flag_state",
    "run_pains",
    "runs_by_shoe",
    "runs_by_surface",
    "stretch_times",
    "weeks",
]

#: What a day's load is counted in.
Measure = Literal["distance_m", "dose_easy_km_m4", "duration_s"]

_DAY_NS: Final = 86_400 * 10**9
_HOUR_NS: Final = 3600 * 10**9


@dataclass(frozen=True, slots=True)
class LoadChart:
    """A chart of loads over days; nothing may act on it.

    Attributes
    ----------
    name : {"acwr", "monotony", "strain"}
        Which.
    days : tuple of date
        The days.
    values : tuple of float
        One a day, NaN where not defined.
    note : str
        What has to stand beside the chart.
    chart_only : bool
        True: a reminder to whoever shows it.
    """

    name: Literal["acwr", "monotony", "strain"]
    days: tuple[date, ...]
    values: tuple[float, ...]
    note: str
    chart_only: bool = True


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
    rows = journal.rows(
        "SELECT (day - ?) / 7 AS week, total(distance_m) AS distance_m, count(*) AS runs, "
        "count(*) - count(distance_m) AS unknown FROM sessions WHERE day BETWEEN ? AND ? "
        "GROUP BY week",
        (first.toordinal(), first.toordinal(), until.toordinal()),
    )
    found = {int(row["week"]): row for row in rows}
    result: list[Week] = []
    for number in range(count):
        start = first + timedelta(weeks=number)
        row = found.get(number)
        if row is None:
            result.append(Week(start, 0.0, 0))
        else:
            result.append(
                Week(start, float(row["distance_m"]), int(row["runs"]), int(row["unknown"]))
            )
    return result


def longest_session(journal: Journal, before_ns: int, days: int = WINDOW_DAYS) -> LongestSession:
    """The most of one session, in distance and in dose, of the days before a moment.

    Parameters
    ----------
    journal : Journal
        Open.
    before_ns : int
        The moment, ns since 1970: usually the start of a session, which is not counted itself.
    days : int
        How many.
    """
    (row,) = journal.rows(
        "SELECT max(distance_m) AS distance_m, max(dose_easy_km_m4) AS dose FROM sessions "
        "WHERE utc_start_ns >= ? AND utc_start_ns < ?",
        (before_ns - days * _DAY_NS, before_ns),
    )
    return LongestSession(row["distance_m"], row["dose"])


def odometers_m(journal: Journal) -> dict[int, float]:
    """Distance of each shoe by its number, m: what it had at first, and its sessions since."""
    rows = journal.rows(
        "SELECT shoes.identifier, start_km * 1000.0 + total(sessions.distance_m) AS odometer_m "
        "FROM shoes LEFT JOIN sessions ON sessions.shoe_id = shoes.identifier "
        "GROUP BY shoes.identifier"
    )
    return {int(row["identifier"]): float(row["odometer_m"]) for row in rows}


def earlier_baselines(
    journal: Journal, since_ns: int, before_ns: int, surface: str, shoe: str, newest: int = 20
) -> list[tuple[str, str]]:
    """Baselines of the last runs on a surface in a shoe, with their kinds of sensors, in order.

    Parameters
    ----------
    journal : Journal
        Open.
    since_ns, before_ns : int
        Runs that began from the one moment on and before the other, ns since 1970.
    surface, shoe : str
        Names; empty for runs of which it was not said. A shoe is one in use: another pair of that
        name is retired.
    newest : int
        At most so many, the last ones.
    """
    rows = journal.rows(
        "SELECT baseline, sensor FROM sessions "
        "JOIN run_baselines ON session_id = sessions.identifier "
        "LEFT JOIN shoes ON shoes.identifier = shoe_id "
        "WHERE utc_start_ns >= ? AND utc_start_ns < ? AND run_baselines.surface = ? AND "
        "CASE WHEN ? = '' THEN shoe_id IS NULL ELSE name = ? AND retired IS NULL END "
        "ORDER BY utc_start_ns DESC LIMIT ?",
        (since_ns, before_ns, surface, shoe, shoe, newest),
    )
    return [(str(row["baseline"]), str(row["sensor"])) for row in reversed(rows)]


# ------------------------------------------------------------------------------------------- charts


def daily_loads(
    journal: Journal, first: date, last: date, measure: Measure = "distance_m"
) -> list[float]:
    """Sum of each day from the first to the last, both included; 0 on days without a run."""
    if measure not in {"distance_m", "dose_easy_km_m4", "duration_s"}:
        raise ValueError(f"no such measure: {measure}")  # it becomes part of a statement
    rows = journal.rows(
        f"SELECT day, total({measure}) AS load FROM sessions WHERE day BETWEEN ? AND ? "
        "GROUP BY day",
        (first.toordinal(), last.toordinal()),
    )
    loads = [0.0] * ((last - first).days + 1)
    for row in rows:
        loads[int(row["day"]) - first.toordinal()] = float(row["load"])
    return loads


def load_charts(
    journal: Journal, first: date, last: date, measure: Measure = "distance_m"
) -> list[LoadChart]:
    """Charts of the acute:chronic ratio, monotony and strain, one value a day.

    The ratio is the last 7 days over a week's mean of the 21 days before them, as in Frandsen 2025
    (doi:10.1136/bjsports-2024-109380); monotony is the mean over the standard deviation of the last
    7 daily loads, strain their sum times monotony (Foster 1998, Med Sci Sports Exerc 30(7):1164). A
    day is empty before the first entry of the journal covers its window.
    """
    lead = 27
    loads = daily_loads(journal, first - timedelta(days=lead), last, measure)
    (row,) = journal.rows("SELECT min(day) AS day FROM sessions")
    began = math.inf if row["day"] is None else int(row["day"])
    ratio: list[float] = []
    monotony: list[float] = []
    strain: list[float] = []
    days = tuple(first + timedelta(days=n) for n in range((last - first).days + 1))
    for number, day in enumerate(days):
        end = number + lead + 1
        week, before = loads[end - 7 : end], loads[end - 28 : end - 7]
        total, chronic = math.fsum(week), math.fsum(before) / 3.0
        known = day.toordinal() - 6 >= began
        ratio_known = day.toordinal() - 27 >= began and chronic > 0.0
        ratio.append(total / chronic if ratio_known else math.nan)
        mean = total / 7.0
        spread = math.sqrt(math.fsum((load - mean) ** 2 for load in week) / 7.0)
        # equal days differ by rounding alone
        even = mean / spread if known and spread > 1e-9 * mean else math.nan
        monotony.append(even)
        strain.append(total * even)
    return [
        LoadChart("acwr", days, tuple(ratio), text("chart.acwr")),
        LoadChart("monotony", days, tuple(monotony), text("chart.monotony")),
        LoadChart("strain", days, tuple(strain), text("chart.strain")),
    ]


# ------------------------------------------------------------------------------------ comparisons


def runs_by_surface(journal: Journal) -> list[TaggedRun]:
    """All runs with a surface, with their means and the pain of the day after."""
    return _tagged(journal, "surface", "sessions WHERE surface <> ''")


def runs_by_shoe(journal: Journal) -> list[TaggedRun]:
    """All runs with a shoe, tagged with the shoe's name."""
    return _tagged(journal, "name", "sessions JOIN shoes ON shoes.identifier = shoe_id")


def _tagged(journal: Journal, tag: str, source: str) -> list[TaggedRun]:
    # plain rows: whole entries would take five times as long over some years
    rows = journal.rows(
        f"SELECT sessions.identifier, {tag} AS tag, utc_start_ns, means, "
        "(SELECT max(level) FROM pains WHERE session_id = sessions.identifier "
        f"AND \"when\" = '24h') AS pain FROM {source} ORDER BY utc_start_ns"
    )
    runs: list[TaggedRun] = []
    for row in rows:
        try:
            values = decoded(str(row["means"]), dict[str, float])
        except InputError:
            raise RecordingError(
                f"the means of session {row['identifier']} make no sense: delete the session and "
                "add it again."
            ) from None
        if row["pain"] is not None:
            values[NEXT_DAY_PAIN] = float(row["pain"])
        runs.append(TaggedRun(row["tag"], row["utc_start_ns"], values))
    return runs


# -------------------------------------------------------------------------------------------- pain


def pain_notes(journal: Journal, since_ns: int = 0) -> list[PainNote]:
    """All ratings since a moment, in order of time, as the pain rules take them."""
    rows = journal.rows(
        "SELECT utc_ns, level FROM pains WHERE utc_ns >= ? ORDER BY utc_ns, identifier", (since_ns,)
    )
    return [PainNote(row["utc_ns"], row["level"]) for row in rows]


def pains_of_runs(
    journal: Journal, *, newest: int | None = None, since_ns: int = 0
) -> list[tuple[Session, RunPain]]:
    """Sessions with their ratings, in order of time; the worst where there are several.

    Parameters
    ----------
    journal : Journal
        Open.
    newest : int, optional
        Only so many, the last ones.
    since_ns : int
        Only sessions from this moment on, ns since 1970.
    """
    sessions = journal.entries(Session, "utc_start_ns >= ?", (since_ns,), newest=newest)
    if not sessions:
        return []
    pains = _run_pains(journal, sessions[0].utc_start_ns)
    # another program may have deleted one meanwhile
    return [(session, pains.get(session.identifier or 0, RunPain())) for session in sessions]


def run_pains(journal: Journal, since_ns: int = 0) -> list[RunPain]:
    """The ratings alone, of every session from a moment on, in order of time.

    Parameters
    ----------
    journal : Journal
        Open.
    since_ns : int
        Only sessions from this moment on, ns since 1970.
    """
    return list(_run_pains(journal, since_ns).values())


def _run_pains(journal: Journal, since_ns: int) -> dict[int, RunPain]:
    """The worst ratings of each session by its number, in order of time."""
    # the worst is found here: the database would sort all ratings for it
    worst: dict[int, dict[str, int]] = {}
    for number, when, level in journal.rows(
        'SELECT sessions.identifier, "when", level FROM sessions LEFT JOIN pains '
        "ON session_id = sessions.identifier WHERE utc_start_ns >= ? "
        "ORDER BY utc_start_ns, sessions.identifier",
        (since_ns,),
    ):
        levels = worst.setdefault(number, {})
        if when is not None:
            levels[when] = max(level, levels.get(when, 0))
    return {number: _run_pain(levels) for number, levels in worst.items()}


def _run_pain(levels: dict[str, int]) -> RunPain:
    during, after = levels.get("during"), levels.get("after")
    if during is not None:  # felt during the run: it belongs to the run
        after = max(during, after or 0)
    return RunPain(levels.get("before"), after, levels.get("24h"), levels.get("48h"))


def red_flag_state(journal: Journal) -> RedFlagState:
    """Whether coaching is stopped, from all questionnaires.

    An older set of questions counts as it was answered; what was not asked then is no yes.
    """
    not_asked = dict.fromkeys(QUESTIONS, False)
    return state_after(
        Answered(not_asked | dict(item.answers), item.cleared)
        for item in journal.entries(Questionnaire)
    )


# --------------------------------------------------------------------------------------- exercises


def exercise_days(journal: Journal, kind: str, first: date, last: date) -> list[date]:
    """Days on which a kind of exercise was noted, in order."""
    rows = journal.rows(
        "SELECT DISTINCT day FROM exercises WHERE kind = ? AND day BETWEEN ? AND ? ORDER BY day",
        (kind, first.toordinal(), last.toordinal()),
    )
    return [date.fromordinal(row["day"]) for row in rows]


def stretch_times(journal: Journal, day: date) -> list[datetime]:
    """When stretches were noted on a day, on the runner's clock."""
    found = journal.entries(Exercise, "kind = 'stretch' AND day = ?", (day.toordinal(),))
    return [moment(item.utc_ns, item.utc_offset_minutes) for item in found]
