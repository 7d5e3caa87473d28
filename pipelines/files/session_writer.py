"""Recording: writes the session file so that a crash costs at most a second."""

from __future__ import annotations

import contextlib
import errno
import json
import math
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self, SupportsFloat, cast

from mcap.writer import LIBRARY_IDENTIFIER, Writer

from devices.records import DeviceInfo, LinkEvent, Mark, Packet, Record
from imu.errors import RecordingError
from imu.samples import Samples
from imu.steps import Steps
from pipelines.files.session_messages import (
    ALERT,
    DEVICE_INFO,
    LINK_EVENT,
    MARK,
    MAX_MESSAGE_BYTES,
    PACKET,
    SAMPLE,
    SESSION,
    STEP,
    MessageKind,
    SessionHeader,
    encode_alert,
    encode_device_info,
    encode_header,
    encode_link_event,
    encode_mark,
    encode_samples,
    encode_steps,
)

__all__ = ["FLUSH_INTERVAL_S", "PLOT_SPACING_S", "SessionHeader", "SessionWriter"]

#: Longest time that data waits in memory while a feed runs, s; half of what a crash may cost.
FLUSH_INTERVAL_S: Final = 0.5
#: Most session time in one piece of the file, ns.
_FLUSH_SESSION_NS: Final = 5_000_000_000

#: Decoded samples closer than this to the last one written are left to the packets, s. A little
#: under 4 ms, so that the jitter of a 250 Hz clock drops none.
PLOT_SPACING_S: Final = 0.0039

_UINT64: Final = 2**64
_NO_PERMISSION: Final = (errno.EACCES, errno.EPERM, errno.EROFS)
_DISK_FULL: Final = (errno.ENOSPC, errno.EDQUOT) if hasattr(errno, "EDQUOT") else (errno.ENOSPC,)
#: Answers of files that have nothing to put on a disk (a pipe, some network shares).
_CANNOT_SYNC: Final = (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS)


