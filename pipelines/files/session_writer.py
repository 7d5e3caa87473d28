"""Recording: writes the session file so that a crash costs at most a second."""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Any, BinaryIO, Final, Literal, Self, cast

from mcap.records import Channel, Schema
from mcap.writer import LIBRARY_IDENTIFIER, Writer

from devices.records import DeviceInfo, LinkEvent, Packet, StreamRecord
from imu.errors import RecordingError
from pipelines.files import session_messages as messages
from pipelines.files.kept_file import DiskSync, UnbufferedFile, mark_being_written, open_private
from pipelines.files.packet_batches import MOST_CHANNELS, MOST_PACKETS, encode_packets
from pipelines.files.stream_batches import PlacedRecord, encode_stream
from pipelines.session.facts import Fact, StepsFinished
from pipelines.session.header import SessionHeader
from pipelines.session.marks import LoggedMark, SessionRecord

#: Longest time that data waits in memory while a feed runs, s. A crash may cost a second, of which
#: the next packet, on a busy computer, may take a fifth to come and be written; the longer a piece,
#: the better it packs: 0.5 s would make the file a twentieth larger.
FLUSH_INTERVAL_S: Final = 0.8
#: Most session time in one piece of the file, s.
_LONGEST_PIECE_S: Final = 5.0
#: Longest session time that facts wait, s: many together pack better, and the log gives them again.
FACTS_INTERVAL_S: Final = 10.0

#: What later pieces need is said again so many bytes behind the last time, in another piece: damage
#: is of a bit, of a page and its neighbours, or of a block of a flash drive.
_AGAIN_BEHIND_BYTES: Final = (1, 2**14, 2**17)

#: Packets that wait to be written together take at most so much, bytes.
_MOST_WAITING: Final = 2**19

_UINT64: Final = 2**64
_NO_PERMISSION: Final = (errno.EACCES, errno.EPERM, errno.EROFS)
_DISK_FULL: Final = (errno.ENOSPC, errno.EDQUOT) if hasattr(errno, "EDQUOT") else (errno.ENOSPC,)


