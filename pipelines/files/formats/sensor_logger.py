"""Sensor Logger, an app for phones: a zip or a folder with a table a sensor, or JSON.

Layout: the app's public documentation (github.com/tszheichoi/awesome-sensor-logger). Columns are
``time`` (ns since 1970), ``seconds_elapsed``, ``z``, ``y``, ``x``; m/s² and rad/s. What it calls
accelerometer is without gravity: ``TotalAcceleration`` has it (Android), ``Gravity`` is to be added
(iOS). iOS turns the signs of acceleration and gravity, unless units and frames were standardised.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import msgspec
import numpy as np

from imu.errors import InputError
from pipelines.files.formats.format import FileFormat, Look, TextFormat
from pipelines.files.formats.joined import columns_in
from pipelines.files.formats.packed_folder import FolderFiles
from pipelines.files.reading.physics import gravity_of
from pipelines.files.reading.raw_columns import RawColumns, Values
from pipelines.files.reading.recording import Ask, Recording, Sensor, recording_of, with_gyroscope
from pipelines.files.reading.text_source import decoded
from pipelines.files.reading.whole_file import read_whole

_NAMES: Final = ("time", "seconds_elapsed", "z", "y", "x")
_WITHOUT_GRAVITY_M_S2: Final = 5.0


class _Entry(msgspec.Struct):
    sensor: str = ""
    time: str | int | float = 0
    seconds_elapsed: str | float = 0.0
    x: str | float = "nan"
    y: str | float = "nan"
    z: str | float = "nan"
    platform: str = ""
    standardisation: str | bool = ""


def _recognise(look: Look) -> bool:
    folder = look.folder
    return folder is not None and bool(
        folder.find("metadata.csv") and folder.find("accelerometer.csv", "totalacceleration.csv")
    )


def _read(look: Look, ask: Ask) -> Recording:
    folder = look.folder
    assert folder is not None  # recognised by it
    platform, standardised = _platform(folder)
    whole = folder.find("totalacceleration.csv")
    if whole:
        recording = recording_of(_named(columns_in(folder, whole, ask), "acc"), ask)
    else:
        gravity = folder.find("gravity.csv")
        if not gravity:
            raise InputError(
                "this export of Sensor Logger has acceleration without gravity alone: switch on "
                "Total Acceleration or Gravity besides.",
                place=str(look.path),
            )
        moving = columns_in(folder, folder.find("accelerometer.csv"), ask)
        recording = _with_gravity(
            recording_of(_named(moving, "acc"), ask),
            recording_of(_named(columns_in(folder, gravity, ask), "acc"), ask),
        )
    recording = _upright(recording, platform, standardised=standardised)
    gyroscope = folder.find("gyroscope.csv")
    if gyroscope:
        raw = _named(columns_in(folder, gyroscope, ask), "gyr")
        recording = with_gyroscope(recording, raw, ask)
    return replace(recording, place=str(look.path))


def _platform(folder: FolderFiles) -> tuple[str, bool]:
    """The phone's system, and whether the app has made its signs those of Android."""
    lines = decoded(folder.read(folder.find("metadata.csv"))).splitlines()
    if len(lines) < 2:
        return "", False
    cells = dict(
        zip((n.strip().lower() for n in lines[0].split(",")), lines[1].split(","), strict=False)
    )
    standardised = cells.get("standardisation", "").strip().lower() == "true"
    return cells.get("platform", "").strip().lower(), standardised


def _named(raw: RawColumns, quantity: str) -> RawColumns:
    """A sensor's table with names that say all."""
    unit = {"acc": "m_s2", "gyr": "rad_s"}[quantity]
    said = {"time": "time_ns", "seconds_elapsed": "-"}
    said |= {axis: f"{quantity}_{axis}_{unit}" for axis in "xyz"}
    names = tuple(said.get(name.lower(), name) for name in raw.names)
    return replace(raw, names=names, shown=raw.names, maker="Sensor Logger")


