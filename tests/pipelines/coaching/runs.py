"""Sessions that the companion's tests go through: made of seconds, or of simulated samples."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from devices.simulator.generate import simulate
from devices.simulator.scenario import Scenario
from imu.analyzer import StepAnalyzer
from imu.samples import Samples
from imu.steps import NO_STEPS, STEP_ROW, Steps, concatenate
from pipelines.coaching.alert import Alert
from pipelines.coaching.budget import CueBudget
from pipelines.coaching.companion import Companion
from pipelines.coaching.plan import CompanionPlan, UsualIntensity
from pipelines.coaching.training.bends import heading_turn_deg
from pipelines.coaching.training.cues import Cue
from pipelines.coaching.training.red_flags import RedFlagState, judge_marked
from pipelines.session import facts
from pipelines.session.facts import Fact
from pipelines.session.header import SessionHeader
from pipelines.session.marks import (
    Distance,
    Mark,
    Pain,
    Pause,
    RedFlags,
    Resume,
    Shoe,
    Speed,
    Surface,
    mark_from_log,
)
from pipelines.session.pace import Pace
from pipelines.session.progress import SessionProgress
from pipelines.session.result import SessionResult

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


class Accompanied:
    """A companion with all that it shares with the rest of a session's fold."""

    def __init__(
        self,
        plan: CompanionPlan | None = None,
        *,
        speed_m_s: float | None = None,
        index_of_earlier_runs: bool = False,
    ) -> None:
        self.pace, self.budget = Pace(), CueBudget()
        if speed_m_s is not None:
            self.pace.take_speed(speed_m_s, -1.0)
        self.progress = SessionProgress(self.pace, index_of_earlier_runs=index_of_earlier_runs)
        self.companion = Companion(plan or CompanionPlan(), self.budget, self.progress)
        self._flags = RedFlagState(self.companion.stopped)

    def advance(
        self,
        time_s: float,
        gait: str,
        steps: Steps = NO_STEPS,
        marks: Iterable[Mark] = (),
        alerts: Iterable[Alert] = (),
        *,
        turn_deg: float | None = None,
    ) -> list[Cue]:
        """What was said, found and told goes to whom it concerns, then to the companion."""
        for mark in marks:
            self._take(mark, time_s)
        for one in alerts:
            if one.severity == "raised":
                self.budget.alert_told(one.time_s)
        self.progress.take_steps(steps)
        return list(self.companion.advance(time_s, gait, steps, turn_deg=turn_deg))

    def _take(self, mark: Mark, time_s: float) -> None:
        match mark:
            case Speed():
                self.pace.take_speed(mark.speed_m_s, time_s)
            case Distance():
                self.progress.take_distance(mark.distance_m, time_s)
            case Pause() | Resume():
                self.companion.pause(paused=isinstance(mark, Pause))
            case RedFlags():
                self._flags = judge_marked(self._flags, mark.answers, cleared=mark.cleared)
                self.companion.answer(self._flags)


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
    run: Accompanied,
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
            cues += run.advance(
                float(second),
                part.gait,
                steps,
                tuple((marks or {}).get(second, ())),
                tuple((alerts or {}).get(second, ())),
                turn_deg=part.turn_deg_s,
            )
            second += 1
    return cues, all_steps


def result_after(
    run: Accompanied,
    steps: Iterable[Steps],
    marks: Mapping[int, Iterable[Mark]] | None = None,
    *,
    header: SessionHeader,
    duration_s: float,
) -> SessionResult:
    """What a session comes to that :func:`feed` has gone through."""
    found: list[Fact] = []
    for second, several in sorted((marks or {}).items()):
        for one in several:
            match one:
                case Surface():
                    found.append(facts.SurfaceKnown(float(second), one.name))
                case Shoe():
                    found.append(facts.ShoeKnown(float(second), one.name))
                case Pain():
                    found.append(
                        facts.PainReported(float(second), one.level, one.moment, one.place)
                    )
    found += [facts.StepsFinished(duration_s, part) for part in steps]
    if run.progress.distance_m:
        known = facts.DistanceKnown(duration_s, run.progress.distance_m, run.progress.source)
        found += [known, facts.PaceKnown(0.0, run.progress.distance_m / duration_s, None)]
    ending = run.companion.ending()
    found.append(
        facts.Ended(
            duration_s,
            duration_s,
            warm_up_s=ending.warm_up_s,
            before_warm_up_m=ending.before_warm_up_m,
            cool_down=ending.cool_down,
        )
    )
    return SessionResult(header, found)


def told(cues: Iterable[Cue]) -> list[tuple[float, str]]:
    """Time and name of each cue."""
    return [(cue.time_s, cue.text_id) for cue in cues]


def ids(cues: Iterable[Cue]) -> list[str]:
    """Name of each cue."""
    return [cue.text_id for cue in cues]


def mark(kind: str, value: str = "") -> Mark:
    """A mark; its time is that of the call."""
    return mark_from_log(kind, value)


def alert(time_s: float) -> Alert:
    """A change of the shock, told by the coach."""
    return Alert(time_s, "impact_shock_g", "up", 3.6, 3.0, 20.0, 10.0, "raised", "…")


@cache
def samples_of(**scenario: object) -> Samples:
    """A simulated session's samples."""
    return simulate(Scenario(**scenario))[0]  # type: ignore[arg-type]


def live(
    run: Accompanied,
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
        cues += run.advance(now_s, analyzer.activity, steps[-1], due, turn_deg=turn)
    steps.append(analyzer.flush())
    cues += run.advance(now_s, analyzer.activity, steps[-1])
    return cues, concatenate(steps)


def turned(samples: Samples, rate_deg_s: NDArray[np.float64]) -> Samples:
    """The same samples on a path that bends: a turn about the body's vertical is added."""
    gyro = samples.angular_velocity_rad_s
    assert gyro is not None
    bent = gyro.copy()
    bent[:, 2] += np.radians(rate_deg_s)
    return Samples(samples.time_s, samples.acceleration_m_s2, bent, samples.quality)
