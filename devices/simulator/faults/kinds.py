"""Which faults there are: where each acts, its size, and which sensors and links can have it."""

from __future__ import annotations

from math import inf
from typing import Final, Literal, NamedTuple

from imu.errors import ParameterError

#: Where a fault acts: on what the chip measures, on the sensor's clock, on the firmware as a whole,
#: on the messages that it sends, or on the radio or cable.
Level = Literal["samples", "clock", "sensor", "messages", "link"]


class FaultKind(NamedTuple):
    """One kind of fault.

    Attributes
    ----------
    level : str
        Where it acts.
    says : str
        What it does, in words.
    low, high : float
        Range of its size.
    unit : str
        Of its size; empty where it has none.
    usual : float
        Its size where none is given.
    usual_s : float
        How long it lasts where nothing is said, s; ``inf`` is to the end, 0 an instant.
    links : tuple of str
        That can have it.
    """

    level: Level
    says: str
    low: float = 0.0
    high: float = 0.0
    unit: str = ""
    usual: float = 0.0
    usual_s: float = inf
    links: tuple[str, ...] = ("ble", "serial")

    @property
    def has_size(self) -> bool:
        """Whether it is more or less of something."""
        return bool(self.unit)

    @property
    def is_instant(self) -> bool:
        """Whether it happens at once, and has no duration."""
        return self.usual_s == 0.0


_AIR: Final = ("ble",)
_SAMPLES: Final = "percent of samples"
_MESSAGES: Final = "percent of messages"
#: A lost link can be had again after this long, s.
_OUTAGE_S: Final = 5.0

#: By the name under which they stand in plans and in ``sim:`` addresses.
FAULT_KINDS: Final[dict[str, FaultKind]] = {
    "saturate": FaultKind(
        "samples", "one axis of acceleration at the end of its range", 0, 100, _SAMPLES, 20
    ),
    "nan": FaultKind("samples", "samples without a value", 0, 100, _SAMPLES, 20),
    "bias_g": FaultKind("samples", "acceleration off by a step, on all axes", -8, 8, "g", 0.5),
    "gyro_bias_deg_s": FaultKind(
        "samples", "angular velocity off by a step, on all axes", -2000, 2000, "degrees/s", 60
    ),
    "stuck_axis": FaultKind(
        "samples",
        "one of the axes 0 to 5 (acceleration, gyroscope) keeps its value",
        0,
        5,
        "number of an axis",
        2,
    ),
    "gyro_dead": FaultKind("samples", "the gyroscope gives zeros"),
    "gyro_frozen": FaultKind("samples", "the gyroscope repeats its last value"),
    "temperature_c": FaultKind(
        "samples", "zero offsets drift with a change of temperature", -80, 80, "degrees C", 30, 20
    ),
    "clip_slip_deg": FaultKind(
        "samples", "the sensor turns on its clip, and stays so", -90, 90, "degrees", 20, 0.0
    ),
    "clock_ppm": FaultKind(
        "clock", "the sensor's clock runs fast", -50000, 50000, "parts per million", 200
    ),
    "clock_jump_s": FaultKind(
        "clock", "the sensor's clock is set forward or back", -3600, 3600, "s", 5, 0.0
    ),
    "reset": FaultKind("sensor", "the sensor starts again, as after a brown-out", usual_s=0.0),
    "battery_percent": FaultKind("sensor", "the battery is down to this", 0, 100, "percent", 3),
    "loss": FaultKind("messages", "lost in the sensor's queue, in runs", 0, 100, _MESSAGES, 10),
    "duplicate": FaultKind("messages", "sent twice", 0, 100, _MESSAGES, 20),
    "reorder": FaultKind("messages", "sent after the next", 0, 100, _MESSAGES, 20),
    "corrupt": FaultKind(
        "messages",
        "damaged: of another length by radio, a byte changed by cable",
        0,
        100,
        _MESSAGES,
        10,
    ),
    "truncate": FaultKind("messages", "cut short", 0, 100, _MESSAGES, 10),
    "split": FaultKind("messages", "sent in two, cut anywhere", 0, 100, _MESSAGES, 20),
    "delay_ms": FaultKind("messages", "held back in the sensor, at most", 0, 10000, "ms", 120),
    "jitter_ms": FaultKind("link", "late at the computer, at most", 0, 10000, "ms", 120),
    "disconnect": FaultKind(
        "link", "the link ends, and cannot be had for a while", usual_s=_OUTAGE_S
    ),
    "blackout": FaultKind("link", "nothing gets through, either way", usual_s=_OUTAGE_S),
    "mtu": FaultKind(
        "link",
        "bytes that a packet holds, three more than a notification",
        23,
        512,
        "bytes",
        23,
        links=_AIR,
    ),
    "interval_ms": FaultKind(
        "link", "another connection interval", 7.5, 4000, "ms", 100, links=_AIR
    ),
    "retransmit": FaultKind(
        "link",
        "packets that need another connection event",
        0,
        95,
        "percent of packets",
        40,
        links=_AIR,
    ),
    "att_error": FaultKind(
        "link",
        "every request is refused with an ATT error code",
        1,
        255,
        "ATT error code",
        0x0E,
        10,
        links=_AIR,
    ),
    "pairing": FaultKind("link", "everything is refused until the computer has paired", links=_AIR),
}

#: Sensors that cannot have a fault, and why.
_WITHOUT: Final[dict[tuple[str, str], str]] = {
    ("witmotion", "clock_jump_s"): "its frames carry no time",
    ("polar", "reorder"): "its neighbours are of different measurements, in any order",
    ("movesense", "battery_percent"): "nothing is heard of its battery",
    ("polar", "battery_percent"): "nothing is heard of its battery",
    ("shimmer3", "battery_percent"): "nothing is heard of its battery",
    ("witmotion/serial", "battery_percent"): "its wired frames do not tell the battery",
}
#: What needs a sensor with a link, and not packets alone.
_NEEDS_A_LINK: Final = frozenset(
    {"mtu", "interval_ms", "retransmit", "att_error", "pairing", "reset", "battery_percent"}
)


def require_possible(kind: str, protocol: str, link: str, *, has_gyro: bool = True) -> None:
    """Raise unless such a sensor, over such a link, can have the fault.

    Parameters
    ----------
    kind : str
        One of :data:`FAULT_KINDS`.
    protocol : str
        What the sensor speaks; empty for packets without a link.
    link : {"ble", "serial"}
    has_gyro : bool
        Whether it measures angular velocity.

    Raises
    ------
    ParameterError
        Naming the fault, and why not.

    Examples
    --------
    >>> require_possible("mtu", "shimmer3", "serial")
    Traceback (most recent call last):
    ...
    imu.errors.ParameterError: mtu is 'serial': give link=ble with it: a serial line has none.
    """
    if not protocol:
        if kind in _NEEDS_A_LINK:
            raise ParameterError(kind, "", "protocol=… with it: without there is no link")
        return
    if link not in FAULT_KINDS[kind].links:
        raise ParameterError(kind, link, "link=ble with it: a serial line has none")
    why = _WITHOUT.get((protocol, kind)) or _WITHOUT.get((f"{protocol}/{link}", kind))
    if kind.startswith("gyro_") and not has_gyro:
        why = "it has no gyroscope"
    if why:
        raise ParameterError(kind, protocol, f"another protocol with it: {why}")
