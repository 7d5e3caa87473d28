"""Two accelerometers on one board at a real waist: what one tells of a jog, the other has to tell.

There is no truth of the steps in these recordings; two sensors that disagree cannot both be right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.accuracy.statistics import SHARE, TrialPairs
from benchmarks.accuracy.tables import (
    NOT_LEARNED,
    Missing,
    Row,
    Score,
    Section,
    row_of_pairs,
    score_of_pairs,
)
from benchmarks.accuracy.truth import match_times
from benchmarks.recordings import WaistTrial, waist_trials
from imu.analyzer import StepAnalyzer
from imu.steps import Steps, concatenate

Array = NDArray[np.float64]

_JOGGING: Final = {"D03": "slow jogging", "D04": "quick jogging"}
#: Metric, unit, column, and how far the two may be apart in the mean of a recording.
_MEANS: Final = (
    ("contact time", "ms", "contact_time_ms", 6.0),
    ("sacral lean", "°", "sacral_lean_deg", 2.0),
    ("peak vertical force", "BW", "peak_force_bw", None),
    ("vertical oscillation", "mm", "vertical_oscillation_mm", None),
)
_SIDES: Final = "steps named after different feet by the two"
_FLAGGED: Final = "steps flagged"
_ABOUT: Final = (
    "People of SisFall (Sucerquia 2017, doi:10.3390/s17010198) jogging with two accelerometers and "
    "one gyroscope on one board at the belt; each accelerometer goes through the chain by itself, "
    "axes found, nobody standing first. Differences of the means of a recording over the steps "
    "that both found, first less second; n counts recordings."
)
#: Of virtual pairs of inexpensive sensors on the 18 treadmill runners.
_CONTACT_LIMIT: Final = (
    "An error of zero of 0.07 g tilts up by 4° and moves the contact time of 18 runners by 2.6 "
    "ms (4.8 at most), since what it adds to the forward force has the shape that tells one "
    "runner's toe-off from another's. Regressions held to be blind to it make of the 4.5 ms "
    "that two inexpensive virtual sensors differ by (RMS; 11.7 at most) 3.3 ms (7.9) and of "
    "10.1 ms of contact time 10.5, of people left out; or 2.9 ms (7.4) and 10.9. They are not "
    "shipped."
)
#: Looked at in these recordings; nothing was changed for it.
_LEAN_LIMIT: Final = (
    "Lean counts from where the axes were found. In the jog whose leans differ most they are "
    "found after 102 steps with one accelerometer and after 63 with the other; in the one other "
    "beyond 2° the person is 10° from there, and lean and roll of the two are turned against "
    "each other."
)


def _told(trial: WaistTrial) -> tuple[Steps, Steps]:
    """The steps by the first and by the second accelerometer that begin together."""
    tables = []
    for samples in trial.samples:
        analyzer = StepAnalyzer(trial.rate_hz, axes="auto")
        tables.append(concatenate([analyzer.push(samples), analyzer.flush()]))
    first, second = tables
    i, j = match_times(first.initial_contact_s, second.initial_contact_s)
    return Steps(first.rows[i]), Steps(second.rows[j])


def sections(data: Path, *, quick: bool) -> list[Section]:
    """How far two sensors at one place are apart; a quick run takes every fourth person."""
    title = "Two accelerometers on one board"
    trials = [trial for trial in waist_trials(data) if trial.activity in _JOGGING]
    if not trials:
        missing = (Missing("jogging with two accelerometers", "waist_daily/*.npz"),)
        return [Section(title, _ABOUT, missing=missing)]
    people = sorted({trial.person for trial in trials})[:: 4 if quick else 1]
    told = [(trial, *_told(trial)) for trial in trials if trial.person in people]
    told = [(trial, first, second) for trial, first, second in told if len(first)]
    return [
        Section(
            title,
            _ABOUT,
            _rows(told),
            scores=_scores(told),
            notes=(_CONTACT_LIMIT, _LEAN_LIMIT),
            people=NOT_LEARNED,
        )
    ]


_Told = Sequence[tuple[WaistTrial, Steps, Steps]]


def _mean(values: NDArray[np.floating]) -> Array:
    known = values[np.isfinite(values)]
    return np.array([float(known.mean()) if known.size else np.nan], np.float64)


def _rows(told: _Told) -> list[Row]:
    rows = []
    for metric, unit, column, most in _MEANS:
        for activity, what in _JOGGING.items():
            pairs = [
                TrialPairs(
                    trial.person,
                    _mean(getattr(first, column)),
                    _mean(getattr(second, column)),
                )
                for trial, first, second in told
                if trial.activity == activity
            ]
            row = row_of_pairs(metric, what, unit, pairs)
            if most is not None and row.errors is not None:
                widest = float(np.abs(row.errors).max())
                row = replace(
                    row,
                    goal=f"every recording within {most:g} {unit} (widest {widest:.1f})",
                    goal_met=widest <= most,
                )
            rows.append(row)
    return rows


def _scores(told: _Told) -> list[Score]:
    def share(metric: str, parts: Sequence[tuple[str, NDArray[np.bool_]]]) -> Score:
        pairs = [
            TrialPairs(who, np.where(bad, 100.0, 0.0), np.zeros(len(bad))) for who, bad in parts
        ]
        return score_of_pairs(SHARE, metric, "jogging", "%", pairs)

    named = [
        (trial.person, (first.side != second.side)[np.isin(first.side, ("L", "R"))])
        for trial, first, second in told
    ]
    flagged = [(trial.person, first.quality_bits > 0) for trial, first, _ in told]
    return [share(_SIDES, named), share(_FLAGGED, flagged)]
