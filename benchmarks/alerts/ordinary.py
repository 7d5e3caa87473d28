"""Ordinary runs through the detector and the coach as they ship: what is told, and what is found.

Told falsely: a run in which nothing changed, and the runner heard of a change, "the sensor has
moved" included. Found: a true change that was put into the same run was told. A fixed gate, the
simplest rule, judges the same runs and changes beside it.
"""

from __future__ import annotations

import argparse
import itertools
import math
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, Literal

import numpy as np

from benchmarks.alerts.fixed_gate import FixedGate, Told
from benchmarks.alerts.measured import MeasuredRun, person, run_of
from benchmarks.alerts.oracle import Knowing, Weighed, delays_s, patterns, weighed
from benchmarks.alerts.scenarios import SCENARIOS, course
from benchmarks.alerts.statistics import median_interval, over_people, wilson
from imu.drift.baseline import Baseline
from imu.drift.baseline_learning import EarlierRun, warm_start
from imu.drift.changes import Change
from imu.drift.covariates import Covariates
from imu.drift.detector import DriftDetector
from imu.steps import Steps
from pipelines.coaching.alert import Alert
from pipelines.coaching.budget import CoachParams, CueBudget
from pipelines.coaching.coach import Coach

#: Who judges: detector and coach without and with earlier runs, the same told of speed and slope,
#: or the simplest rule.
Rule = Literal["first run", "four earlier runs", "pace known", "fixed gate"]
#: Shares of the hours that are aimed at, told falsely of one indicator and of any.
MOST_FALSE: Final[dict[Rule, tuple[float, float]]] = {
    "first run": (0.04, 0.10),
    "four earlier runs": (0.02, 0.06),
}
#: Where somebody might measure speed and slope, and it matters.
PACE_VARIES: Final = (
    *("easy outdoor run", "intervals", "outdoor hills", "trail", "progression run"),
    "belt changed, not stated",
)
#: What is put into a run: the indicator that shows it, its direction, and its size.
CHANGES: Final = {
    "peak +10 %": ("peak_10hz_bw", "up", 0.10),
    "shock +15 %": ("impact_shock_g", "up", 0.15),
    "cadence −5 %": ("cadence_spm", "down", -0.05),
    "lean by 1.5 × gate": ("sacral_lean_deg", "up", 1.5),
    "lean +4° over 20 min": ("sacral_lean_deg", "up", 4.0),
}
RAMP: Final = "lean +4° over 20 min"
_RAMP_S: Final = 1200.0
_LATE_S: Final = 600.0  # a change that is not told by then is missed
#: Days on which each person runs: each run is judged as a first one, and with the others as its
#: history. Days are alike, so that their order does not matter.
DAYS: Final = 5
_CHUNK: Final = 512


@dataclass(frozen=True, slots=True)
class Run:
    """What was told falsely in one run.

    Attributes
    ----------
    told : frozenset of str
        Indicators that the runner was told of; ``sensor_position`` where the sensor was said to
        have moved.
    hours : float
        Running time.
    """

    told: frozenset[str]
    hours: float


@dataclass(frozen=True, slots=True)
class Listened:
    """Runs of one scenario in which nothing changed, by person."""

    scenario: str
    rule: Rule
    people: tuple[tuple[Run, ...], ...]

    def share(self, indicator: str = "") -> tuple[float, float, float]:
        """Runs an hour in which it was told, any indicator without a name; interval over people."""
        hits = [
            sum(bool(run.told) if not indicator else indicator in run.told for run in own)
            for own in self.people
        ]
        return over_people(hits, [sum(run.hours for run in own) for own in self.people])

    @property
    def told(self) -> Counter[str]:
        """In how many runs each indicator was told."""
        return Counter(name for own in self.people for run in own for name in run.told)

    @property
    def most_told(self) -> tuple[str, tuple[float, float, float]]:
        """The indicator that was told falsely most often, and its share an hour."""
        name = next((name for name, _ in self.told.most_common(1)), "")
        return name, self.share(name or "nothing")


