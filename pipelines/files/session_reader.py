"""Session: reads a session file back, as far as it is sound."""

from __future__ import annotations

import io
import json
import os
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final, NamedTuple, cast

import numpy as np
from mcap.data_stream import ReadDataStream
from mcap.exceptions import EndOfFile, RecordLengthLimitExceeded
from mcap.opcode import Opcode
from mcap.records import Channel, Chunk, Schema, Statistics
from mcap.stream_reader import get_chunk_data_stream
from mcap.writer import MCAP0_MAGIC

from devices.records import Packet, Record
from imu.errors import RecordingError
from imu.samples import Samples
from imu.steps import Steps, concatenate
from pipelines.files.session_messages import (
    ALERT,
    DEVICE_INFO,
    LINK_EVENT,
    MARK,
    PACKET,
    SAMPLE,
    SESSION,
    STEP,
    MessageKind,
    SessionHeader,
    decode_alert,
    decode_device_info,
    decode_header,
    decode_link_event,
    decode_mark,
    decode_samples,
    decode_steps,
)

__all__ = ["RECORD_LIMIT_BYTES", "Session", "SessionHeader", "read_header", "read_session"]

#: No sound record is larger; a damaged length must not fill the memory.
RECORD_LIMIT_BYTES: Final = 16 * 2**20

_KINDS: Final = {
    kind.schema_name: kind
    for kind in (SESSION, DEVICE_INFO, PACKET, LINK_EVENT, MARK, SAMPLE, STEP, ALERT)
}
_RECORD_HEAD: Final = struct.Struct("<BQ")  # opcode, length
_MESSAGE_HEAD: Final = struct.Struct("<HIQQ")  # channel, sequence, log time, publish time
#: Where a record's length and a message's channel lie, from the record's first byte.
_LENGTH_AT: Final = 1
_CHANNEL_AT: Final = 9
_DATA_END_BYTES: Final = 4
_FOOTER_BYTES: Final = 20


@dataclass(frozen=True, slots=True)
class Session:
    """A session as far as its file is sound.

    Parameters
    ----------
    path
        The file.
    header
        What besides the log influences the results.
    records
        The log, in the order in which it was written.
    steps
        Steps as they were written while recording.
    alerts
        Alerts as they were written while recording.
    cut_short
        Whether the file lacks its end or a part; everything before that is here.
    note
        One sentence for the user about that, empty when the file is whole.

    Examples
    --------
    >>> import tempfile
    >>> from pipelines.files.simulation import write_simulation
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "run.mcap"
    ...     _ = write_simulation(path, "minutes=0.2", lambda done, total: None)
    ...     session = read_session(path)
    >>> session.cut_short, type(session.records[1]).__name__
    (False, 'LinkEvent')
    """

    path: Path
    header: SessionHeader
    records: list[Record]
    steps: Steps
    alerts: list[dict[str, object]]
    cut_short: bool
    note: str

    def samples(self) -> Iterator[Samples]:
        """Read the decoded samples, block by block, from the file.

        These are for plots: rounded, and thinned above 250 Hz. For results decode the packets.

        Yields
        ------
        Samples
            A block, SI units, sensor frame.

        Raises
        ------
        RecordingError
            When the file can no longer be opened.
        """
        with _open(self.path) as file:
            for item in _Recovery(file, with_samples=True):
                if item.kind is SAMPLE:
                    yield cast(Samples, item.value)


def read_session(path: str | os.PathLike[str]) -> Session:
    """Read a session file, whole or cut short by a crash, a full disk or a damaged one.

    Parameters
    ----------
    path
        The file, as :class:`~pipelines.files.session_writer.SessionWriter` writes it.

    Returns
    -------
    Session
        All that is sound in the file.

    Raises
    ------
    RecordingError
        When there is no such file, it is not a session, or its beginning is lost.

    Examples
    --------
    >>> import tempfile
    >>> from pipelines.files.simulation import write_simulation
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "run.mcap"
    ...     _ = write_simulation(path, "minutes=0.2", lambda done, total: None)
    ...     session = read_session(path)
    >>> session.header.source
    'sim:?minutes=0.2'
    """
    path = Path(path)
    records: list[Record] = []
    steps: list[Steps] = []
    alerts: list[dict[str, object]] = []
    header: SessionHeader | None = None
    with _open(path) as file:
        _check_beginning(file, path)
        recovery = _Recovery(file, with_samples=False)
        try:
            for item in recovery:
                if item.kind is SESSION:
                    header = cast(SessionHeader, item.value)
                elif item.kind is STEP:
                    steps.append(cast(Steps, item.value))
                elif item.kind is ALERT:
                    alerts.append(cast(dict[str, object], item.value))
                elif item.kind is not SAMPLE:
                    records.append(cast(Record, item.value))
        except RecordingError as error:
            raise RecordingError(str(error), path=str(path)) from None
    if header is None:
        raise _without_header(recovery, path)
    note = ""
    if not recovery.whole:  # also while it is still being recorded
        seconds = max(recovery.last_log_time - header.utc_start_ns, 0) / 1e9
        what = "was cut short" if recovery.torn else "is damaged"
        note = (
            f"{path}: the recording {what} after {seconds:.1f} s, "
            f"and everything before that ({len(records)} records) was read."
        )
    return Session(path, header, records, concatenate(steps), alerts, bool(note), note)


