"""The project's own wire format: how its messages travel over Bluetooth LE and serial lines.

On Bluetooth LE each kind of message has its characteristic. On a serial line the same payloads come
in frames (``cobs.py``), behind one byte that says which kind it is. There the Info message, which
nobody can read, comes when the sensor starts and before each reply to GET_CONFIG.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from devices.links import BYTES_CHANNEL
from devices.protocols.cobs import Deframer, encode_frame
from devices.records import Packet

#: Kinds of message, as channels of a log.
INFO_CHANNEL: Final = "info"
CONTROL_CHANNEL: Final = "control"
DATA_CHANNEL: Final = "data"
STATUS_CHANNEL: Final = "status"
BULK_CHANNEL: Final = "bulk"


class FrameType(IntEnum):
    """First byte of a frame's content."""

    DATA = 1
    REQUEST = 2
    REPLY = 3
    STATUS = 4
    BULK = 5
    TEXT = 6  # for people who look on
    INFO = 7


_CHANNELS: Final = {
    int(FrameType.DATA): DATA_CHANNEL,
    int(FrameType.REPLY): CONTROL_CHANNEL,
    int(FrameType.STATUS): STATUS_CHANNEL,
    int(FrameType.BULK): BULK_CHANNEL,
    int(FrameType.INFO): INFO_CHANNEL,
}


def encode_message(kind: FrameType, payload: bytes) -> bytes:
    r"""Write a message as a frame for a serial line.

    Examples
    --------
    >>> encode_message(FrameType.REQUEST, b"\x04\x01").hex(" ")
    '06 02 04 01 19 7e 00'
    """
    return encode_frame(bytes([kind]) + payload)


class MessageReader:
    r"""Messages of the sensor in the packets of either kind of link, in order.

    Examples
    --------
    >>> reader = MessageReader()
    >>> frame = encode_message(FrameType.BULK, b"\x01\x00")
    >>> reader.push(Packet(0, "bytes", frame)) == reader.push(Packet(0, "bulk", b"\x01\x00"))
    True
    """

    def __init__(self) -> None:
        self._deframer = Deframer()

    @property
    def rejected(self) -> int:
        """Damaged frames so far."""
        return self._deframer.rejected

    def push(self, packet: Packet) -> list[tuple[str, bytes]]:
        """Channel and payload of the messages that a packet holds or completes.

        Text, requests and frames of unknown kinds are left out.
        """
        if packet.channel != BYTES_CHANNEL:
            return [(packet.channel, packet.payload)]
        return [
            (_CHANNELS[content[0]], content[1:])
            for content in self._deframer.push(packet.payload)
            if content[0] in _CHANNELS
        ]

    def reset(self) -> None:
        """Forget half a frame; the count stays."""
        self._deframer.reset()
