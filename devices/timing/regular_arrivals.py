"""Losses on a line whose samples come one by one and on time: each shows by itself, at once."""

from __future__ import annotations

from collections import deque
from itertools import pairwise
from typing import Final

# So many arrivals in a row, each a period after the one before within this share of it, are
# regular; so many after a pause of whole periods are held against as many before it.
_REGULAR: Final = 32
_SCATTER: Final = 0.3
_COMPARED: Final = 4


class RegularArrivals:
    """Counts the samples that are missing where arrivals pause for whole periods.

    A wire delivers each sample within a fraction of the period. What comes whole periods late, and
    is followed by others that are as late, comes after samples that were lost; what was held back
    is followed by others that catch up. Where arrivals are not regular nothing is said.

    Examples
    --------
    >>> line = RegularArrivals()
    >>> arrivals_ns = [k * 10_000_000 for k in range(60) if k not in (40, 41)]
    >>> sum(line.missing(1, 10_000.0, arrival_ns) for arrival_ns in arrivals_ns)
    2
    """

    def __init__(self) -> None:
        self._arrival_ns: int | None = None
        self._late_us = 0.0  # the latest, against one a period since the first
        self._on_time: deque[float] = deque(maxlen=_COMPARED)  # the same of those before a pause
        self._since: list[float] = []  # and of those after it
        self._regular = 0  # in a row

    @property
    def is_late(self) -> bool:
        """Whether a loss is likely that is not believed yet."""
        return bool(self._since)

    def missing(self, n: int, period_us: float, arrival_ns: int) -> int:
        """Samples that are missing before this one, believed from now on.

        Parameters
        ----------
        n : int
            Samples since the arrival before, with those that are known to be lost.
        period_us : float
            Sample period, µs.
        arrival_ns : int
            The host's clock at arrival, ns.
        """
        if self._arrival_ns is not None:
            self._late_us += (arrival_ns - self._arrival_ns) * 1e-3 - n * period_us
        self._arrival_ns = arrival_ns
        scatter_us = _SCATTER * period_us
        later_us = self._late_us - (self._on_time[-1] if self._on_time else 0.0)
        if self._regular >= _REGULAR and later_us >= period_us - scatter_us:
            self._since.append(self._late_us)
            return self._believed(period_us) if len(self._since) >= _COMPARED else 0
        # on time, or it was held back and has caught up
        self._regular = self._regular + 1 if abs(later_us) < scatter_us else 0
        self._go_on(self._late_us)
        return 0

    def _believed(self, period_us: float) -> int:
        """Samples by which all that came since a pause is late; what is later waits on."""
        on_time_us = sum(self._on_time) / _COMPARED
        periods = [(late_us - on_time_us) / period_us for late_us in self._since]
        if any(b < a - _SCATTER for a, b in pairwise(periods)):  # they catch up
            self._since = self._since[1:]
            return 0
        whole = [round(each) for each in periods]
        if any(abs(a - b) >= _SCATTER for a, b in zip(periods, whole, strict=True)):
            self._regular = 0
            self._go_on(*self._since)
            return 0
        lost = whole[0]
        settled = len(whole) - whole[::-1].index(lost)
        since = [late_us - lost * period_us for late_us in self._since]
        self._late_us -= lost * period_us
        self._go_on(*(late_us for late_us, by in zip(since, whole, strict=True) if by == lost))
        self._since = since[settled:]
        return lost

    def _go_on(self, *late_us: float) -> None:
        self._on_time.extend(late_us)
        self._since = []
