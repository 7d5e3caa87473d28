"""The command line: one function a command, nothing but arguments and messages.

What a command does is imported when it runs, so that ``--help`` answers at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from devices.simulator.scenario import Scenario
    from pipelines.replay import Replayed
    from pipelines.summary import Summary

__all__ = ["app", "main"]

app = typer.Typer(
    name="backstride",
    help="Reads a motion sensor clipped to a runner's waistband: steps, impact, oscillation, lean. "
    "Not a medical device.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Axes = Annotated[
    str,
    typer.Option(
        help="Signed sensor axes that point forward, left and up, such as +x+y+z, or auto.",
        show_default=False,
    ),
]
Mass = Annotated[float | None, typer.Option(help="Body mass in kg.", show_default=False)]
Height = Annotated[
    float | None,
    typer.Option(help="Height in m; the lumbar index needs it.", show_default=False),
]
BaselineFile = Annotated[
    Path | None,
    typer.Option(
        "--baseline",
        help="Baseline of an earlier run: the --summary of its replay.",
        show_default=False,
    ),
]


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        _say(f"backstride {version('backstride')}")
        raise typer.Exit


@app.callback()
def program(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            help="Print the version and stop.",
            is_eager=True,
            callback=_print_version,
        ),
    ] = False,
) -> None:
    """Hold the options that stand before a command."""


@app.command()
def live(
    source: Annotated[
        str, typer.Argument(help="Source URL, such as 'sim:?speed=3.3&minutes=30&seed=1'.")
    ],
    axes: Axes = "",
    mass: Mass = None,
    height: Height = None,
    baseline: BaselineFile = None,
    record: Annotated[
        Path | None,
        typer.Option(
            help="Session file to write (.mcap); in your data folder otherwise.",
            show_default=False,
        ),
    ] = None,
    no_record: Annotated[bool, typer.Option("--no-record", help="Record nothing.")] = False,
    alerts: Annotated[
        Path | None,
        typer.Option(help="JSON Lines file that alerts are added to.", show_default=False),
    ] = None,
) -> None:
    """Show a sensor's steps as they happen, and record the session."""
    import asyncio
    import time

    from devices.sources import open_source
    from imu.errors import ParameterError
    from pipelines.live import LiveOptions, run_live
    from pipelines.replay import load_baseline
    from pipelines.terminal.view import TerminalView
    from pipelines.user_directory import new_session_path

    _check_axes(axes)
    open_source(source)  # a mistyped URL is told before anything is compiled or created
    if record is not None and no_record:
        raise ParameterError("--record", str(record), "either --record or --no-record")
    if record is not None and record.suffix.lower() != ".mcap":
        raise ParameterError("--record", str(record), "a file that ends in .mcap")
    path = record
    if path is None and not no_record:
        path = new_session_path(time.time_ns())
    _check_outputs({"--record": record, "--alerts": alerts, "--baseline": baseline})
    simulated = _simulated(source)
    if simulated is not None:
        # the simulated runner is as heavy and tall as the scenario says
        mass = simulated.mass if mass is None else mass
        height = simulated.height if height is None else height
        baseline = baseline or (Path(simulated.baseline) if simulated.baseline else None)
    options = LiveOptions(
        axes=axes,
        mass_kg=mass,
        height_m=height,
        baseline_json=load_baseline(str(baseline)) if baseline else "",
        record=path,
        alerts=alerts,
    )
    _warm_up()
    try:
        with TerminalView() as view:
            run = asyncio.run(run_live(source, options, view))
    except (asyncio.CancelledError, KeyboardInterrupt):
        raise typer.Exit(130) from None
    if run.summary is not None:
        _say_summary(run.summary)
        for note in run.summary.notes:
            _complain(f"note: {note}")
    if run.recording is not None:
        _say(f"recorded in {run.recording}; see it again with: backstride replay {run.recording}")
    troubles = [run.recording_trouble] if run.recording_trouble else []
    for trouble in troubles + run.other_trouble:
        _complain(f"backstride: {trouble}")
    if troubles or run.other_trouble:
        raise typer.Exit(1)


