"""Samples that are stamped, and not counted: Movesense, Polar, Shimmer."""

from __future__ import annotations

from collections import deque
from functools import partial
from math import inf
from typing import Final

import numpy as np
from numpy.typing import NDArray

from devices.alike import leading
from devices.readings import ClockAnchor, Reading, Readings
from devices.sequence import (
    INDEX_MODULUS,
    NO_LOSSES,
    Arrival,
    Losses,
    SequenceState,
    Verdict,
    account,
    follow_in_line,
    went_on,
)
from devices.timing.anchors import Anchors
from devices.timing.device_clock import (
    STAMP_MODULUS_US,
    StampLine,
    soonest_after_restart_us,
)
from devices.timing.host_time import HostTime
from devices.timing.stamp_filter import StampFilter
from devices.timing.timeline import BEHIND_NS, Placed

# After the link was away, stamps off the arrival by more than this, µs, and this share of the
# absence are of a clock that began anew: a clock not yet learned may be off by 3 %, and a sensor
# sends what it measures then. A restart that is not seen moves all later samples.
_RESUMED_US: Final = 1_000_000.0
_RESUMED_SHARE: Final = 0.03
# What comes again or late has a stamp that was seen, or fills a gap, for no longer than BEHIND_NS.
# Else a clock began anew: at once where more than this overlaps, or the second in a row.
_OVERLAP_US: Final = 15_000.0
_OVERLAP_SAMPLES: Final = 3
#: Stamps this near to each other, µs, are of one sample: two steps of a clock of 32768 Hz.
_SAME_STAMP_US: Final = 70.0


