"""Still, walking or running: what live use would have been told, on people who do one of them.

The analyzer is fed packets of 20 ms, and its gait is read after each, as a live display does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.accuracy.tables import Missing, Row, Section, row_of_errors
from benchmarks.recordings import force_trials, marker_trials, raw_sacral_clip, walking_trials
from imu.analyzer import StepAnalyzer
from imu.samples import Samples

__all__ = ["GaitOverTime", "gait_over_time", "sections"]

_PACKET_S = 0.02
_GOAL_PERCENT = 1.0
#: Seconds within which running should be believed.
_DECISION_GOAL_S = 3.0


@dataclass(frozen=True)
class GaitOverTime:
    """The gait a recording was said to be, packet by packet."""

    time_s: NDArray[np.float64]  # of the end of each packet, from the recording's begin
    running: NDArray[np.bool_]
    steps: int

    @property
    def decision_s(self) -> float:
        """Time after which it was first called running; NaN when never."""
        return float(self.time_s[np.argmax(self.running)]) if self.running.any() else float("nan")

    @property
    def running_percent(self) -> float:
        """Share of the time called running."""
        return 100.0 * float(self.running.mean())

    @property
    def running_percent_after_decision(self) -> float:
        """Share of the time called running since it first was; 0 when it never was."""
        if not self.running.any():
            return 0.0
        return 100.0 * float(self.running[np.argmax(self.running) :].mean())


def gait_over_time(samples: Samples, rate_hz: float, axes: str) -> GaitOverTime:
    """Feed a recording in packets and note the gait after each."""
    analyzer = StepAnalyzer(rate_hz, axes=axes)
    size = max(1, round(_PACKET_S * rate_hz))
    gyro = samples.angular_velocity_rad_s
    running, ends, steps = [], [], 0
    for begin in range(0, len(samples), size):
        part = slice(begin, begin + size)
        packet = Samples(
            samples.time_s[part],
            samples.acceleration_m_s2[part],
            None if gyro is None else gyro[part],
        )
        steps += len(analyzer.push(packet))
        running.append(analyzer.gait == "run")
        ends.append(float(packet.time_s[-1] - samples.time_s[0]))
    steps += len(analyzer.flush())
    return GaitOverTime(np.array(ends), np.array(running, np.bool_), steps)


def _share_rows(
    metric: str, people: str, shares: list[float], seconds: list[float], truth: float
) -> list[Row]:
    """One row of the pooled time, one of the recordings where there are several."""
    pooled = float(np.average(shares, weights=seconds)) - truth
    goal = f"≤ {_GOAL_PERCENT:g} %" if truth == 0.0 else f"≥ {truth - _GOAL_PERCENT:g} %"
    pool = replace(
        row_of_errors(metric, f"{people}, all time together", "%", [pooled]),
        n=round(sum(seconds)),
        goal=f"share {goal}",
        goal_met=abs(pooled) <= _GOAL_PERCENT,
        errors=None,
    )
    each = row_of_errors(metric, f"{people}, each recording", "%", np.array(shares) - truth)
    return [pool, each] if len(shares) > 1 else [pool]


def _walking(data: Path) -> tuple[list[Row], list[Missing]]:
    recordings = walking_trials(data)
    if not recordings:
        return [], [Missing("walking and standing recordings", str(data / "walking"))]
    found = [gait_over_time(samples, rate, axes) for _, samples, rate, axes in recordings]
    shares, seconds = [f.running_percent for f in found], [float(f.time_s[-1]) for f in found]
    rows = _share_rows("time called running", "walking and standing", shares, seconds, 0.0)
    steps = [float(f.steps) for f in found]
    return [
        *rows,
        row_of_errors(
            "running steps listed",
            "walking and standing, each recording",
            "steps",
            steps,
            goal="none",
            goal_met=not any(steps),
        ),
    ], []


def _running(data: Path, *, quick: bool) -> tuple[list[Row], list[Missing]]:
    kinds: dict[str, list[GaitOverTime]] = {}
    missing = []
    force_file = data / "sacral_force" / "trials.npz"
    clip_file = data / "sacral_force" / "raw_512hz.npz"
    if force_file.is_file():
        kinds["treadmill with force, 16 × 5 s, no gyroscope"] = [
            gait_over_time(trial.samples, trial.rate_hz, "+x+y+z")
            for trial in force_trials(data)[:: 4 if quick else 1]
        ]
    else:
        missing.append(Missing("running trials with force", str(force_file)))
    if clip_file.is_file():
        kinds["raw clip, 6 s, no gyroscope"] = [gait_over_time(*raw_sacral_clip(data))]
    else:
        missing.append(Missing("unfiltered running clip", str(clip_file)))
    markers = marker_trials(directory=data)
    if markers:
        kinds["virtual sensor from markers, 30 s"] = [
            gait_over_time(trial.samples, trial.rate_hz, "+x+y+z") for trial in markers
        ]
    else:
        missing.append(Missing("running with markers", str(data / "treadmill_mocap")))
    rows: list[Row] = []
    for kind, found in kinds.items():
        # a recording in which running was never believed weighs with its whole length
        seconds = [float(f.time_s[-1]) - (f.decision_s if f.running.any() else 0.0) for f in found]
        shares = [f.running_percent_after_decision for f in found]
        metric = "running time called running, once decided"
        rows += _share_rows(metric, kind, shares, seconds, 100.0)
    for kind, found in kinds.items():
        times = [f.decision_s for f in found]
        row = row_of_errors("time until running is believed", kind, "s", times)
        goal = f"every recording ≤ {_DECISION_GOAL_S:g} s"
        # NaN, never believed, is not in time either
        rows.append(replace(row, goal=goal, goal_met=all(t <= _DECISION_GOAL_S for t in times)))
    return rows, missing


def sections(data: Path, *, quick: bool) -> list[Section]:
    """Score the gait on ``walking/`` and on every running recording."""
    walk_rows, walk_missing = _walking(data)
    run_rows, run_missing = _running(data, quick=quick)
    return [
        Section(
            title="Walk, run or still",
            about=(
                "The gait after each packet of 20 ms. Errors are shares of time against 0 % "
                "(walking and standing) or 100 % (running); n is seconds in the pooled rows and "
                "recordings in the others. Running is scored from the moment it was first "
                "believed; the time that took is a row of its own (its steps are listed all the "
                "same, retroactively)."
            ),
            rows=[*walk_rows, *run_rows],
            missing=[*walk_missing, *run_missing],
            cannot_see=(
                "The walking recordings are of one person in a laboratory: no stairs, no race "
                "walking, no jumping, and no label that tells walking from standing.",
                "Changes between walking and running within one recording are in none of these "
                "sets; the simulator alone shows them.",
            ),
        )
    ]
