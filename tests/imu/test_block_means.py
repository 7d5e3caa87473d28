"""Block means: their standard error is right for steps that are alike and feet that differ."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import lfilter
from scipy.stats import t as student

from imu.errors import ParameterError
from imu.step.block_means import _MEASURED_SD, MEAN_COLUMNS, block_means
from imu.steps import NO_STEPS, STEP_ROW, Steps

Array = NDArray[np.float64]


def steps_with(values: Array, column: str = "impact_shock_g") -> Steps:
    rows = np.zeros(len(values), STEP_ROW)
    rows["initial_contact_s"] = 0.36 * np.arange(len(values))
    rows[column] = values
    return Steps(rows)


def alike(random: np.random.Generator, n: int, correlation: float) -> Array:
    """Steps about 100 of which neighbours are alike, and whose feet differ by 4."""
    noise = lfilter([1.0], [1.0, -correlation], random.normal(size=n + 50))
    return np.asarray(100.0 + 3.0 * noise[50:] + np.tile([2.0, -2.0], n // 2))


@pytest.mark.parametrize("blocks", [1, 5, 40])
@pytest.mark.parametrize("correlation", [0.2, 0.5])
def test_95_percent_intervals_hold_the_level_in_92_to_98_percent(
    blocks: int, correlation: float
) -> None:
    random = np.random.default_rng(round(100 * correlation) + blocks)
    held = []
    for _ in range(min(600, 2400 // blocks)):
        means = block_means(steps_with(alike(random, 20 * blocks, correlation)))
        off = np.abs(means.mean["impact_shock_g"] - 100.0)
        held.append(off <= means.chance_half_width_95["impact_shock_g"])
    # a share of 600 to 2400, so 0.5 to 0.9 % of doubt at one standard deviation
    assert 0.915 <= np.concatenate(held).mean() <= 0.985


def test_the_standard_error_is_the_spread_of_the_means() -> None:
    random = np.random.default_rng(5)
    means = block_means(steps_with(alike(random, 20 * 3000, 0.4)))
    spread = means.mean["impact_shock_g"].std()
    assert means.standard_error["impact_shock_g"].mean() == pytest.approx(spread, rel=0.05)


def test_feet_that_differ_are_no_error() -> None:
    means = block_means(steps_with(np.tile([180.0, 240.0], 30)))
    np.testing.assert_allclose(means.mean["impact_shock_g"], 210.0)
    np.testing.assert_allclose(means.standard_error["impact_shock_g"], 0.0)


def test_what_was_not_measured_has_no_mean() -> None:
    values = np.full(60, np.nan)
    values[:20] = np.random.default_rng(1).normal(100.0, 1.0, 20)
    values[20:35] = 100.0  # three quarters of the second block
    means = block_means(steps_with(values))
    assert np.isfinite(means.mean["impact_shock_g"]).tolist() == [True, True, False]
    assert np.isfinite(means.standard_error["impact_shock_g"]).tolist() == [True, True, False]
    assert np.isfinite(means.chance_half_width_95["impact_shock_g"]).tolist() == [True, True, False]


def test_blocks_are_whole_and_told_by_their_first_contact() -> None:
    means = block_means(steps_with(np.ones(57)), size=15)
    assert len(means) == 3
    np.testing.assert_allclose(means.time_s, [0.0, 5.4, 10.8])
    assert set(means.mean) == set(MEAN_COLUMNS)
    assert len(block_means(NO_STEPS)) == 0


@pytest.mark.parametrize("size", [0, 9, 1001])
def test_a_size_outside_its_range_is_refused(size: int) -> None:
    with pytest.raises(ParameterError, match="10 to 1000"):
        block_means(NO_STEPS, size)


def test_the_interval_is_students() -> None:
    # independent steps of one block: the prior correlation widens it a little
    values = np.random.default_rng(3).normal(0.0, 1.0, 20 * 400)
    means = block_means(steps_with(values))
    ratio = means.chance_half_width_95["impact_shock_g"] / means.standard_error["impact_shock_g"]
    assert ratio.mean() == pytest.approx(student.ppf(0.975, 18), rel=0.01)


def test_what_is_wrong_on_all_steps_counts_as_seen_on_eighteen_runners() -> None:
    means = block_means(steps_with(np.full(40, 1.0)))
    for name, deviation in _MEASURED_SD.items():
        whole, chance = means.half_width_95[name], means.chance_half_width_95[name]
        lasting = student.ppf(0.975, 17) * deviation
        np.testing.assert_allclose(np.sqrt(whole**2 - chance**2), lasting, rtol=1e-3)
