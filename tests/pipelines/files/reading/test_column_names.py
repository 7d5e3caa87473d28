"""Names of columns as people of many countries, makers and programs write them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from imu.errors import InputError
from pipelines import read
from pipelines.files.reading.column_names import column_names
from tests.pipelines.files.reading.shapes import G, Run
from tests.pipelines.files.reading.tables import (
    RUN,
    assert_is_the_run,
    cells,
    columns,
    written,
)

DEG = 180.0 / np.pi


@pytest.mark.parametrize(
    ("time", "acc", "gyr", "per_acc", "per_gyr"),
    [
        ("Zeit [s]", "Beschl. {x} [m/s²]", "Winkelgeschw. {x} [°/s]", 1.0, DEG),
        ("Zeit in Sekunden", "Beschleunigungssensor_{X} (g)", "Drehrate_{X} (Grad/s)", 1 / G, DEG),
        ("temps (s)", "accélération {x} (m/s²)", "vitesse angulaire {x} (rad/s)", 1.0, 1.0),
        ("Tiempo (s)", "Acelerómetro {X} (g)", "velocidad angular {x} (°/s)", 1 / G, DEG),
        ("tempo", "accelerazione {x}", "velocità angolare {x}", 1.0, 1.0),
        ("czas", "przyspieszenie {x}", "prędkość kątowa {x}", 1.0, 1.0),
        ("время", "ускорение {x} (м/с²)", "угловая скорость {x} (рад/с)", 1.0, 1.0),
        ("時間", "加速度{X}(m/s²)", "角速度{X}(°/s)", 1.0, DEG),
        ("時間(秒)", "加速度{X}(N/kg)", "角速度{X}(centideg/s)", 1.0, 100.0 * DEG),
        ("Время (с)", "ускорение {x} (м/с²)", "угловая скорость {x} (°/h)", 1.0, 3600.0 * DEG),
        ("시간", "가속도 {X}", "각속도 {X}", 1.0, 1.0),
        ("t / s", "a_{x} / m s^-2", "ω_{x} / rad s^-1", 1.0, 1.0),
        ("X[s]", "ACC.{X} 1 [g]", "GYRO.{X} 1 [deg/s]", 1 / G, DEG),
        (
            "accelerometerTimestamp_sinceReboot(s)",
            "accel{X}(g)",
            "gyroRotation{X}(rad/s)",
            1 / G,
            1,
        ),
        ("time", "linear_acceleration.{x} (m/s^2)", "angular_velocity.{x} (rad/s)", 1.0, 1.0),
        ("time", "waist_a{x}", "waist_g{x}", 1 / G, DEG),
        ("time", "Acceleration {x}", "Rotation {x}", 1.0, 1.0),
        ("time", "Accelerometer {n} (g)", "Gyroscope {n} (deg/s)", 1 / G, DEG),
        ("time", "Acc{X} (meters per second squared)", "Gyr{X} (radians per second)", 1.0, 1.0),
        ("time (s)", "acc {x} (cm/s²)", "gyr {x} (rpm)", 100.0, 30.0 / np.pi),
        ("Time", "Accelerometer ({x}) [m/s^2]", "Gyroscope ({x})_deg/sec", 1.0, DEG),
        ("TIMESTAMP", "ACC1{X}", "GYR1{X}", 1.0, 1.0),
        ("Zeit", "Beschl{X}", "Dreh{X}", 1.0, 1.0),
        ("Horodatage", "Accéléromètre {X}", "Gyromètre {X}", 1.0, 1.0),
        ("t", "a{n}", "w{n}", 1.0, 1.0),
        ("time", "{X}Accel", "{X}Gyro", 1.0, 1.0),
        ("time", "f{x} [m s⁻²]", "R{x} [rad s⁻¹]", 1.0, 1.0),
        ("Time", "Acc (m/s²) {x}", "Gyro (º/s) {x}", 1.0, DEG),
        ("Time", "Accel-{X} (g)", "Gyro-{X} (d/s)", 1 / G, DEG),
        ("time", "accel{X}", "rate{X}", 1.0, 1.0),
        ("ts", "acc_{x}_m_per_s2", "gyr_{x}_deg_per_s", 1.0, DEG),
        ("时间戳（秒）", "加速度{X}轴（m/s²）", "陀螺仪{X}轴（rad/s）", 1.0, 1.0),
        ("t", "a{x}", "av{x}", 1.0, 1.0),
        ("час (с)", "прискорення {x} (м/с²)", "кутова швидкість {x} (рад/с)", 1.0, 1.0),
        ("เวลา", "ความเร่ง {X}", "ความเร็วเชิงมุม {X}", 1.0, 1.0),
        ("Waktu", "Percepatan {X} (g)", "Kecepatan sudut {X} (°/s)", 1 / G, DEG),
        ("t", "specific_force_{x}", "RotVel{X}_rad_sec", 1.0, 1.0),
        ("t", "XL_{X}", "g[{n}]", 1.0, 1.0),
        ("t", "acc_{x}", "imu.angular.{x}", 1.0, 1.0),
        ("", "acc_{x}", "gyr_{x}", 1.0, 1.0),
        ("Время", "Ускорение {X} (м/с2)", "Угловая скорость {X} (град/с)", 1.0, DEG),
        ("Czas [s]", "Przyspieszenie {X} [m/s2]", "Prędkość kątowa {X} [stopnie/s]", 1.0, DEG),
        ("时间(秒)", "加速度{X}(米/秒2)", "角速度{X}(度/秒)", 1.0, DEG),
        ("시간(초)", "가속도 {X}(미터/초²)", "각속도 {X}(도/초)", 1.0, DEG),
        (
            "t (s)",
            "accel. {x} (metri al secondo quadrato)",
            "giro {x} (grados por segundo)",
            1,
            DEG,
        ),
    ],
)
def test_columns_are_named_in_many_languages_and_units(
    tmp_path: Path, time: str, acc: str, gyr: str, per_acc: float, per_gyr: float
) -> None:
    table = columns(time_name=time, acc=acc, gyr=gyr, per_acc=per_acc, per_gyr=per_gyr)
    assert_is_the_run(read(written(tmp_path / "run.csv", table)))


@pytest.mark.parametrize(
    ("encoding", "acc"), [("gb18030", "加速度{X}(m/s2)"), ("shift_jis", "加速度{X}(m/s2)")]
)
def test_columns_are_named_in_the_encodings_of_their_countries(
    tmp_path: Path, encoding: str, acc: str
) -> None:
    table = columns(time_name="時間", acc=acc, gyr="角速度{X}(rad/s)")
    assert_is_the_run(read(written(tmp_path / "run.csv", table, encoding=encoding)))


def test_axes_named_by_directions_keep_the_order_of_the_sensor() -> None:
    names = [f"{sensor}_{axis}" for sensor in ("acc", "gyr") for axis in ("is", "ml", "pa")]
    said = column_names(names, [""] * 6)
    assert [(one.quantity, one.axis) for one in said] == [
        (quantity, axis) for quantity in ("acc", "gyr") for axis in range(3)
    ]
    numbered = column_names([f"acc{number}" for number in (3, 1, 2)], [""] * 3)
    assert [one.axis for one in numbered] == [2, 0, 1]


def test_acceleration_that_is_called_linear_and_holds_gravity_is_read(tmp_path: Path) -> None:
    in_g = columns(acc="linear_acceleration.{x}", per_acc=1.0 / G)
    assert_is_the_run(read(written(tmp_path / "robot.csv", in_g)))
    moving = Run(RUN.time_s, RUN.acceleration_m_s2 - [0, 0, G], RUN.angular_velocity_rad_s, 100.0)
    table = columns(acc="linear_acceleration.{x} (m/s^2)", run=moving)
    with pytest.raises(InputError, match="without gravity"):
        read(written(tmp_path / "run.csv", table))


@pytest.mark.parametrize("names", ["rollRate pitchRate yawRate", "p[rad/s] q[rad/s] r[rad/s]"])
def test_turning_is_named_as_flyers_do(tmp_path: Path, names: str) -> None:
    table = columns()
    turning = dict(zip(names.split(), list(table.values())[4:], strict=True))
    table = dict(list(table.items())[:4]) | turning
    assert_is_the_run(read(written(tmp_path / "run.csv", table)))


def test_columns_without_names_beside_the_sensors_are_passed_over(tmp_path: Path) -> None:
    table = columns()
    rng = np.random.default_rng(1)
    aside = {"lux": ["12"] * 600, "button": ["0"] * 600, "temp": cells(rng.normal(24, 0.1, 600))}
    times = [f"2026-03-01 09:00:0{t:.3f}".replace(".", ":") for t in RUN.time_s.tolist()]
    names = list(table)
    acc = {name: table[name] for name in names[1:4]}
    path = tmp_path / "run.csv"
    path.write_text(
        "\n".join(map(",".join, zip(times, *acc.values(), *aside.values(), strict=True)))
    )
    found = read(path)
    assert found.samples.angular_velocity_rad_s is None
    np.testing.assert_allclose(found.samples.acceleration_m_s2, RUN.acceleration_m_s2, atol=1e-3)
    assert "passed over: 'column 5'" in found.notes[0]


@pytest.mark.parametrize(
    "head",
    [
        "# time_s,acc_x_m_s2,acc_y_m_s2,acc_z_m_s2,gyr_x_rad_s,gyr_y_rad_s,gyr_z_rad_s",
        "Time,Acceleration,,,Gyroscope,,\n[s],X (m/s²),Y (m/s²),Z (m/s²),X (rad/s),Y (rad/s),Z",
        ",acc,acc,acc,gyr,gyr,gyr\n,x,y,z,x,y,z\ntime,,,,,,",
        ",Accelerometer,,,Gyroscope,,\nTime,X,Y,Z,X,Y,Z\ns,m/s²,m/s²,m/s²,rad/s,rad/s,rad/s",
    ],
)
def test_names_stand_behind_a_remark_and_in_several_lines(tmp_path: Path, head: str) -> None:
    path = written(tmp_path / "run.csv", columns())
    rows = path.read_text().partition("\n")[2]
    path.write_text(f"{head}\n{rows}")
    assert_is_the_run(read(path))


@pytest.mark.parametrize(("names", "cells_by"), [(",", ";"), (";", "\t"), ("\t", ",")])
def test_names_may_stand_between_other_signs_than_numbers(
    tmp_path: Path, names: str, cells_by: str
) -> None:
    path = written(tmp_path / "run.csv", columns(), separator=cells_by)
    header, rest = path.read_text().split("\n", 1)
    path.write_text(header.replace(cells_by, names) + "\n" + rest)
    assert_is_the_run(read(path))


def test_a_line_about_the_recorder_is_no_line_of_names(tmp_path: Path) -> None:
    table = columns()
    rows = zip(*(table[f"acc_{axis}_m_s2"] for axis in "xyz"), strict=True)
    path = tmp_path / "run.csv"
    head = "Recorder 7, battery 3,91 V\nat 100 Hz\n----------\n"
    path.write_text(head + "".join(",".join(row) + "\n" for row in rows))
    found = read(path)
    np.testing.assert_allclose(found.samples.acceleration_m_s2, RUN.acceleration_m_s2, atol=1e-5)
    assert "battery" not in found.notes[0]


@pytest.mark.parametrize(
    ("time", "per_second", "acc", "gyr"),
    [
        ("uptime_ms", 1e3, "a{x}", "g{x}"),
        ("received_us", 1e6, "a{x}", "g{x}"),
        ("recorder_ms", 1e3, "a{x}", "g{x}"),  # a name that no word calls a time
        ("FILETIME", 1e7, "a{x}", "g{x}"),
        ("t", 1.0, "f_{x}", "omega_{x}"),
        ("Thời gian", 1.0, "Gia tốc {x}", "Vận tốc góc {x}"),
        ("t", 1.0, "a{x}", "{pqr}"),
        ("ts", 1e3, "acceleration.{x}", "rotationRate.{browser}"),
    ],
)
def test_names_that_tell_little_are_read_by_their_numbers_and_their_company(
    tmp_path: Path, time: str, per_second: float, acc: str, gyr: str
) -> None:
    zero = 133_800_000_000_000_000 if time == "FILETIME" else 0
    stamps = [str(zero + round(t * per_second, 6)) for t in RUN.time_s.tolist()]
    if time == "FILETIME":
        stamps = [str(zero + round(t * per_second)) for t in RUN.time_s.tolist()]
    table = columns(stamps, time, acc.replace("{pqr}", "{x}"), "gyr_{x}")
    for axis, rate, browser in zip("xyz", "pqr", ("beta", "gamma", "alpha"), strict=True):
        name = gyr.format(x=axis, pqr=rate, browser=browser)
        table[name] = table.pop(f"gyr_{axis}")
    assert_is_the_run(read(written(tmp_path / "run.csv", table)))


def test_what_may_be_angles_or_angular_velocity_is_passed_over_and_told(tmp_path: Path) -> None:
    table = read(written(tmp_path / "run.csv", columns(gyr="Rot{X}")))
    assert not table.samples.has_gyro
    assert any("'RotX', 'RotY' and 'RotZ' may be angles" in note for note in table.notes)
    table = read(written(tmp_path / "other.csv", columns(gyr="wb_{x}")))
    assert any("'wb_x', 'wb_y' and 'wb_z' may be angles" in note for note in table.notes)
    # a force plate's columns are no specific force
    force = {n.replace("acc", "f"): v for n, v in columns(acc="acc_{x}").items() if "gyr" not in n}
    newtons = {n.replace("acc", "f"): v for n, v in columns(acc="acc_{x} [N]").items()}
    for plate in (force, newtons):
        with pytest.raises(InputError, match="no acceleration axis"):
            read(written(tmp_path / "plate.csv", plate))


@pytest.mark.parametrize(
    ("encoding", "acc", "gyr"),
    [
        ("cp1250", "Przyspieszenie {x}", "Prędkość kątowa {x}"),
        ("cp1253", "Επιτάχυνση {x}", "Γωνιακή ταχύτητα {x}"),
        ("cp1254", "İvme {x}", "Açısal hız {x}"),
    ],
)
def test_names_in_the_code_page_of_a_country_are_shown_as_they_stand(
    tmp_path: Path, encoding: str, acc: str, gyr: str
) -> None:
    table = columns(acc=acc, gyr=gyr)
    read_back = read(written(tmp_path / "run.csv", table, encoding=encoding))
    assert_is_the_run(read_back)
    assert gyr.format(x="x") in read_back.notes[0]


def test_a_trampoline_is_refused_by_its_name_and_not_as_a_wrong_unit(tmp_path: Path) -> None:
    table = columns()
    beat = RUN.time_s * 1.5 % 1.0
    upward = np.where(beat < 0.3, G / 0.3, 0.0) + 0.1 * np.sin(40.0 * RUN.time_s)
    for axis, values in zip("xyz", (0.0 * beat, 0.0 * beat + 0.3, upward), strict=True):
        table[f"acc_{axis}_m_s2"] = cells(values)
    with pytest.raises(InputError, match="falls for more than half of the time"):
        read(written(tmp_path / "run.csv", table))


def test_a_header_that_comes_again_with_blanks_and_units(tmp_path: Path) -> None:
    path = written(tmp_path / "run.csv", columns())
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[300:300] = [" , ".join(lines[0].split(",")), "s,m/s2,m/s2,m/s2,rad/s,rad/s,rad/s"]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert_is_the_run(read(path))
