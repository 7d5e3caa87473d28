"""The companion beside the analysis of a live log: the same records give the same cues."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from devices.records import DeviceInfo, Mark, Record
from devices.simulator.virtual_clock import VirtualClock
from devices.sources import open_source
from imu.drift.baseline import Baseline, IndicatorBaseline
from imu.steps import Steps
from pipelines.alerts import Alert
from pipelines.analysis import SessionAnalysis
from pipelines.companion.budget import uses_budget
from pipelines.companion.companion import Companion
from pipelines.companion.plan import CompanionPlan
from pipelines.formats.session_messages import SessionHeader
from pipelines.training.cues import Cue
from pipelines.training.intervals import RunWalkPlan
from pipelines.training.single_session import LongestSession
from tests.pipelines.companion.runs import USUAL

URL = "sim:?minutes=9&standing_s=5&walk_s=5&speed=3.4&time_scale=0&rate=100&fatigue=shock"
#: Another runner's: what is run here is a change from it.
BASELINE = Baseline((IndicatorBaseline("impact_shock_g", 2.0, 0.02),), blocks=40)


@dataclass
class Ran:
    """What a log gave."""

    companion: Companion
    cues: list[Cue] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    steps: list[Steps] = field(default_factory=list)


async def log() -> tuple[DeviceInfo, list[Record]]:
    async with open_source(URL, clock=VirtualClock()) as source:
        return source.info, [record async for record in source]


def run(info: DeviceInfo, records: Sequence[Record], plan: CompanionPlan) -> Ran:
    """As the live run does it: every record is analysed, then the companion goes on."""
    header = SessionHeader(0, URL, axes="+x+y+z", baseline_json=BASELINE.to_json())
    analysis = SessionAnalysis(header, info)
    ran = Ran(Companion(plan))
    time_s = 0.0
    for record in records:
        outcome = analysis.push(record)
        if outcome.samples is not None and len(outcome.samples):
            time_s = float(outcome.samples.time_s[-1])
        marks = (record,) if isinstance(record, Mark) else ()
        gait = analysis.chain.analyzer.activity
        ran.cues += ran.companion.advance(time_s, gait, outcome.steps, marks, outcome.alerts)
        ran.alerts += outcome.alerts
        ran.steps.append(outcome.steps)
    return ran


def test_live_and_its_replay_tell_the_same() -> None:
    info, records = asyncio.run(log())
    records.insert(40, Mark(0, "speed", "3.4 m/s"))
    plan = CompanionPlan(
        usual=USUAL,
        longest=LongestSession(distance_m=700.0),
        intervals=RunWalkPlan(run_s=120.0, walk_s=60.0, repeats=3, warm_up_s=30.0),
    )
    live = run(info, records, plan)
    again = run(info, records, CompanionPlan.from_json(plan.to_json()))
    assert again.cues == live.cues
    names = [cue.text_id for cue in live.cues]
    assert names.count("intervals.run") == 3
    assert "session.longest_distance" in names or "session.beyond_distance" in names
    raised = [item.time_s for item in live.alerts if item.severity == "raised"]
    assert raised
    for cue in live.cues:
        assert not uses_budget(cue) or all(
            cue.time_s - at_s >= 180.0 for at_s in raised if at_s <= cue.time_s
        )
