"""``backstride replay``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from imu.errors import ParameterError
from pipelines.bench.compare.accounts import compare_with
from pipelines.bench.compare.alignment import Comparison
from pipelines.bench.compare.differences import write_differences
from pipelines.bench.compare.overrides import overridden
from pipelines.commands.checks import check_axes, check_ending, check_outputs, warm_up_filters
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
    Stream,
    Units,
    given_file,
)
from pipelines.files.alert_settings_file import load_alert_settings
from pipelines.files.baseline_file import load_baseline
from pipelines.files.provenance import Provenance, provenance_of
from pipelines.files.steps_table import write_steps
from pipelines.files.table_output import table_format, write_text
from pipelines.files.waveform_table import write_waveforms
from pipelines.playback import Playback
from pipelines.replay import Replayed
from pipelines.replay import replay as run_replay
from pipelines.replay_options import ReplayOptions
from pipelines.runner.user_directory import data_directory
from pipelines.session.time_range import TimeRange
from pipelines.units import parse_moment
from pipelines.views.comparison import comparison_lines, write_bland_altman
from pipelines.views.progress import progress
from pipelines.views.terminal.keys import Keys
from pipelines.views.terminal.view import TerminalView

StepsTable = Annotated[
    str | None, typer.Option(help="Steps table to write (.csv, .parquet, - for standard output).")
]
WaveformTable = Annotated[
    str | None, typer.Option(help="Waveform table to write (.csv, .parquet).")
]
Overrides = Annotated[
    Path | None,
    typer.Option(
        "--override",
        help="Parameters that go before all others (.toml): [stated], a table for each stage, and "
        "those of --settings.",
    ),
]
Other = Annotated[
    Path | None,
    typer.Option(
        "--compare",
        help="What to compare the steps with, step by step: parameters (.toml), a steps table, as "
        "of another version, or another recording.",
    ),
]
Differences = Annotated[str | None, typer.Option(help="Table of the differences (.csv, .parquet).")]
Plot = Annotated[Path | None, typer.Option(help="Bland–Altman plots of them (.svg).")]

From = Annotated[
    str,
    typer.Option(
        "--from",
        help="Tell what happened from this time on, such as 10:00; all before it is gone through, "
        "too.",
    ),
]
To = Annotated[str, typer.Option("--to", help="… up to this time.")]
Speed = Annotated[
    float | None,
    typer.Option(
        help="Show it as it looked while it happened: 1 as fast as then, 4 four times faster; left "
        "and right go 10 s back and on, space pauses."
    ),
]


def replay(
    file: Annotated[
        Path,
        typer.Argument(
            help="Session (.mcap), or a recording of any other format.",
            parser=given_file,
            metavar="FILE",
        ),
    ],
    steps: StepsTable = None,
    waveforms: WaveformTable = None,
    alerts: Annotated[Path | None, typer.Option(help="Alerts to write (JSON Lines).")] = None,
    summary: Annotated[Path | None, typer.Option(help="Summary to write (.json).")] = None,
    axes: Axes = "",
    mass: Mass = None,
    height: Height = None,
    rate: Rate = None,
    columns: Columns = "",
    units: Units = "",
    stream: Stream = "",
    beside: Beside = None,
    block: Annotated[
        int | None, typer.Option(help="Samples a block; the result does not depend on it.")
    ] = None,
    baseline: BaselineFile = None,
    settings: SettingsFile = None,
    begin: From = "",
    end: To = "",
    speed: Speed = None,
    override: Overrides = None,
    compare: Other = None,
    differences: Differences = None,
    plot: Plot = None,
) -> None:
    """Run a recording through the same chain as a live session.

    What is written replaces an older file of that name, whole or not at all; never a recording.
    """
    check_axes(axes)
    results: dict[str, Path | str | None] = {
        "--steps": steps,
        "--waveforms": waveforms,
        "--alerts": alerts,
        "--summary": summary,
        "--differences": differences,
        "--plot": plot,
    }
    inputs = {"FILE": file, "--with": beside, "--baseline": baseline, "--settings": settings}
    check_outputs({**inputs, "--override": override, "--compare": compare}, results)
    check_ending("--plot", plot, ".svg")
    _check_wanted(results, compare, speed)
    options = ReplayOptions(
        axes=axes,
        mass_kg=mass,
        height_m=height,
        rate_hz=rate,
        columns=columns,
        units=units,
        stream=stream,
        beside=beside,
        memory=data_directory(),
        block=block,
        baseline=load_baseline(baseline) if baseline else None,
        waveforms=waveforms is not None,
        settings=None if settings is None else load_alert_settings(settings),
        within=_range(begin, end),
    )
    if override is not None:
        options = overridden(options, override)
    warm_up_filters()
    result = _replayed(file, options, speed)
    with reader_may_leave():
        tables = any((steps, waveforms, differences))
        made = _made(file, result, options) if tables else None
        _hand_out(result, made, results)
        if compare is not None:
            with progress(f"comparing with {compare.name}") as report:
                comparison = compare_with(compare, file, result, options, report)
            _tell_comparison(comparison, made, differences, plot)


def _check_wanted(
    results: Mapping[str, Path | str | None], compare: Path | None, speed: float | None
) -> None:
    """Refuse now what could not be written later."""
    for name in ("--steps", "--waveforms", "--differences"):
        if (table := results[name]) is not None:
            table_format(table, name)
    for name in ("--differences", "--plot"):
        if compare is None and results[name]:
            raise ParameterError(name, str(results[name]), "it with --compare")
    if speed is not None and "-" in map(str, results.values()):
        raise ParameterError("--speed", speed, "a table a file's name: the run is shown there")


def _range(begin: str, end: str) -> TimeRange:
    return TimeRange(
        parse_moment(begin, "--from") if begin else -math.inf,
        parse_moment(end, "--to") if end else math.inf,
    )


def _replayed(file: Path, options: ReplayOptions, speed: float | None) -> Replayed:
    """Run it, before everybody's eyes where a speed is given."""
    if speed is None:
        with progress(f"replaying {file.name}") as report:
            return run_replay(file, options, report)
    with Keys() as keys, TerminalView() as view:  # keys that are pressed at once count, too
        if keys.listens and view.interactive:
            view.note("left and right go ten seconds back and on; space pauses.")
        watch = Playback(file, view, speed, options.within, wait=keys.wait)
        return run_replay(file, options, lambda _done, _total: None, watch)


