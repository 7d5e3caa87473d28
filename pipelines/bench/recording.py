"""What came from a unit while it streamed: samples, arrivals, losses and pings, for judging."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from devices.drivers.registry import driver_named
from devices.links import REQUEST_CHANNEL
from devices.readings import ClockAnchor, CutDecoder, Decoder, Reading
from devices.receiver import Receiver
from devices.records import DeviceInfo, LinkEvent, Packet, Record
from devices.sequence import INDEX_MODULUS, Losses
from imu.samples import Samples

Array = NDArray[np.float64]

#: Seconds between two messages that are looked at for the rate: none lies over a gap of this.
_TOGETHER_S: Final = 2.0
#: What a sensor has measured before somebody listened comes within so long, s.
_HELD_BACK_S: Final = 0.5
_MATCH: Final = 0.5  # a gap of half a message's samples is no step of the rate


@dataclass(frozen=True, slots=True)
class Arrival:
    """A packet that completed samples.

    Attributes
    ----------
    arrival_ns : int
    last_us : float
        Time of its last sample on the line of the samples, µs.
    received, missing : int
        Samples that came, and that did not or too late, since the start.
    """

    arrival_ns: int
    last_us: float
    received: int
    missing: int


@dataclass(frozen=True, slots=True)
class SequenceFaults:
    """What the numbers of the samples say by themselves, however far the rate is off."""

    counted: bool = False  # whether the protocol counts
    lost: int = 0  # numbers left out
    again: int = 0  # numbers that came again, went back, or began anew


@dataclass(slots=True)
class Recording:
    """Takes the records of a source.

    Parameters
    ----------
    info : DeviceInfo
        As the source says once it is entered.
    """

    info: DeviceInfo
    receiver: Receiver = field(init=False)
    arrivals: list[Arrival] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    round_trips_ms: list[float] = field(default_factory=list)
    events: list[LinkEvent] = field(default_factory=list)
    channels: set[str] = field(default_factory=set)
    payload_bytes: int = 0
    messages: int = 0
    first_ns: int | None = None
    latest_ns: int = 0
    _blocks: list[Samples] = field(default_factory=list)
    _decoder: Decoder = field(init=False)

    def __post_init__(self) -> None:
        self.receiver = Receiver(self.info)
        self._decoder = driver_named(self.info.protocol).decoder(self.info)

    @property
    def losses(self) -> Losses:
        """What came and what did not, as a session counts it."""
        return self.receiver.losses

    @property
    def damaged_messages(self) -> int:
        """Messages that do not follow the format, though all of them came."""
        decoder = self._decoder
        cut = decoder.cut_packets if isinstance(decoder, CutDecoder) else 0
        return decoder.malformed_packets - cut

    @property
    def samples(self) -> Samples:
        """All samples, placed in time as a session places them."""
        if not self._blocks:
            return Samples([], np.empty((0, 3)))
        return Samples.concatenate(self._blocks).without_unmeasured()

    @property
    def passed_s(self) -> float:
        """From the first samples' arrival to the latest, s."""
        return 0.0 if self.first_ns is None else (self.latest_ns - self.first_ns) * 1e-9

    def push(self, record: Record) -> Samples | None:
        """Take the next record; returns its samples, as :meth:`Receiver.push` does."""
        if isinstance(record, LinkEvent):
            self.events.append(record)
        if isinstance(record, Packet):
            self._look(record)
        if isinstance(record, LinkEvent) and record.kind == "resumed":
            self._decoder.reset()
        block = self.receiver.push(record)
        if isinstance(record, Packet) and block is not None and len(block):
            losses = self.losses
            if self.first_ns is None:
                self.first_ns = record.arrival_ns
            self.latest_ns = record.arrival_ns
            self.arrivals.append(
                Arrival(
                    record.arrival_ns,
                    float(block.time_s[-1]) * 1e6,
                    losses.received,
                    losses.lost + losses.reordered,
                )
            )
            self._blocks.append(block)
        return block

    def _look(self, packet: Packet) -> None:
        if packet.channel != REQUEST_CHANNEL:
            self.channels.add(packet.channel)
            self.payload_bytes += len(packet.payload)
            self.messages += 1
        for item in self._decoder.push(packet):
            if isinstance(item, Reading):
                self.readings.append(item)
            elif isinstance(item, ClockAnchor) and item.requested_ns is not None:
                self.round_trips_ms.append((item.arrival_ns - item.requested_ns) * 1e-6)

    def sequence(self) -> SequenceFaults:
        """Go through the numbers of the samples."""
        lost = again = 0
        expected: int | None = None
        for reading in self.readings:
            if reading.sequence is None:
                return SequenceFaults()
            if expected is not None:
                ahead = (reading.sequence - expected) % INDEX_MODULUS
                if ahead < INDEX_MODULUS // 2:
                    lost += ahead
                else:
                    again += 1
            expected = reading.sequence + len(reading.acceleration_m_s2)
        return SequenceFaults(expected is not None, lost, again)

    def device_rate_hz(self) -> float | None:
        """Samples a second of the device's own clock; None where it tells no time."""
        modulus = self._decoder.time_modulus_us
        if modulus is None:
            return None
        n = passed_us = 0
        for before, after in pairwise(self.readings):
            if before.time_us is None or after.time_us is None:
                continue
            step_us = (after.time_us - before.time_us) % modulus
            # from one stamped sample to the other, where nothing is missing between
            count = len(before.acceleration_m_s2) - before.stamped + after.stamped
            usual_us = count / self.info.rate_hz * 1e6
            if abs(step_us - usual_us) < _MATCH * usual_us and step_us < _TOGETHER_S * 1e6:
                n += count
                passed_us += step_us
        return n / (passed_us * 1e-6) if passed_us else None

    def delivered_rate_hz(self) -> float:
        """Samples that came a second of the host's clock, after what was held back at first."""
        if self.passed_s <= 0:
            return 0.0
        held_ns = self.arrivals[0].arrival_ns + min(_HELD_BACK_S, 0.5 * self.passed_s) * 1e9
        begin = next(each for each in self.arrivals if each.arrival_ns >= held_ns)
        end = self.arrivals[-1]
        passed_s = (end.arrival_ns - begin.arrival_ns) * 1e-9
        if passed_s <= 0:
            begin, passed_s = self.arrivals[0], self.passed_s
        return (end.received - begin.received) / passed_s

    def host_rate_hz(self) -> float:
        """Samples measured a second of the host's clock: those that are known to be lost, too."""
        faults = self.sequence()
        if self.passed_s <= 0 or not faults.counted:
            return self.delivered_rate_hz()
        return self.delivered_rate_hz() + faults.lost / self.passed_s

    def delays_ms(self) -> Array:
        """How long each packet came after the quickest, ms, by all that is known at the end."""
        host = self.receiver.host_time
        if host is None:
            return np.empty(0)
        late = [each.arrival_ns - host.host_ns(each.last_us) for each in self.arrivals]
        return (np.array(late, np.float64) - min(late)) * 1e-6

    def repeated_percent(self) -> float:
        """Samples that repeat the one before in every axis, %."""
        values = self.values()
        if len(values) < 2:
            return 0.0
        return 100.0 * float(np.mean(np.all(values[1:] == values[:-1], axis=1)))

    def values(self) -> Array:
        """Every sample as decoded, shape (n, 6); the gyroscope's are NaN where there is none."""
        if not self.readings:
            return np.empty((0, 6))
        rows = []
        for reading in self.readings:
            row = np.full((len(reading.acceleration_m_s2), 6), np.nan)
            row[:, :3] = reading.acceleration_m_s2
            if reading.angular_velocity_rad_s is not None:
                row[:, 3:] = reading.angular_velocity_rad_s
            rows.append(row)
        table = np.concatenate(rows)
        return table if np.isfinite(table[:, 3:]).any() else table[:, :3]

    def worst_window_percent(self, window_s: float) -> float:
        """Largest share of samples missing within any stretch of so many seconds, %."""
        if not self.arrivals:
            return 100.0
        at_s = np.array([each.arrival_ns for each in self.arrivals], np.float64) * 1e-9
        received = np.array([each.received for each in self.arrivals], np.float64)
        missing = np.array([each.missing for each in self.arrivals], np.float64)
        stops = np.searchsorted(at_s, at_s + window_s, side="right") - 1
        whole = at_s <= max(at_s[0], at_s[-1] - window_s)
        came, gone = (each[stops] - each for each in (received, missing))
        shares = np.where(came + gone > 0, gone / np.maximum(came + gone, 1), 0.0)[whole]
        return 100.0 * float(np.clip(shares, 0.0, 1.0).max())
