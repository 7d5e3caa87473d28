"""Open a source by its address: what :mod:`devices.sources` knows, and recordings as sensors."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Mapping
from dataclasses import replace
from math import degrees
from pathlib import Path
from typing import TYPE_CHECKING, Final

from devices import sources
from devices.traces import btsnoop, pcapng
from imu.errors import InputError
from pipelines.files.mcap_recovery import MAGIC

if TYPE_CHECKING:
    from devices.source import Source
    from devices.timing.program_clock import ProgramClock
    from devices.traces.source import TraceAddress

#: How further recordings begin that are no text.
_TABLES: Final = (b"PAR1", b"ARROW1", b"FEA1", codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def open_source(
    url: str,
    *,
    beside: Mapping[str, str] | None = None,
    clock: ProgramClock | None = None,
    tell: Callable[[str], None] | None = None,
) -> Source:
    """The source at a URL, as :func:`devices.sources.open_source`.

    ``trace:FILE`` also takes a recorded session, whose packets are sent again as they came, and any
    recording that :func:`pipelines.read` reads: it is played as a simulated sensor of our own
    profile.

    Raises
    ------
    BackstrideError
        When the address is not valid, or its file cannot be read.
    """
    path = Path(url)
    if ":" not in url and (path.suffix or len(path.parts) > 1) and not path.exists():
        raise InputError("no such file: give trace:FILE with one that is there.", place=url)
    if url.partition(":")[0].strip().lower() == "trace":
        from devices.traces.source import trace_address

        address = trace_address(url)
        if _begins(address.path, MAGIC):
            return _sent_again(address, clock)
        if not address.protocol and _is_recording(address.path):
            return _played(url, clock)
    return sources.open_source(url, beside=beside, clock=clock, tell=tell)


def _begins(path: Path, magic: bytes) -> bool:
    from pipelines.files.reading.text_source import beginning

    return path.is_file() and beginning(path).startswith(magic)


def _sent_again(address: TraceAddress, clock: ProgramClock | None) -> Source:
    from devices.simulator.scenario import Scenario
    from devices.traces.source import TraceSource
    from imu.samples import STANDARD_GRAVITY_M_S2
    from pipelines.sensors.session_trace import session_trace

    trace, info = session_trace(address.path)
    scenario = replace(
        address.scenario,
        acceleration_range_g=round(info.acceleration_range_m_s2 / STANDARD_GRAVITY_M_S2),
        gyro_range_deg_s=round(degrees(info.angular_velocity_range_rad_s))
        or Scenario().gyro_range_deg_s,
    )
    return TraceSource(trace, scenario, axes=address.axes or info.axes, clock=clock)


def _is_recording(path: Path) -> bool:
    """Whether a file is a table rather than what went over a link."""
    from pipelines.files.reading.text_source import beginning
    from pipelines.files.recognise import CONTAINERS

    start = beginning(path)
    if start.startswith((btsnoop.MAGIC, pcapng.MAGIC)):
        return False
    packed = start.startswith((*CONTAINERS, *_TABLES))
    return path.is_dir() or packed or (bool(start) and b"\0" not in start)


def _played(url: str, clock: ProgramClock | None) -> Source:
    from devices.traces.played_table import played_table
    from devices.traces.source import trace_address
    from pipelines.files.reading.front_door import read
    from pipelines.runner.user_directory import data_directory

    address = trace_address(url)
    table = read(address.path, rate_hz=address.rate_hz, memory=data_directory())
    axes = address.axes or table.axes.removeprefix("auto")
    return played_table(table.samples, table.rate_hz, address.scenario, axes=axes, clock=clock)
