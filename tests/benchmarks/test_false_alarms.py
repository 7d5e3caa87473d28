"""How often a runner is told of a change that is none, by what detector and coach do."""

from __future__ import annotations

from collections import Counter

from benchmarks.alerts.measured import person, run_of
from benchmarks.alerts.ordinary import Hearing
from benchmarks.alerts.scenarios import SCENARIOS, course

#: People of the measured model, who wander close to what is told, in every kind of ordinary run but
#: the one of three hours.
PEOPLE = (5001, 5003, 5011)
KINDS = tuple(name for name in SCENARIOS if not name.startswith("long"))
#: In so many of these 45 hours something may be told: in 4 it is, in 18 with 30 % less evidence.
#: Where a change of the detector moves the count, the study (``benchmarks/ALERTS.md``) says whether
#: it is worse, and the figure here follows it.
MOST_TOLD = 7


def test_ordinary_runs_are_left_alone() -> None:
    told: Counter[str] = Counter()
    for kind in KINDS:
        for seed in PEOPLE:
            run = run_of(person(seed), course(kind, 10 * seed))
            told[kind] += bool(Hearing().hear(run).told)
    assert told.total() <= MOST_TOLD, told
