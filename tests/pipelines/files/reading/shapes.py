"""Files in the shapes that people have, made of one run of known samples."""

from __future__ import annotations

import gzip
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from imu.samples import STANDARD_GRAVITY_M_S2

Values = NDArray[np.float64]
G = STANDARD_GRAVITY_M_S2


@dataclass(frozen=True)
class Run:
    """Standing, then running: what a device has measured."""

    time_s: Values
    acceleration_m_s2: Values
    angular_velocity_rad_s: Values
    rate_hz: float


def a_run(rate_hz: float = 100.0, seconds: float = 6.0, seed: int = 0) -> Run:
    """A body that stands for two seconds and then moves up and down and turns."""
    rng = np.random.default_rng(seed)
    count = int(rate_hz * seconds)
    time = np.arange(count) / rate_hz
    moving = (time > 2.0).astype(np.float64)
    beat = 2.0 * np.pi * 2.7 * time
    up = G * (1.0 + moving * 1.2 * np.sin(beat))
    force = np.stack([1.5 * moving * np.cos(beat), 2.0 * moving * np.sin(beat / 2), up], axis=1)
    turning = np.stack(
        [1.2 * moving * np.sin(beat / 2), 0.8 * moving * np.cos(beat), moving * np.cos(beat / 2)],
        axis=1,
    )
    noise = rng.normal(0.0, 0.01, (2, count, 3))
    return Run(time, force + noise[0], turning + 0.3 * noise[1], rate_hz)


#: How columns may be called, with {x} for the axis; what each says of its unit.
ACCELERATION_NAMES = {
    "acc_{x}_m_s2": "m_s2",
    "acc_{x}_g": "g",
    "acc_{x}_mg": "mg",
    "Acceleration {x} (m/s^2)": "m_s2",
    "ACCELEROMETER {X} (m/s²)": "m_s2",
    "a{x}(g)": "g",
    "Acc_{X}": "",
    "Accel {X} [mg]": "mg",
    "accelerometerAcceleration{X}(G)": "g",
    "{x}-axis (g)": "g",
    "a{x}_m/s/s": "m_s2",
}
ANGULAR_VELOCITY_NAMES = {
    "gyr_{x}_rad_s": "rad_s",
    "gyr_{x}_deg_s": "deg_s",
    "Gyroscope {x} (rad/s)": "rad_s",
    "GYROSCOPE {X} (°/s)": "deg_s",
    "w{x}(deg/s)": "deg_s",
    "Gyr_{X}": "",
    "gyroRotation{X}(rad/s)": "rad_s",
    "Angular velocity {X}(°/s)": "deg_s",
    "g{x}_dps": "deg_s",
}
TIME_NAMES = {
    "time_s": "s",
    "time_ms": "ms",
    "Time (s)": "s",
    "timestamp [us]": "us",
    "epoc (ms)": "ms",
    "time_ns": "ns",
    "Timestamp": "",
    "t": "",
}
PER_SECOND = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}
SI = {"m_s2": 1.0, "g": G, "mg": G / 1000, "rad_s": 1.0, "deg_s": np.pi / 180.0}


@dataclass(frozen=True)
class Shape:
    """How a table in text is written."""

    separator: str = ","
    decimal_comma: bool = False
    encoding: str = "utf-8"
    line_end: str = "\n"
    quoted: bool = False
    trailing: bool = False
    index: bool = False
    preface: str = ""
    time_name: str = "time_s"
    #: The unit where the name holds none; ``iso`` for words.
    time_unit: str = "s"
    start_s: float = 0.0
    acceleration_name: str = "acc_{x}_m_s2"
    acceleration_unit: str = "m_s2"
    angular_velocity_name: str = "gyr_{x}_rad_s"
    angular_velocity_unit: str = "rad_s"
    unit_row: bool = False
    extra: bool = False
    repeated_header: bool = False
    lost: str | None = None
    cut: bool = False
    zipped: bool = False
    headed: bool = True
    order: tuple[int, ...] = field(default=(0, 1, 2, 3, 4, 5, 6))


