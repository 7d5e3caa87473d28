"""A trace: what a sensor sent over its link and when, as some other program has noted it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from imu.errors import RecordingError

#: Largest file that is read, and most messages in it: a day of 20 messages a second.
FILE_BYTES_MAX: Final = 256 << 20
EVENTS_MAX: Final = 2_000_000
#: Protocols of sensors that stream all the time, while they are set up too, within so long, s.
STREAM_BY_THEMSELVES: Final = ("witmotion",)
SET_UP_S: Final = 20.0


class AclPacket(NamedTuple):
    """Data between a computer and its Bluetooth controller.

    ``came`` is whether it came from the sensor; ``payload`` begins with the connection's handle.
    """

    time_ns: int
    came: bool
    payload: bytes


class TraceEvent(NamedTuple):
    """What the sensor sent; ``channel`` is a characteristic's UUID, or ``"bytes"``.

    ``missing`` tells what the file lacks before it.
    """

    time_ns: int
    channel: str
    payload: bytes
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Trace:
    """What a file holds of one sensor.

    Attributes
    ----------
    protocol : str
        One of :data:`devices.drivers.registry.PROTOCOLS`.
    link : {"ble", "serial"}
    rate_hz : float
        Nominal sample rate, Hz.
    events : tuple of TraceEvent
        In order, from time 0 on.
    answers : dict of bytes to bytes
        What the sensor answered when it was set up, by the question, where no simulated one could.
    cut_short : bool
        Whether the file ends within something, or goes on with what cannot be read.
    """

    protocol: str
    link: Literal["ble", "serial"]
    rate_hz: float
    events: tuple[TraceEvent, ...]
    cut_short: bool = False
    answers: dict[bytes, bytes] = field(default_factory=dict)

    @property
    def duration_s(self) -> float:
        """From the first to the last event, s."""
        return self.events[-1].time_ns * 1e-9 if self.events else 0.0


def too_much(path: str) -> RecordingError:
    """The error for a trace that is larger than anybody's session."""
    return RecordingError(
        f"holds over {EVENTS_MAX} messages: cut it to the part that matters.", path=path
    )
