"""Read a trace, whatever file it is in, and find the sensor in it."""

from __future__ import annotations

from itertools import pairwise
from math import inf
from pathlib import Path
from typing import Final

import numpy as np

from devices.drivers.driver import Driver
from devices.drivers.registry import PROTOCOLS, driver_named
from devices.protocols import backstride, movesense
from devices.readings import Reading
from devices.records import DeviceInfo, Packet
from devices.traces import btsnoop, pcapng
from devices.traces.attribute_protocol import Connection, connections_in
from devices.traces.serial_dump import read_dump
from devices.traces.trace import (
    FILE_BYTES_MAX,
    SET_UP_S,
    STREAM_BY_THEMSELVES,
    Trace,
    TraceEvent,
)
from imu.errors import RecordingError
from imu.samples import STANDARD_GRAVITY_M_S2

#: Nominal rates by protocol, Hz; what a sensor's samples a second come nearest to is taken.
_RATES_HZ: Final[dict[str, tuple[float, ...]]] = {
    "backstride": tuple(map(float, backstride.RATES_HZ)),
    "movesense": tuple(map(float, movesense.RATES_HZ)),
    "polar": (25.0, 26.0, 50.0, 52.0, 100.0, 104.0, 200.0, 208.0, 416.0),
    "witmotion": (10.0, 20.0, 50.0, 100.0, 200.0),
}
_LOOKED_AT: Final = 4000  # notifications, for finding out
_TOGETHER_S: Final = 5.0  # two messages with nothing lost between


def read_trace(path: str | Path, protocol: str = "", rate_hz: float | None = None) -> Trace:
    """Read a btsnoop or pcapng file, or a dump of a serial line.

    Parameters
    ----------
    path : path
    protocol : str
        What the sensor speaks; empty to find out.
    rate_hz : float, optional
        Its nominal rate, Hz, where the user says so; found out otherwise.

    Raises
    ------
    RecordingError
        When the file cannot be read, is too large, or holds no sensor that is known.
    """
    place = str(path)
    try:
        size = Path(path).stat().st_size
        if size > FILE_BYTES_MAX:
            raise RecordingError(
                f"has {size >> 20} MB, over {FILE_BYTES_MAX >> 20}: cut it to the part that "
                "matters.",
                path=place,
            )
        content = Path(path).read_bytes()
    except OSError as error:
        raise RecordingError(f"{(error.strerror or str(error)).lower()}.", path=place) from None
    if content.startswith(btsnoop.MAGIC):
        connections, cut_short = connections_in(btsnoop.acl_packets(content, place), place)
    elif content.startswith(pcapng.MAGIC):
        connections, cut_short = connections_in(pcapng.acl_packets(content, place), place)
    else:
        return read_dump(content, place, protocol, rate_hz)
    return _over_bluetooth(connections, place, protocol, rate_hz, cut_short=cut_short)


def _over_bluetooth(
    connections: list[Connection],
    path: str,
    protocol: str,
    rate_hz: float | None,
    *,
    cut_short: bool,
) -> Trace:
    """The sensor that sent most samples."""
    names = [protocol] if protocol else [each for each in PROTOCOLS if each in _RATES_HZ]
    best: tuple[int, float, str, tuple[TraceEvent, ...]] = (0, 0.0, "", ())
    for connection in connections:
        for name in names:
            driver = driver_named(name)
            if "ble" not in driver.links:
                continue
            for uuids in _likely_uuids(connection, driver):
                events = _events(connection, uuids, name)
                samples, rate = _samples_and_rate(driver, events[:_LOOKED_AT], rate_hz)
                if samples > best[0]:
                    best = samples, rate, name, events
    samples, rate, name, events = best
    if not samples:
        asked = f" of the protocol {protocol}" if protocol else ""
        raise RecordingError(
            f"holds no motion{asked} that a sensor notified: record from before the sensor is "
            "connected, with the motion streaming.",
            path=path,
        )
    return Trace(name, "ble", rate, events, cut_short)


