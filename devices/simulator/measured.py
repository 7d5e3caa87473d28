"""What a simulated sensor has measured by now: samples that become available as time passes."""

from __future__ import annotations

from typing import NamedTuple

from devices.simulator.device import MotionRun
from devices.timing.program_clock import ProgramClock
from imu.errors import ParameterError
from imu.samples import Samples

__all__ = ["MeasuredBlock", "MeasuredStream"]


class MeasuredBlock(NamedTuple):
    """Consecutive samples, with the index and the device time of the first."""

    first_index: int
    device_us: int
    samples: Samples


class MeasuredStream:
    """A measured run in step with a clock, with the memory of a small device.

    The run starts when the stream is made. A consumer that stays away, or is slower than the
    sensor, finds the oldest samples overwritten: the index jumps.

    Parameters
    ----------
    run : MotionRun
        Read from where it stands. Its scenario's ``clock_ppm`` is the error of the device's clock:
        samples are taken at the nominal rate *by that clock*.
    clock : ProgramClock
        True time.
    memory_s : float, default 1.0
        How much the device holds back for a slow link, s, 0.05 to 3600.
    started_us : int, default 0
        Device time of the first sample, µs.

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
    ) -> None:
        if not 0.05 <= memory_s <= 3600.0:
            raise ParameterError("memory_s", memory_s, "a number from 0.05 to 3600 s")
        self.rate_hz = run.scenario.rate
        self._run, self.clock = run, clock
        self._start_ns = clock.monotonic_ns()
        self._speed = 1.0 + run.scenario.clock_ppm * 1e-6  # device seconds per true second
        self._started_us = started_us
        self._memory = max(1, round(memory_s * self.rate_hz))
        self._next = 0  # index of the next sample to be read from the run

    @property
    def over(self) -> bool:
        """Whether the whole run has been handed out."""
        return self._next >= round(self._run.duration_s * self.rate_hz)

    def device_us(self) -> int:
        """The device's clock now, µs, without wrapping."""
        passed_us = (self.clock.monotonic_ns() - self._start_ns) / 1000
        return self._started_us + round(passed_us * self._speed)

    async def take(self, n: int, *, whole: bool = False) -> MeasuredBlock | None:
        """The next ``n`` samples, as soon as the last of them is measured; None when it is over.

        A cancelled wait takes nothing. A device that keeps ``whole`` messages overwrites these.
        """
        over = self._taken() - self._memory - self._next
        if over > 0:
            self._skip(-(-over // n) * n if whole else over)
        ready_ns = (self._next + n) / (self.rate_hz * self._speed) * 1e9
        wait_ns = self._start_ns + ready_ns - self.clock.monotonic_ns()
        if wait_ns > 0:
            await self.clock.sleep(wait_ns * 1e-9)
        first = self._next
        samples = self._run.read(n)
        if not len(samples):
            return None
        self._next += len(samples)
        device_us = self._started_us + round(first / self.rate_hz * 1e6)
        return MeasuredBlock(first, device_us, samples)

    def _taken(self) -> int:
        """Samples measured since the start."""
        passed_s = (self.clock.monotonic_ns() - self._start_ns) * 1e-9
        return int(passed_s * self._speed * self.rate_hz)

    def _skip(self, n: int) -> None:
        while n > 0:
            gone = len(self._run.read(min(n, 4096)))
            if not gone:
                return
            self._next += gone
            n -= gone
