"""A simulated sensor on a port of this computer, in a thread: to the program it is a real one."""

from __future__ import annotations

import asyncio
import threading
from types import TracebackType
from typing import Self

from devices.simulator.port import TcpPort
from devices.simulator.scenario import Scenario
from devices.simulator.virtual_sensor import make_peripheral
from devices.timing.program_clock import SystemClock


class SensorOnAPort:
    """Serves from ``with`` to its end.

    Parameters
    ----------
    query : str
        Of the runner, as after ``sim:?``.

    Attributes
    ----------
    url : str
        What ``live`` takes; a run of it is filed, since nothing says that it is simulated.
    """

    def __init__(self, query: str) -> None:
        self._scenario = Scenario.from_query(f"protocol=backstride&link=serial&{query}")
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.url = ""

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        async with TcpPort(make_peripheral(self._scenario, SystemClock())) as port:
            self.url = f"serial:{port.address}?protocol=backstride"
            self._ready.set()
            await self._over.wait()