@dataclass(frozen=True, slots=True)
class Delays:
    """How late a change was told, over the people.

    Attributes
    ----------
    delays_s : tuple of float
        To its being told, s; ∞ when missed.
    beyond_gate_deg : tuple of float
        Of the ramp when told, ∞ when missed.
    """

    delays_s: tuple[float, ...]
    beyond_gate_deg: tuple[float, ...]

    @property
    def missed(self) -> tuple[float, float, float]:
        """Share of the trials in which it was not told, and its interval."""
        return _with_interval(sum(map(math.isinf, self.delays_s)), len(self.delays_s))

    def median_s(self) -> tuple[float, float, float]:
        """Median delay and its 95 % interval."""
        return median_interval(self.delays_s)

    def within(self, seconds: float) -> tuple[float, float, float]:
        """Share that was told within some seconds, and its interval."""
        return _with_interval(sum(delay <= seconds for delay in self.delays_s), len(self.delays_s))

    @property
    def before_a_degree(self) -> tuple[float, float, float]:
        """Share of the ramps told before a degree beyond the gate, and its interval."""
        early = sum(beyond < 1.0 for beyond in self.beyond_gate_deg)
        return _with_interval(early, len(self.beyond_gate_deg))


@dataclass(frozen=True, slots=True)
class Searched:
    """Runs of one scenario with a true change.

    A change counts as told when the runner hears of the indicator that shows it, or of another that
    is told for both.

    Attributes
    ----------
    scenario, rule, change : str
        What was run, who judged, what was put into it.
    told : Delays
        What the runner heard.
    possible : Delays or None
        What one that knows the person could have told, for as many false alerts of it in the same
        runs as are aimed at; None where it was not asked.
    """

    scenario: str
    rule: Rule
    change: str
    told: Delays
    possible: Delays | None = None


def _with_interval(hits: int, trials: int) -> tuple[float, float, float]:
    return hits / max(trials, 1), *wilson(hits, trials)


class Hearing:
    """Detector and coach as they ship, hearing a run step by step.

    Parameters
    ----------
    baseline : Baseline, optional
        Of the runner's earlier runs.
    """

    def __init__(self, baseline: Baseline | None = None) -> None:
        self.detector = DriftDetector(baseline=baseline)
        self._coach = Coach(CueBudget(CoachParams()))
        self.changes: list[Change] = []
        self.alerts: list[Alert] = []

    def hear(self, run: MeasuredRun, begin: int = 0, end: int | None = None) -> Hearing:
        """Take the steps from ``begin`` to ``end``; returns itself."""
        for steps, known in _parts(run, begin, len(run.steps) if end is None else end):
            if steps is None:
                self.detector.mark("surface", "another")
                continue
            new = self.detector.push(steps, known)
            end_s = float(steps.initial_contact_s[-1] + steps.step_time_s[-1])
            self.changes += new
            self.alerts += self._coach.advance(new, end_s)
        return self

    def from_here(self) -> Hearing:
        """Another one that has heard the same so far."""
        other = Hearing()
        other.detector.state = self.detector.state
        other._coach.state = self._coach.state
        other.changes, other.alerts = list(self.changes), list(self.alerts)
        return other

    @property
    def told(self) -> list[Alert]:
        """What the runner was told of, in order."""
        return [alert for alert in self.alerts if alert.severity == "raised"]


def _parts(
    run: MeasuredRun, begin: int, end: int
) -> Iterator[tuple[Steps | None, Covariates | None]]:
    marks = [index for index, _ in run.surface if begin <= index < end]
    for first, last in itertools.pairwise(sorted({*range(begin, end, _CHUNK), *marks, end})):
        if first in marks:
            yield None, None
        known = Covariates(run.speed_m_s[first:last], run.slope_deg[first:last])
        yield run.steps[first:last], known if run.stated else None


