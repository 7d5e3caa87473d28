"""Rows as monitors and programs print them: torn, named, twice, in several tables."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from imu.errors import InputError
from pipelines import read
from tests.pipelines.files.reading.tables import (
    RUN,
    assert_is_the_run,
    cells,
    columns,
    written,
)

LAB_CHART = "Interval=\t0.01 s\nChannelTitle=\t{names}\nRange=\t{tens}\nUnitName=\t{units}"


NEXUS = (
    "Devices\n100\n\t\tIMU - Acc\t\t\tIMU - Gyro\nFrame\tSub Frame\tx\ty\tz\tx\ty\tz\n\t\t{units}"
)


@pytest.mark.parametrize(
    ("head", "beside"),
    [
        (LAB_CHART, ["{t:.3f}"]),
        ("FREQUENCY\t100\nCHANNEL_NAMES\t{names}\nCHANNEL_GAIN\t{ones}\n", []),
        ("PreciseRate:\t100.0\n\nName\t{names}\nRate\t{hundreds}\nRange\t{ones}", ["{t:.3f}"]),
        (NEXUS, ["{k}", "0"]),
    ],
)
def test_lines_of_a_laboratory_begin_with_what_they_are(
    tmp_path: Path, head: str, beside: list[str]
) -> None:
    names = "\t".join(f"{sensor} {axis}" for sensor in ("Acc", "Gyr") for axis in "XYZ")
    units = "\t".join(["m/s²"] * 3 + ["rad/s"] * 3)
    numbers = {"ones": 1, "tens": 10, "hundreds": 100}
    filled = {name: "\t".join([str(one)] * 6) for name, one in numbers.items()}
    lines = [head.format(names=names, units=units, **filled)]
    values = np.hstack([RUN.acceleration_m_s2, RUN.angular_velocity_rad_s]).tolist()
    for k, (t, row) in enumerate(zip(RUN.time_s.tolist(), values, strict=True)):
        lines.append("\t".join([*(one.format(t=t, k=k) for one in beside), *map(str, row)]))
    path = tmp_path / "run.txt"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert_is_the_run(read(path))


def test_a_row_that_was_torn_keeps_its_place_where_rows_are_counted(tmp_path: Path) -> None:
    table = columns()
    del table["time_s"]
    path = written(tmp_path / "run.csv", table)
    lines = path.read_text().splitlines()
    lines[150] = "0.1,0.2"
    path.write_text("\n".join(lines) + "\n")
    counted = read(path, rate_hz=RUN.rate_hz)
    rows = [k for k in range(len(RUN.time_s)) if k != 149]
    acceleration = counted.samples.acceleration_m_s2
    np.testing.assert_allclose(acceleration[rows], RUN.acceleration_m_s2[rows], atol=1e-3)
    assert np.isnan(acceleration[149]).all()
    assert "line 151 cannot be read" in " ".join(counted.notes)


@pytest.mark.parametrize(
    "line",
    [
        "t={t:.3f} ax={0:.5f} ay={1:.5f} az={2:.5f} gx={3:.5f} gy={4:.5f} gz={5:.5f}",
        "Time: {t:.3f}\tAcc X: {0:.5f} m/s²\tAcc Y: {1:.5f} m/s²\tAcc Z: {2:.5f} m/s²\t"
        "Gyr X: {3:.5f} rad/s\tGyr Y: {4:.5f} rad/s\tGyr Z: {5:.5f} rad/s",
        "[09:00:0{t:.3f}] INFO acc=({0:.5f}, {1:.5f}, {2:.5f}) gyr=({3:.5f}, {4:.5f}, {5:.5f})",
        "03-01 09:00:0{t:.3f} 1234 D Sensor: acc x={0:.5f} y={1:.5f} z={2:.5f} "
        "gyro x={3:.5f} y={4:.5f} z={5:.5f}",
        "t: {t:.3f}, acc: x={0:.5f} y={1:.5f} z={2:.5f}, gyro: x={3:.5f} y={4:.5f} z={5:.5f}",
        "[00:00:0{t:.3f},000] <inf> imu: accel {0:.5f} {1:.5f} {2:.5f} gyro {3:.5f} {4:.5f} {5:.5f}"
        " mag 21.0 -3.0 40.5",
        "{t:.3f} accel {0:.5f} {1:.5f} {2:.5f} gyro {3:.5f} {4:.5f} {5:.5f} temp 25.0",
        "09:00:0{t:.3f} ax {0:.5f} ay {1:.5f} az {2:.5f} gx {3:.5f} gy {4:.5f} gz {5:.5f}",
        "imu,site=hip ax={0:.5f},ay={1:.5f},az={2:.5f},gx={3:.5f},gy={4:.5f},gz={5:.5f} "
        "17700000{t:010.7f}",
        '2026-03-01 09:00:0{t:.3f} imu/hip {{"t": {t:.3f}, "a": [{0:.5f}, {1:.5f}, {2:.5f}], '
        '"g": [{3:.5f}, {4:.5f}, {5:.5f}]}}',
        "t: {t:.3f} Scaled. Acc [ {0:.5f}, {1:.5f}, {2:.5f} ], Gyr [ {3:.5f}, {4:.5f}, {5:.5f} ], "
        "Tmp (C) [ 00023.40 ]",
    ],
)
def test_logs_that_name_each_value_are_read(tmp_path: Path, line: str) -> None:
    values = np.concatenate([RUN.acceleration_m_s2, RUN.angular_velocity_rad_s], axis=1).tolist()
    lines = [line.format(*row, t=t) for t, row in zip(RUN.time_s.tolist(), values, strict=True)]
    path = tmp_path / "run.log"
    path.write_text("boot: version=3\n" + "\n".join(lines) + "\n", encoding="utf-8")
    assert_is_the_run(read(path))
    lines[250] = "battery: low"  # a message is no sample
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert_is_the_run(read(path), rows=[k for k in range(len(lines)) if k != 250])


@pytest.mark.parametrize(
    "line",
    [
        "09:00:0{t:.3f} -> {0:.5f},{1:.5f},{2:.5f},{3:.5f},{4:.5f},{5:.5f}",
        "({t:.3f}, {0:.5f}, {1:.5f}, {2:.5f}, {3:.5f}, {4:.5f}, {5:.5f})",
        "[[{t:.3f} {0:.5f} {1:.5f} {2:.5f} {3:.5f} {4:.5f} {5:.5f}]",
        "[{t:9.3f}] {0:.5f} {1:.5f} {2:.5f} {3:.5f} {4:.5f} {5:.5f}",
        "$IMU,{t:.3f},{0:.5f},{1:.5f},{2:.5f},{3:.5f},{4:.5f},{5:.5f}*5A",
        "03-01 09:00:0{t:.3f}  123 D imu : {0:.5f},{1:.5f},{2:.5f},{3:.5f},{4:.5f},{5:.5f}",
        "I ({t:.3f}) imu: {0:.5f}, {1:.5f}, {2:.5f}, {3:.5f}, {4:.5f}, {5:.5f}",
    ],
)
def test_rows_as_monitors_and_programs_print_them(tmp_path: Path, line: str) -> None:
    values = np.concatenate([RUN.acceleration_m_s2, RUN.angular_velocity_rad_s], axis=1).tolist()
    lines = [line.format(*row, t=t) for t, row in zip(RUN.time_s.tolist(), values, strict=True)]
    path = tmp_path / "run.txt"
    path.write_text("\n".join(lines) + "\n")
    assert_is_the_run(read(path))


@pytest.mark.parametrize(
    ("lines", "timed"),
    [
        ("\tAccel X: {0:.5f} \tY: {1:.5f} \tZ: {2:.5f} m/s^2 \n"
         "\tGyro X: {3:.5f} \tY: {4:.5f} \tZ: {5:.5f} radians/s \n\n", False),
        ("t = {t:.3f} s\nax = {0:.5f} ay = {1:.5f} az = {2:.5f} m/s2\n"
         "gx = {3:.5f} gy = {4:.5f} gz = {5:.5f} rad/s\n", True),
        ("G: {3:.5f}, {4:.5f}, {5:.5f}\nA: {0:.5f}, {1:.5f}, {2:.5f} m/s2\nHeading: 123.40\n\n",
         False),
    ],
)  # fmt: skip
def test_readings_of_which_each_sensor_has_a_line(tmp_path: Path, lines: str, timed: bool) -> None:
    values = np.concatenate([RUN.acceleration_m_s2, RUN.angular_velocity_rad_s], axis=1).tolist()
    readings = [lines.format(*row, t=t) for t, row in zip(RUN.time_s.tolist(), values, strict=True)]
    path = tmp_path / "run.txt"
    readings[300] = readings[300].replace("\n", "\nbattery low\n", 1)
    if not timed:  # begun within a reading
        readings[0] = readings[0].split("\n", 1)[1]
    path.write_text("sensor found\n" + "".join(readings))
    table = read(path, rate_hz=None if timed else RUN.rate_hz)
    assert_is_the_run(table, rows=slice(0 if timed else 1, None))


def test_of_lines_that_take_turns_those_of_the_pelvis_are_read(tmp_path: Path) -> None:
    names = "ax={0:.5f} ay={1:.5f} az={2:.5f} gx={3:.5f} gy={4:.5f} gz={5:.5f}"
    values = np.concatenate([RUN.acceleration_m_s2, RUN.angular_velocity_rad_s], axis=1)
    foot, pelvis = (1.5 * values[:, [1, 0, 2, 4, 3, 5]]).tolist(), values.tolist()
    path = tmp_path / "run.txt"
    for other, ours, stream in (("foot", "pelvis", ""), ("IMU A", "IMU B", "imub")):
        path.write_text("".join(
            f"{other}: {names.format(*one)}\n{ours}: {names.format(*two)}\n"
            for one, two in zip(foot, pelvis, strict=True)
        ))  # fmt: skip
        assert_is_the_run(read(path, rate_hz=RUN.rate_hz, stream=stream))
    linear = (RUN.acceleration_m_s2 - [0.0, 0.0, 9.81]).tolist()
    path.write_text("".join(
        f"Linear Accel: x={x:.3f} y={y:.3f} z={z:.3f}\nGyro: x={p:.3f} y={q:.3f} z={r:.3f}\n"
        for (x, y, z), (_, _, _, p, q, r) in zip(linear, pelvis, strict=True)
    ))  # fmt: skip
    with pytest.raises(InputError, match="gravity"):
        read(path, rate_hz=RUN.rate_hz)


def test_rows_that_say_whose_they_are_stay_rows_and_two_alike_are_not_chosen_from(
    tmp_path: Path,
) -> None:
    values = np.concatenate([RUN.acceleration_m_s2, RUN.angular_velocity_rad_s], axis=1).tolist()
    timed = list(zip(RUN.time_s.tolist(), values, strict=True))
    path = tmp_path / "run.txt"
    rows = [
        f"{t:.3f} {label} {x:.5f} {y:.5f} {z:.5f}\n"
        for t, row in timed
        for label, (x, y, z) in (("acc", row[:3]), ("gyr", row[3:]))
    ]
    path.write_text("time sensor x y z\n" + "".join(rows))
    assert_is_the_run(read(path))
    either = "{t:.3f} {side} ax={0:.3f} ay={1:.3f} az={2:.3f}\n"
    lines = (either.format(*row, t=t, side=side) for t, row in timed for side in "LR")
    path.write_text("".join(lines))
    with pytest.raises(InputError):
        read(path)


def test_a_reading_that_stands_twice_is_read_once(tmp_path: Path) -> None:
    table = columns()
    corrected = RUN.angular_velocity_rad_s - 0.03
    for k, axis in enumerate("XYZ"):
        table[f"motionRotationRate{axis}(rad/s)"] = cells(corrected[:, k])
    assert_is_the_run(read(written(tmp_path / "run.csv", table)))


def test_rows_that_were_torn_are_lost_samples_and_told(tmp_path: Path) -> None:
    path = written(tmp_path / "run.csv", columns())
    lines = path.read_text().splitlines()
    lines[150] = lines[150][:14]
    lines[300] = lines[300].replace(".", "\0\x13", 3)
    lines += ["mean,0.1,0.2,9.8,0,0,0", "600"]
    path.write_text("\n".join(lines) + "\n")
    table = read(path)
    assert "line 151, 301, 602 and 1 more cannot be read as a row" in " ".join(table.notes)
    assert_is_the_run(table, rows=[k for k in range(600) if k not in (149, 299)])
    half = [line[:14] if k % 2 else line for k, line in enumerate(lines)]
    path.write_text("\n".join(half) + "\n")
    with pytest.raises(InputError, match="the row has 2 cells where the header names 7"):
        read(path)


@pytest.mark.parametrize(
    ("titles", "units"),
    [(("ACCELEROMETER\n", "\nGYROSCOPE\n"), ("", "")), (("", ""), (" [m/s2]", " [rad/s]")),
     (("Accelerometer\n", "Gyroscope\n"), (" [m/s2]", " [rad/s]"))],
)  # fmt: skip
def test_two_tables_in_one_file_are_refused_and_read_apart(
    tmp_path: Path, titles: tuple[str, str], units: tuple[str, str]
) -> None:
    pieces = []
    for title, unit, values in zip(
        titles, units, (RUN.acceleration_m_s2, RUN.angular_velocity_rad_s), strict=True
    ):
        rows = np.column_stack([RUN.time_s, values]).tolist()
        lines = [f"t [s],x{unit},y{unit},z{unit}", *(",".join(map(str, row)) for row in rows)]
        pieces.append(title + "\n".join(lines) + "\n")
    path, other = tmp_path / "run.csv", tmp_path / "other.csv"
    path.write_text("".join(pieces))
    with pytest.raises(InputError, match=r"line 60\d: here another table begins.*--with"):
        read(path)
    path.write_text(pieces[0])
    other.write_text(pieces[1])
    assert_is_the_run(read(path, beside=other))


def test_a_packed_table_that_is_cut_is_read_so_far_and_told(tmp_path: Path) -> None:
    path = tmp_path / "run.csv.gz"
    packed = gzip.compress(written(tmp_path / "run.csv", columns()).read_bytes())
    path.write_bytes(packed[: len(packed) // 2])
    table = read(path)
    assert 200 < len(table.samples) < 400
    assert_is_the_run(table, rows=slice(0, len(table.samples)))
    assert sum("ends too early, and what came behind is missing" in n for n in table.notes) == 1
    path.write_bytes(packed[:15])
    with pytest.raises(InputError, match="packed file ends too early: fetch it again"):
        read(path)
