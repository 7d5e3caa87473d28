"""The flash of a simulated sensor of the project's own profile: logged runs, calibration."""

from __future__ import annotations

from collections.abc import Iterable
from math import radians
from typing import Final

import numpy as np
from numpy.typing import NDArray

from devices.protocols.backstride import (
    SEQUENCE_MODULUS,
    TIME_MODULUS_US,
    DataFlag,
    DataPacket,
    Layout,
    clipping_flags,
    encode_data,
    quantised,
    samples_per_packet,
)
from devices.protocols.backstride_control import (
    ALL_LOGS,
    CALIBRATION_BYTES,
    Calibration,
    Configuration,
    ReplyStatus,
    decode_calibration,
)
from devices.protocols.backstride_log import (
    ENTRY_BYTES,
    BulkMessage,
    LogEntry,
    LogFlag,
    encode_log_entry,
    join_log,
)
from devices.protocols.cobs import crc16
from devices.simulator.device import MotionRun
from imu.errors import ProtocolError
from imu.samples import STANDARD_GRAVITY_M_S2, Samples

_READ_PACKETS: Final = 100  # read from a run at once


class Refusal(Exception):
    """Raised when a request cannot be done; carries the status of the reply."""

    def __init__(self, status: ReplyStatus) -> None:
        super().__init__(status.name)
        self.status = status


class FlashLog:
    """One logged run.

    Parameters
    ----------
    log_id : int
        Its number.
    configuration : Configuration
        Rate and ranges that it is measured with.
    utc_s : int, default 0
        Of the first sample, s since 1970; 0 when unknown.
    """

    def __init__(self, log_id: int, configuration: Configuration, utc_s: int = 0) -> None:
        self.log_id = log_id
        self.configuration = configuration
        self.content = bytearray()
        self.samples = 0
        self._flags = LogFlag.UTC_KNOWN if utc_s else LogFlag(0)
        self._utc_s = utc_s

    def append(self, payload: bytes, samples: int) -> None:
        """Add a Data message that holds so many samples."""
        self.content += join_log([payload])
        self.samples += samples

    def close(self) -> None:
        """Nothing more will come, as it should be."""
        self._flags |= LogFlag.CLOSED

    @property
    def entry(self) -> LogEntry:
        """As the sensor lists it."""
        configuration = self.configuration
        return LogEntry(
            self.log_id,
            self._utc_s,
            len(self.content),
            configuration.rate_hz,
            self.samples,
            configuration.acceleration_range_g,
            configuration.angular_velocity_range_deg_s,
            int(self._flags),
            crc16(bytes(self.content)),
        )


class Flash:
    """Logged runs and one calibration; what cannot be done raises :class:`Refusal`.

    Parameters
    ----------
    logs : iterable of FlashLog
        What is in it already.

    Attributes
    ----------
    logs : list of FlashLog
    open_log : FlashLog or None
        The one that still grows; the last of ``logs``.
    stored : bytes
        The calibration; empty when there is none.
    """

    def __init__(self, logs: Iterable[FlashLog] = ()) -> None:
        self.logs = list(logs)
        self.open_log: FlashLog | None = None
        self.stored = b""
        self._draft = bytearray(CALIBRATION_BYTES)

    @property
    def calibration(self) -> Calibration | None:
        """As stored."""
        return decode_calibration(self.stored) if self.stored else None

    def forget_what_is_open(self) -> None:
        """The supply broke down: an open log ends as it is, a draft is lost."""
        self.open_log = None
        self._draft = bytearray(CALIBRATION_BYTES)

    def calibration_part(self, offset: int, length: int, room: int) -> bytes:
        """Some bytes of the stored calibration, at most ``room``."""
        if not self.stored:
            raise Refusal(ReplyStatus.WRONG_STATE)
        if length > room or offset + length > CALIBRATION_BYTES:
            raise Refusal(ReplyStatus.BAD_VALUE)
        return self.stored[offset : offset + length]

    def draft_calibration(self, parameters: bytes) -> None:
        """Put bytes behind offset and length into the draft."""
        if len(parameters) < 2 or len(parameters) - 2 != parameters[1]:
            raise Refusal(ReplyStatus.BAD_LENGTH)
        offset, length = parameters[:2]
        if offset + length > CALIBRATION_BYTES:
            raise Refusal(ReplyStatus.BAD_VALUE)
        self._draft[offset : offset + length] = parameters[2:]

    def save_calibration(self) -> None:
        """Store the draft, if it is one."""
        try:
            decode_calibration(bytes(self._draft))
        except ProtocolError:
            raise Refusal(ReplyStatus.BAD_VALUE) from None
        self.stored = bytes(self._draft)

    def begin_log(self, configuration: Configuration, utc_s: int) -> FlashLog:
        """Open a log, one at a time."""
        if self.open_log is not None:
            raise Refusal(ReplyStatus.WRONG_STATE)
        number = max((log.log_id for log in self.logs), default=0) + 1
        self.open_log = FlashLog(number, configuration, utc_s)
        self.logs.append(self.open_log)
        return self.open_log

    def end_log(self) -> None:
        """Close the open log, if there is one."""
        if self.open_log is not None:
            self.open_log.close()
            self.open_log = None

    def listed(self, first: int, room: int) -> bytes:
        """How many logs there are, and entries from one on, in at most ``room`` bytes."""
        stop = first + max(0, room - 2) // ENTRY_BYTES
        entries = [encode_log_entry(log.entry) for log in self.logs[first:stop]]
        return len(self.logs).to_bytes(2, "little") + b"".join(entries)

    def part(self, parameters: bytes) -> BulkMessage:
        """Bytes of a log: its number, offset and length as a LOG_READ gives them."""
        log_id = int.from_bytes(parameters[:2], "little")
        offset = int.from_bytes(parameters[2:6], "little")
        stop = offset + int.from_bytes(parameters[6:], "little")
        log = next((log for log in self.logs if log.log_id == log_id), None)
        if log is None or stop > len(log.content):
            raise Refusal(ReplyStatus.BAD_VALUE)
        if log is self.open_log:
            raise Refusal(ReplyStatus.WRONG_STATE)
        return BulkMessage(log_id, offset, bytes(log.content[offset:stop]))

    def erase(self, log_id: int) -> None:
        """Erase a log or all of them, but not one that is open."""
        doomed = [log for log in self.logs if log_id in (log.log_id, ALL_LOGS)]
        if self.open_log in doomed:
            raise Refusal(ReplyStatus.WRONG_STATE)
        if not doomed and log_id != ALL_LOGS:
            raise Refusal(ReplyStatus.BAD_VALUE)
        self.logs = [log for log in self.logs if log not in doomed]


