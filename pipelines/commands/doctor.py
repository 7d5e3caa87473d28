"""``backstride doctor``: what this machine has, and whether the chain runs on it."""

from __future__ import annotations

import platform
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import typer

from devices.simulator.generate import simulate
from devices.simulator.scenario import Scenario
from imu.analyzer import StepAnalyzer
from imu.compile_ahead import warm_up
from imu.compiled import cache_directory
from imu.errors import RecordingError
from pipelines.commands.messages import say
from pipelines.files.kept_file import open_private
from pipelines.files.stored import private_folder
from pipelines.runner.user_directory import data_directory
from pipelines.system_error import explain

_PACKAGES = ("numpy", "scipy", "numba", "bleak", "pyserial", "typer", "rich", "mcap")
#: A 200 Hz sensor has to be a small load.
_LEAST_SAMPLES_PER_S = 50_000.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    subject: str
    fine: bool
    text: str


def doctor() -> None:
    """Check this machine: versions, folders, compiled code, speed."""
    healthy = True
    for finding in examine():
        say(f"{'ok ' if finding.fine else 'BAD'}  {finding.subject:<22} {finding.text}")
        healthy = healthy and finding.fine
    if not healthy:
        raise typer.Exit(1)


def examine() -> Iterator[Finding]:
    """Look at one thing after another; each is reported as it is found."""
    yield Finding(
        "system",
        sys.version_info >= (3, 11),
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
    )
    for name in ("backstride", *_PACKAGES):
        yield _package(name)
    yield _writable("data folder", "your data", data_directory())
    yield _writable("compiled code", "compiled code", cache_directory())
    yield from _chain()
    yield _terminal()


def _package(name: str) -> Finding:
    try:
        return Finding(name, True, version(name))
    except PackageNotFoundError:
        return Finding(name, False, "not installed: run 'python -m pip install backstride' again")


def _writable(subject: str, what: str, folder: Path) -> Finding:
    probe = folder / ".backstride-probe"
    try:
        private_folder(folder, what)
        open_private(probe, overwrite=True).close()
        probe.unlink()
    except RecordingError as error:
        return Finding(subject, False, str(error))
    except OSError as error:
        return Finding(subject, False, f"{folder} cannot be written: {explain(error)}")
    return Finding(subject, True, str(folder))


def _chain() -> Iterator[Finding]:
    begin = time.perf_counter()
    warm_up()
    yield Finding("filters ready after", True, f"{time.perf_counter() - begin:.1f} s")
    samples, truth = simulate(Scenario.from_query("minutes=0.5"))
    analyzer = StepAnalyzer(200.0, axes="+x+y+z")
    found = 0
    begin = time.process_time()
    for start in range(0, len(samples), 8):
        found += len(analyzer.push(samples[start : start + 8]))
    seconds = max(time.process_time() - begin, 1e-9)  # whatever else goes on
    found += len(analyzer.flush())
    speed = len(samples) / seconds
    yield Finding(
        "speed",
        speed > _LEAST_SAMPLES_PER_S,
        f"{speed / 1e6:.1f} million samples/s in blocks of 8; a sensor sends 200/s",
    )
    yield Finding(
        "simulated half minute",
        abs(found - len(truth)) <= 2,
        f"{found} steps found, {len(truth)} true",
    )
    state = np.isfinite(analyzer.state["inclination"]["levelling"]).all()
    yield Finding("numbers", bool(state), "finite" if state else "not finite: please report this")


def _terminal() -> Finding:
    encoding = (sys.stdout.encoding or "").lower()
    kind = "interactive" if sys.stdout.isatty() else "not interactive: live prints plain lines"
    return Finding("terminal", True, f"{kind}, {encoding or 'unknown encoding'}")
