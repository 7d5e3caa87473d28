"""What a calibration found and what it means, in words: for the terminal and the page."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from imu.calibration import POSITIONS_LEAST
from imu.samples import STANDARD_GRAVITY_M_S2
from pipelines.sensors.calibrate import Calibrated

#: A calibration this near is good: 10 mg are 0.6° of lean.
_GOOD_MG: Final = 10.0


def result_lines(done: Calibrated) -> list[str]:
    """What was found and what it means, in lines: a plain sentence first, its numbers behind."""
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
        lines.append(f"stored in {done.path}; every run with it uses it by itself")
    return lines


def _each(values: object, decimals: int) -> str:
    """A number for each of the sensor's own axes."""
    numbers = np.asarray(values, np.float64).tolist()
    return ", ".join(
        f"{axis} {_plain(value, decimals, sign=True)}"
        for axis, value in zip("xyz", numbers, strict=True)
    )


def _plain(value: float, decimals: int, *, sign: bool = False) -> str:
    """A number without a sign before a zero."""
    text = f"{value:{'+' if sign else ''}.{decimals}f}"
    return text.lstrip("+-") if float(text) == 0.0 else text
