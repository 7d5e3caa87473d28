"""Samples of which only the arrival is known: WitMotion."""

from __future__ import annotations

from collections import deque
from math import inf
from typing import Final

import numpy as np
from numpy.typing import NDArray

from devices.readings import ClockAnchor, Reading, Readings
from devices.sequence import NO_LOSSES, Losses
from devices.timing.deficit import DeficitWatch
from devices.timing.host_time import LEAST_DELAY_MS, HostTime
from devices.timing.regular_arrivals import RegularArrivals
from devices.timing.timeline import Placed

# Rate of a stream whose samples only their arrival dates: off by up to this, ppm.
_RATE_LIMIT_PPM: Final = 40_000.0
# A sensor's clock is not off by more than this share: what comes more slowly has gaps.
_SLOWEST: Final = 0.025
# So many losses or duplicates within so long, ns, are steady: where each happened is not known to
# a step.
_STEADY_LOSSES: Final = 2
_STEADY_NS: Final = 20_000_000_000
# What comes by more than this share of a period sooner than it can have been measured was not, and
# makes those around it doubtful once the floor of the arrivals has been seen for so long, µs.
_TOO_SOON: Final = 0.5
_FLOOR_US: Final = 2e6
# Share of the latest samples from which on a sensor is known to measure less often than it sends,
# or to lie still: a duplicate is not told from its own samples, and a fast clock is none.
_REPEATS_ITSELF: Final = 0.22
_LATEST_SAMPLES: Final = 128
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
    was away; on a wire whose samples come on time each loss is counted exactly, four samples after
    it (:class:`devices.timing.regular_arrivals.RegularArrivals`). A delay that stays is taken for a
    loss until samples come too early. A sample that is the one before to the last bit is a
    duplicate where it comes too soon to have been measured, and is dropped; one that the link
    delays by as much is not told from a sensor that measures less often than it sends, until later
    samples come too soon: then all are in doubt. Where more than a fifth are as before, the sensor
    repeats itself, and nothing is dropped or doubted for it.

    Parameters
    ----------
    rate_hz : float
        Nominal sample rate, Hz; the true one may be 2.5 % lower.
    """

    def __init__(self, rate_hz: float) -> None:
        self._losses = NO_LOSSES
        self._host = HostTime()
        self._last_us = -inf  # time of the latest sample
        self._latest = b""  # sample, as bytes
        self._alone_too_soon = False  # the latest, and not the one before it
        self._repeats = 0  # kept since some last came too soon
        self._repeats_itself = 0.0  # share of the samples, alone in a message, that are as before
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
        """Times of the reading's samples; None when it has none, or nothing but a duplicate."""
        n, nominal_us = len(reading.acceleration_m_s2), self._nominal_us
        if not n:
            return None
        period_us = self.period_s * 1e6
        self._resumed |= reading.time_step and self._index > 0
        known = reading.missing_before if self._losses.received else 0
        before, self._latest = self._latest, _last_sample(reading)
        too_soon = self._is_too_soon(known + n, period_us, arrival_ns)
        same = n == 1 and not known and self._latest == before
        itself = self._repeats_itself > _REPEATS_ITSELF
        if too_soon and same and not itself:
            self._alone_too_soon = False
            duplicated = self._losses.duplicated + 1
            self._losses = self._losses._replace(duplicated=duplicated)
            return None
        # on a wire a duplicate proves the sample before it, which comes too soon: that is no floor
        self._alone_too_soon = too_soon and n == 1 and not (self._alone_too_soon or itself)
        self._repeats_itself += (same - self._repeats_itself) / _LATEST_SAMPLES
        self._repeats += reading.repeated
        if too_soon and not self._alone_too_soon and self._index * self._nominal_us > _FLOOR_US:
            if self._repeats and not itself:
                self._troubles_ns.append(arrival_ns)
            self._repeats = 0
        lost = known + self._lost(n, period_us, arrival_ns, known, by_radio=reading.by_radio)
        begin_us = self._last_us + period_us * max(lost, 0)
        self._index += lost + n
        if not self._alone_too_soon:
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
        if not self._alone_too_soon:
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
        self._troubles_ns: deque[int] = deque(maxlen=_STEADY_LOSSES)
        self._soonest_us = inf  # of all arrivals, against those of the slowest sensor
        self._resumed = False
        self._late = False  # whether a loss is likely, and not yet believed
        self._watch = DeficitWatch(0)
        self._line = RegularArrivals()

    def _lost(
        self, n: int, period_us: float, arrival_ns: int, known: int, *, by_radio: bool
    ) -> int:
        """Samples believed lost besides those known; negative when fewer were than believed."""
        if not self._index:
            return self._lost_before(known + n, period_us, arrival_ns)
        counted = self._counted
        due_ns = counted.host_ns((self._index + known + n - 1) * self._nominal_us)
        delay_us = (arrival_ns - due_ns) * 1e-3 - LEAST_DELAY_MS * 1e3
        if self._resumed:
            self._resumed = False
            self._watch, self._line = DeficitWatch(arrival_ns), RegularArrivals()
            return max(0, int((delay_us - counted.typical_delay_us()) / period_us))
        # events that come once a period let one pass by now and then where the sensor is slower
        seen = 0 if by_radio else self._line.missing(known + n, period_us, arrival_ns)
        if seen:
            self._watch, self._late = DeficitWatch(arrival_ns), True
            return seen
        # the floor follows a steady loss as if it were the sensor's rate: no sensor is so slow
        delay_us = max(
            delay_us, self._late_us(self._index + known + n, arrival_ns) - self._soonest_us
        )
        unsure_us = max(counted.uncertainty_us - LEAST_DELAY_MS * 1e3, 0.0)
        lost = self._watch.missing(delay_us, n, period_us, arrival_ns, unsure_us)
        # on a poor link most are late
        late = self._watch.is_late and delay_us > 4.0 * counted.typical_delay_us()
        self._late = late or self._line.is_late
        if lost > 0:
            self._troubles_ns.append(arrival_ns)
        return max(lost, -min(self._losses.lost, self._index))

    def _is_too_soon(self, ahead: int, period_us: float, arrival_ns: int) -> bool:
        """Whether samples come before they can have been measured, by how all others came."""
        if self._resumed or not self._index:
            return False
        due_ns = self._counted.host_ns((self._index + ahead - 1) * self._nominal_us)
        return (due_ns - arrival_ns) * 1e-3 > _TOO_SOON * period_us - LEAST_DELAY_MS * 1e3

    def _loses_steadily(self, arrival_ns: int) -> bool:
        troubles_ns = self._troubles_ns
        many = len(troubles_ns) == _STEADY_LOSSES
        return many and arrival_ns - troubles_ns[0] <= _STEADY_NS

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


def _last_sample(reading: Reading) -> bytes:
    gyro = reading.angular_velocity_rad_s
    turning = b"" if gyro is None else bytes(gyro[-1])
    return bytes(reading.acceleration_m_s2[-1]) + turning
