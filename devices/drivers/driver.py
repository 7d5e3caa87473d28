"""What every driver does: the conversation with one kind of sensor over a link."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from devices.links import Link
from devices.readings import Decoder
from devices.records import DeviceInfo, Packet

#: Longer than any session, s.
FOR_EVER_S: Final = 1e8


@dataclass(frozen=True, slots=True)
class Advertisement:
    """What a sensor says of itself before anyone connects."""

    address: str
    name: str = ""
    service_uuids: tuple[str, ...] = ()  # lower case, 128 bits
    signal_dbm: int | None = None


@dataclass(frozen=True)
class Wanted:
    """What the user would like; a driver takes the nearest that the sensor offers.

    Attributes
    ----------
    rate_hz : float
        Samples per second; 200 serves impact shock and event timing.
    acceleration_range_g, angular_velocity_range_deg_s : float
        Ends of the range: the smallest on offer that is not below.
    known : DeviceInfo, optional
        What was agreed at the connection before, which is to be agreed again.
    """

    rate_hz: float = 200.0
    acceleration_range_g: float = 16.0
    angular_velocity_range_deg_s: float = 2000.0
    known: DeviceInfo | None = None

    @property
    def borne_hz(self) -> float:
        """The wanted rate, or the lower one that the link was found to bear, Hz."""
        return self.rate_hz if self.known is None else min(self.rate_hz, self.known.rate_hz)


class Conversation(ABC):
    """The conversation with devices of one protocol, without any knowledge of the radio.

    It is made anew for every connection and keeps no state over it. Anything that influences
    decoding is in the :class:`~devices.records.DeviceInfo` that :meth:`open` returns, or in the
    packets.
    """

    #: Name of the protocol, as in ``DeviceInfo.protocol`` and ``?protocol=``.
    protocol: ClassVar[str]
    #: Links that such sensors have: any of "ble", "serial".
    links: ClassVar[tuple[str, ...]]
    #: What people call the sensors, for ``scan``.
    sold_as: ClassVar[str]
    #: Channel names to 128-bit characteristic UUIDs in lower case; empty without Bluetooth LE.
    characteristics: ClassVar[Mapping[str, str]] = {}
    #: Channels that samples come in.
    sample_channels: ClassVar[frozenset[str]] = frozenset({"data", "bytes"})
    #: Silence after which a sensor is taken for lost, though connected, s.
    silence_s: ClassVar[float] = 2.5
    #: Whether they send samples without being asked.
    sends_unasked: ClassVar[bool] = False
    #: Whether no two of them have one name, as where their serial number is within.
    name_tells: ClassVar[bool] = False
    #: Usual speeds of the serial line, the most likely first; empty without a serial line.
    baud_rates: ClassVar[tuple[int, ...]] = ()

    #: Where the link is too slow: the rate at which the next connection begins, Hz.
    borne_hz: float | None = None

    @classmethod
    @abstractmethod
    def recognises(cls, advertisement: Advertisement) -> bool:
        """Whether this is such a sensor, by its services or name."""

    @classmethod
    def recognises_bytes(cls, heard: bytes) -> bool:
        """Whether bytes heard on a serial line, from anywhere on, are this protocol's."""
        del heard
        return False

    @abstractmethod
    async def open(self, link: Link, wanted: Wanted) -> DeviceInfo:
        """Identify, subscribe, configure and start streaming; returns what was agreed.

        Raises
        ------
        DeviceError
            When the sensor refuses or does not answer; one sentence with what to do.
        """

    @abstractmethod
    async def close(self, link: Link) -> None:
        """Stop streaming; the link may be half dead already, errors are the caller's to ignore."""

    def holds_samples(self, packet: Packet) -> bool:
        """Whether a packet is a sign that the sensor measures; it is asked of each, in order."""
        return packet.channel in self.sample_channels

    async def accompany(self, link: Link) -> str:
        """Run beside the stream until cancelled: clock probes, battery; nothing by default.

        Returns
        -------
        str
            Why the conversation has to begin anew; empty when it has not.
        """
        del link
        return ""


class Driver(Conversation):
    """The conversation with motion sensors of one protocol, and what decodes their packets."""

    #: Has one that sends by itself do so, where somebody has set it to speak when asked alone.
    wakes: ClassVar[bytes] = b""
    #: Whether their gyroscopes read exactly zero while they lie still.
    gyro_has_dead_band: ClassVar[bool] = False

    @staticmethod
    @abstractmethod
    def decoder(info: DeviceInfo) -> Decoder:
        """The decoder for what this sensor sends."""
