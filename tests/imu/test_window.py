"""The window of a step, done to all samples at once, beside what does it one by one."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imu.chain.filters import zero_phase_low_pass
from imu.chain.loop import CHAIN_STATE, FX, FZ, AnalyzerParams, chain_coefficients
from imu.runner import Runner
from imu.samples import STANDARD_GRAVITY_M_S2, Samples
from imu.step.angles import fill_arcsin, fill_arctan
from imu.step.exponentials import fill_exponential
from imu.step.finished_step import FINISHED_STEPS
from imu.step.window import V10, V20, mean_along, smooth_window
from tests.examples import few


@pytest.mark.parametrize("widest", [0.5, 3.1])
def test_angles_are_those_of_the_library(widest: float) -> None:
    """Within the bounds of the series, and beyond them."""
    angle = np.linspace(-widest, widest, 997)
    y, x = 3.0 * np.sin(angle), 3.0 * np.cos(angle)
    found = y.copy()
    fill_arctan(found, x, 10, 990, 2.0)
    np.testing.assert_allclose(found[10:990], 2.0 * angle[10:990], rtol=1e-14, atol=1e-15)
    assert found[:10].tolist() == y[:10].tolist()
    assert found[990:].tolist() == y[990:].tolist()


@pytest.mark.parametrize("largest", [0.5, 1.0, 1.1])
def test_arcsines_are_those_of_the_library(largest: float) -> None:
    sine = np.linspace(-largest, largest, 501)
    found = sine.copy()
    fill_arcsin(found, 0, 501, 1.0)
    expected = np.arcsin(np.clip(sine, -1.0, 1.0))
    np.testing.assert_allclose(found, expected, rtol=1e-14, atol=1e-15)


@settings(deadline=None, max_examples=few(8))
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(1, 400),
    oldest=st.integers(0, 2**40),
    first=st.integers(0, 4000),
)
def test_a_window_is_filtered_as_each_of_its_directions(
    seed: int, n: int, oldest: int, first: int
) -> None:
    """Wherever it lies in the past."""
    rng = np.random.default_rng(seed)
    c = chain_coefficients(200.0, Runner(), AnalyzerParams())
    state, finished = np.zeros(1, CHAIN_STATE), np.zeros(1, FINISHED_STEPS)
    force = rng.normal(size=(n, 3)) + np.array([1.0, -2.0, 9.0])
    state["past"][0, FX : FZ + 1, first : first + n] = force.T
    state["segment"]["oldest"] = oldest
    first += oldest
    up = rng.normal(size=3)
    up /= math.sqrt(float(up @ up))
    smooth_window(c[0], state[0], finished[0], up, first, n)
    along = force @ up / STANDARD_GRAVITY_M_S2
    assert mean_along(state[0], up, first, n) == pytest.approx(float(along.mean()))
    for row, cutoff in ((V10, "low_pass_10hz"), (V20, "low_pass_20hz")):
        expected = along.copy()
        zero_phase_low_pass(c[cutoff][0], expected, n)
        np.testing.assert_allclose(finished["window"][0, row, :n], expected, rtol=1e-9, atol=1e-10)


def test_exponentials_are_those_of_the_library() -> None:
    values = np.concatenate([np.linspace(-100.0, 0.0, 999), [-1e300, -745.2]])
    found = values.copy()
    fill_exponential(found, 0.5)
    np.testing.assert_allclose(found, np.exp(0.5 * values), rtol=1e-13, atol=1e-17)


def test_a_block_that_only_seems_to_be_in_g_is_looked_at_closely() -> None:
    """Counting settles most blocks; where half of the forces are small the median decides."""
    time_s = np.arange(400) / 200.0
    falling = np.tile([0.0, 0.0, 9.81], (400, 1))
    falling[:201] = 0.1  # less than any in g
    assert len(Samples(time_s, falling)) == 400
