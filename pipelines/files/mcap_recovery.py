"""Messages of an MCAP file as far as it is sound: bounded in memory, whatever the file holds.

The library's readers refuse a file without its end, and trust what a file says of its sizes. Here
a record, a chunk and what it expands to are each at most :data:`RECORD_LIMIT_BYTES`, and all of it
together takes no more memory than goes with the length of the file.
"""

from __future__ import annotations

import io
import os
import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any, Final, NamedTuple, cast

import lz4.frame
import zstandard
from mcap.data_stream import ReadDataStream
from mcap.exceptions import EndOfFile, RecordLengthLimitExceeded
from mcap.opcode import Opcode
from mcap.records import Channel, Chunk, Schema, Statistics
from mcap.writer import MCAP0_MAGIC

from imu.errors import RecordingError

MAGIC: Final[bytes] = MCAP0_MAGIC
#: No sound record is larger; a damaged length must not fill the memory.
RECORD_LIMIT_BYTES: Final = 16 * 2**20

#: What any file may take, and for each of its bytes: arrivals differ by some bits, so that no
#: sensor's packets pack below a byte and a half, which are 100 times as many in memory.
_ALLOWED_BYTES: Final = 192 * 2**20
_ALLOWED_A_BYTE: Final = 128
#: Of what a chunk expands to and of texts that are kept; a chunk is held for a moment alone.
_CHUNK_SHARE: Final = 4
_TEXT_TIMES: Final = 8

_RECORD_HEAD: Final = struct.Struct("<BQ")  # opcode, length
_MESSAGE_HEAD: Final = struct.Struct("<HIQQ")  # channel, sequence, log time, publish time
_DATA_END_BYTES: Final = 4
_FOOTER_BYTES: Final = 20
_DATA_END: Final = _RECORD_HEAD.pack(Opcode.DATA_END, _DATA_END_BYTES)
#: The footer's checksum of the summary, and what ends a file.
_CHECKED_BEFORE: Final = 4 + len(MAGIC)
#: Where a chunk names its compression, from the first byte behind its head.
_CHUNK_NAME_AT: Final = 28
_NAME_LENGTH: Final = struct.Struct("<I")
_RECORDS_LENGTH: Final = struct.Struct("<Q")
#: How a chunk begins (within the limit, packed in a known way), and how the data end.
_LANDMARK: Final = re.compile(
    rb"\x06.{3}\0{5}.{28}(?:\0{4}|\x03\0{3}lz4|\x04\0{3}zstd)|"
    + _DATA_END
    + rb".{4}[\x02-\x0e].{3}\0{5}",  # and something behind it: zeros are found anywhere
    re.DOTALL,
)
_LANDMARK_BYTES: Final = 64
_BLOCK_BYTES: Final = 2**20
#: How many times the length of a file may be read again in search of what is sound.
_READ_AGAIN_TIMES: Final = 4


@dataclass(frozen=True, slots=True)
class Topic:
    """A channel of the file, with its schema."""

    name: str
    schema_name: str
    schema: bytes
    metadata: dict[str, str]


class StoredMessage(NamedTuple):
    """A message as it stands in the file."""

    topic: Topic
    sequence: int
    log_time: int
    data: bytes


class Damage(Exception):
    """Something that is not sound."""


