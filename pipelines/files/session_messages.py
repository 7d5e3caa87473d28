"""The messages of a session file: topics, schemas, and each kind to bytes and back.

A session file is an MCAP holding one message a record, JSON but for the packets, which are the
bytes as received:

===================  ==================================  ==========================================
topic                schema                              content
===================  ==================================  ==========================================
``/session``         ``backstride.session``              :class:`SessionHeader`, the first message
``/device``          ``backstride.device_info``          log: :class:`~devices.records.DeviceInfo`
``/packets/NAME``    ``backstride.packet``               log: payload of channel NAME, raw bytes
``/link``            ``backstride.link_event``           log: :class:`~devices.records.LinkEvent`
``/marks``           ``backstride.mark``                 log: :class:`~devices.records.Mark`
``/samples``         ``backstride.sample``               one decoded sample, for plots elsewhere
``/steps``           ``backstride.step``                 one row of the steps table
``/alerts``          ``backstride.alert``                one alert
===================  ==================================  ==========================================

Every message carries UTC in both its times. A record's arrival is exact: ``arrival_ns`` is the
message's log time minus ``clock_offset_ns`` of its channel's metadata. ``sequence`` counts within
the log, the samples, the steps and the alerts, so that a hole in the file shows.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final, cast

import numpy as np

from devices.records import DeviceInfo, LinkEvent, Mark
from imu.errors import RecordingError
from imu.samples import Samples
from imu.steps import NO_STEPS, SIDE_CODES, STEP_ROW, Steps

__all__ = [
    "ALERT",
    "DEVICE_INFO",
    "FORMAT_VERSION",
    "LINK_EVENT",
    "MARK",
    "MAX_MESSAGE_BYTES",
    "PACKET",
    "SAMPLE",
    "SESSION",
    "STEP",
    "MessageKind",
    "SessionHeader",
    "decode_alert",
    "decode_device_info",
    "decode_header",
    "decode_link_event",
    "decode_mark",
    "decode_samples",
    "decode_steps",
    "encode_alert",
    "encode_device_info",
    "encode_header",
    "encode_link_event",
    "encode_mark",
    "encode_samples",
    "encode_steps",
]

#: Newest form that this version reads. A file states the oldest form that tells all it holds, so
#: that an older reader refuses only what it would misread: 2 has a calibration or a neutral, 3 goes
#: on from an earlier session.
FORMAT_VERSION: Final = 3

#: Largest message; a chunk holds 1 MiB beside it and stays below the reader's record limit.
MAX_MESSAGE_BYTES: Final = 8 * 2**20


@dataclass(frozen=True, slots=True)
class MessageKind:
    """A topic and its schema; ``stream`` names the counter its ``sequence`` belongs to."""

    topic: str
    schema_name: str
    stream: str
    message_encoding: str = "json"
    schema_encoding: str = "jsonschema"
    schema: bytes = b""


def _software() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return f"backstride {version('backstride')}"
    except PackageNotFoundError:
        return "backstride"


@dataclass(frozen=True, slots=True)
class SessionHeader:
    """Everything besides the log that influences the results of a session.

    Parameters
    ----------
    utc_start_ns
        UTC at ``time_s`` 0 and at the first arrival, nanoseconds since 1970.
    source
        Source URL or path the records came from.
    axes
        Signed sensor axes that point forward, left and up; empty: as the device says, else found.
    mass_kg, height_m
        The runner's, None where not given.
    baseline_json
        The baseline the alerts start from, empty without one.
    parameters_json
        Parameters of the analysis.
    calibration_json
        The sensor's :class:`~imu.calibration.Calibration`, empty without one; packets are as the
        sensor sent them, the decoded samples are calibrated.
    neutral_up
        Direction of the calibrated specific force in the sensor's axes while the runner stood in
        neutral, None when not known; only used with stated axes.
    carried_json
        What an earlier session has taught, :class:`~pipelines.session.carried.Carried`, for one
        that goes on from it; empty without one.
    software
        What wrote the file.
    """

    utc_start_ns: int
    source: str
    axes: str = ""
    mass_kg: float | None = None
    height_m: float | None = None
    baseline_json: str = ""
    parameters_json: str = "{}"
    calibration_json: str = ""
    neutral_up: tuple[float, float, float] | None = None
    carried_json: str = ""
    software: str = field(default_factory=_software)


# A plain "type" each: viewers refuse lists of types, and none of them checks for null.
def _json_schema(title: str, properties: Mapping[str, str]) -> bytes:
    return json.dumps(
        {
            "title": title,
            "type": "object",
            "properties": {name: {"type": kind} for name, kind in properties.items()},
        }
    ).encode()


def _json_kind(topic: str, name: str, stream: str, properties: Mapping[str, str]) -> MessageKind:
    schema_name = f"backstride.{name}"
    return MessageKind(topic, schema_name, stream, schema=_json_schema(schema_name, properties))


_STEP_TYPES: Final[dict[str, str]] = {
    **dict.fromkeys(STEP_ROW.names or (), "number"),
    "step": "integer",
    "side": "string",
    "quality": "string",
    "quality_bits": "integer",
}

_VECTORS: Final = (
    *(f"acc_{axis}_m_s2" for axis in "xyz"),
    *(f"gyr_{axis}_rad_s" for axis in "xyz"),
)

SESSION: Final = _json_kind(
    "/session",
    "session",
    "session",
    {
        "format": "integer",
        "utc_start_ns": "integer",
        "source": "string",
        "axes": "string",
        "mass_kg": "number",
        "height_m": "number",
        "baseline_json": "string",
        "parameters_json": "string",
        "calibration_json": "string",
        "neutral_up_json": "string",
        "carried_json": "string",
        "software": "string",
    },
)
DEVICE_INFO: Final = _json_kind(
    "/device",
    "device_info",
    "log",
    {
        "name": "string",
        "protocol": "string",
        "rate_hz": "number",
        "acceleration_range_m_s2": "number",
        "angular_velocity_range_rad_s": "number",
        "axes": "string",
        "serial": "string",
        "firmware": "string",
    },
)
#: The topic is a prefix: each channel of a protocol has its own. A schema without text, since the
#: protocol named by the device record is what describes the bytes; some viewers need one to exist.
PACKET: Final = MessageKind("/packets/", "backstride.packet", "log", "x-backstride", "")
LINK_EVENT: Final = _json_kind("/link", "link_event", "log", {"kind": "string", "detail": "string"})
MARK: Final = _json_kind("/marks", "mark", "log", {"kind": "string", "value": "string"})
SAMPLE: Final = _json_kind(
    "/samples",
    "sample",
    "samples",
    {"time_s": "number", **dict.fromkeys(_VECTORS, "number"), "quality": "integer"},
)
STEP: Final = _json_kind("/steps", "step", "steps", _STEP_TYPES)
ALERT: Final = _json_kind(
    "/alerts",
    "alert",
    "alerts",
    {
        "time_s": "number",
        "indicator": "string",
        "direction": "string",
        "value": "number",
        "baseline": "number",
        "change": "number",
        "gate": "number",
        "severity": "string",
        "message": "string",
    },
)


def _dump(content: Mapping[str, object]) -> bytes:
    # ASCII, so that any text a device or a file system produced can be written
    return json.dumps(content, separators=(",", ":"), allow_nan=False).encode()


def _load(data: bytes) -> dict[str, Any]:
    content = json.loads(data)
    if not isinstance(content, dict):
        raise TypeError("a message is not a JSON object")
    return cast(dict[str, Any], content)


def _exact(value: float) -> float | str:
    """A float for JSON; what JSON has no number for goes as text, which ``float`` reads back."""
    return value if math.isfinite(value) else str(float(value))


def encode_header(header: SessionHeader) -> bytes:
    """Header to JSON.

    Examples
    --------
    >>> decode_header(encode_header(SessionHeader(0, "sim:", mass_kg=61.5))).mass_kg
    61.5
    """
    content = asdict(header)
    for name in ("mass_kg", "height_m"):
        if content[name] is not None:
            content[name] = _exact(content[name])
    up = content.pop("neutral_up")
    content["neutral_up_json"] = "" if up is None else json.dumps(up, allow_nan=False)
    needed = 2 if header.calibration_json or header.neutral_up is not None else 1
    needed = 3 if header.carried_json else needed
    return _dump({"format": needed, **content})


def decode_header(data: bytes) -> SessionHeader:
    """JSON to header.

    Raises
    ------
    RecordingError
        When a newer version wrote the file in a form this one would misread.
    """
    content = _load(data)
    if int(content["format"]) > FORMAT_VERSION:
        raise RecordingError(
            f"the session was written by {content.get('software', 'a newer version')}, whose "
            "files this version cannot read: update backstride."
        )
    mass, height = content["mass_kg"], content["height_m"]
    up = json.loads(content.get("neutral_up_json") or "null")
    return SessionHeader(
        utc_start_ns=int(content["utc_start_ns"]),
        source=str(content["source"]),
        axes=str(content["axes"]),
        mass_kg=None if mass is None else float(mass),
        height_m=None if height is None else float(height),
        baseline_json=str(content["baseline_json"]),
        parameters_json=str(content["parameters_json"]),
        calibration_json=str(content.get("calibration_json", "")),
        neutral_up=None if up is None else (float(up[0]), float(up[1]), float(up[2])),
        carried_json=str(content.get("carried_json", "")),
        software=str(content["software"]),
    )


def encode_device_info(device: DeviceInfo) -> bytes:
    """Device description to JSON."""
    content = asdict(device)
    return _dump({k: _exact(v) if isinstance(v, float) else v for k, v in content.items()})


def decode_device_info(data: bytes) -> DeviceInfo:
    """JSON to device description."""
    content = _load(data)
    return DeviceInfo(
        name=str(content["name"]),
        protocol=str(content["protocol"]),
        rate_hz=float(content["rate_hz"]),
        acceleration_range_m_s2=float(content["acceleration_range_m_s2"]),
        angular_velocity_range_rad_s=float(content["angular_velocity_range_rad_s"]),
        axes=str(content["axes"]),
        serial=str(content["serial"]),
        firmware=str(content["firmware"]),
    )


def encode_link_event(event: LinkEvent) -> bytes:
    """Link event to JSON; the arrival is the message's time."""
    return _dump({"kind": event.kind, "detail": event.detail})


