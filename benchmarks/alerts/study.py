"""The study: ordinary runs of the measured model, what an oracle could do, and the older model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import Final

from benchmarks.alerts.model import Conditions
from benchmarks.alerts.oracle import BOUNDS, Bound, bound
from benchmarks.alerts.ordinary import Listened, Searched, listen_and_search
from benchmarks.alerts.scenarios import SCENARIOS
from benchmarks.alerts.statistics import wilson
from benchmarks.alerts.trials import Rule, listen

_OLD_HOURS: Final = 20


@dataclass(frozen=True, slots=True)
class OldModel:
    """One-hour runs of the older model, stationary or disturbed, in which nothing changes."""

    disturbed: bool
    hours: int
    told: int

    @property
    def share(self) -> tuple[float, float, float]:
        """Share of the hours with anything told, and its interval."""
        return self.told / max(self.hours, 1), *wilson(self.told, self.hours)


@dataclass(frozen=True, slots=True)
class Study:
    """Everything the page shows.

    Attributes
    ----------
    first_seed, people : int
        Who ran: drawn anew each time.
    listened : tuple of Listened
        By scenario and rule.
    searched : tuple of Searched
        By scenario, rule and change.
    bounds : dict of str to Bound
        What an oracle reaches, by change.
    old : tuple of OldModel
        The older model.
    """

    first_seed: int
    people: int
    listened: tuple[Listened, ...]
    searched: tuple[Searched, ...]
    bounds: dict[str, Bound]
    old: tuple[OldModel, ...]


def carry_out(
    pool: Executor,
    first_seed: int,
    people: int,
    progress: Callable[[str], None],
    *,
    scenarios: Sequence[str] = tuple(SCENARIOS),
    oracle_people: int = 12,
) -> Study:
    """Run all of it on people from ``first_seed`` on."""
    seeds = range(first_seed, first_seed + people)
    listened: list[Listened] = []
    searched: list[Searched] = []
    for scenario in scenarios:
        progress(scenario)
        for heard, found in listen_and_search(pool, seeds, scenario):
            listened.append(heard)
            searched += found
    progress("what an oracle could do")
    oracle_seeds = range(first_seed, first_seed + oracle_people)
    bounds = dict(
        zip(BOUNDS, pool.map(partial(bound, seeds=oracle_seeds), BOUNDS), strict=True)
        if oracle_people
        else ()
    )
    progress("the older model")
    old = []
    for disturbed in (False, True):
        work = partial(listen, conditions=Conditions(disturbances=disturbed), rule=Rule())
        hours = list(pool.map(work, seeds[:_OLD_HOURS]))
        old.append(OldModel(disturbed, len(hours), sum(bool(hour.told) for hour in hours)))
    return Study(first_seed, people, tuple(listened), tuple(searched), bounds, tuple(old))
