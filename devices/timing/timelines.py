"""When each sample was taken and which are missing, whatever a protocol tells of it.

Three kinds of streams, alike from outside:

* :class:`NumberedTimeline`: samples are counted and stamped (the project's own profile);
* :class:`StampedTimeline`: stamped only (Movesense, Polar, Shimmer);
* :class:`ArrivalTimeline`: neither (WitMotion): only the arrival is known.

All give seconds since the first sample by the *device's* clock, count losses, and learn host time.
"""

from __future__ import annotations

from collections import deque
from functools import partial
from math import inf
from typing import Final, NamedTuple, Protocol

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
from devices.timing.deficit import DeficitWatch
from devices.timing.device_clock import (
    STAMP_MODULUS_US,
    DeviceClock,
    StampLine,
    soonest_after_restart_us,
)
from devices.timing.host_time import LEAST_DELAY_MS, HostTime
from devices.timing.stamp_filter import StampFilter


class Placed(NamedTuple):
    """Where the samples of a reading belong.

    Attributes
    ----------
    time_s : ndarray of float64, shape (n - stale,)
        Seconds since the first sample of the stream, of the samples that are new.
    stale : int
        Samples at the reading's start that are not new, to be left out.
    doubtful : bool
        Whether samples go missing all the time, and nobody knows where.
    """

    time_s: NDArray[np.float64]
    stale: int = 0
    doubtful: bool = False


class Timeline(Protocol):
    """Places the readings of one stream in time: a deterministic function of the log."""

    @property
    def losses(self) -> Losses:
        """What came and what did not, so far; malformed packets are the decoder's to count."""
        ...

    @property
    def host(self) -> HostTime:
        """Host time of elapsed device time, µs: ``host.host_ns(time_s * 1e6)``."""
        ...

    def place(self, reading: Reading, arrival_ns: int) -> Placed | None:
        """Times of the reading's new samples; None when nothing in it is new."""
        ...

    def place_alike(
        self, readings: Readings, start: int, arrivals_ns: NDArray[np.int64], /
    ) -> NDArray[np.float64]:
        """Times of the samples of all readings from ``start`` on that are just as expected, (k, n).

        As :meth:`place` for one after the other, in less time; empty where the first of them is
        anything but the next in line.
        """
        ...

    def anchor(self, anchor: ClockAnchor) -> None:
        """Take the reply to a ping, with device time on the line of the readings' stamps."""
        ...

    def set_rate(self, rate_hz: float) -> None:
        """Take another nominal sample rate, Hz, from the next reading on."""
        ...

    def link_resumed(self, arrival_ns: int) -> None:
        """Hear that the link was away and is back: samples may be missing from here on."""
        ...


def timeline_for(
    reading: Reading, rate_hz: float, time_modulus_us: int | None = STAMP_MODULUS_US
) -> Timeline:
    """The timeline for a stream whose first reading this is.

    Parameters
    ----------
    reading : Reading
        Tells whether samples are counted and stamped.
    rate_hz : float
        Nominal sample rate, Hz.
    time_modulus_us : int or None
        Where device time wraps, µs (:attr:`devices.readings.Decoder.time_modulus_us`).
    """
    if reading.time_us is None:
        return ArrivalTimeline(rate_hz)
    modulus_us = STAMP_MODULUS_US if time_modulus_us is None else time_modulus_us
    if reading.sequence is None:
        return StampedTimeline(rate_hz, modulus_us)
    return NumberedTimeline(rate_hz, modulus_us)


# After the link was away, stamps off the arrival by more than this, µs, and this share of the
# absence are of a clock that began anew: a clock not yet learned may be off by 3 %, and a sensor
# sends what it measures then. A restart that is not seen moves all later samples.
_RESUMED_US: Final = 1_000_000.0
_RESUMED_SHARE: Final = 0.03
# What comes again or late has a stamp that was seen, or fills a gap, and lasts no longer than this,
# ns. Else a clock began anew: at once where more than this overlaps, or the second in a row.
_OVERLAP_US: Final = 15_000.0
_OVERLAP_SAMPLES: Final = 3
BEHIND_NS: Final = 300_000_000
#: Stamps this near to each other, µs, are of one sample: two steps of a clock of 32768 Hz.
_SAME_STAMP_US: Final = 70.0

# A ping's reply further than this from the latest reading is of a clock that was set since, s.
_ANCHOR_WINDOW_S: Final = 10.0


