"""From the ordered log to samples: decode, count losses, place in time."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Final

import numpy as np
from numpy.typing import NDArray

from devices.alike import LEAST_ALIKE
from devices.drivers.registry import PROTOCOLS, driver_named
from devices.readings import Battery, ClockAnchor, Reading, Readings, ReadingsDecoder
from devices.records import DeviceInfo, LinkEvent, Packet, Record
from devices.sequence import NO_LOSSES, Losses
from devices.timing.clock_watch import ClockWatch
from devices.timing.host_time import HostTime
from devices.timing.timeline import Timeline
from devices.timing.timelines import timeline_for
from imu.errors import DeviceError, ParameterError
from imu.samples import Quality, Samples

#: Packets of a connection that are kept until it is known what was agreed: its set-up is in them.
_SET_UP_PACKETS: Final = 256


class Receiver:
    """Turns the records of one session, in order, into samples.

    A deterministic function of the log: the same records give bit-identical samples, live or in
    replay. Time is the device's, in seconds since the first sample, and strictly increasing. Lost
    samples show as a jump in time; packets that come twice, too late or malformed are dropped, and
    everything is counted in :attr:`losses`.

    Parameters
    ----------
    info : DeviceInfo
        The sensor's rate, ranges and protocol.

    Raises
    ------
    DeviceError
        When the protocol is not one that this version can decode.
    ParameterError
        When the rate or the acceleration range is not a positive number.

    Examples
    --------
    >>> import asyncio
    >>> from devices.sources import open_source
    >>> async def lost() -> tuple[int, float]:
    ...     async with open_source("sim:?minutes=0.5&loss=5&seed=1&time_scale=0") as source:
    ...         receiver = Receiver(source.info)
    ...         async for record in source:
    ...             receiver.push(record)
    ...     return receiver.losses.lost, round(receiver.losses.lost_fraction, 2)
    >>> asyncio.run(lost())
    (480, 0.06)
    """

    def __init__(self, info: DeviceInfo) -> None:
        self._timeline: Timeline | None = None
        self._turns: bool | None = None  # whether the session's samples have angular velocity
        self._malformed_before = 0  # by earlier decoders
        self._set_up: list[Packet] | None = None  # of a connection whose description may come
        self.battery_percent: float | None = None
        self._configure(info)

    @property
    def info(self) -> DeviceInfo:
        """The sensor as last described."""
        return self._info

    @property
    def losses(self) -> Losses:
        """What came and what did not, so far."""
        counts = NO_LOSSES if self._timeline is None else self._timeline.losses
        malformed = self._malformed_before + self._decoder.malformed_packets
        return counts._replace(malformed_packets=malformed)

    @property
    def host_time(self) -> HostTime | None:
        """Host time of the samples' device time; None before the first sample."""
        return None if self._timeline is None else self._timeline.host

    def push(self, record: Record) -> Samples | None:
        """Take the next record of the log.

        Parameters
        ----------
        record : DeviceInfo, Packet, LinkEvent or StreamRecord
            As a source yields it; what came from other devices is passed over.

        Returns
        -------
        Samples or None
            The record's new samples in SI units and the sensor's frame; None when it has none.

        Raises
        ------
        DeviceError, ParameterError
            For a description of a sensor that cannot be used, as at the start.
        """
        if isinstance(record, Packet):
            return self._take(record)
        if isinstance(record, DeviceInfo):
            if record != self._info:
                self._malformed_before += self._decoder.malformed_packets
                rate_hz = self._info.rate_hz
                self._configure(record)
                self._learn_from_set_up()
                if self._timeline is not None and record.rate_hz != rate_hz:
                    self._timeline.set_rate(record.rate_hz)
        elif isinstance(record, LinkEvent) and record.kind == "resumed":
            self._decoder.reset()
            self._set_up = []
            if self._clock_watch is not None:
                self._clock_watch.begin()
            if self._timeline is not None:
                self._timeline.link_resumed(record.arrival_ns)
        return None

    def push_packets(self, packets: Sequence[Packet]) -> tuple[Samples, list[int]] | None:
        """Take packets that follow one another; the samples are those of one after the other.

        Parameters
        ----------
        packets : sequence of Packet
            All that came between two records of other kinds, or as many of them as are at hand.

        Returns
        -------
        (Samples, list of int) or None
            New samples, and how many there are up to the end of each packet that brought some;
            None where there are none.
        """
        found: tuple[list[Samples], list[int]] = [], []
        place = 0
        while place < len(packets):
            readings = self._alike(packets, place)
            if readings is None:
                _add(found, self._take(packets[place]), 1)
                place += 1
                continue
            parts = readings.parts
            count = parts * len(readings.time_us)
            last_parts = packets[place + parts - 1 : place + count : parts]
            arrivals_ns = np.array([packet.arrival_ns for packet in last_parts], np.int64)
            self._place_alike(readings, arrivals_ns, found)
            place += count
        blocks, ends = found
        if not blocks:
            return None
        return (blocks[0] if len(blocks) == 1 else Samples.concatenate(blocks)), ends

    def _alike(self, packets: Sequence[Packet], place: int) -> Readings | None:
        """The readings of the packets from there on, where they can be decoded together."""
        if len(packets) - place < LEAST_ALIKE or not isinstance(self._decoder, ReadingsDecoder):
            return None
        return self._decoder.push_alike(packets, place)

    def _place_alike(
        self,
        readings: Readings,
        arrivals_ns: NDArray[np.int64],
        found: tuple[list[Samples], list[int]],
    ) -> None:
        """Place them together where they follow in line, and one by one where they do not."""
        acceleration, gyro = readings.acceleration_m_s2, readings.angular_velocity_rad_s
        place = 0
        while place < len(arrivals_ns):
            many, watch = 0, self._clock_watch
            if self._timeline is not None and watch is not None:
                stop = place + watch.sound(readings, place, arrivals_ns)
                time_s = self._timeline.place_alike(readings.until(stop), place, arrivals_ns[:stop])
                many = len(time_s)
                watch.take_sound(readings, place, many, arrivals_ns)
            if many:
                part = slice(place, place + many)
                force = acceleration[part].reshape(-1, 3)
                turning = self._turning(None if gyro is None else gyro[part].reshape(-1, 3), force)
                fine = np.zeros(len(force), np.uint8)
                _add(found, Samples.of_arrays(time_s.ravel(), force, turning, fine), many)
                place += many
            if place < len(arrivals_ns):
                _add(found, self._place(readings.one(place), int(arrivals_ns[place])), 1)
                place += 1

    def _configure(self, info: DeviceInfo) -> None:
        if info.protocol not in PROTOCOLS:
            raise DeviceError(
                f"speaks the protocol {info.protocol!r}, which this version cannot decode: "
                f"use a sensor that speaks {', '.join(PROTOCOLS)}.",
                source=info.name,
            )
        if not 0 < info.rate_hz < inf:
            raise ParameterError("rate_hz", info.rate_hz, "a positive sample rate in Hz")
        if not 0 < info.acceleration_range_m_s2 < inf:
            raise ParameterError(
                "acceleration_range_m_s2", info.acceleration_range_m_s2, "a positive range in m/s²"
            )
        self._info = info
        self._decoder = driver_named(info.protocol).decoder(info)
        modulus_us = self._decoder.time_modulus_us
        self._clock_watch = None if modulus_us is None else ClockWatch(info.rate_hz, modulus_us)

    def _learn_from_set_up(self) -> None:
        """Let a new decoder hear what the sensor answered as it was set up: factors, channels."""
        for packet in self._set_up or ():
            self._decoder.push(packet)
        self._malformed_before -= self._decoder.malformed_packets
        self._set_up = None

    def _take(self, packet: Packet) -> Samples | None:
        blocks: list[Samples] = []
        if self._set_up is not None:
            self._set_up.append(packet)
            if len(self._set_up) >= _SET_UP_PACKETS:
                self._set_up = None
        for item in self._decoder.push(packet):
            if isinstance(item, Reading):
                block = self._place(item, packet.arrival_ns)
                if block is not None:
                    blocks.append(block)
            elif isinstance(item, ClockAnchor):
                if self._timeline is not None:
                    self._timeline.anchor(item)
            elif isinstance(item, Battery):
                self.battery_percent = item.percent
        if not blocks:
            return None
        return blocks[0] if len(blocks) == 1 else Samples.concatenate(blocks)

    def _place(self, reading: Reading, arrival_ns: int) -> Samples | None:
        if self._timeline is None:
            self._timeline = timeline_for(
                reading, self._info.rate_hz, self._decoder.time_modulus_us
            )
        placed = self._timeline.place(reading, arrival_ns)
        off = False  # whether the time of the samples goes at another speed than it should
        if reading.time_us is not None and self._clock_watch is not None:
            self._clock_watch.take(reading.sequence, reading.time_us, arrival_ns)
            off = self._clock_watch.speed != 1.0
        if placed is None:
            return None
        acceleration = reading.acceleration_m_s2
        gyro = self._turning(reading.angular_velocity_rad_s, acceleration)
        quality = reading.quality
        if placed.stale:
            acceleration = acceleration[placed.stale :]
            gyro = None if gyro is None else gyro[placed.stale :]
            quality = None if quality is None else quality[placed.stale :]
        if placed.doubtful or off:
            gap = np.full(len(acceleration), Quality.GAP, np.uint8)
            quality = gap if quality is None else quality | gap
        return Samples(placed.time_s, acceleration, gyro, quality)

    def _turning(
        self, gyro: NDArray[np.float64] | None, force: NDArray[np.float64]
    ) -> NDArray[np.float64] | None:
        """Angular velocity, NaN where there is none; none where the session has none."""
        if self._turns is None:  # one that the sensor has may speak later than its accelerometer
            self._turns = gyro is not None or self._info.angular_velocity_range_rad_s > 0.0
        if not self._turns:
            return None
        return np.full_like(force, np.nan) if gyro is None else gyro


def _add(found: tuple[list[Samples], list[int]], samples: Samples | None, packets: int) -> None:
    """Add the samples of so many packets, as many of each."""
    if samples is None:
        return
    blocks, ends = found
    blocks.append(samples)
    before, each = ends[-1] if ends else 0, len(samples) // packets
    ends += range(before + each, before + len(samples) + 1, each)
