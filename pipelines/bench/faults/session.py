"""One fault plan as a session in virtual time: source, decoding, analysis, facts."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from devices.links import REQUEST_CHANNEL
from devices.records import DeviceInfo, Packet
from devices.simulator.device import MotionRun, SimulatedSource
from devices.simulator.faults.plan import FaultPlan
from devices.simulator.faults.samples import FaultyRun
from devices.simulator.generate import measured_run
from devices.simulator.scenario import Scenario
from devices.simulator.virtual_clock import VirtualClock
from devices.simulator.virtual_sensor import VirtualSensorSource, as_such_sensors_measure
from devices.source import Source
from imu.errors import BackstrideError
from imu.samples import Samples
from imu.steps import Steps, concatenate
from pipelines.session.engine import SessionFold
from pipelines.session.facts import Fact, LinkChanged, LossCounts, StepsFinished
from pipelines.session.header import SessionHeader

_KEPT_RUNS = 32


class Arrivals(NamedTuple):
    """Blocks of samples as they came.

    Attributes
    ----------
    arrival_s : ndarray, shape (N,)
        When, s since the sensor was switched on.
    last_s : ndarray, shape (N,)
        Session time of the block's last sample, s.
    losses : list of LossCounts
        What was counted by then.
    """

    arrival_s: NDArray[np.float64] = np.zeros(0)
    last_s: NDArray[np.float64] = np.zeros(0)
    losses: tuple[LossCounts, ...] = ()

    def losses_at(self, time_s: float) -> LossCounts:
        """What was counted at this time since the sensor was switched on."""
        k = int(np.searchsorted(self.arrival_s, time_s, side="right"))
        return self.losses[k - 1] if k else LossCounts()


@dataclass(slots=True, repr=False)  # the event loop would spell out every step
class PlanSession:
    """What a session with a faulty sensor came to.

    Attributes
    ----------
    scenario : Scenario
        Sensor, runner and faults.
    refusal : str
        Why it did not begin, in one sentence; empty when it did.
    end : str
        Why it ended before its time, likewise.
    facts : list of Fact
        Everything that was found.
    samples : Samples
        As they were decoded.
    arrivals : Arrivals
        When they came.
    began_s : float
        When the first record came, s since the sensor was switched on.
    packets_s : list of float
        When messages came, with samples or without, s since the sensor was switched on.
    longest_message : int
        Bytes of the longest message with samples.
    battery_percent : float, optional
        As last told.
    """

    scenario: Scenario
    refusal: str = ""
    end: str = ""
    facts: list[Fact] = field(default_factory=list)
    samples: Samples = field(default_factory=lambda: Samples(np.zeros(0), np.zeros((0, 3))))
    arrivals: Arrivals = field(default_factory=Arrivals)
    began_s: float = 0.0
    packets_s: list[float] = field(default_factory=list)
    longest_message: int = 0
    battery_percent: float | None = None

    @property
    def steps(self) -> Steps:
        """All steps."""
        return concatenate([f.steps for f in self.facts if isinstance(f, StepsFinished)])

    @property
    def link_events(self) -> list[tuple[float, str]]:
        """When what happened to the link, s since the sensor was switched on."""
        changes = [fact for fact in self.facts if isinstance(fact, LinkChanged)]
        return [(self.began_s + change.arrived_s, change.state) for change in changes]


def scenario_of(plan: FaultPlan) -> Scenario:
    """Sensor, runner and faults of a plan.

    Raises
    ------
    ParameterError
        When the sensor's keys are no scenario.
    """
    scenario = Scenario.from_query(plan.sensor)
    faults = (*scenario.faults, *plan.faults)
    return replace(as_such_sensors_measure(scenario), seed=plan.seed, faults=faults, time_scale=0.0)


def run_plan(plan: FaultPlan) -> PlanSession:
    """Run a plan's session, as fast as it goes.

    Parameters
    ----------
    plan : FaultPlan

    Raises
    ------
    ParameterError
        When the sensor's keys are no scenario, or it cannot have one of the faults.
    """
    scenario = scenario_of(plan)
    # the runner is that of the sensor's keys: only the faults' chance is the plan's
    run = _Recorded(_measured(plan.sensor), scenario)
    source: Source
    if scenario.protocol:
        source = VirtualSensorSource(scenario, run=run)
    else:
        source = SimulatedSource(FaultyRun(run), clock=VirtualClock())
    return asyncio.run(_followed(source, scenario))


async def _followed(source: Source, scenario: Scenario) -> PlanSession:
    session = PlanSession(scenario)
    loop = asyncio.get_running_loop()
    broken: asyncio.Future[str] = loop.create_future()
    loop.set_exception_handler(lambda _, context: _take_mistake(broken, context))
    following = asyncio.ensure_future(_open_and_follow(source, session))
    both: set[asyncio.Future[Any]] = {broken, following}
    await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    if not broken.done():
        following.result()
        return session
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    session.end = broken.result()
    return session


def _take_mistake(broken: asyncio.Future[str], context: dict[str, Any]) -> None:
    """A mistake in a simulated sensor is none of its faults: the plan ends with it."""
    if not broken.done():
        why = context.get("exception")
        while isinstance(why, ExceptionGroup):
            why = why.exceptions[0]
        broken.set_result(f"{context['message']}: {why!r}" if why else context["message"])


async def _open_and_follow(source: Source, session: PlanSession) -> None:
    try:
        async with source:
            await _follow(source, session)
    except BackstrideError as error:
        session.refusal = str(error)


async def _follow(source: Source, session: PlanSession) -> None:
    fold = SessionFold(SessionHeader(0, "sim:", axes=session.scenario.axes), source.info)
    session.facts += fold.push(source.info)
    blocks: list[Samples] = []
    arrivals: list[tuple[float, float]] = []
    losses: list[LossCounts] = []
    try:
        async for record in source:
            session.facts += fold.push(record)
            if not fold.elapsed_s and not isinstance(record, DeviceInfo):
                session.began_s = record.arrival_ns * 1e-9
            samples = fold.samples
            if isinstance(record, Packet) and record.channel != REQUEST_CHANNEL:
                session.packets_s.append(record.arrival_ns * 1e-9)
            if isinstance(record, Packet) and samples is not None and len(samples):
                blocks.append(samples)
                arrivals.append((record.arrival_ns * 1e-9, float(samples.time_s[-1])))
                losses.append(fold.losses)
                session.longest_message = max(session.longest_message, len(record.payload))
    except BackstrideError as error:
        session.end = str(error)
    session.facts += fold.finish()
    session.battery_percent = fold.now.battery_percent
    if blocks:
        session.samples = Samples.concatenate(blocks)
        arrival_s, last_s = np.array(arrivals).T
        session.arrivals = Arrivals(arrival_s, last_s, tuple(losses))


class _Recorded:
    """A run that was simulated before."""

    def __init__(self, samples: Samples, scenario: Scenario) -> None:
        self.scenario, self._samples, self._next = scenario, samples, 0
        self.duration_s = len(samples) / scenario.rate

    def read(self, n: int) -> Samples:
        """The next ``n`` samples, fewer at the end, none when it is over."""
        first, self._next = self._next, min(self._next + n, len(self._samples))
        return self._samples[first : self._next]


@lru_cache(_KEPT_RUNS)
def _measured(sensor: str) -> Samples:
    """Everything that a faultless sensor measures."""
    scenario = as_such_sensors_measure(Scenario.from_query(sensor))
    run: MotionRun = measured_run(replace(scenario, faults=()))
    return run.read(round(run.duration_s * scenario.rate) + 1)
