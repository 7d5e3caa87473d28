"""What tests of session files write, and a clock that moves when told to."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np

from devices.records import DeviceInfo, Packet
from imu.steps import STEP_ROW, Steps
from pipelines.coaching.alert import Alert
from pipelines.files.session_writer import SessionWriter
from pipelines.session.facts import AlertTold, Fact
from pipelines.session.header import SessionHeader
from pipelines.session.json_form import to_json
from pipelines.session.marks import (
    SessionRecord,
)


class SteppedClock:
    """A clock that moves when told to."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


UTC_START_NS = 1_790_000_000_123_456_789
HEADER = SessionHeader(UTC_START_NS, "sim:?seed=1", mass_kg=70.0, height_m=1.75)
DEVICE = DeviceInfo("clip", "own", 200.0, 156.9, 34.9, axes="+x+y+z", serial="7")


def packets(count: int, start: int = 0) -> list[Packet]:
    noise = random.Random(start)
    return [
        Packet(10**12 + index * 50_000_000, "data", noise.randbytes(40))
        for index in range(start, start + count)
    ]


def some_steps(count: int = 3) -> Steps:
    generator = np.random.default_rng(4)
    rows = np.zeros(count, STEP_ROW)
    for name in STEP_ROW.names or ():
        if STEP_ROW[name] == np.float64:
            rows[name] = generator.normal(size=count)
    rows["step"] = np.arange(1, count + 1)
    rows["side"] = np.arange(count) % 4
    rows["quality"] = np.arange(count) * 5 % 128
    rows["lumbar_index"] = np.nan
    return Steps(rows)


ALERT = AlertTold(
    12.25,
    Alert(12.25, "sacral_lean_deg", "up", 0.1 + 0.2, -5.0, 5.3, float("nan"), "raised", "Changed."),
)


def as_text(facts: list[Fact]) -> list[bytes]:
    return [to_json(fact) for fact in facts]


def write(path: Path, records: list[SessionRecord], **options: Any) -> None:
    with SessionWriter(path, HEADER, **options) as writer:
        for record in records:
            writer.write_record(record)
