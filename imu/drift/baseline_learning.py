"""Learning a baseline from earlier runs of the same kind."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from imu.drift.baseline import Baseline, IndicatorBaseline
from imu.drift.indicators import INDICATORS, Indicator

_RUNS: Final = 5
_ASSUMED_RUNS: Final = 3.0  # what the assumption about other days counts as


@dataclass(frozen=True, slots=True)
class EarlierRun:
    """What an earlier run was like.

    Attributes
    ----------
    baseline : Baseline
        Of the whole run where possible (:attr:`~imu.drift.detector.DriftDetector.run_baseline`),
        else of its first minutes.
    surface, shoe : str
        As the runner calls them, empty where not said.
    """

    baseline: Baseline
    surface: str = ""
    shoe: str = ""


def warm_start(
    runs: Sequence[EarlierRun], *, surface: str = "", shoe: str = "", least: int = 2
) -> Baseline | None:
    """The baseline to start a run with: the mean of the last five runs of the same kind.

    Two or more whole runs tell what minutes cannot: an indicator's wander within a run, what pace
    does to this runner, and how far the mean of a run is from the runs before, where few runs are
    helped out by what is assumed of everybody. An indicator is kept when at least ``least`` of the
    runs have it.

    Parameters
    ----------
    runs : sequence of EarlierRun
        In order of time.
    surface, shoe : str
        Of the run that begins; only runs with the same ones count.
    least : int
        Fewest runs, at least 1.

    Returns
    -------
    Baseline or None
        None when there are too few runs of that kind: learn on the way then.

    Examples
    --------
    >>> def run(cadence: float, shoe: str) -> EarlierRun:
    ...     item = IndicatorBaseline("cadence_spm", cadence, wander_sd=1.0)
    ...     return EarlierRun(Baseline((item,), blocks=40), "road", shoe)
    >>> usual = warm_start([run(168, "old"), run(169, "new"), run(171, "new")],
    ...                    surface="road", shoe="new")
    >>> usual.of("cadence_spm").mean, usual.of("cadence_spm").wander_sd
    (170.0, 1.0)
    """
    alike = [run.baseline for run in runs if (run.surface, run.shoe) == (surface, shoe)][-_RUNS:]
    items = []
    for indicator in INDICATORS:
        named = (baseline.of(indicator.name) for baseline in alike)
        found = [item for item in named if item is not None]
        if len(found) >= max(least, 1):
            items.append(_usual(indicator, found))
    if not items:
        return None
    speeds = [baseline.speed_m_s for baseline in alike if baseline.speed_m_s is not None]
    slopes = [baseline.slope_deg for baseline in alike if baseline.slope_deg is not None]
    return Baseline(
        tuple(items),
        sum(baseline.blocks for baseline in alike),
        math.fsum(speeds) / len(speeds) if len(speeds) == len(alike) else None,
        math.fsum(slopes) / len(slopes) if len(slopes) == len(alike) else None,
    )


def _usual(indicator: Indicator, found: Sequence[IndicatorBaseline]) -> IndicatorBaseline:
    """One indicator over the runs that have it."""
    n = len(found)
    mean = math.fsum(item.mean for item in found) / n
    assumed = indicator.population.day * (0.01 * mean if indicator.relative else 1.0)
    between = math.fsum((item.mean - mean) ** 2 for item in found)
    between = (between + _ASSUMED_RUNS * assumed**2) / (_ASSUMED_RUNS + n - 1)
    # of short runs, which are all off the same way where they end before the runner has settled
    unsure = math.fsum(item.level_sd**2 for item in found) / n
    wander = _weighted([(item.wander_sd**2, item.wander_weight) for item in found])
    coupled = [item for item in found if item.couplings]
    return IndicatorBaseline(
        indicator.name,
        mean,
        math.sqrt(wander),
        math.sqrt(math.fsum(item.block_sd**2 for item in found) / n),
        math.sqrt(between * (1.0 + 1.0 / n) + unsure),
        math.fsum(item.wander_weight for item in found),
        _weighted([(item.unrest, item.unrest_weight) for item in found]),
        math.fsum(item.unrest_weight for item in found),
        _middles([item.couplings for item in coupled]),
        _middles([item.coupling_sds for item in coupled]),
    )


def _weighted(values: Sequence[tuple[float, float]]) -> float:
    """Mean by weight; the plain one where none is known."""
    total = math.fsum(weight for _, weight in values)
    if not total > 0.0:
        return math.fsum(value for value, _ in values) / len(values)
    return math.fsum(value * weight for value, weight in values) / total


def _middles(rows: Sequence[tuple[float, ...]]) -> tuple[float, ...]:
    return tuple(math.fsum(column) / len(column) for column in zip(*rows, strict=True))
