"""The project's own wire format: from packets to samples in SI units, clock anchors and battery."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from devices.alike import LEAST_ALIKE, leading, payloads_alike
from devices.links import BYTES_CHANNEL, REQUEST_CHANNEL
from devices.protocols.backstride import (
    COUNTS_FULL_SCALE,
    TIME_MODULUS_US,
    DataFlag,
    Layout,
    StatusMessage,
    data_bytes,
    data_table,
    decode_data,
    decode_status,
)
from devices.protocols.backstride_control import (
    Operation,
    ReplyStatus,
    decode_ping_times,
    decode_reply,
)
from devices.protocols.backstride_frames import (
    CONTROL_CHANNEL,
    DATA_CHANNEL,
    STATUS_CHANNEL,
    MessageReader,
)
from devices.readings import Battery, ClockAnchor, Decoded, Reading, Readings
from devices.records import DeviceInfo, Packet
from imu.errors import ProtocolError
from imu.samples import Quality

_LARGEST_COUNT: Final = COUNTS_FULL_SCALE - 1
_SOME_CLIPPED: Final = int(DataFlag.ACCELERATION_CLIPPED | DataFlag.ANGULAR_VELOCITY_CLIPPED)
_TIME_RESYNC: Final = int(DataFlag.TIME_RESYNC)
_PARTICULAR: Final = _SOME_CLIPPED | _TIME_RESYNC
_WITH_ACCELERATION: Final = (Layout.IMU6, Layout.ACCELERATION)
_CLIPPED: Final = np.uint8(Quality.CLIPPED)
_COUNT_MODULUS: Final = 1 << 16  # of the Status message's count of dropped samples
_PERCENT_MAX: Final = 100
# Bytes of the counts 32767, -32767 and -32768: where they do not occur nothing was clipped.
_ENDS_OF_RANGE: Final = (b"\xff\x7f", b"\x01\x80", b"\x00\x80")


def clipping(counts: NDArray[np.int16], flags: int) -> NDArray[np.uint8] | None:
    """Quality of each sample by the ends of the range; None when all is well.

    :attr:`~imu.samples.Quality.CLIPPED` marks samples at the end of the range, or all of them where
    the device only says that some sample was.

    Parameters
    ----------
    counts : ndarray of int16, shape (n, 3) or (n, 6)
    flags : int
        :class:`~devices.protocols.backstride.DataFlag` bits.
    """
    flagged = flags & _SOME_CLIPPED
    if not flagged and counts.max() < _LARGEST_COUNT and counts.min() > -_LARGEST_COUNT:
        return None
    at_end = np.any((counts >= _LARGEST_COUNT) | (counts <= -_LARGEST_COUNT), axis=1)
    if flagged and not np.any(at_end):
        return np.full(len(counts), _CLIPPED)
    return np.where(at_end, _CLIPPED, np.uint8(0))


class BackstrideDecoder:
    """A :class:`~devices.readings.Decoder` of the project's own wire format, over either link.

    Data messages give readings, Status messages the battery, replies to pings clock anchors: with
    the time of the request where the log has it, on channel ``"request"``.

    Parameters
    ----------
    info : DeviceInfo
        Ranges, as agreed with the sensor.

    Examples
    --------
    >>> info = DeviceInfo("hip", "backstride", 200.0, 16 * 9.80665, 34.9)
    >>> decoder = BackstrideDecoder(info)
    >>> golden = bytes.fromhex("01003412 40420f00 0000 0000 0008 ffff 0200 fdff")
    >>> (reading,) = decoder.push(Packet(0, "data", golden))
    >>> reading.acceleration_m_s2.tolist(), reading.sequence, reading.time_us
    ([[0.0, 0.0, 9.80665]], 4660, 1000000)
    """

    def __init__(self, info: DeviceInfo) -> None:
        self._acceleration_scale = np.float64(info.acceleration_range_m_s2 / COUNTS_FULL_SCALE)
        self._angular_velocity_scale = np.float64(
            info.angular_velocity_range_rad_s / COUNTS_FULL_SCALE
        )
        self._messages = MessageReader()
        self._malformed = 0
        self._overflowed = 0
        self._status: StatusMessage | None = None
        self._asked_ns: dict[int, int] = {}  # by transaction

    @property
    def time_modulus_us(self) -> int:
        """Where the readings' device time wraps, µs."""
        return TIME_MODULUS_US

    @property
    def malformed_packets(self) -> int:
        """Messages dropped because they do not follow the format, and damaged serial frames."""
        return self._malformed + self._messages.rejected

    @property
    def status(self) -> StatusMessage | None:
        """What the sensor last said of itself."""
        return self._status

    @property
    def overflowed_samples(self) -> int:
        """Samples that the sensor says it lost in its own queue while it was listened to.

        They are among those that the sequence shows to be missing.
        """
        return self._overflowed

    def push(self, packet: Packet) -> list[Decoded]:
        """Take the next packet of any channel; returns what it completes, often nothing."""
        channel, payload, arrival_ns = packet.channel, packet.payload, packet.arrival_ns
        if channel == REQUEST_CHANNEL:
            if len(payload) == 2 and payload[0] == Operation.PING:
                self._asked_ns[payload[1]] = arrival_ns
            return []
        if channel != BYTES_CHANNEL:
            return self._message(channel, payload, arrival_ns)
        decoded: list[Decoded] = []
        for each, content in self._messages.push(packet):
            decoded += self._message(each, content, arrival_ns)
        return decoded

    def push_alike(self, packets: Sequence[Packet], start: int) -> Readings | None:
        """Take Data messages of one form, without clipped samples, as far as they go."""
        first = packets[start].payload
        n, layout = (first[0] & 31, first[0] >> 5) if first else (0, 0)
        if not n or layout not in _WITH_ACCELERATION or len(first) != data_bytes(n, layout):
            return None
        payloads = payloads_alike(packets, start, DATA_CHANNEL)
        if len(payloads) < LEAST_ALIKE:
            return None
        table = np.frombuffer(b"".join(payloads), data_table(n, layout))
        counts = table["counts"]
        extreme = np.maximum(counts.max(axis=(1, 2)), -1 - counts.min(axis=(1, 2)))
        plain = (table["form"] == first[0]) & (table["flags"] & _PARTICULAR == 0)
        k = leading(plain & (extreme < _LARGEST_COUNT - 1))
        if k < LEAST_ALIKE:
            return None
        counts = counts[:k]
        has_gyro = layout == Layout.IMU6 and self._angular_velocity_scale > 0
        return Readings(
            counts[:, :, :3] * self._acceleration_scale,
            counts[:, :, 3:] * self._angular_velocity_scale if has_gyro else None,
            table["sequence"][:k].astype(np.int64),
            table["time_us"][:k].astype(np.int64),
        )

    def reset(self) -> None:
        """Forget half a frame and pings without a reply: the link has begun anew. Counts stay."""
        self._messages.reset()
        self._asked_ns.clear()
        self._status = None

    def _message(self, channel: str, payload: bytes, arrival_ns: int) -> list[Decoded]:
        try:
            if channel == DATA_CHANNEL:
                return [self._reading(payload)]
            if channel == CONTROL_CHANNEL:
                return self._anchor(payload, arrival_ns)
            if channel == STATUS_CHANNEL:
                return self._battery(decode_status(payload))
        except ProtocolError:
            self._malformed += 1
        return []

    def _reading(self, payload: bytes) -> Reading:
        layout, flags, sequence, time_us, counts = decode_data(payload)
        if layout == Layout.ANGULAR_VELOCITY:
            raise ProtocolError("angular velocity alone says nothing of a step.", payload=payload)
        at_first, at_second, at_third = _ENDS_OF_RANGE
        near_end = flags & _SOME_CLIPPED or (
            at_first in payload or at_second in payload or at_third in payload
        )
        has_gyro = layout == Layout.IMU6 and self._angular_velocity_scale > 0
        return Reading(
            counts[:, :3] * self._acceleration_scale,
            counts[:, 3:] * self._angular_velocity_scale if has_gyro else None,
            sequence,
            time_us,
            0,
            clipping(counts, flags) if near_end else None,
            bool(flags & _TIME_RESYNC),
        )

    def _anchor(self, payload: bytes, arrival_ns: int) -> list[Decoded]:
        reply = decode_reply(payload)
        if reply.operation != Operation.PING or reply.status != ReplyStatus.OK:
            return []
        times = decode_ping_times(reply.parameters)
        asked_ns = self._asked_ns.pop(reply.transaction, None)
        return [ClockAnchor(times.sent_us, arrival_ns, asked_ns)]

    def _battery(self, status: StatusMessage) -> list[Decoded]:
        before, self._status = self._status, status
        if before is not None:
            restarted = status.time_us < before.time_us  # and counts from 0
            base = 0 if restarted else before.dropped_samples
            self._overflowed += (status.dropped_samples - base) % _COUNT_MODULUS
        if status.battery_percent > _PERCENT_MAX:
            return []
        return [Battery(float(status.battery_percent))]
