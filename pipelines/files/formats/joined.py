"""Tables that a device writes one a sensor, made one recording."""

from __future__ import annotations

from dataclasses import replace

from pipelines.files.formats.packed_folder import FolderFiles
from pipelines.files.reading.raw_columns import RawColumns
from pipelines.files.reading.recording import Ask, Recording, Sensor, recording_of
from pipelines.files.reading.text_source import text_from
from pipelines.files.reading.text_table import read_text_columns


def columns_in(folder: FolderFiles, name: str, ask: Ask) -> RawColumns:
    """The columns of a table within a zip or a folder."""
    place = f"{folder.place}, {name}"
    raw, _ = read_text_columns(text_from(folder.read(name), place), place, ask)
    return raw


def on_one_clock(sensor: Sensor, start_ns: int, first_start_ns: int) -> Sensor:
    """A sensor whose times count from its own first sample, on the clock of another."""
    if sensor.time_s is None or not start_ns or not first_start_ns:
        return sensor
    return Sensor(sensor.time_s + (start_ns - first_start_ns) / 1e9, sensor.values)


def with_gyroscope(recording: Recording, raw: RawColumns, ask: Ask) -> Recording:
    """A recording of acceleration, and the table of its gyroscope."""
    beside = recording.acceleration.values if recording.acceleration else None
    turning = recording_of(raw, replace(ask, one_sensor=True, memory=None, beside=beside))
    gyro = turning.angular_velocity
    if gyro is None:
        return recording
    return replace(
        recording,
        angular_velocity=on_one_clock(gyro, turning.utc_start_ns, recording.utc_start_ns),
        notes=(*recording.notes, *turning.notes),
    )