@dataclass(slots=True)
class Recovery:
    """Reads what is sound, and passes over what is not, without raising.

    A torn or damaged part makes the parsers raise nearly anything. Chunks carry checksums, and say
    their length twice: where both agree, the next record lies behind a damaged one; elsewhere the
    next chunk is sought. Damage that the parsers do not see, such as a chunk that turned into an
    unknown record, shows as a sum that disagrees with the file's own statistics; the reader that
    knows what the messages mean sees holes in their counts.

    Attributes
    ----------
    file : binary file
        At its beginning.
    whole : bool
        Once iterated: whether the file has all that was written to it.
    torn : bool
        Once iterated: whether it ends in the middle, as opposed to being damaged there.
    damages : int
        Places so far that are not sound.
    left_bytes : int
        How much memory what the file holds may still take.
    """

    file: IO[bytes]
    whole: bool = False
    torn: bool = False
    damages: int = 0
    left_bytes: int = field(init=False)
    topics: dict[int, Topic] = field(default_factory=dict)
    _messages: int = 0
    _schemas: dict[int, Schema] = field(default_factory=dict)
    _sound_end: int = len(MAGIC)  # where to seek on after damage: nothing is read twice
    _data_ended: bool = False
    _read_to_the_end: bool = False
    _read_again_bytes: int = 0

    def __post_init__(self) -> None:
        here = self.file.tell()
        self.left_bytes = _ALLOWED_BYTES + _ALLOWED_A_BYTE * self.file.seek(0, os.SEEK_END)
        self.file.seek(here)

    def __iter__(self) -> Iterator[StoredMessage]:
        if self.file.read(len(MAGIC)) != MAGIC:  # one that differs has been refused before
            self.torn = True
            return
        while not self._read_to_the_end:
            try:
                yield from self._read()
            except RecordingError:  # what the user is to be told is no damage
                raise
            except Exception as error:  # whatever a parser raises: here is something not sound
                self._pass_over(error)

    def spend(self, size_bytes: int) -> None:
        """Take memory for something that is kept of a message.

        Raises
        ------
        RecordingError
            When that is more than is left.
        """
        self.left_bytes -= size_bytes
        if self.left_bytes < 0:
            raise RecordingError(
                "expands to far more than a recording of its length holds, and is not read: "
                "give another one."
            )

    def _pass_over(self, error: Exception) -> None:
        """Go on behind what is not sound, where there is something."""
        if self._data_ended:  # a damaged index costs no data
            self.whole = self.whole and not isinstance(error, Damage)
        elif self._found_more():
            self.note_damage()
            return
        self._read_to_the_end = True
        self.torn = isinstance(error, EndOfFile) or _ends_in_zeros(self.file)
        if not self._data_ended and not self.torn:
            self.note_damage()

    def note_damage(self) -> None:
        """Say that something at this place is not sound."""
        self.whole = False
        self.damages += 1
        if self.damages == 1:
            self._take_in_summary()

    def _read(self) -> Iterator[StoredMessage]:
        for start, opcode, body in _top_level_records(self.file):
            stream = ReadDataStream(io.BytesIO(body))
            if opcode == Opcode.CHUNK:
                self.whole = self._data_ended = False
                self._sound_end = start + 1  # bytes may be missing, and the next begin within it
                if _chunk_length(body) != len(body):
                    raise Damage
                chunk = Chunk.read(stream)
                self.spend(chunk.uncompressed_size // _CHUNK_SHARE)
                records = _records_of(chunk)
                self._sound_end = start + _RECORD_HEAD.size + len(body)
                yield from self._read_chunk(records)
            elif opcode == Opcode.MESSAGE:  # where another program rewrote it without chunks
                if (message := self._message(body)) is not None:
                    yield message
            elif opcode in (Opcode.SCHEMA, Opcode.CHANNEL):
                self._take_in(opcode, body)
            elif opcode == Opcode.DATA_END and len(body) == _DATA_END_BYTES:
                self._data_ended = True
                self.whole = not self.damages
            elif opcode == Opcode.STATISTICS:
                if Statistics.read(stream).message_count != self._messages:
                    raise Damage
            elif opcode == Opcode.FOOTER:
                if len(body) != _FOOTER_BYTES:
                    raise Damage
                if self.file.read(len(MAGIC)) != MAGIC:
                    raise EndOfFile
                self.whole, self._read_to_the_end = not self.damages, True
                return

    def _found_more(self) -> bool:
        """Whether something sound is found behind what is not; the file is there then."""
        size = os.fstat(self.file.fileno()).st_size
        # records that lie about their length could make the search start over for ever
        self._read_again_bytes += max(self.file.tell() - self._sound_end, 0)
        if self._read_again_bytes > _READ_AGAIN_TIMES * (size + RECORD_LIMIT_BYTES):
            return False
        found = _next_landmark(self.file, self._sound_end, size)
        if found is None:
            return False
        self.file.seek(found)
        self._sound_end = found + 1
        return True

    def _take_in_summary(self) -> None:
        """Take the channels from the file's end: the chunk that told of one may be damaged."""
        here, known = self.file.tell(), dict(self.topics)
        try:
            for opcode, body in _summary(self.file):
                self._take_in(opcode, body)
        except RecordingError:
            raise
        except Exception:  # its end, or whatever a parser raises of an end that is not sound
            pass
        self.topics.update(known)
        self.file.seek(here)

    def _read_chunk(self, data: bytes) -> Iterator[StoredMessage]:
        end = 0
        while end < len(data):
            opcode, length = _RECORD_HEAD.unpack_from(data, end)
            start = end + _RECORD_HEAD.size
            end = start + length
            if end > len(data):
                raise Damage
            if opcode == Opcode.MESSAGE:
                if (message := self._message(data[start:end])) is not None:
                    yield message
            elif opcode in (Opcode.SCHEMA, Opcode.CHANNEL):
                self._take_in(opcode, data[start:end])

    def _take_in(self, opcode: int, body: bytes) -> None:
        self.spend(_TEXT_TIMES * len(body))
        stream = ReadDataStream(io.BytesIO(body))
        if opcode == Opcode.SCHEMA:
            schema = Schema.read(stream)
            self._schemas[schema.id] = schema
            return
        channel = Channel.read(stream)
        of = self._schemas.get(channel.schema_id)
        self.topics[channel.id] = Topic(
            channel.topic,
            "" if of is None else of.name,
            b"" if of is None else of.data,
            channel.metadata,
        )

    def _message(self, body: bytes) -> StoredMessage | None:
        channel_id, sequence, log_time, _ = _MESSAGE_HEAD.unpack_from(body)
        self._messages += 1
        topic = self.topics.get(channel_id)
        if topic is None:  # its chunk was passed over, or its number is damaged
            self.note_damage()
            topic = self.topics.get(channel_id)
        if topic is None:
            return None
        return StoredMessage(topic, sequence, log_time, body[_MESSAGE_HEAD.size :])


def _records_of(chunk: Chunk) -> bytes:
    """The records of a chunk, in no more memory than a sound one takes."""
    size = chunk.uncompressed_size
    if size > RECORD_LIMIT_BYTES:
        raise Damage
    data = chunk.data
    if chunk.compression == "zstd":
        data = expanded(data, size)
    elif chunk.compression == "lz4":
        data = cast(Any, lz4.frame.LZ4FrameDecompressor)().decompress(data, max_length=size + 1)
    elif chunk.compression:
        raise Damage
    if len(data) != size or (chunk.uncompressed_crc and zlib.crc32(data) != chunk.uncompressed_crc):
        raise Damage
    return data


def expanded(data: bytes, size: int) -> bytes:
    """What a zstd frame expands to, in no more memory than it is to take.

    Raises
    ------
    ValueError, zstandard.ZstdError
        When it is no frame, or not of that size.
    """
    # a frame that says otherwise would be given as much as it says
    if size > RECORD_LIMIT_BYTES or zstandard.frame_content_size(data) not in (size, -1):
        raise ValueError("a frame is not of the size that it should have")
    decompressor = zstandard.ZstdDecompressor(max_window_size=RECORD_LIMIT_BYTES)
    content = decompressor.decompress(data, max_output_size=size)
    if len(content) != size:
        raise ValueError("a frame is not of the size that it should have")
    return content


def _top_level_records(file: IO[bytes]) -> Iterator[tuple[int, int, bytes]]:
    """Place, opcode and body of records outside chunks; their stated length within a limit."""
    while True:
        start = file.tell()
        head = file.read(_RECORD_HEAD.size)
        if len(head) < _RECORD_HEAD.size:
            raise EndOfFile
        opcode, length = _RECORD_HEAD.unpack(head)
        if opcode == 0:
            raise ValueError("no record has the number 0")
        if length > RECORD_LIMIT_BYTES:
            raise RecordLengthLimitExceeded(opcode, length, RECORD_LIMIT_BYTES)
        body = file.read(length)
        if len(body) < length:
            raise EndOfFile
        yield start, opcode, body


def _chunk_length(body: bytes) -> int:
    """The length of a chunk by what stands inside it; -1 where that is none."""
    try:
        (name_length,) = _NAME_LENGTH.unpack_from(body, _CHUNK_NAME_AT)
        records_at = _CHUNK_NAME_AT + _NAME_LENGTH.size + name_length
        (records_length,) = _RECORDS_LENGTH.unpack_from(body, records_at)
    except struct.error:
        return -1
    return int(records_at + _RECORDS_LENGTH.size + records_length)


def _next_landmark(file: IO[bytes], start: int, size: int) -> int | None:
    """The place of the next chunk, or of the end of the data, that fits into the file."""
    while start < size:
        file.seek(start)
        block = file.read(_BLOCK_BYTES)
        at = 0
        while found := _LANDMARK.search(block, at):
            at = found.start()
            if block[at] != Opcode.CHUNK:
                return start + at
            file.seek(start + at)
            head = file.read(_LANDMARK_BYTES)
            _, length = _RECORD_HEAD.unpack_from(head)
            fits = start + at + _RECORD_HEAD.size + length <= size
            if fits and _chunk_length(head[_RECORD_HEAD.size :]) == length:
                return start + at
            at += 1
        if len(block) < _BLOCK_BYTES:
            return None
        start += len(block) - _LANDMARK_BYTES
    return None


def _summary(file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Schemas and channels as a finished file repeats them behind the end of its data."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - RECORD_LIMIT_BYTES))
    tail = file.read()
    end = tail.rfind(_DATA_END)
    if end < 0:
        return
    # where it says that the summary begins is another place where bytes are missing before it
    summary = tail[end + len(_DATA_END) + _DATA_END_BYTES :]
    sound, rest = summary[:-_CHECKED_BEFORE], summary[-_CHECKED_BEFORE:]
    checksum = int.from_bytes(rest[: -len(MAGIC)], "little")
    if checksum and zlib.crc32(sound) != checksum:
        return
    for _, opcode, body in _top_level_records(io.BytesIO(sound)):
        if opcode in (Opcode.SCHEMA, Opcode.CHANNEL):
            yield opcode, body


def _ends_in_zeros(file: IO[bytes]) -> bool:
    """Whether the file ends as a power cut leaves it: longer than what was written to it."""
    try:
        file.seek(-_RECORD_HEAD.size, os.SEEK_END)
        return not any(file.read())
    except OSError:
        return False
