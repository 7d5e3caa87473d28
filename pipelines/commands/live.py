"""``backstride live``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.commands.messages import (
    check_axes,
    check_outputs,
    complain,
    say,
    say_summary,
    warm_up_filters,
)
from pipelines.commands.options import Axes, BaselineFile, Height, Mass, SettingsFile

if TYPE_CHECKING:
    from devices.simulator.scenario import Scenario
    from pipelines.companion.companion import Companion
    from pipelines.live import LiveOptions, LiveRun

__all__ = ["live"]


def live(
    source: Annotated[
        str | None,
        typer.Argument(
            help="Sensor: ble:ADDRESS, serial:PORT or 'sim:?speed=3.3&minutes=30'; asked for "
            "without one.",
            show_default=False,
        ),
    ] = None,
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
    no_calibration: Annotated[
        bool,
        typer.Option("--no-calibration", help="Take the sensor's readings as they are."),
    ] = False,
    alerts: Annotated[
        Path | None,
        typer.Option(help="JSON Lines file that alerts are added to.", show_default=False),
    ] = None,
    on_alert: Annotated[
        str,
        typer.Option(
            help="Program to run for each alert, such as 'say {message}'; no shell runs it.",
            show_default=False,
        ),
    ] = "",
    settings: SettingsFile = None,
    surface: Annotated[
        str, typer.Option(help="What you run on, such as treadmill or track.", show_default=False)
    ] = "",
    shoe: Annotated[str, typer.Option(help="Name of your shoes.", show_default=False)] = "",
    speed: Annotated[
        str,
        typer.Option(help="Speed of the treadmill, such as '10 km/h': gives the distance."),
    ] = "",
    dashboard: Annotated[
        bool, typer.Option("--dashboard", help="Show a page in the browser too.")
    ] = False,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of the page; 0 takes a free one.")
    ] = 0,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Only tell the page's address.")
    ] = False,
) -> None:
    """Show a sensor's steps as they happen, and record the session."""
    import asyncio
    import shutil
    import time
    from contextlib import nullcontext

    from devices.sources import open_source
    from imu.errors import ParameterError
    from pipelines.alert_command import AlertCommand
    from pipelines.alert_settings import load_alert_settings
    from pipelines.device_store import devices_directory
    from pipelines.journal.units import parse_speed
    from pipelines.live import LiveOptions
    from pipelines.replay import load_baseline
    from pipelines.stay_awake import staying_awake
    from pipelines.user_directory import new_session_path

    check_axes(axes)
    if source is not None:
        open_source(source)  # a mistyped URL is told before anything is compiled or created
    if record is not None and no_record:
        raise ParameterError("--record", str(record), "either --record or --no-record")
    if record is not None and record.suffix.lower() != ".mcap":
        raise ParameterError("--record", str(record), "a file that ends in .mcap")
    check_outputs(
        {
            "--record": record,
            "--alerts": alerts,
            "--baseline": baseline,
            "--settings": settings,
        }
    )
    if on_alert and shutil.which(AlertCommand(on_alert).words[0]) is None:
        raise ParameterError("--on-alert", on_alert, "a program that can be found")
    if speed:
        parse_speed(speed, "--speed")  # told now, not after the run
    if source is None and not dashboard:
        from pipelines.first_run import ask_for_source

        first = ask_for_source()
        source = first.source
        mass = first.settings.mass_kg if mass is None else mass
        height = first.settings.height_m if height is None else height
    simulated = None if source is None else _simulated(source)
    if simulated is not None:
        # the simulated runner is as heavy and tall as the scenario says
        mass = simulated.mass if mass is None else mass
        height = simulated.height if height is None else height
        baseline = baseline or (Path(simulated.baseline) if simulated.baseline else None)
    path = record
    if path is None and not no_record:
        path = new_session_path(time.time_ns())
    baseline_json = load_baseline(str(baseline)) if baseline else ""
    options = LiveOptions(
        axes=axes,
        mass_kg=mass,
        height_m=height,
        baseline_json=baseline_json,
        devices=None if no_calibration else devices_directory(),
        record=path,
        alerts=alerts,
        on_alert=on_alert,
        parameters_json="{}" if settings is None else load_alert_settings(settings).to_json(),
        marks=tuple(
            (kind, value)
            for kind, value in (("surface", surface), ("shoe", shoe), ("speed", speed))
            if value
        ),
    )
    if simulated is None:
        options = _as_the_journal_says(options)
    warm_up_filters()
    try:
        with nullcontext() if simulated is not None else staying_awake():
            run = asyncio.run(_run(source, options, dashboard, port, not no_browser))
    except (asyncio.CancelledError, KeyboardInterrupt):
        raise typer.Exit(130) from None
    if run is not None:
        _tell_end(run, journal=simulated is None)


async def _run(
    source: str | None, options: LiveOptions, dashboard: bool, port: int, open_browser: bool
) -> LiveRun | None:
    from pipelines.live import run_live
    from pipelines.terminal.view import TerminalView

    with TerminalView() as view:
        if not dashboard:
            assert source is not None  # asked for, unless there is a page to ask on
            return await run_live(source, options, view)
        from pipelines.dashboard.run import run_dashboard
        from pipelines.report.making import make_report

        return await run_dashboard(
            source,
            options,
            port=port,
            open_browser=open_browser,
            other_views=[view],
            tell=view.note,
            make_report=make_report,
        )


def _as_the_journal_says(options: LiveOptions) -> LiveOptions:
    """Body data and what accompanies the run, from the journal; it may be in trouble."""
    from dataclasses import replace
    from datetime import datetime

    from imu.baseline import Baseline
    from pipelines.companion.plan import plan_for_run, settings_for_run

    stored = options.baseline_json
    plan, notes = plan_for_run(
        datetime.now().astimezone(), Baseline.from_json(stored) if stored else None
    )
    settings = settings_for_run()
    for note in notes:
        complain(f"note: {note}")
    return replace(
        options,
        companion=plan,
        mass_kg=settings.mass_kg if options.mass_kg is None else options.mass_kg,
        height_m=settings.height_m if options.height_m is None else options.height_m,
    )


def _tell_end(run: LiveRun, *, journal: bool) -> None:
    """Tell what the session held, file it in the journal, and complain where something failed."""
    if run.summary is not None:
        say_summary(run.summary)
        for note in run.summary.notes:
            complain(f"note: {note}")
    if run.recording is not None:
        say(f"recorded in {run.recording}; see it again with: backstride replay {run.recording}")
    if journal and run.companion is not None:
        _file(run, run.companion)
    troubles = [run.recording_trouble] if run.recording_trouble else []
    for trouble in troubles + run.other_trouble:
        complain(f"backstride: {trouble}")
    if troubles or run.other_trouble:
        raise typer.Exit(1)


def _file(run: LiveRun, companion: Companion) -> None:
    from imu.errors import BackstrideError
    from pipelines.companion.filing import file_run_now, journal_entry

    try:
        notes, cues = file_run_now(journal_entry(run, companion, utc_start_ns=run.utc_start_ns))
    except BackstrideError as error:
        complain(f"note: the run is not in the journal: {error}")
        return
    for note in notes:
        complain(f"note: {note}")
    for cue in [*companion.ending().cues, *cues]:
        say(cue.message)


def _simulated(source: str) -> Scenario | None:
    """The scenario of a ``sim:`` URL."""
    from devices.simulator.scenario import Scenario

    scheme, _, query = source.partition(":")
    return Scenario.from_query(query.removeprefix("?")) if scheme == "sim" else None
