"""What calibrations come out like, for the tests of the page."""

from __future__ import annotations

import math
from pathlib import Path

from devices.records import DeviceInfo
from imu.calibration import NO_CALIBRATION, Calibration
from imu.errors import BackstrideError
from pipelines.sensors.calibrate import Calibrated
from pipelines.sensors.device_store import KnownDevice

_INFO = DeviceInfo("clip", "backstride", 200.0, 78.5, 34.9, serial="7")


def calibrated(
    *,
    calibration: Calibration | None = NO_CALIBRATION,
    stood: bool = True,
    path: Path | None = Path("devices/clip.json"),
    trouble: BackstrideError | None = None,
) -> Calibrated:
    """A calibration as it ends, by default with all that belongs to it."""
    return Calibrated(
        device=KnownDevice(name="clip", residual_mg=0.4, check_mg=1.2),
        info=_INFO,
        path=path,
        calibration=calibration,
        before_mg=12.0,
        has_gyro=True,
        tilt_deg=4.0 if stood else math.nan,
        stood=stood,
        trouble=trouble,
    )
