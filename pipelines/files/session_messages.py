"""The messages of a session file, form 4: topics, schemas, and each kind to bytes and back.

A session file is an MCAP in chunks that zstd compresses:

==============  ======================  =========================================================
topic           schema                  content
==============  ======================  =========================================================
``/session``    ``backstride.session``  :class:`~pipelines.session.header.SessionHeader`, first
``/device``     ``backstride.device``   log: :class:`~devices.records.DeviceInfo`
``/packets``    ``backstride.packets``  log: packets as received, see
                                        :mod:`pipelines.files.packet_batches`
``/link``       ``backstride.link``     log: :class:`~devices.records.LinkEvent`
``/marks``      ``backstride.mark``     log: one of :mod:`pipelines.session.marks`
``/streams/…``  ``backstride.stream``   log: what came from devices beside the sensor
``/steps``      ``backstride.Step``     facts: one finished step, Protocol Buffers
``/facts/…``    ``backstride.fact.…``   facts: any other of :mod:`pipelines.session.facts`
==============  ======================  =========================================================

The header, the channels of the log, and the device, are told again in later pieces, since the first
may be damaged; the device on ``/device/again``, which is no part of the log.

What has no other form is JSON. Every message carries UTC in both its times. A record's arrival is
exact: ``arrival_ns`` is the message's log time minus ``clock_offset_ns`` of its channel's metadata.
``sequence`` counts within the log and within the facts, so that a hole in the file shows.

What came from devices beside the sensor (a treadmill, a foot pod, a strap) goes on
``/streams/NAME``, see :mod:`pipelines.files.stream_batches`: raw packets, and what happened to the
link, with ``stream`` in the channel's metadata and a count of their own; the sensor's own channels
have an empty ``stream``.

The facts are what the writing version found while it recorded. The log is what counts: whoever
reads it computes them again.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import msgspec
import numpy as np

from devices.records import DeviceInfo, LinkEvent
from imu.errors import InputError, RecordingError
from imu.steps import STEP_ROW, Steps
from pipelines.files.loading import load_plain
from pipelines.files.protobuf_rows import RowMessage
from pipelines.session.facts import FACT_KINDS, Fact, StepsFinished
from pipelines.session.header import SessionHeader
from pipelines.session.json_form import from_plain, to_plain
from pipelines.session.marks import MARKS as KNOWN_MARKS
from pipelines.session.marks import Mark, Unknown

#: The form that this version writes, and the newest that it reads.
FORM: Final = 4

#: Largest message; a chunk holds 1 MiB beside it and stays below the reader's record limit.
MAX_MESSAGE_BYTES: Final = 8 * 2**20


@dataclass(frozen=True, slots=True)
class MessageKind:
    """A topic and its schema; ``count`` names the counter its ``sequence`` belongs to.

    ``stream`` is that of a device beside the sensor.
    """

    topic: str
    schema_name: str
    count: str
    message_encoding: str = "json"
    schema_encoding: str = "jsonschema"
    schema: bytes = b""
    stream: str = ""


def _json_kind(topic: str, name: str, count: str, *types: Any) -> MessageKind:
    properties: dict[str, Any] = {}
    for kind in types:
        properties |= _properties(kind)
    title = f"backstride.{name}"
    schema = {"title": title, "type": "object", "properties": properties}
    return MessageKind(topic, title, count, schema=json.dumps(schema).encode())


def _properties(kind: Any) -> dict[str, Any]:
    """The fields of a record, with one plain type each: viewers refuse lists of types."""
    info = msgspec.inspect.type_info(kind)
    properties: dict[str, Any] = {}
    if isinstance(info, msgspec.inspect.StructType) and info.tag_field:
        properties[info.tag_field] = {"type": "string"}
    for field in getattr(info, "fields", ()):
        properties[field.encode_name] = _schema_of(field.type)
    return properties


def _schema_of(kind: msgspec.inspect.Type) -> dict[str, Any]:
    inspect = msgspec.inspect
    match kind:
        case inspect.UnionType():
            return _schema_of(next(x for x in kind.types if not isinstance(x, inspect.NoneType)))
        case inspect.FloatType():
            return {"type": "number"}
        case inspect.IntType():
            return {"type": "integer"}
        case inspect.BoolType():
            return {"type": "boolean"}
        case inspect.StrType() | inspect.LiteralType():
            return {"type": "string"}
        case inspect.VarTupleType() | inspect.ListType():
            return {"type": "array", "items": _schema_of(kind.item_type)}
        case inspect.StructType() | inspect.DataclassType():
            fields = {field.encode_name: _schema_of(field.type) for field in kind.fields}
            return {"type": "object", "properties": fields}
    return {"type": "object", "properties": {}}


#: The rows of steps, with the time of their fact, and how many more of it follow.
_STEP: Final = RowMessage(
    "backstride.Step",
    (
        ("time_s", "f8"),
        ("more", "u4"),
        *((name, "f8" if STEP_ROW[name] == np.float64 else "u4") for name in STEP_ROW.names or ()),
    ),
)

SESSION: Final = _json_kind("/session", "session", "session", SessionHeader)
DEVICE: Final = _json_kind("/device", "device", "log", DeviceInfo)
#: The device once more; readers that do not know it pass over it.
DEVICE_AGAIN: Final = _json_kind("/device/again", "device_again", "device again", DeviceInfo)
#: A schema without text, since the protocol named by the device's record is what describes the
#: bytes; some viewers need one to exist.
PACKETS: Final = MessageKind("/packets", "backstride.packets", "log", "x-backstride", "")
LINK: Final = _json_kind("/link", "link", "log", LinkEvent)
MARKS: Final = _json_kind("/marks", "mark", "log", *KNOWN_MARKS.values())
STEPS: Final = MessageKind("/steps", _STEP.name, "facts", "protobuf", "protobuf", _STEP.description)
#: The schema of what came from devices beside the sensor; without text, as that of packets.
STREAM_SCHEMA: Final = "backstride.stream"
#: All of these.
KINDS: Final = (SESSION, DEVICE, DEVICE_AGAIN, PACKETS, LINK, MARKS, STEPS)
#: What the schemas of facts begin with, but for that of steps.
FACT_SCHEMAS: Final = "backstride.fact."


@cache
def fact_kind(kind: type[Fact]) -> MessageKind:
    """The message of a kind of fact; of steps there is :data:`STEPS`."""
    tag = kind.__struct_config__.tag
    return _json_kind(f"/facts/{tag}", f"fact.{tag}", "facts", kind)


@cache
def stream_kind(stream: str) -> MessageKind:
    """The message of what came from a device beside the sensor."""
    return MessageKind(
        f"/streams/{stream}", STREAM_SCHEMA, f"stream {stream}", "x-backstride", "", stream=stream
    )


def encode(record: object, **more: object) -> bytes:
    """A record to JSON; ASCII, so that any text a device or a file system produced can be written.

    Parameters
    ----------
    record : object
        A device, a mark or a fact; its arrival is the message's time.
    more
        Further names, before those of the record.
    """
    content = {**more, **to_plain(record)}
    return json.dumps(content, separators=(",", ":"), allow_nan=False).encode()


def encode_header(header: SessionHeader) -> bytes:
    """Header to JSON.

    Examples
    --------
    >>> from pipelines.files.loading import load
    >>> load(encode_header(SessionHeader(0, "sim:", mass_kg=61.5)), SessionHeader).mass_kg
    61.5
    """
    return encode(header, form=FORM)


def form_of(data: bytes) -> int:
    """The form of a file, from its first message.

    Raises
    ------
    RecordingError
        When a newer version wrote the file in a form that this one would misread.
    InputError
        When it is no header.
    """
    content = load_plain(data)
    form = content.get("form", content.get("format"))
    if not isinstance(form, int) or form < 1:
        raise InputError("the first message is no header of a session.")
    if form > FORM:
        raise RecordingError(
            f"the session was written by {content.get('software', 'a newer version')}, whose "
            "files this version cannot read: update backstride."
        )
    return form


def encode_link(event: LinkEvent) -> bytes:
    """Link event to JSON; the arrival is the message's time."""
    return encode({"kind": event.kind, "detail": event.detail})


