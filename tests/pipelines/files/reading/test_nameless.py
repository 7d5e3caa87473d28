"""Tables without names: other columns may stand before, between and behind those of the sensors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipelines import read
from tests.pipelines.files.reading.tables import RUN, assert_is_the_run

RNG = np.random.default_rng(2)
ACC, GYR = RUN.acceleration_m_s2, RUN.angular_velocity_rad_s
THERE = np.ones(len(RUN.time_s))
TEMPERATURE = 9.8 * THERE + 0.001 * RNG.normal(size=len(THERE))
FIELD = np.array([30.0, 5.0, -40.0]) + RNG.normal(size=(len(THERE), 3))
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
        NUMBERED,
    ],
)
def test_sensors_are_told_from_what_stands_around_them(
    tmp_path: Path, columns: tuple[np.ndarray, ...]
) -> None:
    path = tmp_path / "run.csv"
    np.savetxt(path, np.column_stack([RUN.time_s, *columns]), fmt="%.5f", delimiter=", ")
    assert_is_the_run(read(path))


def test_an_acceleration_behind_a_temperature_that_looks_like_gravity(tmp_path: Path) -> None:
    path = tmp_path / "run.csv"
    np.savetxt(path, np.column_stack([RUN.time_s, TEMPERATURE, ACC]), fmt="%.5f", delimiter=",")
    np.testing.assert_allclose(read(path).samples.acceleration_m_s2, ACC, atol=1e-3)
