"""Session: reads a session file back, as far as it is sound."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import IO, Final

from devices.named_pipe import refuse_named_pipe
from devices.records import DeviceInfo, Packet
from imu.errors import InputError, RecordingError
from imu.steps import Steps, concatenate
from pipelines.files import session_messages as messages
from pipelines.files import session_old_forms as old_forms
from pipelines.files.loading import load
from pipelines.files.mcap_recovery import MAGIC, Recovery, StoredMessage, Topic
from pipelines.files.packet_batches import decode_packets
from pipelines.files.stream_batches import PlacedRecord, decode_stream
from pipelines.session.facts import Fact, StepsFinished
from pipelines.session.header import SessionHeader
from pipelines.session.marks import LoggedMark, SessionRecord

#: What a record takes in memory beside its bytes, and at most each byte that is text of others.
_RECORD_BYTES: Final = 160
_TEXT_TIMES: Final = 8
_STREAM_TIMES: Final = 40
#: By the name of the schema: which count its messages belong to.
_COUNTS: Final = {
    **{kind.schema_name: kind.count for kind in messages.KINDS},
    **dict.fromkeys((old_forms.DEVICE, old_forms.PACKET, old_forms.LINK, old_forms.MARK), "log"),
    **old_forms.FACTS,
}


@dataclass(frozen=True, slots=True)
class Session:
    """A session as far as its file is sound.

    Attributes
    ----------
    path : Path
        The file.
    header : SessionHeader
        What besides the log influences the facts; its ``software`` is the version that wrote it.
    form : int
        Of the file, 1 to 4.
    records : list of SessionRecord
        The log, in the order in which it was written.
    facts : list of Fact
        What the version that wrote it found while it recorded, of a file of form 4, up to the
        first place that is not sound; empty where this version does not know all of them. The log
        is what counts.
    held_facts : bool
        Whether the file holds what was found while it was recorded, in whatever form.
    cut_short : bool
        Whether the file lacks its end or a part; everything else is here.
    note : str
        One sentence for the user about that, empty when the file is whole.
    holes : tuple of int
        Places in the log before which records are missing.
    ends_early : bool
        Whether some are missing behind the last.

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
    form: int
    records: list[SessionRecord]
    facts: list[Fact]
    held_facts: bool
    cut_short: bool
    note: str
    holes: tuple[int, ...]
    ends_early: bool

    @property
    def first_arrival_ns(self) -> int:
        """When the first record arrived that did, by the computer's clock; 0 where none did."""
        stamped = (one for one in self.records if not isinstance(one, DeviceInfo))
        return next((one.arrival_ns for one in stamped), 0)

    @property
    def steps(self) -> Steps:
        """The steps among the facts."""
        return concatenate([fact.steps for fact in self.facts if isinstance(fact, StepsFinished)])


