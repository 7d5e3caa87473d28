"""``python -m benchmarks.robustness``: see below what it runs; ROBUSTNESS.md shows what was found.

Each part adds to the figures in ``benchmarks/robustness.json``, so that hours can be run in pieces;
``--anew`` forgets a part's earlier figures. Parts: ``fuzz`` (by coverage with ``atheris``, which is
no dependency of the project: install it where you run this), ``sessions``, ``documents``,
``journals``, ``hostile``, ``kill``, ``power``, ``signals``, ``processes``, ``soak``, ``hour``.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, Final

from benchmarks.robustness import damage, fuzzing, hostile_files, kills, power_cuts, report
from benchmarks.robustness.journal_users import several_writers
from benchmarks.robustness.soak_real import soak_in_real_time
from benchmarks.robustness.soak_virtual import soak_in_virtual_time

#: How much of each part is run where nothing is said: minutes for all of it.
_USUAL: Final = {
    "fuzz": 300.0,
    "sessions": 500.0,
    "documents": 2000.0,
    "journals": 200.0,
    "hostile": 2.0,
    "kill": 20.0,
    "power": 25.0,
    "signals": 12.0,
    "processes": 4.0,
    "soak": 1.0,
    "hour": 2.0,
}


def main(words: Sequence[str] | None = None) -> int:
    """Run the parts that were asked for; returns the exit code, 1 where something was found."""
    parser = argparse.ArgumentParser("python -m benchmarks.robustness", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*_USUAL, []], help="all without any")
    parser.add_argument("--amount", type=float, help="seconds, executions, moments, hours, minutes")
    parser.add_argument("--seed", type=int, help="of what is random; by the clock otherwise")
    parser.add_argument("--targets", nargs="+", default=(), help="of the fuzzer, by beginning")
    parser.add_argument("--corpus", type=Path, default=Path(".fuzz"), help="kept by the fuzzer")
    parser.add_argument("--anew", action="store_true", help="forget earlier figures of the parts")
    parser.add_argument("--dry", action="store_true", help="tell, and leave ROBUSTNESS.md alone")
    given = parser.parse_args(words)
    seed = time.time_ns() if given.seed is None else given.seed
    troubles = 0
    for part in given.parts or list(_USUAL):
        amount = _USUAL[part] if given.amount is None else given.amount
        print(f"{part}: {amount:g}, seed {seed}, load {_load()}", flush=True)
        for figures in _run(part, amount, Random(seed), given):
            figures |= {"date": f"{datetime.now(UTC):%Y-%m-%d}", "load": _load()}
            troubles += report.count_troubles(figures)
            if not given.dry:
                report.add(part, figures, anew=given.anew)
                given.anew = False
    return 1 if troubles else 0


def _run(part: str, amount: float, random: Random, given: argparse.Namespace) -> Any:
    count = int(amount)
    damaged: dict[str, Callable[[int, Random], Any]] = {
        "sessions": damage.damaged_sessions,
        "documents": damage.odd_documents,
        "journals": damage.damaged_journals,
    }
    if part in damaged:
        yield damage.as_figures(_told(damaged[part](count, random)))
    elif part == "fuzz":
        targets = fuzzing.all_targets(given.targets)
        for found in fuzzing.fuzz(targets, amount, given.corpus):
            print(f"{found['target']}: {found['executions']} executions", flush=True)
            yield found | {"guided": fuzzing.guided_by_coverage()}
    elif part == "hostile":
        yield {"kinds": hostile_files.read_all(each=count)}
    elif part == "power":
        yield power_cuts.as_figures(_told(power_cuts.power_cuts(count, random)))
    elif part == "kill":
        yield kills.as_figures(_told(kills.kills(count, random)))
    elif part == "signals":
        yield kills.as_figures(_told(kills.ends(count, kills.KINDS, random)))
    elif part == "processes":
        yield several_writers(count)
    elif part == "soak":
        yield soak_in_virtual_time(amount, tell=print)
    elif part == "hour":
        yield soak_in_real_time(amount)


def _told(found: Any) -> list[Any]:
    """All of it, each told as it comes where it says something."""
    kept = []
    for each in found:
        kept.append(each)
        if each:
            print(f"  {each}", flush=True)
    return kept


def _load() -> float:
    return round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else 0.0


if __name__ == "__main__":
    sys.exit(main())
