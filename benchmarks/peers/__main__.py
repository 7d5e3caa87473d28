"""``python -m benchmarks.peers``."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
from platformdirs import user_cache_path

from benchmarks.peers.environments import python_with
from benchmarks.peers.kept import sizes_bytes_per_sample
from benchmarks.peers.latency import latency_of
from benchmarks.peers.programs import OURS, PEERS, Peer
from devices.simulator.generate import simulate
from devices.simulator.scenario import Scenario

#: How often the peer and we take turns, and how often each works in a turn.
_TURNS: Final = 3
_TIMES: Final = 3
_QUERY: Final = "minutes=10&rate=200&standing_s=2&seed=1"
_ROOT: Final = Path(__file__).parent.parent.parent


def _measured(python: Path, program: str, folder: Path) -> tuple[float, str]:
    """Least CPU time, s, and what was found; a sentence instead where it failed."""
    done = subprocess.run(
        [str(python), "-c", program],
        check=False,
        capture_output=True,
        text=True,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(_ROOT)} if python == Path(sys.executable) else None,
    )
    if done.returncode:
        said = done.stderr.strip().splitlines()
        return float("nan"), said[-1] if said else "it said nothing"
    best, found = done.stdout.split()[-2:]
    return float(best), found


def _compared(peer: Peer, folder: Path, environments: Path) -> tuple[str, ...]:
    """One row: peer, what it does, what we do beside it, ratio, and what was found or why not."""
    row = (peer.name, peer.does, peer.ours)
    python = python_with(peer.packages, environments)
    if isinstance(python, str):
        return (*row, "", python)
    theirs = peer.work.program(peer.seconds, peer.block, _TIMES)
    ours = OURS[peer.ours].program(peer.seconds, peer.block, _TIMES)
    their_s = our_s = float("inf")
    their_found = our_found = ""
    for _ in range(_TURNS):
        passed_s, our_found = _measured(Path(sys.executable), ours, folder)
        our_s = min(our_s, passed_s)
        passed_s, their_found = _measured(python, theirs, folder)
        if not passed_s < float("inf"):
            return (*row, "", f"fails: {their_found}")
        their_s = min(their_s, passed_s)
    return (*row, f"{our_s / their_s:.3g}", f"{our_found} and {their_found}")


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""


def _report(folder: Path, environments: Path) -> Iterator[str]:
    samples, _ = simulate(Scenario.from_query(_QUERY))
    assert samples.angular_velocity_rad_s is not None
    gyro = samples.angular_velocity_rad_s
    assert gyro is not None
    np.savez(
        folder / "samples.npz",
        time_s=samples.time_s,
        acceleration_m_s2=samples.acceleration_m_s2,
        angular_velocity_rad_s=gyro,
    )
    yield "# Peers side by side\n"
    yield (
        "Made by `python -m benchmarks.peers`: ratios of one run on one machine, of the least CPU "
        f"time of {_TURNS} turns\nfor ours and the peer's over the same simulated run at 200 Hz. "
        "Below 1 is less than the peer takes.\n"
    )
    yield "## Speed\n"
    head = ("peer", "what it does", "beside ours", "ours / theirs", "found by ours and theirs")
    yield from _table(head, (_compared(peer, folder, environments) for peer in PEERS))
    yield "## Size of what is kept\n"
    sizes = list(sizes_bytes_per_sample(samples, _QUERY, folder))
    rows = ((name, f"{size:.1f}", f"{sizes[0][1] / size:.2f}") for name, size in sizes)
    yield from _table(("form", "bytes a sample", "session / this"), rows)
    yield "## From a packet to its step\n"
    yield (
        "CPU time of the processing alone, p50 / p99 / max, µs: every packet, and those that "
        "finish a step; own profile at\n200 Hz, all sensors in one process.\n"
    )
    rows_of = (
        (
            str(sensors),
            " / ".join(f"{value:.0f}" for value in found.packet_us),
            " / ".join(f"{value:.0f}" for value in found.step_us),
            f"{found.core_share:.3f}",
        )
        for sensors in (1, 10, 100, 300)
        for found in (latency_of(sensors, 20.0 if sensors < 100 else 6.0),)
    )
    yield from _table(("sensors", "packet", "packet with a step", "share of a core"), rows_of)


def main() -> None:
    """Print the report as it is made, and write it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    environments = user_cache_path("backstride", appauthor=False) / "peers"
    parser.add_argument("--environments", type=Path, default=environments, help="where they are")
    given = parser.parse_args()
    lines: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        for line in _report(Path(folder), given.environments):
            print(line, flush=True)
            lines.append(line)
    (Path(__file__).parent.parent / "PEERS.md").write_text("\n".join(lines), "utf-8")


if __name__ == "__main__":
    main()
