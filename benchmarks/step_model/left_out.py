"""What ``analyze()`` says of each runner with weights that were learned from all others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.recordings import force_contacts
from benchmarks.virtual_sensor import MarkerTrial
from imu.analyzer import AnalyzerParams, StepAnalyzer
from imu.samples import Samples
from imu.step.model import StepModel
from imu.steps import Steps, concatenate

Array = NDArray[np.float64]

_SAME_CONTACT_S: Final = 0.1
#: Share of the step time that is contact, the rule that needs no sensor but a cadence.
_DUTY: Final = 0.66


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """The steps of one trial that have a true one, and what the plate measured of them.

    ``truth`` and ``told`` have a row a step: contact and toe-off (ms from the trial's start),
    contact and flight time (ms), peak force (body weights); ``waveform`` is estimate minus truth.
    """

    trial: MarkerTrial
    steps: Steps
    told: Array
    truth: Array
    waveform: Array


def matched(steps: Steps, trial: MarkerTrial) -> tuple[NDArray[np.intp], Array]:
    """Which steps have a true one, and its contact, toe-off, contact and flight time, peak."""
    assert trial.force_bw is not None
    contact, toe_off = force_contacts(trial.force_bw, trial.force_rate_hz)
    apart = np.abs(steps.initial_contact_s[:, None] - contact[:-1] - trial.force_start_s)
    true = np.asarray(apart.argmin(axis=1))
    found = np.flatnonzero(apart.min(axis=1) < _SAME_CONTACT_S)
    begin, end, off = contact[true[found]], contact[true[found] + 1], toe_off[true[found]]
    rate = trial.force_rate_hz
    peak = [
        trial.force_bw[round(a * rate) : round(b * rate) + 1].max()
        for a, b in zip(begin, off, strict=True)
    ]
    late = trial.force_start_s
    times = 1e3 * np.stack([begin + late, off + late, off - begin, end - off])
    return found, np.concatenate([times, [peak]]).T


def judge(
    trial: MarkerTrial,
    model: StepModel | None = None,
    samples: Samples | None = None,
    *,
    axes: str = "+x+y+z",
    speed_m_s: float | None = None,
) -> Judged:
    """Run the chain as it is shipped over a trial, or over a copy of its samples."""
    assert trial.force_bw is not None
    given = trial.samples if samples is None else samples
    rate_hz = 1.0 / float(np.median(np.diff(given.time_s)))
    analyzer = StepAnalyzer(
        rate_hz,
        axes=axes,
        speed_m_s=speed_m_s,
        params=AnalyzerParams(step_model=model),
        waveforms=True,
    )
    steps = concatenate([analyzer.push(given), analyzer.flush()])
    found, truth = matched(steps, trial)
    told = np.stack(
        [
            1e3 * steps.initial_contact_s,
            1e3 * steps.toe_off_s,
            steps.contact_time_ms,
            steps.flight_time_ms,
            steps.peak_force_bw,
        ],
        axis=1,
    )
    waves = analyzer.take_waveforms()
    time = trial.force_start_s + np.arange(len(trial.force_bw)) / trial.force_rate_hz
    inside = (waves.time_s > time[0]) & (waves.time_s < time[-1])
    measured = np.interp(waves.time_s[inside], time, trial.force_bw)
    return Judged(
        trial,
        Steps(steps.rows[found]),
        told[found],
        truth,
        waves.vertical_force_bw[inside] - measured,
    )


def _rms(values: Array) -> float:
    return float(np.sqrt(np.mean(values**2)))


def response(judged: Sequence[Judged], column: int) -> float:
    """How much of a true change between a person's speeds is told, all people together."""
    shared, true = 0.0, 0.0
    for subject in {j.trial.subject for j in judged}:
        own = [j for j in judged if j.trial.subject == subject]
        told = np.array([j.told[:, column].mean() for j in own])
        truth = np.array([j.truth[:, column].mean() for j in own])
        shared += float((told - told.mean()) @ (truth - truth.mean()))
        true += float(((truth - truth.mean()) ** 2).sum())
    return shared / true


def row(name: str, judged: Sequence[Judged]) -> str:
    """One line of the table."""
    off = np.concatenate([j.told - j.truth for j in judged])
    errors = [_rms(column) for column in off.T]
    subjects = sorted({j.trial.subject for j in judged})
    biases = [
        np.concatenate([(j.told - j.truth)[:, 2] for j in judged if j.trial.subject == s]).mean()
        for s in subjects
    ]
    few = sum(abs(b) <= 15.0 for b in biases)
    waveform = _rms(np.concatenate([j.waveform for j in judged]))
    return (
        f"{name:34s} {errors[0]:7.1f} {errors[1]:7.1f} {errors[2]:7.1f} {errors[3]:7.1f} "
        f"{errors[4]:6.3f} {waveform:6.3f}  {few:2d}/{len(subjects)}"
        f"  {response(judged, 2):5.2f} {response(judged, 4):5.2f}  {len(off):5d}"
    )


def table(trials: Sequence[MarkerTrial], models: Mapping[str, StepModel]) -> str:
    """Errors of the steps of each runner, with the weights learned from all others."""
    lines = [
        "one runner left out; root mean squares a step, ms and body weights; ±15 ms: runners'"
        " mean contact; response to a person's own change with speed",
        f"{'':34s} {'contact':>7s} {'toe-off':>7s} {'t_c':>7s} {'flight':>7s} {'peak':>6s} "
        f"{'force':>6s}  ±15 ms  t_c  peak  steps",
    ]
    without = [judge(t, models[t.subject]) for t in trials]
    lines.append(row("as shipped, speed not given", without))
    told = [judge(t, models[t.subject], speed_m_s=t.speed_m_s) for t in trials]
    lines.append(row("speed given", told))
    alone = [
        judge(t, models[t.subject], Samples(t.samples.time_s, t.samples.acceleration_m_s2))
        for t in trials
    ]
    lines.append(row("accelerometer alone", alone))
    lines.append(row("axes found", [judge(t, models[t.subject], axes="auto") for t in trials]))
    true_step = np.concatenate([j.truth[:, 2] + j.truth[:, 3] for j in without])
    rule = _rms(_DUTY * true_step - np.concatenate([j.truth[:, 2] for j in without]))
    lines.append(f"{f'{_DUTY} × true step time, no sensor':34s} {'':15s} {rule:7.1f}")
    return "\n".join(lines)
