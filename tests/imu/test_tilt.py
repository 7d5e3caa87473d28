"""Lean after holes: trusted only where it is known, and it comes back within seconds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from devices.simulator.generate import simulate
from devices.simulator.scenario import Scenario
from imu.analyzer import StepAnalyzer
from imu.chain.loop import CHAIN_STATE
from imu.samples import STANDARD_GRAVITY_M_S2, Quality, Samples
from imu.step.stride_levelling import nudge_up
from imu.step.trusted_steps import trusted_steps
from imu.steps import STEP_ROW, Steps
from imu.whole_recording import analyze

TILT = int(Quality.TILT)
#: When readings are spoilt, s.
FROM_S, TO_S = 25.0, 37.0

Array = NDArray[np.float64]
Spoil = Callable[[Samples], Samples]


@pytest.fixture(scope="module", params=[200.0, 104.0])
def measured(request: pytest.FixtureRequest) -> Samples:
    return simulate(Scenario(minutes=0.9, seed=11, standing_s=6.0, lean=6.0, rate=request.param))[0]


@pytest.fixture(scope="module")
def whole(measured: Samples) -> Steps:
    return analyze(measured, axes="+x+y+z")


def turning_of(samples: Samples) -> Array:
    assert samples.angular_velocity_rad_s is not None
    return samples.angular_velocity_rad_s.copy()


def kept(samples: Samples, keep: NDArray[np.bool_]) -> Samples:
    return Samples(samples.time_s[keep], samples.acceleration_m_s2[keep], turning_of(samples)[keep])


def often_lost(samples: Samples) -> Samples:
    """90 ms in every 0.6 s."""
    time_s = samples.time_s
    inside = (time_s >= FROM_S) & (time_s < TO_S)
    return kept(samples, ~(inside & ((time_s - FROM_S) % 0.6 < 0.09)))


def packets_lost(samples: Samples) -> Samples:
    """One packet of 40 ms in five."""
    time_s = samples.time_s
    packet = (time_s / 0.04).astype(np.int64)
    lost = np.random.default_rng(5).random(packet.max() + 1) < 0.2
    return kept(samples, ~(lost[packet] & (time_s >= FROM_S) & (time_s < TO_S)))


def restarted(samples: Samples) -> Samples:
    """A hole of 0.6 s in every three."""
    time_s = samples.time_s
    inside = (time_s >= FROM_S) & (time_s < TO_S)
    return kept(samples, ~(inside & ((time_s - FROM_S) % 3.0 < 0.6)))


def stood_still(samples: Samples) -> Samples:
    turning = turning_of(samples)
    still = (samples.time_s >= TO_S - 0.35) & (samples.time_s < TO_S)
    turning[still] = turning[np.flatnonzero(still)[0]]
    return Samples(samples.time_s, samples.acceleration_m_s2, turning)


def at_its_end(samples: Samples) -> Samples:
    """A gyroscope of ±90 °/s, which nobody stated."""
    turning, most = turning_of(samples), np.radians(90.0)
    inside = (samples.time_s >= TO_S - 4.0) & (samples.time_s < TO_S)
    turning[inside] = np.clip(turning[inside], -most, most)
    return Samples(samples.time_s, samples.acceleration_m_s2, turning)


def forces_at_their_end(samples: Samples) -> Samples:
    """One sample in twelve reads ±16 g on an axis."""
    random = np.random.default_rng(2)
    inside = (samples.time_s >= TO_S - 3.0) & (samples.time_s < TO_S)
    struck = np.flatnonzero(inside & (random.random(len(samples)) < 1 / 12))
    force = samples.acceleration_m_s2.copy()
    axis = random.integers(0, 3, len(struck))
    force[struck, axis] = np.copysign(16.0 * STANDARD_GRAVITY_M_S2, force[struck, axis])
    quality = samples.quality.copy()
    quality[struck] |= np.uint8(Quality.CLIPPED)
    return Samples(samples.time_s, force, turning_of(samples), quality)


def differences(steps: Steps, whole: Steps, column: str) -> Array:
    """Of every step from the same one without a fault."""
    same = np.abs(whole.initial_contact_s[:, None] - steps.initial_contact_s).argmin(axis=0)
    return np.asarray(np.abs(steps.rows[column] - whole.rows[column][same]))


@pytest.mark.parametrize(
    "spoil",
    [often_lost, packets_lost, restarted, stood_still, at_its_end, forces_at_their_end],
)
def test_lean_is_trusted_only_where_it_is_known_and_comes_back(
    measured: Samples, whole: Steps, spoil: Spoil
) -> None:
    steps = analyze(spoil(measured), axes="+x+y+z")
    trusted = trusted_steps(steps)
    for column in ("sacral_lean_deg", "sacral_roll_deg"):
        assert np.nanmax(differences(trusted, whole, column)) < 0.5, column
    assert np.nanmax(differences(trusted, whole, "vertical_oscillation_mm")) < 5.0
    doubted = steps.initial_contact_s[(steps.quality_bits & TILT) != 0]
    assert np.all((doubted > FROM_S - 1.0) & (doubted < TO_S + 6.0))


def test_axes_that_put_up_elsewhere_are_told_with_how_far(measured: Samples) -> None:
    analyzer = StepAnalyzer(round(1.0 / float(measured.time_s[1])), axes="+z+y-x")
    analyzer.push(measured)
    assert analyzer.troubles["tilt"] == pytest.approx(90.0, abs=10.0)


@pytest.mark.parametrize(
    "query",
    [
        "speed=2.8,4.4@20,2.8@30&standing_s=6",  # speeds up and slows down
        "speed=3.5&standing_s=0",
        "speed=3.0&standing_s=6&stop=20+8",
        "speed=3.3&standing_s=6&bend=36.5@15+20",
        "speed=3.3&standing_s=6&slope=0,5@20",
    ],
)
def test_a_run_without_holes_bears_no_doubt(query: str) -> None:
    samples, _ = simulate(Scenario.from_query(f"{query}&minutes=0.75&seed=3&rate=100"))
    steps = analyze(samples, axes="+x+y+z")
    assert len(steps) > 80
    assert not (steps.quality_bits & TILT).any()


def test_turning_that_nobody_saw_is_found_by_the_strides_after_it(
    measured: Samples, whole: Steps
) -> None:
    """A gyroscope that reads 20 °/s too much for a second tips the frame by 20°."""
    turning = turning_of(measured)
    turning[(measured.time_s >= 30.0) & (measured.time_s < 31.0), 1] += np.radians(20.0)
    tipped = Samples(measured.time_s, measured.acceleration_m_s2, turning)
    trusted = trusted_steps(analyze(tipped, axes="+x+y+z"))
    off = differences(trusted, whole, "sacral_lean_deg")
    # the first strides might be those of one who gains speed, and it looks like a slip
    assert np.nanmax(off[trusted.initial_contact_s > 34.0]) < 1.0
    assert np.isfinite(off[trusted.initial_contact_s > 50.0]).all()


def test_doubt_shrinks_with_each_stride_as_that_of_a_mean() -> None:
    """The variance of a mean of measurements and of what was known before."""
    state = np.zeros(1, CHAIN_STATE)
    s = state[0]["segment"]
    s["up"], s["tilt_variance"] = (0.0, 0.0, 1.0), 25.0
    forward = np.radians(2.0)
    for n in range(1, 6):
        nudge_up(state[0], np.sin(forward), 0.0, np.cos(forward), 0.36, 0.9, True)
        assert s["tilt_variance"] == pytest.approx(1.0 / (1.0 / 25.0 + n / 0.9))
    known = 25.0 * 5 / (25.0 * 5 + 0.9)
    assert np.degrees(np.arctan2(s["up"][0], s["up"][2])) == pytest.approx(2.0 * known, rel=1e-3)


def test_a_stride_of_one_who_gains_speed_tells_nothing() -> None:
    state = np.zeros(1, CHAIN_STATE)
    s = state[0]["segment"]
    s["up"], s["tilt_variance"] = (0.0, 0.0, 1.0), 1.0
    nudge_up(state[0], np.sin(0.15), 0.0, np.cos(0.15), 0.36, 0.9, True)
    assert s["tilt_variance"] == 1.0
    assert np.degrees(s["up"][0]) < 0.1


def test_a_doubted_tilt_empties_lean_and_load_alone() -> None:
    rows = np.ones(1, STEP_ROW)
    rows["quality"] = TILT
    (row,) = trusted_steps(Steps(rows)).rows
    empty = {name for name in STEP_ROW.names or () if np.isnan(row[name])}
    assert empty == {
        "sacral_lean_deg",
        "sacral_roll_deg",
        "lumbar_index",
        "lumbar_compression_bw",
    }
