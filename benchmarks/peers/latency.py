"""From a packet to the steps that it finishes: processing time with many sensors in one process."""

from __future__ import annotations

import time
from typing import NamedTuple

import numpy as np

from devices.records import DeviceInfo, Packet
from devices.simulator.device import SimulatedDevice
from devices.simulator.generate import SimulatedRun
from devices.simulator.scenario import Scenario
from imu.compile_ahead import warm_up
from pipelines.session.engine import SessionFold
from pipelines.session.facts import StepsFinished
from pipelines.session.header import SessionHeader

_RATE_HZ = 200


class Latency(NamedTuple):
    """CPU time from a packet handed in to all that it gives handed out, µs, and of a core."""

    sensors: int
    packet_us: tuple[float, float, float]  # p50, p99, max
    step_us: tuple[float, float, float]  # of those packets that finish a step
    core_share: float


def latency_of(sensors: int, seconds: float = 20.0) -> Latency:
    """Measure with so many sensors, whose packets come in turn.

    Parameters
    ----------
    sensors : int
        Alike, each with its own session.
    seconds : float
        Of running at 200 Hz.
    """
    warm_up()
    query = f"minutes={seconds / 60:g}&rate={_RATE_HZ}&standing_s=2"
    device = SimulatedDevice(SimulatedRun(Scenario.from_query(query)))
    packets = [record for record in device.records() if isinstance(record, Packet)]
    info: DeviceInfo = device.info
    folds = [SessionFold(SessionHeader(0, "sim:"), info) for _ in range(sensors)]
    all_ns: list[int] = []
    step_ns: list[int] = []
    for packet in packets:
        for fold in folds:
            begin_ns = time.thread_time_ns()
            found = fold.push(packet)
            passed_ns = time.thread_time_ns() - begin_ns
            all_ns.append(passed_ns)
            if any(isinstance(fact, StepsFinished) for fact in found):
                step_ns.append(passed_ns)
    return Latency(
        sensors,
        _figures_us(all_ns),
        _figures_us(step_ns),
        sum(all_ns) * 1e-9 / (seconds + 2.0),
    )


def _figures_us(times_ns: list[int]) -> tuple[float, float, float]:
    median, high = np.percentile(times_ns, [50, 99]) * 1e-3
    return float(median), float(high), max(times_ns) * 1e-3
