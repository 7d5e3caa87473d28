"""What the sensor cannot mean is told, its steps are flagged, and clean runs are told nothing."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.sensor_faults import FAULTS, HOLES, Fault, outcome_of
from devices.simulator.generate import simulate
from devices.simulator.scenario import Scenario
from imu.analyzer import StepAnalyzer
from imu.chain.loop import CHAIN_STATE
from imu.chain.sanity import SANITY_STATE, Sanity, Trouble, count_step_at_end, standing_troubles
from imu.errors import InputError
from imu.samples import Quality, Samples
from imu.step.turning import _judge_scale
from imu.steps import MOST_CADENCE_SPM, Steps, concatenate
from imu.whole_recording import analyze
from pipelines.session.facts import SensorDoubted
from pipelines.words.fact_words import doubt_words
from tests.imu.test_slip import turned

BY_NAME = {fault.name: fault for fault in FAULTS}
#: Simulated posture hardly changes from stride to stride, and this shows by that alone.
NOT_TOLD = {
    "accelerometer: levelled to the ground",
    # that nothing runs any more is told after half a minute, when this is over
    "twice the samples from mid-run on, times counted on",
}
#: Samples in another's place are samples, and an end of range that nobody stated shows by three
#: equal readings alone: these stay wrong, and stand on the page.
STILL_WRONG = {
    "accelerometer: ±3 g",
    "packets exchanged, without number and time, 5 %",
    "packets doubled, without number and time, 5 %",
}
RATE_HZ = 200.0


@cache
def run(query: str = "speed=3.2&minutes=0.7&seed=11&rate=200&standing_s=5&lean=6") -> Samples:
    return simulate(Scenario.from_query(query))[0]


def told(samples: Samples, rate_hz: float = RATE_HZ, axes: str = "+x+y+z") -> dict[str, float]:
    analyzer = StepAnalyzer(rate_hz, axes=axes)
    analyzer.push(samples)
    analyzer.flush()
    return analyzer.troubles


@cache
def steps(*, gyro: bool = True) -> Steps:
    samples = run()
    turning = samples.angular_velocity_rad_s if gyro else None
    analyzer = StepAnalyzer(RATE_HZ, axes="+x+y+z")
    clean = Samples(samples.time_s, samples.acceleration_m_s2, turning)
    return concatenate([analyzer.push(clean), analyzer.flush()])


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: str(fault.name))
def test_a_fault_is_told_and_no_wrong_step_is_trusted(fault: Fault) -> None:
    found = outcome_of(fault, run(), steps(gyro=not fault.beside_none), RATE_HZ)
    assert (not found.told) == (fault.name in NOT_TOLD)
    # the step within which the rate changes is trusted where it becomes longer by less than a sixth
    assert found.wrong <= fault.counted_on or fault.name in NOT_TOLD


@pytest.mark.parametrize("fault", HOLES, ids=lambda fault: str(fault.name))
def test_what_holes_leave_of_a_run_is_right(fault: Fault) -> None:
    found = outcome_of(fault, run(), steps(), RATE_HZ)
    assert (found.wrong <= 1) == (fault.name not in STILL_WRONG), found.wrong


@pytest.mark.parametrize("axes", ["+x+y+z", "auto"])
@pytest.mark.parametrize(
    "query",
    [
        "speed=2&minutes=0.4&rate=100&standing_s=0&lean=0&surface=trail&seed=2",
        "speed=6.5&minutes=0.4&rate=200&standing_s=4&slope=8&lean=15&mount_yaw=15&seed=3",
        "speed=4.2&minutes=0.4&rate=104&slope=-10&mount_pitch=-25&walk_s=10&device=ideal&seed=4",
        "speed=3.3&minutes=0.4&rate=50&standing_s=4&device=ideal&seed=5",
        "speed=5.5&minutes=1.1&rate=100&stop=30+10&seed=74",
    ],
)
def test_a_clean_run_is_told_nothing(query: str, axes: str) -> None:
    rate = Scenario.from_query(query).rate
    assert told(run(query), rate, axes) == {}


def test_a_gyroscope_of_zeros_gives_what_none_gives() -> None:
    samples = run()
    nothing = np.zeros_like(samples.acceleration_m_s2)
    zeros = analyze(Samples(samples.time_s, samples.acceleration_m_s2, nothing), axes="+x+y+z")
    none = analyze(Samples(samples.time_s, samples.acceleration_m_s2), axes="+x+y+z")
    assert (zeros.quality_bits == none.quality_bits).all()
    for name, values in zeros.columns().items():
        if values.dtype.kind == "f":
            np.testing.assert_allclose(values, none.rows[name], atol=1e-3)


def posture(steps: Steps) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return steps.initial_contact_s, steps.sacral_lean_deg


def test_a_gyroscope_that_falls_silent_is_told_and_steps_go_on_without_it() -> None:
    samples = run()
    turning = samples.angular_velocity_rad_s
    assert turning is not None
    for silent in (slice(4000, None), slice(4000, 5000), slice(None, 900), slice(None)):
        broken = turning + 0.05  # an offset that is to be learned, 3 °/s
        broken[silent] = np.nan
        given = Samples(samples.time_s, samples.acceleration_m_s2, broken)
        analyzer = StepAnalyzer(RATE_HZ, axes="+x+y+z")
        found = concatenate([analyzer.push(given), analyzer.flush()])
        assert len(found) >= len(steps()) - 8  # a second at the most, and where it speaks again
        here = np.searchsorted(samples.time_s, found.initial_contact_s + 0.2)
        without = np.isnan(broken[:, 0])[np.minimum(here, len(broken) - 1)]
        doubted = found.quality_bits & int(Quality.NO_GYRO | Quality.SENSOR | Quality.GAP)
        told = analyzer.troubles.keys() & {"frozen", "turn_lost", "gyro_zero"}
        # while the runner stands nothing is lost, and of one that never spoke nothing is told
        assert bool(told) == (without.any() and silent != slice(None))
        # the last step before it speaks again is closed when it does
        assert np.count_nonzero(doubted[without] == 0) <= 1
        if silent == slice(4000, 5000):  # what was known of its offset before still holds
            after = found.initial_contact_s > 32.0
            right = np.interp(found.initial_contact_s, *posture(steps()))
            assert np.mean(found.quality_bits[after] == 0) > 0.9
            assert np.abs(found.sacral_lean_deg - right)[after].max() < 1.0


def test_a_sensor_at_the_ends_of_its_range_is_in_its_units() -> None:
    samples = run()
    stuck = np.full_like(samples.acceleration_m_s2, 16.0 * 9.80665)
    assert len(Samples(samples.time_s, stuck, samples.angular_velocity_rad_s)) == len(samples)


def test_one_impossible_reading_costs_no_more_than_its_step() -> None:
    samples = run()
    force = samples.acceleration_m_s2.copy()
    force[4000] = 1e7
    spoiled = analyze(Samples(samples.time_s, force, samples.angular_velocity_rad_s), axes="+x+y+z")
    assert len(spoiled) == len(steps())
    assert np.count_nonzero(spoiled.quality_bits & np.uint16(Quality.SENSOR)) == 0


@pytest.mark.parametrize("reading", [-1e5, 1e5])
def test_an_impossible_reading_is_told_with_its_own_number(reading: float) -> None:
    samples = run()
    assert samples.angular_velocity_rad_s is not None
    both = np.hstack([samples.acceleration_m_s2, samples.angular_velocity_rad_s])
    for axis in (1, 4):
        spoiled = both.copy()
        spoiled[4000, axis] = reading
        given = Samples(samples.time_s, spoiled[:, :3], spoiled[:, 3:])
        assert told(given) == {"impossible": abs(reading)}


@pytest.mark.parametrize(("at_end", "is_told"), [(2, False), (3, True)])
def test_a_range_is_too_small_where_most_steps_reach_its_end(at_end: int, is_told: bool) -> None:
    """Of five steps two or three, after many that did not: these prove nothing of a later pace."""
    state = np.zeros(1, SANITY_STATE)
    for number in range(400):
        count_step_at_end(state[0], number >= 200 and number % 5 < at_end)
    assert list(standing_troubles(state[0])) == (["range_ends"] if is_told else [])


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_gyroscope_that_reads_wildly_for_a_while_is_told_and_believed_again(axis: int) -> None:
    samples = run()
    times, turning = samples.time_s, samples.angular_velocity_rad_s
    assert turning is not None
    wild, turning = (times > 18.0) & (times < 20.0), turning.copy()
    turning[wild, axis] += 40.0 * (-1.0) ** np.arange(wild.sum())
    analyzer = StepAnalyzer(RATE_HZ, axes="+x+y+z")
    given = Samples(times, samples.acceleration_m_s2, turning)
    steps = concatenate([analyzer.push(given), analyzer.flush()])
    assert analyzer.troubles == {"gyro_wild": pytest.approx(30.0, rel=0.1)}
    flagged = (steps.quality_bits & int(Quality.SENSOR)) != 0
    ends_s = steps.initial_contact_s
    assert flagged[(ends_s > 19.0) & (ends_s < 20.5)].all()
    assert not flagged[(ends_s < 17.0) | (ends_s > 24.0)].any()


def test_a_gyroscope_that_read_nothing_but_noise_is_believed_again() -> None:
    """Both sensors have shown how the runner leant into the run: its scale is known to be right."""
    samples = run("speed=3.2&minutes=1.4&seed=11&rate=100&standing_s=5&lean=6")
    times, turning = samples.time_s, samples.angular_velocity_rad_s
    assert turning is not None
    quiet = (times > 35.0) & (times < 75.0)
    analyzer = StepAnalyzer(100.0, axes="+x+y+z")
    given = Samples(times, samples.acceleration_m_s2, np.where(quiet[:, None], 0.02, 1.0) * turning)
    steps = concatenate([analyzer.push(given), analyzer.flush()])
    assert analyzer.troubles == {"gyro_quiet": pytest.approx(0.15, rel=0.1)}
    flagged = (steps.quality_bits & int(Quality.SENSOR)) != 0
    ends_s = steps.initial_contact_s
    assert flagged[(ends_s > 72.0) & (ends_s < 74.0)].all()
    assert not flagged[(ends_s < 60.0) | (ends_s > 77.0)].any()


@pytest.mark.parametrize("is_back", [True, False])
def test_a_sensor_that_came_off_is_believed_again_once_it_is_as_it_was(is_back: bool) -> None:
    samples = run("minutes=0.9&seed=7&rate=100&standing_s=4&lean=5&stop=20+10")
    samples = turned(120.0, 27.0, "y", samples, 0.5)
    if is_back:
        samples = turned(-120.0, 32.0, "y", samples, 1.0)
    analyzer = StepAnalyzer(100.0, axes="+x+y+z")
    steps = concatenate([analyzer.push(samples), analyzer.flush()])
    assert analyzer.troubles["came_off"] == pytest.approx(120.0, abs=5.0)
    trusted = (steps.quality_bits & int(Quality.SENSOR)) == 0
    assert trusted[steps.initial_contact_s < 27.0].all()
    later = trusted[steps.initial_contact_s > 40.0]
    assert len(later) > 40
    assert later.all() if is_back else not later.any()


@pytest.mark.parametrize(("faster", "is_told"), [(1.75, False), (2.0, True)])
def test_steps_that_come_as_fast_as_nobody_runs_are_flagged(faster: float, is_told: bool) -> None:
    samples = run()
    fast = Samples(samples.time_s / faster, samples.acceleration_m_s2)
    analyzer = StepAnalyzer(RATE_HZ * faster, axes="+x+y+z")
    steps = concatenate([analyzer.push(fast), analyzer.flush()])
    flagged = (steps.quality_bits & int(Quality.SENSOR)) != 0
    assert len(flagged) > 100
    assert np.array_equal(flagged, steps.cadence_spm > MOST_CADENCE_SPM)
    assert flagged.mean() > 0.9 if is_told else not flagged.any()


def test_every_trouble_has_a_sentence_with_its_number() -> None:
    for trouble in Trouble:
        words = doubt_words(SensorDoubted(1.0, str(trouble.name).lower(), 12.5))
        assert words.endswith(".")
        assert "{" not in words


def test_turning_by_hand_shows_a_gyroscope_of_another_scale() -> None:
    """From upright to lying and back: what a step cannot show."""
    time = np.arange(2400) / RATE_HZ
    rate = np.where((time > 4.5) & (time < 5.5), np.pi / 2, 0.0)
    tilt = np.cumsum(rate) / RATE_HZ
    force = 9.81 * np.stack([0.0 * tilt, np.sin(tilt), np.cos(tilt)], axis=1)
    turning = np.stack([rate, 0.0 * rate, 0.0 * rate], axis=1)
    assert told(Samples(time, force, turning)) == {}
    for factor in (0.5, 2.0, -1.0):
        assert "gyro_contradicts" in told(Samples(time, force, factor * turning))
    for absent in (None, 0.0 * turning):
        assert "gyro_contradicts" not in told(Samples(time, force, absent))


@pytest.mark.parametrize("axis", [0, 1])
def test_an_offset_that_shows_in_standing_leans_nobody(axis: int) -> None:
    samples = run("speed=3.2&minutes=0.3&seed=11&rate=100&standing_s=5&lean=6")
    assert samples.angular_velocity_rad_s is not None
    right = np.median(analyze(samples).sacral_lean_deg)
    for offset_deg_s in (-20.0, 20.0):
        turning = samples.angular_velocity_rad_s.copy()
        turning[:, axis] += np.radians(offset_deg_s)
        given = Samples(samples.time_s, samples.acceleration_m_s2, turning)
        assert told(given, 100.0, "auto") == {}
        off = analyze(given)
        assert not off.quality_bits.any()
        assert abs(np.median(off.sacral_lean_deg) - right) < 0.5


def test_hard_motion_without_steps_is_told_within_half_a_minute() -> None:
    """Where a rate is stated for which nobody's steps are found."""
    samples = run()
    slow = Samples(samples.time_s * 2.0, samples.acceleration_m_s2, samples.angular_velocity_rad_s)
    assert "no_steps" in told(slow[: 2 * 36 * 100], 0.5 * RATE_HZ)


