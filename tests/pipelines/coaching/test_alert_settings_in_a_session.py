"""Settings and marks are part of the session: what live does, replay does."""

from __future__ import annotations

import numpy as np
import pytest

from devices.records import DeviceInfo, Mark
from imu.drift.params import DriftParams
from imu.steps import Steps
from pipelines.coaching.alert_settings import AlertSettings
from pipelines.coaching.coach import CoachParams
from pipelines.files.session_messages import SessionHeader
from pipelines.session.analysis import SessionAnalysis, StepsAnalysis
from tests.imu.test_drift import stationary_run


@pytest.fixture
def info() -> DeviceInfo:
    return DeviceInfo("sensor", "backstride", 200.0, 157.0, 34.9, "+x+y+z")


def header(settings: AlertSettings) -> SessionHeader:
    return SessionHeader(0, "sim:", parameters_json=settings.to_json())


def test_the_header_carries_the_settings_into_the_analysis(info: DeviceInfo) -> None:
    settings = AlertSettings(
        DriftParams().with_gate("sacral_lean_deg", floor=3.5), CoachParams(cues_per_hour=1)
    )
    analysis = SessionAnalysis(header(settings), info)
    assert analysis.chain.drift.params == settings.drift
    assert analysis.chain.coach.params == settings.coach
    assert SessionAnalysis(SessionHeader(0, "sim:"), info).chain.drift.params == DriftParams()


def test_a_surface_that_is_marked_reaches_the_detector(info: DeviceInfo) -> None:
    analysis = SessionAnalysis(header(AlertSettings()), info)
    analysis.chain.drift.push(stationary_run(10))
    assert analysis.chain.drift.status == "watching"
    analysis.push(Mark(1, "surface", "grass"))
    assert analysis.chain.drift.status == "waiting a moment after a new surface"


def test_a_restart_in_mid_run_tells_what_would_have_been_told() -> None:
    steps = stationary_run(30)
    late = steps.initial_contact_s > 900.0
    steps.rows["peak_10hz_bw"][late] *= 1.15
    steps.rows["impact_shock_g"][late] *= 1.25
    end_s = float(steps.initial_contact_s[-1])
    whole = StepsAnalysis(200.0)
    expected = whole.coach.advance(whole.drift.push(steps), end_s)
    assert len(expected) >= 2
    # between the first alert and the second, which waits for its turn
    at = int(np.searchsorted(steps.initial_contact_s, expected[0].time_s + 30.0))
    before, after = Steps(steps.rows[:at]), Steps(steps.rows[at:])
    first, second = StepsAnalysis(200.0), StepsAnalysis(200.0)
    told = first.coach.advance(first.drift.push(before), float(before.initial_contact_s[-1]))
    second.drift.state, second.coach.state = first.drift.state, first.coach.state
    told += second.coach.advance(second.drift.push(after), end_s)
    assert told == expected
