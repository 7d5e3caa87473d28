"""Runs for the tests of the report: steps with known levels, from no step to an hour of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from imu.samples import Quality
from imu.steps import STEP_ROW, Steps
from pipelines.views.report.recording import Losses, Recording

LEVELS = {
    "contact_time_ms": 240.0,
    "flight_time_ms": 120.0,
    "cadence_spm": 60.0 / 0.36,  # from the step times
    "peak_force_bw": 2.4,
    "peak_10hz_bw": 2.3,
    "impact_shock_g": 3.0,
    "vertical_oscillation_mm": 80.0,
    "braking_m_s": 0.3,
    "sacral_lean_deg": 5.0,
    "sacral_roll_deg": -0.5,
    "pelvic_tilt_range_deg": 6.0,
    "pelvic_obliquity_range_deg": 8.0,
    "pelvic_rotation_range_deg": 11.0,
    "lumbar_compression_bw": 5.0,
}


def steps_of(count: int, *, seed: int = 1, gyro: bool = True) -> Steps:
    """Steps of an even run: every measure within 2 % of its level, left and right alike."""
    generator = np.random.default_rng(seed)
    rows = np.zeros(count, STEP_ROW)
    rows["step"] = np.arange(1, count + 1)
    rows["side"] = 2 + np.arange(count) % 2
    step_time_s = 0.36 * generator.normal(1.0, 0.02, count)
    rows["step_time_s"] = step_time_s
    rows["initial_contact_s"] = 10.0 + np.concatenate(([0.0], np.cumsum(step_time_s)))[:count]
    rows["toe_off_s"] = rows["initial_contact_s"] + 0.24
    for name, level in LEVELS.items():
        rows[name] = level * generator.normal(1.0, 0.02, count)
    rows["cadence_spm"] = 60.0 / step_time_s
    rows["lumbar_index"] = math.nan
    if not gyro:
        rows["quality"] = int(Quality.NO_GYRO)
        for name in LEVELS:
            if name.startswith("pelvic"):
                rows[name] = math.nan
    return Steps(rows)


def changed(steps: Steps, column: str, factor: float, start: int, stop: int | None = None) -> Steps:
    """The same steps with one measure multiplied between two step indices."""
    rows = steps.rows.copy()
    rows[column][start:stop] *= factor
    return Steps(rows)


def recording_of(steps: Steps, **stated: Any) -> Recording:
    """A recording of these steps."""
    end = float(steps.initial_contact_s[-1]) + 5.0 if len(steps) else 20.0
    fields: dict[str, Any] = {
        "name": "evening.mcap",
        "utc_start_ns": 1_700_000_000 * 10**9,
        "duration_s": end,
        "rate_hz": 200.0,
        "steps": steps,
        "losses": Losses(round(end * 200.0), 0),
    }
    return Recording(**(fields | stated))