def imposed(run: MeasuredRun, change: str, size: float, onset: int) -> MeasuredRun:
    """The same run with a change of form from a step on."""
    rows = run.steps.rows.copy()
    late = rows[onset:]
    if change.startswith("peak"):
        late["peak_10hz_bw"] *= 1.0 + size
        late["lumbar_compression_bw"] *= 1.0 + size
    elif change.startswith("shock"):
        late["impact_shock_g"] *= 1.0 + size
        late["shock_power_g2"] *= (1.0 + size) ** 2
    elif change.startswith("cadence"):
        late["step_time_s"] /= 1.0 + size
        late["contact_time_ms"] *= 1.0 - 0.5 * size
        late["vertical_oscillation_mm"] *= 1.0 - 1.8 * size
        shift = np.cumsum(late["step_time_s"] * -size)
        late["initial_contact_s"][1:] += shift[:-1]
    else:
        since_s = late["initial_contact_s"] - late["initial_contact_s"][0]
        share = np.clip(since_s / _RAMP_S, 0.0, 1.0) if change == RAMP else 1.0
        lean = late["sacral_lean_deg"].copy()
        late["sacral_lean_deg"] += size * share
        late["lumbar_compression_bw"] *= (0.55 + 0.05 * np.abs(late["sacral_lean_deg"])) / (
            0.55 + 0.05 * np.abs(lean)
        )
    return replace(run, steps=Steps(rows))


class _Onset:
    """A moment of a run, and the run with each change from then on, made once for all who judge."""

    def __init__(self, run: MeasuredRun, step: int) -> None:
        self.step = step
        self._run = run
        self._steps: dict[tuple[str, float], Steps] = {}

    def changed(self, run: MeasuredRun, change: str, gate: float) -> MeasuredRun | None:
        """The run, its pace stated or not, with a change; None where that is in unknown gates."""
        size = _size(change, gate)
        if not math.isfinite(size):
            return None
        if (change, size) not in self._steps:
            self._steps[change, size] = imposed(self._run, change, size, self.step).steps
        return replace(run, steps=self._steps[change, size])


@dataclass(frozen=True, slots=True)
class _Judged:
    """What one rule made of one person's runs."""

    runs: tuple[Run, ...]
    found: tuple[tuple[float, float], ...]  # delay and excess of each change
    gate: float = math.nan  # of the lean at the onset
    known: tuple[Weighed, ...] = ()  # of each change, to one that knows the person


def _of_a_person(
    seed: int, scenario: str, changes: Sequence[str], rules: Sequence[Rule], oracle: bool = False
) -> dict[Rule, _Judged]:
    """Runs of five days without a change, and in the first of them each change."""
    someone = person(seed)
    runs = [run_of(someone, course(scenario, seed * 10 + day), day) for day in range(DAYS)]
    share = float(np.random.default_rng([seed, 44]).uniform(0.4, 0.6))
    onset = _Onset(runs[0], int(share * len(runs[0].steps)))
    judged: dict[Rule, _Judged] = {}
    judged["first run"], learned = _over_days(runs, onset, [None] * DAYS, changes)
    if "four earlier runs" in rules:
        usual = [_usual(learned[:day] + learned[day + 1 :]) for day in range(DAYS)]
        judged["four earlier runs"], _ = _over_days(runs, onset, usual, changes)
    if "pace known" in rules and scenario in PACE_VARIES:
        told = [replace(run, stated=True) for run in runs]
        judged["pace known"], _ = _over_days(told, onset, [None] * DAYS, changes)
    if "fixed gate" in rules:
        judged["fixed gate"] = _by_fixed_gate(runs[0], onset, changes, judged["first run"].gate)
    for rule in judged if oracle else ():
        if rule != "fixed gate" and math.isfinite(judged[rule].gate):
            judged[rule] = replace(
                judged[rule], known=_by_knowing(seed, scenario, runs, onset, rule, judged[rule])
            )
    return judged


def _over_days(
    runs: Sequence[MeasuredRun],
    onset: _Onset,
    usual: Sequence[Baseline | None],
    changes: Sequence[str],
) -> tuple[_Judged, list[Baseline | None]]:
    """What is told of each day's run, and what each leaves to later ones."""
    first, found, gate = _judged(runs[0], onset, usual[0], changes)
    heard = [first, *(Hearing(own).hear(run) for run, own in zip(runs[1:], usual[1:], strict=True))]
    told = tuple(_run(run, one.told) for run, one in zip(runs, heard, strict=True))
    return _Judged(told, found, gate), [one.detector.run_baseline for one in heard]


