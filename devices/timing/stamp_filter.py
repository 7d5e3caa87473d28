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
    learned : tuple of float
        What the filter holds after the last.
    """

    first_us: NDArray[np.float64]
    period_us: NDArray[np.float64]
    period_before_us: NDArray[np.float64]
    latest: int
    learned: tuple[float, float, float, float, float]


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
        self._index, self._time_us = 0, 0.0
        self._time_variance = self._covariance = 0.0
        self._set_period(1e6 / rate_hz)

    def set_rate(self, rate_hz: float, index: int) -> None:
        """Take another nominal rate, Hz, from this sample on."""
        self.begin(index, self.expected_us(index))
        self._set_period(1e6 / rate_hz)

    def begin(self, index: int, time_us: float) -> None:
        """Say that this sample is at this time; the period stays as learned."""
        self._index, self._time_us = index, time_us
        self._time_variance, self._covariance = self._stamp_variance, 0.0

    def see(self, stamp_us: int) -> None:
        """Look at a stamp as sent, for its resolution."""
        self._coarse = self._coarse and stamp_us % _MILLISECOND_US == 0

    def expected_us(self, index: int) -> float:
        """Time of the sample with this index."""
        return self._time_us + (index - self._index) * self.period_us

    def missing(self, stamped_us: int, index: int, n: int) -> int:
        """Samples missing before a reading of ``n`` whose stamp was due at this index.

        Negative where the reading is from the past. Whole messages of ``n`` samples where the
        stamp allows it; 0 where it may be no more than the stamp's or the rate's uncertainty.
        """
        late_us = stamped_us - self.expected_us(index)
        period_us = self.period_us
        resolution_us = _MILLISECOND_US if self._coarse else 0
        tolerance_us = max(
            0.5 * period_us + resolution_us, _SURPRISE_SD * sqrt(self._variance(index))
        )
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
        expected_us = self.expected_us(index)
        covariance = self._covariance + samples * self._period_variance
        time_variance = variance - self._stamp_variance
        limit_us = _SURPRISE_SD * sqrt(variance)
        surprise_us = min(max(stamped_us - expected_us, -limit_us), limit_us)
        time_gain, period_gain = time_variance / variance, covariance / variance
        self._index, self._time_us = index, expected_us + time_gain * surprise_us
        self.period_us += period_gain * surprise_us
        self._time_variance = (1.0 - time_gain) * time_variance
        self._covariance = (1.0 - time_gain) * covariance
        passed_s = abs(samples) * self.period_us * 1e-6
        self._period_variance += passed_s * (_WANDER * self.period_us) ** 2
        self._period_variance -= period_gain * covariance

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
        time_us, period_us = self._time_us, self.period_us
        time_variance, covariance = self._time_variance, self._covariance
        period_variance, stamp_variance = self._period_variance, self._stamp_variance
        resolution_us = _MILLISECOND_US if self._coarse else 0
        samples = index - self._index
        firsts_us, periods_us, before_us = [], [], []
        learned = (time_us, period_us, time_variance, covariance, period_variance)
        for stamp_us in stamped_us:
            variance = time_variance + 2 * samples * covariance
            variance = variance + samples**2 * period_variance + stamp_variance
            limit_us = _SURPRISE_SD * sqrt(variance)
            expected_us = time_us + samples * period_us
            late_us = stamp_us - expected_us
            if abs(late_us) > max(0.5 * period_us + resolution_us, limit_us):
                break
            before_us.append(period_us)
            covariance += samples * period_variance
            time_variance = variance - stamp_variance
            surprise_us = min(max(late_us, -limit_us), limit_us)
            time_gain, period_gain = time_variance / variance, covariance / variance
            time_us = expected_us + time_gain * surprise_us
            if time_us <= last_us:
                before_us.pop()
                break
            period_us += period_gain * surprise_us
            time_variance *= 1.0 - time_gain
            passed_s = abs(samples) * period_us * 1e-6
            period_variance += passed_s * (_WANDER * period_us) ** 2
            period_variance -= period_gain * covariance
            covariance *= 1.0 - time_gain
            samples, last_us = n, time_us + (n - 1) * period_us
            firsts_us.append(time_us)
            periods_us.append(period_us)
            learned = (time_us, period_us, time_variance, covariance, period_variance)
        latest = index + n * (len(firsts_us) - 1)
        return Following(
            np.array(firsts_us), np.array(periods_us), np.array(before_us), latest, learned
        )

    def take(self, following: Following) -> None:
        """Learn what :meth:`following` has given, all of it."""
        self._index = following.latest
        self._time_us, self.period_us, *variances = following.learned
        self._time_variance, self._covariance, self._period_variance = variances

    def _set_period(self, period_us: float) -> None:
        #: Sample period as learned so far, µs.
        self.period_us = period_us
        self._period_variance = (_RATE_SD * period_us) ** 2

    @property
    def _stamp_variance(self) -> float:
        resolution_us = _MILLISECOND_US if self._coarse else 0
        return resolution_us**2 / 12.0 + _STAMP_SD_US**2

    def _variance(self, index: int) -> float:
        """Of a stamp's deviation from the expected time."""
        samples = index - self._index
        variance = self._time_variance + 2 * samples * self._covariance
        return variance + samples**2 * self._period_variance + self._stamp_variance
