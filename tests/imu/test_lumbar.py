"""Lumbar compression: the published table, and that the body mass drops out."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imu.step.lumbar import lumbar_compression_bw, peak_lumbar_compression
from tests.imu import oracles


@pytest.mark.parametrize(
    ("lean_deg", "expected_bw"), [(0, 1.30), (4, 1.79), (8, 2.28), (12, 2.76), (20, 3.68)]
)
def test_the_table_for_1_75_m_at_2_4_g(lean_deg: float, expected_bw: float) -> None:
    found = lumbar_compression_bw(2.4, 0.0, math.radians(lean_deg), 1.75)
    assert found == pytest.approx(expected_bw, abs=0.006)


@given(
    vertical=st.floats(-1.0, 6.0),
    forward=st.floats(-1.0, 1.0),
    lean=st.floats(-0.7, 0.7),
    height=st.floats(1.0, 2.5),
)
def test_it_equals_the_formula_in_newtons(
    vertical: float, forward: float, lean: float, height: float
) -> None:
    found = lumbar_compression_bw(vertical, forward, lean, height)
    expected = oracles.lumbar_compression(vertical, forward, lean, height)
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_bending_backward_loads_the_other_muscles() -> None:
    upright = lumbar_compression_bw(2.0, 0.0, 0.0, 1.75)
    assert lumbar_compression_bw(2.0, 0.0, -0.2, 1.75) > upright
    assert lumbar_compression_bw(2.0, 0.0, 0.2, 1.75) > upright


@given(st.integers(0, 2**32 - 1))
def test_a_step_counts_at_its_force_peak(seed: int) -> None:
    random = np.random.default_rng(seed)
    vertical, forward = random.uniform(0.0, 3.0, 30), random.uniform(-0.3, 0.3, 30)
    first, last = 4, 25
    peak = first + int(np.argmax(vertical[first:last]))
    found = peak_lumbar_compression(vertical, forward, first, last, 0.1, 1.8)
    assert found == lumbar_compression_bw(vertical[peak], forward[peak], 0.1, 1.8)


@pytest.mark.parametrize(("lean", "height"), [(math.nan, 1.75), (0.1, math.nan)])
def test_what_is_not_known_stays_unknown(lean: float, height: float) -> None:
    assert math.isnan(lumbar_compression_bw(2.0, 0.0, lean, height))