def decode_link_event(data: bytes, arrival_ns: int) -> LinkEvent:
    """JSON to link event."""
    content = _load(data)
    return LinkEvent(arrival_ns, content["kind"], str(content["detail"]))


def encode_mark(mark: Mark) -> bytes:
    """Mark to JSON; the arrival is the message's time."""
    return _dump({"kind": mark.kind, "value": mark.value})


def decode_mark(data: bytes, arrival_ns: int) -> Mark:
    """JSON to mark."""
    content = _load(data)
    return Mark(arrival_ns, str(content["kind"]), str(content["value"]))


# Time to 1 µs, 1e-4 m/s² (10 µg) and 1e-5 rad/s (0.0006 °/s): finer than the steps of a 16-bit
# sensor, and a quarter smaller on disk than exact numbers. The packets are the exact record.
_DECIMALS: Final = (6, 4, 4, 4, 5, 5, 5)
_NAMES: Final = ("time_s", *_VECTORS)
_TEMPLATES: Final = {
    width: "{"
    + ",".join(
        f'"{name}":%.{decimals}f'
        for name, decimals in zip(_NAMES[:width], _DECIMALS[:width], strict=True)
    )
    + ',"quality":%d}'
    for width in (4, 7)  # without and with a gyroscope
}
_NOT_FINITE: Final = re.compile(":-?(?:nan|inf)")


