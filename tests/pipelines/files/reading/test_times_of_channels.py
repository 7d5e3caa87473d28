"""Sensors and channels that have a time of their own in one file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from imu.errors import InputError
from pipelines import read
from tests.pipelines.files.reading.shapes import G, a_run
from tests.pipelines.files.reading.tables import (
    RUN,
    assert_is_the_run,
    cells,
    columns,
    written,
)

DEG = 180.0 / np.pi


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
