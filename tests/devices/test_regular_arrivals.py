"""Losses on a wire are counted at once, and what was only held back is none."""

from __future__ import annotations

import numpy as np
import pytest

from devices.timing.regular_arrivals import RegularArrivals


def missing(arrivals_s: np.ndarray[tuple[int], np.dtype[np.float64]], rate_hz: float) -> int:
    line = RegularArrivals()
    return sum(line.missing(1, 1e6 / rate_hz, round(1e9 * each)) for each in arrivals_s)


def on_time(rate_hz: float, seed: int = 0) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    count = int(20 * rate_hz)
    late_s = np.random.default_rng(seed).exponential(0.0004, count)
    return np.maximum.accumulate(np.arange(count) / rate_hz + late_s)


@pytest.mark.parametrize("rate_hz", [50.0, 100.0, 200.0])
@pytest.mark.parametrize("stall_s", [0.03, 0.1, 0.3, 1.5])
@pytest.mark.parametrize("apart_s", [0.0, 0.0009])
def test_a_line_that_stalls_and_catches_up_has_lost_nothing(
    rate_hz: float, stall_s: float, apart_s: float
) -> None:
    arrivals_s = on_time(rate_hz)
    for begin_s in (5.0, 10.0, 15.0):
        held = (arrivals_s >= begin_s) & (arrivals_s < begin_s + stall_s)
        arrivals_s[held] = begin_s + stall_s
    for k in range(1, len(arrivals_s)):
        arrivals_s[k] = max(arrivals_s[k], arrivals_s[k - 1] + apart_s)
    assert missing(arrivals_s, rate_hz) == 0


@pytest.mark.parametrize("share", [0.001, 0.01, 0.03])
def test_each_lost_sample_is_counted(share: float) -> None:
    arrivals_s = on_time(100.0, 1)
    kept = np.random.default_rng(2).random(len(arrivals_s)) > share
    kept[:40] = kept[-10:] = True
    assert abs(missing(arrivals_s[kept], 100.0) - np.sum(~kept)) <= 1