def test_a_scale_that_only_a_table_shows_is_not_that_of_the_run() -> None:
    """An accelerometer has other zeros on another side."""
    samples = run()
    lying = np.tile([0.0, 11.0, 0.0], (1000, 1))
    lying += np.random.default_rng(3).normal(0.0, 0.02, lying.shape)
    force = np.concatenate([lying, samples.acceleration_m_s2[1000:]])
    given = Samples(samples.time_s, force, None)
    assert "gravity" not in told(given)


def test_the_stage_alone_tells_gravity_that_is_missing() -> None:
    watch = Sanity(RATE_HZ)
    force = np.random.default_rng(1).normal(0.0, 1.0, (1200, 3))
    flags: NDArray[np.uint16] = watch.push(Samples(np.arange(1200) / RATE_HZ, force))
    assert flags.dtype == np.uint16
    assert list(watch.troubles) == ["gravity"]


@pytest.mark.parametrize(
    ("change", "cure"),
    [
        (lambda t, a, w: (t * 1000.0, a, w), "in ms, divide by 1000"),
        (lambda t, a, w: (t * 1e6, a, w), "in µs, divide by 1000000"),
        (lambda t, a, w: (t * 1e9, a, w), "in ns, divide by 1000000000"),
        (lambda t, a, w: (t, a / 9.80665, w), "multiply by 9.80665"),
        (lambda t, a, w: (t, a * 1000.0 / 9.80665, w), "divide by 102 if it is in mg"),
        (lambda t, a, w: (t, a * 100.0, w), "by 100 if it is in cm/s²"),
        (lambda t, a, w: (t, a * 16384.0 / 9.80665, w), "counts by how many"),
        (lambda t, a, w: (t, a, np.degrees(w)), "numpy.radians"),
        (lambda t, a, w: ((t * 1e9).astype("datetime64[ns]"), a, w), "timedelta64"),
        (lambda t, a, w: ((t * 1e9).astype("timedelta64[ns]"), a, w), "timedelta64"),
    ],
)
def test_other_units_are_refused_in_a_sentence(change: Callable[..., Any], cure: str) -> None:
    samples = run()
    with pytest.raises(InputError, match=cure):
        Samples(*change(samples.time_s, samples.acceleration_m_s2, samples.angular_velocity_rad_s))


