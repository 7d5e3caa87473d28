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
from collections.abc import Iterable, Sequence
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
from imu.drift.detector import DriftDetector, DriftParams
from imu.steps import Steps
from pipelines.coaching.alert import Alert
from pipelines.coaching.budget import CoachParams, CueBudget
from pipelines.coaching.coach import Coach

__all__ = [
    "CHANGES",
    "Heard",
    "Listened",
    "Searched",
    "heard_in",
    "judged_by_history",
    "listen",
    "search",
]

#: What is put into a run: the indicator that shows it, its direction, and its size.
CHANGES: Final = {
    "peak +10 %": ("peak_10hz_bw", "up", 0.10),
    "shock +15 %": ("impact_shock_g", "up", 0.15),
    "cadence −5 %": ("cadence_spm", "down", -0.05),
    "lean by 1.5 × gate": ("sacral_lean_deg", "up", 1.5),
    "lean +4° over 20 min": ("sacral_lean_deg", "up", 4.0),
}
_RAMP: Final = "lean +4° over 20 min"
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
        hours = sum(run.hours for run in self.runs) / max(len(self.runs), 1)
        low, high = wilson(hits, len(self.runs))
        return tuple(value / max(hours, 1.0) for value in (hits / len(self.runs), low, high))  # type: ignore[return-value]


@dataclass(frozen=True, slots=True)
class Searched:
    """Runs of one scenario with a true change; delays in s to its being told, ∞ when missed."""

    scenario: str
    history: bool
    change: str
    delays_s: tuple[float, ...]
    beyond_gate_deg: tuple[float, ...]  # of the ramp when told

    @property
    def missed(self) -> float:
        """Share of the trials in which it was not told."""
        return sum(map(math.isinf, self.delays_s)) / max(len(self.delays_s), 1)

    def median_s(self) -> tuple[float, float, float]:
        """Median delay and its 95 % interval."""
        return median_interval(self.delays_s)

    def within(self, seconds: float) -> float:
        """Share that was told within some seconds."""
        return sum(delay <= seconds for delay in self.delays_s) / max(len(self.delays_s), 1)


def heard_in(
    run: MeasuredRun, baseline: Baseline | None, params: DriftParams | None = None
) -> tuple[list[Change], list[Alert], DriftDetector]:
    """A run through detector and coach."""
    detector = DriftDetector(params or DriftParams(), baseline)
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


def judged_by_history(
    seed: int, scenario: str, params: DriftParams | None = None
) -> Baseline | None:
    """The baseline of four earlier runs of the person, of the same kind."""
    runs = []
    for day in range(1, HISTORY_RUNS + 1):
        earlier = run_of(person(seed), course(scenario, seed * 10 + day), day)
        _, _, detector = heard_in(earlier, None, params)
        if detector.run_baseline is not None:
            runs.append(EarlierRun(detector.run_baseline))
    return warm_start(runs)


def _listen(seed: int, scenario: str, history: bool, params: DriftParams | None) -> Heard:
    baseline = judged_by_history(seed, scenario, params) if history else None
    run = run_of(person(seed), course(scenario, seed * 10))
    changes, alerts, _ = heard_in(run, baseline, params)
    told = [alert for alert in alerts if alert.severity == "raised"]
    hours = float(np.nansum(run.steps.step_time_s)) / 3600.0
    return Heard(
        frozenset(alert.indicator for alert in told),
        frozenset(change.indicator for change in changes if change.severity == "raised"),
        len(told),
        hours,
    )


def listen(
    pool: Executor,
    seeds: Sequence[int],
    scenario: str,
    *,
    history: bool,
    params: DriftParams | None = None,
) -> Listened:
    """Runs of a scenario, one person each."""
    work = partial(_listen, scenario=scenario, history=history, params=params)
    return Listened(scenario, history, tuple(pool.map(work, seeds, chunksize=4)))


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
        share = np.clip(since_s / _RAMP_S, 0.0, 1.0) if change == _RAMP else 1.0
        lean = late["sacral_lean_deg"].copy()
        late["sacral_lean_deg"] += size * share
        late["lumbar_compression_bw"] *= (0.55 + 0.05 * np.abs(late["sacral_lean_deg"])) / (
            0.55 + 0.05 * np.abs(lean)
        )
    return replace(run, steps=Steps(rows))


def _search(
    seed: int, scenario: str, history: bool, change: str, params: DriftParams | None
) -> tuple[float, float]:
    baseline = judged_by_history(seed, scenario, params) if history else None
    run = run_of(person(seed), course(scenario, seed * 10))
    onset = int(np.random.default_rng([seed, 44]).uniform(0.4, 0.6) * len(run.steps))
    indicator, way, size = CHANGES[change]
    gate = math.nan
    if indicator == "sacral_lean_deg":
        before = replace(run, steps=run.steps[:onset], surface=())
        gate = heard_in(before, baseline, params)[2].current(indicator).gate
        if change != _RAMP:
            size *= gate
        if not math.isfinite(gate):
            return math.inf, math.nan
    changed = imposed(run, change, size, onset)
    onset_s = float(changed.steps.initial_contact_s[onset])
    limit_s = _RAMP_S if change == _RAMP else _LATE_S
    _, alerts, _ = heard_in(changed, baseline, params)
    for alert in alerts:
        late_s = alert.time_s - onset_s
        found = (alert.indicator, alert.direction, alert.severity) == (indicator, way, "raised")
        if found and 0.0 < late_s <= limit_s:
            return late_s, size * min(late_s / _RAMP_S, 1.0) - gate
    return math.inf, math.nan


def search(
    pool: Executor,
    seeds: Sequence[int],
    scenario: str,
    change: str,
    *,
    history: bool,
    params: DriftParams | None = None,
) -> Searched:
    """Runs of a scenario into which a change is put."""
    work = partial(_search, scenario=scenario, history=history, change=change, params=params)
    found = list(pool.map(work, seeds, chunksize=4))
    return Searched(
        scenario,
        history,
        change,
        tuple(delay for delay, _ in found),
        tuple(excess for _, excess in found if math.isfinite(excess)),
    )


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
            listened = listen(pool, seeds, scenario, history=given.history)
            hits = sum(bool(run.told) for run in listened.runs)
            low, high = wilson(hits, given.runs)
            share = f"{100 * hits / given.runs:3.0f} ({100 * low:.0f}–{100 * high:.0f})"
            print(f"{scenario:28} {share:14} {_told_most(listened)}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
