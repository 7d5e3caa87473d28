"""``backstride download``."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from devices.sources import open_connector
from imu.errors import ParameterError
from pipelines.commands.checks import check_axes, warm_up_filters
from pipelines.commands.messages import complain, ended_by_ctrl_c, say
from pipelines.commands.options import Axes, BaselineFile, Height, Mass
from pipelines.counted import counted
from pipelines.files.baseline_file import load_baseline
from pipelines.sensors.device_store import devices_directory
from pipelines.sensors.download import Downloaded, DownloadOptions, download_logs, list_logged_runs
from pipelines.sensors.stay_awake import staying_awake
from pipelines.stopping import cancelled_by_signals
from pipelines.views.progress import progress


def download(
    source: Annotated[str, typer.Argument(help="Sensor, such as ble:ADDRESS or serial:PORT.")],
    out: Annotated[
        Path | None,
        typer.Option(help="New file (.mcap, with --log) or folder; your data folder otherwise."),
    ] = None,
    log: Annotated[
        int | None, typer.Option(help="Number of the run; all of them otherwise.")
    ] = None,
    list_only: Annotated[bool, typer.Option("--list", help="Only list the runs.")] = False,
    erase: Annotated[
        bool, typer.Option("--erase", help="Erase each run once it is safely here.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Fetch also the runs that are already here.")
    ] = False,
    axes: Axes = "",
    mass: Mass = None,
    height: Height = None,
    baseline: BaselineFile = None,
) -> None:
    """Fetch runs that a sensor has logged by itself, as ordinary sessions.

    A run that is already here is passed over, and an older file is never replaced; interrupted, the
    same command goes on where it ended.
    """
    check_axes(axes)
    open_connector(source)  # a mistyped URL is told at once
    if out is not None and out.suffix.lower() == ".mcap" and log is None:
        raise ParameterError("--out", str(out), "a folder, or the number of one run with --log")
    if list_only:
        _list(source)
        return
    warm_up_filters()
    options = DownloadOptions(
        log_id=log,
        out=out,
        axes=axes,
        mass_kg=mass,
        height_m=height,
        baseline=load_baseline(baseline) if baseline else None,
        devices=devices_directory(),
        erase=erase,
        again=again,
    )

    kept = "what has come is kept, and the same command goes on from there"
    with ended_by_ctrl_c(kept), staying_awake(), progress("downloading") as report:
        done = asyncio.run(_fetched(source, options, report))
    for item in done:
        if item.fetched:
            steps = counted(item.steps, "running step")
            say(f"{item.path}: log {item.entry.log_id}, {steps}")
        else:
            say(f"already here: {item.path} (log {item.entry.log_id}); --again fetches it anew")
        if item.note and (item.fetched or erase):
            complain(f"note: {item.path}: {item.note}.")
    if not done:
        complain("note: the sensor has logged no run.")


def _list(source: str) -> None:
    for entry in asyncio.run(list_logged_runs(source)):
        begin = "time unknown"
        if entry.utc_s:
            begin = f"{datetime.fromtimestamp(entry.utc_s, tz=UTC):%Y-%m-%d %H:%M} UTC"
        minutes = entry.samples / entry.rate_hz / 60 if entry.rate_hz else 0.0
        say(
            f"{entry.log_id:5d}  {begin}  {minutes:6.1f} min  {entry.rate_hz:g} Hz  "
            f"{entry.size_bytes / 1e6:.1f} MB"
        )


async def _fetched(
    source: str, options: DownloadOptions, report: Callable[[float, float], None]
) -> list[Downloaded]:
    """Download; SIGTERM ends it as Ctrl-C does."""
    cancelled_by_signals()
    return await download_logs(source, options, report)
