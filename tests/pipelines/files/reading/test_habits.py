"""Columns, times, cells and files as people of many habits write them, one test a kind."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest

from imu.errors import InputError
from pipelines import read
from pipelines.files.provenance import utc_text
from pipelines.files.reading.column_names import column_names
from pipelines.files.reading.stamps import stamps_in_words
from pipelines.files.sample_table import write_sample_table
from tests.pipelines.files.reading.shapes import G, Run, a_run
from tests.pipelines.files.reading.tables import (
    RUN,
    assert_is_the_run,
    cells,
    columns,
    written,
)

START = datetime(2026, 1, 1, 8, 0, 7, tzinfo=UTC)
DEG = 180.0 / np.pi
LONGER = a_run(seconds=75.0)


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


def test_of_two_sensors_the_one_at_the_waist_is_taken_and_the_other_told(tmp_path: Path) -> None:
    table = columns(acc="pelvis_acc_{x}", gyr="pelvis_gyr_{x}")
    table |= columns(acc="foot_acc_{x}", gyr="foot_gyr_{x}", per_acc=1.5, run=a_run(seed=2))
    found = read(written(tmp_path / "run.csv", table))
    assert_is_the_run(found)
    assert "passed over: 'foot_acc_x'" in found.notes[0]
    unnamed = {name.replace("pelvis", "left"): held for name, held in table.items()}
    path = written(tmp_path / "run.csv", unnamed)
    with pytest.raises(InputError, match="a second time: name one sensor by --stream"):
        read(path)
    assert_is_the_run(read(path, stream="left"))
    without = {name: held for name, held in table.items() if not name.startswith("pelvis_gyr")}
    # a gyroscope at the foot says nothing of the pelvis
    assert read(written(path, without)).samples.angular_velocity_rad_s is None


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


def test_the_sensor_without_a_name_is_read_beside_others_elsewhere(tmp_path: Path) -> None:
    table = columns(acc="foot_acc_{x}", gyr="foot_gyr_{x}", per_acc=1.5) | columns()
    assert_is_the_run(read(written(tmp_path / "run.csv", table)))
    table = columns(acc="imu2_acc_{x}", gyr="imu2_gyr_{x}", per_acc=1.5) | columns()
    with pytest.raises(InputError, match="a second time"):
        read(written(tmp_path / "two.csv", table))


def test_s1_is_of_the_sacrum_unless_there_are_several_such_sensors(tmp_path: Path) -> None:
    sacrum = columns(acc="S1_acc_{x}", gyr="S1_gyr_{x}")
    for other, known in (("S2", False), ("T12", True), ("foot", True), ("LF", True)):
        table = sacrum | columns(acc=f"{other}_acc_{{x}}", gyr=f"{other}_gyr_{{x}}", per_acc=1.5)
        path = written(tmp_path / "run.csv", table)
        if known:
            assert_is_the_run(read(path))
        else:
            with pytest.raises(InputError, match="there are 's1' and 's2'"):
                read(path)


@pytest.mark.parametrize(
    ("waist", "other"),
    [("hip", "wrist"), ("Rücken", "Fuß"), ("骨盤", "足首"), ("LowerBack", "Head")],
)
def test_the_waist_is_known_in_several_languages_and_a_sensor_elsewhere_is_told(
    tmp_path: Path, waist: str, other: str
) -> None:
    table = columns(acc=f"{other}_acc_{{x}}", gyr=f"{other}_gyr_{{x}}", run=a_run(seed=2))
    alone = read(written(tmp_path / "run.csv", table))
    assert "names a place that is not the waist" in " ".join(alone.notes)
    table |= columns(acc=f"{waist}_acc_{{x}}", gyr=f"{waist}_gyr_{{x}}")
    found = read(written(tmp_path / "run.csv", table))
    assert_is_the_run(found)
    assert "not the waist" not in " ".join(found.notes)


@pytest.mark.parametrize("dated", [0, 1])
def test_two_files_of_two_clocks_are_joined_where_they_began_at_once_alone(
    tmp_path: Path, dated: int
) -> None:
    whole = columns()
    paths = []
    for k, sensor in enumerate(("acc", "gyr")):
        table = {name: held for name, held in whole.items() if name.startswith(("time", sensor))}
        if k == dated:
            table["time_s"] = cells(RUN.time_s + 1.77e9)
        paths.append(written(tmp_path / f"{sensor}.csv", table))
    found = read(paths[0], beside=paths[1])
    assert_is_the_run(found, rows=slice(0, len(found.samples)))
    assert "taken to have begun at once" in " ".join(found.notes)
    head, *lines = paths[1].read_text().splitlines()
    paths[1].write_text("\n".join([head, *lines[100:]]) + "\n")  # began a second later
    with pytest.raises(InputError, match="give both with times of one clock"):
        read(paths[0], beside=paths[1])


def test_acceleration_that_is_called_linear_and_holds_gravity_is_read(tmp_path: Path) -> None:
    in_g = columns(acc="linear_acceleration.{x}", per_acc=1.0 / G)
    assert_is_the_run(read(written(tmp_path / "robot.csv", in_g)))
    moving = Run(RUN.time_s, RUN.acceleration_m_s2 - [0, 0, G], RUN.angular_velocity_rad_s, 100.0)
    table = columns(acc="linear_acceleration.{x} (m/s^2)", run=moving)
    with pytest.raises(InputError, match="without gravity"):
        read(written(tmp_path / "run.csv", table))


def stamp(time_s: float, form: str, zone: timezone = UTC) -> str:
    at = (START + timedelta(seconds=time_s)).astimezone(zone)
    return at.strftime(form).replace("MS", f"{at.microsecond // 1000:03d}")


CET = timezone(timedelta(hours=1))


@pytest.mark.parametrize(
    ("form", "zone"),
    [
        ("%Y-%m-%dT%H:%M:%S.MS+01", CET),
        ("%Y-%m-%d %H:%M:%S.MS CET", CET),
        ("%Y-%m-%dT%H:%M:%S.MS+01:00[Europe/Berlin]", CET),
        ("%Y%m%dT%H%M%S.MSZ", UTC),
        ("%Y%m%d%H%M%SMS", UTC),
        ("%Y-%m-%d_%H-%M-%S-MS", UTC),
        ("%Y年%m月%d日 %H:%M:%S.MS", UTC),
        ("%d/%m/%y %H:%M:%S.MS", UTC),
        ("%d-%b-%Y %H:%M:%S.MS", UTC),
        ("%a %b %d %H:%M:%S.MS %Y", UTC),
        ("%m/%d/%Y %I:%M:%S.MS %p", UTC),
    ],
)
def test_dates_are_written_in_many_ways(tmp_path: Path, form: str, zone: timezone) -> None:
    stamps = [stamp(t, form, zone) for t in RUN.time_s.tolist()]
    table = read(written(tmp_path / "run.csv", columns(stamps, "timestamp"), ";"))
    assert_is_the_run(table)
    np.testing.assert_allclose(table.samples.time_s, RUN.time_s, atol=1e-6)
    assert table.utc_start_ns == int(START.timestamp()) * 10**9


@pytest.mark.parametrize(("end", "told"), [("", True), ("Z", False), ("+01:00", False)])
def test_a_time_of_no_zone_is_told_to_be_taken_for_utc(
    tmp_path: Path, end: str, told: bool
) -> None:
    stamps = [stamp(t, f"%Y-%m-%d %H:%M:%S.MS{end}") for t in RUN.time_s.tolist()]
    table = read(written(tmp_path / "run.csv", columns(stamps, "Time", "Acc {x}")))
    assert ("of no zone and taken for UTC" in table.notes[0]) is told


def test_minutes_and_seconds_go_on_over_the_hour() -> None:
    found = stamps_in_words(np.array([b"59:59.9", b"00:00.0", b"00:00.1"]), "")
    assert np.diff(found).tolist() == [10**8, 10**8]


@pytest.mark.parametrize(
    ("name", "offset", "per_s", "digits"),
    [
        ("Date Time", 46023.0 + 8 / 24 + 7 / 86400, 1 / 86400, 11),
        ("datenum", 739983.0 + 8 / 24 + 7 / 86400, 1 / 86400, 11),
        ("Ticks", 62_135_596_800e7 + START.timestamp() * 1e7, 1e7, 0),
    ],
)
def test_spreadsheets_and_systems_count_from_epochs_of_their_own(
    tmp_path: Path, name: str, offset: float, per_s: float, digits: int
) -> None:
    stamps = [f"{offset + t * per_s:.{digits}f}" for t in RUN.time_s.tolist()]
    table = read(written(tmp_path / "run.csv", columns(stamps, name)))
    assert_is_the_run(table)
    assert abs(table.utc_start_ns / 1e9 - START.timestamp()) < 2e-3


@pytest.mark.parametrize(("coarse", "fine"), [("stamp.sec", "stamp.nanosec"), ("Time", "ms")])
def test_a_second_and_its_fraction_in_two_columns_are_one_time(
    tmp_path: Path, coarse: str, fine: str
) -> None:
    whole = [str(int(START.timestamp() + t + 1e-9)) for t in RUN.time_s.tolist()]
    if coarse == "Time":
        whole = [stamp(t + 1e-9, "%H:%M:%S") for t in RUN.time_s.tolist()]
    per_s = 1e9 if fine.endswith("nanosec") else 1e3
    parts = [str(round((t + 1e-9) % 1.0 * per_s)) for t in RUN.time_s.tolist()]
    table = columns(whole, coarse)
    found = read(written(tmp_path / "run.csv", {coarse: table.pop(coarse), fine: parts, **table}))
    assert_is_the_run(found)
    np.testing.assert_allclose(found.samples.time_s, RUN.time_s, atol=1e-4)


def test_both_sensors_may_have_a_time_and_a_pace_of_their_own(tmp_path: Path) -> None:
    slow = RUN.time_s[::2]
    lacking = [""] * (len(RUN.time_s) - len(slow))
    table = columns(time_name="X[s]", acc="ACC.{X} [m/s^2]", gyr="GYRO.{X} [rad/s]")
    for k, axis in enumerate("XYZ"):
        table[f"GYRO.{axis} [rad/s]"] = cells(RUN.angular_velocity_rad_s[::2, k]) + lacking
    names = [*list(table)[:4], "X[s].1", *list(table)[4:]]
    table["X[s].1"] = cells(slow) + lacking
    found = read(written(tmp_path / "run.csv", {name: table[name] for name in names}))
    turning = found.samples.angular_velocity_rad_s
    assert turning is not None
    np.testing.assert_allclose(turning[::2], RUN.angular_velocity_rad_s[:-1:2], atol=2e-3)
    # without a time of its own it cannot be told when it was measured
    del table["X[s].1"]
    with pytest.raises(InputError, match="first 300 of 600 rows"):
        read(written(tmp_path / "run.csv", table))


#: One time for a muscle's channel, which is faster, and one for each axis or sensor.
EMG = "EMG 1 [V]"
Table = list[tuple[str, np.ndarray]]


def with_own_times(times: str, *, each_axis: bool, behind: bool) -> Table:
    """Columns of a run, each with its time beside it, those of a faster channel first."""
    fast = np.arange(3 * len(RUN.time_s)) / (3.0 * RUN.rate_hz)
    muscle = [(EMG, np.sin(50.0 * fast))]
    parts: list[tuple[str, Table, np.ndarray]] = [("EMG 1", muscle, fast)]
    for sensor, unit, values, time in (
        ("ACC", "g", RUN.acceleration_m_s2 / G, RUN.time_s),
        ("GYRO", "deg/s", DEG * RUN.angular_velocity_rad_s, RUN.time_s),
    ):
        axes = [(f"{sensor} {x} [{unit}]", values[:, k]) for k, x in enumerate("XYZ")]
        parts += [(axis[0].partition(" [")[0], [axis], time) for axis in axes] if each_axis else [
            (sensor, axes, time)]  # fmt: skip
    found = []
    for name, held, time in parts:
        clock = [(times.format(name=name), time)]
        found += [*held, *clock] if behind else [*clock, *held]
    return found


def written_ragged(path: Path, table: Table, above: list[str]) -> Path:
    rows = max(len(values) for _, values in table)
    filled = [cells(values) + [""] * (rows - len(values)) for _, values in table]
    lines = [*above, ",".join(name for name, _ in table), *map(",".join, zip(*filled, strict=True))]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize("behind", [False, True])
@pytest.mark.parametrize("each_axis", [False, True])
@pytest.mark.parametrize("times", ["X[s]", "Time", "{name} Time Series (s)"])
def test_each_channel_may_have_its_time_beside_it(
    tmp_path: Path, times: str, each_axis: bool, behind: bool
) -> None:
    table = with_own_times(times, each_axis=each_axis, behind=behind)
    found = read(written_ragged(tmp_path / "run.csv", table, []))
    assert_is_the_run(found)
    assert "without a time" not in " ".join(found.notes)


def test_axes_that_were_measured_at_different_times_are_refused(tmp_path: Path) -> None:
    table = with_own_times("X[s]", each_axis=True, behind=False)
    table[4] = (table[4][0], table[4][1] + 0.004)  # that of y
    with pytest.raises(InputError, match="was measured at other times than the axis"):
        read(written_ragged(tmp_path / "run.csv", table, []))


def test_the_time_of_a_sensor_has_its_name_wherever_it_stands(tmp_path: Path) -> None:
    table = columns(
        time_name="foot_time", acc="foot_acc_{x}", gyr="foot_gyr_{x}", run=a_run(seed=2)
    )
    table |= columns(acc="pelvis_acc_{x}", gyr="pelvis_gyr_{x}")
    table["pelvis_time"] = table.pop("time_s")
    table["foot_time"] = cells(1.1 * RUN.time_s)
    assert_is_the_run(read(written(tmp_path / "run.csv", table)))


@pytest.mark.parametrize("labels", [("Right tibia (81)", "Lower back (82)"), ("IMU 1", "IMU 2")])
def test_sensors_named_far_above_their_channels_are_told_apart(
    tmp_path: Path, labels: tuple[str, str]
) -> None:
    own = with_own_times("{name} Time Series (s)", each_axis=True, behind=False)
    other = [(n, v if "Time" in n else v[::-1]) for n, v in own]
    gap = "," * len(own)
    above = [
        "Application: Trigno Discover",
        f"{labels[0]}{gap}{labels[1]}{gap[1:]}",
        f"sensor mode: 65{gap}sensor mode: 65{gap[1:]}",
    ]
    path = written_ragged(tmp_path / "run.csv", [*other, *own], above)
    lines = path.read_text().splitlines()
    lines[4:4] = [",".join(["", cell] * len(own)) for cell in ("100 Hz", "0.01 s")]
    path.write_text("\n".join(lines) + "\n")
    if "back" in labels[1]:
        assert_is_the_run(read(path))
        return
    with pytest.raises(InputError, match="name one sensor by --stream, such as --stream '1'"):
        read(path)
    assert_is_the_run(read(path, stream="IMU 2"))


@pytest.mark.parametrize(
    ("name", "stamps", "fault", "cure"),
    [
        ("time", [str(k) for k in range(600)], "goes up by one a row", None),
        ("ticks", [str(round(t * 32768)) for t in RUN.time_s.tolist()], "ticks", "time=s/32768"),
        ("timestamp", [f"<{k}>" for k in range(600)], "holds no times that can be read", None),
    ],
)
def test_a_time_that_tells_none_is_refused_and_the_advice_is_right(
    tmp_path: Path, name: str, stamps: list[str], fault: str, cure: str | None
) -> None:
    path = written(tmp_path / "run.csv", columns(stamps, name))
    with pytest.raises(InputError, match=fault) as caught:
        read(path)
    assert "--rate" in str(caught.value)
    assert_is_the_run(read(path, rate_hz=100.0))
    if cure is not None:
        assert f"--units {cure}" in str(caught.value)
        assert_is_the_run(read(path, units=cure))


def test_counts_of_a_gyroscope_are_refused_and_the_advice_is_right(tmp_path: Path) -> None:
    table = columns(acc="acc_{x}_m_s2", gyr="gyr_{x}", per_gyr=DEG * 131.0)
    for axis in "xyz":
        table[f"gyr_{axis}"] = [str(round(float(cell))) for cell in table[f"gyr_{axis}"]]
    path = written(tmp_path / "run.csv", table)
    with pytest.raises(InputError, match=r"raw counts.*--units gyr=deg_s/16\.4"):
        read(path)
    assert_is_the_run(read(path, units="gyr=deg_s/131"))


@pytest.mark.parametrize(
    ("separator", "change"),
    [
        (";", lambda cell: re.sub(r"^(\d)(\d{3})\.", r"\1,\2.", cell)),
        (";", lambda cell: re.sub(r"^(\d)(\d{3})\.", r"\1'\2.", cell)),
        (";", lambda cell: re.sub(r"^(\d)(\d{3}),", r"\1.\2,", cell.replace(".", ","))),
        (",", lambda cell: cell.replace("-", "\u2212")),
        (",", lambda cell: f"{float(cell):.8E}".replace("E", "D")),
    ],
)
def test_numbers_are_written_in_many_ways(tmp_path: Path, separator: str, change: object) -> None:
    assert callable(change)
    table = columns(cells(RUN.time_s * 1000.0, 1), "time_ms")
    changed = {name: [change(cell) for cell in held] for name, held in table.items()}
    assert_is_the_run(read(written(tmp_path / "run.csv", changed, separator)))


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_units_stand_behind_each_number(tmp_path: Path, separator: str) -> None:
    table = columns(time_name="t", acc="a{x}", gyr="Gyro {X}", per_acc=1 / G, per_gyr=DEG)
    ends = {"t": " s"} | {name: " g" if name[0] == "a" else "°/s" for name in table if name != "t"}
    comma = separator != ","
    held = {
        name: [(cell.replace(".", ",") if comma else cell) + ends[name] for cell in found]
        for name, found in table.items()
    }
    assert_is_the_run(read(written(tmp_path / "run.csv", held, separator)))


@pytest.mark.parametrize(
    "nothing", ["#NV", "#WERT!", "#DIV/0!", "-1.#IND00", "1.#QNAN", "-nan(ind)", "(null)", "-nan"]
)
def test_no_number_is_written_in_many_ways(tmp_path: Path, nothing: str) -> None:
    table = columns()
    for name in list(table)[1:]:
        table[name][300] = nothing
    found = read(written(tmp_path / "run.csv", table))
    assert len(found.samples) == len(RUN.time_s)
    assert np.isnan(found.samples.acceleration_m_s2[300]).all()
    del table["time_s"]
    counted = read(written(tmp_path / "run.csv", table), rate_hz=RUN.rate_hz)
    np.testing.assert_allclose(
        counted.samples.acceleration_m_s2[400:], RUN.acceleration_m_s2[400:], atol=1e-3
    )


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


def with_vectors(
    path: Path, head: str, row: str, inner: str, *vectors: np.ndarray, comma: bool = False
) -> Path:
    """A table whose cells {} hold a vector each, behind the time."""
    lines = []
    for k, time in enumerate(RUN.time_s):
        said = [inner.join(f"{v:.5f}" for v in one[k]) for one in vectors]
        line = row.format(*said, t=f"{time:.3f}")
        lines.append(line.replace(".", ",") if comma else line)
    path.write_text("\n".join([*filter(None, [head]), *lines]) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("head", "row", "inner", "comma"),
    [
        ("time,acc,gyr", "{t},{0},{1}", ";", False),
        ("time,acc [m/s^2],gyr_rad_s", "{t},{0},{1}", " ", False),
        ("time_s;acc_m_s2;gyr_rad_s", "{t};[{0}];[{1}]", ", ", False),
        ("time,acc,gyr", '{t},"[{0}]","[{1}]"', ", ", False),
        ("time,acc,gyr", "{t},[ {0}],[{1} ]", "  ", False),
        ('"time","acc (m/s²)","gyr (rad/s)"', '"{t}","{0}","{1}"', ",", False),
        ("time\tquat\tacc (x,y,z)\tgyr (x,y,z)", "{t}\t0.7,0.1,0.7,0.1\t{0}\t{1}", ",", False),
        ("Zeit;Beschleunigung;Drehrate", "{t};({0});({1})", "; ", True),
        ("Zeit;Beschleunigung;Drehrate", "{t};{0};{1}", "|", True),
        ("time;acc;gyr", "{t};{0};{1}", ",", False),
        ("", "{t},({0}),({1})", ", ", False),
    ],
)
def test_a_cell_may_hold_a_vector(
    tmp_path: Path, head: str, row: str, inner: str, comma: bool
) -> None:
    vectors = RUN.acceleration_m_s2, RUN.angular_velocity_rad_s
    path = with_vectors(tmp_path / "run.csv", head, row, inner, *vectors, comma=comma)
    assert_is_the_run(read(path))
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[301] = lines[301].partition(",")[0][:5]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert len(read(path).samples) in (599, 600)  # a torn row is a lost sample


OPENSIM = "DataRate=100.0\nDataType=Vec3\nversion=3\nendheader\ntime\t{}\t{}"


def test_vectors_of_opensim_are_of_the_sensor_at_the_pelvis(tmp_path: Path) -> None:
    acc, gyr = RUN.acceleration_m_s2, RUN.angular_velocity_rad_s
    other, turned = acc[:, [1, 2, 0]], gyr[:, [1, 2, 0]]
    names = OPENSIM.format("torso_imu", "pelvis_imu")
    one = with_vectors(tmp_path / "walk.sto", names, "{t}\t{0}\t{1}", ",", other, acc)
    two = with_vectors(
        tmp_path / "walk_angularVelocity.sto", names, "{t}\t{0}\t{1}", ",", turned, gyr
    )
    found = read(one, beside=two)
    assert_is_the_run(found)
    np.testing.assert_allclose(found.samples.time_s, RUN.time_s, atol=1e-6)
    np.testing.assert_allclose(
        read(one, stream="torso").samples.acceleration_m_s2, other, atol=2e-3
    )


@pytest.mark.parametrize("scale", [1.0, 1000.0])
def test_positions_of_a_pelvis_are_no_acceleration(tmp_path: Path, scale: float) -> None:
    places = scale * (np.array([0.1, 0.97, 0.2]) + RUN.acceleration_m_s2 / 2000.0)
    names = OPENSIM.format("pelvis", "torso")
    path = with_vectors(tmp_path / "run_g.sto", names, "{t}\t{0}\t{1}", ",", places, places)
    with pytest.raises(InputError, match="no acceleration axis"):
        read(path)


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


@pytest.mark.parametrize("names", ["rollRate pitchRate yawRate", "p[rad/s] q[rad/s] r[rad/s]"])
def test_turning_is_named_as_flyers_do(tmp_path: Path, names: str) -> None:
    table = columns()
    turning = dict(zip(names.split(), list(table.values())[4:], strict=True))
    table = dict(list(table.items())[:4]) | turning
    assert_is_the_run(read(written(tmp_path / "run.csv", table)))


def test_the_day_or_parts_of_the_time_stand_in_columns_of_their_own(tmp_path: Path) -> None:
    table = columns()
    rest = dict(list(table.items())[1:])
    clock = [f"10:00:0{t:.3f}" for t in RUN.time_s.tolist()]
    dated = {"Datum": ["01.03.2026"] * 600, "Uhrzeit": clock, **rest}
    found = read(written(tmp_path / "dated.csv", dated))
    assert_is_the_run(found)
    start = datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert found.utc_start_ns == round(start.timestamp()) * 10**9
    at = 58.0 + RUN.time_s  # over the minute
    parts = {
        "Hour": ["9"] * 600,
        "Minute": [str(59 if t < 60.0 else 0) for t in at],
        "Second": cells(at % 60.0, 3),
    }
    parts["Hour"] = ["9" if t < 60.0 else "10" for t in at]
    assert_is_the_run(read(written(tmp_path / "parts.csv", parts | rest)))


def test_rows_of_one_sensor_or_the_other_tell_the_units_too(tmp_path: Path) -> None:
    lines = ["time,ax,ay,az,gx,gy,gz"]
    for t, a, w in zip(
        RUN.time_s.tolist(),
        RUN.acceleration_m_s2.tolist(),
        np.degrees(RUN.angular_velocity_rad_s).tolist(),
        strict=True,
    ):
        lines.append(f"{t:.4f},{a[0]:.5f},{a[1]:.5f},{a[2]:.5f},,,")
        lines.append(f"{t + 0.001:.4f},,,,{w[0]:.5f},{w[1]:.5f},{w[2]:.5f}")
    path = tmp_path / "run.csv"
    path.write_text("\n".join(lines) + "\n")
    found = read(path)
    turning = found.samples.angular_velocity_rad_s
    assert turning is not None
    count = len(turning)
    assert count > 590
    assert np.median(np.abs(turning - RUN.angular_velocity_rad_s[:count])) < 0.05


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


@pytest.mark.parametrize("folder", ["", "export/day 1/"])
def test_a_zip_with_a_table_of_each_sensor_is_one_recording(tmp_path: Path, folder: str) -> None:
    table = columns(acc="{x}", gyr="{X}")
    names = list(table)
    path = tmp_path / "acc and gyr.zip"
    with zipfile.ZipFile(path, "w") as packed:
        for file, held in (("Accelerometer.csv", names[1:4]), ("Gyroscope.csv", names[4:])):
            one = written(tmp_path / file, {name: table[name] for name in ["time_s", *held]})
            packed.write(one, folder + file)
        packed.writestr("__MACOSX/._Accelerometer.csv", b"\0\5")
        packed.writestr("readme.txt", "A run.\n")
    assert_is_the_run(read(path))


def test_folders_of_a_zip_with_tables_of_one_name_are_of_a_sensor_each(tmp_path: Path) -> None:
    path, turned = tmp_path / "trial.zip", RUN.acceleration_m_s2[:, [1, 2, 0]]
    other = replace(RUN, acceleration_m_s2=turned)
    with zipfile.ZipFile(path, "w") as packed:
        for place, run in (("foot", other), ("sacrum", RUN), ("wrist", other)):
            table = columns(acc="{x}", gyr="{X}", run=run)
            names = list(table)
            for file, held in (("acc.csv", names[1:4]), ("gyro.csv", names[4:])):
                one = written(tmp_path / file, {name: table[name] for name in ["time_s", *held]})
                packed.write(one, f"trial 1/{place}/{file}")
    assert_is_the_run(read(path))
    force = read(path, stream="foot").samples.acceleration_m_s2
    np.testing.assert_allclose(force, turned, atol=2e-3)


def test_the_acceleration_of_one_file_tells_the_unit_of_the_other(tmp_path: Path) -> None:
    table = columns(acc="{x}", gyr="{X}", per_gyr=DEG)
    names = list(table)
    one = written(tmp_path / "a.csv", {name: table[name] for name in names[:4]})
    other = written(tmp_path / "b.csv", {name: table[name] for name in [names[0], *names[4:]]})
    assert_is_the_run(read(one, beside=other))


@pytest.mark.parametrize("per_acc", [1e3 / G, 10.0])
def test_thousands_of_whole_numbers_may_have_points(tmp_path: Path, per_acc: float) -> None:
    table = columns(cells(RUN.time_s * 1000.0, 0), "t_ms", per_acc=per_acc, per_gyr=1e3)
    points = {
        name: [f"{round(float(cell)):,}".replace(",", ".") for cell in held]
        for name, held in table.items()
    }
    path = written(tmp_path / "run.csv", points, ";")
    found = read(path, units=f"acc=m_s2/{per_acc!r},gyr=rad_s/1000")
    np.testing.assert_allclose(found.samples.time_s, RUN.time_s, atol=1e-9)
    np.testing.assert_allclose(
        found.samples.acceleration_m_s2, RUN.acceleration_m_s2, atol=0.51 / per_acc
    )


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


@pytest.mark.parametrize(("names", "cells_by"), [(",", ";"), (";", "\t"), ("\t", ",")])
def test_names_may_stand_between_other_signs_than_numbers(
    tmp_path: Path, names: str, cells_by: str
) -> None:
    path = written(tmp_path / "run.csv", columns(), separator=cells_by)
    header, rest = path.read_text().split("\n", 1)
    path.write_text(header.replace(cells_by, names) + "\n" + rest)
    assert_is_the_run(read(path))


@pytest.mark.parametrize("nothing", ["NaN", "", "n/a"])
def test_a_gyroscope_without_a_number_was_not_measured(tmp_path: Path, nothing: str) -> None:
    table = columns()
    for axis in "xyz":
        table[f"gyr_{axis}_rad_s"] = [nothing] * len(RUN.time_s)
    found = read(written(tmp_path / "run.csv", table))
    assert not found.samples.has_gyro
    assert any("counts as not measured" in note for note in found.notes)
    table["gyr_x_rad_s"] = ["0.5"] * len(RUN.time_s)
    with pytest.raises(InputError, match="no number in any row"):
        read(written(tmp_path / "run.csv", table))


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_our_own_table_says_when_it_began(tmp_path: Path, ending: str) -> None:
    if ending == "parquet":
        pytest.importorskip("pyarrow")
    times = [(START + timedelta(seconds=t)).isoformat() for t in RUN.time_s.tolist()]
    other = read(written(tmp_path / "other.csv", columns(times, "time")))
    path = tmp_path / f"own.{ending}"
    write_sample_table(path, other.samples, rate_hz=other.rate_hz,
                       preamble={"utc_start": utc_text(other.utc_start_ns)})  # fmt: skip
    assert read(path).utc_start_ns == other.utc_start_ns == round(START.timestamp()) * 10**9


def test_the_fraction_of_a_second_is_added_to_hour_minute_and_second(tmp_path: Path) -> None:
    table = columns(run=LONGER)
    at = [3590.0 + t for t in LONGER.time_s.tolist()]
    del table["time_s"]
    clock = {
        "PacketCounter": [str(k) for k in range(len(at))],
        "UTC_Nano": [str(round(t % 1.0 * 1e9)) for t in at],
        "UTC_Year": ["2026"] * len(at),
        "UTC_Hour": [f"{9 + t // 3600:.0f}" for t in at],
        "UTC_Minute": [f"{t % 3600 // 60:.0f}" for t in at],
        "UTC_Second": [f"{t % 60 // 1:.0f}" for t in at],
    }
    found = read(written(tmp_path / "run.csv", {**clock, **table}))
    assert_is_the_run(found, run=LONGER)
    np.testing.assert_allclose(np.diff(found.samples.time_s), 0.01, atol=1e-6)


def test_a_line_about_the_recorder_is_no_line_of_names(tmp_path: Path) -> None:
    table = columns()
    rows = zip(*(table[f"acc_{axis}_m_s2"] for axis in "xyz"), strict=True)
    path = tmp_path / "run.csv"
    head = "Recorder 7, battery 3,91 V\nat 100 Hz\n----------\n"
    path.write_text(head + "".join(",".join(row) + "\n" for row in rows))
    found = read(path)
    np.testing.assert_allclose(found.samples.acceleration_m_s2, RUN.acceleration_m_s2, atol=1e-5)
    assert "battery" not in found.notes[0]


def test_seconds_and_their_parts_are_named_as_programs_name_them(tmp_path: Path) -> None:
    table = columns()
    del table["time_s"]
    at = [1_772_700_000 + round(t * 100) / 100 for t in RUN.time_s.tolist()]
    parts = {"tv_sec": [str(int(t)) for t in at],
             "tv_usec": [str(round(t % 1.0 * 100) * 10_000) for t in at]}  # fmt: skip
    assert_is_the_run(read(written(tmp_path / "run.csv", {**parts, **table})))
    week = {"gps_week": ["2391"] * len(at), "tow": [f"{t % 1e5:.2f}" for t in at]}
    assert_is_the_run(read(written(tmp_path / "run.csv", {**week, **table})))


@pytest.mark.parametrize(("name", "per_second", "part_s"), [("ms", 1000, 1), ("second", 1, 60)])
def test_a_part_of_the_clock_alone_is_counted_on(
    tmp_path: Path, name: str, per_second: int, part_s: int
) -> None:
    run = a_run(seconds=150.0)
    stamps = [f"{(t + 20.0) % part_s * per_second:.2f}" for t in run.time_s.tolist()]
    found = read(written(tmp_path / "run.csv", columns(stamps, name, run=run)))
    assert_is_the_run(found, run=run)
    np.testing.assert_allclose(np.diff(found.samples.time_s), 0.01, atol=1e-6)
    assert any(f"wrapped around {169 // part_s - 20 // part_s}" in n for n in found.notes)
    # a recording that begins anew is another one
    anew = [f"{t:.2f}" for t in [*run.time_s[:500], *run.time_s[:500]]]
    table = {k: v[:1000] for k, v in columns(run=run).items()}
    found = read(written(tmp_path / "anew.csv", {**table, "time_s": anew}))
    assert any("set back once" in note for note in found.notes)


def test_trials_of_a_minute_are_not_one_recording(tmp_path: Path) -> None:
    run = a_run(rate_hz=25.0, seconds=180.0)
    stamps = [f"{k % 1500 / 25.0:.2f}" for k in range(4500)]
    found = read(written(tmp_path / "run.csv", columns(stamps, run=run)))
    assert any("set back 2 times" in note for note in found.notes)


def test_what_one_sensor_measured_alone_is_told(tmp_path: Path) -> None:
    table = columns()
    acc = {k: v for k, v in table.items() if "gyr" not in k}
    gyr = {k: v[250:] for k, v in table.items() if "acc" not in k}
    found = read(written(tmp_path / "acc.csv", acc), beside=written(tmp_path / "gyr.csv", gyr))
    assert_is_the_run(found, rows=slice(250, None))
    assert any("250 rows were left out, 2.5 s in which one of the" in n for n in found.notes)


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


def test_the_sentence_on_several_sensors_names_all_and_the_one_at_the_back_first(
    tmp_path: Path,
) -> None:
    table = columns(acc="RF_acc_{x}", gyr="RF_gyr_{x}")
    for k, place in enumerate(("LF", "LB"), 2):
        other = columns(acc=f"{place}_acc_{{x}}", gyr=f"{place}_gyr_{{x}}", per_acc=1 / k)
        table |= {name: cells[::-1] for name, cells in other.items() if "time" not in name}
    with pytest.raises(InputError, match=r"--stream 'lb' \(there are 'lb', 'rf' and 'lf'\)"):
        read(written(tmp_path / "run.csv", table))


@pytest.mark.parametrize(
    ("day", "clock", "month", "assumed"),
    [
        ("03/05/2026", "%I:%M:%S.%f %p", 3, True),
        ("03/25/2026", "%I:%M:%S.%f %p", 3, False),
        ("25/03/2026", "%I:%M:%S.%f %p", 3, False),
        ("03/05/2026", "%H:%M:%S.%f", 5, False),
    ],
)
@pytest.mark.parametrize("apart", [False, True])
def test_a_clock_of_twelve_hours_goes_with_the_month_first(
    tmp_path: Path, day: str, clock: str, month: int, *, assumed: bool, apart: bool
) -> None:
    stamps = [(START + timedelta(seconds=t)).strftime(clock) for t in RUN.time_s.tolist()]
    table = columns(stamps if apart else [f"{day} {stamp}" for stamp in stamps], "time")
    if apart:
        table = {"date": [day] * len(stamps)} | table
    read_back = read(written(tmp_path / "run.csv", table))
    assert_is_the_run(read_back)
    assert datetime.fromtimestamp(read_back.utc_start_ns / 1e9, UTC).month == month
    assert any("month first" in note for note in read_back.notes) == assumed


def test_a_leap_second_is_a_second_and_one_rounded_up_is_none() -> None:
    leap = ["2016-12-31 23:59:59.5", "2016-12-31 23:59:60.0", "2016-12-31 23:59:60.5",
            "2017-01-01 00:00:00.0", "2017-01-01 00:00:00.5"]  # fmt: skip
    found = stamps_in_words(np.array(leap, np.bytes_), "run.csv")
    assert np.diff(found).tolist() == [5 * 10**8] * 4
    rounded = ["2017-01-01 10:00:59.99", "2017-01-01 10:00:60.00", "2017-01-01 10:01:00.01"]
    found = stamps_in_words(np.array(rounded, np.bytes_), "run.csv")
    assert np.diff(found).tolist() == [10**7] * 2


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


def test_numbers_in_the_digits_of_other_scripts(tmp_path: Path) -> None:
    table = columns()
    for digits, point, separator in (("٠١٢٣٤٥٦٧٨٩", "٫", ";"), ("०१२३४५६७८९", ".", ",")):
        signs = str.maketrans("0123456789.-", digits + point + "\u2212")
        other = {name: [cell.translate(signs) for cell in held] for name, held in table.items()}
        assert_is_the_run(read(written(tmp_path / "run.csv", other, separator)))
    # a name keeps its signs, and the comma in it separates nothing
    named = columns(acc="传感器１，加速度{X}（m/s²）", gyr="传感器１，角速度{X}（rad/s）")
    found = read(written(tmp_path / "run.csv", named))
    assert_is_the_run(found)
    assert any("'传感器１，加速度X（m/s²）'" in note for note in found.notes)


def test_the_part_of_a_second_goes_with_its_own_clock(tmp_path: Path) -> None:
    stamps = RUN.time_s + 1770000000.0
    whole = np.floor(stamps + 1e-6)
    clock = {
        "Time": [f"{t:.6f}" for t in stamps + 0.013],
        "header.stamp.secs": [f"{t:.0f}" for t in whole],
        "header.stamp.nsecs": [f"{t:.0f}" for t in np.round((stamps - whole) * 1e9)],
    }
    measured = columns(acc="linear_acceleration.{x}", gyr="angular_velocity.{x}")
    measured.pop("time_s")
    assert_is_the_run(read(written(tmp_path / "run.csv", clock | measured)))


def test_a_fraction_without_its_last_zeros_is_a_fraction() -> None:
    clock = [f"7:0:{k / 8:g}".encode() for k in range(1, 24)]
    steps = np.diff(stamps_in_words(np.array(clock), ""))
    assert (steps == 125_000_000).all()


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("ms_of_day", lambda t: f"{25_200_000 + t * 1e3:.0f}"),
        ("second of the day", lambda t: f"{25_200 + t:.3f}"),
        ("time", lambda t: f"7:{int(t) // 60}:{t % 60:.3f}"),
        ("time", lambda t: f"7:0:{int(t)}.{round(t * 1e3) % 1000}"),
        ("time", lambda t: f"7:0:{int(t)}.{round(t * 1e2) % 100}"),
        ("time", lambda t: f"7:0:{int(t)}:{round(t * 1e3) % 1000}"),
        ("time", lambda t: f"00:{int(t):02d}:{round(t * 1e3) % 1000:03d}"),
        # one minute ends within the recording
        ("time", lambda t: f"{(t + 57.0) % 60.0:.3f}"),
    ],
)
def test_times_of_a_day_and_of_a_minute(
    tmp_path: Path, name: str, form: Callable[[float], str]
) -> None:
    time = [form(t) for t in RUN.time_s.tolist()]
    table = read(written(tmp_path / "run.csv", columns(time=time, time_name=name)))
    assert_is_the_run(table)
    assert np.diff(table.samples.time_s).max() < 0.02


def test_a_header_that_comes_again_with_blanks_and_units(tmp_path: Path) -> None:
    path = written(tmp_path / "run.csv", columns())
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[300:300] = [" , ".join(lines[0].split(",")), "s,m/s2,m/s2,m/s2,rad/s,rad/s,rad/s"]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert_is_the_run(read(path))


def test_an_axis_of_the_accelerometer_that_is_dead_is_told(tmp_path: Path) -> None:
    dead = columns() | {"acc_y_m_s2": ["0.000000"] * len(RUN.time_s)}
    table = read(written(tmp_path / "run.csv", dead))
    assert any("all rows of 'acc_y_m_s2' are the same" in note for note in table.notes)
    assert not any(
        "the same" in note for note in read(written(tmp_path / "run.csv", columns())).notes
    )
