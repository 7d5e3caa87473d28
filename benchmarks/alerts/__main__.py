"""Run people through ordinary hours and write ``ALERTS.md``; or judge real hours."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.alerts.hours import COLUMNS, judged_hours, read_hours
from benchmarks.alerts.report import goals_of, hours_table, to_markdown
from benchmarks.alerts.study import Pieces, carry_out
from benchmarks.alerts.whole_chain import ChainRun, through_the_chain
from imu.errors import InputError
from pipelines.commands.messages import complain

_SPEEDS_M_S: Final = (2.6, 3.0, 3.4)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.alerts",
        description="Ordinary hours through detector and coach: false alerts, detections, delays.",
        epilog="Exit status: 0 done, 1 no run to judge, 2 usage.",
    )
    parser.add_argument("--people", type=int, default=64, metavar="N", help="of each scenario (64)")
    parser.add_argument(
        "--hours", type=Path, metavar="DIR",
        help="judge real runs instead, one PERSON_RUN.csv each: " + ", ".join(COLUMNS),
    )  # fmt: skip
    parser.add_argument(
        "--chain-minutes", type=float, default=30.0, metavar="MIN",
        help="minutes of each simulated sensor that goes through the whole chain, 0 for none (30)",
    )  # fmt: skip
    parser.add_argument("--processes", type=int, default=2, metavar="N", help="at a time (2)")
    parser.add_argument(
        "--keep", type=Path, metavar="DIR",
        help="keep each scenario that is done there, and go on from those that are",
    )  # fmt: skip
    parser.add_argument(
        "--out", type=Path, default=Path(__file__).parents[1], metavar="DIR",
        help="where ALERTS.md goes (benchmarks/)",
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


def _judge_real(folder: Path, processes: int) -> int:
    left_out: list[str] = []
    try:
        people = read_hours(folder, left_out.append)
    except (InputError, OSError) as error:
        complain(str(error))
        return 1
    if left_out:
        complain(f"left out, since they have no two rows with a time: {', '.join(left_out)}.")
    with ProcessPoolExecutor(processes) as pool:
        judged = judged_hours(people, pool)
    if not judged:
        complain("nobody runs in any of them: speed and cadence are those of no runner.")
        return 1
    print(hours_table(judged))
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the study; returns the exit status."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if given.people < 2 or given.processes < 1 or not 0.0 <= given.chain_minutes <= 600.0:
        parser.error(
            "--people takes a number from 2 up, --processes from 1, --chain-minutes from 0 to 600"
        )
    if given.hours is not None:
        return _judge_real(given.hours, given.processes)
    started = time.monotonic()

    def progress(name: str) -> None:
        print(f"{time.monotonic() - started:5.0f} s  {name}", file=sys.stderr, flush=True)

    # people that nobody has tuned on: seeds below 10 000 are for that
    first_seed = int(np.random.default_rng().integers(10_000, 1_000_000))
    try:
        pieces = Pieces(given.keep, first_seed, given.people)
    except (InputError, OSError) as error:
        complain(str(error))
        return 1
    with ProcessPoolExecutor(given.processes) as pool:
        study = carry_out(pool, pieces, progress)
    chain = _sensors(given.chain_minutes)
    given.out.mkdir(parents=True, exist_ok=True)
    page = given.out / "ALERTS.md"
    page.write_text(to_markdown(study, chain, ()), "utf-8", newline="\n")
    for one in goals_of(study):
        where = f"{one.scenario}, {one.rule}: {one.what}"
        print(f"{one.reached:6}  {where}: {one.found} (goal {one.goal})")
    minutes = (time.monotonic() - started) / 60.0
    print(f"wrote {page.name} in {minutes:.1f} min, {given.processes} processes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
