"""Device time: stamps that wrap, unwrapped into elapsed time since the first sample.

What these clocks claim: sample times are the *device's* own, counted from the first sample
received. They do not translate to host time (:mod:`devices.timing.host_time` does); the arrival
stamps serve only to tell how often the stamp has wrapped while nothing was heard, and how long a
device was away that started again.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from devices.alike import leading
from imu.chain.intake import IntakeParams

#: Device time wraps here, µs: every 71.6 minutes.
STAMP_MODULUS_US: Final = 1 << 32
#: Most samples placed at once.
LONGEST_PACKET: Final = 256

# A device that runs from the sensor's own oscillator is off by a few percent (1-3 % for common
# MEMS parts), and so may its sample rate be.
_RATE_DEVIATION_MAX: Final = 0.06
# A packet cannot be from the host's future, up to that drift while nothing is heard and this, µs.
_AHEAD_MAX_US: Final = 5_000_000
# Span over which the sample period is averaged, s.
_PERIOD_AVERAGING_S: Final = 4.0
# Arrivals further than this from 0 are of no clock; their differences may not fit 64 bits, ns.
_LONGEST_NS: Final = 1 << 61

# Nothing is joined over a restart: the movement may have leapt, and with it the attitude.
_NOT_FILLED_US: Final = 1e6 * IntakeParams().fill_limit_s
# Of restarts that follow one another within this, µs, the first has such a hole: a clock that makes
# no sense would else run ahead without end.
_IN_A_ROW_US: Final = 2e6

_INDEX: Final = np.arange(LONGEST_PACKET, dtype=np.float64)


def soonest_after_restart_us(last_us: float, period_us: float, before_us: float) -> float:
    """When the first sample after a restart is at the earliest: beyond any hole that is filled.

    After one that was at ``before_us``, and after a sample at ``last_us``.
    """
    in_a_row = last_us - before_us < _IN_A_ROW_US
    return last_us + (2.0 * period_us if in_a_row else _NOT_FILLED_US + 3.0 * period_us)


def unwrapped(reading: int, modulus: int, expected: int) -> int:
    """The number that equals ``reading`` modulo ``modulus`` and lies nearest to ``expected``.

    Examples
    --------
    >>> unwrapped(3, 1 << 16, 65530), unwrapped(65530, 1 << 16, 65540), unwrapped(65530, 1 << 16, 3)
    (65539, 65530, -6)
    """
    half = modulus >> 1
    return expected + (reading - expected + half) % modulus - half


class StampLine:
    """Elapsed device time, µs, of stamps that wrap; 0 at the first one.

    Parameters
    ----------
    modulus_us : int
        Where stamps wrap, µs.

    Examples
    --------
    >>> line = StampLine(512_000_000)
    >>> line.read(511_000_000, arrival_ns=0), line.read(500_000, arrival_ns=1_500_000_000)
    (0, 1500000)
    """

    def __init__(self, modulus_us: int = STAMP_MODULUS_US) -> None:
        self._modulus_us = modulus_us
        self.started = False
        self._origin_us = 0  # stamp at elapsed time 0
        self._lead_us = 0  # elapsed less arrival, of the packet that was the least delayed
        self.elapsed_us = 0  # of the latest packet
        self.arrival_ns = 0

    def read(self, stamp_us: int, arrival_ns: int) -> int:
        """Elapsed device time of a stamp, µs; the first stamp ever read is 0.

        Right as long as a packet is not more than half the modulus late, however long the link is
        silent.
        """
        if not self.started:
            self.started = True
            self._origin_us, self.arrival_ns = stamp_us, arrival_ns
            self._lead_us = -(arrival_ns // 1000)
        expected = self.elapsed_us + (arrival_ns - self.arrival_ns) // 1000
        return unwrapped(stamp_us - self._origin_us, self._modulus_us, expected)

    def read_next(
        self, stamps_us: NDArray[np.int64], arrivals_ns: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Elapsed device times of stamps that follow one another, each taken before the next.

        Returns
        -------
        ndarray of int64, shape (k,)
            What :meth:`read` would say of each, µs.
        ndarray of bool, shape (k,)
            Whether that holds, and the time can have been reached (:meth:`latest_us`).
        """
        origin_us = np.array([self._origin_us + self.elapsed_us], np.int64)
        passed_us = np.diff(stamps_us, prepend=origin_us) % self._modulus_us
        elapsed_us = self.elapsed_us + np.cumsum(passed_us)
        arrivals_us = arrivals_ns // 1000
        waits_us = np.diff(arrivals_ns, prepend=np.array([self.arrival_ns], np.int64)) // 1000
        lead_us = np.concatenate([[self._lead_us], elapsed_us - arrivals_us])
        lead_us = np.maximum.accumulate(lead_us)[:-1]
        drift_us = np.rint(_RATE_DEVIATION_MAX * waits_us).astype(np.int64)
        latest_us = arrivals_us + lead_us + drift_us + _AHEAD_MAX_US
        unwraps = np.abs(passed_us - waits_us) < self._modulus_us >> 1
        known = (np.abs(arrivals_ns) < _LONGEST_NS) & (np.abs(waits_us) < _LONGEST_NS // 1000)
        return elapsed_us, unwraps & known & (elapsed_us <= latest_us)

    def take_next(self, elapsed_us: NDArray[np.int64], arrivals_ns: NDArray[np.int64]) -> None:
        """:meth:`take` one after the other."""
        self.elapsed_us, self.arrival_ns = int(elapsed_us[-1]), int(arrivals_ns[-1])
        self._lead_us = max(self._lead_us, int((elapsed_us - arrivals_ns // 1000).max()))

    def latest_us(self, arrival_ns: int) -> int:
        """The most that the elapsed time of a packet can be, µs, that arrives at this instant."""
        silence_us = (arrival_ns - self.arrival_ns) // 1000
        drift_us = round(_RATE_DEVIATION_MAX * silence_us)
        return arrival_ns // 1000 + self._lead_us + drift_us + _AHEAD_MAX_US

    def take(self, elapsed_us: int, arrival_ns: int) -> None:
        """Go on to a packet that is the latest from now on."""
        self.elapsed_us, self.arrival_ns = elapsed_us, arrival_ns
        self._lead_us = max(self._lead_us, elapsed_us - arrival_ns // 1000)

    def set(self, stamp_us: int, elapsed_us: int) -> None:
        """Say that this stamp is at this elapsed time, since the device has set its clock."""
        self._origin_us = stamp_us - elapsed_us

    def restart(self, stamp_us: int, elapsed_us: int, arrival_ns: int) -> None:
        """Say the same after the device has started again: the past tells nothing of delays."""
        self.set(stamp_us, elapsed_us)
        self._lead_us = elapsed_us - arrival_ns // 1000


class DeviceClock:
    """Times of samples in seconds since the first one, by the device's clock.

    Time never stands still and never goes back: over a restart of the device it goes on by what the
    host's clock says has passed.

    Parameters
    ----------
    rate_hz : float
        Nominal sample rate, Hz. The true period between stamps is learned within 6 % of it and
        places the samples inside a packet.
    modulus_us : int
        Where stamps wrap, µs.

    Examples
    --------
    >>> clock = DeviceClock(100.0)
    >>> elapsed_us = clock.read(4_294_967_000, arrival_ns=0)
    >>> clock.sample_times_s(elapsed_us, 0, 2, arrival_ns=0).tolist()
    [0.0, 0.01]
    >>> elapsed_us = clock.read(19_704, arrival_ns=20_000_000)  # the 32 bits have wrapped
    >>> elapsed_us
    20000
    """

    def __init__(self, rate_hz: float, modulus_us: int = STAMP_MODULUS_US) -> None:
        self.set_rate(rate_hz)
        self.line = StampLine(modulus_us)  # elapsed time of the latest packet's first sample
        self._index = 0  # of the latest packet's first sample
        self._last_s = -np.inf  # of the latest sample
        self._restarted_us = -np.inf

    def set_rate(self, rate_hz: float) -> None:
        """Take another nominal sample rate, Hz, from the next packet on."""
        self._nominal_us = self._period_us = 1e6 / rate_hz

    @property
    def period_s(self) -> float:
        """Sample period by the device's clock, s, as learned so far."""
        return self._period_us * 1e-6

    def read(self, stamp_us: int, arrival_ns: int) -> int:
        """Elapsed device time of a stamp, µs; the first stamp ever read is 0.

        Right as long as a packet is not more than 35 minutes late, however long the link is silent.
        """
        return self.line.read(stamp_us, arrival_ns)

    def latest_us(self, arrival_ns: int) -> int:
        """The most that the elapsed time of a packet can be, µs, that arrives at this instant."""
        return self.line.latest_us(arrival_ns)

    def restart(self, stamp_us: int, arrival_ns: int) -> int:
        """Begin anew after the device did; elapsed time goes on by the arrival difference, µs.

        At least so much is left out that nothing is joined over it.
        """
        line = self.line
        passed_us = (arrival_ns - line.arrival_ns) // 1000
        soonest_us = soonest_after_restart_us(
            self._last_s * 1e6, self._period_us, self._restarted_us
        )
        elapsed_us = max(line.elapsed_us + passed_us, round(soonest_us))
        self._restarted_us = elapsed_us
        line.restart(stamp_us, elapsed_us, arrival_ns)
        return elapsed_us

    def step(self, stamp_us: int, index: int) -> int:
        """Go on by sample count where the device has set its clock, µs of elapsed time."""
        elapsed_us = self.line.elapsed_us + round((index - self._index) * self._period_us)
        self.line.set(stamp_us, elapsed_us)
        return elapsed_us

    def sample_times_s(
        self, elapsed_us: int, index: int, n: int, arrival_ns: int, *, continues: bool = True
    ) -> NDArray[np.float64]:
        """Times of a packet's samples, and learn from its stamp.

        Parameters
        ----------
        elapsed_us, index : int
            Elapsed time of the first sample, µs, and its index, counted without wrapping.
        n : int
            Samples in the packet, at most :data:`LONGEST_PACKET`.
        arrival_ns : int
            The host's clock at arrival, ns.
        continues : bool
            Whether stamp and index count on from the previous packet's: false after a restart.

        Returns
        -------
        ndarray of float64, shape (n,)
            Seconds since the first sample, strictly increasing from packet to packet.
        """
        span = index - self._index
        if continues and span > 0:
            period_us = (elapsed_us - self.line.elapsed_us) / span
            if abs(period_us - self._nominal_us) <= _RATE_DEVIATION_MAX * self._nominal_us:
                weight = min(1.0, span * self._nominal_us * 1e-6 / _PERIOD_AVERAGING_S)
                self._period_us += weight * (period_us - self._period_us)
        self.line.take(elapsed_us, arrival_ns)
        self._index = index
        period_s = self._period_us * 1e-6
        first_s = elapsed_us * 1e-6
        if first_s <= self._last_s:  # a stamp a little too early: squeeze, never go back
            first_s = self._last_s + 0.5 * period_s
        self._last_s = first_s + (n - 1) * period_s
        times: NDArray[np.float64] = _INDEX[:n] * period_s + first_s
        return times

    def times_of_next_s(
        self, elapsed_us: NDArray[np.int64], index: int, n: int, arrivals_ns: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """:meth:`sample_times_s` for packets of ``n`` samples that follow in line, shape (k, n).

        Of fewer packets where a stamp is too early; the clock then stands before that packet.
        """
        line, nominal_us, period_us = self.line, self._nominal_us, self._period_us
        count = len(elapsed_us)
        spans = np.full(count, n)
        spans[:1] = index - self._index
        passed_us = np.diff(elapsed_us, prepend=np.array([line.elapsed_us], np.int64))
        stamped_us = passed_us / spans
        near = np.abs(stamped_us - nominal_us) <= _RATE_DEVIATION_MAX * nominal_us
        weights = np.minimum(1.0, spans * nominal_us * 1e-6 / _PERIOD_AVERAGING_S)
        periods_us = []
        for seen_us, weight in zip(stamped_us.tolist(), np.where(near, weights, 0.0), strict=True):
            if weight:
                period_us += weight * (seen_us - period_us)
            periods_us.append(period_us)
        period_s = np.array(periods_us) * 1e-6
        first_s = elapsed_us * 1e-6
        last_s = first_s + (n - 1) * period_s
        count = leading(first_s > np.concatenate([[self._last_s], last_s[:-1]]))
        if count:
            line.take_next(elapsed_us[:count], arrivals_ns[:count])
            self._index = index + n * (count - 1)
            self._period_us, self._last_s = periods_us[count - 1], float(last_s[count - 1])
        times: NDArray[np.float64] = _INDEX[:n] * period_s[:count, None] + first_s[:count, None]
        return times
