"""``backstride cohort``."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from imu.compiled import is_compiled
from imu.errors import ParameterError
from pipelines.bench.cohort.run import CohortOptions, CohortRun, results_path, run_cohort
from pipelines.bench.cohort.sessions import Stated, parse_shard
from pipelines.coaching.alert_settings import AlertSettings
from pipelines.commands.checks import check_axes, check_outputs, warm_up_filters
from pipelines.commands.messages import complain, say
from pipelines.commands.options import Axes, Columns, Height, Mass, Rate, SettingsFile, Units
from pipelines.files.alert_settings_file import load_alert_settings
from pipelines.replay_options import ReplayOptions
from pipelines.views.app_libraries import require
from pipelines.views.cohort_page import CohortFigures, write_cohort_page
from pipelines.views.progress import progress
from pipelines.views.terminal.cells import printable

#: Sessions that could not be read, as many as are told one by one.
_TOLD = 20
_LINE_EVERY_S = 30.0


def cohort(
    source: Annotated[
        Path,
        typer.Argument(help="Folder with recordings, or a CSV that lists them in the column file."),
    ],
    out: Annotated[Path, typer.Option(help="Table to write (.parquet, .csv).")],
    workers: Annotated[
        int | None, typer.Option(help="Processes; all processors otherwise.")
    ] = None,
    scheduler: Annotated[
        str, typer.Option(help="Address of a Dask cluster that does the work.")
    ] = "",
    shard: Annotated[
        str, typer.Option(help="Part of the work, such as 2/5: the second of five.")
    ] = "",
    axes: Axes = "",
    mass: Mass = None,
    height: Height = None,
    rate: Rate = None,
    columns: Columns = "",
    units: Units = "",
    settings: SettingsFile = None,
    page: Annotated[
        Path | None,
        typer.Option(
            "--report",
            help="Page to write (.html): distributions, outlying sessions, ICC and minimal "
            "detectable change.",
        ),
    ] = None,
) -> None:
    """Run many recordings through the chain, and write a table with a row each.

    What is done is kept beside the table: started again, only what is new or changed is done.
    One that cannot be read is a row that says why. A manifest may have further columns: subject,
    axes, mass_kg, height_m, rate_hz, columns, units, stream, with; any others are kept.
    """
    check_axes(axes)
    part = parse_shard(shard) if shard else None
    if str(out) == "-":
        raise ParameterError("--out", "-", "a file that ends in .csv or .parquet")
    result = results_path(out, part)
    inputs = {"SOURCE": source, "--settings": settings}
    check_outputs(inputs, {"--out": result, "--report": page})
    if page is not None:
        require("the report", "matplotlib", "jinja2")
    ReplayOptions(mass_kg=mass, height_m=height)
    options = CohortOptions(
        Stated(axes, mass, height, rate, columns, units),
        AlertSettings() if settings is None else load_alert_settings(settings),
        workers,
        scheduler,
        part,
    )
    if not is_compiled():  # else each worker loads them, and this process needs none
        warm_up_filters()
    with _reporting(f"looking at {source.name}") as report:
        figures = CohortFigures()
        run = run_cohort(source, out, options, report, None if page is None else figures.take)
    if page is not None:
        write_cohort_page(page, figures, run.made)
    _tell(run)
    if len(run.failed) == run.sessions:
        raise typer.Exit(1)


def _tell(run: CohortRun) -> None:
    for name, reason in run.failed[:_TOLD]:
        complain(printable(f"{name}: not read: {reason}"))
    if len(run.failed) > _TOLD:
        complain(f"… and {len(run.failed) - _TOLD} more: see the column reason.")
    known = run.sessions - run.done_now
    say(
        f"{run.path}: {run.sessions} sessions, {len(run.failed)} of them not read"
        + (f", {run.idle} without running or a step that counts" if run.idle else "")
        + (f"; {known} were known already." if known else ".")
    )


@contextmanager
def _reporting(label: str) -> Iterator[Callable[[float, float], None]]:
    """A bar with the time left; where there is no terminal, a line now and then."""
    if sys.stderr.isatty():
        with progress(label) as report:
            yield report
        return
    started = told = time.monotonic()

    def line(done: float, total: float) -> None:
        nonlocal told
        now = time.monotonic()
        if now - told >= _LINE_EVERY_S:
            told = now
            left_min = (now - started) / done * (total - done) / 60.0
            complain(f"{label}: {done:g} of {total:g}, about {left_min:.0f} min left")

    yield line
