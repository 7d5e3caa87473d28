"""Trials: a simulated hour through the detector and the coach, and what came of it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from benchmarks.alerts.model import (
    CHANGES,
    ChangeKind,
    Conditions,
    Hour,
    impose,
    ramp_share,
    simulate_hour,
)
from imu.drift.baseline import Baseline
from imu.drift.baseline_learning import EarlierRun, warm_start
from imu.drift.changes import SENSOR_POSITION, Change
from imu.drift.detector import DriftDetector, DriftParams
from pipelines.coaching.alert import Alert
from pipelines.coaching.budget import CoachParams, CueBudget
from pipelines.coaching.coach import Coach

#: A step change is missed when it is not reported within this time, the ramp when not by its end.
_MISSED_AFTER_S = {"ramp": 1200.0}
_MISSED_S = 600.0
_SLIP_SEEN_S = 20.0
_SIZES: dict[ChangeKind, float] = {"peak": 0.10, "shock": 0.15, "cadence": -0.05, "ramp": 4.0}
_LEAN_IN_GATES = 1.5


@dataclass(frozen=True, slots=True)
class Rule:
    """What judges an hour.

    Attributes
    ----------
    params : DriftParams
        Of the detector.
    coach : CoachParams
        Of the coach.
    warm_runs : int
        Earlier runs that the baseline is from; 0 learns it on the way.
    """

    params: DriftParams = field(default_factory=DriftParams)
    coach: CoachParams = field(default_factory=CoachParams)
    warm_runs: int = 0


@dataclass(frozen=True, slots=True)
class Quiet:
    """What an hour without a change of form gave.

    Attributes
    ----------
    changed : frozenset of str
        Indicators that were reported as changed, told or not.
    told : frozenset of str
        Those of them that the runner was told of.
    slips, slips_found : int
        Times the sensor moved by 5° or more, or was said to.
    """

    changed: frozenset[str]
    told: frozenset[str]
    slips: int
    slips_found: int


@dataclass(frozen=True, slots=True)
class Detection:
    """What came of an imposed change.

    Attributes
    ----------
    delay_s : float
        From the onset to the report; infinite when it was missed.
    told_delay_s : float
        The same to the cue.
    before : bool
        Whether a change of the indicator was already going on: the trial does not count.
    excess_deg : float
        Of the ramp: how far beyond the gate the true change was when reported.
    gate : float
        Of the indicator at the onset.
    as_slip : bool
        Whether the change was taken for a sensor that moved: told within seconds, as that.
    """

    delay_s: float
    told_delay_s: float
    before: bool
    excess_deg: float
    gate: float
    as_slip: bool = False


def run(
    hour: Hour, detector: DriftDetector, start: int = 0, stop: int | None = None
) -> Iterator[Change]:
    """Push the steps ``[start, stop)`` of an hour with the marks among them."""
    end = len(hour.steps) if stop is None else stop
    for mark in hour.marks:
        if start <= mark.index < end:
            yield from detector.push(hour.steps[start : mark.index])
            detector.mark("surface", mark.value)
            start = mark.index
    yield from detector.push(hour.steps[start:end])


def listen(seed: int, conditions: Conditions, rule: Rule) -> Quiet:
    """An hour in which no form changes."""
    hour = simulate_hour(seed, conditions, day=1 if rule.warm_runs else 0)
    detector = DriftDetector(rule.params, warm_baseline(seed, conditions, rule))
    changes = list(run(hour, detector))
    alerts = _told(changes, hour, rule)
    positions = sum(change.indicator == SENSOR_POSITION for change in changes)
    return Quiet(
        frozenset(
            c.indicator
            for c in changes
            if c.severity == "raised" and c.indicator != SENSOR_POSITION
        ),
        frozenset(
            a.indicator for a in alerts if a.severity == "raised" and a.indicator != SENSOR_POSITION
        ),
        len(hour.slips),
        positions,
    )


def detect(seed: int, conditions: Conditions, rule: Rule, kind: ChangeKind) -> Detection:
    """An hour in which a change of form begins after half of it."""
    hour = simulate_hour(seed, conditions, day=1 if rule.warm_runs else 0)
    detector = DriftDetector(rule.params, warm_baseline(seed, conditions, rule))
    changes = list(run(hour, detector, stop=hour.onset))
    name = CHANGES[kind]
    reading = detector.current(name)
    size = _SIZES.get(kind, _LEAN_IN_GATES * reading.gate)
    if not math.isfinite(reading.gate) or reading.changed is not None:
        return Detection(math.inf, math.inf, True, math.nan, reading.gate)
    changed = impose(hour, kind, size)
    changes += run(changed, detector, start=hour.onset)
    late = changed.steps[hour.onset :]
    onset_s = float(late.initial_contact_s[0])
    way = "down" if kind == "cadence" else "up"
    limit_s = _MISSED_AFTER_S.get(kind, _MISSED_S)

    def delay(events: list[Change] | list[Alert]) -> float:
        for event in events:
            found = (event.indicator, event.direction, event.severity) == (name, way, "raised")
            if found and onset_s < event.time_s <= onset_s + limit_s:
                return event.time_s - onset_s
        return math.inf

    delay_s = delay(changes)
    excess = math.nan
    if kind == "ramp" and math.isfinite(delay_s):
        at = int(late.initial_contact_s.searchsorted(onset_s + delay_s))
        share = float(ramp_share(late.rows)[min(at, len(late) - 1)])
        excess = size * share - reading.gate
    told_s = delay(_told(changes, changed, rule))
    as_slip = any(
        c.indicator == SENSOR_POSITION and onset_s < c.time_s < onset_s + _SLIP_SEEN_S
        for c in changes
    )
    return Detection(delay_s, told_s, False, excess, reading.gate, as_slip)


def _told(changes: list[Change], hour: Hour, rule: Rule) -> list[Alert]:
    end_s = float(hour.steps.initial_contact_s[-1] + hour.steps.step_time_s[-1])
    return Coach(CueBudget(rule.coach)).advance(changes, end_s)


def warm_baseline(seed: int, conditions: Conditions, rule: Rule) -> Baseline | None:
    """The baseline that earlier runs of the same runner give; None without them."""
    if not rule.warm_runs:
        return None
    runs = []
    for day in range(2, rule.warm_runs + 2):
        detector = DriftDetector(rule.params)
        for _ in run(simulate_hour(seed, conditions, day), detector):
            pass
        if detector.run_baseline is not None:
            runs.append(EarlierRun(detector.run_baseline))
    return warm_start(runs)
