"""btsnoop files, as Android's developer options and BlueZ's ``btmon -w`` write them.

A head of 16 bytes (name, version, kind of link), then records of 24 bytes and their data, all
big-endian: length in the air, length kept, flags, drops, time in µs.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from devices.traces.trace import AclPacket
from imu.errors import RecordingError

#: How such a file begins.
MAGIC: Final = b"btsnoop\0"

_HEAD: Final = struct.Struct(">8sII")
_RECORD: Final = struct.Struct(">IIIIq")
_RECORD_BYTES_MAX: Final = 1 << 16
_BARE, _H4, _MONITOR = 1001, 1002, 2001
_H4_ACL: Final = 2
_MONITOR_SENT, _MONITOR_CAME = 4, 5  # opcodes of data


def acl_packets(content: bytes, path: str) -> Iterator[AclPacket | None]:
    """Data between computer and controller, in order; None at the end of a file that is cut short.

    Raises
    ------
    RecordingError
        When the head is no such file's, or of a kind of link that is not known.
    """
    if len(content) < _HEAD.size or not content.startswith(MAGIC):
        raise RecordingError(
            "is no btsnoop file, or nothing but its beginning: record it anew with Android's "
            "developer options or with 'btmon -w', and copy it once that has ended.",
            path=path,
        )
    _, version, kind = _HEAD.unpack_from(content)
    if version != 1 or kind not in {_BARE, _H4, _MONITOR}:
        raise RecordingError(
            f"is a btsnoop file of version {version} and link {kind}: record HCI with Android's "
            "developer options or with 'btmon -w'.",
            path=path,
        )
    at = _HEAD.size
    while at < len(content):
        if at + _RECORD.size > len(content):
            yield None
            return
        _, kept, flags, _, time_us = _RECORD.unpack_from(content, at)
        at += _RECORD.size
        if kept > _RECORD_BYTES_MAX or at + kept > len(content):
            yield None
            return
        data, at = content[at : at + kept], at + kept
        packet = _data(kind, flags, data, time_us * 1000)
        if packet is not None:
            yield packet


def _data(kind: int, flags: int, data: bytes, time_ns: int) -> AclPacket | None:
    """A record as data; None when it is something else."""
    if kind == _MONITOR:
        opcode = flags & 0xFFFF
        if opcode not in {_MONITOR_SENT, _MONITOR_CAME}:
            return None
        return AclPacket(time_ns, opcode == _MONITOR_CAME, data)
    came, is_command_or_event = bool(flags & 1), bool(flags & 2)
    if kind == _H4:
        return AclPacket(time_ns, came, data[1:]) if data[:1] == bytes((_H4_ACL,)) else None
    return None if is_command_or_event else AclPacket(time_ns, came, data)
