"""What is known of each sensor from one session to the next: its calibration and its neutral.

One file a sensor in the data folder, replaced as a whole. A file that cannot be read never stops a
session: it is kept aside, told in one sentence, and the session goes on without.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from zlib import crc32

from devices.records import DeviceInfo
from imu.calibration import Calibration
from imu.errors import ParameterError
from imu.mounting import mounting_from_axes
from pipelines.files.stored import Store
from pipelines.runner.user_directory import data_directory
from pipelines.session.standing import fits

#: A calibration older than this is used, and told to be old, days.
OLD_DAYS: Final = 90
#: The sensor was probably clipped on anew since a neutral older than this, days.
NEUTRAL_DAYS: Final = 0.5

_FORMAT: Final = 1
_NAME_LENGTH: Final = 48
_ADDRESSES: Final = ("ble:", "serial:")


@dataclass(frozen=True, slots=True)
class KnownDevice:
    """What is kept of one sensor.

    Parameters
    ----------
    name, protocol, serial : str
        As the sensor introduced itself.
    calibration : Calibration, optional
        The sensor's.
    calibrated_utc : datetime, optional
        When that was found.
    residual_mg, check_mg : float, optional
        How far the calibrated positions are off 1 g, root mean square, and the standing, which was
        not used for it; None where it cannot be told.
    neutral_up : tuple of 3 float, optional
        Direction of the calibrated specific force in the sensor's axes, standing in neutral.
    neutral_utc : datetime, optional
        When the runner stood so.
    axes : str
        Signed sensor axes that point forward, left and up, where stated.
    """

    name: str = ""
    protocol: str = ""
    serial: str = ""
    calibration: Calibration | None = None
    calibrated_utc: datetime | None = None
    residual_mg: float | None = None
    check_mg: float | None = None
    neutral_up: tuple[float, float, float] | None = None
    neutral_utc: datetime | None = None
    axes: str = ""

    def __post_init__(self) -> None:
        if self.neutral_up is not None and not 0.0 < math.hypot(*self.neutral_up) < math.inf:
            raise ParameterError("neutral_up", self.neutral_up, "a direction")
        if self.axes not in {"", "auto"}:
            mounting_from_axes(self.axes)


@dataclass(frozen=True, slots=True)
class KnownSettings:
    """What a session takes from the store, and what is worth telling of it.

    Attributes
    ----------
    axes : str
        Those given, else the sensor's own, else the stored ones; empty leaves it to the sensor.
    calibration : Calibration, optional
        The sensor's.
    neutral_up : tuple of 3 float, optional
        Only where it fits stated axes: ``"auto"`` finds its own.
    neutral_is_old : bool
        Whether the sensor was probably clipped on anew since that neutral.
    notes : list of str
        Sentences for the user.
    """

    axes: str = ""
    calibration: Calibration | None = None
    neutral_up: tuple[float, float, float] | None = None
    neutral_is_old: bool = False
    notes: list[str] = field(default_factory=list)


def devices_directory() -> Path:
    """The folder of the files; it may not exist yet."""
    return data_directory() / "devices"


def device_path(folder: Path, info: DeviceInfo, source: str = "") -> Path:
    """The file of a sensor: by serial number, else the address it was reached at, else its name.

    Parameters
    ----------
    folder : Path
        Folder of the store.
    info : DeviceInfo
        The sensor.
    source : str
        The source URL.

    Examples
    --------
    >>> info = DeviceInfo("Clip", "movesense", 208.0, 78.5, 8.7, serial="A/7")
    >>> device_path(Path("devices"), info).name
    'movesense-A-7-e25db40c.json'
    """
    place = source.partition("?")[0] if source.startswith(_ADDRESSES) else ""
    address = place.partition(":")[2]
    key = f"{info.protocol}-{info.serial or address or info.name}"
    if info.serial and place.startswith("serial:"):
        key += f"-{address}"  # over a serial line sensors tell their kind at most
    safe = "".join(c if c.isascii() and c.isalnum() else "-" for c in key)[:_NAME_LENGTH]
    # systems that do not tell cases apart, or do not take some characters, keep sensors apart too
    return folder / f"{safe}-{crc32(key.encode('utf-8', 'surrogatepass')):08x}.json"


def sensor_store(path: Path) -> Store[KnownDevice]:
    """What is kept of one sensor, in its file."""
    return Store(
        path, KnownDevice, version=_FORMAT, what="the sensor's calibration", then="calibrate again"
    )


def settings_for(
    folder: Path | None,
    info: DeviceInfo,
    source: str = "",
    *,
    axes: str = "",
    now: datetime | None = None,
) -> KnownSettings:
    """What a session with this sensor takes from the store.

    Parameters
    ----------
    folder : Path, optional
        Folder of the store; None takes nothing.
    info : DeviceInfo
        The sensor.
    source : str
        The source URL.
    axes : str
        As the user states them for this session; empty when not.
    now : datetime, optional
        The time of day, UTC.
    """
    if folder is None:
        return KnownSettings(axes)
    device, trouble, _ = sensor_store(device_path(folder, info, source)).load()
    calibration, notes = info.calibration, [trouble] if trouble else []
    if calibration is not None and (device is None or device.calibration is None):
        notes.append("the calibration that the sensor keeps is used.")
    if device is None:
        return KnownSettings(axes, calibration, notes=notes)
    now = now or datetime.now(UTC)
    if not axes and not info.axes:
        axes = device.axes
    if device.calibration is not None:
        calibration = device.calibration
        notes.append(f"the sensor's calibration of {_day(device.calibrated_utc)} is used.")
        if _days(device.calibrated_utc, now) > OLD_DAYS:
            notes[-1] = (
                f"the sensor's calibration of {_day(device.calibrated_utc)} is used, which is "
                f"{_days(device.calibrated_utc, now):.0f} days old: calibrate it again."
            )
    neutral, old = device.neutral_up, False
    stated = axes or info.axes
    if neutral is not None and stated in {"", "auto"}:
        neutral = None  # standing still before the run is found by itself
    elif neutral is not None:
        when = f"the standing neutral of {_day(device.neutral_utc)}"
        if not fits(neutral, stated):
            neutral = None
            notes.append(f"{when} is not used, since it does not fit the axes {stated}.")
        else:
            old = _days(device.neutral_utc, now) > NEUTRAL_DAYS
            notes.append(
                f"{when} is used"
                + (
                    ": take it again, by a calibration of the standing alone, if the sensor was "
                    "clipped on anew since."
                    if old
                    else "."
                )
            )
    return KnownSettings(axes, calibration, neutral, old, notes)


def _day(moment: datetime | None) -> str:
    return "an unknown day" if moment is None else f"{moment:%Y-%m-%d}"


def _days(moment: datetime | None, now: datetime) -> float:
    return math.inf if moment is None else (now - moment).total_seconds() / 86400.0