def read_session(path: str | os.PathLike[str]) -> Session:
    """Read a session file, whole or cut short by a crash, a full disk or a damaged one.

    Parameters
    ----------
    path
        The file, as :class:`~pipelines.files.session_writer.SessionWriter` writes it, or release
        0.1 did.

    Returns
    -------
    Session
        All that is sound in the file.

    Raises
    ------
    RecordingError
        When there is no such file, it is not a session, its beginning is lost, or a newer version
        wrote it in another form.

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
    with open_session(path) as file:
        return file.session(list(chain.from_iterable(file.pieces(1))))


def read_header(path: str | os.PathLike[str]) -> SessionHeader:
    """Read how a session began, and no more of its file.

    Raises
    ------
    RecordingError
        As :func:`read_session`.
    """
    with open_session(path) as file:
        return file.header


@contextmanager
def open_session(path: str | os.PathLike[str]) -> Iterator[SessionFile]:
    """Open a session file to read its log piece by piece.

    Raises
    ------
    RecordingError
        As :func:`read_session`.
    """
    path = Path(path)
    with _open(path) as file:
        _check_beginning(file, path)
        yield SessionFile(path, file)


@dataclass(slots=True)
class SessionFile:
    """A session file that is being read: a long log need not be in memory as a whole.

    Its messages are taken in one after the other; what is not sound is a hole.

    Attributes
    ----------
    path : Path
        The file.
    header : SessionHeader
        What besides the log influences the facts.
    """

    path: Path
    _file: IO[bytes]
    header: SessionHeader = field(init=False)
    _form: int = messages.FORM  # only this tells its header again
    _has_header: bool = False
    _records: list[SessionRecord] = field(default_factory=list)  # not taken yet
    _count: int = 0  # of all so far
    _facts: list[Fact] = field(default_factory=list)
    _held_facts: bool = False
    _last_log_time: int = 0
    #: log times before and behind each, and how many records before
    _holes: list[tuple[int, int, int]] = field(default_factory=list)
    _recovery: Recovery = field(init=False)
    _messages: Iterator[None] = field(init=False)
    _steps: list[bytes] = field(default_factory=list)
    _unknown: bool = False  # whether there is a fact that this version does not know
    _beside: list[PlacedRecord] = field(default_factory=list)  # not in their place yet
    _place: int = 0  # of the next record, in the log as it was written
    _place_lost: bool = False  # behind a hole nobody knows how many records it held
    _damages_before: int = 0  # the last message of the log
    _counts: dict[str, int] = field(default_factory=dict)
    _device: bytes = b""  # what the sensor last introduced itself with

    def __post_init__(self) -> None:
        self._recovery = Recovery(self._file)
        self._messages = self._read()
        while not self._has_header:
            if next(self._messages, self) is self:
                raise _without_header(self._recovery, self.path)

    @property
    def share(self) -> float:
        """How much of the file has been read, 0 to 1."""
        return self._file.tell() / max(os.fstat(self._file.fileno()).st_size, 1)

    def pieces(self, least: int) -> Iterator[list[SessionRecord]]:
        """The log in order, so many records at a time or a few more, to the last that is sound.

        Raises
        ------
        RecordingError
            When it expands to far more than a recording of its length.
        """
        for _ in self._messages:
            if len(self._records) >= least:
                yield self._take_records()
        if self._records:
            yield self._take_records()

    def session(self, records: list[SessionRecord]) -> Session:
        """All that is known of it once the log has been read, with those records of it."""
        note = "" if self._recovery.whole else f"{self.path}: {self._what_is_missing()}"
        return Session(
            self.path,
            self.header,
            self._form,
            records,
            self._facts,
            self._held_facts,
            bool(note),
            note,
            tuple(place for _, _, place in self._holes),
            bool(note) and self._ends_early,
        )

    def _read(self) -> Iterator[None]:
        try:
            for message in self._recovery:
                try:
                    self._take(message)
                except RecordingError:
                    raise
                except Exception:  # whatever a parser raises: this message is not sound
                    self._recovery.note_damage()
                yield
        except RecordingError as error:
            raise RecordingError(str(error), path=str(self.path)) from None
        self._finish_steps()
        if self._unknown:
            self._facts.clear()
        self._put_beside()

    @property
    def _is_damaged_behind(self) -> bool:
        return self._recovery.damages > self._damages_before

    @property
    def _ends_early(self) -> bool:
        """Whether something is missing behind the last record, where the file is not whole."""
        return self._recovery.torn or self._is_damaged_behind or not self._recovery.damages

    def _what_is_missing(self) -> str:
        """What a user is told of a file that is not whole, also while it is still recorded."""
        start = self.header.utc_start_ns
        seconds = max(self._last_log_time - start, 0) / 1e9
        what, rest = [], "everything before that"
        if self._holes:
            rest = "everything else"
            first_s = max(self._holes[0][0] - start, 0) / 1e9
            lost_s = sum(max(behind - before, 0) for before, behind, _ in self._holes) / 1e9
            places = f" in {len(self._holes)} places, first" if len(self._holes) > 1 else ""
            what.append(f"is damaged{places} after {first_s:.1f} s, where {lost_s:.1f} s are lost")
        if self._ends_early:
            elsewhere = self._recovery.damages > 0 and not self._holes
            damaged = not self._recovery.torn or self._is_damaged_behind or elsewhere
            end = ["is damaged"] * damaged + ["was cut short"] * self._recovery.torn
            what.append(f"{' and '.join(end)} after {seconds:.1f} s")
        if not what:  # it was told again, or is no part of the log
            what, rest = ["is damaged"], "all of its log"
        return f"the recording {', and '.join(what)}, and {rest} ({self._count} records) was read."

    def _take_records(self) -> list[SessionRecord]:
        """The records that were read since the last call."""
        records, self._records = self._records, []
        return records

    def _take(self, message: StoredMessage) -> None:
        topic = message.topic
        count = _count_of(topic)
        if count is None:
            return
        missing = (message.sequence - self._counts.get(count, 0)) % 2**32
        if missing >= 2**31:
            raise ValueError("a message comes once more, or too late")
        self._counts[count] = (message.sequence + 1) % 2**32
        if missing:
            self._recovery.note_damage()
        if count == "log":
            if missing:
                self._holes.append((self._last_log_time, message.log_time, self._count))
                self._place_lost = True
            self._last_log_time = message.log_time
            self._damages_before = self._recovery.damages
            offset_ns = int(topic.metadata.get("clock_offset_ns", "0"))
            self._take_record(message, _signed(message.log_time - offset_ns))
        elif stream := topic.metadata.get("stream"):
            self._recovery.spend(_STREAM_TIMES * len(message.data))
            self._last_log_time = max(self._last_log_time, message.log_time)
            self._take_beside(decode_stream(message.data, stream))
        elif count == messages.SESSION.count:
            self._keep(_TEXT_TIMES * len(message.data))
            if not self._has_header:
                self._last_log_time = max(self._last_log_time, message.log_time)
                self._take_header(message.data)
        elif count == messages.DEVICE_AGAIN.count:
            self._keep(_TEXT_TIMES * len(message.data))
            if message.data != self._device:  # a hole has taken it; nothing is read twice
                self._device = message.data
                self._records.append(load(message.data, DeviceInfo))
                self._count += 1
        elif not self._recovery.damages:  # what was found behind a hole, the log no longer gives
            self._held_facts = True
            self._keep(_TEXT_TIMES * len(message.data))
            self._take_fact(message)

    def _take_header(self, data: bytes) -> None:
        try:
            self._form = messages.form_of(data)
            old = self._form < messages.FORM
            self.header = old_forms.old_header(data) if old else load(data, SessionHeader)
        except InputError as error:
            raise RecordingError(
                f"what stands at its beginning cannot be read, since {error}"
            ) from None
        self._has_header = True

    def _take_record(self, message: StoredMessage, arrival_ns: int) -> None:
        data, topic = message.data, message.topic
        match topic.schema_name:
            case messages.PACKETS.schema_name:
                packets = decode_packets(data, arrival_ns)
                self._keep(*(len(packet.payload) for packet in packets))
                self._put(packets)
                self._last_log_time += packets[-1].arrival_ns - arrival_ns
            case old_forms.PACKET:
                channel = old_forms.packet_channel(topic.name, topic.metadata)
                self._keep(len(data))
                self._put([Packet(arrival_ns, channel, data)])
            case messages.LINK.schema_name | old_forms.LINK:
                self._keep(_TEXT_TIMES * len(data))
                self._put([messages.decode_link(data, arrival_ns)])
            case messages.DEVICE.schema_name | old_forms.DEVICE:
                self._keep(_TEXT_TIMES * len(data))
                self._device = data
                self._put([load(data, DeviceInfo)])
            case messages.MARKS.schema_name:
                self._keep(_TEXT_TIMES * len(data))
                read = old_forms.old_mark if self._form < messages.FORM else messages.decode_mark
                mark = read(data)
                self._put([LoggedMark(arrival_ns, mark)])

    def _put(self, records: Sequence[SessionRecord]) -> None:
        """Put the next records of the sensor and what was said into the log."""
        if self._place_lost:
            self._find_place(records)
        if not self._beside or self._place_lost:
            self._append(records)
            return
        for record in records:
            self._put_beside()
            self._append([record])

    def _append(self, records: Sequence[SessionRecord]) -> None:
        self._records += records
        self._count += len(records)
        self._place += len(records)

    def _find_place(self, records: Sequence[SessionRecord]) -> None:
        """Find by arrival, behind a hole, where the first record of a stream stands in these.

        One that came before all of them stood in the hole, and tells nothing of their place.
        """
        arrivals = [
            -math.inf if isinstance(record, DeviceInfo) else record.arrival_ns for record in records
        ]
        while self._beside:
            first = self._beside[0]
            came_ns = first.record.arrival_ns
            index = next((k for k, at_ns in enumerate(arrivals) if at_ns > came_ns), None)
            if index is None:
                return
            if index > 0:
                self._place, self._place_lost = first.place - index, False
                return
            self._append([self._beside.pop(0).record])

    def _take_beside(self, placed: Sequence[PlacedRecord]) -> None:
        """Take records of a stream, which are written before those that they stand before."""
        if placed and placed[0].place < self._place and not self._place_lost:
            if not self._holes:
                raise ValueError("a record comes too late")
            self._place_lost = True
        self._beside = sorted([*self._beside, *placed], key=lambda each: each.place)

    def _put_beside(self) -> None:
        """Put what stands here into the log."""
        while self._beside and (self._place_lost or self._beside[0].place <= self._place):
            self._append([self._beside.pop(0).record])

    def _take_fact(self, message: StoredMessage) -> None:
        schema = message.topic.schema_name
        if schema == messages.STEPS.schema_name:
            self._steps.append(message.data)
            # the steps of a version with other columns are not known
            self._unknown |= message.topic.schema != messages.STEPS.schema
        elif schema.startswith(messages.FACT_SCHEMAS):
            self._finish_steps()
            try:
                self._facts.append(messages.decode_fact(message.data))
            except InputError:
                self._unknown = True

    def _keep(self, *sizes_bytes: int) -> None:
        """Take what records of these sizes need."""
        self._recovery.spend(sum(sizes_bytes) + _RECORD_BYTES * len(sizes_bytes))

    def _finish_steps(self) -> None:
        """Decode steps that have gathered: many at a time cost less."""
        steps, self._steps = self._steps, []
        if self._unknown:
            return
        try:
            self._facts += messages.decode_steps(steps)
        except ValueError:
            self._unknown = True


def _count_of(topic: Topic) -> str | None:
    """The count that a message belongs to; None of what is not ours."""
    if stream := topic.metadata.get("stream"):
        return f"stream {stream}" if topic.schema_name == messages.STREAM_SCHEMA else None
    if topic.schema_name.startswith(messages.FACT_SCHEMAS):
        return messages.STEPS.count
    return _COUNTS.get(topic.schema_name)


def _signed(value: int) -> int:
    """The 64-bit integer that a sum of wrapped ones stands for."""
    return (value + 2**63) % 2**64 - 2**63


def _open(path: Path) -> IO[bytes]:
    place = str(path)
    if path.is_dir():
        raise RecordingError("is a folder: give the path of a session file.", path=place)
    refuse_named_pipe(path)
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
            f"cannot be opened ({error}): check the path and the disk.", path=place
        ) from None


def _check_beginning(file: IO[bytes], path: Path) -> None:
    try:
        beginning = file.read(len(MAGIC))
        file.seek(0)
    except OSError as error:
        raise RecordingError(
            f"cannot be read ({error.strerror or 'error'}): check the disk.",
            path=str(path),
        ) from None
    if not beginning:
        raise RecordingError("is empty: give another recording.", path=str(path))
    if not MAGIC.startswith(beginning):
        raise RecordingError(
            "is not a session file: give an .mcap file that backstride has recorded.",
            path=str(path),
        )


def _without_header(recovery: Recovery, path: Path) -> RecordingError:
    if any(_count_of(topic) is None for topic in recovery.topics.values()) or recovery.whole:
        what = "is an MCAP file of another program: give one that backstride has recorded."
    elif recovery.torn and not recovery.damages:
        what = "ends before anything was recorded: give another recording."
    else:
        what = "is damaged at its beginning and cannot be read: restore it from a copy."
    return RecordingError(what, path=str(path))
