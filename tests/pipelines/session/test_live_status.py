"""What the status of a run says of its steps and its baseline."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from imu.drift.baseline import Baseline, IndicatorBaseline
from imu.drift.detector import DriftDetector, DriftParams
from imu.steps import NO_STEPS
from pipelines.coaching.alert import Alert
from pipelines.session.facts import AlertTold, StepsFinished
from pipelines.session.live_status import IndicatorStatus, LiveStatus, Now, indicator_statuses
from pipelines.views.terminal.wording import condition
from tests.pipelines.views.terminal.statuses import ALERT, an_alert, some_steps, text_of


def test_a_status_keeps_the_newest_steps_however_they_come() -> None:
    whole = some_steps(100)
    status = LiveStatus(source="sim:", device="clip")
    for part in (NO_STEPS, whole[:30], whole[30:31], NO_STEPS, whole[31:95], whole[95:]):
        status.take(StepsFinished(0.0, part))
    assert status.recent.step.tolist() == list(range(41, 101))
    assert status.steps == 100


def test_status_of_a_run_follows_the_detector_from_learning_to_changed_and_back() -> None:
    drift = DriftDetector(DriftParams(skip_s=0.0, baseline_blocks=8, cool_off_s=0.0))
    status = LiveStatus(source="sim:", device="clip")

    def go_on(lean_deg: float, count: int) -> None:
        steps = some_steps(count, first=1 + status.steps, lean_deg=lean_deg)
        status.take(StepsFinished(0.0, steps))
        for change in drift.push(steps):
            alert = Alert(**(asdict(change) | {"message": ALERT}))
            status.take(AlertTold(alert.time_s, alert))
        params = DriftParams(skip_s=0.0, baseline_blocks=8, cool_off_s=0.0)
        status.take(
            Now(standing=drift.standing, params=params, indicators=indicator_statuses(drift))
        )

    go_on(6.1, 100)
    assert "Learning your baseline: 62 %." in text_of(status, 100)
    assert (status.steps, len(status.recent), status.alert) == (100, 60, None)
    go_on(6.1, 200)
    lean = status.indicators["sacral_lean_deg"]
    assert lean.judged
    assert not lean.outside
    assert lean.baseline == pytest.approx(6.1, rel=0.01)
    go_on(11.0, 400)
    assert status.alert is not None
    assert status.alert.message == ALERT
    assert status.indicators["sacral_lean_deg"].changed
    assert "changed from your baseline" in text_of(status, 100)
    go_on(6.1, 600)
    assert status.alert is None
    assert "Everything is within your usual range." in text_of(status, 100)


def test_an_alert_holds_until_its_own_change_is_over_and_not_for_the_next_one() -> None:
    status = LiveStatus(source="sim:", device="clip", steps=100)

    def now(*changed: str) -> str | None:
        names = ("impact_shock_g", "sacral_lean_deg")
        one = IndicatorStatus(6.2, 6.1, 2.0)
        status.take(Now(indicators={name: one._replace(changed=name in changed) for name in names}))
        return None if status.alert is None else status.alert.message

    status.take(AlertTold(661.0, an_alert("3.9° further forward")))
    assert now("impact_shock_g", "sacral_lean_deg") == "3.9° further forward"
    assert now("impact_shock_g") is None
    assert condition(status).headline == "Changed from your baseline: impact shock."
    assert now("sacral_lean_deg") is None
    status.take(AlertTold(1200.0, an_alert("4.3° further forward")))
    assert now("sacral_lean_deg") == "4.3° further forward"


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
    assert (statuses["impact_shock_g"].baseline, statuses["impact_shock_g"].gate) == (2.0, 0.16)
    assert (statuses["sacral_lean_deg"].baseline, statuses["sacral_lean_deg"].gate) == (5.0, 2.3)
    assert (statuses["lumbar_index"].baseline, statuses["lumbar_index"].gate) == (100.0, 10.0)
    assert not statuses["cadence_spm"].judged
