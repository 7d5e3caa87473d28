"""Messages of an MCAP file as far as it is sound: bounded in memory, whatever the file holds.

The library's readers refuse a file without its end, and trust what a file says of its sizes. Here
a record, a chunk and what it expands to are each at most :data:`RECORD_LIMIT_BYTES`, and all of it
together takes no more memory than its :class:`Allowance`, which goes with the length of the file.
"""

from __future__ import annotations

import io
import os
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO, Any, Final, NamedTuple, cast

import lz4.frame
import numpy as np
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
#: Where a record's length and a message's channel lie, from the record's first byte.
_LENGTH_AT: Final = 1
_CHANNEL_AT: Final = 9
_DATA_END_BYTES: Final = 4
_FOOTER_BYTES: Final = 20


@dataclass(frozen=True, slots=True)
class Topic:
    """A channel of the file, with its schema."""

    name: str
    schema_name: str
    schema: bytes
    metadata: dict[str, str]


class Message(NamedTuple):
    """A message as it stands in the file."""

    topic: Topic
    sequence: int
    log_time: int
    data: bytes


@dataclass(slots=True)
class Allowance:
    """How much memory what a file holds may still take.

    Attributes
    ----------
    left_bytes : int
    """

    left_bytes: int

    @classmethod
    def of(cls, file: IO[bytes]) -> Allowance:
        """What goes with the length of a file, which stays where it is."""
        here = file.tell()
        length = file.seek(0, os.SEEK_END)
        file.seek(here)
        return cls(_ALLOWED_BYTES + _ALLOWED_A_BYTE * length)

    def spend(self, size_bytes: int) -> None:
        """Take some of it.

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


class Damage(Exception):
    """Something that is not sound."""


@dataclass(slots=True)
class Recovery:
    """Reads what is sound and stops, without raising, at the first record that is not.

    A torn or damaged tail makes the parsers raise nearly anything. Damage that they do not see,
    such as a chunk that turned into an unknown record, shows as a sum that disagrees with the
    file's own statistics; the reader that knows what the messages mean sees holes in their
    counts. Chunks carry checksums.

    Attributes
    ----------
    file : binary file
        At its beginning.
    passed_over : callable
        Tells which topics are not wanted; their messages are counted and not given.
    whole : bool
        Once iterated: whether the file has all that was written to it.
    torn : bool
        Once iterated: whether it ends in the middle, as opposed to being damaged there.
    allowance : Allowance
        Who keeps something of a message takes it from here.
    """

    file: IO[bytes]
    passed_over: Callable[[Topic], bool]
    whole: bool = False
    torn: bool = False
    allowance: Allowance = field(init=False)
    topics: dict[int, Topic] = field(default_factory=dict)
    _messages: int = 0
    _schemas: dict[int, Schema] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.allowance = Allowance.of(self.file)

    def __iter__(self) -> Iterator[Message]:
        try:
            yield from self._read()
        except RecordingError:  # what the user is to be told is no damage
            raise
        except EndOfFile:
            self.torn = True
        except Exception as error:  # whatever a parser raises: here ends what is sound
            self.whole = self.whole and not isinstance(error, Damage)
            self.torn = _ends_in_zeros(self.file)

    def stop(self) -> None:
        """Say that what was given last is not sound."""
        self.whole = False
        self.torn = _ends_in_zeros(self.file)

    def _read(self) -> Iterator[Message]:
        if self.file.read(len(MAGIC)) != MAGIC:
            raise EndOfFile  # a beginning that differs has been refused before
        for opcode, body in _top_level_records(self.file):
            stream = ReadDataStream(io.BytesIO(body))
            if opcode == Opcode.CHUNK:
                self.whole = False
                yield from self._read_chunk(Chunk.read(stream))
            elif opcode == Opcode.MESSAGE:  # where another program rewrote it without chunks
                yield self._message(body)
            elif opcode in (Opcode.SCHEMA, Opcode.CHANNEL):
                self._take_in(opcode, body)
            elif opcode == Opcode.DATA_END and len(body) == _DATA_END_BYTES:
                self.whole = True  # a damaged index after this costs no data
            elif opcode == Opcode.STATISTICS:
                if Statistics.read(stream).message_count != self._messages:
                    raise Damage
            elif opcode == Opcode.FOOTER:
                if len(body) != _FOOTER_BYTES:
                    raise Damage
                if self.file.read(len(MAGIC)) != MAGIC:
                    raise EndOfFile
                self.whole = True
                return

    def _read_chunk(self, chunk: Chunk) -> Iterator[Message]:
        self.allowance.spend(chunk.uncompressed_size // _CHUNK_SHARE)
        data = _records_of(chunk)
        runs = self._runs_passed_over(data)
        end = 0
        while end < len(data):
            if end in runs:
                end, count = runs[end]
                self._messages += count
                continue
            opcode, length = _RECORD_HEAD.unpack_from(data, end)
            start = end + _RECORD_HEAD.size
            end = start + length
            if end > len(data):
                raise Damage
            if opcode == Opcode.MESSAGE:
                yield self._message(data[start:end])
            elif opcode in (Opcode.SCHEMA, Opcode.CHANNEL):
                self._take_in(opcode, data[start:end])
                runs = self._runs_passed_over(data)  # a channel may be new

    def _runs_passed_over(self, data: bytes) -> dict[int, tuple[int, int]]:
        channels = [number for number, topic in self.topics.items() if self.passed_over(topic)]
        return _runs_of_channels(data, channels)

    def _take_in(self, opcode: int, body: bytes) -> None:
        self.allowance.spend(_TEXT_TIMES * len(body))
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

    def _message(self, body: bytes) -> Message:
        channel_id, sequence, log_time, _ = _MESSAGE_HEAD.unpack_from(body)
        self._messages += 1
        return Message(self.topics[channel_id], sequence, log_time, body[_MESSAGE_HEAD.size :])


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


def _runs_of_channels(data: bytes, channels: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Where messages of some channels follow one another in a chunk: an hour holds 700 000 samples.

    Returns
    -------
    dict
        By the place of the first message of a run: the place behind its last one, and how many
        they are. Bytes inside other messages may look like one; nobody who reads record by record
        comes there. A run entered in its middle is not found, and is stepped through.
    """
    beginnings = len(data) - _CHANNEL_AT - 1
    if not channels or beginnings <= 0:
        return {}
    first_bytes = np.frombuffer(data, np.uint8, beginnings)
    at = np.flatnonzero(first_bytes == int(Opcode.MESSAGE))
    # views that begin at every byte
    channel = np.ndarray((beginnings,), "<u2", data, _CHANNEL_AT, (1,))
    length = np.ndarray((beginnings,), "<u8", data, _LENGTH_AT, (1,))
    wanted = length[at] < len(data)
    wanted &= np.logical_or.reduce([channel[at] == number for number in channels])
    at = at[wanted]
    if not len(at):
        return {}
    behind = at + _CHANNEL_AT + length[at].astype(np.int64)
    last = np.append(np.flatnonzero(behind[:-1] != at[1:]), len(at) - 1)
    first = np.append(0, last[:-1] + 1)
    places = zip(behind[last].tolist(), (last - first + 1).tolist(), strict=True)
    return dict(zip(at[first].tolist(), places, strict=True))


def _top_level_records(file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Records outside chunks; only their stated length is trusted, and that within a limit."""
    while True:
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
        yield opcode, body


def _ends_in_zeros(file: IO[bytes]) -> bool:
    """Whether the file ends as a power cut leaves it: longer than what was written to it."""
    try:
        file.seek(-_RECORD_HEAD.size, os.SEEK_END)
        return not any(file.read())
    except OSError:
        return False