class SessionWriter:
    """Writes one session file, record by record, in the order of the calls.

    Every record reaches the file within :data:`FLUSH_INTERVAL_S` of the next call, a mark and the
    end of a link at once, a fact within :data:`FACTS_INTERVAL_S` of the session. The disk is waited
    for in a thread of its own, so that a slow one does not delay arrival stamps. Use it from one
    thread, as a context manager.

    The first write that fails raises; from then on the file stays as it is, :attr:`error` says
    why, and further calls do nothing, so that a live run can go on without its recording.

    Parameters
    ----------
    path
        File to create, usually ``*.mcap``.
    header
        What besides the log influences the results; on disk when the constructor returns.
    clock
        Monotonic time in seconds.
    overwrite
        Replace a file that exists.

    Raises
    ------
    RecordingError
        When the file exists and may not be replaced, or cannot be created or written.

    Examples
    --------
    >>> import tempfile
    >>> from devices.records import Packet
    >>> from pipelines.files.session_reader import read_session
    >>> from pipelines.session.header import SessionHeader
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with SessionWriter(folder + "/run.mcap", SessionHeader(0, "sim:")) as writer:
    ...         writer.write_record(Packet(5, "data", b"abc"))
    ...     read_session(folder + "/run.mcap").records
    [Packet(arrival_ns=5, channel='data', payload=b'abc')]
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        header: SessionHeader,
        *,
        clock: Callable[[], float] = time.monotonic,
        overwrite: bool = False,
    ) -> None:
        self.path = Path(path)
        self.header = header
        self._clock = clock
        self._error: RecordingError | None = None
        self._closed = False
        self._clock_offset_ns: int | None = None  # log time minus arrival, from the first arrival
        self._last_log_time = header.utc_start_ns % _UINT64
        self._last_flush_log_time = self._last_facts_log_time = self._last_log_time
        self.in_place = True  # whether what is written lies under its name
        self._waiting: list[Packet] = []
        self._waiting_bytes = 0
        self._waiting_channels: set[str] = set()
        self._records = 0  # of the log so far
        self._beside: dict[str, list[PlacedRecord]] = {}  # of devices beside the sensor, that wait
        self._found: list[tuple[messages.MessageKind, bytes, int]] = []  # facts that wait
        self._channels: dict[str, tuple[Schema, Channel]] = {}
        self._again: dict[messages.MessageKind, bytes] = {}  # what is to be said again
        self._said: dict[str, tuple[int, int]] = {}  # place in the file, and how often again since
        self._sequence: dict[str, int] = {}
        first = messages.encode_header(header)
        self._checked(len(first))
        self._head = b""  # what a reader needs first
        self._cut: Literal["", "seen", "told"] = ""  # whether another program made it shorter
        self._file = UnbufferedFile(_create(self.path, overwrite))
        mark_being_written(self._file.fileno())
        self._disk = DiskSync(self._file.fileno())
        self._writer = cast(Any, Writer(cast(IO[Any], self._file)))  # its methods carry no types
        self._last_flush_s = clock()
        try:
            with self._writing():
                self._writer.start("x-backstride", f"{header.software}; {LIBRARY_IDENTIFIER}")
                self._add(messages.SESSION, first, self._last_log_time)
                self._say_again_later(messages.SESSION, first)
                self._writer.flush()
                self._disk.sync()
                self._head = self.path.read_bytes()
        except BaseException:
            self._file.close_quietly()
            if not overwrite:  # only a file of our own is in the way of a second try
                with contextlib.suppress(OSError):
                    self.path.unlink()
            raise

    @property
    def error(self) -> RecordingError | None:
        """Why the recording ended early; None while it is fine."""
        return self._error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        raised: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if raised is None:
            self.close()
            return
        try:
            self._leave()
        except RecordingError as error:
            raised.add_note(str(error))

    def write_record(self, record: SessionRecord) -> None:
        """Append one record of the log.

        Raises
        ------
        RecordingError
            When writing fails for the first time, when the record is larger than 8 MiB (nothing
            is written and recording goes on), or after :meth:`close`.
        """
        if self._stopped():
            return
        if isinstance(record, Packet):
            self._take_packet(record)
            return
        if isinstance(record, StreamRecord):
            self._take_beside(record)
            return
        match record:
            case DeviceInfo():
                kind, data = messages.DEVICE, messages.encode(record)
            case LinkEvent():
                kind, data = messages.LINK, messages.encode_link(record)
            case LoggedMark():
                kind, data = messages.MARKS, messages.encode(record.mark)
        self._checked(len(data))
        self._records += 1
        arrival_ns = None if isinstance(record, DeviceInfo) else record.arrival_ns
        with self._writing():
            self._write_waiting()
            self._add(kind, data, self._log_time_of_arrival(arrival_ns))
            if kind is messages.DEVICE:
                self._say_again_later(messages.DEVICE_AGAIN, data)
            # after these nothing may follow for long, and nobody should have to tap twice
            urgent = isinstance(record, LoggedMark) or (
                isinstance(record, LinkEvent) and record.kind in ("lost", "ended")
            )
            self._flush_if(urgent)

    def write_facts(self, facts: Iterable[Fact]) -> None:
        """Append what was found, at its time on the session's clock.

        Raises
        ------
        RecordingError
            As :meth:`write_record`.
        """
        if self._stopped():
            return
        with self._writing():
            for fact in facts:
                log_time = self._log_time_of_session(fact.time_s)
                if isinstance(fact, StepsFinished):
                    rows = messages.encode_steps(fact)
                    self._found += [(messages.STEPS, data, log_time) for data in rows]
                else:
                    data = messages.encode(fact)
                    self._checked(len(data))
                    self._found.append((messages.fact_kind(type(fact)), data, log_time))
            self._flush_if(urgent=False)

    def flush(self) -> None:
        """Write everything and return once it is on the disk.

        Raises
        ------
        RecordingError
            When writing fails for the first time.
        """
        if self._closed or self._error is not None:
            return
        with self._writing():
            self._write_waiting()
            self._write_found()
            self._writer.flush()
            self._disk.sync()
            self._last_flush_s = self._clock()

    def close(self) -> None:
        """Finish the file with its index; safe to call twice and after a failure.

        Raises
        ------
        RecordingError
            When the end cannot be written; all that was on the disk stays readable.
        """
        if self._closed:
            return
        self._closed = True
        try:
            if self._error is None:
                with self._writing():
                    self._write_waiting()
                    self._write_found()
                    self._writer.finish()
                    self._disk.sync()
                    self._refuse_removed()
                    if not self._is_in_place():  # until now, more was to be written to it
                        raise _MovedError
                    self._file.close()
                self._tell_cut()
        finally:
            self._disk.wait()
            self._file.close_quietly()

    def _leave(self) -> None:
        """Keep what there is without the end mark: readers are to see that it was cut short."""
        if self._closed:
            return
        try:
            self.flush()
        finally:
            self._closed = True
            self._disk.wait()
            self._file.close_quietly()

    def _refuse_removed(self) -> None:
        """The system goes on writing to a file without its name, and drops it where it has none."""
        if not os.fstat(self._file.fileno()).st_nlink and not self._is_in_place():
            raise FileNotFoundError(errno.ENOENT, "the file was removed")

    def _is_in_place(self) -> bool:
        with contextlib.suppress(OSError):
            return os.path.samestat(os.fstat(self._file.fileno()), self.path.stat())
        return False

    def _stopped(self) -> bool:
        if self._error is not None:
            return True
        if self._closed:
            raise RecordingError(
                "the session is closed and takes no more records: open a new one.",
                path=str(self.path),
            )
        return False

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            if self._file.was_cut(self._head) and not self._cut:
                self._cut = "seen"
                self._said = dict.fromkeys(self._said, (0, 0))  # all of it is due
            yield
        except OSError as error:
            self._error = _failed_write(error, self.path)
            self.in_place = error.errno != errno.ENOENT and not isinstance(error, _MovedError)
            raise self._error from None

    def _tell_cut(self) -> None:
        """Once, when what was at hand is written."""
        if self._cut == "seen":
            self._cut = "told"
            raise RecordingError(
                "another program made the recording shorter while it was written: what was left "
                "and what follows is recorded, so leave a recording alone until its run has ended.",
                path=str(self.path),
            )

    def _checked(self, size: int) -> None:
        if size > messages.MAX_MESSAGE_BYTES:
            raise RecordingError(
                f"a record of {size} bytes does not fit into a session: keep each below "
                f"{messages.MAX_MESSAGE_BYTES} bytes.",
                path=str(self.path),
            )

    def _take_packet(self, packet: Packet) -> None:
        """Keep a packet until it is written with others, at the next flush at the latest."""
        size = len(packet.payload)
        self._checked(size)
        self._records += 1
        self._waiting_channels.add(packet.channel)
        if (
            self._waiting_bytes + size > _MOST_WAITING
            or len(self._waiting) == MOST_PACKETS
            or len(self._waiting_channels) > MOST_CHANNELS
        ):
            with self._writing():
                self._write_waiting()
            self._waiting_channels.add(packet.channel)
        self._waiting.append(packet)
        self._waiting_bytes += size
        self._log_time_of_arrival(packet.arrival_ns)
        self._flush_if(urgent=False)

    def _take_beside(self, record: StreamRecord) -> None:
        """Keep a record of a device beside the sensor until the next flush."""
        self._checked(len(encode_stream([PlacedRecord(self._records, record)])))
        self._beside.setdefault(record.stream, []).append(PlacedRecord(self._records, record))
        self._records += 1
        with self._writing():
            self._log_time_of_arrival(record.arrival_ns)
            self._flush_if(urgent=False)

    def _write_waiting(self) -> None:
        for kind, data in self._again.items():
            if self._is_due_again(kind.schema_name):
                self._add(kind, data, self._last_log_time)
        # first what stands between the sensor's packets: a reader of a file that ends here knows
        # then that these are missing
        for stream, placed in self._beside.items():
            first = self._log_time_of_arrival(placed[0].record.arrival_ns)
            self._add(messages.stream_kind(stream), encode_stream(placed), first)
            self._log_time_of_arrival(placed[-1].record.arrival_ns)
        self._beside.clear()
        packets, self._waiting, self._waiting_bytes = self._waiting, [], 0
        self._waiting_channels.clear()
        if packets:
            first = self._log_time_of_arrival(packets[0].arrival_ns)
            self._add(messages.PACKETS, encode_packets(packets), first)
            self._log_time_of_arrival(packets[-1].arrival_ns)

    def _write_found(self) -> None:
        found, self._found = self._found, []
        for kind, data, log_time in found:
            self._add(kind, data, log_time)
        self._last_facts_log_time = self._last_log_time

    def _add(self, kind: messages.MessageKind, data: bytes, log_time: int) -> None:
        sequence = self._sequence.get(kind.count, 0)
        self._sequence[kind.count] = sequence + 1
        channel = self._channel(kind)
        self._writer.add_message(channel, log_time, data, log_time, sequence % 2**32)

    def _channel(self, kind: messages.MessageKind) -> int:
        found = self._channels.get(kind.topic)
        if found is None:
            found = self._channels[kind.topic] = self._new_channel(kind)
        elif self._is_due_again(kind.topic):
            schema, channel = found
            # its methods for these would give new numbers; one that is made otherwise says it once
            piece = getattr(self._writer, "_Writer__chunk_builder", None)
            if piece is not None:
                piece.add_schema(schema)
                piece.add_channel(channel)
        return found[1].id

    def _new_channel(self, kind: messages.MessageKind) -> tuple[Schema, Channel]:
        metadata: dict[str, str] = {}
        if kind.count != messages.STEPS.count:  # the log gives facts again
            self._said[kind.topic] = self._file.tell(), 0
        if kind.count == "log" or kind.stream:
            metadata["stream"] = kind.stream
            if self._clock_offset_ns is not None:
                metadata["clock_offset_ns"] = str(self._clock_offset_ns)
        name, encoding, text = kind.schema_name, kind.schema_encoding, kind.schema
        schema_id = self._writer.register_schema(name, encoding, text)
        how = kind.topic, kind.message_encoding, schema_id, metadata
        channel_id = self._writer.register_channel(*how)
        return (
            Schema(id=schema_id, name=name, encoding=encoding, data=text),
            Channel(
                id=channel_id,
                topic=kind.topic,
                message_encoding=kind.message_encoding,
                schema_id=schema_id,
                metadata=metadata,
            ),
        )

    def _say_again_later(self, kind: messages.MessageKind, data: bytes) -> None:
        self._again[kind] = data
        self._said[kind.schema_name] = self._file.tell(), 0

    def _is_due_again(self, what: str) -> bool:
        """Whether this piece is to say something again; it counts as said then."""
        said_at, times = self._said.get(what, (0, len(_AGAIN_BEHIND_BYTES)))
        here = self._file.tell()
        if times == len(_AGAIN_BEHIND_BYTES) or here < said_at + _AGAIN_BEHIND_BYTES[times]:
            return False
        self._said[what] = here, times + 1
        return True

    def _log_time_of_arrival(self, arrival_ns: int | None) -> int:
        if arrival_ns is None:
            return self._last_log_time
        if self._clock_offset_ns is None:
            self._clock_offset_ns = self.header.utc_start_ns - arrival_ns
        # wraps where clamping would lose the arrival
        self._last_log_time = (arrival_ns + self._clock_offset_ns) % _UINT64
        return self._last_log_time

    def _log_time_of_session(self, time_s: float | None) -> int:
        if time_s is None or not abs(time_s) < 1e11:
            return self._last_log_time
        return min(max(self.header.utc_start_ns + round(time_s * 1e9), 0), _UINT64 - 1)

    def _flush_if(self, urgent: bool) -> None:
        now_s = self._clock()
        # a session written faster than it happened also keeps its pieces short
        far = self._last_log_time - self._last_flush_log_time >= _LONGEST_PIECE_S * 1e9
        if not (urgent or far or now_s - self._last_flush_s >= FLUSH_INTERVAL_S):
            return
        with self._writing():
            self._write_waiting()
            facts_wait_ns = self._last_log_time - self._last_facts_log_time
            if urgent or facts_wait_ns >= FACTS_INTERVAL_S * 1e9:
                self._write_found()
            self._writer.flush()
            self._last_flush_log_time = self._last_log_time
            if urgent or now_s - self._last_flush_s >= FLUSH_INTERVAL_S:
                self._refuse_removed()
                self._disk.start()
                self._last_flush_s = now_s
        self._tell_cut()


def _create(path: Path, overwrite: bool) -> BinaryIO:
    place = str(path)
    if path.is_dir():
        raise RecordingError("is a folder: give the name of a file to record to.", path=place)
    try:
        return open_private(path, overwrite=overwrite, buffering=0)
    except FileExistsError:
        raise RecordingError(
            "already exists: give another name.",
            path=place,
        ) from None
    except FileNotFoundError:
        what = f"there is no folder {path.parent}: create it or give another path."
        if path.parent.is_dir():  # one of the system's, which take no files
            what = f"nothing can be written in the folder {path.parent}: give another path."
        raise RecordingError(what, path=place) from None
    except ValueError:
        raise RecordingError("is not a file name: give another path.", path=place) from None
    except OSError as error:
        if error.errno in _NO_PERMISSION:
            what = "there is no permission to write here: give a path you may write to."
        elif error.errno in _DISK_FULL:
            what = "the disk is full: free some space or give a path on another disk."
        else:
            what = f"cannot be created ({_reason(error)}): give another path."
        raise RecordingError(what, path=place) from None


class _MovedError(OSError):
    """What was written has another name now."""


def _failed_write(error: OSError, path: Path) -> RecordingError:
    if isinstance(error, _MovedError):
        return RecordingError(
            "the recording was moved while it was written, and lies, whole, where it was moved to: "
            "leave a recording where it is until its run has ended.",
            path=str(path),
        )
    if error.errno == errno.ENOENT:
        return RecordingError(
            "the recording was removed while it was written, so nothing of this run is recorded: "
            "leave a recording where it is until its run has ended.",
            path=str(path),
        )
    if error.errno in _DISK_FULL:
        what, cure = "the disk is full", "free some space and start a new one"
    elif error.errno == errno.EFBIG:
        what, cure = "the file has reached the largest size allowed here", "start a new one"
    elif error.errno in _NO_PERMISSION:
        what, cure = "there is no permission to write", "start a new one where you may write"
    else:
        what, cure = f"writing failed ({_reason(error)})", "check the disk and start a new one"
    return RecordingError(
        f"{what}, so this recording ends here and what is on the disk stays: {cure}.",
        path=str(path),
    )


def _reason(error: OSError) -> str:
    return error.strerror or str(error) or type(error).__name__
