"""How large an hour of a session file is, and how long writing and reading it takes.

``python -m benchmarks.session_file`` prints one line a sensor; ``--beside FOLDER``, where release
0.1 is checked out, measures that in the same run. The feed is that of a simulated sensor, handed to
the writer at the pace at which it came: pieces that are written seldom pack better. Times are of
one core, for writing alone and for reading alone.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from devices.receiver import Receiver
from devices.records import DeviceInfo, Record
from devices.simulator.virtual_clock import VirtualClock
from devices.sources import open_source
from imu.analyzer import StepAnalyzer
from imu.steps import NO_STEPS, Steps
from pipelines.files.session_reader import read_session
from pipelines.files.session_writer import SessionWriter
from pipelines.session.facts import StepsFinished
from pipelines.session.header import SessionHeader

SENSORS: Final = {
    "own profile": ("protocol=backstride", 200),
    "Movesense": ("protocol=movesense", 208),
}
GOAL_MB: Final = 18.0
GOAL_RATE_HZ: Final = 200

Feed = list[tuple[Record, Steps]]

#: The same with release 0.1, whose names are others; samples for plots are a part of its files.
RELEASE_0_1: Final = """
import asyncio, sys, time
from pathlib import Path
from devices.receiver import Receiver
from devices.simulator.virtual_clock import VirtualClock
from devices.sources import open_source
from imu.analyzer import StepAnalyzer
from pipelines.recording import SessionHeader, SessionWriter
from pipelines.session import read_session

async def records(url):
    async with open_source(url, clock=VirtualClock()) as source:
        return [source.info, *[record async for record in source]]

feed = []
log = asyncio.run(records(sys.argv[1]))
receiver, analyzer = Receiver(log[0]), StepAnalyzer(log[0].rate_hz, axes=log[0].axes or "auto")
for record in log:
    samples = receiver.push(record)
    feed.append((record, samples, None if samples is None else analyzer.push(samples)))
now_s, path = 0.0, Path(sys.argv[2])
begin_s = time.process_time()
with SessionWriter(path, SessionHeader(0, sys.argv[1]), clock=lambda: now_s) as writer:
    for record, samples, steps in feed:
        now_s = getattr(record, "arrival_ns", 0) / 1e9
        writer.write_record(record)
        if samples is not None:
            writer.write_samples(samples)
            writer.write_steps(steps)
wrote_s = time.process_time() - begin_s
begin_s = time.process_time()
assert read_session(path).records == log
print(path.stat().st_size, wrote_s, time.process_time() - begin_s)
"""


def feed_of(url: str) -> Feed:
    """What a simulated sensor sends, and the steps that each record finishes."""

    async def records() -> list[Record]:
        async with open_source(url, clock=VirtualClock()) as source:
            return [source.info, *[record async for record in source]]

    log = asyncio.run(records())
    info = log[0]
    assert isinstance(info, DeviceInfo)
    receiver, analyzer = Receiver(info), StepAnalyzer(info.rate_hz, axes=info.axes or "auto")
    feed: Feed = []
    for record in log:
        samples = receiver.push(record)
        feed.append((record, analyzer.push(samples) if samples is not None else NO_STEPS))
    return feed


def written_and_read(feed: Feed, path: Path) -> tuple[int, float, float]:
    """Size of the file in bytes, time for writing it and for reading it, s."""
    now_s = 0.0
    begin_s = time.process_time()
    with SessionWriter(path, SessionHeader(0, "sim:"), clock=lambda: now_s) as writer:
        for record, steps in feed:
            if not isinstance(record, DeviceInfo):
                now_s = record.arrival_ns / 1e9
            writer.write_record(record)
            if len(steps):
                writer.write_facts([StepsFinished(float(steps.toe_off_s[-1]), steps)])
    wrote_s = time.process_time() - begin_s
    begin_s = time.process_time()
    session = read_session(path)
    read_s = time.process_time() - begin_s
    assert session.records == [record for record, _ in feed]
    assert sum(len(fact.steps) for fact in session.facts if isinstance(fact, StepsFinished)) == sum(
        len(steps) for _, steps in feed
    )
    return path.stat().st_size, wrote_s, read_s


def release_0_1(folder: Path, url: str, path: Path) -> tuple[int, float, float]:
    """The same of release 0.1."""
    done = subprocess.run(
        [sys.executable, "-c", RELEASE_0_1, url, str(path)],
        check=True,
        capture_output=True,
        text=True,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder)},
    )
    size, wrote_s, read_s = done.stdout.split()
    return int(size), float(wrote_s), float(read_s)


def main() -> None:
    """Print a line for each sensor and version."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.session_file", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="of running; an hour is told")
    parser.add_argument("--beside", type=Path, help="folder with release 0.1")
    given = parser.parse_args()
    print("an hour of a session file, simulated sensor")
    for name, (query, rate_hz) in SENSORS.items():
        url = (
            f"sim:?minutes={given.minutes}&standing_s=8&seed=3&time_scale=0&{query}&rate={rate_hz}"
        )
        with tempfile.TemporaryDirectory() as folder:
            rows = {"now": written_and_read(feed_of(url), Path(folder, "now.mcap"))}
            if given.beside is not None:
                rows["release 0.1"] = release_0_1(given.beside, url, Path(folder, "old.mcap"))
        hours = (given.minutes * 60.0 + 8.0) / 3600.0
        for version, (size, wrote_s, read_s) in rows.items():
            mega = size / hours / 1e6
            at_200_hz = mega * GOAL_RATE_HZ / rate_hz
            goal = f"goal ≤ {GOAL_MB:g}: {'reached' if at_200_hz <= GOAL_MB else 'missed'}"
            print(
                f"  {name:12} {rate_hz} Hz {version:12} {mega:5.1f} MB, {at_200_hz:5.1f} at 200 Hz"
                f"   written in {wrote_s / hours:5.2f} s, read in {read_s / hours:5.2f} s   "
                f"{goal if version == 'now' else ''}".rstrip()
            )


if __name__ == "__main__":
    main()
