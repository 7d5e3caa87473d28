"""The simulated sensor: a runner model, sensor errors and link faults, all seeded."""

from devices.simulator.generate import SimulatedRun, WaveformTruth, simulate
from devices.simulator.scenario import Scenario

__all__ = ["Scenario", "SimulatedRun", "WaveformTruth", "simulate"]
