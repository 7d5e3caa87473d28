"""An analyzer that carries on where another one stopped: what it knows, and what it does not."""

from __future__ import annotations

import numpy as np
import pytest

from devices.simulator.generate import simulate
from devices.simulator.scenario import Scenario
from imu.analyzer import LEARNED_STATE, StepAnalyzer
from imu.errors import ParameterError
from imu.samples import Samples
from imu.steps import concatenate

RATE_HZ = 100.0


@pytest.fixture(scope="module")
def run() -> Samples:
    return simulate(Scenario(rate=RATE_HZ, seed=3, mount_pitch=12.0, minutes=1.0))[0]


def carried_on(run: Samples, *, gap_s: float = 0.0) -> StepAnalyzer:
    first = StepAnalyzer(RATE_HZ)
    first.push(run)
    first.flush()
    later = StepAnalyzer(RATE_HZ)
    later.carry_on(first.learned, gap_s)
    return later


def test_axes_and_counts_are_those_of_before(run: Samples) -> None:
    first = StepAnalyzer(RATE_HZ)
    steps = concatenate([first.push(run), first.flush()])
    later = carried_on(run)
    assert later.mounting is not None
    np.testing.assert_array_equal(later.mounting, first.mounting)
    # samples in mid-run, on a clock that begins anew, without any standing
    rest = run[4000:]
    rest = Samples(
        rest.time_s - rest.time_s[0], rest.acceleration_m_s2, rest.angular_velocity_rad_s
    )
    more = concatenate([later.push(rest), later.flush()])
    assert more.rows["step"][0] == len(steps) + 1
    assert later.learned["running_s"][0] == pytest.approx(
        steps.rows["step_time_s"].sum() + more.rows["step_time_s"].sum()
    )
    settled = more.rows["sacral_lean_deg"][20:]
    usual = np.nanmedian(steps.rows["sacral_lean_deg"][40:])
    assert np.nanmedian(settled) == pytest.approx(usual, abs=0.5)


def test_lumbar_index_goes_on_with_the_baseline_of_before(run: Samples) -> None:
    learned = np.zeros(1, LEARNED_STATE)
    learned["lumbar_baseline"], learned["running_s"] = 4.5, 900.0
    later = StepAnalyzer(RATE_HZ)
    later.carry_on(learned)
    assert later.learned["lumbar_baseline"][0] == 4.5
    assert later.learned["running_s"][0] == 900.0


def test_the_bias_is_kept_and_the_less_sure_the_longer_it_was(run: Samples) -> None:
    variances = []
    for gap_s in (0.0, 100.0, 1e6):
        learned = carried_on(run, gap_s=gap_s).learned
        variances.append(float(np.trace(learned["covariance"][0])))
        assert np.any(learned["bias"] != 0.0)
    fresh = float(np.trace(StepAnalyzer(RATE_HZ).learned["covariance"][0]))
    assert variances[0] < variances[1] < variances[2] == pytest.approx(fresh)
    # an unobserved bias drifts by 0.1 °/s in 100 s: 10 in the unit of the filter, squared, per axis
    assert variances[1] - variances[0] == pytest.approx(300.0)


def test_a_state_that_is_none_or_comes_too_late_is_refused(run: Samples) -> None:
    later = StepAnalyzer(RATE_HZ)
    good = later.learned
    with pytest.raises(ParameterError, match="learned"):
        later.carry_on(later.state)
    with pytest.raises(ParameterError, match="gap_s"):
        later.carry_on(good, -1.0)
    later.push(run[:10])
    with pytest.raises(ParameterError, match="before the first sample"):
        later.carry_on(good)
