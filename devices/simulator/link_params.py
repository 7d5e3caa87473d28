"""Properties and faults of one simulated radio link, with their ranges."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from math import inf
from typing import Any, Final, NamedTuple

from imu.errors import ParameterError

#: Stretches of time: from, to; seconds since the sensor was placed in the air.
Times = tuple[tuple[float, float], ...]

#: Lowest and highest value of each number, and its unit.
_RANGES: Final[dict[str, tuple[float, float, str]]] = {
    "packets_per_event": (1, 1000, "packets"),
    "notification_bytes_max": (20, 509, "bytes"),
    "queue_packets": (1, 100_000, "packets"),
    "latency_ms": (0.0, 10_000.0, "ms"),
    "jitter_ms": (0.0, 10_000.0, "ms"),
    "retransmit_percent": (0.0, 95.0, "percent of packets"),
    "supervision_timeout_s": (0.1, 32.0, "s"),
    "absent_after_s": (0.0, inf, "s"),
    "busy_until_s": (0.0, inf, "s"),
    "att_error": (0, 255, "ATT error code, 0 for none"),
    "read_delay_ms": (0.0, 600_000.0, "ms"),
    "advertising_interval_ms": (20.0, 10_240.0, "ms"),
    "signal_dbm": (-127, 20, "dBm"),
}


class Spell(NamedTuple):
    """For a while, s since the sensor was placed in the air, a property has another value."""

    start_s: float
    end_s: float
    name: str
    value: float


@dataclass(frozen=True, slots=True)
class LinkParams:
    """How the radio treats one sensor; the defaults are a good link without faults.

    Bluetooth LE is reliable: what is sent arrives, in order and once, or the link ends. Loss comes
    from a sensor whose queue overflows while the link is slow or away; what the sensor itself does
    to its messages is :class:`devices.simulator.faults.peripheral.FaultyPeripheral`'s.

    Times are seconds since the sensor was placed in the air.

    Parameters
    ----------
    connection_interval_ms : float
        From one connection event to the next, ms, 7.5 to 4000; 0 is an ideal link, at once.
    packets_per_event : int
        Most packets in one event and direction, 1 to 1000.
    notification_bytes_max : int
        Longest notification, bytes, 20 to 509: three less than the MTU. More is cut off silently,
        as real stacks do.
    queue_packets : int
        Packets that wait in the sensor's radio before sending blocks, 1 to 100 000.
    latency_ms, jitter_ms : float
        From the event to the program on the host, ms: always, and at most more; order is kept.
    retransmit_percent : float
        Packets that need another event, 0 to 95.
    supervision_timeout_s : float
        The link ends when nothing got through for this long, s, 0.1 to 32.
    blackouts_s : tuple of (from, to)
        Out of reach: nothing is heard, neither advertising nor data.
    drops_s : tuple of float
        When the sensor closes the link.
    silences_s : tuple of (from, to)
        The firmware hangs: the link stays, but the sensor sends and answers nothing.
    absent_after_s : float
        Gone for good, as with an empty battery.
    busy_until_s : float
        Advertises, but refuses every connection until then; ``inf`` is for ever.
    att_errors : tuple of (channel, code)
        Characteristics that refuse every read, write and subscription, with the ATT error code.
    att_error : int
        The code with which all of them do, 1 to 255; 0 for none.
    demands_pairing : bool
        Everything is refused until the computer has paired.
    read_delay_ms : float
        How long the sensor takes to answer a request, ms.
    advertising_interval_ms : float
        20 to 10 240 ms.
    signal_dbm : int
        Mean signal strength, dBm, -127 to 20.
    spells : tuple of Spell
        Properties that are other for a while.

    Raises
    ------
    ParameterError
        When a value is outside its range.
    """

    connection_interval_ms: float = 15.0
    packets_per_event: int = 6
    notification_bytes_max: int = 244
    queue_packets: int = 16
    latency_ms: float = 0.0
    jitter_ms: float = 0.0
    retransmit_percent: float = 0.0
    supervision_timeout_s: float = 4.0
    blackouts_s: Times = ()
    drops_s: tuple[float, ...] = ()
    silences_s: Times = ()
    absent_after_s: float = inf
    busy_until_s: float = 0.0
    att_errors: tuple[tuple[str, int], ...] = ()
    att_error: int = 0
    demands_pairing: bool = False
    read_delay_ms: float = 0.0
    advertising_interval_ms: float = 100.0
    signal_dbm: int = -60
    spells: tuple[Spell, ...] = ()

    def __post_init__(self) -> None:
        interval_ms = self.connection_interval_ms
        if interval_ms != 0 and not 7.5 <= interval_ms <= 4000:
            raise ParameterError("connection_interval_ms", interval_ms, "7.5 to 4000 ms, or 0")
        for name in (field.name for field in fields(self)):
            if name in _RANGES:
                low, high, unit = _RANGES[name]
                value = getattr(self, name)
                if not low <= value <= high:
                    raise ParameterError(name, value, f"a number from {low:g} to {high:g} {unit}")
        for name in ("blackouts_s", "silences_s"):
            for start_s, end_s in getattr(self, name):
                if not 0 <= start_s < end_s:
                    raise ParameterError(name, (start_s, end_s), "a start of at least 0 and an end")
        for drop_s in self.drops_s:
            if not 0 <= drop_s < inf:
                raise ParameterError("drops_s", drop_s, "times of at least 0 s")
        for channel, code in self.att_errors:
            if not 1 <= code <= 0xFF:
                raise ParameterError("att_errors", (channel, code), "ATT error codes of 1 to 255")

        for spell in self.spells:
            self.at(spell.start_s)  # its range is checked

    def at(self, placed_s: float) -> LinkParams:
        """The properties at this time since the sensor was placed, s."""
        if not self.spells:
            return self
        now: dict[str, Any] = {
            s.name: s.value for s in self.spells if s.start_s <= placed_s < s.end_s
        }
        return replace(self, spells=(), **now)

    def next_change_s(self, placed_s: float) -> float:
        """When :meth:`at` is another after this time, s; ``inf`` for never."""
        edges = [edge_s for spell in self.spells for edge_s in spell[:2] if edge_s > placed_s]
        return min(edges, default=inf)

    def reachable(self, placed_s: float) -> bool:
        """Whether the sensor's radio is heard at this time since it was placed, s."""
        return placed_s < self.absent_after_s and not is_within(placed_s, self.blackouts_s)


def is_within(placed_s: float, stretches_s: Times) -> float:
    """When the stretch ends that this time lies in, s; 0 when it lies in none.

    >>> is_within(3.0, ((1.0, 2.0), (2.5, 4.0)))
    4.0
    >>> is_within(2.0, ((1.0, 2.0),))
    0.0
    """
    return max(
        (end_s for start_s, end_s in stretches_s if start_s <= placed_s < end_s), default=0.0
    )
