"""Conformance of a unit: each item measured, and judged where somebody sets a limit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, Protocol

import numpy as np

from devices.drivers.registry import driver_named
from devices.links import BYTES_CHANNEL
from devices.source import Source
from imu.errors import DeviceError
from pipelines.bench import limits
from pipelines.bench.at_rest import (
    LEAST_REST_S,
    allan_items,
    both_sensors,
    level_items,
    noise_items,
    reading_items,
)
from pipelines.bench.conversation import conversation_items
from pipelines.bench.item import Item, failed, judged, measured, skipped
from pipelines.bench.linktest import recorded
from pipelines.bench.positions import ORDER, StretchFinder, position_items
from pipelines.bench.recording import Recording
from pipelines.bench.turning import TURN_S, reads_zero, turn_item
from pipelines.bench.unit import Unit

#: ``quick`` leaves out the six positions, ``long`` adds half an hour at rest.
Extent = Literal["quick", "usual", "long"]

_QUICK_S: Final = 30.0
_POSITIONS_S: Final = 300.0  # longest time for the six positions
_LONG_S: Final = 1800.0
_SKEW_SURE: Final = 2.0  # standard errors


class Guide(Protocol):
    """Tells the person at the bench what to do; every call returns at once."""

    def lay(self, face: str) -> None:
        """Lay it still with this marked axis up."""
        ...

    def rest(self, seconds: float) -> None:
        """Leave it alone on the table for so long."""
        ...

    def turn(self, seconds: float) -> None:
        """Turn it over about each of its axes, within so long."""
        ...


@dataclass(frozen=True, slots=True)
class Conformance:
    """What came out.

    Attributes
    ----------
    unit : str
        What the user gave.
    items : tuple of Item
        In the order in which they were tried.
    """

    unit: str
    items: tuple[Item, ...]

    @property
    def passed(self) -> bool:
        """Whether no item failed."""
        return all(item.verdict != "fail" for item in self.items)

    def __getitem__(self, name: str) -> Item:
        """The item of a name; KeyError where there is none."""
        return {item.name: item for item in self.items}[name]


async def conform(
    unit: Unit, extent: Extent, guide: Guide, progress: Callable[[float, float], None]
) -> Conformance:
    """Measure a unit; what it cannot do is skipped by name, what it does wrongly has failed."""
    items = await conversation_items(unit)
    if items[0].verdict == "fail":
        return Conformance(unit.name, tuple(items))
    try:
        if extent == "quick":
            guide.rest(_QUICK_S)
            recording = await recorded(unit.open("rest", _QUICK_S), _QUICK_S, progress)
            finder = StretchFinder(recording.info.rate_hz)
            finder.push(recording.samples)
        else:
            source = unit.open("six_faces", _POSITIONS_S)
            recording, finder = await _six_positions(source, guide, progress)
        items += stream_items(recording)
        items += _still_items(recording, finder, positions=extent != "quick")
        if extent == "quick" and reads_zero(recording.samples):
            source = unit.open("six_faces", TURN_S)
            items.append(await _turned(source, guide, progress))
        if extent == "long":
            guide.rest(_LONG_S)
            rest = await recorded(unit.open("rest", _LONG_S), _LONG_S, progress)
            items += allan_items(rest.values(), rest.info.rate_hz)
    except DeviceError as error:
        items.append(failed("stream", "samples for as long as they were wanted", str(error)))
    return Conformance(unit.name, tuple(items))


async def _six_positions(
    source: Source, guide: Guide, progress: Callable[[float, float], None]
) -> tuple[Recording, StretchFinder]:
    async with source:
        recording = Recording(source.info)
        finder = StretchFinder(source.info.rate_hz)
        guide.lay(ORDER[0])
        seen = 0
        async for record in source:
            block = recording.push(record)
            if block is not None:
                finder.push(block)
            if len(finder.found) > seen:
                seen = len(finder.found)
                if seen < len(ORDER):
                    guide.lay(ORDER[seen])
            progress(seen, len(ORDER))
            if seen >= len(ORDER) or recording.passed_s > _POSITIONS_S:
                break
    return recording, finder


async def _turned(source: Source, guide: Guide, progress: Callable[[float, float], None]) -> Item:
    async with source:
        recording = Recording(source.info)
        guide.turn(TURN_S)
        async for record in source:
            recording.push(record)
            progress(min(recording.passed_s, TURN_S), TURN_S)
            if recording.passed_s >= TURN_S:
                break
    return turn_item(recording.samples)


def stream_items(recording: Recording) -> list[Item]:
    """Judge rate, numbers, losses, clock and delays of what came."""
    nominal_hz = recording.info.rate_hz
    losses, sequence = recording.losses, recording.sequence()
    device_hz, host_hz = recording.device_rate_hz(), recording.host_rate_hz()
    by = "the unit's clock" if device_hz is not None else "this computer's clock"
    rate_hz = host_hz if device_hz is None else device_hz
    again = sequence.again
    if not sequence.counted:
        again = losses.duplicated + losses.reordered + losses.restarts
    seconds = max(recording.passed_s, 1e-9)
    items = [
        judged(
            "rate",
            "sample rate against the rate agreed",
            100.0 * (rate_hz / nominal_hz - 1.0),
            "%",
            limits.RATE,
            f"{rate_hz:.3f} of {nominal_hz:g} Hz by {by}; {host_hz:.2f} Hz by this computer's",
        ),
        judged(
            "sequence",
            "numbers that came again, went back or began anew",
            again,
            "",
            limits.SEQUENCE,
            "" if sequence.counted else "the protocol does not count: by its times",
        ),
        _loss(recording),
        judged(
            "format",
            "messages that do not follow the format",
            recording.damaged_messages,
            "",
            limits.FORMAT,
            f"of {recording.messages}",
        ),
        judged("repeats", "samples repeated", recording.repeated_percent(), "%", limits.REPEATS),
        measured(
            "throughput",
            "bytes that came",
            recording.payload_bytes / seconds,
            "bytes/s",
            f"{recording.messages / seconds:.1f} messages/s",
        ),
    ]
    return [*items, *_delays(recording), _skew(recording)]


def _loss(recording: Recording) -> Item:
    sequence, losses = recording.sequence(), recording.losses
    lost = sequence.lost if sequence.counted else losses.lost
    came = sum(len(reading.acceleration_m_s2) for reading in recording.readings)
    share = 100.0 * lost / max(1, came + lost)
    return judged("loss", "samples lost", share, "%", limits.LOSS, f"{lost} of {came + lost}")


def _delays(recording: Recording) -> list[Item]:
    delays_ms = recording.delays_ms()
    title = "delay of 99 % of the messages"
    items = [
        judged(
            "latency",
            title,
            float(np.percentile(delays_ms, 99)),
            "ms",
            limits.DELAY,
            f"beyond the quickest; half of them {float(np.median(delays_ms)):.1f} ms",
        )
        if len(delays_ms)
        else skipped("latency", title, "no samples came")
    ]
    trips, title = recording.round_trips_ms, "ping and reply"
    if not trips:
        return [*items, skipped("ping", title, "it answers no pings")]
    detail = f"the quickest of {len(trips)}; half of them {float(np.median(trips)):.1f} ms"
    return [*items, measured("ping", title, min(trips), "ms", detail)]


def _skew(recording: Recording) -> Item:
    title = "the unit's clock against this computer's"
    host = recording.receiver.host_time
    if host is None or recording.device_rate_hz() is None:
        return skipped("skew", title, "its messages carry no time")
    estimate = host.estimate
    detail = f"± {estimate.skew_sd_ppm:.1f} ppm over {estimate.span_s:.0f} s, by {estimate.basis}"
    if BYTES_CHANNEL in recording.channels:  # a serial line: nobody limits its clock
        return measured("skew", title, estimate.skew_ppm, "ppm", detail)
    item = judged("skew", title, estimate.skew_ppm, "ppm", limits.SKEW, detail)
    spread_ppm = _SKEW_SURE * estimate.skew_sd_ppm
    if abs(abs(estimate.skew_ppm) - limits.SKEW.high) < spread_ppm:
        return measured("skew", title, estimate.skew_ppm, "ppm", f"{detail}: too short to judge")
    return item


def _still_items(recording: Recording, finder: StretchFinder, *, positions: bool) -> list[Item]:
    samples, rate_hz = recording.samples, recording.info.rate_hz
    driver = driver_named(recording.info.protocol)
    items = reading_items(samples, rate_hz, has_dead_band=driver.gyro_has_dead_band)
    if positions:
        items += position_items(samples, finder.found, recording.info.acceleration_range_m_s2)
    has_gyro = samples.angular_velocity_rad_s is not None
    means = [each.mean for each in finder.found]
    items += level_items(means, positions=positions, has_gyro=has_gyro)
    longest = max(finder.found, key=lambda each: each.stop - each.start, default=None)
    values = both_sensors(samples)
    least = round(LEAST_REST_S * rate_hz)
    part = values[longest.start : longest.stop] if longest is not None else values[:0]
    margin = rate_hz if len(part) > least + 2 * rate_hz else 0  # without what may hold the hand
    inner = part[int(margin) : len(part) - int(margin)]
    return items + noise_items(inner, rate_hz)
