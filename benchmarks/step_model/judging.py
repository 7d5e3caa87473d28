"""How far weights are off for a person that they were not learned from: the parts of the error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.step_model.observing import SeenTrial
from imu.step.model import (
    CONTACT_TO_RISE,
    FORCE,
    JUDGED,
    PEAK,
    RISE_TO_TOE_OFF,
    ringing_share,
)
from imu.step.step_features import STEP_TIME, TELLTALES, fill_telltales

Array = NDArray[np.float64]

#: The wear that uncertainties are for: of the copies of a trial these are as worn in earnest.
_USUAL_WEARS: Final = ("crooked", "crooked, 100 Hz", "crooked, no gyroscope", "axes found")
_BLOCK_STEPS: Final = 20


@dataclass(frozen=True, slots=True, eq=False)
class PersonsErrors:
    """Root mean squares by variant and :data:`JUDGED`, shape (4, 6), for one person.

    ``runner_sd`` is of what all steps of a trial share, ``step_sd`` of a step about that,
    ``wander_sd`` of a block of 20 steps about it, ``ringing_sd`` of a step where the sensor rings.
    """

    runner_sd: Array
    step_sd: Array
    wander_sd: Array
    ringing_sd: Array


def errors_of_steps(model: np.void, seen: SeenTrial) -> Array:
    """Estimate minus truth of every step by :data:`JUDGED`, shape (N, 6); the last a mean square.

    Parameters
    ----------
    model : record of STEP_MODEL
        One variant.
    seen : SeenTrial
    """
    share = _ringing_share(model, seen.features)[:, None]
    told = []
    for part in ("stance", "closing"):
        tight = regressed(model[part], seen.features)
        loose = regressed(model[f"ringing_{part}"], seen.features)
        told.append(tight + share * (loose - tight))
    step_ms = 1e3 * seen.features[:, STEP_TIME]
    off = told[0] - seen.stance
    closing = -step_ms * (told[1] - seen.closing)[:, 0]
    opening, toe_off = -step_ms * off[:, CONTACT_TO_RISE], step_ms * off[:, RISE_TO_TOE_OFF]
    force = np.sqrt(np.mean(off[:, FORCE:] ** 2, axis=1))
    return np.stack(
        [opening, toe_off, toe_off - opening, closing - toe_off, off[:, PEAK], force], axis=1
    )


def _ringing_share(model: np.void, features: Array) -> Array:
    """How much the regressions of a ringing sensor count, from all steps of the trial."""
    told = np.empty((len(features), TELLTALES))
    for row, one in zip(told, features, strict=True):
        fill_telltales(one, row)
    evidence = model["telltale_constant"] + told @ model["telltale_weights"]
    return np.full(len(features), ringing_share(float(evidence.mean())))


def regressed(part: np.void, features: Array) -> Array:
    """What one regression says of many steps; the compiled one says the same of each."""
    z = (features - part["mean"]) * part["inverse_scale"]
    z /= np.maximum(np.linalg.norm(z, axis=1) / part["farthest"], 1.0)[:, None]
    centres = part["centres"].T
    apart = (z**2).sum(axis=1)[:, None] + (centres**2).sum(axis=1) - 2.0 * z @ centres.T
    near = np.exp(-0.5 * part["inverse_width"] ** 2 * np.maximum(apart, 0.0))
    return np.asarray(part["constant"] + z @ part["weights"] + near @ part["centre_weights"])


def told_by(variants: NDArray[np.void], subject: str, seen: Sequence[SeenTrial]) -> PersonsErrors:
    """The errors of weights for one person."""
    own = [s for s in seen if s.subject == subject and s.wear.name in _USUAL_WEARS]
    loose = [s for s in seen if s.subject == subject and s.wear.rings]
    runner, step, wander, ringing = (np.zeros((4, len(JUDGED))) for _ in range(4))
    for number in range(4):
        trials = [errors_of_steps(variants[number], s) for s in own]
        means = np.array([t.mean(axis=0) for t in trials])
        blocks = [
            t[: len(t) // _BLOCK_STEPS * _BLOCK_STEPS].reshape(-1, _BLOCK_STEPS, len(JUDGED))
            for t in trials
        ]
        runner[number] = np.sqrt((means**2).mean(axis=0))
        step[number] = np.sqrt(np.mean([t.var(axis=0) for t in trials], axis=0))
        wander[number] = np.sqrt(
            np.mean([b.mean(axis=1).var(axis=0, ddof=1) for b in blocks], axis=0)
        )
        off = np.concatenate([errors_of_steps(variants[number], s) for s in loose])
        ringing[number] = np.sqrt((off**2).mean(axis=0))
    return PersonsErrors(runner, step, wander, ringing)
