"""Vertical displacement against plain integration."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imu.oscillation import vertical_displacement
from tests.imu.oracles import displacement


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(3, 400), first=st.integers(0, 30))
def test_it_equals_the_plain_double_integration(seed: int, n: int, first: int) -> None:
    acceleration = np.random.default_rng(seed).normal(0.0, 10.0, first + n + 7)
    out = np.full(acceleration.shape, 99.0)
    peak_to_peak = vertical_displacement(acceleration, first, first + n - 1, first, 0.005, out)
    expected = displacement(acceleration[first : first + n], 0.005)
    np.testing.assert_allclose(out[first : first + n], expected, atol=1e-10)
    assert peak_to_peak == pytest.approx(np.ptp(expected), abs=1e-10)
    # nothing is written outside the step
    assert np.all(out[:first] == 99.0)
    assert np.all(out[first + n :] == 99.0)


@pytest.mark.parametrize("rate_hz", [50.0, 100.0, 400.0, 1600.0])
@pytest.mark.parametrize("error_m_s2", [0.0, 0.5, -2.0])
def test_a_sine_has_its_own_height_whatever_the_sensor_adds(
    rate_hz: float, error_m_s2: float
) -> None:
    step_s, height_m = 0.4, 0.08
    time = np.arange(round(step_s * rate_hz) + 1) / rate_hz
    turning = 2.0 * np.pi / step_s
    acceleration = -0.5 * height_m * turning**2 * np.cos(turning * time + 0.7) + error_m_s2
    out = np.empty_like(acceleration)
    found = vertical_displacement(acceleration, 0, len(time) - 1, 0, 1.0 / rate_hz, out)
    assert found == pytest.approx(height_m, rel=3e-4 if rate_hz > 300.0 else 2e-2)


def test_two_samples_are_no_step() -> None:
    assert np.isnan(vertical_displacement(np.ones(5), 1, 2, 1, 0.01, np.empty(5)))


def test_it_goes_on_backwards_by_the_same_constants() -> None:
    time = np.arange(200) / 200.0
    turning = 2.0 * np.pi / 0.4
    acceleration = -0.05 * turning**2 * np.sin(turning * time)
    out = np.empty_like(acceleration)
    vertical_displacement(acceleration, 60, 140, 20, 1.0 / 200.0, out)
    np.testing.assert_allclose(out[20:141], 0.05 * np.sin(turning * time[20:141]), atol=2e-3)
