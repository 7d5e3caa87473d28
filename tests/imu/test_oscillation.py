"""Vertical displacement against formulas and a plain spline integration."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.interpolate import make_interp_spline

from imu.step.oscillation import periodic_displacement

Array = NDArray[np.float64]


def displacement(
    acceleration: Array, begin: float, middle: float, end: float, interval_s: float
) -> tuple[float, Array]:
    velocity, out = np.empty_like(acceleration), np.full_like(acceleration, np.nan)
    height = periodic_displacement(
        acceleration, len(acceleration), begin, middle, end, interval_s, velocity, out
    )
    return height, out


@pytest.mark.parametrize("rate_hz", [50.0, 100.0, 400.0, 1600.0])
@pytest.mark.parametrize("start", [0.0, 0.3, 0.77])
def test_a_sine_has_its_own_height_from_any_phase(rate_hz: float, start: float) -> None:
    step_s, height_m = 0.4, 0.08
    time = np.arange(round(2.4 * step_s * rate_hz)) / rate_hz
    turning = 2.0 * np.pi / step_s
    truth = 0.5 * height_m * np.cos(turning * time + 0.7)
    first = (0.1 + start * 0.2) * step_s * rate_hz
    step = step_s * rate_hz
    found, out = displacement(
        -(turning**2) * truth, first, first + step, first + 2.0 * step, 1.0 / rate_hz
    )
    assert found == pytest.approx(height_m, rel=2e-3)
    inside = slice(int(np.ceil(first + step)), int(first + 2.0 * step) + 1)
    wanted = truth[inside] - truth[inside].mean()
    np.testing.assert_allclose(out[inside], wanted, atol=2e-3 * height_m + 1e-4)


def test_legs_that_differ_have_each_their_own_height() -> None:
    rate_hz, stride_s = 200.0, 0.7
    time = np.arange(round(2.6 * stride_s * rate_hz)) / rate_hz
    w = 2.0 * np.pi / stride_s
    truth = 0.04 * np.cos(2.0 * w * time) + 0.006 * np.cos(w * time + 0.4)
    acceleration = -4.0 * w**2 * 0.04 * np.cos(2.0 * w * time) - w**2 * 0.006 * np.cos(
        w * time + 0.4
    )
    for begin in (0.2 * stride_s, 0.7 * stride_s):
        ends = np.array([begin, begin + 0.5 * stride_s, begin + stride_s]) * rate_hz
        found, _ = displacement(acceleration, ends[0], ends[1], ends[2], 1.0 / rate_hz)
        inside = (time >= ends[1] / rate_hz) & (time <= ends[2] / rate_hz)
        assert found == pytest.approx(np.ptp(truth[inside]), abs=2e-4)


@given(st.integers(0, 2**32 - 1))
def test_it_equals_a_spline_integrated_twice(seed: int) -> None:
    rate_hz, n = 200.0, 160
    random = np.random.default_rng(seed)
    time = np.arange(n) / rate_hz
    waves = random.normal(0.0, 4.0, 4)
    acceleration = np.sum(
        [a * np.sin(2 * np.pi * (k + 1) * 1.4 * time + a) for k, a in enumerate(waves)], axis=0
    )
    begin, middle, end = 5.3, 76.4, 148.2
    spline = make_interp_spline(time, acceleration, k=5)
    height = spline.antiderivative(2)
    slope = (height(end / rate_hz) - height(begin / rate_hz)) / ((end - begin) / rate_hz)
    fine = np.linspace(middle / rate_hz, end / rate_hz, 4000)
    truth = np.ptp(height(fine) - slope * fine)
    found, _ = displacement(acceleration, begin, middle, end, 1.0 / rate_hz)
    # extremes at the ends of the step are read at samples
    assert found == pytest.approx(truth, rel=0.05, abs=4e-3)


def test_too_few_samples_are_no_step() -> None:
    assert np.isnan(displacement(np.ones(3), 0.0, 0.0, 2.0, 0.01)[0])
    assert np.isnan(displacement(np.ones(9), 0.0, 6.5, 8.0, 0.01)[0])
