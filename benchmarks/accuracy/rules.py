"""The simple rules that a sensor's estimate has to beat, on the same steps.

Those with constants take them from the other runners; the rest have none. Rules without a sensor
know a step's time, as a clock beside the treadmill would tell it, and no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.accuracy.statistics import TrialPairs
from benchmarks.accuracy.truth import TrialTruth
from imu.samples import STANDARD_GRAVITY_M_S2, Samples

Array = NDArray[np.float64]
Told = list[Array]  # by trial, one value a true step

#: Contact by step time alone.
_CONTACT_SHARE: Final = 0.66
CONTACT_RULE: Final = f"no sensor: {_CONTACT_SHARE} × step time"
SPEED_RULE: Final = "no sensor: the speed"
#: Vertical specific force above which a foot is taken to be down, g, and its low-pass, Hz.
_LEVEL_G: Final = 0.35
_LEVEL_CUTOFF_HZ: Final = 8.0


@dataclass(frozen=True, slots=True, eq=False)
class RuleInput:
    """One trial as the rules see it: true steps, the samples in body axes, and who ran."""

    truth: TrialTruth
    samples: Samples
    speed_m_s: float
    height_m: float

    @property
    def step_s(self) -> Array:
        """Step times, s."""
        return self.truth.end_s - self.truth.begin_s

    @property
    def contact_s(self) -> Array:
        """True contact times, s."""
        return self.truth.toe_off_s - self.truth.begin_s


def rule_pairs(trials: Sequence[RuleInput]) -> dict[str, dict[str, list[TrialPairs]]]:
    """What each rule tells beside the truth, by metric and rule, over all trials."""
    contact_ms = [1e3 * trial.contact_s for trial in trials]
    flight_ms = [1e3 * (trial.step_s - trial.contact_s) for trial in trials]
    rise_and_fall = [_crossings(trial) for trial in trials]
    level = f"{_LEVEL_CUTOFF_HZ:g} Hz vertical acceleration above {_LEVEL_G} g"
    contacts = _fitted(trials, contact_ms) | {
        CONTACT_RULE: [_CONTACT_SHARE * 1e3 * trial.step_s for trial in trials],
        level: [1e3 * (fall - rise) for rise, fall in rise_and_fall],
    }
    peaks = _fitted(trials, [trial.truth.peak_bw for trial in trials]) | {
        "half sine of the true contact": [0.5 * np.pi * t.step_s / t.contact_s for t in trials]
    }
    told: dict[str, tuple[list[Array], dict[str, Told]]] = {
        "contact time": (contact_ms, contacts),
        "flight time": (
            flight_ms,
            {
                name: [1e3 * t.step_s - c for t, c in zip(trials, values, strict=True)]
                for name, values in contacts.items()
            },
        ),
        "initial contact": (
            [1e3 * trial.truth.begin_s for trial in trials],
            {level: [1e3 * rise for rise, _ in rise_and_fall]},
        ),
        "toe-off": (
            [1e3 * trial.truth.toe_off_s for trial in trials],
            {level: [1e3 * fall for _, fall in rise_and_fall]},
        ),
        "peak vertical force": ([trial.truth.peak_bw for trial in trials], peaks),
    }
    return {
        metric: {
            name: [
                TrialPairs(trial.truth.runner, told_now, true_now, trial.truth.left)
                for trial, told_now, true_now in zip(trials, values, true, strict=True)
            ]
            for name, values in by_rule.items()
        }
        for metric, (true, by_rule) in told.items()
    }


def _fitted(trials: Sequence[RuleInput], true: list[Array]) -> dict[str, Told]:
    """Linear in what is known without a sensor, fitted to the other runners' trial means."""
    runner = np.array([trial.truth.runner for trial in trials])
    level = np.array([values.mean() for values in true])
    speed = np.array([trial.speed_m_s for trial in trials])
    height = np.array([trial.height_m for trial in trials])
    step_s = np.array([trial.step_s.mean() for trial in trials])
    one = np.ones(len(trials))
    # at each trial's level, and what a step's own time adds to it
    designs = {
        "the others' mean, no sensor": np.stack([one], axis=1),
        SPEED_RULE: np.stack([one, speed], axis=1),
        f"{SPEED_RULE}, step time and height": np.stack([one, speed, step_s, height], axis=1),
    }
    told: dict[str, Told] = {}
    for name, design in designs.items():
        told[name] = []
        for k, trial in enumerate(trials):
            others = runner != runner[k]
            fit = np.linalg.lstsq(design[others], level[others], rcond=None)[0]
            own = np.tile(design[k], (len(trial.truth), 1))
            if design.shape[1] > 2:
                own[:, 2] = trial.step_s
            told[name].append(own @ fit)
    return told


def _crossings(trial: RuleInput) -> tuple[Array, Array]:
    """Where the low-passed vertical specific force rises and falls through the level, s.

    About the true step's middle: the rule is told which step is meant, and no more. NaN where it
    does not cross.
    """
    from scipy.signal import butter, sosfiltfilt

    time = trial.samples.time_s
    rate_hz = (len(time) - 1) / (time[-1] - time[0])
    smooth = butter(2, _LEVEL_CUTOFF_HZ, fs=rate_hz, output="sos")
    force_g = trial.samples.acceleration_m_s2[:, 2] / STANDARD_GRAVITY_M_S2
    above = sosfiltfilt(smooth, force_g) - _LEVEL_G
    change = np.flatnonzero(above[:-1] * above[1:] < 0.0)
    at_s = time[change] + above[change] / (above[change] - above[change + 1]) / rate_hz
    rises, falls = at_s[above[change] < 0.0], at_s[above[change] > 0.0]
    middle = 0.5 * (trial.truth.begin_s + trial.truth.toe_off_s)
    before, after = np.searchsorted(rises, middle) - 1, np.searchsorted(falls, middle)
    known = (before >= 0) & (after < len(falls))
    rise, fall = np.full(len(middle), np.nan), np.full(len(middle), np.nan)
    rise[known], fall[known] = rises[before[known]], falls[after[known]]
    return rise, fall
