"""What tells a step of a run from one of a walk: fit the weights of :mod:`imu.chain.gait`.

``python -m benchmarks.gait_model`` prints the weights as they stand in the code, trained on the
recordings of ``waist_daily/`` (brisk walking, slow and quick jogging of 20 people; Sucerquia et al.
2017, doi:10.3390/s17010198), virtual sensors on the 18 people of ``treadmill_runners/`` (Fukuchi et
al. 2017, doi:10.7717/peerj.3298) and the sensor of ``sacral_force/`` (Alcantara et al. 2022,
doi:10.7717/peerj.12752). A person's activity weighs the same however long it was recorded, walking
and running weigh the same, and everything is seen with and without a gyroscope.

Two things are in none of the recordings and are added from a model of motion, a plain swing at the
step's frequency: that people walk, and do not run, at up to 140 steps/min, and that a grounded run
from 143 steps/min on may swing no more than 0.35 to 0.6 g. Without a measured forward direction
there is no second harmonic either: each step is also learned without it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.recordings import force_trials, waist_trials
from benchmarks.virtual_sensor import runner_trials
from imu.chain.gait import (
    GAIT_FEATURES,
    RUN_WEIGHTS,
    STEPS_AVERAGED,
    GaitParams,
    features_of_steps,
    gait_coefficients,
    gait_sample,
    new_gait_state,
)
from imu.chain.loop import AnalyzerParams
from imu.chain.orientation import InclinationFilter
from imu.compiled import kernel
from imu.samples import STANDARD_GRAVITY_M_S2, Samples

Array = NDArray[np.float64]

#: Activities that the weights are learned from; all others are for judging alone.
WALKED: Final = ("D02",)
RAN: Final = ("D03", "D04", "treadmill")

_WITHOUT_HARMONIC: Final = 0.3  # weight of a step once more, without its second harmonic
_MODEL_STEPS: Final = 400
_MODEL_PEOPLE: Final = 8.0  # how many people walking, and running, the model counts for
_RIDGE: Final = 1.0
_SEED: Final = 12


@dataclass(frozen=True)
class TrainingSteps:
    """Features of N steps, averaged as the chain averages them, and whose they are."""

    features: Array  # (N, 3)
    ran: NDArray[np.bool_]
    person: NDArray[np.str_]
    activity: NDArray[np.str_]

    def __getitem__(self, which: NDArray[np.bool_]) -> TrainingSteps:
        return TrainingSteps(
            self.features[which], self.ran[which], self.person[which], self.activity[which]
        )


@kernel
def _measures_of_steps(
    coefficients: NDArray[np.void], state: NDArray[np.void], force_g: Array, out: Array
) -> int:
    """Measures of each step, a row of NaN where a contact closes none; returns the rows."""
    c, s = coefficients[0], state[0]
    rows = 0
    for i in range(force_g.shape[0]):
        place, before = s.streak % STEPS_AVERAGED, s.last_contact
        event = gait_sample(c, s, force_g[i, 0], force_g[i, 1], force_g[i, 2])
        if event == 1 or event == 2:
            for j in range(out.shape[1]):
                out[rows, j] = s.measures[place, j] if before >= 0 else np.nan
            rows += 1
    return rows


def step_features(samples: Samples, rate_hz: float) -> Array:
    """Features (N, 3) of the steps of a recording, each with up to three that it follows on."""
    inclination = InclinationFilter(rate_hz, AnalyzerParams().inclination)
    turn = inclination.push(samples.acceleration_m_s2, samples.angular_velocity_rad_s)
    force = _rotate(turn, samples.acceleration_m_s2) / STANDARD_GRAVITY_M_S2
    state = new_gait_state()
    rows = np.empty((len(force), state["measures"].shape[-1]))
    steps = rows[: _measures_of_steps(gait_coefficients(rate_hz, GaitParams()), state, force, rows)]
    features, since = [], 0
    for k in range(len(steps)):
        if np.isnan(steps[k, 0]):
            since = k + 1
            continue
        row = np.empty(len(GAIT_FEATURES))
        row[:] = features_of_steps(steps[max(since, k + 1 - STEPS_AVERAGED) : k + 1].mean(axis=0))
        features.append(row)
    return np.array(features).reshape(-1, len(GAIT_FEATURES))


def _rotate(wxyz: Array, vectors: Array) -> Array:
    w, v = wxyz[:, :1], wxyz[:, 1:]
    turned = 2.0 * np.cross(v, vectors)
    return np.asarray(vectors + w * turned + np.cross(v, turned))


def _recordings(data: Path | None) -> Iterable[tuple[str, str, Samples, float]]:
    """Person, activity, samples and rate of everything that is learned from."""
    for trial in waist_trials(data):
        if trial.activity in WALKED + RAN:
            for samples in trial.samples:
                yield trial.person, trial.activity, samples, trial.rate_hz
    for runner in runner_trials(200.0, data):
        yield runner.subject, "treadmill", runner.samples, runner.rate_hz
    for force in force_trials(data):
        yield "sacral", "treadmill", force.samples, force.rate_hz


def training_steps(data: Path | None = None) -> TrainingSteps:
    """The steps of all recordings, with and without the gyroscope; none without the recordings."""
    features, people, activities = [], [], []
    for person, activity, samples, rate_hz in _recordings(data):
        blind = Samples(samples.time_s, samples.acceleration_m_s2)
        for seen in (samples, blind) if samples.has_gyro else (samples,):
            found = step_features(seen, rate_hz)
            features.append(found)
            people += [person] * len(found)
            activities += [activity] * len(found)
    activity_of = np.array(activities, np.str_)
    return TrainingSteps(
        np.concatenate([np.empty((0, len(GAIT_FEATURES))), *features]),
        np.isin(activity_of, RAN),
        np.array(people, np.str_),
        activity_of,
    )


def model_steps() -> TrainingSteps:
    """Walking at 100 to 140 and grounded running at 143 to 170 steps/min, plain swings."""
    random = np.random.default_rng(_SEED)
    parts = []
    for slowest, fastest, least_g, most_g in ((100, 140, 0.3, 0.5), (143, 170, 0.35, 0.6)):
        step_s = 60.0 / random.uniform(slowest, fastest, _MODEL_STEPS)
        swing_g = random.uniform(least_g, most_g, _MODEL_STEPS)
        part = np.zeros((_MODEL_STEPS, len(GAIT_FEATURES)))
        # as imu.chain.gait has them
        part[:, 0] = np.log(step_s / 0.42)
        part[:, 1] = np.log((swing_g + 0.05) / 0.55)
        parts.append(part)
    ran = np.repeat([False, True], _MODEL_STEPS)
    name = np.full(len(ran), "model", np.str_)
    return TrainingSteps(np.concatenate(parts), ran, name, np.where(ran, "ran", "walked"))


def _weights_of_steps(steps: TrainingSteps) -> Array:
    """Each activity of a person alike, walking and running alike; their mean is 1."""
    weight = np.empty(len(steps.ran))
    _, group, sizes = np.unique(
        np.char.add(steps.person, steps.activity), return_inverse=True, return_counts=True
    )
    weight = 1.0 / sizes[group]
    for kind in (False, True):
        here = steps.ran == kind
        weight[here] *= 0.5 * len(weight) / weight[here].sum()
    return weight


def fit_weights(steps: TrainingSteps) -> Array:
    """Weights as in :data:`imu.chain.gait.RUN_WEIGHTS`, by ridge logistic regression."""
    blind = steps.features.copy()
    blind[:, 2:] = 0.0
    model = model_steps()
    x = np.concatenate([steps.features, blind, model.features])
    ran = np.concatenate([steps.ran, steps.ran, model.ran]).astype(np.float64)
    own = _weights_of_steps(steps)
    walkers = len(np.unique(steps.person[~steps.ran]))
    of_model = _weights_of_steps(model) * len(own) / len(model.ran) * _MODEL_PEOPLE / walkers
    weight = np.concatenate([own, _WITHOUT_HARMONIC * own, of_model])
    scale = x[: len(own)].std(axis=0)
    x = np.column_stack([x / scale, np.ones(len(x))])
    ridge = _RIDGE * np.eye(x.shape[1])
    ridge[-1, -1] = 0.0
    beta = np.zeros(x.shape[1])
    for _ in range(50):  # Newton's method
        share = 1.0 / (1.0 + np.exp(-np.clip(x @ beta, -30.0, 30.0)))
        slope = x.T @ (weight * (ran - share)) - ridge @ beta
        curvature = (x * (weight * share * (1.0 - share))[:, None]).T @ x + ridge
        change = np.linalg.solve(curvature, slope)
        beta += change
        if np.max(np.abs(change)) < 1e-10:
            break
    return np.append(beta[:-1] / scale, beta[-1])


def main() -> None:
    """Print the weights that the recordings give, and those in use."""
    steps = training_steps()
    if not len(steps.ran):
        raise SystemExit("the recordings are not there: nothing to learn from.")
    found = fit_weights(steps)
    print(f"{len(steps.ran)} steps of {len(np.unique(steps.person))} people")
    print("learned", tuple(round(float(w), 3) for w in found))
    print("in use ", RUN_WEIGHTS)


if __name__ == "__main__":
    main()
