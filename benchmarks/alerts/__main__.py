"""Simulate run-hours, print the goals and write ``ALERTS.md``."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Final

from benchmarks.alerts.report import goal_rows, to_markdown
from benchmarks.alerts.study import as_json, carry_out
from benchmarks.alerts.whole_chain import ChainRun, through_the_chain

__all__ = ["main"]

_PROCESSES: Final = 2
_SPEEDS_M_S: Final = (2.6, 3.0, 3.4)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.alerts",
        description="Simulate thousands of run-hours: false alerts, detections and delays.",
        epilog="Exit status: 0 done, 2 usage.",
    )
    parser.add_argument(
        "--trials", type=int, default=200, metavar="N", help="hours a point of a curve (200)"
    )
    parser.add_argument(
        "--chain-minutes", type=float, default=30.0, metavar="MIN",
        help="minutes of each simulated sensor that goes through the whole chain, 0 for none (30)",
    )  # fmt: skip
    parser.add_argument(
        "--out", type=Path, default=Path(__file__).parents[1], metavar="DIR",
        help="where ALERTS.md, alerts.json and figures/alerts/ go (benchmarks/)",
    )  # fmt: skip
    return parser


def _sensors(minutes: float) -> list[ChainRun]:
    from devices.simulator.scenario import Scenario

    runs = []
    for fatigue in ("none", "all") if minutes > 0.0 else ():
        for seed, speed in enumerate(_SPEEDS_M_S, start=1):
            print(f"whole chain: {speed} m/s, fatigue {fatigue}", file=sys.stderr)
            scenario = Scenario(speed=speed, minutes=minutes, seed=seed, fatigue=fatigue)
            runs.append(through_the_chain(scenario))
    return runs


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the study; returns the exit status."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if given.trials < 2 or not 0.0 <= given.chain_minutes <= 600.0:
        parser.error("--trials takes a number from 2 up, --chain-minutes one from 0 to 600")
    started = time.monotonic()

    def progress(name: str, share: float) -> None:
        print(f"{100 * share:3.0f} %  {name}", file=sys.stderr)

    with ProcessPoolExecutor(_PROCESSES) as pool:
        study = carry_out(pool, given.trials, progress)
    seconds = time.monotonic() - started
    chain = _sensors(given.chain_minutes)
    from benchmarks.alerts import figures

    given.out.mkdir(parents=True, exist_ok=True)
    pictures = []
    if figures.can_draw():
        drawn = figures.draw(study, given.out / "figures" / "alerts")
        pictures = [path.relative_to(given.out).as_posix() for path in drawn]
    page = given.out / "ALERTS.md"
    page.write_text(to_markdown(study, chain, seconds, pictures), "utf-8", newline="\n")
    table = given.out / "alerts.json"
    table.write_text(json.dumps(as_json(study), indent=1) + "\n", "utf-8", newline="\n")
    for what, found, goal, reached in goal_rows(study):
        print(f"{'yes' if reached else 'NO ':3}  {what}: {found} (goal {goal})")
    print(f"{study.hours} run-hours in {seconds:.0f} s; wrote {page.name}, {table.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
