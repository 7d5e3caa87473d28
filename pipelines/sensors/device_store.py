"""What is known of each sensor from one session to the next: its calibration and its neutral.

One file a sensor in the data folder, replaced as a whole. A file that cannot be read never stops a
session: it is kept aside, told in one sentence, and the session goes on without.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from zlib import crc32

from devices.records import DeviceInfo
from imu.calibration import Calibration
from imu.errors import InputError, ParameterError, RecordingError
from imu.mounting import mounting_from_axes
from pipelines.files.replacing import replacing
from pipelines.files.system_error import explain
from pipelines.runner.user_directory import data_directory
from pipelines.session.session_marks import fits

__all__ = [
    "NEUTRAL_DAYS",
    "OLD_DAYS",
    "KnownDevice",
    "KnownSettings",
    "device_path",
    "devices_directory",
    "load_device",
    "save_device",
    "settings_for",
]

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
    calibration_json : str
        A :class:`~imu.calibration.Calibration`, empty without one.
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
    calibration_json: str = ""
    calibrated_utc: datetime | None = None
    residual_mg: float | None = None
    check_mg: float | None = None
    neutral_up: tuple[float, float, float] | None = None
    neutral_utc: datetime | None = None
    axes: str = ""


@dataclass(frozen=True, slots=True)
class KnownSettings:
    """What a session takes from the store, and what is worth telling of it.

    Attributes
    ----------
    axes : str
        Those given, else the sensor's own, else the stored ones; empty leaves it to the sensor.
    calibration_json : str
        Empty without a calibration.
    neutral_up : tuple of 3 float, optional
        Only where it fits stated axes: ``"auto"`` finds its own.
    neutral_is_old : bool
        Whether the sensor was probably clipped on anew since that neutral.
    notes : list of str
        Sentences for the user.
    """

    axes: str = ""
    calibration_json: str = ""
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


def load_device(path: Path) -> tuple[KnownDevice | None, str]:
    """Read what is kept of a sensor.

    Returns
    -------
    KnownDevice or None
        None when nothing usable is kept.
    str
        One sentence about a file that cannot be used, else empty.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None, ""
    except OSError as error:
        return None, f"{path}: the sensor's calibration cannot be read: {explain(error)}."
    try:
        stored = json.loads(content)
        if int(stored["format"]) > _FORMAT:
            return None, (
                f"{path}: a newer version wrote the sensor's calibration, which is not used: "
                "update backstride."
            )
        return _decoded(stored), ""
    except (ValueError, KeyError, TypeError, AttributeError, InputError, RecursionError):
        return None, _put_aside(path)


def save_device(path: Path, device: KnownDevice) -> None:
    """Keep what is known of a sensor, in place of what was known before.

    Raises
    ------
    RecordingError
        When it cannot be written; what was there is intact.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RecordingError(
            f"the folder for calibrations cannot be made: {explain(error)}.", path=str(path.parent)
        ) from None
    content = {"format": _FORMAT, **asdict(device)}
    del content["calibration_json"]
    content["calibration"] = json.loads(device.calibration_json or "null")
    for name in ("calibrated_utc", "neutral_utc"):
        content[name] = content[name] and content[name].isoformat(timespec="seconds")
    with replacing(path) as out:
        out.write(json.dumps(content, indent=1, allow_nan=False).encode())


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
    device, trouble = load_device(device_path(folder, info, source))
    if device is None:
        return KnownSettings(axes, notes=[trouble] if trouble else [])
    now = now or datetime.now(UTC)
    notes = []
    if not axes and not info.axes:
        axes = device.axes
    if device.calibration_json:
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
                    ": take it again with 'backstride calibrate --neutral-only' if the sensor was "
                    "clipped on anew since."
                    if old
                    else "."
                )
            )
    return KnownSettings(axes, device.calibration_json, neutral, old, notes)


def _day(moment: datetime | None) -> str:
    return "an unknown day" if moment is None else f"{moment:%Y-%m-%d}"


def _days(moment: datetime | None, now: datetime) -> float:
    return math.inf if moment is None else (now - moment).total_seconds() / 86400.0


def _decoded(stored: dict[str, Any]) -> KnownDevice:
    calibration = stored["calibration"]
    up = stored["neutral_up"]
    axes = str(stored["axes"])
    if axes not in {"", "auto"}:
        try:
            mounting_from_axes(axes)
        except ParameterError as error:
            raise ValueError(str(error)) from None
    return KnownDevice(
        name=str(stored["name"]),
        protocol=str(stored["protocol"]),
        serial=str(stored["serial"]),
        calibration_json=""
        if calibration is None
        else Calibration.from_json(json.dumps(calibration)).to_json(),
        calibrated_utc=_moment(stored["calibrated_utc"]),
        residual_mg=_number(stored["residual_mg"]),
        check_mg=_number(stored["check_mg"]),
        neutral_up=None if up is None else _direction(up),
        neutral_utc=_moment(stored["neutral_utc"]),
        axes=axes,
    )


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _number(value: float | None) -> float | None:
    return None if value is None else float(value)


def _direction(values: list[float]) -> tuple[float, float, float]:
    x, y, z = map(float, values)
    if not 0.0 < math.hypot(x, y, z) < math.inf:
        raise ValueError("no direction")
    return x, y, z


def _put_aside(path: Path) -> str:
    """Keep a file that holds no calibration, under another name."""
    number, aside = 1, path.with_name(path.name + ".damaged")
    while aside.exists():
        number += 1
        aside = path.with_name(f"{path.name}.damaged-{number}")
    what = f"{path}: the sensor's calibration is damaged and is not used"
    try:
        path.rename(aside)
    except OSError:
        return f"{what}: calibrate again."
    return f"{what} (the file is now {aside.name}): calibrate again."