def recorded_log(
    run: MotionRun, configuration: Configuration, *, log_id: int = 1, utc_s: int = 0
) -> FlashLog:
    """A whole run as a sensor logs it that is alone, from where the run stands to its end."""
    log = FlashLog(log_id, configuration, utc_s)
    n = configuration.samples_per_packet or samples_per_packet(configuration.rate_hz)
    index = 0
    while len(block := run.read(n * _READ_PACKETS)):
        for first in range(0, len(block), n):
            cut = block[first : first + n]
            time_us = round(index / configuration.rate_hz * 1e6)
            log.append(data_message(cut, index, time_us, configuration), len(cut))
            index += len(cut)
    log.close()
    return log


def data_message(
    samples: Samples,
    index: int,
    time_us: int,
    configuration: Configuration,
    *,
    flags: int = 0,
    calibration: Calibration | None = None,
) -> bytes:
    """What the sensor sends of consecutive samples.

    Parameters
    ----------
    samples : Samples
        1 to 31; without a gyroscope where there is no angular velocity.
    index, time_us : int
        Of the first sample, without wrapping.
    configuration : Configuration
        Ranges.
    flags : int
        :class:`~devices.protocols.backstride.DataFlag` bits that are known already.
    calibration : Calibration, optional
        Applied by the sensor itself.
    """
    acceleration, rate = samples.acceleration_m_s2, samples.angular_velocity_rad_s
    if calibration is not None:
        flags |= DataFlag.CALIBRATED
        acceleration = _calibrated(
            acceleration, calibration.acceleration_bias_m_s2, calibration.acceleration_matrix
        )
        if rate is not None:
            rate = _calibrated(
                rate, calibration.angular_velocity_bias_rad_s, calibration.angular_velocity_matrix
            )
    full_scale_g = configuration.acceleration_range_g
    parts = [quantised(acceleration, full_scale_g * STANDARD_GRAVITY_M_S2)]
    layout = Layout.ACCELERATION
    if rate is not None and configuration.angular_velocity_range_deg_s:
        layout = Layout.IMU6
        parts.append(quantised(rate, radians(configuration.angular_velocity_range_deg_s)))
    counts = np.concatenate(parts, axis=1)
    return encode_data(
        DataPacket(
            layout,
            flags | clipping_flags(counts),
            index % SEQUENCE_MODULUS,
            time_us % TIME_MODULUS_US,
            counts,
        )
    )


def _calibrated(
    values: NDArray[np.float64], bias: Iterable[float], matrix: Iterable[float]
) -> NDArray[np.float64]:
    turned: NDArray[np.float64] = (values - np.array([*bias])) @ np.array([*matrix]).reshape(3, 3).T
    return turned