class _Anchors:
    """Gives the replies to pings to the host's clock, on the line of elapsed time."""

    def __init__(self, line: StampLine, host: HostTime) -> None:
        self._line, self._host = line, host

    def take(self, anchor: ClockAnchor) -> None:
        line = self._line
        if not line.started:
            return
        elapsed_us = line.read(anchor.device_us, anchor.arrival_ns)
        passed_us = elapsed_us - line.elapsed_us
        if abs(passed_us - (anchor.arrival_ns - line.arrival_ns) * 1e-3) < _ANCHOR_WINDOW_S * 1e6:
            self._host.anchor(anchor._replace(device_us=elapsed_us))


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
        self._anchors = _Anchors(self._clock.line, self._host)
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
        self._anchors = _Anchors(self._line, self._host)
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


# Rate of a stream whose samples only their arrival dates: off by up to this, ppm.
_RATE_LIMIT_PPM: Final = 40_000.0
# A sensor's clock is not off by more than this share: what comes more slowly has gaps.
_SLOWEST: Final = 0.025
# So many losses within so long, ns, are a steady loss: where each happened is not known to a step.
_STEADY_LOSSES: Final = 2
_STEADY_NS: Final = 20_000_000_000
# How long its arrivals are remembered, s: its rate may wander with the temperature.
_ARRIVALS_S: Final = 128.0
# Time scale settles for so long, and later moves by no more than this share, towards the floor of
# the arrivals within so long, s.
_SETTLING_US: Final = 5e6
_SLEW_SHARE: Final = 0.02
_SLEW_US: Final = 2e6
# Where the rate changes, less than this is no absence but the wait for an event, µs.
_ABSENCE_US: Final = 200_000.0


