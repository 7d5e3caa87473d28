"""Whether a treadmill's speed and distance are of the same unit: each tells what the other is."""

from __future__ import annotations

from typing import Final

#: Way over which they are compared, m: counts are whole metres, of some machines tens of them.
_WINDOW_M: Final = 150.0
#: Largest ratio of the two that a count and a changing speed explain.
_LARGEST: Final = 1.2
#: Readings further apart than this say nothing of the speed between them, s.
_APART_S: Final = 3.0


class BeltUnits:
    """Compares what the speed makes of the time with what the distance grows by.

    Examples
    --------
    >>> belt = BeltUnits()
    >>> said = [belt.push(second * 10**9, 1.864, float(3 * second)) for second in range(60)]
    >>> said[0], round(said[-1], 2)
    (None, 1.61)
    """

    def __init__(self) -> None:
        self._factor: float | None = None
        self._latest: tuple[int, float, float] | None = None
        self._by_speed_m = self._by_count_m = 0.0

    def push(self, now_ns: int, speed_m_s: float, distance_m: float | None) -> float | None:
        """Take a reading; returns by how much the distance is larger, None while they agree."""
        latest, self._latest = self._latest, None
        if distance_m is None:
            return self._factor
        self._latest = now_ns, speed_m_s, distance_m
        if latest is None:
            return self._factor
        passed_s = (now_ns - latest[0]) * 1e-9
        counted_m = distance_m - latest[2]
        if counted_m < 0.0 or passed_s > _APART_S:
            return self._factor
        self._by_speed_m += 0.5 * (speed_m_s + latest[1]) * passed_s
        self._by_count_m += counted_m
        if max(self._by_speed_m, self._by_count_m) >= _WINDOW_M:
            factor = self._by_count_m / max(self._by_speed_m, 1.0)
            agree = 1.0 / _LARGEST <= factor <= _LARGEST
            self._factor = None if agree else factor
            self._by_speed_m = self._by_count_m = 0.0
        return self._factor

    def reset(self) -> None:
        """What comes next does not follow what came last, as where the link was gone."""
        self._latest = None
        self._by_speed_m = self._by_count_m = 0.0
