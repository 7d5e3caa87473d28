"""Shock power, step regularity and turning of steps, from samples whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.simulator.generate import simulate
from devices.simulator.scenario import Scenario
from imu.step.waveform import band_power, correlation
from imu.whole_recording import analyze


@given(size_g=st.floats(0.01, 3.0), periods=st.integers(1, 6), level=st.floats(-2.0, 2.0))
def test_the_power_of_a_sine_is_half_its_square(size_g: float, periods: int, level: float) -> None:
    wave = size_g * np.sin(2.0 * np.pi * periods * np.arange(60) / 60)
    low = np.full(60, level)
    assert band_power(low, low + wave, 0, 60) == pytest.approx(0.5 * size_g**2)
    assert np.isnan(band_power(low, low, 5, 5))


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(4, 80))
def test_correlation_equals_that_of_numpy(seed: int, n: int) -> None:
    x, y = np.random.default_rng(seed).standard_normal((2, n))
    found = correlation(float(x @ y), float(x.sum()), float(y.sum()), float(x @ x), float(y @ y), n)
    assert found == pytest.approx(float(np.corrcoef(x, y)[0, 1]), abs=1e-9)


def test_a_run_has_regular_steps_and_no_turn_and_a_known_shock_power() -> None:
    samples, _ = simulate(Scenario(minutes=1.0, seed=3))
    steps = analyze(samples, axes="+x+y+z")
    assert np.count_nonzero(np.isnan(steps.step_regularity)) <= 1
    assert 0.7 < float(np.nanmedian(steps.step_regularity)) <= 1.0
    assert abs(float(np.nanmean(steps.yaw_rate_deg_s[:-20]))) < 2.5
    # 0.14 g² on the level in public recordings
    assert 0.03 < float(np.median(steps.shock_power_g2)) < 0.5