def read_header(path: str | os.PathLike[str]) -> SessionHeader:
    """Read how a session began, and no more of its file.

    Raises
    ------
    RecordingError
        As :func:`read_session`.
    """
    path = Path(path)
    with _open(path) as file:
        _check_beginning(file, path)
        recovery = _Recovery(file, with_samples=False)
        for item in recovery:
            if item.kind is SESSION:
                return cast(SessionHeader, item.value)
    raise _without_header(recovery, path)


class _Item(NamedTuple):
    kind: MessageKind
    value: object  # a record, a header, steps, an alert or samples


@dataclass(frozen=True, slots=True)
class _Topic:
    kind: MessageKind | None  # None: not ours
    clock_offset_ns: int
    packet_channel: str


def _decoded(items: Sequence[_Item]) -> Iterator[_Item]:
    """Decode samples and steps, many at a time, which costs less; other items are left as they are.

    Raises whatever a parser raises at a step that is not sound, after those before it.
    """
    by_kind = {SAMPLE: list[bytes](), STEP: list[bytes]()}
    for item in items:
        if item.kind in by_kind:
            by_kind[item.kind].append(cast(bytes, item.value))
        else:
            yield item
    for samples in decode_samples(by_kind[SAMPLE]):
        yield _Item(SAMPLE, samples)
    messages = by_kind[STEP]
    if not messages:
        return
    try:
        steps = decode_steps(messages)
    except Exception:
        for message in messages:
            yield _Item(STEP, decode_steps([message]))
    else:
        yield _Item(STEP, steps)


class _Damage(Exception):
    """A record that is not sound."""