def test_a_sensor_at_rest_whose_readings_come_again_has_lost_no_packet() -> None:
    """Few readings of a quiet sensor, in any order, and a motion that repeats itself exactly."""
    random, count = np.random.default_rng(4), 4000
    force = np.array([[0.0, 0.0, 9.81], [0.01, 0.0, 9.81], [0.0, 0.01, 9.8]])
    quiet = Samples(
        np.arange(count) / RATE_HZ, force[random.integers(0, 3, count)], 0.0 * np.ones((count, 3))
    )
    assert "doubled" not in told(quiet)
    stride = run().acceleration_m_s2[3000:3050]
    turning = run().angular_velocity_rad_s
    assert turning is not None
    again = Samples(
        np.arange(count) / RATE_HZ, np.tile(stride, (80, 1)), np.tile(turning[3000:3050], (80, 1))
    )
    assert "doubled" not in told(again)


def test_25_hz_gives_what_it_can_and_leaves_the_rest_empty() -> None:
    slow = analyze(run()[::8], axes="+x+y+z")
    fast = steps()
    assert abs(len(slow) - len(fast)) <= 1
    for name, within in (("cadence_spm", 1.5), ("vertical_oscillation_mm", 3.0)):
        assert abs(np.nanmedian(slow.rows[name]) - np.nanmedian(fast.rows[name])) < within
    for name in ("contact_time_ms", "impact_shock_g", "peak_force_bw", "braking_m_s", "toe_off_s"):
        assert np.isnan(slow.rows[name]).all()


