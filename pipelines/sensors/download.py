"""Download: runs that a sensor has logged in its own memory, into ordinary session files.

What has come of a log is kept beside the sessions, so that a lost link, or another day, costs
nothing: the download goes on where it ended.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from devices.inbox import Inbox
from devices.sources import open_connector
from devices.timing.program_clock import ProgramClock, SystemClock
from imu.errors import BackstrideError, DeviceError, RecordingError
from pipelines.counted import counted
from pipelines.files.loading import decoded, read_bounded
from pipelines.files.replacing import refuse_existing, replacing
from pipelines.files.stored import private_folder
from pipelines.runner.user_directory import data_directory, new_session_path

if TYPE_CHECKING:
    from devices.open_link import OpenLink
    from devices.protocols.backstride_log import LogEntry, PartialLog
    from devices.records import DeviceInfo, Record
    from imu.drift.baseline import Baseline

#: How often a lost link is opened again without a new byte in between.
_FRUITLESS_LINKS: Final = 5
_PAUSE_S: Final = 2.0
#: Records written between two looks at whether the user wants to stop.
_RECORDS_A_LOOK: Final = 64
#: Of what a partial download says of itself, a span for each hole.
_HEAD_BYTES: Final = 1_000_000
_CHECKSUM: Final = ", checksum "

Progress = Callable[[float, float], None]


@dataclass(frozen=True, slots=True)
class DownloadOptions:
    """What the user states about downloaded runs."""

    log_id: int | None = None  # all of them otherwise
    out: Path | None = None  # file of the only run, or folder; the sessions' folder otherwise
    axes: str = ""
    mass_kg: float | None = None
    height_m: float | None = None
    baseline: Baseline | None = None
    devices: Path | None = None  # folder of the device store; None: no calibration
    erase: bool = False
    again: bool = False  # fetch also what is here already


@dataclass(frozen=True, slots=True)
class Downloaded:
    """One run that is now a session, or was one before: then ``fetched`` is false, ``steps`` 0."""

    path: Path
    entry: LogEntry
    steps: int
    note: str = ""
    fetched: bool = True


async def list_logged_runs(url: str, *, clock: ProgramClock | None = None) -> list[LogEntry]:
    """The runs in a sensor's memory, oldest first.

    Raises
    ------
    DeviceError
        When the sensor is not there, or has no memory for runs.
    """
    from devices.drivers.backstride_storage import list_logs

    connection = _Connection(url, clock or SystemClock())
    try:
        return await list_logs(await connection.open())
    finally:
        await connection.end()


async def download_logs(
    url: str, options: DownloadOptions, progress: Progress, *, clock: ProgramClock | None = None
) -> list[Downloaded]:
    """Fetch logged runs into session files of their own time.

    A run that is already in the folder, from the same sensor with the same start, is passed over
    unless it is asked for again or under a name of its own; what the sensor has added to it since
    makes it another. A session has its name only when it is whole; until then, also when the task
    is cancelled, what has come is kept for the next time.

    Raises
    ------
    DeviceError
        When the sensor is not there or stays away; what has come is kept.
    RecordingError
        When a file cannot be written.
    """
    from devices.drivers.backstride_storage import erase_log, list_logs
    from devices.protocols.backstride_log import holds_more, split_log

    # a folder that cannot be made, or a name that is taken, is told before fetching
    refuse_existing(_target(options.out, time.time_ns()))
    connection = _Connection(url, clock or SystemClock())
    done = []
    try:
        entries = await list_logs(await connection.open())
        if options.log_id is not None:
            entries = [entry for entry in entries if entry.log_id == options.log_id]
            if not entries:
                raise DeviceError(
                    f"there is no log {options.log_id}: 'backstride download --list' shows them.",
                    source=url,
                )
        for entry in entries:
            here = None if options.again else await _already_here(connection, entry, options.out)
            if here is not None:
                done.append(here)
                if options.erase and not here.note:
                    await erase_log(await connection.open(), entry.log_id)
                continue
            partial = _load_partial(connection, entry)
            content = await _fetch(connection, partial, progress)
            try:
                done.append(await _write_session(url, connection, entry, content, options))
            except BaseException:
                # the log is still in the sensor: what ended this is what is told
                with suppress(RecordingError):
                    _keep_partial(connection, partial)
                raise
            if holds_more(content, split_log(content)):
                _keep_partial(connection, partial)  # another version may read it
            else:
                _partial_path(connection, entry).unlink(missing_ok=True)
            if options.erase:
                await erase_log(await connection.open(), entry.log_id)
    finally:
        await connection.end()
    return done


async def _already_here(
    connection: _Connection, entry: LogEntry, out: Path | None
) -> Downloaded | None:
    """The whole session of a logged run in the folder that it would go to."""
    from devices.records import DeviceInfo, LinkEvent
    from pipelines.files.session_reader import read_header, read_session

    if not entry.utc_s or _is_session_name(out):
        return None
    await connection.open()
    utc_start_ns = entry.utc_s * 10**9
    for path in sorted(new_session_path(utc_start_ns, out).parent.glob("*.mcap")):
        try:
            if read_header(path).utc_start_ns != utc_start_ns:
                continue
            session = read_session(path)
        except RecordingError:
            continue  # another program's, or damaged
        info = next((one for one in session.records if isinstance(one, DeviceInfo)), None)
        if session.cut_short or info is None or not _is_same_sensor(info, connection):
            continue
        link = next((one.detail for one in session.records if isinstance(one, LinkEvent)), "")
        if not link.startswith(f"log {entry.log_id} of "):
            continue
        if link.endswith(_checksum_words(entry)):
            return Downloaded(path, entry, 0, fetched=False)
        if _CHECKSUM not in link:
            # files of earlier versions do not tell which state of the log they hold
            note = "not erased, since this file does not tell whether it holds all of the log"
            return Downloaded(path, entry, 0, note, fetched=False)
    return None


def _is_same_sensor(info: DeviceInfo, connection: _Connection) -> bool:
    if info.serial and connection.serial:
        return info.serial == connection.serial
    return info.name == connection.name


def _checksum_words(entry: LogEntry) -> str:
    """Which state of a log it is, at the end of a session's first link event."""
    return f"{_CHECKSUM}{entry.checksum:04x}"