def _likely_uuids(connection: Connection, driver: type[Driver]) -> list[dict[int, str]]:
    """Handles that are the driver's characteristics: as discovered, else each that may be."""
    known = {
        handle: uuid
        for handle, uuid in connection.uuids.items()
        if uuid in driver.characteristics.values()
    }
    if known:
        return [known]
    if connection.uuids:
        return []  # it was discovered, and is something else
    # a computer that knows the sensor discovers nothing: the busiest handle has the samples
    handles = [each.handle for each in connection.notified]
    busiest = max(set(handles), key=handles.count)
    uuids = [driver.characteristics[name] for name in _sample_channels(driver)]
    guessed = {busiest: uuids[0]}
    others = sorted(set(handles) - {busiest})
    control = driver.characteristics.get("control")
    if len(others) == 1 and control is not None:
        guessed[others[0]] = control
    return [guessed]


def _sample_channels(driver: type[Driver]) -> list[str]:
    return sorted(name for name in driver.sample_channels if name in driver.characteristics)


def _events(connection: Connection, uuids: dict[int, str], protocol: str) -> tuple[TraceEvent, ...]:
    chosen = [each for each in connection.notified if each.handle in uuids]
    if chosen and protocol in STREAM_BY_THEMSELVES:
        # what such a sensor sent while it was set up was at other rates
        until_ns = chosen[0].time_ns + round(SET_UP_S * 1e9)
        set_up_ns = max((each for each in connection.written_ns if each < until_ns), default=0)
        chosen = [each for each in chosen if each.time_ns > set_up_ns]
    if not chosen:
        return ()
    # stamps of a computer whose time was set go back: nothing comes before what came before it
    times = np.maximum.accumulate([each.time_ns - chosen[0].time_ns for each in chosen])
    return tuple(
        TraceEvent(int(time_ns), uuids[each.handle], each.value)
        for time_ns, each in zip(times, chosen, strict=True)
    )


def _samples_and_rate(
    driver: type[Driver], events: tuple[TraceEvent, ...], rate_hz: float | None
) -> tuple[int, float]:
    """Samples in what came, and the nominal rate that they fit best; no samples where none does."""
    rates = _RATES_HZ[driver.protocol] if rate_hz is None else (rate_hz,)
    best, misfit = (0, 0.0), inf
    for rate in rates:
        readings = _readings(driver, events, rate)
        measured_hz = _measured_hz(readings)
        if readings and abs(measured_hz / rate - 1.0) < misfit:
            misfit = abs(measured_hz / rate - 1.0)
            best = sum(len(reading.acceleration_m_s2) for _, reading in readings), rate
    return best


def _readings(
    driver: type[Driver], events: tuple[TraceEvent, ...], rate_hz: float
) -> list[tuple[int, Reading]]:
    """What a decoder finds, with arrivals, ns; nothing where most of it makes no sense."""
    info = DeviceInfo("", driver.protocol, rate_hz, 16 * STANDARD_GRAVITY_M_S2, 40.0)
    decoder = driver.decoder(info)
    channels = {uuid: name for name, uuid in driver.characteristics.items()}
    readings = []
    for event in events:
        packet = Packet(event.time_ns, channels[event.channel], event.payload)
        readings += [
            (event.time_ns, each) for each in decoder.push(packet) if isinstance(each, Reading)
        ]
    return readings if decoder.malformed_packets <= len(events) / 2 else []


def _measured_hz(readings: list[tuple[int, Reading]]) -> float:
    """Samples a second, by the sensor's own time where it tells one."""
    n, passed_s = 0, 0.0
    for (before_ns, before), (after_ns, after) in pairwise(readings):
        step_s = (after_ns - before_ns) * 1e-9
        count = len(after.acceleration_m_s2)
        if before.time_us is not None and after.time_us is not None:
            step_s = (after.time_us - before.time_us) * 1e-6
            count = len(before.acceleration_m_s2) - before.stamped + after.stamped
        if 0 <= step_s < _TOGETHER_S:
            n, passed_s = n + count, passed_s + step_s
    return n / passed_s if passed_s else 0.0