def test_a_run_straight_on_is_no_bend_at_25_hz() -> None:
    for query in ("seed=1", "seed=2&speed=4.2"):
        samples = run(f"minutes=0.6&rate=100&standing_s=2&{query}")[::4]
        flagged = analyze(samples, axes="+x+y+z").quality_bits & int(Quality.BEND)
        assert np.count_nonzero(flagged) < 0.05 * len(flagged)


def test_a_slower_gyroscope_in_every_row_is_not_at_the_end_of_its_range() -> None:
    samples = run()
    gyro = samples.angular_velocity_rad_s
    assert gyro is not None
    held = np.repeat(gyro[::4], 4, axis=0)[: len(samples)]
    given = Samples(samples.time_s, samples.acceleration_m_s2, held)
    quality = analyze(given, axes="+x+y+z").quality
    assert np.mean(quality == "") > 0.9, set(quality)
    assert told(given) == {}


def off_by(g: float, first_s: float = 18.0, last_s: float = 21.3) -> tuple[Steps, Steps]:
    """Steps of a sensor whose zeros are off for some seconds, and the same without."""
    samples = run()
    on = (samples.time_s >= first_s) & (samples.time_s < last_s)
    acceleration = samples.acceleration_m_s2 + 9.81 * g * on[:, None]
    biased = Samples(samples.time_s, acceleration, samples.angular_velocity_rad_s)
    analyzer = StepAnalyzer(RATE_HZ, axes="+x+y+z")
    return concatenate([analyzer.push(biased), analyzer.flush()]), steps()


