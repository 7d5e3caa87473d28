"""A raw sacral estimate mapped to force-plate values of 37 runners, one left out at a time."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.accuracy.statistics import TrialPairs
from benchmarks.accuracy.tables import (
    LEFT_OUT,
    NOT_LEARNED,
    Missing,
    Row,
    Section,
    row_of_pairs,
)

Array = NDArray[np.float64]

_FILE = Path("population") / "sacral_vs_force.csv"


@dataclass(frozen=True, slots=True, eq=False)
class Population:
    """Means of one runner at one speed, a column each."""

    runner: NDArray[np.int64]
    columns: dict[str, Array]


def read_population(path: Path) -> Population:
    """Read the table of runner and speed means."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names = [name for name in rows[0] if name != "Sub"]
    return Population(
        np.array([int(row["Sub"]) for row in rows]),
        {name: np.array([float(row[name]) for row in rows]) for name in names},
    )


def leave_one_runner_out(
    target: Array, predictors: Sequence[Array], runner: NDArray[np.int64]
) -> Array:
    """Predict each runner's values by a linear fit to all the others.

    Parameters
    ----------
    target : ndarray, shape (N,)
        What is predicted.
    predictors : sequence of ndarray, each shape (N,)
        What it is predicted from; a constant is added.
    runner : ndarray of int, shape (N,)
        Whose row it is.

    Returns
    -------
    ndarray, shape (N,)
        The predictions.
    """
    design = np.column_stack([np.ones_like(target), *predictors])
    predicted = np.empty_like(target)
    for who in np.unique(runner):
        own = runner == who
        fit = np.linalg.lstsq(design[~own], target[~own], rcond=None)[0]
        predicted[own] = design[own] @ fit
    return predicted


def _rows(data: Population) -> list[Row]:
    c = data.columns
    rows = []
    for metric, truth, imu, unit, scale, reference in (
        ("peak vertical force", "GRFPeak", "IMUPeak", "BW", 1.0, "RMSE 0.146 BW with speed"),
        ("contact time", "GRFtc", "IMUtc", "ms", 1e3, "RMSE 9.1 ms with speed, 13.6 without"),
        ("impulse of the stance", "GRFImpulse", "IMUImpulse", "BW·ms", 1e3, ""),
    ):
        body = [c[imu], c["Mass"], c["IMUsf"]]
        estimates = {
            "raw sacral value": c[imu],
            "mapping without speed": leave_one_runner_out(c[truth], body, data.runner),
            "mapping with speed": leave_one_runner_out(
                c[truth], [*body, c["Speed"]], data.runner
            ),
            "no sensor: the others' mean": leave_one_runner_out(c[truth], [], data.runner),
            "no sensor: speed and mass": leave_one_runner_out(
                c[truth], [c["Speed"], c["Mass"]], data.runner
            ),
        }  # fmt: skip
        rows += [
            row_of_pairs(
                metric,
                name,
                unit,
                [
                    TrialPairs(str(who), scale * value[own], scale * c[truth][own])
                    for who in np.unique(data.runner)
                    for own in [data.runner == who]
                ],
                people=NOT_LEARNED if name.startswith("raw") else LEFT_OUT,
                reference=reference if name.startswith("mapping") else "",
            )
            for name, value in estimates.items()
        ]
    return rows


def sections(data: Path, *, quick: bool) -> list[Section]:  # noqa: ARG001
    """One table; it takes no time, so a quick run is the same."""
    about = (
        "Means of one runner at one speed, 3.8 to 5.4 m/s: a raw sacral estimate by its authors "
        "(not this chain) against a force treadmill (Alcantara 2021, doi:10.7717/peerj.11199). "
        "A mapping is linear in the sacral value, body mass and step frequency, with or without "
        "speed, fitted to all other runners."
    )
    title = "Population mapping, one runner left out"
    if not (data / _FILE).is_file():
        return [Section(title, about, (), [Missing("population table", _FILE.as_posix())])]
    population = read_population(data / _FILE)
    return [
        Section(
            title,
            about,
            _rows(population),
            (),
            (
                "Only runner means are there, no signals: what the chain itself would give these "
                "runners is not seen. Below 3.5 m/s the mapping has no data.",
            ),
        )
    ]
