"""Measurements that come in frames with one stamp each: times of the samples, and merging of two.

A sensor that sends acceleration and angular velocity in frames of their own, at instants of their
own, gives one stream of readings here: angular velocity at the accelerometer's sample times.
"""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

#: A stamp that is further back than this is no late frame: the clock has begun anew.
RESTART_NS: Final = 2_000_000_000

_RATE_DEVIATION: Final = 0.1  # of the sensor's own rate: more is a lost frame
_SAME: Final = 0.01  # of a period: instants that are one
_GAP: Final = 1.75  # periods between two samples with nothing lost
_WAIT_SAMPLES: Final = 256  # no frame is longer
_WAIT_NS: Final = 1e9
_WAITING_MAX: Final = 64


class Block(NamedTuple):
    """Samples of one frame in SI units.

    Attributes
    ----------
    stamp_ns : int
        Time of the last sample.
    times_ns : ndarray of float64, shape (n,)
        Time of each, on the stamps' line.
    values : ndarray of float64, shape (n, 3)
    clipped : ndarray of bool, shape (n,)
        Whether it is at the end of the range.
    """

    stamp_ns: int
    times_ns: NDArray[np.float64]
    values: NDArray[np.float64]
    clipped: NDArray[np.bool_]


class FrameTimes:
    """Places the samples of frames whose stamp is that of the last sample.

    They lie evenly between the stamps of two frames in a row, at the latest known period after a
    lost frame, and at the nominal one in the first frame.

    Parameters
    ----------
    rate_hz : float
        Nominal sample rate, Hz; the true one may differ by 10 %.

    Examples
    --------
    >>> times = FrameTimes(100.0)
    >>> times.place(50_000_000, 3).tolist()
    [30000000.0, 40000000.0, 50000000.0]
    >>> times.place(71_000_000, 2).tolist()
    [60500000.0, 71000000.0]
    """

    def __init__(self, rate_hz: float) -> None:
        self._nominal_ns = self._period_ns = 1e9 / rate_hz
        self._latest_ns: int | None = None

    def behind_ns(self, stamp_ns: int) -> int:
        """How far a stamp is behind the latest, ns; negative when it is ahead, or the first."""
        return -1 if self._latest_ns is None else self._latest_ns - stamp_ns

    def is_too_soon(self, stamp_ns: int, n: int) -> bool:
        """Whether a frame of ``n`` samples would begin before the latest has ended."""
        soonest_ns = (1 - _RATE_DEVIATION) * n * self._nominal_ns
        return self._latest_ns is not None and stamp_ns - self._latest_ns < soonest_ns

    def restart(self) -> None:
        """Forget the latest stamp: the clock has begun anew."""
        self._latest_ns = None

    def place(self, stamp_ns: int, n: int) -> NDArray[np.float64]:
        """Times of a frame's ``n`` samples, ns on the stamps' line."""
        period_ns = self._period_ns
        if self._latest_ns is None or stamp_ns > self._latest_ns:
            if self._latest_ns is not None:
                passed_ns = (stamp_ns - self._latest_ns) / n
                if passed_ns <= (1 + _RATE_DEVIATION) * self._nominal_ns:
                    period_ns = passed_ns
                if abs(passed_ns - self._nominal_ns) <= _RATE_DEVIATION * self._nominal_ns:
                    self._period_ns = passed_ns
            self._latest_ns = stamp_ns
        times: NDArray[np.float64] = stamp_ns - period_ns * np.arange(
            n - 1, -1, -1, dtype=np.float64
        )
        return times