@app.command()
def replay(
    file: Annotated[
        Path, typer.Argument(help="Session (.mcap) or sample table (.csv).", show_default=False)
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
    rate: Annotated[
        float | None, typer.Option(help="Sample rate in Hz of a table without a time column.")
    ] = None,
    block: Annotated[
        int | None, typer.Option(help="Samples a block; the result does not depend on it.")
    ] = None,
    baseline: BaselineFile = None,
) -> None:
    """Run a recording through the same chain as a live session."""
    from pipelines.formats.table_output import table_format
    from pipelines.progress import progress
    from pipelines.replay import ReplayOptions, load_baseline
    from pipelines.replay import replay as run_replay

    _check_axes(axes)
    _check_outputs(
        {
            "FILE": file,
            "--baseline": baseline,
            "--steps": steps,
            "--waveforms": waveforms,
            "--alerts": alerts,
            "--summary": summary,
        }
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
        block=block,
        baseline_json=load_baseline(str(baseline)) if baseline else "",
        waveforms=waveforms is not None,
    )
    _warm_up()
    with progress(f"replaying {file.name}") as report:
        result = run_replay(file, options, report)
    with _reader_may_leave():
        _hand_out(result, steps, waveforms, alerts, summary)


def _hand_out(
    result: Replayed,
    steps: str | None,
    waveforms: str | None,
    alerts: Path | None,
    summary: Path | None,
) -> None:
    """Write what was asked for, or tell the summary."""
    from pipelines.alerts import AlertWriter
    from pipelines.formats.replacing import replacing
    from pipelines.formats.steps_table import write_steps
    from pipelines.formats.waveform_table import write_waveforms

    if steps is not None:
        write_steps(steps, result.steps)
    if waveforms is not None:
        write_waveforms(waveforms, result.waveforms)
    if alerts is not None:
        with AlertWriter(alerts, append=False) as writer:
            for alert in result.alerts:
                writer.write(alert)
    if summary is not None and str(summary) == "-":
        _say(result.summary.to_json().rstrip())
    elif summary is not None:
        with replacing(summary) as out:
            out.write(result.summary.to_json().encode())
    if "-" not in {str(steps), str(waveforms), str(alerts), str(summary)}:
        _say_summary(result.summary)
        for alert in result.alerts:
            minutes, seconds = divmod(round(alert.time_s), 60)
            _say(f"  {minutes:3d}:{seconds:02d}  {alert.message}")
    for note in result.summary.notes:
        _complain(f"note: {note}")
    if not len(result.steps):
        _complain(f"note: {result.summary.source}: no running in this recording.")


@app.command()
def simulate(
    out: Annotated[
        Path, typer.Argument(help="File to write: session (.mcap) or sample table (.csv).")
    ],
    scenario: Annotated[
        str, typer.Argument(help="What happens, such as 'speed=3.3&minutes=5&seed=1'.")
    ] = "minutes=5",
    truth: Annotated[
        str | None, typer.Option(help="Table of the true steps to write (.csv, .parquet).")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an older file.")] = False,
) -> None:
    """Write what the simulated sensor would send, and what truly happened."""
    from pipelines.formats.steps_table import write_steps
    from pipelines.formats.table_output import table_format
    from pipelines.progress import progress
    from pipelines.simulation import write_simulation

    _check_outputs({"OUT": out, "--truth": truth})
    if truth is not None:
        table_format(truth, "--truth")
    with progress("simulating") as report:
        simulated = write_simulation(out, scenario, report, overwrite=overwrite)
    if truth is not None:
        write_steps(truth, simulated.truth)
    _say(
        f"{out}: {simulated.duration_s:.0f} s at {simulated.rate_hz:g} Hz, "
        f"{len(simulated.truth)} running steps"
    )


@app.command()
def doctor() -> None:
    """Check this machine: versions, folders, compiled code, speed."""
    from pipelines.doctor import examine

    healthy = True
    for finding in examine():
        _say(f"{'ok ' if finding.fine else 'BAD'}  {finding.subject:<22} {finding.text}")
        healthy = healthy and finding.fine
    if not healthy:
        raise typer.Exit(1)


def _warm_up() -> None:
    """Compile before the first sample arrives; say so when it takes a while."""
    from imu.analyzer import warm_up
    from imu.compiled import is_compiled

    if not is_compiled():
        _complain("preparing the filters for this machine, once, for some seconds …")
    warm_up()


@contextmanager
def _reader_may_leave() -> Iterator[None]:
    """A reader of standard output that has seen enough is no error."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        _drop_output()
        raise typer.Exit from None


def _drop_output() -> None:
    """What is still buffered has nowhere to go: spare the interpreter's complaint at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _check_outputs(named: dict[str, Path | str | None]) -> None:
    """Refuse two files that are one: an output must not replace an input or another output."""
    from imu.errors import ParameterError

    taken: dict[Path | str, str] = {}
    for name, given in named.items():
        if given is None:
            continue
        place = "-" if str(given) == "-" else Path(given).resolve()
        if place in taken:
            raise ParameterError(name, str(given), f"another file than {taken[place]}")
        taken[place] = name


def _check_axes(axes: str) -> None:
    from imu.mounting import mounting_from_axes

    if axes not in {"", "auto"}:
        mounting_from_axes(axes)


def _simulated(source: str) -> Scenario | None:
    """The scenario of a ``sim:`` URL."""
    from devices.simulator.scenario import Scenario

    scheme, _, query = source.partition(":")
    return Scenario.from_query(query.removeprefix("?")) if scheme == "sim" else None


def _say_summary(summary: Summary) -> None:
    for line in summary.lines():
        _say(line)


def _say(text: str) -> None:
    try:
        typer.echo(text)
    except BrokenPipeError:
        raise  # the reader has seen enough
    except OSError as error:
        from imu.errors import RecordingError
        from pipelines.formats.system_error import explain

        raise RecordingError(f"{explain(error)}.", path="standard output") from None


def _complain(text: str) -> None:
    typer.echo(text, err=True)


def main() -> None:
    """Run the command line; a user's mistake is one sentence, never a traceback."""
    from imu.errors import BackstrideError
    from pipelines.formats.system_error import explain

    for stream in (sys.stdout, sys.stderr):
        # Windows consoles and pipes may not speak UTF-8
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    code = 0
    try:
        with _reader_may_leave():
            code = app(standalone_mode=False) or 0
    except typer.Exit as end:
        code = end.exit_code
    except BackstrideError as error:
        _complain(f"backstride: {error}")
        code = error.exit_code
    except KeyboardInterrupt:
        code = 130
    except Exception as error:
        # the command line library's own complaints: not a class it promises to keep
        sentence = getattr(error, "format_message", None)
        if sentence is None:
            raise
        text = str(sentence())
        if "Usage:" in text:
            _say(text)
        else:
            _complain(f"backstride: {text.rstrip('.')}; see 'backstride --help'.")
        code = getattr(error, "exit_code", 2)
    try:
        sys.stdout.flush()
    except OSError as error:
        _drop_output()
        if code == 0:
            _complain(f"backstride: standard output: {explain(error)}.")
            code = 1
    sys.exit(code)


if __name__ == "__main__":
    main()
