"""Sessions that the companion's tests go through: made of seconds, or of simulated samples."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from devices.records import Mark
from devices.simulator.generate import simulate
from devices.simulator.scenario import Scenario
from imu.analyzer import StepAnalyzer
from imu.samples import Samples
from imu.steps import NO_STEPS, STEP_ROW, Steps, concatenate
from pipelines.alerts import Alert
from pipelines.companion.companion import Companion
from pipelines.companion.plan import UsualIntensity
from pipelines.companion.turning import heading_turn_deg
from pipelines.training.cues import Cue

__all__ = [
    "USUAL",
    "Part",
    "alert",
    "feed",
    "ids",
    "live",
    "mark",
    "samples_of",
    "steps_of",
    "told",
]

#: Usual of a runner whose intensity is that of :func:`steps_of` at 1.
USUAL = UsualIntensity(2.5, 165.0)
STEPS_A_SECOND = 2.75


@dataclass(frozen=True)
class Part:
    """Some minutes of a session, at an intensity relative to usual."""

    minutes: float
    gait: str
    intensity: float = 1.0
    index: float = 100.0
    turn_deg_s: float | None = None


def steps_of(start_s: float, count: int, intensity: float, index: float = 100.0) -> Steps:
    """Trusted running steps, one after the other."""
    rows = np.zeros(count, STEP_ROW)
    rows["step_time_s"] = 1.0 / STEPS_A_SECOND
    rows["initial_contact_s"] = start_s + np.arange(count) / STEPS_A_SECOND
    rows["cadence_spm"] = 165.0
    rows["peak_10hz_bw"] = 1.0 + 1.5 * intensity
    rows["lumbar_index"] = index
    return Steps(rows)


def feed(
    companion: Companion,
    parts: Iterable[Part],
    *,
    marks: Mapping[int, Iterable[Mark]] | None = None,
    alerts: Mapping[int, Iterable[Alert]] | None = None,
) -> tuple[list[Cue], list[Steps]]:
    """Go through a session second by second; marks and alerts come with their second."""
    cues: list[Cue] = []
    all_steps: list[Steps] = []
    second, made = 0, 0
    ran_s = 0.0
    for part in parts:
        for _ in range(round(part.minutes * 60)):
            steps = NO_STEPS
            if part.gait == "run":
                ran_s += 1.0
                count = int(ran_s * STEPS_A_SECOND) - made
                steps = steps_of(float(second), count, part.intensity, part.index)
                made += count
                all_steps.append(steps)
            cues += companion.advance(
                float(second),
                part.gait,
                steps,
                tuple((marks or {}).get(second, ())),
                tuple((alerts or {}).get(second, ())),
                turn_deg=part.turn_deg_s,
            )
            second += 1
    return cues, all_steps


def told(cues: Iterable[Cue]) -> list[tuple[float, str]]:
    """Time and name of each cue."""
    return [(cue.time_s, cue.text_id) for cue in cues]


def ids(cues: Iterable[Cue]) -> list[str]:
    """Name of each cue."""
    return [cue.text_id for cue in cues]


def mark(kind: str, value: str = "") -> Mark:
    """A mark; the companion takes its time from the call."""
    return Mark(0, kind, value)


def alert(time_s: float) -> Alert:
    """A change of the shock, told by the coach."""
    return Alert(time_s, "impact_shock_g", "up", 3.6, 3.0, 20.0, 10.0, "raised", "…")


@cache
def samples_of(**scenario: object) -> Samples:
    """A simulated session's samples."""
    return simulate(Scenario(**scenario))[0]  # type: ignore[arg-type]


def live(
    companion: Companion,
    samples: Samples,
    *,
    block: int = 20,
    marks: Mapping[float, Iterable[Mark]] | None = None,
    axes: str = "+x+y+z",
) -> tuple[list[Cue], Steps]:
    """Packets through the analyzer and the companion, as in a live run."""
    rate_hz = 200.0
    analyzer = StepAnalyzer(rate_hz, axes=axes)
    waiting = sorted((marks or {}).items())
    cues: list[Cue] = []
    steps: list[Steps] = []
    for begin in range(0, len(samples), block):
        part = samples[begin : begin + block]
        now_s = float(part.time_s[-1])
        due = [one for at_s, several in waiting if at_s <= now_s for one in several]
        waiting = [item for item in waiting if item[0] > now_s]
        steps.append(analyzer.push(part))
        turn = heading_turn_deg(part, analyzer.mounting, rate_hz)
        cues += companion.advance(now_s, analyzer.activity, steps[-1], due, turn_deg=turn)
    steps.append(analyzer.flush())
    cues += companion.advance(now_s, analyzer.activity, steps[-1])
    return cues, concatenate(steps)


def turned(samples: Samples, rate_deg_s: NDArray[np.float64]) -> Samples:
    """The same samples on a path that bends: a turn about the body's vertical is added."""
    gyro = samples.angular_velocity_rad_s
    assert gyro is not None
    bent = gyro.copy()
    bent[:, 2] += np.radians(rate_deg_s)
    return Samples(samples.time_s, samples.acceleration_m_s2, bent, samples.quality)
