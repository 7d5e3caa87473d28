"""Files of several sensors, and several files of one run: which is meant, how they go together."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from imu.errors import InputError
from pipelines import read
from tests.pipelines.files.reading.shapes import a_run
from tests.pipelines.files.reading.tables import (
    RUN,
    assert_is_the_run,
    cells,
    columns,
    written,
)

DEG = 180.0 / np.pi


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


def test_the_sentence_on_several_sensors_names_all_and_the_one_at_the_back_first(
    tmp_path: Path,
) -> None:
    table = columns(acc="RF_acc_{x}", gyr="RF_gyr_{x}")
    for k, place in enumerate(("LF", "LB"), 2):
        other = columns(acc=f"{place}_acc_{{x}}", gyr=f"{place}_gyr_{{x}}", per_acc=1 / k)
        table |= {name: cells[::-1] for name, cells in other.items() if "time" not in name}
    with pytest.raises(InputError, match=r"--stream 'lb' \(there are 'lb', 'rf' and 'lf'\)"):
        read(written(tmp_path / "run.csv", table))


def test_an_axis_of_the_accelerometer_that_is_dead_is_told(tmp_path: Path) -> None:
    dead = columns() | {"acc_y_m_s2": ["0.000000"] * len(RUN.time_s)}
    table = read(written(tmp_path / "run.csv", dead))
    assert any("all rows of 'acc_y_m_s2' are the same" in note for note in table.notes)
    assert not any(
        "the same" in note for note in read(written(tmp_path / "run.csv", columns())).notes
    )


@pytest.mark.parametrize(
    ("acc", "gyr", "together"),
    [
        ("imu1_acc_{x}", "imu2_gyr_{x}", False),
        ("sacrum_acc_{x}", "foot_gyr_{x}", False),
        ("imu1_acc_{x}", "imu1_gyr_{x}", True),
        ("acc1_{x}", "gyr2_{x}", True),
    ],
)
def test_the_gyroscope_of_another_sensor_is_passed_over(
    tmp_path: Path, acc: str, gyr: str, together: bool
) -> None:
    table = read(written(tmp_path / "run.csv", columns(acc=acc, gyr=gyr)))
    assert table.samples.has_gyro is together
    assert any(f"passed over: '{gyr.format(x='x')}'" in note for note in table.notes) != together
