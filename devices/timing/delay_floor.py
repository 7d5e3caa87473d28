"""The floor under scattered delays: a lower convex hull that grows by points and forgets old ones.

Delays only ever add. Points (time, delay + offset) therefore lie above a line whose slope and
height are the clocks' skew and offset, and touch it now and then; the lower convex hull finds that
line without any assumption on how the delays scatter (Zhang, Liu, Xia 2002,
doi:10.1109/INFCOM.2002.1019257).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Final, NamedTuple

import numpy as np

# Points are kept as the hulls of so many blocks of equal duration, µs at first; when they are full,
# blocks are joined in pairs until all of them are the memory: then the oldest is forgotten.
_BLOCKS: Final = 64
_FIRST_BLOCK_US: Final = 0.5e6
# Points kept as they are, to see how delays scatter.
_SAMPLE: Final = 512
# Least number of blocks from which the touching of the floor can be judged.
_BLOCKS_JUDGED: Final = 6

_BINS: Final = 24
# Delays are sums of at least two independent waits: near the floor they thin out linearly, and the
# lowest of many is twice as far above it as the next lowest are apart.
_ROUNDNESS: Final = 2.0

_Hull = tuple[list[float], list[float]]


class FloorLine(NamedTuple):
    """A straight line under the points: the hull's facet below the middle of the time covered.

    ``slope`` is a plain ratio, ``slope_sd`` its standard error and ``excess_us`` the expected
    height of the touched points over the true floor, both judged by how nearly other points touch.
    ``ripple_us`` is how far from the line the points keep at times: a floor that is touched once in
    a long beat may as well be a slope within the beat. ``sag_us`` is how far from it they keep
    throughout the middle third: a floor that has moved is touched at its ends alone.
    """

    slope: float
    slope_sd: float
    excess_us: float
    ripple_us: float
    sag_us: float


class Scatter(NamedTuple):
    """How delays scatter above a line: three quarters lie below ``upper_quartile_us``.

    ``thin_us`` is the widest range below that quartile with less than half the usual number of
    delays, where they come in steps.
    """

    upper_quartile_us: float
    thin_us: float


class DelayFloor:
    """Lower convex hull over the latest points, in bounded memory.

    Adding a point takes constant time on average.

    Parameters
    ----------
    memory_s : float, default 2048
        How long points are remembered, s, at least 32.

    Examples
    --------
    >>> floor = DelayFloor()
    >>> for k in range(1000):
    ...     floor.add(k * 5e4, 2.0 + k * 1e-2 + (k * 7 % 10))
    >>> round(floor.line().slope * 1e6, 3), round(floor.height(2e-7, 0.0)[0], 3)
    (0.2, 2.0)
    """

    def __init__(self, memory_s: float = 2048.0) -> None:
        self._longest_block_us = memory_s * 1e6 / _BLOCKS
        self.count = 0  # points ever added
        self.first_us = self.last_us = 0.0  # of time covered
        self._begun_us = 0.0  # time of the first point ever
        self._closed: list[_Hull] = []
        self._x: list[float] = []  # hull of the open block
        self._y: list[float] = []
        self._block_us = _FIRST_BLOCK_US
        self._block_end_us = float("-inf")
        self._sample = np.empty((2, _SAMPLE))  # times and heights
        self._sampled = 0
        self._stride = 1
        self._until_pick = 1
        self._random = 1

    @property
    def span_us(self) -> float:
        """Time that the remembered points cover, µs."""
        return self.last_us - self.first_us

    @property
    def spacing_us(self) -> float:
        """Mean time between points, µs; 0 before the second."""
        return (self.last_us - self._begun_us) / (self.count - 1) if self.count > 1 else 0.0

    def add(self, x: float, y: float) -> None:
        """Take a point: time and height, µs. One that is not later than the last is ignored."""
        self.add_all((x,), (y,))

    def add_all(self, xs: Sequence[float], ys: Sequence[float]) -> None:
        """Take points, one after the other."""
        hull_x, hull_y, last_us, until_pick = self._x, self._y, self.last_us, self._until_pick
        end_us = self._block_end_us
        for x, y in zip(xs, ys, strict=True):
            if x >= end_us:
                self.last_us = last_us
                self._next_block(x)
                hull_x, hull_y, end_us = self._x, self._y, self._block_end_us
            elif x <= last_us:
                continue
            self.count += 1
            last_us = x
            while len(hull_x) > 1:
                x1, y1 = hull_x[-1], hull_y[-1]
                if (y1 - hull_y[-2]) * (x - x1) < (y - y1) * (x1 - hull_x[-2]):
                    break
                hull_x.pop()
                hull_y.pop()
            hull_x.append(x)
            hull_y.append(y)
            until_pick -= 1
            if not until_pick:
                self._pick(x, y)
                until_pick = self._until_pick
        self.last_us, self._until_pick = last_us, until_pick

    def line(self) -> FloorLine:
        """The line under the points; level, and known to nothing, while there is one point."""
        xs, ys = _hull_of([*self._closed, (self._x, self._y)])
        if len(xs) < 2:
            return FloorLine(0.0, 1.0, 0.0, 0.0, 0.0)
        middle = 0.5 * (xs[0] + xs[-1])
        k = 1
        while xs[k] < middle:
            k += 1
        length = xs[k] - xs[k - 1]
        slope = (ys[k] - ys[k - 1]) / length
        excess_us, ripple_us, sag_us = self._excess(slope, ys[k] - slope * xs[k])
        return FloorLine(slope, sqrt(2.0) * excess_us / length, excess_us, ripple_us, sag_us)

    def height(self, slope: float, at_us: float) -> tuple[float, float]:
        """Highest line of this slope below all points.

        Returns
        -------
        tuple of float
            Its height at the time ``at_us`` and the time at which it touches, µs.
        """
        lowest, touched_us = float("inf"), 0.0
        for xs, ys in (*self._closed, (self._x, self._y)):
            for x, y in zip(xs, ys, strict=True):
                height = y - slope * (x - at_us)
                if height <= lowest:
                    lowest, touched_us = height, x
        return lowest, touched_us

    def scatter(self, slope: float) -> Scatter:
        """How delays scatter above the floor of this slope."""
        floor = self.height(slope, 0.0)[0]
        x, y = self._sample[:, : self._sampled]
        delays = np.sort((y - slope * x - floor)[x >= self.first_us])
        if len(delays) < 2:
            return Scatter(0.0, 0.0)
        lower = delays[: max(2, len(delays) * 3 // 4)]
        upper_quartile_us = float(lower[-1])
        width_us = upper_quartile_us / _BINS or 1.0
        bins = np.minimum((lower / width_us).astype(np.int64), _BINS - 1)
        thin, widest = 0, 0
        for number in np.bincount(bins, minlength=_BINS).tolist():
            thin = thin + 1 if 2 * _BINS * number < len(lower) else 0
            widest = max(widest, thin)
        return Scatter(upper_quartile_us, widest * width_us)

    def _excess(self, slope: float, intercept: float) -> tuple[float, float, float]:
        """Expected height of the touched points over the true floor, the ripple and the sag.

        The lowest blocks' distances from each other tell how far the lowest of all is from what
        cannot be seen.
        """
        lowest = [
            min(y - slope * x for x, y in zip(xs, ys, strict=True)) - intercept
            for xs, ys in (*self._closed, (self._x, self._y))
        ]
        if len(lowest) < _BLOCKS_JUDGED:
            x, y = self._sample[:, : self._sampled]
            worst = float((y - slope * x).max()) - intercept
            return worst, worst, 0.0
        third = len(lowest) // 3
        n = min(3, third)
        nearest = sorted(lowest[:third])[:n] + sorted(lowest[-third:])[:n]
        ripple_us = sorted(lowest[:-1])[(len(lowest) - 1) * 9 // 10]
        excess_us = _ROUNDNESS * sum(nearest) / len(nearest)
        return excess_us, ripple_us, min(lowest[third:-third])

    def _next_block(self, x: float) -> None:
        if not self.count:
            self.first_us = self._begun_us = x
            self._block_end_us = x + self._block_us
            return
        if self._x:
            self._closed.append((self._x, self._y))
            self._x, self._y = [], []
        if len(self._closed) >= _BLOCKS:
            if self._block_us < self._longest_block_us:
                self._block_us *= 2
                pairs = zip(self._closed[::2], self._closed[1::2], strict=True)
                self._closed = [_hull_of(list(pair)) for pair in pairs]
            else:
                del self._closed[0]
        horizon_us = x - _BLOCKS * self._longest_block_us  # after a long silence
        while self._closed and self._closed[0][0][-1] < horizon_us:
            del self._closed[0]
        self.first_us = self._closed[0][0][0] if self._closed else x
        self._block_end_us = x + self._block_us

    def _pick(self, x: float, y: float) -> None:
        """Keep this point as it is, and choose the next one out of step with any rhythm."""
        self._sample[0, self._sampled], self._sample[1, self._sampled] = x, y
        self._sampled += 1
        if self._sampled >= _SAMPLE:
            kept = self._sample[:, self._sample[0] >= self.first_us]
            if kept.shape[1] > _SAMPLE * 3 // 4:
                kept = kept[:, 1::2]
                self._stride *= 2
            self._sampled = kept.shape[1]
            self._sample[:, : self._sampled] = kept
        self._random = (self._random * 1_103_515_245 + 12_345) % (1 << 31)
        self._until_pick = 1 + (self._random >> 8) % (2 * self._stride - 1)


def _hull_of(hulls: list[_Hull]) -> _Hull:
    """The lower hull of hulls that follow each other in time."""
    xs: list[float] = []
    ys: list[float] = []
    for hull in hulls:
        for x, y in zip(*hull, strict=True):
            while len(xs) > 1:
                x1, y1 = xs[-1], ys[-1]
                if (y1 - ys[-2]) * (x - x1) < (y - y1) * (x1 - xs[-2]):
                    break
                xs.pop()
                ys.pop()
            xs.append(x)
            ys.append(y)
    return xs, ys