def decode_link(data: bytes, arrival_ns: int) -> LinkEvent:
    """JSON to link event."""
    return from_plain({**load_plain(data), "arrival_ns": arrival_ns}, LinkEvent)


def decode_mark(data: bytes) -> Mark:
    """JSON to mark; one that this version cannot read is told as such, with its own text."""
    content = load_plain(data)
    name = str(content.get("kind"))
    try:
        return from_plain(content, KNOWN_MARKS[name])
    except (KeyError, InputError):
        return Unknown(name, data.decode("ascii", "replace"))


def encode_steps(fact: StepsFinished) -> list[bytes]:
    """The steps of a fact, one message each, exactly."""
    steps = fact.steps.rows
    rows = _STEP.rows(len(steps))
    rows["time_s"] = fact.time_s
    rows["more"] = np.arange(len(steps))[::-1]
    for name in STEP_ROW.names or ():
        rows[name] = steps[name]
    return _STEP.encode(rows)


def decode_steps(messages: Sequence[bytes]) -> list[StepsFinished]:
    """Step messages to facts, bit for bit as written; a fact whose last step is missing is none.

    Raises
    ------
    ValueError
        When a message is no step.
    """
    if not messages:
        return []
    rows = _STEP.decode(list(messages))
    steps = np.zeros(len(rows), STEP_ROW)
    for name in STEP_ROW.names or ():
        steps[name] = rows[name]
    facts, start = [], 0
    for end in (np.flatnonzero(rows["more"] == 0) + 1).tolist():
        facts.append(StepsFinished(float(rows["time_s"][end - 1]), Steps(steps[start:end])))
        start = end
    return facts


def decode_fact(data: bytes) -> Fact:
    """JSON to a fact.

    Raises
    ------
    InputError
        When this version knows none like it.
    """
    content = load_plain(data)
    kind = FACT_KINDS.get(str(content.get("kind")))
    if kind is None:
        raise InputError("this is no fact that this version knows.")
    return from_plain(content, kind)
