"""A recorded session as a trace: what its sensor sent, to be sent again by a simulated one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, Literal

from devices.drivers.driver import Driver
from devices.drivers.registry import driver_named
from devices.links import BYTES_CHANNEL, REQUEST_CHANNEL
from devices.protocols.shimmer3 import ACKNOWLEDGED, answer_to
from devices.records import DeviceInfo, Packet
from devices.traces.trace import SET_UP_S, STREAM_BY_THEMSELVES, Trace, TraceEvent
from imu.errors import RecordingError
from pipelines.files.session_reader import Session, read_session
from pipelines.session.marks import SessionRecord

#: Questions for its channels and its calibration.
_TOLD_BY_SHIMMER3: Final = frozenset({b"\x01", b"\x2c"})
#: What such a sensor sent until its last setting was at other rates; and, ns, until the answers to
#: that have come, which would be taken for those to another.
_AT_OTHER_RATES: Final = {**dict.fromkeys(STREAM_BY_THEMSELVES, 1_000_000_000), "movesense": 0}


def session_trace(path: Path) -> tuple[Trace, DeviceInfo]:
    """The packets of a session, and what its sensor was.

    Of a sensor that went on at another rate in mid-run it is the longest stretch at one.

    Raises
    ------
    RecordingError
        When the file cannot be read, or holds no packets of a sensor.
    """
    session = read_session(path)
    stretches = _stretches(session.records)
    info, packets = max(stretches, key=lambda stretch: len(stretch[1]), default=(None, []))
    if info is None or not packets:
        raise RecordingError(
            "holds no packets of a sensor that could be sent again: see it with 'replay'.",
            path=str(path),
        )
    driver = driver_named(info.protocol)
    answers: dict[bytes, bytes] = {}
    if info.protocol == "shimmer3":
        answers, packets = _answers_and_stream(packets)
        if not answers.keys() >= _TOLD_BY_SHIMMER3:  # another's would be wrong numbers
            raise RecordingError(
                "does not hold what its Shimmer3 answered when it was set up, without which it "
                "cannot be sent again: see it with 'replay'.",
                path=str(path),
            )
    events = _events(driver, packets, _missing(session))
    if not events:
        raise RecordingError(
            f"holds no packets of a channel that {driver.protocol} sensors have.", path=str(path)
        )
    info = replace(info, axes=info.axes or session.header.axes.removeprefix("auto"))
    is_serial = any(each.channel == BYTES_CHANNEL for each in events)
    link: Literal["ble", "serial"] = "serial" if is_serial else "ble"
    return Trace(info.protocol, link, info.rate_hz, events, session.ends_early, answers), info


def _stretches(records: Sequence[SessionRecord]) -> list[tuple[DeviceInfo, list[Packet]]]:
    """Packets by the rate at which they were sent."""
    found: list[tuple[DeviceInfo, list[Packet]]] = []
    waiting: list[Packet] = []  # of the set-up, before the sensor is known
    for record in records:
        if isinstance(record, DeviceInfo):
            if not found or record.rate_hz != found[-1][0].rate_hz:
                found.append((record, waiting if not found else []))
        elif isinstance(record, Packet):
            (found[-1][1] if found else waiting).append(record)
    return found


def _answers_and_stream(packets: Sequence[Packet]) -> tuple[dict[bytes, bytes], list[Packet]]:
    """What a Shimmer3 answered when it was set up, and what came after the last answer."""
    answers: dict[bytes, bytes] = {}
    question, heard, begin = b"", b"", 0
    for k, packet in enumerate(packets):
        if packet.channel == REQUEST_CHANNEL:
            if packet.payload in answers:
                break  # it is set up once more
            question, heard = packet.payload, b""
        elif question:
            heard += packet.payload
            answer = answer_to(question[0], heard)
            if answer is not None:
                answers[question] = bytes((ACKNOWLEDGED,)) + answer
                question, begin = b"", k + 1
    return answers, list(packets[begin:])


def _missing(session: Session) -> dict[int, str]:
    """What is missing before packets, by their arrival."""
    missing: dict[int, str] = {}
    for place in session.holes:
        before = (each for each in reversed(session.records[:place]) if isinstance(each, Packet))
        behind = next((each for each in session.records[place:] if isinstance(each, Packet)), None)
        if behind is not None:
            begin_ns = next(before, behind).arrival_ns
            lost_s = (behind.arrival_ns - begin_ns) / 1e9
            missing[behind.arrival_ns] = (
                f"the recording is damaged here, where {lost_s:.1f} s are lost"
            )
    return missing


def _events(
    driver: type[Driver], packets: Sequence[Packet], missing: dict[int, str]
) -> tuple[TraceEvent, ...]:
    came = [each for each in packets if each.channel != REQUEST_CHANNEL]
    if came and driver.protocol in _AT_OTHER_RATES:
        until_ns = packets[0].arrival_ns + round(SET_UP_S * 1e9)
        asked_ns = [p.arrival_ns for p in packets if p.channel == REQUEST_CHANNEL]
        set_up_ns = max((each for each in asked_ns if each < until_ns), default=0)
        set_up_ns += _AT_OTHER_RATES[driver.protocol]
        came = [each for each in came if each.arrival_ns > set_up_ns]
    uuids = {BYTES_CHANNEL: BYTES_CHANNEL, **driver.characteristics}
    return tuple(
        TraceEvent(
            each.arrival_ns - came[0].arrival_ns,
            uuids[each.channel],
            each.payload,
            missing.pop(each.arrival_ns, ""),
        )
        for each in came
        if each.channel in uuids
    )
