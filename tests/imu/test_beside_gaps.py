"""Steps beside a gap bear its flag as far as it is felt; those that bear none are as without it."""

from __future__ import annotations

import numpy as np
import pytest

from devices.simulator.generate import simulate
from devices.simulator.scenario import Scenario
from imu.samples import STANDARD_GRAVITY_M_S2, Quality, Samples
from imu.step.trusted_steps import trusted_steps
from imu.steps import Steps
from imu.whole_recording import analyze

#: How far a step without a flag may be off beside a gap, on average and at most: column, unit.
LIMITS = {
    "contact_time_ms": (2.5, 7.0),
    "flight_time_ms": (2.5, 7.0),
    "vertical_oscillation_mm": (1.5, 5.0),
    "peak_force_bw": (0.04, 0.1),
    "sacral_lean_deg": (0.3, 0.8),
}


@pytest.fixture(scope="module")
def measured() -> Samples:
    return simulate(Scenario(minutes=2, seed=1, standing_s=10))[0]


def without(samples: Samples, gaps_s: list[float], lasts_s: float) -> Samples:
    keep = np.ones(len(samples), bool)
    for gap_s in gaps_s:
        keep &= ~((samples.time_s >= gap_s) & (samples.time_s < gap_s + lasts_s))
    return Samples(
        samples.time_s[keep], samples.acceleration_m_s2[keep], samples.angular_velocity_rad_s[keep]
        if samples.angular_velocity_rad_s is not None else None,
    )  # fmt: skip


def beside(steps: Steps, gaps_s: list[float]) -> np.ndarray:
    """Whether a step is within three seconds of a gap."""
    times = steps.initial_contact_s[:, None]
    near: np.ndarray = (np.abs(times - np.array(gaps_s)) < 3.0).any(axis=1)
    return near


@pytest.mark.parametrize("lasts_s", [0.02, 0.1, 0.6])
def test_steps_that_bear_no_flag_are_as_without_the_gap(measured: Samples, lasts_s: float) -> None:
    gaps_s = [40.0 + 7.13 * k for k in range(12)]
    whole = analyze(measured, axes="+x+y+z")
    steps = analyze(without(measured, gaps_s, lasts_s), axes="+x+y+z")
    clean = steps.rows[(steps.quality_bits == 0) & beside(steps, gaps_s)]
    assert len(clean) > 60  # the flag reaches no further than it must
    other = np.abs(whole.initial_contact_s[:, None] - clean["initial_contact_s"]).argmin(axis=0)
    for column, (mean, most) in LIMITS.items():
        off = np.abs(clean[column] - whole.rows[column][other])
        assert off.mean() < mean, column
        assert off.max() < most, column


def test_a_filled_gap_flags_two_steps_more_than_those_that_hold_it(measured: Samples) -> None:
    steps = analyze(without(measured, [60.0], 0.05), axes="+x+y+z")
    flagged = np.flatnonzero(steps.quality_bits & int(Quality.GAP))
    assert np.all(np.diff(flagged) == 1)
    ends = steps.initial_contact_s[flagged]
    assert 4 <= len(flagged) <= 6
    assert ends[0] < 60.0 < ends[-2] < ends[-1] < 61.6


def test_a_brief_hole_is_felt_in_its_own_step_alone(measured: Samples) -> None:
    gaps_s = [40.0 + 5.13 * k for k in range(14)]
    whole = analyze(measured, axes="+x+y+z")
    steps = analyze(without(measured, gaps_s, 0.01), axes="+x+y+z")
    flagged = np.flatnonzero(steps.quality_bits)
    assert np.all(steps.quality_bits[flagged] == int(Quality.GAP))
    assert len(gaps_s) <= len(flagged) <= 1.3 * len(gaps_s)
    assert len(steps) == len(whole)
    for column, (mean, most) in LIMITS.items():
        off = np.abs(steps.rows[column] - whole.rows[column])
        assert np.nanmax(off[steps.quality_bits == 0]) < 0.3 * mean, column
        assert np.nanmax(off) < most, column


def test_lean_without_a_gyroscope_is_no_figure(measured: Samples) -> None:
    blind = Samples(measured.time_s, measured.acceleration_m_s2)
    steps = analyze(blind, axes="+x+y+z")
    trusted = trusted_steps(steps)
    assert len(trusted) > 0.9 * len(steps)
    for column in ("sacral_lean_deg", "sacral_roll_deg", "lumbar_index"):
        assert np.isnan(trusted.rows[column]).all()
    assert np.isfinite(trusted.contact_time_ms).all()
    # that is why: it is off by degrees, while the gyroscope's is not
    lean = float(np.nanmean(steps.sacral_lean_deg))
    with_gyro = float(np.nanmean(analyze(measured, axes="+x+y+z").sacral_lean_deg))
    assert abs(lean - with_gyro) > 2.0


@pytest.mark.parametrize("most_g", [1.05, 2.0])
def test_what_clipped_for_seconds_is_not_felt_by_the_steps_after_it(
    measured: Samples, most_g: float
) -> None:
    whole = analyze(measured, axes="+x+y+z")
    begins_s = [30.0 + 11.13 * k for k in range(7)]
    since_s = measured.time_s[:, None] - begins_s
    within = ((since_s > 0.0) & (since_s < 3.0)).any(axis=1, keepdims=True)
    end = most_g * STANDARD_GRAVITY_M_S2
    force = measured.acceleration_m_s2
    force = np.where(within, force.clip(-end, end), force)
    quality = int(Quality.CLIPPED) * ((np.abs(force) >= end) & within).any(axis=1)
    samples = Samples(
        measured.time_s, force, measured.angular_velocity_rad_s, quality.astype(np.uint8)
    )
    steps = analyze(samples, axes="+x+y+z")
    # lean is known again later, and has a flag of its own
    after = steps.rows[(steps.quality_bits | int(Quality.TILT)) == int(Quality.TILT)]
    after = after[after["initial_contact_s"] > begins_s[0]]
    other = np.abs(whole.initial_contact_s[:, None] - after["initial_contact_s"]).argmin(axis=0)
    assert len(after) > 120
    for column, (mean, most) in LIMITS.items():
        if column not in {"sacral_lean_deg", "vertical_oscillation_mm"}:
            off = np.abs(after[column] - whole.rows[column][other])
            assert off.mean() < 0.1 * mean, column
            assert off.max() < 0.6 * most, column
