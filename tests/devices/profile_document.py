"""Makes ``devices/PROFILE.md`` of the tables that the code uses, and of what the sensor answers.

Write it anew with ``python -m tests.devices.profile_document``.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Iterable, Sequence
from enum import IntEnum, IntFlag
from functools import partial
from pathlib import Path
from typing import Final

from devices import sensor_source, sequence
from devices.drivers import backstride as driver
from devices.drivers import backstride_requests as requests
from devices.drivers import backstride_storage as storage
from devices.protocols import backstride as profile
from devices.protocols import backstride_control as control
from devices.protocols import backstride_frames as frames
from devices.protocols import backstride_log as logs
from devices.protocols import cobs
from devices.protocols.backstride_control import EXCHANGES, Operation, ReplyStatus
from devices.simulator.peripherals import backstride as sensor
from devices.timing import clock_watch, device_clock, timeline
from tests.devices.backstride_bench import Bench, DirectLink
from tests.devices.golden_vectors import FIELDS

DOCUMENT: Final = Path(__file__).parents[2] / "devices" / "PROFILE.md"

_TYPES: Final = {
    **{"B": "u8", "H": "u16", "I": "u32", "Q": "u64"},
    **{"h": "i16", "f": "f32"},
}
_FLOATS: Final = (
    "acceleration_bias_m_s2", "acceleration_matrix", "angular_velocity_bias_rad_s",
    "angular_velocity_matrix", "temperature_c",
)  # fmt: skip

Cells = Sequence[object]


def table(head: Cells, rows: Iterable[Cells]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def layout(packed: struct.Struct, names: Sequence[str]) -> str:
    """Place, type and name of each field of a message of fixed length."""
    parts = _parts(packed.format)
    assert len(parts) == len(names), (packed.format, names)
    rows, at = [], 0
    for (count, letter), name in zip(parts, names, strict=True):
        rows.append((at, f"{count} × {_TYPES[letter]}" if count > 1 else _TYPES[letter], name))
        at += count * struct.calcsize(f"<{letter}")
    assert at == packed.size
    return table(("byte", "type", "field"), rows)


def _parts(text: str) -> list[tuple[int, str]]:
    parts, digits = [], ""
    for letter in text.removeprefix("<"):
        if letter.isdigit():
            digits += letter
        else:
            parts.append((int(digits or 1), letter))
            digits = ""
    return parts


def members(kind: type[IntEnum] | type[IntFlag]) -> str:
    """Names and values, in a row."""
    return ", ".join(f"{int(each)} {each.name}" for each in kind)


def numbered(values: Iterable[object]) -> str:
    """What the bits of a mask stand for."""
    return ", ".join(f"{bit} {value}" for bit, value in enumerate(values))


async def _statuses(link: DirectLink, before: Sequence[Operation]) -> dict[Operation, str]:
    """What the reference sensor says to each request; the state is made anew for each."""
    await requests.read_info(link)
    said = {}
    examples = {
        Operation.SET_CONFIG: control.encode_configuration(control.Configuration()),
        Operation.SET_UTC: bytes(8),
        Operation.GET_CAL: bytes([0, 4]),
        Operation.SET_CAL: bytes([0, 1, 1]),
        Operation.LOG_LIST: bytes(2),
        Operation.LOG_READ: bytes([1, 0]) + bytes(8),
        Operation.LOG_ERASE: b"\xff\xff",
        Operation.IDENTIFY: b"\1",
    }
    for operation in Operation:
        for undo in (Operation.STOP, Operation.LOG_STOP):
            await requests.ask(link, undo)
        await requests.ask(link, Operation.LOG_ERASE, b"\xff\xff")
        for each in before:
            await requests.ask(link, each)
        reply = await requests.ask(
            link, operation, examples.get(operation, b""), accepted=tuple(ReplyStatus)
        )
        said[operation] = ReplyStatus(reply.status).name
    return said


def states() -> str:
    """Request by state, as the simulated sensor answers: it is the reference."""
    made: dict[str, list[Operation]] = {
        "IDLE": [],
        "STREAMING": [Operation.START],
        "LOGGING": [Operation.LOG_START],
        "both": [Operation.START, Operation.LOG_START],
    }
    said = {
        state: asyncio.run(Bench().connected(partial(_statuses, before=before)))
        for state, before in made.items()
    }
    rows = [(f"{op:#04x} {op.name}", *(said[state][op] for state in made)) for op in Operation]
    return table(("request", *made), rows)


def _versions_and_links() -> tuple[str, ...]:
    major, minor = profile.PROTOCOL_VERSION
    uuids = driver.BackstrideDriver.characteristics
    return (
        f"# The Backstride profile, version {major}.{minor}",
        "Made of the tables in `devices/` by `python -m tests.devices.profile_document`; a test "
        "holds it to them. Numbers are little-endian. Bytes to compare yours with are in "
        "[golden/backstride.jsonl](golden/backstride.jsonl), a codec in C in "
        "[examples/firmware](../examples/firmware/README.md).",
        "## Version rule",
        f"A host that knows {major}.{minor} takes every minor version of major version {major}, "
        "and refuses another major version with the sentence that tells to update the older of "
        "the two. A new minor version may give a meaning to bits that were 0 and add operations, "
        "kinds of frame and layouts; it never changes the length or the meaning of what there is. "
        "Unknown bits are kept as sent; unknown operations are answered with UNKNOWN_OPERATION; "
        "frames of unknown kind are passed over. "
        f"Major version {major} says that nothing is final before firmware exists.",
        "## Bluetooth LE",
        f"Service `{driver.SERVICE_UUID}`, which is advertised. Messages have no checksum here.",
        table(
            ("characteristic", "UUID"),
            [(name, f"`{uuid}`") for name, uuid in uuids.items()],
        ),
        "## Serial line",
        "A message is `COBS(kind, payload, CRC-16) 00`, the CRC-16 (IBM-3740: 0x1021, begin "
        f"0xFFFF) over kind and payload. Stuffed frames have at most {cobs.FRAME_BYTES_MAX} bytes. "
        f"Kinds: {members(frames.FrameType)}. Info comes when the sensor starts, and before each "
        f"reply to GET_CONFIG. Speeds that are tried, bits/s: "
        f"{', '.join(map(str, driver.BackstrideDriver.baud_rates))}.",
    )


def _messages() -> tuple[str, ...]:
    return (
        "## Data",
        layout(profile._HEADER, ("n in the low 5 bits, layout in the high 3", *FIELDS["data"][2:5]))
        + "\n\n"
        + f"Then n samples, 1 to {profile.SAMPLES_MAX}, of i16 each: value × range / "
        f"{profile.COUNTS_FULL_SCALE}. Layouts (values a sample): "
        + ", ".join(
            f"{int(each)} {each.name} ({profile.CHANNELS[each]})" for each in profile.Layout
        )
        + f". Flags: {members(profile.DataFlag)}. `sequence` is the index of the first sample "
        f"modulo {profile.SEQUENCE_MODULUS} and counts also what is lost; `time_us` is modulo "
        f"{profile.TIME_MODULUS_US}. Where nothing else was asked for, a message spans "
        f"{1000 * profile.PACKET_SPAN_S:g} ms.",
        "## Info",
        layout(profile._INFO, FIELDS["info"]),
        f"Features: {members(profile.Feature)}. Bits of the masks: rates, Hz: "
        f"{numbered(profile.RATES_HZ)}; acceleration, g: "
        f"{numbered(profile.ACCELERATION_RANGES_G)}; angular velocity, degrees per second: "
        f"{numbered(profile.ANGULAR_VELOCITY_RANGES_DEG_S)}.",
        "## Status",
        f"Every {sensor._STATUS_PERIOD_S:g} s, and readable over Bluetooth LE.",
        layout(profile._STATUS, (f"{profile._STATUS_KIND:#04x}", *FIELDS["status"])),
        f"States: {members(profile.SensorState)}. `time_us` does not wrap. A battery of 255 is "
        "unknown.",
    )


def _requests() -> tuple[str, ...]:
    words = control._REFUSALS
    return (
        "## Requests and replies",
        f"A request is operation, transaction, parameters; its reply {control._REPLY:#04x}, "
        "operation, transaction, status, parameters. The transaction is the host's choice and "
        "comes back.",
        table(
            ("operation", "parameters", "bytes", "parameters of the reply"),
            [
                (
                    f"{op:#04x} {op.name}",
                    EXCHANGES[op].request or "–",
                    "any" if EXCHANGES[op].request_bytes is None else EXCHANGES[op].request_bytes,
                    EXCHANGES[op].reply or "–",
                )
                for op in Operation
            ],
        ),
        "Parameters of another length are refused with BAD_LENGTH, whatever the state.",
        "### Status of a reply, and what the host tells people",
        table(
            ("status", "in words"),
            [(f"{int(each)} {each.name}", words.get(each, "done")) for each in ReplyStatus],
        ),
        f"A self-test says: {members(control.SelfTestFailure)}; 0 is nothing.",
        "### What is allowed when",
        "The answers of the simulated sensor, which is the reference, with one log or none and no "
        "stored calibration:",
        states(),
    )


def _records() -> tuple[str, ...]:
    return (
        "## Configuration",
        layout(control._CONFIGURATION, FIELDS["configuration"]),
        f"Flags: {members(control.ConfigurationFlag)}. Streams: bit k asks for layout k. 0 leaves "
        "samples a message and filters to the device. The reply says what is in force, which may "
        "be less than was asked for.",
        "## Calibration",
        layout(control._CALIBRATION, ("version", "CRC-16 of all other bytes", *_FLOATS)),
        f"Version {control._CALIBRATION_VERSION}; matrices row by row; "
        "calibrated = matrix · (measured − bias).",
        "## Logs",
        layout(logs._ENTRY, FIELDS["log entry"]),
        "`flags`: bits 0–2 and 3–5 are the indices of both ranges in the tables above, "
        f"{logs._NO_GYROSCOPE} in the latter is no gyroscope; then {members(logs.LogFlag)}. "
        "`checksum` is the CRC-16 of the whole log. A log is a row of `u16 length, Data message`, "
        f"ended by its length or by {logs._ERASED:#06x}. Bulk messages are "
        f"{logs.BULK_HEADER_BYTES} bytes (u16 log, u32 offset) and content, in any number.",
    )


def _host() -> tuple[str, ...]:
    return (
        "## How long a host waits",
        table(
            ("for", "s"),
            [
                ("a reply", f"{requests._ANSWER_S:g}, asked {requests._TRIES} times"),
                ("SAVE, LOG_ERASE, SELF_TEST", f"{requests.FLASH_S:g}, asked once"),
                (
                    f"a part of a log ({storage._PART_BYTES} bytes)",
                    f"{storage._PART_S:g}, then what is missing is asked for again",
                ),
                ("the reply to STOP at the end", f"{driver._FAREWELL_S:g}"),
                (
                    "samples, before the link is taken for lost",
                    f"{driver.BackstrideDriver.silence_s:g}",
                ),
                (
                    "between two pings",
                    "{:g} to {:g}, at random".format(*driver._PING_PAUSE_S),
                ),
                (
                    "between two tries to connect again",
                    "{:g}, doubled up to {:g}".format(*sensor_source._BACKOFF_S),
                ),
                ("a sensor that is away", f"{sensor_source.GIVE_UP_S:g}, then the session ends"),
            ],
        ),
        "## What a host tolerates",
        "\n".join(
            f"* {each}"
            for each in (
                "A message that does not follow the format is dropped and counted; the stream "
                "goes on.",
                "A sample that is missing by its number is counted as lost, up to 0.1 s are "
                "filled in and flagged.",
                f"A message that comes up to {sequence.REORDER_WINDOW_S:g} s late, or again, is "
                "counted and left out; one that is further behind shows a restart, and so do such "
                f"messages alone for {timeline.BEHIND_NS / 1e9:g} s.",
                f"The sample rate may be off by {100 * sequence._AGREEMENT_SHARE:g} % of what was "
                f"agreed, plus {sequence._AGREEMENT_SAMPLES} samples between number and time; more "
                "shows a restart, unless TIME_RESYNC is set.",
                f"Device time that runs ahead of the host's by more than "
                f"{device_clock._AHEAD_MAX_US / 1e6:g} s shows a restart.",
                f"Numbers that are off by more than {100 * clock_watch._COUNT_OFF:g} % of device "
                f"time, or device time by a factor of {clock_watch._CLOCK_OFF:g} of the host's, "
                "for some seconds flag the samples; the host then configures and starts the sensor "
                "anew, once.",
                "After a restart the sensor is idle with clock and number from 0; the host "
                "configures and starts it again when a ping shows it.",
                f"A log with a wrong checksum is fetched {storage._PASSES} times; "
                f"{storage._FRUITLESS_PARTS} parts without a new byte end a download, and what has "
                "come is kept.",
            )
        ),
    )


def document() -> str:
    """The whole text."""
    parts = (*_versions_and_links(), *_messages(), *_requests(), *_records(), *_host())
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    DOCUMENT.write_text(document(), "utf-8")
