"""``backstride replay``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.coaching.alert_settings import load_alert_settings
from pipelines.commands.checks import check_axes, check_outputs, check_results, warm_up_filters
from pipelines.commands.messages import complain, reader_may_leave, say, say_json, say_summary
from pipelines.commands.options import (
    Axes,
    BaselineFile,
    Beside,
    Columns,
    Height,
    Mass,
    Rate,
    SettingsFile,
    Units,
)
from pipelines.files.alerts import AlertWriter
from pipelines.files.replacing import replacing
from pipelines.files.steps_table import write_steps
from pipelines.files.table_output import table_format
from pipelines.files.waveform_table import write_waveforms
from pipelines.replay import Replayed, ReplayOptions, load_baseline
from pipelines.replay import replay as run_replay
from pipelines.runner.user_directory import data_directory
from pipelines.views.progress import progress

__all__ = ["replay"]


def replay(
    file: Annotated[
        Path,
        typer.Argument(
            help="Session (.mcap), or a recording of any other format.", show_default=False
        ),
    ],
    steps: Annotated[
        str | None,
        typer.Option(help="Steps table to write (.csv, .parquet, - for standard output)."),
    ] = None,
    waveforms: Annotated[
        str | None, typer.Option(help="Waveform table to write (.csv, .parquet).")
    ] = None,
    alerts: Annotated[Path | None, typer.Option(help="Alerts to write (JSON Lines).")] = None,
    summary: Annotated[Path | None, typer.Option(help="Summary to write (.json).")] = None,
    axes: Axes = "",
    mass: Mass = None,
    height: Height = None,
    rate: Rate = None,
    columns: Columns = "",
    units: Units = "",
    beside: Beside = None,
    block: Annotated[
        int | None, typer.Option(help="Samples a block; the result does not depend on it.")
    ] = None,
    baseline: BaselineFile = None,
    settings: SettingsFile = None,
) -> None:
    """Run a recording through the same chain as a live session.

    What is written replaces an older file of that name, whole or not at all; never a recording.
    """
    check_axes(axes)
    check_outputs(
        {
            "FILE": file,
            "--with": beside,
            "--baseline": baseline,
            "--settings": settings,
            "--steps": steps,
            "--waveforms": waveforms,
            "--alerts": alerts,
            "--summary": summary,
        }
    )
    check_results(
        {"--steps": steps, "--waveforms": waveforms, "--alerts": alerts, "--summary": summary}
    )
    if steps is not None:
        table_format(steps, "--steps")
    if waveforms is not None:
        table_format(waveforms, "--waveforms")
    options = ReplayOptions(
        axes=axes,
        mass_kg=mass,
        height_m=height,
        rate_hz=rate,
        columns=columns,
        units=units,
        beside=beside,
        memory=data_directory(),
        block=block,
        baseline=load_baseline(str(baseline)) if baseline else None,
        waveforms=waveforms is not None,
        settings=None if settings is None else load_alert_settings(settings),
    )
    warm_up_filters()
    with progress(f"replaying {file.name}") as report:
        result = run_replay(file, options, report)
    with reader_may_leave():
        _hand_out(result, steps, waveforms, alerts, summary)


def _hand_out(
    result: Replayed,
    steps: str | None,
    waveforms: str | None,
    alerts: Path | None,
    summary: Path | None,
) -> None:
    """Write what was asked for, or tell the summary."""
    if steps is not None:
        write_steps(steps, result.steps)
    if waveforms is not None:
        write_waveforms(waveforms, result.waveforms)
    if alerts is not None and str(alerts) == "-":
        with AlertWriter(alerts) as writer:
            for alert in result.alerts:
                writer.write(alert)
    elif alerts is not None:
        with replacing(alerts) as out:
            for alert in result.alerts:
                out.write(f"{alert.to_json()}\n".encode())
    if summary is not None and str(summary) == "-":
        say_json(result.summary.to_json().rstrip())
    elif summary is not None:
        with replacing(summary) as out:
            out.write(result.summary.to_json().encode())
    if "-" not in {str(steps), str(waveforms), str(alerts), str(summary)}:
        say_summary(result.summary)
        for alert in result.alerts:
            minutes, seconds = divmod(round(alert.time_s), 60)
            say(f"  {minutes:3d}:{seconds:02d}  {alert.message}")
    for note in result.summary.notes:
        complain(f"note: {note}")
    if not len(result.steps):
        complain(f"note: {result.summary.source}: no running in this recording.")
