"""What a timeline does: when each sample was taken and which are missing."""

from __future__ import annotations

from typing import Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from devices.readings import ClockAnchor, Reading, Readings
from devices.sequence import Losses
from devices.timing.host_time import HostTime

#: What comes again or late lasts no longer than this, ns; else a clock began anew.
BEHIND_NS: Final = 300_000_000


class Placed(NamedTuple):
    """Where the samples of a reading belong.

    Attributes
    ----------
    time_s : ndarray of float64, shape (n - stale,)
        Seconds since the first sample of the stream, of the samples that are new.
    stale : int
        Samples at the reading's start that are not new, to be left out.
    doubtful : bool
        Whether samples go missing all the time, and nobody knows where.
    """

    time_s: NDArray[np.float64]
    stale: int = 0
    doubtful: bool = False


class Timeline(Protocol):
    """Places the readings of one stream in time: a deterministic function of the log."""

    @property
    def losses(self) -> Losses:
        """What came and what did not, so far; malformed packets are the decoder's to count."""
        ...

    @property
    def host(self) -> HostTime:
        """Host time of elapsed device time, µs: ``host.host_ns(time_s * 1e6)``."""
        ...

    def place(self, reading: Reading, arrival_ns: int) -> Placed | None:
        """Times of the reading's new samples; None when nothing in it is new."""
        ...

    def place_alike(
        self, readings: Readings, start: int, arrivals_ns: NDArray[np.int64], /
    ) -> NDArray[np.float64]:
        """Times of the samples of all readings from ``start`` on that are just as expected, (k, n).

        As :meth:`place` for one after the other, in less time; empty where the first of them is
        anything but the next in line.
        """
        ...

    def anchor(self, anchor: ClockAnchor) -> None:
        """Take the reply to a ping, with device time on the line of the readings' stamps."""
        ...

    def set_rate(self, rate_hz: float) -> None:
        """Take another nominal sample rate, Hz, from the next reading on."""
        ...

    def link_resumed(self, arrival_ns: int) -> None:
        """Hear that the link was away and is back: samples may be missing from here on."""
        ...