@dataclass(slots=True)
class _Recovery:
    """Reads what is sound and stops, without raising, at the first record that is not.

    A torn or damaged tail makes the parsers raise nearly anything. Damage that they do not see,
    such as a chunk that turned into an unknown record, shows as a hole in the sequence counts or
    as a sum that disagrees with the file's own statistics. Chunks carry checksums.
    """

    file: IO[bytes]
    with_samples: bool
    whole: bool = False
    torn: bool = False  # the file ends in the middle, as opposed to being damaged there
    last_log_time: int = 0
    messages: int = 0
    topics: dict[int, _Topic] = field(default_factory=dict)
    _schemas: dict[int, str] = field(default_factory=dict)
    _sequence: dict[str, int] = field(default_factory=dict)

    def __iter__(self) -> Iterator[_Item]:
        try:
            yield from self._read()
        except RecordingError:  # a newer format is no damage
            raise
        except EndOfFile:
            self.torn = True
        except Exception as error:  # whatever a parser raises: here ends what is sound
            self.whole = self.whole and not isinstance(error, _Damage)
            self.torn = _ends_in_zeros(self.file)

    def _read(self) -> Iterator[_Item]:
        if self.file.read(len(MCAP0_MAGIC)) != MCAP0_MAGIC:
            raise EndOfFile  # a beginning that differs has been refused before
        for opcode, body in _top_level_records(self.file):
            stream = ReadDataStream(io.BytesIO(body))
            if opcode == Opcode.CHUNK:
                self.whole = False
                yield from self._read_chunk(Chunk.read(stream))
            elif opcode in (Opcode.SCHEMA, Opcode.CHANNEL, Opcode.MESSAGE):
                # in the index, or in the data where another program rewrote it without chunks
                item = self._content(opcode, body)
                if item is not None:
                    yield from _decoded([item])
            elif opcode == Opcode.DATA_END and len(body) == _DATA_END_BYTES:
                self.whole = True  # a damaged index after this costs no data
            elif opcode == Opcode.STATISTICS:
                if Statistics.read(stream).message_count != self.messages:
                    raise _Damage
            elif opcode == Opcode.FOOTER:
                if len(body) != _FOOTER_BYTES:
                    raise _Damage
                if self.file.read(len(MCAP0_MAGIC)) != MCAP0_MAGIC:
                    raise EndOfFile
                self.whole = True
                return

    def _read_chunk(self, chunk: Chunk) -> Iterator[_Item]:
        if chunk.uncompressed_size > RECORD_LIMIT_BYTES:
            raise _Damage
        stream, size = get_chunk_data_stream(chunk, validate_crc=True)
        data = stream.read(size)
        later: list[_Item] = []
        runs = self._sample_runs(data)
        end = 0
        while end < size:
            if end in runs:
                end, count = runs[end]
                self.messages += count
                continue
            opcode, length = _RECORD_HEAD.unpack_from(data, end)
            start = end + _RECORD_HEAD.size
            end = start + length
            if opcode != Opcode.MESSAGE:
                self._content(opcode, data[start:end])
                runs = self._sample_runs(data)  # a channel may be new
                continue
            item = self._decode(data[start:end])
            if item is None:
                continue
            if item.kind is SAMPLE or item.kind is STEP:
                later.append(item)
            else:
                yield item
        yield from _decoded(later)

    def _sample_runs(self, data: bytes) -> dict[int, tuple[int, int]]:
        """What is passed over in a chunk: samples, unless they are wanted."""
        if self.with_samples:
            return {}
        return _runs_of_channels(
            data, [number for number, topic in self.topics.items() if topic.kind is SAMPLE]
        )

    def _content(self, opcode: int, body: bytes) -> _Item | None:
        """Take in a schema or a channel, or give what a message holds."""
        if opcode == Opcode.MESSAGE:
            return self._decode(body)
        stream = ReadDataStream(io.BytesIO(body))
        if opcode == Opcode.SCHEMA:
            schema = Schema.read(stream)
            self._schemas[schema.id] = schema.name
        elif opcode == Opcode.CHANNEL:
            channel = Channel.read(stream)
            name = channel.metadata.get("channel")
            self.topics[channel.id] = _Topic(
                _KINDS.get(self._schemas.get(channel.schema_id, "")),
                int(channel.metadata.get("clock_offset_ns", "0")),
                channel.topic if name is None else str(json.loads(name)),
            )
        return None

    def _decode(self, body: bytes) -> _Item | None:
        channel_id, sequence, log_time, _ = _MESSAGE_HEAD.unpack_from(body)
        data = body[_MESSAGE_HEAD.size :]
        topic = self.topics[channel_id]
        kind = topic.kind
        self.messages += 1
        if kind is None:
            return None
        if sequence != self._sequence.get(kind.stream, 0):
            raise _Damage
        self._sequence[kind.stream] = (sequence + 1) % 2**32
        if kind.stream == "log":
            self.last_log_time = log_time
        arrival_ns = _signed(log_time - topic.clock_offset_ns)
        value: object = data
        if kind is PACKET:
            value = Packet(arrival_ns, topic.packet_channel, data)
        elif kind is LINK_EVENT:
            value = decode_link_event(data, arrival_ns)
        elif kind is MARK:
            value = decode_mark(data, arrival_ns)
        elif kind is DEVICE_INFO:
            value = decode_device_info(data)
        elif kind is ALERT:
            value = decode_alert(data)
        elif kind is SESSION:
            value = decode_header(data)
        return _Item(kind, value)


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


def _signed(value: int) -> int:
    """The 64-bit integer that a sum of wrapped ones stands for."""
    return (value + 2**63) % 2**64 - 2**63


def _open(path: Path) -> IO[bytes]:
    place = str(path)
    if path.is_dir():
        raise RecordingError("is a folder: give the path of a session file.", path=place)
    try:
        return path.open("rb")
    except FileNotFoundError:
        raise RecordingError("there is no such file: check the path.", path=place) from None
    except PermissionError:
        raise RecordingError(
            "there is no permission to read it: change its permissions or copy it.", path=place
        ) from None
    except (OSError, ValueError) as error:
        raise RecordingError(
            f"cannot be opened ({str(error).lower()}): check the path and the disk.", path=place
        ) from None


def _check_beginning(file: IO[bytes], path: Path) -> None:
    try:
        beginning = file.read(len(MCAP0_MAGIC))
        file.seek(0)
    except OSError as error:
        raise RecordingError(
            f"cannot be read ({(error.strerror or 'error').lower()}): check the disk.",
            path=str(path),
        ) from None
    if not beginning:
        raise RecordingError("is empty: give another recording.", path=str(path))
    if not MCAP0_MAGIC.startswith(beginning):
        raise RecordingError(
            "is not a session file: give an .mcap file that backstride has recorded.",
            path=str(path),
        )


def _without_header(recovery: _Recovery, path: Path) -> RecordingError:
    if any(topic.kind is None for topic in recovery.topics.values()) or recovery.whole:
        what = "is an MCAP file of another program: give one that backstride has recorded."
    elif recovery.torn:
        what = "ends before anything was recorded: give another recording."
    else:
        what = "is damaged at its beginning and cannot be read: restore it from a copy."
    return RecordingError(what, path=str(path))
