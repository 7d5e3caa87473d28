"""What is measured in one step, against numpy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from imu.step.metrics import angle_range, largest, mean, middle_mean_of, speed_lost

windows = st.tuples(
    st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=64), st.integers(0, 63), st.integers(0, 64)
).map(lambda t: (np.array(t[0]), min(t[1], len(t[0])), min(t[2], len(t[0]))))


@given(windows)
def test_each_equals_numpy(window: tuple[NDArray[np.float64], int, int]) -> None:
    values, first, last = window
    part = values[first:last]
    if part.size == 0:
        assert math.isnan(largest(values, first, last))
        assert math.isnan(mean(values, first, last))
        assert math.isnan(angle_range(values, first, last))
        assert speed_lost(values, first, last, 0.01) == 0.0
        return
    assert largest(values, first, last) == part.max()
    assert mean(values, first, last) == pytest.approx(part.mean(), abs=1e-9)
    assert angle_range(values, first, last) == part.max() - part.min()
    lost = -np.minimum(part, 0.0).sum() * 0.01
    assert speed_lost(values, first, last, 0.01) == pytest.approx(lost, abs=1e-9)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=64), st.data())
def test_the_middle_mean_is_that_of_the_sorted_values_and_leaves_them(
    values: list[float], data: st.DataObject
) -> None:
    array = np.array(values)
    n = data.draw(st.integers(1, len(values)))
    assert middle_mean_of(array, n, np.empty(n)) == pytest.approx(
        np.sort(array[:n])[n // 4 : n - n // 4].mean(), abs=1e-9
    )
    assert array.tolist() == values
