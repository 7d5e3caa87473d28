"""What a sensor of the project's own profile keeps: logged runs and its calibration.

All functions need a link on which ``read_info`` of ``backstride_requests.py`` was called.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from zlib import crc32

from devices.drivers.backstride_requests import FLASH_S, ask
from devices.links import Link
from devices.protocols.backstride_control import (
    ALL_LOGS,
    CALIBRATION_BYTES,
    Calibration,
    Operation,
    ReplyStatus,
    check_status,
    decode_calibration,
    encode_calibration,
)
from devices.protocols.backstride_frames import BULK_CHANNEL
from devices.protocols.backstride_log import (
    ENTRY_BYTES,
    LogEntry,
    PartialLog,
    decode_bulk,
    decode_log_entry,
)
from imu.errors import DeviceError, DeviceLost, ProtocolError

_PART_BYTES: Final = 16384  # of a log, asked for at once
_PART_S: Final = 10.0  # longest wait for a part
_FRUITLESS_PARTS: Final = 8  # in a row without a new byte, before giving up
_PASSES: Final = 2  # over a log whose checksum turns out wrong
_REPLY_HEADER_BYTES: Final = 4
#: Answers of a sensor that has no calibration, or cannot have one.
_KEEPS_NONE: Final = (
    ReplyStatus.WRONG_STATE,
    ReplyStatus.NOT_SUPPORTED,
    ReplyStatus.UNKNOWN_OPERATION,
)


async def list_logs(link: Link) -> list[LogEntry]:
    """Runs in the sensor's flash, oldest first.

    Raises
    ------
    DeviceError
        When it has no flash, or the link is too narrow for an entry.
    """
    entries: list[LogEntry] = []
    while True:
        reply = await ask(link, Operation.LOG_LIST, len(entries).to_bytes(2, "little"))
        total, listed = int.from_bytes(reply.parameters[:2], "little"), reply.parameters[2:]
        new = [
            decode_log_entry(listed[at : at + ENTRY_BYTES])
            for at in range(0, len(listed) - ENTRY_BYTES + 1, ENTRY_BYTES)
        ]
        entries += new
        if len(entries) >= total:
            return entries
        if not new:
            raise DeviceError(
                f"a notification of {link.notification_bytes_max} bytes holds no entry of the "
                "list of logs: connect by USB, or by a Bluetooth adapter with a longer MTU.",
                source=link.name,
            )


async def download_log(
    link: Link, log: PartialLog, progress: Callable[[int, int], None] | None = None
) -> bytes:
    """Fetch what is missing of a log; quickest while nothing streams.

    Parameters
    ----------
    link : Link
    log : PartialLog
        Filled as bytes come, so that nothing is lost when the link is: call again with the same on
        another link, and the download goes on where it ended.
    progress : callable, optional
        Gets the bytes that have come, and how many there are.

    Returns
    -------
    bytes
        The whole log, its checksum verified.

    Raises
    ------
    DeviceError
        When bytes do not come although asked for again, or the checksum stays wrong.
    """
    await ask(link, Operation.ABORT)  # of a download that another program has left
    size = log.entry.size_bytes
    for _ in range(_PASSES):
        fruitless = 0
        while parts := _missing_parts(log):
            for start, stop in parts:
                before = log.received.count
                await _read_part(link, log, start, stop)
                if progress is not None:
                    progress(log.received.count, size)
                fruitless = 0 if log.received.count > before else fruitless + 1
                if fruitless >= _FRUITLESS_PARTS:
                    raise DeviceError(
                        f"byte {start} of the log {log.entry.log_id} does not come over: "
                        "bring the sensor nearer and download again, it goes on from here.",
                        source=link.name,
                    )
        if log.intact:
            return bytes(log.content)
        log.received.discard(0, size)
    raise DeviceError(
        f"the log {log.entry.log_id} has another checksum than the sensor says, twice: "
        "its flash may be worn, list the logs and download it again.",
        source=link.name,
    )


async def start_log(link: Link) -> int:
    """Begin to log a run in the sensor's flash; returns the log's number."""
    reply = await ask(link, Operation.LOG_START, tries=1)
    return int.from_bytes(reply.parameters[:2], "little")


async def stop_log(link: Link) -> None:
    """End the log of a run."""
    await ask(link, Operation.LOG_STOP)


async def erase_log(link: Link, log_id: int = ALL_LOGS) -> None:
    """Erase a log, or all of them.

    Raises
    ------
    DeviceError
        When there is none of that number.
    """
    parameters = log_id.to_bytes(2, "little")
    await ask(link, Operation.LOG_ERASE, parameters, timeout_s=FLASH_S, tries=1)


async def read_calibration(link: Link) -> Calibration | None:
    """The calibration that the sensor has stored; None when it has none.

    Raises
    ------
    DeviceError
        When what it has stored is damaged.
    """
    stored = b""
    step = _calibration_step(link)
    while len(stored) < CALIBRATION_BYTES:
        length = min(step, CALIBRATION_BYTES - len(stored))
        where = bytes([len(stored), length])
        reply = await ask(link, Operation.GET_CAL, where, accepted=_KEEPS_NONE)
        if reply.status in _KEEPS_NONE:
            return None
        if len(reply.parameters) != length:
            raise ProtocolError(
                f"{len(reply.parameters)} bytes of the calibration came instead of {length}: "
                "read it again.",
                payload=reply.parameters,
                source=link.name,
            )
        stored += reply.parameters
    return decode_calibration(stored)


async def write_calibration(link: Link, calibration: Calibration) -> None:
    """Store a calibration in the sensor.

    Raises
    ------
    DeviceError
        When it refuses; then it keeps the calibration that it had.
    """
    draft = encode_calibration(calibration)
    step = _calibration_step(link)
    for at in range(0, CALIBRATION_BYTES, step):
        part = draft[at : at + step]
        await ask(link, Operation.SET_CAL, bytes([at, len(part)]) + part)
    await ask(link, Operation.SAVE, timeout_s=FLASH_S)


def _calibration_step(link: Link) -> int:
    """Bytes of a calibration that one message holds, either way."""
    return max(1, min(CALIBRATION_BYTES, link.notification_bytes_max - _REPLY_HEADER_BYTES))


def _missing_parts(log: PartialLog) -> list[tuple[int, int]]:
    """What to ask for, one after the other."""
    return [
        (start, min(start + _PART_BYTES, stop))
        for first, stop in log.received.holes()
        for start in range(first, stop, _PART_BYTES)
    ]


async def _read_part(link: Link, log: PartialLog, start: int, stop: int) -> None:
    """Ask for some bytes of a log and take what comes of them."""
    parameters = (
        log.entry.log_id.to_bytes(2, "little")
        + start.to_bytes(4, "little")
        + (stop - start).to_bytes(4, "little")
    )

    def look(channel: str, payload: bytes) -> None:
        if channel != BULK_CHANNEL:
            return
        try:
            log.take(decode_bulk(payload))
        except ProtocolError:
            return  # the hole that it leaves is asked for again

    try:
        reply = await ask(
            link,
            Operation.LOG_READ,
            parameters,
            timeout_s=_PART_S,
            tries=1,
            accepted=tuple(ReplyStatus),
            look=look,
        )
    except DeviceLost:
        raise
    except DeviceError:  # silence: what has come is kept, the rest is asked for again
        await ask(link, Operation.ABORT)
        return
    check_status(reply, link.name)
    came = not log.received.holes(start, stop)
    if came and reply.parameters != crc32(log.content[start:stop]).to_bytes(4, "little"):
        log.received.discard(start, stop)
