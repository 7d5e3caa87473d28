"""A link to one sensor as its driver sees it: Bluetooth LE and serial look alike from here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol, TypeVar

from devices.records import Packet

#: Channel of everything that comes over a serial port, in chunks as the port gives them.
BYTES_CHANNEL = "bytes"
#: Channel under which what *we* sent is put in the log, where it matters later (pings).
REQUEST_CHANNEL = "request"

#: The longest pause, s, of a link that is slow and not away: a Bluetooth LE connection may have
#: intervals of 4 s.
LONGEST_PAUSE_S: Final = 6.0

T = TypeVar("T")


class Link(Protocol):
    """An open connection to one sensor.

    Every packet that arrives is stamped and goes into the session's log by itself, in order; a
    driver only looks on while it waits for an answer. Channels are the driver's names of
    characteristics (:attr:`devices.drivers.driver.Driver.characteristics`); a serial port has the
    one channel ``"bytes"``.

    All methods raise :class:`~imu.errors.DeviceLost` when the link is gone and
    :class:`~imu.errors.DeviceError` when the sensor refuses.
    """

    @property
    def kind(self) -> str:
        """``"ble"`` or ``"serial"``."""
        ...

    @property
    def name(self) -> str:
        """The sensor's advertised name, or the port's."""
        ...

    @property
    def address(self) -> str:
        """Bluetooth address (on macOS an identifier) or port."""
        ...

    @property
    def notification_bytes_max(self) -> int:
        """Most bytes that one notification can hold; 1 << 16 on a serial port."""
        ...

    @property
    def baud_rate(self) -> int:
        """Speed of a serial line, bits per second; 0 where there is none to be changed."""
        ...

    async def change_baud_rate(self, baud_rate: int) -> None:
        """Go on at another speed; what waited in the port is dropped."""
        ...

    def now_ns(self) -> int:
        """The host's clock, on the line of the packets' ``arrival_ns``."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait by the host's clock."""
        ...

    async def read(self, channel: str) -> bytes:
        """Read a characteristic; a serial port has none and raises DeviceError."""
        ...

    async def write(self, channel: str, payload: bytes, *, response: bool = True) -> None:
        """Write to a characteristic, or to the port."""
        ...

    async def subscribe(self, channel: str) -> None:
        """Ask for a characteristic's notifications; nothing to do on a serial port."""
        ...

    async def ask(
        self,
        channel: str,
        payload: bytes,
        answer: Callable[[Packet], T | None],
        *,
        timeout_s: float = 2.0,
        tries: int = 1,
    ) -> T:
        """Write, then wait for the packet that ``answer`` makes something of.

        Parameters
        ----------
        channel, payload
            What to write where; an empty payload writes nothing and only waits.
        answer : callable
            Sees every packet that arrives from now on, in order, until it returns something; it
            may keep state, such as the first half of a message.
        timeout_s : float
            Longest wait for an answer, s, a try.
        tries : int
            How often to write.

        Raises
        ------
        DeviceError
            When nothing answers in time.
        """
        ...

    def tell(self, words: str) -> None:
        """Put what people should know of the link into the log."""
        ...

    def log_request(self, payload: bytes) -> None:
        """Put what was just sent into the log, on channel ``"request"``, stamped now."""
        ...