class _Connection:
    """A link that is opened again when it was lost."""

    def __init__(self, url: str, clock: ProgramClock) -> None:
        self.clock = clock
        self.serial = self.firmware = self.name = ""
        self.key = ""  # tells sensors apart, also those without a serial number
        self._connector = open_connector(url)
        self._link: OpenLink | None = None

    async def open(self) -> OpenLink:
        from devices.drivers.backstride_requests import read_info, read_serial_number

        if self._link is not None and not self._link.is_lost:
            return self._link
        link = await self._connector.connect(Inbox(self.clock))
        driver = self._connector.driver
        if driver is None or driver.protocol != "backstride":
            await link.close()
            raise DeviceError(
                "keeps no runs that this program can fetch: only sensors of the Backstride "
                "profile do.",
                source=self._connector.place,
            )
        info = await read_info(link)
        self.name, self.firmware = link.name, f"{info.firmware >> 8}.{info.firmware & 0xFF}"
        self.serial = await read_serial_number(link)
        self.key = self.serial or link.address
        self._link = link
        return link

    async def end(self) -> None:
        if self._link is not None:
            await self._link.close()
        await self._connector.end()


async def _fetch(connection: _Connection, partial: PartialLog, progress: Progress) -> bytes:
    from devices.drivers.backstride_storage import download_log

    fruitless = 0
    while True:
        before = partial.received.count
        try:
            link = await connection.open()
            return await download_log(link, partial, progress)
        except DeviceError:
            _keep_partial(connection, partial)
            fruitless = 0 if partial.received.count > before else fruitless + 1
            if fruitless >= _FRUITLESS_LINKS:
                raise
            await connection.clock.sleep(_PAUSE_S)
        except BaseException:
            _keep_partial(connection, partial)
            raise


def _partial_path(connection: _Connection, entry: LogEntry) -> Path:
    name = "".join(c if c.isalnum() else "-" for c in connection.key)
    return data_directory() / "downloads" / f"{name}-{entry.log_id}-{entry.checksum:04x}.part"


