"""Real hours: figures of watches, straps and pods, through the detector and the coach as they ship.

A folder holds one CSV a run, ``PERSON_RUN.csv``, with some of the columns ``time_s, speed_m_s,
slope_percent, cadence_spm, contact_time_ms, vertical_oscillation_mm``: means of 5 to 30 s, empty
where not known. A person's files in order of their names are that person's runs in order of time.
Nobody knows of a change of form in them, so what is told counts as false.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.alerts.measured import MeasuredRun
from benchmarks.alerts.ordinary import Hearing
from benchmarks.alerts.statistics import over_people
from imu.drift.baseline_learning import EarlierRun, warm_start
from imu.errors import InputError
from imu.steps import STEP_ROW, Steps

Array = NDArray[np.float64]

COLUMNS: Final = (
    *("time_s", "speed_m_s", "slope_percent"),
    *("cadence_spm", "contact_time_ms", "vertical_oscillation_mm"),
)
#: The indicators that such files can tell of.
INDICATORS: Final = ("cadence_spm", "contact_time_ms", "vertical_oscillation_mm")
_NAME: Final = re.compile(r"(?P<person>.+)_(?P<run>[^_]+)")
#: Slower, or with fewer steps a minute, people walk; more of either nobody runs.
_RUNNING_M_S: Final = (1.6, 9.0)
_RUNNING_SPM: Final = (130.0, 260.0)
_USUAL_SPM: Final = 170.0  # of runs in which nobody measured it
_LONGEST_MEAN_S: Final = 60.0
#: What is not within is no measurement; the same for slopes, %, that nobody runs.
_POSSIBLE: Final = {
    "slope_percent": (-60.0, 60.0),
    "contact_time_ms": (100.0, 500.0),
    "vertical_oscillation_mm": (20.0, 250.0),
}
_LEAST_RUNS: Final = 2


@dataclass(frozen=True, slots=True)
class RealRun:
    """What came of a run.

    Attributes
    ----------
    person, name : str
        Whose, and which.
    history : bool
        Whether earlier runs were known.
    hours : float
        Running time.
    measured : frozenset of str
        Indicators that it has values of.
    told, reported : frozenset of str
        Those that the runner was told of, and that the detector reported.
    cues : int
        How often the runner was spoken to.
    """

    person: str
    name: str
    history: bool
    hours: float
    measured: frozenset[str]
    told: frozenset[str]
    reported: frozenset[str]
    cues: int


#: Name and columns of each of a person's runs, in order.
Runs = list[tuple[str, dict[str, Array]]]


def read_hours(folder: Path, leave_out: Callable[[str], None]) -> dict[str, Runs]:
    """The runs of each person, in order; names of those without two rows go to ``leave_out``.

    Raises
    ------
    InputError
        When the folder has no such file, or one is no table or has no ``time_s``.
    """
    people: dict[str, Runs] = {}
    for path in sorted(folder.glob("*.csv"), key=lambda path: _in_order(path.stem)):
        parts = _NAME.fullmatch(path.stem)
        person = parts["person"] if parts else path.stem
        columns = _read(path)
        if len(columns["time_s"]) > 1:
            people.setdefault(person, []).append((path.stem, columns))
        else:
            leave_out(path.stem)
    if not people:
        raise InputError(
            f"{folder} has no run: give a folder of PERSON_RUN.csv with the columns "
            + ", ".join(COLUMNS)
            + "."
        )
    return people


def _in_order(name: str) -> list[tuple[int, int, str]]:
    """Names with their numbers as numbers, so that run 10 comes after run 9."""
    parts = re.findall(r"\d+|\D+", name)
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts]


def _read(path: Path) -> dict[str, Array]:
    """The columns, in order of time, NaN where empty, unknown or unreadable."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        try:
            rows = list(csv.DictReader(file))
        except csv.Error as error:
            raise InputError(f"{path} is no table: {error}; give comma-separated text.") from error
        names = [] if not rows else [name for name in rows[0] if name]
    if rows and "time_s" not in names:
        raise InputError(f"{path} has no column time_s: give the time of each row in seconds.")
    columns = {
        name: np.array([_number(row.get(name)) for row in rows], np.float64) for name in COLUMNS
    }
    for name, (least, most) in _POSSIBLE.items():
        values = columns[name]
        columns[name] = np.where((values >= least) & (values <= most), values, math.nan)
    time_s = columns["time_s"]
    order = np.argsort(time_s, kind="stable")
    order = order[np.isfinite(time_s[order])]
    _, first = np.unique(time_s[order], return_index=True)
    return {name: values[order][first] for name, values in columns.items()}


def _number(text: str | None) -> float:
    try:
        value = float(text or "nan")
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan


def steps_of(columns: dict[str, Array]) -> MeasuredRun:
    """The steps behind the means: values between two means are those of a line between them.

    Rows in which nobody runs, and times without rows, are pauses.
    """
    time_s = columns["time_s"]
    spacing_s = float(np.median(np.diff(time_s)))
    cadence = columns["cadence_spm"]
    measured = bool(np.isfinite(cadence).any())
    runs = _within(columns["speed_m_s"], _RUNNING_M_S, unknown=True)
    runs &= _within(cadence, _RUNNING_SPM, unknown=not measured)
    longest_s = min(2.5 * spacing_s, _LONGEST_MEAN_S)
    ends = np.flatnonzero((np.diff(time_s) > longest_s) | (np.diff(runs.astype(np.int8)) != 0)) + 1
    rows, speeds, slopes = [], [], []
    for stretch in np.split(np.arange(len(time_s)), ends):
        if len(stretch) < 2 or not runs[stretch[0]]:
            continue
        begin_s, end_s = time_s[stretch[0]], time_s[stretch[-1]] + spacing_s
        beats = np.where(np.isfinite(cadence[stretch]), cadence[stretch], _USUAL_SPM)
        contacts = _contacts(time_s[stretch], beats, begin_s, end_s)
        part = np.zeros(len(contacts) - 1, STEP_ROW)
        for name in STEP_ROW.names or ():
            if STEP_ROW[name] == np.float64:
                part[name] = math.nan
        part["initial_contact_s"], part["step_time_s"] = contacts[:-1], np.diff(contacts)
        part["yaw_rate_deg_s"] = 0.0
        for name in ("contact_time_ms", "vertical_oscillation_mm"):
            part[name] = _between(contacts[:-1], time_s[stretch], columns[name][stretch])
        rows.append(part)
        speeds.append(_between(contacts[:-1], time_s[stretch], columns["speed_m_s"][stretch]))
        slopes.append(_between(contacts[:-1], time_s[stretch], columns["slope_percent"][stretch]))
    table = np.concatenate(rows) if rows else np.zeros(0, STEP_ROW)
    table["step"] = np.arange(1, len(table) + 1)
    table["side"] = 2 + np.arange(len(table)) % 2
    speed = np.concatenate(speeds) if speeds else np.zeros(0)
    slope = np.concatenate(slopes) if slopes else np.zeros(0)
    return MeasuredRun(Steps(table), speed, np.degrees(np.arctan(0.01 * slope)), (), stated=True)


def _within(values: Array, limits: tuple[float, float], *, unknown: bool) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = (values >= limits[0]) & (values <= limits[1])
    return np.where(np.isfinite(values), found, unknown)


def _contacts(time_s: Array, cadence: Array, begin_s: float, end_s: float) -> Array:
    """Times of the contacts of a cadence that changes along lines."""
    fine_s = np.linspace(begin_s, end_s, max(int(end_s - begin_s), 2))
    beats = np.interp(fine_s, time_s, cadence) / 60.0
    passed = 0.5 * (beats[1:] + beats[:-1]) * np.diff(fine_s)
    count = np.concatenate([np.zeros(1), np.cumsum(passed)])
    result: Array = np.interp(np.arange(int(count[-1]) + 1), count, fine_s)
    return result


def _between(at_s: Array, time_s: Array, values: Array) -> Array:
    """Values on the line between known means; NaN where the nearest row has none."""
    known = np.isfinite(values)
    if not known.any():
        return np.full(len(at_s), math.nan)
    nearest = np.clip(np.searchsorted(time_s, at_s, side="right") - 1, 0, len(time_s) - 1)
    line = np.interp(at_s, time_s[known], values[known])
    return np.where(known[nearest], line, math.nan)


def judged_hours(people: dict[str, Runs], pool: Executor | None = None) -> list[RealRun]:
    """Every run as a first run, and once more with the runs before it where there are enough."""
    own = people.items()
    judged = pool.map(_of_a_person, own) if pool else map(_of_a_person, own)
    return [run for runs in judged for run in runs]


def _of_a_person(own: tuple[str, Runs]) -> list[RealRun]:
    person, runs = own
    judged: list[RealRun] = []
    earlier: list[EarlierRun] = []
    for name, columns in runs:
        run = steps_of(columns)
        if not len(run.steps):
            continue
        measured = frozenset(one for one in INDICATORS if np.isfinite(columns[one]).any())
        usual = warm_start(earlier, least=_LEAST_RUNS)
        first = Hearing().hear(run)
        judged.append(_judged(person, name, run, first, measured, history=False))
        if usual is not None:
            again = Hearing(usual).hear(run)
            judged.append(_judged(person, name, run, again, measured, history=True))
        learned = first.detector.run_baseline
        if learned is not None:
            earlier.append(EarlierRun(learned))
    return judged


def _judged(
    person: str,
    name: str,
    run: MeasuredRun,
    heard: Hearing,
    measured: frozenset[str],
    *,
    history: bool,
) -> RealRun:
    return RealRun(
        person,
        name,
        history,
        float(np.nansum(run.steps.step_time_s)) / 3600.0,
        measured,
        frozenset(alert.indicator for alert in heard.told),
        frozenset(one.indicator for one in heard.changes if one.severity == "raised"),
        len(heard.told),
    )


def told_by_indicator(runs: Sequence[RealRun]) -> list[tuple[str, str, str, str, str]]:
    """Rows of a table: history, indicator, people and hours, told and reported an hour, in %."""
    rows = []
    for history in (False, True):
        for indicator in (*INDICATORS, ""):
            chosen = [
                run
                for run in runs
                if run.history == history and (not indicator or indicator in run.measured)
            ]
            if not chosen:
                continue
            people = sorted({run.person for run in chosen})
            hours = sum(run.hours for run in chosen)
            rows.append(
                (
                    "earlier runs known" if history else "first runs",
                    indicator or "any",
                    f"{len(people)} people, {len(chosen)} runs, {hours:.1f} h",
                    _share(chosen, people, indicator, told=True),
                    _share(chosen, people, indicator, told=False),
                )
            )
    return rows


def _share(runs: Sequence[RealRun], people: Sequence[str], indicator: str, *, told: bool) -> str:
    hits, hours = [], []
    for person in people:
        own = [run for run in runs if run.person == person]
        sets = [run.told if told else run.reported for run in own]
        hits.append(sum(bool(found) if not indicator else indicator in found for found in sets))
        hours.append(sum(max(run.hours, 1e-6) for run in own))
    middle, low, high = over_people(hits, hours)
    return f"{100 * middle:.1f} ({100 * low:.1f}–{100 * high:.1f})"
