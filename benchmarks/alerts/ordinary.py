"""Ordinary runs through the detector and the coach as they ship: what is told, and what is found.

Told falsely: a run in which nothing changed, and the runner heard of a change, "the sensor has
moved" included. Found: a true change that was put into the same kind of run was told.
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
from typing import Final

import numpy as np

from benchmarks.alerts.measured import MeasuredRun, person, run_of
from benchmarks.alerts.scenarios import SCENARIOS, course
from benchmarks.alerts.statistics import median_interval, wilson
from imu.drift.baseline import Baseline
from imu.drift.baseline_learning import EarlierRun, warm_start
from imu.drift.changes import Change
from imu.drift.covariates import Covariates
from imu.drift.detector import DriftDetector
from imu.steps import Steps
from pipelines.coaching.alert import Alert
from pipelines.coaching.budget import CoachParams, CueBudget
from pipelines.coaching.coach import Coach

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
#: Earlier runs of a runner with a history.
HISTORY_RUNS: Final = 4
_CHUNK: Final = 64


@dataclass(frozen=True, slots=True)
class Heard:
    """What one run gave.

    Attributes
    ----------
    told, reported : frozenset of str
        Indicators that the runner was told of, and that the detector reported; ``sensor_position``
        where the sensor was said to have moved.
    cues : int
        How often the runner was spoken to.
    hours : float
        Running time.
    """

    told: frozenset[str]
    reported: frozenset[str]
    cues: int
    hours: float


@dataclass(frozen=True, slots=True)
class Listened:
    """Runs of one scenario in which nothing changed."""

    scenario: str
    history: bool
    runs: tuple[Heard, ...]

    def share(self, indicator: str = "", *, told: bool = True) -> tuple[float, float, float]:
        """Share of the runs an hour in which it was told; any indicator without a name."""
        sets = [run.told if told else run.reported for run in self.runs]
        hits = sum(bool(found) if not indicator else indicator in found for found in sets)
        hours = max(sum(run.hours for run in self.runs) / max(len(self.runs), 1), 1.0)
        low, high = wilson(hits, len(self.runs))
        return hits / max(len(self.runs), 1) / hours, low / hours, high / hours

    @property
    def most_told(self) -> tuple[str, tuple[float, float, float]]:
        """The indicator that was told falsely most often, and its share an hour."""
        total = Counter(name for run in self.runs for name in run.told)
        name = total.most_common(1)[0][0] if total else ""
        return name, self.share(name or "nothing")


@dataclass(frozen=True, slots=True)
class Searched:
    """Runs of one scenario with a true change; delays in s to its being told, ∞ when missed.

    A change counts as told when the runner hears of the indicator that shows it, or of another that
    is told for both.
    """

    scenario: str
    history: bool
    change: str
    delays_s: tuple[float, ...]
    beyond_gate_deg: tuple[float, ...]  # of the ramp when told, ∞ when missed

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


def _with_interval(hits: int, trials: int) -> tuple[float, float, float]:
    return hits / max(trials, 1), *wilson(hits, trials)


def heard_in(
    run: MeasuredRun, baseline: Baseline | None
) -> tuple[list[Change], list[Alert], DriftDetector]:
    """A run through detector and coach."""
    detector = DriftDetector(baseline=baseline)
    coach = Coach(CueBudget(CoachParams()))
    changes: list[Change] = []
    alerts: list[Alert] = []
    for steps, covariates in _parts(run):
        if steps is None:
            detector.mark("surface", "another")
            continue
        new = detector.push(steps, covariates)
        changes += new
        end_s = float(steps.initial_contact_s[-1] + steps.step_time_s[-1])
        alerts += coach.advance(new, end_s)
    return changes, alerts, detector


def _parts(run: MeasuredRun) -> Iterable[tuple[Steps | None, Covariates | None]]:
    marks = [index for index, _ in run.surface]
    cuts = sorted({*range(0, len(run.steps), _CHUNK), *marks, len(run.steps)})
    for begin, end in itertools.pairwise(cuts):
        if begin in marks:
            yield None, None
        known = Covariates(run.speed_m_s[begin:end], run.slope_deg[begin:end])
        yield run.steps[begin:end], known if run.stated else None


def judged_by_history(seed: int, scenario: str) -> Baseline | None:
    """The baseline of four earlier runs of the person, of the same kind."""
    runs = []
    for day in range(1, HISTORY_RUNS + 1):
        earlier = run_of(person(seed), course(scenario, seed * 10 + day), day)
        learned = heard_in(earlier, None)[2].run_baseline
        if learned is not None:
            runs.append(EarlierRun(learned))
    return warm_start(runs)


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


def _of_a_person(
    seed: int, scenario: str, changes: Sequence[str], histories: Sequence[bool]
) -> list[tuple[Heard, list[tuple[float, float]]]]:
    """A run without a change, and delay and excess of each change; without, and with history."""
    run = run_of(person(seed), course(scenario, seed * 10))
    onset = int(np.random.default_rng([seed, 44]).uniform(0.4, 0.6) * len(run.steps))
    found = []
    for history in histories:
        baseline = judged_by_history(seed, scenario) if history else None
        noticed, alerts, _ = heard_in(run, baseline)
        told = [alert for alert in alerts if alert.severity == "raised"]
        heard = Heard(
            frozenset(alert.indicator for alert in told),
            frozenset(change.indicator for change in noticed if change.severity == "raised"),
            len(told),
            float(np.nansum(run.steps.step_time_s)) / 3600.0,
        )
        found.append((heard, [_searched(run, onset, baseline, change) for change in changes]))
    return found


def _searched(
    run: MeasuredRun, onset: int, baseline: Baseline | None, change: str
) -> tuple[float, float]:
    """Delay of a change, s, and, of a lean, how far beyond the gate it was by then, degrees."""
    indicator, way, size = CHANGES[change]
    gate = math.nan
    if indicator == "sacral_lean_deg":
        before = replace(run, steps=run.steps[:onset], surface=())
        gate = heard_in(before, baseline)[2].current(indicator).gate
        if change != RAMP:
            size *= gate
        if not math.isfinite(gate):
            return math.inf, math.inf
    changed = imposed(run, change, size, onset)
    onset_s = float(changed.steps.initial_contact_s[onset])
    limit_s = _RAMP_S if change == RAMP else _LATE_S
    noticed, alerts, _ = heard_in(changed, baseline)
    seen_s = [
        one.time_s
        for one in noticed
        if (one.indicator, one.direction, one.severity) == (indicator, way, "raised")
    ]
    for told_s in _told_times(alerts, indicator, seen_s):
        late_s = told_s - onset_s
        if 0.0 < late_s <= limit_s:
            return late_s, size * min(late_s / _RAMP_S, 1.0) - gate
    return math.inf, math.inf


def _told_times(
    alerts: Sequence[Alert], indicator: str, seen_s: Sequence[float]
) -> Iterator[float]:
    """When the runner heard of an indicator's changes, or of what is told for them."""
    for alert in alerts:
        if alert.severity != "raised":
            continue
        gathered_s = CoachParams().derived_wait_s
        if alert.indicator == indicator or any(
            abs(time_s - alert.time_s) <= gathered_s for time_s in seen_s
        ):
            yield alert.time_s


