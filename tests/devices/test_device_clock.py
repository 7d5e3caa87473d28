"""Device time: wraps, silences, restarts, and time that never goes back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.timing.device_clock import STAMP_MODULUS_US, DeviceClock, unwrapped


@given(st.integers(-(2**40), 2**40), st.integers(1, 2**33), st.integers(-(2**40), 2**40))
def test_unwrapping_finds_the_nearest_number(value: int, modulus: int, expected: int) -> None:
    result = unwrapped(value % modulus, modulus, expected)
    assert (result - value) % modulus == 0
    assert abs(result - expected) <= (modulus + 1) // 2


@given(st.integers(0, STAMP_MODULUS_US - 1))
def test_two_hours_pass_over_the_wraps_from_any_stamp(origin_us: int) -> None:
    clock = DeviceClock(200.0)
    for second in range(0, 7200, 60):
        stamp_us = (origin_us + second * 1_000_000) % STAMP_MODULUS_US
        elapsed_us = clock.read(stamp_us, second * 10**9)
        assert elapsed_us == second * 1_000_000
        clock.sample_times_s(elapsed_us, second * 200, 10, second * 10**9)


@pytest.mark.parametrize("silence_h", [1.0, 1.2, 2.5, 11.0])
def test_a_silence_longer_than_the_wrap_is_told_by_arrival(silence_h: float) -> None:
    clock = DeviceClock(200.0)
    clock.sample_times_s(clock.read(5, 0), 0, 10, 0)
    later_us = round(silence_h * 3.6e9)
    assert clock.read((5 + later_us) % STAMP_MODULUS_US, later_us * 1000 + 80_000_000) == later_us


def test_a_packet_minutes_late_keeps_its_own_time() -> None:
    clock = DeviceClock(200.0)
    clock.sample_times_s(clock.read(0, 0), 0, 10, 0)
    assert clock.read(50_000, arrival_ns=600 * 10**9) == 50_000


def test_a_restart_goes_on_by_the_arrival_difference() -> None:
    clock = DeviceClock(100.0)
    clock.sample_times_s(clock.read(77_000_000, 0), 0, 10, 0)
    elapsed_us = clock.restart(1_000, arrival_ns=3 * 10**9)
    assert elapsed_us == 3_000_000
    clock.sample_times_s(elapsed_us, 0, 10, 3 * 10**9, continues=False)
    assert clock.read(101_000, 3_100_000_000) == 3_100_000


def test_a_restart_always_leaves_a_gap() -> None:
    clock = DeviceClock(100.0)
    before = clock.sample_times_s(clock.read(0, 0), 0, 10, 0)
    after = clock.sample_times_s(clock.restart(0, 1), 0, 10, 1, continues=False)
    assert after[0] - before[-1] == pytest.approx(0.13)  # longer than what is filled in
    for arrival_ns in range(100_000_000, 10**10, 100_000_000):  # but time does not run away
        at_s = clock.sample_times_s(
            clock.restart(0, arrival_ns), 0, 10, arrival_ns, continues=False
        )
    assert at_s[0] < 11.2


@pytest.mark.parametrize("deviation", [0.97, 1.0, 1.03])
def test_the_true_period_is_learned_and_spaces_the_samples(deviation: float) -> None:
    clock = DeviceClock(200.0)
    period_us = 5000 / deviation
    blocks = []
    for index in range(0, 200 * 30, 10):
        stamp_us = round(index * period_us)
        elapsed_us = clock.read(stamp_us, stamp_us * 1000)
        blocks.append(clock.sample_times_s(elapsed_us, index, 10, stamp_us * 1000))
    steps_s = np.diff(np.concatenate(blocks[-100:]))
    assert clock.period_s == pytest.approx(period_us * 1e-6, rel=1e-4)
    np.testing.assert_allclose(steps_s, period_us * 1e-6, atol=10e-6)


@given(st.lists(st.integers(-6000, 6000), min_size=2, max_size=60))
def test_time_strictly_increases_whatever_the_stamps_jitter(jitter_us: list[int]) -> None:
    clock = DeviceClock(1600.0)
    blocks = []
    for k, jitter in enumerate(jitter_us):
        stamp_us = 10**6 + round(k * 31 * 625 + jitter)
        elapsed_us = clock.read(stamp_us, k * 19_375_000)
        blocks.append(clock.sample_times_s(elapsed_us, k * 31, 31, k * 19_375_000))
    assert np.all(np.diff(np.concatenate(blocks)) > 0)


def test_a_clock_set_by_the_device_does_not_move_the_samples() -> None:
    clock = DeviceClock(100.0)
    before = clock.sample_times_s(clock.read(0, 0), 0, 10, 0)
    elapsed_us = clock.step(3_000_000_000, 10)
    after = clock.sample_times_s(elapsed_us, 10, 10, 100_000_000)
    assert after[0] - before[-1] == pytest.approx(0.01)
    assert clock.read(3_000_100_000, 200_000_000) == 200_000
