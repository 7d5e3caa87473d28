"""Each of the 18 treadmill runners, judged by a chain that learned from the others alone."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.accuracy.coverage import covered
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
from benchmarks.step_model import SEED, SeenTrial, fit, see
from benchmarks.virtual_sensor import MarkerTrial, runner_motions, runner_trials
from imu.analyzer import AnalyzerParams, StepAnalyzer
from imu.samples import Samples
from imu.step.model import StepModel
from imu.steps import Steps, concatenate
from imu.waveforms import Waveforms

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
    runner: str
    number: int
    titles: tuple[str, ...]  # sensors hold functions, which no process hands to another


#: What the step model may learn from, once a process.
_SEEN: list[SeenTrial] = []


def judged(data: Path, runners: Sequence[int], sensors: Sequence[Sensor]) -> list[JudgedTrial]:
    """Judge these runners, by number, with these sensors; the clean one also with the speed given.

    Every runner is judged by weights learned from all the others, however few are judged.
    """
    seen = see(runner_trials(directory=data), SEED)
    names = sorted({one.subject for one in seen})
    titles = tuple(sensor.title for sensor in sensors)
    tasks = [_Task(data, names[number], number, titles) for number in runners]
    # two processes on two cores: the linear algebra need not share them out once more
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    with ProcessPoolExecutor(
        _PROCESSES, get_context("spawn"), initializer=_remember, initargs=(seen,)
    ) as pool:
        return [trial for trials in pool.map(_judge, tasks) for trial in trials]


def _remember(seen: list[SeenTrial]) -> None:
    _SEEN.extend(seen)


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


def run_chain(
    trial: MarkerTrial,
    samples: Samples,
    axes: str,
    *,
    model: StepModel | None = None,
    speed_m_s: float | None = None,
) -> tuple[Steps, Waveforms]:
    """The chain as shipped over a trial's samples; stated axes are corrected from standing."""
    analyzer = StepAnalyzer(
        trial.rate_hz,
        trial.runner,
        axes=axes,
        speed_m_s=speed_m_s,
        neutral_up=trial.standing_up if axes != "auto" else None,
        params=AnalyzerParams(step_model=model),
        waveforms=True,
    )
    steps = concatenate([analyzer.push(samples), analyzer.flush()])
    return steps, analyzer.take_waveforms()


def _judge(task: _Task) -> list[JudgedTrial]:
    """One runner with every sensor, by weights that never saw this runner."""
    model = fit([one for one in _SEEN if one.subject != task.runner])
    motions = [m for m in runner_motions(task.data) if m.subject == task.runner]
    found = []
    for sensor in (sensor for sensor in SENSORS if sensor.title in task.titles):
        for motion in motions:
            trial, samples = worn(sensor, motion, task.number)
            for given in (None, trial.speed_m_s) if sensor == CLEAN else (None,):
                told = run_chain(trial, samples, sensor.axes, model=model, speed_m_s=given)
                found.append(
                    _compared(task.data, sensor, trial, told, model, speed_given=bool(given))
                )
    return found


def _compared(
    data: Path,
    sensor: Sensor,
    trial: MarkerTrial,
    told: tuple[Steps, Waveforms],
    model: StepModel,
    *,
    speed_given: bool,
) -> JudgedTrial:
    steps, waveforms = told
    truth = true_steps(trial, trial.subject)
    pairs = force_pairs(truth, steps) | motion_pairs(trial, steps) | counts(truth, steps)
    rules = None
    if sensor == CLEAN:
        pairs |= covered(truth, steps, model)
        pairs["force waveform"] = waveform_pairs(trial, trial.subject, waveforms)
        with np.load(data / "treadmill_runners" / f"{trial.name}.npz") as file:
            forward_n, vertical_n = file["force_n"].astype(np.float64)[:, :2].T
        forward_bw = forward_n / vertical_n.mean()
        pairs["braking"] = braking_pairs(truth, steps, forward_bw, trial.force_rate_hz)
    if sensor == CLEAN and not speed_given:
        height_m = trial.runner.height_m
        assert height_m is not None
        rules = RuleInput(truth, trial.samples, trial.speed_m_s, height_m)
    return JudgedTrial(sensor.title, speed_given, trial.subject, trial.speed_m_s, pairs, rules)
