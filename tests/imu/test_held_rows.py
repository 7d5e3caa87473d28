"""Rows that a receiver wrote once more, and those that only look so."""

from __future__ import annotations

import numpy as np
import pytest

from imu.held_rows import held_rows


@pytest.mark.parametrize(
    ("force", "rows", "gyroscope", "held"),
    [
        ((3.0, 4.0, 20.0), 60, True, 59),
        ((0.0, 0.0, 9.8), 60, True, 0),  # laid down for half a second
        ((0.0, 0.0, 9.8), 20, True, 19),  # nobody lays it down for so short a time
        ((1.0, 1.0, 1.0), 20, True, 19),
        ((1.0, 1.0, 1.0), 20, False, 0),  # in flight, where there is no noise
        ((3.0, 4.0, 20.0), 3, False, 0),  # for so short a time the force alone is the same
        ((3.0, 4.0, 20.0), 3, True, 2),
    ],
)
def test_what_lies_or_falls_is_not_held(
    force: tuple[float, ...], rows: int, gyroscope: bool, held: int
) -> None:
    moving = np.random.default_rng(0).normal(0.0, 5.0, (300, 6 if gyroscope else 3))
    moving[100 : 100 + rows] = [*force, 1.0, 2.0, 3.0][: moving.shape[1]]
    found = np.flatnonzero(held_rows(moving, 100.0, gyroscope=gyroscope))
    np.testing.assert_array_equal(found, np.arange(101, 101 + held))
