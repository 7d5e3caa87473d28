"""``backstride calibrate``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.commands.messages import check_axes, complain, say
from pipelines.commands.options import Axes

if TYPE_CHECKING:
    from pipelines.calibrate import Calibrated

__all__ = ["calibrate"]

#: A calibration this near is good: 10 mg are 0.6° of lean.
_GOOD_MG = 10.0


def calibrate(
    source: Annotated[
        str,
        typer.Argument(
            help="Sensor, such as ble:ADDRESS, serial:PORT, or 'sim:?motion=six_faces'.",
            show_default=False,
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
    import asyncio

    from devices.sources import open_connector, open_source
    from imu.errors import ParameterError
    from pipelines.calibrate import CalibrateOptions, run_calibration, write_to_sensor
    from pipelines.device_store import devices_directory
    from pipelines.terminal.calibration_guide import CalibrationGuide

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
            return await run_calibration(source, options, guide, devices_directory())

    try:
        done = asyncio.run(guided())
    except (asyncio.CancelledError, KeyboardInterrupt):
        complain("backstride: stopped before the end: nothing was stored.")
        raise typer.Exit(130) from None
    for line in result_lines(done):
        say(line)
    if done.trouble is not None:
        raise done.trouble
    if to_sensor and done.calibration is not None:
        asyncio.run(write_to_sensor(source, done.calibration))
        say("stored in the sensor, too")


def result_lines(done: Calibrated) -> list[str]:
    """What was found and what it means, in lines."""
    import math

    import numpy as np

    from imu.calibration import POSITIONS_LEAST
    from imu.samples import STANDARD_GRAVITY_M_S2

    lines = []
    found = done.calibration
    if found is not None:
        bias_mg = np.array(found.acceleration_bias_m_s2) / STANDARD_GRAVITY_M_S2 * 1000.0
        scale = 100.0 * (np.diag(np.array(found.acceleration_matrix)) - 1.0)
        exact = found.positions == POSITIONS_LEAST
        after_mg = done.device.residual_mg or 0.0
        lean_deg = math.degrees(math.atan(1e-3 * float(np.max(np.abs(bias_mg)))))
        lines += [
            f"accelerometer: bias {_three(bias_mg, 1)} mg, scale {_three(scale, 2)} % (x y z); "
            f"left in, up to {lean_deg:.1f}° of false lean",
            f"positions off 1 g: {done.before_mg:.1f} mg before, {after_mg:.1f} mg after"
            + ("; six always fit, so that says nothing" if exact else ""),
        ]
        if done.device.check_mg is not None:
            good = "well done" if done.device.check_mg < _GOOD_MG else "calibrate once more"
            lines.append(
                f"standing, which was not used for it, is {done.device.check_mg:.1f} mg off 1 g: "
                f"{good}"
            )
        if done.has_gyro:
            rest = np.degrees(found.angular_velocity_bias_rad_s)
            lines.append(f"gyroscope at rest: {_three(rest, 2)} °/s (x y z), taken out from now on")
        else:
            lines.append("gyroscope: the sensor has none")
    if not math.isnan(done.tilt_deg):
        lines.append(
            f"standing neutral: {done.tilt_deg:.1f}° from the stated up axis; lean is measured "
            "from there"
        )
    elif done.stood:
        lines.append(
            "standing neutral: taken, and used where axes are stated; without, each run finds its "
            "own while you stand"
        )
    if done.path is not None:
        lines.append(f"stored in {done.path}; 'backstride live' uses it by itself")
    return lines


def _three(values: object, decimals: int) -> str:
    import numpy as np

    return " ".join(f"{value:+.{decimals}f}" for value in np.asarray(values, np.float64).tolist())
