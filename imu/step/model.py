"""The step model: from the specific force around a step's rise to contact, toe-off and force.

A Gaussian process with a linear and a local part over few centres, so that it is smooth where there
were runners to learn from and falls back on a straight line between them. Every output is a share
of the step or of body weight, and a reading outside the range of the runners is drawn back to its
edge: a sprint or another shape is then judged by the nearest known share of its step, not by a line
drawn far beyond. A sensor that rings on its strap is judged by regressions of its own, as far as
the roughness of the steps so far says that it does.

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
from imu.step.exponentials import fill_exponential
from imu.step.step_features import FEATURES, TELLTALES, fill_telltales

#: Of the file's meaning: a model of another version is refused.
MODEL_VERSION: Final = 1
#: Centres of the local part.
CENTRES: Final = 48
#: Features and centres that are added to a row of sums at once; both are multiples of it.
_TOGETHER: Final = 4
#: A sensor that rings with less than this chance is taken for one that does not.
_UNLIKELY: Final = 0.05
#: Phases of the step, from its rise, at which the force is told.
FORCE_PHASES: Final = 41
FIRST_FORCE_PHASE: Final = -0.3
LAST_FORCE_PHASE: Final = 0.7

# places in the outputs about a step: shares of the step time, then body weights
CONTACT_TO_RISE, RISE_TO_TOE_OFF, PEAK, FORCE = range(4)
STANCE_OUTPUTS: Final = FORCE + FORCE_PHASES
#: Numbers that an evaluation needs room for.
SCRATCH: Final = FEATURES + CENTRES + STANCE_OUTPUTS

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
            (
                "inverse_scale",
                np.float64,
                FEATURES,
            ),  # 0 for what is not used; so is all of it below
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
        # the same for a sensor that rings on its strap, and what tells that it does
        ("ringing_stance", _part(STANCE_OUTPUTS)),
        ("ringing_closing", _part(1)),
        ("telltale_weights", np.float64, TELLTALES),
        ("telltale_constant", np.float64),
        # of a left-out runner's error: of all steps alike, and of one step about that
        ("runner_sd", np.float64, len(JUDGED)),
        ("step_sd", np.float64, len(JUDGED)),
        # of the change of that error between blocks of steps of the same runner
        ("wander_sd", np.float64, len(JUDGED)),
        ("ringing_sd", np.float64, len(JUDGED)),  # of one step, where the sensor rings
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
    scales: NDArray[np.float64],
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
        z = (features[i] - mean[i]) * scales[i]
        scratch[i] = z
        length += z * z
    distance = math.sqrt(length) / farthest
    back = 1.0 / distance if distance > 1.0 else 1.0
    apart = scratch[FEATURES : FEATURES + CENTRES]
    for k in range(CENTRES):
        apart[k] = 0.0
    for j in range(out.shape[0]):
        out[j] = constant[j]
    for i in range(0, FEATURES, _TOGETHER):
        u0, u1, u2, u3 = scales[i], scales[i + 1], scales[i + 2], scales[i + 3]
        if u0 == 0.0 and u1 == 0.0 and u2 == 0.0 and u3 == 0.0:
            continue
        # what is not used has a weight and a place of zero
        z0, z1 = scratch[i] * back, scratch[i + 1] * back
        z2, z3 = scratch[i + 2] * back, scratch[i + 3] * back
        for j in range(out.shape[0]):
            total = out[j] + weights[i, j] * z0
            total += weights[i + 1, j] * z1
            total += weights[i + 2, j] * z2
            out[j] = total + weights[i + 3, j] * z3
        for k in range(CENTRES):
            d0, d1 = z0 - centres[i, k], z1 - centres[i + 1, k]
            d2, d3 = z2 - centres[i + 2, k], z3 - centres[i + 3, k]
            apart[k] = (((apart[k] + d0 * d0) + d1 * d1) + d2 * d2) + d3 * d3
    fill_exponential(apart, -0.5 * inverse_width * inverse_width)
    for k in range(0, CENTRES, _TOGETHER):
        z0, z1, z2, z3 = apart[k], apart[k + 1], apart[k + 2], apart[k + 3]
        for j in range(out.shape[0]):
            total = out[j] + centre_weights[k, j] * z0
            total += centre_weights[k + 1, j] * z1
            total += centre_weights[k + 2, j] * z2
            out[j] = total + centre_weights[k + 3, j] * z3
    return distance


@kernel
def _judge_part(
    part: Record,
    features: NDArray[np.float64],
    scratch: NDArray[np.float64],
    out: NDArray[np.float64],
) -> float:
    return _regress(
        part.mean,
        part.inverse_scale,
        part.farthest,
        part.inverse_width,
        part.constant,
        part.weights,
        part.centres,
        part.centre_weights,
        features,
        scratch,
        out,
    )


@kernel
def ringing_evidence(
    model: Record, features: NDArray[np.float64], scratch: NDArray[np.float64]
) -> float:
    """Logarithm of the odds that the sensor rings on its strap, from one step."""
    told = scratch[:TELLTALES]
    fill_telltales(features, told)
    odds = model.telltale_constant
    for i in range(TELLTALES):
        odds += model.telltale_weights[i] * told[i]
    return odds


@kernel
def ringing_share(evidence: float) -> float:
    """How much the ringing sensor's regressions count, 0 to 1; nothing where it is unlikely."""
    chance = 1.0 / (1.0 + math.exp(-min(max(evidence, -50.0), 50.0)))
    return min(max((chance - _UNLIKELY) / (1.0 - 2.0 * _UNLIKELY), 0.0), 1.0)


@kernel
def _mix(share: float, tight: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """Mix what the ringing sensor's regression says, in ``out``, with the other one's."""
    for j in range(out.shape[0]):
        out[j] = tight[j] + share * (out[j] - tight[j])


@kernel
def judge_stance(
    model: Record,
    ringing: float,
    features: NDArray[np.float64],
    scratch: NDArray[np.float64],
    out: NDArray[np.float64],
) -> float:
    """The outputs about a step.

    Parameters
    ----------
    model : record of STEP_MODEL
    ringing : float
        How much the sensor rings, see :func:`ringing_share`.
    features : ndarray, shape (FEATURES,)
    scratch : ndarray, shape (SCRATCH,)
    out : ndarray, shape (STANCE_OUTPUTS,)
        Receives the outputs.

    Returns
    -------
    float
        How far from the known the step is; its edge is at 1.
    """
    if ringing >= 1.0:
        return _judge_part(model.ringing_stance, features, scratch, out)
    distance = _judge_part(model.stance, features, scratch, out)
    if ringing > 0.0:
        tight = scratch[FEATURES + CENTRES :]
        for j in range(out.shape[0]):
            tight[j] = out[j]
        distance = min(distance, _judge_part(model.ringing_stance, features, scratch, out))
        _mix(ringing, tight, out)
    return distance


@kernel
def judge_closing(
    model: Record,
    ringing: float,
    features: NDArray[np.float64],
    scratch: NDArray[np.float64],
    out: NDArray[np.float64],
) -> float:
    """From the next contact to its rise as a share of this step; as :func:`judge_stance`."""
    first = out[:1]
    if ringing >= 1.0:
        return _judge_part(model.ringing_closing, features, scratch, first)
    distance = _judge_part(model.closing, features, scratch, first)
    if ringing > 0.0:
        tight = out[0]
        distance = min(distance, _judge_part(model.ringing_closing, features, scratch, first))
        out[0] = tight + ringing * (out[0] - tight)
    return distance
