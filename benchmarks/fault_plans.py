"""How long a thousand fault plans take; run with ``python -m benchmarks.fault_plans [COUNT]``."""

from __future__ import annotations

import argparse
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from typing import Final

from imu.compile_ahead import warm_up
from pipelines.bench.faults.drawing import drawn_plan
from pipelines.bench.faults.judging import judge

_COUNT: Final = 1000
_CORES: Final = 2
_BATCH: Final = 25
_GOAL_S: Final = 120.0


@dataclass
class Judged:
    """What drawn plans came to.

    Attributes
    ----------
    faults : Counter
        How many of each kind.
    failed : list of str
        The numbers of plans that failed, and why.
    wrong_steps : Counter
        Steps wrongly called trusted, by the kinds of fault in their plan.
    cpu_s : float
        Time of one core.
    """

    faults: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)
    wrong_steps: Counter[str] = field(default_factory=Counter)
    cpu_s: float = 0.0

    def add(self, other: Judged) -> None:
        """Take in what others came to."""
        self.faults += other.faults
        self.failed += other.failed
        self.wrong_steps += other.wrong_steps
        self.cpu_s += other.cpu_s


def judged(first: int, count: int) -> Judged:
    """Judge the plans of so many numbers."""
    result, begin_s = Judged(), time.process_time()
    for number in range(first, first + count):
        plan = drawn_plan(number)
        verdict = judge(plan)
        kinds = [fault.kind for fault in plan.faults]
        result.faults.update(kinds)
        if verdict.wrong_steps:
            result.wrong_steps[" + ".join(kinds)] += verdict.wrong_steps
        if not verdict.holds:
            result.failed.append(f"{number}: {'; '.join(verdict.words)}")
    result.cpu_s = time.process_time() - begin_s
    return result


def main() -> None:
    """Judge, and print the figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=_COUNT, help=f"of plans ({_COUNT})")
    count = parser.parse_args().count
    warm_up()
    begin_s, total = time.monotonic(), Judged()
    with ProcessPoolExecutor(_CORES) as pool:
        firsts = range(0, count, _BATCH)
        sizes = [min(_BATCH, count - first) for first in firsts]
        for part in pool.map(judged, firsts, sizes):
            total.add(part)
    took_s = time.monotonic() - begin_s
    goal_s = _GOAL_S * count / _COUNT
    print(f"{count} fault plans, {total.faults.total()} faults on {_CORES} cores:")
    print(f"  {took_s:.0f} s, {total.cpu_s:.0f} s of one core (goal: {goal_s:.0f} s)")
    print(f"  {len(total.failed)} failed", *total.failed, sep="\n    ")
    print("  wrong steps called trusted, by the plan's faults:")
    for kinds, steps in total.wrong_steps.most_common(12):
        print(f"    {steps:5d}  {kinds}")


if __name__ == "__main__":
    main()