def _made(file: Path, result: Replayed, options: ReplayOptions) -> Provenance:
    """What made the tables of a replay."""
    stated: dict[str, Any] = {
        "rate_hz": options.rate_hz,
        "columns": options.columns,
        "units": options.units,
        **({"stream": options.stream} if options.stream else {}),
        "chain": None if options.params is None else asdict(options.params),
    }
    if (within := options.within).limits:
        ends = {"from_s": within.begin_s, "to_s": within.end_s}
        stated |= {name: time_s for name, time_s in ends.items() if math.isfinite(time_s)}
    return provenance_of(file, result.result.header, stated)


def _tell_comparison(
    comparison: Comparison, made: Provenance | None, differences: str | None, plot: Path | None
) -> None:
    for line in comparison_lines(comparison):
        complain(line) if differences == "-" else say(line)
    if differences is not None and made is not None:
        write_differences(differences, comparison, made)
    if plot is not None:
        write_bland_altman(plot, comparison)


def _hand_out(
    result: Replayed, made: Provenance | None, results: Mapping[str, Path | str | None]
) -> None:
    """Write what was asked for, or tell the summary."""
    names = ("--steps", "--waveforms", "--alerts", "--summary")
    steps, waveforms, alerts, summary = (results[name] for name in names)
    if steps is not None:
        write_steps(steps, result.steps, made)
    if waveforms is not None:
        write_waveforms(waveforms, result.waveforms, made)
    if alerts is not None:
        write_text(alerts, (f"{alert.to_json()}\n" for alert in result.alerts))
    if summary is not None and str(summary) == "-":
        say_json(result.summary.to_json().rstrip())
    elif summary is not None:
        write_text(summary, [result.summary.to_json()])
    if "-" not in {str(results[name]) for name in names}:
        say_summary(result.summary, result.result.header.units)
        for alert in result.alerts:
            minutes, seconds = divmod(round(alert.time_s), 60)
            say(f"  {minutes:3d}:{seconds:02d}  {alert.message}")
    for note in result.summary.notes:
        complain(f"note: {note}")
    if not len(result.steps):
        complain(f"note: {result.summary.source}: no running in this recording.")
