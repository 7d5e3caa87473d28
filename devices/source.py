"""What a source of a session's log is, whatever it talks to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import TracebackType
from typing import Protocol, Self, runtime_checkable

from devices.records import DeviceInfo, Record


@runtime_checkable
class Source(Protocol):
    """A connected sensor, real or simulated: an asynchronous context manager and iterator.

    Iterating yields :class:`DeviceInfo`, :class:`Packet` and :class:`LinkEvent` in order of arrival
    and ends when the session does; a cancelled wait loses no record. A link that ends and does not
    come back raises :class:`~imu.errors.DeviceLost`.

    Examples
    --------
    >>> import asyncio
    >>> from devices import open_source
    >>> async def kinds() -> list[str]:
    ...     async with open_source("sim:?minutes=0.1&standing_s=0&time_scale=0") as source:
    ...         return [type(record).__name__ async for record in source]
    >>> sorted(set(asyncio.run(kinds())))
    ['LinkEvent', 'Packet']
    """

    @property
    def info(self) -> DeviceInfo:
        """What is known of the sensor; available once entered."""
        ...

    def now_ns(self) -> int:
        """The host's time on the line of the records' ``arrival_ns``, for marks.

        Returns
        -------
        int
            Time, ns.
        """
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
    ) -> None:
        await self.close()

    def __aiter__(self) -> AsyncIterator[Record]:
        return self

    async def __anext__(self) -> Record: ...
