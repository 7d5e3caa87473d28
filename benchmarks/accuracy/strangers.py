"""People whom nobody looked at while the chain was made: contact and force of 18 runners."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.accuracy.contacts import (
    ForceErrors,
    TrialWithForce,
    errors_of,
    steps_and_waveforms,
)
from benchmarks.accuracy.tables import Missing, Row, Section, row_of_errors
from benchmarks.virtual_sensor import PelvisMotion, runner_motions, virtual_sensor

__all__ = ["sections"]

Array = NDArray[np.float64]

_METRICS: Final = (
    ("contact time", "ms"),
    ("initial contact", "ms"),
    ("toe-off", "ms"),
    ("flight time", "ms"),
    ("peak vertical force", "BW"),
    ("force waveform", "BW"),
)
#: Contact by step time alone; what a clock without a sensor at the back can say.
_CONTACT_SHARE: Final = 0.66

_ABOUT = (
    "On 25 runners whom nobody had looked at, release 0.1 is wrong by 65 ms in contact time (bias "
    "+15, +51 and +77 ms at 2.5, 3.5 and 4.5 m/s) and by 0.48 body weights in peak force, RMSE a "
    "step; 0.66 × step time, without any sensor, is wrong by 25 ms. It hardly tells a change that "
    "is there. The tables below are of 18 of them. "
    "Eighteen treadmill runners (Fukuchi 2017, doi:10.7717/peerj.3298) at 2.5, 3.5 and 4.5 m/s, "
    "30 s each, none of whom was looked at while the chain's constants were chosen. The sensor is "
    "a virtual one at the midpoint of the PSIS, 200 Hz, without errors and with stated axes; truth "
    "is the belt force at 0.1 body weight. Errors are estimate minus truth, one a step. The "
    "response is the told change of a runner's mean from 2.5 to 4.5 m/s over the true one."
)


@dataclass(frozen=True)
class _Judged:
    trial: PelvisMotion
    found: ForceErrors


def _judged(trial: PelvisMotion) -> _Judged:
    sensor = virtual_sensor(trial, rate_hz=200.0)
    assert sensor.force_bw is not None
    with_force = TrialWithForce(
        trial.subject,
        trial.name,
        sensor.samples,
        sensor.rate_hz,
        sensor.force_bw,
        sensor.force_rate_hz,
        trial.speed_m_s,
        0.0,
    )
    return _Judged(
        trial, errors_of(with_force, *steps_and_waveforms(sensor.samples, sensor.rate_hz))
    )


def _row(
    metric: str, condition: str, unit: str, parts: Sequence[_Judged], of: Callable[[_Judged], Array]
) -> Row:
    errors = [of(part) for part in parts]
    return row_of_errors(metric, condition, unit, np.concatenate(errors), trials=errors)


def _share_of_step_time(part: _Judged) -> Array:
    told = part.found.errors["step time"] + part.found.truth["step time"]
    return _CONTACT_SHARE * told - part.found.truth["contact time"]


def _response(parts: Sequence[_Judged], metric: str) -> Row:
    told, true = [], []
    runners = {part.trial.subject: part for part in parts if part.trial.speed_m_s == 2.5}
    for fast in (part for part in parts if part.trial.speed_m_s == 4.5):
        slow = runners[fast.trial.subject].found
        change = float(fast.found.truth[metric].mean() - slow.truth[metric].mean())
        error = float(fast.found.errors[metric].mean() - slow.errors[metric].mean())
        true.append(change)
        told.append(change + error)
    share = 100.0 * np.sum(told) / np.sum(true)
    of = f"release 0.1: told {np.mean(told):.3g} of {np.mean(true):.3g}, {len(true)} runners"
    return row_of_errors(f"response of {metric} to a true change", of, "%", [share])


def sections(data: Path, *, quick: bool) -> list[Section]:
    """Tables on the 18 runners; a quick run takes every third of them."""
    trials = runner_motions(data)
    if not trials:
        missing = (Missing("treadmill runners with force", "treadmill_runners/*.npz"),)
        return [Section("People nobody had looked at", _ABOUT, (), missing)]
    if quick:
        kept = sorted({trial.subject for trial in trials})[::3]
        trials = [trial for trial in trials if trial.subject in kept]
    parts = [_judged(trial) for trial in trials]
    speeds = sorted({part.trial.speed_m_s for part in parts})
    rows = []
    for metric, unit in _METRICS:

        def of(part: _Judged, metric: str = metric) -> Array:
            return part.found.errors[metric]

        rows.append(_row(metric, "release 0.1, all speeds", unit, parts, of))
        rows += [
            _row(metric, f"release 0.1, {speed:g} m/s", unit,
                 [part for part in parts if part.trial.speed_m_s == speed], of)
            for speed in speeds
        ]  # fmt: skip
        if metric == "contact time":
            no_sensor = f"no sensor: {_CONTACT_SHARE} × step time, all speeds"
            rows.append(_row(metric, no_sensor, unit, parts, _share_of_step_time))
    rows += [_response(parts, metric) for metric in ("contact time", "peak vertical force")]
    return [
        Section(
            "People nobody had looked at",
            _ABOUT,
            rows,
            cannot_see=(
                "The virtual sensor comes from markers below 25 Hz and has no strap: a real one "
                "rings, slips and is turned.",
            ),
        )
    ]
