"""A simulated sensor and the host it is connected to, whatever the link between them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

#: Channel of a serial line, both ways.
BYTES_CHANNEL = "bytes"


class SensorRestarted(Exception):
    """The sensor has started again while it was served: a radio link ends with it."""


class Host(Protocol):
    """What a peripheral sees of the connected host.

    ``channel`` is a characteristic's UUID in lower case, or ``"bytes"`` on a serial line.
    """

    @property
    def notification_bytes_max(self) -> int:
        """Longest notification; more is cut off by the link, as real stacks do."""
        ...

    def is_subscribed(self, channel: str) -> bool:
        """Whether the host wants a characteristic's notifications; always so on a serial line."""
        ...

    async def send(self, channel: str, payload: bytes) -> None:
        """Notify, or write to the line; waits while the link's queue is full.

        Nothing is sent, and nothing raised, when the host has not subscribed.
        """
        ...

    async def receive(self) -> tuple[str, bytes]:
        """The next thing that the host has written: channel and payload."""
        ...

    def set_value(self, channel: str, value: bytes) -> None:
        """What the host gets when it reads the characteristic from now on."""
        ...


class Peripheral(Protocol):
    """A simulated sensor. One connection at a time; it goes on measuring between connections."""

    @property
    def name(self) -> str:
        """As advertised."""
        ...

    @property
    def advertised_services(self) -> tuple[str, ...]:
        """UUIDs in the advertisement, lower case; empty on a serial line."""
        ...

    @property
    def services(self) -> Mapping[str, Mapping[str, frozenset[str]]]:
        """Service UUID to characteristic UUID to properties.

        Properties are those of bleak: "read", "write", "write-without-response", "notify",
        "indicate". Empty on a serial line.
        """
        ...

    async def serve(self, host: Host) -> None:
        """Serve one connection until it ends, by cancellation; never returns by itself earlier.

        After the measured run is over the connection stays, without samples.
        """
        ...
