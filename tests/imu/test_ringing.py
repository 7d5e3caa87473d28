"""A sensor that rings on its clip is told, and one that sits tight is not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.signal import bilinear, butter, lfilter, sosfiltfilt

from benchmarks.recordings import force_trials, raw_sacral_clip
from benchmarks.virtual_sensor import MarkerTrial, marker_trials, runner_trials
from devices.simulator.generate import simulate
from devices.simulator.scenario import Scenario
from imu.analyzer import StepAnalyzer
from imu.samples import Quality, Samples
from imu.step.ringing import (
    FREQUENCIES_HZ,
    LOOSE_FEATURES,
    LOOSE_WORK,
    STEPS_TO_TELL,
    fill_loose_features,
)
from imu.steps import Steps, concatenate

Array = NDArray[np.float64]


def on_a_spring(samples: Samples, rate_hz: float, frequency_hz: float, damping: float) -> Samples:
    """What a sensor measures that hangs on a damped spring."""
    omega = 2.0 * np.pi * frequency_hz
    b, a = bilinear(
        [2.0 * damping * omega, omega**2], [1.0, 2.0 * damping * omega, omega**2], rate_hz
    )
    force = samples.acceleration_m_s2
    rung = force[0] + lfilter(b, a, force - force[0], axis=0)
    return Samples(samples.time_s, rung, samples.angular_velocity_rad_s)


def analysed(samples: Samples, rate_hz: float, axes: str = "+x+y+z") -> tuple[Steps, bool]:
    """Steps, and whether the clip is told to be loose at the end."""
    analyzer = StepAnalyzer(rate_hz, axes=axes)
    steps = concatenate([analyzer.push(samples), analyzer.flush()])
    return steps, analyzer.loose_clip


def flagged(steps: Steps) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = (steps.quality_bits & int(Quality.LOOSE)) != 0
    return found


def plain_power(x: Array, rate_hz: float) -> Array:
    """Power of a window of x at each frequency, from the definition."""
    window = np.hanning(len(x) + 2)[1:-1]
    turn = np.exp(-2j * np.pi * np.outer(FREQUENCIES_HZ, np.arange(len(x)) / rate_hz))
    found: Array = np.abs(turn @ (window * (x - x.mean())) / window.sum()) ** 2
    return found


@given(st.integers(0, 1000), st.integers(16, 400), st.sampled_from([50.0, 104.0, 200.0, 800.0]))
def test_the_power_is_that_of_the_definition(seed: int, n: int, rate_hz: float) -> None:
    random = np.random.default_rng(seed)
    up, ahead, aside = random.normal(0.0, 1.0, (3, n))
    work, found = np.zeros(1, LOOSE_WORK)[0], np.empty(LOOSE_FEATURES)
    fill_loose_features(up, ahead, aside, n, 1.0 / rate_hz, 0.36, work, found)
    group = max(1, int(rate_hz // 200.0))
    means = [x[: n // group * group].reshape(-1, group).mean(axis=1) for x in (up, ahead, aside)]
    power = [plain_power(x, rate_hz / group) for x in means]
    count = len(FREQUENCIES_HZ)
    np.testing.assert_allclose(found[:count], np.log10(power[0] + 1e-6), atol=1e-6)
    np.testing.assert_allclose(found[count:-1], np.log10(power[1] + power[2] + 1e-6), atol=1e-6)
    assert found[-1] == pytest.approx(np.log(0.36))


@pytest.mark.parametrize("speed", [1.8, 3.3, 5.0])
@pytest.mark.parametrize("surface", ["asphalt", "treadmill"])
@pytest.mark.parametrize("slope", [-10.0, 0.0])
def test_a_simulated_runner_with_a_tight_clip_is_told_nothing(
    speed: float, surface: str, slope: float
) -> None:
    scenario = Scenario(speed=speed, minutes=0.4, surface=surface, slope=slope, standing_s=2.0)
    steps, told = analysed(simulate(scenario)[0], scenario.rate)
    assert len(steps) > 30
    assert not told
    assert flagged(steps).mean() <= 0.05


@pytest.mark.parametrize("cut_off_hz", [10.0, 12.0, 15.0])
def test_a_recording_that_was_smoothed_is_no_loose_clip(cut_off_hz: float) -> None:
    samples, _ = simulate(Scenario(speed=3.8, minutes=0.4, rate=100.0, standing_s=2.0, seed=1))
    filters = butter(2, cut_off_hz, output="sos", fs=100.0)
    smooth = sosfiltfilt(filters, samples.acceleration_m_s2, axis=0)
    steps, told = analysed(Samples(samples.time_s, smooth, samples.angular_velocity_rad_s), 100.0)
    assert len(steps) > 30
    assert not told
    assert flagged(steps).mean() <= 0.05


def test_a_loose_clip_is_told_from_twenty_steps_on_and_one_ringing_step_says_nothing() -> None:
    samples, _ = simulate(Scenario(minutes=0.3, standing_s=0.0, seed=4))
    rung = on_a_spring(samples, 200.0, 10.0, 0.05)
    analyzer = StepAnalyzer(200.0, axes="+x+y+z")
    told: dict[bool, int] = {}
    count = 0
    for begin in range(0, len(rung), 20):
        count += len(analyzer.push(rung[begin : begin + 20]))
        told.setdefault(analyzer.loose_clip, count)
    assert told[True] == STEPS_TO_TELL


def test_a_clip_that_works_loose_is_told_and_a_tightened_one_no_more() -> None:
    samples, _ = simulate(Scenario(minutes=1.5, standing_s=0.0, seed=4))
    third = len(samples) // 3
    analyzer = StepAnalyzer(200.0, axes="+x+y+z")
    rung = on_a_spring(samples, 200.0, 10.0, 0.05)
    told, unsure_ms = [], []
    for source, part in ((samples, 0), (rung, 1), (samples, 2)):
        steps = analyzer.push(source[part * third : (part + 1) * third])
        told.append(analyzer.loose_clip)
        unsure_ms.append(steps.contact_time_sd_ms[-10:].mean())
    assert told == [False, True, False]
    # and what is learned from a sensor that rings is less sure, and says so
    assert unsure_ms[1] > 1.2 * max(unsure_ms[0], unsure_ms[2])


def spoilt_and_flagged(trial: MarkerTrial, frequency_hz: float, damping: float) -> tuple[int, int]:
    """Steps whose oscillation the spring puts off by over 4 mm, and those of them flagged."""
    tight, _ = analysed(trial.samples, trial.rate_hz)
    steps, _ = analysed(
        on_a_spring(trial.samples, trial.rate_hz, frequency_hz, damping), trial.rate_hz
    )
    apart = np.abs(steps.initial_contact_s[:, None] - tight.initial_contact_s)
    same = apart.min(axis=1) < 0.1
    error = steps.vertical_oscillation_mm - tight.vertical_oscillation_mm[apart.argmin(axis=1)]
    spoilt = same & (np.abs(error) > 4.0)
    return int(spoilt.sum()), int((spoilt & flagged(steps)).sum())


@pytest.mark.slow
def test_real_runners_whose_sensor_sits_tight_are_told_nothing() -> None:
    trials = [(t.samples, t.rate_hz, "+x+y+z") for t in runner_trials(200.0) + marker_trials()]
    trials += [(t.samples, t.rate_hz, "+x+y+z") for t in force_trials()]
    trials.append(raw_sacral_clip())
    for samples, rate_hz, axes in trials:
        steps, told = analysed(samples, rate_hz, axes)
        assert not told
        assert flagged(steps).mean() <= 0.05


@pytest.mark.slow
@pytest.mark.parametrize(
    ("frequency_hz", "damping", "share"),
    # the slowest spring moves much as runners do, and well damped it shows on two of three
    [(8.0, 0.03, 0.9), (8.0, 0.15, 0.65)]
    + [(frequency_hz, damping, 0.9) for frequency_hz in (10.0, 12.0) for damping in (0.03, 0.15)],
)
def test_steps_whose_oscillation_a_spring_spoils_are_flagged(
    frequency_hz: float, damping: float, share: float
) -> None:
    found = [spoilt_and_flagged(t, frequency_hz, damping) for t in runner_trials(200.0)[::3]]
    spoilt, told = np.sum(found, axis=0)
    assert spoilt > 500
    assert told >= share * spoilt
