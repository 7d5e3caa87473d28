"""A host clock for tests: hours pass in an instant, in order, and always the same way."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Sized
from itertools import count
from typing import Final
from weakref import WeakKeyDictionary

# Where the event loop does not show what is ready to run: passes without a new sleeper before time
# moves on, enough for an item to go through a dozen tasks.
_SETTLING_PASSES: Final = 32
#: Virtual clocks that look in an event loop whether anything else is ready to run.
_ticking: Final[WeakKeyDictionary[asyncio.AbstractEventLoop, int]] = WeakKeyDictionary()


class VirtualClock:
    """A :class:`~devices.sources.ProgramClock` whose time moves only when every task sleeps.

    Tasks that sleep wake in the order of their deadlines; equal deadlines in the order of their
    calls. Time spent computing does not count. A task that waits for something other than this
    clock or another task (a thread, a socket) is not waited for.

    Parameters
    ----------
    start_ns : int, default 0
        The first reading.

    Examples
    --------
    >>> async def wait() -> int:
    ...     clock = VirtualClock()
    ...     await clock.sleep(3600.0)
    ...     return clock.monotonic_ns()
    >>> asyncio.run(wait())
    3600000000000
    """

    def __init__(self, start_ns: int = 0) -> None:
        self._now_ns = start_ns
        self._sleepers: list[tuple[int, int, asyncio.Future[None]]] = []
        self._order = count()
        self._quiet_passes = 0
        self._ticking_in: asyncio.AbstractEventLoop | None = None

    def monotonic_ns(self) -> int:
        """Virtual time.

        Returns
        -------
        int
            Time, ns.
        """
        return self._now_ns

    async def sleep(self, seconds: float) -> None:
        """Return when this much virtual time has passed; at least one pass of the event loop.

        Parameters
        ----------
        seconds : float
            Virtual time, s.
        """
        loop = asyncio.get_running_loop()
        awake: asyncio.Future[None] = loop.create_future()
        deadline_ns = self._now_ns + max(0, round(seconds * 1e9))
        heapq.heappush(self._sleepers, (deadline_ns, next(self._order), awake))
        self._quiet_passes = 0
        if self._ticking_in is not loop:
            self._ticking_in = loop
            _ticking[loop] = _ticking.get(loop, 0) + 1
            loop.call_soon(self._tick, loop)
        await awake

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        while self._sleepers and self._sleepers[0][2].done():  # cancelled
            heapq.heappop(self._sleepers)
        if not self._sleepers:
            self._ticking_in = None
            _ticking[loop] -= 1
            return
        self._quiet_passes += 1
        ready: Sized | None = getattr(loop, "_ready", None)  # asyncio's own loops have it
        # every other clock of this loop looks in turn, which is nothing to wait for
        others = _ticking[loop] - 1
        settled = self._quiet_passes >= _SETTLING_PASSES
        idle = len(ready) <= others if ready is not None else settled
        if idle:
            self._quiet_passes = 0
            deadline_ns, _, awake = heapq.heappop(self._sleepers)
            self._now_ns = max(self._now_ns, deadline_ns)
            awake.set_result(None)
        loop.call_soon(self._tick, loop)
