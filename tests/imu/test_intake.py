"""The door against its plain oracle: what passes, what is filled, where the stream begins anew."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imu.chain.intake import Intake, IntakeParams
from imu.contract import require_same_bits
from imu.errors import InputError, ParameterError
from imu.samples import STANDARD_GRAVITY_M_S2, Quality, Samples
from tests.examples import few
from tests.imu.oracles import Door

RATE_HZ = 100.0


def at_rest(times: list[float]) -> Samples:
    """Slightly uneven readings, so that no two are equal."""
    n = len(times)
    force = np.tile([0.0, 0.0, STANDARD_GRAVITY_M_S2], (n, 1)) + np.arange(n)[:, None] * 1e-3
    return Samples(times, force, np.arange(3.0 * n).reshape(n, 3) * 1e-4)


@settings(deadline=None, max_examples=few(40))
@given(
    seed=st.integers(0, 2**32 - 1),
    jitter=st.sampled_from([0.0, 0.1, 0.4, 0.9]),
    drift=st.sampled_from([0.97, 1.0, 1.03]),
    fill_limit_s=st.sampled_from([0.0, 0.03, 0.1, 1.0]),
    range_m_s2=st.sampled_from([0.0, 19.6, 78.5]),
)
def test_the_door_equals_the_plain_one(
    seed: int, jitter: float, drift: float, fill_limit_s: float, range_m_s2: float
) -> None:
    random = np.random.default_rng(seed)
    n = 120
    lost = random.choice([0] * 30 + [1, 2, 5, 9, 11, 40], n)
    ticks = np.cumsum(1.0 + lost) + jitter * random.uniform(-0.49, 0.49, n)
    time = 5.0 + ticks * drift / RATE_HZ
    force = np.round(random.normal(0.0, 12.0, (n, 3)))
    force[:, 2] += 0.25  # zeros on all axes are no reading
    force[40:50, 0] = force[40, 0]
    gyro = random.normal(0.0, 2.0, (n, 3))
    force[random.integers(0, n, 4), random.integers(0, 3)] = np.nan
    gyro[random.integers(0, n), 1] = np.inf
    quality = random.choice([0, 0, 0, 2, 16], n).astype(np.uint8)
    params = IntakeParams(fill_limit_s, range_m_s2, 4.0)
    out = Intake(RATE_HZ, params).push(Samples(time, force, gyro, quality))
    door = Door(RATE_HZ, fill_limit_s, range_m_s2 or math.inf, 4.0)
    rows, flags, counts = door.clean(time, force, gyro, quality)
    assert out.angular_velocity_rad_s is not None
    found = np.column_stack([out.time_s, out.acceleration_m_s2, out.angular_velocity_rad_s])
    np.testing.assert_allclose(found, rows, rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(out.quality, flags)
    stage = Intake(RATE_HZ, params)
    stage.push(Samples(time, force, gyro, quality))
    assert [int(stage.state[name][0]) for name in ("filled", "quarantined", "restarts")] == [
        *counts
    ]


def test_clean_samples_pass_untouched() -> None:
    samples = at_rest([k / RATE_HZ for k in range(50)])
    out = Intake(RATE_HZ).push(samples)
    np.testing.assert_array_equal(out.time_s, samples.time_s)
    np.testing.assert_array_equal(out.acceleration_m_s2, samples.acceleration_m_s2)
    np.testing.assert_array_equal(out.angular_velocity_rad_s, samples.angular_velocity_rad_s)
    assert not out.quality.any()


@pytest.mark.parametrize("missing", [1, 5, 10])
def test_a_short_loss_is_filled_on_the_line_and_flagged(missing: int) -> None:
    times = [0.0, 0.01, 0.02, 0.03 + 0.01 * missing]
    out = Intake(RATE_HZ).push(at_rest(times))
    assert len(out) == 4 + missing
    assert out.quality.tolist() == [0, 0, 0, *[int(Quality.GAP)] * missing, 0]
    np.testing.assert_allclose(np.diff(out.time_s), 0.01, atol=1e-9)
    np.testing.assert_allclose(np.diff(out.acceleration_m_s2[2:, 0], 2), 0.0, atol=1e-12)


def test_nothing_is_joined_over_a_long_gap() -> None:
    stage = Intake(RATE_HZ)
    out = stage.push(at_rest([0.0, 0.01, 0.13, 0.14]))
    np.testing.assert_allclose(out.time_s, [0.0, 0.01, 0.13, 0.14])
    assert not out.quality.any()
    assert int(stage.state["restarts"][0]) == 1


def test_what_is_not_finite_counts_as_lost() -> None:
    samples = at_rest([k / RATE_HZ for k in range(6)])
    samples.acceleration_m_s2[2, 1] = np.nan
    assert samples.angular_velocity_rad_s is not None
    samples.angular_velocity_rad_s[3, 0] = -np.inf
    out = Intake(RATE_HZ).push(samples)
    assert np.all(np.isfinite(out.acceleration_m_s2))
    assert out.quality.tolist() == [0, 0, 1, 1, 0, 0]


def test_the_end_of_a_stated_range_is_flagged_and_kept() -> None:
    params = IntakeParams(acceleration_range_m_s2=8 * STANDARD_GRAVITY_M_S2)
    samples = at_rest([k / RATE_HZ for k in range(4)])
    samples.acceleration_m_s2[1:3, 0] = -4.0 * STANDARD_GRAVITY_M_S2, -8.0 * STANDARD_GRAVITY_M_S2
    out = Intake(RATE_HZ, params).push(samples)
    assert out.quality.tolist() == [0, 0, int(Quality.CLIPPED), 0]
    assert out.acceleration_m_s2[2, 0] == samples.acceleration_m_s2[2, 0]
    samples.acceleration_m_s2[1, 0] = 0.0  # a knock against one who stands tells nothing of force
    out = Intake(RATE_HZ, params).push(samples)
    assert out.quality.tolist() == [0, 0, int(Quality.GAP), 0]
    assert np.abs(out.acceleration_m_s2).max() < 10.0


def test_all_axes_at_the_end_of_a_stated_range_are_no_reading() -> None:
    samples = at_rest([k / RATE_HZ for k in range(5)])
    samples.acceleration_m_s2[2:4] = -16.0 * STANDARD_GRAVITY_M_S2
    door = Intake(RATE_HZ, IntakeParams(acceleration_range_m_s2=16 * STANDARD_GRAVITY_M_S2))
    out = door.push(samples)
    assert out.quality.tolist() == [0, 0, int(Quality.GAP), int(Quality.GAP), 0]
    assert np.abs(out.acceleration_m_s2).max() < 10.0
    assert door.state["impossible"][0] == 0  # the units are right


def test_stuck_high_readings_are_flagged_but_rest_and_zeros_are_not() -> None:
    time = np.arange(8) / RATE_HZ
    high = np.zeros((8, 3))
    high[:, 2] = 2.5 * STANDARD_GRAVITY_M_S2
    assert Intake(RATE_HZ).push(Samples(time, high)).quality[2:].tolist() == [2] * 6
    rest = np.tile([0.0, 0.0, STANDARD_GRAVITY_M_S2], (8, 1))
    assert not Intake(RATE_HZ).push(Samples(time, rest)).quality.any()


@settings(deadline=None)
@given(drift=st.floats(0.95, 1.05), jitter=st.floats(0.0, 0.2), seed=st.integers(0, 1000))
def test_a_clock_that_is_a_little_off_loses_nothing(drift: float, jitter: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    ticks = np.arange(400) + jitter * random.uniform(-1.0, 1.0, 400)
    out = Intake(RATE_HZ).push(at_rest((ticks * drift / RATE_HZ).tolist()))
    assert len(out) == 400
    assert not out.quality.any()


def test_no_jitter_makes_a_slow_clock_lose_a_sample() -> None:
    """The worst that can be: all early until the clock's lag has built up, then one late."""
    for early in range(1, 60):
        ticks = np.arange(early + 1) + np.array([-0.2] * early + [0.2])
        out = Intake(RATE_HZ).push(at_rest((ticks * 1.05 / RATE_HZ).tolist()))
        assert len(out) == early + 1


