"""The companion inside the fold: the same records give the same cues."""

from __future__ import annotations

import asyncio

import pytest

from devices.records import DeviceInfo
from devices.simulator.virtual_clock import VirtualClock
from devices.sources import open_source
from imu.drift.baseline import Baseline, IndicatorBaseline
from pipelines.coaching.budget import is_told_at_once
from pipelines.coaching.plan import CompanionPlan, HeldBack
from pipelines.coaching.training.cues import Cue
from pipelines.coaching.training.intervals import RunWalkPlan
from pipelines.coaching.training.single_session import LongestSession
from pipelines.files.loading import load
from pipelines.session.engine import SessionFold
from pipelines.session.facts import AlertTold, CueTold
from pipelines.session.header import SessionHeader
from pipelines.session.json_form import to_json
from pipelines.session.marks import SessionRecord
from tests.pipelines.coaching.runs import USUAL
from tests.pipelines.said import said

URL = "sim:?minutes=13&standing_s=5&walk_s=5&speed=3.4&time_scale=0&rate=50&fatigue=shock"
#: Another runner's: what is run here is a change from it.
BASELINE = Baseline((IndicatorBaseline("impact_shock_g", 2.0, 0.02),), blocks=40)


async def log() -> tuple[DeviceInfo, list[SessionRecord]]:
    async with open_source(URL, clock=VirtualClock()) as source:
        return source.info, [record async for record in source]


def test_a_log_and_its_header_give_the_same_cues_again() -> None:
    info, records = asyncio.run(log())
    records.insert(40, said(0, "speed", "3.4 m/s"))
    plan = CompanionPlan(
        usual=USUAL,
        longest=LongestSession(distance_m=700.0),
        intervals=RunWalkPlan(run_s=120.0, walk_s=60.0, repeats=3, warm_up_s=30.0),
    )
    header = SessionHeader(0, URL, axes="+x+y+z", baseline=BASELINE, plan=plan)
    assert load(to_json(header), SessionHeader) == header
    fold = SessionFold(load(to_json(header), SessionHeader), info)
    found = [fact for record in records for fact in fold.push(record)]
    cues = [fact for fact in found if isinstance(fact, CueTold)]
    names = [cue.text_id for cue in cues]
    assert names.count("intervals.run") == 3
    assert "session.longest_distance" in names or "session.beyond_distance" in names
    raised = [
        fact.time_s
        for fact in found
        if isinstance(fact, AlertTold) and fact.alert.severity == "raised"
    ]
    assert raised
    for cue in cues:
        waits = cue.uses_budget and not is_told_at_once(Cue(cue.text_id))
        assert not waits or all(cue.time_s - at_s >= 180.0 for at_s in raised if at_s <= cue.time_s)


@pytest.mark.parametrize(
    "plan",
    [CompanionPlan(held=HeldBack(7, "just now")), CompanionPlan(eased=True), CompanionPlan()],
    ids=["pain", "below the knee", "nothing"],
)
def test_a_change_comes_with_something_to_try_only_while_training_is_suggested(
    plan: CompanionPlan,
) -> None:
    info, records = asyncio.run(log())
    header = SessionHeader(0, URL, axes="+x+y+z", baseline=BASELINE, plan=plan)
    found = SessionFold(header, info).push_all(records)
    told = [fact.alert for fact in found if isinstance(fact, AlertTold)]
    assert told
    tries = any("; try" in alert.message for alert in told)
    assert tries is (plan == CompanionPlan())
