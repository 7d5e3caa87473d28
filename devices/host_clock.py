"""The one clock of a program, injected everywhere; tests give a virtual one."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol

__all__ = ["HostClock", "SystemClock"]


class HostClock(Protocol):
    """The one clock of a program; tests give a virtual one."""

    def monotonic_ns(self) -> int:
        """Nanoseconds since some fixed instant, never going back."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after this long."""
        ...


class SystemClock:
    """The computer's own monotonic clock."""

    def monotonic_ns(self) -> int:
        """Nanoseconds since some fixed instant, never going back."""
        return time.monotonic_ns()

    async def sleep(self, seconds: float) -> None:
        """Return after this long."""
        await asyncio.sleep(seconds)
