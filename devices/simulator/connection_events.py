"""A Bluetooth LE connection as it looks to the clocks: packets wait for the next connection event.

Nothing is ever lost on the link itself: a packet that is not acknowledged goes again at the next
event, and all behind it wait. Everything else that delays is the host's: its stack and scheduler.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from random import Random
from typing import Final

from devices.readings import ClockAnchor
from imu.errors import ParameterError

# Time on air of one packet with its acknowledgement, s, at 1 Mbit/s and about 200 bytes.
_ON_AIR_S: Final = 0.002
_LEAST_SPACING_S: Final = 20e-6


@dataclass(frozen=True, slots=True)
class ConnectionParams:
    """What delays a packet.

    Attributes
    ----------
    interval_ms : float
        Connection interval by the central's clock, 7.5 to 4000 ms.
    central_ppm : float
        Error of the central's radio clock against the host's, ppm.
    retransmission : float
        Probability that a packet has to go again at the next event, 0 to 0.9.
    packets_per_event : int
        Most packets sent in one event.
    least_delay_ms : float
        What the host's stack always takes, one way, ms.
    jitter_ms : float
        Mean of what its scheduler adds, exponential, ms.
    stall_probability, stall_ms : float
        Now and then it adds another exponential delay with this mean, ms.
    """

    interval_ms: float = 30.0
    central_ppm: float = 0.0
    retransmission: float = 0.02
    packets_per_event: int = 6
    least_delay_ms: float = 1.0
    jitter_ms: float = 0.5
    stall_probability: float = 0.01
    stall_ms: float = 20.0

    def __post_init__(self) -> None:
        if not 7.5 <= self.interval_ms <= 4000.0:
            raise ParameterError("interval_ms", self.interval_ms, "a number from 7.5 to 4000 ms")
        if not 0.0 <= self.retransmission <= 0.9:
            raise ParameterError("retransmission", self.retransmission, "a number from 0 to 0.9")
        if self.packets_per_event < 1:
            raise ParameterError("packets_per_event", self.packets_per_event, "1 or more")


class ConnectionEvents:
    """When packets get through one connection; times in seconds by the host's clock.

    Parameters
    ----------
    params : ConnectionParams
        What delays.
    seed : int
        Of everything random, the phase of the events included.

    Examples
    --------
    >>> still = ConnectionParams(50.0, retransmission=0.0, jitter_ms=0.0, stall_probability=0.0)
    >>> link = ConnectionEvents(still, seed=1)
    >>> first, second = link.uplink_s(10.0), link.uplink_s(10.05)
    >>> round(second - first, 6)
    0.05
    """

    def __init__(self, params: ConnectionParams, seed: int) -> None:
        self._params = params
        self._random = Random(seed)
        self._interval_s = params.interval_ms * 1e-3 / (1.0 + params.central_ppm * 1e-6)
        self._phase_s = self._random.random() * self._interval_s
        self._event = self._request_event = -(1 << 62)
        self._in_event = 0
        self._arrival_s = self._received_s = float("-inf")

    def uplink_s(self, ready_s: float) -> float:
        """Arrival at the host of a packet that the device has ready; call in order of readiness."""
        event = max(self._next_event(ready_s), self._event)
        if event == self._event and self._in_event >= self._params.packets_per_event:
            event += 1
        event += self._retransmissions()
        self._in_event = self._in_event + 1 if event == self._event else 1
        self._event = event
        sent_s = self._phase_s + event * self._interval_s + self._in_event * _ON_AIR_S
        arrival_s = sent_s + self._host_delay_s()
        self._arrival_s = max(arrival_s, self._arrival_s + _LEAST_SPACING_S)
        return self._arrival_s

    def downlink_s(self, written_s: float) -> float:
        """When the device has what the host wrote; call in order of writing."""
        event = max(self._next_event(written_s + self._host_delay_s()), self._request_event)
        event += self._retransmissions()
        self._request_event = event
        received_s = self._phase_s + event * self._interval_s + 0.2 * _ON_AIR_S
        self._received_s = max(received_s, self._received_s + _LEAST_SPACING_S)
        return self._received_s

    def _next_event(self, ready_s: float) -> int:
        return ceil((ready_s - self._phase_s) / self._interval_s)

    def _retransmissions(self) -> int:
        events = 0
        while self._random.random() < self._params.retransmission:
            events += 1
        return events

    def _host_delay_s(self) -> float:
        params, random = self._params, self._random
        delay_ms = params.least_delay_ms
        if params.jitter_ms:
            delay_ms += random.expovariate(1.0 / params.jitter_ms)
        if random.random() < params.stall_probability:
            delay_ms += random.expovariate(1.0 / params.stall_ms)
        return delay_ms * 1e-3


@dataclass(frozen=True, slots=True)
class PacketArrival:
    """A packet of samples: device time of its last sample, and the host's at arrival."""

    device_us: int
    arrival_ns: int


def observed(
    params: ConnectionParams,
    *,
    packet_ms: float,
    duration_s: float,
    clock_ppm: float,
    seed: int,
    ping_s: float | None = None,
    uptime_s: float = 100.0,
    start_s: float = 5000.0,
) -> Iterator[PacketArrival | ClockAnchor]:
    """What a host sees of a device that sends a packet every ``packet_ms`` by its own clock.

    The truth is ``device_us = (uptime_s + (host_s - start_s) * (1 + clock_ppm * 1e-6)) * 1e6``.
    With ``ping_s`` the host asks at random moments, that far apart on average; the device answers
    within a millisecond, but the answer waits for the next event.

    Yields
    ------
    PacketArrival or ClockAnchor
        In order of arrival.
    """
    link = ConnectionEvents(params, seed)
    random = Random(seed + 1)
    speed = 1.0 + clock_ppm * 1e-6

    def device_us(host_s: float) -> int:
        return round((uptime_s + (host_s - start_s) * speed) * 1e6)

    ready: list[tuple[float, float, float | None]] = []  # ready, stamped, requested
    phase_s = random.random() * packet_ms * 1e-3
    for k in range(int(duration_s * 1e3 / packet_ms)):
        stamped_s = start_s + (phase_s + k * packet_ms * 1e-3) / speed
        ready.append((stamped_s + 3e-4, stamped_s, None))
    if ping_s is not None:
        requested_s = start_s + ping_s * random.random()
        while requested_s < start_s + duration_s:
            answered_s = link.downlink_s(requested_s) + 1e-4 + 9e-4 * random.random()
            ready.append((answered_s, answered_s, requested_s))
            requested_s += ping_s * (0.5 + random.random())
    for ready_s, stamped_s, asked_s in sorted(ready, key=lambda item: item[0]):
        arrival_ns = round(link.uplink_s(ready_s) * 1e9)
        if asked_s is None:
            yield PacketArrival(device_us(stamped_s), arrival_ns)
        else:
            yield ClockAnchor(device_us(stamped_s), arrival_ns, round(asked_s * 1e9))