class SessionWriter:
    """Writes one session file, record by record, in the order of the calls.

    Everything written reaches the file within :data:`FLUSH_INTERVAL_S` of the next call, a mark
    and the end of a link at once. The disk is waited for in a thread of its own, so that a slow
    one does not delay arrival stamps. Use it from one thread, as a context manager.

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
        self._last_flush_log_time = self._last_log_time
        self._last_plotted_s = -math.inf
        self._schemas: dict[str, int] = {}
        self._channels: dict[tuple[str, str], int] = {}
        self._sequence: dict[str, int] = {}
        first = self._checked(encode_header(header))
        self._file = _UnbufferedFile(_create(self.path, overwrite))
        self._disk = _DiskSync(self._file.fileno())
        self._writer = cast(Any, Writer(cast(IO[Any], self._file)))  # its methods carry no types
        self._last_flush_s = clock()
        try:
            with self._writing():
                self._writer.start("x-backstride", f"{header.software}; {LIBRARY_IDENTIFIER}")
                self._add(SESSION, first, self._last_log_time)
                self._writer.flush()
                self._disk.sync()
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

    def write_record(self, record: Record) -> None:
        """Append one record of the log.

        Raises
        ------
        RecordingError
            When writing fails for the first time, when the record is larger than 8 MiB (nothing
            is written and recording goes on), or after :meth:`close`.
        """
        if self._stopped():
            return
        channel = ""
        match record:
            case Packet():
                kind, data, channel = PACKET, bytes(record.payload), record.channel
            case DeviceInfo():
                kind, data = DEVICE_INFO, encode_device_info(record)
            case LinkEvent():
                kind, data = LINK_EVENT, encode_link_event(record)
            case Mark():
                kind, data = MARK, encode_mark(record)
        self._checked(data)
        arrival_ns = None if isinstance(record, DeviceInfo) else record.arrival_ns
        with self._writing():
            self._add(kind, data, self._log_time_of_arrival(arrival_ns), channel)
            # after these nothing may follow for long, and nobody should have to tap twice
            urgent = isinstance(record, Mark) or (
                isinstance(record, LinkEvent) and record.kind in ("lost", "ended")
            )
            self._flush_if(urgent)

    def write_samples(self, samples: Samples) -> None:
        """Append decoded samples, for plots in other programs; the packets are the exact record.

        Each sample is a message of its own, the form every viewer plots, rounded as
        :func:`~pipelines.files.session_messages.encode_samples` says. Above 250 Hz every second,
        third, … sample is written (:data:`PLOT_SPACING_S`), unfiltered. An hour with its packets
        takes about 60 MB at 200 Hz. Samples without a time have no place on an axis and are left
        out.

        Parameters
        ----------
        samples
            With ``time_s`` counted from the start of the session, ``header.utc_start_ns``.

        Raises
        ------
        RecordingError
            As :meth:`write_record`.
        """
        if self._stopped():
            return
        chosen = []
        for index, time_s in enumerate(samples.time_s.tolist()):
            since = time_s - self._last_plotted_s
            # time that goes back is a restart
            if math.isfinite(time_s) and (since >= PLOT_SPACING_S or since < 0):
                chosen.append(index)
                self._last_plotted_s = time_s
        if not chosen:
            return
        if len(chosen) < len(samples):
            gyro = samples.angular_velocity_rad_s
            samples = Samples(
                samples.time_s[chosen],
                samples.acceleration_m_s2[chosen],
                None if gyro is None else gyro[chosen],
                samples.quality[chosen],
            )
        with self._writing():
            for time_s, data in zip(samples.time_s.tolist(), encode_samples(samples), strict=True):
                self._add(SAMPLE, data, self._log_time_of_session(time_s))
            self._flush_if(urgent=False)

    def write_steps(self, steps: Steps) -> None:
        """Append finished steps, one message each, at the time of their initial contact.

        Raises
        ------
        RecordingError
            As :meth:`write_record`.
        """
        if self._stopped() or not len(steps):
            return
        contacts: list[float] = steps.initial_contact_s.tolist()
        with self._writing():
            for time_s, data in zip(contacts, encode_steps(steps), strict=True):
                self._add(STEP, data, self._log_time_of_session(time_s))
            self._flush_if(urgent=False)

    def write_alert(self, alert: Mapping[str, object]) -> None:
        """Append one alert, at its ``time_s`` where it has one.

        Raises
        ------
        RecordingError
            As :meth:`write_record`.
        """
        if self._stopped():
            return
        data = self._checked(encode_alert(alert))
        time_s = alert.get("time_s")
        log_time = self._log_time_of_session(
            float(time_s) if isinstance(time_s, SupportsFloat) else None
        )
        with self._writing():
            self._add(ALERT, data, log_time)
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
                    self._writer.finish()
                    self._disk.sync()
                    self._file.close()
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
            yield
        except OSError as error:
            self._error = _failed_write(error, self.path)
            raise self._error from None

    def _checked(self, data: bytes) -> bytes:
        if len(data) > MAX_MESSAGE_BYTES:
            raise RecordingError(
                f"a record of {len(data)} bytes does not fit into a session: keep each below "
                f"{MAX_MESSAGE_BYTES} bytes.",
                path=str(self.path),
            )
        return data

    def _add(self, kind: MessageKind, data: bytes, log_time: int, channel: str = "") -> None:
        sequence = self._sequence.get(kind.stream, 0)
        self._sequence[kind.stream] = sequence + 1
        self._writer.add_message(
            self._channel(kind, channel), log_time, data, log_time, sequence % 2**32
        )

    def _channel(self, kind: MessageKind, channel: str) -> int:
        key = (kind.topic, channel)
        if key not in self._channels:
            metadata: dict[str, str] = {}
            if kind is PACKET:
                metadata["channel"] = json.dumps(channel)
            if kind.stream == "log" and self._clock_offset_ns is not None:
                metadata["clock_offset_ns"] = str(self._clock_offset_ns)
            if kind.schema_name not in self._schemas:
                self._schemas[kind.schema_name] = self._writer.register_schema(
                    kind.schema_name, kind.schema_encoding, kind.schema
                )
            self._channels[key] = self._writer.register_channel(
                kind.topic + channel.encode("utf-8", "replace").decode(),
                kind.message_encoding,
                self._schemas[kind.schema_name],
                metadata,
            )
        return self._channels[key]

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
        far = self._last_log_time - self._last_flush_log_time >= _FLUSH_SESSION_NS
        if urgent or far or now_s - self._last_flush_s >= FLUSH_INTERVAL_S:
            self._writer.flush()
            self._last_flush_log_time = self._last_log_time
            if urgent or now_s - self._last_flush_s >= FLUSH_INTERVAL_S:
                self._disk.start()
                self._last_flush_s = now_s


class _UnbufferedFile:
    """What the MCAP writer needs of a file; each write has reached the system when it returns."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw
        self._size = 0

    def write(self, data: bytes) -> int:
        left = memoryview(data)
        while left:
            written = self._raw.write(left)
            if not written:
                raise OSError(errno.EIO, "the file takes no more data")
            self._size += written
            left = left[written:]
        return len(data)

    def tell(self) -> int:
        return self._size

    def flush(self) -> None:
        """Nothing waits here."""

    def fileno(self) -> int:
        return self._raw.fileno()

    def close(self) -> None:
        self._raw.close()

    def close_quietly(self) -> None:
        with contextlib.suppress(OSError):
            self._raw.close()


class _DiskSync:
    """Waits for the disk, in a thread where the caller must not wait."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._thread: threading.Thread | None = None
        self._error: OSError | None = None

    def start(self) -> None:
        """Begin putting on the disk what was written; an earlier wait may still be going on."""
        if self._thread is not None and self._thread.is_alive():
            return
        self._raise_earlier()
        self._thread = threading.Thread(target=self._run, name="session-sync", daemon=True)
        self._thread.start()

    def sync(self) -> None:
        """Return once everything written is on the disk."""
        self.wait()
        self._raise_earlier()
        self._run()
        self._raise_earlier()

    def wait(self) -> None:
        """Return once no wait is going on."""
        if self._thread is not None:
            self._thread.join()

    def _raise_earlier(self) -> None:
        error, self._error = self._error, None
        if error is not None:
            raise error

    def _run(self) -> None:
        try:
            os.fsync(self._descriptor)
        except OSError as error:
            if error.errno not in _CANNOT_SYNC:
                self._error = error


def _create(path: Path, overwrite: bool) -> IO[bytes]:
    place = str(path)
    if path.is_dir():
        raise RecordingError("is a folder: give the name of a file to record to.", path=place)
    try:
        return cast(IO[bytes], path.open("wb" if overwrite else "xb", buffering=0))
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


def _failed_write(error: OSError, path: Path) -> RecordingError:
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
    return (error.strerror or str(error) or type(error).__name__).lower()
