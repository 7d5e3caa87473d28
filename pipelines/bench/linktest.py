"""Two minutes of a link: what it loses, repeats and delays, and whether the host can tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from devices.source import Source
from devices.timing.program_clock import ProgramClock, SystemClock
from imu.errors import DeviceError
from pipelines.bench import limits
from pipelines.bench.item import Item, judged, measured
from pipelines.bench.recording import Recording

#: How long a link is looked at, and the stretch whose worst is told, s of the source's clock.
LINKTEST_S: Final = 120.0
WINDOW_S: Final = 30.0

#: For set-up and silences on top, s.
_PATIENCE_S: Final = 60.0
_CLOCK_READINGS: Final = 2000

Progress = Callable[[float, float], None]


async def run_linktest(
    source: Source, progress: Progress, *, seconds: float = LINKTEST_S
) -> list[Item]:
    """Enter a source, listen, and judge.

    Raises
    ------
    DeviceError
        When the sensor is not there, or nothing comes of it.
    """
    recording = await recorded(source, seconds, progress)
    return link_items(recording)


async def recorded(source: Source, seconds: float, progress: Progress) -> Recording:
    """What comes from a source within so many seconds of its clock, after its first samples.

    Raises
    ------
    DeviceError
        When the sensor is not there, or nothing comes of it.
    """
    async with source:
        recording = Recording(source.info)
        begun_ns = source.now_ns()
        async for record in source:
            recording.push(record)
            progress(min(recording.passed_s, seconds), seconds)
            waited_s = (source.now_ns() - begun_ns) * 1e-9
            if recording.passed_s >= seconds or waited_s > seconds + _PATIENCE_S:
                break
    if not recording.arrivals:
        raise DeviceError(
            "sent no samples: charge it, bring it nearer, and try 'backstride live' with it.",
            source=recording.info.name,
        )
    return recording


def link_items(recording: Recording) -> list[Item]:
    """Judge a link by what came over it."""
    losses = recording.losses
    sent = losses.received + losses.lost + losses.reordered
    nominal_hz = recording.info.rate_hz
    delays_ms = recording.delays_ms()
    delivered_hz = recording.delivered_rate_hz()
    lost = 100.0 * losses.lost_fraction
    return [
        judged(
            "loss",
            "samples lost",
            lost,
            "%",
            limits.LOSS,
            f"{losses.lost + losses.reordered} of {sent} samples",
        ),
        judged(
            "worst_window",
            f"lost in the worst {WINDOW_S:g} s",
            recording.worst_window_percent(WINDOW_S),
            "%",
            limits.LOSS,
        ),
        judged("repeats", "samples repeated", recording.repeated_percent(), "%", limits.REPEATS),
        judged(
            "format",
            "messages that do not follow the format",
            100.0 * recording.damaged_messages / max(1, recording.messages),
            "%",
            limits.DAMAGED,
            f"{recording.damaged_messages} of {recording.messages}",
        ),
        judged(
            "duplicates",
            "samples that came twice by their number or time",
            100.0 * losses.duplicated / max(1, sent),
            "%",
            limits.TWICE,
            f"{losses.duplicated} of {sent} samples",
        ),
        judged(
            "jitter",
            "delay of 99 % of the messages",
            float(np.percentile(delays_ms, 99)),
            "ms",
            limits.DELAY,
            f"beyond the quickest; half of them {float(np.median(delays_ms)):.1f} ms",
        ),
        judged(
            "rate",
            "samples that came, against the rate agreed",
            100.0 * (delivered_hz / nominal_hz - 1.0),
            "%",
            limits.RATE,
            f"{delivered_hz:.2f} of {nominal_hz:g} Hz",
        ),
        judged(
            "clock_step",
            "step of this computer's clock",
            clock_step_ms(SystemClock()),
            "ms",
            limits.CLOCK_STEP,
        ),
        measured(
            "link_lost",
            "times the link was lost",
            float(sum(event.kind == "lost" for event in recording.events)),
            "",
        ),
    ]


def clock_step_ms(clock: ProgramClock) -> float:
    """The smallest step that a clock was seen to make, ms."""
    steps = []
    before = clock.monotonic_ns()
    for _ in range(_CLOCK_READINGS):
        while (now := clock.monotonic_ns()) == before:
            pass
        steps.append(now - before)
        before = now
    return min(steps) * 1e-6
