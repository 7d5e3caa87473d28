"""Whether a sensor's clock keeps the time of the computer's, and its samples that of its clock.

A firmware that changes its mode may count its time, or its samples, twice as fast from one message
to the next. Stamps and numbers then follow on each other as before, and every step is a wrong one.
"""

from __future__ import annotations

from collections import deque
from copy import copy
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from devices.alike import leading
from devices.readings import Readings
from devices.sequence import INDEX_MODULUS

#: Stretches that are looked at, by the arrivals, ns.
_STRETCH_NS: Final = 2_000_000_000
#: A clock is off by this factor, or by one over it; samples against their clock by this share.
_CLOCK_OFF: Final = 1.4
_COUNT_OFF: Final = 0.1
#: And in so many stretches in a row, which differ by no more than this share: samples against
#: stamps, which no link delays; a clock that is ahead of everything that came before, to which
#: nothing that was delayed can catch up; and one that may as well be a link that delays more and
#: more, which no sensor has the memory for.
_ALIKE: Final = 0.1
_STRETCHES_OF_COUNT: Final = 2
_STRETCHES_AHEAD: Final = 3
_STRETCHES_BEHIND: Final = 5
_STRETCHES_KEPT: Final = 30
_AHEAD_NS: Final = 500_000_000
#: A leap of the clock by more is none that goes on, µs.
_LEAP_US: Final = 60_000_000


class _Stretch(NamedTuple):
    """How fast the clock ran, what it counted, and how far it was ahead of the arrivals."""

    speed: float
    counted: float
    lead_ns: int


