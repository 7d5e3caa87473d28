"""The sensor's own clock: how fast it runs against true time, and when it is set."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from devices.simulator.faults.plan import Fault


class SensorClock:
    """What the faults make of the clock of a sensor, in seconds since it was switched on.

    Its oscillator decides when samples are taken; setting the clock changes what it stamps alone.

    Parameters
    ----------
    faults : sequence of Fault
        Those that are of the clock count.

    Examples
    --------
    >>> fast = SensorClock([Fault("clock_ppm", size=1000.0), Fault("clock_jump_s", 50.0, size=7.0)])
    >>> round(fast.oscillated_s(10.0), 9), round(fast.true_s(10.01), 9)
    (10.01, 10.0)
    >>> fast.stamp_s(10.0), fast.stamp_s(60.0)
    (10.0, 67.0)
    >>> SensorClock([Fault("clock_jump_s", 10.0, size=-100.0)]).stamp_s(11.0)
    1.0
    """

    def __init__(self, faults: Sequence[Fault]) -> None:
        skews = [fault for fault in faults if fault.kind == "clock_ppm"]
        edges = sorted({0.0, *(t for f in skews for t in (f.onset_s, f.end_s) if t < 1e9)})
        self._true_s = edges
        self._speeds = [
            1.0 + 1e-6 * sum(fault.amount for fault in skews if fault.is_on(edge)) for edge in edges
        ]
        self._oscillated_s = [0.0]
        for k in range(1, len(edges)):
            passed_s = (edges[k] - edges[k - 1]) * self._speeds[k - 1]
            self._oscillated_s.append(self._oscillated_s[-1] + passed_s)
        self._jumps: list[tuple[float, float]] = []
        for at_s, jump_s in sorted(
            (self.oscillated_s(fault.onset_s), fault.amount)
            for fault in faults
            if fault.kind == "clock_jump_s"
        ):
            # set back beyond its start it begins anew: its counter knows nothing below zero
            self._jumps.append((at_s, max(jump_s, -self.stamp_s(at_s))))

    def oscillated_s(self, true_s: float) -> float:
        """Seconds that its oscillator has counted in so many true ones."""
        k = max(0, bisect_right(self._true_s, true_s) - 1)
        return self._oscillated_s[k] + (true_s - self._true_s[k]) * self._speeds[k]

    def true_s(self, oscillated_s: float) -> float:
        """True seconds in which its oscillator counts so many."""
        k = max(0, bisect_right(self._oscillated_s, oscillated_s) - 1)
        return self._true_s[k] + (oscillated_s - self._oscillated_s[k]) / self._speeds[k]

    def stamp_s(self, oscillated_s: float) -> float:
        """What the clock shows then; it may have been set back."""
        return oscillated_s + sum(jump_s for at_s, jump_s in self._jumps if at_s <= oscillated_s)
