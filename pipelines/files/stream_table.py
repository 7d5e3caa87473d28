"""What devices beside the sensor sent in a session, one reading a row, for other programs."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from devices.records import LinkEvent, StreamRecord
from devices.streams.registry import STREAMS, StreamDecoder, StreamReading
from imu.errors import RecordingError
from pipelines.files.session_reader import Session
from pipelines.files.table_output import write_table

#: Numbers of a row; empty where the device does not say them.
STREAM_COLUMNS: Final = (
    "speed_m_s",
    "slope_percent",
    "distance_m",
    "elapsed_s",
    "cadence_spm",
    "stride_length_m",
    "heart_rate_bpm",
)
_BEATS: Final = "beat_intervals_s"


def write_streams(path: str | os.PathLike[str], session: Session) -> int:
    """Write the readings of all devices beside the sensor as a table, ``.csv`` or ``.parquet``.

    ``time_s`` counts from the session's first arrival, by the computer's clock. What a device said
    is written as it said it, believed or not.

    Returns
    -------
    int
        How many there are.

    Raises
    ------
    RecordingError
        When there are none, or the file cannot be written; what was there before is intact.
    """
    readings = list(_readings(session))
    if not readings:
        raise RecordingError(
            "holds nothing of a treadmill, a foot pod or a strap: give a session that was recorded "
            "with one.",
            path=str(session.path),
        )

    table: dict[str, NDArray[Any]] = {
        "time_s": np.array([time_s for time_s, _, _ in readings]),
        "stream": np.array([stream for _, stream, _ in readings]),
    }
    for name in STREAM_COLUMNS:
        table[name] = np.array([_number(reading, name) for _, _, reading in readings])
    table[_BEATS] = np.array([_beats(reading) for _, _, reading in readings])
    forms = [".3f", "", *[".6g"] * len(STREAM_COLUMNS), ""]
    write_table(path, table, forms, table="--streams")
    return len(readings)


def _readings(session: Session) -> Iterator[tuple[float, str, StreamReading]]:
    decoders: dict[str, StreamDecoder] = {}
    for record in session.records:
        if not isinstance(record, StreamRecord) or record.stream not in STREAMS:
            continue
        decoder = decoders.setdefault(record.stream, STREAMS[record.stream].decoder())
        if isinstance(record.record, LinkEvent):
            decoder.reset()
            continue
        reading = decoder.push(record.record)
        if reading is not None:
            time_s = (record.arrival_ns - session.first_arrival_ns) / 1e9
            yield time_s, record.stream, reading


def _number(reading: StreamReading, name: str) -> float:
    value = getattr(reading, name, None)
    return math.nan if value is None else float(value)


def _beats(reading: StreamReading) -> str:
    return " ".join(f"{beat:.4f}" for beat in getattr(reading, _BEATS, ()))
