"""The session's dose in easy kilometres."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imu.drift.dose import DOSE_POWERS, equivalent_easy_km
from imu.errors import ParameterError
from imu.samples import Quality
from imu.steps import NO_STEPS, STEP_ROW, Steps


def steps_of(compressions: list[float]) -> Steps:
    rows = np.zeros(len(compressions), STEP_ROW)
    rows["lumbar_compression_bw"] = compressions
    return Steps(rows)


@given(km=st.floats(0.0, 100.0), baseline=st.floats(0.5, 5.0))
def test_a_run_at_the_baseline_is_worth_its_distance(km: float, baseline: float) -> None:
    found = equivalent_easy_km(steps_of([baseline] * 50), baseline, km)
    assert found == {power: pytest.approx(km) for power in DOSE_POWERS}


def test_harder_steps_count_by_the_power() -> None:
    found = equivalent_easy_km(steps_of([4.0, 2.0]), 2.0, 1.0)
    assert found == {2: (4 + 1) / 2, 4: (16 + 1) / 2, 6: (64 + 1) / 2}


def test_steps_that_are_not_trusted_count_as_the_others() -> None:
    steps = steps_of([2.0, 2.0, 9.0, math.nan])
    steps.rows["quality"][2] = Quality.CLIPPED
    assert equivalent_easy_km(steps, 2.0, 5.0)[4] == 5.0


def test_bends_count_and_steps_after_a_slip_count_as_the_others() -> None:
    steps = steps_of([2.0, 2.0, 4.0, 9.0])
    steps.rows["quality"][2:] = Quality.BEND, Quality.SLIP
    assert equivalent_easy_km(steps, 2.0, 3.0)[2] == pytest.approx(2.0 + 4.0)


def test_without_a_trusted_step_nothing_is_known() -> None:
    assert all(math.isnan(v) for v in equivalent_easy_km(NO_STEPS, 2.0, 5.0).values())


@pytest.mark.parametrize(
    ("baseline", "km", "name"),
    [
        (0.0, 1.0, "baseline_compression_bw"),
        (math.nan, 1.0, "baseline"),
        (2.0, -1.0, "distance_km"),
    ],
)
def test_what_makes_no_sense_is_named(baseline: float, km: float, name: str) -> None:
    with pytest.raises(ParameterError, match=name):
        equivalent_easy_km(NO_STEPS, baseline, km)