def encode_samples(samples: Samples) -> list[bytes]:
    """Each sample to JSON, rounded to 1 µs, 1e-4 m/s² and 1e-5 rad/s; non-finite as null.

    Examples
    --------
    >>> encode_samples(Samples([0.5], [[0.0, float("nan"), 9.81]]))[0].decode()
    '{"time_s":0.500000,"acc_x_m_s2":0.0000,"acc_y_m_s2":null,"acc_z_m_s2":9.8100,"quality":0}'
    """
    gyro = samples.angular_velocity_rad_s
    parts = [samples.time_s[:, None], samples.acceleration_m_s2]
    if gyro is not None:
        parts.append(gyro)
    values = np.hstack(parts)
    rows: list[list[float]] = values.tolist()
    template = _TEMPLATES[values.shape[1]]
    texts = [template % (*row, bits) for row, bits in zip(rows, samples.quality, strict=True)]
    if not bool(np.isfinite(values).all()):  # the template writes :nan, :inf and :-inf
        texts = [_NOT_FINITE.sub(":null", text) for text in texts]
    return [text.encode() for text in texts]


def decode_samples(messages: Sequence[bytes]) -> list[Samples]:
    """Sample messages to blocks; a new block starts where a gyroscope comes or goes."""
    blocks: list[Samples] = []
    rows: list[list[float]] = []
    quality: list[int] = []

    def finish() -> None:
        if rows:
            table = np.array(rows, np.float64)
            gyro = table[:, 4:] if table.shape[1] == 7 else None
            blocks.append(Samples(table[:, 0], table[:, 1:4], gyro, quality))
            rows.clear()
            quality.clear()

    for message in messages:
        content = _load(message)
        names = _NAMES if _NAMES[-1] in content else _NAMES[:4]
        if rows and len(rows[0]) != len(names):
            finish()
        rows.append([_nan_for_null(content[name]) for name in names])
        quality.append(int(content["quality"]))
    finish()
    return blocks


