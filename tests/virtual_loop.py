"""An event loop whose time moves only while nothing is ready: asyncio's own timers in no time.

For programs that keep time by the loop itself, as bumble does; what takes a clock is given a
:class:`~devices.simulator.virtual_clock.VirtualClock` on an ordinary loop.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

from tests.patience import HANG_S

T = TypeVar("T")


class LoopClock:
    """A program's clock that tells the time of the running event loop."""

    def monotonic_ns(self) -> int:
        return round(asyncio.get_running_loop().time() * 1e9)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class _Leaping(selectors.DefaultSelector):
    """Passes the time that it would wait for, at once."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:  # nothing is due ever: only something outside can wake the loop
            return super().select(HANG_S)
        ready = super().select(0)
        if not ready:
            self.now_s += max(0.0, timeout)
        return ready


class _VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._leaping = _Leaping()
        super().__init__(self._leaping)

    def time(self) -> float:
        return self._leaping.now_s


def run_in_virtual_time(work: Coroutine[Any, Any, T], *, longest_s: float = 3600.0) -> T:
    """Run it in a loop of its own; what takes longer than this by the loop's time hangs.

    Threads and sockets are not waited for.
    """
    with asyncio.Runner(loop_factory=_VirtualLoop) as runner:
        return runner.run(asyncio.wait_for(work, longest_s))
