"""``backstride report``."""

from __future__ import annotations

import os
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from imu.errors import ParameterError
from pipelines.commands.checks import check_axes, check_outputs, warm_up_filters
from pipelines.commands.journal.messages import opened_journal
from pipelines.commands.messages import complain, say
from pipelines.commands.options import Axes, BaselineFile, Height, Mass, Rate
from pipelines.files.baseline_file import load_baseline
from pipelines.replay_options import ReplayOptions
from pipelines.runner.user_directory import data_directory
from pipelines.units import UNITS
from pipelines.views.app_libraries import require
from pipelines.views.progress import progress
from pipelines.views.report.content import content_of
from pipelines.views.report.earlier import as_stated, previous_run, previous_runs_of_journal
from pipelines.views.report.page import render, write_page
from pipelines.views.report.reading import read_recording
from pipelines.views.report.recording import PreviousRun


def report(
    session: Annotated[
        Path, typer.Argument(help="Session (.mcap), or a recording of any other format.")
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="Page to write, in the place of an older one; beside the session otherwise.",
        ),
    ] = None,
    previous: Annotated[
        list[Path] | None,
        typer.Option(
            help="An earlier run to compare with: session, or --summary of its replay; from three "
            "on. Give it once for each run."
        ),
    ] = None,
    with_journal: Annotated[
        bool, typer.Option("--with-journal", help="Compare with earlier runs of your journal.")
    ] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Compute steps and alerts again instead of as written.")
    ] = False,
    axes: Axes = "",
    mass: Mass = None,
    height: Height = None,
    rate: Rate = None,
    baseline: BaselineFile = None,
    units: Annotated[
        str, typer.Option(help="metric or imperial; with --with-journal, those of your settings.")
    ] = "",
    open_page: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
) -> None:
    """Write a page on one run: what changed, plots, data quality, method; for screen and paper."""
    page = session.with_suffix(".html") if out is None else out
    check_axes(axes)
    if units not in {"", *UNITS}:
        raise ParameterError("--units", units, "metric or imperial")
    if page.suffix.lower() not in {".html", ".htm"}:
        raise ParameterError("--out", str(page), "a file that ends in .html")
    inputs = {f"--previous {path}": path for path in previous or []}
    for path in inputs.values():
        if os.path.realpath(path) == os.path.realpath(page):
            raise ParameterError("--out", str(page), f"another file than --previous {path}")
    check_outputs({"SESSION": session, "--baseline": baseline}, {"--out": page})
    require("the report", "matplotlib", "jinja2")
    options = ReplayOptions(
        axes=axes,
        mass_kg=mass,
        height_m=height,
        rate_hz=rate,
        baseline=None if baseline is None else load_baseline(baseline),
        memory=data_directory(),
    )
    with progress(f"reading {session.name}") as told:
        recording = read_recording(session, options, told, fresh=fresh, prepare=warm_up_filters)
    runs: list[PreviousRun] = []
    for file in previous or []:
        with progress(f"reading {file.name}") as told:
            runs.append(previous_run(file, told, warm_up_filters))
    if with_journal:
        with opened_journal() as journal:
            recording = as_stated(recording, journal)
            runs += previous_runs_of_journal(journal, recording.utc_start_ns)
            units = units or journal.settings().units
    runs = _in_order(runs, recording.utc_start_ns)
    write_page(
        page, render(content_of(recording, runs), "imperial" if units == "imperial" else "metric")
    )
    for note in recording.notes:
        complain(f"note: {note}")
    if not len(recording.steps):
        complain(f"note: {session}: no running in this recording.")
    say(f"{page}")
    if open_page:
        _open(page)


def _in_order(runs: list[PreviousRun], start_ns: int | None) -> list[PreviousRun]:
    """Earlier runs, oldest first where their dates are known; never the run itself."""
    others = [run for run in runs if run.utc_start_ns is None or run.utc_start_ns != start_ns]
    if all(run.utc_start_ns is not None for run in others):
        others.sort(key=lambda run: run.utc_start_ns or 0)
    return others


def _open(page: Path) -> None:
    if not webbrowser.open(page.resolve().as_uri()):
        complain(f"note: no browser could be opened: open {page} in one.")
