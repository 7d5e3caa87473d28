"""What the status of a run says of its steps and its baseline."""

from __future__ import annotations

import pytest

from imu.drift.baseline import Baseline, IndicatorBaseline
from imu.drift.detector import DriftDetector, DriftParams
from imu.steps import NO_STEPS, Steps
from pipelines.session.live_status import LiveStatus, Now, indicator_statuses, newest_steps
from tests.pipelines.views.terminal.statuses import ALERT, some_steps, text_of


def test_newest_steps_joins_the_end_of_the_parts() -> None:
    whole = some_steps(100)
    parts = [NO_STEPS, whole[:30], whole[30:31], NO_STEPS, whole[31:95], whole[95:]]
    assert newest_steps(parts, 60).step.tolist() == list(range(41, 101))
    assert newest_steps(parts, 500).step.tolist() == list(range(1, 101))
    assert len(newest_steps([])) == 0


def test_status_of_a_run_follows_the_detector_from_learning_to_changed_and_back() -> None:
    drift = DriftDetector(DriftParams(skip_s=0.0, baseline_blocks=8, cool_off_s=0.0))
    parts: list[Steps] = []

    def go_on(lean_deg: float, count: int) -> LiveStatus:
        first = 1 + sum(len(part) for part in parts)
        parts.append(some_steps(count, first=first, lean_deg=lean_deg))
        drift.push(parts[-1])
        now = Now(
            baseline_status=drift.status,
            watching=drift.standing.watching,
            indicators=indicator_statuses(drift),
        )
        return LiveStatus.of_run(
            now,
            source="sim:",
            device="clip",
            link="connected",
            recording="",
            recording_note="",
            alert=ALERT,
            steps=parts,
        )

    learning = go_on(6.1, 100)
    assert learning.baseline_status == "learning your baseline: 5 of 8 blocks"
    assert (learning.steps, len(learning.recent), learning.alert) == (100, 60, "")
    usual = go_on(6.1, 200)
    lean = usual.indicators["sacral_lean_deg"]
    assert lean.judged
    assert not lean.outside
    assert lean.baseline == pytest.approx(6.1, rel=0.01)
    changed = go_on(11.0, 400)
    assert changed.alert == ALERT
    assert changed.indicators["sacral_lean_deg"].changed
    assert "changed from your baseline" in text_of(changed, 100)
    back = go_on(6.1, 600)
    assert back.alert == ""
    assert "Everything is within your usual range." in text_of(back, 100)


def test_gates_are_told_in_the_unit_of_the_column() -> None:
    usual = Baseline(
        (
            IndicatorBaseline("impact_shock_g", 2.0, 0.0),
            IndicatorBaseline("sacral_lean_deg", 5.0, 0.0),
            IndicatorBaseline("lumbar_index", 4.0, 0.0),
        ),
        blocks=40,
    )
    statuses = indicator_statuses(DriftDetector(baseline=usual))
    assert (statuses["impact_shock_g"].baseline, statuses["impact_shock_g"].gate) == (2.0, 0.2)
    assert (statuses["sacral_lean_deg"].baseline, statuses["sacral_lean_deg"].gate) == (5.0, 2.0)
    assert (statuses["lumbar_index"].baseline, statuses["lumbar_index"].gate) == (100.0, 10.0)
    assert not statuses["cadence_spm"].judged