def _keep_partial(connection: _Connection, partial: PartialLog) -> None:
    path = _partial_path(connection, partial.entry)
    head = msgspec.json.encode({"entry": partial.entry, "spans": partial.received.spans})
    private_folder(path.parent, "what was downloaded so far")
    with replacing(path, private=True) as out:
        out.write(head + b"\n" + bytes(partial.content))


def _load_partial(connection: _Connection, entry: LogEntry) -> PartialLog:
    from devices.protocols.backstride_log import LogEntry, PartialLog, RangeMap

    try:
        kept_bytes = read_bounded(_partial_path(connection, entry), _HEAD_BYTES + entry.size_bytes)
        head, _, content = kept_bytes.partition(b"\n")
        kept = decoded(head, dict[str, Any])
        if msgspec.convert(kept["entry"], LogEntry) == entry and len(content) == entry.size_bytes:
            spans = msgspec.convert(kept["spans"], list[tuple[int, int]])
            return PartialLog(entry, bytearray(content), RangeMap(entry.size_bytes, spans))
    except (OSError, ValueError, KeyError, BackstrideError):
        pass  # nothing kept, or nothing that can be used: begin anew
    return PartialLog(entry)


async def _write_session(
    url: str, connection: _Connection, entry: LogEntry, content: bytes, options: DownloadOptions
) -> Downloaded:
    from devices.protocols.backstride_log import LogFlag, device_info_of, holds_more, split_log
    from devices.records import LinkEvent
    from pipelines.files.whole_recording import whole_session
    from pipelines.sensors.device_store import settings_for
    from pipelines.session.engine import SessionFold
    from pipelines.session.facts import Fact, StepsFinished
    from pipelines.session.header import SessionHeader

    log = split_log(content)
    notes = []
    if log.malformed_packets or log.unread_bytes:
        kept = ""
        if holds_more(content, log):
            kept = f"; as it came it is kept in {_partial_path(connection, entry)}"
        notes.append(
            f"{counted(log.malformed_packets, 'damaged packet')} and "
            f"{counted(log.unread_bytes, 'byte')} at its end were left out{kept}"
        )
    if not entry.utc_s:
        notes.append("the sensor did not know the time of day: now is taken instead")
    info = device_info_of(
        entry, connection.name, serial=connection.serial, firmware=connection.firmware
    )
    utc_start_ns = entry.utc_s * 10**9 or time.time_ns()
    known = settings_for(
        None if entry.flags & LogFlag.CALIBRATED else options.devices,
        info,
        url,
        axes=options.axes,
        now=datetime.fromtimestamp(utc_start_ns * 1e-9, tz=UTC),
    )
    notes += [note.removesuffix(".") for note in known.notes]
    header = SessionHeader(
        utc_start_ns=utc_start_ns,
        source=url,
        axes=known.axes,
        mass_kg=options.mass_kg,
        height_m=options.height_m,
        calibration=known.calibration,
        neutral_up=known.neutral_up,
        neutral_is_old=known.neutral_is_old,
        baseline=options.baseline,
    )
    last_ns = log.packets[-1].arrival_ns if log.packets else 0
    records: list[Record] = [
        info,
        LinkEvent(
            0, "connected", f"log {entry.log_id} of {connection.name}{_checksum_words(entry)}"
        ),
        *log.packets,
        LinkEvent(last_ns, "ended", "end of the log"),
    ]
    fold = SessionFold(header, info)
    path = _target(options.out, header.utc_start_ns)
    found: list[Fact] = []
    with whole_session(path, header) as writer:
        for number, record in enumerate(records):
            if number % _RECORDS_A_LOOK == 0:
                await asyncio.sleep(0)
            writer.write_record(record)
            new = fold.push(record)
            writer.write_facts(new)
            found += new
        last = fold.finish()
        writer.write_facts(last)
    steps = sum(len(fact.steps) for fact in [*found, *last] if isinstance(fact, StepsFinished))
    return Downloaded(path, entry, steps, "; ".join(notes))


def _is_session_name(out: Path | None) -> bool:
    return out is not None and out.suffix.lower() == ".mcap"


def _target(out: Path | None, utc_start_ns: int) -> Path:
    if out is not None and _is_session_name(out):
        return out
    path = new_session_path(utc_start_ns, out)
    private_folder(path.parent, "what is downloaded")
    return path