class StreamMerge:
    """Interpolates one stream linearly at the sample times of another, with bounded waiting.

    The main stream's blocks come out in order and whole. A block waits until the other stream has
    passed its last sample, but no longer than the main stream takes for 256 samples, at least 1 s;
    then it goes on without, at once, until the other stream comes again. Where the other stream has
    a gap, or has not been heard, its value is NaN.

    Parameters
    ----------
    rate_hz : float
        Nominal rate of both streams, Hz.
    """

    def __init__(self, rate_hz: float) -> None:
        self._period_ns = 1e9 / rate_hz
        self._wait_ns = max(_WAIT_SAMPLES * self._period_ns, _WAIT_NS)
        self._held_samples = 4 * _WAIT_SAMPLES
        self.reset()

    def reset(self) -> None:
        """Forget everything that waits."""
        self._waiting: deque[Block] = deque()
        self._other_is_late = False
        self._times_ns = np.empty(0)
        self._values = np.empty((0, 3))
        self._clipped = np.empty(0, np.bool_)

    def push(self, block: Block) -> list[tuple[Block, NDArray[np.float64]]]:
        """Take the main stream's next block.

        Returns
        -------
        list of (Block, ndarray of float64, shape (n, 3))
            Blocks that need not wait any longer, each with the other stream's values; ``clipped``
            is true where either stream was at its end.
        """
        self._waiting.append(block)
        return self._released()

    def push_other(self, block: Block) -> list[tuple[Block, NDArray[np.float64]]]:
        """Take the other stream's next block, later than all before; returns as :meth:`push`."""
        keep = slice(-self._held_samples, None)
        self._times_ns = np.concatenate((self._times_ns, block.times_ns))[keep]
        self._values = np.concatenate((self._values, block.values))[keep]
        self._clipped = np.concatenate((self._clipped, block.clipped))[keep]
        self._other_is_late = False
        return self._released()

    def flush(self) -> list[tuple[Block, NDArray[np.float64]]]:
        """Everything that waits, with what is known by now."""
        blocks = [self._merged(block) for block in self._waiting]
        self._waiting.clear()
        return blocks

    def _released(self) -> list[tuple[Block, NDArray[np.float64]]]:
        blocks: list[tuple[Block, NDArray[np.float64]]] = []
        waiting, slack_ns = self._waiting, _SAME * self._period_ns
        heard_ns = self._times_ns[-1] + slack_ns if len(self._times_ns) else -np.inf
        while waiting:
            if waiting[0].stamp_ns > heard_ns:
                waited_ns = waiting[-1].stamp_ns - waiting[0].stamp_ns
                late = waited_ns > self._wait_ns or len(waiting) > _WAITING_MAX
                self._other_is_late = self._other_is_late or late
                if not self._other_is_late:
                    break
            blocks.append(self._merged(waiting.popleft()))
        if blocks and len(self._times_ns):  # what lies before is not needed any more
            done_ns = blocks[-1][0].times_ns[-1]
            first = max(0, int(np.searchsorted(self._times_ns, done_ns - slack_ns)) - 1)
            self._times_ns = self._times_ns[first:]
            self._values, self._clipped = self._values[first:], self._clipped[first:]
        return blocks

    def _merged(self, block: Block) -> tuple[Block, NDArray[np.float64]]:
        times_ns, known_ns = block.times_ns, self._times_ns
        if not len(known_ns):
            return block, np.full((len(times_ns), 3), np.nan)
        slack_ns = _SAME * self._period_ns
        after = known_ns.searchsorted(times_ns - slack_ns)
        known = after < len(known_ns)
        after = np.minimum(after, len(known_ns) - 1)
        is_same = np.abs(known_ns[after] - times_ns) <= slack_ns
        before = after - ~is_same
        known &= before >= 0
        before = np.maximum(before, 0)
        span_ns = known_ns[after] - known_ns[before]
        known &= span_ns <= _GAP * self._period_ns
        share = (times_ns - known_ns[before]) / np.maximum(span_ns, 1.0) * ~is_same
        below = self._values[before]
        values = below + share[:, None] * (self._values[after] - below)
        if not known.all():
            values[~known] = np.nan
        if self._clipped.any():
            clipped = block.clipped | (known & (self._clipped[before] | self._clipped[after]))
            block = block._replace(clipped=clipped)
        return block, values
