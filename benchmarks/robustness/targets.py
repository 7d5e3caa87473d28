"""What bytes from outside can reach, each as a function of bytes, with bytes to begin from."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from math import isfinite
from pathlib import Path
from typing import Final

import msgspec

from benchmarks.robustness import beginnings
from devices.drivers.registry import PROTOCOLS, driver_named
from devices.protocols import (
    backstride,
    backstride_control,
    backstride_log,
    cobs,
    movesense,
    polar,
    shimmer3,
)
from devices.receiver import Receiver
from devices.records import DeviceInfo, LinkEvent, Packet
from devices.streams.registry import STREAMS
from imu.errors import BackstrideError, InputError, ProtocolError

#: Pieces of a fuzzer's bytes that become one packet each: channel, length, time passed.
_HEAD_BYTES: Final = 3
_MOST_PACKETS: Final = 64
_STEP_NS: Final = 1_000_000


@dataclass(frozen=True)
class Target:
    """One way in.

    Attributes
    ----------
    name : str
        Kind, a colon, and which.
    run : callable
        Takes bytes, gives nothing, raises what a user would get.
    begin : callable
        Gives sound bytes to begin from.
    weight : int
        Its share of the time.
    """

    name: str
    run: Callable[[bytes], None]
    begin: Callable[[], list[bytes]]
    weight: int = 1


def named(name: str) -> Target:
    """The target of that name."""
    return next(each for each in TARGETS if each.name == name)


# decoders and timelines


def _channels(protocol: str) -> tuple[str, ...]:
    return (*driver_named(protocol).characteristics, "bytes")


def _info(protocol: str) -> DeviceInfo:
    rate_hz = {"movesense": 208.0, "polar": 52.0, "witmotion": 100.0, "shimmer3": 204.8}
    return DeviceInfo("clip", protocol, rate_hz.get(protocol, 200.0), 156.9, 34.9)


def _packets(data: bytes, channels: tuple[str, ...]) -> Iterator[tuple[Packet, bool]]:
    """Packets, and whether the link was away before each."""
    at, arrival_ns = 0, 10**12
    for _ in range(_MOST_PACKETS):
        if at + _HEAD_BYTES > len(data):
            return
        which, length, passed = data[at : at + _HEAD_BYTES]
        at += _HEAD_BYTES
        arrival_ns += passed * passed * _STEP_NS
        channel = channels[(which & 0x3F) % len(channels)]
        yield Packet(arrival_ns, channel, data[at : at + length]), which >= 0xC0
        at += length


def _decode(protocol: str, data: bytes) -> None:
    decoder = driver_named(protocol).decoder(_info(protocol))
    for packet, resumed in _packets(data, _channels(protocol)):
        if resumed:
            decoder.reset()
        decoder.push(packet)


def _receive(protocol: str, data: bytes) -> None:
    """Through decoder and timeline: times go on, and are numbers."""
    receiver, last_s = Receiver(_info(protocol)), float("-inf")
    for packet, resumed in _packets(data, _channels(protocol)):
        if resumed:
            receiver.push(LinkEvent(packet.arrival_ns, "resumed"))
        samples = receiver.push(packet)
        if samples is not None and len(samples):
            first_s = float(samples.time_s[0])
            if not first_s > last_s or not isfinite(float(samples.time_s[-1])):
                raise AssertionError(f"time does not go on: {first_s} after {last_s}")
            last_s = float(samples.time_s[-1])


def _stream(name: str, data: bytes) -> None:
    decoder = STREAMS[name].decoder()
    for packet, resumed in _packets(data, (name,)):
        if resumed:
            decoder.reset()
        decoder.push(packet)


def _messages(functions: Iterable[Callable[[bytes], object]], data: bytes) -> None:
    for each in functions:
        try:
            each(data)
        except ProtocolError:
            continue


_MESSAGES: Final[dict[str, tuple[Callable[[bytes], object], ...]]] = {
    "backstride": (
        backstride.decode_data,
        backstride.decode_info,
        backstride.decode_status,
        backstride_control.decode_request,
        backstride_control.decode_reply,
        backstride_control.decode_configuration,
        backstride_control.decode_ping_times,
        backstride_control.decode_utc,
        backstride_control.decode_calibration,
        backstride_log.decode_log_entry,
        backstride_log.decode_bulk,
        backstride_log.split_log,
        cobs.cobs_decoded,
        lambda data: cobs.Deframer().push(data),
    ),
    "movesense": (
        movesense.decode_command,
        movesense.decode_notification,
        movesense.decode_status,
        movesense.decode_hello,
        movesense.decode_imu6,
    ),
    "polar": (
        polar.decode_settings,
        polar.decode_request,
        polar.decode_reply,
        polar.decode_frame,
        polar.decompress,
        polar.stopped_by_itself,
        lambda data: polar.ReplyParts().push(data),
    ),
    "shimmer3": (shimmer3.decode_inquiry, shimmer3.answer_bytes),
}

# files


@cache
def _scratch() -> Path:
    fast = Path("/dev/shm")
    holder = tempfile.TemporaryDirectory(dir=fast if fast.is_dir() else None)
    _HELD.append(holder)
    return Path(holder.name)


_HELD: Final[list[tempfile.TemporaryDirectory[str]]] = []


def _with_file(name: str, read: Callable[[Path], object], data: bytes) -> None:
    path = _scratch() / name
    path.write_bytes(data)
    read(path)


def _read_session(path: Path) -> None:
    from pipelines.files.session_reader import read_session

    read_session(path)


def _read_trace(path: Path) -> None:
    from devices.traces.reading import read_trace

    read_trace(path)


def _read_recording(path: Path) -> None:
    from pipelines.files.reading.front_door import read

    read(path)


def _read_settings(path: Path) -> None:
    from pipelines.files.alert_settings_file import load_alert_settings

    load_alert_settings(path)


def _read_baseline(path: Path) -> None:
    from pipelines.files.baseline_file import load_baseline

    load_baseline(path)


def _read_plan(path: Path) -> None:
    from devices.simulator.faults.plan import read_plan

    read_plan(path)


def _read_steps(path: Path) -> None:
    from pipelines.files.steps_reading import is_steps_table, read_steps

    if is_steps_table(path):
        read_steps(path)


def _read_store(path: Path) -> None:
    from pipelines.sensors.device_store import sensor_store

    sensor_store(path).load()
    for aside in path.parent.glob(f"{path.name}.unreadable*"):
        aside.unlink()


def read_as_named(path: Path) -> None:
    """Read a file as the program does for a name that ends so."""
    readers = {".mcap": _read_session, ".toml": _read_settings}
    readers.get(path.suffix, _read_recording)(path)


# pieces of a session


def _batch(data: bytes) -> None:
    """Damage shows as it does to the reader, which stops there."""
    from pipelines.files.packet_batches import decode_packets
    from pipelines.files.stream_batches import decode_stream

    for decode in (partial(decode_packets, first_arrival_ns=0), partial(decode_stream, stream="a")):
        try:
            decode(data)
        except (ValueError, msgspec.MsgspecError):
            continue


def _texts_of_a_session(data: bytes) -> None:
    from pipelines.files import session_messages as messages
    from pipelines.files.loading import load
    from pipelines.session.header import SessionHeader

    for read in (
        partial(load, kind=SessionHeader),
        messages.form_of,
        messages.decode_mark,
        messages.decode_fact,
        partial(messages.decode_link, arrival_ns=0),
    ):
        try:
            read(data)
        except InputError:
            continue


# words


def _words(data: bytes) -> None:
    from devices.addresses import SensorAddress
    from devices.simulator.scenario import Scenario
    from pipelines import units
    from pipelines.session.marks import mark_from_words
    from pipelines.views.terminal.cells import fit, printable, wrapped

    text = data.decode("utf-8", "surrogateescape")
    kind, _, rest = text.partition("?")
    shown = printable(text)
    if any(not sign.isprintable() for sign in shown) or "\n" in shown:
        raise AssertionError("what is printed is not printable")
    fit(shown, 20), wrapped(shown, 20)
    readings: tuple[Callable[[], object], ...] = (
        lambda: Scenario.from_query(rest),
        lambda: SensorAddress.from_url(text),
        lambda: mark_from_words(kind, rest),
        lambda: units.parse_speed(text),
        lambda: units.parse_slope(text),
        lambda: units.parse_distance(text),
        lambda: units.parse_height(text),
        lambda: units.parse_mass(text),
    )
    for read in readings:
        try:
            read()
        except BackstrideError:
            continue


TARGETS: Final[tuple[Target, ...]] = (
    *(
        Target(
            f"decoder:{name}",
            partial(_decode, name),
            partial(beginnings.sensor_packets, name, _channels(name)),
            3,
        )
        for name in PROTOCOLS
    ),
    *(
        Target(
            f"timeline:{name}",
            partial(_receive, name),
            partial(beginnings.sensor_packets, name, _channels(name)),
            2,
        )
        for name in PROTOCOLS
    ),
    *(
        Target(f"messages:{name}", partial(_messages, functions), beginnings.messages, 3)
        for name, functions in _MESSAGES.items()
    ),
    *(
        Target(f"stream:{name}", partial(_stream, name), beginnings.stream_packets, 2)
        for name in STREAMS
    ),
    Target("session:file", partial(_with_file, "run.mcap", _read_session), beginnings.sessions, 3),
    Target("session:batches", _batch, beginnings.batches, 2),
    Target("session:texts", _texts_of_a_session, beginnings.texts_of_a_session, 2),
    Target("trace", partial(_with_file, "run.log", _read_trace), beginnings.traces, 2),
    Target("table:csv", partial(_with_file, "run.csv", _read_recording), beginnings.tables, 2),
    Target("table:json", partial(_with_file, "run.json", _read_recording), beginnings.jsons),
    Target("table:packed", partial(_with_file, "run.bin", _read_recording), beginnings.packed, 2),
    Target("table:steps", partial(_with_file, "steps.csv", _read_steps), beginnings.steps),
    Target("settings", partial(_with_file, "alerts.toml", _read_settings), beginnings.settings),
    Target("baseline", partial(_with_file, "usual.json", _read_baseline), beginnings.baselines),
    Target("fault plan", partial(_with_file, "plan.toml", _read_plan), beginnings.plans),
    Target("store", partial(_with_file, "clip.json", _read_store), beginnings.stores),
    Target("words", _words, beginnings.words, 2),
)
