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
    """What was found and what it means, in lines: a plain sentence first, its numbers behind."""
    import math

    import numpy as np

    from imu.calibration import POSITIONS_LEAST
    from imu.samples import STANDARD_GRAVITY_M_S2

    lines = []
    found = done.calibration
    if found is not None:
        bias_mg = np.array(found.acceleration_bias_m_s2) / STANDARD_GRAVITY_M_S2 * 1000.0
        scale = 100.0 * (np.diag(np.array(found.acceleration_matrix)) - 1.0)
        lean_deg = math.degrees(math.atan(1e-3 * float(np.max(np.abs(bias_mg)))))
        lines.append(
            "the accelerometer's errors, which would look like up to "
            f"{_plain(lean_deg, 1)}° of lean, are taken out from now on "
            f"(bias {_each(bias_mg, 1)} mg; scale {_each(scale, 2)} %)"
        )
        if found.positions > POSITIONS_LEAST:  # six always fit, which shows nothing
            lines.append(
                "the still positions agree with each other "
                f"(off 1 g: {_plain(done.device.residual_mg or 0.0, 1)} mg, "
                f"{_plain(done.before_mg, 1)} mg before)"
            )
        if (check_mg := done.device.check_mg) is not None:
            good = check_mg < _GOOD_MG
            told = "confirms the calibration" if good else "does not fit the calibration"
            lines.append(
                f"your standing, which was not used for it, {told} "
                f"({_plain(check_mg, 1)} mg off 1 g: "
                f"{'well done' if good else 'calibrate once more'})"
            )
        if done.has_gyro:
            rest = np.degrees(found.angular_velocity_bias_rad_s)
            lines.append(
                f"what the gyroscope shows at rest is taken out from now on ({_each(rest, 2)} °/s)"
            )
        else:
            lines.append("the sensor has no gyroscope")
    if not math.isnan(done.tilt_deg):
        lines.append(
            "your standing neutral is taken: lean is measured from there "
            f"({_plain(done.tilt_deg, 1)}° from the stated up axis)"
        )
    elif done.stood:
        lines.append(
            "your standing neutral is taken, and used where axes are stated; without, each run "
            "finds its own while you stand"
        )
    if done.path is not None:
        lines.append(f"stored in {done.path}; 'backstride live' uses it by itself")
    return lines


def _each(values: object, decimals: int) -> str:
    """A number for each of the sensor's own axes."""
    import numpy as np

    numbers = np.asarray(values, np.float64).tolist()
    return ", ".join(
        f"{axis} {_plain(value, decimals, sign=True)}"
        for axis, value in zip("xyz", numbers, strict=True)
    )


def _plain(value: float, decimals: int, *, sign: bool = False) -> str:
    """A number without a sign before a zero."""
    text = f"{value:{'+' if sign else ''}.{decimals}f}"
    return text.lstrip("+-") if float(text) == 0.0 else text
