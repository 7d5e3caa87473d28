"""Columns whose names say nothing, or the same twice: the numbers tell them apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipelines import read
from tests.pipelines.files.reading.shapes import G
from tests.pipelines.files.reading.tables import RUN, assert_is_the_run, cells, columns, written

RNG = np.random.default_rng(2)
ACC, GYR = RUN.acceleration_m_s2, RUN.angular_velocity_rad_s
THERE = np.ones(len(RUN.time_s))
TEMPERATURE = 9.8 * THERE + 0.001 * RNG.normal(size=len(THERE))
FIELD = np.array([30.0, 5.0, -40.0]) + RNG.normal(size=(len(THERE), 3))
LINEAR = ACC - ACC.mean(axis=0)
WIDE_RANGE = ACC + 0.2 * RNG.normal(size=ACC.shape)
GRAVITY = ACC.mean(axis=0) + 0.01 * RNG.normal(size=ACC.shape)
ANGLES = np.cumsum(np.degrees(GYR), axis=0) / 100.0 + [0.0, 40.0, 0.0]
#: What some programs write before each sensor: its number.
NUMBERED = (3.0 * THERE, ACC, 4.0 * THERE, GYR, 5.0 * THERE, FIELD)


@pytest.mark.parametrize(
    "columns",
    [
        (ACC, GYR),
        (GYR, ACC),
        (TEMPERATURE, ACC, GYR),
        (ACC, TEMPERATURE, GYR),
        (ACC, GYR, TEMPERATURE, 0.0 * THERE),
        (ACC, GYR, FIELD),
        (ACC, FIELD, GYR),
        (ACC, FIELD, GYR, TEMPERATURE),
        (ACC, LINEAR, GYR),
        (ACC, GRAVITY, GYR),
        (ACC, GRAVITY, LINEAR, GYR),
        (ACC, LINEAR, GYR, TEMPERATURE),
        (GYR, LINEAR, ACC),
        (ACC, GYR, ANGLES[:, :2]),
        (WIDE_RANGE, ACC, GYR),
        NUMBERED,
    ],
)
def test_sensors_are_told_from_what_stands_around_them(
    tmp_path: Path, columns: tuple[np.ndarray, ...]
) -> None:
    path = tmp_path / "run.csv"
    np.savetxt(path, np.column_stack([RUN.time_s, *columns]), fmt="%.5f", delimiter=", ")
    assert_is_the_run(read(path))


def test_an_acceleration_without_gravity_is_no_gyroscope(tmp_path: Path) -> None:
    path = tmp_path / "run.csv"
    np.savetxt(path, np.column_stack([RUN.time_s, ACC, LINEAR]), fmt="%.5f", delimiter=",")
    assert read(path).samples.angular_velocity_rad_s is None


def test_an_acceleration_behind_a_temperature_that_looks_like_gravity(tmp_path: Path) -> None:
    path = tmp_path / "run.csv"
    np.savetxt(path, np.column_stack([RUN.time_s, TEMPERATURE, ACC]), fmt="%.5f", delimiter=",")
    np.testing.assert_allclose(read(path).samples.acceleration_m_s2, ACC, atol=1e-3)


@pytest.mark.parametrize("again", ["{}_1", "{}.1"])
def test_axes_without_a_word_that_stand_twice_are_told_by_gravity(
    tmp_path: Path, again: str
) -> None:
    names = ["X", "Y", "Z", *(again.format(axis) for axis in "XYZ")]
    for sensors in ((ACC, GYR), (GYR, ACC)):
        table = dict(zip(names, map(cells, np.hstack(sensors).T), strict=True))
        found = read(written(tmp_path / "run.csv", {"t": cells(RUN.time_s), **table}))
        assert_is_the_run(found)


def test_of_an_acceleration_with_and_without_gravity_the_first_is_taken(tmp_path: Path) -> None:
    table = columns(acc="gF{x}", per_acc=1 / G)
    without = ACC - ACC.mean(axis=0)
    table |= {f"a{axis}": cells(without[:, k]) for k, axis in enumerate("xyz")}
    for order in (list(table), [*reversed(table)]):
        assert_is_the_run(
            read(written(tmp_path / "run.csv", {name: table[name] for name in order}))
        )


@pytest.mark.parametrize("head", ["t,acc,acc,acc,gyr,gyr,gyr", "t,acc,acc.1,acc.2,gyr,gyr.1,gyr.2"])
def test_three_columns_of_one_name_are_its_axes(tmp_path: Path, head: str) -> None:
    path = written(tmp_path / "run.csv", columns())
    path.write_text(head + "\n" + path.read_text().partition("\n")[2])
    assert_is_the_run(read(path))


def test_a_rate_that_is_stated_goes_before_a_column_without_a_name(tmp_path: Path) -> None:
    far = np.cumsum(1.0 + np.abs(RNG.normal(size=len(THERE))))
    table = {"": cells(0.01 * far)} | dict(list(columns().items())[1:])
    assert_is_the_run(read(written(tmp_path / "run.csv", table), rate_hz=RUN.rate_hz))


def test_a_word_of_a_gyroscope_that_may_be_of_another_thing_yields(tmp_path: Path) -> None:
    speed = 0.2 * np.sin(5.0 * RUN.time_s)[:, None] * [1.0, 0.5, 0.2]
    for word in ("av_{}", "spin_{}"):
        beside = {word.format(axis): cells(speed[:, k]) for k, axis in enumerate("xyz")}
        assert_is_the_run(read(written(tmp_path / "run.csv", columns() | beside)))
        alone = dict(list(columns().items())[:4]) | beside
        found = read(written(tmp_path / "run.csv", alone))
        assert found.samples.angular_velocity_rad_s is None
        assert "may be angles or angular velocity" in " ".join(found.notes)
    gravity = {f"g{k + 1}": cells(9.8 * (k == 2) * THERE) for k in range(3)}
    table = dict(list(columns().items())[:4]) | gravity
    assert read(written(tmp_path / "run.csv", table)).samples.angular_velocity_rad_s is None
