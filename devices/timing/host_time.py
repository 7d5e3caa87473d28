"""Host time as a function of device time, learned from arrivals, and how far to trust it.

A message that the device stamps at ``d`` arrives at the host at ``a``: its host time is ``a`` less
a delay that is never negative, often small, and cannot be seen. Three floors bound it, each the
convex hull of many messages (:mod:`devices.timing.delay_floor`):

* packets of samples: host time is *before* their arrival;
* replies to pings: likewise;
* requests of pings: host time is *after* the host asked.

Over Bluetooth LE a packet waits for the next connection event. Where packets come in step with the
events (50 ms of samples at an interval of 50 ms) the wait never changes and the arrivals follow the
central's radio clock: the floor of the packets looks perfect and is wrong by up to one interval, in
skew by up to one interval over the time seen. Replies to pings are no better, since a device that
answers at once has just missed the event. *Requests* made at random moments meet every phase of the
events, and the luckiest leaves just before one: so with pings height comes from the requests, and
slope from the better of requests and replies.

What no exchange of messages can tell is how the least delay divides between the two directions. It
is taken as half of what the floors leave between them, but no more than :data:`LEAST_DELAY_MS`: a
link whose luckiest message takes ``t`` ms leaves a constant error of ``t`` - 2 ms at most.
"""

from __future__ import annotations

from bisect import bisect_right
from math import hypot
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from devices.readings import ClockAnchor
from devices.timing.delay_floor import DelayFloor

#: Taken as the delay of the quickest message, one way, where nothing bounds it; it is assumed to be
#: between nothing and twice this, ms.
LEAST_DELAY_MS: Final = 2.0

Basis = Literal["ping floor", "arrival floor", "arrival floor without beat", "too little"]

_LEAST_DELAY_US: Final = LEAST_DELAY_MS * 1e3
# Pings from which their own floors are used.
_PINGS: Final = 20
_PINGS_SPAN_US: Final = 15e6
# Packets from which anything is said.
_PACKETS: Final = 10
_PACKETS_SPAN_US: Final = 2e6
# Without a beat the delays of three quarters of the packets lie within this share of their spacing.
_BEAT_SHARE: Final = 0.2
# Streaming sensors are not given longer connection intervals than this by any known host, µs.
_INTERVAL_MAX_US: Final = 60_000.0
# Delays that grow by more than this come of a queue as well as of a slow clock (500 ppm: Bluetooth
# Core 5.2, 2019, Vol. 6 Part B, 4.2.2).
_SLOW_CLOCK: Final = 500e-6
# A learned skew that contradicts what was expected by so many standard errors stands alone.
_CONTRADICTION: Final = 4.0
# A crystal may have changed so much, ppm, while a device was away.
_CHANGE_PPM: Final = 3.0
# The model is worked out anew after this time, or this share of the time remembered.
_RENEWED_US: Final = 0.5e6
_RENEWED_SHARE: Final = 1 / 32
# Older times than the floors remember are kept as straight pieces of this length, at most so many.
_PIECE_US: Final = 500e6
_PIECES: Final = 2048


class ClockEstimate(NamedTuple):
    """What is known of the device's clock against the host's.

    Attributes
    ----------
    skew_ppm : float
        How much the device's clock is fast, parts per million; negative when it is slow. As it
        was seen: what clocks are assumed to be beforehand is not in it.
    skew_sd_ppm : float
        Its standard error.
    offset_uncertainty_ms : float
        :meth:`HostTime.host_ns` of the latest sample is within this of the truth, 95 %, provided
        the quickest messages took at most twice :data:`LEAST_DELAY_MS`; ms.
    basis : str
        What it rests on: pings, the arrivals of packets, arrivals that may be in step with the
        connection interval (then the uncertainty says so), or too little.
    span_s : float
        Time over which it was learned, s, by the packets remembered.
    """

    skew_ppm: float
    skew_sd_ppm: float
    offset_uncertainty_ms: float
    basis: Basis
    span_s: float


class _Model(NamedTuple):
    """Host less device time: ``height_us + slope * (x - at_us)``, from the segment's origin."""

    slope: float
    slope_sd: float
    height_us: float
    at_us: float
    uncertainty_us: float
    basis: Basis
    seen_slope: float  # without what was assumed beforehand
    seen_slope_sd: float


