"""pcapng files with Bluetooth HCI, as Wireshark and dumpcap write them.

Blocks of type, length, content and length again; their byte order is that of the section's head.
Of a section, interfaces say the kind of link and the unit of time, and packets which interface.
Source: draft-ietf-opsawg-pcapng, and the list of link types of the tcpdump group.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from devices.traces.trace import AclPacket
from imu.errors import RecordingError

#: How such a file begins.
MAGIC: Final = b"\x0a\x0d\x0d\x0a"

_SECTION, _INTERFACE, _SIMPLE, _PACKET = 0x0A0D0D0A, 1, 3, 6
_ORDER: Final = 0x1A2B3C4D
_BLOCK_BYTES_MAX: Final = 1 << 20
_INTERFACES_MAX: Final = 256
_RESOLUTION_OPTION: Final = 9
_H4, _H4_DIRECTION, _MONITOR = 187, 201, 254
_H4_ACL: Final = 2
_MONITOR_SENT, _MONITOR_CAME = 4, 5


@dataclass(frozen=True, slots=True)
class _Interface:
    link: int
    ticks: int = 10**6  # of its clock in a second


def acl_packets(content: bytes, path: str) -> Iterator[AclPacket | None]:
    """Data between computer and controller, in order; None at the end of a file that is cut short.

    Raises
    ------
    RecordingError
        When it holds a kind of link that is not known, or none.
    """
    interfaces: list[_Interface] = []
    for block in _blocks(content):
        if block is None:
            yield None
            return
        order, kind, body = block
        if kind == _SECTION:
            interfaces = []
        elif kind == _INTERFACE and len(body) >= 8 and len(interfaces) < _INTERFACES_MAX:
            interfaces.append(_interface(order, body))
        elif kind == _PACKET and len(body) >= 20:
            number, high, low, kept, _ = struct.unpack_from(f"{order}5I", body)
            if number >= len(interfaces) or 20 + kept > len(body):
                continue
            interface = interfaces[number]
            data, ticks = body[20 : 20 + kept], high << 32 | low
            if interface.link not in {_H4, _H4_DIRECTION, _MONITOR}:
                raise RecordingError(
                    f"was captured on a link of type {interface.link}: capture Bluetooth HCI "
                    "(types 187, 201 or 254) on the computer or telephone itself.",
                    path=path,
                )
            packet = _data(interface.link, data, ticks * 10**9 // interface.ticks)
            if packet is not None:
                yield packet


def _blocks(content: bytes) -> Iterator[tuple[str, int, bytes] | None]:
    """Byte order, type and content of each block; None where the file cannot be followed."""
    order, at, size = "<", 0, len(content)
    while at < size:
        if at + 12 > size:
            yield None
            return
        if content[at : at + 4] == MAGIC:
            order = "<" if content[at + 8 : at + 12] == _ORDER.to_bytes(4, "little") else ">"
            if content[at + 8 : at + 12] != _ORDER.to_bytes(4, "little" if order == "<" else "big"):
                yield None
                return
        kind, length = struct.unpack_from(f"{order}2I", content, at)
        end = at + length
        if length < 12 or length % 4 or length > _BLOCK_BYTES_MAX or end > size:
            yield None
            return
        if struct.unpack_from(f"{order}I", content, end - 4)[0] != length:
            yield None
            return
        yield order, kind, content[at + 8 : end - 4]
        at = end


def _interface(order: str, body: bytes) -> _Interface:
    (link,) = struct.unpack_from(f"{order}H", body)
    ticks, at = 10**6, 8
    while at + 4 <= len(body):
        option, length = struct.unpack_from(f"{order}2H", body, at)
        if option == 0 or at + 4 + length > len(body):
            break
        if option == _RESOLUTION_OPTION and length == 1:
            exponent = body[at + 4]
            ticks = 2 ** (exponent & 0x7F) if exponent & 0x80 else 10**exponent
        at += 4 + (length + 3) // 4 * 4
    return _Interface(link, ticks)


def _data(link: int, data: bytes, time_ns: int) -> AclPacket | None:
    """A packet as data; None when it is something else."""
    if link == _MONITOR:
        opcode = int.from_bytes(data[2:4], "big")
        if len(data) < 4 or opcode not in {_MONITOR_SENT, _MONITOR_CAME}:
            return None
        return AclPacket(time_ns, opcode == _MONITOR_CAME, data[4:])
    came = True
    if link == _H4_DIRECTION:
        came, data = data[3:4] == b"\x01", data[4:]
    return AclPacket(time_ns, came, data[1:]) if data[:1] == bytes((_H4_ACL,)) else None