def listen_and_search(
    pool: Executor,
    seeds: Sequence[int],
    scenario: str,
    *,
    changes: Sequence[str] = tuple(CHANGES),
    histories: Sequence[bool] = (False, True),
) -> list[tuple[Listened, list[Searched]]]:
    """Runs of a scenario, one person each: what is told falsely, and what of true changes."""
    work = partial(_of_a_person, scenario=scenario, changes=changes, histories=histories)
    people = list(pool.map(work, seeds, chunksize=2))
    result = []
    for place, history in enumerate(histories):
        own = [found[place] for found in people]
        listened = Listened(scenario, history, tuple(heard for heard, _ in own))
        searched = [
            Searched(
                scenario,
                history,
                change,
                tuple(trials[k][0] for _, trials in own),
                tuple(trials[k][1] for _, trials in own),
            )
            for k, change in enumerate(changes)
        ]
        result.append((listened, searched))
    return result


def _told_most(listened: Listened) -> str:
    """Which indicators were told, in % of the runs."""
    total: Counter[str] = Counter()
    for run in listened.runs:
        total.update(run.told)
    count = len(listened.runs)
    return ", ".join(f"{name} {100 * n / count:.0f}" for name, n in total.most_common(4))


def main() -> int:
    """Print, for each scenario, how often something is told though nothing has changed."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.alerts.ordinary",
        description="Ordinary runs in which nothing changes, through detector and coach.",
    )
    parser.add_argument("--runs", type=int, default=40, metavar="N", help="of each (40)")
    parser.add_argument("--history", action="store_true", help="with four earlier runs of each")
    given = parser.parse_args()
    first = int(np.random.default_rng().integers(10_000, 1_000_000))  # no run is looked at twice
    seeds = range(first, first + given.runs)
    kind = "with four earlier runs" if given.history else "first runs"
    print(f"{kind}, people {first} to {first + given.runs - 1}: runs told of a change, % (95 %)")
    with ProcessPoolExecutor(2) as pool:
        for scenario in SCENARIOS:
            ((listened, _),) = listen_and_search(
                pool, seeds, scenario, changes=(), histories=(given.history,)
            )
            hits = sum(bool(run.told) for run in listened.runs)
            low, high = wilson(hits, given.runs)
            share = f"{100 * hits / given.runs:3.0f} ({100 * low:.0f}–{100 * high:.0f})"
            print(f"{scenario:28} {share:14} {_told_most(listened)}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
