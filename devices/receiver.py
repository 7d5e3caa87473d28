"""From the ordered log to samples: decode, count losses, place in time, turn into SI units."""

from __future__ import annotations

from math import inf
from typing import Final

import numpy as np
from numpy.typing import NDArray

from devices.clock import DeviceClock
from devices.protocols.backstride import (
    COUNTS_FULL_SCALE,
    DataFlag,
    DataPacket,
    Layout,
    decode_data,
)
from devices.records import DeviceInfo, Packet, Record
from devices.sequence import NO_LOSSES, Arrival, Losses, SequenceState, account
from imu.errors import DeviceError, ParameterError, ProtocolError
from imu.samples import Quality, Samples

__all__ = ["DATA_CHANNEL", "Receiver"]

#: Packets of this channel hold samples.
DATA_CHANNEL: Final = "data"

_DECODERS: Final = {"backstride": decode_data}
_LARGEST_COUNT: Final = COUNTS_FULL_SCALE - 1
_ACCELERATION_CLIPPED: Final = int(DataFlag.ACCELERATION_CLIPPED)
_ANGULAR_VELOCITY_CLIPPED: Final = int(DataFlag.ANGULAR_VELOCITY_CLIPPED)
_TIME_RESYNC: Final = int(DataFlag.TIME_RESYNC)
_CLIPPED: Final = np.uint8(Quality.CLIPPED)


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
    """

    def __init__(self, info: DeviceInfo) -> None:
        self._malformed_packets = 0
        self._sequence: SequenceState | None = None
        self._configure(info)
        self._clock = DeviceClock(info.rate_hz)

    @property
    def info(self) -> DeviceInfo:
        """The sensor as last described."""
        return self._info

    @property
    def losses(self) -> Losses:
        """What came and what did not, so far."""
        counts = NO_LOSSES if self._sequence is None else self._sequence.losses
        return counts._replace(malformed_packets=self._malformed_packets)

    def push(self, record: Record) -> Samples | None:
        """Take the next record of the log.

        Returns
        -------
        Samples or None
            The record's new samples in SI units and the sensor's frame; None when it has none.
            :attr:`~imu.samples.Quality.CLIPPED` marks samples at the end of the range, or the
            whole packet where the device only says that some sample in it was.

        Raises
        ------
        DeviceError, ParameterError
            For a description of a sensor that cannot be used, as at the start.
        """
        if isinstance(record, Packet):
            if record.channel != DATA_CHANNEL:
                return None
            try:
                packet = self._decode(record.payload)
            except ProtocolError:
                self._malformed_packets += 1
                return None
            if packet.layout == Layout.ANGULAR_VELOCITY:  # says nothing without acceleration
                self._malformed_packets += 1
                return None
            return self._place(packet, record.arrival_ns)
        if isinstance(record, DeviceInfo) and record != self._info:
            if record.rate_hz != self._info.rate_hz:
                self._clock.set_rate(record.rate_hz)
            self._configure(record)
        return None

    def _configure(self, info: DeviceInfo) -> None:
        if info.protocol not in _DECODERS:
            raise DeviceError(
                f"speaks the protocol {info.protocol!r}, which this version cannot decode: "
                f"use a sensor that speaks {', '.join(sorted(_DECODERS))}.",
                source=info.name,
            )
        if not 0 < info.rate_hz < inf:
            raise ParameterError("rate_hz", info.rate_hz, "a positive sample rate in Hz")
        if not 0 < info.acceleration_range_m_s2 < inf:
            raise ParameterError(
                "acceleration_range_m_s2", info.acceleration_range_m_s2, "a positive range in m/s²"
            )
        self._info = info
        self._decode = _DECODERS[info.protocol]
        self._acceleration_scale = info.acceleration_range_m_s2 / COUNTS_FULL_SCALE
        self._angular_velocity_scale = info.angular_velocity_range_rad_s / COUNTS_FULL_SCALE

    def _place(self, packet: DataPacket, arrival_ns: int) -> Samples | None:
        clock, counts, n = self._clock, packet.counts, len(packet.counts)
        elapsed_us = clock.read(packet.time_us, arrival_ns)
        self._sequence, verdict = account(
            self._sequence,
            packet.sequence,
            n,
            elapsed_us,
            self._info.rate_hz,
            latest_us=clock.latest_us(arrival_ns),
            time_step=bool(packet.flags & _TIME_RESYNC),
        )
        arrival, index = verdict.arrival, verdict.first_index
        if arrival is Arrival.BEHIND:
            return None
        if arrival is Arrival.RESTART:
            elapsed_us = clock.restart(packet.time_us, arrival_ns)
            self._sequence = self._sequence._replace(time_us=elapsed_us)
        elif arrival is Arrival.TIME_STEP:
            elapsed_us = clock.step(packet.time_us, index)
            self._sequence = self._sequence._replace(time_us=elapsed_us)
        if verdict.stale:
            counts = counts[verdict.stale :]
            n -= verdict.stale
            index += verdict.stale
            elapsed_us += round(verdict.stale * clock.period_s * 1e6)
        time_s = clock.sample_times_s(
            elapsed_us, index, n, arrival_ns, continues=arrival is not Arrival.RESTART
        )
        has_gyro = packet.layout == Layout.IMU6 and self._angular_velocity_scale > 0
        return Samples(
            time_s,
            counts[:, :3] * self._acceleration_scale,
            counts[:, 3:] * self._angular_velocity_scale if has_gyro else None,
            _clipping(counts, packet.flags),
        )


def _clipping(counts: NDArray[np.int16], flags: int) -> NDArray[np.uint8] | None:
    """Quality of each sample by the ends of the range; None when all is well."""
    flagged = flags & (_ACCELERATION_CLIPPED | _ANGULAR_VELOCITY_CLIPPED)
    if not flagged and counts.max() < _LARGEST_COUNT and counts.min() > -_LARGEST_COUNT:
        return None
    at_end = np.any((counts >= _LARGEST_COUNT) | (counts <= -_LARGEST_COUNT), axis=1)
    if flagged and not np.any(at_end):
        return np.full(len(counts), _CLIPPED)
    return np.where(at_end, _CLIPPED, np.uint8(0))
