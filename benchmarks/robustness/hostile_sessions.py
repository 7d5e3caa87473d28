"""Session files made to fill the memory: each kind of record, as often as it packs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec
from mcap.writer import Writer

from devices.records import Packet
from pipelines.files import session_messages as messages
from pipelines.files.packet_batches import MOST_PACKETS, encode_packets
from pipelines.session.header import SessionHeader
from pipelines.session.marks import Surface

UTC_START_NS: Final = 1_790_000_000_000_000_000
HEADER: Final = SessionHeader(UTC_START_NS, "sim:")
_CHUNK_BYTES: Final = 15 << 20


def hostile_session(path: Path, kind: str, length: int) -> Path:
    """A file of so many bytes, of chunks with as much of one kind as fits."""
    with path.open("wb") as file:
        writer: Any = Writer(file, chunk_size=_CHUNK_BYTES)
        writer.start("x-backstride")
        schema = writer.register_schema(messages.SESSION.schema_name, "", b"")
        channel = writer.register_channel(messages.SESSION.topic, "", schema, {})
        writer.add_message(channel, UTC_START_NS, messages.encode_header(HEADER), UTC_START_NS, 0)
        more, number = SESSIONS[kind](writer), 0
        while file.tell() < length:
            more(number)
            number += 1
        # as a program that was killed leaves it: what has not reached the file is not there
    return path


def _messages_of(kind: messages.MessageKind, data: bytes) -> Callable[[Any], Callable[[int], None]]:
    def add(writer: Any) -> Callable[[int], None]:
        schema = writer.register_schema(kind.schema_name, "", kind.schema)
        channel = writer.register_channel(kind.topic, "", schema, {"stream": kind.stream})
        return lambda number: writer.add_message(channel, UTC_START_NS, data, UTC_START_NS, number)

    return add


def _topics(writer: Any) -> Callable[[int], None]:
    def more(number: int) -> None:
        channel = writer.register_channel(f"/{number}", "", 0, {"a": "b" * 1_000_000})
        writer.add_message(channel, UTC_START_NS, b"", UTC_START_NS, 0)

    return more


_STREAM = messages.stream_kind("treadmill")
SESSIONS: Final = {
    "empty packets": _messages_of(
        messages.PACKETS, encode_packets([Packet(5, "data", b"")] * MOST_PACKETS)
    ),
    "long packets": _messages_of(
        messages.PACKETS, encode_packets([Packet(5, "data", bytes(700))] * MOST_PACKETS)
    ),
    "names of channels": _messages_of(
        messages.PACKETS,
        msgspec.msgpack.encode([[b""] * 2_000_000, b"\0", bytes(4), bytes(8), b""]),
    ),
    "link events": _messages_of(messages.LINK, b'{"kind":"lost","detail":""}'),
    "marks": _messages_of(messages.MARKS, messages.encode(Surface("track"))),
    "facts": _messages_of(
        messages.MessageKind("/facts/a", f"{messages.FACT_SCHEMAS}a", "facts"), b'{"a":[[],[]]}'
    ),
    "readings": _messages_of(
        _STREAM, msgspec.msgpack.encode([["packet", 2, 5, "a", b""]] * 50_000)
    ),
    "deep": _messages_of(messages.MARKS, b'{"a":' * 100_000),
    "topics": _topics,
}
