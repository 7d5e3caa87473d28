"""What a source yields, in the order in which it happened; with the marks it is a session's log.

The recording stores it, and replay reads it back; live analysis is replay of the log while it is
written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import msgspec

from imu.calibration import Calibration


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """What is known of a sensor once it is connected.

    Parameters
    ----------
    name : str
        As the sensor is called.
    protocol : str
        The file in ``devices/protocols`` that decodes its packets.
    rate_hz : float
        Nominal sample rate, Hz, positive; the true one may differ by some percent.
    acceleration_range_m_s2, angular_velocity_range_rad_s : float
        End of the ranges, m/s² and rad/s; the latter 0 without a gyroscope.
    axes : str
        Which signed sensor axes point forward, left and up, such as ``"+x+y+z"``; empty when the
        sensor does not say.
    serial, firmware : str
        As the sensor tells them; empty when it does not.
    calibration : Calibration, optional
        That the sensor keeps and does not apply itself; None when it keeps none.

    Examples
    --------
    >>> DeviceInfo("Clip", "backstride", 200.0, 156.9, 34.9, axes="+x+y+z").firmware
    ''
    """

    name: str
    protocol: str
    rate_hz: float
    acceleration_range_m_s2: float
    angular_velocity_range_rad_s: float  # 0 without a gyroscope
    axes: str = ""
    serial: str = ""
    firmware: str = ""
    calibration: Calibration | None = None


class Packet(msgspec.Struct, frozen=True, gc=False):
    """Bytes as received, stamped on arrival.

    Parameters
    ----------
    arrival_ns : int
        On the host's monotonic clock, ns.
    channel : str
        Of the protocol: ``"data"``, ``"status"``, …
    payload : bytes
        Nothing is decoded yet.

    Examples
    --------
    >>> len(Packet(5_000_000, "data", b"abc").payload)
    3
    """

    arrival_ns: int
    channel: str  # of the protocol: "data", "status", …
    payload: bytes


@dataclass(frozen=True, slots=True)
class LinkEvent:
    """Something that happened to the link.

    Parameters
    ----------
    arrival_ns : int
        On the host's monotonic clock, ns.
    kind : {"connected", "lost", "resumed", "gap", "ended"}
        What happened.
    detail : str
        In words, for people.

    Examples
    --------
    >>> LinkEvent(0, "lost", "out of range").kind
    'lost'
    """

    arrival_ns: int
    kind: Literal["connected", "lost", "resumed", "gap", "ended"]
    detail: str = ""


@dataclass(frozen=True, slots=True)
class StreamRecord:
    """What came from a device beside the motion sensor: a treadmill, a foot pod, a strap.

    Parameters
    ----------
    stream : str
        Which, see :data:`devices.streams.registry.STREAMS`.
    record : Packet or LinkEvent
        Stamped on the same clock as the sensor's; its decoder is the stream's own.
    """

    stream: str
    record: Packet | LinkEvent

    @property
    def arrival_ns(self) -> int:
        """On the host's monotonic clock, ns."""
        return self.record.arrival_ns


Record = DeviceInfo | Packet | LinkEvent | StreamRecord
