"""Tables as makers of trackers, loggers and games export them."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from imu.errors import InputError
from pipelines import read
from tests.pipelines.files.reading.shapes import G, a_run
from tests.pipelines.files.reading.tables import RUN, assert_is_the_run, columns, written

ACC, GYR = RUN.acceleration_m_s2, RUN.angular_velocity_rad_s
ROWS = np.column_stack([RUN.time_s, ACC, GYR])


def rows(values: np.ndarray, separator: str = ",", end: str = "") -> str:
    return "".join(separator.join(f"{v:.6f}" for v in row) + f"{end}\n" for row in values.tolist())


@pytest.mark.parametrize(
    "names",
    [
        "Time,Accelerometer Forward,Accelerometer Sideways,Accelerometer Up,Gyro Roll,Gyro Pitch,"
        "Gyro Yaw",
        "Time,Accl X,Accl Y,Accl Z,Gyro Yro X,Gyro Y,Gyro Z",
        "Tiempo,AcelX,AcelY,AcelZ,GiroX,GiroY,GiroZ",
        "timestamp,alpha_x,alpha_y,alpha_z,omega_x,omega_y,omega_z",
        "time,acc[0],acc[1],acc[2],pqr[0],pqr[1],pqr[2]",
        "Time,Acc Ant-Post,Acc Med-Lat,Acc Vertical,Gyro Ant-Post,Gyro Med-Lat,Gyro Vertical",
        "Clock:offsetTime,accelX,accelY,accelZ,gyroX[rad/s],gyroY[rad/s],gyroZ[rad/s]",
        "time,xyz[0],xyz[1],xyz[2],gx,gy,gz",
    ],
)
def test_axes_are_named_as_trackers_and_cameras_do(tmp_path: Path, names: str) -> None:
    path = tmp_path / "run.csv"
    path.write_text(f"{names}\n{rows(ROWS)}")
    assert_is_the_run(read(path))


@pytest.mark.parametrize("about_nought", [False, True])
@pytest.mark.parametrize("names", ["gyro_roll,gyro_pitch,gyro_yaw", "girox,giroy,giroz"])
def test_a_turn_of_a_gyroscope_that_is_an_angle_is_passed_over(
    tmp_path: Path, names: str, about_nought: bool
) -> None:
    run = a_run(seconds=30.0)
    angles = np.cumsum(np.degrees(run.angular_velocity_rad_s), axis=0) / run.rate_hz + 20.0
    if about_nought:
        angles += 8.0 * np.sin(0.5 * run.time_s)[:, None] - angles.mean(axis=0)
    path = tmp_path / "run.csv"
    # counts may be of either
    for turns in (angles, np.round(1000.0 * run.angular_velocity_rad_s)):
        held = np.column_stack([run.time_s, run.acceleration_m_s2, turns])
        path.write_text(f"time,ax,ay,az,{names}\n{rows(held)}")
        assert not read(path).samples.has_gyro


def test_an_angular_acceleration_is_no_acceleration(tmp_path: Path) -> None:
    path, angular = tmp_path / "run.csv", np.gradient(GYR, RUN.time_s, axis=0)
    names = ("omega_x,omega_y,omega_z", "alpha_x,alpha_y,alpha_z")
    for forces in ("x,y,z", "F_x,F_y,F_z"):
        held = np.column_stack([ROWS, angular])
        path.write_text(f"time,{forces},{','.join(names)}\n{rows(held)}")
        assert_is_the_run(read(path))
    path.write_text(f"time,{','.join(names)}\n{rows(np.column_stack([RUN.time_s, GYR, angular]))}")
    with pytest.raises(InputError, match="there is no acceleration axis"):
        read(path)


@pytest.mark.parametrize(
    ("other", "meant", "change"),
    [
        ("acc_lp_{x}", "acc_raw_{x}", 0.0),
        ("acc_{x}_filt", "acc_{x}", 0.7),
        ("acc_{x}_world", "acc_{x}", -1.0),
        ("acc_{x}_smoothed", "acc_{x}_uncalibrated", 0.5),
    ],
)
def test_what_was_made_of_an_acceleration_yields_to_it(
    tmp_path: Path, other: str, meant: str, change: float
) -> None:
    mean = ACC.mean(axis=0)
    table = columns(acc=meant, gyr="gyr_{x}", time_name="time")
    for k, axis in enumerate("xyz"):
        made = mean[k] + change * (ACC[:, k] - mean[k])
        table[other.format(x=axis)] = [f"{value:.6f}" for value in made]
    for order in (list(table), [*table][-3:] + [*table][:-3]):
        found = read(written(tmp_path / "run.csv", {name: table[name] for name in order}))
        assert_is_the_run(found)


@pytest.mark.parametrize(
    ("raw", "made", "digits"),
    [("acc raw {x} (counts)", "acc smooth {x} (m/s^2)", 0), ("acc_uncal_{x}", "acc_earth_{x}", 1)],
)
def test_counts_without_a_unit_yield_to_what_was_made_of_them(
    tmp_path: Path, raw: str, made: str, digits: int
) -> None:
    table = columns(acc=made, gyr="gyr_{x}", time_name="time")
    counts = np.round(ACC / G * 2048.0, digits)
    table |= {
        raw.format(x=axis): [f"{v:.1f}" for v in counts[:, k]] for k, axis in enumerate("xyz")
    }
    path = written(tmp_path / "run.csv", table)
    assert_is_the_run(read(path))
    scaled = read(path, units="acc=g/2048").samples.acceleration_m_s2
    np.testing.assert_allclose(scaled, counts * G / 2048.0, atol=1e-6)


def test_a_unit_stands_before_a_remark_in_brackets(tmp_path: Path) -> None:
    table = columns(acc="{X} Accel; g (SEN S/N: 12)", gyr="{X} Gyro; deg/s (SEN S/N: 12)",
                    per_acc=1 / G, per_gyr=180.0 / np.pi)  # fmt: skip
    assert_is_the_run(read(written(tmp_path / "run.csv", table)))
    places = columns(acc="Acc {X} [foot]", gyr="Gyr {X} [foot]", time_name="t")
    places = {name: cells[::-1] if "[" in name else cells for name, cells in places.items()}
    places |= columns(acc="Acc {X} [pelvis]", gyr="Gyr {X} [pelvis]", time_name="t")
    assert_is_the_run(read(written(tmp_path / "run.csv", places)))


def test_lines_of_names_and_units_each_begin_with_what_they_are(tmp_path: Path) -> None:
    names = "*CHANNEL;TIME;ACC x;ACC y;ACC z;GYR x;GYR y;GYR z\n*UNIT;s;G;G;G;deg/s;deg/s;deg/s\n"
    scale = np.repeat([1.0, 1 / G, 180.0 / np.pi], [1, 3, 3])
    path = tmp_path / "run.csv"
    path.write_text(f"*CREATOR;MSR\n{names}*DATA\n{rows(ROWS * scale, ';')}")
    assert_is_the_run(read(path))


def test_rows_without_names_may_end_as_statements_do(tmp_path: Path) -> None:
    path = tmp_path / "raw.txt"
    lines = rows(ROWS * np.repeat([1e9, 1.0], [1, 6]), end=";").splitlines()
    path.write_text("\n".join(f"1600,A,{line}" for line in lines) + "\n")
    assert_is_the_run(read(path))


def test_the_gyroscope_of_two_files_without_names_is_told_by_its_numbers(tmp_path: Path) -> None:
    one, other = tmp_path / "acc_1.txt", tmp_path / "gyro_1.txt"
    one.write_text(rows(ACC / G, " "))
    other.write_text(rows(GYR, " "))
    for first, second in ((one, other), (other, one)):
        assert_is_the_run(read(first, beside=second, rate_hz=RUN.rate_hz))


def test_of_places_in_a_zip_the_waist_is_read(tmp_path: Path) -> None:
    path = tmp_path / "running.zip"
    with zipfile.ZipFile(path, "w") as packed:
        for place, scale in (("head", 1.3), ("shin", 1.8), ("waist", 1.0)):
            held = rows(ROWS[:, :4] * [1.0, scale, scale, scale])
            packed.writestr(f"acc_running_{place}.csv", f"attr_time,attr_x,attr_y,attr_z\n{held}")
        turning = rows(ROWS[:, [0, 4, 5, 6]])
        packed.writestr("Gyroscope_waist.csv", f"attr_time,attr_x,attr_y,attr_z\n{turning}")
    assert_is_the_run(read(path))


def test_rows_without_a_time_lie_between_those_around_them(tmp_path: Path) -> None:
    table = columns(time_name="time")
    times = table["time"]
    table["time"] = ["" if k % 17 == 5 or k in (100, 101) else t for k, t in enumerate(times)]
    found = read(written(tmp_path / "run.csv", table))
    assert_is_the_run(found)
    assert any("lie evenly" in note for note in found.notes)
    # packets of different lengths
    starts = np.cumsum(np.random.default_rng(1).integers(4, 8, len(times)))
    table["time"] = [t if k in starts or not k else "" for k, t in enumerate(times)]
    assert_is_the_run(read(written(tmp_path / "run.csv", table)))


@pytest.mark.parametrize("in_words", [False, True])
@pytest.mark.parametrize("count", [2, 3])
def test_the_time_of_a_packet_is_that_of_all_its_rows(
    tmp_path: Path, count: int, in_words: bool
) -> None:
    table = columns(time_name="time")
    if in_words:
        table["time"] = [f"2026-03-01 07:00:{float(second):09.6f}" for second in table["time"]]
    table["time"] = [t if k % count == 0 else "" for k, t in enumerate(table["time"])]
    table["device"] = ["AB"] * len(RUN.time_s)
    found = read(written(tmp_path / "run.csv", table))
    assert_is_the_run(found)
    assert any("shared a time" in note for note in found.notes)
    # a value a row, with the time in the first of each sample's
    long = ["time,channel,value"] + [
        f"{f'{row[0]:.2f}' if not k else ''},{axis},{value:.5f}"
        for row in ROWS.tolist()
        for k, (axis, value) in enumerate(
            zip(("ax", "ay", "az", "gx", "gy", "gz"), row[1:], strict=True)
        )
    ]
    (tmp_path / "long.csv").write_text("\n".join(long) + "\n")
    assert_is_the_run(read(tmp_path / "long.csv"))


def test_samples_of_a_packet_side_by_side_go_on_from_row_to_row(tmp_path: Path) -> None:
    held = columns(time_name="time")
    wide = {"time": held.pop("time")[::4]}
    for k in range(4):
        wide |= {name.replace("_m_s2", f"_{k}").replace("_rad_s", f"_{k}"): cells[k::4]
                 for name, cells in held.items()}  # fmt: skip
    assert_is_the_run(read(written(tmp_path / "run.csv", wide)))
    # three sensors side by side are three
    sensors = {"time": columns(time_name="time")["time"]}
    for k in range(3):
        turned = np.roll(ACC, k, axis=1)
        sensors |= {f"acc_{axis}_{k}": [f"{v:.5f}" for v in turned[:, place]]
                    for place, axis in enumerate("xyz")}  # fmt: skip
    with pytest.raises(InputError, match="name one sensor by --stream"):
        read(written(tmp_path / "run.csv", sensors))


def test_a_gyroscope_elsewhere_in_a_zip_says_nothing_of_the_waist(tmp_path: Path) -> None:
    path = tmp_path / "run.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("waist_acc.csv", "time,x,y,z\n" + rows(ROWS[:, :4]))
        packed.writestr("foot_gyro.csv", "time,x,y,z\n" + rows(ROWS[:, [0, 4, 5, 6]] * 1.5))
    assert not read(path).samples.has_gyro


def test_what_programs_send_over_a_network(tmp_path: Path) -> None:
    linear = ACC - ACC.mean(axis=0)
    sensors = (("accelerometer", linear), ("totalacceleration", ACC), ("gyroscope", GYR))
    records = [
        {"messageId": k, "payload": [
            {"name": name, "time": round(time * 1e9),
             "values": dict(zip("xyz", values[k].tolist(), strict=True))}
            for name, values in sensors
        ]}
        for k, time in enumerate(RUN.time_s.tolist())
    ]  # fmt: skip
    path = tmp_path / "push.jsonl"
    path.write_text("\n".join(map(json.dumps, records)))
    assert_is_the_run(read(path))
    series = {"columns": ["time", "ax", "ay", "az", "gx", "gy", "gz"], "values": ROWS.tolist()}
    path.write_text(json.dumps({"results": [{"series": [{"name": "imu", **series}]}]}))
    assert_is_the_run(read(path))


def test_names_of_a_spreadsheet_are_broken_into_lines(tmp_path: Path) -> None:
    names = ["time (s)", *(f"{sensor} {axis}" for sensor in ("Acc", "Gyr") for axis in "XYZ")]
    path = tmp_path / "run.csv"
    path.write_text(",".join(f'"{name}"' for name in names).replace(" ", "\n") + "\n" + rows(ROWS))
    assert_is_the_run(read(path))
