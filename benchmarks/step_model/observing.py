"""What the chain's step model sees of trials with force, beside what the plate measured."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.recordings import force_contacts
from benchmarks.step_model.regression import Observations
from benchmarks.step_model.wear import COPIES, Wear, worn
from benchmarks.virtual_sensor import MarkerTrial
from imu.analyzer import AnalyzerParams, StepAnalyzer
from imu.samples import Samples
from imu.step.model import (
    CONTACT_TO_RISE,
    FIRST_FORCE_PHASE,
    FORCE,
    FORCE_PHASES,
    LAST_FORCE_PHASE,
    PEAK,
    RISE_TO_TOE_OFF,
    STANCE_OUTPUTS,
    STEP_MODEL,
    StepModel,
)
from imu.step.step_features import SPEED
from imu.steps import concatenate

Array = NDArray[np.float64]

_SAME_CONTACT_S: Final = 0.12
_USUAL_RISE_S: Final = 0.02
_PHASES: Final = np.linspace(FIRST_FORCE_PHASE, LAST_FORCE_PHASE, FORCE_PHASES)


@dataclass(frozen=True, slots=True, eq=False)
class SeenTrial:
    """The steps of one copy of a trial: what was seen, and what should have been said."""

    subject: str
    trial: str
    wear: Wear
    features: Array  # (N, FEATURES), speed included
    stance: Array  # (N, STANCE_OUTPUTS)
    closing: Array  # (N, 1)
    foot: NDArray[np.int64]  # 0 and 1 in turn


def _blank_model() -> StepModel:
    """A model that says: contact is the rise. Rows then tell the rises that features hang on."""
    variants = np.zeros(4, STEP_MODEL)
    variants["stance"]["constant"][:, RISE_TO_TOE_OFF] = 0.5
    variants["telltale_constant"] = -50.0
    for part in ("stance", "closing", "ringing_stance", "ringing_closing"):
        variants[part]["farthest"] = variants[part]["inverse_width"] = 1.0
    return StepModel(variants)


def see_trial(trial: MarkerTrial, wear: Wear, seed: int) -> SeenTrial:
    """Run the chain over a worn copy of an ideal trial with force, and pair steps with the plate.

    Parameters
    ----------
    trial : MarkerTrial
        In body axes, with force.
    wear : Wear
        How the sensor is worn.
    seed : int
        Decides what is left to chance, together with the trial's name and the wear's.
    """
    assert trial.force_bw is not None
    random = np.random.default_rng([seed, zlib.crc32(f"{trial.name} {wear.name}".encode())])
    contact, toe_off = force_contacts(trial.force_bw, trial.force_rate_hz)
    contact, toe_off = contact + trial.force_start_s, toe_off + trial.force_start_s
    seen, rise, step = _chain(worn(trial.samples, contact, wear, random), wear)
    seen[:, SPEED] = trial.speed_m_s
    # the contacts nearest to either rise, which a fast runner's rise may precede
    edges = 0.5 * (contact[1:] + contact[:-1]) + _USUAL_RISE_S
    here, there = np.searchsorted(edges, rise), np.searchsorted(edges, rise + step)
    known = (there == here + 1) & (here < len(toe_off))
    seen, rise, step, here = seen[known], rise[known], step[known], here[known]
    near = (abs(rise - contact[here]) < _SAME_CONTACT_S) & (toe_off[here] - rise < step)
    near &= abs(rise + step - contact[here + 1]) < _SAME_CONTACT_S
    seen, rise, step, here = seen[near], rise[near], step[near], here[near]
    time = trial.force_start_s + np.arange(len(trial.force_bw)) / trial.force_rate_hz
    stance = np.empty((len(rise), STANCE_OUTPUTS))
    stance[:, CONTACT_TO_RISE] = (rise - contact[here]) / step
    stance[:, RISE_TO_TOE_OFF] = (toe_off[here] - rise) / step
    for k, contact_number in enumerate(here):
        begin, end = np.searchsorted(time, (contact[contact_number], toe_off[contact_number]))
        stance[k, PEAK] = trial.force_bw[begin:end].max()
        stance[k, FORCE:] = np.interp(rise[k] + _PHASES * step[k], time, trial.force_bw)
    closing = ((rise + step - contact[here + 1]) / step)[:, None]
    return SeenTrial(trial.subject, trial.name, wear, seen, stance, closing, here % 2)


def _chain(samples: Samples, wear: Wear) -> tuple[Array, Array, Array]:
    """Features, rise and step time of every step that the chain finds."""
    params = AnalyzerParams(step_model=_blank_model())
    analyzer = StepAnalyzer(wear.rate_hz, axes=wear.axes, params=params, features=True)
    steps = concatenate([analyzer.push(samples), analyzer.flush()])
    return analyzer.take_features(), steps.initial_contact_s, steps.step_time_s


def see(
    trials: Iterable[MarkerTrial], seed: int, copies: Sequence[Wear] = COPIES
) -> list[SeenTrial]:
    """Every copy of every trial with force."""
    return [
        see_trial(trial, wear, seed)
        for trial in trials
        if trial.force_bw is not None
        for wear in copies
    ]


def observations(seen: Sequence[SeenTrial], part: str, block_steps: int) -> Observations:
    """Means over blocks of one foot's steps, about ``block_steps`` each."""
    features, outputs, runner, trial, copy, rough = [], [], [], [], [], []
    runners = sorted({s.subject for s in seen})
    trials = sorted({s.trial for s in seen})
    for number, one in enumerate(seen):
        told: Array = getattr(one, part)
        for foot in (0, 1):
            own = np.flatnonzero(one.foot == foot)
            for block in np.array_split(own, max(1, round(len(own) / block_steps))):
                if not len(block):
                    continue
                features.append(one.features[block].mean(axis=0))
                outputs.append(told[block].mean(axis=0))
                runner.append(runners.index(one.subject))
                trial.append(trials.index(one.trial))
                copy.append(number)
                rough.append(one.wear.roughness)
    return Observations(
        np.array(features),
        np.array(outputs),
        np.array(runner),
        np.array(trial),
        np.array(copy),
        np.array(rough),
    )
