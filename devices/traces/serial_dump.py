"""Raw bytes of a serial line, without times: dumps of a port, WitMotion's .wplay and WITn.TXT.

When the bytes came is told from what they say: the device time of the Backstride profile's
messages, the wall time in WitMotion's frames of 28 bytes, or else the sample rate.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from devices.drivers.registry import driver_for_bytes, driver_named
from devices.links import BYTES_CHANNEL
from devices.protocols.backstride import RATES_HZ, TIME_MODULUS_US, decode_data
from devices.protocols.backstride_frames import FrameType
from devices.protocols.cobs import Deframer
from devices.protocols.witmotion import Layout, WitMotionDecoder
from devices.readings import Reading
from devices.records import Packet
from devices.traces.trace import EVENTS_MAX, Trace, TraceEvent, too_much
from imu.errors import ProtocolError, RecordingError

_CHUNK_S: Final = 0.02
_HEARD_BYTES: Final = 8192  # enough to tell what it is
_LOOKED_AT_BYTES: Final = 1 << 20  # to learn how many bytes a sample has, and their rate
_GAP_US: Final = 10_000_000  # more is no pause but another clock
_WALL_TIME: Final = Layout.B.value


def read_dump(content: bytes, path: str, protocol: str, rate_hz: float | None) -> Trace:
    """A dump as a trace.

    Parameters
    ----------
    content : bytes
        Of the file.
    path : str
        For messages.
    protocol : str
        What it speaks; empty to find out.
    rate_hz : float, optional
        Nominal sample rate, Hz, where the user says so.

    Raises
    ------
    RecordingError
        When nothing in it can be read, or nothing tells the rate.
    """
    if not protocol:
        driver = driver_for_bytes(content[:_HEARD_BYTES])
        protocol = "" if driver is None else driver.protocol
    if protocol == "backstride":
        return _backstride(content, path, rate_hz)
    if protocol == "witmotion":
        return _witmotion(content, path, rate_hz)
    if protocol:
        links = " and ".join(driver_named(protocol).links)
        raise RecordingError(
            f"is a dump of raw bytes, of which the protocol {protocol} ({links}) cannot be read: "
            "give a dump of the Backstride profile or of a WitMotion sensor, or a btsnoop file.",
            path=path,
        )
    raise RecordingError(
        "is neither btsnoop nor pcapng, and no sensor's bytes are found in it: add '?protocol=…' "
        "where you know what it is; a recording is played by 'live' alone.",
        path=path,
    )


def _backstride(content: bytes, path: str, rate_hz: float | None) -> Trace:
    deframer, events = Deframer(), []
    at, now_us, latest_us, samples = 0, 0, None, 0
    first_us = 0
    while at < len(content):
        end = content.find(b"\0", at) + 1 or len(content)
        chunk, at = content[at:end], end
        for frame in deframer.push(chunk):
            if frame[0] != FrameType.DATA:
                continue
            try:
                message = decode_data(frame[1:])
            except ProtocolError:
                continue
            if latest_us is not None:
                step_us = (message.time_us - latest_us) % TIME_MODULUS_US
                now_us += step_us if step_us < _GAP_US else 0
            else:
                first_us = now_us
            latest_us = message.time_us
            samples += len(message.counts)
        events.append(TraceEvent(now_us * 1000, BYTES_CHANNEL, chunk))
        if len(events) > EVENTS_MAX:
            raise too_much(path)
    if not samples:
        raise RecordingError(
            "holds no sample of the Backstride profile: record it while the sensor streams, or say "
            "with '?protocol=…' what else it is.",
            path=path,
        )
    passed_s = max((now_us - first_us) * 1e-6, 1e-3)
    rate = rate_hz or min(RATES_HZ, key=lambda each: abs(each - samples / passed_s))
    return Trace("backstride", "serial", float(rate), tuple(events))


def _witmotion(content: bytes, path: str, rate_hz: float | None) -> Trace:
    part = content[:_LOOKED_AT_BYTES]
    decoder = WitMotionDecoder()
    samples = sum(
        len(each.acceleration_m_s2)
        for each in decoder.push(Packet(0, BYTES_CHANNEL, part))
        if isinstance(each, Reading)
    )
    if not samples:
        raise RecordingError(
            "holds no motion of a WitMotion sensor: record it while the sensor sends, or say with "
            "'?protocol=…' what else it is.",
            path=path,
        )
    rate = rate_hz or _wall_rate_hz(part)
    if rate is None:
        raise RecordingError(
            "does not say when its samples were taken: add '?rate=100', the sensor's rate in Hz.",
            path=path,
        )
    bytes_a_second = len(part) / samples * rate
    size = max(1, round(bytes_a_second * _CHUNK_S))
    starts = range(0, len(content), size)
    if len(starts) > EVENTS_MAX:
        raise too_much(path)
    step_s = size / bytes_a_second
    events = tuple(
        TraceEvent(round((k + 1) * step_s * 1e9), BYTES_CHANNEL, content[at : at + size])
        for k, at in enumerate(starts)
    )
    return Trace("witmotion", "serial", rate, events)


def _wall_rate_hz(content: bytes) -> float | None:
    """Rate by the time of day in frames of 28 bytes, of the rates that there are; None without."""
    raw = np.frombuffer(content, np.uint8)
    for start in range(min(_WALL_TIME, len(raw))):
        frames = raw[start : start + (len(raw) - start) // _WALL_TIME * _WALL_TIME]
        rows = frames.reshape(-1, _WALL_TIME)
        good = rows[(rows[:, 0] == 0x55) & (rows[:, 1] == 0x61)]
        if len(good) < 10 or len(good) < 0.5 * len(rows):
            continue
        hours, minutes, seconds = (good[:, at].astype(float) for at in (23, 24, 25))
        ms = good[:, 26].astype(float) + 256.0 * good[:, 27]
        at_s = 3600 * hours + 60 * minutes + seconds + 1e-3 * ms
        steps = np.diff(at_s)
        usual = steps[(steps >= 0) & (steps < 1.0)]
        if not len(usual) or usual.sum() <= 0:
            return None
        measured = len(usual) / float(usual.sum())
        return min((10.0, 20.0, 50.0, 100.0, 200.0), key=lambda each: abs(each / measured - 1.0))
    return None
