"""The sample-level part: simulated sensors through the whole chain, as a live session would run."""

from __future__ import annotations

from dataclasses import dataclass

from devices.records import DeviceInfo
from devices.simulator.generate import SimulatedRun
from devices.simulator.scenario import Scenario
from pipelines.session.engine import SessionFold
from pipelines.session.facts import AlertTold, Changed, Fact, StepsFinished
from pipelines.session.header import SessionHeader

_BLOCK_S = 20.0


@dataclass(frozen=True, slots=True)
class ChainRun:
    """One simulated sensor.

    Attributes
    ----------
    scenario : Scenario
        What was simulated.
    changed : tuple of str
        Indicators reported, with their direction, in order.
    told : tuple of (float, str)
        Session time in minutes and indicator of each cue.
    steps : int
        Running steps found.
    """

    scenario: Scenario
    changed: tuple[str, ...]
    told: tuple[tuple[float, str], ...]
    steps: int


def through_the_chain(scenario: Scenario) -> ChainRun:
    """Samples to steps to alerts, in blocks of some seconds."""
    simulated = SimulatedRun(scenario)
    header = SessionHeader(
        0, "", axes=scenario.axes, mass_kg=scenario.mass, height_m=scenario.height
    )
    fold = SessionFold(header, DeviceInfo("", "", scenario.rate, 0.0, 0.0))
    found: list[Fact] = []
    block = int(_BLOCK_S * scenario.rate)
    while len(samples := simulated.read(block)):
        found += fold.push_samples(samples)
    found += fold.finish()
    alerts = [fact.alert for fact in found if isinstance(fact, AlertTold)]
    changes = [fact for fact in found if isinstance(fact, Changed)]
    return ChainRun(
        scenario,
        tuple(f"{one.indicator} {one.direction}" for one in changes),
        tuple((a.time_s / 60.0, a.indicator) for a in alerts if a.severity == "raised"),
        sum(len(fact.steps) for fact in found if isinstance(fact, StepsFinished)),
    )
