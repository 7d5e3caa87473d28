"""A sprint from a standing start: every step is found, and lean is measured from the standing."""

from __future__ import annotations

import numpy as np
import pytest

from devices.simulator import Scenario, simulate
from imu.step.trusted_steps import trusted_steps
from imu.whole_recording import analyze


@pytest.mark.parametrize(("speed", "seed"), [(8, 3), (9, 1), (9, 3), (9, 6)])
def test_a_sprinter_loses_neither_steps_nor_the_standing(speed: int, seed: int) -> None:
    query = f"speed={speed}&rate=200&minutes=0.4&seed={seed}&lean=6&standing_s=5"
    samples, truth = simulate(Scenario.from_query(query))
    steps = analyze(samples)
    found = np.searchsorted(steps.initial_contact_s, truth.initial_contact_s - 0.06)
    found = np.minimum(found, len(steps) - 1)
    late_s = np.abs(steps.initial_contact_s[found] - truth.initial_contact_s)
    assert (late_s < 0.06).mean() > 0.95  # 0.63 to 0.91 while 20 mm of swing were asked for
    assert len(steps) <= len(truth) + 2
    lean_deg = np.nanmedian(trusted_steps(steps).sacral_lean_deg)
    assert lean_deg == pytest.approx(np.median(truth.sacral_lean_deg), abs=3.0)