def _by_knowing(
    seed: int,
    scenario: str,
    runs: Sequence[MeasuredRun],
    onset: _Onset,
    rule: Rule,
    judged: _Judged,
) -> tuple[Weighed, ...]:
    """What speaks for each change to one that knows the person."""
    changed = [onset.changed(runs[0], name, judged.gate) for name in CHANGES]
    knowing = Knowing(
        person(seed),
        scenario,
        history=rule == "four earlier runs",
        pace_known=rule == "pace known" or runs[0].stated,
    )
    sought = list(patterns(_size("lean by 1.5 × gate", judged.gate)).values())
    known = [run for run in changed if run is not None]  # all: the gate is known
    return weighed(knowing, runs, known, onset.step, sought)


def _size(change: str, gate: float) -> float:
    """Of a change; that of a lean is in gates."""
    size = CHANGES[change][2]
    return size * gate if change.startswith("lean by") else size


def _usual(learned: Sequence[Baseline | None]) -> Baseline | None:
    return warm_start([EarlierRun(one) for one in learned if one is not None])


def _run(run: MeasuredRun, told: Iterable[Alert | Told]) -> Run:
    hours = float(np.nansum(run.steps.step_time_s)) / 3600.0
    return Run(frozenset(one.indicator for one in told), hours)


def _judged(
    run: MeasuredRun, onset: _Onset, baseline: Baseline | None, changes: Sequence[str]
) -> tuple[Hearing, tuple[tuple[float, float], ...], float]:
    """What is heard of a run, what of each change from a step on, and the gate of the lean then."""
    begin = onset.step
    before = Hearing(baseline).hear(run, 0, begin)
    gate = before.detector.current("sacral_lean_deg").gate
    found = []
    for change in changes:
        indicator, way, _ = CHANGES[change]
        changed = onset.changed(run, change, gate)
        if changed is None:
            found.append((math.inf, math.inf))
            continue
        heard = before.from_here().hear(changed, begin, _last(changed, begin, change))
        seen_s = [
            one.time_s
            for one in heard.changes
            if (one.indicator, one.direction, one.severity) == (indicator, way, "raised")
        ]
        told_s = _told_times(heard.told, indicator, seen_s)
        found.append(_delay(told_s, changed, begin, change, gate))
    return before.hear(run, begin), tuple(found), gate


def _last(run: MeasuredRun, onset: int, change: str) -> int:
    """The step up to which a change may be told."""
    starts = run.steps.initial_contact_s
    return int(np.searchsorted(starts, starts[onset] + _limit_s(change)))


def _limit_s(change: str) -> float:
    return _RAMP_S if change == RAMP else _LATE_S


def _delay(
    told_s: Iterator[float], run: MeasuredRun, onset: int, change: str, gate: float
) -> tuple[float, float]:
    """Delay of a change, s, and, of a ramp, how far beyond the gate it was by then, degrees."""
    onset_s = float(run.steps.initial_contact_s[onset])
    for time_s in told_s:
        late_s = time_s - onset_s
        if 0.0 < late_s <= _limit_s(change):
            return late_s, _beyond_gate(late_s, gate)
    return math.inf, math.inf


def _beyond_gate(late_s: float, gate: float) -> float:
    """How far the ramp is beyond a gate by then, degrees."""
    if math.isinf(late_s):
        return math.inf
    return CHANGES[RAMP][2] * min(late_s / _RAMP_S, 1.0) - gate


def _told_times(told: Sequence[Alert], indicator: str, seen_s: Sequence[float]) -> Iterator[float]:
    """When the runner heard of an indicator's changes, or of what is told for them."""
    gathered_s = CoachParams().derived_wait_s
    for alert in told:
        near = any(abs(time_s - alert.time_s) <= gathered_s for time_s in seen_s)
        if alert.indicator == indicator or near:
            yield alert.time_s