def test_up_is_found_anew_after_forces_that_were_none() -> None:
    off, clean = off_by(1.6)
    after = (off.initial_contact_s > 21.5) & (off.quality_bits == 0)
    right = np.interp(off.initial_contact_s, clean.initial_contact_s, clean.sacral_lean_deg)
    assert after.sum() > 40
    assert np.abs(off.sacral_lean_deg - right)[after].max() < 3.0


@pytest.mark.parametrize(("first_s", "most"), [(5.0, 0), (7.2, 6)])
def test_forces_that_were_none_in_standing_are_not_up(first_s: float, most: int) -> None:
    samples = run("speed=3.2&minutes=0.4&seed=11&rate=200&standing_s=10&lean=6")
    clean = analyze(samples, axes="+x+y+z")
    on = (samples.time_s >= first_s) & (samples.time_s < first_s + 3.0)
    coarse = np.round((samples.acceleration_m_s2 + 40.0 * on[:, None]) / 0.005) * 0.005
    off = analyze(Samples(samples.time_s, coarse, samples.angular_velocity_rad_s), axes="+x+y+z")
    right = np.interp(off.initial_contact_s, clean.initial_contact_s, clean.sacral_lean_deg)
    trusted = off.quality_bits == 0
    assert trusted.sum() > 0.9 * len(clean)
    assert (np.abs(off.sacral_lean_deg - right)[trusted] > 6.0).sum() <= most


