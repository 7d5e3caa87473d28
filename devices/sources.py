"""The door to sensors: open one by URL, iterate over its records.

``sim:?speed=3.3&minutes=30&seed=1`` is the simulated sensor. A source is an asynchronous context
manager and iterator: entering connects, iterating yields the session's log in order.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import TracebackType
from typing import Final, Protocol, Self, runtime_checkable

from devices.host_clock import HostClock
from devices.records import DeviceInfo, Record
from imu.errors import DeviceError, ParameterError

__all__ = ["ACCEPTED_URLS", "Source", "open_source"]

#: What :func:`open_source` takes, in words.
ACCEPTED_URLS: Final = (
    "sim: or sim:?speed=3.3&minutes=30&seed=1 for the simulated sensor "
    "(a recording is opened with 'replay')"
)

_NOT_YET: Final = {"ble": "Bluetooth LE", "serial": "Serial"}


@runtime_checkable
class Source(Protocol):
    """A connected sensor, real or simulated.

    Iterating yields :data:`~devices.records.Record` in order of arrival and ends when the session
    does; a cancelled wait loses no record. A link that ends and does not come back raises
    :class:`~imu.errors.DeviceLost`.
    """

    @property
    def info(self) -> DeviceInfo:
        """What is known of the sensor; available once entered."""
        ...

    def now_ns(self) -> int:
        """The host's time on the line of the records' ``arrival_ns``, for marks."""
        ...

    async def close(self) -> None:
        """Disconnect; iteration ends. May be called again."""
        ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...

    def __aiter__(self) -> AsyncIterator[Record]: ...

    async def __anext__(self) -> Record: ...


def open_source(url: str, *, clock: HostClock | None = None) -> Source:
    """The source at a URL; nothing is connected before it is entered.

    Parameters
    ----------
    url : str
        ``sim:?key=value&…``, see :class:`devices.simulator.scenario.Scenario` for the keys.
    clock : HostClock, optional
        Where time comes from; the computer's clock by default.

    Raises
    ------
    ParameterError
        When the URL has none of the accepted forms, or a key or a value of it is not valid.
    DeviceError
        For ``ble:`` and ``serial:``, which this version does not have.

    Examples
    --------
    >>> import asyncio
    >>> async def first_record() -> Record:
    ...     async with open_source("sim:?minutes=1&seed=7") as source:
    ...         return await anext(source)
    >>> asyncio.run(first_record())
    LinkEvent(arrival_ns=0, kind='connected', detail='Simulated sensor')
    """
    kind, colon, query = url.partition(":")
    kind = kind.strip().lower()
    if colon and kind == "sim":
        from devices.simulator.scenario import Scenario

        scenario = Scenario.from_query(query)
        from devices.simulator.device import SimulatedSource
        from devices.simulator.generate import SimulatedRun

        return SimulatedSource(SimulatedRun(scenario), clock=clock)
    if colon and kind in _NOT_YET:
        raise DeviceError(
            f"{_NOT_YET[kind]} sensors are not available in this version yet: "
            "use the simulated sensor, sim:, for now.",
            source=url,
        )
    raise ParameterError("source", url, ACCEPTED_URLS)
