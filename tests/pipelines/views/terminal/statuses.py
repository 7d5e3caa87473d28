"""Statuses of a run for the tests of the view, and what a picture of them says."""

from __future__ import annotations

import math
import re

import numpy as np

from imu.drift.status import DriftStatus
from imu.steps import STEP_ROW, Steps
from pipelines.coaching.alert import Alert
from pipelines.session.live_status import IndicatorStatus, LiveStatus
from pipelines.views.terminal.picture import picture

PARTS = (
    "Pelvic lean changed from your baseline: 3.9° further forward.",
    "Try a quicker rhythm at the same speed, 5–10 % more steps a minute.",
)
ALERT = " ".join(PARTS)


def some_steps(count: int, *, first: int = 1, lean_deg: float = 6.1) -> Steps:
    generator = np.random.default_rng(count)
    rows = np.zeros(count, STEP_ROW)
    rows["step"] = np.arange(first, first + count)
    rows["side"] = 2 + np.arange(count) % 2
    rows["step_time_s"] = 0.36
    rows["initial_contact_s"] = 0.36 * rows["step"]
    for name, mean in (
        ("contact_time_ms", 232.0),
        ("flight_time_ms", 128.0),
        ("cadence_spm", 166.0),
        ("peak_force_bw", 2.42),
        ("peak_10hz_bw", 2.3),
        ("impact_shock_g", 2.31),
        ("vertical_oscillation_mm", 78.0),
        ("sacral_lean_deg", lean_deg),
        ("lumbar_compression_bw", 5.0),
    ):
        rows[name] = mean * generator.normal(1.0, 0.001, count)
    rows["lumbar_index"] = math.nan
    return Steps(rows)


def an_alert(message: str) -> Alert:
    headline, detail = PARTS if message == ALERT else (message, "")
    return Alert(
        *(661.0, "sacral_lean_deg", "up", 9.9, 6.1, 3.8, 2.0, "raised", message),
        headline=headline,
        detail=detail,
    )


def some_status(*, alert: str = "", learning: bool = False) -> LiveStatus:
    baseline = math.nan if learning else 1.0
    lean = 9.9 if alert else 6.2
    return LiveStatus(
        source="sim:?fatigue=lean&time_scale=20",
        device="simulated sensor",
        elapsed_s=751.0,
        gait="run",
        steps=2071,
        link="connected",
        battery_percent=83.0,
        lost_samples=12,
        recording="/home/runner/backstride/sessions/2026-11-22T01-50-12.mcap",
        standing=DriftStatus("learning", learned=12) if learning else DriftStatus("watching"),
        told=an_alert(alert) if alert else None,
        recent=some_steps(60, first=2012, lean_deg=lean),
        indicators={
            "impact_shock_g": IndicatorStatus(2.31, 2.3 * baseline, 0.23),
            "vertical_oscillation_mm": IndicatorStatus(78.0, 78.0 * baseline, 6.2),
            "sacral_lean_deg": IndicatorStatus(lean, 6.1 * baseline, 2.0, bool(alert)),
        },
    )


def text_of(status: LiveStatus, width: int, height: int | None = None) -> str:
    return "\n".join("".join(text for text, _ in line) for line in picture(status, width, height))


def words_of(shown: str) -> str:
    """What is shown without frames and line breaks."""
    return " ".join(re.sub(r"[│┃╭╮╰╯┏┓┗┛─━]", " ", shown).split())
