"""The study: which hours are simulated under which rules, and the figures that come of them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from benchmarks.alerts.model import CHANGES, ChangeKind, Conditions
from benchmarks.alerts.statistics import median_interval, wilson
from benchmarks.alerts.trials import Detection, Quiet, Rule, detect, listen
from imu.drift.indicators import INDICATORS

__all__ = ["Caught", "FalseAlerts", "Study", "as_json", "carry_out"]

WANDERS_PERCENT: Final = (0.5, 1.0, 1.5, 2.0, 2.5, 3.0)
TIME_CONSTANTS_S: Final = (30.0, 90.0, 300.0, 900.0)
FAMILY_FACTORS: Final = (0.6, 0.8, 1.0, 1.2, 1.4)
#: Earlier runs that a baseline is from.
WARM_RUNS: Final = (2, 5)
REFERENCE: Final = Conditions()
#: Tuning looked at seeds below this; the figures are of other ones.
_FIRST_SEED: Final = 100_000


@dataclass(frozen=True, slots=True)
class FalseAlerts:
    """Hours in which no form changed.

    Attributes
    ----------
    hours : int
        Runs of one hour.
    changed, told : dict of str to int
        Runs in which an indicator was reported, and told to the runner; ``any`` is all together.
    slips, slips_found : int
        Times the sensor moved, and was said to have.
    """

    conditions: Conditions
    rule: Rule
    hours: int
    changed: dict[str, int]
    told: dict[str, int]
    slips: int
    slips_found: int

    def share(self, name: str = "any", *, told: bool = True) -> tuple[float, float, float]:
        """Share of the runs and its 95 % interval."""
        hits = (self.told if told else self.changed).get(name, 0)
        return hits / max(self.hours, 1), *wilson(hits, self.hours)


@dataclass(frozen=True, slots=True)
class Caught:
    """Hours with an imposed change; trials in which one was going on already do not count."""

    conditions: Conditions
    rule: Rule
    kind: ChangeKind
    delays_s: tuple[float, ...]
    told_delays_s: tuple[float, ...]
    excesses_deg: tuple[float, ...]
    as_slip: int
    before: int

    @property
    def trials(self) -> int:
        """Trials that count."""
        return len(self.delays_s)

    @property
    def missed(self) -> int:
        """Trials in which it was not reported at all."""
        return sum(math.isinf(delay) for delay in self.delays_s)

    def median_s(self) -> tuple[float, float, float]:
        """Median delay and its 95 % interval; a missed change counts as infinite."""
        return median_interval(self.delays_s)


@dataclass(frozen=True, slots=True)
class Study:
    """Everything the page shows."""

    quiet: dict[str, FalseAlerts]
    caught: dict[str, Caught]
    hours: int


def carry_out(pool: Executor, trials: int, progress: Callable[[str, float], None]) -> Study:
    """Simulate all of it.

    Parameters
    ----------
    pool : Executor
        Where the hours run.
    trials : int
        Hours a point of a curve; the reference has five times as many.
    progress : callable
        Told what is being done, and the share that is done.
    """
    quiet: dict[str, tuple[Conditions, Rule, int]] = {}
    caught: dict[str, tuple[Conditions, Rule, ChangeKind, int]] = {}
    rule = Rule()
    for disturbed in (False, True):
        kind_of_run = "disturbed" if disturbed else "stationary"
        for wander in WANDERS_PERCENT:
            conditions = Conditions(wander_percent=wander, disturbances=disturbed)
            times = 5 if wander == REFERENCE.wander_percent else 1
            quiet[f"{kind_of_run} {wander:g}"] = (conditions, rule, times * trials)
            if disturbed and times == 1:
                continue
            for change in CHANGES:
                n = 2 * trials if times > 1 else trials // 2
                caught[f"{kind_of_run} {wander:g} {change}"] = (conditions, rule, change, n)
    for tau in TIME_CONSTANTS_S:
        quiet[f"tau {tau:g}"] = (Conditions(time_constant_s=tau), rule, trials)
    for factor in FAMILY_FACTORS:
        wider = replace(rule, params=replace(rule.params, family_factor=factor))
        quiet[f"family {factor:g}"] = (Conditions(disturbances=True), wider, trials)
        for change in CHANGES:
            caught[f"family {factor:g} {change}"] = (REFERENCE, wider, change, trials // 2)
    for runs in WARM_RUNS:
        warm = replace(rule, warm_runs=runs)
        for disturbed in (False, True):
            kind_of_run = "disturbed" if disturbed else "stationary"
            conditions = Conditions(disturbances=disturbed)
            quiet[f"warm {runs} {kind_of_run}"] = (conditions, warm, trials)
        for change in CHANGES:
            caught[f"warm {runs} {change}"] = (REFERENCE, warm, change, trials // 2)
    early = Conditions(onset_minute=11.0)
    for change in CHANGES:
        caught[f"early {change}"] = (early, rule, change, trials)
    without = replace(rule, params=replace(rule.params, pace_adjustment=0.0))
    quiet["pace not judged"] = (Conditions(disturbances=True), without, trials)

    total = sum(row[-1] for row in quiet.values()) + sum(row[-1] for row in caught.values())
    done = 0
    quiet_found, caught_found = {}, {}
    for name, (conditions, judged_by, n) in quiet.items():
        progress(name, done / total)
        work = partial(listen, conditions=conditions, rule=judged_by)
        quiet_found[name] = _false_alerts(
            pool.map(work, _seeds(n), chunksize=10), conditions, judged_by
        )
        done += n
    for name, (conditions, judged_by, change, n) in caught.items():
        progress(name, done / total)
        trial = partial(detect, conditions=conditions, rule=judged_by, kind=change)
        results = list(pool.map(trial, _seeds(n), chunksize=10))
        caught_found[name] = _caught(results, conditions, judged_by, change)
        done += n
    return Study(quiet_found, caught_found, total)


def _seeds(count: int) -> range:
    return range(_FIRST_SEED, _FIRST_SEED + count)


def _false_alerts(found: Iterable[Quiet], conditions: Conditions, rule: Rule) -> FalseAlerts:
    changed: Counter[str] = Counter()
    told: Counter[str] = Counter()
    hours = slips = slips_found = 0
    for hour in found:
        hours += 1
        slips += hour.slips
        slips_found += hour.slips_found
        for counter, names in ((changed, hour.changed), (told, hour.told)):
            counter.update(names)
            counter["any"] += bool(names)
    order = ["any", *(indicator.name for indicator in INDICATORS)]
    return FalseAlerts(
        conditions,
        rule,
        hours,
        {name: changed[name] for name in order},
        {name: told[name] for name in order},
        slips,
        slips_found,
    )


def _caught(
    results: list[Detection], conditions: Conditions, rule: Rule, kind: ChangeKind
) -> Caught:
    counted = [result for result in results if not result.before]
    return Caught(
        conditions,
        rule,
        kind,
        tuple(result.delay_s for result in counted),
        tuple(result.told_delay_s for result in counted),
        tuple(result.excess_deg for result in counted if math.isfinite(result.excess_deg)),
        sum(result.as_slip for result in counted),
        len(results) - len(counted),
    )


def as_json(study: Study) -> dict[str, Any]:
    """All figures as JSON takes them; an infinite delay is null."""

    def plain(values: Iterable[float]) -> list[float | None]:
        return [round(v, 1) if math.isfinite(v) else None for v in values]

    return {
        "hours": study.hours,
        "false_alerts": {
            name: {
                "hours": row.hours,
                "changed": row.changed,
                "told": row.told,
                "slips": row.slips,
                "slips_found": row.slips_found,
            }
            for name, row in study.quiet.items()
        },
        "caught": {
            name: {
                "trials": row.trials,
                "missed": row.missed,
                "taken_for_a_slip": row.as_slip,
                "changed_before": row.before,
                "median_delay_s": plain(row.median_s()),
                "delays_s": plain(row.delays_s),
            }
            for name, row in study.caught.items()
        },
    }
