"""Signs, sides and flags mean what their words say, from samples to what is watched."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from devices.simulator.generate import simulate
from devices.simulator.scenario import Scenario
from imu.analyzer import StepAnalyzer
from imu.chain.loop import AnalyzerParams
from imu.drift.blocks import block_values
from imu.drift.indicators import INDICATORS
from imu.runner import Runner
from imu.samples import Quality, Samples
from imu.steps import Steps, concatenate
from imu.whole_recording import analyze

PLACES = {indicator.name: place for place, indicator in enumerate(INDICATORS)}
#: What a faster pace and a slope uphill do to a runner's form: more, less, or next to nothing.
#: Contact and force by speed: Weyand 2000, doi:10.1152/jappl.2000.89.5.1991; by slope: Gottschall
#: and Kram 2005, doi:10.1016/j.jbiomech.2004.04.023; lean by both: the public recordings.
FASTER = {"contact_time_ms": -1, "sacral_lean_deg": 1, "peak_10hz_bw": 1, "impact_shock_g": 1}
UPHILL = {"contact_time_ms": 1, "sacral_lean_deg": 1, "impact_shock_g": -1, "shock_power_g2": -1}


@pytest.fixture(scope="module")
def running() -> tuple[Samples, Steps]:
    """Half a minute of a simulated runner, and its true steps."""
    return simulate(Scenario(minutes=0.6, seed=3))


def test_a_difference_is_left_minus_right() -> None:
    table = np.full((20, len(INDICATORS)), 10.0)
    sides = 2 + np.arange(20) % 2  # left first
    column = PLACES["shock_difference_percent"]
    table[sides == 2, column], table[sides == 3, column] = 12.0, 8.0
    assert block_values(table, sides)[column] == pytest.approx(40.0)
    assert block_values(table, 5 - sides)[column] == pytest.approx(-40.0)


@pytest.mark.parametrize("gyroscope", [True, False])
def test_the_foot_on_the_ground_is_named(running: tuple[Samples, Steps], gyroscope: bool) -> None:
    samples, truth = running
    if not gyroscope:
        samples = Samples(samples.time_s, samples.acceleration_m_s2)
    steps = analyze(samples, axes="+x+y+z")
    named = np.isin(steps.side, ("L", "R"))
    assert named.sum() > 20
    nearest = np.abs(
        truth.initial_contact_s[:, None] - steps.initial_contact_s[named][None, :]
    ).argmin(axis=0)
    assert (steps.side[named] == truth.side[nearest]).all()


def test_a_step_at_the_end_of_the_samples_is_flagged(running: tuple[Samples, Steps]) -> None:
    """Within a tenth of a second after the contact that closes it."""
    samples, truth = running
    flagged = []
    for after_s in (0.06, 0.1, 0.14):
        part = samples.time_s <= truth.initial_contact_s[60] + after_s
        force = samples.acceleration_m_s2[part]
        quality = analyze(Samples(samples.time_s[part], force), axes="+x+y+z").rows["quality"]
        assert not (quality[10:-2] & Quality.EDGE).any()
        flagged.append(bool(quality[-1] & Quality.EDGE))
    assert any(flagged)


def test_the_lumbar_baseline_rests_on_trusted_steps(running: tuple[Samples, Steps]) -> None:
    samples, _ = running
    time_s, force = samples.time_s, samples.acceleration_m_s2.copy()
    held = (time_s > 12.0) & (time_s < 15.0)
    force[held] = np.clip(force[held], -18.0, 18.0)  # a sensor at the end of its range
    quality = np.where(held & (np.abs(force) >= 18.0).any(axis=1), int(Quality.CLIPPED), 0)
    spoiled = replace(
        samples, acceleration_m_s2=force, quality=quality.astype(samples.quality.dtype)
    )
    analyzer = StepAnalyzer(
        1.0 / float(np.median(np.diff(time_s))),
        Runner(height_m=1.75),
        axes="+x+y+z",
        params=AnalyzerParams(lumbar_skip_s=1.0, lumbar_baseline_s=12.0),
    )
    rows = concatenate([analyzer.push(spoiled), analyzer.flush()]).rows
    learning = np.isnan(rows["lumbar_index"])
    compression, flags = rows["lumbar_compression_bw"], rows["quality"]
    assert (learning & (flags != 0) & np.isfinite(compression)).sum() > 3
    baseline = float(np.median(100.0 * compression[~learning] / rows["lumbar_index"][~learning]))
    begun = rows["initial_contact_s"] > rows["initial_contact_s"][0] + 1.2
    trusted = learning & (flags == 0) & begun
    assert baseline == pytest.approx(float(compression[trusted].mean()), rel=0.01)
    assert abs(baseline / float(compression[learning & begun].mean()) - 1.0) > 0.02


@pytest.mark.parametrize(("expected", "coupling"), [(FASTER, "speed"), (UPHILL, "uphill")])
def test_pace_and_slope_act_the_way_that_was_measured(
    expected: dict[str, int], coupling: str
) -> None:
    """What the detector takes out before it compares; another sign would tell every hill."""
    for name, more in expected.items():
        middle, _ = getattr(INDICATORS[PLACES[name]].population, coupling)
        assert math.copysign(1, middle) == more, name
