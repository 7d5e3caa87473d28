"""A simulated session as it comes out of a sensor: block after block, with its truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from devices.simulator.faults.samples import FaultyRun, has_sample_faults
from devices.simulator.motion import BodyMotion, Motion
from devices.simulator.resting import RestingRun
from devices.simulator.scenario import Scenario
from devices.simulator.sensor import SensorModel
from devices.simulator.six_faces import SixFacesRun
from devices.simulator.truth import StepCircumstances, TrueSteps
from imu.errors import ParameterError
from imu.samples import Samples
from imu.steps import Steps

if TYPE_CHECKING:
    from devices.simulator.device import MotionRun

Array = NDArray[np.float64]

_BLOCK: Final = 2048  # samples made at once, whatever is asked for


@dataclass(frozen=True, slots=True, eq=False)
class WaveformTruth:
    """True waveforms at the times of a block of samples, each of shape (N,).

    Parameters
    ----------
    time_s
        s from the start of the session.
    vertical_force_bw
        Ground reaction force, body weights.
    vertical_displacement_mm
        The sensor's height above its height in quiet standing, mm.
    sacral_lean_deg, sacral_roll_deg
        Forward and to the right, degrees.
    """

    time_s: Array
    vertical_force_bw: Array
    vertical_displacement_mm: Array
    sacral_lean_deg: Array
    sacral_roll_deg: Array


_kept_motion = lru_cache(maxsize=8)(BodyMotion)


def _motion_of(scenario: Scenario) -> BodyMotion:
    """How the runner moves, whatever sensor and link there are.

    It is planned once for a source that is looked at, then opened, or that has other faults: that
    is most of a short run.
    """
    return _kept_motion(
        Scenario(
            speed=scenario.speed,
            minutes=scenario.minutes,
            seed=scenario.seed,
            height=scenario.height,
            lean=scenario.lean,
            slope=scenario.slope,
            surface=scenario.surface,
            fatigue=scenario.fatigue,
            standing_s=scenario.standing_s,
            walk_s=scenario.walk_s,
            script=scenario.script,
        )
    )


class SimulatedRun:
    """Streams a scenario: samples on the ideal clock, and the steps that are true of them.

    What is read does not depend on how it is cut: any sequence of :meth:`read` gives bit-identical
    samples.

    Parameters
    ----------
    scenario : Scenario
        With ``motion`` "run"; :func:`measured_run` takes the others too.

    Raises
    ------
    ParameterError
        When the scenario's motion is no run.

    Attributes
    ----------
    scenario : Scenario
    motion : BodyMotion
        The exact motion behind the samples.
    sensor : SensorModel
        Mounting and errors.
    n_samples : int
        In the whole session.
    duration_s : float
        ``n_samples`` over the rate.

    Examples
    --------
    >>> run = SimulatedRun(Scenario(minutes=0.2))
    >>> block = run.read(400)
    >>> len(block), float(block.time_s[-1])
    (400, 1.995)
    """

    def __init__(self, scenario: Scenario) -> None:
        if scenario.motion != "run":
            raise ParameterError("motion", scenario.motion, "run, where truth is asked for too")
        self.scenario = scenario
        self.motion = _motion_of(scenario)
        self.sensor = SensorModel(scenario)
        self.n_samples = int(np.ceil(self.motion.duration_s * scenario.rate))
        self.duration_s = self.n_samples / scenario.rate
        self._steps = TrueSteps(self.motion)
        self._next = 0
        self._block_index = -1
        self._block: tuple[Samples, Motion] | None = None

    @property
    def position(self) -> int:
        """Samples read so far."""
        return self._next

    def read(self, n: int) -> Samples:
        """The next samples, in sensor axes with the sensor's errors; fewer at the end, then none.

        Parameters
        ----------
        n : int
            How many at most.

        Returns
        -------
        Samples
            At most n; none at the end.
        """
        return self.read_with_truth(n)[0]

    def read_with_truth(self, n: int) -> tuple[Samples, WaveformTruth]:
        """The next samples and the true waveforms at their times.

        Parameters
        ----------
        n : int
            How many at most.

        Returns
        -------
        tuple of Samples and WaveformTruth
            As many of both.
        """
        end = min(self._next + max(n, 0), self.n_samples)
        blocks: list[Samples] = []
        truths: list[WaveformTruth] = []
        while self._next < end or not blocks:
            samples, motion = self._made(min(self._next, self.n_samples - 1) // _BLOCK)
            start = self._next % _BLOCK if end > self._next else 0
            count = min(_BLOCK - start, end - self._next)
            window = slice(start, start + count)
            blocks.append(samples[window])
            truths.append(_waveforms(motion, window))
            self._next += count
        if len(blocks) == 1:
            return blocks[0], truths[0]
        return Samples.concatenate(blocks), _join(truths)

    def _made(self, index: int) -> tuple[Samples, Motion]:
        if self._block is None or index != self._block_index:
            numbers = np.arange(index * _BLOCK, min((index + 1) * _BLOCK, self.n_samples))
            time = numbers / self.scenario.rate
            motion = self.motion.at(time)
            readings = self.sensor.measure(
                motion.specific_force_m_s2,
                motion.angular_velocity_rad_s,
                index,
                self.motion.course.creep.jet(time),
            )
            self._block = (Samples(time, *readings), motion)
            self._block_index = index
        return self._block

    def truth(self) -> Steps:
        """All running steps, from the first, whose next contact lies in what has been read.

        Returns
        -------
        Steps
            With the true values in the columns of a steps table.
        """
        return self._steps.until(self._read_until_s())

    @property
    def step_count(self) -> int:
        """How many steps :meth:`truth` has, without measuring them."""
        return self._steps.count_until(self._read_until_s())

    def circumstances(self) -> StepCircumstances:
        """Speed, slope and surface of the steps of :meth:`truth`.

        Returns
        -------
        StepCircumstances
            A value a step.
        """
        return self._steps.circumstances(self._read_until_s())

    def _read_until_s(self) -> float:
        return (self._next - 1) / self.scenario.rate if self._next else -1.0


def _waveforms(motion: Motion, window: slice) -> WaveformTruth:
    return WaveformTruth(
        motion.time_s[window],
        motion.vertical_force_bw[window],
        1e3 * motion.position_m[window, 2],
        motion.lean_deg[window],
        motion.roll_deg[window],
    )


def _join(parts: list[WaveformTruth]) -> WaveformTruth:
    return WaveformTruth(
        np.concatenate([part.time_s for part in parts]),
        np.concatenate([part.vertical_force_bw for part in parts]),
        np.concatenate([part.vertical_displacement_mm for part in parts]),
        np.concatenate([part.sacral_lean_deg for part in parts]),
        np.concatenate([part.sacral_roll_deg for part in parts]),
    )


def measured_run(scenario: Scenario) -> MotionRun:
    """What the scenario's sensor measures, faults included: a run, or what its ``motion`` says."""
    kinds: dict[str, Callable[[Scenario], MotionRun]] = {
        "six_faces": SixFacesRun,
        "rest": RestingRun,
    }
    run = kinds.get(scenario.motion, SimulatedRun)(scenario)
    return FaultyRun(run) if has_sample_faults(scenario) else run


def simulate(scenario: Scenario) -> tuple[Samples, Steps]:
    """A whole session at once: its samples and its true running steps.

    Parameters
    ----------
    scenario : Scenario
        What happens.

    Returns
    -------
    tuple of Samples and Steps
        What the sensor measures, in its own axes, and what is true of each step.

    Raises
    ------
    ParameterError
        When the scenario's motion is no run.

    Examples
    --------
    >>> samples, steps = simulate(Scenario(minutes=0.2, standing_s=1))
    >>> samples.has_gyro, int(steps.step[0])
    (True, 1)
    """
    run = SimulatedRun(scenario)
    return run.read(run.n_samples), run.truth()