@settings(deadline=None)
@given(drift=st.floats(0.97, 1.05), jitter=st.floats(0.0, 0.1), seed=st.integers(0, 1000))
def test_every_lost_sample_is_found_all_the_same(drift: float, jitter: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    ticks = np.arange(400) + jitter * random.uniform(-1.0, 1.0, 400)
    kept = np.ones(400, bool)
    kept[random.choice(np.arange(40, 380, 20), 5, replace=False)] = False
    out = Intake(RATE_HZ).push(at_rest((ticks[kept] * drift / RATE_HZ).tolist()))
    assert len(out) == 400
    assert out.quality.astype(bool).tolist() == (~kept).tolist()


@pytest.mark.parametrize("times", [[0.0, 0.01, 0.01], [0.0, 0.02, 0.01], [0.0, np.nan, 0.02]])
def test_time_that_does_not_increase_is_refused_and_nothing_is_taken(times: list[float]) -> None:
    stage = Intake(RATE_HZ)
    stage.push(at_rest([-0.02, -0.01]))
    before = stage.state
    with pytest.raises(InputError, match=r"sample \d of the block: (its )?time"):
        stage.push(at_rest(times))
    require_same_bits("state", before, stage.state)
    assert len(stage.push(at_rest([0.0, 0.01]))) == 2


def test_time_must_go_on_between_blocks_too() -> None:
    stage = Intake(RATE_HZ)
    stage.push(at_rest([0.0, 0.01]))
    with pytest.raises(InputError, match=r"0\.010000 s follows 0\.010000 s"):
        stage.push(at_rest([0.01, 0.02]))


@pytest.mark.parametrize(
    "params",
    [
        IntakeParams(fill_limit_s=-0.1),
        IntakeParams(fill_limit_s=1.5),
        IntakeParams(fill_limit_s=math.nan),
        IntakeParams(acceleration_range_m_s2=-1.0),
        IntakeParams(angular_velocity_range_rad_s=math.nan),
    ],
)
def test_parameters_outside_their_range_are_refused(params: IntakeParams) -> None:
    with pytest.raises(ParameterError):
        Intake(RATE_HZ, params)


@pytest.mark.parametrize("rate_hz", [0.0, -100.0, math.nan, math.inf])
def test_a_rate_that_is_none_is_refused(rate_hz: float) -> None:
    with pytest.raises(ParameterError, match="rate_hz"):
        Intake(rate_hz)


def test_a_whole_recording_needs_memory_for_what_it_holds() -> None:
    """An hour at 1600 Hz is 6 million samples; room for a filled gap before each is 50 GB."""
    tracemalloc = pytest.importorskip("tracemalloc")
    n = 200_000
    force = np.tile([0.0, 0.0, STANDARD_GRAVITY_M_S2], (n, 1))
    samples = Samples(np.arange(n) / 1600.0, force, np.zeros((n, 3)))
    stage = Intake(1600.0)
    tracemalloc.start()
    stage.push(samples)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10 * n * 57


@pytest.mark.parametrize("count_g", [1 / 32, 1 / 8, 0.1])
def test_a_coarse_sensor_reads_the_same_at_the_top_of_a_wave_and_is_not_at_its_end(
    count_g: float,
) -> None:
    """What is cut off stays the same for longer."""
    time = np.arange(2000) / 200.0
    up = 9.81 * (1.0 + 1.3 * np.sin(2.0 * np.pi * 2.8 * time))
    coarse = count_g * 9.81 * np.floor(up / (count_g * 9.81))
    cut = np.minimum(coarse, count_g * 9.81 * np.floor(1.75 / count_g))
    flags = []
    for values in (coarse, cut):
        force = np.stack([0.0 * time, 0.0 * time, values], axis=1)
        flags.append(Intake(200.0).push(Samples(time, force)).quality & Quality.CLIPPED)
    assert not flags[0].any()
    assert np.count_nonzero(flags[1]) > 50


@pytest.mark.parametrize("count_deg_s", [1.0, 4.0])
def test_a_coarse_gyroscope_is_not_at_its_end_either(count_deg_s: float) -> None:
    time = np.arange(2000) / 200.0
    count = np.radians(count_deg_s)
    rate = count * np.floor(2.2 * np.sin(2.0 * np.pi * 1.4 * time) / count)
    cut = np.clip(rate, -1.7, 1.7)
    up = 9.81 * (1.0 + 1.3 * np.sin(2.0 * np.pi * 2.8 * time))
    force = np.stack([0.0 * time, 0.01 * np.sin(time), up], axis=1)
    flags = []
    for values in (rate, cut):
        turning = np.stack([values, 0.0 * time, 0.0 * time], axis=1)
        flags.append(Intake(200.0).push(Samples(time, force, turning)).quality & Quality.CLIPPED)
    assert not flags[0].any()
    assert np.count_nonzero(flags[1]) > 50
