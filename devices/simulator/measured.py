"""What a simulated sensor has measured by now: samples that become available as time passes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from devices.simulator.device import MotionRun
from devices.simulator.faults.sensor_clock import SensorClock
from devices.timing.program_clock import ProgramClock
from imu.errors import ParameterError
from imu.samples import Samples


class MeasuredBlock(NamedTuple):
    """Consecutive samples, with the index and the device time of the first."""

    first_index: int
    device_us: int
    samples: Samples


class MeasuredStream:
    """A measured run in step with a clock, with the memory of a small device.

    The run starts when the stream is made. A consumer that stays away, or is slower than the
    sensor, finds the oldest samples overwritten: the index jumps. So it does over a sample without
    a value, since sixteen bits have none to say so.

    Parameters
    ----------
    run : MotionRun
        Read from where it stands. The faults of its scenario say how wrong the device's clock is:
        samples are taken at the nominal rate *by that clock*.
    clock : ProgramClock
        True time.
    memory_s : float, default 1.0
        How much the device holds back for a slow link, s, 0.05 to 3600.
    started_us : int, default 0
        Device time of the first sample, µs.
    sends_nan : bool, default False
        Whether the device's format can say that a sample has no value.

    Raises
    ------
    ParameterError
        When ``memory_s`` is outside its range.

    Attributes
    ----------
    clock : ProgramClock
        True time.
    """

    def __init__(
        self,
        run: MotionRun,
        clock: ProgramClock,
        *,
        memory_s: float = 1.0,
        started_us: int = 0,
        sends_nan: bool = False,
    ) -> None:
        if not 0.05 <= memory_s <= 3600.0:
            raise ParameterError("memory_s", memory_s, "a number from 0.05 to 3600 s")
        self.rate_hz = run.scenario.rate
        self._run, self.clock = run, clock
        self._start_ns = clock.monotonic_ns()
        self._own_clock = SensorClock(run.scenario.faults)
        self._started_us, self._sends_nan = started_us, sends_nan
        self._memory = max(1, round(memory_s * self.rate_hz))
        self._next = 0  # index of the next sample to be read from the run
        self._cut: list[MeasuredBlock] = []  # read, and cut at samples without a value

    @property
    def over(self) -> bool:
        """Whether the whole run has been handed out."""
        return self._next >= round(self._run.duration_s * self.rate_hz)

    def device_us(self) -> int:
        """The device's clock now, µs, without wrapping."""
        return self._stamp_us(self._oscillated_s())

    async def take(self, n: int, *, whole: bool = False) -> MeasuredBlock | None:
        """The next ``n`` samples, as soon as the last of them is measured; None when it is over.

        Fewer before a sample that has no value. A cancelled wait takes nothing. A device that keeps
        ``whole`` messages overwrites these.
        """
        while not self._cut:
            block = await self._read(n, whole=whole)
            if block is None:
                return None
            self._cut = [block] if self._sends_nan else _with_values(block, self.rate_hz)
        return self._cut.pop(0)

    async def _read(self, n: int, *, whole: bool) -> MeasuredBlock | None:
        over = self._taken() - self._memory - self._next
        if over > 0:
            self._skip(-(-over // n) * n if whole else over)
        ready_ns = self._own_clock.true_s((self._next + n) / self.rate_hz) * 1e9
        wait_ns = self._start_ns + ready_ns - self.clock.monotonic_ns()
        if wait_ns > 0:
            await self.clock.sleep(wait_ns * 1e-9)
        first = self._next
        samples = self._run.read(n)
        if not len(samples):
            return None
        self._next += len(samples)
        return MeasuredBlock(first, self._stamp_us(first / self.rate_hz), samples)

    def _oscillated_s(self) -> float:
        passed_s = (self.clock.monotonic_ns() - self._start_ns) * 1e-9
        return self._own_clock.oscillated_s(passed_s)

    def _stamp_us(self, oscillated_s: float) -> int:
        return self._started_us + round(self._own_clock.stamp_s(oscillated_s) * 1e6)

    def _taken(self) -> int:
        """Samples measured since the start."""
        return int(self._oscillated_s() * self.rate_hz)

    def _skip(self, n: int) -> None:
        while n > 0:
            gone = len(self._run.read(min(n, 4096)))
            if not gone:
                return
            self._next += gone
            n -= gone


def _with_values(block: MeasuredBlock, rate_hz: float) -> list[MeasuredBlock]:
    """The block without its samples that have no value, cut where they were."""
    valid = np.isfinite(block.samples.acceleration_m_s2).all(axis=1)
    if valid.all():
        return [block]
    edges = np.flatnonzero(np.diff(np.concatenate(([False], valid, [False])).astype(np.int8)))
    return [
        MeasuredBlock(
            block.first_index + start,
            block.device_us + round(start / rate_hz * 1e6),
            block.samples[start:stop],
        )
        for start, stop in edges.reshape(-1, 2).tolist()
    ]
