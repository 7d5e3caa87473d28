"""The two-sided cumulative sum against a plain loop."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from imu.drift.cusum import next_cusum


@given(
    blocks=st.lists(st.one_of(st.floats(-9.0, 9.0), st.just(math.nan)), max_size=50),
    slack=st.floats(0.0, 3.0),
)
def test_it_equals_the_plain_sums(blocks: list[float], slack: float) -> None:
    up, down = np.zeros(1), np.zeros(1)
    plain_up = plain_down = 0.0
    for z in blocks:
        up, down = next_cusum(up, down, np.array([z]), slack, 12.0)
        if not math.isnan(z):
            plain_up = min(max(plain_up + z - slack, 0.0), 12.0)
            plain_down = min(max(plain_down - z - slack, 0.0), 12.0)
        assert (up[0], down[0]) == (plain_up, plain_down)


def test_three_standard_deviations_are_enough_evidence_after_three_blocks() -> None:
    up, down = np.zeros(1), np.zeros(1)
    for _ in range(3):
        up, down = next_cusum(up, down, np.array([3.0]), 1.0, 12.0)
    assert (up[0], down[0]) == (6.0, 0.0)
