"""What a protocol's decoder makes of the packets of one sensor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from devices.records import Packet


class Reading(NamedTuple):
    """Consecutive samples of one message, in SI units and the sensor's own frame.

    Attributes
    ----------
    acceleration_m_s2 : ndarray of float64, shape (n, 3)
        Specific force.
    angular_velocity_rad_s : ndarray of float64, shape (n, 3), or None
        None where it was not measured.
    sequence : int or None
        Index of the first sample modulo 65536, where the protocol counts.
    time_us : int or None
        Device time of the sample ``stamped``, modulo the decoder's ``time_modulus_us``.
    stamped : int
        Which of the samples the time belongs to; 0 is the first.
    quality : ndarray of uint8, shape (n,), or None
        :class:`~imu.samples.Quality` bits; None when all is well.
    time_step : bool
        Whether the device says that it has just set its clock; without a time, that samples before
        it were left out, nobody knows how many.
    missing_before : int
        Samples known to be missing before the first, where no number or stamp tells.
    repeated : int
        Samples of it, or of dropped ones before it, that are the one before to the last bit.
    by_radio : bool
        Whether, without number and stamp, it came by a link that delivers at events of its own.
    """

    acceleration_m_s2: NDArray[np.float64]
    angular_velocity_rad_s: NDArray[np.float64] | None = None
    sequence: int | None = None
    time_us: int | None = None
    stamped: int = 0
    quality: NDArray[np.uint8] | None = None
    time_step: bool = False
    missing_before: int = 0
    repeated: int = 0
    by_radio: bool = False


class Readings(NamedTuple):
    """The readings of messages that follow one another, alike and nothing particular in them.

    All fields are as those of a :class:`Reading`, with one more axis in front: the messages.

    Attributes
    ----------
    acceleration_m_s2 : ndarray of float64, shape (k, n, 3)
    angular_velocity_rad_s : ndarray of float64, shape (k, n, 3), or None
    sequence : ndarray of int64, shape (k,), or None
    time_us : ndarray of int64, shape (k,)
        Of the first sample of each.
    parts : int
        Packets that each message came in.
    """

    acceleration_m_s2: NDArray[np.float64]
    angular_velocity_rad_s: NDArray[np.float64] | None
    sequence: NDArray[np.int64] | None
    time_us: NDArray[np.int64]
    parts: int = 1

    def until(self, stop: int) -> Readings:
        """Those of the messages before this one."""
        gyro, sequence = self.angular_velocity_rad_s, self.sequence
        return Readings(
            self.acceleration_m_s2[:stop],
            None if gyro is None else gyro[:stop],
            None if sequence is None else sequence[:stop],
            self.time_us[:stop],
            self.parts,
        )

    def one(self, place: int) -> Reading:
        """That of one message."""
        gyro, sequence = self.angular_velocity_rad_s, self.sequence
        return Reading(
            self.acceleration_m_s2[place],
            None if gyro is None else gyro[place],
            None if sequence is None else int(sequence[place]),
            int(self.time_us[place]),
        )


class ClockAnchor(NamedTuple):
    """The device's clock at the moment it sent a message of no fixed rhythm: a ping's reply.

    ``device_us`` is device time without wrapping, on the line of the readings' stamps;
    ``requested_ns`` the host's clock when it asked, None where nobody did.
    """

    device_us: int
    arrival_ns: int
    requested_ns: int | None = None


class Battery(NamedTuple):
    """Charge of the sensor's battery, %, 0 to 100."""

    percent: float


Decoded = Reading | ClockAnchor | Battery


class Decoder(Protocol):
    """Turns one sensor's packets, in order, into values: a deterministic function of the log.

    It resynchronises by itself after bytes that make no sense, and counts them.
    """

    @property
    def time_modulus_us(self) -> int | None:
        """Where device time wraps, µs; None when the protocol carries no time."""
        ...

    @property
    def malformed_packets(self) -> int:
        """Messages dropped because they do not follow the wire format."""
        ...

    def push(self, packet: Packet) -> list[Decoded]:
        """Take the next packet of any channel; returns what it completes, often nothing."""
        ...

    def reset(self) -> None:
        """Forget half a message: the link has begun anew. Counts stay."""
        ...


@runtime_checkable
class CutDecoder(Decoder, Protocol):
    """A decoder of messages that come in parts, or in a stream that may lack a piece."""

    @property
    def cut_packets(self) -> int:
        """Of the malformed ones, those that lack what was lost on the way."""
        ...


@runtime_checkable
class ReadingsDecoder(Decoder, Protocol):
    """A decoder that can take many packets at once, as they lie in a log."""

    def push_alike(self, packets: Sequence[Packet], start: int) -> Readings | None:
        """Take the packets from ``start`` on, as far as they are alike and nothing is particular.

        Each gives one reading, just as :meth:`push` would. None, and nothing is taken, where that
        holds for too few to gain anything.
        """
        ...