class HostTime:
    """Host time of a device's samples: a deterministic function of what was observed.

    The model is renewed with the packets, at first twice a second, later every minute.

    Device time is any line that counts microseconds without wrapping. Where the device starts
    again, :meth:`restart` tells: its clock is learned anew from what it was known to be.

    Parameters
    ----------
    skew_limit_ppm : float, default 100
        How much the device's clock may be off, ppm, as far as known beforehand: 100 for a crystal.
        What is learned may exceed it.
    memory_s : float, default 2048
        How long arrivals are remembered, s, at least 32: shorter where the skew wanders.

    Examples
    --------
    >>> host = HostTime()
    >>> for k in range(2000):  # each packet waits up to 30 ms for its turn
    ...     host.observe(k * 50_000, 7_000_000_000 + k * 50_001_000 + k * 7_000_001 % 30_000_000)
    >>> estimate = host.estimate
    >>> estimate.basis, abs(estimate.skew_ppm + 20) < 2 * estimate.skew_sd_ppm
    ('arrival floor', True)
    >>> abs(host.host_ns(50_000_000) - 57_001_000_000) < 2_500_000
    True
    """

    def __init__(self, *, skew_limit_ppm: float = 100.0, memory_s: float = 2048.0) -> None:
        self._memory_s = memory_s
        # slope of (host less device) over device time, as expected before anything is learned
        self._expected, self._expected_sd = 0.0, 0.5e-6 * skew_limit_ppm
        self._seen_before = (0.0, 1e3)  # the same as it was seen before a restart, and nothing else
        self._pieces_x: list[float] = []  # device time, µs
        self._pieces_ns: list[int] = []  # host time there
        self._started = False
        self._begin()

    def observe(self, device_us: float, arrival_ns: int) -> None:
        """Take a packet: device time of its *last* sample, and the host's at arrival."""
        if not self._started:
            self._start(device_us, arrival_ns)
        x = device_us - self._origin_us
        self._packets.add(x, (arrival_ns - self._origin_ns) * 1e-3 - x)
        if x >= self._renew_at_us:
            self._renew(x)

    def observe_all(self, device_us: NDArray[np.float64], arrivals_ns: NDArray[np.int64]) -> None:
        """:meth:`observe` one packet after the other; device time increases."""
        done = 0
        while done < len(device_us):
            if not self._started:
                self._start(float(device_us[done]), int(arrivals_ns[done]))
            x = device_us[done:] - self._origin_us
            # up to the one with which the model is renewed
            stop = int(np.searchsorted(x, self._renew_at_us)) + 1
            x = x[:stop]
            passed_us = (arrivals_ns[done : done + stop] - self._origin_ns) * 1e-3
            self._packets.add_all(x.tolist(), (passed_us - x).tolist())
            done += len(x)
            if x[-1] >= self._renew_at_us:
                self._renew(float(x[-1]))

    def anchor(self, anchor: ClockAnchor) -> None:
        """Take the reply to a ping made at a random moment, or a message at a random moment."""
        if not self._started:
            self._start(anchor.device_us, anchor.arrival_ns)
        x = anchor.device_us - self._origin_us
        self._replies.add(x, (anchor.arrival_ns - self._origin_ns) * 1e-3 - x)
        if anchor.requested_ns is not None:
            self._requests.add(x, x - (anchor.requested_ns - self._origin_ns) * 1e-3)

    def host_ns(self, device_us: float) -> int:
        """Host time of this device time, ns, by all that is known now.

        Times from before a restart, or longer ago than the floors remember, keep what was known
        then. Before anything was observed it is device time itself.
        """
        pieces = self._pieces_x
        if pieces and device_us <= pieces[-1]:
            k = min(max(bisect_right(pieces, device_us), 1), len(pieces) - 1)
            if k:
                before, after = pieces[k - 1], pieces[k]
                begin_ns, end_ns = self._pieces_ns[k - 1], self._pieces_ns[k]
                share = (device_us - before) / (after - before)
                return begin_ns + round((end_ns - begin_ns) * share)
        if pieces and not self._started:  # nothing yet since a restart
            passed_us = (device_us - pieces[-1]) * (1.0 + self._expected)
            return self._pieces_ns[-1] + round(passed_us * 1e3)
        return self._now_ns(self._model, device_us)

    @property
    def estimate(self) -> ClockEstimate:
        """Skew and offset with their uncertainty."""
        model = self._model
        return ClockEstimate(
            (1.0 / (1.0 + model.seen_slope) - 1.0) * 1e6,
            model.seen_slope_sd * 1e6,
            model.uncertainty_us * 1e-3,
            model.basis,
            self._packets.span_us * 1e-6,
        )

    @property
    def slope(self) -> float:
        """Host seconds per device second, less one."""
        return self._model.slope

    @property
    def uncertainty_us(self) -> float:
        """Of the host time of the latest sample, µs, as in :class:`ClockEstimate`."""
        return self._model.uncertainty_us

    def typical_delay_us(self) -> float:
        """Delay over the floor that three quarters of the packets do not exceed, µs."""
        return self._packets.scatter(self._model.slope).upper_quartile_us

    def restart(self) -> None:
        """Begin anew: device time has jumped against the host's, or messages wait otherwise."""
        if not self._started:
            return
        last_us = self._last_us()
        model = self._learned(last_us)
        if self._enough():
            self._expected = model.slope
            self._expected_sd = hypot(model.slope_sd, _CHANGE_PPM * 1e-6)
            seen_sd = hypot(model.seen_slope_sd, _CHANGE_PPM * 1e-6)
            self._seen_before = (model.seen_slope, seen_sd)
        begin_us = self._pieces_x[-1] if self._pieces_x else self._origin_us
        for device_us in (max(begin_us, self._origin_us), self._origin_us + last_us):
            self._keep(device_us, self._now_ns(model, device_us))
        self._started = False
        self._begin()

    def _begin(self) -> None:
        self._origin_us, self._origin_ns = 0.0, 0
        self._packets, self._replies = DelayFloor(self._memory_s), DelayFloor(self._memory_s)
        self._requests = DelayFloor(self._memory_s)  # upside down
        seen = self._seen(0.0, 1.0)
        self._model = _Model(self._expected, self._expected_sd, 0.0, 0.0, 1e9, "too little", *seen)
        self._renew_at_us = float("-inf")

    def _start(self, device_us: float, host_ns: int) -> None:
        self._started = True
        self._origin_us, self._origin_ns = float(device_us), host_ns

    def _last_us(self) -> float:
        return max(self._packets.last_us, self._replies.last_us)

    def _enough(self) -> bool:
        packets = self._packets
        return packets.count >= _PACKETS and packets.span_us >= _PACKETS_SPAN_US

    def _now_ns(self, model: _Model, device_us: float) -> int:
        x = device_us - self._origin_us
        offset_us = model.height_us + model.slope * (x - model.at_us)
        return self._origin_ns + round((x + offset_us) * 1e3)

    def _keep(self, device_us: float, host_ns: int) -> None:
        if not self._pieces_x or device_us > self._pieces_x[-1]:
            self._pieces_x.append(device_us)
            self._pieces_ns.append(host_ns)
        if len(self._pieces_x) > _PIECES:
            del self._pieces_x[1::2], self._pieces_ns[1::2]

    def _renew(self, last_us: float) -> None:
        self._model = self._learned(last_us)
        span_us = last_us - self._packets.first_us
        self._renew_at_us = last_us + max(_RENEWED_US, _RENEWED_SHARE * span_us)
        self._keep_old_pieces()

    def _keep_old_pieces(self) -> None:
        """Fix the times that the floors are about to forget."""
        kept_us = self._pieces_x[-1] - self._origin_us if self._pieces_x else -_PIECE_US
        forgotten_us = self._packets.first_us
        if forgotten_us > 0.0 and forgotten_us >= kept_us + _PIECE_US:
            device_us = self._origin_us + forgotten_us
            if not self._pieces_x:
                self._keep(self._origin_us, self._now_ns(self._model, self._origin_us))
            self._keep(device_us, self._now_ns(self._model, device_us))

    def _learned(self, last_us: float) -> _Model:
        pinged = self._replies.count >= _PINGS and self._replies.span_us >= _PINGS_SPAN_US
        if pinged:
            return self._from_pings(last_us)
        return self._from_packets(last_us)

    def _from_pings(self, last_us: float) -> _Model:
        line = height_line = self._replies.line()
        requested = self._requests.count >= _PINGS
        if requested:
            height_line = self._requests.line()
            if height_line.slope_sd < line.slope_sd:
                line = height_line._replace(slope=-height_line.slope)
        slope, slope_sd = _weighed(self._expected, self._expected_sd, line.slope, line.slope_sd)
        upper_us, touched_us = self._upper(slope, last_us)
        if requested:
            lower_us, touched_us = self._requests.height(-slope, last_us)
            half_us = 0.5 * (upper_us + lower_us)  # the floor of the requests is upside down
            margin_us = min(abs(half_us), _LEAST_DELAY_US)
            height_us = min(half_us, _LEAST_DELAY_US) - lower_us
        else:
            margin_us, height_us = _LEAST_DELAY_US, upper_us - _LEAST_DELAY_US
        drift_us = slope_sd * (last_us - touched_us)
        uncertainty_us = margin_us + 2.0 * hypot(height_line.excess_us, drift_us)
        seen = self._seen(line.slope, line.slope_sd)
        return _Model(slope, slope_sd, height_us, last_us, uncertainty_us, "ping floor", *seen)

    def _from_packets(self, last_us: float) -> _Model:
        packets = self._packets
        line = packets.line()
        scatter = packets.scatter(line.slope)
        spacing_us = min(packets.spacing_us, _INTERVAL_MAX_US)
        beat = scatter.upper_quartile_us >= _BEAT_SHARE * spacing_us
        # what the wait for a connection event may be at the least, unseen
        step_us = max(line.ripple_us, 2.0 * scatter.thin_us) if beat else spacing_us
        step_us = min(step_us, spacing_us)
        span_us = max(packets.span_us, 1.0)
        learned_sd = hypot(line.slope_sd, 0.41 * step_us / span_us)
        slope, slope_sd = _weighed(self._expected, self._expected_sd, line.slope, learned_sd)
        upper_us, touched_us = self._upper(slope, last_us)
        drift_us = slope_sd * (last_us - touched_us)
        uncertainty_us = _LEAST_DELAY_US + step_us + 2.0 * hypot(line.excess_us, drift_us)
        height_us = upper_us - _LEAST_DELAY_US
        if self._requests.count:
            lower_us = -self._requests.height(-slope, last_us)[0]
            uncertainty_us = min(uncertainty_us, max(upper_us - lower_us, _LEAST_DELAY_US))
        basis: Basis = "arrival floor" if beat else "arrival floor without beat"
        if not self._enough():
            basis = "too little"
        # all of the step at most, two standard errors; and where packets queue in the sensor, the
        # floor itself has moved
        queued = 0.5 * line.slope if line.slope > _SLOW_CLOCK else 0.0
        seen_sd = hypot(line.slope_sd, 0.5 * step_us / span_us, line.sag_us / span_us, queued)
        seen = self._seen(line.slope, seen_sd)
        return _Model(slope, slope_sd, height_us, last_us, uncertainty_us, basis, *seen)

    def _seen(self, slope: float, slope_sd: float) -> tuple[float, float]:
        """What was learned, with what was learned before a restart."""
        return _weighed(*self._seen_before, slope, slope_sd)

    def _upper(self, slope: float, at_us: float) -> tuple[float, float]:
        """Lower of the floors of packets and replies at this time, and when it was touched."""
        floors = [floor for floor in (self._packets, self._replies) if floor.count]
        return min(floor.height(slope, at_us) for floor in floors)


def _weighed(
    expected: float, expected_sd: float, slope: float, slope_sd: float
) -> tuple[float, float]:
    """What was expected and what was learned, by their standard errors."""
    if abs(slope - expected) > _CONTRADICTION * slope_sd + 2.0 * expected_sd:
        return slope, slope_sd
    variance, expected_variance = slope_sd**2, expected_sd**2
    weight = expected_variance / (expected_variance + variance)
    return expected + weight * (slope - expected), slope_sd * weight**0.5