def test_no_way_is_made_of_forces_that_do_not_repeat() -> None:
    off, clean = off_by(0.3)
    k = np.searchsorted(clean.initial_contact_s, off.initial_contact_s).clip(1, len(clean) - 1)
    way = clean.vertical_oscillation_mm
    wrong = [np.abs(off.vertical_oscillation_mm - way[near]) > 15.0 for near in (k - 1, k)]
    assert not (wrong[0] & wrong[1]).any()
    assert 4 <= np.isnan(off.vertical_oscillation_mm).sum() <= 16
    assert not np.isnan(way).any()


def test_rows_that_somebody_wrote_again_are_not_at_the_end_of_a_range() -> None:
    samples = run()
    assert samples.angular_velocity_rad_s is not None
    rng = np.random.default_rng(0)
    both = np.hstack([samples.acceleration_m_s2, samples.angular_velocity_rad_s])
    for place in rng.choice(len(both) - 5, len(both) // 100, replace=False):
        both[place : place + rng.integers(3, 6)] = both[place]
    given = Samples(samples.time_s, both[:, :3], both[:, 3:])
    flagged = analyze(given, axes="+x+y+z").quality_bits & int(Quality.CLIPPED)
    assert not flagged.any()


def test_a_sensor_that_is_turned_by_hand_without_a_gyroscope_has_its_gravity() -> None:
    time = np.arange(8000) / RATE_HZ
    angle = np.where(time > 10.0, np.sin(5.0 * time), 0.0)
    force = 9.80665 * np.stack([np.sin(angle), 0.1 * np.cos(7.0 * time), np.cos(angle)], axis=1)
    assert told(Samples(time, force)) == {}


@pytest.mark.parametrize("resolution", [(0.0980665, np.radians(0.5)), (0.1, 0.01)])
def test_a_coarse_sensor_is_told_nothing(resolution: tuple[float, float]) -> None:
    samples, _ = simulate(
        Scenario.from_query("minutes=0.9&speed=3&seed=3&rate=100&stop=25+12&standing_s=8")
    )
    assert samples.angular_velocity_rad_s is not None
    values = samples.acceleration_m_s2, samples.angular_velocity_rad_s
    force, turning = (
        np.round(value / unit) * unit for value, unit in zip(values, resolution, strict=True)
    )
    assert told(Samples(samples.time_s, force, turning), rate_hz=100.0) == {}


@pytest.mark.parametrize(("tipped", "told"), [(0, ["gyro_scale"]), (2, [])])
def test_what_both_sensors_have_tipped_alike_has_the_right_scale(
    tipped: int, told: list[str]
) -> None:
    """However little such a runner is thrown aside for what the pelvis turns."""
    state = np.zeros(1, CHAIN_STATE)
    state["turning"]["tipped"] = tipped
    for _ in range(12):
        _judge_scale(state[0], 4.0, 9.0)  # (m/s²)², (rad/s)²
    assert list(standing_troubles(state["sanity"][0])) == told


@pytest.mark.parametrize("at_s", [14.0, 14.1, 14.2])
def test_a_stuck_axis_is_told_at_50_hz_and_an_easy_pace(at_s: float) -> None:
    """Running ends with it: without a word, nobody would know why."""
    samples = run("speed=2.4&minutes=0.3&rate=50&standing_s=5&seed=3")
    force = samples.acceleration_m_s2.copy()
    force[samples.time_s > at_s, 2] = 9.81
    stuck = Samples(samples.time_s, force, samples.angular_velocity_rad_s)
    assert list(told(stuck, 50.0)) == ["frozen"]


@pytest.mark.parametrize("seed", [1, 2, 4])
def test_a_gyroscope_that_freezes_as_a_run_begins_is_told_at_once(seed: int) -> None:
    """Running is known some seconds later, and until then the lean would be off by up to 20°."""
    samples = run(f"speed=3.2&minutes=0.45&seed={seed}&rate=104&standing_s=4")
    assert samples.angular_velocity_rad_s is not None
    turning, times = samples.angular_velocity_rad_s.copy(), samples.time_s
    turning[(times > 4.5) & (times < 5.5)] = turning[np.searchsorted(times, 4.5)]
    analyzer = StepAnalyzer(104.0, axes="+x+y+z")
    frozen = Samples(times, samples.acceleration_m_s2, turning)
    steps = concatenate([analyzer.push(frozen), analyzer.flush()])
    assert "frozen" in analyzer.troubles
    clean = analyze(samples, axes="+x+y+z")
    trusted = steps.quality_bits == 0
    assert trusted.sum() > 20
    at = np.searchsorted(clean.initial_contact_s, steps.initial_contact_s[trusted] - 0.1)
    assert np.abs(steps.sacral_lean_deg[trusted] - clean.sacral_lean_deg[at]).max() < 6.0


def test_an_accelerometer_that_comes_to_life_again_is_believed_again() -> None:
    """Up is lost meanwhile: that is no contradiction, and no step counts until it is found."""
    samples, _ = simulate(Scenario(minutes=1.1, rate=100.0, seed=3, standing_s=5.0))
    clean, times = analyze(samples, axes="auto"), samples.time_s
    force = samples.acceleration_m_s2.copy()
    force[(times > 25.0) & (times < 32.0)] = force[np.searchsorted(times, 25.0)]
    analyzer = StepAnalyzer(100.0)
    stuck = Samples(times, force, samples.angular_velocity_rad_s)
    steps = concatenate([analyzer.push(stuck), analyzer.flush()])
    assert list(analyzer.troubles) == ["frozen"]
    counted = steps.quality_bits == 0
    assert np.count_nonzero(counted & (steps.initial_contact_s > 50.0)) > 30
    at = np.searchsorted(clean.initial_contact_s, steps.initial_contact_s[counted] - 0.1)
    off = steps.sacral_lean_deg[counted] - clean.sacral_lean_deg[at]
    assert np.abs(off).max() < 2.0