class StampedTimeline:
    """Samples that are stamped, but not counted: one stamp a reading.

    Samples lie on a slow line through the stamps
    (:class:`devices.timing.stamp_filter.StampFilter`). What a stamp is late by is counted as lost,
    in whole messages of the reading's length where that fits; a reading from the past came again or
    late. Where it can be neither, or many do, or where after an absence stamp and arrival disagree
    by more than 1 s and 3 %, the device has restarted.

    A loss is seen when it is longer than half a sample period plus the resolution of the stamps; in
    the first seconds, while the true rate is unknown, also than 6 % of a message.

    Parameters
    ----------
    rate_hz : float
        Nominal sample rate, Hz; the true one may differ by 6 %.
    time_modulus_us : int
        Where stamps wrap, µs.
    """

    def __init__(self, rate_hz: float, time_modulus_us: int = STAMP_MODULUS_US) -> None:
        self._line = StampLine(time_modulus_us)  # elapsed time of the latest stamped sample
        self._filter = StampFilter(rate_hz)
        self._sequence: SequenceState | None = None
        self._host = HostTime()
        self._anchors = Anchors(self._line, self._host)
        self._last_us = -inf  # of the latest sample given out
        self._stamps: deque[int] = deque(maxlen=1024)  # seen lately
        self._behind: tuple[int, int] | None = None  # since when all is past, ns; so many doubtful
        self._resumed = False
        self._restarted_us = -inf

    @property
    def losses(self) -> Losses:
        """What came and what did not, so far."""
        return NO_LOSSES if self._sequence is None else self._sequence.losses

    @property
    def host(self) -> HostTime:
        """Host time of elapsed device time."""
        return self._host

    @property
    def period_s(self) -> float:
        """Sample period by the device's clock, s, as learned so far."""
        return self._filter.period_us * 1e-6

    def place(self, reading: Reading, arrival_ns: int) -> Placed | None:
        """Times of the reading's new samples; None when nothing in it is new."""
        n, stamped = len(reading.acceleration_m_s2), reading.stamped
        if reading.time_us is None or not n:
            return None
        line, samples = self._line, self._filter
        samples.see(reading.time_us)
        stamped_us = line.read(reading.time_us, arrival_ns)
        gap = next_index = 0
        if self._sequence is None:
            stamped_us = round(stamped * samples.period_us)  # the first sample is at 0
            line.set(reading.time_us, stamped_us)
            samples.begin(stamped, stamped * samples.period_us)
        else:
            next_index = self._sequence.next_index
            if reading.time_step:
                stamped_us = round(samples.expected_us(next_index + stamped))
                line.set(reading.time_us, stamped_us)
            gap = samples.missing(stamped_us, next_index + stamped, n)
        judge = partial(
            account,
            self._sequence,
            (next_index + gap) % INDEX_MODULUS,
            n,
            round(stamped_us - stamped * samples.period_us),
            1e6 / samples.period_us,
            latest_us=line.latest_us(arrival_ns),
        )
        self._sequence, verdict = judge(restart=self._began_anew(stamped_us, arrival_ns))
        if verdict.lost == 0 and self._is_behind_anew(reading.time_us, n, verdict, arrival_ns):
            self._sequence, verdict = judge(restart=True)
        if reading.repeated:
            losses = self._sequence.losses
            again = losses._replace(duplicated=losses.duplicated + reading.repeated)
            self._sequence = self._sequence._replace(losses=again)
        self._stamps.append(reading.time_us)
        index = verdict.first_index
        if verdict.arrival is Arrival.BEHIND:
            return None
        self._behind = None
        if verdict.arrival is Arrival.RESTART:
            stamped_us = self._restarted(reading.time_us, stamped, arrival_ns)
            samples.begin(index + stamped, float(stamped_us))
            self._sequence = self._sequence._replace(time_us=round(samples.expected_us(index)))
        elif self._last_us > -inf:
            samples.learn(stamped_us, index + stamped, after_gap=gap > 0)
        line.take(stamped_us, arrival_ns)
        return self._placed(index + verdict.stale, n - verdict.stale, verdict.stale, arrival_ns)

    def place_alike(
        self, readings: Readings, start: int, arrivals_ns: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Times of the samples of the next readings, as far as all is as expected."""
        state, line, n = self._sequence, self._line, readings.acceleration_m_s2.shape[1]
        if state is None or self._resumed or self._behind is not None:
            return np.empty((0, n))
        stamps_us, arrivals_ns = readings.time_us[start:], arrivals_ns[start:]
        elapsed_us, possible = line.read_next(stamps_us, arrivals_ns)
        passed_us = np.diff(elapsed_us, prepend=np.array([state.time_us], np.int64))
        count = leading(possible & self._filter.sees_nothing_new(stamps_us))
        while count:
            following = self._filter.following(
                elapsed_us[:count].tolist(), state.next_index, n, self._last_us
            )
            count = len(following.first_us)
            in_line = follow_in_line(
                state, state.next_index + n * np.arange(count), n, passed_us[:count],
                1e6 / following.period_before_us,
            )  # fmt: skip
            if in_line.all():
                break
            count = leading(in_line)
        if not count:
            return np.empty((0, n))
        self._filter.take(following)
        first_us, period_us = following.first_us, following.period_us
        elapsed_us, arrivals_ns = elapsed_us[:count], arrivals_ns[:count]
        self._sequence = went_on(
            state, n, count, int(elapsed_us[-1]), 1e6 / float(following.period_before_us[-1])
        )
        line.take_next(elapsed_us, arrivals_ns)
        self._stamps.extend(stamps_us[:count].tolist())
        last_us = first_us + (n - 1) * period_us
        self._last_us = float(last_us[-1])
        self._host.observe_all(last_us, arrivals_ns)
        time_s: NDArray[np.float64] = (
            np.arange(float(n)) * period_us[:, None] + first_us[:, None]
        ) * 1e-6
        return time_s

    def anchor(self, anchor: ClockAnchor) -> None:
        """Take the reply to a ping."""
        self._anchors.take(anchor)

    def set_rate(self, rate_hz: float) -> None:
        """Take another nominal sample rate, Hz, from the next reading on."""
        next_index = 0 if self._sequence is None else self._sequence.next_index
        self._filter.set_rate(rate_hz, next_index)
        self._host.restart()  # messages of another length are sent otherwise

    def link_resumed(self, arrival_ns: int) -> None:  # noqa: ARG002
        """Compare the next stamp with its arrival: the device may have started again."""
        self._resumed = True

    def _began_anew(self, stamped_us: int, arrival_ns: int) -> bool:
        """Whether the first stamp after the link was away is of another clock."""
        resumed, self._resumed = self._resumed, False
        if not resumed or self._last_us == -inf:
            return False
        late_us = (arrival_ns - self._host.host_ns(stamped_us)) * 1e-3
        absent_us = (arrival_ns - self._line.arrival_ns) * 1e-3
        return abs(late_us) > _RESUMED_US + _RESUMED_SHARE * absent_us

    def _is_behind_anew(self, stamp_us: int, n: int, verdict: Verdict, arrival_ns: int) -> bool:
        """Whether stale samples, in this reading or before, are of a clock that began anew."""
        since_ns, doubtful = self._behind or (arrival_ns, 0)
        if not verdict.stale:
            return doubtful > 0
        if not self._was_seen(stamp_us, n) and 2 * verdict.late < verdict.stale:
            least = max(_OVERLAP_SAMPLES, _OVERLAP_US / self._filter.period_us)
            if (doubtful or least < verdict.stale) and verdict.stale < n:
                return True
            doubtful += verdict.stale == n
        self._behind = since_ns, doubtful
        return doubtful > 1 or arrival_ns - since_ns > BEHIND_NS

    def _was_seen(self, stamp_us: int, n: int) -> bool:
        """Whether it is the stamp of a sample that came, in readings of so many."""
        period_us = self._filter.period_us
        for stamp in reversed(self._stamps):
            place = (stamp_us - stamp) / period_us
            if -0.5 < place < n - 0.5 and abs(place - round(place)) * period_us < _SAME_STAMP_US:
                return True
        return False

    def _restarted(self, stamp_us: int, stamped: int, arrival_ns: int) -> int:
        """Go on by the arrival difference after the device has started again."""
        line = self._line
        passed_us = (arrival_ns - line.arrival_ns) // 1000
        period_us = self._filter.period_us
        soonest_us = soonest_after_restart_us(self._last_us, period_us, self._restarted_us)
        stamped_us = max(line.elapsed_us + passed_us, round(soonest_us + stamped * period_us))
        self._restarted_us = stamped_us
        line.restart(stamp_us, stamped_us, arrival_ns)
        self._host.restart()
        return stamped_us

    def _placed(self, index: int, n: int, stale: int, arrival_ns: int) -> Placed:
        period_us = self._filter.period_us
        first_us = self._filter.expected_us(index)
        if first_us <= self._last_us:  # squeeze, never go back
            first_us = self._last_us + 0.5 * period_us
        time_s = (np.arange(float(n)) * period_us + first_us) * 1e-6
        self._last_us = first_us + (n - 1) * period_us
        self._host.observe(self._last_us, arrival_ns)
        return Placed(time_s, stale)