class ClockWatch:
    """Looks at numbers, stamps and arrivals of messages, in order.

    Parameters
    ----------
    rate_hz : float
        Nominal sample rate, Hz.
    modulus_us : int
        Where stamps wrap, µs.

    Attributes
    ----------
    speed : float
        How many times as fast as it should the time of the samples goes; 1 while all is well.

    Examples
    --------
    >>> watch = ClockWatch(200.0, 1 << 32)
    >>> for k in range(300):
    ...     watch.take(10 * k, 50_000 * k if k < 100 else 100_000 * k, 50_000_000 * k)
    >>> watch.speed
    0.5
    """

    def __init__(self, rate_hz: float, modulus_us: int) -> None:
        self._rate_hz, self._modulus_us = rate_hz, modulus_us
        self._latest: tuple[int, int, int] | None = None  # number, stamp and arrival
        self.begin()

    def begin(self) -> None:
        """Forget everything: the link, or the sensor, has begun anew."""
        self.speed = 1.0
        self._begin_at(None)

    def take(self, sequence: int | None, time_us: int, arrival_ns: int) -> None:
        """Take the number and the stamp of the next message, of one and the same of its samples."""
        before, latest = self._latest, (sequence or 0, time_us, arrival_ns)
        self._latest = latest
        if before is None:
            return
        counted = (latest[0] - before[0]) % INDEX_MODULUS
        stamped_us = (time_us - before[1]) % self._modulus_us
        if counted >= INDEX_MODULUS // 2 or stamped_us > _LEAP_US:
            self._begin_at(latest)
            return
        self._is_counted = sequence is not None
        self._add(counted, stamped_us, arrival_ns - before[2])

    def sound(self, readings: Readings, start: int, arrivals_ns: NDArray[np.int64]) -> int:
        """Messages from ``start`` on that :meth:`take` would find nothing wrong with."""
        if self.speed != 1.0 or self._latest is None:
            return 0
        counted, stamped_us, arrived_ns = self._passed(readings, start, arrivals_ns)
        whole = (counted < INDEX_MODULUS // 2) & (stamped_us <= _LEAP_US) & (arrived_ns >= 0)
        trial = copy(self)
        trial._stretches = self._stretches.copy()
        count = leading(whole)
        return trial._add_all(counted[:count], stamped_us[:count], arrived_ns[:count])

    def take_sound(
        self, readings: Readings, start: int, count: int, arrivals_ns: NDArray[np.int64]
    ) -> None:
        """:meth:`take` so many, no more than :meth:`sound` has found."""
        if not count:
            return
        passed = self._passed(readings, start, arrivals_ns)
        last = start + count - 1
        sequence = 0 if readings.sequence is None else int(readings.sequence[last])
        self._latest = (sequence, int(readings.time_us[last]), int(arrivals_ns[last]))
        self._is_counted = readings.sequence is not None
        self._add_all(*(each[:count] for each in passed))

    def _passed(
        self, readings: Readings, start: int, arrivals_ns: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], ...]:
        """Samples, stamped and host's time from each message to the next."""
        assert self._latest is not None
        number, stamp_us, arrival_ns = (np.array([each], np.int64) for each in self._latest)
        stamps_us = np.diff(readings.time_us[start:], prepend=stamp_us) % self._modulus_us
        arrived_ns = np.diff(arrivals_ns[start:], prepend=arrival_ns)
        if readings.sequence is None:
            return np.zeros_like(stamps_us), stamps_us, arrived_ns
        counted = np.diff(readings.sequence[start:], prepend=number) % INDEX_MODULUS
        return counted, stamps_us, arrived_ns

    def _add_all(
        self,
        counted: NDArray[np.int64],
        stamped_us: NDArray[np.int64],
        arrived_ns: NDArray[np.int64],
    ) -> int:
        """Add one after the other, up to the first with which something is wrong; how many."""
        totals = [np.concatenate([[0], np.cumsum(x)]) for x in (counted, stamped_us, arrived_ns)]
        begin, many = 0, len(arrived_ns)
        while begin < many:
            ended_ns = totals[2][begin] + _STRETCH_NS - self._arrived_ns
            end = min(max(int(np.searchsorted(totals[2], ended_ns)), begin + 1), many)
            self._add(*(int(total[end] - total[begin]) for total in totals))
            if self.speed != 1.0:
                return end - 1
            begin = end
        return many

    def _begin_at(self, latest: tuple[int, int, int] | None) -> None:
        self._latest = latest
        self._is_counted = False
        self._counted = self._stamped_us = self._arrived_ns = self._lead_ns = 0
        self._stretches: deque[_Stretch] = deque(maxlen=_STRETCHES_KEPT)

    def _add(self, counted: int, stamped_us: int, arrived_ns: int) -> None:
        self._counted += counted
        self._stamped_us += stamped_us
        self._arrived_ns += arrived_ns
        self._lead_ns += stamped_us * 1000 - arrived_ns
        if self._arrived_ns < _STRETCH_NS:
            return
        counted_us = self._counted * 1e6 / self._rate_hz
        share = counted_us / self._stamped_us if self._is_counted and self._stamped_us else 1.0
        speed = self._stamped_us * 1e3 / self._arrived_ns
        self._stretches.append(_Stretch(speed, share, self._lead_ns))
        self._counted = self._stamped_us = self._arrived_ns = 0
        self.speed = self._judged()

    def _judged(self) -> float:
        speed, counted, lead_ns = self._stretches[-1]
        if abs(counted - 1.0) > _COUNT_OFF and self._alike("counted", _STRETCHES_OF_COUNT):
            return counted
        if speed > _CLOCK_OFF and self._alike("speed", _STRETCHES_AHEAD):
            before = list(self._stretches)[:-_STRETCHES_AHEAD]
            if before and lead_ns > max(each.lead_ns for each in before) + _AHEAD_NS:
                return speed
        off = speed < 1.0 / _CLOCK_OFF
        off |= speed > _CLOCK_OFF and len(self._stretches) == _STRETCHES_BEHIND
        return speed if off and self._alike("speed", _STRETCHES_BEHIND) else 1.0

    def _alike(self, name: str, count: int) -> bool:
        values = [getattr(each, name) for each in list(self._stretches)[-count:]]
        return len(values) == count and max(values) <= (1.0 + _ALIKE) * min(values)
