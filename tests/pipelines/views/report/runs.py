"""Runs for the tests of the report: steps with known levels, from no step to an hour of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from msgspec import structs

from devices.records import DeviceInfo
from imu.drift.detector import DriftDetector, InUse
from imu.samples import Quality
from imu.steps import STEP_ROW, Steps
from pipelines.session.facts import (
    BaselineGivenUp,
    BaselineKnown,
    Changed,
    Ended,
    Fact,
    LossCounts,
    SensorKnown,
    SensorMoved,
    StepsFinished,
    UsualRange,
)
from pipelines.session.header import SessionHeader
from pipelines.session.result import SessionResult
from pipelines.views.report.recording import Recording

RATE_HZ = 200.0
HEADER = SessionHeader(1_700_000_000 * 10**9, "ble:00:11:22:33:44:55", axes="auto")
INFO = DeviceInfo("Clip", "a protocol", RATE_HZ, 160.0, 35.0)

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


def facts_of(steps: Steps, header: SessionHeader, moved_after: int | None = None) -> list[Fact]:
    """What is judged of these steps, the sensor moved right after one of them."""
    drift = DriftDetector(header.settings.drift, header.baseline)
    found: list[Fact] = []

    def ranges(in_use: InUse) -> tuple[UsualRange, ...]:
        return tuple(UsualRange(*each) for each in in_use.ranges)

    if header.baseline is not None:
        given = drift.in_use
        found.append(BaselineKnown(0.0, "given", header.baseline, ranges(given)))
    for start in range(0, len(steps), 20):
        chunk = steps[start : start + 20]
        last_s = float(chunk.initial_contact_s[-1])
        had = drift.has_baseline
        changes = drift.push(chunk)
        found += [StepsFinished(last_s + 0.5, chunk), *map(Changed.of, changes)]
        if not had and drift.baseline is not None:
            found.append(BaselineKnown(last_s, "learned", drift.baseline, ranges(drift.in_use)))
        if moved_after is not None and start <= moved_after < start + 20:
            drift.mark("reseat")
            was = drift.given_up
            assert was is not None
            moved = SensorMoved(last_s + 1.0, searching=True)
            found += [moved, BaselineGivenUp(last_s + 1.0, "moved", was.baseline, ranges(was))]
    drift.flush()
    end_s = float(steps.initial_contact_s[-1]) + 5.0 if len(steps) else 20.0
    in_use = drift.in_use
    ended = Ended(end_s, end_s, LossCounts(received=round(end_s * RATE_HZ)), axes_found=True)
    return [
        *found,
        structs.replace(
            ended, status=drift.standing, baseline=in_use.baseline, ranges=ranges(in_use)
        ),
    ]


def recording_of(
    steps: Steps,
    *others: Fact,
    header: SessionHeader = HEADER,
    info: DeviceInfo = INFO,
    moved_after: int | None = None,
    end: dict[str, Any] | None = None,
    **stated: Any,
) -> Recording:
    """A recording of these steps, in which other facts came before them."""
    *found, ended = facts_of(steps, header, moved_after)
    known = (SensorKnown(0.0, info), *others, *found, structs.replace(ended, **(end or {})))
    fields: dict[str, Any] = {"name": "evening.mcap"} | stated
    return Recording(info=info, facts=known, result=SessionResult(header, known), **fields)
