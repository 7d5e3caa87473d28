"""Eighteen treadmill runners with belt force and pelvis markers, at three speeds each.

Fukuchi, Fukuchi & Duarte 2017, PeerJ 5:e3298, doi:10.7717/peerj.3298 (RBDS), CC-BY-4.0. They are
who the step model is learned from and judged on, one runner left out at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.recordings import data_directory
from benchmarks.virtual_sensor import (
    PelvisMotion,
    anatomical_axes,
    from_laboratory,
    pelvis_motion,
)

__all__ = ["RunnerTrial", "by_runner", "runner_trials"]


@dataclass(frozen=True)
class RunnerTrial:
    """One runner at one speed, with how they stood and who they are.

    ``standing_frame`` turns the anatomical axes of standing to the laboratory (3, 3); force in
    body weights is that of ``motion``, body weight being the mean vertical force.
    """

    runner: str
    motion: PelvisMotion
    standing_frame: NDArray[np.float64]
    mass_kg: float
    height_m: float
    sex: str
    foot_strike: tuple[str, str]  # right, left

    @property
    def name(self) -> str:
        """Runner and speed, as the file."""
        return self.motion.name

    @property
    def speed_m_s(self) -> float:
        """Speed of the belt, m/s."""
        return self.motion.speed_m_s


def runner_trials(directory: Path | None = None) -> list[RunnerTrial]:
    """The trials of ``treadmill_runners/`` by runner and speed, none where it is missing."""
    folder = (directory or data_directory()) / "treadmill_runners"
    return [_runner_trial(path) for path in sorted(folder.glob("*.npz"))]


def by_runner(trials: Sequence[RunnerTrial]) -> dict[str, list[RunnerTrial]]:
    """The trials of each runner, slowest first."""
    groups: dict[str, list[RunnerTrial]] = {}
    for trial in sorted(trials, key=lambda t: (t.runner, t.speed_m_s)):
        groups.setdefault(trial.runner, []).append(trial)
    return groups


def _runner_trial(path: Path) -> RunnerTrial:
    with np.load(path) as file:
        standing = from_laboratory(file["standing_markers_m"])
        names = [str(name) for name in file["marker_names"]]
        right, left = (str(strike) for strike in file["foot_strike"])
        mass_kg, height_m = float(file["mass_kg"]), float(file["height_m"])
        sex = str(file["sex"])
    at = {name: standing[None, k] for k, name in enumerate(names)}
    return RunnerTrial(
        # the file is named after the runner, then the speed: RBDS001T25
        runner=path.stem.rpartition("T")[0],
        motion=pelvis_motion(path),
        standing_frame=anatomical_axes(at)[0],
        mass_kg=mass_kg,
        height_m=height_m,
        sex=sex,
        foot_strike=(right, left),
    )
