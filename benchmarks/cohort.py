"""What many sessions cost: CPU an hour by format, two workers beside one, and ten thousand at once.

``python -m benchmarks.cohort`` writes ``benchmarks/COHORT.md``; ``--sessions 1000`` makes the large
cohort smaller. CPU is that of all processes, starting included, as the system counts it, so that
other work on the machine changes little of it; wall clocks are told with the load beside them.
Sessions are simulated; the large cohort is some of them under many names, each gone through anew.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipelines.files.simulation import write_simulation

PAGE: Final = Path(__file__).parent / "COHORT.md"
HOUR: Final = "minutes=60&speed=3.1&seed=1&rate=200"
MINUTE: Final = "minutes=0.87&standing_s=4&speed=3.1&rate=200"
#: CPU of an hour from a file to its steps table, start included, s.
GOALS_S: Final = {"Parquet": 1.2, "MCAP": 1.2, "CSV": 3.0}
GOAL_MB: Final = 1024.0
GOAL_CORE_HOURS: Final = 300.0
_DIFFERENT: Final = 20
_TRIES: Final = 3
#: Sessions of the cohorts that one worker and two do, and how much faster two are to be.
_COHORTS: Final = (200, 2000)
_GOAL_TIMES: Final = 1.8
#: Hours in two cohorts, whose difference is what an hour more costs.
_HOURS: Final = (2, 10)


@dataclass(frozen=True, slots=True)
class Cost:
    """What a command took.

    Attributes
    ----------
    cpu_s, wall_s : float
        Of all its processes, and by the clock.
    peak_mb : float
        The most memory of all of them at once.
    load : float
        Of the machine, at the beginning and at the end.
    """

    cpu_s: float
    wall_s: float
    peak_mb: float
    load: float


def quiet(_done: float, _total: float) -> None:
    """Progress that nobody watches."""


def cost_of(*words: str | Path) -> Cost:
    """Run a command of ours to its end."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    load = [os.getloadavg()[0]]
    child = subprocess.Popen(
        [sys.executable, "-m", "pipelines.cli", *map(str, words)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    watch = _Memory(child.pid)
    watch.start()
    error = child.communicate()[1]
    watch.ended.set()
    watch.join()
    if child.returncode:
        raise RuntimeError(error.decode(errors="replace"))
    load.append(os.getloadavg()[0])
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(cpu_s, time.monotonic() - began, watch.peak_mb, sum(load) / len(load))


class _Memory(threading.Thread):
    """Looks twice a second how much memory a process and its children hold.

    Pages that they share count in each.
    """

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid, self.ended, self.peak_mb = pid, threading.Event(), 0.0

    def run(self) -> None:
        while not self.ended.wait(0.5):
            held = sum(map(_resident_mb, _with_children(self._pid)))
            self.peak_mb = max(self.peak_mb, held)


def _with_children(pid: int) -> list[int]:
    try:
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [pid, *(each for child in listed.split() for each in _with_children(int(child)))]


def _resident_mb(pid: int) -> float:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return 0.0
    return pages * resource.getpagesize() / 2**20


def hours(folder: Path) -> dict[str, Path]:
    """The same hour in three formats."""
    files = {"MCAP": folder / "hour.mcap", "CSV": folder / "hour.csv"}
    for path in files.values():
        write_simulation(path, HOUR, quiet)
    files["Parquet"] = folder / "hour.parquet"
    cost_of("import", files["CSV"], files["Parquet"])
    return files


def by_format(files: dict[str, Path], out: Path) -> dict[str, Cost]:
    """The cheapest of some runs of each: nothing but other work makes one dearer."""
    return {
        name: min(
            (cost_of("replay", files[name], "--steps", out) for _ in range(_TRIES)),
            key=lambda cost: cost.cpu_s,
        )
        for name in GOALS_S
    }


def in_a_cohort(files: dict[str, Path], folder: Path) -> dict[str, float]:
    """CPU that one hour more costs a cohort of one worker, s."""
    costs = {}
    for name, path in files.items():
        few, more = (
            cohort(_named(path, folder / f"{name}{count}", count), folder / f"{name}{count}.csv", 1)
            for count in _HOURS
        )
        costs[name] = (more.cpu_s - few.cpu_s) / (_HOURS[1] - _HOURS[0])
    return costs


def _named(path: Path, folder: Path, count: int) -> Path:
    """A folder of one file under many names."""
    folder.mkdir()
    for number in range(count):
        (folder / f"hour{number}{path.suffix}").hardlink_to(path)
    return folder


def many(folder: Path, count: int) -> Path:
    """A folder of one-minute sessions: some, each under many names."""
    sessions = folder / f"sessions{count}"
    sessions.mkdir()
    different = []
    for number in range(_DIFFERENT):
        path = folder / f"minute{number}.mcap"
        if not path.exists():
            write_simulation(path, f"{MINUTE}&seed={number}", quiet)
        different.append(path)
    for number in range(count):
        (sessions / f"run{number:05d}.mcap").hardlink_to(different[number % _DIFFERENT])
    return sessions


def cohort(sessions: Path, out: Path, workers: int) -> Cost:
    """A cohort from nothing."""
    return cost_of("cohort", sessions, "--out", out, "--workers", str(workers))


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=10_000, help="of the large cohort")
    parser.add_argument("--out", type=Path, default=PAGE)
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["BACKSTRIDE_HOME"] = str(folder / "home")
        files = hours(folder)
        formats = by_format(files, folder / "steps.csv")
        each_cpu_s = in_a_cohort(files, folder)
        workers = {
            count: [cohort(sessions, folder / f"{count}by{n}.csv", n) for n in (1, 2)]
            for count in _COHORTS
            for sessions in [many(folder, count)]
        }
        large = cohort(many(folder, given.sessions), folder / "large.parquet", 2)
    parts = [_HEAD, by_format_lines(formats, each_cpu_s), worker_lines(workers)]
    parts.append(large_lines(large, given.sessions))
    given.out.write_text("\n".join([*parts, ""]), encoding="utf-8")


_HEAD: Final = f"""# Cost of a cohort

Written by `python -m benchmarks.cohort`; run it again rather than edit it. CPU is that of all
processes, starting included; the load is the machine's mean number of processes that wait for one
of its {os.cpu_count()} processors, ours included.
"""


def by_format_lines(formats: dict[str, Cost], each_cpu_s: dict[str, float]) -> str:
    """What an hour costs, as Markdown."""
    lines = [
        "## One hour at 200 Hz, from a file to its steps table",
        "",
        f"The cheapest of {_TRIES} runs of `replay`, which starts a program for its hour; and what "
        f"each hour more costs a cohort of one worker (the difference of {_HOURS[1]} and "
        f"{_HOURS[0]} hours), where the goal for 10⁶ hours is {GOAL_CORE_HOURS:.0f} core-hours.",
        "",
        "| format | CPU, s | goal, s | reached | load | in a cohort: CPU, s | 10⁶ such hours, "
        "core-hours | reached |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, cost in formats.items():
        reached = "yes" if cost.cpu_s <= GOALS_S[name] else "**no**"
        core_hours = each_cpu_s[name] * 1e6 / 3600
        lines.append(
            f"| {name} | {cost.cpu_s:.2f} | {GOALS_S[name]} | {reached} | {cost.load:.1f} | "
            f"{each_cpu_s[name]:.2f} | {core_hours:.0f} | "
            f"{'yes' if core_hours <= GOAL_CORE_HOURS else '**no**'} |"
        )
    return "\n".join([*lines, ""])


def worker_lines(workers: dict[int, list[Cost]]) -> str:
    """One worker and two, as Markdown."""
    lines = [
        "## Two workers beside one",
        "",
        f"The goal is {_GOAL_TIMES} times as fast, on a machine that does nothing else. The "
        "libraries are loaded once more for the second one.",
        "",
        "| one-minute sessions | one worker: s | CPU, s | load | two: s | CPU, s | load | times as "
        "fast | reached |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for count, (one, two) in workers.items():
        times = one.wall_s / two.wall_s
        lines.append(
            f"| {count} | {one.wall_s:.1f} | {one.cpu_s:.1f} | {one.load:.1f} | {two.wall_s:.1f} | "
            f"{two.cpu_s:.1f} | {two.load:.1f} | {times:.2f} | "
            f"{'yes' if times >= _GOAL_TIMES else '**no**'} |"
        )
    return "\n".join([*lines, ""])


def large_lines(large: Cost, sessions: int) -> str:
    """A large cohort, as Markdown."""
    return (
        f"## {sessions} sessions of a minute in one run\n\n"
        f"{large.cpu_s:.0f} s of CPU in {large.wall_s / 60:.1f} minutes with two workers (load "
        f"{large.load:.1f}); at most {large.peak_mb:.0f} MB in all processes together, shared "
        f"pages counted in each (goal: {GOAL_MB:.0f}). A session costs "
        f"{1000 * large.cpu_s / sessions:.0f} ms.\n"
    )


if __name__ == "__main__":
    main()
