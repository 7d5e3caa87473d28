"""The step model: from the specific force around a step's rise to contact, toe-off and force.

A Gaussian process with a linear and a local part over few centres, so that it is smooth where there
were runners to learn from and falls back on a straight line between them. Every output is a share
of the step or of body weight, and a reading outside the range of the runners is drawn back to its
edge: a sprint or another shape is then judged by the nearest known share of its step, not by a line
drawn far beyond.

Learned by ``benchmarks/step_model`` from 18 runners; see ``step_model.md`` beside the weights.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.compiled import Record, kernel
from imu.errors import ParameterError
from imu.step.step_features import FEATURES

__all__ = [
    "CENTRES",
    "CONTACT_TO_RISE",
    "FIRST_FORCE_PHASE",
    "FORCE",
    "FORCE_PHASES",
    "JUDGED",
    "LAST_FORCE_PHASE",
    "MODEL_VERSION",
    "PEAK",
    "RISE_TO_TOE_OFF",
    "STANCE_OUTPUTS",
    "STEP_MODEL",
    "StepModel",
    "judge_closing",
    "judge_stance",
]

#: Of the file's meaning: a model of another version is refused.
MODEL_VERSION: Final = 1
#: Centres of the local part.
CENTRES: Final = 48
#: Phases of the step, from its rise, at which the force is told.
FORCE_PHASES: Final = 41
FIRST_FORCE_PHASE: Final = -0.3
LAST_FORCE_PHASE: Final = 0.7

# places in the outputs about a step: shares of the step time, then body weights
CONTACT_TO_RISE, RISE_TO_TOE_OFF, PEAK, FORCE = range(4)
STANCE_OUTPUTS: Final = FORCE + FORCE_PHASES

#: What has a standard deviation, in this order: of times in ms, of forces in body weights.
JUDGED: Final = (
    "initial_contact_sd_ms",
    "toe_off_sd_ms",
    "contact_time_sd_ms",
    "flight_time_sd_ms",
    "peak_force_sd_bw",
    "force_waveform_sd_bw",
)


def _part(outputs: int) -> np.dtype[np.void]:
    """One regression: outputs = constant + weights · z + centre_weights · exp(−|z − centre|²/2)."""
    return np.dtype(
        [
            ("mean", np.float64, FEATURES),
            ("inverse_scale", np.float64, FEATURES),  # 0 for what is not used
            ("farthest", np.float64),  # length of z beyond which it is drawn back
            ("inverse_width", np.float64),  # of a centre's reach, in lengths of z
            ("constant", np.float64, outputs),
            ("weights", np.float64, (FEATURES, outputs)),
            ("centres", np.float64, (FEATURES, CENTRES)),
            ("centre_weights", np.float64, (CENTRES, outputs)),
        ],
        align=True,
    )


#: The model for one kind of input.
STEP_MODEL: Final = np.dtype(
    [
        ("stance", _part(STANCE_OUTPUTS)),  # of the step at hand
        ("closing", _part(1)),  # from the next contact to its rise
        # of a left-out runner's error: of all steps alike, and of one step about that
        ("runner_sd", np.float64, len(JUDGED)),
        ("step_sd", np.float64, len(JUDGED)),
        # of the change of that error between blocks of steps of the same runner
        ("wander_sd", np.float64, len(JUDGED)),
    ],
    align=True,
)


@dataclass(frozen=True, slots=True, eq=False)
class StepModel:
    """Weights of the step model.

    Parameters
    ----------
    variants : ndarray of :data:`STEP_MODEL`, shape (4,)
        By what is known: vertical alone, vertical with speed, both axes, both axes with speed.
    provenance : str
        Who was learned from, and how, for people to read.

    Raises
    ------
    ParameterError
        When the weights have another form or are not finite.
    """

    variants: NDArray[np.void]
    provenance: str = ""

    def __post_init__(self) -> None:
        given = self.variants
        if given.dtype != STEP_MODEL or given.shape != (4,):
            raise ParameterError("variants", given.dtype, "four records of STEP_MODEL")
        if not np.isfinite(np.frombuffer(given.tobytes(), np.float64)).all():
            raise ParameterError("variants", "weights that are not finite", "finite weights")

    def for_speed(self, *, known: bool) -> NDArray[np.void]:
        """The two variants that serve with or without speed: vertical alone, both axes."""
        return self.variants[1::2] if known else self.variants[::2]


@kernel
def _regress(
    mean: NDArray[np.float64],
    inverse_scale: NDArray[np.float64],
    farthest: float,
    inverse_width: float,
    constant: NDArray[np.float64],
    weights: NDArray[np.float64],
    centres: NDArray[np.float64],
    centre_weights: NDArray[np.float64],
    features: NDArray[np.float64],
    scratch: NDArray[np.float64],
    out: NDArray[np.float64],
) -> float:
    """Evaluate one regression; returns how far outside the known range it was, 1 at its edge."""
    length = 0.0
    for i in range(FEATURES):
        z = (features[i] - mean[i]) * inverse_scale[i]
        scratch[i] = z
        length += z * z
    distance = math.sqrt(length) / farthest
    back = 1.0 / distance if distance > 1.0 else 1.0
    apart = scratch[FEATURES:]
    for k in range(CENTRES):
        apart[k] = 0.0
    for j in range(out.shape[0]):
        out[j] = constant[j]
    for i in range(FEATURES):
        if inverse_scale[i] != 0.0:
            z = scratch[i] * back
            for j in range(out.shape[0]):
                out[j] += weights[i, j] * z
            for k in range(CENTRES):
                d = z - centres[i, k]
                apart[k] += d * d
    half = -0.5 * inverse_width * inverse_width
    for k in range(CENTRES):
        near = math.exp(half * apart[k])
        for j in range(out.shape[0]):
            out[j] += centre_weights[k, j] * near
    return distance


@kernel
def judge_stance(
    model: Record,
    features: NDArray[np.float64],
    scratch: NDArray[np.float64],
    out: NDArray[np.float64],
) -> float:
    """The outputs about a step, shape (STANCE_OUTPUTS,); returns its distance from the known."""
    p = model.stance
    return _regress(
        p.mean,
        p.inverse_scale,
        p.farthest,
        p.inverse_width,
        p.constant,
        p.weights,
        p.centres,
        p.centre_weights,
        features,
        scratch,
        out,
    )


@kernel
def judge_closing(
    model: Record,
    features: NDArray[np.float64],
    scratch: NDArray[np.float64],
    out: NDArray[np.float64],
) -> float:
    """From the next contact to its rise as a share of this step, to ``out[0]``."""
    p = model.closing
    return _regress(
        p.mean,
        p.inverse_scale,
        p.farthest,
        p.inverse_width,
        p.constant,
        p.weights,
        p.centres,
        p.centre_weights,
        features,
        scratch,
        out[:1],
    )
