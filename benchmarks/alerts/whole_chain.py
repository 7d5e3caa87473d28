"""The sample-level part: simulated sensors through the whole chain, as a live session would run."""

from __future__ import annotations

from dataclasses import dataclass

from devices.simulator.generate import SimulatedRun
from devices.simulator.scenario import Scenario
from imu.runner import Runner
from pipelines.session.analysis import StepsAnalysis

__all__ = ["ChainRun", "through_the_chain"]

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
    analysis = StepsAnalysis(
        scenario.rate, axes=scenario.axes, runner=Runner(scenario.mass, scenario.height)
    )
    told: list[tuple[float, str]] = []
    changed: list[str] = []
    steps = 0
    block = int(_BLOCK_S * scenario.rate)
    while True:
        samples = simulated.read(block)
        found, alerts = analysis.push(samples) if len(samples) else analysis.flush()
        steps += len(found)
        told += [(a.time_s / 60.0, a.indicator) for a in alerts if a.severity == "raised"]
        changed += [f"{c.indicator} {c.direction}" for c in analysis.changes]
        if not len(samples):
            return ChainRun(scenario, tuple(changed), tuple(told), steps)