def text_of(run: Run, shape: Shape) -> str:
    """The table in text."""
    names, cells = _columns(run, shape)
    order = list(shape.order) + list(range(7, len(names)))
    if shape.index:
        names, cells = ["", *names], [[str(k) for k in range(len(run.time_s))], *cells]
        order = [0, *(k + 1 for k in order)]
    names, cells = [names[k] for k in order], [cells[k] for k in order]
    rows = [list(row) for row in zip(*cells, strict=True)]
    lines = [shape.preface.replace("\n", shape.line_end)] if shape.preface else []
    header = shape.separator.join(_quoted(name, shape) for name in names)
    if shape.headed:
        lines.append(header + (shape.separator if shape.trailing else ""))
    if shape.unit_row:
        units = [_unit(name, shape) for name in names]
        lines.append(shape.separator.join(units) + (shape.separator if shape.trailing else ""))
    if shape.lost is not None:
        acc = ["acc" in name.lower() for name in names]
        rows[120] = [shape.lost if a else c for a, c in zip(acc, rows[120], strict=True)]
    for number, row in enumerate(rows):
        lines.append(
            shape.separator.join(_quoted(cell, shape) for cell in row)
            + (shape.separator if shape.trailing else "")
        )
        if shape.repeated_header and number == 300:
            lines.append(lines[1 if shape.preface else 0])
    text = shape.line_end.join(lines) + shape.line_end
    return text + lines[-1][: len(lines[-1]) // 3] if shape.cut else text


def write_text(path: Path, run: Run, shape: Shape) -> Path:
    """The same as a file."""
    data = text_of(run, shape).encode(shape.encoding)
    path.write_bytes(gzip.compress(data) if shape.zipped else data)
    return path


def _columns(run: Run, shape: Shape) -> tuple[list[str], list[list[str]]]:
    acc = run.acceleration_m_s2 / SI[shape.acceleration_unit]
    gyr = run.angular_velocity_rad_s / SI[shape.angular_velocity_unit]
    names = [shape.time_name]
    cells = [_times(run, shape)]
    for template, values in ((shape.acceleration_name, acc), (shape.angular_velocity_name, gyr)):
        for axis, letter in enumerate("xyz"):
            names.append(template.format(x=letter, X=letter.upper()))
            cells.append([_number(value, shape) for value in values[:, axis].tolist()])
    if shape.extra:
        names += ["Temperature (°C)", "DeviceName"]
        cells += [["21,5" if shape.decimal_comma else "21.5"] * len(run.time_s)]
        cells += [["Left-1"] * len(run.time_s)]
    return names, cells


def _times(run: Run, shape: Shape) -> list[str]:
    if shape.time_unit == "iso":
        start = np.datetime64("2026-03-01T10:00:00", "us")
        stamps = start + np.round(run.time_s * 1e6).astype("timedelta64[us]")
        return [str(stamp) + "Z" for stamp in stamps]
    per_second = PER_SECOND[shape.time_unit]
    if per_second >= 1e6 or shape.start_s > 1e6:
        whole = [round((t + shape.start_s) * 1e6) for t in run.time_s.tolist()]
        if per_second >= 1e6:
            return [str(w * round(per_second / 1e6)) for w in whole]
        digits = 6 if per_second == 1.0 else 3
        return [_number_text(f"{w / 1e6 * per_second:.{digits}f}", shape) for w in whole]
    return [_number(t * per_second, shape) for t in (run.time_s + shape.start_s).tolist()]


def _number(value: float, shape: Shape) -> str:
    return _number_text(f"{value:.7g}" if abs(value) >= 1e-4 else f"{value:.8f}", shape)


def _number_text(text: str, shape: Shape) -> str:
    return text.replace(".", ",") if shape.decimal_comma else text


def _quoted(cell: str, shape: Shape) -> str:
    return f'"{cell}"' if shape.quoted or (shape.decimal_comma and shape.separator == ",") else cell


def _unit(name: str, shape: Shape) -> str:
    lowered = name.lower()
    if lowered.startswith("acc"):
        return {"m_s2": "m/s^2", "g": "g", "mg": "mg"}[shape.acceleration_unit]
    if lowered.startswith("gyr"):
        return {"rad_s": "rad/s", "deg_s": "deg/s"}[shape.angular_velocity_unit]
    return shape.time_unit if lowered.startswith(("time", "t")) and lowered != "temp" else ""
