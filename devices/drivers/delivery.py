"""How much of what a sensor measures arrives: a link may be slower than its data."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from devices.links import LONGEST_PAUSE_S
from devices.readings import Decoder, Reading
from devices.records import Packet

#: Counted for so long, s: all is well, or it is as bad as it looks.
_GOOD_AFTER_S: Final = 1.0
_BAD_AFTER_S: Final = 4.0
_GOOD_SHARE: Final = 0.97
#: Less than this share, over so long, s, and as long again, is no passing trouble.
_POOR_SHARE: Final = 0.75
_POOR_S: Final = 10.0
_POOR_WINDOWS: Final = 2
#: Slower, steps cannot be told, Hz.
LEAST_HZ: Final = 50.0


class DeliveryMeter:
    """Counts samples as they are decoded, until it is known which share of them arrives.

    Parameters
    ----------
    decoder : Decoder
        One of its own.
    rate_hz : float
        Samples that the sensor measures a second.
    channel : str
        Where they come.
    """

    def __init__(self, decoder: Decoder, rate_hz: float, channel: str) -> None:
        self._decoder, self._rate_hz, self._channel = decoder, rate_hz, channel
        self._first_ns: int | None = None  # arrival of the first packet
        self._start_ns: int | None = None  # arrival of the first samples
        self._count = self._bytes = 0
        self.bytes_per_s = 0.0  #: that came, once the share is known

    def share(self, packet: Packet) -> float | None:
        """The share, 0 to about 1, once this packet makes it known."""
        count = sum(
            len(reading.acceleration_m_s2)
            for reading in self._decoder.push(packet)
            if isinstance(reading, Reading)
        )
        if packet.channel != self._channel:
            return None
        if self._first_ns is None:
            self._first_ns = packet.arrival_ns
        self._bytes += len(packet.payload)
        self.bytes_per_s = self._bytes / max(1e-9, (packet.arrival_ns - self._first_ns) * 1e-9)
        if self._start_ns is None and count:
            self._start_ns = packet.arrival_ns
            return None
        if self._start_ns is None:
            waited_s = (packet.arrival_ns - self._first_ns) * 1e-9
            return 0.0 if waited_s > _BAD_AFTER_S else None
        self._count += count
        passed_s = (packet.arrival_ns - self._start_ns) * 1e-9
        if passed_s < _GOOD_AFTER_S:
            return None
        share = self._count / (self._rate_hz * passed_s)
        return share if share >= _GOOD_SHARE or passed_s >= _BAD_AFTER_S else None


class DeliveryWatch:
    """Sees, while a sensor streams, that much less arrives than it measures.

    Parameters
    ----------
    rate_hz : float
        Samples that it measures a second.
    lower_hz : iterable of float
        Rates that it may go down to: those at or above it, or too slow for steps, are passed over.

    Attributes
    ----------
    borne_hz : float or None
        The rate that the link bears, once it is known to be too slow and the sensor has such a one.
    """

    def __init__(self, rate_hz: float, lower_hz: Iterable[float] = ()) -> None:
        self._rate_hz = rate_hz
        self._lower_hz = [each for each in lower_hz if LEAST_HZ <= each < rate_hz]
        self.borne_hz: float | None = None
        self._begun_ns: int | None = None
        self._latest_ns = 0
        self._count = self._poor = 0  # samples; poor windows in a row
        self._words, self._is_told = "", False

    def take(self, count: int, arrival_ns: int) -> None:
        """Take so many samples that have just come."""
        if self._begun_ns is None or arrival_ns - self._latest_ns > LONGEST_PAUSE_S * 1e9:
            self._begun_ns, self._latest_ns = arrival_ns, arrival_ns
            self._count = self._poor = 0
            return
        self._latest_ns, self._count = arrival_ns, self._count + count
        passed_s = (arrival_ns - self._begun_ns) * 1e-9
        if passed_s < _POOR_S:
            return
        share = self._count / (self._rate_hz * passed_s)
        self._begun_ns, self._count = arrival_ns, 0
        self._poor = self._poor + 1 if share < _POOR_SHARE else 0
        if self._poor == _POOR_WINDOWS:
            cure = "bring the sensor nearer, or ask for fewer a second with 'rate=…' in its address"
            if self._lower_hz:
                borne = [each for each in self._lower_hz if each <= share * self._rate_hz]
                self.borne_hz = max(borne, default=min(self._lower_hz))
                cure = f"so the sensor measures at {self.borne_hz:g} Hz from now on"
            self._words = (
                f"{too_slow(self._rate_hz)}, or damages what it carries: of 100 samples "
                f"{100 * share:.0f} arrive; {cure}"
            )

    def news(self) -> str:
        """What is to be told now: once, what is wrong; else nothing."""
        if self._is_told or not self._words:
            return ""
        self._is_told = True
        return self._words


def too_slow(rate_hz: float) -> str:
    """What is said of a link that does not carry a rate.

    Examples
    --------
    >>> too_slow(208.0)
    'the link is too slow for 208 Hz'
    """
    return f"the link is too slow for {rate_hz:g} Hz"
