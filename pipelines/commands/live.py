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
from pipelines.commands.options import Axes, BaselineFile, Height, Mass

if TYPE_CHECKING:
    from devices.simulator.scenario import Scenario

__all__ = ["live"]


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

    check_axes(axes)
    open_source(source)  # a mistyped URL is told before anything is compiled or created
    if record is not None and no_record:
        raise ParameterError("--record", str(record), "either --record or --no-record")
    if record is not None and record.suffix.lower() != ".mcap":
        raise ParameterError("--record", str(record), "a file that ends in .mcap")
    path = record
    if path is None and not no_record:
        path = new_session_path(time.time_ns())
    check_outputs({"--record": record, "--alerts": alerts, "--baseline": baseline})
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
    warm_up_filters()
    try:
        with TerminalView() as view:
            run = asyncio.run(run_live(source, options, view))
    except (asyncio.CancelledError, KeyboardInterrupt):
        raise typer.Exit(130) from None
    if run.summary is not None:
        say_summary(run.summary)
        for note in run.summary.notes:
            complain(f"note: {note}")
    if run.recording is not None:
        say(f"recorded in {run.recording}; see it again with: backstride replay {run.recording}")
    troubles = [run.recording_trouble] if run.recording_trouble else []
    for trouble in troubles + run.other_trouble:
        complain(f"backstride: {trouble}")
    if troubles or run.other_trouble:
        raise typer.Exit(1)


def _simulated(source: str) -> Scenario | None:
    """The scenario of a ``sim:`` URL."""
    from devices.simulator.scenario import Scenario

    scheme, _, query = source.partition(":")
    return Scenario.from_query(query.removeprefix("?")) if scheme == "sim" else None
