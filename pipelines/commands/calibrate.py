"""``backstride calibrate``."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from devices.sources import open_connector, open_source
from imu.errors import ParameterError
from pipelines.commands.checks import check_axes
from pipelines.commands.messages import complain, ended_by_ctrl_c, say
from pipelines.commands.options import Axes
from pipelines.sensors.calibrate import (
    Calibrated,
    CalibrateOptions,
    run_calibration,
    write_to_sensor,
)
from pipelines.sensors.device_store import devices_directory
from pipelines.views.calibration_words import result_lines
from pipelines.views.terminal.calibration_guide import CalibrationGuide


def calibrate(
    source: Annotated[
        str,
        typer.Argument(
            help="Sensor, such as ble:ADDRESS, serial:PORT, or 'sim:?motion=six_faces'."
        ),
    ],
    axes: Axes = "",
    sensor_only: Annotated[
        bool, typer.Option("--sensor-only", help="Only the six sides, no standing.")
    ] = False,
    neutral_only: Annotated[
        bool,
        typer.Option("--neutral-only", help="Only the standing; the sensor is clipped on already."),
    ] = False,
    to_sensor: Annotated[
        bool,
        typer.Option("--to-sensor", help="Store it in the sensor too (Backstride profile only)."),
    ] = False,
    time_limit: Annotated[
        float, typer.Option(min=10.0, max=3600.0, help="Longest time for all of it, in s.")
    ] = 300.0,
) -> None:
    """Find a sensor's errors by laying it on six sides, and your neutral by standing still."""
    check_axes(axes)
    if sensor_only and neutral_only:
        raise ParameterError("--neutral-only", True, "either --sensor-only or --neutral-only")
    if to_sensor and neutral_only:
        raise ParameterError("--to-sensor", True, "--to-sensor without --neutral-only")
    open_source(source)  # a mistyped URL is told before anything is opened
    if to_sensor:
        open_connector(source)
    options = CalibrateOptions(
        axes=axes,
        sensor=not neutral_only,
        neutral=not sensor_only,
        to_sensor=to_sensor,
        time_limit_s=time_limit,
    )

    async def guided() -> Calibrated:
        with CalibrationGuide() as guide:
            folder = devices_directory()
            return await run_calibration(source, options, guide, folder, tell=complain)

    with ended_by_ctrl_c("nothing was stored"):
        done = asyncio.run(guided())
    for line in result_lines(done):
        say(line)
    if done.trouble is not None:
        raise done.trouble
    if to_sensor and done.calibration is not None:
        asyncio.run(write_to_sensor(source, done.calibration))
        say("stored in the sensor, too")