class ArrivalTimeline:
    """Samples that come in order, and nothing more is known of them.

    The time of a sample is its count times the period, learned from the floor of the arrivals over
    the last two minutes: packets that come in bursts do not move it.

    What the decoder knows to be lost (``missing_before``) counts at once, anything else shows as a
    deficit (:class:`devices.timing.deficit.DeficitWatch`): all later samples come late. So less
    than 15 ms, 3 samples or ¾ of a message is not seen until more adds up; a steady loss of less
    than 2.5 % passes for a lower rate, and more for one that is 2.5 % lower, with gaps, whose
    samples are all in doubt; a loss appears 0.3 to 1 s after it happened, or at once where the link
    was away; a delay that stays is taken for a loss until samples come too early; duplicates cannot
    be told.

    Parameters
    ----------
    rate_hz : float
        Nominal sample rate, Hz; the true one may be 2.5 % lower.
    """

    def __init__(self, rate_hz: float) -> None:
        self._losses = NO_LOSSES
        self._host = HostTime()
        self._last_us = -inf  # time of the latest sample
        self._soonest_us = inf
        self._settled_us = _SETTLING_US  # counted time until which the scale settles
        self._begin(1e6 / rate_hz)

    @property
    def losses(self) -> Losses:
        """What came, and what is believed lost, so far."""
        return self._losses

    @property
    def host(self) -> HostTime:
        """Host time of elapsed time."""
        return self._host

    @property
    def period_s(self) -> float:
        """Sample period, s, as learned so far."""
        return self._nominal_us * (1.0 + self._counted.slope) * 1e-6

    def place(self, reading: Reading, arrival_ns: int) -> Placed | None:
        """Times of the reading's samples; None when it has none."""
        n, nominal_us = len(reading.acceleration_m_s2), self._nominal_us
        if not n:
            return None
        period_us = self.period_s * 1e6
        self._resumed |= reading.time_step and self._index > 0
        known = reading.missing_before if self._losses.received else 0
        lost = known + self._lost(n, period_us, arrival_ns, known)
        begin_us = self._last_us + period_us * max(lost, 0)
        self._index += lost + n
        self._counted.observe((self._index - 1) * nominal_us, arrival_ns)
        self._soonest_us = min(self._soonest_us, self._late_us(self._index, arrival_ns))
        self._losses = self._losses._replace(
            received=self._losses.received + n,
            lost=self._losses.lost + lost,
            duplicated=self._losses.duplicated + reading.repeated,
        )
        if self._last_us == -inf:
            begin_us = -period_us
        first_ns = self._counted.host_ns((self._index - n) * nominal_us)
        expected_ns = round((begin_us + period_us) * 1e3)
        if self._index * nominal_us < self._settled_us:
            self._zero_ns = first_ns - expected_ns
        span_us = n * period_us
        behind_us = (first_ns - expected_ns - self._zero_ns) * 1e-3 * min(1.0, span_us / _SLEW_US)
        limit_us = _SLEW_SHARE * span_us
        period_us += min(max(behind_us, -limit_us), limit_us) / n
        time_s = (np.arange(1.0, n + 1.0) * period_us + begin_us) * 1e-6
        self._last_us = begin_us + n * period_us
        self._host.observe(self._last_us, arrival_ns)
        doubtful = self._late or self._loses_steadily(arrival_ns)
        return Placed(time_s, doubtful=doubtful)

    def place_alike(
        self,
        readings: Readings,
        _start: int,
        _arrivals_ns: NDArray[np.int64],
    ) -> NDArray[np.float64]:
        """None: what each arrival tells decides on the next."""
        return np.empty((0, readings.acceleration_m_s2.shape[1]))

    def anchor(self, anchor: ClockAnchor) -> None:
        """Ignored: without stamps there is no clock to anchor."""

    def set_rate(self, rate_hz: float) -> None:
        """Take another nominal sample rate, Hz, from the next reading on."""
        self._begin(1e6 / rate_hz)

    def link_resumed(self, arrival_ns: int) -> None:  # noqa: ARG002
        """Count as lost what must have been measured while the link was away."""
        self._resumed = True

    def _begin(self, nominal_us: float) -> None:
        self._nominal_us = nominal_us
        self._index = 0  # of the next sample, counted with those lost
        self._counted = HostTime(skew_limit_ppm=_RATE_LIMIT_PPM, memory_s=_ARRIVALS_S)
        self._zero_ns = 0
        self._losses_ns: deque[int] = deque(maxlen=_STEADY_LOSSES)
        self._soonest_us = inf  # of all arrivals, against those of the slowest sensor
        self._resumed = False
        self._late = False  # whether a loss is likely, and not yet believed
        self._watch = DeficitWatch(0)

    def _lost(self, n: int, period_us: float, arrival_ns: int, known: int) -> int:
        """Samples believed lost besides those known; negative when fewer were than believed."""
        if not self._index:
            return self._lost_before(known + n, period_us, arrival_ns)
        counted = self._counted
        due_ns = counted.host_ns((self._index + known + n - 1) * self._nominal_us)
        delay_us = (arrival_ns - due_ns) * 1e-3 - LEAST_DELAY_MS * 1e3
        if self._resumed:
            self._resumed = False
            self._watch = DeficitWatch(arrival_ns)
            return max(0, int((delay_us - counted.typical_delay_us()) / period_us))
        # the floor follows a steady loss as if it were the sensor's rate: no sensor is so slow
        delay_us = max(
            delay_us, self._late_us(self._index + known + n, arrival_ns) - self._soonest_us
        )
        unsure_us = max(counted.uncertainty_us - LEAST_DELAY_MS * 1e3, 0.0)
        lost = self._watch.missing(delay_us, n, period_us, arrival_ns, unsure_us)
        # on a poor link most are late
        self._late = self._watch.is_late and delay_us > 4.0 * counted.typical_delay_us()
        if lost > 0:
            self._losses_ns.append(arrival_ns)
        return max(lost, -min(self._losses.lost, self._index))

    def _loses_steadily(self, arrival_ns: int) -> bool:
        losses_ns = self._losses_ns
        many = len(losses_ns) == _STEADY_LOSSES
        return many and arrival_ns - losses_ns[0] <= _STEADY_NS

    def _late_us(self, index: int, arrival_ns: int) -> float:
        """When the sample before an index came, against that of the slowest sensor."""
        return arrival_ns * 1e-3 - index * self._nominal_us * (1.0 + _SLOWEST)

    def _lost_before(self, n: int, period_us: float, arrival_ns: int) -> int:
        """Samples lost before the first reading of a rate: those of a longer absence."""
        self._watch = DeficitWatch(arrival_ns)
        self._settled_us = _SETTLING_US
        if self._last_us == -inf:
            return 0
        due_ns = self._host.host_ns(self._last_us + n * period_us)
        late_us = (arrival_ns - due_ns) * 1e-3 - LEAST_DELAY_MS * 1e3
        lost = int(late_us / period_us) if late_us > _ABSENCE_US else 0
        self._settled_us += lost * self._nominal_us
        return lost
