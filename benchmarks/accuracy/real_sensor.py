"""A real accelerometer at the sacrum against measured belt force: one runner, sixteen trials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.accuracy.statistics import SHARE, TrialPairs
from benchmarks.accuracy.tables import (
    LEFT_OUT,
    SEEN,
    Missing,
    Row,
    Score,
    Section,
    row_of_pairs,
    score_of_pairs,
)
from benchmarks.accuracy.truth import (
    FORCE_METRICS,
    counts,
    force_pairs,
    true_steps,
    waveform_pairs,
)
from benchmarks.recordings import ForceTrial, force_trials
from imu.analyzer import StepAnalyzer
from imu.steps import concatenate

Array = NDArray[np.float64]

_RUNNER: Final = "runner of Alcantara 2022"
_CONTACT_SHARE: Final = 0.66
_MOST_CONTACT_MS: Final = 14.0
_UNITS: Final = FORCE_METRICS | {"force waveform": "BW"}
_PATOZ: Final = "Patoz 2022, 100 runners, doi:10.3390/s22030784"
_PUBLISHED: Final = {
    "contact time": f"RMSE 20 ms ({_PATOZ})",
    "flight time": f"RMSE 20 ms ({_PATOZ})",
    "peak vertical force": f"RMSE 0.15 BW ({_PATOZ})",
    "force waveform": "0.16 BW, LSTM, Alcantara 2022, doi:10.7717/peerj.12752",
}
_ABOUT: Final = (
    "One runner of 76.8 kg, 16 treadmill trials of 5 s with an accelerometer at the sacrum and "
    "belt-normal force (Alcantara 2022, doi:10.7717/peerj.12752), by the weights as shipped: of "
    "contact and force nothing was learned from him (that he runs was). There is neither gyroscope "
    "nor mediolateral axis. Steps are matched to the nearest rise of the force through 0.1 body "
    "weight, at most 100 ms away; errors are of single steps, one a trial for cadence, one a "
    "sample for the waveform. Being one person, he has no interval."
)


@dataclass(frozen=True, slots=True, eq=False)
class _Judged:
    trial: ForceTrial
    pairs: dict[str, TrialPairs]
    shares: dict[str, TrialPairs]


def _judged(trial: ForceTrial) -> _Judged:
    analyzer = StepAnalyzer(trial.rate_hz, axes="+x+y+z", waveforms=True)
    steps = concatenate([analyzer.push(trial.samples), analyzer.flush()])
    truth = true_steps(trial, _RUNNER)
    pairs = force_pairs(truth, steps)
    pairs["force waveform"] = waveform_pairs(trial, _RUNNER, analyzer.take_waveforms())
    return _Judged(trial, pairs, counts(truth, steps))


def without_sensor(trials: Sequence[tuple[float, float, Array]]) -> list[TrialPairs]:
    """A value told from speed and slope alone, by this runner's other trials.

    A linear fit in speed, slope and slope² to the trial means, each trial told by the rest.

    Parameters
    ----------
    trials : sequence of tuple
        Speed (m/s), slope (°) and the true values of the steps.
    """
    design = np.array([[1.0, speed, slope, slope**2] for speed, slope, _ in trials])
    level = np.array([true.mean() for _, _, true in trials])
    told = []
    for k, (_, _, true) in enumerate(trials):
        others = np.arange(len(trials)) != k
        fit = np.linalg.lstsq(design[others], level[others], rcond=None)[0]
        told.append(TrialPairs(_RUNNER, np.full(len(true), design[k] @ fit), true))
    return told


def sections(data: Path, *, quick: bool) -> list[Section]:
    """Tables of one runner's real sensor; a quick run takes every fourth trial."""
    title = "A real sensor on one runner"
    if not (data / "sacral_force" / "trials.npz").is_file():
        missing = (Missing("force trials", "sacral_force/trials.npz"),)
        return [Section(title, _ABOUT, missing=missing)]
    parts = [_judged(trial) for trial in force_trials(data)[:: 4 if quick else 1]]
    rows = [
        row
        for metric in _UNITS
        for row in (_row(metric, "all slopes", parts), *_level(metric, parts))
    ]
    if not quick:
        rows += _rules(parts)
    return [
        Section(
            title,
            _ABOUT,
            rows,
            cannot_see=(
                "The force trials were low-passed at 20 Hz and cut at 0 g by their authors: they "
                "do not show the first 10 ms of a hard landing.",
                "On a slope the belt-normal force is the truth while the sensor follows gravity: "
                "the two differ by 1.5 % at 10°.",
            ),
            scores=_shares(parts),
            people=LEFT_OUT,
        ),
        _by(parts, "slope"),
        _by(parts, "speed"),
    ]


def _row(metric: str, condition: str, parts: Sequence[_Judged]) -> Row:
    goal = metric == "contact time" and condition == "all slopes"
    return row_of_pairs(
        metric,
        condition,
        _UNITS[metric],
        [part.pairs[metric] for part in parts if metric in part.pairs],
        reference=_PUBLISHED.get(metric, ""),
        most=_MOST_CONTACT_MS if goal else None,
    )


def _level(metric: str, parts: Sequence[_Judged]) -> list[Row]:
    level = [part for part in parts if part.trial.slope_deg == 0.0]
    return [_row(metric, "level", level)] if level else []


def _rules(parts: Sequence[_Judged]) -> list[Row]:
    """What his own other trials, or the time of a step, tell without a sensor."""
    rows = []
    for metric in ("contact time", "peak vertical force"):
        given = [
            (part.trial.speed_m_s, part.trial.slope_deg, part.pairs[metric].true) for part in parts
        ]
        rows.append(
            row_of_pairs(
                metric,
                "no sensor: speed and slope, fitted to his own other trials",
                _UNITS[metric],
                without_sensor(given),
                people=SEEN,
            )
        )
    share = [
        TrialPairs(
            _RUNNER,
            _CONTACT_SHARE * part.pairs["step time"].true,
            part.pairs["contact time"].true,
        )
        for part in parts
    ]
    name = f"no sensor: {_CONTACT_SHARE} × step time"
    return [*rows, row_of_pairs("contact time", name, "ms", share)]


def _shares(parts: Sequence[_Judged]) -> list[Score]:
    return [
        score_of_pairs(SHARE, name, "all slopes", "%", [part.shares[name] for part in parts])
        for name in ("steps missed", "steps that are none", "steps flagged")
    ]


def _by(parts: Sequence[_Judged], what: str) -> Section:
    def level(part: _Judged) -> str:
        if what == "slope":
            return f"{part.trial.slope_deg:+.0f}°"
        return f"{part.trial.speed_m_s:.2f} m/s"

    levels = sorted({level(part) for part in parts})
    return Section(
        f"A real sensor on one runner, by {what}",
        "",
        [
            _row(metric, name, [part for part in parts if level(part) == name])
            for metric in ("contact time", "peak vertical force", "force waveform")
            for name in levels
        ],
        people=LEFT_OUT,
    )