def _by_fixed_gate(run: MeasuredRun, onset: _Onset, changes: Sequence[str], gate: float) -> _Judged:
    """The same by the simplest rule; ``gate`` is the detector's, so that changes are as large."""
    begin = onset.step
    before = FixedGate().hear(run.steps[:begin])
    found = []
    for change in changes:
        indicator, way, _ = CHANGES[change]
        changed = onset.changed(run, change, gate)
        if changed is None:
            found.append((math.inf, math.inf))
            continue
        last = _last(changed, begin, change)
        told = before.from_here().hear(changed.steps[begin:last]).told
        told_s = (one.time_s for one in told if (one.indicator, one.way) == (indicator, way))
        found.append(_delay(told_s, changed, begin, change, gate))
    told = before.hear(run.steps[begin:]).told
    return _Judged((_run(run, told),), tuple(found))


def listen_and_search(
    pool: Executor,
    seeds: Sequence[int],
    scenario: str,
    *,
    changes: Sequence[str] = tuple(CHANGES),
    rules: Sequence[Rule] = ("first run", "four earlier runs", "pace known", "fixed gate"),
    oracle: bool = False,
) -> list[tuple[Listened, list[Searched]]]:
    """Runs of a scenario: what is told falsely, and what of true changes, by each rule.

    With ``oracle`` also what one that knows each person could tell of the changes.
    """
    work = partial(_of_a_person, scenario=scenario, changes=changes, rules=rules, oracle=oracle)
    people = list(pool.map(work, seeds))
    result = []
    for rule in (one for one in rules if one in people[0]):
        own = [judged[rule] for judged in people]
        listened = Listened(scenario, rule, tuple(one.runs for one in own))
        searched = [
            Searched(
                scenario,
                rule,
                change,
                Delays(
                    tuple(one.found[k][0] for one in own), tuple(one.found[k][1] for one in own)
                ),
                _possible(own, k, rule) if oracle and rule != "fixed gate" else None,
            )
            for k, change in enumerate(changes)
        ]
        result.append((listened, searched))
    return result


def _possible(judged: Sequence[_Judged], change: int, rule: Rule) -> Delays:
    """What could have been told of a change, for as many false alerts as are aimed at."""
    most, _ = MOST_FALSE["four earlier runs" if rule == "four earlier runs" else "first run"]
    able = [one for one in judged if one.known]
    late_s = delays_s([one.known[change] for one in able], most)
    beyond = (_beyond_gate(late, one.gate) for late, one in zip(late_s, able, strict=True))
    return Delays(late_s, tuple(beyond))


def _told_most(listened: Listened) -> str:
    """Which indicators were told, in % of the runs."""
    count = sum(len(own) for own in listened.people)
    return ", ".join(f"{name} {100 * n / count:.0f}" for name, n in listened.told.most_common(4))


def main() -> int:
    """Print, for each scenario, how often something is told though nothing has changed."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.alerts.ordinary",
        description="Ordinary runs in which nothing changes, through detector and coach.",
    )
    parser.add_argument("--people", type=int, default=20, metavar="N", help="of each (20)")
    parser.add_argument("--history", action="store_true", help="with four earlier runs of each")
    given = parser.parse_args()
    first = int(np.random.default_rng().integers(10_000, 1_000_000))  # no run is looked at twice
    rule: Rule = "four earlier runs" if given.history else "first run"
    print(f"{rule}, {given.people} people from {first} on: told of a change, % an hour (95 %)")
    with ProcessPoolExecutor(2) as pool:
        for scenario in SCENARIOS:
            ((listened, _),) = listen_and_search(
                pool, range(first, first + given.people), scenario, changes=(), rules=(rule,)
            )
            middle, low, high = (100.0 * value for value in listened.share())
            share = f"{middle:3.0f} ({low:.0f}–{high:.0f})"
            print(f"{scenario:28} {share:14} {_told_most(listened)}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
