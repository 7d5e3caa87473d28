"""What a source yields, in the order in which it happened; with the marks it is a session's log.

The recording stores it, and replay reads it back; live analysis is replay of the log while it is
written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["DeviceInfo", "LinkEvent", "Packet", "Record"]


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """What is known of a sensor once it is connected.

    ``protocol`` names the file in ``devices/protocols`` that decodes its packets; ``axes`` says
    which signed sensor axes point forward, left and up, empty when the device does not say.
    """

    name: str
    protocol: str
    rate_hz: float
    acceleration_range_m_s2: float
    angular_velocity_range_rad_s: float  # 0 without a gyroscope
    axes: str = ""
    serial: str = ""
    firmware: str = ""


@dataclass(frozen=True, slots=True)
class Packet:
    """Bytes as received, stamped with the host's monotonic clock on arrival."""

    arrival_ns: int
    channel: str  # of the protocol: "data", "status", …
    payload: bytes


@dataclass(frozen=True, slots=True)
class LinkEvent:
    """Something that happened to the link."""

    arrival_ns: int
    kind: Literal["connected", "lost", "resumed", "gap", "ended"]
    detail: str = ""


Record = DeviceInfo | Packet | LinkEvent
