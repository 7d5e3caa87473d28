"""From data between computer and controller to what sensors have notified, with its UUIDs.

Fragments of L2CAP are put together again for each connection and direction; of the attribute
protocol, notifications, indications and the answers of a discovery are read. Source: Bluetooth
Core 5.4, Vol. 4 Part E 5.4.2, Vol. 3 Part A 3.1 and Part F 3.4.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from devices.traces.trace import EVENTS_MAX, AclPacket, too_much

_CID: Final = 4
_FIRST_PARTS: Final = (0, 2)
_CONNECTIONS_MAX: Final = 64
_PDU_BYTES_MAX: Final = 1 << 16
_HANDLES_MAX: Final = 4096
_NOTIFICATION, _INDICATION, _READ_BY_TYPE, _FOUND_BY_TYPE = 0x1B, 0x1D, 0x08, 0x09
_WRITTEN: Final = (0x12, 0x52)  # request and command
_CHARACTERISTIC: Final = b"\x03\x28"
_BASE: Final = "0000{}-0000-1000-8000-00805f9b34fb"


class Notification(NamedTuple):
    """What a sensor notified or indicated; ``handle`` is the attribute's."""

    time_ns: int
    handle: int
    value: bytes


@dataclass(slots=True)
class Connection:
    """One connection of a trace.

    Attributes
    ----------
    notified : list of Notification
    uuids : dict of int to str
        Characteristics by the handle of their value, as far as a discovery was seen.
    written_ns : list of int
        When the computer wrote something.
    """

    notified: list[Notification] = field(default_factory=list)
    written_ns: list[int] = field(default_factory=list)
    uuids: dict[int, str] = field(default_factory=dict)
    _open: dict[bool, bytearray] = field(default_factory=dict)
    _asked: bytes = b""  # kind of attribute that was asked for

    def take(self, packet: AclPacket, *, is_first: bool, data: bytes) -> None:
        """Take a part of a message in one direction."""
        if is_first:
            self._open[packet.came] = bytearray(data)
        elif packet.came in self._open:
            self._open[packet.came] += data
        whole = self._open.get(packet.came)
        if whole is None or len(whole) < 4:
            return
        size = int.from_bytes(whole[:2], "little")
        if len(whole) > _PDU_BYTES_MAX:
            del self._open[packet.came]
        elif len(whole) >= 4 + size:
            channel = int.from_bytes(whole[2:4], "little")
            message = bytes(whole[4 : 4 + size])
            del self._open[packet.came]
            if channel == _CID and message:
                self._read(packet, message)

    def _read(self, packet: AclPacket, message: bytes) -> None:
        code = message[0]
        if code == _READ_BY_TYPE:
            self._asked = message[5:]
        elif code == _FOUND_BY_TYPE and self._asked == _CHARACTERISTIC:
            self._found(message)
        elif code in _WRITTEN and not packet.came:
            self.written_ns.append(packet.time_ns)
        elif code in {_NOTIFICATION, _INDICATION} and packet.came and len(message) > 3:
            handle = int.from_bytes(message[1:3], "little")
            self.notified.append(Notification(packet.time_ns, handle, message[3:]))

    def _found(self, message: bytes) -> None:
        """Characteristics: handle, properties, handle of the value, UUID."""
        size = message[1] if len(message) > 1 else 0
        if size not in {7, 21}:
            return
        for at in range(2, len(message) - size + 1, size):
            if len(self.uuids) >= _HANDLES_MAX:
                return
            handle = int.from_bytes(message[at + 3 : at + 5], "little")
            uuid = message[at + 5 : at + size][::-1].hex()
            self.uuids[handle] = (
                _BASE.format(uuid)
                if size == 7
                else "-".join((uuid[:8], uuid[8:12], uuid[12:16], uuid[16:20], uuid[20:]))
            )


def connections_in(packets: Iterable[AclPacket | None], path: str) -> tuple[list[Connection], bool]:
    """Connections in a trace that notified something, and whether it was cut short.

    Raises
    ------
    RecordingError
        When there is more in it than anybody can want.
    """
    connections: dict[int, Connection] = {}
    count, cut_short = 0, False
    for packet in packets:
        if packet is None:
            cut_short = True
            break
        if len(packet.payload) < 4:
            continue
        count += 1
        if count > EVENTS_MAX:
            raise too_much(path)
        head = int.from_bytes(packet.payload[:2], "little")
        handle, part = head & 0x0FFF, head >> 12 & 3
        if handle not in connections and len(connections) >= _CONNECTIONS_MAX:
            continue
        size = int.from_bytes(packet.payload[2:4], "little")
        connections.setdefault(handle, Connection()).take(
            packet, is_first=part in _FIRST_PARTS, data=packet.payload[4 : 4 + size]
        )
    return [each for each in connections.values() if each.notified], cut_short
