"""Each of the 18 treadmill runners, judged by a chain that learned from the others alone."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.accuracy.rules import RuleInput
from benchmarks.accuracy.sensors import CLEAN, SENSORS, Sensor, worn
from benchmarks.accuracy.statistics import TrialPairs
from benchmarks.accuracy.truth import (
    braking_pairs,
    counts,
    force_pairs,
    motion_pairs,
    true_steps,
    waveform_pairs,
)
from benchmarks.recordings import MarkerTrial
from benchmarks.virtual_sensor import PelvisMotion, runner_motions
from imu.analyzer import StepAnalyzer
from imu.samples import Samples
from imu.steps import Steps, concatenate
from imu.waveforms import Waveforms

__all__ = ["JudgedTrial", "judged", "pairs_of", "run_chain"]

Array = NDArray[np.float64]

_PROCESSES: Final = 2


@dataclass(frozen=True, slots=True, eq=False)
class JudgedTrial:
    """What was told and what was true of one runner at one speed with one sensor, by metric.

    ``rules`` is what the simple rules need, with the clean sensor only.
    """

    sensor: str
    speed_given: bool
    runner: str
    speed_m_s: float
    pairs: dict[str, TrialPairs]
    rules: RuleInput | None


@dataclass(frozen=True, slots=True)
class _Task:
    data: Path
    number: int
    titles: tuple[str, ...]  # sensors hold functions, which no process hands to another


def judged(data: Path, runners: Sequence[int], sensors: Sequence[Sensor]) -> list[JudgedTrial]:
    """Judge these runners, by number, with these sensors; the clean one also with the speed given.

    Every runner is judged by weights learned from the 17 others, however few are judged.
    """
    tasks = [_Task(data, number, tuple(sensor.title for sensor in sensors)) for number in runners]
    if len(tasks) < _PROCESSES:
        return [trial for task in tasks for trial in _judge(task)]
    with ProcessPoolExecutor(_PROCESSES, mp_context=get_context("spawn")) as pool:
        return [trial for trials in pool.map(_judge, tasks) for trial in trials]


def pairs_of(
    trials: Sequence[JudgedTrial],
    metric: str,
    *,
    sensor: str = CLEAN.title,
    speed_given: bool = False,
    speed_m_s: float | None = None,
) -> list[TrialPairs]:
    """What was told and true of a metric in the trials chosen."""
    return [
        trial.pairs[metric]
        for trial in trials
        if trial.sensor == sensor
        and trial.speed_given == speed_given
        and speed_m_s in (None, trial.speed_m_s)
        and metric in trial.pairs
    ]


@lru_cache(maxsize=1)
def _motions(data: Path) -> dict[str, list[PelvisMotion]]:
    groups: dict[str, list[PelvisMotion]] = {}
    for motion in runner_motions(data):
        groups.setdefault(motion.subject, []).append(motion)
    return dict(sorted(groups.items()))


def run_chain(trial: MarkerTrial, samples: Samples, axes: str) -> tuple[Steps, Waveforms]:
    """The chain as shipped over a trial's samples; stated axes are corrected from standing."""
    analyzer = StepAnalyzer(
        trial.rate_hz,
        trial.runner,
        axes=axes,
        neutral_up=trial.standing_up if axes != "auto" else None,
        waveforms=True,
    )
    steps = concatenate([analyzer.push(samples), analyzer.flush()])
    return steps, analyzer.take_waveforms()


def _judge(task: _Task) -> list[JudgedTrial]:
    """One runner with every sensor, by weights that never saw this runner."""
    runner, motions = list(_motions(task.data).items())[task.number]
    found = []
    for sensor in (sensor for sensor in SENSORS if sensor.title in task.titles):
        for motion in motions:
            trial, samples = worn(sensor, motion, task.number)
            told = run_chain(trial, samples, sensor.axes)
            found.append(_compared(task.data, sensor, trial, runner, told))
    return found


def _compared(
    data: Path, sensor: Sensor, trial: MarkerTrial, runner: str, told: tuple[Steps, Waveforms]
) -> JudgedTrial:
    steps, waveforms = told
    truth = true_steps(trial, runner)
    pairs = force_pairs(truth, steps) | motion_pairs(trial, steps) | counts(truth, steps)
    rules = None
    if sensor == CLEAN:
        pairs["force waveform"] = waveform_pairs(trial, runner, waveforms)
        with np.load(data / "treadmill_runners" / f"{trial.name}.npz") as file:
            forward_n, vertical_n = file["force_n"].astype(np.float64)[:, :2].T
        forward_bw = forward_n / vertical_n.mean()
        pairs["braking"] = braking_pairs(truth, steps, forward_bw, trial.force_rate_hz)
        height_m = trial.runner.height_m
        assert height_m is not None
        rules = RuleInput(truth, trial.samples, trial.speed_m_s, height_m)
    return JudgedTrial(sensor.title, False, runner, trial.speed_m_s, pairs, rules)