def _with_gravity(moving: Recording, gravity: Recording) -> Recording:
    one, other = moving.acceleration, gravity.acceleration
    if one is None or other is None or one.time_s is None or other.time_s is None:
        raise InputError("the tables have no times.", place=moving.place)
    late = (gravity.utc_start_ns - moving.utc_start_ns) / 1e9
    order = np.argsort(other.time_s, kind="stable")
    added = [
        np.interp(one.time_s, other.time_s[order] + late, other.values[order, k]) for k in range(3)
    ]
    return replace(moving, acceleration=Sensor(one.time_s, one.values + np.stack(added, axis=1)))


def _upright(recording: Recording, platform: str, *, standardised: bool) -> Recording:
    acceleration = recording.acceleration
    if platform != "ios" or standardised or acceleration is None:
        return recording
    note = f"{recording.place} is of an iPhone: the signs of its acceleration are turned."
    return replace(
        recording,
        acceleration=Sensor(acceleration.time_s, -acceleration.values),
        notes=(*recording.notes, note),
    )


def _refine(raw: RawColumns) -> RawColumns | None:
    if tuple(name.lower() for name in raw.names) != _NAMES:
        return None
    file = raw.place.lower()
    if "gyro" in file:
        return _named(raw, "gyr")
    found = _named(raw, "acc")
    triad: Values = np.stack([np.asarray(raw.values[k], np.float64) for k in (4, 3, 2)], axis=1)
    if gravity_of(triad, 100.0) < _WITHOUT_GRAVITY_M_S2:
        raise InputError(
            "this table of Sensor Logger is acceleration without gravity: give the zip of the "
            "recording, or TotalAcceleration.csv.",
            place=raw.place,
        )
    return found


def _recognise_json(look: Look) -> bool:
    head = look.start[:4096].lstrip()
    return head.startswith(b"[") and b'"sensor"' in head and b'"seconds_elapsed"' in look.start


def _read_json(look: Look, _ask: Ask) -> Recording:
    place = str(look.path)
    entries = _entries(look)
    about = next((e for e in entries if e.sensor == "Metadata"), _Entry())
    found = {
        name: _table(entries, name, place)
        for name in ("TotalAcceleration", "Accelerometer", "Gravity", "Gyroscope")
    }
    recording = Recording(place, None, told=f"{place} is a file of Sensor Logger: m/s² and rad/s.")
    if found["TotalAcceleration"] is not None:
        recording = replace(recording, acceleration=found["TotalAcceleration"])
    elif found["Accelerometer"] is not None and found["Gravity"] is not None:
        recording = _with_gravity(
            Recording(place, found["Accelerometer"]), Recording(place, found["Gravity"])
        )
    else:
        raise InputError(
            "this export of Sensor Logger has no acceleration with gravity: switch on Total "
            "Acceleration or Gravity.",
            place=place,
        )
    standardised = str(about.standardisation).lower() == "true"
    recording = _upright(recording, about.platform.lower(), standardised=standardised)
    return replace(recording, angular_velocity=found["Gyroscope"])


def _entries(look: Look) -> list[_Entry]:
    data = read_whole(look.path)
    try:
        return msgspec.json.decode(data, type=list[_Entry], strict=False)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise InputError(
            "this looks like JSON of Sensor Logger, but is damaged or of another layout: give the "
            "zip with CSV files.",
            place=str(look.path),
        ) from None


def _table(entries: list[_Entry], sensor: str, place: str) -> Sensor | None:
    rows = [e for e in entries if e.sensor == sensor]
    if len(rows) < 2:
        return None
    try:
        values = np.array([[float(e.x), float(e.y), float(e.z)] for e in rows])
        time = np.array([float(e.seconds_elapsed) for e in rows])
    except ValueError:
        raise InputError(f"{sensor} holds something that is no number.", place=place) from None
    return Sensor(time, values)


SENSOR_LOGGER: Final = FileFormat(
    "Sensor Logger", "zip with a CSV a sensor, or the folder", False, _recognise, _read,
    "gravity is added and signs are turned by platform",
)  # fmt: skip
SENSOR_LOGGER_JSON: Final = FileFormat(
    "Sensor Logger (JSON)", "the list of all sensors", False, _recognise_json, _read_json
)
SENSOR_LOGGER_TABLE: Final = TextFormat(
    "Sensor Logger (one table)", "`TotalAcceleration.csv`, `Gyroscope.csv`", False, _refine
)