def _nan_for_null(value: float | None) -> float:
    return math.nan if value is None else float(value)


def encode_steps(steps: Steps) -> list[bytes]:
    """Each step to JSON, floats exact, NaN as null; ``quality`` in words and as bits."""
    names = STEP_ROW.names or ()
    messages = []
    for row, words in zip(steps.rows.tolist(), steps.quality.tolist(), strict=True):
        content: dict[str, object] = {}
        for name, value in zip(names, row, strict=True):
            if name == "side":
                content[name] = SIDE_CODES[value]
            elif name == "quality":
                content[name] = words
                content["quality_bits"] = value
            elif isinstance(value, float) and not math.isfinite(value):
                content[name] = None if math.isnan(value) else str(value)
            else:
                content[name] = value
        messages.append(_dump(content))
    return messages


def decode_steps(messages: Sequence[bytes]) -> Steps:
    """Step messages to steps, bit for bit as written."""
    if not messages:
        return NO_STEPS
    decode: dict[str, Callable[[dict[str, Any]], object]] = {
        "step": lambda content: int(content["step"]),
        "side": lambda content: SIDE_CODES.index(content["side"]),
        "quality": lambda content: int(content["quality_bits"]),
    }
    rows = np.zeros(len(messages), STEP_ROW)
    for index, message in enumerate(messages):
        content = _load(message)
        rows[index] = tuple(
            decode[name](content) if name in decode else _nan_for_null(content[name])
            for name in STEP_ROW.names or ()
        )
    return Steps(rows)


def encode_alert(alert: Mapping[str, object]) -> bytes:
    """Alert to JSON, keys in their order, numbers exact, non-finite as null."""
    return _dump({str(key): _plain(value) for key, value in alert.items()})


def decode_alert(data: bytes) -> dict[str, object]:
    """JSON to alert."""
    return _load(data)


def _plain(value: object) -> object:
    """The JSON form of what an alert may carry."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [_plain(item) for item in value]
    return str(value)
