"""Settings and marks are part of the session: what live does, replay does."""

from __future__ import annotations

import numpy as np
import pytest

from devices.records import DeviceInfo
from imu.drift.detector import DriftDetector
from imu.drift.params import DriftParams
from imu.drift.status import status_words
from imu.steps import Steps
from pipelines.coaching.alert_settings import AlertSettings
from pipelines.coaching.budget import CoachParams
from pipelines.coaching.coach import Coach
from pipelines.files.loading import load
from pipelines.session.engine import SessionFold
from pipelines.session.header import SessionHeader
from pipelines.session.json_form import to_json
from tests.imu.test_drift import stationary_run


@pytest.fixture
def info() -> DeviceInfo:
    return DeviceInfo("sensor", "backstride", 200.0, 157.0, 34.9, "+x+y+z")


def test_the_header_carries_the_settings_into_the_analysis(info: DeviceInfo) -> None:
    drift = DriftParams(skip_s=35.0).with_gate("sacral_lean_deg", floor=3.5)
    settings = AlertSettings(drift, CoachParams(cues_per_hour=1))
    header = load(to_json(SessionHeader(0, "sim:", settings=settings)), SessionHeader)
    assert header.settings == settings
    assert SessionFold(header, info).now.params == drift
    usual = SessionFold(SessionHeader(0, "sim:"), info).now
    assert status_words(usual.standing, usual.params) == "warming up: 0:00 of 1:00"


def test_a_restart_in_mid_run_tells_what_would_have_been_told() -> None:
    steps = stationary_run(45)
    steps.rows["impact_shock_g"][steps.initial_contact_s > 900.0] *= 1.25
    steps.rows["sacral_lean_deg"][steps.initial_contact_s > 2100.0] += 4.5
    end_s = float(steps.initial_contact_s[-1])
    expected = Coach().advance(DriftDetector().push(steps), end_s)
    assert len(expected) >= 2
    # between the first alert and the second
    at = int(np.searchsorted(steps.initial_contact_s, expected[0].time_s + 30.0))
    before, after = Steps(steps.rows[:at]), Steps(steps.rows[at:])
    drift, coach = DriftDetector(), Coach()
    told = coach.advance(drift.push(before), float(before.initial_contact_s[-1]))
    later, second = DriftDetector(), Coach()
    later.state, second.state = drift.state, coach.state
    told += second.advance(later.push(after), end_s)
    assert told == expected
