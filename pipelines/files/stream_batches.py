"""What came from devices beside the sensor, as it is kept in a session file.

Such a device sends some bytes a second, so its packets are kept as they are, some seconds of them
to a message, with what happened to its link between them. Each record has its place: the number of
records of the whole log before it. A reader puts the log together by it, so that its order is that
of the recording, however the file was cut into messages.

The bytes of a batch: MessagePack of an array of arrays, either ``["packet", place, arrival_ns,
channel, payload]`` or ``["link", place, arrival_ns, kind, detail]``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from devices.records import LinkEvent, Packet, StreamRecord
from pipelines.session.json_form import from_plain


class PlacedRecord(NamedTuple):
    """A record, and how many records of the whole log stand before it."""

    place: int
    record: StreamRecord


class _PacketEntry(msgspec.Struct, array_like=True, frozen=True, tag="packet"):
    place: int
    arrival_ns: int
    channel: str
    payload: bytes


class _LinkEntry(msgspec.Struct, array_like=True, frozen=True, tag="link"):
    place: int
    arrival_ns: int
    kind: str
    detail: str


def encode_stream(placed: Sequence[PlacedRecord]) -> bytes:
    """Records of one stream, in order, to a batch.

    Examples
    --------
    >>> placed = [PlacedRecord(7, StreamRecord("treadmill", Packet(5, "data", b"abc")))]
    >>> decode_stream(encode_stream(placed), "treadmill") == placed
    True
    """
    return msgspec.msgpack.encode([_entry(place, each.record) for place, each in placed])


def _entry(place: int, record: Packet | LinkEvent) -> _PacketEntry | _LinkEntry:
    if isinstance(record, Packet):
        return _PacketEntry(place, record.arrival_ns, record.channel, record.payload)
    # any text that a system produced can be written
    detail = record.detail.encode("utf-8", "backslashreplace").decode()
    return _LinkEntry(place, record.arrival_ns, record.kind, detail)


def decode_stream(data: bytes, stream: str) -> list[PlacedRecord]:
    """A batch to records.

    Raises
    ------
    ValueError
        When the bytes are no batch.
    """
    try:
        entries = msgspec.msgpack.decode(data, type=list[_PacketEntry | _LinkEntry])
    except msgspec.MsgspecError as error:
        raise ValueError(f"this is no batch: {error}") from None
    return [PlacedRecord(entry.place, StreamRecord(stream, _record(entry))) for entry in entries]


def _record(entry: _PacketEntry | _LinkEntry) -> Packet | LinkEvent:
    if isinstance(entry, _PacketEntry):
        return Packet(entry.arrival_ns, entry.channel, entry.payload)
    link = {"arrival_ns": entry.arrival_ns, "kind": entry.kind, "detail": entry.detail}
    return from_plain(link, LinkEvent)
