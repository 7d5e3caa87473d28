"""Where the samples of a stamped stream lie in time: a slow line through coarse stamps."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

# The true rate differs from the nominal one by this share, standard deviation, before it is known.
_RATE_SD: Final = 0.02
# The sample period wanders by this share in a second, as the square root of time: a sensor's own
# oscillator that warms up.
_WANDER: Final = 3e-6
# Scatter of stamps besides their resolution, standard deviation, µs.
_STAMP_SD_US: Final = 50.0
_MILLISECOND_US: Final = 1000
# A stamp that surprises by more standard deviations moves the line no further, and one that is
# late by more shows a gap.
_SURPRISE_SD: Final = 3.0


class _Line(NamedTuple):
    """Time of one sample and sample period, µs, with the variances and covariance of both, µs²."""

    time_us: float
    period_us: float
    time_variance: float
    covariance: float
    period_variance: float

    def expected_us(self, samples: int) -> float:
        """Time of the sample so many on."""
        return self.time_us + samples * self.period_us

    def variance(self, samples: int, stamp_variance: float) -> float:
        """Of the deviation of a stamp, so many samples on, from the expected time."""
        variance = self.time_variance + 2 * samples * self.covariance
        return variance + samples**2 * self.period_variance + stamp_variance

    def moved(self, samples: int, late_us: float, variance: float, stamp_variance: float) -> _Line:
        """The line through that sample, moved towards its stamp."""
        covariance = self.covariance + samples * self.period_variance
        time_variance = variance - stamp_variance
        limit_us = _SURPRISE_SD * sqrt(variance)
        surprise_us = min(max(late_us, -limit_us), limit_us)
        time_gain, period_gain = time_variance / variance, covariance / variance
        period_us = self.period_us + period_gain * surprise_us
        passed_s = abs(samples) * period_us * 1e-6
        period_variance = self.period_variance + passed_s * (_WANDER * period_us) ** 2
        return _Line(
            self.expected_us(samples) + time_gain * surprise_us,
            period_us,
            (1.0 - time_gain) * time_variance,
            (1.0 - time_gain) * covariance,
            period_variance - period_gain * covariance,
        )


class Following(NamedTuple):
    """Readings that follow in line, as a filter would place them.

    Attributes
    ----------
    first_us, period_us : ndarray of float64, shape (k,)
        Time of the first sample of each, and the sample period with it.
    period_before_us : ndarray of float64, shape (k,)
        The period before it was learned from.
    latest : int
        Index of the first sample of the last of them.
    line : _Line
        What the filter holds after the last.
    """

    first_us: NDArray[np.float64]
    period_us: NDArray[np.float64]
    period_before_us: NDArray[np.float64]
    latest: int
    line: _Line


class StampFilter:
    """Time of each sample by its index, learned from stamps.

    A Kalman filter of two states, the time of a sample and the sample period. Stamps in whole
    milliseconds scatter by ±0.5 ms, the line through them by less than 0.1 ms after a minute.

    Parameters
    ----------
    rate_hz : float
        Nominal sample rate, Hz; the true one may differ by 6 %.

    Examples
    --------
    >>> line = StampFilter(104.0)
    >>> line.begin(0, 0.0)
    >>> for index in range(8, 8000, 8):
    ...     line.learn(index * 1_000_000 // 103 // 1000 * 1000, index)
    >>> round(1e6 / line.period_us, 2), line.missing(86_990_000, 8000, 8)
    (103.0, 960)
    """

    def __init__(self, rate_hz: float) -> None:
        self._coarse = True  # all stamps so far are whole milliseconds
        self._index = 0
        self._line = _of_period(_Line(0.0, 0.0, 0.0, 0.0, 0.0), rate_hz)

    @property
    def period_us(self) -> float:
        """Sample period as learned so far, µs."""
        return self._line.period_us

    def set_rate(self, rate_hz: float, index: int) -> None:
        """Take another nominal rate, Hz, from this sample on."""
        self.begin(index, self.expected_us(index))
        self._line = _of_period(self._line, rate_hz)

    def begin(self, index: int, time_us: float) -> None:
        """Say that this sample is at this time; the period stays as learned."""
        self._index = index
        self._line = self._line._replace(
            time_us=time_us, time_variance=self._stamp_variance, covariance=0.0
        )

    def see(self, stamp_us: int) -> None:
        """Look at a stamp as sent, for its resolution."""
        self._coarse = self._coarse and stamp_us % _MILLISECOND_US == 0

    def expected_us(self, index: int) -> float:
        """Time of the sample with this index."""
        return self._line.expected_us(index - self._index)

    def missing(self, stamped_us: int, index: int, n: int) -> int:
        """Samples missing before a reading of ``n`` whose stamp was due at this index.

        Negative where the reading is from the past. Whole messages of ``n`` samples where the
        stamp allows it; 0 where it may be no more than the stamp's or the rate's uncertainty.
        """
        late_us, period_us = stamped_us - self.expected_us(index), self.period_us
        tolerance_us = self._tolerance_us(period_us, self._variance(index))
        if abs(late_us) <= tolerance_us:
            return 0
        messages = round(late_us / (n * period_us))
        if abs(late_us - messages * n * period_us) <= tolerance_us:
            return messages * n
        return round(late_us / period_us)

    def learn(self, stamped_us: int, index: int, *, after_gap: bool = False) -> None:
        """Move towards the stamp of the sample with this index."""
        samples, variance = index - self._index, self._variance(index)
        if after_gap and _SURPRISE_SD * sqrt(variance) > 0.5 * self.period_us:
            self.begin(index, float(stamped_us))  # it cannot be said how many samples that was
            return
        late_us = stamped_us - self.expected_us(index)
        self._line = self._line.moved(samples, late_us, variance, self._stamp_variance)
        self._index = index

    def sees_nothing_new(self, stamps_us: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether :meth:`see` would learn nothing of the resolution from these stamps."""
        nothing: NDArray[np.bool_] = (stamps_us % _MILLISECOND_US == 0) | (not self._coarse)
        return nothing

    def following(self, stamped_us: Sequence[int], index: int, n: int, last_us: float) -> Following:
        """What :meth:`learn` would make of the stamps of readings of ``n`` that follow in line.

        Nothing is learned yet. As far as no sample is missing by :meth:`missing`, and times
        increase.

        Parameters
        ----------
        stamped_us : sequence of int
            Of the first sample of each.
        index : int
            Of the first sample of the first.
        n : int
            Samples in each.
        last_us : float
            Time of the last sample before.
        """
        line, samples, stamp_variance = self._line, index - self._index, self._stamp_variance
        firsts_us, periods_us, before_us = [], [], []
        for stamp_us in stamped_us:
            variance = line.variance(samples, stamp_variance)
            late_us = stamp_us - line.expected_us(samples)
            if abs(late_us) > self._tolerance_us(line.period_us, variance):
                break
            moved = line.moved(samples, late_us, variance, stamp_variance)
            if moved.time_us <= last_us:
                break
            before_us.append(line.period_us)
            line, samples, last_us = moved, n, moved.time_us + (n - 1) * moved.period_us
            firsts_us.append(line.time_us)
            periods_us.append(line.period_us)
        latest = index + n * (len(firsts_us) - 1)
        return Following(
            np.array(firsts_us), np.array(periods_us), np.array(before_us), latest, line
        )

    def take(self, following: Following) -> None:
        """Learn what :meth:`following` has given, all of it."""
        self._index, self._line = following.latest, following.line

    def _tolerance_us(self, period_us: float, variance: float) -> float:
        """How far a stamp may be off before it shows that samples are missing."""
        resolution_us = _MILLISECOND_US if self._coarse else 0
        return max(0.5 * period_us + resolution_us, _SURPRISE_SD * sqrt(variance))

    @property
    def _stamp_variance(self) -> float:
        resolution_us = _MILLISECOND_US if self._coarse else 0
        return resolution_us**2 / 12.0 + _STAMP_SD_US**2

    def _variance(self, index: int) -> float:
        """Of a stamp's deviation from the expected time."""
        return self._line.variance(index - self._index, self._stamp_variance)


def _of_period(line: _Line, rate_hz: float) -> _Line:
    """The line with a nominal period, which is not yet known well."""
    period_us = 1e6 / rate_hz
    return line._replace(period_us=period_us, period_variance=(_RATE_SD * period_us) ** 2)
