"""What is told of a sensor whose clock, or rate, has become another while it streams."""

from __future__ import annotations

from devices.readings import Reading
from devices.timing.clock_watch import ClockWatch


class ClockNews:
    """Sees it in the readings, as the session does, whose steps do not count meanwhile.

    Parameters
    ----------
    rate_hz : float
        Samples a second, as agreed.
    modulus_us : int
        Where stamps wrap, µs.
    """

    def __init__(self, rate_hz: float, modulus_us: int) -> None:
        self._watch = ClockWatch(rate_hz, modulus_us)
        self._is_told = False

    def take(self, reading: Reading, arrival_ns: int) -> None:
        """Take the next reading and when it came."""
        if reading.time_us is not None:
            self._watch.take(reading.sequence, reading.time_us, arrival_ns)

    def news(self) -> str:
        """What is to be told now, once; else nothing."""
        if self._is_told or self._watch.speed == 1.0:
            return ""
        self._is_told = True
        return (
            f"the times of its samples are off by a factor of {self._watch.speed:.2g}: switch it "
            "off and on, and update its firmware; steps do not count until then"
        )
