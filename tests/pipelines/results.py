"""What a session comes to that consists of steps alone."""

from __future__ import annotations

from collections.abc import Sequence

from devices.records import DeviceInfo
from imu.steps import Steps, concatenate
from pipelines.coaching.alert import Alert
from pipelines.session.facts import (
    AlertTold,
    Ended,
    Fact,
    LossCounts,
    SensorClock,
    SensorKnown,
    StepsFinished,
)
from pipelines.session.header import SessionHeader
from pipelines.session.result import SessionResult

SENSOR = DeviceInfo("Clip", "movesense", 200.0, 78.5, 8.7)


def result_from_steps(
    steps: Steps,
    *,
    header: SessionHeader | None = None,
    duration_s: float = 60.0,
    losses: LossCounts | None = None,
    alerts: Sequence[Alert] = (),
    changed: Sequence[str] = (),
    clock: SensorClock | None = None,
    more: Sequence[Fact] = (),
) -> SessionResult:
    """The result of a session whose facts are these."""
    return SessionResult(
        header or SessionHeader(10**18, "ble:AB"),
        [
            SensorKnown(0.0, SENSOR),
            *more,
            StepsFinished(duration_s, steps),
            *(AlertTold(alert.time_s, alert) for alert in alerts),
            Ended(
                duration_s,
                duration_s,
                losses=losses or LossCounts(),
                clock=clock,
                axes_found=True,
                changed=tuple(changed),
            ),
        ],
    )


def steps_in(facts: Sequence[Fact]) -> Steps:
    """All steps of some facts."""
    return concatenate([fact.steps for fact in facts if isinstance(fact, StepsFinished)])


def alerts_in(facts: Sequence[Fact]) -> list[Alert]:
    """All alerts of some facts."""
    return [fact.alert for fact in facts if isinstance(fact, AlertTold)]
