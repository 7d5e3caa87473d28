"""Filters against scipy: equal to the bit where the machine allows it."""

from __future__ import annotations

import platform

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import ArrayLike
from scipy import signal

from imu.chain.filters import (
    MAX_SECTIONS,
    SosFilter,
    butterworth_low_pass,
    zero_phase_cutoff,
    zero_phase_low_pass,
)
from imu.errors import BackstrideError, ParameterError
from tests.examples import few
from tests.imu import oracles

EXACT = platform.machine().lower() in ("x86_64", "amd64")


def designs() -> list[np.ndarray]:
    return [
        signal.butter(1, 5.0, fs=100.0, output="sos"),
        signal.butter(4, 20.0, fs=200.0, output="sos"),
        signal.butter(2 * MAX_SECTIONS, 30.0, fs=400.0, output="sos"),
        signal.butter(3, [9.0, 20.0], "bandpass", fs=200.0, output="sos"),
        signal.ellip(5, 0.5, 60.0, 12.0, fs=100.0, output="sos"),
        signal.cheby2(4, 40.0, 3.0, "highpass", fs=50.0, output="sos"),
    ]


@settings(deadline=None, max_examples=few(30))
@given(
    design=st.integers(0, 5),
    seed=st.integers(0, 2**32 - 1),
    size=st.integers(0, 300),
    scale=st.sampled_from([1e-300, 1e-9, 1.0, 1e9]),
)
def test_sections_equal_scipy_to_the_bit(design: int, seed: int, size: int, scale: float) -> None:
    sos = designs()[design]
    values = scale * np.random.default_rng(seed).normal(size=size)
    found = SosFilter(sos).push(values)
    expected = signal.sosfilt(sos, values) if size else values
    if EXACT:
        np.testing.assert_array_equal(found.view(np.int64), expected.view(np.int64))
    else:
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12 * scale)


@pytest.mark.parametrize("rate_hz", [50.0, 100.0, 285.7, 1600.0])
@pytest.mark.parametrize("share", [0.0001, 0.01, 0.1, 0.25, 0.4, 0.49])
def test_coefficients_equal_the_textbook_design(rate_hz: float, share: float) -> None:
    found = butterworth_low_pass(share * rate_hz, rate_hz)
    b, a = oracles.butterworth(share * rate_hz, rate_hz)
    np.testing.assert_allclose(found, [*b, *a[1:]], rtol=1e-7, atol=1e-12)


@pytest.mark.parametrize("cutoff_hz", [0.0, -1.0, 50.0, 51.0, float("nan"), float("inf")])
def test_a_cutoff_outside_the_band_is_refused(cutoff_hz: float) -> None:
    with pytest.raises(ParameterError, match="between 0 and 50"):
        butterworth_low_pass(cutoff_hz, 100.0)


@settings(deadline=None, max_examples=few(20))
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 400), share=st.floats(0.01, 0.45))
def test_zero_phase_equals_two_settled_passes(seed: int, n: int, share: float) -> None:
    values = 10.0 + np.random.default_rng(seed).normal(size=n + 5)
    found = values.copy()
    zero_phase_low_pass(butterworth_low_pass(share, 1.0), found, n)
    expected = oracles.zero_phase(*oracles.butterworth(share, 1.0), values[:n])
    np.testing.assert_allclose(found[:n], expected, rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(found[n:], values[n:])


def test_zero_phase_of_nothing_is_nothing() -> None:
    values = np.array([1.0, 2.0])
    zero_phase_low_pass(butterworth_low_pass(10.0, 100.0), values, 0)
    assert values.tolist() == [1.0, 2.0]


@pytest.mark.parametrize("cutoff_hz", [10.0, 20.0])
def test_both_passes_together_have_3_db_at_the_stated_cutoff(cutoff_hz: float) -> None:
    rate_hz = 1000.0
    time = np.arange(4000) / rate_hz
    values = np.sin(2.0 * np.pi * cutoff_hz * time)
    zero_phase_low_pass(
        butterworth_low_pass(zero_phase_cutoff(cutoff_hz), rate_hz), values, len(values)
    )
    middle = values[1000:3000]
    assert np.max(np.abs(middle)) == pytest.approx(np.sqrt(0.5), rel=2e-3)
    # and no delay
    reference = np.sin(2.0 * np.pi * cutoff_hz * time)[1000:3000]
    assert middle @ reference / (middle @ middle) * np.sqrt(0.5) == pytest.approx(1.0, rel=2e-3)


@pytest.mark.parametrize(
    "sos",
    [
        np.zeros((0, 6)),
        np.ones((1, 5)),
        np.ones((MAX_SECTIONS + 1, 6)),
        [[1.0, 0.0, 0.0, 2.0, 0.0, 0.0]],
        [[1.0, 0.0, 0.0, float("nan"), 0.0, 0.0]],
    ],
)
def test_sections_of_another_form_are_refused(sos: ArrayLike) -> None:
    with pytest.raises(ParameterError, match="sos"):
        SosFilter(sos)


@pytest.mark.parametrize("values", [np.ones((3, 2)), ["a", "b"]])
def test_values_that_are_no_row_of_numbers_are_refused_in_one_sentence(values: ArrayLike) -> None:
    with pytest.raises(BackstrideError):
        SosFilter([[1.0, 0.0, 0.0, 1.0, 0.0, 0.0]]).push(values)


def test_the_input_is_left_as_it_was() -> None:
    values = np.arange(5.0)
    SosFilter(designs()[1]).push(values)
    assert values.tolist() == [0.0, 1.0, 2.0, 3.0, 4.0]
