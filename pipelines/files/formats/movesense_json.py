"""Movesense: the JSON of its Showcase app and of sbem2json.

Layout: an object whose one list has an entry a packet, under the name of the measurement, with
``Timestamp`` (ms, of its first sample), ``ArrayAcc`` (m/s²) and, for IMU6 and IMU9, ``ArrayGyro``
(°/s), each a list of ``{"x", "y", "z"}`` (movesense.com/docs, resource /Meas/IMU). Several
measurements may stand in one file.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
import numpy as np

from imu.errors import InputError
from pipelines.files.formats.format import FileFormat, Look
from pipelines.files.reading.raw_columns import Values
from pipelines.files.reading.recording import Ask, Recording, Sensor
from pipelines.files.reading.whole_file import read_whole

_ACCELERATION, _TURNING = "arrayacc", "arraygyro"
_DEEPEST: Final = 4


class _Axes(msgspec.Struct):
    x: float
    y: float
    z: float


def _recognise(look: Look) -> bool:
    return look.start[:256].lstrip().startswith((b"{", b"[")) and (
        b'"ArrayAcc"' in look.start or b'"ArrayGyro"' in look.start
    )


def _read(look: Look, _ask: Ask) -> Recording:
    place = str(look.path)
    data = read_whole(look.path)
    try:
        packets = _packets(_content(data))
        sensors = {key: _sensor(packets, key) for key in (_ACCELERATION, _TURNING)}
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError):
        raise InputError(
            "this looks like JSON of Movesense, but is damaged or of another layout.", place=place
        ) from None
    turning = sensors[_TURNING]
    if sensors[_ACCELERATION] is None:
        raise InputError("this file of Movesense holds no acceleration.", place=place)
    return Recording(
        place,
        sensors[_ACCELERATION],
        None if turning is None else Sensor(turning.time_s, np.radians(turning.values)),
        told=f"{place} is a file of Movesense: m/s² and °/s.",
    )


def _content(data: bytes) -> Any:
    """What is in the file, or in its lines, of which the last may be cut."""
    try:
        return msgspec.json.decode(data)
    except msgspec.DecodeError:
        lines = data.splitlines()
        if len(lines) < 2:
            raise
        return [msgspec.json.decode(line) for line in lines[:-1] if line.strip()] + _last(lines[-1])


def _last(line: bytes) -> list[Any]:
    try:
        return [msgspec.json.decode(line)]
    except msgspec.DecodeError:
        return []


def _packets(content: Any) -> list[dict[str, Any]]:
    """All packets, in their order, with names in small letters."""
    if isinstance(content, dict):
        content = max((v for v in content.values() if isinstance(v, list)), key=len, default=[])
    entries = content if isinstance(content, list) else []
    found = (_packet(entry, _DEEPEST) for entry in entries)
    return [packet for packet in found if packet]


def _packet(entry: Any, deeper: int) -> dict[str, Any]:
    """The one record in an entry that holds readings; empty without one."""
    if not isinstance(entry, dict) or not deeper:
        return {}
    named = {str(key).lower(): value for key, value in entry.items()}
    if _ACCELERATION in named or _TURNING in named:
        return named
    within = (_packet(value, deeper - 1) for value in entry.values())
    return next(filter(None, within), {})


def _sensor(packets: list[dict[str, Any]], key: str) -> Sensor | None:
    """Samples of one sensor, spread from each packet's time to the next one's."""
    having = [p for p in packets if key in p]
    if not having:
        return None
    blocks = [msgspec.convert(p[key], list[_Axes]) for p in having]
    stamps = np.array([msgspec.convert(p.get("timestamp"), float) for p in having]) / 1000.0
    counts = np.array([len(block) for block in blocks])
    values: Values = np.array([(a.x, a.y, a.z) for block in blocks for a in block], np.float64)
    steps = np.diff(stamps) / np.maximum(counts[:-1], 1)
    typical = float(np.median(steps)) if len(steps) else 0.0
    if len(stamps) < 2 or not typical > 0.0:
        raise ValueError
    own = np.append(np.where((steps > 0) & (steps < 1.5 * typical), steps, typical), typical)
    place = np.arange(len(values)) - np.repeat(np.cumsum(counts) - counts, counts)
    return Sensor(np.repeat(stamps, counts) + place * np.repeat(own, counts), values)


MOVESENSE_JSON: Final = FileFormat(
    "Movesense", "`.json` of Showcase and sbem2json", False, _recognise, _read
)
