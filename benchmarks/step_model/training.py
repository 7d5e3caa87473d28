"""Learning a step model from people, and one for each person from all others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.step_model.judging import told_by
from benchmarks.step_model.observing import SeenTrial, observations, see
from benchmarks.step_model.regression import Shape, fit_regression
from benchmarks.step_model.ringing import learn_telltales
from benchmarks.virtual_sensor import MarkerTrial
from imu.step.model import STEP_MODEL, StepModel
from imu.step.step_features import (
    FEATURES,
    FIRST_PHASE,
    FORWARD,
    LAST_PHASE,
    PHASES,
    SPEED,
    STEP_TIME,
    VERTICAL,
)

#: Of everything that the copies of a trial leave to chance.
SEED: Final = 12

#: What is the same for every regression. It was chosen while looking at the table of people left
#: out, in which most settings tried gave 9.4 to 10.3 ms of contact time, the worst 13.5 ms.
SHAPE: Final = Shape()
#: Steps of one foot whose mean is an observation.
BLOCK_STEPS: Final = 12
#: Groups of people that are left out in turn to learn how far off the rest's model is for them.
FOLDS: Final = 6
#: Of a treadmill's display, or of what a runner states, m/s.
_SPEED_SD: Final = 0.1

_PHASE: Final = np.linspace(FIRST_PHASE, LAST_PHASE, PHASES)
#: Phases that serve contact, toe-off and force of a step, and the contact that closes it.
STANCE_PHASES: Final = (-0.4, 0.75)
CLOSING_PHASES: Final = (-0.3, 1.3)


def used_features(
    phases: tuple[float, float], *, both_axes: bool, speed: bool
) -> NDArray[np.bool_]:
    """Which features a regression may use."""
    used = np.zeros(FEATURES, np.bool_)
    inside = np.abs(_PHASE - np.mean(phases)) < 0.5 * np.ptp(phases) + 1e-6
    used[STEP_TIME], used[SPEED] = True, speed
    used[VERTICAL : VERTICAL + PHASES] = inside
    used[FORWARD : FORWARD + PHASES] = inside & both_axes
    return used


def _weights(seen: Sequence[SeenTrial], shape: Shape) -> NDArray[np.void]:
    """The four variants, without their uncertainties."""
    variants = np.zeros(4, STEP_MODEL)
    weights, constant = learn_telltales(seen)
    variants["telltale_weights"], variants["telltale_constant"] = weights, constant
    tight = [s for s in seen if not s.wear.rings]
    _fit_parts(variants, "", tight, shape)
    _fit_parts(variants, "ringing_", [s for s in seen if s.wear.rings], shape)
    return variants


def _fit_parts(
    variants: NDArray[np.void], prefix: str, seen: Sequence[SeenTrial], shape: Shape
) -> None:
    """Fit the regressions of one kind of sensor, for every variant."""
    for part, phases in (("stance", STANCE_PHASES), ("closing", CLOSING_PHASES)):
        data = observations(seen, part, BLOCK_STEPS)
        data.features[:, SPEED] += np.random.default_rng(len(data.trial)).normal(
            0.0, _SPEED_SD, len(data.trial)
        )
        for number in range(4):
            both, speed = number >= 2, number % 2 == 1
            used = used_features(phases, both_axes=both, speed=speed)
            fit_regression(data, used, shape, variants[prefix + part][number : number + 1])


def fit(seen: Sequence[SeenTrial], shape: Shape = SHAPE, provenance: str = "") -> StepModel:
    """Learn a model, and from leaving runners out how far it is off for a stranger.

    Parameters
    ----------
    seen : sequence of SeenTrial
        Of two people at least.
    shape : Shape
        What is chosen of the regressions.
    provenance : str
        Kept with the weights.
    """
    variants = _weights(seen, shape)
    subjects = sorted({s.subject for s in seen})
    errors = []
    for first in range(min(FOLDS, len(subjects))):
        away = subjects[first::FOLDS]
        others = _weights([s for s in seen if s.subject not in away], shape)
        errors += [told_by(others, subject, seen) for subject in away]
    for number in range(4):
        for name in ("runner_sd", "step_sd", "wander_sd", "ringing_sd"):
            squares = [getattr(e, name)[number] ** 2 for e in errors]
            variants[name][number] = np.sqrt(np.mean(squares, axis=0))
    return StepModel(variants, provenance)


def train(
    trials: Sequence[MarkerTrial], *, seed: int = SEED, shape: Shape = SHAPE, provenance: str = ""
) -> StepModel:
    """Learn a model from trials with force: :func:`~benchmarks.step_model.see`, then :func:`fit`.

    Whoever trains again and again on subsets sees once and fits often.

    Parameters
    ----------
    trials : sequence of MarkerTrial
        Ideal virtual sensors of two people at least, :func:`~benchmarks.recordings.runner_trials`.
    seed : int
        Of what the copies of a trial leave to chance.
    shape : Shape
        What is chosen of the regressions.
    provenance : str
        Kept with the weights.
    """
    return fit(see(trials, seed), shape, provenance)


def fit_without_each(seen: Sequence[SeenTrial], shape: Shape = SHAPE) -> dict[str, StepModel]:
    """For each person the model that was learned from all others."""
    return {
        subject: fit([s for s in seen if s.subject != subject], shape)
        for subject in sorted({s.subject for s in seen})
    }
