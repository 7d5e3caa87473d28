"""The one clock of a program, injected everywhere; tests give a virtual one."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable
from contextlib import suppress
from typing import Protocol, TypeVar

T = TypeVar("T")


class ProgramClock(Protocol):
    """The one clock of a program; tests give a virtual one.

    Examples
    --------
    >>> import asyncio
    >>> async def wait(clock: ProgramClock) -> float:
    ...     before_ns = clock.monotonic_ns()
    ...     await clock.sleep(0.01)
    ...     return (clock.monotonic_ns() - before_ns) * 1e-9
    >>> asyncio.run(wait(SystemClock())) >= 0.01
    True
    """

    def monotonic_ns(self) -> int:
        """Nanoseconds since some fixed instant, never going back.

        Returns
        -------
        int
            Time, ns.
        """
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after this long.

        Parameters
        ----------
        seconds : float
            Time, s; 0 and less let others run once.
        """
        ...


# before Python 3.13 Windows moves time.monotonic() on in steps of 15.6 ms
_now_ns = time.perf_counter_ns if sys.platform == "win32" else time.monotonic_ns


class SystemClock:
    """The computer's own monotonic clock, in steps far below a millisecond on every system."""

    def monotonic_ns(self) -> int:
        """Nanoseconds since some fixed instant, never going back.

        Returns
        -------
        int
            Time, ns.
        """
        return _now_ns()

    async def sleep(self, seconds: float) -> None:
        """Return after this long.

        Parameters
        ----------
        seconds : float
            Time, s; 0 and less let others run once.
        """
        await asyncio.sleep(seconds)


class ScaledClock:
    """Another clock that goes faster: simulated sensors in less time than life.

    Parameters
    ----------
    clock : ProgramClock
        The clock behind it.
    scale : float
        Its seconds in one second of that, above 0.

    Examples
    --------
    >>> import asyncio
    >>> async def wait() -> float:
    ...     clock = ScaledClock(SystemClock(), 1000.0)
    ...     await clock.sleep(10.0)
    ...     return clock.monotonic_ns() * 1e-9
    >>> asyncio.run(wait()) >= 10.0
    True
    """

    def __init__(self, clock: ProgramClock, scale: float) -> None:
        self._clock, self._scale = clock, scale
        self._start_ns = clock.monotonic_ns()

    def monotonic_ns(self) -> int:
        """Nanoseconds since this clock was made.

        Returns
        -------
        int
            Time by this clock, ns.
        """
        return round((self._clock.monotonic_ns() - self._start_ns) * self._scale)

    async def sleep(self, seconds: float) -> None:
        """Return after this long by this clock.

        Parameters
        ----------
        seconds : float
            Time by this clock, s.
        """
        await self._clock.sleep(seconds / self._scale)


def is_cancelled() -> bool:
    """Whether somebody wants the task at hand to end; a library may cancel work of its own."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0


async def within(clock: ProgramClock, seconds: float, awaited: Awaitable[T]) -> T:
    """Wait for something, but no longer than this by the given clock.

    Raises
    ------
    TimeoutError
        When it took too long; what was awaited is cancelled, and has ended.
    """
    work = asyncio.ensure_future(awaited)
    timer = asyncio.ensure_future(clock.sleep(seconds))
    try:
        await asyncio.wait({work, timer}, return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            return work.result()
    finally:
        timer.cancel()
        if not work.done():
            work.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await work
    raise TimeoutError
