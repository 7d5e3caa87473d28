"""Replies to pings, for the host's clock."""

from __future__ import annotations

from typing import Final

from devices.readings import ClockAnchor
from devices.timing.device_clock import StampLine
from devices.timing.host_time import HostTime

# A ping's reply further than this from the latest reading is of a clock that was set since, s.
_ANCHOR_WINDOW_S: Final = 10.0


class Anchors:
    """Gives the replies to pings to the host's clock, on the line of elapsed time."""

    def __init__(self, line: StampLine, host: HostTime) -> None:
        self._line, self._host = line, host

    def take(self, anchor: ClockAnchor) -> None:
        """Hand the next reply on, where it is of the clock of the readings."""
        line = self._line
        if not line.started:
            return
        elapsed_us = line.read(anchor.device_us, anchor.arrival_ns)
        passed_us = elapsed_us - line.elapsed_us
        if abs(passed_us - (anchor.arrival_ns - line.arrival_ns) * 1e-3) < _ANCHOR_WINDOW_S * 1e6:
            self._host.anchor(anchor._replace(device_us=elapsed_us))
