"""Samples that are counted and stamped: the project's own profile."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from devices.alike import leading
from devices.readings import ClockAnchor, Reading, Readings
from devices.sequence import (
    NO_LOSSES,
    Arrival,
    Losses,
    SequenceState,
    account,
    follow_in_line,
    went_on,
)
from devices.timing.anchors import Anchors
from devices.timing.device_clock import STAMP_MODULUS_US, DeviceClock
from devices.timing.host_time import HostTime
from devices.timing.timeline import BEHIND_NS, Placed


class NumberedTimeline:
    """Samples that are counted modulo 65536 and stamped.

    Every lost sample is known. Sample times follow the stamps, spaced by the learned period.

    Parameters
    ----------
    rate_hz : float
        Nominal sample rate, Hz; the true one may differ by 6 %.
    time_modulus_us : int
        Where stamps wrap, µs.
    """

    def __init__(self, rate_hz: float, time_modulus_us: int = STAMP_MODULUS_US) -> None:
        self._rate_hz = rate_hz
        self._clock = DeviceClock(rate_hz, time_modulus_us)
        self._sequence: SequenceState | None = None
        self._host = HostTime()
        self._anchors = Anchors(self._clock.line, self._host)
        self._behind_ns: int | None = None  # since when nothing is new

    @property
    def losses(self) -> Losses:
        """What came and what did not, so far."""
        return NO_LOSSES if self._sequence is None else self._sequence.losses

    @property
    def host(self) -> HostTime:
        """Host time of elapsed device time."""
        return self._host

    def place(self, reading: Reading, arrival_ns: int) -> Placed | None:
        """Times of the reading's new samples; None when nothing in it is new."""
        if reading.sequence is None or reading.time_us is None:
            return None
        clock, n = self._clock, len(reading.acceleration_m_s2)
        stamp_us = reading.time_us  # of the first sample
        if reading.stamped:
            stamp_us -= round(reading.stamped * clock.period_s * 1e6)
        elapsed_us = clock.read(stamp_us, arrival_ns)
        judge = partial(
            account,
            self._sequence,
            reading.sequence,
            n,
            elapsed_us,
            self._rate_hz,
            latest_us=clock.latest_us(arrival_ns),
            time_step=reading.time_step,
        )
        self._sequence, verdict = judge()
        if verdict.arrival is Arrival.BEHIND:
            self._behind_ns = arrival_ns if self._behind_ns is None else self._behind_ns
            if arrival_ns - self._behind_ns <= BEHIND_NS:
                return None
            # a device that restarts soon after its start counts over what came already
            self._sequence, verdict = judge(restart=True)
        self._behind_ns = None
        arrival, index = verdict.arrival, verdict.first_index
        if arrival is Arrival.RESTART:
            elapsed_us = clock.restart(stamp_us, arrival_ns)
            self._sequence = self._sequence._replace(time_us=elapsed_us)
            self._host.restart()
        elif arrival is Arrival.TIME_STEP:
            elapsed_us = clock.step(stamp_us, index)
            self._sequence = self._sequence._replace(time_us=elapsed_us)
        if verdict.stale:
            n -= verdict.stale
            index += verdict.stale
            elapsed_us += round(verdict.stale * clock.period_s * 1e6)
        time_s = clock.sample_times_s(
            elapsed_us, index, n, arrival_ns, continues=arrival is not Arrival.RESTART
        )
        self._host.observe(float(time_s[-1]) * 1e6, arrival_ns)
        return Placed(time_s, verdict.stale)

    def place_alike(
        self, readings: Readings, start: int, arrivals_ns: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Times of the samples of the next readings, as far as all is as expected."""
        state, clock, n = self._sequence, self._clock, readings.acceleration_m_s2.shape[1]
        if state is None or readings.sequence is None:
            return np.empty((0, n))
        arrivals_ns = arrivals_ns[start:]
        elapsed_us, possible = clock.line.read_next(readings.time_us[start:], arrivals_ns)
        before_us = np.concatenate([[state.time_us], elapsed_us[:-1]])
        as_expected = possible & follow_in_line(
            state, readings.sequence[start:], n, elapsed_us - before_us, self._rate_hz
        )
        count = leading(as_expected)
        time_s = clock.times_of_next_s(elapsed_us[:count], state.next_index, n, arrivals_ns[:count])
        count = len(time_s)
        if count:
            self._behind_ns = None
            self._sequence = went_on(state, n, count, int(elapsed_us[count - 1]), self._rate_hz)
            self._host.observe_all(time_s[:, -1] * 1e6, arrivals_ns[:count])
        return time_s

    def anchor(self, anchor: ClockAnchor) -> None:
        """Take the reply to a ping."""
        self._anchors.take(anchor)

    def set_rate(self, rate_hz: float) -> None:
        """Take another nominal sample rate, Hz, from the next reading on."""
        self._rate_hz = rate_hz
        self._clock.set_rate(rate_hz)
        self._host.restart()  # messages of another length are sent otherwise

    def link_resumed(self, arrival_ns: int) -> None:
        """Nothing to do: index and stamp tell what is missing."""
